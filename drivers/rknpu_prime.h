/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_PRIME_H
#define RKNPU_PRIME_H

struct device;
struct dma_buf;
struct dma_buf_attachment;
struct drm_device;
struct drm_gem_object;
struct rknpu_bo;
struct sg_table;
struct vm_area_struct;

struct dma_buf *rknpu_prime_export(struct drm_gem_object *obj, int flags);
struct drm_gem_object *rknpu_prime_import(struct drm_device *drm, struct dma_buf *buf,
					  struct device *dma_dev);
struct drm_gem_object *rknpu_prime_import_sg_table(struct drm_device *drm,
						   struct dma_buf_attachment *attach, struct sg_table *sgt);
int rknpu_prime_mmap(struct rknpu_bo *bo, struct vm_area_struct *vma, unsigned long page);

#endif /* RKNPU_PRIME_H */
