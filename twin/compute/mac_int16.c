// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CORE, int16 x int16: a wide accumulator of at least 36 bits [seen:
 * rockchip-npu-notes], which is assumed to be wide enough for any sum [guess],
 * then saturation to int32 [seen: client programs].
 */
#include "compute_priv.h"

/* Number of kernels applied at a time; they share the loads of the window */
#define KERNELS		2

HOT_LOOP
static void dot(const int16_t *window, const int16_t *weights, size_t pitch, size_t depth,
		int64_t sums[KERNELS])
{
	const int16_t *w0 = weights, *w1 = w0 + pitch;
	int64_t s0 = 0, s1 = 0;

	for (size_t i = 0; i < depth; i++) {
		s0 += window[i] * w0[i];
		s1 += window[i] * w1[i];
	}
	sums[0] = s0;
	sums[1] = s1;
}

/* Kernels beyond those in memory, up to the accumulator's pitch, have zero weights */
void mac_int16(const struct conv *conv, const struct windows *windows, const struct dense_weights *weights,
	       const struct kernels *kernels, struct accumulator *out)
{
	const int16_t *window = windows->data, *weight = weights->data;

	for (uint32_t k = kernels->first; k < kernels->end; k += KERNELS)
		for (unsigned int p = 0; p < windows->pixels; p++) {
			int32_t *to = out->i + (size_t)p * out->pitch + k;
			int64_t sums[KERNELS];

			dot(window + p * conv->depth, weight + k * conv->depth, conv->depth,
			    conv->depth, sums);
			for (unsigned int i = 0; i < KERNELS; i++)
				to[i] = saturate32(sums[i]);
		}
}
