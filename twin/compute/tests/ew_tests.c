// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: EW with operands from memory (both kinds of main input) and from a
 * register; lookup tables.
 */
#include <string.h>

#include "back.h"
#include "reference.h"
#include "tap.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t draw_int32(struct rng *rng)
{
	return rng_next(rng) << 16 ^ rng_next(rng);
}

static uint32_t draw_not_zero(struct rng *rng)
{
	return draw_fp16_unit(rng) | 0x0400;
}

struct op_case {
	const char *name;
	int op;
	bool mul, prelu, floats_only;
};

static const struct op_case ops[] = {
	{ "maximum", RKNPU_EW_ALU_MAX },
	{ "minimum", RKNPU_EW_ALU_MIN },
	{ "add", RKNPU_EW_ALU_ADD },
	{ "subtract", RKNPU_EW_ALU_SUB },
	{ "multiply", .mul = true },
	{ "divide", RKNPU_EW_ALU_DIV, .floats_only = true },
	{ "absolute", RKNPU_EW_ALU_ABS, .floats_only = true },
	{ "negate", RKNPU_EW_ALU_NEG, .floats_only = true },
	{ "floor", RKNPU_EW_ALU_FLOOR, .floats_only = true },
	{ "ceiling", RKNPU_EW_ALU_CEIL, .floats_only = true },
	{ "multiply negatives", .mul = true, .prelu = true, .floats_only = true },
};

static struct back operation(const struct op_case *c, int size)
{
	return (struct back){
		.flying = true, .operate = true, .op = c->op, .mul = c->mul, .prelu = c->prelu,
		.operand_memory = true, .operand_size = size, .convert_scale = 1,
	};
}

/* ---- operations ---------------------------------------------------------------- */

static void test_integers(const struct op_case *c, int seed)
{
	static const uint32_t types[] = { RKNPU_PREC_INT8, RKNPU_PREC_INT16, RKNPU_PREC_INT32 };

	for (int i = 0; i < 3; i++) {
		struct shape s = shape_flying(types[i], types[i], 5, 3, 35);
		struct back b = operation(c, 1 + i);

		back_test(&s, &b, draw_int32, draw_int32, seed + i, c->name);
		b.ew_surf_stride = 3;
		b.ew_relu = b.ew_relux = true;
		b.ew_cap_int = 100;
		back_test(&s, &b, draw_int32, draw_int32, seed + 10 + i, c->name);
		b.operand_memory = false;
		b.operand_value = 0xdeadbe83;
		back_test(&s, &b, draw_int32, NULL, seed + 20 + i, c->name);
	}
}

static void test_floats(const struct op_case *c, int seed)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 5, 3, 35);
	struct back b = operation(c, 2);

	back_test(&s, &b, draw_fp16_unit, draw_not_zero, seed, c->name);
	back_test(&s, &b, draw_fp16_any_finite, draw_fp16_any_finite, seed + 1, c->name);
	b.ew_relu = b.ew_relux = true;
	b.ew_cap_float = 0.75f;
	back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, seed + 2, c->name);
	b.operand_size = 3;
	back_test(&s, &b, draw_fp16_unit, draw_fp32_unit, seed + 3, c->name);
	s.out_prec = RKNPU_PREC_FP32;
	b.operand_memory = false;
	b.operand_value = 0xbfc00000;
	back_test(&s, &b, draw_fp16_unit, NULL, seed + 4, c->name);
	b.operand_size = 2;
	b.operand_value = 0x12343555;
	back_test(&s, &b, draw_fp16_unit, NULL, seed + 5, c->name);
	s.in_prec = RKNPU_PREC_FP32;
	back_test(&s, &b, draw_fp32_wide, NULL, seed + 6, c->name);
}

static void test_operations(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(ops); i++) {
		test_floats(&ops[i], 1000 * (int)i);
		if (!ops[i].floats_only)
			test_integers(&ops[i], 1000 * (int)i + 500);
	}
}

/* ---- two streams, with the accumulator as main input ------------------------------- */

static void test_split(void)
{
	static const int channels[] = { 1, 8, 16, 17, 48, 72 };

	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		struct shape s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 5, 3, 40, channels[i], 1, 1);
		struct back b = operation(&ops[2], 2);

		b.flying = false;
		back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, i, "residual");
		b.ew_surf_stride = 4;
		b.mul = true;
		back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, 10 + i, "gate");
		s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT8, 5, 3, 40, channels[i], 2, 1);
		s.cvt_shift = 9;
		b = operation(&ops[2], 1);
		b.flying = false;
		b.convert = true;
		b.convert_offset = 17;
		b.convert_scale = 20000;
		b.convert_shift = 8;
		b.bs = (struct back_stage){ .on = true, .alu = 2, .alu_memory = true };
		back_test(&s, &b, draw_int8, draw_int8, 20 + i, "quantized residual");
	}
}

