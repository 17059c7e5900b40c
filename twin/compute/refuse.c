// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Records why a task is not computed, for the caller.
 */
#include <stdio.h>

#include "compute_priv.h"

enum twin_compute_status refuse(const struct task *t, uint32_t reg, const char *reason)
{
	t->result->refused_reg = reg;
	snprintf(t->result->reason, sizeof(t->result->reason), "%s", reason);
	return TWIN_COMPUTE_REFUSED;
}

enum twin_compute_status out_of_memory(const struct task *t)
{
	return refuse(t, 0, "out of host memory");
}
