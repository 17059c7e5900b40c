// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Mappings of a sequence. Each has a window of addresses in which nothing else is ever
 * placed: what is given up is reserved again, and not left for malloc() or for another
 * thread's stack. Otherwise a call on a mapping that has a hole, or that another thread
 * has just moved, would change the fuzzer's own memory.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Larger than any buffer; a mapping is made in one half while the one before it is in the other */
#define HALF_BYTES	(512ul << 20)

static char *windows;

static size_t whole_pages(size_t bytes)
{
	size_t page = npu_page_bytes();

	return (bytes + page - 1) / page * page;
}

/* Nothing is there, but nobody else gets it. The first attempt may be what a sequence wants to fail. */
static void reserve(void *start, size_t bytes)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
	unsigned int attempts = 3;

	if (!bytes)
		return;
	while (mmap(start, bytes, PROT_NONE, flags, -1, 0) == MAP_FAILED) {
		if (!--attempts)
			abort();
	}
}

void fuzz_maps_init(void)
{
	windows = mmap(NULL, FUZZ_MAPS * 2 * HALF_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (windows == MAP_FAILED)
		abort();
}

void fuzz_maps_fini(void)
{
	reserve(windows, FUZZ_MAPS * 2 * HALF_BYTES);
}

/* The half of its window that this mapping is not in */
static char *other_half(unsigned int slot, const struct fuzz_map *map)
{
	char *half = windows + slot * 2 * HALF_BYTES;

	return map->start == half ? half + HALF_BYTES : half;
}

void fuzz_map(struct fuzz_state *s, uint64_t slot, size_t bytes, int prot, int flags, int fd, uint64_t offset)
{
	struct fuzz_map *map = &s->map[slot % FUZZ_MAPS], old = *map;
	char *start = other_half(slot % FUZZ_MAPS, &old);

	if (bytes > HALF_BYTES)
		return;
	if (mmap(start, bytes, prot, flags | MAP_FIXED, fd, (off_t)offset) == MAP_FAILED) {
		/* It may have given up what was there before it failed */
		reserve(start, bytes);
		return;
	}
	*map = (struct fuzz_map){ start, bytes };
	if (old.start)
		reserve(old.start, old.bytes);
}

void fuzz_unmap(struct fuzz_map *map)
{
	struct fuzz_map old = *map;

	map->start = NULL;
	if (old.start)
		reserve(old.start, old.bytes);
}

void fuzz_unmap_page(const struct fuzz_map *map, uint64_t n)
{
	size_t page = npu_page_bytes(), pages = map->bytes / page;
	char *start = map->start;

	if (start && pages)
		reserve(start + n % pages * page, page);
}

void fuzz_remap(struct fuzz_state *s, uint64_t slot, size_t bytes)
{
	struct fuzz_map *map = &s->map[slot % FUZZ_MAPS], old = *map;
	char *start = other_half(slot % FUZZ_MAPS, &old);

	if (!old.start || bytes > HALF_BYTES)
		return;
	if (bytes < old.bytes) {
		/* In place */
		if (mremap(old.start, old.bytes, bytes, 0) == MAP_FAILED)
			return;
		map->bytes = bytes;
		reserve((char *)old.start + whole_pages(bytes), whole_pages(old.bytes) - whole_pages(bytes));
	} else if (mremap(old.start, old.bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, start) == MAP_FAILED) {
		reserve(start, bytes);
	} else {
		*map = (struct fuzz_map){ start, bytes };
		reserve(old.start, old.bytes);
	}
}
