// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: CPEND, BS and BN, with main input from the accumulator and from memory.
 */
#include "back.h"
#include "reference.h"
#include "tap.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static uint32_t draw_int32(struct rng *rng)
{
	return rng_next(rng) << 16 ^ rng_next(rng);
}

/* Shifting these by one or two gives many ties */
static uint32_t draw_tiny_int32(struct rng *rng)
{
	return (uint32_t)rng_range(rng, -9, 9);
}

static struct shape int_cube(int channels)
{
	struct shape s = shape_flying(RKNPU_PREC_INT32, RKNPU_PREC_INT32, 5, 3, channels);

	s.size_e = 1;
	shape_output(&s);
	return s;
}

static struct shape float_cube(int channels)
{
	return shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 5, 3, channels);
}

static struct shape int8_conv(int channels)
{
	return shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 6, 5, 33, channels, 3, 2);
}

/* ---- one stage, all its forms --------------------------------------------- */

static const struct stage_case {
	const char *name;
	struct back_stage stage;
} stage_cases[] = {
	{ "add", { .on = true, .alu = 2, .alu_int = 1234567, .alu_float = 1.7f } },
	{ "subtract", { .on = true, .alu = 4, .alu_int = INT32_MIN, .alu_float = -0x1p-24f } },
	{ "multiply", { .on = true, .mul = true, .mul_int = -3, .mul_half = 0xc200 } },
	{ "multiply by the smallest", { .on = true, .mul = true, .mul_int = INT16_MIN, .mul_half = 0x0001 } },
	{ "shift", { .on = true, .mul = true, .mul_int = 25914, .shift = 14, .shift_neg = 14, .mul_half = 0x3c00 } },
	{ "shifts by sign", { .on = true, .mul = true, .mul_int = 77, .shift = 9, .shift_neg = 3, .mul_half = 0x3c00 } },
	{ "shifts by sign of the product", { .on = true, .mul = true, .mul_int = -77, .shift = 9, .shift_neg = 3,
					     .mul_half = 0x3c00 } },
	{ "largest shift", { .on = true, .mul = true, .mul_int = -1, .shift = 63, .shift_neg = 63, .mul_half = 0x3c00 } },
	{ "order", { .on = true, .alu = 4, .alu_int = -5000, .alu_float = 3, .mul = true, .mul_int = -7,
		     .mul_half = 0xbc00 } },
	{ "ReLU", { .on = true, .relu = true } },
	{ "RELUX", { .on = true, .relu = true, .relux = true, .cap_int = 0x12345678, .cap_float = 0.5f } },
	{ "PReLU", { .on = true, .mul = true, .prelu = true, .mul_int = 13, .shift = 6, .shift_neg = 6,
		     .mul_half = 0x2e66 } },
	{ "PReLU by a negative", { .on = true, .mul = true, .prelu = true, .mul_int = -5, .mul_half = 0xb800 } },
	{ "all", { .on = true, .alu = 2, .alu_int = -100, .alu_float = -0.25f, .mul = true, .mul_int = 321,
		   .shift = 5, .shift_neg = 4, .mul_half = 0x4500, .relu = true, .relux = true,
		   .cap_int = 1 << 26, .cap_float = 2 } },
};

static struct back_stage for_floats(struct back_stage s)
{
	s.shift = s.shift_neg = 0;
	return s;
}

static void test_stage_cases(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(stage_cases); i++) {
		const struct stage_case *c = &stage_cases[i];
		struct back b = { .flying = true, .bs = c->stage };
		struct shape s = int_cube(9);

		back_test(&s, &b, draw_int32, NULL, i, c->name);
		back_test(&s, &b, draw_tiny_int32, NULL, 100 + i, c->name);
		b.bn = b.bs;
		b.bs = (struct back_stage){ 0 };
		back_test(&s, &b, draw_int32, NULL, 200 + i, c->name);
		s = float_cube(9);
		b.bn = for_floats(b.bn);
		back_test(&s, &b, draw_fp16_unit, NULL, 300 + i, c->name);
		b.bs = b.bn;
		b.bn = (struct back_stage){ 0 };
		back_test(&s, &b, draw_fp16_any_finite, NULL, 400 + i, c->name);
	}
}

/* ---- operands per channel ---------------------------------------------------- */

