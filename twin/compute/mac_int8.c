// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CORE, int8 x int8 and int4 x int4: the sum is exact and saturates to int32 at
 * the end [seen: client programs, none of which reaches saturation].
 */
#include "compute_priv.h"

/* Number of products whose sum always fits in an int32: (2^31 - 1) / (-128 * -128), in whole lane groups */
#define EXACT_DEPTH	131040

/* Number of kernels applied at a time; they share the loads of the window */
#define KERNELS		4

HOT_LOOP
static void dot(const int16_t *window, const int16_t *weights, size_t pitch, size_t depth,
		int64_t sums[KERNELS])
{
	const int16_t *w0 = weights, *w1 = w0 + pitch, *w2 = w1 + pitch, *w3 = w2 + pitch;
	int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;

	for (size_t i = 0; i < depth; i++) {
		s0 += window[i] * w0[i];
		s1 += window[i] * w1[i];
		s2 += window[i] * w2[i];
		s3 += window[i] * w3[i];
	}
	sums[0] += s0;
	sums[1] += s1;
	sums[2] += s2;
	sums[3] += s3;
}

static void mac_window(const struct conv *conv, const int16_t *window, const int16_t *weights,
		       int32_t *to)
{
	int64_t sums[KERNELS] = { 0 };

	for (size_t done = 0; done < conv->depth; done += EXACT_DEPTH) {
		size_t left = conv->depth - done;

		dot(window + done, weights + done, conv->depth,
		    left < EXACT_DEPTH ? left : EXACT_DEPTH, sums);
	}
	for (unsigned int i = 0; i < KERNELS; i++)
		to[i] = saturate32(sums[i]);
}

/* Kernels beyond those in memory, up to the accumulator's pitch, have zero weights */
void mac_int8(const struct conv *conv, const struct windows *windows, const struct dense_weights *weights,
	      const struct kernels *kernels, struct accumulator *out)
{
	const int16_t *window = windows->data, *weight = weights->data;

	for (uint32_t k = kernels->first; k < kernels->end; k += KERNELS)
		for (unsigned int p = 0; p < windows->pixels; p++)
			mac_window(conv, window + p * conv->depth, weight + k * conv->depth,
				   out->i + (size_t)p * out->pitch + k);
}
