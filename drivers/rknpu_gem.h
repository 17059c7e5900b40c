/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_GEM_H
#define RKNPU_GEM_H

#include <linux/list.h>
#include <linux/mutex.h>

#include <drm/drm_gem.h>

struct dma_buf_attachment;
struct file;
struct sg_table;
struct vm_area_struct;

/**
 * struct rknpu_bo - a buffer
 * @base: GEM object.
 * @dma_dev: untranslated device that cache maintenance goes through. Immutable.
 * @cached: CPU mappings are cached. Immutable.
 * @lock: protects @vaddr, @mappings and @users. Taken inside no other lock but client->lock.
 * @pages: backing, NULL when imported. Immutable.
 * @sgt: backing as mapped for @dma_dev; of the dma-buf when imported. Immutable.
 * @vaddr: kernel mapping, made on first need, kept until the end; read without a lock once set.
 * @mappings: of &struct rknpu_mapping: where it is in address spaces.
 * @users: of struct rknpu_user: files that have handles.
 */
struct rknpu_bo {
	struct drm_gem_object base;
	struct device *dma_dev;
	bool cached;
	struct mutex lock;
	struct page **pages;
	struct sg_table *sgt;
	void *vaddr;
	struct list_head mappings;
	struct list_head users;
};

static inline struct rknpu_bo *to_rknpu_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct rknpu_bo, base);
}

struct rknpu_bo *rknpu_gem_create(struct drm_device *drm, struct device *dma_dev, size_t bytes,
				  bool cached, bool dma32);
struct drm_gem_object *rknpu_gem_import_sg_table(struct drm_device *drm,
						 struct dma_buf_attachment *attach, struct sg_table *sgt);
int rknpu_gem_mmap(struct file *file, struct vm_area_struct *vma);
void *rknpu_gem_vmap(struct rknpu_bo *bo);
void rknpu_gem_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device);

#endif /* RKNPU_GEM_H */
