// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Cache maintenance by MEM_SYNC and DMA_BUF_IOCTL_SYNC: which bytes are cleaned
 * or invalidated, and that no others are.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/testing.h"
#include "lib/trace.h"

#define EVENTS	1024
#define FAIL_PAGES	"/sys/kernel/debug/fail_page_alloc/"

static struct trace_event events[EVENTS];

/* More pages than any allocator returns contiguously */
#define PAGES	96u

enum { BIDIRECTIONAL, TO_DEVICE, FROM_DEVICE };

/* Physical addresses of the buffer's pages: its first cleaning, at creation, shows them in order */
static uint64_t physical[PAGES];

/* Returns the number of bytes cleaned since the last call */
static uint64_t learn_pages(void)
{
	size_t i, n = trace_read(events, EVENTS);
	uint64_t cleaned = 0;

	ASSERT(n <= EVENTS);
	for (i = 0; i < n; i++) {
		uint64_t at;

		/* The IOMMU driver's tables are only synchronized in one direction */
		if (events[i].op != TRACE_TO_DEVICE || events[i].dir != BIDIRECTIONAL)
			continue;
		for (at = 0; at < events[i].size; at += NPU_PAGE)
			if (cleaned / NPU_PAGE < PAGES) {
				physical[cleaned / NPU_PAGE] = events[i].addr + at;
				cleaned += NPU_PAGE;
			}
	}
	return cleaned;
}

static uint64_t create_traced(struct npu_bo *bo, int fd, uint32_t pages, uint32_t flags)
{
	trace_read(events, EVENTS);
	ASSERT_RET(npu_bo_init(bo, fd, (uint64_t)pages * NPU_PAGE, flags), 0);
	return learn_pages();
}

/* Every byte of the range, once and in order, and no other */
static void expect_range(size_t count, enum trace_op op, uint64_t offset, uint64_t size)
{
	uint64_t at = offset, end;
	unsigned int wrong = 0;
	size_t i;

	for (i = 0; i < count; i++) {
		if (events[i].op != op)
			continue;
		for (end = at + events[i].size; at < end; at = (at / NPU_PAGE + 1) * NPU_PAGE, events[i].addr = 0) {
			uint64_t want = physical[at / NPU_PAGE % PAGES] + at % NPU_PAGE;

			if (events[i].addr)
				wrong += events[i].addr != want;
			else
				wrong += want != physical[at / NPU_PAGE % PAGES - 1] + NPU_PAGE;
		}
		at = end;
	}
	EXPECT_EQ(wrong, 0);
	EXPECT_EQ(at - offset, size);
}

static size_t synced(const struct npu_bo *bo, uint64_t offset, uint64_t size, uint32_t flags)
{
	size_t count;

	trace_read(events, EVENTS);
	EXPECT_RET(npu_sync(bo->fd, bo->token, offset, size, flags), 0);
	count = trace_read(events, EVENTS);
	ASSERT(count <= EVENTS);
	return count;
}

static void expect_exact_ranges(const struct npu_bo *bo)
{
	const struct { uint64_t offset, size; } t[] = {
		{ 0, PAGES * NPU_PAGE }, { 0, 1 }, { PAGES * NPU_PAGE - 1, 1 }, { 17, 4000 }, { 4095, 2 },
		{ NPU_PAGE, NPU_PAGE }, { 100, 20 * NPU_PAGE }, { 64, 64 }, { 5 * NPU_PAGE + 8, 31 * NPU_PAGE },
	};
	unsigned int i;
	size_t n;

	for (i = 0; i < ARRAY_SIZE(t); i++) {
		n = synced(bo, t[i].offset, t[i].size, RKNPU_MEM_SYNC_TO_DEVICE);
		expect_range(n, TRACE_TO_DEVICE, t[i].offset, t[i].size);
		expect_range(n, TRACE_FROM_DEVICE, 0, 0);
		n = synced(bo, t[i].offset, t[i].size, RKNPU_MEM_SYNC_FROM_DEVICE);
		expect_range(n, TRACE_FROM_DEVICE, t[i].offset, t[i].size);
		expect_range(n, TRACE_TO_DEVICE, 0, 0);
		n = synced(bo, t[i].offset, t[i].size, RKNPU_MEM_SYNC_MASK);
		expect_range(n, TRACE_TO_DEVICE, t[i].offset, t[i].size);
		expect_range(n, TRACE_FROM_DEVICE, t[i].offset, t[i].size);
	}
}

