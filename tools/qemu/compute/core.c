// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CORE: walks the output, gathers the window of each pixel and has the kernels
 * applied to it. CORE's own output size is the one that counts; CNA's copy of
 * it is not needed here.
 */
#include <stdlib.h>
#include <string.h>

#include "compute_priv.h"

/* Pixels whose windows are gathered together, so that weights are streamed once for all of them */
#define BATCH_PIXELS		32
#define BATCH_BYTES		(4u << 20)
/* mac_fp16() takes pixels by the four */
#define BATCH_UNIT		4

enum twin_compute_status core_parse(const struct task *t, struct conv *conv)
{
	uint32_t misc = reg_read(t, RKNPU_CORE_MISC_CFG);
	uint64_t words;

	if (field_get(RKNPU_CORE_MISC_CFG_PROC_PREC, misc) != conv->precision)
		return refuse(t, RKNPU_CORE_MISC_CFG, "precision differs from CNA's");
	if (misc & RKNPU_CORE_MISC_CFG_DW_EN)
		return refuse(t, RKNPU_CORE_MISC_CFG, "depthwise");
	if (reg_read(t, RKNPU_CORE_CLIP_TRUNCATE))
		return refuse(t, RKNPU_CORE_CLIP_TRUNCATE, "truncation");
	conv->out_width = reg_field(t, RKNPU_CORE_DATAOUT_SIZE0, RKNPU_CORE_DATAOUT_SIZE0_WIDTH) + 1;
	conv->out_height = reg_field(t, RKNPU_CORE_DATAOUT_SIZE0, RKNPU_CORE_DATAOUT_SIZE0_HEIGHT) + 1;
	conv->out_channels = reg_field(t, RKNPU_CORE_DATAOUT_SIZE1, RKNPU_CORE_DATAOUT_SIZE1_CHANNEL) + 1;
	conv->window_sums = (misc & RKNPU_CORE_MISC_CFG_QD_EN) && conv->precision == RKNPU_PREC_INT8;
	conv->depthwise = false;
	conv->is_float = conv->precision == RKNPU_PREC_FP16;
	words = (uint64_t)conv->out_width * conv->out_height;
	if (words * conv->out_channels * sizeof(int32_t) > MAX_OPERAND_BYTES)
		return refuse(t, RKNPU_CORE_DATAOUT_SIZE0, "output beyond the model's memory bound");
	return TWIN_COMPUTE_OK;
}

/* One lane group of a window, from feature or, with @point NULL, padding */
struct part {
	const void *point;
	uint8_t span;
	uint32_t lanes;
};

static void copy_int8(const struct dense_feature *feature, const struct part *part, int16_t *to)
{
	if (part->point) {
		memcpy(to, part->point, LANES * sizeof(*to));
		return;
	}
	for (uint32_t i = 0; i < LANES; i++)
		to[i] = i < part->lanes ? feature->pad_int : 0;
}

static void copy_fp16(const struct dense_feature *feature, const struct part *part, double *to)
{
	const float *from = part->point;

	for (uint32_t i = 0; i < LANES; i++) {
		if (from)
			to[i] = from[i];
		else
			to[i] = i < part->lanes ? feature->pad_float : 0;
	}
}

static struct part find_part(const struct conv *conv, const struct dense_feature *feature,
			     uint32_t group, int64_t y, int64_t x)
{
	const struct feature *f = &conv->feature;
	size_t point = ((size_t)group * f->height + y) * f->width + x;
	uint32_t left = f->channels - group * LANES;
	struct part part = { .span = feature->pad_span, .lanes = left < LANES ? left : LANES };

	/* Right and bottom padding follow from the output size */
	if (y < 0 || x < 0 || y >= f->height || x >= f->width)
		return part;
	part.span = feature->span[point];
	part.point = (const uint8_t *)feature->data + point * LANES * conv->element_bytes * 2;
	return part;
}

static void gather_tap(const struct conv *conv, const struct dense_feature *feature,
		       const struct part *part, size_t place, struct windows *windows)
{
	windows->spans[place] = part->span;
	if (conv->precision == RKNPU_PREC_INT8)
		copy_int8(feature, part, (int16_t *)windows->data + place * LANES);
	else
		copy_fp16(feature, part, (double *)windows->data + place * LANES);
}

