// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Input conversion: of packed int8 pixels, and of int8 features.
 */
#include <string.h>

#include "border.h"
#include "tap.h"
#include "tests.h"

static struct shape picture(int packed)
{
	struct shape s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 9, 7, 16, 16, 3, 3);

	s.layout = LAYOUT_PACKED;
	s.packed = packed;
	s.line_stride = 9;
	s.left = s.top = 1;
	s.pad = 0x8080;
	s.in_cvt.on = true;
	s.in_cvt.truncate = 14;
	for (int i = 0; i < 4; i++) {
		s.in_cvt.scale[i] = 1 << 14;
		s.in_cvt.offset[i] = -128;
	}
	shape_output(&s);
	return s;
}

/* The only set-up that a driver is known to use: x - 128 of a grey picture */
static void test_known(void)
{
	struct shape s = picture(1);

	border_test(&s, draw_int8, 1);
}

static void test_lanes(void)
{
	for (int packed = 1; packed <= 4; packed++) {
		struct shape s = picture(packed);

		for (int i = 0; i < 4; i++)
			s.in_cvt.offset[i] = -100 - 9 * i;
		border_test(&s, draw_int8, 10 + packed);
		s.in_cvt.add_first = true;
		border_test(&s, draw_int8, 20 + packed);
		/* Scale 2 and 1: the order of operations matters, and results saturate at both ends */
		for (int i = 0; i < 4; i++)
			s.in_cvt.scale[i] = i % 2 ? 1 << 13 : 1 << 14;
		s.in_cvt.truncate = 13;
		border_test(&s, draw_int8, 30 + packed);
		s.in_cvt.is_signed = true;
		s.in_cvt.add_first = false;
		border_test(&s, draw_int8, 40 + packed);
	}
}

/* Requantized features of many channels */
static struct shape features(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 9, 7, 40, 16, 3, 3);

	s.in_cvt = (struct pixel_cvt){ .on = true, .add_first = true, .is_signed = true, .truncate = 15 };
	for (int i = 0; i < 4; i++) {
		s.in_cvt.scale[i] = 0x74b1;
		s.in_cvt.offset[i] = -11;
	}
	return s;
}

static void test_refused(void)
{
	static const struct {
		const char *name;
		uint32_t reg, clear, set;
	} changes[] = {
		{ "channel not enabled", RKNPU_CNA_CVT_CON5, 2, 0 },
		{ "scale 0", RKNPU_CNA_CVT_CON2, 0xffff0000, 0 },
		{ "scale 0x8000", RKNPU_CNA_CVT_CON1, 0xffff0000, 0x80000000 },
	};
	struct shape s = picture(3);
	struct program p;

	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		program_init(&p, &s, draw_int8, 0);
		*program_reg(&p, changes[i].reg) &= ~changes[i].clear;
		*program_reg(&p, changes[i].reg) |= changes[i].set;
		tap_ok(program_run(&p) == TWIN_COMPUTE_REFUSED && p.result.refused_reg == changes[i].reg &&
		       strlen(p.result.reason) && !p.memory.reads, "input conversion refused: %s (%s)",
		       changes[i].name, p.result.reason);
		program_free(&p);
	}
	/* The fourth lane has no pixel: its settings do not matter */
	program_init(&p, &s, draw_int8, 0);
	*program_reg(&p, RKNPU_CNA_CVT_CON4) = 0;
	*program_reg(&p, RKNPU_CNA_CVT_CON5) = 7;
	tap_ok(border_runs(&p), "input conversion ignores lanes without pixels");
	program_free(&p);
	s = features();
	s.in_cvt.scale[2]++;
	program_init(&p, &s, draw_int8, 0);
	tap_ok(program_run(&p) == TWIN_COMPUTE_REFUSED && p.result.refused_reg == RKNPU_CNA_CVT_CON1,
	       "input conversion refused: lanes of unpacked channels differ (%s)", p.result.reason);
	program_free(&p);
	s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 9, 7, 16, 16, 3, 3);
	s.in_cvt = features().in_cvt;
	program_init(&p, &s, draw_fp16_unit, 0);
	tap_ok(program_run(&p) == TWIN_COMPUTE_REFUSED && p.result.refused_reg == RKNPU_CNA_CVT_CON0,
	       "input conversion refused: floats (%s)", p.result.reason);
	program_free(&p);
}

/* Numbers from a stream of rknn-toolkit2, and some that cause many ties */
static void test_features(void)
{
	struct shape s = features();

	border_test(&s, draw_int8, 60);
	s.layout = LAYOUT_LINES;
	for (int away = 0; away < 2; away++)
		for (int add_first = 0; add_first < 2; add_first++) {
			s.in_cvt.away = away;
			s.in_cvt.add_first = add_first;
			s.in_cvt.truncate = 2;
			for (int i = 0; i < 4; i++)
				s.in_cvt.scale[i] = 5;
			border_test(&s, draw_int8, 61 + 2 * away + add_first);
		}
}

void in_cvt_tests(void)
{
	test_known();
	test_lanes();
	test_features();
	test_refused();
}
