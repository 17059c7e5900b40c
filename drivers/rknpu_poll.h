/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_POLL_H
#define RKNPU_POLL_H

#include <linux/types.h>

struct rknpu_job;
struct rknpu_sched;

bool rknpu_poll_wanted(const struct rknpu_job *job);
void rknpu_poll_watch(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_poll_learn(const struct rknpu_job *job);

#endif /* RKNPU_POLL_H */
