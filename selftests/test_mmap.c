// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * CPU mappings of buffers: partial mappings, effects of fork, mremap, mprotect and
 * munmap, and how mappings end.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/testing.h"
#include "lib/trace.h"

#define POISON	0xa7
#define PAGES	16u
#define BYTES	(PAGES * NPU_PAGE)

/* Every kind of memory, cached and not */
static const uint32_t kinds[] = {
	0, NPU_FLAGS_DATA, NPU_FLAGS_TASK, RKNPU_MEM_NON_CONTIGUOUS, RKNPU_MEM_CACHEABLE,
	RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_WRITE_COMBINE, RKNPU_MEM_TRY_ALLOC_SRAM | NPU_FLAGS_DATA,
	RKNPU_MEM_TRY_ALLOC_SRAM | RKNPU_MEM_NON_CONTIGUOUS,
};

static uint64_t offset_of(const struct npu_bo *bo)
{
	uint64_t offset;

	ASSERT_RET(npu_map(bo->fd, bo->handle, &offset), 0);
	return offset;
}

/* A buffer whose byte 0 of each page is the page's number + 1 */
static void make(struct npu_bo *bo, int fd, uint32_t flags)
{
	unsigned int i;

	ASSERT_RET(npu_bo_init(bo, fd, BYTES, flags), 0);
	for (i = 0; i < PAGES; i++)
		((volatile uint8_t *)bo->map)[i * NPU_PAGE] = i + 1;
}

static volatile uint8_t *map(const struct npu_bo *bo, unsigned int page, unsigned int pages, int prot)
{
	void *p = mmap(NULL, pages * NPU_PAGE, prot, MAP_SHARED, bo->fd, offset_of(bo) + page * NPU_PAGE);

	return p == MAP_FAILED ? NULL : p;
}

TEST(map_any_part)
{
	unsigned int first, pages, i;
	int fd = npu_open();
	struct npu_bo bo;

	make(&bo, fd, NPU_FLAGS_DATA);
	for (first = 0; first < PAGES; first++) {
		for (pages = 1; first + pages <= PAGES; pages++) {
			volatile uint8_t *p = map(&bo, first, pages, PROT_READ);

			if (!EXPECT(p))
				continue;
			/* From the end, so the first fault is not for the first page */
			for (i = pages; i-- > 0;)
				EXPECT_EQ(p[i * NPU_PAGE], first + i + 1);
			munmap((void *)p, pages * NPU_PAGE);
		}
		EXPECT(!map(&bo, first, PAGES - first + 1, PROT_READ));
	}
	EXPECT(!map(&bo, PAGES, 1, PROT_READ));
	EXPECT(!map(&bo, 0, 0x100000, PROT_READ));
}

/* The neighbouring offsets belong to other buffers: a mapping never spans two buffers */
TEST(map_over_the_end_into_the_next_buffer)
{
	struct npu_bo a, b, *low, *high;
	int fd = npu_open();

	make(&a, fd, NPU_FLAGS_DATA);
	make(&b, fd, NPU_FLAGS_DATA);
	low = offset_of(&a) < offset_of(&b) ? &a : &b;
	high = low == &a ? &b : &a;
	EXPECT(!map(low, PAGES - 1, 2, PROT_READ));
	EXPECT(map(high, 0, 1, PROT_READ));
}

static void writes_page_3(void *arg)
{
	struct npu_bo *bo = arg;

	EXPECT_EQ(((volatile uint8_t *)bo->map)[3 * NPU_PAGE], 4);
	((volatile uint8_t *)bo->map)[3 * NPU_PAGE] = 99;
	/* Pages that the parent never accessed are mapped too */
	((volatile uint8_t *)bo->map)[BYTES - 1] = 98;
	munmap(bo->map, BYTES);
}

