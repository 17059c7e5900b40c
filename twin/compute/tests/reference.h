/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * The output that a program must write, calculated from the mathematics of the
 * convolution; shares no code with the library.
 */
#ifndef TWIN_COMPUTE_REFERENCE_H
#define TWIN_COMPUTE_REFERENCE_H

#include "program.h"

/*
 * The accumulator of one output element. @window is the sum of the kernel's
 * input, for integer types and for existing kernels.
 */
struct accumulated {
	bool is_float;
	int32_t i;
	float f;
	int32_t window;
};

struct accumulated reference_accumulate(const struct program *p, int k, int y, int x);

/* Run @p and compare the whole output region; prints differences, but no TAP line */
bool reference_runs(struct program *p);

/* Build, run, compare and print one TAP line */
void reference_test(const struct shape *s, draw_fn draw, uint64_t seed);

#endif /* TWIN_COMPUTE_REFERENCE_H */
