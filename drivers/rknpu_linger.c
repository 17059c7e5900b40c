// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Power references between jobs. A core that becomes idle keeps its reference for the
 * next job, for a time that is short compared with the autosuspend delay. One timer for all
 * cores then drops the references and lets runtime PM count from the time when each core
 * became idle. So a core powers off when it would have done so anyway, and a stream of
 * short jobs does not involve runtime PM.
 */
#include "rknpu_linger.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>

#include "rknpu_core.h"
#include "rknpu_power.h"
#include "rknpu_sched.h"

/**
 * rknpu_linger_take_locked() - get a power reference for a job if that needs no sleeping
 * @slot: the core
 *
 * Return: true if a reference was taken, false if not.
 */
bool rknpu_linger_take_locked(struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	if (!slot->lingers)
		return rknpu_power_get_if_on(slot->core->power);
	slot->lingers = false;
	return true;
}

/**
 * rknpu_linger_begin_locked() - keep the power reference of a core that has become idle
 * @slot: the core; its power reference is consumed. rknpu_linger_watch_locked() must be called afterwards,
 *	at the latest by the worker.
 *
 * sched->now must be the current time.
 */
void rknpu_linger_begin_locked(struct rknpu_slot *slot)
{
	struct rknpu_sched *sched = slot->sched;

	lockdep_assert_held(&sched->lock);
	if (slot->lingers || sched->stopping || sched->suspended || !rknpu_power_lingers(slot->core->power)) {
		rknpu_power_put(slot->core->power);
		return;
	}
	slot->lingers = true;
	slot->idle_since = sched->now;
}

static bool rknpu_linger_any_locked(const struct rknpu_sched *sched)
{
	unsigned int i;

	lockdep_assert_held(&sched->lock);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (sched->slots[i].lingers)
			return true;
	}
	return false;
}

/**
 * rknpu_linger_watch_locked() - arm the timer for lingering cores
 * @sched: the scheduler
 */
void rknpu_linger_watch_locked(struct rknpu_sched *sched)
{
	lockdep_assert_held(&sched->lock);
	if (!delayed_work_pending(&sched->linger) && rknpu_linger_any_locked(sched))
		queue_delayed_work(sched->wq, &sched->linger, msecs_to_jiffies(RKNPU_POWER_LINGER_MS));
}

/**
 * rknpu_linger_watch() - arm the timer for lingering cores
 * @sched: the scheduler
 *
 * Context: Process context. Takes sched->lock.
 */
void rknpu_linger_watch(struct rknpu_sched *sched)
{
	spin_lock_irq(&sched->lock);
	rknpu_linger_watch_locked(sched);
	spin_unlock_irq(&sched->lock);
}

/**
 * rknpu_linger_end_locked() - drop the power reference of a lingering core now
 * @slot: the core
 */
void rknpu_linger_end_locked(struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	if (!slot->lingers)
		return;
	/* Before the reference is dropped, because the core may then power off at once. */
	slot->lingers = false;
	rknpu_power_put_since(slot->core->power, slot->idle_since);
}

/**
 * rknpu_linger_look() - drop the power references of cores that have been idle for a while
 * @work: sched->linger
 *
 * Also drops that of a core that runs again with its job's own reference.
 *
 * Context: Process context, from the worker.
 */
void rknpu_linger_look(struct work_struct *work)
{
	struct rknpu_sched *sched = container_of(to_delayed_work(work), struct rknpu_sched, linger);
	ktime_t before = ktime_sub_ms(ktime_get(), RKNPU_POWER_LINGER_MS);
	bool left = false;
	unsigned int i;

	spin_lock_irq(&sched->lock);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (!slot->lingers)
			continue;
		if (slot->state == RKNPU_SLOT_IDLE && !sched->stopping && ktime_after(slot->idle_since, before))
			left = true;
		else
			rknpu_linger_end_locked(slot);
	}
	if (left)
		queue_delayed_work(sched->wq, &sched->linger, msecs_to_jiffies(RKNPU_POWER_LINGER_MS));
	spin_unlock_irq(&sched->lock);
}
