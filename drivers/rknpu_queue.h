/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_QUEUE_H
#define RKNPU_QUEUE_H

#include <linux/hashtable.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

#include "rknpu_soc.h"

struct rknpu_client;
struct rknpu_entity;
struct rknpu_job;
struct rknpu_vm;

/* Priorities that a job may ask for: a higher one goes first, 0 is the default. */
#define RKNPU_PRIORITY_MIN (-4)
#define RKNPU_PRIORITY_MAX 3
#define RKNPU_QUEUE_LEVELS (RKNPU_PRIORITY_MAX - RKNPU_PRIORITY_MIN + 1)

/* Two lists for each set of cores: jobs that take any core of the set, and jobs that need all of them. */
#define RKNPU_QUEUE_CLASSES (2 << RKNPU_MAX_CORES)

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
 * @banished: those of them that are banished.
 * @spaces: address spaces of jobs that wait for a core, by their address.
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
	struct list_head banished;
	DECLARE_HASHTABLE(spaces, 8);
};

void rknpu_queue_init(struct rknpu_queue *queue);
bool rknpu_queue_full(const struct rknpu_entity *entity);
void rknpu_queue_own(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_disown(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_add(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_remove(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_take(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_charge(struct rknpu_queue *queue, struct rknpu_entity *entity, u64 ns);
struct rknpu_job *rknpu_queue_next(const struct rknpu_queue *queue, u32 cores);
struct rknpu_job *rknpu_queue_next_in(const struct rknpu_queue *queue, u32 cores,
				      const struct rknpu_vm *vm, int priority);
bool rknpu_queue_other_waits(const struct rknpu_queue *queue, u32 cores, const struct rknpu_entity *entity);
void rknpu_queue_banish(struct rknpu_queue *queue, struct rknpu_client *client, unsigned long end);
bool rknpu_queue_readmit(struct rknpu_queue *queue);

#endif /* RKNPU_QUEUE_H */
