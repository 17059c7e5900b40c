// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Hanging costs the one who hangs. As long as nobody else waits, a job may take
 * its time-out. While another client waits for its cores, a job that finishes no task
 * for stall_limit_ms is ended as if it had timed out. Each time that a client's jobs
 * end so, time out or fault is a strike: it halves that limit for the client, four
 * times at most, and if others wait, the client has no job started for eight times as
 * long as its job has held the cores, and with each strike before twice as much. Every
 * ten seconds without one take a strike back, and so does every second that its jobs have
 * computed and ended well: a count of jobs would do for who hides a hang among a thousand
 * small ones. In the second after a strike others have a shorter limit, too, down to a
 * quarter: who waits has waited for that already.
 *
 * A job that computes is not touched: tasks take milliseconds. Costs nothing while no
 * job waits: who looks is a work item that is armed when one does.
 */
#include "rknpu_conduct.h"

#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/workqueue.h>

#include "rknpu_client.h"
#include "rknpu_core.h"
#include "rknpu_hw.h"
#include "rknpu_job.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"

static unsigned int rknpu_stall_limit_ms = 300;
module_param_named(stall_limit_ms, rknpu_stall_limit_ms, uint, 0644);
MODULE_PARM_DESC(stall_limit_ms, "Longest time in milliseconds that a job may finish no task while others wait (default 300; 0: its time-out)");

#define RKNPU_CONDUCT_STRIKES		4
#define RKNPU_CONDUCT_STRIKES_OF_OTHERS	2
#define RKNPU_CONDUCT_FORGET_NS		(10 * (u64)NSEC_PER_SEC)
#define RKNPU_CONDUCT_GOOD_NS		NSEC_PER_SEC
#define RKNPU_CONDUCT_OUT_FACTOR	8
#define RKNPU_CONDUCT_LOOK_MS		10

/* Strikes that have not been forgotten. */
static unsigned int rknpu_conduct_strikes_locked(struct rknpu_turns *turns)
{
	u64 old = turns->strikes ? div64_u64(ktime_get() - turns->last_strike, RKNPU_CONDUCT_FORGET_NS) : 0;

	turns->strikes -= min_t(u64, old, turns->strikes);
	turns->last_strike += old * RKNPU_CONDUCT_FORGET_NS;
	return turns->strikes;
}

/* How often the limit is halved for a client. */
static unsigned int rknpu_conduct_shift_locked(const struct rknpu_sched *sched, struct rknpu_turns *turns)
{
	unsigned int others = 0;

	if (sched->strikes && time_before(jiffies, sched->last_strike + HZ))
		others = min(sched->strikes, RKNPU_CONDUCT_STRIKES_OF_OTHERS);
	return max(others, rknpu_conduct_strikes_locked(turns));
}

/**
 * rknpu_conduct_watch_locked() - a job has to wait
 * @sched: the scheduler
 */
void rknpu_conduct_watch_locked(struct rknpu_sched *sched)
{
	if (!delayed_work_pending(&sched->conduct))
		queue_delayed_work(sched->wq, &sched->conduct, msecs_to_jiffies(RKNPU_CONDUCT_LOOK_MS));
}

/* Whether another client waits for one of these cores, or for the address space that they hold. */
static bool rknpu_conduct_awaited_locked(const struct rknpu_sched *sched, const struct rknpu_job *job,
					 unsigned long cores)
{
	unsigned int core;
	u32 held = 0;

	for_each_set_bit(core, &cores, RKNPU_MAX_CORES)
		held |= sched->slots[core].siblings;
	return rknpu_queue_other_waits(&sched->queue, held, job->client);
}

/* Note whether a core has finished a task since the last look. */
static void rknpu_conduct_note_locked(struct rknpu_slot *slot)
{
	struct rknpu_job *job = slot->job;
	struct rknpu_hw_state state;
	u32 tasks;

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

	limit >>= rknpu_conduct_shift_locked(sched, job->client->turns);
	return limit && time_after_eq(jiffies, job->progress + limit) &&
	       rknpu_conduct_awaited_locked(sched, job, job->running);
}

