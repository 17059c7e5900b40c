// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Accounting: functions that the scheduler calls where a job begins and ends, for
 * sums, counts and tracepoints. They are part of the path between two jobs, so they do
 * not allocate, wait or take a lock. Readers add the time of running jobs, so a long
 * job is visible before it ends.
 */
#include "rknpu_account.h"

#include <linux/bitops.h>
#include <linux/ktime.h>

#include "rknpu_conduct.h"
#include "rknpu_entity.h"
#include "rknpu_queue.h"
#include "rknpu_usage.h"

/**
 * rknpu_account_trace_start() - emit the tracepoints for a job that is about to start
 * @job: the job; job->running has the cores
 */
void rknpu_account_trace_start(const struct rknpu_job *job)
{
	unsigned long cores = job->running;
	unsigned int core;

	for_each_set_bit(core, &cores, RKNPU_MAX_CORES)
		trace_job_start(job, core);
}

/**
 * rknpu_account_charge_locked() - charge a client for a job that has ended on a core
 * @slot: the core
 * @job: the job that ran there; job->ended is the time of its end
 * @result: result on this core, 0 or a negative errno
 */
void rknpu_account_charge_locked(struct rknpu_slot *slot, struct rknpu_job *job, int result)
{
	u64 ns = job->ended - job->started;

	lockdep_assert_held(&slot->sched->lock);
	rknpu_usage_load_add(&slot->load, job->started, job->ended);
	job->usage->busy_ns[slot->index] += ns;
	rknpu_queue_charge(&slot->sched->queue, job->entity, ns);
	if (unlikely(job->entity->strikes) && !result)
		rknpu_conduct_good_locked(slot->sched, job->entity, ns);
}

/**
 * rknpu_account_end_locked() - account for a core that has finished a job
 * @slot: the core
 * @job: the job that ran there; job->ended is set to the current time
 * @result: result on this core, 0 or a negative errno
 */
void rknpu_account_end_locked(struct rknpu_slot *slot, struct rknpu_job *job, int result)
{
	lockdep_assert_held(&slot->sched->lock);
	job->ended = ktime_get();
	rknpu_account_charge_locked(slot, job, result);
	trace_job_end(job, slot->index, job->ended - job->started, result);
}

/**
 * rknpu_account_resets() - count resets done to recover cores
 * @sched: the scheduler
 * @number: number of resets
 *
 * Context: Process context. Takes sched->lock.
 */
void rknpu_account_resets(struct rknpu_sched *sched, unsigned int number)
{
	spin_lock_irq(&sched->lock);
	sched->counts.resets += number;
	spin_unlock_irq(&sched->lock);
}

/* Time since when a core has been running a job, or @now if it is not running one. */
static u64 rknpu_account_since_locked(const struct rknpu_slot *slot, u64 now)
{
	const struct rknpu_job *job = slot->job;

	lockdep_assert_held(&slot->sched->lock);
	/* A core that is being prepared has a job, too, but is not running it yet. */
	return job && job->running & BIT(slot->index) ? job->started : now;
}

/**
 * rknpu_account_read() - read all sums and counts
 * @sched: the scheduler
 * @account: result; 0 for cores that do not exist
 *
 * Context: Process context. Takes sched->lock.
 */
void rknpu_account_read(struct rknpu_sched *sched, struct rknpu_account *account)
{
	unsigned int i;
	u64 now;

	spin_lock_irq(&sched->lock);
	account->counts = sched->counts;
	now = ktime_get();
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_load *load = &sched->slots[i].load;
		u64 since = sched->slots[i].sched ? rknpu_account_since_locked(&sched->slots[i], now) : now;

		if (now >= load->end)
			rknpu_usage_load_advance(load, since, now);
		account->busy_ns[i] = load->busy_ns + (now - since);
		account->last_ns[i] = load->last_ns;
	}
	spin_unlock_irq(&sched->lock);
}

/**
 * rknpu_account_read_usage() - read the usage of one open file
 * @sched: the scheduler
 * @usage: usage of the file
 * @result: copy of all but the reference count, with the time of running jobs added
 *
 * Context: Process context. Takes sched->lock.
 */
void rknpu_account_read_usage(struct rknpu_sched *sched, const struct rknpu_usage *usage,
			      struct rknpu_usage *result)
{
	unsigned int i;
	u64 now;

	result->id = usage->id;
	spin_lock_irq(&sched->lock);
	/* Not the whole struct: references are taken and dropped without the lock. */
	memcpy(result->busy_ns, usage->busy_ns, sizeof(result->busy_ns));
	result->counts = usage->counts;
	now = ktime_get();
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		const struct rknpu_slot *slot = &sched->slots[i];

		if (slot->job && slot->job->usage == usage)
			result->busy_ns[i] += now - rknpu_account_since_locked(slot, now);
	}
	spin_unlock_irq(&sched->lock);
}
