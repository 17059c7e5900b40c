// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CNA: set-up of a convolution.
 *
 * The on-chip buffer set-up (banks, entries, grains, reuse) never changes the
 * result of a valid program [seen: client programs]: a reused operand is simply
 * fetched again. Those registers are not read.
 */
#include "compute_priv.h"

/* Values of fields */
#define CONV_MODE_DIRECT	0
#define CONV_MODE_DEPTHWISE	3
#define ARGB_IN_FIRST		8	/* packed pixels of one channel */
#define ARGB_IN_LAST		11	/* packed pixels of four channels */

/* A deconvolution by two was seen to go wrong with this much padding or more [seen: rockchip-npu-notes] */
#define DECONV_PAD_BAD		12

static int32_t sign_extend(uint32_t value, uint32_t mask)
{
	uint32_t sign = (mask >> 1) + 1;

	return (int32_t)((value ^ sign) - sign);
}

static enum twin_compute_status parse_types(const struct task *t, struct conv *conv)
{
	uint32_t con1 = reg_read(t, RKNPU_CNA_CONV_CON1);
	uint32_t mode = field_get(RKNPU_CNA_CONV_CON1_MODE, con1);

	conv->precision = field_get(RKNPU_CNA_CONV_CON1_IN_PREC, con1);
	conv->operand = operand_of(conv->precision);
	if (!conv->operand)
		return refuse(t, RKNPU_CNA_CONV_CON1, "input precision int32 or fp32");
	if (field_get(RKNPU_CNA_CONV_CON1_PROC_PREC, con1) != conv->precision)
		return refuse(t, RKNPU_CNA_CONV_CON1, "input and processing precision differ");
	if (mode != CONV_MODE_DIRECT && mode != CONV_MODE_DEPTHWISE)
		return refuse(t, RKNPU_CNA_CONV_CON1, "convolution mode other than direct and depthwise");
	conv->depthwise = mode == CONV_MODE_DEPTHWISE;
	if (conv->depthwise && !conv->operand->depthwise_group)
		return refuse(t, RKNPU_CNA_CONV_CON1, "depthwise of int4 or tf32");
	conv->is_float = conv->operand->is_float;
	conv->lanes = conv->operand->lanes;
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_layout(const struct task *t, const struct conv *conv,
					     struct feature *f)
{
	uint32_t con1 = reg_read(t, RKNPU_CNA_CONV_CON1);
	uint32_t argb = field_get(RKNPU_CNA_CONV_CON1_ARGB_IN, con1);
	bool nonalign = con1 & RKNPU_CNA_CONV_CON1_NONALIGN_DMA;

	f->group_line_off = con1 & RKNPU_CNA_CONV_CON1_GROUP_LINE_OFF;
	f->packed_channels = 0;
	if (nonalign && argb >= ARGB_IN_FIRST && argb <= ARGB_IN_LAST)
		f->packed_channels = argb - ARGB_IN_FIRST + 1;
	else if (nonalign || argb)
		return refuse(t, RKNPU_CNA_CONV_CON1, "ARGB_IN and NONALIGN_DMA other than packed pixels");
	if (f->packed_channels && conv->precision == RKNPU_PREC_INT4)
		return refuse(t, RKNPU_CNA_CONV_CON1, "packed pixels of int4");
	f->addr = reg_read(t, RKNPU_CNA_FEATURE_DATA_ADDR) + t->dma_base;
	/* Negative surface strides are common: one row has W * (1 - 4) [seen: client programs] */
	f->line_stride = sign_extend(reg_field(t, RKNPU_CNA_DMA_CON1, RKNPU_CNA_DMA_CON1_LINE_STRIDE),
				     RKNPU_CNA_DMA_CON1_LINE_STRIDE);
	f->surf_stride = sign_extend(reg_field(t, RKNPU_CNA_DMA_CON2, RKNPU_CNA_DMA_CON2_SURF_STRIDE),
				     RKNPU_CNA_DMA_CON2_SURF_STRIDE);
	f->pad_bits = reg_read(t, RKNPU_CNA_PAD_CON1);
	return in_cvt_parse(t, conv, &f->cvt);
}

/* Stride 0 reads the same pixels for every output, which repeats a line [seen: streams of rknn-toolkit2] */
static enum twin_compute_status parse_window(const struct task *t, struct window *w)
{
	uint32_t con3 = reg_read(t, RKNPU_CNA_CONV_CON3);

