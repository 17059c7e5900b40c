// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * CPU mappings of buffers: parts of them, what fork, mremap, mprotect and
 * munmap make of them, and how they end.
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

#define PAGES	16u
#define BYTES	(PAGES * NPU_PAGE)

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
			/* From the far end, so that the first fault is not the first page's */
			for (i = pages; i-- > 0;)
				EXPECT_EQ(p[i * NPU_PAGE], first + i + 1);
			munmap((void *)p, pages * NPU_PAGE);
		}
		EXPECT(!map(&bo, first, PAGES - first + 1, PROT_READ));
	}
	EXPECT(!map(&bo, PAGES, 1, PROT_READ));
	EXPECT(!map(&bo, 0, 0x100000, PROT_READ));
}

/* Neighbours in the space of offsets are other buffers: one mapping never spans two */
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
	/* Pages that the parent never touched are there too */
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

/* The child's copy lives when handle, file and mapping of the parent are gone */
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
	/* A part of what is left */
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

/* Signal of an access, 0 when it works */
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
	/* The old mapping keeps the buffer, and its offset still means it; but not for this file */
	errno = 0;
	EXPECT(mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
	EXPECT_EQ(errno, EACCES);
	munmap(bo.map, BYTES);
	errno = 0;
	EXPECT(mmap(NULL, BYTES, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
	EXPECT_EQ(errno, EINVAL);
}

/* One fault brings in a whole block */
TEST(large_buffers_fault_in_batches)
{
	const uint64_t size = 64 << 20;
	struct rusage before, after;
	struct npu_bo bo;
	uint64_t at;
	int fd = npu_open();

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
