// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Resetting cores under the scheduler's worker: in the right order with the
 * IOMMU, while nobody maps, unmaps or handles an interrupt there. A block in reset
 * answers no access; on a board that can be the end of the machine.
 */
#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/interrupt.h>

#include "rknpu_core.h"
#include "rknpu_mmu.h"
#include "rknpu_recover.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"
#include "rknpu_trace.h"
#include "rknpu_vm.h"

/**
 * rknpu_slot_detach() - take the address space of a core away
 * @slot: the core; idle, reset or without power
 *
 * Context: worker, or nobody else has the core any more.
 */
void rknpu_slot_detach(struct rknpu_slot *slot)
{
	struct rknpu_vm *vm = rknpu_mmu_detach(slot->mmu);

	/* A fault handler may still be looking at the space. */
	synchronize_irq(slot->core->irq);
	rknpu_vm_put(vm);
}

/*
 * Keep map and unmap of the address spaces that the cores have attached from
 * touching a bank that is in reset. Nothing under vm->lock waits for memory to be
 * reclaimed (the IOMMU driver allocates tables atomically), so the worker may
 * take it. Return: number of spaces locked.
 */
static unsigned int rknpu_slots_freeze(const struct rknpu_slot_set *set, struct rknpu_vm **frozen)
{
	unsigned int i, j, num = 0;

	for (i = 0; i < set->num; i++) {
		struct rknpu_vm *vm = set->slot[i]->mmu->vm;

		for (j = 0; j < num && frozen[j] != vm; j++)
			;
		if (!vm || j < num)
			continue;
		mutex_lock_nested(&vm->lock, num);
		frozen[num++] = rknpu_vm_get(vm);
	}
	return num;
}

static void rknpu_slots_thaw(struct rknpu_vm **frozen, unsigned int num)
{
	while (num--) {
		mutex_unlock(&frozen[num]->lock);
		rknpu_vm_put(frozen[num]);
	}
}

/*
 * Have no interrupt handler look at cores. The IOMMU's handler runs on the line of every
 * core behind it and looks at all its banks, so siblings are silent too.
 */
static void rknpu_slots_silence(struct rknpu_slot_set *set)
{
	unsigned long silent = 0;
	unsigned int i;

	for (i = 0; i < set->num; i++)
		silent |= set->slot[i]->siblings;
	set->silent = silent;
	for_each_set_bit(i, &silent, RKNPU_MAX_CORES)
		disable_irq(set->slot[0]->sched->slots[i].core->irq);
}

/**
 * rknpu_slots_listen() - let cores interrupt again
 * @set: reset
 *
 * What has come meanwhile comes now: the lines are level triggered. Context: worker.
 */
void rknpu_slots_listen(struct rknpu_slot_set *set)
{
	unsigned long silent = set->silent;
	unsigned int i;

	for_each_set_bit(i, &silent, RKNPU_MAX_CORES)
		enable_irq(set->slot[0]->sched->slots[i].core->irq);
	set->silent = 0;
}

/* Reset cores; they are silent. */
static int rknpu_slots_pulse(const struct rknpu_slot_set *set)
{
	struct rknpu_core *cores[RKNPU_MAX_CORES];
	unsigned int i;
	int ret;

	for (i = 0; i < set->num; i++)
		cores[i] = set->slot[i]->core;
	ret = rknpu_core_reset(cores, set->num);
	for (i = 0; i < set->num; i++)
		trace_core_reset(set->slot[i]->index, ret);
	return ret;
}

/* Faulted cores have had their lines switched off, see rknpu_recover.c. */
static void rknpu_slots_forgive(const struct rknpu_slot_set *set)
{
	struct rknpu_sched *sched;
	unsigned long faulted = 0;
	unsigned int i;

	if (!set->num)
		return;
	sched = set->slot[0]->sched;
	spin_lock_irq(&sched->lock);
	for (i = 0; i < set->num; i++) {
		if (set->slot[i]->faulted)
			faulted |= BIT(i);
		set->slot[i]->faulted = false;
	}
	spin_unlock_irq(&sched->lock);
	for_each_set_bit(i, &faulted, RKNPU_MAX_CORES)
		enable_irq(set->slot[i]->core->irq);
}

