// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The driver's own pages, used for buffers wherever an IOMMU makes pages contiguous
 * for the NPU. They are never swapped or moved, so shmem would add cost and no benefit.
 * They come from the page allocator in the largest pieces that it can provide, are
 * zeroed once, and are charged to the memory cgroup of the process that allocates them.
 *
 * A piece is one compound page with one reference held by the driver or, on kernels
 * without large pages in mappings, the same number of single pages. CPU mappings and
 * users that pin pages hold references of their own, so a piece returns to the kernel
 * when the last of these references is dropped, which need not be the driver's.
 *
 * There is no pool of freed pieces. The page allocator's per-CPU lists already are such
 * a pool, one that shrinks under memory pressure and is charged to no cgroup, while a
 * module cannot uncharge a page and keep it.
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

/* 0 where pages are as large as that, or larger. */
#define RKNPU_PAGES_ORDER(bytes) const_ilog2((bytes) / PAGE_SIZE | 1)

/*
 * Largest first: the size that a CPU maps with one page table entry, and the size that fits one
 * TLB entry of a CPU and that the IOMMU driver still maps in one operation. What is left is less
 * than that, so one piece of each smaller size makes up for it: the fewer pieces, the less
 * MEM_SYNC costs, which on current kernels spends more on each than on cleaning a page.
 */
static const unsigned int rknpu_pages_order[RKNPU_PAGES_SIZES] = {
	RKNPU_PAGES_ORDER(SZ_2M),
	RKNPU_PAGES_ORDER(SZ_64K),
	RKNPU_PAGES_ORDER(SZ_32K),
	RKNPU_PAGES_ORDER(SZ_16K),
	RKNPU_PAGES_ORDER(SZ_8K),
	0,
};

/*
 * Without large pages the kernel's split_folio() always reports success, and
 * MADV_COLD on a mapped compound page retries it forever (6.12, mm/madvise.c).
 */
#define RKNPU_PAGES_COMPOUND IS_ENABLED(CONFIG_TRANSPARENT_HUGEPAGE)

/*
 * A request for too much memory fails with -ENOMEM. It must not invoke the OOM
 * killer, neither the global one nor that of the caller's memory cgroup.
 */
#define RKNPU_PAGES_GFP (GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

static void rknpu_pages_free_array(struct rknpu_pages *pages)
{
	if (pages->piece != &pages->only)
		kvfree(pages->piece);
}

/* Makes room for @left more pages in pieces of at most size @size. */
static int rknpu_pages_extend(struct rknpu_pages *pages, unsigned int size, unsigned long left)
{
	unsigned long num = pages->num;
	struct page **piece;

	for (; size < RKNPU_PAGES_SIZES; size++) {
		num += left >> rknpu_pages_order[size];
		left &= BIT(rknpu_pages_order[size]) - 1;
	}
	if (num == 1) {
		pages->piece = &pages->only;
		return 0;
	}
	piece = kvmalloc_array(num, sizeof(*piece), RKNPU_PAGES_GFP);
	if (!piece)
		return -ENOMEM;
	if (pages->num)
		memcpy(piece, pages->piece, pages->num * sizeof(*piece));
	rknpu_pages_free_array(pages);
	pages->piece = piece;
	return 0;
}

static struct page *rknpu_pages_alloc_piece(unsigned int size, gfp_t zone)
{
	unsigned int order = rknpu_pages_order[size];
	gfp_t gfp = RKNPU_PAGES_GFP | __GFP_ZERO | zone;
	struct page *page;

