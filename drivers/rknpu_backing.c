// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The kinds of memory of the driver's own buffers, each with its own functions:
 * pieces of memory, one contiguous range, and on-chip memory continued by pages. Pages
 * are mapped for an untranslated, non-coherent device, so dma_sync does the cache
 * maintenance without using up NPU addresses. Memory is always zeroed.
 */
#include "rknpu_backing.h"

#include <linux/dma-mapping.h>
#include <linux/mm.h>

#include "rknpu_bo.h"
#include "rknpu_pages.h"
#include "rknpu_pool.h"
#include "rknpu_sram.h"

static void rknpu_backing_free_table(struct rknpu_bo *bo)
{
	if (bo->table.sgl != &bo->one)
		sg_free_table(&bo->table);
}

static unsigned long rknpu_backing_pages_pfn(const struct rknpu_bo *bo, unsigned long page, pgprot_t *prot)
{
	struct page *found;

	rknpu_pages_find(bo->pages, page, &found);
	return page_to_pfn(found);
}

static void rknpu_backing_sync_run(const struct rknpu_bo *bo, dma_addr_t addr, size_t bytes, bool to_device,
				   bool from_device)
{
	if (to_device)
		dma_sync_single_for_device(bo->dma_dev, addr, bytes, DMA_TO_DEVICE);
	if (from_device)
		dma_sync_single_for_cpu(bo->dma_dev, addr, bytes, DMA_FROM_DEVICE);
}

/* The same as rknpu_backing_pages_sync(), by a walk through all runs of the buffer up to the end of the range. */
static int rknpu_backing_walk_sync(const struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device)
{
	struct scatterlist *sg;

	for (sg = bo->sgt->sgl; bytes; sg = sg_next(sg)) {
		u64 part = sg_dma_len(sg);

		if (offset >= part) {
			offset -= part;
			continue;
		}
		part = min(part - offset, bytes);
		rknpu_backing_sync_run(bo, sg_dma_address(sg) + offset, part, to_device, from_device);
		bytes -= part;
		offset = 0;
	}
	return 0;
}

/* A search costs as much as a walk past so many runs. */
#define RKNPU_BACKING_WALK 16

/* The device is untranslated: the DMA address of a page is its physical address. */
static int rknpu_backing_pages_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device,
				    bool from_device)
{
	u64 end = offset + bytes;

	if (bo->sgt->nents <= RKNPU_BACKING_WALK)
		return rknpu_backing_walk_sync(bo, offset, bytes, to_device, from_device);
	while (offset < end) {
		unsigned long page = offset >> PAGE_SHIFT;
		struct page *first;
		u64 next = rknpu_pages_run(bo->pages, page, DIV_ROUND_UP_ULL(end, PAGE_SIZE) - page, &first);

		next = min(end, (page + next) << PAGE_SHIFT);
		rknpu_backing_sync_run(bo, page_to_phys(first) + offset_in_page(offset), next - offset, to_device,
				       from_device);
		offset = next;
	}
	return 0;
}

static void rknpu_backing_pages_release(struct rknpu_bo *bo)
{
	/* Their contents do not matter any more, neither in memory nor in caches. */
	dma_unmap_sgtable(bo->dma_dev, bo->sgt, DMA_BIDIRECTIONAL, DMA_ATTR_SKIP_CPU_SYNC);
	rknpu_backing_free_table(bo);
	rknpu_pages_free(bo->pages);
}

static const struct rknpu_backing rknpu_backing_pages_ops = {
	.release = rknpu_backing_pages_release,
	.pfn = rknpu_backing_pages_pfn,
	.sync = rknpu_backing_pages_sync,
};

/**
 * rknpu_backing_pages() - allocate pieces of memory for a buffer
 * @bo: initialized buffer without memory
 * @dma32: true for pages below 4 GiB
 *
 * The pages are charged to the caller's memory cgroup.
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -ENOMEM if out of memory.
 */
int rknpu_backing_pages(struct rknpu_bo *bo, bool dma32)
{
	struct rknpu_pages *pages = &bo->own_pages;
	int ret = rknpu_pages_alloc(pages, bo->base.size >> PAGE_SHIFT, dma32 ? __GFP_DMA32 : 0);

	if (ret)
		return ret;
	ret = rknpu_pages_fill_table(pages, &bo->table, &bo->one, SIZE_MAX);
	if (ret)
		goto free_pages;
	/* The CPU has zeroed the pages; this writes the zeroes from the caches to memory. */
	ret = dma_map_sgtable(bo->dma_dev, &bo->table, DMA_BIDIRECTIONAL, 0);
	if (ret)
		goto free_table;
	bo->pages = pages;
	bo->sgt = &bo->table;
	bo->backing = &rknpu_backing_pages_ops;
	return 0;

free_table:
	rknpu_backing_free_table(bo);
free_pages:
	rknpu_pages_free(pages);
	return ret;
}

