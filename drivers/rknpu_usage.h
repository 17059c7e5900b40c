/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Accounting of hardware time, cheap enough for the interrupt that ends a job:
 * nothing is written when a job starts, and one sum when it ends. Readers add the
 * time of jobs that are still running.
 */
#ifndef RKNPU_USAGE_H
#define RKNPU_USAGE_H

#include <linux/compiler.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/types.h>

#include "rknpu_soc.h"

/**
 * struct rknpu_load - time that a core has spent on jobs that have ended; sched->lock
 * @busy_ns: time since the device was probed.
 * @end: end of the current second, by ktime_get().
 * @begin_ns: value of @busy_ns at the beginning of the current second.
 * @last_ns: time spent in the previous second.
 */
struct rknpu_load {
	u64 busy_ns;
	u64 end;
	u64 begin_ns;
	u64 last_ns;
};

/**
 * struct rknpu_counts - counts of jobs and events since the device was probed
 * @done: jobs that succeeded.
 * @failed: jobs that failed with an error of their own, including time-outs.
 * @timed_out: the jobs in @failed that timed out.
 * @cancelled: jobs given up because of their submitter or because the device went away.
 * @faults: NPU accesses to addresses without a translation.
 * @resets: resets of a core to recover it, not counting those between two clients.
 * @lost: starts that were lost and repeated.
 *
 * All under sched->lock.
 */
struct rknpu_counts {
	u64 done;
	u64 failed;
	u64 timed_out;
	u64 cancelled;
	u64 faults;
	u64 resets;
	u64 lost;
};

/**
 * struct rknpu_usage - usage of one open file; outlives the file while the file has jobs
 * @ref: held by the file and each of its jobs.
 * @id: unique number. Immutable.
 * @busy_ns: time on each core of jobs that have ended; sched->lock.
 * @counts: counts of its jobs.
 */
struct rknpu_usage {
	struct kref ref;
	u64 id;
	u64 busy_ns[RKNPU_MAX_CORES];
	struct rknpu_counts counts;
};

void rknpu_usage_load_advance(struct rknpu_load *load, u64 since, u64 now);
void rknpu_usage_count_failed(struct rknpu_counts *counts, int result);

/* The core was idle until @since and has worked from then until @now; caller must hold sched->lock. */
static inline void rknpu_usage_load_add(struct rknpu_load *load, u64 since, u64 now)
{
	if (unlikely(now >= load->end))
		rknpu_usage_load_advance(load, since, now);
	load->busy_ns += now - since;
}

/* Count a job that has ended; caller must hold sched->lock. */
static inline void rknpu_usage_count(struct rknpu_counts *counts, int result)
{
	if (likely(!result))
		counts->done++;
	else
		rknpu_usage_count_failed(counts, result);
}

struct rknpu_usage *rknpu_usage_create(void);
void rknpu_usage_release(struct kref *ref);

/* The caller must hold a reference. */
static inline struct rknpu_usage *rknpu_usage_get(struct rknpu_usage *usage)
{
	kref_get(&usage->ref);
	return usage;
}

/* Context: Any context. */
static inline void rknpu_usage_put(struct rknpu_usage *usage)
{
	kref_put(&usage->ref, rknpu_usage_release);
}

#endif /* RKNPU_USAGE_H */
