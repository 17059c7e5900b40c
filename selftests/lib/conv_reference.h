/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The expected result of a convolution, from the mathematics. For float types it
 * requires that every partial sum is exact, so the order of additions does not
 * matter.
 */
#ifndef CONV_REFERENCE_H
#define CONV_REFERENCE_H

#include "conv.h"

struct conv_operands {
	const void *in, *weights;
	const void *bias;		/* int32 or fp32, NULL if there is none */
};

/* Bits of one output element as in memory */
uint32_t conv_reference(const struct conv_task *t, const struct conv_operands *o, unsigned int k, unsigned int y,
			unsigned int x);
/* Number of elements of @out that differ */
size_t conv_wrong(const struct conv_task *t, const struct conv_operands *o, const void *out);

/* Random bits that give exact results: any integer, or small integers as floats */
uint32_t conv_random(uint32_t precision, uint32_t *state);

#endif /* CONV_REFERENCE_H */
