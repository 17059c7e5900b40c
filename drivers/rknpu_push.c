// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: How jobs are passed to the scheduler, and how their submitters wait for them.
 * Every job that was pushed is finished exactly once, which signals its fence.
 */
#include "rknpu_push.h"

#include <linux/preempt.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "rknpu_account.h"
#include "rknpu_drop.h"
#include "rknpu_job.h"
#include "rknpu_poll.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"
#include "rknpu_wait.h"

/*
 * Makes a job wait for its fence, or fails it with the fence's error. @spare is armed; it is NULL
 * afterwards if the job has taken it. Returns true if there is nothing more to do, false if the fence has
 * been signalled without an error.
 */
static bool rknpu_push_hold_locked(struct rknpu_sched *sched, struct rknpu_job *job, struct rknpu_wait **spare)
{
	lockdep_assert_held(&sched->lock);
	if (rknpu_wait_join_locked(sched, job, spare))
		return true;
	if (job->in_fence->error)
		rknpu_sched_fail_locked(sched, job, job->in_fence->error);
	return job->in_fence->error;
}

/* Starts a job, queues it, or makes it wait for its fence. */
static int rknpu_push_accept_locked(struct rknpu_sched *sched, struct rknpu_job *job, struct rknpu_wait **spare)
{
	lockdep_assert_held(&sched->lock);
	if (sched->stopping)
		return -ENODEV;
	if (!rknpu_sched_has_cores_locked(sched, job))
		return -EIO;
	if (job->in_fence && rknpu_queue_full(job->entity))
		return -EAGAIN;
	rknpu_account_queue_locked(sched, job);
	if (job->in_fence && rknpu_push_hold_locked(sched, job, spare))
		return 0;
	if (rknpu_sched_try_locked(sched, job))
		return 0;
	/* Whatever starts it later, its submitter will not be polling. */
	job->quiet = false;
	if (rknpu_queue_full(job->entity))
		return -EAGAIN;
	rknpu_sched_queue_locked(sched, job);
	return 0;
}

static int rknpu_push_hand_over(struct rknpu_sched *sched, struct rknpu_job *job)
{
	struct rknpu_wait *spare = job->wait;
	unsigned long flags;
	int ret;

	if (spare) {
		job->wait = NULL;
		rknpu_wait_arm(sched, spare);
	}
	spin_lock_irqsave(&sched->lock, flags);
	ret = rknpu_push_accept_locked(sched, job, &spare);
	/* Not too late: the path that finishes the job takes the lock first. */
	if (!ret)
		kref_get(&job->ref);
	spin_unlock_irqrestore(&sched->lock, flags);
	if (spare)
		rknpu_wait_release(spare);
	return ret;
}

/**
 * rknpu_push_job() - run a job as soon as possible
 * @sched: the scheduler
 * @job: complete job; the scheduler takes a reference of its own
 * @wait: true if the caller is going to wait for the job
 *
 * Does not wait for a fence or a core. May poll briefly for the end of a short job if the
 * caller is going to wait for it anyway.
 *
 * Context: Process context. Does not sleep.
 *
 * Return: 0 on success, -ENODEV if the device is going away, -EIO if cores that the job needs are out of
 * service, -EAGAIN if the client has too many jobs that have not started.
 */
int rknpu_push_job(struct rknpu_sched *sched, struct rknpu_job *job, bool wait)
{
	int ret;

	job->sched = sched;
	job->quiet = wait && rknpu_poll_wanted(job);
	if (!job->quiet)
		return rknpu_push_hand_over(sched, job);
	preempt_disable();
	ret = rknpu_push_hand_over(sched, job);
	if (!ret)
		rknpu_poll_watch(sched, job);
	preempt_enable();
	return ret;
}

static bool rknpu_push_is_done(const struct rknpu_job *job)
{
	/* Pairs with rknpu_run_finish(). */
	return smp_load_acquire(&job->done);
}

/**
 * rknpu_push_wait() - wait for a job
 * @sched: the scheduler
 * @job: a pushed job; the caller holds a reference
 *
 * If the caller is killed, its job is dropped if it has not started, and otherwise gets a
 * short grace period to finish.
 *
 * Context: Process context. May sleep; the wait is killable.
 *
 * Return: the job's result, or -EINTR if the caller was killed.
 */
int rknpu_push_wait(struct rknpu_sched *sched, struct rknpu_job *job)
{
	/* Freezable, because the job may have to wait for another process that is already frozen. */
	if (!rknpu_push_is_done(job) &&
	    rcuwait_wait_event(&job->waiter, rknpu_push_is_done(job), TASK_KILLABLE | TASK_FREEZABLE)) {
		rknpu_drop_killed(sched, job);
		return -EINTR;
	}
	if (!job->result)
		rknpu_poll_learn(job);
	return job->result;
}
