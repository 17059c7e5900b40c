/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_LINGER_H
#define RKNPU_LINGER_H

#include <linux/types.h>

struct rknpu_sched;
struct rknpu_slot;
struct work_struct;

bool rknpu_linger_take_locked(struct rknpu_slot *slot);
void rknpu_linger_begin_locked(struct rknpu_slot *slot);
void rknpu_linger_end_locked(struct rknpu_slot *slot);
void rknpu_linger_watch_locked(struct rknpu_sched *sched);
void rknpu_linger_watch(struct rknpu_sched *sched);
void rknpu_linger_look(struct work_struct *work);

#endif /* RKNPU_LINGER_H */
