// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Power references between jobs. A core that falls idle keeps its reference for
 * the next job, for a time that is short beside the one after which it may go off; one
 * timer for all cores takes it away, and has runtime PM count from when the core fell
 * idle. So a core goes off when it would have without, and a stream of short jobs
 * leaves runtime PM alone.
 */
#include "rknpu_linger.h"

#include <linux/jiffies.h>
#include <linux/ktime.h>

#include "rknpu_core.h"
#include "rknpu_power.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"

/**
 * rknpu_linger_take_locked() - a power reference for a job, if that needs nothing that sleeps
 * @slot: the core
 *
 * Return: true with a reference held; false without one.
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
 * rknpu_linger_begin_locked() - a core has fallen idle
 * @slot: the core, with a power reference, which this takes; rknpu_linger_watch_locked() is owed,
 *	by the worker at the latest
 *
 * rknpu_sched_decide_locked() has been called under this hold of the lock.
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
	slot->idle_since = rknpu_sched_now_locked(sched);
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
 * rknpu_linger_watch_locked() - have the cores that linger let go of in time
 * @sched: the scheduler
 */
void rknpu_linger_watch_locked(struct rknpu_sched *sched)
{
	lockdep_assert_held(&sched->lock);
	if (!delayed_work_pending(&sched->linger) && rknpu_linger_any_locked(sched))
		queue_delayed_work(sched->wq, &sched->linger, msecs_to_jiffies(RKNPU_POWER_LINGER_MS));
}

/**
 * rknpu_linger_watch() - likewise
 * @sched: the scheduler
 *
 * Context: process; takes sched->lock.
 */
void rknpu_linger_watch(struct rknpu_sched *sched)
{
	spin_lock_irq(&sched->lock);
	rknpu_linger_watch_locked(sched);
	spin_unlock_irq(&sched->lock);
}

/**
 * rknpu_linger_end_locked() - let go of a core now
 * @slot: the core
 */
void rknpu_linger_end_locked(struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	if (slot->lingers)
		rknpu_power_put_since(slot->core->power, slot->idle_since);
	slot->lingers = false;
}

/**
 * rknpu_linger_look() - let go of cores that have been idle for a while
 * @work: sched->linger
 *
 * Also of those that run again, with a reference of their job's. Context: worker.
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
