// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: A job on the hardware: how it starts, continues with its next part, and ends, if it
 * ends by itself. Nothing here sleeps or makes decisions; see rknpu_sched.c.
 */
#include "rknpu_run.h"

#include <linux/dma-fence.h>
#include <linux/jiffies.h>

#include "rknpu_account.h"
#include "rknpu_core.h"
#include "rknpu_entity.h"
#include "rknpu_fence.h"
#include "rknpu_hw.h"
#include "rknpu_job.h"
#include "rknpu_owner.h"
#include "rknpu_pick.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"

/**
 * rknpu_run_finish() - announce the end of a job and drop the queue's reference
 * @sched: the scheduler
 * @job: the job; off the hardware and off every list, with its results set
 *
 * Context: Any context. Must not be called with sched->lock held.
 */
void rknpu_run_finish(struct rknpu_sched *sched, struct rknpu_job *job)
{
	rknpu_job_write_status(job);
	rknpu_job_let_go(job);
	rknpu_fence_signal(job->out_fence, job->result);
	/* Pairs with rknpu_push_wait(). */
	smp_store_release(&job->done, true);
	rcuwait_wake_up(&job->waiter);
	rknpu_job_put_atomic(job, sched->free_wq);
}

/**
 * rknpu_run_settle_locked() - set the results of a job
 * @job: the job; no core runs it any more
 * @result: 0 or a negative errno
 */
void rknpu_run_settle_locked(struct rknpu_job *job, int result)
{
	unsigned int core;

	lockdep_assert_held(&job->sched->lock);
	job->result = result;
	rknpu_account_result_locked(job);
	if (!job->started)
		return;
	job->elapsed_ns = ktime_to_ns(ktime_sub(job->ended, job->started));
	for (core = 0; core < RKNPU_MAX_CORES; core++) {
		/* A core that was still running has added its count when it was given up. */
		if (job->ran & BIT(core) && !(job->running & BIT(core)))
			job->tasks_done += job->range[core].tasks;
	}
}

/**
 * rknpu_run_watch_locked() - arm the watchdog of a core
 * @slot: the core
 * @by: jiffies by which it must have fired
 *
 * The timer wheel fires late by up to an eighth of the delay [kernel/time/timer.c, "granularity"],
 * which is seconds for a long time-out. So the watchdog is armed to fire early by as much; if it finds
 * that it is too early, it arms itself again.
 *
 * Context: Any context.
 */
void rknpu_run_watch_locked(struct rknpu_slot *slot, unsigned long by)
{
	unsigned long delay = time_after(by, jiffies) ? by - jiffies : 0;

	lockdep_assert_held(&slot->sched->lock);
	slot->watch_by = by;
	mod_delayed_work(slot->sched->wq, &slot->watchdog, delay - delay / 8);
}

/* The watchdog is not moved for every job: if it fires too early, it arms itself again. */
static void rknpu_run_guard_locked(struct rknpu_slot *slot)
{
	const struct rknpu_job *job = slot->job;
	/* Half-way through, it checks whether the start was lost, see rknpu_recover.c. */
	unsigned long check = job->deadline - (job->retried ? 0 : job->timeout / 2);

	lockdep_assert_held(&slot->sched->lock);
	if (!delayed_work_pending(&slot->watchdog) || time_after(slot->watch_by, check))
		rknpu_run_watch_locked(slot, check);
}

/* Inline: part of the time that a core is idle between two jobs. */
static inline void rknpu_run_start_chunk_locked(struct rknpu_slot *slot)
{
	struct rknpu_job *job = slot->job;

	lockdep_assert_held(&slot->sched->lock);
	job->range[slot->index].seen = 0;
	rknpu_hw_start(&slot->core->hw, rknpu_job_chunk(job, slot->index), job->task_base, job->quiet);
}

static void rknpu_run_occupy_locked(struct rknpu_slot *slot, struct rknpu_job *job)
{
	lockdep_assert_held(&slot->sched->lock);
	rknpu_owner_set_state_locked(slot, RKNPU_SLOT_RUNNING);
	slot->job = job;
}

/**
 * rknpu_run_restart_locked() - start the current chunks of a job on the hardware
 * @sched: the scheduler
 * @job: the job; job->running has the cores, which are powered, clean and attached
 */
void rknpu_run_restart_locked(struct rknpu_sched *sched, struct rknpu_job *job)
{
	unsigned long cores = job->running;
	unsigned int core = __ffs(cores);

	lockdep_assert_held(&sched->lock);
	/* Most jobs have one core. */
	if (likely(cores == BIT(core))) {
		rknpu_run_occupy_locked(&sched->slots[core], job);
		rknpu_run_start_chunk_locked(&sched->slots[core]);
		rknpu_run_guard_locked(&sched->slots[core]);
		return;
	}
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES)
		rknpu_run_occupy_locked(&sched->slots[core], job);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES)
		rknpu_run_start_chunk_locked(&sched->slots[core]);
	/* This can wait until the hardware is at work. */
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES)
		rknpu_run_guard_locked(&sched->slots[core]);
}

