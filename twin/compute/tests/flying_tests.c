// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Tasks of DPU and DPU_RDMA alone: layouts, types, extents, order of writes.
 */
#include "back.h"
#include "reference.h"
#include "tap.h"
#include "tests.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t draw_int32(struct rng *rng)
{
	return rng_next(rng) << 16 ^ rng_next(rng);
}

static draw_fn draw_for(uint32_t precision)
{
	switch (precision) {
	case RKNPU_PREC_FP16:
		return draw_fp16_any;
	case RKNPU_PREC_FP32:
		return draw_fp32_any;
	default:
		return draw_int32;
	}
}

/* Every input type with every output type, and the conversion between them */
static void test_types(void)
{
	static const uint32_t ints[] = { RKNPU_PREC_INT8, RKNPU_PREC_INT16, RKNPU_PREC_INT32 };
	static const uint32_t floats[] = { RKNPU_PREC_FP16, RKNPU_PREC_FP32 };
	struct back b = { .flying = true };

	for (int in = 0; in < 3; in++)
		for (int out = 0; out < 5; out++) {
			struct shape s = shape_flying(ints[in], out < 3 ? ints[out] : floats[out - 3], 5, 3, 35);

			back_test(&s, &b, draw_int32, NULL, in * 5 + out, "plain");
			s.cvt_scale = -3;
			s.cvt_shift = 7 * in + 1;
			s.cvt_offset = 5;
			back_test(&s, &b, draw_int32, NULL, 20 + in * 5 + out, "converted");
			s.cvt_scale = 0x7fff;
			s.cvt_shift = 0;
			s.cvt_offset = out & 1 ? INT32_MIN : INT32_MAX;
			back_test(&s, &b, draw_int32, NULL, 40 + in * 5 + out, "saturated");
		}
	for (int i = 0; i < 4; i++) {
		struct shape s = shape_flying(floats[i / 2], floats[i % 2], 5, 3, 35);

		back_test(&s, &b, draw_for(s.in_prec), NULL, 40 + i, "plain");
		s.cvt_scale = 0;
		s.cvt_minus_exp = 3;
		back_test(&s, &b, draw_for(s.in_prec), NULL, 50 + i, "converted");
	}
}

/* Gaps between lines and surfaces of input and output, channels just below and above whole atoms, one row, one pixel */
static void test_layouts(void)
{
	static const int sizes[][3] = {
		{ 1, 1, 1 }, { 1, 1, 8 }, { 1, 9, 17 }, { 9, 1, 16 }, { 5, 4, 3 }, { 3, 5, 33 }, { 4, 4, 128 },
	};
	static const uint32_t types[] = { RKNPU_PREC_INT8, RKNPU_PREC_FP16, RKNPU_PREC_INT32 };

	for (size_t i = 0; i < ARRAY_SIZE(sizes) * 3; i++) {
		const int *size = sizes[i / 3];
		struct shape s = shape_flying(types[i % 3], types[i % 3], size[0], size[1], size[2]);
		struct back b = { .flying = true };

		back_test(&s, &b, draw_for(s.in_prec), NULL, i, "dense");
		b.line_notch = 2;
		b.surf_notch = 5;
		s.line_stride = size[0] + 2;
		s.surf_stride = s.line_stride * size[1] + 5 - size[0];
		s.notch = 3;
		s.dst_stride = size[1] * (size[0] + 3) + 1;
		s.size_e = 2;
		s.surf_add = 3 * s.dst_stride + 2;
		back_test(&s, &b, draw_for(s.in_prec), NULL, 100 + i, "with gaps");
	}
}

/* 13-bit fields at their second largest value */
static void test_extremes(void)
{
	static const int sizes[][3] = { { 8191, 1, 8 }, { 1, 8191, 8 }, { 1, 1, 8191 }, { 8192, 1, 1 } };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, sizes[i][0], sizes[i][1], sizes[i][2]);
		struct back b = {
			.flying = true, .operate = true, .op = RKNPU_EW_ALU_ADD, .operand_memory = true,
			.operand_size = 2,
		};

		back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, i, "extreme");
	}
}

