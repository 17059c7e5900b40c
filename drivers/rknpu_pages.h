/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_PAGES_H
#define RKNPU_PAGES_H

#include <linux/gfp_types.h>
#include <linux/pgtable.h>
#include <linux/types.h>

struct page;
struct scatterlist;
struct sg_table;

/* Number of piece sizes. */
#define RKNPU_PAGES_SIZES 6

/**
 * struct rknpu_pages - memory of a buffer, as a list of pieces, largest first
 * @range: first page of one physical range that is all of the memory and is freed by its owner; NULL if
 *	the memory consists of pieces.
 * @count: number of pages.
 * @num: number of pieces.
 * @of_size: number of pieces of each size, largest size first.
 * @piece: first page of each piece, in buffer order.
 * @only: storage for @piece of a single piece, as most small buffers have.
 *
 * All fields are immutable once the buffer has it.
 */
struct rknpu_pages {
	struct page *range;
	unsigned long count;
	unsigned long num;
	unsigned int of_size[RKNPU_PAGES_SIZES];
	struct page **piece;
	struct page *only;
};

int rknpu_pages_alloc(struct rknpu_pages *pages, unsigned long count, gfp_t zone);
void rknpu_pages_of_range(struct rknpu_pages *pages, struct page *first, unsigned long count);
void rknpu_pages_free(struct rknpu_pages *pages);
unsigned long rknpu_pages_find(const struct rknpu_pages *pages, unsigned long index, struct page **page);
unsigned long rknpu_pages_run(const struct rknpu_pages *pages, unsigned long index, unsigned long max,
			      struct page **page);
unsigned long rknpu_pages_huge_end(const struct rknpu_pages *pages);
int rknpu_pages_fill_table(const struct rknpu_pages *pages, struct sg_table *sgt, struct scatterlist *one,
			   size_t max_run);
struct sg_table *rknpu_pages_table(const struct rknpu_pages *pages, size_t max_run);
void *rknpu_pages_vmap(const struct rknpu_pages *pages, bool cached, pgprot_t prot);
void rknpu_pages_vunmap(void *vaddr);

#endif /* RKNPU_PAGES_H */
