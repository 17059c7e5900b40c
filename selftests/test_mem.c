// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Buffers: creation by callers of every age, addresses, tokens, mappings, cache
 * maintenance, destruction. The names of defects of other drivers precede
 * the cases that show their absence.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/testing.h"

#define POISON	0xa7

/* ---- creation ---------------------------------------------------------- */

/* The DRM core fills up what an older caller lacks, and must not write past what it has */
static void create_with(uint32_t struct_bytes)
{
	uint8_t raw[64];
	struct rknpu_mem_create *args = (void *)raw;
	unsigned int i;

	memset(raw, POISON, sizeof(raw));
	memset(raw, 0, struct_bytes);
	args->size = 680;
	args->flags = NPU_FLAGS_TASK;
	ASSERT_RET(npu_ioctl(npu_open(), _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE,
					      DRM_COMMAND_BASE + RKNPU_MEM_CREATE, struct_bytes), raw), 0);
	EXPECT(args->handle);
	EXPECT_EQ(args->size, NPU_PAGE);
	EXPECT(args->obj_addr);
	EXPECT(args->dma_addr);
	for (i = struct_bytes; i < sizeof(raw); i++)
		EXPECT_EQ(raw[i], POISON);
}

TEST(create_from_32_byte_callers) { create_with(32); }
TEST(create_from_40_byte_callers) { create_with(40); }
TEST(create_from_48_byte_callers) { create_with(48); }

static void check_address(const struct rknpu_mem_create *c)
{
	EXPECT(c->dma_addr);
	EXPECT_EQ(c->dma_addr % NPU_PAGE, 0);
	EXPECT(c->dma_addr + c->size <= 1ull << 32);
}

TEST(sizes_are_rounded_to_pages)
{
	static const uint64_t sizes[] = { 1, 440, 680, 4095, 4096, 4097, 12345, 1 << 20, (1 << 20) + 1, 5 << 20 };
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct rknpu_mem_create c = { .size = sizes[i], .flags = NPU_FLAGS_DATA };

		ASSERT_RET(npu_create(fd, &c), 0);
		EXPECT_EQ(c.size, PAGE_UP(sizes[i]));
		check_address(&c);
	}
}

TEST(M6_sizes_that_wrap)
{
	static const uint64_t sizes[] = { 0, UINT64_MAX, UINT64_MAX - 4094 };
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct rknpu_mem_create c = { .size = sizes[i], .flags = NPU_FLAGS_DATA };

		if (!EXPECT_RET(npu_create(fd, &c), -EINVAL))
			ktap_note("size 0x%llx", (long long)sizes[i]);
	}
}

static void sleeps(void *arg)
{
	(void)arg;
	ktap_sleep_ms(1000);
}

/* No address space of 4 GiB has room for these, whatever the memory */
TEST(sizes_beyond_the_address_space)
{
	static const uint64_t sizes[] = { 1ull << 32, (1ull << 32) - NPU_PAGE + 1, 1ull << 40, 1ull << 63 };
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct rknpu_mem_create c = { .size = sizes[i], .flags = NPU_FLAGS_DATA };

		if (!EXPECT_RET(npu_create(fd, &c), -ENOSPC))
			ktap_note("size 0x%llx", (long long)sizes[i]);
	}
}

/* What the machine does not have; and what it has, but not free: an error, and nobody is killed for it */
TEST_LIMIT(sizes_beyond_the_memory, 120)
{
	uint64_t page = sysconf(_SC_PAGESIZE), total = sysconf(_SC_PHYS_PAGES) * page;
	struct rknpu_mem_create c = { .size = total, .flags = NPU_FLAGS_DATA };
	int fd = npu_open();
	pid_t bystander;

	if (total >= 1ull << 32)
		SKIP("more memory than address space");
	EXPECT_RET(npu_create(fd, &c), -ENOMEM);
	bystander = ktap_fork(sleeps, NULL);
	c.size = sysconf(_SC_AVPHYS_PAGES) * page;
	c.size += (total - c.size) / 2;
	EXPECT_RET(npu_create(fd, &c), -ENOMEM);
	EXPECT_EQ(ktap_join(bystander), 0);
	c.size = NPU_PAGE;
	EXPECT_RET(npu_create(fd, &c), 0);
}

