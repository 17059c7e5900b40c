// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Which core a job can have, and which job a core should take. Looks, changes
 * nothing; the caller holds sched->lock. What is difficult here are turns, in which
 * a core prefers jobs that need no reset, gangs, for which cores are kept idle until
 * all are, and cores that share an IOMMU, which can only run jobs of one address
 * space at a time.
 */
#include <linux/bitops.h>
#include <linux/ktime.h>

#include "rknpu_job.h"
#include "rknpu_mmu.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"
#include "rknpu_vm.h"

/**
 * rknpu_slot_ready_locked() - whether a job could be started on a core without anything that sleeps
 * @slot: the core
 * @job: the job
 *
 * Return: true when its address space is attached and the registers hold nothing of others.
 */
bool rknpu_slot_ready_locked(const struct rknpu_slot *slot, const struct rknpu_job *job)
{
	lockdep_assert_held(&slot->sched->lock);
	return slot->mmu->vm == job->vm && slot->clean_vm == job->vm->id &&
	       slot->resets == atomic_read(&job->vm->resets);
}

/**
 * rknpu_slot_shared() - whether other cores are behind the IOMMU of a core too
 * @slot: the core
 *
 * Return: true when they can only change their address space together.
 */
bool rknpu_slot_shared(const struct rknpu_slot *slot)
{
	return slot->siblings != BIT(slot->index);
}

/**
 * rknpu_sched_now_locked() - the time of a decision
 * @sched: the scheduler; rknpu_sched_decide_locked() has been called under this hold of its lock
 *
 * Return: ktime_get(), read at most once.
 */
ktime_t rknpu_sched_now_locked(struct rknpu_sched *sched)
{
	lockdep_assert_held(&sched->lock);
	if (!sched->now)
		sched->now = ktime_get();
	return sched->now;
}

/**
 * rknpu_slot_begin_turn_locked() - an address space has been attached
 * @slot: a core that has it
 *
 * rknpu_sched_decide_locked() has been called under this hold of the lock.
 */
void rknpu_slot_begin_turn_locked(struct rknpu_slot *slot)
{
	u64 turn = rknpu_slot_shared(slot) ? RKNPU_SCHED_SHARED_TURN_NS : RKNPU_SCHED_TURN_NS;

	lockdep_assert_held(&slot->sched->lock);
	slot->mmu->turn_end = ktime_add_ns(rknpu_sched_now_locked(slot->sched), turn);
}

/*
 * One decision asks several times, and a turn that ended in between would have it
 * contradict itself: a job is chosen, no core is found for it, and nobody looks again.
 */
static bool rknpu_slot_in_turn(const struct rknpu_slot *slot)
{
	if (!slot->mmu->vm)
		return false;
	return ktime_before(rknpu_sched_now_locked(slot->sched), slot->mmu->turn_end);
}

/**
 * rknpu_sched_decide_locked() - begin to decide what runs next
 * @sched: the scheduler
 * @now: the time, 0 if it is not known
 *
 * What follows under the same hold of sched->lock sees one time. The clock is read
 * when that matters only.
 */
void rknpu_sched_decide_locked(struct rknpu_sched *sched, ktime_t now)
{
	lockdep_assert_held(&sched->lock);
	sched->now = now;
}

/**
 * rknpu_slot_mark_clean() - a core's registers hold nothing of anybody but one address space's owner
 * @slot: reset, idle
 * @vm: attached
 * @resets: vm->resets before the reset
 */
void rknpu_slot_mark_clean(struct rknpu_slot *slot, const struct rknpu_vm *vm, int resets)
{
	slot->clean_vm = vm->id;
	slot->resets = resets;
}

/* Whether a core can be given another address space now: nobody uses the one behind its IOMMU. */
static bool rknpu_slot_switchable_locked(const struct rknpu_slot *slot)
{
	unsigned long siblings = slot->siblings;
	unsigned int core;

	lockdep_assert_held(&slot->sched->lock);
	for_each_set_bit(core, &siblings, RKNPU_MAX_CORES) {
		enum rknpu_slot_state state = slot->sched->slots[core].state;

		if (state != RKNPU_SLOT_IDLE && state != RKNPU_SLOT_DEAD)
			return false;
	}
	return true;
}

/* Whether a core behind the same IOMMU stands idle because its next job needs another address space. */
static bool rknpu_slot_contended_locked(const struct rknpu_slot *slot)
{
	const struct rknpu_sched *sched = slot->sched;
	unsigned long siblings = slot->siblings & ~BIT(slot->index);
	unsigned int core;

	lockdep_assert_held(&slot->sched->lock);
	if (!siblings || rknpu_slot_in_turn(slot))
		return false;
	for_each_set_bit(core, &siblings, RKNPU_MAX_CORES) {
		const struct rknpu_job *job;

		if (sched->slots[core].state != RKNPU_SLOT_IDLE)
			continue;
		job = rknpu_queue_next(&sched->queue, BIT(core));
		if (job && !rknpu_slot_ready_locked(&sched->slots[core], job))
			return true;
	}
	return false;
}

/*
 * A job that needs no change of address space while the attached one has its turn. It
 * starts at once, and its end is when the core looks again; a gang might not, and the
 * end of a turn wakes nobody. Not before @next if that is a gang: cores are kept for
 * it as they fall idle.
 */
