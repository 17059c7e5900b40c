// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: One address space of the NPU: its own IOMMU domain, an address allocator, and
 * the rule for when an address may be unmapped. A command stream can name any address
 * of its space, so a range is unmapped only when the last job submitted before its
 * destruction has left the hardware (see &struct rknpu_epoch). Nothing ever waits
 * for that.
 */
#include "rknpu_vm.h"

#include <linux/iommu.h>
#include <linux/log2.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "rknpu_compat.h"

/* Shared by all devices; IDs are only compared with each other. */
static atomic64_t rknpu_vm_ids = ATOMIC64_INIT(0);

static int rknpu_vm_fault(struct iommu_domain *domain, struct device *iommu, unsigned long iova,
			  int flags, void *token)
{
	struct rknpu_vm *vm = token;

	/* Some vendor kernels pass a raw status instead of IOMMU_FAULT_*, so this is only a hint. */
	vm->sink->fault(vm->sink, iommu, iova, flags & IOMMU_FAULT_WRITE);
	return 0;
}

static void rknpu_vm_epoch_init(struct rknpu_epoch *epoch, struct rknpu_mapping_space *space)
{
	kref_init(&epoch->ref);
	INIT_LIST_HEAD(&epoch->retired);
	epoch->space = space;
}

/**
 * rknpu_vm_create() - create an empty address space
 * @dev: a core, which selects the IOMMU; NULL without an IOMMU
 * @sink: receives faults; must outlive every attachment
 *
 * Context: Process context. May sleep.
 *
 * Return: the space with one reference, or an ERR_PTR.
 */
struct rknpu_vm *rknpu_vm_create(struct device *dev, struct rknpu_fault_sink *sink)
{
	struct rknpu_epoch *epoch;
	struct rknpu_vm *vm;
	int ret = -ENOMEM;

	vm = kzalloc(sizeof(*vm), GFP_KERNEL_ACCOUNT);
	if (!vm)
		return ERR_PTR(-ENOMEM);
	epoch = kzalloc(sizeof(*epoch), GFP_KERNEL_ACCOUNT);
	if (!epoch)
		goto free_vm;
	rknpu_vm_epoch_init(epoch, NULL);
	RCU_INIT_POINTER(vm->epoch, epoch);
	if (dev)
		vm->domain = iommu_paging_domain_alloc(dev);
	if (IS_ERR(vm->domain)) {
		ret = PTR_ERR(vm->domain);
		goto free_epoch;
	}
	kref_init(&vm->ref);
	vm->id = atomic64_inc_return(&rknpu_vm_ids);
	mutex_init(&vm->lock);
	mutex_init(&vm->imports_lock);
	INIT_LIST_HEAD(&vm->imports);
	vm->sink = sink;
	drm_mm_init(&vm->mm, RKNPU_VM_FIRST, RKNPU_VM_BYTES);
	if (vm->domain)
		iommu_set_fault_handler(vm->domain, rknpu_vm_fault, vm);
	return vm;

free_epoch:
	kfree(epoch);
free_vm:
	kfree(vm);
	return ERR_PTR(ret);
}

static void rknpu_vm_release(struct kref *ref)
{
	struct rknpu_vm *vm = container_of(ref, struct rknpu_vm, ref);

	/*
	 * Mappings hold references to the space and jobs to the client, so nothing has been
	 * retired into the current epoch. The caller may be releasing its predecessor, which
	 * still points at it.
	 */
	rknpu_vm_epoch_put(rcu_access_pointer(vm->epoch));
	drm_mm_takedown(&vm->mm);
	if (vm->domain)
		iommu_domain_free(vm->domain);
	mutex_destroy(&vm->imports_lock);
	mutex_destroy(&vm->lock);
	kfree(vm);
}

/**
 * rknpu_vm_get() - take a reference
 * @vm: the space; the caller holds a reference
 *
 * Return: @vm.
 */
struct rknpu_vm *rknpu_vm_get(struct rknpu_vm *vm)
{
	kref_get(&vm->ref);
	return vm;
}

/**
 * rknpu_vm_put() - drop a reference
 * @vm: the space, or NULL
 *
 * Context: Process context. May sleep.
 */
void rknpu_vm_put(struct rknpu_vm *vm)
{
	if (vm)
		kref_put(&vm->ref, rknpu_vm_release);
}