static void test_vectors(void)
{
	static const int channels[] = { 1, 7, 8, 9, 40 };

	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		struct shape s = int8_conv(channels[i]), f = float_cube(channels[i]);
		struct back b = { .bs = { .on = true, .alu = 2, .alu_memory = true } };

		back_test(&s, &b, draw_int8, NULL, i, "bias per channel");
		b.bs.alu = 4;
		b.vectors = 7;
		back_test(&s, &b, draw_int8, NULL, 10 + i, "bias in records");
		b.bs.alu = 2;
		b.bs.mul = b.bs.mul_memory = true;
		b.bs.shift = 20;
		b.bs.shift_neg = 11;
		back_test(&s, &b, draw_int8, NULL, 20 + i, "bias and multiplier in records");
		b.bs.alu_memory = false;
		b.bs.alu_int = -99;
		back_test(&s, &b, draw_int8, NULL, 30 + i, "multiplier in records, bias not");
		b.bs.alu_memory = true;
		b.bs.mul_memory = false;
		b.bs.mul_int = -12345;
		back_test(&s, &b, draw_int8, NULL, 50 + i, "bias in records, multiplier not");
		b = (struct back){ .flying = true, .bs = { .on = true, .alu = 2, .alu_memory = true } };
		back_test(&f, &b, draw_fp16_unit, NULL, 40 + i, "float bias per channel");
	}
}

/* Factors alone, and factors of BN, as used by batch normalization and PReLU */
static void test_factors(void)
{
	static const int channels[] = { 1, 7, 8, 9, 40 };

	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		struct shape s = int8_conv(channels[i]), f = float_cube(channels[i]);
		struct back b = { .bs = { .on = true, .mul = true, .mul_memory = true, .shift = 9, .shift_neg = 9 } };

		back_test(&s, &b, draw_int8, NULL, i, "factor per channel");
		b.bn = (struct back_stage){ .on = true, .alu = 2, .alu_memory = true };
		back_test(&s, &b, draw_int8, NULL, 10 + i, "factor per channel, bias per channel of BN");
		b.bn = (struct back_stage){ .on = true, .mul = true, .mul_memory = true, .prelu = true };
		back_test(&s, &b, draw_int8, NULL, 20 + i, "PReLU per channel");
		b.bn.prelu = false;
		b.bn.alu = 4;
		b.bn.alu_memory = true;
		b.bn.shift = 11;
		b.bn.shift_neg = 3;
		back_test(&s, &b, draw_int8, NULL, 30 + i, "factor and bias per channel of BN");
		b = (struct back){ .flying = true, .bs = { .on = true, .mul = true, .mul_memory = true } };
		b.bn = (struct back_stage){ .on = true, .alu = 2, .alu_memory = true };
		back_test(&f, &b, draw_fp16_unit, NULL, 40 + i, "batch normalization of floats");
		b.bn.mul = b.bn.mul_memory = true;
		back_test(&f, &b, draw_fp16_unit, NULL, 50 + i, "float factors and biases of both stages");
	}
}

/* Factors and input are bf16, as in layer normalization */
static void test_bf16(void)
{
	static const uint32_t types[] = { RKNPU_PREC_FP16, RKNPU_PREC_BF16, RKNPU_PREC_FP32 };

	for (int i = 0; i < 9; i++) {
		struct shape s = shape_flying(types[i / 3], types[i % 3], 5, 3, 20);
		struct back b = {
			.flying = true, .bf16 = types[i / 3] != RKNPU_PREC_FP32,
			.bs = { .on = true, .mul = true, .mul_half = 0xbf00 },
			.operate = true, .mul = true, .operand_memory = true, .operand_size = 2,
		};

		back_test(&s, &b, types[i / 3] == RKNPU_PREC_BF16 ? draw_bf16_unit :
			  types[i / 3] == RKNPU_PREC_FP32 ? draw_fp32_unit : draw_fp16_unit,
			  b.bf16 ? draw_bf16_unit : draw_fp16_unit, i, "bf16");
	}
	for (int i = 0; i < 3; i++) {
		struct shape s = shape_conv(RKNPU_PREC_BF16, i ? i == 1 ? RKNPU_PREC_BF16 : RKNPU_PREC_FP16
							       : RKNPU_PREC_FP32, 5, 3, 40, 20, 1, 1);
		struct back b = { .bf16 = true, .bs = { .on = true, .alu = 2, .alu_float = 0x1p-7f, .mul = true,
							.mul_half = 0x3e00 } };

		back_test(&s, &b, draw_bf16_unit, NULL, 10 + i, "bf16 convolution");
	}
}

