// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Sums of busy time. Nothing samples: between two jobs a core is idle, so what
 * it did in any second can be worked out afterwards.
 */
#include "rknpu_usage.h"

#include <linux/atomic.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/time64.h>

/* What a core has spent until @at that began to work at @since and has not stopped. */
static u64 rknpu_load_at(const struct rknpu_load *load, u64 since, u64 at)
{
	return load->busy_ns + (at > since ? at - since : 0);
}

/**
 * rknpu_load_advance() - go on to the second that is under way
 * @load: the seconds
 * @since: when the core began to work; @now when it does not
 * @now: the time, not before @load->end
 *
 * Context: any, with sched->lock.
 */
void rknpu_load_advance(struct rknpu_load *load, u64 since, u64 now)
{
	u64 begin, rest;

	div64_u64_rem(now - load->end, NSEC_PER_SEC, &rest);
	begin = now - rest;
	/* The second before this one may not be the one that ended at @load->end. */
	if (begin > load->end)
		load->begin_ns = rknpu_load_at(load, since, begin - NSEC_PER_SEC);
	load->last_ns = rknpu_load_at(load, since, begin) - load->begin_ns;
	load->begin_ns += load->last_ns;
	load->end = begin + NSEC_PER_SEC;
}

/**
 * rknpu_counts_add_failed() - count a job that has not ended well
 * @counts: where
 * @result: its, a negative errno
 *
 * Context: any, with sched->lock.
 */
void rknpu_counts_add_failed(struct rknpu_counts *counts, int result)
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
 * rknpu_usage_create() - for a file that opens
 *
 * Context: may sleep.
 *
 * Return: with one reference, or NULL.
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
 * rknpu_usage_release() - nobody uses it any more
 * @ref: of the usage
 */
void rknpu_usage_release(struct kref *ref)
{
	kfree(container_of(ref, struct rknpu_usage, ref));
}