TEST(sync_covers_exactly_the_range)
{
	struct npu_bo bo;

	trace_start();
	ASSERT_EQ(create_traced(&bo, npu_open(), PAGES, NPU_FLAGS_DATA), bo.size);
	expect_exact_ranges(&bo);
}

/* Physically contiguous parts of a buffer */
static unsigned int count_runs(void)
{
	unsigned int i, runs = 1;

	for (i = 1; i < PAGES; i++)
		runs += physical[i] != physical[i - 1] + NPU_PAGE;
	return runs;
}

static void fail_large_pages(const char *probability)
{
	ASSERT_RET(driver_write(FAIL_PAGES "probability", probability), 0);
}

/* Single pages, of which no two that follow each other were freed one after the other */
TEST(sync_covers_exactly_the_range_of_scattered_pages)
{
	static const struct { const char *path, *text; } settings[] = {
		{ FAIL_PAGES "ignore-gfp-wait", "N" }, { FAIL_PAGES "min-order", "1" },
		{ FAIL_PAGES "verbose", "0" }, { FAIL_PAGES "task-filter", "Y" },
		{ FAIL_PAGES "interval", "1" }, { FAIL_PAGES "times", "-1" }, { "/proc/self/make-it-fail", "1" },
	};
	struct npu_bo small[2 * PAGES], bo;
	int ret, fd = npu_open();
	unsigned int i;

	npu_need_iommu(fd);
	if (access(FAIL_PAGES "probability", W_OK))
		SKIP("this kernel cannot have allocations fail");
	trace_start();
	for (i = 0; i < ARRAY_SIZE(settings); i++)
		ASSERT_RET(driver_write(settings[i].path, settings[i].text), 0);
	for (i = 0; i < ARRAY_SIZE(small); i++)
		ASSERT_RET(npu_bo_init(&small[i], fd, NPU_PAGE, NPU_FLAGS_DATA), 0);
	for (i = 0; i < ARRAY_SIZE(small); i += 2)
		npu_bo_fini(&small[i]);
	trace_read(events, EVENTS);
	fail_large_pages("100");
	ret = npu_bo_init(&bo, fd, PAGES * NPU_PAGE, NPU_FLAGS_DATA);
	fail_large_pages("0");
	ASSERT_RET(ret, 0);
	ASSERT_EQ(learn_pages(), bo.size);
	ktap_note("%u runs", count_runs());
	EXPECT(count_runs() > 16);
	expect_exact_ranges(&bo);
}