TEST(P11_undefined_flags)
{
	int fd = npu_open();
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = 1u << bit };
		int want = 1u << bit & RKNPU_MEM_MASK ? 0 : -EINVAL;

		if (!EXPECT_RET(npu_create(fd, &c), want))
			ktap_note("flag bit %u", bit);
	}
	EXPECT_RET(npu_create(fd, &(struct rknpu_mem_create){ .size = 1, .flags = UINT32_MAX }), -EINVAL);
}

/* Every combination of placement and caching that programs use */
static const uint32_t kinds[] = {
	0, RKNPU_MEM_KERNEL_MAPPING, NPU_FLAGS_DATA, NPU_FLAGS_TASK,
	RKNPU_MEM_NON_CONTIGUOUS, RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_WRITE_COMBINE,
	RKNPU_MEM_CACHEABLE, RKNPU_MEM_WRITE_COMBINE | RKNPU_MEM_KERNEL_MAPPING,
	NPU_FLAGS_TASK | RKNPU_MEM_IOMMU | RKNPU_MEM_ZEROING, RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_DMA32,
	RKNPU_MEM_TRY_ALLOC_SRAM | NPU_FLAGS_DATA, RKNPU_MEM_TRY_ALLOC_NBUF | NPU_FLAGS_DATA,
	RKNPU_MEM_SECURE | NPU_FLAGS_DATA,
};

static size_t first_nonzero(const uint8_t *p, size_t size)
{
	size_t i;

	for (i = 0; i < size && !p[i]; i++)
		;
	return i;
}

TEST(M11_memory_is_zeroed)
{
	const size_t size = 64 * 1024;
	int fd = npu_open(), round;
	struct npu_bo bo;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		for (round = 0; round < 2; round++) {
			ASSERT_RET(npu_bo_init(&bo, fd, size, kinds[i]), 0);
			if (!EXPECT_EQ(first_nonzero(bo.map, size), size))
				ktap_note("flags 0x%x", kinds[i]);
			memset(bo.map, POISON, size);
			npu_bo_fini(&bo);
		}
	}
}

/* Contiguous memory that cannot be had must be a clean error or a clean success, not a mixed object */
TEST(M1_large_contiguous)
{
	int fd = npu_open(), ret;
	struct npu_bo bo;

	ret = npu_bo_init(&bo, fd, 256 << 20, RKNPU_MEM_CONTIGUOUS);
	if (ret) {
		EXPECT_RET(ret, -ENOMEM);
		return;
	}
	((uint8_t *)bo.map)[0] = 1;
	((uint8_t *)bo.map)[bo.size - 1] = 1;
	npu_bo_fini(&bo);
}

TEST(P1_token_is_no_kernel_address)
{
	int fd = npu_open(), i, j;
	uint64_t tokens[32];

	for (i = 0; i < 32; i++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_TASK };

		ASSERT_RET(npu_create(fd, &c), 0);
		EXPECT(c.obj_addr);
		EXPECT_EQ(c.obj_addr >> 63, 0);
		tokens[i] = c.obj_addr;
		for (j = 0; j < i; j++)
			EXPECT(tokens[j] != c.obj_addr);
	}
}

TEST(addresses_descend_from_the_top)
{
	uint64_t last = (1ull << 32) - NPU_PAGE;
	int fd = npu_open(), i;

	for (i = 0; i < 16; i++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE << i % 4, .flags = NPU_FLAGS_DATA };

		ASSERT_RET(npu_create(fd, &c), 0);
		check_address(&c);
		EXPECT(c.dma_addr + c.size <= last);
		if (!i)
			EXPECT(c.dma_addr >= 0xfff00000);
		last = c.dma_addr;
	}
}

