// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: What a core holds: whose address space, whose registers, and whose turn it is; and how a
 * reset clears it, in the right order with the IOMMU, while nothing maps, unmaps or handles an
 * interrupt there. A block in reset does not respond to accesses, which on a real board can hang
 * the machine. &enum rknpu_slot_state says which code may do this.
 */
#include "rknpu_slot.h"

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/time64.h>

#include "rknpu_core.h"
#include "rknpu_mmu.h"
#include "rknpu_owner.h"
#include "rknpu_sched.h"
#include "rknpu_trace.h"
#include "rknpu_vm.h"

/*
 * A turn: how long an address space may keep a core while another one of equal priority
 * waits. A switch costs a reset, about 20 us, so much longer jobs alternate one by one and
 * short jobs in batches. Cores that share an IOMMU switch together; until then, those that
 * have finished wait for the others.
 */
#define RKNPU_SLOT_TURN_NS (1 * NSEC_PER_MSEC)
#define RKNPU_SLOT_SHARED_TURN_NS (10 * NSEC_PER_MSEC)

/**
 * rknpu_slot_begin_turn_locked() - start the turn of a newly attached address space
 * @slot: a core that it is attached to
 *
 * sched->now must be the current time.
 */
void rknpu_slot_begin_turn_locked(struct rknpu_slot *slot)
{
	u64 turn = rknpu_slot_shared(slot) ? RKNPU_SLOT_SHARED_TURN_NS : RKNPU_SLOT_TURN_NS;

	lockdep_assert_held(&slot->sched->lock);
	slot->turn_end = ktime_add_ns(slot->sched->now, turn);
}

/**
 * rknpu_slot_mark_clean() - record whose contents a core's registers hold after a reset
 * @slot: the core, which has been reset
 * @vm: attached address space; only its owner's contents will be in the registers
 * @resets: value of vm->resets before the reset
 *
 * Context: The owner of the core, without the lock.
 */
void rknpu_slot_mark_clean(struct rknpu_slot *slot, const struct rknpu_vm *vm, int resets)
{
	rknpu_owner_assert(slot);
	slot->clean_vm = vm->id;
	slot->resets = resets;
}

/**
 * rknpu_slot_detach() - detach the address space of a core
 * @slot: the core; idle, reset or without power
 *
 * Context: The owner of the core.
 */
void rknpu_slot_detach(struct rknpu_slot *slot)
{
	struct rknpu_vm *vm;

	rknpu_owner_assert(slot);
	vm = rknpu_mmu_detach(slot->mmu);
	/* A fault handler may still be looking at the space. */
	rknpu_core_irq_wait(slot->core);
	rknpu_vm_put(vm);
}

/*
 * Prevents map and unmap of the address spaces that the cores have attached, because they
 * would access a bank that is in reset. Nothing under vm->lock waits for memory reclaim (the
 * IOMMU driver allocates tables atomically), so the worker may take the lock. Returns the
 * number of spaces locked.
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
 * Prevents interrupt handlers from accessing the cores. The IOMMU's handler runs on the line
 * of every core behind it and accesses all its banks, so siblings are silenced too.
 */
static void rknpu_slots_silence(struct rknpu_slot_set *set)
{
	unsigned long silent = 0;
	unsigned int i;

	for (i = 0; i < set->num; i++)
		silent |= set->slot[i]->siblings;
	set->silent = silent;
	for_each_set_bit(i, &silent, RKNPU_MAX_CORES)
		rknpu_core_irq_disable(set->slot[0]->sched->slots[i].core);
}

/**
 * rknpu_slots_listen() - enable the interrupts of cores again
 * @set: the cores, which have been reset
 *
 * An interrupt that was raised meanwhile is delivered now: the lines are level triggered.
 *
 * Context: Process context, from the worker.
 */
void rknpu_slots_listen(struct rknpu_slot_set *set)
{
	unsigned long silent = set->silent;
	unsigned int i;

	for_each_set_bit(i, &silent, RKNPU_MAX_CORES)
		rknpu_core_irq_enable(set->slot[0]->sched->slots[i].core);
	set->silent = 0;
}

/* Resets cores; their interrupts are disabled. */
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