static void gather_window(const struct conv *conv, const struct dense_feature *feature,
			  uint32_t pixel, size_t place, struct windows *windows)
{
	const struct window *w = &conv->window;
	int64_t y0 = (int64_t)(pixel / conv->out_width) * w->y_stride - w->top;
	int64_t x0 = (int64_t)(pixel % conv->out_width) * w->x_stride - w->left;

	for (uint32_t group = 0; group < conv->groups; group++)
		for (uint32_t ky = 0; ky < w->height; ky++)
			for (uint32_t kx = 0; kx < w->width; kx++) {
				struct part part = find_part(conv, feature, group,
							     y0 + ky * w->y_dilation,
							     x0 + kx * w->x_dilation);

				gather_tap(conv, feature, &part, place++, windows);
			}
}

/* From @first on, as many as remain or fit */
static void gather(const struct conv *conv, const struct dense_feature *feature, uint32_t first,
		   struct windows *windows)
{
	uint32_t left = conv->out_width * conv->out_height - first;
	size_t parts = conv->depth / LANES;

	if (windows->pixels > left)
		windows->pixels = left;
	for (uint32_t i = 0; i < windows->pixels; i++)
		gather_window(conv, feature, first + i, i * parts, windows);
}

/* QD_EN: padding counts, lanes without a channel are zero */
static void sum_windows(const struct conv *conv, const struct windows *windows, int32_t *sums)
{
	const int16_t *data = windows->data;

	for (unsigned int p = 0; p < windows->pixels; p++, data += conv->depth) {
		/* A kernel has at most 2^20 taps and channels, see BYTES_PER_KERNEL */
		int32_t sum = 0;

		for (size_t i = 0; i < conv->depth; i++)
			sum += data[i];
		sums[p] = sum;
	}
}

/* An operand pair and room for some windows */
struct run {
	const struct dense_feature *feature;
	const struct dense_weights *weights;
	struct windows windows;
};

static enum twin_compute_status run_batches(const struct task *t, const struct conv *conv,
					    struct run *run, struct accumulator *acc)
{
	struct accumulator out = *acc;

	for (uint32_t first = 0; first < acc->pixels; first += run->windows.pixels) {
		if (dma_cancelled(t))
			return TWIN_COMPUTE_FAULT;
		gather(conv, run->feature, first, &run->windows);
		out.i = acc->i + (size_t)first * acc->pitch;
		if (conv->window_sums)
			sum_windows(conv, &run->windows, acc->sums + first);
		if (acc->is_float)
			mac_fp16(conv, &run->windows, run->weights, &out);
		else
			mac_int8(conv, &run->windows, run->weights, &out);
	}
	return TWIN_COMPUTE_OK;
}

static unsigned int batch_pixels(const struct conv *conv)
{
	size_t fit = BATCH_BYTES / (conv->depth * sizeof(double)) / BATCH_UNIT * BATCH_UNIT;

	if (fit < BATCH_UNIT)
		return BATCH_UNIT;
	return fit < BATCH_PIXELS ? fit : BATCH_PIXELS;
}

enum twin_compute_status core_run(const struct task *t, const struct conv *conv,
				  const struct dense_feature *feature,
				  const struct dense_weights *weights, struct accumulator *acc)
{
	unsigned int room = batch_pixels(conv);
	struct run run = { .feature = feature, .weights = weights, .windows.pixels = room };
	enum twin_compute_status status;

	acc->is_float = conv->is_float;
	acc->pixels = conv->out_width * conv->out_height;
	acc->channels = conv->out_channels;
	acc->pitch = round_up(conv->out_channels, FP16_BLOCK);
	acc->i = calloc((size_t)acc->pixels * acc->pitch, sizeof(*acc->i));
	run.windows.data = calloc(room * conv->depth, sizeof(double));
	run.windows.spans = calloc(room, conv->depth / LANES);
	if (conv->window_sums) {
		acc->sum_channels = 1;
		acc->sums = malloc(acc->pixels * sizeof(*acc->sums));
	}
	if (!acc->i || (conv->window_sums && !acc->sums) || !run.windows.data || !run.windows.spans)
		status = out_of_memory(t);
	else
		status = run_batches(t, conv, &run, acc);
	free(run.windows.data);
	free(run.windows.spans);
	return status;
}
