// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Buffers: objects, their CPU mappings, their cache maintenance. What differs
 * between kinds of memory is behind struct rknpu_backing; NPU addresses come from
 * rknpu_mapping.c.
 */
#include "rknpu_gem.h"

#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_prime.h>
#include <drm/drm_vma_manager.h>

#include "rknpu_backing.h"
#include "rknpu_compat.h"
#include "rknpu_mapping.h"
#include "rknpu_prime.h"
#include "rknpu_sram.h"

/* One fault maps the whole aligned block around it: a large buffer is touched page by page. */
#define RKNPU_GEM_FAULT_BYTES	SZ_512K

static const struct drm_gem_object_funcs rknpu_gem_funcs;

static pgprot_t rknpu_gem_pgprot(const struct rknpu_bo *bo, pgprot_t prot)
{
	/* Write-combine, not device memory: unaligned user access must not raise SIGBUS. */
	return bo->cached ? prot : pgprot_writecombine(prot);
}

/**
 * rknpu_gem_alloc() - a buffer without an object's identity and without memory
 * @dma_dev: untranslated device for cache maintenance
 * @cached: CPU mappings are cached
 *
 * The caller initialises the GEM object next, then gives it memory.
 *
 * Return: the buffer, NULL when there is no memory.
 */
struct rknpu_bo *rknpu_gem_alloc(struct device *dma_dev, bool cached)
{
	struct rknpu_bo *bo = kzalloc(sizeof(*bo), GFP_KERNEL_ACCOUNT);

	if (!bo)
		return NULL;
	bo->base.funcs = &rknpu_gem_funcs;
	bo->dma_dev = dma_dev;
	bo->cached = cached;
	mutex_init(&bo->lock);
	INIT_LIST_HEAD(&bo->mappings);
	INIT_LIST_HEAD(&bo->users);
	return bo;
}

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
	int ret;

	if (want->pool) {
		drm_gem_private_object_init(want->drm, &bo->base, want->bytes);
		return rknpu_backing_contiguous(bo, want->pool);
	}
	area = want->sram ? rknpu_sram_alloc(want->sram, min(want->sram_bytes, want->bytes)) : NULL;
	if (area)
		return rknpu_gem_get_sram(bo, want, area);
	/* Even when it fails the object can be put. */
	ret = drm_gem_object_init(want->drm, &bo->base, want->bytes);
	/* What shmem says when it gets no inode; to our callers it would mean the address space. */
	if (ret == -ENOSPC)
		ret = -ENOMEM;
	return ret ?: rknpu_backing_pages(bo, want->dma32);
}

/**
 * rknpu_gem_create() - make a buffer
 * @want: what is asked for
 *
 * Context: may sleep.
 *
 * Return: the buffer with one GEM reference; -ENOMEM and others as ERR_PTR.
 */
struct rknpu_bo *rknpu_gem_create(const struct rknpu_gem_request *want)
{
	struct rknpu_bo *bo = rknpu_gem_alloc(want->dma_dev, want->cached);
	int ret;

	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->aligned = want->aligned;
	ret = rknpu_gem_get_memory(bo, want);
	/* Also for whoever maps the dma-buf without ever asking for the offset. */
	if (!ret)
		ret = drm_gem_create_mmap_offset(&bo->base);
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
	vunmap(bo->vaddr);
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

	/* Other devices get pages or nothing: on-chip memory has none. */
	if (!bo->pages)
		return ERR_PTR(-EOPNOTSUPP);
	return drm_prime_pages_to_sg(obj->dev, bo->pages, obj->size >> PAGE_SHIFT);
}

/**
 * rknpu_gem_vmap() - kernel mapping of a buffer of pages of ours
 * @bo: the buffer
 *
 * The mapping has the memory type of the user's and stays until the buffer is freed.
 * Context: may sleep when there is none yet; takes bo->lock then.
 *
 * Return: address; -EINVAL for an imported buffer or one with on-chip memory; -ENOMEM as ERR_PTR.
 */
void *rknpu_gem_vmap(struct rknpu_bo *bo)
{
	void *vaddr = READ_ONCE(bo->vaddr);

	if (vaddr)
		return vaddr;
	if (!bo->pages)
		return ERR_PTR(-EINVAL);
	mutex_lock(&bo->lock);
	vaddr = bo->vaddr;
	if (!vaddr) {
		vaddr = vmap(bo->pages, bo->base.size >> PAGE_SHIFT, VM_MAP,
			     rknpu_gem_pgprot(bo, PAGE_KERNEL));
		WRITE_ONCE(bo->vaddr, vaddr);
	}
	mutex_unlock(&bo->lock);
	return vaddr ?: ERR_PTR(-ENOMEM);
}

static int rknpu_gem_object_vmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	void *vaddr = rknpu_gem_vmap(to_rknpu_bo(obj));

	if (IS_ERR(vaddr))
		return PTR_ERR(vaddr);
	iosys_map_set_vaddr(map, vaddr);
	return 0;
}

static void rknpu_gem_object_vunmap(struct drm_gem_object *obj, struct iosys_map *map)
{
	/* The mapping belongs to the buffer. */
}

