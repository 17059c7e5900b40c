// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CNA and CORE with every type: matmuls with all edge sizes, saturation, random
 * convolutions, all layouts, window sums.
 */
#include <string.h>

#include "border.h"
#include "tap.h"
#include "tests.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct type {
	uint32_t prec, out;
	draw_fn draw[3];
	bool pads;		/* the value of padding is known */
	int step;		/* the number of channels is a multiple of this, to fill bytes */
} types[] = {
	{ RKNPU_PREC_INT4, RKNPU_PREC_INT16, { draw_int4, draw_int4, draw_int4 }, false, 2 },
	{ RKNPU_PREC_INT8, RKNPU_PREC_INT32, { draw_int8, draw_int8, draw_int8 }, true, 1 },
	{ RKNPU_PREC_INT16, RKNPU_PREC_INT32, { draw_int16, draw_int16_small, draw_int16 }, false, 1 },
	{ RKNPU_PREC_FP16, RKNPU_PREC_FP32, { draw_fp16_unit, draw_fp16_any_finite, draw_fp16_any }, true, 1 },
	{ RKNPU_PREC_BF16, RKNPU_PREC_FP32, { draw_bf16_unit, draw_bf16_wide, draw_bf16_any }, false, 1 },
	{ RKNPU_PREC_TF32, RKNPU_PREC_FP32, { draw_fp32_unit, draw_fp32_wide, draw_fp32_any }, false, 1 },
};

static const struct {
	int m, k, n;
} sizes[] = {
	{ 1, 32, 32 }, { 1, 2, 1 }, { 1, 64, 128 }, { 2, 16, 32 }, { 3, 34, 8 }, { 4, 36, 16 },
	{ 5, 100, 40 }, { 7, 62, 31 }, { 8, 288, 32 }, { 33, 64, 33 }, { 9, 48, 65 }, { 1, 768, 96 },
	{ 37, 40, 100 },
};

static void test_matmuls(const struct type *type)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct shape s = shape_matmul(type->prec, type->out, sizes[i].m, sizes[i].k, sizes[i].n);

		border_test(&s, type->draw[i % 3], i);
		if (i % 2)
			continue;
		shape_row_major(&s);
		border_test(&s, type->draw[i % 3], 100 + i);
	}
}

static int random_channels(struct rng *rng, const struct type *type, int most)
{
	return rng_range(rng, 1, most / type->step) * type->step;
}

static void set_padding(struct rng *rng, const struct type *type, struct shape *s)
{
	s->left = rng_range(rng, 0, 3);
	s->top = rng_range(rng, 0, 3);
	if (type->prec == RKNPU_PREC_FP16)
		s->pad = 0x3555 | rng_next(rng) << 16;
	else if (type->pads)
		s->pad = rng_next(rng);
}

static struct shape random_conv(struct rng *rng, const struct type *type, bool depthwise)
{
	int kw = rng_range(rng, 1, 4), kh = rng_range(rng, 1, 4);
	int dx = rng_range(rng, 1, 3), dy = rng_range(rng, 1, 3);
	/* Padding on the right and bottom, as wide as on the left and top, keeps the window inside */
	int width = (kw - 1) * dx + rng_range(rng, 1, 6), height = (kh - 1) * dy + rng_range(rng, 1, 6);
	struct shape s;

	if (depthwise) {
		int channels = type->prec == RKNPU_PREC_INT8 ? 64 * rng_range(rng, 1, 3)
							     : random_channels(rng, type, 100);

		s = shape_depthwise(type->prec, type->out, width, height, channels, kw, kh);
	} else {
		s = shape_conv(type->prec, type->out, width, height, random_channels(rng, type, 80),
			       rng_range(rng, 1, 70), kw, kh);
	}
	s.dx = dx;
	s.dy = dy;
	s.sx = rng_range(rng, 1, 3);
	s.sy = rng_range(rng, 1, 3);
	set_padding(rng, type, &s);
	shape_output(&s);
	return s;
}

static void test_convs(const struct type *type)
{
	struct rng rng = { .state = 7 + type->prec };

	for (int i = 0; i < 16; i++) {
		struct shape s = random_conv(&rng, type, false);

		border_test(&s, type->draw[i % 3], i);
	}
}