TEST(fork_shares_the_mapping)
{
	struct npu_bo bo;
	int fd = npu_open();

	make(&bo, fd, NPU_FLAGS_DATA);
	EXPECT_EQ(ktap_join(ktap_fork(writes_page_3, &bo)), 0);
	EXPECT_EQ(((volatile uint8_t *)bo.map)[3 * NPU_PAGE], 99);
	EXPECT_EQ(((volatile uint8_t *)bo.map)[BYTES - 1], 98);
}

static int gone[2];

static void keeps_mapping(void *arg)
{
	struct npu_bo *bo = arg;
	char c;

	ASSERT_EQ(read(gone[0], &c, 1), 1);
	EXPECT_EQ(((volatile uint8_t *)bo->map)[7 * NPU_PAGE], 8);
	((volatile uint8_t *)bo->map)[8 * NPU_PAGE] = 1;
}

/* The child's copy is still valid after the parent's handle, file and mapping are gone */
TEST(forked_mapping_outlives_the_parents)
{
	int fd = npu_open();
	struct npu_bo bo;
	pid_t child;

	ASSERT_EQ(pipe(gone), 0);
	make(&bo, fd, NPU_FLAGS_DATA);
	child = ktap_fork(keeps_mapping, &bo);
	npu_bo_fini(&bo);
	close(fd);
	ASSERT_EQ(write(gone[1], "", 1), 1);
	EXPECT_EQ(ktap_join(child), 0);
}