static struct rknpu_job *rknpu_slot_choose_same_locked(const struct rknpu_slot *slot, const struct rknpu_job *next)
{
	struct rknpu_job *same;

	lockdep_assert_held(&slot->sched->lock);
	if (next->gang || !rknpu_slot_in_turn(slot))
		return NULL;
	same = rknpu_queue_next_in(&slot->sched->queue, BIT(slot->index), slot->mmu->vm, next->priority);
	return same && !same->gang && rknpu_slot_ready_locked(slot, same) ? same : NULL;
}

/* Who is first for any of the cores behind an IOMMU decides for which address space they run. */
static struct rknpu_job *rknpu_slot_choose_together_locked(const struct rknpu_slot *slot, struct rknpu_job *next)
{
	const struct rknpu_job *first = rknpu_queue_next(&slot->sched->queue, slot->siblings);

	lockdep_assert_held(&slot->sched->lock);
	if (next == first || (first->vm == slot->mmu->vm && next->vm == first->vm))
		return next;
	return NULL;
}

/**
 * rknpu_slot_choose_locked() - the job that a core should run next
 * @slot: the core; idle
 *
 * The attached address space goes on for its turn. Behind a shared IOMMU, when the
 * turn is over, the cores fall idle one by one until they can all change.
 *
 * Return: the job, still queued; NULL when there is none or the core should wait.
 */
struct rknpu_job *rknpu_slot_choose_locked(const struct rknpu_slot *slot)
{
	struct rknpu_job *next = rknpu_queue_next(&slot->sched->queue, BIT(slot->index));
	struct rknpu_job *same;

	lockdep_assert_held(&slot->sched->lock);
	if (!next)
		return NULL;
	if (!rknpu_slot_ready_locked(slot, next)) {
		same = rknpu_slot_choose_same_locked(slot, next);
		if (same)
			return same;
	}
	if (rknpu_slot_shared(slot) && rknpu_slot_switchable_locked(slot))
		return rknpu_slot_choose_together_locked(slot, next);
	return rknpu_slot_ready_locked(slot, next) && rknpu_slot_contended_locked(slot) ? NULL : next;
}

/**
 * rknpu_slot_awaited_locked() - whether a job waits that may now have become able to run
 * @slot: has fallen idle
 *
 * Return: true for a job that names this core or, behind a shared IOMMU, a sibling.
 */
bool rknpu_slot_awaited_locked(const struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	return rknpu_queue_next(&slot->sched->queue, slot->siblings);
}

/*
 * Whether a core can be had for a job, at once or after it has changed its address
 * space. Not if it is kept for another one: a gang that waits for more cores, a job
 * that the worker is about to prepare it for, another address space.
 */
static bool rknpu_slot_available_locked(const struct rknpu_slot *slot, const struct rknpu_job *job)
{
	const struct rknpu_job *next;

	lockdep_assert_held(&slot->sched->lock);
	if (slot->state != RKNPU_SLOT_IDLE)
		return false;
	next = rknpu_slot_choose_locked(slot);
	if (next ? next != job : rknpu_slot_awaited_locked(slot))
		return false;
	return rknpu_slot_ready_locked(slot, job) || rknpu_slot_switchable_locked(slot);
}

/* A core for a job: best one that has the address space, so that nothing needs to be attached. */
static u32 rknpu_sched_pick_locked(struct rknpu_sched *sched, const struct rknpu_job *job)
{
	struct rknpu_slot *any = NULL;
	unsigned long cores = job->cores;
	unsigned int core;

	lockdep_assert_held(&sched->lock);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		struct rknpu_slot *slot = &sched->slots[core];

		if (!rknpu_slot_available_locked(slot, job))
			continue;
		if (rknpu_slot_ready_locked(slot, job))
			return BIT(core);
		/* Next best: one whose address space nobody would miss. */
		if (!any || (any->mmu->vm && !slot->mmu->vm))
			any = slot;
	}
	return any ? BIT(any->index) : 0;
}

/**
 * rknpu_sched_place_locked() - cores that a job can have now
 * @sched: the scheduler
 * @job: queued or just come
 *
 * All that it needs, or one of those that it may use. A core that is kept for a
 * gang is not among them, nor is one that is about to be prepared for a job before
 * this.
 *
 * Return: a mask, 0 when it must wait.
 */
u32 rknpu_sched_place_locked(struct rknpu_sched *sched, const struct rknpu_job *job)
{
	unsigned long cores = job->cores;
	unsigned int core;

	lockdep_assert_held(&sched->lock);
	if (!job->gang)
		return rknpu_sched_pick_locked(sched, job);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		if (!rknpu_slot_available_locked(&sched->slots[core], job))
			return 0;
	}
	return cores;
}

/**
 * rknpu_sched_group_locked() - cores that must change their address space for a job
 * @sched: the scheduler
 * @job: the job
 * @cores: a mask, placed for it
 *
 * Return: those of @cores that are not ready, and all that share an IOMMU with one of them.
 */
u32 rknpu_sched_group_locked(const struct rknpu_sched *sched, const struct rknpu_job *job,
			     unsigned long cores)
{
	unsigned int core;
	u32 group = 0;

	lockdep_assert_held(&sched->lock);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		if (!rknpu_slot_ready_locked(&sched->slots[core], job))
			group |= sched->slots[core].siblings;
	}
	return group;
}
