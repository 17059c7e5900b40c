// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: output conversion, output layouts and the order of writes.
 */
#include "reference.h"
#include "tap.h"
#include "tests.h"

static struct shape small(uint32_t in_prec, uint32_t out_prec)
{
	return shape_conv(in_prec, out_prec, 5, 3, 40, 72, 1, 1);
}

static void test_size_e(uint32_t in_prec, uint32_t out_prec, draw_fn draw)
{
	for (int size_e = 0; size_e < 8; size_e++) {
		struct shape s = small(in_prec, out_prec);

		s.size_e = size_e;
		shape_output(&s);
		reference_test(&s, draw, size_e);
		/* Rows and surfaces with gaps */
		s.notch = 3;
		s.dst_stride = s.out_h * (s.out_w + s.notch) + 2;
		s.surf_add = s.dst_stride * (size_e + 1) + 5;
		reference_test(&s, draw, 10 + size_e);
	}
}

static void test_row_major(uint32_t in_prec, uint32_t out_prec, draw_fn draw)
{
	struct shape s = shape_matmul(in_prec, out_prec, 9, 64, 96);

	shape_row_major(&s);
	reference_test(&s, draw, 20);
	s = shape_matmul(in_prec, out_prec, 1, 32, 32);
	shape_row_major(&s);
	reference_test(&s, draw, 21);
}

/* Lines that overlap the next ones, which win */
static void test_negative_notch(uint32_t in_prec, uint32_t out_prec, draw_fn draw)
{
	for (int notch = -1; notch >= -4; notch--) {
		struct shape s = small(in_prec, out_prec);

		s.notch = notch;
		reference_test(&s, draw, 25 - notch);
	}
}

/* Lines so far apart that the field's highest bit is set, as those of a wide transposed matrix */
static void test_wide_notch(uint32_t in_prec, uint32_t out_prec, draw_fn draw)
{
	for (int notch = 4096; notch < 8191 - 5; notch += 2047) {
		struct shape s = small(in_prec, out_prec);

		s.notch = notch;
		s.dst_stride = s.out_h * (s.out_w + s.notch);
		s.surf_add = s.dst_stride * (s.size_e + 1);
		reference_test(&s, draw, 40 + notch);
	}
}

/* Surfaces of a group, and groups, that overlap: the documented order decides */
static void test_overlap(uint32_t in_prec, uint32_t out_prec, draw_fn draw)
{
	struct shape s = small(in_prec, out_prec);

	s.dst_stride = 4;
	reference_test(&s, draw, 30);
	s.dst_stride = 0;
	s.surf_add = 7;
	reference_test(&s, draw, 31);
	s = small(in_prec, out_prec);
	s.surf_add = 2 * s.dst_stride;
	reference_test(&s, draw, 32);
	/* Surfaces that share a single atom */
	s.dst_stride--;
	s.surf_add = 100;
	reference_test(&s, draw, 33);
}

/* Output channels beyond the kernels are zero; fewer output channels than kernels give a smaller output */
static void test_channels(uint32_t in_prec, uint32_t out_prec, draw_fn draw)
{
	struct shape s = small(in_prec, out_prec);

	s.out_c = 80;
	reference_test(&s, draw, 40);
	s.out_c = 33;
	reference_test(&s, draw, 41);
	s.out_c = 1;
	reference_test(&s, draw, 42);
	/* With infinite input, zero kernels must still give zero */
	s.kernels = 20;
	s.out_c = 48;
	reference_test(&s, in_prec == RKNPU_PREC_FP16 ? draw_fp16_any : draw, 43);
}

static void test_types(void)
{
	static const uint32_t out[] = {
		RKNPU_PREC_INT8, RKNPU_PREC_INT16, RKNPU_PREC_INT32, RKNPU_PREC_FP16, RKNPU_PREC_FP32,
	};

	for (int i = 0; i < 5; i++) {
		struct shape s = small(RKNPU_PREC_INT8, out[i]);

		reference_test(&s, draw_int8, 50 + i);
		for (int shift = 1; shift <= 18; shift += 1 + shift / 4) {
			s.cvt_shift = shift;
			s.cvt_away = shift & 1;
			s.cvt_scale = shift % 3 ? 1 : -3;
			reference_test(&s, draw_int8, 60 + 10 * i + shift);
		}
		s.cvt_offset = -77;
		s.cvt_scale = 0;
		s.cvt_shift = 2;
		reference_test(&s, draw_int8, 110 + i);
	}
}

