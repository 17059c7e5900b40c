// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * The border between the two ways to sum an fp16 group: sums next to the middle
 * between two fp32 numbers, where the loss of any bit changes the result.
 */
#include <string.h>

#include "number.h"
#include "reference.h"
#include "tap.h"
#include "tests.h"

#define GROUP		32
#define MAX_MAGNITUDE	(2047ULL << 29)	/* 65504 in units of 2^-24 */

/* fp16 bits of @mantissa * 2^@exp units of 2^-24; the mantissa has up to 11 bits */
static uint16_t half_of(uint64_t mantissa, int exp)
{
	return half_bits((double)mantissa * (double)(1ULL << exp) * 0x1p-24);
}

/*
 * 31 products add up to 129886244 * 2^(k + l), the middle between two fp32
 * numbers of which the lower one is even; the last product adds one unit. For
 * k + l = 27 the sum needs 54 bits.
 */
static bool middle_is_exact(int rows, int kernels, int row, int kernel, int k, int l)
{
	struct shape s = shape_matmul(RKNPU_PREC_FP16, RKNPU_PREC_FP32, rows, GROUP, kernels);
	struct program p;
	bool ok;

	program_init(&p, &s, draw_fp16_small_int, 0);
	for (int c = 0; c < GROUP; c++) {
		bool unit = c == GROUP - 1;

		p.feature[c * rows + row] = unit ? half_of(1, 0) : half_of(2047, k);
		p.weights[kernel * GROUP + c] = unit ? half_of(1, 0) :
						half_of(c == 7 ? 2042 : 2047, l);
	}
	program_pack(&p);
	ok = reference_runs(&p);
	program_free(&p);
	return ok;
}

static void test_middle(void)
{
	bool ok = true;

	for (int k = 0; k < 30; k++)
		for (int l = 0; l < 30; l++)
			ok &= middle_is_exact(1, 1, 0, 0, k, l);
	tap_ok(ok, "fp16 group next to the middle of two fp32, of any two spans");
	ok = true;
	for (int row = 0; row < 6; row++)
		for (int kernel = 0; kernel < 11; kernel++)
			ok &= middle_is_exact(6, 11, row, kernel, 14, 15);
	tap_ok(ok, "fp16 group next to the middle of two fp32, one of many");
}

/* Split @sum into 32 weights, largest first */
static void split(uint64_t sum, uint32_t *weights)
{
	for (int c = 0; c < GROUP; c++) {
		int bits = sum ? 64 - __builtin_clzll(sum) : 0;
		int exp = bits > 11 ? bits - 11 : 0;
		uint64_t part = sum >> exp << exp;

		if (part > MAX_MAGNITUDE) {
			exp = 29;
			part = MAX_MAGNITUDE;
		}
		weights[c] = half_of(part >> exp, exp);
		sum -= part;
	}
}

/*
 * All input is padding of 2047 units. The sum of the weights is chosen to make
 * 2047 times it a 56-bit number one above the middle between two fp32 numbers.
 */
static void test_padding(void)
{
	struct shape s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 1, 1, GROUP, 1, 1, 1);
	uint32_t inverse = 1;
	bool ok = true;

	for (int i = 0; i < 5; i++)
		inverse *= 2 - 2047 * inverse;	/* Newton, modulo 2^32 */
	s.left = s.top = 1;
	s.out_w = s.out_h = 1;
	s.pad = half_of(2047, 0);
	for (uint64_t high = 4100; high < 4200; high++) {
		uint64_t sum = (high << 32) + inverse * 0x80000001u;
		struct program p;

		program_init(&p, &s, draw_fp16_unit, 0);
		split(sum, p.weights);
		program_pack(&p);
		ok &= reference_runs(&p);
		program_free(&p);
	}
	tap_ok(ok, "fp16 group of padding next to the middle of two fp32");
}

void exact_tests(void)
{
	test_middle();
	test_padding();
}