	w->width = reg_field(t, RKNPU_CNA_WEIGHT_SIZE2, RKNPU_CNA_WEIGHT_SIZE2_WIDTH);
	w->height = reg_field(t, RKNPU_CNA_WEIGHT_SIZE2, RKNPU_CNA_WEIGHT_SIZE2_HEIGHT);
	w->x_stride = field_get(RKNPU_CNA_CONV_CON3_X_STRIDE, con3);
	w->y_stride = field_get(RKNPU_CNA_CONV_CON3_Y_STRIDE, con3);
	w->x_dilation = field_get(RKNPU_CNA_CONV_CON3_X_DILATION, con3) + 1;
	w->y_dilation = field_get(RKNPU_CNA_CONV_CON3_Y_DILATION, con3) + 1;
	w->left = reg_field(t, RKNPU_CNA_PAD_CON0, RKNPU_CNA_PAD_CON0_LEFT);
	w->top = reg_field(t, RKNPU_CNA_PAD_CON0, RKNPU_CNA_PAD_CON0_TOP);
	if (!w->width || !w->height)
		return refuse(t, RKNPU_CNA_WEIGHT_SIZE2, "kernel without width or height");
	return TWIN_COMPUTE_OK;
}

/* Values 1, 3 and 7 spread the input by two, four and eight; others do nothing [seen: rockchip-npu-notes] */
static uint32_t spread_of(uint32_t field)
{
	switch (field) {
	case 1:
		return 1;
	case 3:
		return 2;
	case 7:
		return 3;
	default:
		return 0;
	}
}

static bool deconv_pad_is_bad(uint32_t spread, uint32_t pad)
{
	return spread == 1 && pad >= DECONV_PAD_BAD;
}

/* The deconvolution stride fields do nothing unless DECONV is set [seen: rockchip-npu-notes] */
static enum twin_compute_status parse_deconv(const struct task *t, struct window *w)
{
	uint32_t con3 = reg_read(t, RKNPU_CNA_CONV_CON3);

	w->x_spread = w->y_spread = 0;
	if (!(reg_read(t, RKNPU_CNA_CONV_CON1) & RKNPU_CNA_CONV_CON1_DECONV))
		return TWIN_COMPUTE_OK;
	w->x_spread = spread_of(field_get(RKNPU_CNA_CONV_CON3_DECONV_X_STRIDE, con3));
	w->y_spread = spread_of(field_get(RKNPU_CNA_CONV_CON3_DECONV_Y_STRIDE, con3));
	if (!w->x_spread && !w->y_spread)
		return TWIN_COMPUTE_OK;
	if (w->x_stride != 1 || w->y_stride != 1 || w->x_dilation != 1 || w->y_dilation != 1)
		return refuse(t, RKNPU_CNA_CONV_CON3, "deconvolution with stride or dilation");
	if (deconv_pad_is_bad(w->x_spread, w->left) || deconv_pad_is_bad(w->y_spread, w->top))
		return refuse(t, RKNPU_CNA_PAD_CON0, "deconvolution by two with padding of 12 to 15");
	return TWIN_COMPUTE_OK;
}

/*
 * The number of channels is what fits in the bytes of a kernel [seen: client programs]. Kernels may fill
 * their last group with channels that are not in memory [seen: streams of rknn-toolkit2].
 */
static enum twin_compute_status parse_channels(const struct task *t, struct conv *conv)
{
	uint32_t bytes = reg_field(t, RKNPU_CNA_WEIGHT_SIZE1, RKNPU_CNA_WEIGHT_SIZE1_BYTES_PER_KERNEL);
	uint32_t in_memory = reg_field(t, RKNPU_CNA_DATA_SIZE1, RKNPU_CNA_DATA_SIZE1_CHANNEL);
	uint32_t channels = bytes * 8 / conv->operand->bits / conv->taps;