/* DPU's own sizes do not count: clients leave them 0 or set those of the cube that the output is part of */
static void test_extents(void)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 6, 3, 24);
	struct back b = { .flying = true };
	struct program p;

	program_init(&p, &s, draw_fp16_unit, 1);
	back_init(&p, &b, NULL, 1);
	*program_reg(&p, RKNPU_DPU_DATA_CUBE_WIDTH) = 0;
	*program_reg(&p, RKNPU_DPU_DATA_CUBE_HEIGHT) = 0;
	tap_ok(reference_runs(&p), "extents from WDMA and RDMA");
	*program_reg(&p, RKNPU_DPU_WDMA_SIZE0) = 0;
	*program_reg(&p, RKNPU_DPU_WDMA_SIZE1) = 0;
	tap_ok(reference_runs(&p), "extents from RDMA alone");
	program_free(&p);
	back_free(&b);
	program_init(&p, &s, draw_fp16_unit, 2);
	back_init(&p, &b, NULL, 2);
	*program_reg(&p, RKNPU_DPU_DATA_CUBE_WIDTH) = 60;
	*program_reg(&p, RKNPU_DPU_DATA_CUBE_HEIGHT) = 30;
	tap_ok(reference_runs(&p), "part of a larger output");
	program_free(&p);
	back_free(&b);
}

/* Overlapping surfaces of a group, and overlapping groups: written pixel by pixel, all atoms of each pixel */
static void test_overlap(void)
{
	static const int cases[][4] = {	/* SIZE_E, stride, surface add, notch */
		{ 0, 0, 0, 0 }, { 1, 0, 0, 0 }, { 3, 0, 4, 0 }, { 3, 4, 7, 0 }, { 7, 1, 1, 0 }, { 1, 17, 3, 1 },
		{ 1, 1, 2, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct shape s = shape_flying(RKNPU_PREC_INT16, RKNPU_PREC_INT16, 6, 3, 60);
		struct back b = { .flying = true };

		s.size_e = cases[i][0];
		s.dst_stride = cases[i][1];
		s.surf_add = cases[i][2];
		s.notch = cases[i][3];
		back_test(&s, &b, draw_int32, NULL, i, "overlapping surfaces");
	}
}

static void test_addresses(void)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 6, 3, 24);
	struct back b = {
		.flying = true, .operate = true, .op = RKNPU_EW_ALU_MAX, .operand_memory = true, .operand_size = 2,
		.bs = { .on = true, .alu = 2, .alu_memory = true },
	};

	s.dma_base = 0x01230000;
	back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, 1, "DMA base");
	s.dma_base = 0;
	s.feature_addr = 0xfffffff0;
	back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, 2, "main input at the end of the address space");
	s.feature_addr = 0x10000000;
	s.out_addr = 0xffffffe0;
	back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, 3, "output at the end of the address space");
}

/* No byte is written when an input faults, whichever it is */
static void test_faults(void)
{
	static const int regions[] = { REGION_FEATURE, REGION_BS, REGION_EW, REGION_OUTPUT };
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 6, 3, 24);
	struct back b = {
		.flying = true, .operate = true, .op = RKNPU_EW_ALU_MAX, .operand_memory = true, .operand_size = 2,
		.bs = { .on = true, .alu = 2, .alu_memory = true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(regions); i++) {
		struct program p;

		program_init(&p, &s, draw_fp16_unit, i);
		back_init(&p, &b, draw_fp16_unit, i);
		p.memory.hole = true;
		p.memory.hole_addr = p.memory.region[regions[i]].addr +
				     (uint32_t)p.memory.region[regions[i]].bytes - 1;
		tap_ok(program_run(&p) == TWIN_COMPUTE_FAULT &&
		       (regions[i] == REGION_OUTPUT || !p.memory.writes), "fault at the last byte of input %zu", i);
		program_free(&p);
		back_free(&b);
	}
}

static void test_cost(void)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 6, 3, 24);
	struct back b = {
		.flying = true, .operate = true, .op = RKNPU_EW_ALU_MAX, .operand_memory = true, .operand_size = 2,
	};
	struct twin_compute_result cost;
	struct program p;

	program_init(&p, &s, draw_fp16_unit, 1);
	back_init(&p, &b, draw_fp16_unit, 1);
	twin_compute_cost(&p.unit, p.enable, &cost);
	tap_ok(!cost.macs && cost.memory_bytes == 6 * 3 * 24 * (2 + 2 + 4), "cost of an addition");
	tap_ok(program_run(&p) == TWIN_COMPUTE_OK && p.result.memory_bytes == cost.memory_bytes &&
	       p.result.bytes_read + p.result.bytes_written == cost.memory_bytes, "the task moves as much");
	program_free(&p);
	back_free(&b);
}

void flying_tests(void)
{
	test_types();
	test_layouts();
	test_extremes();
	test_extents();
	test_overlap();
	test_addresses();
	test_faults();
	test_cost();
}
