/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_POOL_H
#define RKNPU_POOL_H

#include <linux/atomic.h>
#include <linux/types.h>

struct device;
struct device_node;
struct page;

/**
 * struct rknpu_pool - source of contiguous memory
 * @dma_dev: untranslated device to allocate for. Immutable.
 * @base: physical address of the memory that the device tree reserves for the NPU. Immutable.
 * @bytes: its size; 0 if the device tree reserves none and the kernel's default CMA area is used. Immutable.
 * @used: number of bytes allocated.
 */
struct rknpu_pool {
	struct device *dma_dev;
	phys_addr_t base;
	u64 bytes;
	atomic64_t used;
};

void rknpu_pool_init(struct rknpu_pool *pool, struct device *dma_dev, struct device_node *np);
void rknpu_pool_fini(struct rknpu_pool *pool);
struct page *rknpu_pool_alloc(struct rknpu_pool *pool, size_t bytes, dma_addr_t *addr);
void rknpu_pool_free(struct rknpu_pool *pool, struct page *first, size_t bytes, dma_addr_t addr);

#endif /* RKNPU_POOL_H */
