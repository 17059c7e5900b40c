// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "back.h"
#include "number.h"
#include "reference.h"
#include "tap.h"

/* ---- output conversion ----------------------------------------------------- */

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

/* Rounded to eight bits, nearest even; no number here comes near the limits of fp32 */
static uint32_t brain_bits(double value)
{
	int exp;

	frexp(value, &exp);
	return float_bits((float)ldexp(rint(ldexp(value, 8 - exp)), exp - 8)) >> 16;
}

/* Products of int32 and int16 are exact in double */
static uint32_t convert_int(const struct shape *s, int32_t x)
{
	double value = ldexp((double)x * (s->cvt_scale ? s->cvt_scale : 1), -s->cvt_shift);

	value = (s->cvt_away ? round(value) : rint(value)) + s->cvt_offset;
	switch (s->out_prec) {
	case RKNPU_PREC_INT8:
		return (uint32_t)(int32_t)clamp(value, -128, 127);
	case RKNPU_PREC_INT16:
		return (uint32_t)(int32_t)clamp(value, -32768, 32767);
	case RKNPU_PREC_FP16:
		return half_bits(clamp(value, INT32_MIN, INT32_MAX));
	case RKNPU_PREC_FP32:
		return float_bits((float)clamp(value, INT32_MIN, INT32_MAX));
	default:
		return (uint32_t)(int32_t)clamp(value, INT32_MIN, INT32_MAX);
	}
}

static uint32_t convert_float(const struct shape *s, float x)
{
	/* An offset of 0 does not change a negative zero */
	float value = s->cvt_offset ? x + (float)s->cvt_offset : x;
	int exp;

	value *= powf(2, -s->cvt_minus_exp);
	value *= s->cvt_scale ? s->cvt_scale : 1;
	switch (s->out_prec) {
	case RKNPU_PREC_FP16:
		if (!isnan(value) && !isinf(value))
			return half_bits(value);
		/* Inf and NaN become numbers if the exponent is reduced */
		exp = 31 - s->cvt_minus_exp > 0 ? 31 - s->cvt_minus_exp : 0;
		return exp << 10 | (isnan(value) ? 1 : value < 0 ? 0x8000 : 0);
	case RKNPU_PREC_BF16:
		return brain_bits(value);
	case RKNPU_PREC_INT8:
		return (uint32_t)(int32_t)clamp(rint(value), -128, 127);
	default:
		return isnan(value) ? 0x7fc00000 : float_bits(value);
	}
}

static uint32_t element(const struct program *p, int k, int y, int x)
{
	struct accumulated a = p->back && p->back->flying ? back_main(p, k, y, x)
							  : reference_accumulate(p, k, y, x);

	if (p->back)
		back_apply(p, k, y, x, &a);
	return a.is_float ? convert_float(&p->shape, a.f) : convert_int(&p->shape, a.i);
}

/* ---- whole output ------------------------------------------------------------ */

/* Written group by group, pixel by pixel within a group: later writes win */
static void write_all(const struct program *p, uint8_t *image)
{
	const struct shape *s = &p->shape;
	int bytes = shape_out_bytes(s), group = 16 / bytes * (s->size_e + 1);

	for (int first = 0; first < s->out_c; first += group)
		for (int y = 0; y < s->out_h; y++)
			for (int x = 0; x < s->out_w; x++)
				for (int k = first; k < first + group && k < s->out_c; k++) {
					uint32_t bits = element(p, k, y, x);
					uint8_t *to = image + program_out_offset(s, k, y, x);

					for (int i = 0; i < bytes; i++)
						to[i] = bits >> 8 * i;
				}
}

static bool same(const uint8_t *expected, const struct region *output)
{
	for (size_t i = 0; i < output->bytes; i++)
		if (expected[i] != output->data[i]) {
			tap_note("byte %zu of %zu is %02x, expected %02x", i, output->bytes,
				 output->data[i], expected[i]);
			return false;
		}
	return true;
}

bool reference_runs(struct program *p)
{
	struct region *output = &p->memory.region[REGION_OUTPUT];
	uint8_t *expected = malloc(output->bytes);
	enum twin_compute_status status;
	bool ok;

	if (!expected)
		abort();
	/* Output of an earlier run must not be taken for that of this run */
	for (size_t i = 0; i < output->bytes; i++)
		output->data[i] ^= 0xff;
	memcpy(expected, output->data, output->bytes);
	write_all(p, expected);
	status = program_run(p);
	if (status != TWIN_COMPUTE_OK)
		tap_note("status %d, register 0x%x: %s", status, p->result.refused_reg,
			 p->result.reason);
	ok = status == TWIN_COMPUTE_OK && same(expected, output);
	free(expected);
	return ok;
}

void reference_test(const struct shape *s, draw_fn draw, uint64_t seed)
{
	struct program p;

	program_init(&p, s, draw, seed);
	tap_ok(reference_runs(&p), "%s", shape_name(s));
	program_free(&p);
}
