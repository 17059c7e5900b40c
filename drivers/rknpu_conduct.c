// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: A client whose jobs hang pays for it. As long as no other client waits, a job may
 * use its whole time-out. While another client waits for its cores, a job that finishes
 * no task for stall_limit_ms is ended as if it had timed out. Each time a client's job is
 * ended this way, times out or faults, the client gets a strike. A strike halves the limit
 * for this client, four times at most. If others are waiting, none of the client's jobs is
 * started for eight times as long as the job has held the cores, doubled for each earlier
 * strike. A strike is taken back after every ten seconds without a new one and after every
 * second that the client's jobs have computed and succeeded. Counting successful jobs
 * instead would let a client hide one hang among a thousand small jobs. For one second
 * after a strike the limit is shorter for other clients, too, down to a quarter, because
 * those who wait have already waited for the first hang.
 *
 * A job that computes is not affected: tasks take milliseconds. All this costs nothing
 * while no job waits: the check is a work item that is armed when a job has to wait.
 */
#include "rknpu_conduct.h"

#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/workqueue.h>

#include "rknpu_core.h"
#include "rknpu_entity.h"
#include "rknpu_hw.h"
#include "rknpu_job.h"
#include "rknpu_queue.h"
#include "rknpu_run.h"
#include "rknpu_sched.h"

static unsigned int rknpu_stall_limit_ms = 300;
module_param_named(stall_limit_ms, rknpu_stall_limit_ms, uint, 0644);
MODULE_PARM_DESC(stall_limit_ms, "Longest time in milliseconds that a job may finish no task while others wait (default 300; 0: its time-out)");

#define RKNPU_CONDUCT_STRIKES 4
#define RKNPU_CONDUCT_STRIKES_OF_OTHERS 2
#define RKNPU_CONDUCT_FORGET_NS (10 * (u64)NSEC_PER_SEC)
#define RKNPU_CONDUCT_GOOD_NS NSEC_PER_SEC
#define RKNPU_CONDUCT_OUT_FACTOR 8
#define RKNPU_CONDUCT_LOOK_MS 10

/* Number of strikes that have not expired. */
static unsigned int rknpu_conduct_strikes_locked(const struct rknpu_sched *sched, struct rknpu_entity *entity)
{
	u64 old = entity->strikes ? div64_u64(ktime_get() - entity->last_strike, RKNPU_CONDUCT_FORGET_NS) : 0;

	lockdep_assert_held(&sched->lock);
	entity->strikes -= min_t(u64, old, entity->strikes);
	entity->last_strike += old * RKNPU_CONDUCT_FORGET_NS;
	return entity->strikes;
}

/* How many times the limit is halved for a client. */
static unsigned int rknpu_conduct_shift_locked(const struct rknpu_sched *sched, struct rknpu_entity *entity)
{
	unsigned int others = 0;

	lockdep_assert_held(&sched->lock);
	if (sched->strikes && time_before(jiffies, sched->last_strike + HZ))
		others = min(sched->strikes, RKNPU_CONDUCT_STRIKES_OF_OTHERS);
	return max(others, rknpu_conduct_strikes_locked(sched, entity));
}

/**
 * rknpu_conduct_watch_locked() - start watching running jobs because a job has to wait
 * @sched: the scheduler
 */
void rknpu_conduct_watch_locked(struct rknpu_sched *sched)
{
	lockdep_assert_held(&sched->lock);
	if (!delayed_work_pending(&sched->conduct))
		queue_delayed_work(sched->wq, &sched->conduct, msecs_to_jiffies(RKNPU_CONDUCT_LOOK_MS));
}

/* True if another client waits for one of these cores or for the address space that they hold. */
static bool rknpu_conduct_awaited_locked(const struct rknpu_sched *sched, const struct rknpu_job *job,
					 unsigned long cores)
{
	unsigned int core;
	u32 held = 0;

	lockdep_assert_held(&sched->lock);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES)
		held |= sched->slots[core].siblings;
	return rknpu_queue_other_waits(&sched->queue, held, job->entity);
}

/* Records whether a core has finished a task since the last check. */
static void rknpu_conduct_note_locked(struct rknpu_slot *slot)
{
	struct rknpu_job *job = slot->job;
	struct rknpu_hw_state state;
	u32 tasks;

	lockdep_assert_held(&slot->sched->lock);
	rknpu_hw_read_state(&slot->core->hw, &state);
	tasks = job->range[slot->index].chunk * slot->sched->soc->max_tasks +
		rknpu_hw_tasks_done(&slot->core->hw, &state);
	if (slot->seen_id == job->id && slot->seen_tasks == tasks)
		return;
	slot->seen_id = job->id;
	slot->seen_tasks = tasks;
	job->progress = jiffies;
}