static int by_address(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

TEST(many_buffers_never_overlap)
{
	enum { COUNT = 1000 };
	static uint64_t addresses[COUNT];
	static uint32_t handles[COUNT];
	int fd = npu_open(), i, overlaps = 0;
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	uint64_t first;

	for (i = 0; i < COUNT; i++) {
		c = (struct rknpu_mem_create){ .size = NPU_PAGE << i % 3, .flags = NPU_FLAGS_DATA };
		ASSERT_RET(npu_create(fd, &c), 0);
		handles[i] = c.handle;
		/* The size's exponent fits below the page */
		addresses[i] = c.dma_addr | i % 3;
	}
	first = addresses[0] & ~(uint64_t)(NPU_PAGE - 1);
	qsort(addresses, COUNT, sizeof(addresses[0]), by_address);
	for (i = 1; i < COUNT; i++) {
		uint64_t below = addresses[i - 1];
		uint64_t end = (below & ~(uint64_t)(NPU_PAGE - 1)) + (NPU_PAGE << below % NPU_PAGE);

		overlaps += end > addresses[i];
	}
	EXPECT_EQ(overlaps, 0);
	for (i = 0; i < COUNT; i++)
		EXPECT_RET(npu_destroy(fd, handles[i]), 0);
	c = (struct rknpu_mem_create){ .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_EQ(c.dma_addr, first);
}

/* Twice the guest's memory passes through, so nothing can be kept */
TEST_LIMIT(close_gives_everything_back, 60)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	const uint64_t size = 32 << 20;
	uint64_t total = 2 * pages * (uint64_t)sysconf(_SC_PAGESIZE), done;

	if (total > 4ull << 30)
		total = 4ull << 30;
	/* A debug kernel writes a record down for each page; a leak shows in it by other means */
	if (ktap_slow() > 1)
		total /= 16;
	for (done = 0; done < total; done += size) {
		struct rknpu_mem_create c = { .size = size, .flags = NPU_FLAGS_DATA };
		int fd = npu_open();

		ASSERT_RET(npu_create(fd, &c), 0);
		close(fd);
	}
}

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
	/* It was one object all along */
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

	/* The NPU writes its result there, and the other driver's mapping shows it */
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

/* Lookup against close: whatever each call answers, nothing may be used after it is freed */
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

/* ---- mappings ------------------------------------------------------------------ */

TEST(map_unknown_handle)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	int fd = npu_open();
	uint64_t offset;

	EXPECT_RET(npu_map(fd, 0, &offset), -ENOENT);
	EXPECT_RET(npu_map(fd, 77, &offset), -ENOENT);
	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_RET(npu_map(fd, c.handle, &offset), 0);
	EXPECT_EQ(offset % NPU_PAGE, 0);
	ASSERT_RET(npu_destroy(fd, c.handle), 0);
	EXPECT_RET(npu_map(fd, c.handle, &offset), -ENOENT);
}

static int mmap_result(int fd, uint64_t offset, size_t size, int prot)
{
	void *map = mmap(NULL, size, prot, MAP_SHARED, fd, offset);

	if (map == MAP_FAILED)
		return -errno;
	munmap(map, size);
	return 0;
}

TEST(mmap_ranges)
{
	struct rknpu_mem_create c = { .size = 4 * NPU_PAGE, .flags = NPU_FLAGS_DATA };
	int fd = npu_open(), other = npu_open();
	uint64_t offset;

	ASSERT_RET(npu_create(fd, &c), 0);
	ASSERT_RET(npu_map(fd, c.handle, &offset), 0);
	EXPECT_RET(mmap_result(fd, offset, c.size, PROT_READ | PROT_WRITE), 0);
	EXPECT_RET(mmap_result(fd, offset, 680, PROT_READ | PROT_WRITE), 0);
	EXPECT_RET(mmap_result(fd, offset, NPU_PAGE, PROT_READ), 0);
	EXPECT_RET(mmap_result(fd, offset, c.size + NPU_PAGE, PROT_READ | PROT_WRITE), -EINVAL);
	EXPECT_RET(mmap_result(fd, offset, 1 << 30, PROT_READ | PROT_WRITE), -EINVAL);
	EXPECT_RET(mmap_result(fd, 0, NPU_PAGE, PROT_READ | PROT_WRITE), -EINVAL);
	EXPECT_RET(mmap_result(fd, 1ull << 50, NPU_PAGE, PROT_READ | PROT_WRITE), -EINVAL);
	/* Offsets are of the device, access is of the file */
	EXPECT_RET(mmap_result(other, offset, c.size, PROT_READ | PROT_WRITE), -EACCES);
}

