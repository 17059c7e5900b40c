// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The six ioctls as plain functions. Nodes are found by the name of the driver,
 * because their numbers depend on the other devices of the machine.
 */
#define _GNU_SOURCE
#include "npu.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define NODES	16

static int misc_fd = -1;

int npu_ioctl(int fd, unsigned long request, void *arg)
{
	int ret;

	/* Signals during a wait cause EAGAIN and EINTR; programs of this ABI repeat the call */
	do {
		ret = ioctl(fd, request, arg);
	} while (ret < 0 && (errno == EINTR || errno == EAGAIN));
	return ret < 0 ? -errno : ret;
}

static int open_named(const char *pattern, int first, char *path, size_t size)
{
	int i;

	for (i = first; i < first + NODES; i++) {
		struct drm_version version = { 0 };
		char name[16] = "", node[32];
		int fd;

		snprintf(node, sizeof(node), pattern, i);
		fd = open(node, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		version.name = name;
		version.name_len = sizeof(name) - 1;
		if (!npu_ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "rknpu")) {
			if (path)
				snprintf(path, size, "%s", node);
			return fd;
		}
		close(fd);
	}
	return -ENODEV;
}

unsigned int npu_page_bytes(void)
{
	return sysconf(_SC_PAGESIZE);
}

int npu_open_render(char *path, size_t size)
{
	return open_named("/dev/dri/renderD%d", 128, path, size);
}

int npu_open_card(char *path, size_t size)
{
	return open_named("/dev/dri/card%d", 0, path, size);
}

int npu_open_misc(void)
{
	misc_fd = open("/dev/rknpu", O_RDWR | O_CLOEXEC);
	return misc_fd < 0 ? -errno : misc_fd;
}

/* Makes the call in the form that the node expects */
static int call(int fd, unsigned long drm, unsigned long misc, void *arg)
{
	return npu_ioctl(fd, fd == misc_fd ? misc : drm, arg);
}

int npu_action(int fd, uint32_t action, uint32_t *value)
{
	struct rknpu_action args = { action, *value };
	int ret = call(fd, DRM_IOCTL_RKNPU_ACTION, IOCTL_RKNPU_ACTION, &args);

	*value = args.value;
	return ret;
}

int npu_create(int fd, struct rknpu_mem_create *args)
{
	return call(fd, DRM_IOCTL_RKNPU_MEM_CREATE, IOCTL_RKNPU_MEM_CREATE, args);
}

int npu_map(int fd, uint32_t handle, uint64_t *offset)
{
	struct rknpu_mem_map args = { .handle = handle };
	int ret = call(fd, DRM_IOCTL_RKNPU_MEM_MAP, IOCTL_RKNPU_MEM_MAP, &args);

	*offset = args.offset;
	return ret;
}

int npu_destroy(int fd, uint32_t handle)
{
	struct rknpu_mem_destroy args = { .handle = handle };

	return call(fd, DRM_IOCTL_RKNPU_MEM_DESTROY, IOCTL_RKNPU_MEM_DESTROY, &args);
}

int npu_sync(int fd, uint64_t token, uint64_t offset, uint64_t size, uint32_t flags)
{
	struct rknpu_mem_sync args = {
		.flags = flags, .obj_addr = token, .offset = offset, .size = size,
	};

	return call(fd, DRM_IOCTL_RKNPU_MEM_SYNC, IOCTL_RKNPU_MEM_SYNC, &args);
}

int npu_submit(int fd, struct rknpu_submit *args)
{
	return call(fd, DRM_IOCTL_RKNPU_SUBMIT, IOCTL_RKNPU_SUBMIT, args);
}

/* The file for mmap(): the DRM file with an offset, or the dma-buf itself */
static int map_bo(struct npu_bo *bo)
{
	uint64_t offset = 0;
	int ret = bo->fd == misc_fd ? 0 : npu_map(bo->fd, bo->handle, &offset);

	if (ret)
		return ret;
	bo->map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED,
		       bo->fd == misc_fd ? (int)bo->handle : bo->fd, offset);
	if (bo->map != MAP_FAILED)
		return 0;
	bo->map = NULL;
	return -errno;
}

static void destroy_bo(struct npu_bo *bo)
{
	struct rknpu_mem_destroy args = { .handle = bo->handle, .obj_addr = bo->token };

	call(bo->fd, DRM_IOCTL_RKNPU_MEM_DESTROY, IOCTL_RKNPU_MEM_DESTROY, &args);
	if (bo->fd == misc_fd)
		close(bo->handle);
}

int npu_export(int fd, uint32_t handle, int *dmabuf)
{
	struct drm_prime_handle p = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR, .fd = -1 };
	int ret = npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p);

	*dmabuf = p.fd;
	return ret;
}

int npu_import(int fd, int dmabuf, uint32_t *handle)
{
	struct drm_prime_handle p = { .fd = dmabuf };
	int ret = npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p);

	*handle = p.handle;
	return ret;
}

int npu_bo_init_domain(struct npu_bo *bo, int fd, uint64_t size, uint32_t flags, int domain)
{
	struct rknpu_mem_create create = { .flags = flags, .size = size, .iommu_domain_id = domain };
	int ret;

	memset(bo, 0, sizeof(*bo));
	ret = npu_create(fd, &create);
	if (ret)
		return ret;
	bo->fd = fd;
	bo->handle = create.handle;
	bo->size = size;
	bo->token = create.obj_addr;
	bo->iova = create.dma_addr;
	ret = map_bo(bo);
	if (ret) {
		destroy_bo(bo);
		memset(bo, 0, sizeof(*bo));
	}
	return ret;
}

int npu_bo_init(struct npu_bo *bo, int fd, uint64_t size, uint32_t flags)
{
	return npu_bo_init_domain(bo, fd, size, flags, 0);
}

void npu_bo_fini(struct npu_bo *bo)
{
	if (!bo->map)
		return;
	munmap(bo->map, bo->size);
	destroy_bo(bo);
	memset(bo, 0, sizeof(*bo));
}

int npu_bo_to_device(const struct npu_bo *bo)
{
	return npu_sync(bo->fd, bo->token, 0, bo->size, RKNPU_MEM_SYNC_TO_DEVICE);
}

int npu_bo_from_device(const struct npu_bo *bo)
{
	return npu_sync(bo->fd, bo->token, 0, bo->size, RKNPU_MEM_SYNC_FROM_DEVICE);
}
