// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * The MAC array: matmuls of every type with edge values of M, K and N;
 * saturation; results that depend on exact sums within an fp16 group.
 */
#include <math.h>
#include <string.h>

#include "compute_priv.h"
#include "number.h"
#include "reference.h"
#include "tap.h"
#include "tests.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct {
	int m, k, n;
} sizes[] = {
	{ 1, 32, 32 }, { 1, 1, 1 }, { 1, 64, 64 }, { 2, 16, 32 }, { 3, 33, 8 }, { 4, 36, 16 },
	{ 5, 100, 40 }, { 7, 31, 31 }, { 8, 288, 32 }, { 33, 64, 33 }, { 64, 96, 16 },
	{ 1, 768, 96 }, { 37, 40, 100 },
};

static void test_int8(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct shape s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32,
					      sizes[i].m, sizes[i].k, sizes[i].n);

		reference_test(&s, draw_int8, i);
	}
}

static uint32_t draw_lowest(struct rng *rng)
{
	(void)rng;
	return 0x80;
}

/* All products are -128 * -128: 3 * 3 * 16384 of them exceed int32 */
static void test_saturation(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 3, 3, 16384, 4, 3, 3);
	struct program p;

	program_init(&p, &s, draw_lowest, 0);
	tap_ok(reference_runs(&p), "int8 sum beyond INT32_MAX saturates");
	for (int i = 0; i < s.channels * 9; i++)
		p.weights[3 * s.channels * 9 + i] = 0x7f;
	program_pack(&p);
	tap_ok(reference_runs(&p), "int8 sum below INT32_MIN saturates");
	program_free(&p);
	/* Just below the number of products that can be summed in 32 bits, and above it */
	s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 3, 3, 14564, 1, 3, 3);
	program_init(&p, &s, draw_lowest, 0);
	for (int i = 131071; i < s.channels * 9; i++)
		p.weights[i] = 0;
	program_pack(&p);
	tap_ok(reference_runs(&p), "int8 sum just below INT32_MAX is exact");
	program_free(&p);
}

static void test_fp16(uint32_t out_prec)
{
	static const draw_fn draws[] = {
		draw_fp16_unit, draw_fp16_small_int, draw_fp16_any_finite, draw_fp16_any,
	};

	for (size_t d = 0; d < ARRAY_SIZE(draws); d++)
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			struct shape s = shape_matmul(RKNPU_PREC_FP16, out_prec,
						      sizes[i].m, sizes[i].k, sizes[i].n);

			reference_test(&s, draws[d], 100 * d + i);
		}
}

/* Zero of both signs, the smallest and the largest magnitudes, in all combinations */
static uint32_t draw_extreme(struct rng *rng)
{
	static const uint16_t bits[] = {
		0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x7bff, 0xfbff, 0x3c00, 0xbc01,
	};

	return bits[rng_next(rng) % ARRAY_SIZE(bits)];
}

/*
 * 65504^2 - 65504^2 + 2^-48 within a group is 2^-48, but only in exact
 * arithmetic. The rest of the group is zero.
 */
static void test_cancellation(void)
{
	static const uint32_t a[] = { 0x7bff, 0x0001, 0xfbff }, b[] = { 0x7bff, 0x0001, 0x7bff };
	struct shape s = shape_matmul(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 1, 32, 8);
	struct program p;
	float first;

	program_init(&p, &s, draw_fp16_unit, 0);
	memset(p.feature, 0, 32 * sizeof(*p.feature));
	memset(p.weights, 0, 8 * 32 * sizeof(*p.weights));
	memcpy(p.feature, a, sizeof(a));
	memcpy(p.weights, b, sizeof(b));
	program_pack(&p);
	tap_ok(reference_runs(&p), "fp16 group with cancellation agrees with the reference");
	memcpy(&first, p.memory.region[REGION_OUTPUT].data, sizeof(first));
	tap_ok(first == 0x1p-48f, "fp16 group keeps what cancellation leaves");
	program_free(&p);
}

/* The same three terms in three groups: the fp32 sum of the groups loses the small one */
static void test_group_rounding(void)
{
	struct shape s = shape_matmul(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 1, 96, 8);
	struct program p;
	float first;

	program_init(&p, &s, draw_fp16_unit, 0);
	memset(p.feature, 0, 96 * sizeof(*p.feature));
	memset(p.weights, 0, 8 * 96 * sizeof(*p.weights));
	for (int group = 0; group < 3; group++) {
		p.feature[32 * group] = group == 1 ? 0x0001 : group ? 0xfbff : 0x7bff;
		p.weights[32 * group] = group == 1 ? 0x0001 : 0x7bff;
	}
	program_pack(&p);
	tap_ok(reference_runs(&p), "fp16 groups with cancellation agree with the reference");
	memcpy(&first, p.memory.region[REGION_OUTPUT].data, sizeof(first));
	tap_ok(first == 0, "fp16 groups are added in fp32, in order");
	program_free(&p);
}

static void test_conversion(void)
{
	bool there = true;

	for (uint32_t bits = 0; bits < 0x10000; bits++) {
		double value = half_value(bits);

		there &= isnan(value) ? isnan(fp16_to_float(bits)) : fp16_to_float(bits) == value;
	}
	tap_ok(there, "fp16 to fp32, all 65536");
}

void mac_tests(void)
{
	struct shape s = shape_matmul(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 8, 64, 16);

	test_int8();
	test_saturation();
	test_fp16(RKNPU_PREC_FP32);
	test_fp16(RKNPU_PREC_FP16);
	reference_test(&s, draw_extreme, 1);
	test_cancellation();
	test_group_rounding();
	test_conversion();
}
