/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_GEM_H
#define RKNPU_GEM_H

#include <linux/types.h>

struct device;
struct drm_device;
struct drm_gem_object;
struct rknpu_bo;
struct rknpu_pool;
struct rknpu_sram;

/**
 * struct rknpu_gem_request - what buffer is wanted
 * @drm: the device.
 * @dma_dev: untranslated device for cache maintenance.
 * @sram: on-chip memory to try first, or NULL.
 * @bytes: whole pages, not 0.
 * @sram_bytes: at most so much of it from @sram, whole pages.
 * @cached: CPU mappings are cached.
 * @aligned: NPU addresses are multiples of the power of two that holds it, if possible.
 * @dma32: pages below 4 GiB.
 * @pool: one physical range, from there; no @sram then. NULL: pages from anywhere.
 */
struct rknpu_gem_request {
	struct drm_device *drm;
	struct device *dma_dev;
	struct rknpu_sram *sram;
	size_t bytes;
	size_t sram_bytes;
	bool cached;
	bool aligned;
	bool dma32;
	struct rknpu_pool *pool;
};

struct drm_gem_object *rknpu_gem_create_object(struct drm_device *drm, size_t bytes);
struct rknpu_bo *rknpu_gem_create(const struct rknpu_gem_request *want);

#endif /* RKNPU_GEM_H */
