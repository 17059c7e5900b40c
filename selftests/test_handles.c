// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Identifiers of a buffer: handles, which belong to a file, and tokens, which
 * belong to a process; who may use which, for how long, and the arguments of
 * MEM_SYNC. Cases that show the absence of a defect of other drivers have its name
 * as a prefix.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/testing.h"

#define POISON	0xa7

static void check_address(const struct rknpu_mem_create *c)
{
	EXPECT(c->dma_addr);
	EXPECT_EQ(c->dma_addr % NPU_PAGE, 0);
	EXPECT(c->dma_addr + c->size <= 1ull << 32);
}

/* Every combination of placement and caching that programs use */
static const uint32_t kinds[] = {
	0, RKNPU_MEM_KERNEL_MAPPING, NPU_FLAGS_DATA, NPU_FLAGS_TASK, RKNPU_MEM_NON_CONTIGUOUS,
	RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_WRITE_COMBINE, RKNPU_MEM_CACHEABLE,
	RKNPU_MEM_TRY_ALLOC_SRAM | NPU_FLAGS_DATA, RKNPU_MEM_TRY_ALLOC_NBUF | NPU_FLAGS_DATA,
};

/* ---- the existing-handle form ----------------------------------------------------- */

TEST(existing_handle)
{
	struct rknpu_mem_create c = { .size = 3 * NPU_PAGE, .flags = NPU_FLAGS_DATA }, again;
	int fd = npu_open();

	ASSERT_RET(npu_create(fd, &c), 0);
	again = (struct rknpu_mem_create){ .handle = c.handle, .size = NPU_PAGE, .flags = 0 };
	ASSERT_RET(npu_create(fd, &again), 0);
	EXPECT_EQ(again.handle, c.handle);
	EXPECT_EQ(again.size, c.size);
	EXPECT_EQ(again.obj_addr, c.obj_addr);
	EXPECT_EQ(again.dma_addr, c.dma_addr);
	/* Both were the same object */
	EXPECT_RET(npu_destroy(fd, c.handle), 0);
	EXPECT_RET(npu_destroy(fd, c.handle), -ENOENT);
}

