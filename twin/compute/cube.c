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