static bool rknpu_conduct_stalled_locked(struct rknpu_sched *sched, struct rknpu_job *job)
{
	unsigned long limit = msecs_to_jiffies(READ_ONCE(rknpu_stall_limit_ms));

	lockdep_assert_held(&sched->lock);
	limit >>= rknpu_conduct_shift_locked(sched, job->entity);
	return limit && time_after_eq(jiffies, job->progress + limit) &&
	       rknpu_conduct_awaited_locked(sched, job, job->running);
}

static void rknpu_conduct_judge_locked(struct rknpu_sched *sched)
{
	unsigned int i;

	lockdep_assert_held(&sched->lock);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (sched->slots[i].state == RKNPU_SLOT_RUNNING && !sched->slots[i].faulted)
			rknpu_conduct_note_locked(&sched->slots[i]);
	}
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (slot->state != RKNPU_SLOT_RUNNING || slot->faulted ||
		    !rknpu_conduct_stalled_locked(sched, slot->job))
			continue;
		/* End it as a time-out, which it is. */
		slot->job->deadline = jiffies;
		rknpu_run_watch_locked(slot, jiffies);
	}
}

/**
 * rknpu_conduct_look() - end jobs that stall while others wait, and readmit clients whose penalty is over
 * @work: sched->conduct
 *
 * Context: Process context, from the scheduler's ordered worker.
 */
void rknpu_conduct_look(struct work_struct *work)
{
	struct rknpu_sched *sched = container_of(to_delayed_work(work), struct rknpu_sched, conduct);
	bool out;

	spin_lock_irq(&sched->lock);
	if (!sched->stopping) {
		rknpu_conduct_judge_locked(sched);
		out = rknpu_queue_readmit(&sched->queue);
		/* A readmitted client may find a free core. */
		queue_work(sched->wq, &sched->dispatch);
		if (out || sched->queue.used)
			rknpu_conduct_watch_locked(sched);
	}
	spin_unlock_irq(&sched->lock);
}

/* Jobs that ran at the same time count as one strike. */
static void rknpu_conduct_strike_locked(struct rknpu_sched *sched, const struct rknpu_job *job)
{
	struct rknpu_entity *entity = job->entity;

	lockdep_assert_held(&sched->lock);
	if (entity->strikes && ktime_before(job->started, entity->last_strike))
		return;
	entity->strikes = min(entity->strikes + 1, RKNPU_CONDUCT_STRIKES);
	entity->last_strike = ktime_get();
	entity->good_ns = 0;
	if (time_after(jiffies, sched->last_strike + HZ))
		sched->strikes = 0;
	sched->strikes++;
	sched->last_strike = jiffies;
}

/**
 * rknpu_conduct_blame_locked() - give a client a strike because its job hung or faulted
 * @sched: the scheduler
 * @job: the job, which had been started
 * @cores: cores that it was ended on
 */
void rknpu_conduct_blame_locked(struct rknpu_sched *sched, const struct rknpu_job *job, u32 cores)
{
	unsigned int strikes = rknpu_conduct_strikes_locked(sched, job->entity);
	u64 held_ns = ktime_to_ns(ktime_sub(ktime_get(), job->started));
	u64 limit_ns = (u64)READ_ONCE(rknpu_stall_limit_ms) * NSEC_PER_MSEC;
	unsigned long out;

	lockdep_assert_held(&sched->lock);
	if (!limit_ns)
		return;
	rknpu_conduct_strike_locked(sched, job);
	if (!rknpu_conduct_awaited_locked(sched, job, cores))
		return;
	/* Count no more than the stall limit: a longer time-out that delayed no other client does not count. */
	out = nsecs_to_jiffies(min(held_ns, limit_ns) * RKNPU_CONDUCT_OUT_FACTOR << strikes) + 1;
	rknpu_queue_banish(&sched->queue, job->client, jiffies + out);
	rknpu_conduct_watch_locked(sched);
}

/**
 * rknpu_conduct_good_locked() - credit a client that has strikes with a successful job
 * @sched: the scheduler
 * @entity: what the scheduler keeps for the client
 * @busy_ns: time that the job has held a core; called once for each of its cores
 */
void rknpu_conduct_good_locked(const struct rknpu_sched *sched, struct rknpu_entity *entity, u64 busy_ns)
{
	lockdep_assert_held(&sched->lock);
	for (entity->good_ns += busy_ns; entity->strikes && entity->good_ns >= RKNPU_CONDUCT_GOOD_NS; entity->strikes--)
		entity->good_ns -= RKNPU_CONDUCT_GOOD_NS;
}
