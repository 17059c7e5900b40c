// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CORE: walks the output, gathers the window of each pixel and applies the
 * kernels to it. CORE's own output size is the one that counts; CNA's copy of
 * it is not needed here.
 */
#include <stdlib.h>
#include <string.h>

#include "compute_priv.h"

/* Number of pixels whose windows are gathered together, so the weights are streamed once for all of them */
#define BATCH_PIXELS		32
#define BATCH_BYTES		(4u << 20)
/* mac_fp16() and mac_fp32() work on four pixels at a time */
#define BATCH_UNIT		4

/* Both operands have the precision of the sums; how a sum saturates depends on its type */
static enum twin_compute_status parse_types(const struct task *t, struct conv *conv)
{
	uint32_t misc = reg_read(t, RKNPU_CORE_MISC_CFG);

	if (field_get(RKNPU_CORE_MISC_CFG_PROC_PREC, misc) != conv->precision)
		return refuse(t, RKNPU_CORE_MISC_CFG, "precision differs from CNA's");
	if (!(misc & RKNPU_CORE_MISC_CFG_DW_EN) == conv->depthwise)
		return refuse(t, RKNPU_CORE_MISC_CFG, "depthwise in one of CNA and CORE only");
	if (reg_read(t, RKNPU_CORE_CLIP_TRUNCATE))
		return refuse(t, RKNPU_CORE_CLIP_TRUNCATE, "truncation");
	conv->window_sums = (misc & RKNPU_CORE_MISC_CFG_QD_EN) && conv->operand->sums;
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status core_parse(const struct task *t, struct conv *conv)
{
	enum twin_compute_status status = parse_types(t, conv);
	uint64_t words;

	if (status != TWIN_COMPUTE_OK)
		return status;
	conv->out_width = reg_field(t, RKNPU_CORE_DATAOUT_SIZE0, RKNPU_CORE_DATAOUT_SIZE0_WIDTH) + 1;
	conv->out_height = reg_field(t, RKNPU_CORE_DATAOUT_SIZE0, RKNPU_CORE_DATAOUT_SIZE0_HEIGHT) + 1;
	conv->out_channels = reg_field(t, RKNPU_CORE_DATAOUT_SIZE1, RKNPU_CORE_DATAOUT_SIZE1_CHANNEL) + 1;
	words = (uint64_t)conv->out_width * conv->out_height;
	if (words * round_up(conv->out_channels, FLOAT_BLOCK) * sizeof(int32_t) > MAX_OPERAND_BYTES)
		return refuse(t, RKNPU_CORE_DATAOUT_SIZE0, "output beyond the model's memory bound");
	if (conv->feature.pad_bits && !conv->operand->pads && window_leaves_image(conv))
		return refuse(t, RKNPU_CNA_PAD_CON1, "padding other than 0 of this precision");
	return TWIN_COMPUTE_OK;
}

/* Gather one input group at one tap of a window, the part with index @at */
static void gather_part(const struct conv *conv, const struct place *place, size_t at,
			struct windows *windows)
{
	windows->spans[at] = place->span;
	if (conv->precision == RKNPU_PREC_FP16) {
		double *to = (double *)windows->data + at * LANES;
		const float *from = place->lanes;

		for (uint32_t i = 0; i < LANES; i++)
			to[i] = from[i];
	} else if (conv->lanes == LANES && !conv->is_float) {
		memcpy((int16_t *)windows->data + at * LANES, place->lanes, LANES * sizeof(int16_t));
	} else {
		memcpy((float *)windows->data + at * conv->lanes, place->lanes,
		       conv->lanes * sizeof(float));
	}
}

static void gather_window(const struct conv *conv, const struct dense_feature *feature,
			  uint32_t pixel, size_t at, struct windows *windows)
{
	const struct window *w = &conv->window;
	int64_t y0 = (int64_t)(pixel / conv->out_width) * w->y_stride - w->top;
	int64_t x0 = (int64_t)(pixel % conv->out_width) * w->x_stride - w->left;

	for (uint32_t group = 0; group < conv->groups; group++)
		for (uint32_t ky = 0; ky < w->height; ky++)
			for (uint32_t kx = 0; kx < w->width; kx++) {
				struct place place = place_of(conv, feature, group,
							      y0 + ky * w->y_dilation,
							      x0 + kx * w->x_dilation);

				gather_part(conv, &place, at++, windows);
			}
}

/* Gather windows from pixel @first on, as many as remain or fit */
static void gather(const struct conv *conv, const struct dense_feature *feature, uint32_t first,
		   struct windows *windows)
{
	uint32_t left = conv->out_width * conv->out_height - first;
	size_t parts = conv->depth / conv->lanes;