static int rknpu_vm_map_pages_locked(struct rknpu_vm *vm, u64 iova, struct sg_table *sgt, size_t bytes)
{
	ssize_t mapped;

	lockdep_assert_held(&vm->lock);
	/* Returns size_t in 6.1 and ssize_t later: an error must not look like a huge size. */
	mapped = iommu_map_sgtable(vm->domain, iova, sgt, IOMMU_READ | IOMMU_WRITE);
	if (mapped >= 0 && mapped >= bytes)
		return 0;
	if (mapped > 0)
		iommu_unmap(vm->domain, iova, mapped);
	return mapped < 0 ? mapped : -ENOMEM;
}

/*
 * For tables where only the DMA addresses are valid. They were made for an
 * untranslated device, so they are physical addresses.
 */
static int rknpu_vm_map_dma_locked(struct rknpu_vm *vm, u64 iova, struct sg_table *sgt, size_t bytes)
{
	struct scatterlist *sg;
	size_t done = 0;
	int ret = -EINVAL;
	int i;

	lockdep_assert_held(&vm->lock);
	for_each_sgtable_dma_sg(sgt, sg, i) {
		ret = iommu_map(vm->domain, iova + done, sg_dma_address(sg), sg_dma_len(sg),
				IOMMU_READ | IOMMU_WRITE, GFP_KERNEL);
		if (ret)
			break;
		done += sg_dma_len(sg);
	}
	if (!ret && done >= bytes)
		return 0;
	if (done)
		iommu_unmap(vm->domain, iova, done);
	return ret ?: -EINVAL;
}

static int rknpu_vm_find_range_locked(struct rknpu_vm *vm, struct drm_mm_node *node, size_t bytes, u64 align)
{
	lockdep_assert_held(&vm->lock);
	return drm_mm_insert_node_in_range(&vm->mm, node, bytes, align, 0, 0, U64_MAX, DRM_MM_INSERT_HIGH);
}

/* The blocks that the IOMMU driver maps and unmaps in one operation are aligned in both address spaces. */
static u64 rknpu_vm_piece(size_t bytes)
{
	if (bytes >= SZ_2M)
		return SZ_2M;
	return bytes >= SZ_64K ? SZ_64K : PAGE_SIZE;
}

static int rknpu_vm_translate_locked(struct rknpu_vm *vm, struct rknpu_mapping_space *space,
				     struct sg_table *sgt, size_t bytes, unsigned int flags)
{
	int ret = -ENOSPC;

	lockdep_assert_held(&vm->lock);
	if (flags & RKNPU_VM_ALIGNED)
		ret = rknpu_vm_find_range_locked(vm, &space->node, bytes, roundup_pow_of_two(bytes));
	if (ret == -ENOSPC && flags & RKNPU_VM_PIECES)
		ret = rknpu_vm_find_range_locked(vm, &space->node, bytes, rknpu_vm_piece(bytes));
	if (ret == -ENOSPC)
		ret = rknpu_vm_find_range_locked(vm, &space->node, bytes, PAGE_SIZE);
	if (ret)
		return ret;
	if (flags & RKNPU_VM_PAGELESS)
		ret = rknpu_vm_map_dma_locked(vm, space->node.start, sgt, bytes);
	else
		ret = rknpu_vm_map_pages_locked(vm, space->node.start, sgt, bytes);
	if (ret)
		drm_mm_remove_node(&space->node);
	return ret;
}

/* No IOMMU: the NPU address is the physical one, so the memory must be one range that 32 bits can address. */
static int rknpu_vm_place(struct rknpu_mapping_space *space, struct sg_table *sgt, size_t bytes)
{
	u64 start = sg_dma_address(sgt->sgl), end = start;
	struct scatterlist *sg;
	int i;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		if (sg_dma_address(sg) != end)
			return -EINVAL;
		end += sg_dma_len(sg);
	}
	if (end - start < bytes || end > SZ_4G || !start)
		return -EINVAL;
	space->node.start = start;
	space->node.size = bytes;
	return 0;
}

/**
 * rknpu_vm_map() - map memory at an NPU address
 * @vm: the space
 * @space: result; zeroed by the caller except for the functions
 * @sgt: the memory, DMA-mapped for the untranslated device
 * @bytes: size, a multiple of the page size
 * @flags: flags of enum rknpu_vm_flags
 *
 * Allocates addresses from the top down, without gaps unless @flags asks for alignment.
 *
 * Context: Process context. May sleep. Takes vm->lock.
 *
 * Return: 0 on success, -ENOSPC if no range is left, -ENOMEM if out of memory, -EINVAL if @sgt is
 * shorter than @bytes or if there is no IOMMU and the memory is not one physical range below 4 GiB.
 */
