// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Buffers: their pages, their CPU mappings, their cache maintenance. The
 * pages are mapped for an untranslated, non-coherent device, so that dma_sync
 * does the cache work without costing an NPU address; NPU addresses come from
 * rknpu_mapping.c. Memory is always zeroed (shmem), whatever the flags say.
 */
#include "rknpu_gem.h"

#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/iosys-map.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <drm/drm_file.h>
#include <drm/drm_prime.h>

#include "rknpu_mapping.h"

/* One fault maps the whole aligned block around it: a large buffer is touched page by page. */
#define RKNPU_GEM_FAULT_BYTES	SZ_512K

static const struct drm_gem_object_funcs rknpu_gem_funcs;

static pgprot_t rknpu_gem_pgprot(const struct rknpu_bo *bo, pgprot_t prot)
{
	/* Write-combine, not device memory: unaligned user access must not raise SIGBUS. */
	return bo->cached ? prot : pgprot_writecombine(prot);
}

static struct rknpu_bo *rknpu_gem_alloc(struct device *dma_dev, bool cached)
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

static int rknpu_gem_get_backing(struct rknpu_bo *bo)
{
	struct drm_gem_object *obj = &bo->base;
	int ret;

	bo->pages = drm_gem_get_pages(obj);
	if (IS_ERR(bo->pages)) {
		ret = PTR_ERR(bo->pages);
		bo->pages = NULL;
		return ret;
	}
	bo->sgt = drm_prime_pages_to_sg(obj->dev, bo->pages, obj->size >> PAGE_SHIFT);
	if (IS_ERR(bo->sgt)) {
		ret = PTR_ERR(bo->sgt);
		goto put_pages;
	}
	ret = dma_map_sgtable(bo->dma_dev, bo->sgt, DMA_BIDIRECTIONAL, 0);
	if (ret)
		goto free_sgt;
	return 0;

free_sgt:
	sg_free_table(bo->sgt);
	kfree(bo->sgt);
put_pages:
	bo->sgt = NULL;
	drm_gem_put_pages(obj, bo->pages, false, false);
	bo->pages = NULL;
	return ret;
}

/**
 * rknpu_gem_create() - allocate a buffer of scattered pages
 * @drm: the device
 * @dma_dev: untranslated device for cache maintenance
 * @bytes: whole pages, not 0
 * @cached: CPU mappings are cached
 * @dma32: pages below 4 GiB
 *
 * Context: may sleep.
 *
 * Return: the buffer with one GEM reference; -ENOMEM and others as ERR_PTR.
 */
struct rknpu_bo *rknpu_gem_create(struct drm_device *drm, struct device *dma_dev, size_t bytes,
				  bool cached, bool dma32)
{
	struct rknpu_bo *bo = rknpu_gem_alloc(dma_dev, cached);
	int ret;

	if (!bo)
		return ERR_PTR(-ENOMEM);
	ret = drm_gem_object_init(drm, &bo->base, bytes);
	if (ret) {
		mutex_destroy(&bo->lock);
		kfree(bo);
		/* What shmem says when it gets no inode; to our callers it would mean the address space. */
		return ERR_PTR(ret == -ENOSPC ? -ENOMEM : ret);
	}
	/* Whoever asks for too much gets -ENOMEM; the OOM killer must not look for a victim. */
	mapping_set_gfp_mask(bo->base.filp->f_mapping, GFP_USER | __GFP_RETRY_MAYFAIL | __GFP_NOWARN |
						       (dma32 ? __GFP_DMA32 : 0));
	ret = rknpu_gem_get_backing(bo);
	if (!ret)
		ret = drm_gem_create_mmap_offset(&bo->base);
	if (ret) {
		drm_gem_object_put(&bo->base);
		return ERR_PTR(ret);
	}
	return bo;
}

/**
 * rknpu_gem_import_sg_table() - make a buffer of somebody else's dma-buf
 * @drm: the device
 * @attach: attachment of the untranslated device
 * @sgt: the memory, kept by the DRM core until the object is freed
 *
 * Return: the object, or an ERR_PTR.
 */
struct drm_gem_object *rknpu_gem_import_sg_table(struct drm_device *drm,
						 struct dma_buf_attachment *attach, struct sg_table *sgt)
{
	struct rknpu_bo *bo = rknpu_gem_alloc(attach->dev, true);

	if (!bo)
		return ERR_PTR(-ENOMEM);
	drm_gem_private_object_init(drm, &bo->base, attach->dmabuf->size);
	bo->sgt = sgt;
	return &bo->base;
}

