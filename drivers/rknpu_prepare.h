/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_PREPARE_H
#define RKNPU_PREPARE_H

#include <linux/types.h>

struct rknpu_sched;

bool rknpu_prepare_next(struct rknpu_sched *sched);

#endif /* RKNPU_PREPARE_H */
