// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The kinds of memory that buffers of our own are made of, each with its own
 * functions: scattered pages (shmem), one contiguous range, and on-chip memory
 * that goes on in pages. Pages are mapped for an untranslated, non-coherent
 * device, so that dma_sync does the cache work without costing an NPU address.
 * Memory is always zeroed.
 */
#include "rknpu_backing.h"

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include <drm/drm_prime.h>

#include "rknpu_gem.h"
#include "rknpu_pool.h"
#include "rknpu_sram.h"

static int rknpu_backing_map(struct rknpu_bo *bo)
{
	struct sg_table *sgt = drm_prime_pages_to_sg(bo->base.dev, bo->pages, bo->base.size >> PAGE_SHIFT);
	int ret;

	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	ret = dma_map_sgtable(bo->dma_dev, sgt, DMA_BIDIRECTIONAL, 0);
	if (ret) {
		sg_free_table(sgt);
		kfree(sgt);
		return ret;
	}
	bo->sgt = sgt;
	return 0;
}

static void rknpu_backing_unmap(struct rknpu_bo *bo)
{
	dma_unmap_sgtable(bo->dma_dev, bo->sgt, DMA_BIDIRECTIONAL, 0);
	sg_free_table(bo->sgt);
	kfree(bo->sgt);
}

static unsigned long rknpu_backing_pages_pfn(const struct rknpu_bo *bo, unsigned long page, pgprot_t *prot)
{
	return page_to_pfn(bo->pages[page]);
}

/* The device is untranslated: its DMA address of a page is the physical one. */
static int rknpu_backing_pages_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device,
				    bool from_device)
{
	u64 end = offset + bytes;

	while (offset < end) {
		dma_addr_t addr = page_to_phys(bo->pages[offset >> PAGE_SHIFT]) + offset_in_page(offset);
		u64 next = min_t(u64, end, ALIGN_DOWN(offset, PAGE_SIZE) + PAGE_SIZE);

		/* What lies together goes in one call. */
		while (next < end && page_to_phys(bo->pages[next >> PAGE_SHIFT]) == addr + (next - offset))
			next = min_t(u64, end, next + PAGE_SIZE);
		if (to_device)
			dma_sync_single_for_device(bo->dma_dev, addr, next - offset, DMA_TO_DEVICE);
		if (from_device)
			dma_sync_single_for_cpu(bo->dma_dev, addr, next - offset, DMA_FROM_DEVICE);
		offset = next;
	}
	return 0;
}

static void rknpu_backing_pages_release(struct rknpu_bo *bo)
{
	rknpu_backing_unmap(bo);
	/* The file goes next, so what is in them concerns nobody any more. */
	drm_gem_put_pages(&bo->base, bo->pages, false, false);
}

static const struct rknpu_backing rknpu_backing_pages_ops = {
	.release = rknpu_backing_pages_release,
	.pfn = rknpu_backing_pages_pfn,
	.sync = rknpu_backing_pages_sync,
};

/**
 * rknpu_backing_pages() - give a buffer scattered pages
 * @bo: initialised with a shmem file, without memory
 * @dma32: pages below 4 GiB
 *
 * The pages are charged to the caller's memory cgroup. Context: may sleep.
 *
 * Return: 0, -ENOMEM.
 */
int rknpu_backing_pages(struct rknpu_bo *bo, bool dma32)
{
	struct page **pages;
	int ret;

	/* Whoever asks for too much gets -ENOMEM; the OOM killer must not look for a victim. */
	mapping_set_gfp_mask(bo->base.filp->f_mapping, GFP_USER | __GFP_RETRY_MAYFAIL | __GFP_NOWARN |
						       (dma32 ? __GFP_DMA32 : 0));
	pages = drm_gem_get_pages(&bo->base);
	if (IS_ERR(pages))
		return PTR_ERR(pages);
	bo->pages = pages;
	ret = rknpu_backing_map(bo);
	if (ret) {
		drm_gem_put_pages(&bo->base, pages, false, false);
		bo->pages = NULL;
		return ret;
	}
	bo->backing = &rknpu_backing_pages_ops;
	return 0;
}

/* The allocator has mapped the range: mapping it again would make two of what is one to CONFIG_DMA_API_DEBUG. */
static struct sg_table *rknpu_backing_range_table(struct page *first, dma_addr_t addr, size_t bytes)
{
	struct sg_table *sgt = kzalloc(sizeof(*sgt), GFP_KERNEL_ACCOUNT);

	if (!sgt)
		return NULL;
	if (sg_alloc_table(sgt, 1, GFP_KERNEL_ACCOUNT)) {
		kfree(sgt);
		return NULL;
	}
	sg_set_page(sgt->sgl, first, bytes, 0);
	sg_dma_address(sgt->sgl) = addr;
	sg_dma_len(sgt->sgl) = bytes;
	return sgt;
}

