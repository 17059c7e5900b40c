// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Convolutions: kernels, strides, dilation and padding, random and chosen cases.
 */
#include "reference.h"
#include "tests.h"

static struct shape random_conv(struct rng *rng, uint32_t in_prec, uint32_t out_prec)
{
	int kw = rng_range(rng, 1, 4), kh = rng_range(rng, 1, 4);
	int dx = rng_range(rng, 1, 3), dy = rng_range(rng, 1, 3);
	/* Padding on the right and bottom, as wide as on the left and top, keeps the window inside */
	int width = (kw - 1) * dx + rng_range(rng, 1, 6);
	int height = (kh - 1) * dy + rng_range(rng, 1, 6);
	struct shape s = shape_conv(in_prec, out_prec, width, height, rng_range(rng, 1, 80),
				    rng_range(rng, 1, 48), kw, kh);

	s.dx = dx;
	s.dy = dy;
	s.sx = rng_range(rng, 1, 3);
	s.sy = rng_range(rng, 1, 3);
	s.left = rng_range(rng, 0, 3);
	s.top = rng_range(rng, 0, 3);
	if (in_prec == RKNPU_PREC_INT8)
		s.pad = rng_next(rng);
	else if (rng_next(rng) & 1)
		s.pad = 0x3555 | rng_next(rng) << 16;
	shape_output(&s);
	return s;
}

static void test_random(void)
{
	static const uint32_t types[][2] = {
		{ RKNPU_PREC_INT8, RKNPU_PREC_INT32 },
		{ RKNPU_PREC_FP16, RKNPU_PREC_FP32 },
		{ RKNPU_PREC_FP16, RKNPU_PREC_FP16 },
	};
	struct rng rng = { .state = 2024 };

	for (int i = 0; i < 60; i++) {
		struct shape s = random_conv(&rng, types[i % 3][0], types[i % 3][1]);

		reference_test(&s, i % 3 == 0 ? draw_int8 :
			       i % 2 ? draw_fp16_unit : draw_fp16_any_finite, i);
	}
}

/* Channels that do not fill a group of 64, as the compiler generates them; memory may have fewer than the kernel */
static void test_channel_groups(void)
{
	static const int channels[] = { 16, 32, 63, 80, 96, 160 };

	for (int i = 0; i < 6; i++) {
		struct shape s = shape_depthwise(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 6, 5, channels[i], 3, 3);

		s.left = s.top = 1;
		s.pad = 0xf4f4;
		shape_output(&s);
		reference_test(&s, draw_int8, 20 + i);
		s.out_c = (channels[i] + 63) / 64 * 64;
		reference_test(&s, draw_int8, 30 + i);
	}
	for (int i = 0; i < 4; i++) {
		bool wise = i & 1, fp16 = i & 2;
		struct shape s = wise ? shape_depthwise(fp16 ? RKNPU_PREC_FP16 : RKNPU_PREC_INT8,
							fp16 ? RKNPU_PREC_FP32 : RKNPU_PREC_INT32, 6, 5, 96, 3, 3)
				      : shape_conv(fp16 ? RKNPU_PREC_FP16 : RKNPU_PREC_INT8,
						   fp16 ? RKNPU_PREC_FP32 : RKNPU_PREC_INT32, 6, 5, 96, 16, 3, 3);

		s.stored = 80;
		reference_test(&s, fp16 ? draw_fp16_unit : draw_int8, 40 + i);
	}
}

/* A line that is read repeatedly; transposed depthwise */
static void test_compiler(void)
{
	struct shape s = shape_depthwise(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 9, 1, 32, 1, 1);

	s.sy = 0;
	s.out_w = 9;
	s.out_h = 7;
	s.dst_stride = 63;
	s.surf_add = 63 * (s.size_e + 1);
	reference_test(&s, draw_fp16_unit, 50);
	for (int i = 0; i < 2; i++) {
		s = shape_depthwise(i ? RKNPU_PREC_INT8 : RKNPU_PREC_FP16, i ? RKNPU_PREC_INT32 : RKNPU_PREC_FP32,
				    6, 5, 32, 4, 4);
		s.deconv_x = s.deconv_y = 2;
		s.left = s.top = 2;
		s.pad = i ? 0xf9f9 : 0;
		shape_output(&s);
		reference_test(&s, i ? draw_int8 : draw_fp16_unit, 51 + i);
	}
}

/* The largest field values: stride 7, 31 taps, 15 pixels of padding, dilation 32 */
static void test_extremes(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 40, 12, 20, 32, 3, 3);

	s.sx = s.sy = 7;
	shape_output(&s);
	reference_test(&s, draw_int8, 1);
	s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 40, 5, 3, 32, 31, 1);
	s.left = s.top = 15;
	s.pad = 0x7f;
	shape_output(&s);
	reference_test(&s, draw_int8, 2);
	s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 70, 35, 8, 16, 3, 2);
	s.dx = s.dy = 32;
	shape_output(&s);
	reference_test(&s, draw_fp16_unit, 3);
}

/* A window entirely in the padding, and an output wider than the image */
static void test_outside(void)
{
	struct shape s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 2, 2, 40, 16, 2, 2);

	s.left = s.top = 5;
	s.pad = 0xc100;
	shape_output(&s);
	reference_test(&s, draw_fp16_unit, 4);
	s.in_prec = RKNPU_PREC_INT8;
	s.out_prec = RKNPU_PREC_INT32;
	s.pad = 0xff80;
	reference_test(&s, draw_int8, 5);
	/* An infinite pad value must not affect lanes beyond the kernels' channels */
	s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 3, 3, 1, 16, 1, 1);
	s.left = s.top = 1;
	s.pad = 0x7c00;
	shape_output(&s);
	reference_test(&s, draw_fp16_unit, 6);
}

void conv_tests(void)
{
	test_random();
	test_channel_groups();
	test_compiler();
	test_extremes();
	test_outside();
}
