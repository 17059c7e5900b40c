// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: On-chip memory: the part of an mmio-sram node that the NPU's node refers to
 * with "rockchip,sram". It is allocated page by page, because an IOMMU makes pages
 * contiguous for the NPU anyway, so all free memory is usable, however fragmented.
 */
#include "rknpu_sram.h"

#include <linux/device.h>
#include <linux/genalloc.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/overflow.h>
#include <linux/slab.h>

static int rknpu_sram_add(struct rknpu_sram *sram, const struct resource *res)
{
	phys_addr_t start = PAGE_ALIGN(res->start), end = ALIGN_DOWN(res->end + 1, PAGE_SIZE);
	int ret = -ENOMEM;

	if (start >= end)
		return -EINVAL;
	sram->base = ioremap_wc(start, end - start);
	if (!sram->base)
		return -ENOMEM;
	sram->pool = gen_pool_create(PAGE_SHIFT, NUMA_NO_NODE);
	if (sram->pool)
		ret = gen_pool_add_virt(sram->pool, (unsigned long)sram->base, start, end - start, NUMA_NO_NODE);
	if (ret)
		rknpu_sram_fini(sram);
	return ret;
}

static void rknpu_sram_check_chunk(struct gen_pool *pool, struct gen_pool_chunk *chunk, void *data)
{
	int *ret = data;

	if (!PAGE_ALIGNED(chunk->start_addr | (chunk->end_addr + 1) | chunk->phys_addr))
		*ret = -EINVAL;
}

/* A pool of the sram driver can have any size and other users; it is usable if it consists of whole pages. */
static int rknpu_sram_use_pool(struct rknpu_sram *sram, struct gen_pool *pool)
{
	int ret = 0;

	gen_pool_for_each_chunk(pool, rknpu_sram_check_chunk, &ret);
	if (!ret)
		sram->pool = pool;
	return ret;
}

/**
 * rknpu_sram_init() - find the on-chip memory
 * @sram: zeroed
 * @dev: device whose node may refer to on-chip memory
 *
 * The node referred to is either a child of the sram node that no driver manages, as
 * in vendor trees, or one for which the sram driver has created a pool.
 *
 * Return: 0 on success or if there is no on-chip memory, or a negative errno if the device tree is wrong.
 */
int rknpu_sram_init(struct rknpu_sram *sram, struct device *dev)
{
	struct device_node *np = of_parse_phandle(dev->of_node, "rockchip,sram", 0);
	struct gen_pool *pool;
	struct resource res;
	int ret;

	if (!np)
		return 0;
	pool = of_gen_pool_get(dev->of_node, "rockchip,sram", 0);
	if (pool)
		ret = rknpu_sram_use_pool(sram, pool);
	else
		ret = of_address_to_resource(np, 0, &res) ?: rknpu_sram_add(sram, &res);
	of_node_put(np);
	return ret;
}

/**
 * rknpu_sram_fini() - release the on-chip memory
 * @sram: the memory; all of it must be free
 */
void rknpu_sram_fini(struct rknpu_sram *sram)
{
	if (sram->base && sram->pool)
		gen_pool_destroy(sram->pool);
	if (sram->base)
		iounmap(sram->base);
	sram->pool = NULL;
	sram->base = NULL;
}

/**
 * rknpu_sram_total_bytes() - get the size of the on-chip memory
 * @sram: the memory
 *
 * Return: size in bytes, 0 if there is none.
 */
size_t rknpu_sram_total_bytes(const struct rknpu_sram *sram)
{
	return sram->pool ? gen_pool_size(sram->pool) : 0;
}

/**
 * rknpu_sram_free_bytes() - get the amount of free on-chip memory
 * @sram: the memory
 *
 * Return: free memory in bytes.
 */
size_t rknpu_sram_free_bytes(const struct rknpu_sram *sram)
{
	return sram->pool ? gen_pool_avail(sram->pool) : 0;
}

/* Position of a byte, counted over all chunks of a pool. */
struct rknpu_sram_probe {
	size_t offset;
	bool used;
};

static void rknpu_sram_probe_chunk(struct gen_pool *pool, struct gen_pool_chunk *chunk, void *data)
{
	size_t bytes = chunk->end_addr - chunk->start_addr + 1;
	struct rknpu_sram_probe *probe = data;

	if (probe->offset < bytes)
		probe->used |= test_bit(probe->offset >> pool->min_alloc_order, chunk->bits);
	/* For the chunks after the one that has the byte this wraps around and matches none of them. */
	probe->offset -= bytes;
}

/**
 * rknpu_sram_is_used() - tell whether a page is allocated
 * @sram: the memory
 * @offset: offset of a byte in the page, less than rknpu_sram_total_bytes()
 *
 * Context: Any context.
 *
 * Return: true if the page is allocated at the moment.
 */
bool rknpu_sram_is_used(const struct rknpu_sram *sram, size_t offset)
{
	struct rknpu_sram_probe probe = { .offset = offset };

	gen_pool_for_each_chunk(sram->pool, rknpu_sram_probe_chunk, &probe);
	return probe.used;
}

/**
 * rknpu_sram_alloc() - allocate zeroed pages
 * @sram: the memory
 * @bytes: maximum size, a multiple of the page size
 *
 * Context: Process context. May sleep.
 *
 * Return: as many pages as are free, at most @bytes, or NULL if none is free.
 */
struct rknpu_sram_area *rknpu_sram_alloc(struct rknpu_sram *sram, size_t bytes)
{
	unsigned int count = min(bytes, rknpu_sram_free_bytes(sram)) >> PAGE_SHIFT;
	struct genpool_data_align align = { .align = PAGE_SIZE };
	struct rknpu_sram_area *area;
	unsigned long page;

	if (!count)
		return NULL;
	area = kvzalloc(struct_size(area, pages, count), GFP_KERNEL_ACCOUNT);
	if (!area)
		return NULL;
	area->sram = sram;
	while (area->count < count) {
		/* Other users of a shared pool may have allocated less than a page. */
		page = gen_pool_alloc_algo(sram->pool, PAGE_SIZE, gen_pool_first_fit_align, &align);
		if (!page)
			break;
		memset_io((void __iomem *)page, 0, PAGE_SIZE);
		area->pages[area->count++] = page;
	}
	if (area->count)
		return area;
	kvfree(area);
	return NULL;
}

/**
 * rknpu_sram_free() - free pages
 * @area: the pages, no longer mapped for the NPU or the CPU; may be NULL
 */
void rknpu_sram_free(struct rknpu_sram_area *area)
{
	unsigned int i;

	if (!area)
		return;
	for (i = 0; i < area->count; i++)
		gen_pool_free(area->sram->pool, area->pages[i], PAGE_SIZE);
	kvfree(area);
}

/**
 * rknpu_sram_phys() - get the physical address of a page
 * @area: the pages
 * @page: index of the page
 *
 * Context: Any context.
 *
 * Return: physical address.
 */
phys_addr_t rknpu_sram_phys(const struct rknpu_sram_area *area, unsigned int page)
{
	return gen_pool_virt_to_phys(area->sram->pool, area->pages[page]);
}
