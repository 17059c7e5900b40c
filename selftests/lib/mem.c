// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Call sequences of the closed runtime's memory interface.
 */
#define _GNU_SOURCE
#include "mem.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "rknpu_regcmd.h"

/*
 * GEM gives a file only one handle for a buffer, even if it is imported several
 * times: two parts of one dma-buf share it, and only the last user may close it.
 */
static struct holder {
	struct holder *next;
	int fd;
	uint32_t handle;
	unsigned int users;
} *holders;
static pthread_mutex_t holders_lock = PTHREAD_MUTEX_INITIALIZER;

static struct holder **find_holder(int fd, uint32_t handle)
{
	struct holder **at = &holders;

	while (*at && ((*at)->fd != fd || (*at)->handle != handle))
		at = &(*at)->next;
	return at;
}

static int hold_dmabuf(int fd, int dmabuf, uint32_t *handle)
{
	struct drm_prime_handle p = { .fd = dmabuf };
	struct holder **at;
	int ret;

	pthread_mutex_lock(&holders_lock);
	ret = npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p);
	if (!ret) {
		at = find_holder(fd, p.handle);
		if (!*at)
			*at = calloc(1, sizeof(**at));
		if (*at) {
			(*at)->fd = fd;
			(*at)->handle = *handle = p.handle;
			(*at)->users++;
		} else {
			ret = -ENOMEM;
			npu_destroy(fd, p.handle);
		}
	}
	pthread_mutex_unlock(&holders_lock);
	return ret;
}

static void hold_created(int fd, uint32_t handle)
{
	struct holder *h = calloc(1, sizeof(*h));

	/* If out of memory, the first user closes the handle, as if there were no table */
	if (!h)
		return;
	*h = (struct holder){ .fd = fd, .handle = handle, .users = 1 };
	pthread_mutex_lock(&holders_lock);
	h->next = holders;
	holders = h;
	pthread_mutex_unlock(&holders_lock);
}

static void drop_handle(int fd, uint32_t handle)
{
	struct holder **at, *h;

	pthread_mutex_lock(&holders_lock);
	at = find_holder(fd, handle);
	h = *at;
	if (!h || !--h->users) {
		npu_destroy(fd, handle);
		if (h) {
			*at = h->next;
			free(h);
		}
	}
	pthread_mutex_unlock(&holders_lock);
}

/* An imported buffer can only be mapped from its first page on: map everything up to the end of the part */
static int map_part(struct npu_mem *mem)
{
	uint64_t offset;
	char *p;
	int ret = npu_map(mem->fd, mem->handle, &offset);

	if (ret)
		return ret;
	p = mmap(NULL, mem->offset + mem->size, PROT_READ | PROT_WRITE, MAP_SHARED, mem->fd, offset);
	if (p == MAP_FAILED)
		return -errno;
	mem->virt = p + mem->offset;
	mem->mapped = true;
	return 0;
}

/* All steps after the ioctl; on failure everything is undone */
static int finish(struct npu_mem *mem, const struct rknpu_mem_create *c, void *virt)
{
	int ret;

	mem->handle = c->handle;
	mem->token = c->obj_addr;
	mem->address = c->dma_addr + mem->offset;
	mem->sram_size = c->sram_size;
	mem->virt = virt;
	ret = virt ? 0 : map_part(mem);
	if (ret)
		npu_mem_destroy(mem);
	return ret;
}

int npu_mem_create(struct npu_mem *mem, int fd, uint64_t size, enum npu_mem_flags flags)
{
	static const uint32_t bits[] = {
		[NPU_MEM_CACHED] = NPU_FLAGS_DATA,
		[NPU_MEM_UNCACHED] = NPU_FLAGS_DATA & ~RKNPU_MEM_CACHEABLE,
		[NPU_MEM_SRAM] = NPU_FLAGS_DATA | RKNPU_MEM_TRY_ALLOC_SRAM,
	};
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	struct rknpu_mem_create c = { .size = size, .flags = bits[flags] };
	int ret;

	*mem = (struct npu_mem){ .origin = NPU_MEM_ALLOCATED, .fd = fd, .dmabuf = -1, .size = size };
	ret = npu_create(fd, &c);
	if (ret) {
		mem->origin = NPU_MEM_NONE;
		return ret;
	}
	hold_created(fd, c.handle);
	p.handle = c.handle;
	ret = npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p);
	if (ret) {
		drop_handle(fd, c.handle);
		mem->origin = NPU_MEM_NONE;
		return ret;
	}
	mem->dmabuf = p.fd;
	return finish(mem, &c, NULL);
}

