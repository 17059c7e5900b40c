// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CNA: convolution set-up and feature fetch.
 *
 * On-chip buffer set-up (banks, entries, grains, reuse) never changes the
 * result of a valid program [seen: client programs]; reuse of an operand is
 * served by fetching it again. Those registers are not read.
 */
#include <stdlib.h>
#include <string.h>

#include "compute_priv.h"

/* Values of fields */
#define CONV_MODE_DIRECT	0
#define ARGB_IN_FIRST		8	/* packed pixels of one channel */
#define ARGB_IN_LAST		11	/* of four */

/* Rows of four lines form a unit of the feature layout unless GROUP_LINE_OFF is set */
#define LINE_GROUP		4

static int32_t sign_extend(uint32_t value, uint32_t mask)
{
	uint32_t sign = (mask >> 1) + 1;

	return (int32_t)((value ^ sign) - sign);
}

static enum twin_compute_status parse_types(const struct task *t, struct conv *conv)
{
	uint32_t con1 = reg_read(t, RKNPU_CNA_CONV_CON1);

	conv->precision = field_get(RKNPU_CNA_CONV_CON1_IN_PREC, con1);
	if (conv->precision != RKNPU_PREC_INT8 && conv->precision != RKNPU_PREC_FP16)
		return refuse(t, RKNPU_CNA_CONV_CON1, "input precision other than int8, fp16");
	if (field_get(RKNPU_CNA_CONV_CON1_PROC_PREC, con1) != conv->precision)
		return refuse(t, RKNPU_CNA_CONV_CON1, "input and processing precision differ");
	if (field_get(RKNPU_CNA_CONV_CON1_MODE, con1) != CONV_MODE_DIRECT)
		return refuse(t, RKNPU_CNA_CONV_CON1, "convolution mode other than direct");
	if (con1 & RKNPU_CNA_CONV_CON1_DECONV)
		return refuse(t, RKNPU_CNA_CONV_CON1, "deconvolution");
	if (!(reg_read(t, RKNPU_CNA_CVT_CON0) & RKNPU_CNA_CVT_CON0_BYPASS))
		return refuse(t, RKNPU_CNA_CVT_CON0, "input conversion");
	conv->element_bytes = conv->precision == RKNPU_PREC_FP16 ? 2 : 1;
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_layout(const struct task *t, struct feature *f)
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
	f->addr = reg_read(t, RKNPU_CNA_FEATURE_DATA_ADDR) + t->dma_base;
	/* Negative surface strides are common: one row has W * (1 - 4) [seen: client programs] */
	f->line_stride = sign_extend(reg_field(t, RKNPU_CNA_DMA_CON1, RKNPU_CNA_DMA_CON1_LINE_STRIDE),
				     RKNPU_CNA_DMA_CON1_LINE_STRIDE);
	f->surf_stride = sign_extend(reg_field(t, RKNPU_CNA_DMA_CON2, RKNPU_CNA_DMA_CON2_SURF_STRIDE),
				     RKNPU_CNA_DMA_CON2_SURF_STRIDE);
	f->pad_bits = reg_read(t, RKNPU_CNA_PAD_CON1);
	return TWIN_COMPUTE_OK;
}

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
	if (!w->x_stride || !w->y_stride)
		return refuse(t, RKNPU_CNA_CONV_CON3, "stride 0");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_weights(const struct task *t, struct conv *conv)
{
	uint32_t bytes = reg_field(t, RKNPU_CNA_WEIGHT_SIZE1, RKNPU_CNA_WEIGHT_SIZE1_BYTES_PER_KERNEL);
	uint32_t element_taps;
	uint64_t dense_bytes;

	conv->kernels = reg_field(t, RKNPU_CNA_WEIGHT_SIZE2, RKNPU_CNA_WEIGHT_SIZE2_KERNELS);
	conv->taps = conv->window.width * conv->window.height;
	conv->feature.channels = reg_field(t, RKNPU_CNA_DATA_SIZE1, RKNPU_CNA_DATA_SIZE1_CHANNEL);
	if (!conv->kernels)
		return refuse(t, RKNPU_CNA_WEIGHT_SIZE2, "no kernels");
	if (!conv->feature.channels)
		return refuse(t, RKNPU_CNA_DATA_SIZE1, "no channels");
	element_taps = conv->taps * conv->element_bytes;
	if (bytes != element_taps * conv->feature.channels)
		return refuse(t, RKNPU_CNA_WEIGHT_SIZE1, "bytes per kernel do not match taps and channels");
	if (reg_field(t, RKNPU_CNA_DCOMP_CTRL, RKNPU_CNA_DCOMP_CTRL_MODE))
		return refuse(t, RKNPU_CNA_DCOMP_CTRL, "compressed weights");
	conv->groups = (conv->feature.channels + LANES - 1) / LANES;
	conv->depth = (size_t)LANES * conv->groups * conv->taps;
	dense_bytes = (uint64_t)conv->depth * conv->kernels * conv->element_bytes * 2;
	if (dense_bytes > MAX_OPERAND_BYTES)
		return refuse(t, RKNPU_CNA_WEIGHT_SIZE2, "weights beyond the model's memory bound");
	conv->weight_bytes = bytes * conv->kernels;
	conv->weight_addr = reg_read(t, RKNPU_CNA_DCOMP_ADDR0) + t->dma_base;
	return TWIN_COMPUTE_OK;
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
	if (points * LANES * conv->element_bytes * 2 > MAX_OPERAND_BYTES)
		return refuse(t, RKNPU_CNA_DATA_SIZE0, "feature beyond the model's memory bound");
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status cna_parse(const struct task *t, struct conv *conv)
{
	enum twin_compute_status status = parse_types(t, conv);

	if (status == TWIN_COMPUTE_OK)
		status = parse_layout(t, &conv->feature);
	if (status == TWIN_COMPUTE_OK)
		status = parse_window(t, &conv->window);
	if (status == TWIN_COMPUTE_OK)
		status = parse_weights(t, conv);
	if (status == TWIN_COMPUTE_OK)
		status = parse_size(t, conv);
	return status;
}

/* ---- fetch ------------------------------------------------------------- */

/* The feature as it lies in memory, one row after the other */
struct raw_feature {
	const struct conv *conv;
	uint8_t *bytes;
	uint32_t surfaces;
	uint32_t row_bytes;
	bool surface_inner;	/* rows are kept y by y, not surface by surface */
};

/*
 * First byte of row @y of surface @c1. The three formulas satisfy every public
 * client [seen: client programs]; none is in the TRM.
 */
static uint32_t row_addr(const struct conv *conv, uint32_t c1, uint32_t y)
{
	const struct feature *f = &conv->feature;
	int64_t width = f->width, line = f->line_stride, atoms;

	if (f->packed_channels)
		return f->addr + (uint32_t)(y * line * f->packed_channels * conv->element_bytes);
	if (f->group_line_off)
		atoms = c1 * (width + f->surf_stride) + y * line;
	else
		atoms = c1 * (LINE_GROUP * width + f->surf_stride) +
			y / LINE_GROUP * line + y % LINE_GROUP * width;
	return f->addr + (uint32_t)(atoms * RKNPU_ATOM_BYTES);
}

static uint8_t *raw_row(const struct raw_feature *raw, uint32_t c1, uint32_t y)
{
	size_t row = raw->surface_inner ? (size_t)y * raw->surfaces + c1
					: (size_t)c1 * raw->conv->feature.height + y;

	return raw->bytes + row * raw->row_bytes;
}

/* Read all rows in the order they are kept, one DMA per run of adjacent bytes */
static bool read_rows(const struct task *t, const struct raw_feature *raw)
{
	const struct conv *conv = raw->conv;
	size_t rows = (size_t)raw->surfaces * conv->feature.height, run_bytes = 0;
	uint32_t run_addr = 0, inner = raw->surface_inner ? raw->surfaces : conv->feature.height;
	uint8_t *run = raw->bytes;

	for (size_t row = 0; row < rows; row++) {
		uint32_t major = row / inner, minor = row % inner;
		uint32_t addr = raw->surface_inner ? row_addr(conv, minor, major)
						   : row_addr(conv, major, minor);

		if (run_bytes && addr != run_addr + (uint32_t)run_bytes) {
			if (!dma_read(t, run_addr, run, run_bytes))
				return false;
			run += run_bytes;
			run_bytes = 0;
		}
		if (!run_bytes)
			run_addr = addr;
		run_bytes += raw->row_bytes;
	}
	return dma_read(t, run_addr, run, run_bytes);
}

static enum twin_compute_status read_raw(const struct task *t, struct raw_feature *raw)
{
	const struct conv *conv = raw->conv;
	const struct feature *f = &conv->feature;
	uint32_t atom_channels = RKNPU_ATOM_BYTES / conv->element_bytes;

	if (f->packed_channels) {
		raw->surfaces = 1;
		raw->row_bytes = f->width * f->packed_channels * conv->element_bytes;
	} else {
		raw->surfaces = (f->channels + atom_channels - 1) / atom_channels;
		raw->row_bytes = f->width * RKNPU_ATOM_BYTES;
	}
	/* Matrices in row-major order have a pixel's surfaces side by side */
	raw->surface_inner = row_addr(conv, 1, 0) == row_addr(conv, 0, 0) + raw->row_bytes;
	raw->bytes = malloc((size_t)raw->surfaces * f->height * raw->row_bytes);
	if (!raw->bytes)
		return out_of_memory(t);
	return read_rows(t, raw) ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}

/* @count channels of one point; returns what fp16_span() wants to know about them */
static uint64_t unpack(const struct conv *conv, const uint8_t *from, uint32_t count, void *to)
{
	uint64_t magnitudes = 0;

	if (conv->precision == RKNPU_PREC_INT8) {
		for (uint32_t i = 0; i < count; i++)
			((int16_t *)to)[i] = (int8_t)from[i];
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint16_t bits = from[2 * i] | from[2 * i + 1] << 8;

		magnitudes |= fp16_magnitude(bits);
		((float *)to)[i] = fp16_to_float(bits);
	}
	return magnitudes;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* All lanes of input group @group at one point */
static uint8_t unpack_point(const struct raw_feature *raw, uint32_t group, uint32_t y, uint32_t x,
			    uint8_t *to)
{
	const struct conv *conv = raw->conv;
	const struct feature *f = &conv->feature;
	uint32_t dense_element = conv->element_bytes * 2;
	uint32_t per_row = f->packed_channels ? f->packed_channels
					      : RKNPU_ATOM_BYTES / conv->element_bytes;
	uint32_t last = min_u32(f->channels, per_row * raw->surfaces);
	uint32_t end = min_u32(last, (group + 1) * LANES);
	uint64_t magnitudes = 0;

	for (uint32_t c = group * LANES; c < end; c += per_row) {
		const uint8_t *row = raw_row(raw, c / per_row, y);

		magnitudes |= unpack(conv, row + (size_t)x * per_row * conv->element_bytes,
				     min_u32(per_row, end - c), to);
		to += per_row * dense_element;
	}
	return fp16_span(magnitudes);
}

static void unpack_all(const struct raw_feature *raw, struct dense_feature *feature)
{
	const struct conv *conv = raw->conv;
	size_t lanes_bytes = LANES * conv->element_bytes * 2;
	uint8_t *to = feature->data, *span = feature->span;

	for (uint32_t group = 0; group < conv->groups; group++)
		for (uint32_t y = 0; y < conv->feature.height; y++)
			for (uint32_t x = 0; x < conv->feature.width; x++) {
				*span++ = unpack_point(raw, group, y, x, to);
				to += lanes_bytes;
			}
}

enum twin_compute_status cna_fetch_feature(const struct task *t, const struct conv *conv,
					   struct dense_feature *feature)
{
	const struct feature *f = &conv->feature;
	size_t points = (size_t)conv->groups * f->height * f->width;
	struct raw_feature raw = { .conv = conv };
	enum twin_compute_status status;

	feature->pad_int = (int8_t)f->pad_bits;
	feature->pad_float = fp16_to_float((uint16_t)f->pad_bits);
	feature->pad_span = fp16_span(fp16_magnitude((uint16_t)f->pad_bits));
	feature->data = calloc(points, LANES * conv->element_bytes * 2);
	feature->span = malloc(points);
	if (!feature->data || !feature->span)
		return out_of_memory(t);
	status = read_raw(t, &raw);
	if (status == TWIN_COMPUTE_OK)
		unpack_all(&raw, feature);
	free(raw.bytes);
	return status;
}
