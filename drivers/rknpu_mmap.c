// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: CPU mappings of buffers, which are of three kinds.
 *
 * Cached pages of ours are mapped as pages of a file are, so that the kernel's
 * other parts can pin them: O_DIRECT, vmsplice(), cameras. Where these are in
 * large pieces the kernel maps each piece with one entry, at its first touch. Where
 * they are not, all entries are made when the mapping is: a fault for each page,
 * and on processors that do not set the dirty bit another for its first write,
 * would cost many times as much.
 *
 * Everything else is mapped by page frame numbers, which nobody can pin. On-chip
 * memory has no struct pages. Of write-combined memory a kernel part that copies
 * would read and write what the caches hold, not what is in memory: EFAULT is
 * better than wrong data. One physical range for an NPU without an IOMMU is of the
 * contiguous area's pages, which must not stay pinned.
 *
 * vm_pgoff stays the fake offset, so that a split or moved mapping keeps its place.
 */
#include "rknpu_mmap.h"

#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sizes.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_vma_manager.h>

#include "rknpu_compat.h"
#include "rknpu_gem.h"
#include "rknpu_pages.h"
#include "rknpu_prime.h"

/* One fault maps the whole aligned block around it: a large buffer is touched page by page. */
#define RKNPU_MMAP_FAULT_BYTES	SZ_512K

/* So many entries are made under one lock of the page table. */
#define RKNPU_MMAP_BATCH	32

/* A fault costs as much as making so many entries. */
#define RKNPU_MMAP_FAULT_COST	16

static unsigned long rknpu_mmap_page(const struct rknpu_bo *bo, unsigned long pgoff)
{
	return pgoff - drm_vma_node_start(&bo->base.vma_node);
}

/*
 * Dirty from the start: a processor that does not set the bit by itself would
 * come back for each page's first write.
 */
static pgprot_t rknpu_mmap_dirty(pgprot_t prot)
{
	return __pgprot(pte_val(pte_mkdirty(pfn_pte(0, prot))));
}

