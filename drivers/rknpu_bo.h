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

struct rknpu_bo;
struct rknpu_pages;
struct rknpu_pool;
struct rknpu_sram_area;

/**
 * struct rknpu_backing - what one kind of memory does in its own way
 * @release: give the memory back. Context: may sleep.
 * @pfn: page frame behind a page of the buffer; may correct how the CPU has to map it. NULL when
 *	somebody else maps it. Context: page fault.
 * @sync: cache maintenance of a range inside the buffer. Context: may sleep.
 */
struct rknpu_backing {
	void (*release)(struct rknpu_bo *bo);
	unsigned long (*pfn)(const struct rknpu_bo *bo, unsigned long page, pgprot_t *prot);
	int (*sync)(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device);
};

/**
 * struct rknpu_user - one file that has handles of a buffer; bo->lock
 * @node: entry of bo->users.
 * @file: identity only, never followed; NULL of one that is not in use.
 * @handles: how many.
 */
struct rknpu_user {
	struct list_head node;
	const void *file;
	unsigned int handles;
};

/**
 * struct rknpu_bo - a buffer
 * @base: GEM object.
 * @backing: its kind of memory; NULL until it has some. Immutable then.
 * @dma_dev: untranslated device that cache maintenance goes through. Immutable.
 * @cached: CPU mappings are cached. Immutable.
 * @user_syncs: somebody has asked for its cache maintenance; only set.
 * @aligned: its NPU addresses are multiples of the power of two that holds it, if possible. Immutable.
 * @lock: protects @vaddr, @mappings and @users. Taken inside no other lock but client->lock.
 * @pages: the pages, if the buffer consists of pages of ours and nothing else. Immutable.
 * @sgt: all of it, with physical addresses for DMA addresses. Immutable.
 * @table: @sgt of a buffer of our own.
 * @one: its only entry, mostly.
 * @pool: where its contiguous range comes from, or NULL. Immutable.
 * @sram: on-chip memory that the buffer begins with, or NULL. Immutable.
 * @rest: buffer of pages that goes on where @sram ends, or NULL. Immutable.
 * @vaddr: kernel mapping, made on first need, kept until the end; read without a lock once set.
 * @mappings: of &struct rknpu_mapping: where it is in address spaces.
 * @users: of struct rknpu_user: files that have handles.
 * @first_user: memory for one of them, mostly the only one; @lock.
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
void *rknpu_bo_vmap(struct rknpu_bo *bo);
int rknpu_bo_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device);
u64 rknpu_bo_sram_bytes(const struct rknpu_bo *bo);

#endif /* RKNPU_BO_H */
