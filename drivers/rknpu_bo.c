// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: What every file asks of a buffer: how it is mapped, its kernel mapping, its
 * cache maintenance. What differs between kinds of memory is behind struct
 * rknpu_backing; where buffers come from and end is rknpu_gem.c's.
 */
#include "rknpu_bo.h"

#include <drm/drm_device.h>
#include <drm/drm_drv.h>

#include "rknpu_pages.h"
#include "rknpu_sram.h"

/**
 * rknpu_bo_alloc() - a buffer without an object's identity and without memory
 * @drm: the device, whose driver makes the object
 * @dma_dev: untranslated device for cache maintenance
 * @cached: CPU mappings are cached
 *
 * The caller initialises the GEM object next, then gives it memory.
 *
 * Return: the buffer; -ENOMEM as ERR_PTR.
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
 * rknpu_bo_pgprot() - how a buffer is to be mapped
 * @bo: the buffer
 * @prot: protection of an ordinary mapping
 *
 * Return: the same protection with the buffer's memory type.
 */
pgprot_t rknpu_bo_pgprot(const struct rknpu_bo *bo, pgprot_t prot)
{
	/* Write-combine, not device memory: unaligned user access must not raise SIGBUS. */
	return bo->cached ? prot : pgprot_writecombine(prot);
}

/**
 * rknpu_bo_vmap() - kernel mapping of a buffer of pages of ours
 * @bo: the buffer
 *
 * The mapping has the memory type of the user's and stays until the buffer is freed.
 * Context: may sleep when there is none yet; takes bo->lock then.
 *
 * Return: address; -EINVAL for an imported buffer or one with on-chip memory; -ENOMEM as ERR_PTR.
 */
void *rknpu_bo_vmap(struct rknpu_bo *bo)
{
	void *vaddr = READ_ONCE(bo->vaddr);

	if (vaddr)
		return vaddr;
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
 * rknpu_bo_sync() - cache maintenance of a range
 * @bo: the buffer; nothing is done unless it is cached
 * @offset: first byte
 * @bytes: inside the buffer
 * @to_device: make the CPU's writes visible to the NPU
 * @from_device: make the NPU's writes visible to the CPU
 *
 * Costs what the range costs, except for an imported buffer. Context: may sleep.
 *
 * Return: 0; an imported buffer's exporter may fail.
 */
int rknpu_bo_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device)
{
	return bo->cached ? bo->backing->sync(bo, offset, bytes, to_device, from_device) : 0;
}

/**
 * rknpu_bo_sram_bytes() - how much of a buffer lies in on-chip memory
 * @bo: the buffer
 *
 * Return: bytes from its beginning on.
 */
u64 rknpu_bo_sram_bytes(const struct rknpu_bo *bo)
{
	return bo->sram ? (u64)bo->sram->count << PAGE_SHIFT : 0;
}
