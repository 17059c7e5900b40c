// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Memory for the values that the stages after CORE process.
 */
#include <stdlib.h>

#include "dpu_priv.h"

bool cube_alloc(struct accumulator *acc, const struct cube *cube, uint32_t pitch, bool is_float)
{
	acc->is_float = is_float;
	acc->pixels = cube->width * cube->height;
	acc->channels = cube->channels;
	acc->pitch = pitch;
	acc->i = malloc((size_t)acc->pixels * pitch * sizeof(*acc->i));
	return acc->i;
}

struct accumulator cube_part(const struct accumulator *acc, uint32_t first, uint32_t count)
{
	struct accumulator part = *acc;

	part.pixels = count;
	part.i += (size_t)first * acc->pitch;
	if (part.sums)
		part.sums += (size_t)first * acc->sum_channels;
	return part;
}

static uint64_t work_of(const struct accumulator *acc)
{
	return (uint64_t)acc->pixels * acc->channels * MACS_PER_VALUE;
}

/* Number of threads that take part in cube_spread() */
unsigned int cube_threads(const struct task *t, const struct accumulator *acc)
{
	return spread_threads(t, work_of(acc));
}

enum twin_compute_status cube_spread(const struct task *t, const struct accumulator *acc, spread_fn run, void *arg)
{
	uint32_t piece = PIECE_VALUES / acc->channels + 1;

	return spread(t, work_of(acc), acc->pixels, piece, run, arg) ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}
