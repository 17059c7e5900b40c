/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_BO_H
#define RKNPU_BO_H

#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/pgtable.h>
#include <linux/scatterlist.h>

#include <drm/drm_gem.h>

#include "rknpu_pages.h"

struct rknpu_bo;
struct rknpu_pool;
struct rknpu_sram_area;

/**
 * struct rknpu_backing - functions of one kind of memory
 * @release: free the memory. Context: May sleep.
 * @pfn: get the page frame of a page of the buffer; may adjust the protection that the CPU has to map it
 *	with. NULL if the memory is mapped by another driver. Context: Page fault.
 * @sync: do cache maintenance for a range inside the buffer. Context: May sleep.
 */
struct rknpu_backing {
	void (*release)(struct rknpu_bo *bo);
	unsigned long (*pfn)(const struct rknpu_bo *bo, unsigned long page, pgprot_t *prot);
	int (*sync)(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device);
};

/**
 * struct rknpu_user - one file that has handles to a buffer; protected by bo->lock
 * @node: entry in bo->users.
 * @file: identity of the file, never dereferenced; NULL if this is not in use.
 * @handles: number of handles.
 */
struct rknpu_user {
	struct list_head node;
	const void *file;
	unsigned int handles;
};

/**
 * struct rknpu_bo - a buffer
 * @base: GEM object.
 * @backing: functions of its kind of memory; NULL until it has memory, immutable from then on.
 * @dma_dev: untranslated device used for cache maintenance. Immutable.
 * @cached: CPU mappings are cached. Immutable.
 * @user_syncs: user space has asked for cache maintenance of the buffer; never cleared.
 * @aligned: its NPU addresses are aligned to its size rounded up to a power of two, if possible. Immutable.
 * @lock: protects @vaddr, @mappings and @users. Taken inside no other lock but client->lock.
 * @pages: the pages, if the buffer consists only of the driver's own pages, or NULL. Immutable.
 * @own_pages: storage for @pages.
 * @sgt: the whole buffer, with physical addresses as DMA addresses. Immutable.
 * @table: storage for @sgt of the driver's own buffers.
 * @one: storage for the only entry of @table, in the usual case.
 * @pool: pool that its contiguous range comes from, or NULL. Immutable.
 * @sram: on-chip memory at the beginning of the buffer, or NULL. Immutable.
 * @rest: buffer with the pages that follow @sram, or NULL. Immutable.
 * @vaddr: kernel mapping, created when first needed and kept until the end; may be read without a lock.
 * @mappings: list of &struct rknpu_mapping: its mappings in address spaces.
 * @users: list of struct rknpu_user: files that have handles.
 * @first_user: storage for one user, usually the only one; @lock.
 */
struct rknpu_bo {
	struct drm_gem_object base;
	const struct rknpu_backing *backing;
	struct device *dma_dev;
	bool cached;
	bool user_syncs;
	bool aligned;
	struct mutex lock;
	struct rknpu_pages *pages;
	struct rknpu_pages own_pages;
	struct sg_table *sgt;
	struct sg_table table;
	struct scatterlist one;
	struct rknpu_pool *pool;
	struct rknpu_sram_area *sram;
	struct rknpu_bo *rest;
	void *vaddr;
	struct list_head mappings;
	struct list_head users;
	struct rknpu_user first_user;
};

static inline struct rknpu_bo *to_rknpu_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct rknpu_bo, base);
}

struct rknpu_bo *rknpu_bo_alloc(struct drm_device *drm, struct device *dma_dev, bool cached);
pgprot_t rknpu_bo_pgprot(const struct rknpu_bo *bo, pgprot_t prot);
void *rknpu_bo_vmap_create(struct rknpu_bo *bo);
int rknpu_bo_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device);
u64 rknpu_bo_sram_bytes(const struct rknpu_bo *bo);

/**
 * rknpu_bo_vmap() - get the kernel mapping of a buffer that consists of the driver's own pages
 * @bo: the buffer
 *
 * The mapping has the same memory type as user mappings and stays until the buffer is freed.
 *
 * Context: Any context if the mapping exists already. Otherwise process context; may sleep and takes bo->lock.
 *
 * Return: the address, or an ERR_PTR: -EINVAL for an imported buffer or one with on-chip memory, -ENOMEM.
 */
static inline void *rknpu_bo_vmap(struct rknpu_bo *bo)
{
	void *vaddr = READ_ONCE(bo->vaddr);

	return likely(vaddr) ? vaddr : rknpu_bo_vmap_create(bo);
}

#endif /* RKNPU_BO_H */
