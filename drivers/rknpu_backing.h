/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_BACKING_H
#define RKNPU_BACKING_H

#include <linux/types.h>

struct rknpu_bo;
struct rknpu_pool;
struct rknpu_sram_area;

int rknpu_backing_pages(struct rknpu_bo *bo, bool dma32);
int rknpu_backing_contiguous(struct rknpu_bo *bo, struct rknpu_pool *pool);
int rknpu_backing_sram(struct rknpu_bo *bo, struct rknpu_sram_area *area, struct rknpu_bo *rest);

#endif /* RKNPU_BACKING_H */
