/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_WAIT_H
#define RKNPU_WAIT_H

#include <linux/types.h>

struct dma_fence;
struct rknpu_job;
struct rknpu_sched;
struct rknpu_wait;
struct work_struct;

struct rknpu_wait *rknpu_wait_create(struct dma_fence *fence);
void rknpu_wait_arm(struct rknpu_sched *sched, struct rknpu_wait *wait);
void rknpu_wait_release(struct rknpu_wait *wait);

bool rknpu_wait_join_locked(struct rknpu_sched *sched, struct rknpu_job *job, struct rknpu_wait **spare);
struct rknpu_wait *rknpu_wait_leave_locked(struct rknpu_sched *sched, struct rknpu_job *job);
bool rknpu_wait_pass_ready(struct rknpu_sched *sched);
void rknpu_wait_drop_late(struct work_struct *work);

#endif /* RKNPU_WAIT_H */
