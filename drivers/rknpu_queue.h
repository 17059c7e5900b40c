/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_QUEUE_H
#define RKNPU_QUEUE_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include "rknpu_soc.h"

struct rknpu_client;
struct rknpu_job;
struct rknpu_vm;

/* Priorities that a job may ask for: a higher one goes first, 0 is the default. */
#define RKNPU_PRIORITY_MIN (-4)
#define RKNPU_PRIORITY_MAX 3
#define RKNPU_QUEUE_LEVELS (RKNPU_PRIORITY_MAX - RKNPU_PRIORITY_MIN + 1)

/* Two lists for each set of cores: jobs that take any core of the set, and jobs that need all of them. */
#define RKNPU_QUEUE_CLASSES (2 << RKNPU_MAX_CORES)

/**
 * struct rknpu_turn - jobs of one client at one priority; sched->lock
 * @node: entry in its level, while it has jobs and its client is not banished.
 * @tag: sort key in the level: the time that its client had used when it was last checked, in units of
 *	about a millisecond. Of two clients that have used equally much, the one that was checked earlier
 *	goes first.
 * @used: bit n is set if @jobs[n] is not empty.
 * @jobs: lists of jobs by class, each in order of arrival.
 */
struct rknpu_turn {
	struct rb_node node;
	u64 tag;
	u32 used;
	struct list_head jobs[RKNPU_QUEUE_CLASSES];
};

static_assert(RKNPU_QUEUE_CLASSES <= 32 && RKNPU_QUEUE_LEVELS <= BITS_PER_LONG);

/**
 * struct rknpu_turns - all jobs of one client that have not started; sched->lock
 * @level: jobs that wait for a core, by priority.
 * @waits: fences that the other jobs wait for: &struct rknpu_wait, sorted by fence.
 * @unstarted: all of these jobs, in no particular order.
 * @num_unstarted: number of these jobs.
 * @busy: entry in the queue's list while there are any.
 * @entered: bit n is set if @level[n] is in the queue's order.
 * @used_ns: time used on cores, kept within a window around the queue's @share_ns.
 * @out: the client is banished: none of its jobs is in the queue's order until @out_end.
 * @out_end: jiffies.
 * @strikes: number of strikes, see rknpu_conduct.c.
 * @last_strike: time of the last strike, if there are any.
 * @good_ns: time of successful jobs since then that has not been used to take back a strike yet.
 */
struct rknpu_turns {
	struct rknpu_turn level[RKNPU_QUEUE_LEVELS];
	struct rb_root waits;
	struct list_head unstarted;
	unsigned int num_unstarted;
	struct list_head busy;
	unsigned long entered;
	u64 used_ns;
	bool out;
	unsigned long out_end;
	unsigned int strikes;
	ktime_t last_strike;
	u64 good_ns;
};

/**
 * struct rknpu_queue - jobs that wait for a core; sched->lock
 * @used: bit n is set if @levels[n] is not empty.
 * @levels: clients with jobs, by priority; the client that goes next is first.
 * @num_turns: number of entries in all levels.
 * @share_ns: time used by a hypothetical client that always gets its fair share.
 * @moved: a client has lost its place because a job ended; cleared by the next decision.
 * @arrivals: number of jobs that have been queued.
 * @busy: clients with jobs that have not started, including jobs that wait for a fence.
 * @num_busy: number of these clients.
 */
struct rknpu_queue {
	unsigned long used;
	struct rb_root_cached levels[RKNPU_QUEUE_LEVELS];
	unsigned int num_turns;
	u64 share_ns;
	bool moved;
	u64 arrivals;
	struct list_head busy;
	unsigned int num_busy;
};

void rknpu_queue_init(struct rknpu_queue *queue);
int rknpu_queue_prepare(struct rknpu_client *client);
bool rknpu_queue_full(const struct rknpu_client *client);
void rknpu_queue_own(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_disown(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_add(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_remove(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_take(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_charge(struct rknpu_queue *queue, struct rknpu_turns *turns, u64 ns);
struct rknpu_job *rknpu_queue_next(const struct rknpu_queue *queue, u32 cores);
struct rknpu_job *rknpu_queue_next_in(const struct rknpu_queue *queue, u32 cores,
				      const struct rknpu_vm *vm, int priority);
bool rknpu_queue_other_waits(const struct rknpu_queue *queue, u32 cores, const struct rknpu_client *client);
void rknpu_queue_banish(struct rknpu_queue *queue, struct rknpu_client *client, unsigned long end);
bool rknpu_queue_readmit(struct rknpu_queue *queue);

#endif /* RKNPU_QUEUE_H */