/* Ties of both signs, in both rounding modes */
static void test_conversion(void)
{
	for (int i = 0; i < 4; i++) {
		struct shape s = shape_flying(RKNPU_PREC_INT16, RKNPU_PREC_INT16, 9, 2, 8);
		struct back b = operation(&ops[2], 2);

		b.convert = true;
		b.convert_away = i & 1;
		b.convert_offset = i / 2 ? -3 : 0;
		b.convert_scale = i / 2 ? -5 : 1;
		b.convert_shift = 1 + i / 2;
		back_test(&s, &b, draw_int16_small, draw_int16_small, i, "operand conversion");
		/* Intermediate results exceed int32 */
		s = shape_flying(RKNPU_PREC_INT32, RKNPU_PREC_INT32, 9, 2, 8);
		b.operand_size = 3;
		b.convert_scale = i & 1 ? 30000 : INT16_MIN;
		b.op = i / 2 ? RKNPU_EW_ALU_MAX : RKNPU_EW_ALU_SUB;
		back_test(&s, &b, draw_int32, draw_int32, 10 + i, "operand conversion that saturates");
	}
}

/* One value for all pixels of a channel */
static void test_per_channel(void)
{
	for (size_t i = 0; i < 3; i++) {
		struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 5, 4, 27);
		struct back b = operation(&ops[i], 2);

		b.operand_per_channel = true;
		back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, i, "operand per channel");
		b.ew_surf_stride = 3;
		back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, 10 + i, "operand per channel, with gaps");
		s = shape_flying(RKNPU_PREC_INT8, RKNPU_PREC_INT8, 5, 4, 40);
		b = operation(&ops[i], 1);
		b.operand_per_channel = b.convert = true;
		b.convert_offset = -31;
		b.convert_scale = 0x6574;
		b.convert_shift = 9;
		back_test(&s, &b, draw_int8, draw_int8, 20 + i, "int8 operand per channel");
	}
}

/* ERDMA gives the width of an operand from memory if EW's size is 0 */
static void test_size_of_erdma(void)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 5, 4, 27);
	struct back b = operation(&ops[2], 2);
	struct program p;

	program_init(&p, &s, draw_fp16_unit, 1);
	back_init(&p, &b, draw_fp16_unit, 1);
	*program_reg(&p, RKNPU_DPU_EW_CFG) &= ~RKNPU_DPU_EW_CFG_DATA_SIZE;
	tap_ok(reference_runs(&p), "size of the operand from ERDMA alone");
	program_free(&p);
	back_free(&b);
}

/* This bit changes neither maximum nor minimum */
static void test_equal(void)
{
	for (int i = 0; i < 4; i++) {
		uint32_t type = i / 2 ? RKNPU_PREC_FP16 : RKNPU_PREC_INT16;
		struct shape s = shape_flying(type, type, 9, 2, 8);
		struct back b = operation(&ops[i % 2], 2);
		draw_fn draw = i / 2 ? draw_fp16_unit : draw_int32;
		struct program p;

		program_init(&p, &s, draw, i);
		back_init(&p, &b, draw, i);
		*program_reg(&p, RKNPU_DPU_EW_CFG) |= RKNPU_DPU_EW_CFG_EQUAL_EN;
		tap_ok(reference_runs(&p), "EQUAL_EN with %s: %s", i / 2 ? "floats" : "integers", ops[i % 2].name);
		program_free(&p);
		back_free(&b);
	}
}

/* ---- lookup tables ------------------------------------------------------------------- */

static uint32_t draw_table_values(struct rng *rng)
{
	float value = rng_range(rng, -20000000, 20000000) / 1000.0f;
	uint32_t bits;

	if (rng_next(rng) % 8 == 0)
		value = (float)rng_range(rng, -520, 520) * 32;
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static uint32_t draw_table_integers(struct rng *rng)
{
	return (uint32_t)rng_range(rng, -40000, 40000);
}

static void fill_tables(struct back *b, uint64_t seed)
{
	struct rng rng = { .state = seed + 5 };

	for (int t = 0; t < 2; t++)
		for (int i = 0; i < BACK_TABLE; i++)
			b->table[t][i] = (int16_t)rng_next(&rng);
}

/* The values that open programs write for ReLU and for a table: operand and size are 0, and have no effect */
static void test_words_of_relu(void)
{
	static const uint32_t words[] = { 0x180, 0x300 };

	for (int i = 0; i < 2; i++) {
		struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 9, 2, 24);
		struct back b = { .flying = true, .ew_relu = true, .lut = i };
		struct program p;

		if (i)
			fill_tables(&b, 12);
		memcpy(b.lut_start, (int32_t[]){ -16384, 0 }, sizeof(b.lut_start));
		b.lut_select[0] = b.lut_select[1] = 5;
		program_init(&p, &s, draw_fp16_small_int, i);
		back_init(&p, &b, NULL, i);
		*program_reg(&p, RKNPU_DPU_EW_CFG) = words[i];
		tap_ok(reference_runs(&p), "EW_CFG 0x%x", words[i]);
		program_free(&p);
		back_free(&b);
	}
}