/* Refused requests do no cache maintenance: M7 discarded dirty lines of other memory */
TEST(M7_refused_sync_touches_nothing)
{
	const struct { uint64_t offset, size; uint32_t flags; } t[] = {
		{ 3 * NPU_PAGE, 1, 2 }, { 3 * NPU_PAGE + 64, UINT64_MAX, 3 }, { UINT64_MAX, 2, 2 },
		{ 0, NPU_PAGE, 0 }, { 0, NPU_PAGE, 4 },
	};
	struct npu_bo bo;
	unsigned int i;

	ASSERT_RET(npu_bo_init(&bo, npu_open(), 3 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	trace_start();
	trace_read(events, EVENTS);
	for (i = 0; i < ARRAY_SIZE(t); i++)
		EXPECT_RET(npu_sync(bo.fd, bo.token, t[i].offset, t[i].size, t[i].flags), -EINVAL);
	EXPECT_EQ(trace_read(events, EVENTS), 0);
}

/* Cut, not refused; M7 continued into memory after the buffer */
TEST(M7_sync_ends_where_the_buffer_does)
{
	const struct { uint64_t offset, size; } t[] = {
		{ 0, PAGES * NPU_PAGE + 1 }, { PAGES * NPU_PAGE - 64, 1 << 30 }, { 1, PAGES * NPU_PAGE },
		{ 0, UINT64_MAX }, { 5 * NPU_PAGE + 8, UINT64_MAX - 100 }, { PAGES * NPU_PAGE - 1, UINT64_MAX },
	};
	struct npu_bo bo;
	unsigned int i;
	size_t n;

	trace_start();
	ASSERT_EQ(create_traced(&bo, npu_open(), PAGES, NPU_FLAGS_DATA), bo.size);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		n = synced(&bo, t[i].offset, t[i].size, RKNPU_MEM_SYNC_MASK);
		expect_range(n, TRACE_TO_DEVICE, t[i].offset, bo.size - t[i].offset);
		expect_range(n, TRACE_FROM_DEVICE, t[i].offset, bo.size - t[i].offset);
	}
}

TEST(uncached_buffers_need_no_sync)
{
	static const uint32_t kinds[] = {
		RKNPU_MEM_NON_CONTIGUOUS, RKNPU_MEM_WRITE_COMBINE | RKNPU_MEM_CACHEABLE, 0,
	};
	int fd = npu_open();
	struct npu_bo bo;
	unsigned int i;

	trace_start();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_RET(npu_bo_init(&bo, fd, 4 * NPU_PAGE, kinds[i]), 0);
		EXPECT_EQ(synced(&bo, 0, bo.size, RKNPU_MEM_SYNC_MASK), 0);
		npu_bo_fini(&bo);
	}
}

/* In a buffer that begins in on-chip memory, only the rest is cached */
TEST(on_chip_part_needs_no_sync)
{
	/* The cleaned range, relative to the beginning of the part after on-chip memory */
	const struct { uint64_t offset, size, from, cleaned; } t[] = {
		{ 0, 8 * NPU_PAGE, 0, 4 * NPU_PAGE }, { 0, 4 * NPU_PAGE, 0, 0 }, { NPU_PAGE, 3 * NPU_PAGE + 1, 0, 1 },
		{ 4 * NPU_PAGE - 5, 17, 0, 12 }, { 5 * NPU_PAGE + 8, 100, NPU_PAGE + 8, 100 },
		{ 4 * NPU_PAGE, 4 * NPU_PAGE, 0, 4 * NPU_PAGE }, { 7 * NPU_PAGE - 1, 2, 3 * NPU_PAGE - 1, 2 },
	};
	struct rknpu_mem_create c = { .size = 8 * NPU_PAGE, .flags = NPU_FLAGS_DATA | RKNPU_MEM_TRY_ALLOC_SRAM,
				      .sram_size = 4 * NPU_PAGE };
	struct npu_bo bo = { .fd = npu_open() };
	unsigned int i;
	size_t n;

	trace_start();
	ASSERT_RET(npu_create(bo.fd, &c), 0);
	if (!c.sram_size)
		SKIP("the tree gives no SRAM to the NPU");
	ASSERT_EQ(c.sram_size, 4 * NPU_PAGE);
	bo.token = c.obj_addr;
	EXPECT_EQ(learn_pages(), 4 * NPU_PAGE);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		n = synced(&bo, t[i].offset, t[i].size, RKNPU_MEM_SYNC_TO_DEVICE);
		expect_range(n, TRACE_TO_DEVICE, t[i].from, t[i].cleaned);
	}
}

/* Zeroes of a new buffer must not stay in the cache, to overwrite data written past it later */
TEST(uncached_buffers_begin_clean)
{
	struct npu_bo bo;

	trace_start();
	EXPECT_EQ(create_traced(&bo, npu_open(), 16, RKNPU_MEM_NON_CONTIGUOUS), 16 * NPU_PAGE);
}