/* The lines of faulted cores have been disabled, see rknpu_recover.c. */
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
		rknpu_core_irq_enable(set->slot[i]->core);
}

static void rknpu_slot_bury(struct rknpu_slot *slot)
{
	struct rknpu_sched *sched = slot->sched;

	spin_lock_irq(&sched->lock);
	rknpu_owner_set_state_locked(slot, RKNPU_SLOT_DEAD);
	WRITE_ONCE(sched->dead, sched->dead | BIT(slot->index));
	spin_unlock_irq(&sched->lock);
}

/* Does the work of rknpu_slots_clean(), also for runtime suspend, which owns the cores in another way. */
static int rknpu_slots_do_clean(struct rknpu_slot_set *set)
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
 * rknpu_slots_clean() - reset cores together and detach their address spaces
 * @set: the cores; powered, and each of them idle or stuck. Their interrupts stay disabled until
 *	rknpu_slots_listen() is called.
 *
 * The reset comes first. A bank without an address space passes addresses through
 * unchanged, to physical memory, so nothing may still be writing then. That a core's job
 * has ended proves little, because a client's stream may continue after the event that it
 * named. Besides, a master that is stuck makes the IOMMU driver's stall request time out.
 *
 * Context: The owner of all cores behind the IOMMUs. May sleep.
 *
 * Return: 0 on success, or the reset's error, in which case the cores are not used again.
 */
int rknpu_slots_clean(struct rknpu_slot_set *set)
{
	unsigned int i;

	for (i = 0; i < set->num; i++)
		rknpu_owner_assert_space(set->slot[i]);
	return rknpu_slots_do_clean(set);
}

/**
 * rknpu_slots_reset() - reset cores, detach their address spaces, and enable their interrupts again
 * @set: as for rknpu_slots_clean(), except that interrupts are enabled afterwards
 *
 * Context: Same as rknpu_slots_clean().
 *
 * Return: same as rknpu_slots_clean().
 */
int rknpu_slots_reset(struct rknpu_slot_set *set)
{
	int ret = rknpu_slots_clean(set);

	rknpu_slots_listen(set);
	return ret;
}

/**
 * rknpu_slot_off() - reset a core before it loses power
 * @core: the core; it has no job and is not being prepared, so it has no power reference
 *
 * A stream may continue after the event that its client named, and the IOMMU powers off before the core's
 * clock stops, so the core is stopped first. The space is detached as well, because the reset wipes the
 * IOMMU's banks: if the core came on again before the IOMMU had gone off, nothing would program them again.
 * Detaching also leaves nothing for a later unmap to invalidate in a suspended IOMMU.
 *
 * Code that sees the space attached under the scheduler's lock cannot get a power reference before it
 * releases that lock, because the core does not go off before this function has taken the lock.
 *
 * Context: Runtime suspend.
 */
void rknpu_slot_off(struct rknpu_core *core)
{
	struct rknpu_slot *slot = core->owner;
	struct rknpu_slot_set set;

	rknpu_owner_assert_off(slot);
	/* Cores that share an IOMMU belong to one device and go off together: the first one stands for all. */
	if (!slot->mmu->vm)
		return;
	rknpu_slot_set_fill(&set, slot->sched, slot->siblings);
	rknpu_slots_do_clean(&set);
	rknpu_slots_listen(&set);
}

/**
 * rknpu_slots_quiesce() - stop stuck cores without detaching their address space
 * @set: the cores
 *
 * Used when siblings behind the same IOMMU still use the space. The banks of @set are wiped;
 * nothing may start on them before all banks have been programmed again.
 *
 * Context: Process context, from the worker.
 */
void rknpu_slots_quiesce(struct rknpu_slot_set *set)
{
	struct rknpu_vm *frozen[RKNPU_MAX_CORES];
	unsigned int i, num;

	for (i = 0; i < set->num; i++)
		rknpu_owner_assert(set->slot[i]);
	num = rknpu_slots_freeze(set, frozen);
	/* An error will show again, and be handled, when all cores are reset. */
	rknpu_slots_silence(set);
	rknpu_slots_pulse(set);
	rknpu_slots_listen(set);
	rknpu_slots_thaw(frozen, num);
}

/**
 * rknpu_slot_set_fill() - fill a set with the slots of a mask of cores
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
