// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * On-chip memory: how much there is and who gets it, and that a buffer which begins
 * there and continues in pages is a single buffer for all users. SRAM=ADDRESS+SIZE
 * in the environment is the range that the tree gives to the NPU.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/testing.h"

#define SRAM_FLAGS	(NPU_FLAGS_DATA | RKNPU_MEM_TRY_ALLOC_SRAM)

static uint32_t ask(int fd, uint32_t action)
{
	uint32_t value = 0;

	ASSERT_RET(npu_action(fd, action, &value), 0);
	return value;
}

static uint32_t total(int fd) { return ask(fd, RKNPU_GET_TOTAL_SRAM_SIZE); }
static uint32_t available(int fd) { return ask(fd, RKNPU_GET_FREE_SRAM_SIZE); }

static int open_with_sram(void)
{
	int fd = npu_open();

	if (!total(fd))
		SKIP("the tree gives no SRAM to the NPU");
	return fd;
}

/* Creates a buffer with at most @wanted bytes on the chip (0: as many as there are); returns the size placed there */
static uint64_t create(struct npu_bo *bo, int fd, uint64_t size, uint64_t wanted, uint32_t flags)
{
	struct rknpu_mem_create c = { .size = size, .flags = flags, .sram_size = wanted };
	uint64_t offset;

	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_EQ(c.size, PAGE_UP(size));
	EXPECT(c.dma_addr && c.dma_addr % NPU_PAGE == 0 && c.dma_addr + c.size <= 1ull << 32);
	ASSERT_RET(npu_map(fd, c.handle, &offset), 0);
	*bo = (struct npu_bo){ .fd = fd, .handle = c.handle, .size = size, .token = c.obj_addr, .iova = c.dma_addr };
	bo->map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	ASSERT(bo->map != MAP_FAILED);
	return c.sram_size;
}

/* Only whole pages count: on boards it does not begin at a multiple of 16 KiB */
TEST(amount_is_the_trees)
{
	const char *sram = getenv("SRAM");
	int fd = npu_open();
	uint64_t start, end;
	char *size;

	if (!sram)
		SKIP("SRAM does not say what the tree has");
	start = strtoull(sram, &size, 0);
	ASSERT_EQ(*size, '+');
	end = (start + strtoull(size + 1, NULL, 0)) / NPU_PAGE * NPU_PAGE;
	start = PAGE_UP(start);
	EXPECT_EQ(total(fd), end - start);
	EXPECT_EQ(available(fd), end - start);
}

TEST(absent_sram_is_memory)
{
	int fd = npu_open();
	struct npu_bo bo;

	if (total(fd))
		SKIP("the tree gives SRAM to the NPU");
	EXPECT_EQ(available(fd), 0);
	EXPECT_EQ(create(&bo, fd, 5 * NPU_PAGE, 0, SRAM_FLAGS), 0);
	memset(bo.map, 1, bo.size);
	EXPECT_RET(npu_bo_to_device(&bo), 0);
}

TEST(counted_to_the_page)
{
	int fd = open_with_sram();
	uint32_t all = total(fd);
	struct npu_bo a, b, c;

	EXPECT_EQ(available(fd), all);
	EXPECT_EQ(create(&a, fd, 5 * NPU_PAGE - 1, 0, SRAM_FLAGS), 5 * NPU_PAGE);
	EXPECT_EQ(available(fd), all - 5 * NPU_PAGE);
	/* Only a part of it is requested there, rounded up to pages */
	EXPECT_EQ(create(&b, fd, 9 * NPU_PAGE, NPU_PAGE + 1, SRAM_FLAGS), 2 * NPU_PAGE);
	EXPECT_EQ(available(fd), all - 7 * NPU_PAGE);
	/* More requested than the size of the buffer */
	EXPECT_EQ(create(&c, fd, 3 * NPU_PAGE, UINT64_MAX, SRAM_FLAGS), 3 * NPU_PAGE);
	EXPECT_EQ(available(fd), all - 10 * NPU_PAGE);
	npu_bo_fini(&a);
	EXPECT_EQ(available(fd), all - 5 * NPU_PAGE);
	npu_bo_fini(&b);
	npu_bo_fini(&c);
	EXPECT_EQ(available(fd), all);
	/* Not requested */
	EXPECT_EQ(create(&a, fd, NPU_PAGE, NPU_PAGE, NPU_FLAGS_DATA), 0);
	/* RK3588 has no memory of this kind */
	EXPECT_EQ(create(&b, fd, NPU_PAGE, NPU_PAGE, NPU_FLAGS_DATA | RKNPU_MEM_TRY_ALLOC_NBUF), 0);
	EXPECT_EQ(available(fd), all);
}

