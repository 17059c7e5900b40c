/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_CONDUCT_H
#define RKNPU_CONDUCT_H

#include <linux/types.h>

struct rknpu_job;
struct rknpu_sched;
struct rknpu_entity;
struct work_struct;

void rknpu_conduct_watch_locked(struct rknpu_sched *sched);
void rknpu_conduct_look(struct work_struct *work);
void rknpu_conduct_blame_locked(struct rknpu_sched *sched, const struct rknpu_job *job, u32 cores);
void rknpu_conduct_good_locked(const struct rknpu_sched *sched, struct rknpu_entity *entity, u64 busy_ns);

#endif /* RKNPU_CONDUCT_H */
