/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Half precision in plain integer arithmetic, so reference values do not depend
 * on the compiler or the CPU.
 */
#ifndef FP16_H
#define FP16_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline uint32_t fp32_bits(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

static inline float fp32_from_bits(uint32_t bits)
{
	float f;

	memcpy(&f, &bits, sizeof(f));
	return f;
}

static inline double fp16_to_double(uint16_t h)
{
	int exponent = h >> 10 & 31, mantissa = h & 1023;
	double v;

	if (exponent == 31)
		v = mantissa ? NAN : INFINITY;
	else if (exponent)
		v = ldexp(1024 + mantissa, exponent - 25);
	else
		v = ldexp(mantissa, -24);
	return h & 0x8000 ? -v : v;
}

/* Nearest even */
static inline uint16_t fp16_from_fp32(float f)
{
	uint32_t bits = fp32_bits(f), sign = bits >> 16 & 0x8000;
	int exponent = (int)(bits >> 23 & 255) - 127;
	uint32_t mantissa = (bits & 0x7fffff) | 0x800000, half, rest, round;
	unsigned int shift;

	if (exponent == 128)
		return sign | 0x7c00 | (bits & 0x7fffff ? 0x200 : 0);
	if (exponent > 15)
		return sign | 0x7c00;
	shift = exponent < -14 ? 13 - 14 - exponent : 13;
	if (shift > 24)
		return sign;
	half = mantissa >> shift;
	rest = mantissa & ((1u << shift) - 1);
	round = 1u << (shift - 1);
	/* The hidden bit and a carry of the rounding both add 1 to the exponent field */
	if (shift == 13)
		half += (uint32_t)(exponent + 14) << 10;
	half += rest > round || (rest == round && (half & 1));
	return sign | half;
}

#endif /* FP16_H */