int rknpu_vm_map(struct rknpu_vm *vm, struct rknpu_mapping_space *space, struct sg_table *sgt,
		 size_t bytes, unsigned int flags)
{
	int ret;

	rknpu_vm_epoch_init(&space->next_epoch, space);
	mutex_lock(&vm->lock);
	ret = vm->domain ? rknpu_vm_translate_locked(vm, space, sgt, bytes, flags) :
			   rknpu_vm_place(space, sgt, bytes);
	mutex_unlock(&vm->lock);
	if (!ret)
		space->vm = rknpu_vm_get(vm);
	return ret;
}

/**
 * rknpu_vm_unmap() - unmap a range immediately
 * @space: mapped range that no job has ever been able to use, or whose jobs are all gone
 *
 * Does not call @space->released or @space->ended.
 *
 * Context: Process context. May sleep. Takes vm->lock.
 */
void rknpu_vm_unmap(struct rknpu_mapping_space *space)
{
	struct rknpu_vm *vm = space->vm;

	mutex_lock(&vm->lock);
	if (vm->domain) {
		iommu_unmap(vm->domain, space->node.start, space->node.size);
		drm_mm_remove_node(&space->node);
	}
	mutex_unlock(&vm->lock);
	rknpu_vm_put(vm);
}

/**
 * rknpu_vm_retire() - unmap a range once no job can use it any more
 * @space: mapped range
 *
 * Calls @space->released after that, possibly before this function returns, and @space->ended once another
 * range has been retired, or the address space is released, and no job can use this epoch. Cannot fail.
 *
 * Context: Process context. May sleep. Takes vm->lock.
 */
void rknpu_vm_retire(struct rknpu_mapping_space *space)
{
	struct rknpu_vm *vm = space->vm;
	struct rknpu_epoch *next = &space->next_epoch;
	struct rknpu_epoch *old;

	mutex_lock(&vm->lock);
	old = rcu_dereference_protected(vm->epoch, lockdep_is_held(&vm->lock));
	list_add_tail(&space->retired, &old->retired);
	/* @next starts with one reference, as the current epoch; add the one of its predecessor. */
	kref_get(&next->ref);
	old->next = next;
	rcu_assign_pointer(vm->epoch, next);
	mutex_unlock(&vm->lock);
	rknpu_vm_epoch_put(old);
}

/**
 * rknpu_vm_epoch_get() - keep every mapping that exists now
 * @vm: the space
 *
 * Context: Any context. Takes no lock.
 *
 * Return: the current epoch with a reference.
 */
struct rknpu_epoch *rknpu_vm_epoch_get(struct rknpu_vm *vm)
{
	struct rknpu_epoch *epoch;

	rcu_read_lock();
	do {
		epoch = rcu_dereference(vm->epoch);
		/* Fails only if the epoch has ended and been released meanwhile: then there is a new one. */
	} while (!kref_get_unless_zero(&epoch->ref));
	rcu_read_unlock();
	return epoch;
}

static void rknpu_vm_epoch_release(struct kref *ref)
{
	/* Empty: rknpu_vm_epoch_put() releases in a loop, because a chain of epochs must not recurse. */
}

/**
 * rknpu_vm_epoch_put() - drop an epoch and unmap its retired ranges with the last reference
 * @epoch: from rknpu_vm_epoch_get()
 *
 * Context: Process context. May sleep. Takes vm->lock.
 */
void rknpu_vm_epoch_put(struct rknpu_epoch *epoch)
{
	while (epoch && kref_put(&epoch->ref, rknpu_vm_epoch_release)) {
		struct rknpu_epoch *next = epoch->next;
		struct rknpu_mapping_space *space, *tmp;

		list_for_each_entry_safe(space, tmp, &epoch->retired, retired) {
			rknpu_vm_unmap(space);
			space->released(space);
		}
		if (epoch->space)
			epoch->space->ended(epoch->space);
		else
			kfree_rcu(epoch, rcu);
		epoch = next;
	}
}

/**
 * rknpu_vm_epoch_put_unless_last() - drop a reference to an epoch unless it is the last one
 * @epoch: from rknpu_vm_epoch_get()
 *
 * Context: Any context.
 *
 * Return: true if the reference was dropped; false if it is the last one, which the caller keeps.
 */
bool rknpu_vm_epoch_put_unless_last(struct rknpu_epoch *epoch)
{
	return refcount_dec_not_one(&epoch->ref.refcount);
}
