// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: How jobs come to the scheduler and how they leave it without having run:
 * input fences, killed or closing submitters, a client's reset, dead cores, the
 * end of the device. Every job that has been pushed is finished exactly once,
 * which signals its fence.
 */
#include <linux/dma-fence.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/workqueue.h>

#include "rknpu_account.h"
#include "rknpu_client.h"
#include "rknpu_job.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"

typedef bool (*rknpu_job_match)(const struct rknpu_job *job, const void *data);

static bool rknpu_match_all(const struct rknpu_job *job, const void *data)
{
	return true;
}

static bool rknpu_match_job(const struct rknpu_job *job, const void *data)
{
	return job == data;
}

static bool rknpu_match_client(const struct rknpu_job *job, const void *data)
{
	return job->client == data;
}

static bool rknpu_match_file(const struct rknpu_job *job, const void *data)
{
	return job->file == data;
}

/* Every core that it needs works, or one of those that it may use. */
static bool rknpu_job_has_cores_locked(const struct rknpu_sched *sched, const struct rknpu_job *job)
{
	unsigned long cores = job->cores;
	unsigned int alive = 0;
	unsigned int core;

	for_each_set_bit(core, &cores, RKNPU_MAX_CORES)
		alive += sched->slots[core].state != RKNPU_SLOT_DEAD;
	return job->gang ? alive == hweight32(job->cores) : alive;
}

static bool rknpu_match_orphan(const struct rknpu_job *job, const void *data)
{
	return !rknpu_job_has_cores_locked(data, job);
}

static bool rknpu_match_late(const struct rknpu_job *job, const void *data)
{
	return job->place == RKNPU_JOB_WAITING && job->impatient && time_after_eq(jiffies, job->deadline);
}

/* Take one job that has not started off its list. */
static struct rknpu_job *rknpu_sched_pop_locked(struct rknpu_sched *sched, rknpu_job_match match,
						const void *data, bool *waited)
{
	struct rknpu_job *job;

	*waited = false;
	list_for_each_entry(job, &sched->waiting, node) {
		if (!match(job, data))
			continue;
		list_del_init(&job->node);
		*waited = true;
		goto out;
	}
	job = rknpu_queue_find(&sched->queue, match, data);
	if (!job)
		return NULL;
	rknpu_queue_remove(&sched->queue, job);
out:
	job->place = RKNPU_JOB_ELSEWHERE;
	return job;
}

/* Drop all jobs with a property that have not started; there may be thousands. Context: process. */
static void rknpu_sched_drop(struct rknpu_sched *sched, rknpu_job_match match, const void *data, int result)
{
	bool queued = false;
	struct rknpu_job *job;
	unsigned long flags;
	bool waited;

	do {
		spin_lock_irqsave(&sched->lock, flags);
		job = rknpu_sched_pop_locked(sched, match, data, &waited);
		if (job)
			rknpu_sched_settle_locked(job, result);
		else if (queued && sched->queue.used)
			/* A gang that does not come any more, say, gives back the cores that were kept for it. */
			queue_work(sched->wq, &sched->dispatch);
		spin_unlock_irqrestore(&sched->lock, flags);
		if (!job)
			return;
		queued |= !waited;
		/* Afterwards the callback neither runs nor will run. */
		if (waited)
			dma_fence_remove_callback(job->in_fence, &job->in_cb);
		rknpu_sched_finish(sched, job);
		cond_resched();
	} while (job);
}

/**
 * rknpu_sched_drop_all() - drop all jobs that have not started
 * @sched: the scheduler
 * @result: theirs
 *
 * Context: process.
 */
void rknpu_sched_drop_all(struct rknpu_sched *sched, int result)
{
	rknpu_sched_drop(sched, rknpu_match_all, NULL, result);
}

/**
 * rknpu_sched_drop_orphans() - fail the jobs that no core is left for
 * @sched: the scheduler; a core has just died
 *
 * Context: process.
 */
void rknpu_sched_drop_orphans(struct rknpu_sched *sched)
{
	rknpu_sched_drop(sched, rknpu_match_orphan, sched, -EIO);
}