int npu_mem_create_from_fd(struct npu_mem *mem, int fd, int dmabuf, void *virt, uint64_t size, uint64_t offset)
{
	struct rknpu_mem_create c = { 0 };
	int ret;

	*mem = (struct npu_mem){ .fd = fd, .dmabuf = -1, .size = size, .offset = offset };
	ret = hold_dmabuf(fd, dmabuf, &c.handle);
	if (ret)
		return ret;
	ret = npu_create(fd, &c);
	if (!ret && (!size || size > c.size || offset > c.size - size))
		ret = -EINVAL;
	if (ret) {
		drop_handle(fd, c.handle);
		return ret;
	}
	mem->origin = NPU_MEM_FROM_FD;
	return finish(mem, &c, virt);
}

int npu_mem_create_from_phys(struct npu_mem *mem, int fd, uint64_t phys, void *virt, uint64_t size)
{
	(void)phys;
	(void)virt;
	*mem = (struct npu_mem){ .fd = fd, .dmabuf = -1, .size = size };
	return -EOPNOTSUPP;
}

void npu_mem_destroy(struct npu_mem *mem)
{
	if (mem->mapped)
		munmap((char *)mem->virt - mem->offset, mem->offset + mem->size);
	if (mem->origin != NPU_MEM_NONE)
		drop_handle(mem->fd, mem->handle);
	if (mem->origin == NPU_MEM_ALLOCATED)
		close(mem->dmabuf);
	memset(mem, 0, sizeof(*mem));
	mem->dmabuf = -1;
}

int npu_mem_sync(const struct npu_mem *mem, enum npu_mem_direction direction)
{
	return npu_sync(mem->fd, mem->token, mem->offset, mem->size, direction);
}

int npu_mem_bind(const struct npu_mem *mem, uint64_t *words, size_t count, uint32_t reg, uint32_t was, uint64_t size)
{
	int ret = -ENOENT;
	uint32_t at;
	size_t i;

	for (i = 0; i < count; i++) {
		at = (uint32_t)(words[i] >> RKNPU_REGCMD_VALUE_SHIFT);
		if (!words[i] || (words[i] & RKNPU_REGCMD_OFFSET_MASK) != reg || at < was || at - was >= size)
			continue;
		words[i] &= ~((uint64_t)UINT32_MAX << RKNPU_REGCMD_VALUE_SHIFT);
		words[i] |= (uint64_t)(mem->address + (at - was)) << RKNPU_REGCMD_VALUE_SHIFT;
		ret = 0;
	}
	return ret;
}

int npu_mem_pool_init(struct npu_mem_pool *pool, int fd, unsigned int count, uint64_t size,
		      enum npu_mem_flags flags)
{
	int ret = -ENOMEM;

	*pool = (struct npu_mem_pool){ .all = calloc(count, sizeof(*pool->all)),
				       .stack = calloc(count, sizeof(*pool->stack)) };
	if (!pool->all || !pool->stack)
		goto fini;
	while (pool->count < count) {
		ret = npu_mem_create(&pool->all[pool->count], fd, size, flags);
		if (ret)
			goto fini;
		pool->stack[pool->free++] = &pool->all[pool->count++];
	}
	return 0;

fini:
	npu_mem_pool_fini(pool);
	return ret;
}

void npu_mem_pool_fini(struct npu_mem_pool *pool)
{
	while (pool->count)
		npu_mem_destroy(&pool->all[--pool->count]);
	free(pool->all);
	free(pool->stack);
	memset(pool, 0, sizeof(*pool));
}

struct npu_mem *npu_mem_pool_get(struct npu_mem_pool *pool)
{
	return pool->free ? pool->stack[--pool->free] : NULL;
}

void npu_mem_pool_put(struct npu_mem_pool *pool, struct npu_mem *mem)
{
	pool->stack[pool->free++] = mem;
}
