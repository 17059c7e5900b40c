// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CORE: what a window reads at one place: a pixel, or padding, which is also
 * found between the pixels of a deconvolution [seen: streams of rknn-toolkit2,
 * whose zero point would be wrong there otherwise]. Right and bottom padding
 * follow from the output size.
 */
#include "compute_priv.h"

/* Size of the image including the padding that deconvolution puts between its pixels */
static int64_t spread_size(uint32_t size, uint32_t spread)
{
	return ((int64_t)(size - 1) << spread) + 1;
}

struct place place_of(const struct conv *conv, const struct dense_feature *feature,
		      uint32_t group, int64_t y, int64_t x)
{
	const struct feature *f = &conv->feature;
	const struct window *w = &conv->window;
	struct place place;
	size_t point;

	if (y < 0 || x < 0 || y >= spread_size(f->height, w->y_spread) ||
	    x >= spread_size(f->width, w->x_spread) || y & ((1 << w->y_spread) - 1) ||
	    x & ((1 << w->x_spread) - 1)) {
		bool last = group == conv->groups - 1, odd = group & 1;

		place.span = feature->pad_span;
		place.lanes = conv->is_float ? (const void *)feature->pad.f[last][odd]
					     : (const void *)feature->pad.i[last][odd];
		return place;
	}
	point = ((size_t)group * f->height + (y >> w->y_spread)) * f->width + (x >> w->x_spread);
	place.span = feature->span[point];
	place.lanes = (const uint8_t *)feature->data + point * conv->lanes * conv->operand->dense_bytes;
	return place;
}

static bool axis_leaves(uint32_t outputs, uint32_t stride, uint32_t taps, uint32_t dilation,
			uint32_t before, int64_t size)
{
	int64_t last = (int64_t)(outputs - 1) * stride + (int64_t)(taps - 1) * dilation;

	return before || last >= size;
}

/* Returns true if a window may read padding */
bool window_leaves_image(const struct conv *conv)
{
	const struct feature *f = &conv->feature;
	const struct window *w = &conv->window;

	return w->x_spread || w->y_spread ||
	       axis_leaves(conv->out_width, w->x_stride, w->width, w->x_dilation, w->left,
			   spread_size(f->width, w->x_spread)) ||
	       axis_leaves(conv->out_height, w->y_stride, w->height, w->y_dilation, w->top,
			   spread_size(f->height, w->y_spread));
}
