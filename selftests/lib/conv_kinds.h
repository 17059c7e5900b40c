/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * One small convolution of each kind that the NPU has, without addresses; a
 * bias of 1 asks for one. Groups of channels, lines and kernels are partial
 * where the hardware has such.
 */
#ifndef CONV_KINDS_H
#define CONV_KINDS_H

#include "conv.h"

#define CONV_KINDS	15

struct conv_kind {
	const char *name;
	struct conv_task task;
};

extern const struct conv_kind conv_kinds[CONV_KINDS];

#endif /* CONV_KINDS_H */
