// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CNA: feature fetch, from any layout in memory to the dense operand.
 */
#include <stdlib.h>

#include "compute_priv.h"

/* Four lines form a unit of the feature layout unless GROUP_LINE_OFF is set */
#define LINE_GROUP		4

/* Depthwise int8: in every block of this many channels, odd ones of the first half are padded with another byte */
#define PAD_CHANNELS		64

/* The feature as it lies in memory, one row after the other */
struct raw_feature {
	const struct conv *conv;
	uint8_t *bytes;
	uint32_t surfaces;
	uint32_t row_bytes;
	bool surface_inner;	/* rows are stored y by y, not surface by surface */
};

/*
 * Address of row @y of surface @c1. The three formulas satisfy every public
 * client [seen: client programs]; none of them is in the TRM.
 */
static uint32_t row_addr(const struct conv *conv, uint32_t c1, uint32_t y)
{
	const struct feature *f = &conv->feature;
	int64_t width = f->width, line = f->line_stride, atoms;

	if (f->packed_channels)
		return f->addr + (uint32_t)(y * line * f->packed_channels * conv->operand->bits / 8);
	if (f->group_line_off)
		atoms = c1 * (width + f->surf_stride) + y * line;
	else
		atoms = c1 * (LINE_GROUP * width + f->surf_stride) +
			y / LINE_GROUP * line + y % LINE_GROUP * width;
	return f->addr + (uint32_t)(atoms * ATOM_BYTES);
}

static uint8_t *raw_row(const struct raw_feature *raw, uint32_t c1, uint32_t y)
{
	size_t row = raw->surface_inner ? (size_t)y * raw->surfaces + c1
					: (size_t)c1 * raw->conv->feature.height + y;

	return raw->bytes + row * raw->row_bytes;
}

/* Read all rows in the order in which they are stored, with one DMA per run of adjacent bytes */
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
	uint32_t atom_channels = ATOM_BYTES * 8 / conv->operand->bits;

	if (f->packed_channels) {
		raw->surfaces = 1;
		raw->row_bytes = f->width * f->packed_channels * conv->operand->bits / 8;
	} else {
		raw->surfaces = (f->stored_channels + atom_channels - 1) / atom_channels;
		raw->row_bytes = f->width * ATOM_BYTES;
	}
	/* In row-major matrices, the surfaces of a pixel are side by side */
	raw->surface_inner = row_addr(conv, 1, 0) == row_addr(conv, 0, 0) + raw->row_bytes;
	raw->bytes = malloc((size_t)raw->surfaces * f->height * raw->row_bytes);
	if (!raw->bytes)
		return out_of_memory(t);
	return read_rows(t, raw) ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}

/* Unpack all lanes of input group @group at one point */
static uint8_t unpack_point(const struct raw_feature *raw, uint32_t group, uint32_t y, uint32_t x,
			    uint8_t *to)
{
	const struct conv *conv = raw->conv;
	const struct feature *f = &conv->feature;
	uint32_t bits = conv->operand->bits;
	uint32_t per_row = f->packed_channels ? f->packed_channels : ATOM_BYTES * 8 / bits;
	uint32_t last = min_u32(f->stored_channels, per_row * raw->surfaces);
	uint32_t end = min_u32(last, (group + 1) * conv->lanes);
	uint64_t magnitudes = 0;

	for (uint32_t c = group * conv->lanes; c < end; c += per_row) {
		const uint8_t *from = raw_row(raw, c / per_row, y) + (size_t)x * per_row * bits / 8;
		uint32_t count = min_u32(per_row, end - c);

		if (f->cvt.on)
			in_cvt_run(&f->cvt, from, count, (int16_t *)to);
		else
			magnitudes |= operand_unpack(conv->precision, from, 0, count, to, 1);
		to += per_row * conv->operand->dense_bytes;
	}
	return fp16_span(magnitudes);
}

/* The feature while it is unpacked, row by row of each input group */
struct unpacking {
	const struct raw_feature *raw;
	struct dense_feature *feature;
};

static void unpack_rows(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	const struct unpacking *u = arg;
	const struct conv *conv = u->raw->conv;
	uint32_t width = conv->feature.width, height = conv->feature.height;
	size_t point = (size_t)first * width, bytes = conv->lanes * conv->operand->dense_bytes;
	uint8_t *to = (uint8_t *)u->feature->data + point * bytes, *span = u->feature->span + point;

	(void)thread;
	for (uint32_t row = first; row < first + count; row++)
		for (uint32_t x = 0; x < width; x++, to += bytes)
			*span++ = unpack_point(u->raw, row / height, row % height, x, to);
}

static bool unpack_all(const struct task *t, const struct raw_feature *raw, struct dense_feature *feature)
{
	const struct conv *conv = raw->conv;
	struct unpacking u = { .raw = raw, .feature = feature };
	uint32_t rows = conv->groups * conv->feature.height, row_values = conv->feature.width * conv->lanes;

	return spread(t, (uint64_t)rows * row_values, rows, PIECE_VALUES / row_values + 1, unpack_rows, &u);
}

/* Byte of PAD_CON1 for @channel [seen: bytes captured from silicon]; that it repeats after 64 is a guess */
static int16_t pad_int8(const struct conv *conv, uint32_t channel)
{
	bool other = conv->depthwise && channel % PAD_CHANNELS < PAD_CHANNELS / 2 && channel % 2;

	return (int8_t)(conv->feature.pad_bits >> (other ? 8 : 0));
}

/* For types whose padding values are not known, core_parse() has made sure that they are all zero */
static void fill_padding(const struct conv *conv, struct dense_feature *feature)
{
	uint16_t half = (uint16_t)conv->feature.pad_bits;

	feature->pad_span = 0;
	if (conv->precision == RKNPU_PREC_FP16)
		feature->pad_span = fp16_span(fp16_magnitude(half));
	for (uint32_t last = 0; last < 2; last++)
		for (uint32_t odd = 0; odd < 2; odd++) {
			uint32_t lanes = conv->feature.channels - (conv->groups - 1) * conv->lanes;

			for (uint32_t i = 0; i < (last ? lanes : conv->lanes); i++) {
				if (conv->precision == RKNPU_PREC_INT8)
					feature->pad.i[last][odd][i] = pad_int8(conv, odd * conv->lanes + i);
				if (conv->precision == RKNPU_PREC_FP16)
					feature->pad.f[last][odd][i] = fp16_to_float(half);
			}
		}
}

enum twin_compute_status cna_fetch_feature(const struct task *t, const struct conv *conv,
					   struct dense_feature *feature)
{
	const struct feature *f = &conv->feature;
	size_t points = (size_t)conv->groups * f->height * f->width;
	struct raw_feature raw = { .conv = conv };
	enum twin_compute_status status;

	fill_padding(conv, feature);
	feature->data = calloc(points, conv->lanes * conv->operand->dense_bytes);
	feature->span = malloc(points);
	if (!feature->data || !feature->span)
		return out_of_memory(t);
	status = read_raw(t, &raw);
	if (status == TWIN_COMPUTE_OK && !unpack_all(t, &raw, feature))
		status = TWIN_COMPUTE_FAULT;
	free(raw.bytes);
	return status;
}
