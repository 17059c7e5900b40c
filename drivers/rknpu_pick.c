// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Which core a job can have, and which job a core should take. Only decides: the caller
 * holds sched->lock and has set sched->now, and nothing here reads a clock or writes anything.
 * Three things make this difficult: turns, in which a core prefers jobs that need no reset;
 * gangs, for which cores are kept idle until all of them are; and cores that share an IOMMU,
 * which can only run jobs of one address space at a time.
 */
#include "rknpu_pick.h"

#include <linux/bitops.h>
#include <linux/ktime.h>

#include "rknpu_job.h"
#include "rknpu_mmu.h"
#include "rknpu_owner.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_slot.h"
#include "rknpu_vm.h"

/*
 * At the time of the decision, which asks several times. If a turn ended in between, the decision
 * would contradict itself: a job would be chosen, no core found for it, and nothing would look again.
 */
static bool rknpu_pick_in_turn_locked(const struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	return rknpu_mmu_attached(slot->mmu) && ktime_before(slot->sched->now, slot->turn_end);
}

/* True if a core can get another address space now, because no core behind its IOMMU is in use. */
static bool rknpu_pick_switchable_locked(const struct rknpu_slot *slot)
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

/* True if a core behind the same IOMMU is idle because its next job needs another address space. */
static bool rknpu_pick_contended_locked(const struct rknpu_slot *slot)
{
	const struct rknpu_sched *sched = slot->sched;
	unsigned long siblings = slot->siblings & ~BIT(slot->index);
	unsigned int core;

	lockdep_assert_held(&slot->sched->lock);
	if (!siblings || rknpu_pick_in_turn_locked(slot))
		return false;
	for_each_set_bit(core, &siblings, RKNPU_MAX_CORES) {
		const struct rknpu_job *job;

		if (sched->slots[core].state != RKNPU_SLOT_IDLE)
			continue;
		job = rknpu_queue_next(&sched->queue, BIT(core));
		if (job && !rknpu_pick_ready_locked(&sched->slots[core], job))
			return true;
	}
	return false;
}

/*
 * Returns a job that needs no change of address space while the attached one has its turn. It
 * must be one that starts at once, because its end makes the core look again: a gang might not
 * start at once, and nothing is woken at the end of a turn. Returns NULL if @next is a gang,
 * because cores are kept for it as they become idle.
 */
static struct rknpu_job *rknpu_pick_same_locked(const struct rknpu_slot *slot, const struct rknpu_job *next)
{
	struct rknpu_job *same;

	lockdep_assert_held(&slot->sched->lock);
	if (next->gang || !rknpu_pick_in_turn_locked(slot))
		return NULL;
	same = rknpu_queue_next_in(&slot->sched->queue, BIT(slot->index), rknpu_mmu_attached(slot->mmu),
				   next->priority);
	return same && !same->gang && rknpu_pick_ready_locked(slot, same) ? same : NULL;
}

/* The first job for any of the cores behind an IOMMU determines the address space that they all run in. */
static struct rknpu_job *rknpu_pick_together_locked(const struct rknpu_slot *slot, struct rknpu_job *next)
{
	const struct rknpu_job *first = rknpu_queue_next(&slot->sched->queue, slot->siblings);

	lockdep_assert_held(&slot->sched->lock);
	if (next == first || (first->vm == rknpu_mmu_attached(slot->mmu) && next->vm == first->vm))
		return next;
	return NULL;
}

/**
 * rknpu_pick_job_locked() - choose the job that a core should run next
 * @slot: the core; idle
 *
 * The attached address space continues for its turn. Behind a shared IOMMU, when the turn
 * is over, the cores become idle one by one until all of them can change.
 *
 * Return: the job, still queued, or NULL if there is none or the core should wait.
 */
struct rknpu_job *rknpu_pick_job_locked(const struct rknpu_slot *slot)
{
	struct rknpu_job *next = rknpu_queue_next(&slot->sched->queue, BIT(slot->index));
	struct rknpu_job *same;

