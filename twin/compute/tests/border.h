/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * CNA and CORE alone: the accumulator they leave, window sums included, against
 * the reference. What the DPU makes of it does not matter here.
 */
#ifndef TWIN_COMPUTE_BORDER_H
#define TWIN_COMPUTE_BORDER_H

#include "reference.h"

/* Fetch and calculate; says what differs, prints no result */
bool border_runs(struct program *p);

/* All of it: build, run, compare, one TAP line */
void border_test(const struct shape *s, draw_fn draw, uint64_t seed);

#endif /* TWIN_COMPUTE_BORDER_H */
