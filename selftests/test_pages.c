// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Memory of buffers: pages, allocated in pieces of several sizes, always zeroed,
 * even if the machine has no large ones left; and how the rest of the kernel
 * handles mappings of them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "lib/testing.h"

#define KIB	1024ull
#define MIB	(1024 * KIB)
#define HUGE	(2 * MIB)

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* The sizes of pieces, sizes in between, and mixtures of all three */
static const uint64_t sizes[] = {
	4 * KIB, 60 * KIB, 64 * KIB, 68 * KIB, MIB, 2 * MIB - 4 * KIB, 2 * MIB, 2 * MIB + 4 * KIB, 4 * MIB + 68 * KIB,
	33 * MIB + 4 * KIB,
};

static uint32_t stamp(uint32_t seed, uint64_t page)
{
	return (seed + 1) * 0x9e3779b1u ^ (uint32_t)page * 0x85ebca6bu;
}

/* Writes a unique number at both ends of every page */
static void mark(void *map, uint64_t size, uint32_t seed)
{
	uint64_t at;

	for (at = 0; at < size; at += NPU_PAGE) {
		*(volatile uint32_t *)((char *)map + at) = stamp(seed, at / NPU_PAGE);
		*(volatile uint32_t *)((char *)map + at + NPU_PAGE - 4) = ~stamp(seed, at / NPU_PAGE);
	}
}

/* Number of pages of @map that differ from those of mark(), from its byte @from on */
static unsigned int wrong_pages(const void *map, uint64_t size, uint32_t seed, uint64_t from)
{
	unsigned int wrong = 0;
	uint64_t at;

	for (at = 0; at < size; at += NPU_PAGE) {
		uint32_t want = stamp(seed, (from + at) / NPU_PAGE);

		wrong += *(const volatile uint32_t *)((const char *)map + at) != want ||
			 *(const volatile uint32_t *)((const char *)map + at + NPU_PAGE - 4) != ~want;
	}
	return wrong;
}

static bool is_zero(const void *map, uint64_t size)
{
	const uint64_t *words = map;
	uint64_t i;

	for (i = 0; i < size / sizeof(*words); i++) {
		if (words[i])
			return false;
	}
	return true;
}

/* Value in KiB from smaps of the mapping that begins at @map */
static long smaps_kib(const void *map, const char *what)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long start, end;
	bool here = false;
	char line[512];
	long kib = -1;

	ASSERT(f);
	while (kib < 0 && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			here = start == (unsigned long)map;
		else if (here && !strncmp(line, what, strlen(what)) && line[strlen(what)] == ':')
			kib = atol(line + strlen(what) + 1);
	}
	fclose(f);
	return kib;
}

static long huge_kib(const struct npu_bo *bo)
{
	return smaps_kib(bo->map, "FilePmdMapped");
}

/* Returns true if the kernel supports large entries of 2 MiB and allows them in file mappings */
static bool has_huge(void)
{
	return NPU_PAGE == 4096 && !access("/sys/kernel/mm/transparent_hugepage", F_OK);
}

/* Memory is zeroed, regardless of its previous contents and owner */
TEST_LIMIT(every_size_is_zeroed, 120)
{
	static const uint32_t kinds[] = { NPU_FLAGS_DATA, RKNPU_MEM_NON_CONTIGUOUS };
	unsigned int i, k, round;

	npu_need_iommu(npu_open());
	for (i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(kinds); i++) {
		for (round = 0, k = i % ARRAY_SIZE(kinds); round < 3; round++) {
			int fd = npu_open();
			struct npu_bo bo;

			ASSERT_RET(npu_bo_init(&bo, fd, sizes[i / ARRAY_SIZE(kinds)], kinds[k]), 0);
			EXPECT(is_zero(bo.map, bo.size));
			memset(bo.map, 0xff, bo.size);
			npu_bo_fini(&bo);
			close(fd);
		}
	}
}

