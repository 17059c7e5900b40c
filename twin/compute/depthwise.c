// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CORE, depthwise: each channel has a kernel and an output channel of its own.
 * Integers are exact and saturate to int32; floats, including fp16, are added
 * in fp32, one tap after the other [seen: client programs; the order is a guess].
 */
#include <string.h>

#include "compute_priv.h"

/* One input group of one output pixel */
struct sums {
	int64_t i[LANES];
	int32_t window[LANES];
	float f[LANES];
};

HOT_LOOP
static void tap_integers(const int16_t *from, const int16_t *weights, struct sums *sums)
{
	for (unsigned int i = 0; i < LANES; i++) {
		sums->i[i] += from[i] * weights[i];
		sums->window[i] += from[i];
	}
}

HOT_LOOP
static void tap_floats(const float *from, const float *weights, struct sums *sums)
{
	for (unsigned int i = 0; i < LANES; i++)
		sums->f[i] += from[i] * weights[i];
}

/* Position of the first tap */
struct corner {
	int64_t y, x;
};

static void sum_group(const struct conv *conv, const struct dense_feature *feature,
		      const struct dense_weights *weights, const struct corner *corner,
		      uint32_t group, struct sums *sums)
{
	const struct window *w = &conv->window;
	size_t at = (size_t)group * conv->taps * LANES;

	for (uint32_t ky = 0; ky < w->height; ky++)
		for (uint32_t kx = 0; kx < w->width; kx++, at += LANES) {
			struct place place = place_of(conv, feature, group,
						      corner->y + ky * w->y_dilation,
						      corner->x + kx * w->x_dilation);

			if (conv->is_float)
				tap_floats(place.lanes, (const float *)weights->data + at, sums);
			else
				tap_integers(place.lanes, (const int16_t *)weights->data + at, sums);
		}
}

static void store_group(const struct conv *conv, const struct sums *sums, uint32_t group,
			size_t pixel, struct accumulator *acc)
{
	uint32_t channels = min_u32(conv->feature.channels, acc->channels);
	size_t to = pixel * acc->pitch;

	for (uint32_t i = 0, c = group * LANES; i < LANES && c < channels; i++, c++) {
		if (conv->is_float)
			acc->f[to + c] = sums->f[i];
		else
			acc->i[to + c] = saturate32(sums->i[i]);
		if (acc->sums)
			acc->sums[to + c] = sums->window[i];
	}
}

/* Output channels that have no input stay 0 */
void depthwise_row(const struct conv *conv, const struct dense_feature *feature,
		   const struct dense_weights *weights, uint32_t y, struct accumulator *acc)
{
	const struct window *w = &conv->window;
	struct corner corner = { .y = (int64_t)y * w->y_stride - w->top };

	for (uint32_t x = 0; x < conv->out_width; x++) {
		corner.x = (int64_t)x * w->x_stride - w->left;
		for (uint32_t group = 0; group < conv->groups; group++) {
			struct sums sums;

			memset(&sums, 0, sizeof(sums));
			sum_group(conv, feature, weights, &corner, group, &sums);
			store_group(conv, &sums, group, (size_t)y * conv->out_width + x, acc);
		}
	}
}