TEST(mremap_moves_and_shrinks_but_never_grows)
{
	volatile uint8_t *p, *there;
	struct npu_bo bo;
	int fd = npu_open();
	unsigned int i;

	make(&bo, fd, NPU_FLAGS_DATA);
	p = map(&bo, 2, 8, PROT_READ | PROT_WRITE);
	ASSERT(p);
	EXPECT_EQ(p[0], 3);
	there = mmap(NULL, 8 * NPU_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT(mremap((void *)p, 8 * NPU_PAGE, 8 * NPU_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, there) == there);
	for (i = 0; i < 8; i++)
		EXPECT_EQ(there[i * NPU_PAGE], i + 3);
	ASSERT(mremap((void *)there, 8 * NPU_PAGE, 4 * NPU_PAGE, 0) == there);
	EXPECT_EQ(there[3 * NPU_PAGE], 6);
	EXPECT(mremap((void *)there, 4 * NPU_PAGE, 32 * NPU_PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
	/* A part of the remaining mapping */
	p = mmap(NULL, 2 * NPU_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT(mremap((void *)(there + NPU_PAGE), 2 * NPU_PAGE, 2 * NPU_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
	EXPECT_EQ(p[0], 4);
	EXPECT_EQ(p[NPU_PAGE], 5);
	EXPECT_EQ(there[0], 3);
	EXPECT_EQ(there[3 * NPU_PAGE], 6);
}

static sigjmp_buf fault;
static volatile int fault_signal;

static void on_fault(int sig)
{
	fault_signal = sig;
	siglongjmp(fault, 1);
}

/* Returns the signal raised by an access, 0 if it succeeds */
static int touches(volatile uint8_t *p, bool write)
{
	static const int signals[] = { SIGSEGV, SIGBUS };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], on_fault);
	fault_signal = 0;
	if (!sigsetjmp(fault, 1)) {
		if (write)
			*p = 1;
		else
			(void)*p;
	}
	return fault_signal;
}

TEST(mprotect_takes_and_gives)
{
	volatile uint8_t *p;
	struct npu_bo bo;
	int fd = npu_open();

	make(&bo, fd, NPU_FLAGS_DATA);
	p = map(&bo, 0, PAGES, PROT_READ);
	ASSERT(p);
	EXPECT_EQ(touches(p, false), 0);
	EXPECT_EQ(touches(p, true), SIGSEGV);
	ASSERT_EQ(mprotect((void *)(p + NPU_PAGE), NPU_PAGE, PROT_READ | PROT_WRITE), 0);
	EXPECT_EQ(touches(p + NPU_PAGE, true), 0);
	EXPECT_EQ(touches(p, true), SIGSEGV);
	EXPECT_EQ(touches(p + 2 * NPU_PAGE, true), SIGSEGV);
	EXPECT_EQ(p[2 * NPU_PAGE], 3);
	ASSERT_EQ(mprotect((void *)p, BYTES, PROT_NONE), 0);
	EXPECT_EQ(touches(p + 5 * NPU_PAGE, false), SIGSEGV);
	ASSERT_EQ(mprotect((void *)p, BYTES, PROT_READ | PROT_WRITE), 0);
	EXPECT_EQ(p[5 * NPU_PAGE], 6);
	EXPECT_EQ(touches(p + 5 * NPU_PAGE, true), 0);
	EXPECT_EQ(((volatile uint8_t *)bo.map)[5 * NPU_PAGE], 1);
}

TEST(private_mapping_refused)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE };
	struct npu_bo bo;
	int fd = npu_open();
	unsigned int i;

	make(&bo, fd, NPU_FLAGS_DATA);
	for (i = 0; i < ARRAY_SIZE(prots); i++) {
		errno = 0;
		EXPECT(mmap(NULL, BYTES, prots[i], MAP_PRIVATE, fd, offset_of(&bo)) == MAP_FAILED);
		EXPECT_EQ(errno, EINVAL);
	}
}

/* Middle, front, back; then handle before mapping and mapping before handle */
TEST(unmap_in_any_order)
{
	struct npu_bo bo;
	int fd = npu_open();
	volatile uint8_t *p;

	make(&bo, fd, NPU_FLAGS_DATA);
	p = map(&bo, 0, PAGES, PROT_READ | PROT_WRITE);
	ASSERT(p);
	ASSERT_EQ(munmap((void *)(p + 4 * NPU_PAGE), 4 * NPU_PAGE), 0);
	EXPECT_EQ(touches(p + 4 * NPU_PAGE, false), SIGSEGV);
	EXPECT_EQ(p[3 * NPU_PAGE], 4);
	EXPECT_EQ(p[8 * NPU_PAGE], 9);
	ASSERT_EQ(munmap((void *)p, 2 * NPU_PAGE), 0);
	EXPECT_EQ(p[2 * NPU_PAGE], 3);
	ASSERT_RET(npu_destroy(fd, bo.handle), 0);
	EXPECT_EQ(p[15 * NPU_PAGE], 16);
	ASSERT_EQ(munmap((void *)(p + 8 * NPU_PAGE), 8 * NPU_PAGE), 0);
	close(fd);
	EXPECT_EQ(p[2 * NPU_PAGE], 3);
	EXPECT_EQ(((volatile uint8_t *)bo.map)[9 * NPU_PAGE], 10);
}

TEST(closed_handle_maps_no_more)
{
	struct npu_bo bo;
	uint64_t offset;
	int fd = npu_open();

	make(&bo, fd, NPU_FLAGS_DATA);
	offset = offset_of(&bo);
	ASSERT_RET(npu_destroy(fd, bo.handle), 0);
	/* The old mapping keeps the buffer and its offset alive, but this file may not use it any more */
	errno = 0;
	EXPECT(mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
	EXPECT_EQ(errno, EACCES);
	munmap(bo.map, BYTES);
	errno = 0;
	EXPECT(mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
	EXPECT_EQ(errno, EINVAL);
}

/* One fault maps a whole block */
TEST(large_buffers_fault_in_batches)
{
	const uint64_t size = 64 << 20;
	struct rusage before, after;
	struct npu_bo bo;
	uint64_t at;
	int fd = npu_open();

	npu_need_iommu(fd);
	ASSERT_RET(npu_bo_init(&bo, fd, size, NPU_FLAGS_DATA), 0);
	getrusage(RUSAGE_SELF, &before);
	for (at = 0; at < size; at += NPU_PAGE)
		((volatile uint8_t *)bo.map)[at] = 1;
	getrusage(RUSAGE_SELF, &after);
	/* 16384 pages; a fault for every 512 KiB, and some for the rest of the program */
	EXPECT(after.ru_minflt - before.ru_minflt <= 160);
	if (after.ru_minflt - before.ru_minflt > 160)
		ktap_note("%ld faults", after.ru_minflt - before.ru_minflt);
}

/* The same bytes through mappings of the process's other file */
TEST(another_file_of_the_process_maps_its_own_handle_only)
{
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int fd = npu_open(), other = npu_open();
	volatile uint8_t *theirs;
	struct npu_bo bo;
	uint64_t offset;

	make(&bo, fd, NPU_FLAGS_DATA);
	EXPECT(mmap(NULL, BYTES, PROT_READ, MAP_SHARED, other, offset_of(&bo)) == MAP_FAILED);
	p.handle = bo.handle;
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	ASSERT_RET(npu_ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	ASSERT_RET(npu_map(other, p.handle, &offset), 0);
	EXPECT_EQ(offset, offset_of(&bo));
	theirs = mmap(NULL, BYTES, PROT_READ, MAP_SHARED, other, offset);
	ASSERT(theirs != MAP_FAILED);
	EXPECT_EQ(theirs[6 * NPU_PAGE], 7);
}

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
	/* Offsets belong to the device, but access is granted per file */
	EXPECT_RET(mmap_result(other, offset, c.size, PROT_READ | PROT_WRITE), -EACCES);
}

/* M3: a mapping shorter than its buffer must not overwrite its neighbours */
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

/* M2: a refused mmap() must neither drop nor leak a reference to the buffer */
TEST(M2_refused_mappings_cost_nothing)
{
	struct npu_bo bo;
	int fd = npu_open(), round;
	uint64_t offset;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		make(&bo, fd, kinds[i]);
		offset = offset_of(&bo);
		for (round = 0; round < 20; round++) {
			EXPECT(mmap(NULL, BYTES, PROT_READ, MAP_PRIVATE, fd, offset) == MAP_FAILED);
			EXPECT(mmap(NULL, BYTES + NPU_PAGE, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
			EXPECT(mmap(NULL, NPU_PAGE, PROT_READ, MAP_SHARED, fd, offset + BYTES) == MAP_FAILED);
		}
		EXPECT_EQ(((volatile uint8_t *)bo.map)[(PAGES - 1) * NPU_PAGE], PAGES);
		npu_bo_fini(&bo);
		/* That was the last reference: the offset is no longer valid */
		EXPECT(mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
		EXPECT_EQ(errno, EINVAL);
	}
}

/* Memory types as the kernel has set them up in MAIR_EL1 (arch/arm64/include/asm/memory.h) */
#define ATTR_INDEX(prot)	((prot) >> 2 & 7)
#define NORMAL			0
#define NORMAL_NC		2

/* M18: never device memory; cached according to the flags, but on-chip memory never is */
TEST(M18_page_protection_matches_the_flags)
{
	static struct trace_event events[1024];
	struct rknpu_mem_create c;
	unsigned int i, page;
	int fd = npu_open();
	struct npu_bo bo;
	size_t n, at;

	trace_start();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		bool cached = kinds[i] & RKNPU_MEM_CACHEABLE;

		trace_read(events, ARRAY_SIZE(events));
		make(&bo, fd, kinds[i]);
		c = (struct rknpu_mem_create){ .handle = bo.handle };
		ASSERT_RET(npu_create(fd, &c), 0);
		n = trace_read(events, ARRAY_SIZE(events));
		ASSERT(n <= ARRAY_SIZE(events));
		for (at = 0, page = 0; at < n; at++) {
			if (events[at].op != TRACE_INSERT)
				continue;
			EXPECT_EQ(events[at].addr, (uintptr_t)bo.map + page * NPU_PAGE);
			EXPECT_EQ(ATTR_INDEX(events[at].size),
				  cached && page * NPU_PAGE >= c.sram_size ? NORMAL : NORMAL_NC);
			page++;
		}
		/* Other mappings are of struct pages, with the normal memory type */
		EXPECT_EQ(page, cached && !c.sram_size && npu_has_iommu(fd) ? 0 : PAGES);
		npu_bo_fini(&bo);
	}
}
