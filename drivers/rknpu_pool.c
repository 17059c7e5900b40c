// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Contiguous memory, which is needed only without an IOMMU. If the node has a
 * memory-region, as in the device trees of boards without an IOMMU (shared-dma-pool,
 * reusable: a CMA area, which the kernel lends to movable pages meanwhile), memory comes
 * from there and from nowhere else. Otherwise it comes from the kernel's default CMA area.
 */
#include "rknpu_pool.h"

#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_reserved_mem.h>

/* Other kinds of regions have no struct pages or are not available to the DMA allocator. */
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
 * rknpu_pool_init() - find the memory that the device tree reserves for the NPU
 * @pool: zeroed
 * @dma_dev: untranslated device to allocate for; its coherent mask is what the NPU can address
 * @np: node of the NPU, which may have a memory-region
 *
 * If the region is not usable, warns and falls back to the kernel's default CMA area.
 */
void rknpu_pool_init(struct rknpu_pool *pool, struct device *dma_dev, struct device_node *np)
{
	struct device_node *region = of_parse_phandle(np, "memory-region", 0);
	int ret;

	pool->dma_dev = dma_dev;
	/* A disabled region counts as none. */
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
 * rknpu_pool_fini() - release the reserved memory
 * @pool: the pool; none of its memory is allocated any more
 */
void rknpu_pool_fini(struct rknpu_pool *pool)
{
	if (pool->bytes)
		of_reserved_mem_device_release(pool->dma_dev);
}

/* The DMA allocator falls back to other memory when an area is used up. */
static bool rknpu_pool_has(const struct rknpu_pool *pool, dma_addr_t addr, size_t bytes)
{
	return !pool->bytes || (addr >= pool->base && addr - pool->base + bytes <= pool->bytes);
}

/**
 * rknpu_pool_alloc() - allocate a contiguous range
 * @pool: initialized pool
 * @bytes: size, a multiple of the page size
 * @addr: result: DMA address of the range, equal to the physical one, already mapped for @dma_dev
 *
 * The memory is zeroed by the CPU and still in its caches.
 *
 * Context: Process context. May sleep.
 *
 * Return: the first page, or NULL if no range is left.
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
 * rknpu_pool_free() - free a contiguous range
 * @pool: the pool it was allocated from
 * @first: first page, from rknpu_pool_alloc()
 * @bytes: size that was asked for
 * @addr: DMA address, from rknpu_pool_alloc()
 */
void rknpu_pool_free(struct rknpu_pool *pool, struct page *first, size_t bytes, dma_addr_t addr)
{
	dma_free_pages(pool->dma_dev, bytes, first, addr, DMA_BIDIRECTIONAL);
	atomic64_sub(bytes, &pool->used);
}
