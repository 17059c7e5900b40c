// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * The parts of half-precision arithmetic that take more than a few instructions.
 */
#include <math.h>
#include <string.h>

#include "compute_priv.h"

#define FP16_EXP		0x7c00
#define FP16_FRACTION		0x03ff
#define FP16_HIDDEN		0x0400
#define FP16_FRACTION_BITS	10

/* |value| in units of 2^-24, of which every finite fp16 number is a multiple; below 2^40 */
uint64_t fp16_magnitude(uint16_t bits)
{
	unsigned int exp = (bits & FP16_EXP) >> FP16_FRACTION_BITS;
	uint64_t fraction = bits & FP16_FRACTION;

	if ((bits & FP16_EXP) == FP16_EXP)
		return FP16_NONFINITE;
	if (exp == 0)
		return fraction;
	return (fraction | FP16_HIDDEN) << (exp - 1);
}

/* Hosts differ in the sign of the NaN that they produce. */
float fp32_canonical(float value)
{
	static const uint32_t quiet_nan = 0x7fc00000;

	if (isnan(value))
		memcpy(&value, &quiet_nan, sizeof(value));
	return value;
}

/*
 * Number of bits from the lowest to the highest one set in any of the numbers
 * whose fp16_magnitude() was ORed into @magnitudes. The product of a number from
 * a group that spans a bits and one from a group that spans b bits is a multiple
 * of some unit and below 2^(a + b) units, which tells whether double can hold
 * the sum of 32 of them exactly.
 */
uint8_t fp16_span(uint64_t magnitudes)
{
	if (magnitudes == 0)
		return 0;
	if (magnitudes == FP16_NONFINITE)
		return SPAN_NONFINITE;
	return 64 - __builtin_clzll(magnitudes) - __builtin_ctzll(magnitudes);
}
