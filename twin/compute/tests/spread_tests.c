// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Tasks with more than one piece in each loop that threads share; task_run()
 * compares numbers of threads. Sizes are odd, so the last piece is short.
 */
#include "back.h"
#include "reference.h"
#include "tap.h"
#include "tests.h"

static void test_large_integers(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT8, 61, 47, 20, 40, 2, 1);
	struct back b = back_all_stages(false);

	s.left = s.top = 1;
	s.pad = 0x11;
	s.cvt_shift = 4;
	shape_output(&s);
	back_test(&s, &b, draw_int8, draw_int8, 1, "large, int8");
	/* Window sums of every channel */
	s = shape_depthwise(RKNPU_PREC_INT8, RKNPU_PREC_INT8, 45, 37, 64, 3, 3);
	s.cvt_shift = 4;
	b = back_all_stages(false);
	back_test(&s, &b, draw_int8, draw_int8, 2, "large, depthwise int8");
}

static void test_large_floats(void)
{
	struct shape s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 61, 47, 20, 40, 1, 2);
	struct back b = back_all_stages(true);

	back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, 3, "large, fp16");
	s = shape_depthwise(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 45, 37, 40, 2, 3);
	b = back_all_stages(true);
	back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, 4, "large, depthwise fp16");
}

/* Steps of 2^4 around 0, then of 2^10 */
static void test_table(bool is_float)
{
	uint32_t type = is_float ? RKNPU_PREC_FP16 : RKNPU_PREC_INT16;
	struct shape s = shape_flying(type, type, 61, 47, 19);
	struct back b = { .flying = true, .lut = true, .lut_start = { -4096, 4096 }, .lut_select = { 4, 6 } };
	struct rng rng = { .state = 5 };

	for (int table = 0; table < 2; table++)
		for (int i = 0; i < BACK_TABLE; i++)
			b.table[table][i] = (int16_t)rng_next(&rng);
	back_test(&s, &b, is_float ? draw_fp16_any_finite : draw_int16, NULL, 5, "large, lookup table");
}

/* Fewer pixels than threads: they share the kernels */
static void test_few_pixels(void)
{
	for (int m = 1; m <= 13; m += 3) {
		struct shape s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, m, 70, 171);

		reference_test(&s, draw_int8, m);
		s = shape_matmul(RKNPU_PREC_INT16, RKNPU_PREC_INT32, m, 70, 171);
		reference_test(&s, draw_int16_small, m);
		s = shape_matmul(RKNPU_PREC_FP16, RKNPU_PREC_FP32, m, 70, 171);
		reference_test(&s, draw_fp16_any, m);
		s = shape_matmul(RKNPU_PREC_TF32, RKNPU_PREC_FP32, m, 70, 171);
		reference_test(&s, draw_fp32_any, m);
	}
}

/* The first poll says nothing yet */
static void test_cancel_later(void)
{
	struct shape s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 15, 15, 40, 40, 2, 2);
	struct program p;

	program_init(&p, &s, draw_fp16_unit, 0);
	p.memory.polls_until_cancelled = 1;
	tap_ok(program_run(&p) == TWIN_COMPUTE_FAULT && !p.memory.writes, "a later poll ends the task too");
	program_free(&p);
}

void spread_tests(void)
{
	test_large_integers();
	test_large_floats();
	test_table(false);
	test_table(true);
	test_few_pixels();
	test_cancel_later();
}