/* From the end, page by page: each page is in the right place, through the NPU's address too */
TEST_LIMIT(every_size_is_mapped_right, 120)
{
	unsigned int i;
	int fd = npu_open();

	npu_need_iommu(fd);
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		uint64_t size = sizes[i], offset;
		struct npu_bo bo;
		void *again;

		ASSERT_RET(npu_bo_init(&bo, fd, size, NPU_FLAGS_DATA), 0);
		size = PAGE_UP(size);
		mark(bo.map, size, i);
		ASSERT_RET(npu_map(fd, bo.handle, &offset), 0);
		/* Map it elsewhere with other entries: one page past an address where large ones are possible */
		again = mmap(NULL, size + 2 * HUGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		ASSERT(again != MAP_FAILED);
		again = mmap((void *)(((uintptr_t)again + HUGE) / HUGE * HUGE + NPU_PAGE), size, PROT_READ,
			     MAP_SHARED | MAP_FIXED, fd, offset);
		ASSERT(again != MAP_FAILED);
		EXPECT_EQ(wrong_pages(again, size, i, 0), 0);
		munmap(again, size);
		npu_bo_fini(&bo);
	}
}

/* The NPU reads and writes at the end of large and mixed pieces */
TEST_LIMIT(the_npu_finds_every_piece, 120)
{
	struct npu_bo bo;
	unsigned int i;
	int fd = npu_open();

	npu_need_iommu(fd);
	for (i = 4; i < ARRAY_SIZE(sizes); i++) {
		struct matmul mm;
		uint32_t last;

		ASSERT_RET(npu_bo_init(&bo, fd, sizes[i], NPU_FLAGS_DATA), 0);
		small_matmul(&mm, fd, i);
		last = (sizes[i] - mm.in.size) / 64 * 64;
		memcpy((char *)bo.map + last, mm.in.map, mm.in.size);
		ASSERT_RET(npu_bo_to_device(&bo), 0);
		ASSERT(matmul_set_register(&mm, RKNPU_CNA_FEATURE_DATA_ADDR, bo.iova + last));
		EXPECT_CORRECT(&mm, 1);
		matmul_fini(&mm);
		npu_bo_fini(&bo);
	}
}

TEST(large_pieces_have_large_entries)
{
	struct npu_bo bo;
	int fd = npu_open();

	npu_need_iommu(fd);
	if (!has_huge())
		SKIP("no large entries for files");
	ASSERT_RET(npu_bo_init(&bo, fd, 16 * MIB, NPU_FLAGS_DATA), 0);
	EXPECT_EQ((uintptr_t)bo.map % HUGE, 0);
	memset(bo.map, 1, bo.size);
	EXPECT_EQ(smaps_kib(bo.map, "Rss"), 16384);
	EXPECT_EQ(huge_kib(&bo), 16384);
}

static void writes_and_checks(void *arg)
{
	struct npu_bo *bo = arg;

	EXPECT_EQ(wrong_pages(bo->map, bo->size, 7, 0), 0);
	mark((char *)bo->map + 3 * MIB, MIB, 8);
	EXPECT_EQ(munmap((char *)bo->map + NPU_PAGE, NPU_PAGE), 0);
}

