/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_TURN_H
#define RKNPU_TURN_H

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include "rknpu_job.h"
#include "rknpu_queue.h"

/**
 * struct rknpu_turn - jobs of one client at one priority; sched->lock
 * @node: entry in its level, while it has jobs and its client is not banished.
 * @tag: sort key in the level: the time that its client had used when it was last checked, in units of
 *	about a millisecond. Of two clients that have used equally much, the one that was checked earlier
 *	goes first.
 * @cores: cores that its jobs name.
 * @below: cores that the jobs of its subtree in the level name, including its own.
 * @used: bit n is set if @jobs[n] is not empty.
 * @jobs: lists of jobs by class, each in order of arrival.
 */
struct rknpu_turn {
	struct rb_node node;
	u64 tag;
	u8 cores;
	u8 below;
	u32 used;
	struct list_head jobs[RKNPU_QUEUE_CLASSES];
};

static_assert(RKNPU_QUEUE_CLASSES <= 32 && RKNPU_MAX_CORES <= 8);

void rknpu_turn_enter(struct rb_root_cached *level, struct rknpu_turn *turn, u64 tag);
void rknpu_turn_leave(struct rb_root_cached *level, struct rknpu_turn *turn);
void rknpu_turn_add_job(struct rknpu_turn *turn, struct rknpu_job *job, bool entered);
void rknpu_turn_remove_job(struct rknpu_turn *turn, struct rknpu_job *job, bool entered);
struct rknpu_job *rknpu_turn_search_job(const struct rknpu_turn *turn, u32 cores);
struct rknpu_turn *rknpu_turn_search(const struct rb_root_cached *level, u32 cores);
struct rknpu_turn *rknpu_turn_after(const struct rknpu_turn *turn, u32 cores);

/**
 * rknpu_turn_next_job() - find the first job, in order of arrival, that names one of some cores
 * @turn: the turn
 * @cores: mask of the cores
 *
 * Return: the job, or NULL.
 */
static inline struct rknpu_job *rknpu_turn_next_job(const struct rknpu_turn *turn, u32 cores)
{
	/* Nearly always all jobs name the same cores. */
	if (!is_power_of_2(turn->used))
		return rknpu_turn_search_job(turn, cores);
	return turn->cores & cores ? list_first_entry(&turn->jobs[__ffs(turn->used)], struct rknpu_job, node) : NULL;
}

/**
 * rknpu_turn_first() - find the turn that goes first among those with a job for some cores
 * @level: the level
 * @cores: mask of the cores
 *
 * Return: the turn, or NULL.
 */
static inline struct rknpu_turn *rknpu_turn_first(const struct rb_root_cached *level, u32 cores)
{
	struct rknpu_turn *first = rb_entry_safe(rb_first_cached(level), struct rknpu_turn, node);

	return likely(!first || first->cores & cores) ? first : rknpu_turn_search(level, cores);
}

#endif /* RKNPU_TURN_H */
