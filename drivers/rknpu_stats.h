/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_STATS_H
#define RKNPU_STATS_H

#include <linux/types.h>

#include "rknpu_soc.h"

struct rknpu_device;
struct rknpu_stats;

/* The driver's own release; the version that it reports to programs is the vendor's 0.9.8. */
#define RKNPU_RELEASE "0.1.0"

unsigned int rknpu_stats_load(struct rknpu_device *rdev, unsigned int percent[RKNPU_MAX_CORES]);
bool rknpu_stats_powered(const struct rknpu_device *rdev, int core);

struct rknpu_stats *rknpu_stats_add(struct rknpu_device *rdev);
void rknpu_stats_remove(struct rknpu_stats *stats);

#endif /* RKNPU_STATS_H */
