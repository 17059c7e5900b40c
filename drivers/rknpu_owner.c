// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Checks of the rules that &enum rknpu_slot_state states: which code may touch a core, and
 * which state may follow another. Only built for kernels with lockdep; others do not pay for it.
 */
#include "rknpu_owner.h"

#include <linux/bitops.h>
#include <linux/bug.h>
#include <linux/lockdep.h>
#include <linux/workqueue.h>

#include "rknpu_sched.h"

/* Bit n is set if state n may follow. */
static const u8 rknpu_owner_steps[] = {
	[RKNPU_SLOT_ABSENT] = BIT(RKNPU_SLOT_IDLE),
	[RKNPU_SLOT_IDLE] = BIT(RKNPU_SLOT_PREPARING) | BIT(RKNPU_SLOT_RUNNING) | BIT(RKNPU_SLOT_RECOVERING) |
			    BIT(RKNPU_SLOT_STALLED) | BIT(RKNPU_SLOT_DEAD),
	[RKNPU_SLOT_PREPARING] = BIT(RKNPU_SLOT_IDLE) | BIT(RKNPU_SLOT_DEAD),
	[RKNPU_SLOT_RUNNING] = BIT(RKNPU_SLOT_IDLE) | BIT(RKNPU_SLOT_RECOVERING) | BIT(RKNPU_SLOT_STALLED),
	[RKNPU_SLOT_RECOVERING] = BIT(RKNPU_SLOT_IDLE) | BIT(RKNPU_SLOT_DEAD),
	[RKNPU_SLOT_STALLED] = BIT(RKNPU_SLOT_IDLE) | BIT(RKNPU_SLOT_RUNNING) | BIT(RKNPU_SLOT_RECOVERING) |
			       BIT(RKNPU_SLOT_STALLED) | BIT(RKNPU_SLOT_DEAD),
	[RKNPU_SLOT_DEAD] = BIT(RKNPU_SLOT_DEAD),
};

/* True in the scheduler's worker. Other work items on its queue own no core. */
static bool rknpu_owner_is_worker(const struct rknpu_sched *sched)
{
	const struct work_struct *work = current_work();
	unsigned int i;

	if (!work || work == &sched->dispatch)
		return work;
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (work == &sched->slots[i].watchdog.work)
			return true;
	}
	return false;
}

static bool rknpu_owner_is_caller(const struct rknpu_slot *slot)
{
	/* The caller that stops the scheduler has ended the worker. */
	bool stop = READ_ONCE(slot->sched->stopping);

	switch (READ_ONCE(slot->state)) {
	case RKNPU_SLOT_PREPARING:
	case RKNPU_SLOT_RECOVERING:
	case RKNPU_SLOT_STALLED:
	case RKNPU_SLOT_DEAD:
		return stop || rknpu_owner_is_worker(slot->sched);
	case RKNPU_SLOT_IDLE:
		return stop;
	default:
		return false;
	}
}

/**
 * rknpu_owner_check() - warn unless the caller owns a core without the lock
 * @slot: the core
 */
void rknpu_owner_check(const struct rknpu_slot *slot)
{
	WARN_ONCE(!rknpu_owner_is_caller(slot), "core %u in state %d is touched by code that does not own it\n",
		  slot->index, READ_ONCE(slot->state));
}

/**
 * rknpu_owner_check_space() - warn unless the caller owns all cores behind a core's IOMMU without the lock
 * @slot: the core
 */
void rknpu_owner_check_space(const struct rknpu_slot *slot)
{
	unsigned long siblings = slot->siblings;
	unsigned int core;

	for_each_set_bit(core, &siblings, RKNPU_MAX_CORES)
		rknpu_owner_check(&slot->sched->slots[core]);
}

/**
 * rknpu_owner_check_idle_locked() - warn unless the holder of the lock owns a core
 * @slot: the core; idle, or dead and without an owner
 */
void rknpu_owner_check_idle_locked(const struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	WARN_ONCE(slot->state != RKNPU_SLOT_IDLE && slot->state != RKNPU_SLOT_DEAD,
		  "core %u is not idle but in state %d\n", slot->index, slot->state);
}

/**
 * rknpu_owner_check_step_locked() - warn if a core must not pass to another owner like this
 * @slot: the core
 * @next: its next state
 *
 * Only the worker passes on a core that it owns, except that a core may die while runtime suspend resets it.
 */
void rknpu_owner_check_step_locked(const struct rknpu_slot *slot, enum rknpu_slot_state next)
{
	enum rknpu_slot_state state = slot->state;

	lockdep_assert_held(&slot->sched->lock);
	WARN_ONCE(!(rknpu_owner_steps[state] & BIT(next)), "core %u goes from state %d to %d\n",
		  slot->index, state, next);
	if (next != RKNPU_SLOT_DEAD && (state == RKNPU_SLOT_PREPARING || state == RKNPU_SLOT_RECOVERING ||
					state == RKNPU_SLOT_STALLED))
		rknpu_owner_check(slot);
}

/**
 * rknpu_owner_check_off() - warn if a core that is about to lose power may have a power reference
 * @slot: the core
 */
void rknpu_owner_check_off(const struct rknpu_slot *slot)
{
	enum rknpu_slot_state state = READ_ONCE(slot->state);

	WARN_ONCE(READ_ONCE(slot->lingers), "core %u lingers and goes off\n", slot->index);
	if (READ_ONCE(slot->sched->stopping))
		return;
	WARN_ONCE(state != RKNPU_SLOT_IDLE && state != RKNPU_SLOT_PREPARING && state != RKNPU_SLOT_DEAD,
		  "core %u goes off in state %d\n", slot->index, state);
}
