/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_PUSH_H
#define RKNPU_PUSH_H

#include <linux/types.h>

struct rknpu_job;
struct rknpu_sched;

int rknpu_push_job(struct rknpu_sched *sched, struct rknpu_job *job, bool wait);
int rknpu_push_wait(struct rknpu_sched *sched, struct rknpu_job *job);

#endif /* RKNPU_PUSH_H */
