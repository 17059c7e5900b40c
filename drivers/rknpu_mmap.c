// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: CPU mappings of buffers, of three kinds.
 *
 * The driver's own cached pages are mapped like pages of a file, so other parts of the
 * kernel can pin them: O_DIRECT, vmsplice(), cameras. If they are in large pieces, the
 * kernel maps each piece with one entry on first access. If they are not, all entries
 * are created at mmap time: a fault for each page, plus a second one for its first write
 * on processors that do not set the dirty bit, would cost many times as much.
 *
 * Everything else is mapped by page frame number and cannot be pinned. On-chip memory
 * has no struct pages. For write-combined memory a part of the kernel that copies would
 * read and write the contents of the caches instead of those of memory: EFAULT is
 * better than wrong data. The physical range for an NPU without an IOMMU consists of CMA
 * pages, which must not stay pinned.
 *
 * vm_pgoff stays the fake offset, so a split or moved mapping keeps its position.
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

#include "rknpu_bo.h"
#include "rknpu_compat.h"
#include "rknpu_pages.h"
#include "rknpu_prime.h"

/* One fault maps the whole aligned block around it, because large buffers are accessed page by page. */
#define RKNPU_MMAP_FAULT_BYTES SZ_512K

/* Number of entries created under one page table lock. */
#define RKNPU_MMAP_BATCH 32

/* Cost of a fault, in created entries. */
#define RKNPU_MMAP_FAULT_COST 16

static unsigned long rknpu_mmap_page(const struct rknpu_bo *bo, unsigned long pgoff)
{
	return pgoff - drm_vma_node_start(&bo->base.vma_node);
}

/*
 * Dirty from the start: otherwise a processor that does not set the bit itself
 * would fault again on the first write to each page.
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
		/* A fault in another thread has created this entry already: skip it. */
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

/* The kernel maps the page returned here, with one entry if it belongs to a large piece. */
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
	/* A task that is being killed does not return to user space and needs no page. */
	return ret && ret != -EINTR ? vmf_error(ret) : VM_FAULT_NOPAGE;
}

const struct vm_operations_struct rknpu_mmap_vm_ops = {
	.fault = rknpu_mmap_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

/**
 * rknpu_mmap_offset() - allocate the fake mmap offset of a buffer
 * @bo: buffer with backing memory
 *
 * Large buffers get an offset aligned to PMD_SIZE, because the kernel picks the address of
 * a mapping to match its offset.
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -ENOMEM or -ENOSPC on failure.
 */
int rknpu_mmap_offset(struct rknpu_bo *bo)
{
	struct drm_vma_offset_manager *mgr = bo->base.dev->vma_offset_manager;
	int ret;

	if (!bo->pages || !rknpu_pages_huge_end(bo->pages))
		return drm_gem_create_mmap_offset(&bo->base);
	/* Does what drm_vma_offset_add() does, which has no alignment parameter. */
	write_lock(&mgr->vm_lock);
	ret = drm_mm_insert_node_generic(&mgr->vm_addr_space_mm, &bo->base.vma_node.vm_node,
					 bo->base.size >> PAGE_SHIFT, PMD_SIZE >> PAGE_SHIFT, 0,
					 DRM_MM_INSERT_BEST);
	write_unlock(&mgr->vm_lock);
	return ret;
}

/**
 * rknpu_mmap_init() - prepare the inode of the device's mappings
 * @drm: the device
 *
 * The kernel creates no large entry beyond the end of a file, and the inode that all
 * mappings of the device belong to has size 0.
 */
void rknpu_mmap_init(struct drm_device *drm)
{
	i_size_write(drm->anon_inode, MAX_LFS_FILESIZE);
}

/* True if large entries cover most of the mapping; each page outside them costs a fault. */
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
 * Done at mmap time, when all entries can be created at once and dirty: after that
 * vm_page_prot belongs to the kernel. The caller undoes a failure.
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
	 * A private mapping would give the CPU a copy that the NPU never sees. The kernel's helper
	 * for this check has changed its name and argument over time; the flags have not.
	 */
	return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE ? -EINVAL : 0;
}

/**
 * rknpu_mmap_object() - GEM function: map the driver's own memory
 * @obj: the buffer
 * @vma: requested mapping, inside the buffer; vm_pgoff is the fake offset
 *
 * Context: Process context. May sleep. The mmap lock is held for writing.
 *
 * Return: 0 on success, -EINVAL for a private mapping, -ENODEV if the device is gone, -ENOMEM if out of
 * memory, -EINTR if the caller is being killed.
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
		vma->vm_page_prot = rknpu_bo_pgprot(bo, vm_get_page_prot(vma->vm_flags));
		return 0;
	}
	vma->vm_page_prot = vm_get_page_prot(vma->vm_flags);
	if (rknpu_mmap_is_huge(bo, vma))
		return 0;
	vm_flags_set(vma, VM_MIXEDMAP);
	return rknpu_mmap_fill(vma, bo);
}

/*
 * Returns the object at that offset with a reference, if the caller may map it. Unlike the DRM core this
 * also finds an offset in the middle of an object.
 */
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
		/* The last handle may have been closed, and the object may be about to be freed. */
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
 * @vma: requested mapping
 *
 * Return: 0 on success, -EINVAL for a private mapping or if there is no buffer at the offset, -EACCES if
 * the file has no handle to it, -ENODEV if the device is gone, -ENOMEM if out of memory.
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