static void rknpu_conduct_judge_locked(struct rknpu_sched *sched)
{
	unsigned int i;

	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (sched->slots[i].state == RKNPU_SLOT_RUNNING && !sched->slots[i].faulted)
			rknpu_conduct_note_locked(&sched->slots[i]);
	}
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (slot->state != RKNPU_SLOT_RUNNING || slot->faulted ||
		    !rknpu_conduct_stalled_locked(sched, slot->job))
			continue;
		/* As a time-out, which it is. */
		slot->job->deadline = jiffies;
		rknpu_run_watch_locked(slot, jiffies);
	}
}

/**
 * rknpu_conduct_look() - end what stalls while others wait, and let those in who have sat out
 * @work: sched->conduct
 *
 * Context: the scheduler's ordered worker.
 */
void rknpu_conduct_look(struct work_struct *work)
{
	struct rknpu_sched *sched = container_of(to_delayed_work(work), struct rknpu_sched, conduct);
	bool out;

	spin_lock_irq(&sched->lock);
	if (!sched->stopping) {
		rknpu_conduct_judge_locked(sched);
		out = rknpu_queue_readmit(&sched->queue);
		/* Who has been let in finds his core, perhaps. */
		queue_work(sched->wq, &sched->dispatch);
		if (out || sched->queue.used)
			rknpu_conduct_watch_locked(sched);
	}
	spin_unlock_irq(&sched->lock);
}

/* Jobs that have run at the same time count together. */
static void rknpu_conduct_strike_locked(struct rknpu_sched *sched, const struct rknpu_job *job)
{
	struct rknpu_turns *turns = job->client->turns;

	if (turns->strikes && ktime_before(job->started, turns->last_strike))
		return;
	turns->strikes = min(turns->strikes + 1, RKNPU_CONDUCT_STRIKES);
	turns->last_strike = ktime_get();
	turns->good_ns = 0;
	if (time_after(jiffies, sched->last_strike + HZ))
		sched->strikes = 0;
	sched->strikes++;
	sched->last_strike = jiffies;
}

/**
 * rknpu_conduct_blame_locked() - a job has hung or faulted
 * @sched: the scheduler
 * @job: the job; has been started
 * @cores: that it was ended on
 */
void rknpu_conduct_blame_locked(struct rknpu_sched *sched, const struct rknpu_job *job, u32 cores)
{
	unsigned int strikes = rknpu_conduct_strikes_locked(job->client->turns);
	u64 held_ns = ktime_to_ns(ktime_sub(ktime_get(), job->started));
	u64 limit_ns = (u64)READ_ONCE(rknpu_stall_limit_ms) * NSEC_PER_MSEC;
	unsigned long out;

	lockdep_assert_held(&sched->lock);
	if (!limit_ns)
		return;
	rknpu_conduct_strike_locked(sched, job);
	if (!rknpu_conduct_awaited_locked(sched, job, cores))
		return;
	/* No longer than for a job that was ended here: a time-out that nobody minded is no reason. */
	out = nsecs_to_jiffies(min(held_ns, limit_ns) * RKNPU_CONDUCT_OUT_FACTOR << strikes) + 1;
	rknpu_queue_banish(&sched->queue, job->client, jiffies + out);
	rknpu_conduct_watch_locked(sched);
}

/**
 * rknpu_conduct_good_locked() - a job of a client with strikes has ended well
 * @turns: the client's
 * @busy_ns: that it has held a core; counts on each of them
 */
void rknpu_conduct_good_locked(struct rknpu_turns *turns, u64 busy_ns)
{
	for (turns->good_ns += busy_ns; turns->strikes && turns->good_ns >= RKNPU_CONDUCT_GOOD_NS; turns->strikes--)
		turns->good_ns -= RKNPU_CONDUCT_GOOD_NS;
}
