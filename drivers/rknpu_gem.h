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
 * struct rknpu_gem_request - properties of a buffer to create
 * @drm: the device.
 * @dma_dev: untranslated device for cache maintenance.
 * @sram: on-chip memory to try first, or NULL.
 * @bytes: size, a multiple of the page size, not 0.
 * @sram_bytes: maximum size to take from @sram, a multiple of the page size.
 * @cached: true for cached CPU mappings.
 * @aligned: true to align NPU addresses to the size rounded up to a power of two, if possible.
 * @dma32: true for pages below 4 GiB.
 * @pool: pool to take one physical range from, in which case @sram is not used; NULL for pages.
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