/* Task buffers, whose descriptors the CPU reads, are in ordinary memory */
TEST(task_buffers_are_memory)
{
	int fd = open_with_sram();
	struct npu_bo bo;

	EXPECT_EQ(create(&bo, fd, NPU_PAGE, 0, SRAM_FLAGS | RKNPU_MEM_KERNEL_MAPPING), 0);
	EXPECT_EQ(available(fd), total(fd));
}

/* The last buffer gets all remaining pages of it, followed by memory; the next one gets none; all are usable */
TEST(runs_out_exactly)
{
	int fd = open_with_sram();
	uint32_t all = total(fd), left = 3 * NPU_PAGE;
	struct npu_bo most, last, none;
	uint64_t i;

	EXPECT_EQ(create(&most, fd, all - left, 0, SRAM_FLAGS), all - left);
	EXPECT_EQ(create(&last, fd, 8 * NPU_PAGE, 0, SRAM_FLAGS), left);
	EXPECT_EQ(available(fd), 0);
	EXPECT_EQ(create(&none, fd, 2 * NPU_PAGE, 0, SRAM_FLAGS), 0);
	for (i = 0; i < last.size; i += 4)
		*(volatile uint32_t *)((char *)last.map + i) = i;
	memset(most.map, 0x11, most.size);
	memset(none.map, 0x22, none.size);
	for (i = 0; i < last.size; i += 4)
		if (!EXPECT_EQ(*(volatile uint32_t *)((char *)last.map + i), i))
			break;
	/* A buffer can also be made of scattered holes */
	npu_bo_fini(&none);
	npu_bo_fini(&most);
	EXPECT_EQ(create(&none, fd, all - left, 0, SRAM_FLAGS), all - left);
}

TEST(M11_zeroed)
{
	static const uint8_t zero[NPU_PAGE_MAX];
	int fd = open_with_sram();
	struct npu_bo bo;
	int round;
	size_t at;

	for (round = 0; round < 2; round++) {
		create(&bo, fd, total(fd) + 4 * NPU_PAGE, 0, SRAM_FLAGS);
		for (at = 0; at < bo.size; at += NPU_PAGE)
			if (!EXPECT(!memcmp((char *)bo.map + at, zero, NPU_PAGE)))
				break;
		memset(bo.map, 0xa7, bo.size);
		npu_bo_fini(&bo);
	}
}