/* The shift of a stage whose multiplier is bypassed */
static void test_shift_alone(void)
{
	struct shape s = int8_conv(40);
	struct back b = { .bs = { .on = true, .alu = 2, .alu_memory = true, .shift = 7, .shift_neg = 3 } };

	back_test(&s, &b, draw_int8, NULL, 1, "sum and shift");
	b.bn = (struct back_stage){ .on = true, .relu = true, .shift = 2 };
	back_test(&s, &b, draw_int8, NULL, 2, "shift and ReLU");
}

/* Requantization: rounded to nearest even, and saturated */
static void test_float_to_int8(void)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_INT8, 7, 3, 40);
	struct back b = { .flying = true, .bs = { .on = true, .mul = true, .mul_half = 0x3800 } };

	back_test(&s, &b, draw_fp16_small_int, NULL, 1, "halves to int8");
	b.bs.mul_half = 0x5b00;
	b.bn = (struct back_stage){ .on = true, .alu = 2, .alu_float = 13 };
	back_test(&s, &b, draw_fp16_unit, NULL, 2, "floats to int8");
	back_test(&s, &b, draw_fp16_any_finite, NULL, 3, "large floats to int8");
}

/* Padding is included in the window sum, which all kernels of a direct convolution share */
static void test_pend(void)
{
	struct shape direct = int8_conv(40), wise = shape_depthwise(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 6, 5, 64, 3, 3);
	struct shape *shapes[] = { &direct, &wise };

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++) {
		struct shape *s = shapes[i];
		struct back b = { .pend = true, .pend_int = -37 };

		s->left = s->top = 1;
		s->pad = 0x0b0b0b0b;
		shape_output(s);
		back_test(s, &b, draw_int8, NULL, i, "weight zero point");
		b.bs = (struct back_stage){ .on = true, .alu = 2, .alu_memory = true, .mul = true, .mul_memory = true,
					    .shift = 17, .shift_neg = 17 };
		b.vectors = 7;
		b.pend_int = INT16_MIN;
		back_test(s, &b, draw_int8, NULL, 10 + i, "weight zero point and records");
		b.pend_memory = true;
		back_test(s, &b, draw_int8, NULL, 20 + i, "weight zero point per channel");
		b.bs.on = b.bs.alu_memory = b.bs.mul_memory = false;
		back_test(s, &b, draw_int8, NULL, 30 + i, "weight zero point per channel alone");
	}
}

/* fp16 programs may leave CPEND enabled, with an operand */
static void test_pend_of_floats(void)
{
	struct shape s = shape_depthwise(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 6, 5, 32, 3, 3);
	struct back b = { 0 };
	struct program p;

	program_init(&p, &s, draw_fp16_unit, 1);
	back_init(&p, &b, NULL, 1);
	*program_reg(&p, RKNPU_DPU_BS_OW_CFG) &= ~RKNPU_DPU_BS_OW_CFG_OD_BYPASS;
	*program_reg(&p, RKNPU_DPU_BS_OW_OP) = 128;
	tap_ok(reference_runs(&p), "CPEND does nothing to floats");
	program_free(&p);
	back_free(&b);
}

/* Quantization as one client programs it: bias, zero point, clamp, then 8 bits */
static void test_quantized(void)
{
	struct shape s = int8_conv(64);
	struct back b = { .pend = true, .pend_int = -11, .bs = { .on = true, .alu = 2, .alu_memory = true, .relu = true } };

	s.out_prec = RKNPU_PREC_INT8;
	s.size_e = 1;
	s.cvt_scale = 17675;
	s.cvt_shift = 22;
	s.cvt_offset = -128;
	shape_output(&s);
	back_test(&s, &b, draw_int8, NULL, 1, "quantized convolution");
}

/* ---- special values ------------------------------------------------------------ */

static uint32_t draw_signs(struct rng *rng)
{
	static const uint32_t values[] = { 0x0000, 0x8000, 0x3c00, 0xbc00, 0x0001, 0x8001, 0x7bff, 0xfbff };

	return values[rng_next(rng) % 8];
}

