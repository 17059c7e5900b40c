/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_RUN_H
#define RKNPU_RUN_H

#include <linux/types.h>

struct rknpu_job;
struct rknpu_sched;
struct rknpu_slot;

void rknpu_run_watch_locked(struct rknpu_slot *slot, unsigned long by);
void rknpu_run_settle_locked(struct rknpu_job *job, int result);
void rknpu_run_finish(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_run_start_locked(struct rknpu_sched *sched, struct rknpu_job *job, u32 cores);
void rknpu_run_restart_locked(struct rknpu_sched *sched, struct rknpu_job *job);
struct rknpu_job *rknpu_run_take_locked(struct rknpu_slot *slot, u32 events);

#endif /* RKNPU_RUN_H */