/*
 * Dirty from the start: a processor that does not set the bit by itself would
 * come back for each page's first write.
 */
static pgprot_t rknpu_gem_dirty(pgprot_t prot)
{
	return __pgprot(pte_val(pte_mkdirty(pfn_pte(0, prot))));
}

static vm_fault_t rknpu_gem_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct rknpu_bo *bo = to_rknpu_bo(vma->vm_private_data);
	unsigned long first = max(ALIGN_DOWN(vmf->address, RKNPU_GEM_FAULT_BYTES), vma->vm_start);
	unsigned long end = min(ALIGN_DOWN(vmf->address, RKNPU_GEM_FAULT_BYTES) + RKNPU_GEM_FAULT_BYTES,
				vma->vm_end);
	unsigned long addr, page;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	/* vm_pgoff stays the fake offset, so that a split or moved mapping keeps its place. */
	page = vma->vm_pgoff - drm_vma_node_start(&bo->base.vma_node) + ((first - vma->vm_start) >> PAGE_SHIFT);
	for (addr = first; addr < end && page < bo->base.size >> PAGE_SHIFT; addr += PAGE_SIZE, page++) {
		pgprot_t prot = vma->vm_page_prot;
		unsigned long pfn = bo->backing->pfn(bo, page, &prot);

		ret = vmf_insert_pfn_prot(vma, addr, pfn, rknpu_gem_dirty(prot));
		if (ret != VM_FAULT_NOPAGE)
			break;
	}
	return ret;
}

static const struct vm_operations_struct rknpu_gem_vm_ops = {
	.fault = rknpu_gem_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

static const struct drm_gem_object_funcs rknpu_gem_funcs = {
	.free = rknpu_gem_free,
	.open = rknpu_gem_open,
	.close = rknpu_gem_close,
	.export = rknpu_prime_export,
	.get_sg_table = rknpu_gem_get_sg_table,
	.vmap = rknpu_gem_object_vmap,
	.vunmap = rknpu_gem_object_vunmap,
	.vm_ops = &rknpu_gem_vm_ops,
};

/* The object that the caller may map there, with a reference; unlike the DRM core's, also from its middle. */
static struct drm_gem_object *rknpu_gem_find_offset(struct drm_file *file, struct vm_area_struct *vma,
						    unsigned long *page)
{
	struct drm_vma_offset_manager *mgr = file->minor->dev->vma_offset_manager;
	struct drm_gem_object *obj = ERR_PTR(-EINVAL);
	struct drm_vma_offset_node *node;

	drm_vma_offset_lock_lookup(mgr);
	node = drm_vma_offset_lookup_locked(mgr, vma->vm_pgoff, vma_pages(vma));
	if (node) {
		obj = container_of(node, struct drm_gem_object, vma_node);
		*page = vma->vm_pgoff - drm_vma_node_start(node);
		/* The last handle may be closed, and the object be on its way out. */
		if (!kref_get_unless_zero(&obj->refcount))
			obj = ERR_PTR(-EINVAL);
	}
	drm_vma_offset_unlock_lookup(mgr);
	if (!IS_ERR(obj) && !drm_vma_node_is_allowed(&obj->vma_node, file)) {
		drm_gem_object_put(obj);
		obj = ERR_PTR(-EACCES);
	}
	return obj;
}

/**
 * rknpu_gem_mmap() - file operation: map a buffer, or part of it, by its fake offset
 * @file: DRM file
 * @vma: wanted
 *
 * A private mapping would give the CPU a copy that the NPU never sees: refused.
 *
 * Return: 0; -EINVAL private or no buffer there; -EACCES not this file's; -ENODEV.
 */
int rknpu_gem_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct drm_file *priv = file->private_data;
	struct drm_gem_object *obj;
	unsigned long page;
	int ret;

	if (drm_dev_is_unplugged(priv->minor->dev))
		return -ENODEV;
	if (rknpu_is_cow_mapping(vma))
		return -EINVAL;
	obj = rknpu_gem_find_offset(priv, vma, &page);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	if (obj->import_attach) {
		ret = rknpu_prime_mmap(to_rknpu_bo(obj), vma, page);
	} else {
		ret = drm_gem_mmap_obj(obj, obj->size, vma);
		/* The DRM core made it write-combine. */
		if (!ret && to_rknpu_bo(obj)->cached)
			vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	}
	drm_gem_object_put(obj);
	return ret;
}

/**
 * rknpu_gem_sync() - cache maintenance of a range
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
int rknpu_gem_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device)
{
	return bo->cached ? bo->backing->sync(bo, offset, bytes, to_device, from_device) : 0;
}

/**
 * rknpu_gem_sram_bytes() - how much of a buffer lies in on-chip memory
 * @bo: the buffer
 *
 * Return: bytes from its beginning on.
 */
u64 rknpu_gem_sram_bytes(const struct rknpu_bo *bo)
{
	return bo->sram ? (u64)bo->sram->count << PAGE_SHIFT : 0;
}