static void rknpu_gem_free(struct drm_gem_object *obj)
{
	struct rknpu_bo *bo = to_rknpu_bo(obj);

	WARN_ON(!list_empty(&bo->mappings));
	vunmap(bo->vaddr);
	if (obj->import_attach) {
		drm_prime_gem_destroy(obj, bo->sgt);
	} else if (bo->pages) {
		dma_unmap_sgtable(bo->dma_dev, bo->sgt, DMA_BIDIRECTIONAL, 0);
		sg_free_table(bo->sgt);
		kfree(bo->sgt);
		drm_gem_put_pages(obj, bo->pages, true, true);
	}
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
	return drm_prime_pages_to_sg(obj->dev, to_rknpu_bo(obj)->pages, obj->size >> PAGE_SHIFT);
}

/**
 * rknpu_gem_vmap() - kernel mapping of a buffer of ours
 * @bo: the buffer
 *
 * The mapping has the memory type of the user's and stays until the buffer is freed.
 * Context: may sleep when there is none yet; takes bo->lock then.
 *
 * Return: address; -EINVAL for an imported buffer, -ENOMEM as ERR_PTR.
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

static vm_fault_t rknpu_gem_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct rknpu_bo *bo = to_rknpu_bo(vma->vm_private_data);
	unsigned long first = ALIGN_DOWN(vmf->address, RKNPU_GEM_FAULT_BYTES);
	unsigned long end = first + RKNPU_GEM_FAULT_BYTES;
	unsigned long addr, page;
	vm_fault_t ret = VM_FAULT_SIGBUS;

	if (!bo->pages)
		return VM_FAULT_SIGBUS;
	first = max(first, vma->vm_start);
	end = min(end, vma->vm_end);
	/* vm_pgoff stays the fake offset, so that a split or moved mapping keeps its place. */
	page = vma->vm_pgoff - drm_vma_node_start(&bo->base.vma_node) + ((first - vma->vm_start) >> PAGE_SHIFT);
	for (addr = first; addr < end && page < bo->base.size >> PAGE_SHIFT; addr += PAGE_SIZE, page++) {
		ret = vmf_insert_pfn(vma, addr, page_to_pfn(bo->pages[page]));
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
	.get_sg_table = rknpu_gem_get_sg_table,
	.vmap = rknpu_gem_object_vmap,
	.vunmap = rknpu_gem_object_vunmap,
	.vm_ops = &rknpu_gem_vm_ops,
};

/**
 * rknpu_gem_mmap() - file operation: map a buffer by its fake offset
 * @file: DRM file
 * @vma: wanted
 *
 * A private mapping would give the CPU a copy that the NPU never sees: refused.
 *
 * Return: 0 or a negative errno.
 */
int rknpu_gem_mmap(struct file *file, struct vm_area_struct *vma)
{
	struct rknpu_bo *bo;
	int ret;

	if (is_cow_mapping(vma->vm_flags))
		return -EINVAL;
	ret = drm_gem_mmap(file, vma);
	if (ret)
		return ret;
	/* The DRM core made it write-combine. */
	bo = to_rknpu_bo(vma->vm_private_data);
	if (bo->cached)
		vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	return 0;
}

/**
 * rknpu_gem_sync() - cache maintenance of a range
 * @bo: the buffer; nothing is done unless it is cached
 * @offset: first byte
 * @bytes: inside the buffer
 * @to_device: make the CPU's writes visible to the NPU
 * @from_device: make the NPU's writes visible to the CPU
 *
 * Costs what the range costs. Context: any.
 */
void rknpu_gem_sync(struct rknpu_bo *bo, u64 offset, u64 bytes, bool to_device, bool from_device)
{
	u64 end = offset + bytes;

	if (!bo->cached || !bo->pages)
		return;
	while (offset < end) {
		/* The device is untranslated: its DMA address of a page is the physical one. */
		dma_addr_t addr = page_to_phys(bo->pages[offset >> PAGE_SHIFT]) + offset_in_page(offset);
		size_t step = min_t(u64, PAGE_SIZE - offset_in_page(offset), end - offset);

		if (to_device)
			dma_sync_single_for_device(bo->dma_dev, addr, step, DMA_TO_DEVICE);
		if (from_device)
			dma_sync_single_for_cpu(bo->dma_dev, addr, step, DMA_FROM_DEVICE);
		offset += step;
	}
}
