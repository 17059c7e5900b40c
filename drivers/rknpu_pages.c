// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Pages of our own: what buffers are made of where an IOMMU puts pages in a
 * row. They are never swapped or moved, so that shmem would only cost: they come
 * from the page allocator in the largest pieces that it has at hand, zeroed once,
 * and are charged to the memory cgroup of the process that asks.
 *
 * A piece is one compound page with one reference of ours, or, where kernels know
 * no large pages in mappings, as many single pages. CPU mappings and whoever pins
 * pages hold their own, so that a piece returns to the kernel with the last of all
 * these, which need not be ours.
 *
 * There is no pool of freed pieces: the allocator's own lists for each processor
 * are one, that empties under pressure and is charged to nobody, while a module
 * cannot take a charge from a page and keep the page.
 */
#include "rknpu_pages.h"

#include <linux/gfp.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

/*
 * What the CPU maps with one entry, what one entry of a CPU's TLB can hold and the
 * IOMMU driver still maps in one go, and what there always is.
 */
static const unsigned int rknpu_pages_order[RKNPU_PAGES_SIZES] = {
	const_ilog2(SZ_2M) - PAGE_SHIFT,
	const_ilog2(SZ_64K) - PAGE_SHIFT,
	0,
};

/*
 * Without large pages the kernel's split_folio() always says that it has succeeded,
 * and MADV_COLD of a mapped compound page tries it for ever (6.12, mm/madvise.c).
 */
#define RKNPU_PAGES_COMPOUND	IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE)

/*
 * Whoever asks for too much gets -ENOMEM; the OOM killer, of the machine or of his
 * memory cgroup, must not look for a victim.
 */
#define RKNPU_PAGES_GFP	(GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* @old, with room for @left more pages in pieces of at most size @size. Frees @old, also when it fails. */
static struct rknpu_pages *rknpu_pages_extend(struct rknpu_pages *old, unsigned int size, unsigned long left)
{
	unsigned long num = old ? old->num : 0;
	struct rknpu_pages *pages;

	for (; size < RKNPU_PAGES_SIZES; size++) {
		num += left >> rknpu_pages_order[size];
		left &= BIT(rknpu_pages_order[size]) - 1;
	}
	pages = kvzalloc(struct_size(pages, piece, num), RKNPU_PAGES_GFP);
	if (!old)
		return pages;
	if (!pages) {
		rknpu_pages_free(old);
		return NULL;
	}
	memcpy(pages, old, struct_size(old, piece, old->num));
	kvfree(old);
	return pages;
}

static struct page *rknpu_pages_alloc_piece(unsigned int size, gfp_t zone)
{
	unsigned int order = rknpu_pages_order[size];
	gfp_t gfp = RKNPU_PAGES_GFP | __GFP_ZERO | zone;
	struct page *page;

	/* A gigabyte takes a while. */
	if (fatal_signal_pending(current))
		return NULL;
	cond_resched();
	/* Nobody's pages are reclaimed again and again to make a large piece: smaller ones do. */
	if (order)
		gfp = (gfp & ~__GFP_RETRY_MAYFAIL) | __GFP_NORETRY | (RKNPU_PAGES_COMPOUND ? __GFP_COMP : 0);
	page = alloc_pages(gfp, order);
	if (page && order && !RKNPU_PAGES_COMPOUND)
		split_page(page, order);
	return page;
}

static void rknpu_pages_free_piece(struct page *page, unsigned int size)
{
	unsigned long i;

	if (RKNPU_PAGES_COMPOUND) {
		__free_pages(page, rknpu_pages_order[size]);
		return;
	}
	for (i = 0; i < BIT(rknpu_pages_order[size]); i++)
		__free_page(page + i);
}

/**
 * rknpu_pages_alloc() - take memory, zeroed
 * @count: pages, not 0
 * @zone: 0, or __GFP_DMA32 for pages below 4 GiB
 *
 * A size of which there is no more is not asked for again. Context: may sleep.
 *
 * Return: the memory, or NULL when there is not so much or the caller is being killed.
 */
