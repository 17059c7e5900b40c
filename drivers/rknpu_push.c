// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: How jobs come to the scheduler, and how their submitters wait for them. Every
 * job that has been pushed is finished exactly once, which signals its fence.
 */
#include <linux/preempt.h>
#include <linux/rcuwait.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "rknpu_account.h"
#include "rknpu_client.h"
#include "rknpu_drop.h"
#include "rknpu_job.h"
#include "rknpu_poll.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"
#include "rknpu_wait.h"

/*
 * Have a job wait for its fence, or fail with it. @spare: armed; NULL afterwards if it has
 * been taken. Return: whether there is nothing more to be done.
 */
static bool rknpu_sched_hold_locked(struct rknpu_sched *sched, struct rknpu_job *job, struct rknpu_wait **spare)
{
	if (rknpu_wait_join_locked(sched, job, spare))
		return true;
	if (job->in_fence->error)
		rknpu_sched_fail_locked(sched, job, job->in_fence->error);
	return job->in_fence->error;
}

/* Start a job, queue it, or have it wait for its fence. */
static int rknpu_sched_accept_locked(struct rknpu_sched *sched, struct rknpu_job *job, struct rknpu_wait **spare)
{
	lockdep_assert_held(&sched->lock);
	if (sched->stopping)
		return -ENODEV;
	if (!rknpu_job_has_cores_locked(sched, job))
		return -EIO;
	if (job->in_fence && rknpu_queue_full(job->client))
		return -EAGAIN;
	rknpu_account_queue_locked(sched, job);
	if (job->in_fence && rknpu_sched_hold_locked(sched, job, spare))
		return 0;
	if (rknpu_sched_try_locked(sched, job))
		return 0;
	/* Whoever starts it later, nobody looks. */
	job->quiet = false;
	if (rknpu_queue_full(job->client))
		return -EAGAIN;
	rknpu_sched_queue_locked(sched, job);
	return 0;
}

static int rknpu_sched_hand_over(struct rknpu_sched *sched, struct rknpu_job *job)
{
	struct rknpu_wait *spare = job->wait;
	unsigned long flags;
	int ret;

	if (spare) {
		job->wait = NULL;
		rknpu_wait_arm(sched, spare);
	}
	spin_lock_irqsave(&sched->lock, flags);
	ret = rknpu_sched_accept_locked(sched, job, &spare);
	/* In time: whoever finishes it takes the lock first. */
	if (!ret)
		kref_get(&job->ref);
	spin_unlock_irqrestore(&sched->lock, flags);
	if (spare)
		rknpu_wait_release(spare);
	return ret;
}

/**
 * rknpu_sched_push() - run a job as soon as possible
 * @sched: the scheduler
 * @job: complete; the scheduler takes a reference of its own
 * @wait: the caller is going to wait for it
 *
 * Does not wait for a fence or a core; for the end of a short job for a moment, if the
 * caller would do so anyway. Context: process; does not sleep.
 *
 * Return: 0; -ENODEV when the device is going away; -EIO when the cores that the
 * job needs do not work any more; -EAGAIN when its client has too many jobs that have
 * not started.
 */
int rknpu_sched_push(struct rknpu_sched *sched, struct rknpu_job *job, bool wait)
{
	int ret;

	job->sched = sched;
	job->quiet = wait && rknpu_poll_wanted(job);
	if (!job->quiet)
		return rknpu_sched_hand_over(sched, job);
	preempt_disable();
	ret = rknpu_sched_hand_over(sched, job);
	if (!ret)
		rknpu_poll_watch(sched, job);
	preempt_enable();
	return ret;
}

static bool rknpu_job_is_done(const struct rknpu_job *job)
{
	/* Pairs with rknpu_run_finish(). */
	return smp_load_acquire(&job->done);
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
	if (!rknpu_job_is_done(job) &&
	    rcuwait_wait_event(&job->waiter, rknpu_job_is_done(job), TASK_KILLABLE | TASK_FREEZABLE)) {
		rknpu_drop_killed(sched, job);
		return -EINTR;
	}
	if (!job->result)
		rknpu_poll_learn(job);
	return job->result;
}
