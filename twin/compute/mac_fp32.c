// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CORE, bf16 x bf16 and tf32 x tf32: products are exact in fp32 unless they
 * exceed its range. They are added in fp32 [seen: client programs, to a
 * tolerance], one after the other in the order of the weights [guess].
 */
#include "compute_priv.h"

#define PIXELS		4

typedef float vec __attribute__((vector_size(FLOAT_BLOCK * sizeof(float)), aligned(4)));

/* Multiply four windows, @depth apart, by eight kernels */
HOT_LOOP
static void mac_tile(const float *windows, const float *weights, size_t depth,
		     float sums[PIXELS][FLOAT_BLOCK])
{
	vec s[PIXELS] = { 0 };

	for (size_t i = 0; i < depth; i++) {
		vec w = *(const vec *)(weights + i * FLOAT_BLOCK);

		for (unsigned int p = 0; p < PIXELS; p++)
			s[p] += windows[p * depth + i] * w;
	}
	for (unsigned int p = 0; p < PIXELS; p++)
		*(vec *)sums[p] = s[p];
}

/* @windows has room for whole tiles; results of the windows beyond its pixels are not stored */
void mac_fp32(const struct conv *conv, const struct windows *windows, const struct dense_weights *weights,
	      const struct kernels *kernels, struct accumulator *out)
{
	for (uint32_t k = kernels->first; k < kernels->end; k += FLOAT_BLOCK)
		for (unsigned int p = 0; p < windows->pixels; p += PIXELS) {
			float sums[PIXELS][FLOAT_BLOCK];

			mac_tile((const float *)windows->data + p * conv->depth,
				 (const float *)weights->data + k * conv->depth, conv->depth, sums);
			for (unsigned int i = 0; i < PIXELS && p + i < windows->pixels; i++)
				for (unsigned int j = 0; j < FLOAT_BLOCK && k + j < kernels->end; j++)
					out->f[(size_t)(p + i) * out->pitch + k + j] = sums[i][j];
		}
}
