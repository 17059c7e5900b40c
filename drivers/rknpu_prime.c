// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: dma-bufs: exporting the driver's own buffers, with cache maintenance for users that
 * map them on the CPU, and importing those of other drivers. Only the DMA addresses of an
 * imported buffer are known; CPU mappings and cache maintenance are up to the exporter.
 */
#include "rknpu_prime.h"

#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>

#include <drm/drm_drv.h>
#include <drm/drm_prime.h>

#include "rknpu_bo.h"
#include "rknpu_compat.h"

RKNPU_IMPORT_NS_DMA_BUF;

static int rknpu_prime_begin_cpu_access(struct dma_buf *buf, enum dma_data_direction dir)
{
	struct rknpu_bo *bo = to_rknpu_bo(buf->priv);

	return rknpu_bo_sync(bo, 0, bo->base.size, false, dir != DMA_TO_DEVICE);
}

static int rknpu_prime_end_cpu_access(struct dma_buf *buf, enum dma_data_direction dir)
{
	struct rknpu_bo *bo = to_rknpu_bo(buf->priv);

	return rknpu_bo_sync(bo, 0, bo->base.size, dir != DMA_FROM_DEVICE, false);
}

/* The DRM core's functions, which do no cache maintenance, and the two above. */
static const struct dma_buf_ops rknpu_prime_dma_buf_ops = {
	.attach = drm_gem_map_attach,
	.detach = drm_gem_map_detach,
	.map_dma_buf = drm_gem_map_dma_buf,
	.unmap_dma_buf = drm_gem_unmap_dma_buf,
	.release = drm_gem_dmabuf_release,
	.begin_cpu_access = rknpu_prime_begin_cpu_access,
	.end_cpu_access = rknpu_prime_end_cpu_access,
	.mmap = drm_gem_dmabuf_mmap,
	.vmap = drm_gem_dmabuf_vmap,
	.vunmap = drm_gem_dmabuf_vunmap,
};

/**
 * rknpu_prime_export() - export a buffer of the driver as a dma-buf
 * @obj: the buffer
 * @flags: flags of the new file
 *
 * The dma-buf holds references to the buffer, the DRM device and the module.
 *
 * Context: Process context. May sleep.
 *
 * Return: the dma-buf or an ERR_PTR.
 */
struct dma_buf *rknpu_prime_export(struct drm_gem_object *obj, int flags)
{
	struct dma_buf_export_info info = {
		.exp_name = KBUILD_MODNAME,
		.owner = obj->dev->driver->fops->owner,
		.ops = &rknpu_prime_dma_buf_ops,
		.size = obj->size,
		.flags = flags,
		.priv = obj,
		.resv = obj->resv,
	};

	return drm_gem_dmabuf_export(obj->dev, &info);
}

/**
 * rknpu_prime_import() - find or create the buffer for a dma-buf
 * @drm: the device
 * @buf: any dma-buf, including one of this driver
 * @dma_dev: untranslated device to attach
 *
 * Context: Process context. May sleep.
 *
 * Return: the object with a reference, or an ERR_PTR.
 */
struct drm_gem_object *rknpu_prime_import(struct drm_device *drm, struct dma_buf *buf,
					  struct device *dma_dev)
{
	struct drm_gem_object *obj = buf->priv;

	if (buf->ops != &rknpu_prime_dma_buf_ops || obj->dev != drm)
		return drm_gem_prime_import_dev(drm, buf, dma_dev);
	drm_gem_object_get(obj);
	return obj;
}

static void rknpu_prime_release(struct rknpu_bo *bo)
{
	drm_prime_gem_destroy(&bo->base, bo->sgt);
}

/* Both begins and ends the access, because some exporters do half of the work in each. */
static int rknpu_prime_sync_once(struct dma_buf *buf, enum dma_data_direction dir)
{
	int ret = dma_buf_begin_cpu_access(buf, dir);

	return ret ?: dma_buf_end_cpu_access(buf, dir);
}

/*
 * Synchronizes the whole buffer, because exporters know no ranges. Both directions take two rounds, because
 * a single begin for both would discard data that the CPU has written and not yet cleaned from its caches.
 */
static int rknpu_prime_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device)
{
	struct dma_buf *buf = bo->base.import_attach->dmabuf;
	int ret = 0;

	if (to_device)
		ret = rknpu_prime_sync_once(buf, DMA_TO_DEVICE);
	if (!ret && from_device)
		ret = rknpu_prime_sync_once(buf, DMA_FROM_DEVICE);
	return ret;
}

static const struct rknpu_backing rknpu_prime_backing = {
	.release = rknpu_prime_release,
	.sync = rknpu_prime_sync,
};

/**
 * rknpu_prime_import_sg_table() - create a buffer for a dma-buf of another driver
 * @drm: the device
 * @attach: attachment of the untranslated device
 * @sgt: the memory; the DRM core keeps it until the object is freed
 *
 * Return: the object, or an ERR_PTR.
 */
struct drm_gem_object *rknpu_prime_import_sg_table(struct drm_device *drm,
						   struct dma_buf_attachment *attach, struct sg_table *sgt)
{
	struct rknpu_bo *bo = rknpu_bo_alloc(drm, attach->dev, true);

	if (IS_ERR(bo))
		return ERR_CAST(bo);
	drm_gem_private_object_init(drm, &bo->base, attach->dmabuf->size);
	bo->sgt = sgt;
	bo->backing = &rknpu_prime_backing;
	return &bo->base;
}

/**
 * rknpu_prime_mmap() - let the exporter map its buffer
 * @bo: an imported buffer
 * @vma: requested mapping
 * @page: index of the first page to map
 *
 * Maps from the first page only: the kernel's shmem helper, which many exporters are
 * built on, ignores where a mapping begins and would map the wrong pages.
 *
 * Return: 0 on success, the exporter's errno, or -EINVAL if it cannot be mapped this way.
 */
int rknpu_prime_mmap(struct rknpu_bo *bo, struct vm_area_struct *vma, unsigned long page)
{
	if (page)
		return -EINVAL;
	return dma_buf_mmap(bo->base.import_attach->dmabuf, vma, 0);
}