/* A piece of the on-chip part, the boundary between the parts, and neighbours */
TEST(M2_M3_short_mapping_has_neighbours)
{
	int fd = open_with_sram();
	uint8_t *around, *part;
	struct npu_bo bo;
	uint64_t offset;

	EXPECT_EQ(create(&bo, fd, 16 * NPU_PAGE, 8 * NPU_PAGE, SRAM_FLAGS), 8 * NPU_PAGE);
	memset(bo.map, 5, bo.size);
	ASSERT_RET(npu_map(fd, bo.handle, &offset), 0);
	around = mmap(NULL, 4 * NPU_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT(around != MAP_FAILED);
	memset(around, 1, 4 * NPU_PAGE);
	part = mmap(around + NPU_PAGE, 2 * NPU_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		    offset + 7 * NPU_PAGE);
	ASSERT(part == around + NPU_PAGE);
	EXPECT_EQ(part[0], 5);
	EXPECT_EQ(part[NPU_PAGE], 5);
	memset(part, 9, 2 * NPU_PAGE);
	EXPECT_EQ(around[NPU_PAGE - 1], 1);
	EXPECT_EQ(around[3 * NPU_PAGE], 1);
	EXPECT_EQ(((uint8_t *)bo.map)[7 * NPU_PAGE - 1], 5);
	EXPECT_EQ(((uint8_t *)bo.map)[7 * NPU_PAGE], 9);
	EXPECT_EQ(((uint8_t *)bo.map)[9 * NPU_PAGE - 1], 9);
	EXPECT_EQ(((uint8_t *)bo.map)[9 * NPU_PAGE], 5);
	/* Unaligned access across the boundary */
	*(volatile uint64_t *)((char *)bo.map + 8 * NPU_PAGE - 3) = 0x1122334455667788;
	EXPECT_EQ(*(volatile uint64_t *)((char *)bo.map + 8 * NPU_PAGE - 3), 0x1122334455667788);
	/* Refused, without effect on the buffer */
	EXPECT(mmap(NULL, 17 * NPU_PAGE, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
	EXPECT(mmap(NULL, NPU_PAGE, PROT_READ, MAP_PRIVATE, fd, offset) == MAP_FAILED);
	munmap(part, 2 * NPU_PAGE);
	EXPECT_RET(npu_destroy(fd, bo.handle), 0);
	EXPECT_EQ(((uint8_t *)bo.map)[0], 5);
}

TEST(M9_sync_ranges)
{
	const struct { uint64_t offset, size; int want; } t[] = {
		{ 0, 16 * NPU_PAGE, 0 }, { 0, 1, 0 }, { 7 * NPU_PAGE, 2 * NPU_PAGE, 0 }, { 8 * NPU_PAGE, 8 * NPU_PAGE, 0 },
		{ 0, UINT64_MAX, 0 }, { 64, UINT64_MAX - 63, 0 }, { 1, 16 * NPU_PAGE, 0 }, { 16 * NPU_PAGE, 1, -EINVAL },
	};
	int fd = open_with_sram();
	struct npu_bo bo;
	unsigned int i;

	create(&bo, fd, 16 * NPU_PAGE, 8 * NPU_PAGE, SRAM_FLAGS);
	/* The part past the end is cut off */
	for (i = 0; i < ARRAY_SIZE(t); i++)
		EXPECT_RET(npu_sync(fd, bo.token, t[i].offset, t[i].size, RKNPU_MEM_SYNC_MASK), t[i].want);
}

/* Input and output across the boundary: for the NPU it is one range of addresses */
TEST(stream_reads_and_writes_across_the_seam)
{
	int fd = open_with_sram();
	struct matmul mm;
	struct npu_bo in, out;

	small_matmul(&mm, fd, 71);
	EXPECT_EQ(create(&in, fd, 2 * NPU_PAGE, NPU_PAGE, SRAM_FLAGS), NPU_PAGE);
	EXPECT_EQ(create(&out, fd, 2 * NPU_PAGE, NPU_PAGE, SRAM_FLAGS), NPU_PAGE);
	memcpy((char *)in.map + NPU_PAGE - 256, mm.in.map, mm.in.size);
	memset(mm.in.map, 0, mm.in.size);
	npu_bo_to_device(&in);
	npu_bo_to_device(&mm.in);
	ASSERT(matmul_set_register(&mm, RKNPU_CNA_FEATURE_DATA_ADDR, in.iova + NPU_PAGE - 256));
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, out.iova + NPU_PAGE - 512));
	ASSERT_RET(matmul_run(&mm, 1, NULL), 0);
	npu_bo_from_device(&out);
	memcpy(mm.out.map, (char *)out.map + NPU_PAGE - 512, mm.out.size);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

/* A driver that defers attaching must use the exporter's CPU mapping, which is complete */
static void maps_all_or_nothing(int other, uint32_t handle, const struct npu_bo *bo)
{
	struct drm_mode_map_dumb map_dumb = { .handle = handle };
	uint8_t *map;

	if (npu_ioctl(other, DRM_IOCTL_MODE_MAP_DUMB, &map_dumb))
		return;
	map = mmap(NULL, bo->size, PROT_READ, MAP_SHARED, other, map_dumb.offset);
	if (map == MAP_FAILED)
		return;
	EXPECT_EQ(map[0], 3);
	EXPECT_EQ(map[bo->size - 1], 3);
}

/* M15: other drivers get the whole buffer or nothing, never only the pages */
TEST(M15_exported_whole_or_not_at_all)
{
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int fd = open_with_sram(), second = npu_open(), other;
	struct rknpu_mem_create c = { 0 };
	struct npu_bo bo;
	uint8_t *map;

	create(&bo, fd, 4 * NPU_PAGE, 2 * NPU_PAGE, SRAM_FLAGS);
	memset(bo.map, 3, bo.size);
	p.handle = bo.handle;
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	map = mmap(NULL, bo.size, PROT_READ, MAP_SHARED, p.fd, 0);
	ASSERT(map != MAP_FAILED);
	EXPECT_EQ(map[0], 3);
	EXPECT_EQ(map[4 * NPU_PAGE - 1], 3);
	/* Imported by this driver: the same buffer */
	ASSERT_RET(npu_ioctl(second, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	c.handle = p.handle;
	ASSERT_RET(npu_create(second, &c), 0);
	EXPECT_EQ(c.sram_size, 2 * NPU_PAGE);
	EXPECT_EQ(c.dma_addr, bo.iova);
	other = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	if (other >= 0 && !npu_ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p))
		maps_all_or_nothing(other, p.handle, &bo);
}

/* Two at a time get different memory, and the sum comes out right */
static void *fills(void *arg)
{
	int fd = npu_open(), round;
	uint8_t mark = (uintptr_t)arg;
	struct npu_bo bo;
	size_t at;

	for (round = 0; round < 60; round++) {
		create(&bo, fd, (1 + round % 120) * NPU_PAGE, 0, SRAM_FLAGS);
		memset(bo.map, mark, bo.size);
		sched_yield();
		for (at = 0; at < bo.size; at += NPU_PAGE / 2)
			EXPECT_EQ(((volatile uint8_t *)bo.map)[at], mark);
		npu_bo_fini(&bo);
	}
	return NULL;
}

TEST_LIMIT(M4_M16_exclusive_and_counted_among_threads, 60)
{
	int fd = open_with_sram();
	pthread_t threads[4];
	uintptr_t i;

	for (i = 0; i < ARRAY_SIZE(threads); i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, fills, (void *)(i + 1)), 0);
	for (i = 0; i < ARRAY_SIZE(threads); i++)
		pthread_join(threads[i], NULL);
	EXPECT_EQ(available(fd), total(fd));
}

/* M5: memory that the NPU can still write is not given to another buffer */
static struct matmul late;

static void *submits(void *arg)
{
	struct rknpu_submit args = matmul_args(&late, 1);

	*(int *)arg = npu_submit(late.out.fd, &args);
	return NULL;
}

TEST(M5_freed_only_when_the_job_is_gone)
{
	int fd = open_with_sram(), ret = 1;
	struct npu_bo out, fresh;
	pthread_t thread;
	uint32_t kicks;
	size_t at;

	twin_need();
	small_matmul(&late, fd, 72);
	create(&out, fd, total(fd), 0, SRAM_FLAGS);
	ASSERT(matmul_set_register(&late, RKNPU_DPU_DST_BASE_ADDR, out.iova));
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	twin_hold(0, 1);
	ASSERT_EQ(pthread_create(&thread, NULL, submits, &ret), 0);
	while (twin_stat(0, TWIN_STAT_KICKS) == kicks)
		ktap_sleep_ms(1);
	npu_bo_fini(&out);
	EXPECT_EQ(available(fd), 0);
	/* A new buffer gets ordinary memory, whose contents are not changed */
	EXPECT_EQ(create(&fresh, fd, 64 * NPU_PAGE, 0, SRAM_FLAGS), 0);
	twin_release(0);
	pthread_join(thread, NULL);
	EXPECT_RET(ret, 0);
	for (at = 0; at < fresh.size; at++)
		if (!EXPECT_EQ(((uint8_t *)fresh.map)[at], 0))
			break;
	for (at = 0; at < 200 && available(fd) != total(fd); at++)
		ktap_sleep_ms(5);
	EXPECT_EQ(available(fd), total(fd));
}