static const struct table_case {
	const char *name;
	int32_t start[2];
	int select[2];
	int16_t slope[2];
	int slope_shift[2];
} tables[] = {
	{ "symmetric", { -16384, 0 }, { 5, 5 } },
	{ "different steps", { -16384, 100 }, { 4, 7 } },
	{ "first table only", { -9000, 0x44000000 }, { 6, 14 } },
	{ "second table only", { 0, INT32_MIN }, { 5, 22 } },
	{ "slopes", { -16384, 0 }, { 5, 5 }, { 0x5a43, 0x5000 }, { 22, 11 } },
	{ "falling slopes", { -3000, 0 }, { 2, 3 }, { -77, INT16_MIN }, { 4, 14 } },
	{ "largest step", { -2000000000, 2000000000 }, { 31, 31 } },
	{ "smallest step", { -100, 0 }, { 0, 0 } },
};

static void test_tables(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		struct shape s = shape_flying(RKNPU_PREC_FP32, RKNPU_PREC_FP32, 30, 7, 8);
		struct back b = { .flying = true, .lut = true };

		fill_tables(&b, i);
		memcpy(b.lut_start, tables[i].start, sizeof(b.lut_start));
		memcpy(b.lut_select, tables[i].select, sizeof(b.lut_select));
		memcpy(b.lut_slope, tables[i].slope, sizeof(b.lut_slope));
		memcpy(b.lut_slope_shift, tables[i].slope_shift, sizeof(b.lut_slope_shift));
		back_test(&s, &b, draw_table_values, NULL, i, tables[i].name);
		s.in_prec = s.out_prec = RKNPU_PREC_INT32;
		back_test(&s, &b, draw_table_integers, NULL, i, tables[i].name);
	}
}

/* int8 as programmed by rknn-toolkit2: BN scales, adds and then shifts, followed by the table and "maximum with 0" */
static void test_int8_activation(void)
{
	struct shape s = shape_flying(RKNPU_PREC_INT8, RKNPU_PREC_INT8, 16, 3, 24);
	struct back b = {
		.flying = true, .lut = true, .lut_start = { -16384, 0 }, .lut_select = { 5, 5 },
		.lut_slope = { 0x5a43, 0x5000 }, .lut_slope_shift = { 22, 11 },
		.bn = { .on = true, .alu = 2, .alu_int = 0x2d47e, .mul = true, .mul_int = 0x4873, .shift = 8,
			.shift_neg = 8 },
	};

	fill_tables(&b, 7);
	s.cvt_scale = 0x4122;
	s.cvt_shift = 0x15;
	s.cvt_offset = -128;
	back_test(&s, &b, draw_int8, NULL, 1, "int8 activation");
	b.operate = true;
	b.op = RKNPU_EW_ALU_MAX;
	b.operand_size = 0;
	back_test(&s, &b, draw_int8, NULL, 2, "int8 activation and maximum with 0");
	s.in_prec = s.out_prec = RKNPU_PREC_FP16;
	s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 16, 3, 24);
	b.bn = (struct back_stage){ .on = true, .mul = true, .mul_half = 0x6912 };
	back_test(&s, &b, draw_fp16_small_int, NULL, 3, "activation and maximum with 0");
}

/* The register's operand with a size of 4 bits, as rknn-toolkit2 programs the lower bound of a clip */
static void test_clip(void)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 16, 3, 24);
	struct back b = { .flying = true, .operate = true, .op = RKNPU_EW_ALU_MAX, .operand_value = 0xbf000000 };

	back_test(&s, &b, draw_fp16_small_int, NULL, 1, "clip of floats");
	s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 5, 3, 40, 24, 1, 1);
	b.flying = false;
	b.operand_value = (uint32_t)-4910;
	back_test(&s, &b, draw_int8, NULL, 2, "clip of integers");
}

/* A sigmoid as clients program it: BN makes the index, output conversion scales Q0.15; ReLU follows the table */
static void test_activation(void)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 64, 1, 8);
	struct back b = {
		.flying = true, .lut = true, .lut_start = { -16384, 0 }, .lut_select = { 5, 5 },
		.bn = { .on = true, .alu = 2, .alu_float = -0.0f, .mul = true, .mul_half = 0x6912 },
	};

	fill_tables(&b, 99);
	s.cvt_offset = 1;
	s.cvt_minus_exp = 15;
	back_test(&s, &b, draw_fp16_small_int, NULL, 1, "activation");
	b.ew_relu = b.ew_relux = true;
	b.ew_cap_float = 20000;
	back_test(&s, &b, draw_fp16_unit, NULL, 2, "activation and ReLU");
	/* Table, then operation: x * f(y) */
	b.operate = b.mul = b.operand_memory = true;
	b.operand_size = 2;
	back_test(&s, &b, draw_fp16_unit, draw_fp16_unit, 3, "gate by table");
	/* After a convolution */
	s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 5, 3, 40, 24, 1, 1);
	b.flying = b.operate = b.operand_memory = b.mul = b.ew_relu = b.ew_relux = false;
	s.cvt_minus_exp = 15;
	back_test(&s, &b, draw_fp16_unit, NULL, 4, "convolution and activation");
}

void ew_tests(void)
{
	test_operations();
	test_split();
	test_conversion();
	test_equal();
	test_words_of_relu();
	test_per_channel();
	test_size_of_erdma();
	test_int8_activation();
	test_clip();
	test_tables();
	test_activation();
}