struct rknpu_pages *rknpu_pages_alloc(unsigned long count, gfp_t zone)
{
	struct rknpu_pages *pages = NULL;
	unsigned long left = count;
	unsigned int size, order;
	bool extend = true;

	for (size = 0; size < RKNPU_PAGES_SIZES; size++) {
		order = rknpu_pages_order[size];
		if (extend && left >> order) {
			pages = rknpu_pages_extend(pages, size, left);
			if (!pages)
				return NULL;
			extend = false;
		}
		while (left >> order) {
			struct page *page = rknpu_pages_alloc_piece(size, zone);

			if (!page)
				break;
			/* The kernel looks at it before it maps all of a large piece with one entry. */
			page_folio(page)->index = count - left;
			pages->piece[pages->num++] = page;
			pages->of_size[size]++;
			left -= BIT(order);
		}
		/* The rest in smaller pieces is more of them than there is room for. */
		extend |= left >> order;
	}
	if (left) {
		rknpu_pages_free(pages);
		return NULL;
	}
	pages->count = count;
	return pages;
}

/**
 * rknpu_pages_of_range() - describe one physical range
 * @first: its first page; the range stays somebody else's
 * @count: pages
 *
 * Context: may sleep.
 *
 * Return: the description, or NULL when there is no memory.
 */
struct rknpu_pages *rknpu_pages_of_range(struct page *first, unsigned long count)
{
	struct rknpu_pages *pages = kzalloc(sizeof(*pages), RKNPU_PAGES_GFP);

	if (!pages)
		return NULL;
	pages->range = first;
	pages->count = count;
	return pages;
}

/**
 * rknpu_pages_free() - let go of memory
 * @pages: no address of the NPU leads to it any more; NULL is none
 *
 * A piece that somebody has pinned stays until he lets go of it. Context: may sleep.
 */
void rknpu_pages_free(struct rknpu_pages *pages)
{
	unsigned long i = 0, end = 0;
	unsigned int size;

	if (!pages)
		return;
	for (size = 0; size < RKNPU_PAGES_SIZES; size++) {
		for (end += pages->of_size[size]; i < end; i++)
			rknpu_pages_free_piece(pages->piece[i], size);
	}
	kvfree(pages);
}

/**
 * rknpu_pages_find() - a page by its place
 * @pages: the memory
 * @index: of a page in it
 * @page: result
 *
 * Context: any.
 *
 * Return: how many pages follow each other from there on in the same piece, itself included.
 */
unsigned long rknpu_pages_find(const struct rknpu_pages *pages, unsigned long index, struct page **page)
{
	struct page *const *piece = pages->piece;
	unsigned long within;
	unsigned int size;

	if (pages->range) {
		*page = pfn_to_page(page_to_pfn(pages->range) + index);
		return pages->count - index;
	}
	for (size = 0; index >= pages->of_size[size] << rknpu_pages_order[size]; size++) {
		index -= pages->of_size[size] << rknpu_pages_order[size];
		piece += pages->of_size[size];
	}
	within = index & (BIT(rknpu_pages_order[size]) - 1);
	*page = piece[index >> rknpu_pages_order[size]] + within;
	return BIT(rknpu_pages_order[size]) - within;
}

/**
 * rknpu_pages_run() - pages that follow each other in memory, over the ends of pieces
 * @pages: the memory
 * @index: of the first page
 * @max: at most so many, inside the memory, not 0
 * @page: result: the first page
 *
 * Context: any.
 *
 * Return: how many.
 */
unsigned long rknpu_pages_run(const struct rknpu_pages *pages, unsigned long index, unsigned long max,
			      struct page **page)
{
	unsigned long count = rknpu_pages_find(pages, index, page);
	struct page *next;

	while (count < max) {
		unsigned long more = rknpu_pages_find(pages, index + count, &next);

		if (page_to_pfn(next) != page_to_pfn(*page) + count)
			break;
		count += more;
	}
	return min(count, max);
}