	if (windows->pixels > left)
		windows->pixels = left;
	for (uint32_t i = 0; i < windows->pixels; i++)
		gather_window(conv, feature, first + i, i * parts, windows);
}

/* QD_EN: padding is included in the sums; lanes without a channel are zero */
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

/* A pair of operands and a buffer for gathered windows */
struct run {
	const struct dense_feature *feature;
	const struct dense_weights *weights;
	struct windows windows;
};

static void mac(const struct conv *conv, const struct run *run, struct accumulator *out)
{
	switch (conv->precision) {
	case RKNPU_PREC_INT4:
	case RKNPU_PREC_INT8:
		mac_int8(conv, &run->windows, run->weights, out);
		break;
	case RKNPU_PREC_INT16:
		mac_int16(conv, &run->windows, run->weights, out);
		break;
	case RKNPU_PREC_FP16:
		mac_fp16(conv, &run->windows, run->weights, out);
		break;
	default:
		mac_fp32(conv, &run->windows, run->weights, out);
	}
}

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
		mac(conv, run, &out);
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

static enum twin_compute_status run_direct(const struct task *t, const struct conv *conv,
					   const struct dense_feature *feature,
					   const struct dense_weights *weights, struct accumulator *acc)
{
	unsigned int room = batch_pixels(conv);
	struct run run = { .feature = feature, .weights = weights, .windows.pixels = room };
	enum twin_compute_status status;

	run.windows.data = calloc(room * conv->depth, sizeof(double));
	run.windows.spans = calloc(room, conv->depth / conv->lanes);
	if (!run.windows.data || !run.windows.spans)
		status = out_of_memory(t);
	else
		status = run_batches(t, conv, &run, acc);
	free(run.windows.data);
	free(run.windows.spans);
	return status;
}

static enum twin_compute_status run_depthwise(const struct task *t, const struct conv *conv,
					      const struct dense_feature *feature,
					      const struct dense_weights *weights, struct accumulator *acc)
{
	for (uint32_t y = 0; y < conv->out_height; y++) {
		if (dma_cancelled(t))
			return TWIN_COMPUTE_FAULT;
		depthwise_row(conv, feature, weights, y, acc);
	}
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status core_run(const struct task *t, const struct conv *conv,
				  const struct dense_feature *feature,
				  const struct dense_weights *weights, struct accumulator *acc)
{
	acc->is_float = conv->is_float;
	acc->pixels = conv->out_width * conv->out_height;
	acc->channels = conv->out_channels;
	acc->pitch = round_up(conv->out_channels, FLOAT_BLOCK);
	acc->i = calloc((size_t)acc->pixels * acc->pitch, sizeof(*acc->i));
	if (!acc->i)
		return out_of_memory(t);
	if (conv->window_sums) {
		acc->sum_channels = conv->depthwise ? acc->pitch : 1;
		acc->sums = calloc((size_t)acc->pixels * acc->sum_channels, sizeof(*acc->sums));
		if (!acc->sums)
			return out_of_memory(t);
	}
	return conv->depthwise ? run_depthwise(t, conv, feature, weights, acc)
			       : run_direct(t, conv, feature, weights, acc);
}
