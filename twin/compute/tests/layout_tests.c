// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * The three feature address modes, with the strides that clients use and others.
 */
#include "reference.h"
#include "tap.h"
#include "tests.h"

static const struct type {
	uint32_t in, out;
	draw_fn draw;
} types[] = {
	{ RKNPU_PREC_INT8, RKNPU_PREC_INT32, draw_int8 },
	{ RKNPU_PREC_FP16, RKNPU_PREC_FP32, draw_fp16_unit },
};

static void test_lines(const struct type *type)
{
	/* Every height up to just over two line groups: the surface stride is negative below 4 */
	for (int height = 1; height <= 9; height++) {
		struct shape s = shape_conv(type->in, type->out, 3, height, 50, 32, 1, 1);

		reference_test(&s, type->draw, height);
	}
	/* Gaps between line groups and between surfaces */
	struct shape s = shape_conv(type->in, type->out, 5, 10, 70, 32, 2, 2);

	s.line_stride = 4 * 5 + 3;
	s.surf_stride = 2 * s.line_stride + 11;
	reference_test(&s, type->draw, 20);
	/* Surfaces in reverse order in memory: the base is the last one */
	s.surf_stride = -(4 * 5) - 4 * s.line_stride;
	reference_test(&s, type->draw, 21);
}

static void test_rows(const struct type *type)
{
	struct shape s = shape_conv(type->in, type->out, 4, 6, 70, 32, 3, 3);

	s.layout = LAYOUT_ROWS;
	s.line_stride = 4;
	s.surf_stride = 4 * 5;
	reference_test(&s, type->draw, 30);
	s.line_stride = 9;
	s.surf_stride = 6 * 9 + 1;
	reference_test(&s, type->draw, 31);
	s.line_stride = -9;
	reference_test(&s, type->draw, 32);
	/* Row-major matrices; rows wider than the channels that take part */
	s = shape_matmul(type->in, type->out, 7, 96, 32);
	shape_row_major(&s);
	reference_test(&s, type->draw, 33);
	s.line_stride += 5;
	reference_test(&s, type->draw, 34);
	s = shape_matmul(type->in, type->out, 1, 40, 32);
	shape_row_major(&s);
	reference_test(&s, type->draw, 35);
}

static void test_packed(const struct type *type)
{
	for (int packed = 1; packed <= 4; packed++) {
		/* The kernels' channels are rounded up; there are none beyond @packed in memory */
		struct shape s = shape_conv(type->in, type->out, 9, 7, 8, 16, 3, 3);

		s.layout = LAYOUT_PACKED;
		s.packed = packed;
		s.line_stride = 9 + packed;
		s.sx = 2;
		shape_output(&s);
		reference_test(&s, type->draw, 40 + packed);
		/* Bottom-up images */
		s.line_stride = -9 - packed;
		reference_test(&s, type->draw, 45 + packed);
		s.line_stride = 9;
		s.channels = packed;
		s.surf_stride = 9 * 6;
		reference_test(&s, type->draw, 50 + packed);
	}
}

/* One DMA where memory is contiguous: the cost is in the translation, once per call */
static void test_few_reads(const struct type *type)
{
	struct shape s = shape_matmul(type->in, type->out, 16, 64, 32);
	struct program p;

	program_init(&p, &s, type->draw, 60);
	tap_ok(reference_runs(&p) && p.memory.reads == 2, "a dense cube is read in one piece");
	program_free(&p);
	shape_row_major(&s);
	program_init(&p, &s, type->draw, 61);
	tap_ok(reference_runs(&p) && p.memory.reads == 2, "a row-major matrix is read in one piece");
	program_free(&p);
}

void layout_tests(void)
{
	for (int i = 0; i < 2; i++) {
		test_lines(&types[i]);
		test_rows(&types[i]);
		test_packed(&types[i]);
		test_few_reads(&types[i]);
	}
}
