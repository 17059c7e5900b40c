// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Functions on buffers that any file may need: memory type, kernel mapping, cache
 * maintenance. The differences between kinds of memory are behind struct rknpu_backing;
 * rknpu_gem.c creates and frees buffers.
 */
#include "rknpu_bo.h"

#include <drm/drm_device.h>
#include <drm/drm_drv.h>

#include "rknpu_pages.h"
#include "rknpu_sram.h"

/**
 * rknpu_bo_alloc() - allocate a buffer without a GEM identity and without memory
 * @drm: the device; its driver allocates the object
 * @dma_dev: untranslated device for cache maintenance
 * @cached: true for cached CPU mappings
 *
 * The caller must initialize the GEM object next, then give it memory.
 *
 * Return: the buffer, or ERR_PTR(-ENOMEM).
 */
struct rknpu_bo *rknpu_bo_alloc(struct drm_device *drm, struct device *dma_dev, bool cached)
{
	struct drm_gem_object *obj = drm->driver->gem_create_object(drm, 0);
	struct rknpu_bo *bo;

	if (IS_ERR(obj))
		return ERR_CAST(obj);
	bo = to_rknpu_bo(obj);
	bo->dma_dev = dma_dev;
	bo->cached = cached;
	return bo;
}

/**
 * rknpu_bo_pgprot() - get the protection to map a buffer with
 * @bo: the buffer
 * @prot: protection of an ordinary mapping
 *
 * Return: the same protection with the buffer's memory type.
 */
pgprot_t rknpu_bo_pgprot(const struct rknpu_bo *bo, pgprot_t prot)
{
	/* Write-combine rather than device memory: unaligned user accesses must not raise SIGBUS. */
	return bo->cached ? prot : pgprot_writecombine(prot);
}

/**
 * rknpu_bo_vmap_create() - rknpu_bo_vmap() of a buffer without a kernel mapping, or that had none
 * @bo: the buffer
 *
 * Return: same as there.
 */
void *rknpu_bo_vmap_create(struct rknpu_bo *bo)
{
	void *vaddr;

	if (!bo->pages)
		return ERR_PTR(-EINVAL);
	mutex_lock(&bo->lock);
	vaddr = bo->vaddr;
	if (!vaddr) {
		vaddr = rknpu_pages_vmap(bo->pages, bo->cached, rknpu_bo_pgprot(bo, PAGE_KERNEL));
		WRITE_ONCE(bo->vaddr, vaddr);
	}
	mutex_unlock(&bo->lock);
	return vaddr ?: ERR_PTR(-ENOMEM);
}

/**
 * rknpu_bo_sync() - do cache maintenance for a range
 * @bo: the buffer; nothing is done unless it is cached
 * @offset: first byte
 * @bytes: length; the range must be inside the buffer
 * @to_device: make the CPU's writes visible to the NPU
 * @from_device: make the NPU's writes visible to the CPU
 *
 * The cost depends on the size of the range only, except for an imported buffer.
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, or the error of an imported buffer's exporter.
 */
int rknpu_bo_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device)
{
	return bo->cached ? bo->backing->sync(bo, offset, bytes, to_device, from_device) : 0;
}

/**
 * rknpu_bo_sram_bytes() - get the size of the part of a buffer in on-chip memory
 * @bo: the buffer
 *
 * Return: size in bytes, counted from the beginning of the buffer.
 */
u64 rknpu_bo_sram_bytes(const struct rknpu_bo *bo)
{
	return bo->sram ? (u64)bo->sram->count << PAGE_SHIFT : 0;
}