TEST(M20_unknown_handle)
{
	static const uint32_t handles[] = { 1, 1000, INT32_MAX, UINT32_MAX };
	struct rknpu_mem_create c;
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(handles); i++) {
		c = (struct rknpu_mem_create){ .handle = handles[i], .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
		EXPECT_RET(npu_create(fd, &c), -ENOENT);
	}
	c = (struct rknpu_mem_create){ .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	ASSERT_RET(npu_create(fd, &c), 0);
	ASSERT_RET(npu_destroy(fd, c.handle), 0);
	EXPECT_RET(npu_create(fd, &c), -ENOENT);
}

static int export_fd(int fd, uint32_t handle)
{
	int dmabuf, ret = npu_export(fd, handle, &dmabuf);

	return ret ? ret : dmabuf;
}

static uint32_t import_fd(int fd, int dmabuf)
{
	uint32_t handle;

	ASSERT_RET(npu_import(fd, dmabuf, &handle), 0);
	return handle;
}

static void imports(void *arg)
{
	struct rknpu_mem_create c = { 0 };
	uint64_t offset;
	uint8_t *map;
	int fd = npu_open();

	c.handle = import_fd(fd, *(int *)arg);
	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_EQ(c.size, 2 * NPU_PAGE);
	check_address(&c);
	ASSERT_RET(npu_map(fd, c.handle, &offset), 0);
	map = mmap(NULL, c.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	ASSERT(map != MAP_FAILED);
	EXPECT_EQ(map[NPU_PAGE + 5], 99);
	map[7] = 42;
}

TEST(existing_handle_of_another_process)
{
	struct npu_bo bo;
	int dmabuf;

	ASSERT_RET(npu_bo_init(&bo, npu_open(), 2 * NPU_PAGE, RKNPU_MEM_NON_CONTIGUOUS), 0);
	((volatile uint8_t *)bo.map)[NPU_PAGE + 5] = 99;
	dmabuf = export_fd(bo.fd, bo.handle);
	ASSERT(dmabuf >= 0);
	EXPECT_EQ(ktap_join(ktap_fork(imports, &dmabuf)), 0);
	EXPECT_EQ(((volatile uint8_t *)bo.map)[7], 42);
}

/* A buffer of another driver: only the existing-handle form gives it an NPU address */
TEST(existing_handle_of_another_device)
{
	struct drm_mode_create_dumb dumb = { .width = 64, .height = 64, .bpp = 32 };
	struct drm_mode_map_dumb map_dumb = { 0 };
	struct rknpu_mem_create c = { 0 };
	int other = open("/dev/dri/card0", O_RDWR | O_CLOEXEC), fd = npu_open(), dmabuf;
	struct matmul mm;
	int32_t *theirs;

	if (other < 0 || npu_ioctl(other, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		SKIP("no other device that makes buffers");
	dmabuf = export_fd(other, dumb.handle);
	ASSERT(dmabuf >= 0);
	c.handle = import_fd(fd, dmabuf);
	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_EQ(c.size, dumb.size);
	check_address(&c);

	/* The NPU writes its result there, and it can be read through the other driver's mapping */
	map_dumb.handle = dumb.handle;
	ASSERT_RET(npu_ioctl(other, DRM_IOCTL_MODE_MAP_DUMB, &map_dumb), 0);
	theirs = mmap(NULL, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED, other, map_dumb.offset);
	ASSERT(theirs != MAP_FAILED);
	memset(theirs, POISON, dumb.size);
	small_matmul(&mm, fd, 11);
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, c.dma_addr));
	ASSERT_RET(matmul_run(&mm, 1, NULL), 0);
	memcpy(mm.out.map, theirs, mm.out.size);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

static void *closes_handles(void *arg)
{
	int fd = *(int *)arg, i;

	for (i = 0; i < 2000; i++) {
		struct drm_gem_close c = { .handle = 1 + i % 4 };

		npu_ioctl(fd, DRM_IOCTL_GEM_CLOSE, &c);
	}
	return NULL;
}

/* Lookup concurrently with close: the calls may succeed or fail, but nothing may be used after it is freed */
TEST_LIMIT(M10_existing_handle_against_close, 60)
{
	int fd = npu_open(), i, ret;
	pthread_t thread;

	ASSERT_EQ(pthread_create(&thread, NULL, closes_handles, &fd), 0);
	for (i = 0; i < 500; i++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };

		ASSERT_RET(npu_create(fd, &c), 0);
		c.size = 0;
		ret = npu_create(fd, &c);
		EXPECT(!ret || ret == -ENOENT);
		if (!ret)
			EXPECT_EQ(c.size, NPU_PAGE);
		ret = npu_destroy(fd, c.handle);
		EXPECT(!ret || ret == -ENOENT);
	}
	pthread_join(thread, NULL);
}

/* ---- use of tokens ---------------------------------------------------------------- */

TEST(M7_M8_M9_sync_ranges)
{
	const struct { uint64_t offset, size; int want; } t[] = {
		{ 0, 3 * NPU_PAGE, 0 }, { 0, 1, 0 }, { 17, 4000, 0 }, { 3 * NPU_PAGE - 1, 1, 0 },
		{ 64, 2 * NPU_PAGE, 0 },
		/* The part past the end is cut off; the closed runtime relies on it */
		{ 0, 3 * NPU_PAGE + 1, 0 }, { 3 * NPU_PAGE - 64, 1 << 30, 0 }, { 1, 3 * NPU_PAGE, 0 },
		/* M9: the sum wraps */
		{ 0, UINT64_MAX, 0 }, { NPU_PAGE, UINT64_MAX - NPU_PAGE + 1, 0 },
		/* No part of it is in the buffer: M8, silently succeeds with other drivers */
		{ 3 * NPU_PAGE, 1, -EINVAL }, { 3 * NPU_PAGE, 0, -EINVAL }, { 1ull << 40, 1, -EINVAL },
		{ UINT64_MAX, 1, -EINVAL }, { UINT64_MAX - NPU_PAGE + 1, 2 * NPU_PAGE, -EINVAL },
	};
	struct rknpu_mem_create c = { .size = 3 * NPU_PAGE, .flags = NPU_FLAGS_DATA };
	int fd = npu_open();
	unsigned int i;
	uint32_t mode;

	ASSERT_RET(npu_create(fd, &c), 0);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		for (mode = 1; mode <= RKNPU_MEM_SYNC_MASK; mode++)
			if (!EXPECT_RET(npu_sync(fd, c.obj_addr, t[i].offset, t[i].size, mode), t[i].want))
				ktap_note("offset 0x%llx size 0x%llx", (long long)t[i].offset, (long long)t[i].size);
}

TEST(P11_sync_flags)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	int fd = npu_open();
	unsigned int bit;

	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_RET(npu_sync(fd, c.obj_addr, 0, NPU_PAGE, 0), -EINVAL);
	for (bit = 2; bit < 32; bit++) {
		EXPECT_RET(npu_sync(fd, c.obj_addr, 0, NPU_PAGE, 1u << bit), -EINVAL);
		EXPECT_RET(npu_sync(fd, c.obj_addr, 0, NPU_PAGE, 1u << bit | 1), -EINVAL);
	}
	EXPECT_RET(npu_sync(fd, c.obj_addr, 0, NPU_PAGE, UINT32_MAX), -EINVAL);
}

/* Small programs also synchronize uncached buffers */
TEST(sync_of_every_kind)
{
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = kinds[i] };

		ASSERT_RET(npu_create(fd, &c), 0);
		EXPECT_RET(npu_sync(fd, c.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_MASK), 0);
	}
}

