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

/* Pieces that each thread would take if all were equally fast */
#define PIECES_PER_THREAD	8

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

/* Gather the windows of @count pixels from @first on */
static void gather(const struct conv *conv, const struct dense_feature *feature, uint32_t first,
		   uint32_t count, struct windows *windows)
{
	size_t parts = conv->depth / conv->lanes;

	windows->pixels = count;
	for (uint32_t i = 0; i < count; i++)
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

/* A direct convolution while it runs */
struct direct {
	const struct conv *conv;
	const struct dense_feature *feature;
	const struct dense_weights *weights;
	struct accumulator *acc;
	struct windows *windows;	/* one of each thread */
	uint32_t first;			/* with few pixels: the first of those whose windows are gathered */
};

static void mac(const struct direct *d, const struct windows *windows, uint32_t pixel,
		const struct kernels *kernels)
{
	struct accumulator out = *d->acc;

	out.i += (size_t)pixel * out.pitch;
	switch (d->conv->precision) {
	case RKNPU_PREC_INT4:
	case RKNPU_PREC_INT8:
		mac_int8(d->conv, windows, d->weights, kernels, &out);
		break;
	case RKNPU_PREC_INT16:
		mac_int16(d->conv, windows, d->weights, kernels, &out);
		break;
	case RKNPU_PREC_FP16:
		mac_fp16(d->conv, windows, d->weights, kernels, &out);
		break;
	default:
		mac_fp32(d->conv, windows, d->weights, kernels, &out);
	}
}

/* Kernels that CORE's channel loop does not reach are not applied, channels that have no kernel stay 0 */
static uint32_t applied_kernels(const struct conv *conv)
{
	return min_u32(conv->kernels, conv->out_channels);
}

static uint64_t direct_macs(const struct direct *d, uint32_t pixels)
{
	return (uint64_t)pixels * applied_kernels(d->conv) * d->conv->depth;
}

static void gather_batch(struct direct *d, uint32_t first, uint32_t count, struct windows *windows)
{
	gather(d->conv, d->feature, first, count, windows);
	if (d->conv->window_sums)
		sum_windows(d->conv, windows, d->acc->sums + first);
}

static void run_pixels(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	struct direct *d = arg;
	const struct kernels all = { .end = applied_kernels(d->conv) };

	gather_batch(d, first, count, &d->windows[thread]);
	mac(d, &d->windows[thread], first, &all);
}

/* The windows are those of the thread that runs the task */
static void run_kernels(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	const struct direct *d = arg;
	const struct kernels part = { .first = first, .end = first + count };

	(void)thread;
	mac(d, &d->windows[0], d->first, &part);
}

/* Too few pixels for all threads: each takes some of the kernels */
static bool run_few_pixels(const struct task *t, struct direct *d, uint32_t room, uint32_t piece)
{
	uint32_t kernels = applied_kernels(d->conv), pixels = d->acc->pixels, count;

	for (d->first = 0; d->first < pixels; d->first += count) {
		count = min_u32(room, pixels - d->first);
		gather_batch(d, d->first, count, &d->windows[0]);
		if (!spread(t, direct_macs(d, count), kernels, piece, run_kernels, d))
			return false;
	}
	return true;
}

/* Iterations that a thread takes at a time, so no thread waits long for the last one */
static uint32_t fair_piece(uint32_t count, unsigned int threads, uint32_t unit)
{
	return round_up(count / (threads * PIECES_PER_THREAD) + 1, unit);
}

static bool run_batches(const struct task *t, struct direct *d, unsigned int threads, uint32_t room)
{
	uint64_t macs = direct_macs(d, d->acc->pixels);

	if (threads == 1)
		return spread(t, macs, d->acc->pixels, room, run_pixels, d);
	if (d->acc->pixels <= threads * BATCH_UNIT)
		return run_few_pixels(t, d, room, fair_piece(applied_kernels(d->conv), threads, FLOAT_BLOCK));
	return spread(t, macs, d->acc->pixels, min_u32(room, fair_piece(d->acc->pixels, threads, BATCH_UNIT)),
		      run_pixels, d);
}

static unsigned int batch_pixels(const struct conv *conv)
{
	size_t fit = BATCH_BYTES / (conv->depth * sizeof(double)) / BATCH_UNIT * BATCH_UNIT;

	if (fit < BATCH_UNIT)
		return BATCH_UNIT;
	return fit < BATCH_PIXELS ? fit : BATCH_PIXELS;
}

static bool windows_alloc(const struct conv *conv, unsigned int threads, uint32_t room, struct direct *d)
{
	bool ok;

	d->windows = calloc(threads, sizeof(*d->windows));
	ok = d->windows;
	for (unsigned int i = 0; ok && i < threads; i++) {
		d->windows[i].data = calloc(room * conv->depth, sizeof(double));
		d->windows[i].spans = calloc(room, conv->depth / conv->lanes);
		ok = d->windows[i].data && d->windows[i].spans;
	}
	return ok;
}

static void windows_free(unsigned int threads, struct direct *d)
{
	for (unsigned int i = 0; d->windows && i < threads; i++) {
		free(d->windows[i].data);
		free(d->windows[i].spans);
	}
	free(d->windows);
}

static enum twin_compute_status run_direct(const struct task *t, const struct conv *conv,
					   const struct dense_feature *feature,
					   const struct dense_weights *weights, struct accumulator *acc)
{
	struct direct d = { .conv = conv, .feature = feature, .weights = weights, .acc = acc };
	unsigned int threads = spread_threads(t, direct_macs(&d, acc->pixels));
	enum twin_compute_status status = TWIN_COMPUTE_OK;
	uint32_t room = batch_pixels(conv);

	if (!windows_alloc(conv, threads, room, &d))
		status = out_of_memory(t);
	else if (!run_batches(t, &d, threads, room))
		status = TWIN_COMPUTE_FAULT;
	windows_free(threads, &d);
	return status;
}

/* A depthwise convolution while it runs */
struct depthwise {
	const struct conv *conv;
	const struct dense_feature *feature;
	const struct dense_weights *weights;
	struct accumulator *acc;
};

static void run_rows(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	const struct depthwise *d = arg;

	(void)thread;
	for (uint32_t y = first; y < first + count; y++)
		depthwise_row(d->conv, d->feature, d->weights, y, d->acc);
}

static enum twin_compute_status run_depthwise(const struct task *t, const struct conv *conv,
					      const struct dense_feature *feature,
					      const struct dense_weights *weights, struct accumulator *acc)
{
	struct depthwise d = { .conv = conv, .feature = feature, .weights = weights, .acc = acc };
	uint64_t work = (uint64_t)acc->pixels * conv->depth * MACS_PER_VALUE;

	return spread(t, work, conv->out_height, 1, run_rows, &d) ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
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
