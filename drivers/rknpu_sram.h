/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_SRAM_H
#define RKNPU_SRAM_H

#include <linux/types.h>

struct device;
struct gen_pool;

/**
 * struct rknpu_sram - on-chip memory that the device tree assigns to the NPU
 * @pool: its pages, or NULL if there is none; has a lock of its own. Immutable.
 * @base: the driver's mapping of it, NULL if @pool belongs to the sram driver. Immutable.
 */
struct rknpu_sram {
	struct gen_pool *pool;
	void __iomem *base;
};

/**
 * struct rknpu_sram_area - pages of on-chip memory
 * @sram: the memory that the pages belong to.
 * @count: number of pages.
 * @pages: kernel address of each page. All fields are immutable.
 */
struct rknpu_sram_area {
	struct rknpu_sram *sram;
	unsigned int count;
	unsigned long pages[];
};

int rknpu_sram_init(struct rknpu_sram *sram, struct device *dev);
void rknpu_sram_fini(struct rknpu_sram *sram);
size_t rknpu_sram_total_bytes(const struct rknpu_sram *sram);
size_t rknpu_sram_free_bytes(const struct rknpu_sram *sram);
bool rknpu_sram_is_used(const struct rknpu_sram *sram, size_t offset);
struct rknpu_sram_area *rknpu_sram_alloc(struct rknpu_sram *sram, size_t bytes);
void rknpu_sram_free(struct rknpu_sram_area *area);
phys_addr_t rknpu_sram_phys(const struct rknpu_sram_area *area, unsigned int page);

#endif /* RKNPU_SRAM_H */
