/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_QUEUE_H
#define RKNPU_QUEUE_H

#include <linux/list.h>
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
 * @node: entry of its level while it has jobs.
 * @used: bit n: @jobs[n] is not empty.
 * @jobs: by class, each in order of arrival.
 */
struct rknpu_turn {
	struct list_head node;
	u32 used;
	struct list_head jobs[RKNPU_QUEUE_CLASSES];
};

/**
 * struct rknpu_turns - all queued jobs of one client
 * @level: by priority.
 */
struct rknpu_turns {
	struct rknpu_turn level[RKNPU_QUEUE_LEVELS];
};

/**
 * struct rknpu_queue - jobs that wait for a core; sched->lock
 * @used: bit n: @levels[n] is not empty.
 * @levels: clients with jobs, by priority; whose turn it is stands first.
 * @arrivals: number of jobs that have been queued.
 */
struct rknpu_queue {
	unsigned long used;
	struct list_head levels[RKNPU_QUEUE_LEVELS];
	u64 arrivals;
};

void rknpu_queue_init(struct rknpu_queue *queue);
int rknpu_queue_prepare(struct rknpu_client *client);
void rknpu_queue_add(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_remove(struct rknpu_queue *queue, struct rknpu_job *job);
void rknpu_queue_take(struct rknpu_queue *queue, struct rknpu_job *job);
struct rknpu_job *rknpu_queue_next(const struct rknpu_queue *queue, u32 cores);
struct rknpu_job *rknpu_queue_next_in(const struct rknpu_queue *queue, u32 cores,
				      const struct rknpu_vm *vm, int priority);
struct rknpu_job *rknpu_queue_find(struct rknpu_queue *queue,
				   bool (*match)(const struct rknpu_job *job, const void *data),
				   const void *data);

#endif /* RKNPU_QUEUE_H */