/* Entries of 2 MiB are split in the middle: every page still has its contents */
TEST_LIMIT(parts_of_large_entries, 60)
{
	struct npu_bo bo;
	char *map, *there;
	int fd = npu_open();

	npu_need_iommu(fd);
	ASSERT_RET(npu_bo_init(&bo, fd, 8 * MIB, NPU_FLAGS_DATA), 0);
	map = bo.map;
	mark(map, bo.size, 7);
	ASSERT_EQ(ktap_join(ktap_fork(writes_and_checks, &bo)), 0);
	EXPECT_EQ(wrong_pages(map + 3 * MIB, MIB, 8, 0), 0);
	mark(map, bo.size, 7);

	ASSERT_EQ(munmap(map + MIB, NPU_PAGE), 0);
	EXPECT_EQ(wrong_pages(map, MIB, 7, 0), 0);
	EXPECT_EQ(wrong_pages(map + MIB + NPU_PAGE, 7 * MIB - NPU_PAGE, 7, MIB + NPU_PAGE), 0);
	ASSERT_EQ(mprotect(map + 3 * MIB, NPU_PAGE, PROT_READ), 0);
	EXPECT_EQ(wrong_pages(map + 2 * MIB, 2 * MIB, 7, 2 * MIB), 0);
	mark(map + 4 * MIB, 4 * MIB, 9);

	/* Where no large entry fits */
	there = mmap(NULL, 4 * MIB + NPU_PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT(there != MAP_FAILED);
	there = mremap(map + 4 * MIB, 4 * MIB, 4 * MIB, MREMAP_MAYMOVE | MREMAP_FIXED,
		       (uintptr_t)there % HUGE ? there : there + NPU_PAGE);
	ASSERT(there != MAP_FAILED);
	EXPECT_EQ(wrong_pages(there, 4 * MIB, 9, 0), 0);
	mark(there, 4 * MIB, 10);
	EXPECT_EQ(munmap(there + 2 * MIB, 64 * KIB), 0);
	EXPECT_EQ(wrong_pages(there, 2 * MIB, 10, 0), 0);
}

/* madvise() and calls that query pages */
TEST_LIMIT(advice_changes_no_byte, 60)
{
	static const int advice[] = {
		MADV_DONTNEED, MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED, MADV_MERGEABLE, MADV_HUGEPAGE, MADV_NOHUGEPAGE,
		MADV_COLLAPSE, MADV_REMOVE, MADV_FREE, MADV_SEQUENTIAL, MADV_DOFORK,
	};
	unsigned char resident[2048];
	unsigned int i, k;
	struct npu_bo bo;
	int fd = npu_open();

	npu_need_iommu(fd);
	for (k = 0; k < 2; k++) {
		ASSERT_RET(npu_bo_init(&bo, fd, k ? 4 * MIB : 256 * KIB, NPU_FLAGS_DATA), 0);
		for (i = 0; i < ARRAY_SIZE(advice); i++) {
			mark(bo.map, bo.size, i);
			madvise(bo.map, bo.size, advice[i]);
			EXPECT_EQ(wrong_pages(bo.map, bo.size, i, 0), 0);
			madvise((char *)bo.map + 5 * NPU_PAGE, 3 * NPU_PAGE, advice[i]);
			EXPECT_EQ(wrong_pages(bo.map, bo.size, i, 0), 0);
		}
		mark(bo.map, bo.size, 99);
		EXPECT_EQ(mlock(bo.map, bo.size), 0);
		EXPECT_EQ(munlock(bo.map, bo.size), 0);
		EXPECT_EQ(mincore(bo.map, bo.size, resident), 0);
		EXPECT_EQ(wrong_pages(bo.map, bo.size, 99, 0), 0);
		npu_bo_fini(&bo);
	}
}

/* A process may disable large pages: it gets single pages with the same contents */
TEST_LIMIT(no_large_pages_for_this_process, 60)
{
	struct npu_bo bo;
	int fd = npu_open();

	npu_need_iommu(fd);
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		SKIP("no large pages at all");
	ASSERT_RET(npu_bo_init(&bo, fd, 4 * MIB, NPU_FLAGS_DATA), 0);
	mark(bo.map, bo.size, 3);
	EXPECT_EQ(wrong_pages(bo.map, bo.size, 3, 0), 0);
}

/* Large and mixed pieces, mapped for the CPU through a dma-buf, at different addresses */
TEST_LIMIT(dmabuf_of_large_pieces, 60)
{
	unsigned int i;
	int fd = npu_open();

	npu_need_iommu(fd);
	for (i = 4; i < ARRAY_SIZE(sizes); i++) {
		uint64_t size;
		struct npu_bo bo;
		char *map, *part;
		int dmabuf;

		ASSERT_RET(npu_bo_init(&bo, fd, sizes[i], NPU_FLAGS_DATA), 0);
		size = PAGE_UP(sizes[i]);
		mark(bo.map, size, i);
		ASSERT_RET(npu_export(fd, bo.handle, &dmabuf), 0);
		map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
		ASSERT(map != MAP_FAILED);
		EXPECT_EQ(wrong_pages(map, size, i, 0), 0);
		part = mmap(NULL, size - 2 * NPU_PAGE, PROT_READ, MAP_SHARED, dmabuf, 2 * NPU_PAGE);
		ASSERT(part != MAP_FAILED);
		EXPECT_EQ(wrong_pages(part, size - 2 * NPU_PAGE, i, 2 * NPU_PAGE), 0);
		npu_bo_fini(&bo);
		close(dmabuf);
		mark(map, size, i + 50);
		EXPECT_EQ(wrong_pages(part, size - 2 * NPU_PAGE, i + 50, 2 * NPU_PAGE), 0);
		munmap(map, size);
		munmap(part, size - 2 * NPU_PAGE);
	}
}

/* ---- when memory runs out ------------------------------------------------------------ */

static uint64_t available_bytes(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	ASSERT(f);
	while (!kib && fgets(line, sizeof(line), f))
		sscanf(line, "MemAvailable: %llu kB", &kib);
	fclose(f);
	ASSERT(kib);
	return kib * KIB;
}

static uint32_t create(int fd, uint64_t size)
{
	struct rknpu_mem_create c = { .size = size, .flags = NPU_FLAGS_DATA };
	int ret = npu_create(fd, &c);

	if (ret)
		EXPECT_RET(ret, -ENOMEM);
	return ret ? 0 : c.handle;
}

static int ready[2];

/* The OOM killer selects this process */
static void is_there_to_be_killed(void *arg)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
	char *memory = malloc(16 * MIB);

	(void)arg;
	ASSERT(memory);
	memset(memory, 1, 16 * MIB);
	ASSERT_EQ(write(fd, "1000", 4), 4);
	ASSERT_EQ(write(ready[1], "", 1), 1);
	for (;;)
		pause();
}