/* The cores of a job that starts now, and when; sched->now must be the current time. */
static void rknpu_run_begin_locked(const struct rknpu_sched *sched, struct rknpu_job *job, u32 cores)
{
	lockdep_assert_held(&sched->lock);
	job->running = cores;
	job->ran = cores;
	job->started = sched->now;
	job->deadline = jiffies + job->timeout;
	rknpu_account_begin_locked(job);
}

/**
 * rknpu_run_start_locked() - start a job
 * @sched: the scheduler; sched->now must be the current time
 * @job: the job; its reference passes to the hardware
 * @cores: cores to run it on; powered, clean and attached
 */
void rknpu_run_start_locked(struct rknpu_sched *sched, struct rknpu_job *job, u32 cores)
{
	lockdep_assert_held(&sched->lock);
	rknpu_run_begin_locked(sched, job, cores);
	rknpu_run_restart_locked(sched, job);
}

static bool rknpu_run_chunk_done_locked(struct rknpu_job *job, unsigned int core, u32 events)
{
	struct rknpu_job_range *range = &job->range[core];

	lockdep_assert_held(&job->sched->lock);
	range->seen |= events;
	return rknpu_hw_done(rknpu_job_chunk(job, core), range->seen);
}

/*
 * The next job of the same client, if no other client waits and the core needs nothing before: the job that
 * rknpu_pick_job_locked() would choose. NULL if the scheduler has to decide.
 */
static struct rknpu_job *rknpu_run_following_locked(const struct rknpu_slot *slot, const struct rknpu_job *job)
{
	const struct rknpu_sched *sched = slot->sched;
	struct rknpu_job *next;

	lockdep_assert_held(&sched->lock);
	if (rknpu_slot_shared(slot) || sched->queue.moved || rknpu_sched_held_locked(sched) ||
	    !rknpu_entity_alone(job->entity, &sched->queue))
		return NULL;
	/* The end of a job is traced before the start of the next. */
	if (trace_job_end_enabled() || trace_job_start_enabled())
		return NULL;
	next = rknpu_entity_next(job->entity, BIT(slot->index));
	return next && !next->gang && rknpu_pick_ready_locked(slot, next) ? next : NULL;
}

/*
 * Starts a client's next job before the end of the last one is accounted for, so that a queue of jobs of one
 * process runs without a detour. All but the start can wait until the hardware is at work.
 */
static void rknpu_run_continue_locked(struct rknpu_slot *slot, struct rknpu_job *job, struct rknpu_job *next)
{
	struct rknpu_sched *sched = slot->sched;

	lockdep_assert_held(&sched->lock);
	rknpu_run_occupy_locked(slot, next);
	rknpu_run_start_chunk_locked(slot);
	/* One reading for both. */
	sched->now = ktime_get();
	job->ended = sched->now;
	rknpu_run_begin_locked(sched, next, BIT(slot->index));
	rknpu_run_guard_locked(slot);
	rknpu_queue_take(&sched->queue, next);
	next->place = RKNPU_JOB_ELSEWHERE;
	rknpu_account_charge_locked(slot, job, 0);
}

/* Called when a core has finished its range. Returns the job if that was the last of its cores, else NULL. */
static struct rknpu_job *rknpu_run_complete_locked(struct rknpu_slot *slot)
{
	struct rknpu_job *job = slot->job, *next;

	lockdep_assert_held(&slot->sched->lock);
	slot->job = NULL;
	rknpu_owner_set_state_locked(slot, RKNPU_SLOT_IDLE);
	/* Start the next job before announcing the end of this one. */
	next = rknpu_run_following_locked(slot, job);
	if (next)
		rknpu_run_continue_locked(slot, job, next);
	job->running &= ~BIT(slot->index);
	if (!next) {
		rknpu_account_end_locked(slot, job, 0);
		rknpu_sched_next_locked(slot, job->ended);
	}
	if (job->running)
		return NULL;
	rknpu_run_settle_locked(job, 0);
	return job;
}

/**
 * rknpu_run_take_locked() - handle events of a core
 * @slot: the core, which runs a job
 * @events: events taken from it
 *
 * Once the job has finished on this core, the core has another job, or none.
 *
 * Return: the job if it has ended, for rknpu_run_finish(), else NULL.
 */
struct rknpu_job *rknpu_run_take_locked(struct rknpu_slot *slot, u32 events)
{
	struct rknpu_job_range *range = &slot->job->range[slot->index];

	lockdep_assert_held(&slot->sched->lock);
	if (!events || slot->faulted || !rknpu_run_chunk_done_locked(slot->job, slot->index, events))
		return NULL;
	if (range->chunk + 1 < range->num_chunks) {
		range->chunk++;
		rknpu_run_start_chunk_locked(slot);
		return NULL;
	}
	return rknpu_run_complete_locked(slot);
}
