/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Half precision in integer arithmetic and without branches, so results do not
 * depend on the host's support for it. Subnormals are kept [guess].
 */
#ifndef TWIN_FP16_H
#define TWIN_FP16_H

#include <stdint.h>
#include <string.h>

static inline float float_from_bits(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t bits_from_float(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

/* Rounds to nearest even, overflows to infinity, makes NaN canonical */
static inline uint16_t fp16_from_float(float value)
{
	const uint32_t two_16 = 0x47800000, smallest_normal = 0x38800000, half_bits = 0x3f000000;
	uint32_t bits = bits_from_float(value), size = bits & 0x7fffffff;
	/* Adding 1/2 leaves the value as a multiple of 2^-24 in the low bits, rounded by the host */
	uint32_t subnormal = bits_from_float(float_from_bits(size) + 0.5f) - half_bits;
	uint32_t normal = (size - (112u << 23) + 0xfff + (size >> 13 & 1)) >> 13;
	uint32_t half = size < smallest_normal ? subnormal : normal;

	half = size >= two_16 ? 0x7c00 : half;
	half |= bits >> 16 & 0x8000;
	return size > 0x7f800000 ? 0x7e00 : half;
}

/* Keeps the fraction of a NaN */
static inline float fp16_to_float(uint16_t half)
{
	uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13;
	uint32_t bits = bits_from_float(float_from_bits(magnitude) * 0x1p112f);

	bits |= magnitude >= 0x0f800000 ? 0x7f800000 : 0;
	return float_from_bits(bits | (uint32_t)(half & 0x8000) << 16);
}

/* fp16.c */
float fp32_canonical(float value);
uint64_t fp16_magnitude(uint16_t bits);
uint8_t fp16_span(uint64_t magnitudes);

#define FP16_NONFINITE		UINT64_MAX	/* fp16_magnitude() of Inf and NaN */
#define SPAN_NONFINITE		64

#endif /* TWIN_FP16_H */