	/* Allocating a gigabyte takes a while. */
	if (fatal_signal_pending(current))
		return NULL;
	cond_resched();
	/* Do not reclaim memory again and again to get a large piece: smaller ones will do. */
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
 * rknpu_pages_alloc() - allocate zeroed memory
 * @pages: zeroed; zeroed again if this fails
 * @count: number of pages, not 0
 * @zone: 0, or __GFP_DMA32 for pages below 4 GiB
 *
 * Once the allocation of a piece size fails, that size is not tried again.
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -ENOMEM if there is not enough memory or the caller is being killed.
 */
int rknpu_pages_alloc(struct rknpu_pages *pages, unsigned long count, gfp_t zone)
{
	unsigned long left = count;
	unsigned int size, order;
	bool extend = true;

	for (size = 0; size < RKNPU_PAGES_SIZES; size++) {
		order = rknpu_pages_order[size];
		if (!(left >> order))
			continue;
		if (extend) {
			if (rknpu_pages_extend(pages, size, left))
				break;
			extend = false;
		}
		while (left >> order) {
			struct page *page = rknpu_pages_alloc_piece(size, zone);

			if (!page)
				break;
			/* The kernel checks the index before it maps a whole large piece with one entry. */
			page_folio(page)->index = count - left;
			pages->piece[pages->num++] = page;
			pages->of_size[size]++;
			left -= BIT(order);
		}
		/* The rest now needs more, smaller pieces than the array has room for. */
		extend |= left >> order;
	}
	if (left) {
		rknpu_pages_free(pages);
		return -ENOMEM;
	}
	pages->count = count;
	return 0;
}

/**
 * rknpu_pages_of_range() - describe one physical range
 * @pages: zeroed
 * @first: its first page; the range remains the property of its owner
 * @count: number of pages
 *
 * Context: Any context.
 */
void rknpu_pages_of_range(struct rknpu_pages *pages, struct page *first, unsigned long count)
{
	pages->range = first;
	pages->count = count;
}

/**
 * rknpu_pages_free() - free memory
 * @pages: the memory, no longer mapped for the NPU; zeroed afterwards
 *
 * A piece that is pinned elsewhere stays allocated until it is unpinned.
 *
 * Context: Process context. May sleep.
 */
void rknpu_pages_free(struct rknpu_pages *pages)
{
	unsigned long i = 0, end = 0;
	unsigned int size;

	for (size = 0; size < RKNPU_PAGES_SIZES; size++) {
		for (end += pages->of_size[size]; i < end; i++)
			rknpu_pages_free_piece(pages->piece[i], size);
	}
	rknpu_pages_free_array(pages);
	*pages = (struct rknpu_pages){};
}

/**
 * rknpu_pages_find() - look up a page by its index
 * @pages: the memory
 * @index: index of the page
 * @page: result
 *
 * Context: Any context.
 *
 * Return: number of contiguous pages from this one to the end of its piece, including this one.
 */
unsigned long rknpu_pages_find(const struct rknpu_pages *pages, unsigned long index, struct page **page)
{
	struct page * const *piece = pages->piece;
	unsigned long within;
	unsigned int size;

	if (pages->range || pages->num == 1) {
		struct page *first = pages->range ?: *pages->piece;

		*page = pfn_to_page(page_to_pfn(first) + index);
		return pages->count - index;
	}
	for (size = 0; index >= (unsigned long)pages->of_size[size] << rknpu_pages_order[size]; size++) {
		index -= (unsigned long)pages->of_size[size] << rknpu_pages_order[size];
		piece += pages->of_size[size];
	}
	within = index & (BIT(rknpu_pages_order[size]) - 1);
	*page = piece[index >> rknpu_pages_order[size]] + within;
	return BIT(rknpu_pages_order[size]) - within;
}

/**
 * rknpu_pages_run() - find physically contiguous pages, across piece boundaries
 * @pages: the memory
 * @index: index of the first page
 * @max: maximum number of pages, within the memory, not 0
 * @page: result: the first page
 *
 * Context: Any context.
 *
 * Return: number of contiguous pages.
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
 * rknpu_pages_huge_end() - determine how much of the memory the CPU can map with large entries
 * @pages: the memory
 *
 * Context: Any context.
 *
 * Return: number of pages, counted from the start of the memory, that are in pieces of PMD size, or 0
 * if the kernel has no such mappings.
 */
unsigned long rknpu_pages_huge_end(const struct rknpu_pages *pages)
{
	if (!RKNPU_PAGES_COMPOUND || rknpu_pages_order[0] != PMD_SHIFT - PAGE_SHIFT)
		return 0;
	return pages->of_size[0] << rknpu_pages_order[0];
}

/**
 * rknpu_pages_fill_table() - fill an sg_table with one entry for each contiguous run
 * @pages: the memory
 * @sgt: result; free it with sg_free_table() unless it uses @one
 * @one: storage for a table with a single entry, or NULL
 * @max_run: longest run that the user of the table accepts, in bytes; rounded down to whole pages
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -ENOMEM if out of memory.
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
 * rknpu_pages_table() - allocate and fill an sg_table
 * @pages: the memory
 * @max_run: as for rknpu_pages_fill_table()
 *
 * Context: Process context. May sleep.
 *
 * Return: the table, owned by the caller (sg_free_table(), kfree()), or NULL if out of memory.
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
 * rknpu_pages_vmap() - map memory into the kernel
 * @pages: the memory
 * @cached: true if the kernel's linear mapping will do
 * @prot: protection to map with otherwise
 *
 * Context: Process context. May sleep.
 *
 * Return: address for rknpu_pages_vunmap(), or NULL if out of memory.
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
 * rknpu_pages_vunmap() - unmap memory from the kernel
 * @vaddr: from rknpu_pages_vmap(), or NULL
 *
 * Context: Process context. May sleep.
 */
void rknpu_pages_vunmap(void *vaddr)
{
	if (is_vmalloc_addr(vaddr))
		vunmap(vaddr);
}
