// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CORE, fp16 x fp16: each group of 32 products is summed exactly and rounded
 * once to fp32, nearest even; the group results are added in fp32 in the order
 * of the weight stream [seen: measurements on silicon; the order across kernel
 * taps is a guess].
 *
 * The exact sum is calculated in double where the operands' spans prove that
 * double does not round, and in 128-bit integers otherwise.
 */
#include <math.h>

#include "compute_priv.h"

#define PIXELS		4

/* The sum of 32 products of spans a and b needs a + b + 5 bits, double has 53 */
#define SPAN_SUM_MAX	(53 - 5)

/* fp16 units in 1.0: all finite fp16 values are multiples of the unit */
#define FP16_UNITS	0x1p24
#define PRODUCT_EXP	(-48)

typedef double vec_d __attribute__((vector_size(4 * sizeof(double))));
typedef float vec_f __attribute__((vector_size(4 * sizeof(float)), aligned(4)));

#define VECS		(FLOAT_BLOCK / 4)

/* Multiply one lane group of four windows, @pitch apart, by eight kernels; add to @sums in fp32 */
static inline __attribute__((always_inline))
void group_in_double(const double *windows, size_t pitch, const float *weights,
		     float sums[PIXELS][FLOAT_BLOCK])
{
	vec_d s[PIXELS][VECS] = { 0 };

	for (unsigned int i = 0; i < LANES; i++) {
		const vec_f *w = (const vec_f *)(weights + i * FLOAT_BLOCK);
		vec_d w0 = __builtin_convertvector(w[0], vec_d);
		vec_d w1 = __builtin_convertvector(w[1], vec_d);

		for (unsigned int p = 0; p < PIXELS; p++) {
			s[p][0] += windows[p * pitch + i] * w0;
			s[p][1] += windows[p * pitch + i] * w1;
		}
	}
	for (unsigned int p = 0; p < PIXELS; p++)
		for (unsigned int k = 0; k < FLOAT_BLOCK; k++)
			sums[p][k] += (float)s[p][k / 4][k % 4];
}

static float group_exact(const double *window, const float *weights)
{
	__int128 sum = 0;
	double rounded = 0;

	for (unsigned int i = 0; i < LANES; i++)
		rounded += window[i] * (double)weights[i * FLOAT_BLOCK];
	/* Finite operands cannot overflow double: this is the IEEE result of Inf or NaN operands */
	if (!isfinite(rounded))
		return (float)rounded;
	for (unsigned int i = 0; i < LANES; i++) {
		int64_t a = (int64_t)(window[i] * FP16_UNITS);
		int64_t b = (int64_t)((double)weights[i * FLOAT_BLOCK] * FP16_UNITS);

		sum += (__int128)a * b;
	}
	/* The conversion rounds once; the result is far from fp32's limits, so scaling is exact */
	return ldexpf((float)sum, PRODUCT_EXP);
}

static void group_in_integers(const double *windows, size_t pitch, const float *weights,
			      float sums[PIXELS][FLOAT_BLOCK])
{
	for (unsigned int p = 0; p < PIXELS; p++)
		for (unsigned int k = 0; k < FLOAT_BLOCK; k++)
			sums[p][k] += group_exact(windows + p * pitch, weights + k);
}

static inline __attribute__((always_inline))
unsigned int widest(const uint8_t *spans, size_t pitch)
{
	unsigned int span = 0;

	for (unsigned int p = 0; p < PIXELS; p++)
		if (span < spans[p * pitch])
			span = spans[p * pitch];
	return span;
}

/* The sums of four windows and eight kernels */
struct tile {
	const double *windows;
	const uint8_t *spans;
	const float *weights;
	const uint8_t *weight_spans;
};

HOT_LOOP
static void mac_tile(const struct conv *conv, const struct tile *t, float sums[PIXELS][FLOAT_BLOCK])
{
	size_t parts = conv->depth / LANES;

	for (size_t part = 0; part < parts; part++) {
		const double *w = t->windows + part * LANES;
		const float *k = t->weights + part * LANES * FLOAT_BLOCK;

		if (widest(t->spans + part, parts) + t->weight_spans[part] <= SPAN_SUM_MAX)
			group_in_double(w, conv->depth, k, sums);
		else
			group_in_integers(w, conv->depth, k, sums);
	}
}

/* @windows has room for whole tiles; results of the windows beyond its pixels are not stored */
void mac_fp16(const struct conv *conv, const struct windows *windows, const struct dense_weights *weights,
	      const struct kernels *kernels, struct accumulator *out)
{
	size_t parts = conv->depth / LANES;

	for (uint32_t k = kernels->first; k < kernels->end; k += FLOAT_BLOCK)
		for (unsigned int p = 0; p < windows->pixels; p += PIXELS) {
			float sums[PIXELS][FLOAT_BLOCK] = { 0 };
			struct tile tile = {
				.windows = (const double *)windows->data + p * conv->depth,
				.spans = windows->spans + p * parts,
				.weights = (const float *)weights->data + k * conv->depth,
				.weight_spans = weights->span + k / FLOAT_BLOCK * parts,
			};

			mac_tile(conv, &tile, sums);
			for (unsigned int i = 0; i < PIXELS && p + i < windows->pixels; i++)
				for (unsigned int j = 0; j < FLOAT_BLOCK && k + j < kernels->end; j++)
					out->f[(size_t)(p + i) * out->pitch + k + j] = sums[i][j];
		}
}
