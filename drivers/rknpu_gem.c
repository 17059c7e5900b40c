// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Buffers as GEM objects: their creation, their end, and the functions that the DRM
 * core calls. Memory comes from rknpu_backing.c, NPU addresses from rknpu_mapping.c,
 * mappings for user space from rknpu_mmap.c.
 */
#include "rknpu_gem.h"

#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/slab.h>

#include <drm/drm_device.h>

#include "rknpu_backing.h"
#include "rknpu_bo.h"
#include "rknpu_mapping.h"
#include "rknpu_mmap.h"
#include "rknpu_pages.h"
#include "rknpu_prime.h"
#include "rknpu_sram.h"

static int rknpu_gem_get_sram(struct rknpu_bo *bo, const struct rknpu_gem_request *want,
			      struct rknpu_sram_area *area)
{
	struct rknpu_gem_request remains = *want;
	struct rknpu_bo *rest = NULL;
	int ret;

	drm_gem_private_object_init(want->drm, &bo->base, want->bytes);
	remains.sram = NULL;
	remains.bytes -= (size_t)area->count << PAGE_SHIFT;
	if (remains.bytes) {
		rest = rknpu_gem_create(&remains);
		if (IS_ERR(rest)) {
			rknpu_sram_free(area);
			return PTR_ERR(rest);
		}
	}
	ret = rknpu_backing_sram(bo, area, rest);
	if (!ret)
		return 0;
	if (rest)
		drm_gem_object_put(&rest->base);
	rknpu_sram_free(area);
	return ret;
}

static int rknpu_gem_get_memory(struct rknpu_bo *bo, const struct rknpu_gem_request *want)
{
	struct rknpu_sram_area *area;

	if (want->pool) {
		drm_gem_private_object_init(want->drm, &bo->base, want->bytes);
		return rknpu_backing_contiguous(bo, want->pool);
	}
	area = want->sram ? rknpu_sram_alloc(want->sram, min(want->sram_bytes, want->bytes)) : NULL;
	if (area)
		return rknpu_gem_get_sram(bo, want, area);
	drm_gem_private_object_init(want->drm, &bo->base, want->bytes);
	return rknpu_backing_pages(bo, want->dma32);
}

/**
 * rknpu_gem_create() - create a buffer
 * @want: properties of the buffer
 *
 * Context: Process context. May sleep.
 *
 * Return: the buffer with one GEM reference, or an ERR_PTR: -ENOMEM and others.
 */
struct rknpu_bo *rknpu_gem_create(const struct rknpu_gem_request *want)
{
	struct rknpu_bo *bo = rknpu_bo_alloc(want->drm, want->dma_dev, want->cached);
	int ret;

	if (IS_ERR(bo))
		return bo;
	bo->aligned = want->aligned;
	ret = rknpu_gem_get_memory(bo, want);
	/* Needed even if user space never asks for the offset: the dma-buf may be mapped. */
	if (!ret)
		ret = rknpu_mmap_offset(bo);
	if (ret) {
		drm_gem_object_put(&bo->base);
		return ERR_PTR(ret);
	}
	return bo;
}

static void rknpu_gem_free(struct drm_gem_object *obj)
{
	struct rknpu_bo *bo = to_rknpu_bo(obj);

	WARN_ON(!list_empty(&bo->mappings));
	WARN_ON(!list_empty(&bo->users));
	rknpu_pages_vunmap(bo->vaddr);
	if (bo->backing)
		bo->backing->release(bo);
	drm_gem_object_release(obj);
	mutex_destroy(&bo->lock);
	kfree(bo);
}

static int rknpu_gem_open(struct drm_gem_object *obj, struct drm_file *file)
{
	return rknpu_mapping_open(to_rknpu_bo(obj), file);
}

static void rknpu_gem_close(struct drm_gem_object *obj, struct drm_file *file)
{
	rknpu_mapping_close(to_rknpu_bo(obj), file);
}

static struct sg_table *rknpu_gem_get_sg_table(struct drm_gem_object *obj)
{
	struct rknpu_bo *bo = to_rknpu_bo(obj);
	struct sg_table *sgt;

	/* Other devices need pages, which on-chip memory does not have. */
	if (!bo->pages)
		return ERR_PTR(-EOPNOTSUPP);
	/* Limited as in drm_prime_pages_to_sg(): each entry must fit a bounce buffer. */
	sgt = rknpu_pages_table(bo->pages, dma_max_mapping_size(obj->dev->dev));
	return sgt ?: ERR_PTR(-ENOMEM);
}

static int rknpu_gem_object_vmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	void *vaddr = rknpu_bo_vmap(to_rknpu_bo(obj));

	if (IS_ERR(vaddr))
		return PTR_ERR(vaddr);
	iosys_map_set_vaddr(map, vaddr);
	return 0;
}

static void rknpu_gem_object_vunmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	/* Nothing to do: the mapping belongs to the buffer. */
}

static const struct drm_gem_object_funcs rknpu_gem_funcs = {
	.free = rknpu_gem_free,
	.open = rknpu_gem_open,
	.close = rknpu_gem_close,
	.export = rknpu_prime_export,
	.get_sg_table = rknpu_gem_get_sg_table,
	.vmap = rknpu_gem_object_vmap,
	.vunmap = rknpu_gem_object_vunmap,
	.mmap = rknpu_mmap_object,
	.vm_ops = &rknpu_mmap_vm_ops,
};

/**
 * rknpu_gem_create_object() - driver function: allocate an object
 * @drm: the device
 * @bytes: not used; the size is set later
 *
 * Return: the object, for the caller to initialize, or ERR_PTR(-ENOMEM).
 */
struct drm_gem_object *rknpu_gem_create_object(struct drm_device *drm, size_t bytes)
{
	struct rknpu_bo *bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);

	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->base.funcs = &rknpu_gem_funcs;
	mutex_init(&bo->lock);
	INIT_LIST_HEAD(&bo->mappings);
	INIT_LIST_HEAD(&bo->users);
	return &bo->base;
}
