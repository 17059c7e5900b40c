// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: One IOMMU group and the address space that is attached to it. The IOMMU
 * driver programs the banks when it attaches, provided they are powered; it does
 * not know that a reset of the core wipes them, hence "detach after reset".
 */
#include "rknpu_mmu.h"

#include <linux/iommu.h>
#include <linux/of.h>

#include "rknpu_vm.h"

/**
 * rknpu_mmu_translates() - is there an IOMMU in front of a core
 * @dev: the core
 *
 * Return: false when its NPU addresses are physical ones.
 */
bool rknpu_mmu_translates(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);

	iommu_group_put(group);
	return group;
}

/**
 * rknpu_mmu_init() - find the IOMMU of a core
 * @mmu: zeroed
 * @dev: the core
 *
 * Without one attaching only keeps the books: that the registers are the client's.
 */
void rknpu_mmu_init(struct rknpu_mmu *mmu, struct device *dev)
{
	mmu->group = iommu_group_get(dev);
	if (mmu->group)
		mmu->iommu = of_parse_phandle(dev->of_node, "iommus", 0);
}

/**
 * rknpu_mmu_fini() - forget the IOMMU
 * @mmu: nothing is attached
 */
void rknpu_mmu_fini(struct rknpu_mmu *mmu)
{
	of_node_put(mmu->iommu);
	iommu_group_put(mmu->group);
	mmu->iommu = NULL;
	mmu->group = NULL;
}

/**
 * rknpu_mmu_attach() - let the cores behind this IOMMU see an address space
 * @mmu: nothing is attached; its cores are idle
 * @vm: the space; a reference is taken
 *
 * Context: may sleep; must not be called with vm->lock held.
 *
 * Return: 0 or the IOMMU driver's error.
 */
int rknpu_mmu_attach(struct rknpu_mmu *mmu, struct rknpu_vm *vm)
{
	int ret = mmu->group ? iommu_attach_group(vm->domain, mmu->group) : 0;

	if (!ret)
		mmu->vm = rknpu_vm_get(vm);
	return ret;
}

/**
 * rknpu_mmu_detach() - take the address space away
 * @mmu: its cores are idle or have been reset
 *
 * Context: may sleep.
 *
 * Return: the space that was attached, or NULL. The caller puts it once no fault
 * handler can still run for it.
 */
struct rknpu_vm *rknpu_mmu_detach(struct rknpu_mmu *mmu)
{
	struct rknpu_vm *vm = mmu->vm;

	if (vm && mmu->group)
		iommu_detach_group(vm->domain, mmu->group);
	mmu->vm = NULL;
	return vm;
}

/**
 * rknpu_mmu_is() - tell whether a fault came from this IOMMU
 * @mmu: the IOMMU
 * @iommu: device that reported the fault
 *
 * Return: true when it is the same.
 */
bool rknpu_mmu_is(const struct rknpu_mmu *mmu, const struct device *iommu)
{
	return mmu->iommu && iommu->of_node == mmu->iommu;
}