TEST(P2_forged_tokens)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	int fd = npu_open();
	unsigned int i;

	ASSERT_RET(npu_create(fd, &c), 0);
	uint64_t forged[] = {
		0, 1, 0x1000, 0xdeadbeef, c.obj_addr + 8, c.obj_addr - 8, c.obj_addr + 1, c.obj_addr ^ 1ull << 63,
		c.obj_addr ^ 1ull << 32, c.obj_addr << 32, (uint32_t)c.obj_addr, c.obj_addr + 16, UINT64_MAX,
		0xffff000000000000, 0xffff800080000000, (uintptr_t)&c,
	};
	for (i = 0; i < ARRAY_SIZE(forged); i++)
		if (!EXPECT_RET(npu_sync(fd, forged[i], 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL))
			ktap_note("token 0x%llx, own 0x%llx", (long long)forged[i], (long long)c.obj_addr);
	EXPECT_RET(npu_sync(fd, c.obj_addr, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), 0);
}

/* The next token cannot be derived from earlier ones: here no difference occurs twice */
TEST(tokens_cannot_be_counted)
{
	uint64_t tokens[16], steps[15];
	int fd = npu_open();
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(tokens); i++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };

		ASSERT_RET(npu_create(fd, &c), 0);
		tokens[i] = c.obj_addr;
		if (!i)
			continue;
		steps[i - 1] = tokens[i] - tokens[i - 1];
		for (j = 0; j + 1 < i; j++)
			ASSERT(steps[j] != steps[i - 1]);
	}
}

