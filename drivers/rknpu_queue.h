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

/* Priorities that a job may ask for: higher goes first, 0 is the default. */
#define RKNPU_PRIORITY_MIN	(-4)
#define RKNPU_PRIORITY_MAX	3
#define RKNPU_QUEUE_LEVELS	(RKNPU_PRIORITY_MAX - RKNPU_PRIORITY_MIN + 1)

/* One list for each set of cores, and that twice: any core of the set, or all of them. */
#define RKNPU_QUEUE_CLASSES	(2 << RKNPU_MAX_CORES)

/**
 * struct rknpu_turn - jobs of one client at one priority; sched->lock
 * @node: entry of its level while it has jobs and its client is not out.
 * @tag: its place there: what its client had used when it was last looked at, in units of about
 *	a millisecond. Who has used as much as another has had its turn when that other has.
 * @used: bit n: @jobs[n] is not empty.
 * @jobs: by class, each in order of arrival.
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
 * @level: those that wait for a core, by priority.
 * @waits: what the others wait for: &struct rknpu_wait by fence.
 * @unstarted: all of them, in no order.
 * @num_unstarted: how many.
 * @busy: entry of the queue's list while there are any.
 * @entered: bit n: @level[n] stands in the queue's order.
 * @used_ns: time on cores, kept near the queue's @share_ns.
 * @out: none of them is in the queue's order, until @out_end.
 * @out_end: jiffies.
 * @strikes: see rknpu_conduct.c.
 * @last_strike: when the last one was, while there are any.
 * @good_ns: time of good jobs since then, as far as it has taken back none.
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
 * @used: bit n: @levels[n] is not empty.
 * @levels: clients with jobs, by priority; whose turn it is stands first.
 * @num_turns: entries of all levels.
 * @share_ns: what a client has had that always has its fair share.
 * @moved: somebody has lost a place because of a job that has ended; for who decides next.
 * @arrivals: number of jobs that have been queued.
 * @busy: clients with jobs that have not started, those that wait for a fence too.
 * @num_busy: how many.
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
