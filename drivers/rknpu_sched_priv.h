/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Declarations of rknpu_sched.c for the other files of the scheduler. No other file includes this header.
 */
#ifndef RKNPU_SCHED_PRIV_H
#define RKNPU_SCHED_PRIV_H

#include <linux/jiffies.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "rknpu_job.h"
#include "rknpu_sched.h"
#include "rknpu_soc.h"

/* Longest time that a system suspend waits for running jobs. */
#define RKNPU_SCHED_SUSPEND_JIFFIES	(10 * HZ)

/* Number of jobs handled while interrupts are off, or before the worker returns to looking after the cores. */
#define RKNPU_SCHED_BATCH		16

/*
 * Time that a job is left with when its file is closed or its submitter killed. Jobs take
 * milliseconds, and a process that has exported a result may exit before the result is
 * ready. A job that hangs does not hold its core any longer than this.
 */
#define RKNPU_SCHED_GRACE_JIFFIES	(HZ / 2)

/*
 * A turn: how long an address space may keep a core while another one of equal priority
 * waits. A switch costs a reset, about 20 us, so much longer jobs alternate one by one and
 * short jobs in batches. Cores that share an IOMMU switch together; until then, those that
 * have finished wait for the others.
 */
#define RKNPU_SCHED_TURN_NS		(1 * NSEC_PER_MSEC)
#define RKNPU_SCHED_SHARED_TURN_NS	(10 * NSEC_PER_MSEC)

bool rknpu_sched_try_locked(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_sched_queue_locked(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_sched_fail_locked(struct rknpu_sched *sched, struct rknpu_job *job, int error);
void rknpu_sched_next_locked(struct rknpu_slot *slot, ktime_t now);

/**
 * rknpu_sched_has_cores_locked() - tell whether a job can ever run
 * @sched: the scheduler
 * @job: the job
 *
 * Return: true if every core that it needs works, or one of those that it may use.
 */
static inline bool rknpu_sched_has_cores_locked(const struct rknpu_sched *sched, const struct rknpu_job *job)
{
	u32 dead = READ_ONCE(sched->dead);

	lockdep_assert_held(&sched->lock);
	return job->gang ? !(job->cores & dead) : job->cores & ~dead;
}

#endif /* RKNPU_SCHED_PRIV_H */