TEST(P2_stale_token)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	int fd = npu_open(), i;
	uint64_t stale;

	ASSERT_RET(npu_create(fd, &c), 0);
	stale = c.obj_addr;
	ASSERT_RET(npu_destroy(fd, c.handle), 0);
	EXPECT_RET(npu_sync(fd, stale, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
	/* It is not reused soon for another buffer either */
	for (i = 0; i < 64; i++) {
		c = (struct rknpu_mem_create){ .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
		ASSERT_RET(npu_create(fd, &c), 0);
		EXPECT(c.obj_addr != stale);
	}
	EXPECT_RET(npu_sync(fd, stale, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
}

static void syncs_foreign_token(void *arg)
{
	uint64_t token = *(uint64_t *)arg;
	int fd = npu_open(), i;

	EXPECT_RET(npu_sync(fd, token, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
	/* The same after the process has buffers of its own */
	for (i = 0; i < 4; i++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };

		ASSERT_RET(npu_create(fd, &c), 0);
		EXPECT(c.obj_addr != token);
	}
	EXPECT_RET(npu_sync(fd, token, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
}

TEST(P10_token_of_another_process)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	int fd = npu_open();

	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_EQ(ktap_join(ktap_fork(syncs_foreign_token, &c.obj_addr)), 0);
}

/* Closed user space passes its tokens between its own files */
TEST(token_works_on_the_processs_other_file)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };

	ASSERT_RET(npu_create(npu_open(), &c), 0);
	EXPECT_RET(npu_sync(npu_open(), c.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
}

/* One buffer in two files of a process has one address, which is valid until both have closed it */
TEST(buffer_in_two_files)
{
	struct rknpu_mem_create there = { 0 };
	int fd = npu_open(), other = npu_open();
	struct matmul mm;
	struct npu_bo bo;
	int dmabuf;

	small_matmul(&mm, other, 12);
	ASSERT_RET(npu_bo_init(&bo, fd, mm.out.size, NPU_FLAGS_DATA), 0);
	dmabuf = export_fd(fd, bo.handle);
	ASSERT(dmabuf >= 0);
	there.handle = import_fd(other, dmabuf);
	ASSERT_RET(npu_create(other, &there), 0);
	EXPECT_EQ(there.dma_addr, bo.iova);
	EXPECT_EQ(there.obj_addr, bo.token);
	ASSERT_RET(npu_destroy(fd, bo.handle), 0);
	EXPECT_RET(npu_sync(other, there.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, there.dma_addr));
	ASSERT_RET(matmul_run(&mm, 1, NULL), 0);
	memcpy(mm.out.map, bo.map, mm.out.size);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	ASSERT_RET(npu_destroy(other, there.handle), 0);
	EXPECT_RET(npu_sync(other, there.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
	EXPECT_RET(matmul_run(&mm, 1, NULL), -EIO);
}

static void syncs_on_inherited_file(void *arg)
{
	struct npu_bo *bo = arg;

	/* The file belongs to the process that used it first, even if another one has it open */
	EXPECT_RET(npu_bo_to_device(bo), 0);
	((uint8_t *)bo->map)[1] = 77;
}

TEST(inherited_file_keeps_its_owner)
{
	struct npu_bo bo;

	ASSERT_RET(npu_bo_init(&bo, npu_open(), NPU_PAGE, NPU_FLAGS_DATA), 0);
	EXPECT_EQ(ktap_join(ktap_fork(syncs_on_inherited_file, &bo)), 0);
	EXPECT_EQ(((uint8_t *)bo.map)[1], 77);
}

/* ---- destruction ----------------------------------------------------------------- */

TEST(destroy_unknown_handle)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	int fd = npu_open(), other = npu_open();

	EXPECT_RET(npu_destroy(fd, 0), -ENOENT);
	EXPECT_RET(npu_destroy(fd, 1), -ENOENT);
	EXPECT_RET(npu_destroy(fd, UINT32_MAX), -ENOENT);
	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_RET(npu_destroy(other, c.handle), -ENOENT);
	EXPECT_RET(npu_destroy(fd, c.handle), 0);
	EXPECT_RET(npu_destroy(fd, c.handle), -ENOENT);
}

/* Only the handle counts, as in the vendor driver; the token may have any value */
TEST(destroy_ignores_the_token)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	struct rknpu_mem_destroy d;
	int fd = npu_open();

	ASSERT_RET(npu_create(fd, &c), 0);
	d = (struct rknpu_mem_destroy){ .handle = c.handle, .obj_addr = 0xdeadbeef };
	EXPECT_RET(npu_ioctl(fd, DRM_IOCTL_RKNPU_MEM_DESTROY, &d), 0);
}
