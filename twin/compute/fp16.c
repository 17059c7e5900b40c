// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Half precision in integer arithmetic, so results do not depend on the host's
 * support for it. Subnormals are kept [guess]; NaN is made canonical because
 * hosts differ in the sign of the NaN they produce.
 */
#include <math.h>
#include <string.h>

#include "compute_priv.h"

#define FP16_SIGN		0x8000
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

float fp16_to_float(uint16_t bits)
{
	uint64_t magnitude = fp16_magnitude(bits);
	float value;

	if (magnitude == FP16_NONFINITE)
		value = bits & FP16_FRACTION ? NAN : INFINITY;
	else
		value = (float)magnitude * 0x1p-24f;
	return bits & FP16_SIGN ? -value : value;
}

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
