// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Address spaces as a resource: all of a 4 GiB window can be allocated, no part of
 * it is lost even after long use, and lack of addresses and of memory are
 * different errors. ROUNDS in the environment makes the long test longer.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/testing.h"

/* Excluding the first page, whose address means "no buffer" in streams, and the last, whose end would be 2^32 */
#define FIRST		((uint64_t)NPU_PAGE)
#define END		((1ull << 32) - NPU_PAGE)
/* Maximum number of mappings of a page with CONFIG_DMA_API_DEBUG */
#define BLOCKS		8u
#define BLOCK		((END - FIRST) / BLOCKS / NPU_PAGE * NPU_PAGE)

/* Memory of another driver: repeated imports need addresses but no memory */
static int make_dumb(uint64_t size)
{
	struct drm_mode_create_dumb dumb = { .width = 1024, .height = size / 4096, .bpp = 32 };
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int dev = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);

	if (dev < 0 || npu_ioctl(dev, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		SKIP("no other device that makes buffers");
	p.handle = dumb.handle;
	ASSERT_RET(npu_ioctl(dev, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	ASSERT_EQ(dumb.size, size);
	close(dev);
	return p.fd;
}

/* Each file has an object of its own for the import; addresses belong to the process. Returns the file or -errno */
static int import(int dmabuf, uint64_t *address)
{
	struct rknpu_mem_create c = { 0 };
	struct drm_prime_handle p = { .fd = dmabuf };
	int fd = npu_open(), ret;

	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	c.handle = p.handle;
	ret = npu_create(fd, &c);
	if (ret) {
		close(fd);
		return ret;
	}
	*address = c.dma_addr;
	return fd;
}

static int create(int fd, uint64_t size, struct rknpu_mem_create *c)
{
	*c = (struct rknpu_mem_create){ .size = size, .flags = NPU_FLAGS_DATA };
	return npu_create(fd, c);
}

/* Allocates every page of the address space, and frees it */
static void whole_window_is_free(int fd)
{
	const uint64_t rest = END - FIRST - BLOCKS * BLOCK;
	int block = make_dumb(BLOCK), last = make_dumb(rest), files[BLOCKS + 1], page;
	struct rknpu_mem_create c;
	uint64_t address = 0, lowest = END, highest = 0;
	unsigned int i;

	for (i = 0; i <= BLOCKS; i++) {
		uint64_t size = i < BLOCKS ? BLOCK : rest;

		files[i] = import(i < BLOCKS ? block : last, &address);
		ASSERT(files[i] >= 0);
		if (address < lowest)
			lowest = address;
		if (address + size > highest)
			highest = address + size;
	}
	EXPECT_EQ(lowest, FIRST);
	EXPECT_EQ(highest, END);
	/* There is memory but no address left; other spaces have addresses */
	EXPECT_RET(create(fd, 1, &c), -ENOSPC);
	EXPECT_RET(create(fd, 1 << 20, &c), -ENOSPC);
	c = (struct rknpu_mem_create){ .size = 1, .flags = NPU_FLAGS_DATA, .iommu_domain_id = 9 };
	EXPECT_RET(npu_create(fd, &c), 0);
	EXPECT_RET(npu_destroy(fd, c.handle), 0);
	/* Only the addresses that are freed can be allocated again */
	close(files[BLOCKS]);
	EXPECT_RET(create(fd, rest + NPU_PAGE, &c), -ENOSPC);
	/* There is no multiple of eight pages among these six: then it may be any address */
	c = (struct rknpu_mem_create){ .size = 5 * NPU_PAGE, .flags = RKNPU_MEM_NON_CONTIGUOUS };
	EXPECT_RET(npu_create(fd, &c), 0);
	EXPECT_RET(npu_destroy(fd, c.handle), 0);
	page = import(last, &address);
	EXPECT(page >= 0);
	close(page);
	for (i = 0; i < BLOCKS; i++)
		close(files[i]);
	close(block);
	close(last);
}

#define LIVE	200

static uint64_t size_of_next(unsigned int *seed)
{
	static const uint64_t sizes[] = { 1, 4096, 440, 12288, 65536, 20480, 262144, 1 << 20 };
	unsigned int r = rand_r(seed);

	/* Large ones are rare, as in programs */
	return r % 64 ? sizes[r / 64 % 6] : sizes[6 + r / 64 % 2];
}

/* Buffers of mixed sizes are created and destroyed in random order; in the end no page of the window is missing */
TEST_LIMIT(soak_leaves_the_window_whole_to_the_page, 3600)
{
	static uint32_t handles[LIVE];
	const char *env = getenv("ROUNDS");
	unsigned int rounds = env ? atoi(env) : 3000, seed = 1, i;
	struct rknpu_mem_create c;
	int fd = npu_open();
	uint64_t first;

	ASSERT_RET(create(fd, NPU_PAGE, &c), 0);
	first = c.dma_addr;
	EXPECT_EQ(first, END - NPU_PAGE);
	ASSERT_RET(npu_destroy(fd, c.handle), 0);
	for (i = 0; i < rounds; i++) {
		uint32_t *slot = &handles[rand_r(&seed) % LIVE];

		if (*slot)
			ASSERT_RET(npu_destroy(fd, *slot), 0);
		ASSERT_RET(create(fd, size_of_next(&seed), &c), 0);
		*slot = c.handle;
		ASSERT(c.dma_addr >= FIRST && c.dma_addr + c.size <= END);
	}
	for (i = 0; i < LIVE; i++)
		if (handles[i])
			ASSERT_RET(npu_destroy(fd, handles[i]), 0);
	ASSERT_RET(create(fd, NPU_PAGE, &c), 0);
	EXPECT_EQ(c.dma_addr, first);
	ASSERT_RET(npu_destroy(fd, c.handle), 0);
	whole_window_is_free(fd);
}