/* x > 0 as one task: (x - 2^-24) * 2, times Inf, clamped to 1; 0 * Inf must end as the cap */
static void test_comparison(void)
{
	struct shape s = float_cube(8);
	struct back b = {
		.flying = true,
		.bs = { .on = true, .alu = 4, .alu_float = 0x1p-24f, .mul = true, .mul_half = 0x4000 },
		.bn = { .on = true, .mul = true, .mul_half = 0x7c00, .relu = true, .relux = true, .cap_float = 1 },
	};

	back_test(&s, &b, draw_signs, NULL, 1, "comparison by infinity");
	b.bs.on = false;
	back_test(&s, &b, draw_signs, NULL, 2, "0 * Inf becomes the cap");
	/* x != 0: (x + 0) * Inf, then an exponent that does not change the infinity */
	b.bs = (struct back_stage){ .on = true, .alu = 2, .mul = true, .mul_half = 0x7c00, .relu = true,
				    .relux = true, .cap_float = 65536 };
	b.bn.on = false;
	s.cvt_minus_exp = 16;
	back_test(&s, &b, draw_signs, NULL, 3, "Inf through the cap and MINUS_EXP is 1");
	b.bs.on = false;
	back_test(&s, &b, draw_signs, NULL, 4, "zeros keep their sign");
}

/* An integer program ignores fields that only floats use */
static void test_exponent_of_integers(void)
{
	struct shape s = int8_conv(32);
	struct program p;

	program_init(&p, &s, draw_int8, 1);
	*program_reg(&p, RKNPU_DPU_OUT_CVT_SHIFT) |= 5 << 12 | RKNPU_DPU_OUT_CVT_SHIFT_TYPE;
	tap_ok(reference_runs(&p), "MINUS_EXP and TYPE do nothing to integers");
	program_free(&p);
}

/* ---- at random ------------------------------------------------------------------ */

static struct back_stage random_stage(struct rng *rng, bool integers)
{
	struct back_stage s = { .on = rng_next(rng) % 4 };

	s.alu = 2 * rng_range(rng, 0, 2);
	s.alu_int = (int32_t)draw_int32(rng) >> rng_range(rng, 0, 31);
	s.alu_float = rng_range(rng, -500, 500) / 8.0f;
	s.mul = rng_next(rng) & 1;
	s.prelu = s.mul && rng_next(rng) % 3 == 0;
	s.mul_int = (int16_t)draw_int32(rng);
	s.mul_half = (uint16_t)draw_fp16_unit(rng);
	s.relu = rng_next(rng) % 3 == 0;
	s.relux = s.relu && rng_next(rng) & 1;
	s.cap_int = (int32_t)(draw_int32(rng) & 0x7fffffff) >> rng_range(rng, 0, 24);
	s.cap_float = rng_range(rng, 0, 64) / 16.0f;
	if (integers) {
		s.shift = rng_range(rng, 0, 30);
		s.shift_neg = rng_next(rng) & 1 ? s.shift : rng_range(rng, 0, 30);
	}
	return s;
}

static void test_random(void)
{
	static const uint32_t types[][2] = {
		{ RKNPU_PREC_INT32, RKNPU_PREC_INT32 }, { RKNPU_PREC_INT8, RKNPU_PREC_INT8 },
		{ RKNPU_PREC_INT16, RKNPU_PREC_INT16 }, { RKNPU_PREC_INT16, RKNPU_PREC_FP32 },
		{ RKNPU_PREC_FP16, RKNPU_PREC_FP16 }, { RKNPU_PREC_FP32, RKNPU_PREC_FP16 },
	};
	struct rng rng = { .state = 4711 };

	for (int i = 0; i < 120; i++) {
		bool integers = i % 6 < 4;
		struct shape s = shape_flying(types[i % 6][0], types[i % 6][1], rng_range(&rng, 1, 7),
					      rng_range(&rng, 1, 5), rng_range(&rng, 1, 40));
		struct back b = {
			.flying = true,
			.bs = random_stage(&rng, integers), .bn = random_stage(&rng, integers),
		};

		b.bs.alu_memory = b.bs.on && b.bs.alu && rng_next(&rng) % 3 == 0;
		b.bs.mul_memory = b.bs.on && b.bs.mul && rng_next(&rng) & 1;
		b.bn.alu_memory = b.bn.on && b.bn.alu && rng_next(&rng) % 3 == 0;
		b.bn.mul_memory = b.bn.on && b.bn.mul && rng_next(&rng) & 1;
		b.vectors = integers && (b.bs.alu_memory || b.bs.mul_memory) && rng_next(&rng) & 1 ? 7 : 0;
		back_test(&s, &b, integers ? draw_int32 : i % 6 == 4 ? draw_fp16_unit : draw_fp32_unit, NULL, i,
			  "random stages");
	}
}

void stage_tests(void)
{
	test_stage_cases();
	test_vectors();
	test_factors();
	test_bf16();
	test_float_to_int8();
	test_shift_alone();
	test_pend();
	test_pend_of_floats();
	test_quantized();
	test_comparison();
	test_exponent_of_integers();
	test_random();
}