/* M3: a mapping shorter than its buffer must leave its neighbours alone */
TEST(M3_short_mapping_has_neighbours)
{
	struct rknpu_mem_create c = { .size = 16 * NPU_PAGE, .flags = NPU_FLAGS_DATA };
	uint8_t *around, *map;
	int fd = npu_open();
	uint64_t offset;

	ASSERT_RET(npu_create(fd, &c), 0);
	ASSERT_RET(npu_map(fd, c.handle, &offset), 0);
	around = mmap(NULL, 3 * NPU_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT(around != MAP_FAILED);
	memset(around, POISON, 3 * NPU_PAGE);
	map = mmap(around + NPU_PAGE, NPU_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, offset);
	ASSERT(map == around + NPU_PAGE);
	memset(map, 1, NPU_PAGE);
	EXPECT_EQ(around[NPU_PAGE - 1], POISON);
	EXPECT_EQ(around[2 * NPU_PAGE], POISON);
}

TEST(mapping_outlives_handle_and_file)
{
	struct npu_bo bo;
	int fd = npu_open();

	ASSERT_RET(npu_bo_init(&bo, fd, 4 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	memset(bo.map, 1, bo.size);
	ASSERT_RET(npu_destroy(fd, bo.handle), 0);
	memset(bo.map, 2, bo.size);
	close(fd);
	memset(bo.map, 3, bo.size);
	EXPECT_EQ(((uint8_t *)bo.map)[bo.size - 1], 3);
}

/* M18: device memory would raise SIGBUS at the first unaligned access; emulators before QEMU 9 let it pass */
TEST(M18_unaligned_access_to_every_kind)
{
	int fd = npu_open();
	struct npu_bo bo;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		volatile uint64_t *odd;

		ASSERT_RET(npu_bo_init(&bo, fd, 2 * NPU_PAGE, kinds[i]), 0);
		odd = (volatile uint64_t *)((char *)bo.map + NPU_PAGE - 3);
		*odd = 0x1122334455667788;
		EXPECT_EQ(*odd, 0x1122334455667788);
		npu_bo_fini(&bo);
	}
}

/* ---- cache maintenance ------------------------------------------------------------- */

TEST(sync_ranges)
{
	static const struct { uint64_t offset, size; int want; } t[] = {
		{ 0, 3 * NPU_PAGE, 0 }, { 0, 1, 0 }, { 17, 4000, 0 }, { 3 * NPU_PAGE - 1, 1, 0 },
		{ 64, 2 * NPU_PAGE, 0 },
		/* M7, M8 */
		{ 0, 3 * NPU_PAGE + 1, -EINVAL }, { 3 * NPU_PAGE - 64, 1 << 30, -EINVAL },
		{ 3 * NPU_PAGE, 1, -EINVAL }, { 1, 3 * NPU_PAGE, -EINVAL }, { 1ull << 40, 1, -EINVAL },
		/* M9: the sum wraps */
		{ 0, UINT64_MAX, -EINVAL }, { NPU_PAGE, UINT64_MAX - NPU_PAGE + 1, -EINVAL },
		{ UINT64_MAX, 1, -EINVAL }, { UINT64_MAX - 4095, 2 * NPU_PAGE, -EINVAL },
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

/* Small programs ask for it on uncached buffers too */
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

TEST(P2_stale_token)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	int fd = npu_open(), i;
	uint64_t stale;

	ASSERT_RET(npu_create(fd, &c), 0);
	stale = c.obj_addr;
	ASSERT_RET(npu_destroy(fd, c.handle), 0);
	EXPECT_RET(npu_sync(fd, stale, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
	/* Nor does a later buffer soon inherit it */
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
	/* Also once the process has buffers of its own */
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

/* One buffer in two files of a process has one address, which lasts until neither needs it */
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

	/* The file belongs to the process that used it first, whoever holds it */
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

/* The handle decides, as in the vendor driver; the token may hold anything */
TEST(destroy_ignores_the_token)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	struct rknpu_mem_destroy d;
	int fd = npu_open();

	ASSERT_RET(npu_create(fd, &c), 0);
	d = (struct rknpu_mem_destroy){ .handle = c.handle, .obj_addr = 0xdeadbeef };
	EXPECT_RET(npu_ioctl(fd, DRM_IOCTL_RKNPU_MEM_DESTROY, &d), 0);
}

/* ---- address spaces -------------------------------------------------------------- */

TEST(domains_out_of_range)
{
	static const int32_t domains[] = { 16, 17, 99, INT32_MAX, -1, INT32_MIN };
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(domains); i++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA,
					      .iommu_domain_id = domains[i] };

		if (!EXPECT_RET(npu_create(fd, &c), -EINVAL))
			ktap_note("domain %d", domains[i]);
	}
}

TEST(every_domain_is_a_whole_space)
{
	uint64_t first = 0;
	int fd = npu_open(), id;

	for (id = 0; id < 16; id++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA, .iommu_domain_id = id };

		ASSERT_RET(npu_create(fd, &c), 0);
		if (!id)
			first = c.dma_addr;
		EXPECT_EQ(c.dma_addr, first);
	}
}

TEST(chosen_domain_takes_new_memory)
{
	struct rknpu_mem_create a = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA }, b = a;
	int fd = npu_open();
	uint32_t id = 5;

	ASSERT_RET(npu_create(fd, &a), 0);
	ASSERT_RET(npu_action(fd, RKNPU_SET_IOMMU_DOMAIN_ID, &id), 0);
	ASSERT_RET(npu_create(fd, &b), 0);
	/* The same first address in another space */
	EXPECT_EQ(b.dma_addr, a.dma_addr);
}

/* M14: an imported buffer goes there too */
TEST(M14_chosen_domain_takes_imports)
{
	struct rknpu_mem_create there = { 0 };
	struct npu_bo bo;
	int fd = npu_open(), other = npu_open();
	uint32_t id = 6;

	ASSERT_RET(npu_bo_init(&bo, fd, 2 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	ASSERT_RET(npu_action(fd, RKNPU_SET_IOMMU_DOMAIN_ID, &id), 0);
	there.handle = import_fd(other, export_fd(fd, bo.handle));
	ASSERT_RET(npu_create(other, &there), 0);
	EXPECT_EQ(there.dma_addr, bo.iova);
	EXPECT(there.obj_addr != bo.token);
	/* Either end goes by itself */
	npu_bo_fini(&bo);
	EXPECT_RET(npu_sync(other, there.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
}

/* M4: on-chip memory that is asked for twice is never shared */
TEST(M4_wished_for_on_chip_memory_is_exclusive)
{
	static const uint32_t wishes[] = { RKNPU_MEM_TRY_ALLOC_SRAM, RKNPU_MEM_TRY_ALLOC_NBUF };
	struct npu_bo a, b;
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(wishes); i++) {
		ASSERT_RET(npu_bo_init(&a, fd, NPU_PAGE, NPU_FLAGS_DATA | wishes[i]), 0);
		ASSERT_RET(npu_bo_init(&b, fd, NPU_PAGE, NPU_FLAGS_DATA | wishes[i]), 0);
		memset(a.map, 1, NPU_PAGE);
		memset(b.map, 2, NPU_PAGE);
		EXPECT_EQ(*(uint8_t *)a.map, 1);
		EXPECT(a.iova != b.iova);
	}
}