static void rknpu_slot_bury(struct rknpu_slot *slot)
{
	struct rknpu_sched *sched = slot->sched;

	spin_lock_irq(&sched->lock);
	slot->state = RKNPU_SLOT_DEAD;
	WRITE_ONCE(sched->dead, sched->dead | BIT(slot->index));
	spin_unlock_irq(&sched->lock);
}

/**
 * rknpu_slots_clean() - reset cores together and take their address spaces away
 * @set: powered; idle, stuck, or both kinds; silent afterwards: rknpu_slots_listen() is owed
 *
 * The reset comes first. A bank without an address space lets addresses through as
 * they are, to physical memory: nothing may still be writing then, and that a core's
 * job has ended proves little, for a client's stream may go on behind the event that
 * it has named. Besides, a master that is stuck makes the IOMMU driver's stall request
 * time out. Context: worker; runtime suspend.
 *
 * Return: 0; the reset's error, and the cores are not used again.
 */
int rknpu_slots_clean(struct rknpu_slot_set *set)
{
	struct rknpu_vm *frozen[RKNPU_MAX_CORES];
	unsigned int i, num;
	int ret;

	num = rknpu_slots_freeze(set, frozen);
	rknpu_slots_silence(set);
	ret = rknpu_slots_pulse(set);
	for (i = 0; i < set->num; i++) {
		/* No fault handler is looking at the space: its line is silent. */
		rknpu_vm_put(rknpu_mmu_detach(set->slot[i]->mmu));
		if (ret) {
			dev_err(set->slot[i]->core->dev, "reset failed: %d; the core is not used any more\n", ret);
			rknpu_slot_bury(set->slot[i]);
		}
	}
	rknpu_slots_thaw(frozen, num);
	rknpu_slots_forgive(set);
	return ret;
}

/**
 * rknpu_slots_reset() - likewise, and let them interrupt again
 * @set: as for rknpu_slots_clean(), not silent afterwards
 *
 * Context: as rknpu_slots_clean().
 *
 * Return: as rknpu_slots_clean().
 */
int rknpu_slots_reset(struct rknpu_slot_set *set)
{
	int ret = rknpu_slots_clean(set);

	rknpu_slots_listen(set);
	return ret;
}

/**
 * rknpu_slot_off() - a core is about to lose its power
 * @core: without a job, and nobody prepares it: it has no power reference
 *
 * A stream may still go on behind the event that its client has named, and the IOMMU goes off before
 * the core's clock does: so it is stopped first. The space is taken away as well, because the reset
 * wipes the IOMMU's banks: if the core comes on again before the IOMMU has gone off, nobody would
 * write them anew. It also leaves nothing that an unmapping would have to tell a sleeping IOMMU of.
 *
 * Who sees the space attached, under the scheduler's lock, cannot get a power reference under the same
 * hold of it, because the core is not off before this has taken that lock. Context: runtime suspend.
 */
void rknpu_slot_off(struct rknpu_core *core)
{
	struct rknpu_slot *slot = core->owner;
	struct rknpu_slot_set set;

	/* Cores that share an IOMMU are of one device and go off together: the first stands for all. */
	if (!slot->mmu->vm)
		return;
	rknpu_slot_set_fill(&set, slot->sched, slot->siblings);
	rknpu_slots_reset(&set);
}

/**
 * rknpu_slots_quiesce() - stop stuck cores without giving up their address space
 * @set: the cores
 *
 * For siblings behind the same IOMMU that still use it. The banks of @set are wiped;
 * nothing may start on them before all have been programmed again. Context: worker.
 */
void rknpu_slots_quiesce(struct rknpu_slot_set *set)
{
	struct rknpu_vm *frozen[RKNPU_MAX_CORES];
	unsigned int num = rknpu_slots_freeze(set, frozen);

	/* An error shows again, and is handled, when all cores are reset. */
	rknpu_slots_silence(set);
	rknpu_slots_pulse(set);
	rknpu_slots_listen(set);
	rknpu_slots_thaw(frozen, num);
}

/**
 * rknpu_slot_set_fill() - slots of a mask of cores
 * @set: result
 * @sched: the scheduler
 * @cores: the mask
 */
void rknpu_slot_set_fill(struct rknpu_slot_set *set, struct rknpu_sched *sched, unsigned long cores)
{
	unsigned int core;

	set->num = 0;
	set->silent = 0;
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES)
		set->slot[set->num++] = &sched->slots[core];
}
