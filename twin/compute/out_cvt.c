// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: output conversion. Integer: (x * scale >> shift, rounded) + offset,
 * saturated to the output type [seen: bytes captured from silicon]. Float:
 * (x + offset) * 2^-minus_exp * scale in fp32 [seen: client programs].
 */
#include <math.h>

#include "dpu_priv.h"

/* With a larger shift, no product of an int32 and an int16 reaches one half */
#define SHIFT_MAX	62

/* Exponent field of Inf and NaN */
#define HALF_EXP_MAX	31

/* Number of values that are converted at a time, before they are narrowed */
#define BLOCK		256

enum twin_compute_status out_cvt_parse(const struct task *t, struct dpu *dpu)
{
	uint32_t shift = reg_read(t, RKNPU_DPU_OUT_CVT_SHIFT);
	struct out_cvt *cvt = &dpu->cvt;

	cvt->offset = (int32_t)reg_read(t, RKNPU_DPU_OUT_CVT_OFFSET);
	cvt->scale = (int16_t)reg_field(t, RKNPU_DPU_OUT_CVT_SCALE, RKNPU_DPU_OUT_CVT_SCALE_SCALE);
	cvt->shift = field_get(RKNPU_DPU_OUT_CVT_SHIFT_SHIFT, shift);
	cvt->half_away = shift & RKNPU_DPU_OUT_CVT_SHIFT_ROUND;
	/* Integers do not use it, nor TYPE [seen: rockchip-npu-notes] */
	cvt->minus_exp = field_get(RKNPU_DPU_OUT_CVT_SHIFT_MINUS_EXP, shift);
	if (dpu->is_float && cvt->shift)
		return refuse(t, RKNPU_DPU_OUT_CVT_SHIFT, "integer shift on the float path");
	/* Clients that never write SCALE get unscaled data [seen for float, guess for integer] */
	if (!cvt->scale)
		cvt->scale = 1;
	cvt->identity = cvt->scale == 1 && !cvt->offset && !cvt->shift && !cvt->minus_exp;
	return TWIN_COMPUTE_OK;
}

/* ---- integers ------------------------------------------------------------- */

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	if (value < low)
		return low;
	return value > high ? high : value;
}

static void convert_int(const struct out_cvt *cvt, const int32_t *x, size_t count, int64_t *to)
{
	if (cvt->identity || cvt->shift > SHIFT_MAX)
		for (size_t i = 0; i < count; i++)
			to[i] = cvt->identity ? x[i] : cvt->offset;
	else
		for (size_t i = 0; i < count; i++)
			to[i] = shift_rounded((int64_t)x[i] * cvt->scale, cvt->shift,
					      cvt->half_away) + cvt->offset;
}

/* NaN is made canonical: its sign differs from host to host */
static uint32_t float_bits(float value)
{
	return bits_from_float(fp32_canonical(value));
}

/* Integers become floats as int32: fp16 is rounded once, as any int32 that fp32 rounds overflows fp16 */
static void narrow_int(uint32_t precision, const int64_t *x, size_t count, uint8_t *to)
{
	switch (precision) {
	case RKNPU_PREC_INT8:
		for (size_t i = 0; i < count; i++)
			to[i] = (uint8_t)clamp(x[i], INT8_MIN, INT8_MAX);
		break;
	case RKNPU_PREC_INT16:
		for (size_t i = 0; i < count; i++)
			store_le(to + 2 * i, (uint32_t)clamp(x[i], INT16_MIN, INT16_MAX), 2);
		break;
	case RKNPU_PREC_FP16:
		for (size_t i = 0; i < count; i++)
			store_le(to + 2 * i, fp16_from_float((float)saturate32(x[i])), 2);
		break;
	case RKNPU_PREC_FP32:
		for (size_t i = 0; i < count; i++)
			store_le(to + 4 * i, float_bits((float)saturate32(x[i])), 4);
		break;
	default:
		for (size_t i = 0; i < count; i++)
			store_le(to + 4 * i, (uint32_t)saturate32(x[i]), 4);
	}
}