/**
 * rknpu_pages_huge_end() - how much of it the CPU can map with large entries
 * @pages: the memory
 *
 * Context: any.
 *
 * Return: pages from its beginning on, in pieces of the size that one entry of the second
 * lowest level of page tables maps; 0 where there are no such entries.
 */
unsigned long rknpu_pages_huge_end(const struct rknpu_pages *pages)
{
	if (!RKNPU_PAGES_COMPOUND || rknpu_pages_order[0] != PMD_SHIFT - PAGE_SHIFT)
		return 0;
	return pages->of_size[0] << rknpu_pages_order[0];
}

/**
 * rknpu_pages_fill_table() - make a table with an entry for each run
 * @pages: the memory
 * @sgt: result; for sg_free_table() unless it is of @one
 * @one: memory for a table with one entry, or NULL
 * @max_run: longest run that its reader can do with, bytes; cut to whole pages
 *
 * Context: may sleep.
 *
 * Return: 0, -ENOMEM.
 */
int rknpu_pages_fill_table(const struct rknpu_pages *pages, struct sg_table *sgt, struct scatterlist *one,
			   size_t max_run)
{
	unsigned long max = max(min_t(size_t, max_run, UINT_MAX) >> PAGE_SHIFT, 1ul);
	unsigned long at, count;
	unsigned int runs = 0;
	struct scatterlist *sg;
	struct page *page;

	for (at = 0; at < pages->count; at += count, runs++)
		count = rknpu_pages_run(pages, at, min(max, pages->count - at), &page);
	if (one && runs == 1) {
		sg_init_table(one, 1);
		sg_set_page(one, page, pages->count << PAGE_SHIFT, 0);
		*sgt = (struct sg_table){ .sgl = one, .nents = 1, .orig_nents = 1 };
		return 0;
	}
	if (sg_alloc_table(sgt, runs, RKNPU_PAGES_GFP))
		return -ENOMEM;
	for (at = 0, sg = sgt->sgl; at < pages->count; at += count, sg = sg_next(sg)) {
		count = rknpu_pages_run(pages, at, min(max, pages->count - at), &page);
		sg_set_page(sg, page, count << PAGE_SHIFT, 0);
	}
	return 0;
}

/**
 * rknpu_pages_table() - likewise, all of it allocated
 * @pages: the memory
 * @max_run: as for rknpu_pages_fill_table()
 *
 * Context: may sleep.
 *
 * Return: the table, owned by the caller (sg_free_table(), kfree()); NULL when there is no memory.
 */
struct sg_table *rknpu_pages_table(const struct rknpu_pages *pages, size_t max_run)
{
	struct sg_table *sgt = kzalloc(sizeof(*sgt), RKNPU_PAGES_GFP);

	if (sgt && rknpu_pages_fill_table(pages, sgt, NULL, max_run)) {
		kfree(sgt);
		sgt = NULL;
	}
	return sgt;
}

/**
 * rknpu_pages_vmap() - kernel mapping
 * @pages: the memory
 * @cached: the kernel's own mapping of all memory will do
 * @prot: how to map otherwise
 *
 * Context: may sleep.
 *
 * Return: address for rknpu_pages_vunmap(), or NULL when there is no memory.
 */
void *rknpu_pages_vmap(const struct rknpu_pages *pages, bool cached, pgprot_t prot)
{
	struct page **each, *first;
	unsigned long i;
	void *vaddr;

	if (rknpu_pages_run(pages, 0, pages->count, &first) == pages->count && cached)
		return page_address(first);
	each = kvmalloc_array(pages->count, sizeof(*each), RKNPU_PAGES_GFP);
	if (!each)
		return NULL;
	for (i = 0; i < pages->count; i++)
		rknpu_pages_find(pages, i, &each[i]);
	vaddr = vmap(each, pages->count, VM_MAP, prot);
	kvfree(each);
	return vaddr;
}

/**
 * rknpu_pages_vunmap() - end a kernel mapping
 * @vaddr: from rknpu_pages_vmap(), or NULL
 *
 * Context: may sleep.
 */
void rknpu_pages_vunmap(void *vaddr)
{
	if (is_vmalloc_addr(vaddr))
		vunmap(vaddr);
}