static void rknpu_backing_contiguous_release(struct rknpu_bo *bo)
{
	rknpu_pool_free(bo->pool, bo->pages[0], bo->base.size, sg_dma_address(bo->sgt->sgl));
	sg_free_table(bo->sgt);
	kfree(bo->sgt);
	kvfree(bo->pages);
}

static const struct rknpu_backing rknpu_backing_contiguous_ops = {
	.release = rknpu_backing_contiguous_release,
	.pfn = rknpu_backing_pages_pfn,
	.sync = rknpu_backing_pages_sync,
};

/**
 * rknpu_backing_contiguous() - give a buffer one physical range that the NPU can name
 * @bo: initialised, without memory
 * @pool: where it comes from; outlives the buffer
 *
 * Only needed where no IOMMU translates. What comes from the kernel's contiguous
 * area is charged to no memory cgroup, which is one more reason not to use it
 * otherwise. Context: may sleep.
 *
 * Return: 0, -ENOMEM.
 */
int rknpu_backing_contiguous(struct rknpu_bo *bo, struct rknpu_pool *pool)
{
	unsigned long i, count = bo->base.size >> PAGE_SHIFT;
	struct page *first;
	dma_addr_t addr;

	bo->pages = kvmalloc_array(count, sizeof(*bo->pages), GFP_KERNEL_ACCOUNT);
	if (!bo->pages)
		return -ENOMEM;
	first = rknpu_pool_alloc(pool, bo->base.size, &addr);
	if (!first)
		goto free_pages;
	bo->sgt = rknpu_backing_range_table(first, addr, bo->base.size);
	if (!bo->sgt)
		goto free_range;
	for (i = 0; i < count; i++)
		bo->pages[i] = pfn_to_page(page_to_pfn(first) + i);
	/* Zeroed by the CPU: in the caches, until this. */
	dma_sync_single_for_device(bo->dma_dev, addr, bo->base.size, DMA_BIDIRECTIONAL);
	bo->pool = pool;
	bo->backing = &rknpu_backing_contiguous_ops;
	return 0;

free_range:
	rknpu_pool_free(pool, first, bo->base.size, addr);
free_pages:
	kvfree(bo->pages);
	bo->pages = NULL;
	return -ENOMEM;
}

/* On-chip memory is never cached, and has no struct page that cache maintenance could start from. */
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
	u64 start = max(offset, rknpu_gem_sram_bytes(bo)), end = offset + bytes;

	if (start >= end)
		return 0;
	return rknpu_gem_sync(bo->rest, start - rknpu_gem_sram_bytes(bo), end - start, to_device, from_device);
}

static void rknpu_backing_sram_release(struct rknpu_bo *bo)
{
	sg_free_table(bo->sgt);
	kfree(bo->sgt);
	if (bo->rest)
		drm_gem_object_put(&bo->rest->base);
	rknpu_sram_free(bo->sram);
}

static const struct rknpu_backing rknpu_backing_sram_ops = {
	.release = rknpu_backing_sram_release,
	.pfn = rknpu_backing_sram_pfn,
	.sync = rknpu_backing_sram_sync,
};

/* Addresses only: first the on-chip pages, then those of the rest. */
static struct sg_table *rknpu_backing_sram_table(const struct rknpu_sram_area *area,
						 const struct rknpu_bo *rest)
{
	struct sg_table *sgt = kzalloc(sizeof(*sgt), GFP_KERNEL_ACCOUNT);
	struct scatterlist *sg, *from;
	unsigned int i;

	if (!sgt)
		return NULL;
	if (sg_alloc_table(sgt, area->count + (rest ? rest->sgt->nents : 0), GFP_KERNEL_ACCOUNT)) {
		kfree(sgt);
		return NULL;
	}
	sg = sgt->sgl;
	for (i = 0; i < area->count; i++, sg = sg_next(sg)) {
		sg_dma_address(sg) = rknpu_sram_phys(area, i);
		sg_dma_len(sg) = PAGE_SIZE;
	}
	if (!rest)
		return sgt;
	for_each_sgtable_dma_sg(rest->sgt, from, i) {
		sg_dma_address(sg) = sg_dma_address(from);
		sg_dma_len(sg) = sg_dma_len(from);
		sg = sg_next(sg);
	}
	return sgt;
}

/**
 * rknpu_backing_sram() - give a buffer on-chip memory, and pages where that ends
 * @bo: initialised, without memory
 * @area: on-chip pages, at most as many as @bo has; taken over when this succeeds
 * @rest: buffer of the remaining pages, taken over likewise; NULL when none remain
 *
 * Context: may sleep.
 *
 * Return: 0, -ENOMEM.
 */
int rknpu_backing_sram(struct rknpu_bo *bo, struct rknpu_sram_area *area, struct rknpu_bo *rest)
{
	bo->sgt = rknpu_backing_sram_table(area, rest);
	if (!bo->sgt)
		return -ENOMEM;
	bo->sram = area;
	bo->rest = rest;
	bo->backing = &rknpu_backing_sram_ops;
	return 0;
}