static void test_depthwise(const struct type *type)
{
	struct rng rng = { .state = 77 + type->prec };

	for (int i = 0; i < 16; i++) {
		struct shape s = random_conv(&rng, type, true);

		/* Output channels without a kernel are zero; there may also be fewer output channels than kernels */
		s.out_c += i % 4 == 1 ? 16 : i % 4 == 2 && s.out_c > 20 ? -20 : 0;
		border_test(&s, type->draw[i % 3], i);
	}
}

/* Interior dilation by two, four and eight, in one direction and in both */
static void test_deconv(const struct type *type)
{
	static const int steps[] = { 0, 2, 4, 8 };
	struct rng rng = { .state = 777 + type->prec };

	for (int i = 1; i < 16; i++) {
		int k = rng_range(&rng, 1, 4);
		struct shape s = shape_conv(type->prec, type->out, rng_range(&rng, 1, 5),
					    rng_range(&rng, 1, 5), random_channels(&rng, type, 40),
					    rng_range(&rng, 1, 40), k, k);

		s.deconv_x = steps[i % 4];
		s.deconv_y = steps[i / 4];
		s.left = s.top = k - 1;
		if (type->pads && i % 2)
			s.pad = 0x3c3c;
		shape_output(&s);
		border_test(&s, type->draw[i % 3], i);
		/* Output padding: the programmed size is used */
		s.out_w++;
		border_test(&s, type->draw[i % 3], 20 + i);
	}
}

static void test_packed(const struct type *type)
{
	for (int packed = 1; packed <= 4; packed++) {
		struct shape s = shape_conv(type->prec, type->out, 9, 7, 8, 16, 3, 3);

		s.layout = LAYOUT_PACKED;
		s.packed = packed;
		s.line_stride = 9 + packed;
		s.sx = 2;
		s.left = 1;
		shape_output(&s);
		border_test(&s, type->draw[0], packed);
	}
}

static void test_lines(const struct type *type)
{
	for (int height = 1; height <= 9; height++) {
		struct shape s = shape_conv(type->prec, type->out, 3, height, 70, 33, 1, 1);

		border_test(&s, type->draw[0], height);
	}
	/* Gaps, and surfaces in reverse order */
	struct shape s = shape_conv(type->prec, type->out, 5, 10, 70, 17, 2, 2);

	s.line_stride = 4 * 5 + 3;
	s.surf_stride = 2 * s.line_stride + 11;
	border_test(&s, type->draw[0], 20);
	s.surf_stride = -(4 * 5) - 4 * s.line_stride;
	border_test(&s, type->draw[0], 21);
	s.layout = LAYOUT_ROWS;
	s.line_stride = -9;
	border_test(&s, type->draw[0], 22);
}

/* ---- saturation -------------------------------------------------------------- */

static uint32_t draw_lowest16(struct rng *rng)
{
	(void)rng;
	return 0x8000;
}

/*
 * Two products of -32768 and itself exceed int32; 36 bits hold 32 of them. The
 * last weight of each kernel decides how far the sum comes back into range.
 */
static void test_int16(void)
{
	struct shape s = shape_matmul(RKNPU_PREC_INT16, RKNPU_PREC_INT32, 3, 40, 4);
	struct program p;

	program_init(&p, &s, draw_lowest16, 0);
	tap_ok(border_runs(&p), "int16 sum beyond INT32_MAX saturates");
	for (int c = 0; c < s.channels; c++) {
		p.weights[c] = c % 2 ? 0x8000 : 0x7fff;
		p.weights[s.channels + c] = 0x7fff;
		p.weights[2 * s.channels + c] = c < 20 ? 0x7fff : 0x8001;
		p.weights[3 * s.channels + c] = c < 21 ? 0x7fff : 0x8001;
	}
	program_pack(&p);
	tap_ok(border_runs(&p), "int16 sums that leave int32 on the way are exact, or saturate below");
	program_free(&p);
	s = shape_depthwise(RKNPU_PREC_INT16, RKNPU_PREC_INT32, 5, 5, 40, 3, 3);
	program_init(&p, &s, draw_lowest16, 0);
	tap_ok(border_runs(&p), "int16 depthwise sums saturate");
	program_free(&p);
}

/* 65536 products of 64 are 2^22: far from int32's limits, but beyond int16, to which the DPU saturates */
static uint32_t draw_lowest4(struct rng *rng)
{
	(void)rng;
	return 8;
}