/* ---- exported buffers ---------------------------------------------------------- */

static int export_bo(const struct npu_bo *bo)
{
	struct drm_prime_handle p = { .handle = bo->handle, .flags = DRM_CLOEXEC | DRM_RDWR };

	ASSERT_RET(npu_ioctl(bo->fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	return p.fd;
}

static size_t dmabuf_synced(int dmabuf, uint64_t flags)
{
	struct dma_buf_sync sync = { flags };

	trace_read(events, EVENTS);
	EXPECT_RET(npu_ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync), 0);
	return trace_read(events, EVENTS);
}

TEST(exported_buffer_synchronized_by_its_users)
{
	struct npu_bo bo;
	int dmabuf;
	size_t n;

	trace_start();
	n = create_traced(&bo, npu_open(), PAGES, NPU_FLAGS_DATA);
	ASSERT_EQ(n, bo.size);
	dmabuf = export_bo(&bo);
	n = dmabuf_synced(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
	expect_range(n, TRACE_FROM_DEVICE, 0, bo.size);
	expect_range(n, TRACE_TO_DEVICE, 0, 0);
	n = dmabuf_synced(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_WRITE);
	expect_range(n, TRACE_FROM_DEVICE, 0, 0);
	n = dmabuf_synced(dmabuf, DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW);
	expect_range(n, TRACE_FROM_DEVICE, 0, bo.size);
	n = dmabuf_synced(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_WRITE);
	expect_range(n, TRACE_TO_DEVICE, 0, bo.size);
	n = dmabuf_synced(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
	expect_range(n, TRACE_TO_DEVICE, 0, 0);
	n = dmabuf_synced(dmabuf, DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW);
	expect_range(n, TRACE_TO_DEVICE, 0, bo.size);
}

/* ---- imported buffers ------------------------------------------------------------ */

TEST(imported_buffer_synchronized_by_its_exporter)
{
	/* Never both at once: the begin call would discard data written by the CPU */
	static const struct { uint32_t flags; size_t rounds; unsigned int dir[2]; } t[] = {
		{ RKNPU_MEM_SYNC_TO_DEVICE, 1, { TO_DEVICE } }, { RKNPU_MEM_SYNC_FROM_DEVICE, 1, { FROM_DEVICE } },
		{ RKNPU_MEM_SYNC_MASK, 2, { TO_DEVICE, FROM_DEVICE } },
	};
	struct drm_mode_create_dumb dumb = { .width = 128, .height = 256, .bpp = 32 };
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int other = open("/dev/dri/card0", O_RDWR | O_CLOEXEC), fd = npu_open();
	struct rknpu_mem_create c = { 0 };
	unsigned int i, round;
	size_t n;

	npu_need_iommu(fd);
	if (other < 0 || npu_ioctl(other, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		SKIP("no other device that makes buffers");
	p.handle = dumb.handle;
	ASSERT_RET(npu_ioctl(other, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	c.handle = p.handle;
	ASSERT_RET(npu_create(fd, &c), 0);
	trace_start();
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		trace_read(events, EVENTS);
		EXPECT_RET(npu_sync(fd, c.obj_addr, 64, NPU_PAGE, t[i].flags), 0);
		n = trace_read(events, EVENTS);
		ASSERT_EQ(n, 2 * t[i].rounds);
		for (round = 0; round < t[i].rounds; round++) {
			EXPECT_EQ(events[2 * round].op, TRACE_BEGIN);
			EXPECT_EQ(events[2 * round].dir, t[i].dir[round]);
			EXPECT_EQ(events[2 * round + 1].op, TRACE_END);
			EXPECT_EQ(events[2 * round + 1].dir, t[i].dir[round]);
		}
	}
	EXPECT_RET(npu_sync(fd, c.obj_addr, c.size, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
	EXPECT_EQ(trace_read(events, EVENTS), 0);
}