/* The DMA allocator has mapped the range: CONFIG_DMA_API_DEBUG would report a second mapping of it. */
static void rknpu_backing_range_table(struct rknpu_bo *bo, struct page *first, dma_addr_t addr)
{
	sg_init_table(&bo->one, 1);
	sg_set_page(&bo->one, first, bo->base.size, 0);
	sg_dma_address(&bo->one) = addr;
	sg_dma_len(&bo->one) = bo->base.size;
	bo->table = (struct sg_table){ .sgl = &bo->one, .nents = 1, .orig_nents = 1 };
	bo->sgt = &bo->table;
}

static void rknpu_backing_contiguous_release(struct rknpu_bo *bo)
{
	rknpu_pool_free(bo->pool, bo->pages->range, bo->base.size, sg_dma_address(bo->sgt->sgl));
}

static const struct rknpu_backing rknpu_backing_contiguous_ops = {
	.release = rknpu_backing_contiguous_release,
	.pfn = rknpu_backing_pages_pfn,
	.sync = rknpu_backing_pages_sync,
};

/**
 * rknpu_backing_contiguous() - allocate one physical range that the NPU can address
 * @bo: initialized buffer without memory
 * @pool: pool to allocate from; must outlive the buffer
 *
 * Needed only without an IOMMU. Memory from the kernel's CMA area is not charged to any
 * memory cgroup, which is one more reason not to use it otherwise.
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -ENOMEM if out of memory.
 */
int rknpu_backing_contiguous(struct rknpu_bo *bo, struct rknpu_pool *pool)
{
	struct page *first;
	dma_addr_t addr;

	first = rknpu_pool_alloc(pool, bo->base.size, &addr);
	if (!first)
		return -ENOMEM;
	rknpu_pages_of_range(&bo->own_pages, first, bo->base.size >> PAGE_SHIFT);
	bo->pages = &bo->own_pages;
	rknpu_backing_range_table(bo, first, addr);
	/* The CPU has zeroed the range; this writes the zeroes from the caches to memory. */
	dma_sync_single_for_device(bo->dma_dev, addr, bo->base.size, DMA_BIDIRECTIONAL);
	bo->pool = pool;
	bo->backing = &rknpu_backing_contiguous_ops;
	return 0;
}

/* On-chip memory is never cached, and has no struct page for cache maintenance to work on. */
static unsigned long rknpu_backing_sram_pfn(const struct rknpu_bo *bo, unsigned long page, pgprot_t *prot)
{
	if (page >= bo->sram->count)
		return bo->rest->backing->pfn(bo->rest, page - bo->sram->count, prot);
	*prot = pgprot_writecombine(*prot);
	return PHYS_PFN(rknpu_sram_phys(bo->sram, page));
}

static int rknpu_backing_sram_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device,
				   bool from_device)
{
	u64 start = max(offset, rknpu_bo_sram_bytes(bo)), end = offset + bytes;

	if (start >= end)
		return 0;
	return rknpu_bo_sync(bo->rest, start - rknpu_bo_sram_bytes(bo), end - start, to_device, from_device);
}

static void rknpu_backing_sram_release(struct rknpu_bo *bo)
{
	rknpu_backing_free_table(bo);
	if (bo->rest)
		drm_gem_object_put(&bo->rest->base);
	rknpu_sram_free(bo->sram);
}

static const struct rknpu_backing rknpu_backing_sram_ops = {
	.release = rknpu_backing_sram_release,
	.pfn = rknpu_backing_sram_pfn,
	.sync = rknpu_backing_sram_sync,
};

/* Fills in addresses only: first the on-chip pages, then those of @rest. */
static int rknpu_backing_sram_table(struct sg_table *sgt, const struct rknpu_sram_area *area,
				    const struct rknpu_bo *rest)
{
	struct scatterlist *sg, *from;
	unsigned int i;

	if (sg_alloc_table(sgt, area->count + (rest ? rest->sgt->nents : 0), GFP_KERNEL_ACCOUNT))
		return -ENOMEM;
	sg = sgt->sgl;
	for (i = 0; i < area->count; i++, sg = sg_next(sg)) {
		sg_dma_address(sg) = rknpu_sram_phys(area, i);
		sg_dma_len(sg) = PAGE_SIZE;
	}
	if (!rest)
		return 0;
	for_each_sgtable_dma_sg(rest->sgt, from, i) {
		sg_dma_address(sg) = sg_dma_address(from);
		sg_dma_len(sg) = sg_dma_len(from);
		sg = sg_next(sg);
	}
	return 0;
}

/**
 * rknpu_backing_sram() - give a buffer on-chip memory, continued by pages
 * @bo: initialized buffer without memory
 * @area: on-chip pages, at most as many as @bo has; @bo takes ownership if this succeeds
 * @rest: buffer with the remaining pages, or NULL if none remain; @bo takes ownership if this succeeds
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -ENOMEM if out of memory.
 */
int rknpu_backing_sram(struct rknpu_bo *bo, struct rknpu_sram_area *area, struct rknpu_bo *rest)
{
	int ret = rknpu_backing_sram_table(&bo->table, area, rest);

	if (ret)
		return ret;
	bo->sgt = &bo->table;
	bo->sram = area;
	bo->rest = rest;
	bo->backing = &rknpu_backing_sram_ops;
	return 0;
}