static void test_int4(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT4, RKNPU_PREC_INT16, 3, 3, 4096, 65, 3, 3);

	border_test(&s, draw_lowest4, 0);
	/* Odd channels: weights start within a byte, where the order of nibbles matters */
	s = shape_conv(RKNPU_PREC_INT4, RKNPU_PREC_INT16, 5, 4, 33, 65, 2, 1);
	border_test(&s, draw_int4, 1);
	s = shape_conv(RKNPU_PREC_INT4, RKNPU_PREC_INT16, 5, 4, 1, 7, 2, 2);
	border_test(&s, draw_int4, 2);
}

/* ---- rounding ------------------------------------------------------------------- */

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* Ties between two tf32 numbers, one bit to either side, the largest number, subnormals, NaN */
static uint32_t draw_tf32_edges(struct rng *rng)
{
	static const uint32_t bits[] = {
		0x3f801000, 0x3f803000, 0x3f800fff, 0x3f801001, 0x3f802fff, 0x3f803001, 0x7f7fefff,
		0x7f7ff000, 0x007ff000, 0x00000fff, 0x00001001, 0x80003000, 0x7fc00001, 0x7f800000,
	};

	return rng_next(rng) % 4 ? bits_of(1.0f) : bits[rng_next(rng) % ARRAY_SIZE(bits)];
}

static void test_tf32(void)
{
	for (int i = 0; i < 20; i++) {
		struct shape s = shape_matmul(RKNPU_PREC_TF32, RKNPU_PREC_FP32, 8, 1 + i % 2, 16);

		border_test(&s, draw_tf32_edges, i);
	}
}

/* ---- largest fields ------------------------------------------------------------ */

static void test_largest(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 2047, 3, 5, 2, 3, 3);

	border_test(&s, draw_int8, 1);
	s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 2, 2047, 5, 2, 2, 3);
	s.sy = 7;
	s.top = 15;
	shape_output(&s);
	border_test(&s, draw_fp16_unit, 2);
	/* 14 bits of kernels, 16 of channels, 5 of kernel width and height, 19 of a kernel's bytes */
	s = shape_conv(RKNPU_PREC_INT4, RKNPU_PREC_INT16, 1, 2, 4, 16383, 1, 1);
	border_test(&s, draw_int4, 3);
	s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 2, 1, 65535, 3, 1, 1);
	border_test(&s, draw_int8, 4);
	s = shape_conv(RKNPU_PREC_INT16, RKNPU_PREC_INT32, 33, 32, 3, 2, 31, 31);
	border_test(&s, draw_int16, 5);
	s = shape_conv(RKNPU_PREC_TF32, RKNPU_PREC_FP32, 31, 31, 136, 1, 31, 31);
	border_test(&s, draw_fp32_unit, 6);
}

/* ---- cost -------------------------------------------------------------------- */

static void test_cost(const struct type *type, bool depthwise)
{
	static const int shifts[] = { 0, 1, 1, 1, 9, 9, -1, 2 };
	struct shape s = depthwise ? shape_depthwise(type->prec, type->out, 9, 8, 64, 3, 2)
				   : shape_conv(type->prec, type->out, 9, 8, 64, 33, 3, 2);
	struct twin_compute_result cost;
	struct program p;

	program_init(&p, &s, type->draw[0], 0);
	twin_compute_cost(&p.unit, ENABLE_CONV, &cost);
	tap_ok(cost.macs == 7ull * 7 * 64 * 6 * (depthwise ? 1 : 33) &&
	       cost.mac_rate_shift == shifts[type->prec] + 4 * depthwise, "cost of %s", shape_name(&s));
	program_free(&p);
}

/* ---- sums ------------------------------------------------------------------------ */

/* Without QD_EN there are no sums; the sums of programs with QD_EN are checked with every shape */
static void test_no_sums(void)
{
	struct shape s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 3, 40, 4);
	struct program p;

	program_init(&p, &s, draw_int8, 0);
	*program_reg(&p, RKNPU_CORE_MISC_CFG) &= ~RKNPU_CORE_MISC_CFG_QD_EN;
	tap_note("a difference follows on purpose");
	tap_ok(!border_runs(&p), "no window sums without QD_EN");
	program_free(&p);
}

void type_tests(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct type *type = &types[i];

		test_matmuls(type);
		test_convs(type);
		test_deconv(type);
		test_lines(type);
		test_cost(type, false);
		if (type->prec != RKNPU_PREC_INT4)
			test_packed(type);
		if (type->prec == RKNPU_PREC_INT4 || type->prec == RKNPU_PREC_TF32)
			continue;
		test_depthwise(type);
		test_cost(type, true);
	}
	test_int16();
	test_int4();
	test_tf32();
	test_largest();
	test_no_sums();
}
