// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Location of elements in memory, from the formulas, one element at a time, as
 * offsets from the programmed base. Offsets are in bits, because of int4.
 */
#include "program.h"

int element_bits(uint32_t precision)
{
	switch (precision) {
	case RKNPU_PREC_INT4:
		return 4;
	case RKNPU_PREC_INT8:
		return 8;
	case RKNPU_PREC_INT16:
	case RKNPU_PREC_FP16:
	case RKNPU_PREC_BF16:
		return 16;
	default:
		return 32;
	}
}

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

int stored_channels(const struct shape *s)
{
	int c2 = 128 / element_bits(s->in_prec), channels = s->stored ? s->stored : s->channels;

	return s->layout == LAYOUT_PACKED ? s->packed : (channels + c2 - 1) / c2 * c2;
}

int64_t feature_bit(const struct shape *s, int c, int y, int x)
{
	int bits = element_bits(s->in_prec), c2 = 128 / bits, c1 = c / c2;
	int64_t atom;

	if (s->layout == LAYOUT_PACKED)
		return (((int64_t)y * s->line_stride + x) * s->packed + c) * bits;
	if (s->layout == LAYOUT_ROWS)
		atom = (int64_t)c1 * (s->width + s->surf_stride) + (int64_t)y * s->line_stride + x;
	else
		atom = (int64_t)c1 * (4 * s->width + s->surf_stride) +
		       (int64_t)(y / 4) * s->line_stride + y % 4 * s->width + x;
	return 128 * atom + c % c2 * bits;
}

/* Order: channel group, tap, channel; there is one kernel for each channel */
static int64_t depthwise_bit(const struct shape *s, int c, int ky, int kx)
{
	int bits = element_bits(s->in_prec), group = 512 / bits, first = c / group * group;
	int members = min_int(group, s->channels - first);
	int64_t element = (int64_t)first * s->kw * s->kh;

	return (element + (int64_t)(ky * s->kw + kx) * members + c % group) * bits;
}

int64_t weight_bit(const struct shape *s, int k, int c, int ky, int kx)
{
	int bits = element_bits(s->in_prec);
	int out_group = bits >= 16 ? 16 : bits == 8 ? 32 : 64, in_group = bits == 32 ? 16 : 32;
	int taps = s->kw * s->kh, og = k / out_group, ig = c / in_group;
	int outs = min_int(out_group, s->kernels - og * out_group);
	int ins = min_int(in_group, s->channels - ig * in_group);
	int64_t element = (int64_t)og * out_group * taps * s->channels;

	if (s->depthwise)
		return depthwise_bit(s, c, ky, kx);
	element += (int64_t)ig * in_group * taps * outs;
	element += ((int64_t)(ky * s->kw + kx) * outs + k % out_group) * ins + c % in_group;
	return element * bits;
}

uint32_t program_out_offset(const struct shape *s, int k, int y, int x)
{
	int c2 = 16 / shape_out_bytes(s), group = c2 * (s->size_e + 1);
	uint32_t atom = (uint32_t)(k / group) * s->surf_add +
			(uint32_t)(k % group / c2) * s->dst_stride + y * (s->out_w + s->notch) + x;

	return 16 * atom + k % c2 * shape_out_bytes(s);
}