	lockdep_assert_held(&slot->sched->lock);
	if (!next)
		return NULL;
	if (!rknpu_pick_ready_locked(slot, next)) {
		same = rknpu_pick_same_locked(slot, next);
		if (same)
			return same;
	}
	if (rknpu_slot_shared(slot) && rknpu_pick_switchable_locked(slot))
		return rknpu_pick_together_locked(slot, next);
	return rknpu_pick_ready_locked(slot, next) && rknpu_pick_contended_locked(slot) ? NULL : next;
}

/**
 * rknpu_pick_awaited_locked() - tell whether a job is waiting that may be able to run now
 * @slot: a core that has become idle
 *
 * Return: true if a job names this core or, behind a shared IOMMU, a sibling.
 */
bool rknpu_pick_awaited_locked(const struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	return rknpu_queue_next(&slot->sched->queue, slot->siblings);
}

/*
 * True if a core is available to a job, at once or after a change of its address space. It is not
 * available if it is kept for something else: a gang that waits for more cores, a job that the
 * worker is about to prepare it for, or another address space.
 */
static bool rknpu_pick_available_locked(const struct rknpu_slot *slot, const struct rknpu_job *job)
{
	const struct rknpu_job *next;

	lockdep_assert_held(&slot->sched->lock);
	if (slot->state != RKNPU_SLOT_IDLE)
		return false;
	if (slot->sched->queue.used) {
		next = rknpu_pick_job_locked(slot);
		if (next ? next != job : rknpu_pick_awaited_locked(slot))
			return false;
	}
	return rknpu_pick_ready_locked(slot, job) || rknpu_pick_switchable_locked(slot);
}

/* Picks a core for a job, preferably one that has the address space, so nothing needs to be attached. */
static u32 rknpu_pick_any_core_locked(struct rknpu_sched *sched, const struct rknpu_job *job)
{
	struct rknpu_slot *any = NULL;
	unsigned long cores = job->cores;
	unsigned int core;

	lockdep_assert_held(&sched->lock);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		struct rknpu_slot *slot = &sched->slots[core];

		if (!rknpu_pick_available_locked(slot, job))
			continue;
		if (rknpu_pick_ready_locked(slot, job))
			return BIT(core);
		/* Next best is a core without an address space. */
		if (!any || (rknpu_mmu_attached(any->mmu) && !rknpu_mmu_attached(slot->mmu)))
			any = slot;
	}
	return any ? BIT(any->index) : 0;
}

/**
 * rknpu_pick_cores_locked() - find cores that a job can have now
 * @sched: the scheduler
 * @job: a job that is queued or has just been pushed
 *
 * Finds all cores that the job needs, or one of those that it may use. A core that is
 * kept for a gang is not among them, nor is one that is about to be prepared for an
 * earlier job.
 *
 * Return: mask of cores, 0 if the job must wait.
 */
u32 rknpu_pick_cores_locked(struct rknpu_sched *sched, const struct rknpu_job *job)
{
	unsigned long cores = job->cores;
	unsigned int core;

	lockdep_assert_held(&sched->lock);
	if (!job->gang)
		return rknpu_pick_any_core_locked(sched, job);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		if (!rknpu_pick_available_locked(&sched->slots[core], job))
			return 0;
	}
	return cores;
}

/**
 * rknpu_pick_group_locked() - find the cores that must change their address space for a job
 * @sched: the scheduler
 * @job: the job
 * @cores: mask of the cores chosen for it
 *
 * Return: those of @cores that are not ready, and all cores that share an IOMMU with one of them.
 */
u32 rknpu_pick_group_locked(const struct rknpu_sched *sched, const struct rknpu_job *job,
			    unsigned long cores)
{
	unsigned int core;
	u32 group = 0;

	lockdep_assert_held(&sched->lock);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		if (!rknpu_pick_ready_locked(&sched->slots[core], job))
			group |= sched->slots[core].siblings;
	}
	return group;
}
