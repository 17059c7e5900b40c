/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_ACCOUNT_H
#define RKNPU_ACCOUNT_H

#include <linux/lockdep.h>
#include <linux/types.h>

#include "rknpu_job.h"
#include "rknpu_sched.h"
#include "rknpu_soc.h"
#include "rknpu_trace.h"

/**
 * struct rknpu_account - snapshot of the scheduler's counters
 * @counts: counts of all jobs.
 * @busy_ns: time that each core has spent on jobs since the device was probed.
 * @last_ns: the part of it in the last whole second.
 */
struct rknpu_account {
	struct rknpu_counts counts;
	u64 busy_ns[RKNPU_MAX_CORES];
	u64 last_ns[RKNPU_MAX_CORES];
};

void rknpu_account_trace_start(const struct rknpu_job *job);
void rknpu_account_end_locked(struct rknpu_slot *slot, struct rknpu_job *job, int result);
void rknpu_account_charge_locked(struct rknpu_slot *slot, struct rknpu_job *job, int result);
void rknpu_account_resets(struct rknpu_sched *sched, unsigned int number);
void rknpu_account_read(struct rknpu_sched *sched, struct rknpu_account *account);
void rknpu_account_read_usage(struct rknpu_sched *sched, const struct rknpu_usage *usage,
			      struct rknpu_usage *result);

/* A job has been submitted: give it an ID. */
static inline void rknpu_account_queue_locked(struct rknpu_sched *sched, struct rknpu_job *job)
{
	lockdep_assert_held(&sched->lock);
	job->id = ++sched->last_id;
	trace_job_queue(job);
}

/* A job is about to be started on the cores in job->running. */
static inline void rknpu_account_begin_locked(const struct rknpu_job *job)
{
	lockdep_assert_held(&job->sched->lock);
	if (trace_job_start_enabled())
		rknpu_account_trace_start(job);
}

/* A job has ended. */
static inline void rknpu_account_result_locked(const struct rknpu_job *job)
{
	lockdep_assert_held(&job->sched->lock);
	rknpu_usage_count(&job->sched->counts, job->result);
	rknpu_usage_count(&job->usage->counts, job->result);
	if (!job->started)
		trace_job_end(job, -1, 0, job->result);
}

#endif /* RKNPU_ACCOUNT_H */
