// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Buffers: creation by callers of every version, flags, addresses, address spaces.
 * Cases that show the absence of a defect of other drivers have its name as a
 * prefix.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/testing.h"
#include "lib/trace.h"

#define POISON	0xa7

/* ---- creation ---------------------------------------------------------- */

/* The DRM core adds members that an older caller lacks, and must not write past the end of its struct */
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

/* These do not fit in an address space of 4 GiB, regardless of memory */
TEST(sizes_beyond_the_address_space)
{
	const uint64_t sizes[] = { 1ull << 32, (1ull << 32) - NPU_PAGE + 1, 1ull << 40, 1ull << 63 };
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct rknpu_mem_create c = { .size = sizes[i], .flags = NPU_FLAGS_DATA };

		if (!EXPECT_RET(npu_create(fd, &c), -ENOSPC))
			ktap_note("size 0x%llx", (long long)sizes[i]);
	}
}

/* More memory than the machine has, or than is free, is an error, and no process is killed */
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

/* If contiguous memory is not available, creation must fail or succeed cleanly, not give a mixed object */
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

#define PIECE	65536u

/* Packed addresses if the caller sets the flag, as current programs do; otherwise aligned, as by the vendor's driver */
TEST(addresses_are_tight_or_aligned)
{
	static const unsigned int pages[] = { 1, 3, 5, 16, 1, 7, 100, 2 };
	uint64_t size, holds, low = UINT64_MAX, high = 0, most = 0;
	struct rknpu_mem_create c;
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		c = (struct rknpu_mem_create){ .size = pages[i] * NPU_PAGE, .flags = NPU_FLAGS_DATA };
		ASSERT_RET(npu_create(fd, &c), 0);
		low = c.dma_addr < low ? c.dma_addr : low;
		high = c.dma_addr + c.size > high ? c.dma_addr + c.size : high;
		most += c.size;
		/* Large memory is allocated in pieces, aligned for fast mapping */
		if (c.size >= PIECE) {
			EXPECT_EQ(c.dma_addr % PIECE, 0);
			most += PIECE;
		}
	}
	EXPECT(high - low <= most);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		size = pages[i] * NPU_PAGE;
		c = (struct rknpu_mem_create){ .size = size, .flags = RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_CACHEABLE };
		ASSERT_RET(npu_create(fd, &c), 0);
		for (holds = NPU_PAGE; holds < size; holds *= 2)
			;
		EXPECT_EQ(c.dma_addr % holds, 0);
		check_address(&c);
	}
}

TEST(addresses_descend_from_the_top)
{
	uint64_t last = (1ull << 32) - NPU_PAGE;
	int fd = npu_open(), i;

	for (i = 0; i < 16; i++) {
		struct rknpu_mem_create c = { .size = NPU_PAGE << i % 2, .flags = NPU_FLAGS_DATA };

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

/* Twice the guest's memory is allocated in total, so no buffer may be leaked */
TEST_LIMIT(close_gives_everything_back, 60)
{
	long pages = sysconf(_SC_PHYS_PAGES);
	const uint64_t size = 32 << 20;
	uint64_t total = 2 * pages * (uint64_t)sysconf(_SC_PAGESIZE), done;

	if (total > 4ull << 30)
		total = 4ull << 30;
	/* A debug kernel keeps a record for each page; it has other means to find leaks */
	if (ktap_slow() > 1)
		total /= 16;
	for (done = 0; done < total; done += size) {
		struct rknpu_mem_create c = { .size = size, .flags = NPU_FLAGS_DATA };
		int fd = npu_open();

		ASSERT_RET(npu_create(fd, &c), 0);
		close(fd);
	}
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
	int fd = npu_open(), other = npu_open(), dmabuf;
	uint32_t id = 6;

	ASSERT_RET(npu_bo_init(&bo, fd, 2 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	ASSERT_RET(npu_action(fd, RKNPU_SET_IOMMU_DOMAIN_ID, &id), 0);
	ASSERT_RET(npu_export(fd, bo.handle, &dmabuf), 0);
	ASSERT_RET(npu_import(other, dmabuf, &there.handle), 0);
	ASSERT_RET(npu_create(other, &there), 0);
	EXPECT_EQ(there.dma_addr, bo.iova);
	EXPECT(there.obj_addr != bo.token);
	/* Either side can be freed separately */
	npu_bo_fini(&bo);
	EXPECT_RET(npu_sync(other, there.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
}

/* M4: on-chip memory that is requested twice is never shared */
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

/* M12, on a machine with memory below and above 4 GiB: pages are below if requested, and not by chance */
TEST(M12_DMA32_pages_are_below_4_gib)
{
	static const uint32_t flags[] = { RKNPU_MEM_NON_CONTIGUOUS, NPU_FLAGS_DATA, NPU_FLAGS_TASK, 0 };
	static struct trace_event events[4096];
	unsigned int i, with;
	bool high[2] = { false };
	struct npu_bo bo;
	int fd = npu_open();
	size_t n, at;

	if ((uint64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE) < 7ull << 29)
		SKIP("all memory may be below 4 GiB");
	trace_start();
	for (i = 0; i < 2 * ARRAY_SIZE(flags); i++) {
		with = i % 2;
		trace_read(events, ARRAY_SIZE(events));
		ASSERT_RET(npu_bo_init(&bo, fd, 1 << 20, flags[i / 2] | (with ? RKNPU_MEM_DMA32 : 0)), 0);
		n = trace_read(events, ARRAY_SIZE(events));
		ASSERT(n && n <= ARRAY_SIZE(events));
		for (at = 0; at < n; at++)
			/* Page tables of the IOMMU are only synchronized in one direction */
			if (events[at].op == TRACE_TO_DEVICE && !events[at].dir)
				high[with] |= events[at].addr + events[at].size > 1ull << 32;
	}
	EXPECT(high[0]);
	EXPECT(!high[1]);
}

/* There is only one way to create a buffer; dumb buffers, whose size wraps in M19, are not supported */
TEST(M19_no_dumb_buffers)
{
	struct drm_mode_create_dumb dumb = { .width = 0xffff, .height = 0xffff, .bpp = 32 };
	int fd = npu_open_card(NULL, 0);

	if (fd < 0)
		SKIP("no card node of driver rknpu");
	EXPECT_RET(npu_ioctl(fd, DRM_IOCTL_MODE_CREATE_DUMB, &dumb), -ENOSYS);
}
