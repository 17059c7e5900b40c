// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Random operands, as bits.
 */
#include <string.h>

#include "number.h"
#include "program.h"

uint32_t rng_next(struct rng *rng)
{
	rng->state = rng->state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (uint32_t)(rng->state >> 33) ^ (uint32_t)(rng->state >> 59);
}

int rng_range(struct rng *rng, int low, int high)
{
	return low + (int)(rng_next(rng) % (uint32_t)(high - low + 1));
}

uint32_t draw_int4(struct rng *rng)
{
	return rng_next(rng) & 0xf;
}

uint32_t draw_int8(struct rng *rng)
{
	return rng_next(rng) & 0xff;
}

uint32_t draw_int16(struct rng *rng)
{
	return rng_next(rng) & 0xffff;
}

uint32_t draw_int16_small(struct rng *rng)
{
	return (uint16_t)rng_range(rng, -999, 999);
}

uint32_t draw_fp16_unit(struct rng *rng)
{
	return half_bits(rng_range(rng, -1000000, 1000000) / 1000000.0);
}

uint32_t draw_fp16_small_int(struct rng *rng)
{
	return half_bits(rng_range(rng, -8, 8));
}

uint32_t draw_fp16_any_finite(struct rng *rng)
{
	uint32_t bits;

	do
		bits = rng_next(rng) & 0xffff;
	while ((bits & 0x7c00) == 0x7c00);
	return bits;
}

uint32_t draw_fp16_any(struct rng *rng)
{
	switch (rng_next(rng) % 256) {
	case 0:
		return rng_next(rng) & 1 ? 0x7c00 : 0xfc00;
	case 1:
		return rng_next(rng) & 1 ? 0x7c01 : 0xfe00;
	default:
		return draw_fp16_unit(rng);
	}
}

uint32_t draw_fp32_unit(struct rng *rng)
{
	return float_bits(rng_range(rng, -1000000, 1000000) / 1000000.0f);
}

/* Products of two of these are far from fp32's limits, and so are sums of some thousands of products */
uint32_t draw_fp32_wide(struct rng *rng)
{
	uint32_t exp = (uint32_t)rng_range(rng, 127 - 40, 127 + 40);

	return (rng_next(rng) & 1) << 31 | exp << 23 | (rng_next(rng) & 0x7fffff);
}

uint32_t draw_fp32_any(struct rng *rng)
{
	switch (rng_next(rng) % 256) {
	case 0:
		return rng_next(rng) & 1 ? 0x7f800000 : 0xff800000;
	case 1:
		return rng_next(rng) & 1 ? 0x7f800001 : 0xffc12345;
	case 2:
		return rng_next(rng) & 0x807fffff;	/* subnormals */
	case 3:
		return (rng_next(rng) & 0x80000000) | 0x7f7fffff;
	default:
		return draw_fp32_wide(rng);
	}
}

uint32_t draw_bf16_unit(struct rng *rng)
{
	return draw_fp32_unit(rng) >> 16;
}

uint32_t draw_bf16_wide(struct rng *rng)
{
	return draw_fp32_wide(rng) >> 16;
}

uint32_t draw_bf16_any(struct rng *rng)
{
	return draw_fp32_any(rng) >> 16;
}