/**
 * rknpu_sched_drop_failed() - end the jobs whose input fence failed
 * @sched: the scheduler
 *
 * Not done in the fence's callback, which must not signal another fence.
 * Context: worker.
 */
void rknpu_sched_drop_failed(struct rknpu_sched *sched)
{
	struct rknpu_job *job;

	do {
		spin_lock_irq(&sched->lock);
		job = list_first_entry_or_null(&sched->failed, struct rknpu_job, node);
		if (job)
			list_del_init(&job->node);
		spin_unlock_irq(&sched->lock);
		if (job)
			rknpu_sched_finish(sched, job);
	} while (job);
}

/* Look after the jobs that wait when the first of them has waited long enough. */
static void rknpu_sched_watch_waiting_locked(struct rknpu_sched *sched)
{
	const struct rknpu_job *job;
	const struct rknpu_job *first = NULL;

	lockdep_assert_held(&sched->lock);
	list_for_each_entry(job, &sched->waiting, node) {
		if (job->impatient && (!first || time_before(job->deadline, first->deadline)))
			first = job;
	}
	if (first)
		mod_delayed_work(sched->wq, &sched->patience,
				 time_after(first->deadline, jiffies) ? first->deadline - jiffies : 0);
}

static void rknpu_sched_watch_new_locked(struct rknpu_sched *sched, const struct rknpu_job *job)
{
	if (!delayed_work_pending(&sched->patience) ||
	    time_after(sched->patience.timer.expires, job->deadline))
		mod_delayed_work(sched->wq, &sched->patience, job->timeout);
}

/**
 * rknpu_sched_drop_late() - end the jobs whose input fence has not come in time
 * @work: sched->patience
 *
 * Only fences of others: what waits for jobs of ours waits for something that
 * ends by itself, and its own time-out has not begun. Context: worker.
 */
void rknpu_sched_drop_late(struct work_struct *work)
{
	struct rknpu_sched *sched = container_of(to_delayed_work(work), struct rknpu_sched, patience);

	rknpu_sched_drop(sched, rknpu_match_late, NULL, -ETIMEDOUT);
	spin_lock_irq(&sched->lock);
	rknpu_sched_watch_waiting_locked(sched);
	spin_unlock_irq(&sched->lock);
}

/* The input fence has signalled. Context: any; the fence's lock is held or it is our caller's thread. */
static void rknpu_sched_fence_ready(struct rknpu_sched *sched, struct rknpu_job *job)
{
	/* Set before the fence signalled; dma_fence_get_status() would take the lock that our caller may hold. */
	int error = job->in_fence->error;
	unsigned long flags;

	spin_lock_irqsave(&sched->lock, flags);
	/* Else it has been dropped meanwhile. */
	if (job->place == RKNPU_JOB_WAITING) {
		list_del_init(&job->node);
		job->place = RKNPU_JOB_ELSEWHERE;
		if (error) {
			rknpu_sched_settle_locked(job, error);
			list_add_tail(&job->node, &sched->failed);
			queue_work(sched->wq, &sched->dispatch);
		} else {
			rknpu_sched_enqueue_locked(sched, job);
		}
	}
	spin_unlock_irqrestore(&sched->lock, flags);
}

static void rknpu_sched_fence_cb(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct rknpu_job *job = container_of(cb, struct rknpu_job, in_cb);

	rknpu_sched_fence_ready(job->sched, job);
}

/* The caller's reference keeps the job, whoever drops it meanwhile. */
static void rknpu_sched_wait_for_fence(struct rknpu_sched *sched, struct rknpu_job *job)
{
	unsigned long flags;
	bool dropped;

	if (dma_fence_add_callback(job->in_fence, &job->in_cb, rknpu_sched_fence_cb)) {
		rknpu_sched_fence_ready(sched, job);
		return;
	}
	/* Who dropped it before there was a callback could not remove it. */
	spin_lock_irqsave(&sched->lock, flags);
	dropped = job->place != RKNPU_JOB_WAITING;
	spin_unlock_irqrestore(&sched->lock, flags);
	if (dropped)
		dma_fence_remove_callback(job->in_fence, &job->in_cb);
}