static int rknpu_mmap_insert_pages(struct vm_area_struct *vma, const struct rknpu_bo *bo,
				   unsigned long addr, unsigned long end)
{
	unsigned long page = rknpu_mmap_page(bo, vma->vm_pgoff) + ((addr - vma->vm_start) >> PAGE_SHIFT);
	unsigned long last = min(page + ((end - addr) >> PAGE_SHIFT), bo->pages->count);
	struct page *batch[RKNPU_MMAP_BATCH];

	while (page < last) {
		unsigned long i, count = min(last - page, RKNPU_MMAP_BATCH + 0ul), left = count;
		int ret;

		for (i = 0; i < count; i++)
			rknpu_pages_find(bo->pages, page + i, &batch[i]);
		ret = vm_insert_pages(vma, addr, batch, &left);
		/* Another thread's fault has made this one: past it. */
		if (ret == -EBUSY)
			left--;
		else if (ret)
			return ret;
		page += count - left;
		addr += (count - left) << PAGE_SHIFT;
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

static vm_fault_t rknpu_mmap_insert_pfns(struct vm_area_struct *vma, const struct rknpu_bo *bo,
					 unsigned long addr, unsigned long end)
{
	unsigned long page = rknpu_mmap_page(bo, vma->vm_pgoff) + ((addr - vma->vm_start) >> PAGE_SHIFT);
	vm_fault_t ret = VM_FAULT_SIGBUS;

	for (; addr < end && page < bo->base.size >> PAGE_SHIFT; addr += PAGE_SIZE, page++) {
		pgprot_t prot = vma->vm_page_prot;
		unsigned long pfn = bo->backing->pfn(bo, page, &prot);

		ret = vmf_insert_pfn_prot(vma, addr, pfn, rknpu_mmap_dirty(prot));
		if (ret != VM_FAULT_NOPAGE)
			break;
	}
	return ret;
}

/* The kernel maps what this returns, with one entry if it is of a large piece. */
static vm_fault_t rknpu_mmap_give_page(struct vm_fault *vmf, const struct rknpu_bo *bo)
{
	rknpu_pages_find(bo->pages, rknpu_mmap_page(bo, vmf->pgoff), &vmf->page);
	get_page(vmf->page);
	return 0;
}

static vm_fault_t rknpu_mmap_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct rknpu_bo *bo = to_rknpu_bo(vma->vm_private_data);
	unsigned long block = ALIGN_DOWN(vmf->address, RKNPU_MMAP_FAULT_BYTES);
	unsigned long first = max(block, vma->vm_start);
	unsigned long end = min(block + RKNPU_MMAP_FAULT_BYTES, vma->vm_end);
	int ret;

	if (rknpu_mmap_page(bo, vmf->pgoff) >= bo->base.size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	if (vma->vm_flags & VM_PFNMAP)
		return rknpu_mmap_insert_pfns(vma, bo, first, end);
	if (!(vma->vm_flags & VM_MIXEDMAP))
		return rknpu_mmap_give_page(vmf, bo);
	ret = rknpu_mmap_insert_pages(vma, bo, first, end);
	/* Who is being killed gets no further, and needs no page. */
	return ret && ret != -EINTR ? vmf_error(ret) : VM_FAULT_NOPAGE;
}

const struct vm_operations_struct rknpu_mmap_vm_ops = {
	.fault = rknpu_mmap_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

/**
 * rknpu_mmap_offset() - give a buffer an offset in the device file
 * @bo: has memory
 *
 * Large buffers at a multiple of what one entry of the page tables maps, because the
 * kernel looks for an address that agrees with the offset. Context: may sleep.
 *
 * Return: 0; -ENOMEM, -ENOSPC.
 */
int rknpu_mmap_offset(struct rknpu_bo *bo)
{
	struct drm_vma_offset_manager *mgr = bo->base.dev->vma_offset_manager;
	int ret;

	if (!bo->pages || !rknpu_pages_huge_end(bo->pages))
		return drm_gem_create_mmap_offset(&bo->base);
	/* As drm_vma_offset_add() does, which knows no alignment. */
	write_lock(&mgr->vm_lock);
	ret = drm_mm_insert_node_generic(&mgr->vm_addr_space_mm, &bo->base.vma_node.vm_node,
					 bo->base.size >> PAGE_SHIFT, PMD_SIZE >> PAGE_SHIFT, 0,
					 DRM_MM_INSERT_BEST);
	write_unlock(&mgr->vm_lock);
	return ret;
}

/**
 * rknpu_mmap_init() - prepare the device file's mappings
 * @drm: the device
 *
 * The kernel maps nothing with a large entry that goes over the end of a file, and
 * the end of the inode that all mappings of the device belong to is at 0.
 */
void rknpu_mmap_init(struct drm_device *drm)
{
	i_size_write(drm->anon_inode, MAX_LFS_FILESIZE);
}

/* Large entries for most of it; a page that has none costs a fault. */
static bool rknpu_mmap_is_huge(const struct rknpu_bo *bo, struct vm_area_struct *vma)
{
	unsigned long first = rknpu_mmap_page(bo, vma->vm_pgoff), end = first + vma_pages(vma);
	unsigned long per_entry = PMD_SIZE >> PAGE_SHIFT, huge_first = ALIGN(first, per_entry);
	unsigned long huge_end = ALIGN_DOWN(min(end, rknpu_pages_huge_end(bo->pages)), per_entry);

	if (huge_first >= huge_end || !IS_ALIGNED(drm_vma_node_start(&bo->base.vma_node), per_entry) ||
	    !IS_ALIGNED((vma->vm_start >> PAGE_SHIFT) - vma->vm_pgoff, per_entry))
		return false;
	return (end - first - (huge_end - huge_first)) * RKNPU_MMAP_FAULT_COST <= end - first;
}

/*
 * Now, because it can be all at once and dirty: afterwards vm_page_prot is the
 * kernel's. What fails is undone by the caller.
 */
static int rknpu_mmap_fill(struct vm_area_struct *vma, const struct rknpu_bo *bo)
{
	pgprot_t prot = vma->vm_page_prot;
	int ret;

	vma->vm_page_prot = rknpu_mmap_dirty(prot);
	ret = rknpu_mmap_insert_pages(vma, bo, vma->vm_start, vma->vm_end);
	vma->vm_page_prot = prot;
	return ret;
}

static int rknpu_mmap_check(const struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	if (drm_dev_is_unplugged(obj->dev))
		return -ENODEV;
	/*
	 * A private mapping would give the CPU a copy that the NPU never sees. The kernel's
	 * helper for this question changes its name and argument; the flags do not.
	 */
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE ? -EINVAL : 0;
}

/**
 * rknpu_mmap_object() - GEM function: map memory of ours
 * @obj: the buffer
 * @vma: wanted, inside it; vm_pgoff is the fake offset
 *
 * Context: mmap lock held for writing; may sleep.
 *
 * Return: 0; -EINVAL private; -ENODEV; -ENOMEM; -EINTR killed.
 */
int rknpu_mmap_object(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	struct rknpu_bo *bo = to_rknpu_bo(obj);
	int ret = rknpu_mmap_check(obj, vma);

	if (ret)
		return ret;
	vm_flags_set(vma, VM_DONTEXPAND | VM_DONTDUMP);
	if (!bo->cached || !bo->pages || bo->pages->range) {
		vm_flags_set(vma, VM_IO | VM_PFNMAP);
		vma->vm_page_prot = rknpu_gem_pgprot(bo, vm_get_page_prot(vma->vm_flags));
		return 0;
	}
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	if (rknpu_mmap_is_huge(bo, vma))
		return 0;
	vm_flags_set(vma, VM_MIXEDMAP);
	return rknpu_mmap_fill(vma, bo);
}

/* The object that the caller may map there, with a reference; unlike the DRM core's, also from its middle. */
static struct drm_gem_object *rknpu_mmap_find(struct drm_file *file, struct vm_area_struct *vma,
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
 * rknpu_mmap_file() - file operation: map a buffer, or part of it, by its fake offset
 * @file: DRM file
 * @vma: wanted
 *
 * Return: 0; -EINVAL private or no buffer there; -EACCES not this file's; -ENODEV; -ENOMEM.
 */
int rknpu_mmap_file(struct file *file, struct vm_area_struct *vma)
{
	struct drm_gem_object *obj;
	unsigned long page;
	int ret;

	obj = rknpu_mmap_find(file->private_data, vma, &page);
	if (IS_ERR(obj))
		return PTR_ERR(obj);
	ret = rknpu_mmap_check(obj, vma);
	if (!ret)
		ret = obj->import_attach ? rknpu_prime_mmap(to_rknpu_bo(obj), vma, page) :
					   drm_gem_mmap_obj(obj, obj->size, vma);
	drm_gem_object_put(obj);
	return ret;
}
