/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_SLOT_H
#define RKNPU_SLOT_H

#include <linux/bits.h>
#include <linux/ktime.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "rknpu_soc.h"
#include "rknpu_usage.h"

struct rknpu_core;
struct rknpu_job;
struct rknpu_mmu;
struct rknpu_sched;
struct rknpu_vm;

/**
 * enum rknpu_slot_state - state of a core, which determines who owns it
 * @RKNPU_SLOT_ABSENT: no owner: the core is not enabled in the device tree.
 * @RKNPU_SLOT_IDLE: the holder of sched->lock.
 * @RKNPU_SLOT_PREPARING: the worker, which powers it or changes its address space.
 * @RKNPU_SLOT_RUNNING: the holder of sched->lock; a job is on the hardware.
 * @RKNPU_SLOT_RECOVERING: the worker, which resets it; events are ignored.
 * @RKNPU_SLOT_STALLED: the worker, which resets it once all cores are idle.
 * @RKNPU_SLOT_DEAD: no owner: its reset failed.
 *
 * Only the owner starts, stops and resets the core and changes its address space. The worker owns a
 * core without holding the lock, so it may sleep. Two other paths own cores without the lock:
 * rknpu_sched_stop(), once the worker has ended for good, and runtime suspend, see rknpu_slot_off(), for
 * a core that has no power reference, because it is idle or dead or the worker has yet to power it, and
 * then the worker waits for runtime PM. The state itself only changes under the lock, by
 * rknpu_owner_set_state_locked(): this is how a core passes from one owner to the next.
 */
enum rknpu_slot_state {
	RKNPU_SLOT_ABSENT,
	RKNPU_SLOT_IDLE,
	RKNPU_SLOT_PREPARING,
	RKNPU_SLOT_RUNNING,
	RKNPU_SLOT_RECOVERING,
	RKNPU_SLOT_STALLED,
	RKNPU_SLOT_DEAD,
};

/**
 * struct rknpu_slot - the scheduler's state of one core
 * @sched: back pointer. Immutable.
 * @index: index of the core. Immutable.
 * @core: the core, NULL if absent. Immutable.
 * @mmu: its IOMMU. Immutable; members as documented there.
 * @siblings: cores behind the same IOMMU, including this one. Only changes while cores are added.
 * @state: determines who owns the core. Written under sched->lock; read without it only with READ_ONCE(),
 *	by code that can cope with a stale answer. Running, stalled and recovering cores have a power
 *	reference; a core that is being prepared is about to get one.
 * @asleep: suspended with the system, so that not even a reset of all cores may touch it. sched->lock.
 * @lingers: one more power reference is held, for the next job. sched->lock.
 * @idle_since: time when it became idle, if @lingers. sched->lock.
 * @job: job on the hardware or being prepared for; kept alive by the job's queue reference. Written under
 *	sched->lock; the owner may read it without.
 * @turn_end: time until which the attached address space may keep the core from another one; the same for
 *	all cores behind an IOMMU. sched->lock.
 * @clean_vm: ID of the address space whose owner the register contents belong to. Only used by the owner.
 * @resets: value of that space's vm->resets when the registers were last clean. Only used by the owner.
 * @faulted: an IOMMU fault hit @job; the interrupt line is disabled until recovery. sched->lock; does
 *	not change while the core is recovering or stalled.
 * @fault_iova: address of the fault. Protected like @faulted.
 * @fault_write: true if the fault was a write. Protected like @faulted.
 * @seen_id: ID of the job at the last check, see rknpu_conduct.c. sched->lock.
 * @seen_tasks: number of tasks that it had finished then. sched->lock.
 * @load: time that the core has worked. sched->lock.
 * @watchdog: watches @job; runs on sched->wq. Only armed by rknpu_run_watch_locked().
 * @watch_by: jiffies by which it will have fired, if it is pending. sched->lock.
 */
struct rknpu_slot {
	struct rknpu_sched *sched;
	unsigned int index;
	struct rknpu_core *core;
	struct rknpu_mmu *mmu;
	u32 siblings;
	enum rknpu_slot_state state;
	bool asleep;
	bool lingers;
	ktime_t idle_since;
	struct rknpu_job *job;
	ktime_t turn_end;
	u64 clean_vm;
	int resets;
	bool faulted;
	u32 fault_iova;
	bool fault_write;
	u64 seen_id;
	u32 seen_tasks;
	struct rknpu_load load;
	struct delayed_work watchdog;
	unsigned long watch_by;
};

/**
 * struct rknpu_slot_set - a set of cores that the worker owns
 * @num: number of cores.
 * @slot: the cores.
 * @silent: mask of cores with interrupts disabled meanwhile, see rknpu_slots_listen().
 */
struct rknpu_slot_set {
	unsigned int num;
	struct rknpu_slot *slot[RKNPU_MAX_CORES];
	u32 silent;
};

void rknpu_slot_set_fill(struct rknpu_slot_set *set, struct rknpu_sched *sched, unsigned long cores);
void rknpu_slot_detach(struct rknpu_slot *slot);
int rknpu_slots_clean(struct rknpu_slot_set *set);
void rknpu_slots_listen(struct rknpu_slot_set *set);
int rknpu_slots_reset(struct rknpu_slot_set *set);
void rknpu_slot_off(struct rknpu_core *core);
void rknpu_slots_quiesce(struct rknpu_slot_set *set);
void rknpu_slot_begin_turn_locked(struct rknpu_slot *slot);
void rknpu_slot_mark_clean(struct rknpu_slot *slot, const struct rknpu_vm *vm, int resets);

/**
 * rknpu_slot_shared() - tell whether a core shares its IOMMU with other cores
 * @slot: the core
 *
 * Return: true if so; these cores can only change their address space together.
 */
static inline bool rknpu_slot_shared(const struct rknpu_slot *slot)
{
	return slot->siblings != BIT(slot->index);
}

#endif /* RKNPU_SLOT_H */