static uint32_t draw_tiny_int8(struct rng *rng)
{
	return rng_range(rng, -2, 2) & 0xff;
}

/* Shifting small sums by one or two gives many ties of both signs and both parities */
static void test_rounding(void)
{
	for (int i = 0; i < 4; i++) {
		struct shape s = small(RKNPU_PREC_INT8, RKNPU_PREC_INT8);

		s.cvt_shift = 1 + i / 2;
		s.cvt_away = i % 2;
		reference_test(&s, draw_tiny_int8, 120 + i);
	}
	for (int i = 0; i < 3; i++) {
		static const int shifts[] = { 47, 63, 4095 };
		struct shape s = small(RKNPU_PREC_INT8, RKNPU_PREC_INT32);

		s.cvt_scale = INT16_MIN;
		s.cvt_shift = shifts[i];
		reference_test(&s, draw_int8, 130 + i);
	}
}

static void test_float(void)
{
	for (int i = 0; i < 2; i++) {
		struct shape s = small(RKNPU_PREC_FP16, i ? RKNPU_PREC_FP16 : RKNPU_PREC_FP32);

		s.cvt_offset = -3;
		reference_test(&s, draw_fp16_unit, 140);
		s.cvt_minus_exp = 5;
		reference_test(&s, draw_fp16_unit, 141);
		s.cvt_scale = 0x4321;
		reference_test(&s, draw_fp16_unit, 142);
		s.cvt_scale = 0;
		reference_test(&s, draw_fp16_any, 143);
		/* Far below the smallest fp16 number, and into the subnormals of fp32 */
		s.cvt_minus_exp = 140;
		s.cvt_offset = 0;
		reference_test(&s, draw_fp16_unit, 144);
	}
}

/* As for reads: few calls where memory is contiguous */
static void test_few_writes(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 8, 8, 32, 64, 1, 1);
	struct program p;

	program_init(&p, &s, draw_int8, 160);
	tap_ok(reference_runs(&p) && p.memory.writes <= 64 * 64 * 4 / 16384,
	       "a dense cube is written in large pieces");
	program_free(&p);
}

/* Clients that never write the cfg register of a stage get their data unchanged */
static void test_bypass(void)
{
	struct shape s = small(RKNPU_PREC_INT8, RKNPU_PREC_INT32);
	struct program p;

	program_init(&p, &s, draw_int8, 150);
	*program_reg(&p, RKNPU_DPU_BS_CFG) = 0;
	*program_reg(&p, RKNPU_DPU_BN_CFG) = 0;
	tap_ok(reference_runs(&p), "BS_CFG and BN_CFG 0 pass data through");
	*program_reg(&p, RKNPU_DPU_BS_CFG) = 0x52;
	*program_reg(&p, RKNPU_DPU_BN_CFG) = 1;
	*program_reg(&p, RKNPU_DPU_EW_CFG) = 1;
	tap_ok(reference_runs(&p), "stages bypassed by either kind of bit");
	*program_reg(&p, RKNPU_DPU_EW_CFG) = 0x382;
	*program_reg(&p, RKNPU_DPU_BS_OW_CFG) &= ~RKNPU_DPU_BS_OW_CFG_OD_BYPASS;
	tap_ok(reference_runs(&p), "OD_BYPASS 0 with operand 0 changes nothing");
	*program_reg(&p, RKNPU_DPU_DATA_CUBE_WIDTH) = 0;
	*program_reg(&p, RKNPU_DPU_DATA_CUBE_HEIGHT) = 0;
	tap_ok(reference_runs(&p), "size registers left 0");
	program_free(&p);
}

void output_tests(void)
{
	static const struct {
		uint32_t in, out;
		draw_fn draw;
	} types[] = {
		{ RKNPU_PREC_INT8, RKNPU_PREC_INT32, draw_int8 },
		{ RKNPU_PREC_FP16, RKNPU_PREC_FP32, draw_fp16_unit },
		{ RKNPU_PREC_FP16, RKNPU_PREC_FP16, draw_fp16_unit },
	};

	for (int i = 0; i < 3; i++) {
		test_size_e(types[i].in, types[i].out, types[i].draw);
		test_row_major(types[i].in, types[i].out, types[i].draw);
		test_overlap(types[i].in, types[i].out, types[i].draw);
		test_negative_notch(types[i].in, types[i].out, types[i].draw);
		test_wide_notch(types[i].in, types[i].out, types[i].draw);
		test_channels(types[i].in, types[i].out, types[i].draw);
	}
	test_types();
	test_rounding();
	test_float();
	test_bypass();
	test_few_writes();
}
