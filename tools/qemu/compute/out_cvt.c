// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: output conversion. Integer: (x * scale >> shift, rounded) + offset,
 * saturated to the output type [seen: bytes captured from silicon]. Float:
 * (x + offset) * 2^-minus_exp * scale in fp32 [seen: client programs].
 */
#include <math.h>
#include <string.h>

#include "compute_priv.h"

/* Beyond this, no product of an int32 and an int16 reaches one half */
#define SHIFT_MAX	62

static int64_t shift_rounded(int64_t value, unsigned int shift, bool half_away)
{
	int64_t floor, half, rest;

	if (!shift)
		return value;
	if (shift > SHIFT_MAX)
		return 0;
	floor = value >> shift;
	rest = value - floor * (1LL << shift);
	half = 1LL << (shift - 1);
	if (rest > half)
		return floor + 1;
	if (rest < half)
		return floor;
	/* The half: floor is away from zero for a negative value */
	return half_away ? floor + (value > 0) : floor + (floor & 1);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

static int64_t convert_int(const struct out_cvt *cvt, int32_t x)
{
	if (cvt->identity)
		return x;
	return shift_rounded((int64_t)x * cvt->scale, cvt->shift, cvt->half_away) + cvt->offset;
}

static float convert_float(const struct out_cvt *cvt, float x)
{
	if (cvt->identity)
		return x;
	return ldexpf(x + (float)cvt->offset, -(int)cvt->minus_exp) * (float)cvt->scale;
}

static void put(void *to, uint32_t value, uint32_t bytes)
{
	uint8_t *p = to;

	for (uint32_t i = 0; i < bytes; i++)
		p[i] = value >> (8 * i);
}

static uint32_t float_bits(float value)
{
	uint32_t bits;

	value = fp32_canonical(value);
	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static uint32_t store_int(const struct dpu *dpu, int32_t x)
{
	int64_t value = convert_int(&dpu->cvt, x);

	switch (dpu->out_precision) {
	case RKNPU_PREC_INT8:
		return (uint32_t)clamp(value, INT8_MIN, INT8_MAX);
	case RKNPU_PREC_INT16:
		return (uint32_t)clamp(value, INT16_MIN, INT16_MAX);
	case RKNPU_PREC_FP16:
		return fp16_from_double((double)clamp(value, INT32_MIN, INT32_MAX));
	case RKNPU_PREC_FP32:
		return float_bits((float)clamp(value, INT32_MIN, INT32_MAX));
	default:
		return (uint32_t)clamp(value, INT32_MIN, INT32_MAX);
	}
}

static uint32_t store_float(const struct dpu *dpu, float x)
{
	float value = convert_float(&dpu->cvt, x);

	if (dpu->out_precision == RKNPU_PREC_FP16)
		return fp16_from_double(value);
	return float_bits(value);
}

/* Elements @first to @first + @count - 1 of the accumulator, as they go to memory */
void out_cvt_atom(const struct dpu *dpu, const struct accumulator *acc, size_t first,
		  unsigned int count, void *atom)
{
	for (unsigned int i = 0; i < count; i++) {
		uint32_t bits = acc->is_float ? store_float(dpu, acc->f[first + i])
					      : store_int(dpu, acc->i[first + i]);

		put((uint8_t *)atom + i * dpu->out_bytes, bits, dpu->out_bytes);
	}
}