	if (!in_memory)
		return refuse(t, RKNPU_CNA_DATA_SIZE1, "no channels");
	if (!channels || channels > round_up(in_memory, LANES) ||
	    channels * conv->taps * conv->operand->bits != bytes * 8)
		return refuse(t, RKNPU_CNA_WEIGHT_SIZE1, "bytes per kernel do not match taps and channels");
	conv->feature.channels = channels;
	conv->feature.stored_channels = min_u32(channels, in_memory);
	conv->groups = (channels + conv->lanes - 1) / conv->lanes;
	conv->depth = (size_t)conv->lanes * conv->groups * conv->taps;
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_weights(const struct task *t, struct conv *conv)
{
	uint32_t bytes = reg_field(t, RKNPU_CNA_WEIGHT_SIZE1, RKNPU_CNA_WEIGHT_SIZE1_BYTES_PER_KERNEL);

	conv->kernels = reg_field(t, RKNPU_CNA_WEIGHT_SIZE2, RKNPU_CNA_WEIGHT_SIZE2_KERNELS);
	if (!conv->kernels)
		return refuse(t, RKNPU_CNA_WEIGHT_SIZE2, "no kernels");
	if (conv->depthwise && conv->kernels != 1)
		return refuse(t, RKNPU_CNA_WEIGHT_SIZE2, "depthwise with several kernels");
	if ((uint64_t)conv->depth * conv->kernels * conv->operand->dense_bytes > MAX_OPERAND_BYTES)
		return refuse(t, RKNPU_CNA_WEIGHT_SIZE2, "weights beyond the model's memory bound");
	conv->weight_bytes = bytes * conv->kernels;
	conv->weight_addr = reg_read(t, RKNPU_CNA_DCOMP_ADDR0) + t->dma_base;
	return dcomp_parse(t, conv);
}

static enum twin_compute_status parse_size(const struct task *t, struct conv *conv)
{
	struct feature *f = &conv->feature;
	uint64_t points;

	f->width = reg_field(t, RKNPU_CNA_DATA_SIZE0, RKNPU_CNA_DATA_SIZE0_WIDTH);
	f->height = reg_field(t, RKNPU_CNA_DATA_SIZE0, RKNPU_CNA_DATA_SIZE0_HEIGHT);
	if (!f->width || !f->height)
		return refuse(t, RKNPU_CNA_DATA_SIZE0, "feature without width or height");
	points = (uint64_t)f->width * f->height * conv->groups;
	if (points * conv->lanes * conv->operand->dense_bytes > MAX_OPERAND_BYTES)
		return refuse(t, RKNPU_CNA_DATA_SIZE0, "feature beyond the model's memory bound");
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status cna_parse(const struct task *t, struct conv *conv)
{
	struct window *w = &conv->window;
	enum twin_compute_status status = parse_types(t, conv);

	if (status == TWIN_COMPUTE_OK)
		status = parse_layout(t, conv, &conv->feature);
	if (status == TWIN_COMPUTE_OK)
		status = parse_window(t, w);
	if (status == TWIN_COMPUTE_OK)
		status = parse_deconv(t, w);
	if (status != TWIN_COMPUTE_OK)
		return status;
	conv->taps = w->width * w->height;
	status = parse_channels(t, conv);
	if (status == TWIN_COMPUTE_OK)
		status = parse_weights(t, conv);
	if (status == TWIN_COMPUTE_OK)
		status = parse_size(t, conv);
	return status;
}