/* Allocate all memory of the machine: an error for the caller, and no effect on other processes */
TEST_LIMIT(out_of_memory_kills_nobody, 300)
{
	unsigned int had = 0;
	pid_t victim;
	char c;
	int fd;

	npu_need_iommu(npu_open());
	if (available_bytes() > 4096 * MIB - 256 * MIB)
		SKIP("more memory than one address space holds");
	ASSERT_EQ(pipe(ready), 0);
	victim = ktap_fork(is_there_to_be_killed, NULL);
	ASSERT_EQ(read(ready[0], &c, 1), 1);
	/* Allocate for this process only */
	fd = npu_open();
	while (create(fd, 64 * MIB))
		had++;
	EXPECT(had > 1);
	EXPECT_EQ(kill(victim, 0), 0);
	close(fd);
	fd = npu_open();
	/* All memory is available again */
	EXPECT(create(fd, 64 * MIB));
	EXPECT_EQ(kill(victim, SIGUSR1), 0);
	/* Killed by this signal, not by another one */
	EXPECT_EQ(ktap_join(victim), SIGUSR1);
}

/* No 64 KiB of free memory are contiguous: a buffer is made of single pages, and works the same */
TEST_LIMIT(fragmented_machine, 300)
{
	static uint32_t small[65536];
	unsigned int count = 0, i;
	struct matmul mm;
	struct npu_bo bo;
	uint64_t leave = 96 * MIB, available, size;
	uint32_t last;
	int fd = npu_open();

	npu_need_iommu(fd);
	if (available_bytes() > 2048 * MIB || ktap_slow() > 1)
		SKIP("it would take too long");
	while (count < ARRAY_SIZE(small) && (count % 64 || available_bytes() > leave)) {
		small[count] = create(fd, 60 * KIB);
		if (!small[count])
			break;
		count++;
	}
	/* Use up the remaining contiguous memory too */
	available = available_bytes();
	if (available > 32 * MIB)
		create(fd, (available - 32 * MIB) / MIB * MIB);
	for (i = 0; i < count; i += 2)
		ASSERT_RET(npu_destroy(fd, small[i]), 0);

	size = (uint64_t)count / 2 * 60 * KIB * 3 / 4 / MIB * MIB;
	size = size < 192 * MIB ? size : 192 * MIB;
	ASSERT_RET(npu_bo_init(&bo, fd, size, NPU_FLAGS_DATA), 0);
	EXPECT(is_zero(bo.map, bo.size));
	mark(bo.map, bo.size, 21);
	EXPECT_EQ(wrong_pages(bo.map, bo.size, 21, 0), 0);
	/* The kernel's own reserve may have large pieces */
	if (has_huge())
		EXPECT(huge_kib(&bo) < (long)(size / KIB / 2));
	ktap_note("%ld of %llu KiB with large entries", huge_kib(&bo), (unsigned long long)(size / KIB));
	small_matmul(&mm, fd, 22);
	last = size - MIB;
	memcpy((char *)bo.map + last, mm.in.map, mm.in.size);
	ASSERT_RET(npu_bo_to_device(&bo), 0);
	ASSERT(matmul_set_register(&mm, RKNPU_CNA_FEATURE_DATA_ADDR, bo.iova + last));
	EXPECT_CORRECT(&mm, 1);
	npu_bo_fini(&bo);
}
