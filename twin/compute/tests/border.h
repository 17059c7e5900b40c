/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * CNA and CORE alone: compares the accumulator they produce, including window
 * sums, with the reference. The DPU is not involved.
 */
#ifndef TWIN_COMPUTE_BORDER_H
#define TWIN_COMPUTE_BORDER_H

#include "reference.h"

/* Fetch and calculate; prints differences, but no TAP line */
bool border_runs(struct program *p);

/* Build, run, compare and print one TAP line */
void border_test(const struct shape *s, draw_fn draw, uint64_t seed);

#endif /* TWIN_COMPUTE_BORDER_H */