/**
 * rknpu_sched_push() - run a job as soon as possible
 * @sched: the scheduler
 * @job: complete; the scheduler takes a reference of its own
 *
 * Never waits, not for a fence either. Context: process; does not sleep.
 *
 * Return: 0; -ENODEV when the device is going away; -EIO when the cores that the
 * job needs do not work any more.
 */
int rknpu_sched_push(struct rknpu_sched *sched, struct rknpu_job *job)
{
	bool wait = job->in_fence;
	unsigned long flags;
	int ret = 0;

	job->sched = sched;
	spin_lock_irqsave(&sched->lock, flags);
	if (sched->stopping) {
		ret = -ENODEV;
	} else if (!rknpu_job_has_cores_locked(sched, job)) {
		ret = -EIO;
	} else {
		kref_get(&job->ref);
		rknpu_account_queue_locked(sched, job);
		if (wait) {
			job->place = RKNPU_JOB_WAITING;
			job->deadline = jiffies + job->timeout;
			list_add_tail(&job->node, &sched->waiting);
			if (job->impatient)
				rknpu_sched_watch_new_locked(sched, job);
		} else {
			rknpu_sched_enqueue_locked(sched, job);
		}
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	if (!ret && wait)
		rknpu_sched_wait_for_fence(sched, job);
	return ret;
}

/*
 * The jobs that @match names and that are on the hardware have lost their owner: what
 * one has not ended within RKNPU_SCHED_GRACE_JIFFIES is stopped by a reset of its cores.
 */
static void rknpu_sched_curtail(struct rknpu_sched *sched, rknpu_job_match match, const void *data)
{
	unsigned long latest = jiffies + RKNPU_SCHED_GRACE_JIFFIES;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&sched->lock, flags);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];
		struct rknpu_job *job = slot->job;

		if (!job || !match(job, data))
			continue;
		job->abandoned = true;
		if (job->running && time_after(job->deadline, latest)) {
			job->deadline = latest;
			mod_delayed_work(sched->wq, &slot->watchdog, RKNPU_SCHED_GRACE_JIFFIES);
		}
	}
	spin_unlock_irqrestore(&sched->lock, flags);
}

/**
 * rknpu_sched_wait() - wait for a job
 * @sched: the scheduler
 * @job: pushed; the caller has a reference
 *
 * A killed caller's job is dropped if it still waits, else it has a moment left to
 * finish in. Context: may sleep, killable.
 *
 * Return: the job's result; -EINTR when the caller was killed.
 */
int rknpu_sched_wait(struct rknpu_sched *sched, struct rknpu_job *job)
{
	/* Freezable: what it waits for may be another process's, which is frozen already. */
	if (!wait_for_completion_state(&job->done, TASK_KILLABLE | TASK_FREEZABLE))
		return job->result;
	rknpu_sched_drop(sched, rknpu_match_job, job, -EINTR);
	rknpu_sched_curtail(sched, rknpu_match_job, job);
	return -EINTR;
}

/**
 * rknpu_sched_cancel_file() - drop what a closing file has not got started
 * @sched: the scheduler
 * @file: identity of the file
 *
 * What runs has a moment left to finish in. Context: process; does not wait.
 */
void rknpu_sched_cancel_file(struct rknpu_sched *sched, const void *file)
{
	rknpu_sched_drop(sched, rknpu_match_file, file, -ECANCELED);
	rknpu_sched_curtail(sched, rknpu_match_file, file);
}

/**
 * rknpu_sched_cancel_client() - drop all jobs of a client
 * @sched: the scheduler
 * @client: asked for a reset
 *
 * What runs is stopped by a reset of its cores. Context: process; does not wait.
 */
void rknpu_sched_cancel_client(struct rknpu_sched *sched, struct rknpu_client *client)
{
	unsigned long flags;
	unsigned int i;

	rknpu_sched_drop(sched, rknpu_match_client, client, -ECANCELED);
	spin_lock_irqsave(&sched->lock, flags);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (slot->job && slot->job->client == client) {
			slot->job->cancelled = true;
			mod_delayed_work(sched->wq, &slot->watchdog, 0);
		}
	}
	spin_unlock_irqrestore(&sched->lock, flags);
}
