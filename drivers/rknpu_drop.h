/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_DROP_H
#define RKNPU_DROP_H

#include <linux/list.h>
#include <linux/types.h>

struct rknpu_client;
struct rknpu_job;
struct rknpu_sched;

/**
 * struct rknpu_drop - jobs that were removed under sched->lock and must be finished without it
 * @sched: their scheduler.
 * @jobs: list of the jobs, linked by their node.
 * @queued: at least one of them was in the queue.
 */
struct rknpu_drop {
	struct rknpu_sched *sched;
	struct list_head jobs;
	bool queued;
};

void rknpu_drop_init(struct rknpu_drop *drop, struct rknpu_sched *sched);
void rknpu_drop_take_locked(struct rknpu_drop *drop, struct rknpu_job *job, int result);
void rknpu_drop_finish(struct rknpu_drop *drop);

void rknpu_drop_all(struct rknpu_sched *sched, int result);
bool rknpu_drop_failed(struct rknpu_sched *sched);
void rknpu_drop_orphans(struct rknpu_sched *sched);

void rknpu_drop_killed(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_drop_client(struct rknpu_sched *sched, struct rknpu_client *client);
void rknpu_drop_file(struct rknpu_sched *sched, struct rknpu_client *client, const void *file);

#endif /* RKNPU_DROP_H */
