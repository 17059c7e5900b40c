/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_PICK_H
#define RKNPU_PICK_H

#include <linux/types.h>

struct rknpu_job;
struct rknpu_sched;
struct rknpu_slot;

bool rknpu_pick_ready_locked(const struct rknpu_slot *slot, const struct rknpu_job *job);
struct rknpu_job *rknpu_pick_job_locked(const struct rknpu_slot *slot);
bool rknpu_pick_awaited_locked(const struct rknpu_slot *slot);
u32 rknpu_pick_cores_locked(struct rknpu_sched *sched, const struct rknpu_job *job);
u32 rknpu_pick_group_locked(const struct rknpu_sched *sched, const struct rknpu_job *job,
			    unsigned long cores);

#endif /* RKNPU_PICK_H */
