/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * One small convolution of each kind that the NPU supports, without addresses; a
 * bias of 1 requests a bias. Groups of channels, lines and kernels are partly
 * filled where the hardware has groups.
 */
#ifndef CONV_KINDS_H
#define CONV_KINDS_H

#include "conv.h"

#define CONV_KINDS		18
#define CONV_KIND_BIAS_RELU	14	/* the only kind with bias and ReLU for floats */

struct conv_kind {
	const char *name;
	struct conv_task task;
};

extern const struct conv_kind conv_kinds[CONV_KINDS];

#endif /* CONV_KINDS_H */
