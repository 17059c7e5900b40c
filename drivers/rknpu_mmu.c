// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: One IOMMU group and the address space that is attached to it. The IOMMU
 * driver programs the banks when it attaches, provided they are powered. It does
 * not know that a reset of the core wipes them, hence "detach after reset".
 */
#include "rknpu_mmu.h"

#include <linux/iommu.h>
#include <linux/of.h>

#include "rknpu_vm.h"

/**
 * rknpu_mmu_translates() - tell whether a core is behind an IOMMU
 * @dev: the core
 *
 * Return: true if it is; false if its NPU addresses are physical.
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
 * Without an IOMMU, attaching only records which client the registers belong to.
 */
void rknpu_mmu_init(struct rknpu_mmu *mmu, struct device *dev)
{
	mmu->group = iommu_group_get(dev);
	if (mmu->group)
		mmu->iommu = of_parse_phandle(dev->of_node, "iommus", 0);
}

/**
 * rknpu_mmu_fini() - release the IOMMU
 * @mmu: the IOMMU; nothing may be attached
 */
void rknpu_mmu_fini(struct rknpu_mmu *mmu)
{
	of_node_put(mmu->iommu);
	iommu_group_put(mmu->group);
	mmu->iommu = NULL;
	mmu->group = NULL;
}

/**
 * rknpu_mmu_attach() - attach an address space to the cores behind an IOMMU
 * @mmu: the IOMMU; nothing is attached and its cores are idle
 * @vm: the space; a reference is taken
 *
 * Context: Process context. May sleep. Must not be called with vm->lock held.
 *
 * Return: 0 on success, or the IOMMU driver's error.
 */
int rknpu_mmu_attach(struct rknpu_mmu *mmu, struct rknpu_vm *vm)
{
	int ret = mmu->group ? iommu_attach_group(vm->domain, mmu->group) : 0;

	if (!ret)
		WRITE_ONCE(mmu->vm, rknpu_vm_get(vm));
	return ret;
}

/**
 * rknpu_mmu_detach() - detach the address space
 * @mmu: the IOMMU; its cores are idle or have been reset
 *
 * Context: Process context. May sleep.
 *
 * Return: the space that was attached, or NULL. The caller must drop the reference, once no fault
 * handler can still be running for it.
 */
struct rknpu_vm *rknpu_mmu_detach(struct rknpu_mmu *mmu)
{
	struct rknpu_vm *vm = mmu->vm;

	if (vm && mmu->group)
		iommu_detach_group(vm->domain, mmu->group);
	WRITE_ONCE(mmu->vm, NULL);
	return vm;
}

/**
 * rknpu_mmu_is() - tell whether a fault came from this IOMMU
 * @mmu: the IOMMU
 * @iommu: device that reported the fault
 *
 * Return: true if it did.
 */
bool rknpu_mmu_is(const struct rknpu_mmu *mmu, const struct device *iommu)
{
	return mmu->iommu && iommu->of_node == mmu->iommu;
}
