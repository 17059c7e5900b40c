// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Contiguous memory, which is only needed where no IOMMU translates: from what
 * the node's memory-region reserves, as trees of boards without an IOMMU have it
 * (shared-dma-pool, reusable: a contiguous area that the kernel lends to movable pages
 * meanwhile), and then from nothing else; where there is none from the kernel's own area.
 */
#include "rknpu_pool.h"

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>

/* Other kinds of region have no struct pages, or are not the allocator's to take from. */
static int rknpu_pool_attach(struct rknpu_pool *pool, struct device_node *np, struct device_node *region)
{
	const struct reserved_mem *rmem = of_reserved_mem_lookup(region);
	int ret;

	if (!rmem)
		return -ENODEV;
	if (!of_property_read_bool(region, "reusable"))
		return -EOPNOTSUPP;
	if (rmem->base + rmem->size - 1 > pool->dma_dev->coherent_dma_mask)
		return -ERANGE;
	ret = of_reserved_mem_device_init_by_idx(pool->dma_dev, np, 0);
	if (ret)
		return ret;
	pool->base = rmem->base;
	pool->bytes = rmem->size;
	return 0;
}

/**
 * rknpu_pool_init() - find the memory that the tree reserves for the NPU
 * @pool: zeroed
 * @dma_dev: untranslated device that allocates; its coherent mask is what the NPU can name
 * @np: node of the NPU, whose memory-region it is
 *
 * What cannot be used is warned of, and the kernel's own area serves instead.
 */
void rknpu_pool_init(struct rknpu_pool *pool, struct device *dma_dev, struct device_node *np)
{
	struct device_node *region = of_parse_phandle(np, "memory-region", 0);
	int ret;

	pool->dma_dev = dma_dev;
	/* One that is disabled is none. */
	if (!region || !of_device_is_available(region)) {
		of_node_put(region);
		return;
	}
	ret = rknpu_pool_attach(pool, np, region);
	if (ret)
		dev_warn(dma_dev->parent, "memory-region %pOFn is not usable (%d): buffers go to the kernel's own contiguous area\n",
			 region, ret);
	else
		dev_info(dma_dev->parent, "buffers go to the %llu MiB of memory-region %pOFn at %pa\n",
			 pool->bytes >> 20, region, &pool->base);
	of_node_put(region);
}

/**
 * rknpu_pool_fini() - let go of the reserved memory
 * @pool: nothing of it is handed out any more
 */
void rknpu_pool_fini(struct rknpu_pool *pool)
{
	if (pool->bytes)
		of_reserved_mem_device_release(pool->dma_dev);
}

/* The allocator goes on elsewhere when an area is used up. */
static bool rknpu_pool_has(const struct rknpu_pool *pool, dma_addr_t addr, size_t bytes)
{
	return !pool->bytes || (addr >= pool->base && addr - pool->base + bytes <= pool->bytes);
}

/**
 * rknpu_pool_alloc() - take a range
 * @pool: initialised
 * @bytes: whole pages
 * @addr: result: its address, the physical one, already mapped for @dma_dev
 *
 * Zeroed by the CPU, in the caches still. Context: may sleep.
 *
 * Return: the first page, NULL when nothing is left.
 */
struct page *rknpu_pool_alloc(struct rknpu_pool *pool, size_t bytes, dma_addr_t *addr)
{
	struct page *first = dma_alloc_pages(pool->dma_dev, bytes, addr, DMA_BIDIRECTIONAL,
					     GFP_KERNEL_ACCOUNT | __GFP_RETRY_MAYFAIL | __GFP_NOWARN);

	if (!first)
		return NULL;
	if (!rknpu_pool_has(pool, *addr, bytes)) {
		dma_free_pages(pool->dma_dev, bytes, first, *addr, DMA_BIDIRECTIONAL);
		return NULL;
	}
	atomic64_add(bytes, &pool->used);
	return first;
}

/**
 * rknpu_pool_free() - give a range back
 * @pool: of rknpu_pool_alloc(); so are the others
 * @first: its result
 * @bytes: as asked for
 * @addr: its address
 */
void rknpu_pool_free(struct rknpu_pool *pool, struct page *first, size_t bytes, dma_addr_t addr)
{
	dma_free_pages(pool->dma_dev, bytes, first, addr, DMA_BIDIRECTIONAL);
	atomic64_sub(bytes, &pool->used);
}
