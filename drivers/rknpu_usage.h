/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Counting who uses the hardware and for how long, cheaply enough for the
 * interrupt that ends a job: nothing is written when it starts, and a sum when it
 * ends. What runs is added by who reads.
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
 * @busy_ns: since the device started.
 * @end: when the second that is under way ends, by ktime_get().
 * @begin_ns: what the core had spent when it began.
 * @last_ns: what it spent in the one before.
 */
struct rknpu_load {
	u64 busy_ns;
	u64 end;
	u64 begin_ns;
	u64 last_ns;
};

/**
 * struct rknpu_counts - what has become of jobs and cores since the device started
 * @done: jobs that ended well.
 * @failed: jobs that ended with an error of their own, out of time or not.
 * @timed_out: those among them that ran out of time.
 * @cancelled: jobs given up because of who had submitted them, or because the device went away.
 * @faults: accesses of the NPU to addresses without translation.
 * @resets: resets of a core to recover it; not those between two clients.
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
 * struct rknpu_usage - what one open file has used; outlives it as long as it has a job
 * @ref: the file, each of its jobs.
 * @id: number that no other open has. Immutable.
 * @busy_ns: time on each core of jobs that have ended; sched->lock.
 * @counts: of its jobs.
 */
struct rknpu_usage {
	struct kref ref;
	u64 id;
	u64 busy_ns[RKNPU_MAX_CORES];
	struct rknpu_counts counts;
};

void rknpu_load_advance(struct rknpu_load *load, u64 since, u64 now);
void rknpu_counts_add_failed(struct rknpu_counts *counts, int result);

/* The core has worked from @since to @now and stands idle then; it stood idle before. sched->lock. */
static inline void rknpu_load_add(struct rknpu_load *load, u64 since, u64 now)
{
	if (unlikely(now >= load->end))
		rknpu_load_advance(load, since, now);
	load->busy_ns += now - since;
}

/* A job has ended; sched->lock. */
static inline void rknpu_counts_add(struct rknpu_counts *counts, int result)
{
	if (likely(!result))
		counts->done++;
	else
		rknpu_counts_add_failed(counts, result);
}

struct rknpu_usage *rknpu_usage_create(void);
void rknpu_usage_release(struct kref *ref);

/* The caller has a reference. */
static inline struct rknpu_usage *rknpu_usage_get(struct rknpu_usage *usage)
{
	kref_get(&usage->ref);
	return usage;
}

/* Context: any. */
static inline void rknpu_usage_put(struct rknpu_usage *usage)
{
	kref_put(&usage->ref, rknpu_usage_release);
}

#endif /* RKNPU_USAGE_H */