static void run_int(const struct dpu *dpu, const int32_t *x, size_t count, uint8_t *to)
{
	int64_t wide[BLOCK];

	for (size_t done = 0; done < count; done += BLOCK) {
		size_t n = count - done < BLOCK ? count - done : BLOCK;

		convert_int(&dpu->cvt, x + done, n, wide);
		narrow_int(dpu->out.precision, wide, n, to + done * dpu->out.bytes);
	}
}

/* ---- floats --------------------------------------------------------------- */

/* A power of two may be too small for one factor, so there are two; neither rounds unless the result does */
static void convert_float(const struct out_cvt *cvt, const float *x, size_t count, float *to)
{
	const double factor = ldexp(1, -(int)cvt->minus_exp);
	/* Adding -0 changes nothing, not even the sign of a zero [guess] */
	const float offset = cvt->offset ? (float)cvt->offset : -0.0f, scale = (float)cvt->scale;

	if (cvt->identity)
		memcpy(to, x, count * sizeof(*to));
	else
		for (size_t i = 0; i < count; i++)
			to[i] = (float)((double)(x[i] + offset) * factor) * scale;
}

/*
 * MINUS_EXP is subtracted from the exponent field of Inf and NaN too, which turns
 * them into numbers, and NaN is 0x7c01 before that: comparisons rely on it [seen:
 * client programs]. A field below 0 becomes 0 [guess].
 */
static uint16_t half_of_nonfinite(float value, uint32_t minus_exp)
{
	uint16_t exponent = minus_exp < HALF_EXP_MAX ? HALF_EXP_MAX - minus_exp : 0;
	uint16_t sign = signbit(value) && !isnan(value) ? 0x8000 : 0;

	return sign | exponent << 10 | (isnan(value) ? 1 : 0);
}

static void narrow_half(const struct out_cvt *cvt, const float *x, size_t count, uint8_t *to)
{
	for (size_t i = 0; i < count; i++)
		store_le(to + 2 * i, isfinite(x[i]) ? fp16_from_float(x[i]) : half_of_nonfinite(x[i], cvt->minus_exp), 2);
}

/* Both bf16 and int8 are rounded to nearest even [seen: simulator of rknn-toolkit2] */
static uint16_t bf16_from_float(float value)
{
	uint32_t bits = float_bits(value);

	if (isnan(value))
		return bits >> 16;
	return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

/* NaN becomes 0 [guess] */
static uint8_t int8_from_float(float value)
{
	float rounded = rintf(value);

	if (!(rounded >= INT8_MIN))
		return isnan(value) ? 0 : (uint8_t)INT8_MIN;
	return (uint8_t)(rounded > INT8_MAX ? INT8_MAX : (int8_t)rounded);
}

static void narrow_float(const struct dpu *dpu, const float *x, size_t count, uint8_t *to)
{
	switch (dpu->out.precision) {
	case RKNPU_PREC_FP16:
		narrow_half(&dpu->cvt, x, count, to);
		break;
	case RKNPU_PREC_BF16:
		for (size_t i = 0; i < count; i++)
			store_le(to + 2 * i, bf16_from_float(x[i]), 2);
		break;
	case RKNPU_PREC_INT8:
		for (size_t i = 0; i < count; i++)
			to[i] = int8_from_float(x[i]);
		break;
	default:
		for (size_t i = 0; i < count; i++)
			store_le(to + 4 * i, float_bits(x[i]), 4);
	}
}

static void run_float(const struct dpu *dpu, const float *x, size_t count, uint8_t *to)
{
	float values[BLOCK];

	for (size_t done = 0; done < count; done += BLOCK) {
		size_t n = count - done < BLOCK ? count - done : BLOCK;

		convert_float(&dpu->cvt, x + done, n, values);
		narrow_float(dpu, values, n, to + done * dpu->out.bytes);
	}
}

void out_cvt_run(const struct dpu *dpu, const struct accumulator *acc, size_t first, size_t count,
		 uint8_t *to)
{
	if (acc->is_float)
		run_float(dpu, acc->f + first, count, to);
	else
		run_int(dpu, acc->i + first, count, to);
}
