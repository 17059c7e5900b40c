/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_MMU_H
#define RKNPU_MMU_H

#include <linux/compiler.h>
#include <linux/types.h>

struct device;
struct device_node;
struct iommu_group;
struct rknpu_vm;

/**
 * struct rknpu_mmu - one IOMMU group and the address space that is attached to it
 * @group: the group, reference held; NULL without an IOMMU. Immutable.
 * @iommu: device-tree node of the IOMMU, to recognize it in a fault; reference held. Immutable.
 * @vm: attached address space, reference held, or NULL. Only changed by the owner of all cores behind the
 *	IOMMU, see &enum rknpu_slot_state; others may only compare it, see rknpu_mmu_attached().
 */
struct rknpu_mmu {
	struct iommu_group *group;
	struct device_node *iommu;
	struct rknpu_vm *vm;
};

bool rknpu_mmu_translates(struct device *dev);
void rknpu_mmu_init(struct rknpu_mmu *mmu, struct device *dev);
void rknpu_mmu_fini(struct rknpu_mmu *mmu);
int rknpu_mmu_attach(struct rknpu_mmu *mmu, struct rknpu_vm *vm);
struct rknpu_vm *rknpu_mmu_detach(struct rknpu_mmu *mmu);
bool rknpu_mmu_is(const struct rknpu_mmu *mmu, const struct device *iommu);

/**
 * rknpu_mmu_attached() - get the address space that is attached
 * @mmu: the IOMMU
 *
 * Return: the space, or NULL. A caller that does not own the cores may only compare it, because it may be
 * detached and freed at any time.
 */
static inline const struct rknpu_vm *rknpu_mmu_attached(const struct rknpu_mmu *mmu)
{
	return READ_ONCE(mmu->vm);
}

#endif /* RKNPU_MMU_H */
