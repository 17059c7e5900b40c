/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Declarations of rknpu_sched.c for the other files of the scheduler. No other file includes this header.
 */
#ifndef RKNPU_SCHED_PRIV_H
#define RKNPU_SCHED_PRIV_H

#include <linux/types.h>

#include "rknpu_job.h"
#include "rknpu_sched.h"
#include "rknpu_soc.h"

/* Number of jobs handled while interrupts are off, or before the worker returns to looking after the cores. */
#define RKNPU_SCHED_BATCH 16

void rknpu_sched_put_power(struct rknpu_sched *sched, unsigned long cores);
bool rknpu_sched_try_locked(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_sched_queue_locked(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_sched_fail_locked(struct rknpu_sched *sched, struct rknpu_job *job, int error);
void rknpu_sched_next_locked(struct rknpu_slot *slot, ktime_t now);

/**
 * rknpu_sched_held_locked() - tell whether no job may be started
 * @sched: the scheduler
 *
 * Return: true if the scheduler is stopping, the system is suspended or all cores are about to be reset.
 */
static inline bool rknpu_sched_held_locked(const struct rknpu_sched *sched)
{
	lockdep_assert_held(&sched->lock);
	return sched->stopping || sched->reset_all || sched->suspended;
}

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
