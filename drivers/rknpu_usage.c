// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Sums of busy time. No sampling is needed: between two jobs a core is idle, so
 * its load in any second can be computed afterwards.
 */
#include "rknpu_usage.h"

#include <linux/atomic.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/time64.h>

/* Time that a core has spent until @at, if it began to work at @since and has not stopped. */
static u64 rknpu_usage_load_at(const struct rknpu_load *load, u64 since, u64 at)
{
	return load->busy_ns + (at > since ? at - since : 0);
}

/**
 * rknpu_usage_load_advance() - advance to the current second
 * @load: the load of a core
 * @since: time when the core began to work, or @now if it is idle
 * @now: current time, not before @load->end
 *
 * Context: Any context. Caller must hold sched->lock.
 */
void rknpu_usage_load_advance(struct rknpu_load *load, u64 since, u64 now)
{
	u64 begin, rest;

	div64_u64_rem(now - load->end, NSEC_PER_SEC, &rest);
	begin = now - rest;
	/* The second before the current one need not be the one that ended at @load->end. */
	if (begin > load->end)
		load->begin_ns = rknpu_usage_load_at(load, since, begin - NSEC_PER_SEC);
	load->last_ns = rknpu_usage_load_at(load, since, begin) - load->begin_ns;
	load->begin_ns += load->last_ns;
	load->end = begin + NSEC_PER_SEC;
}

/**
 * rknpu_usage_count_failed() - count a job that has not succeeded
 * @counts: the counts
 * @result: the job's result, a negative errno
 *
 * Context: Any context. Caller must hold sched->lock.
 */
void rknpu_usage_count_failed(struct rknpu_counts *counts, int result)
{
	switch (result) {
	case -ECANCELED:
	case -EINTR:
	case -ENODEV:
		counts->cancelled++;
		break;
	case -ETIMEDOUT:
		counts->timed_out++;
		fallthrough;
	default:
		counts->failed++;
	}
}

/**
 * rknpu_usage_create() - allocate usage counters for an open file
 *
 * Context: Process context. May sleep.
 *
 * Return: the counters with one reference, or NULL if out of memory.
 */
struct rknpu_usage *rknpu_usage_create(void)
{
	static atomic64_t last;
	struct rknpu_usage *usage = kzalloc(sizeof(*usage), GFP_KERNEL_ACCOUNT);

	if (!usage)
		return NULL;
	kref_init(&usage->ref);
	usage->id = atomic64_inc_return(&last);
	return usage;
}

/**
 * rknpu_usage_release() - free usage counters after the last reference is dropped
 * @ref: &rknpu_usage.ref
 */
void rknpu_usage_release(struct kref *ref)
{
	kfree(container_of(ref, struct rknpu_usage, ref));
}
