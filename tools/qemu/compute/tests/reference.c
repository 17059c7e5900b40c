// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "reference.h"
#include "tap.h"

#define GROUP	32

/* ---- numbers ------------------------------------------------------------- */

static double half_value(uint16_t bits)
{
	_Float16 half;

	memcpy(&half, &bits, sizeof(half));
	return (double)half;
}

static float float_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

/* @sum * 2^-48 in fp32, nearest even, by hand */
static float round_sum(__int128 sum)
{
	unsigned __int128 size = sum < 0 ? -(unsigned __int128)sum : (unsigned __int128)sum;
	int exp = 127 - 48 + 23;
	bool sticky = false, half = false;

	if (!size)
		return 0;
	for (; size >= 1 << 24; size >>= 1, exp++) {
		sticky |= half;
		half = size & 1;
	}
	if (half && (sticky || (size & 1)))
		size++;
	for (; size < 1 << 23; size <<= 1)
		exp--;
	if (size == 1 << 24) {
		size >>= 1;
		exp++;
	}
	return float_of((sum < 0) * 0x80000000u | (uint32_t)exp << 23 | ((uint32_t)size & 0x7fffff));
}

/* ---- the convolution ----------------------------------------------------- */

/* One input element, padding included */
static uint16_t input(const struct program *p, int c, int y, int x)
{
	const struct shape *s = &p->shape;

	if (y < 0 || x < 0 || y >= s->height || x >= s->width)
		return s->in_prec == RKNPU_PREC_INT8 ? s->pad & 0xff : s->pad & 0xffff;
	return program_feature(p, c, y, x);
}

struct product {
	uint16_t a, b;
};

static struct product product(const struct program *p, int k, int c, int tap, int y, int x)
{
	const struct shape *s = &p->shape;
	int ky = tap / s->kw, kx = tap % s->kw;

	return (struct product){
		.a = input(p, c, y * s->sy - s->top + ky * s->dy, x * s->sx - s->left + kx * s->dx),
		.b = program_weight(p, k, c, ky, kx),
	};
}

static int32_t sum_int8(const struct program *p, int k, int y, int x)
{
	const struct shape *s = &p->shape;
	int64_t sum = 0;

	for (int c = 0; c < s->channels; c++)
		for (int tap = 0; tap < s->kw * s->kh; tap++) {
			struct product m = product(p, k, c, tap, y, x);

			sum += (int8_t)m.a * (int8_t)m.b;
		}
	return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
}

/* One group: exact, rounded once; by IEEE rules if a product is not finite */
static float sum_group(const struct program *p, int k, int first, int tap, int y, int x)
{
	int end = first + GROUP < p->shape.channels ? first + GROUP : p->shape.channels;
	double special = 0;
	__int128 sum = 0;

	for (int c = first; c < end; c++) {
		struct product m = product(p, k, c, tap, y, x);
		double value = half_value(m.a) * half_value(m.b);

		if (isfinite(value))
			sum += (__int128)(value * 0x1p48);
		else
			special += value;
	}
	return special == 0 ? round_sum(sum) : (float)special;
}

static float sum_fp16(const struct program *p, int k, int y, int x)
{
	const struct shape *s = &p->shape;
	float sum = 0;

	for (int c = 0; c < s->channels; c += GROUP)
		for (int tap = 0; tap < s->kw * s->kh; tap++)
			sum += sum_group(p, k, c, tap, y, x);
	return sum;
}

/* ---- output conversion ----------------------------------------------------- */

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

static uint32_t half_bits(double value)
{
	_Float16 half = (_Float16)value;
	uint16_t bits;

	memcpy(&bits, &half, sizeof(bits));
	return isnan(value) ? 0x7e00 : bits;
}

static uint32_t float_bits(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return isnan(value) ? 0x7fc00000 : bits;
}

/* double holds every product of int32 and int16 */
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
	float value = x + (float)s->cvt_offset;

	value *= powf(2, -s->cvt_minus_exp);
	value *= s->cvt_scale ? s->cvt_scale : 1;
	return s->out_prec == RKNPU_PREC_FP16 ? half_bits(value) : float_bits(value);
}

static uint32_t element(const struct program *p, int k, int y, int x)
{
	const struct shape *s = &p->shape;

	if (s->in_prec == RKNPU_PREC_INT8)
		return convert_int(s, k < s->kernels ? sum_int8(p, k, y, x) : 0);
	return convert_float(s, k < s->kernels ? sum_fp16(p, k, y, x) : 0);
}

/* ---- whole output ------------------------------------------------------------ */

/* Group by group, in a group pixel by pixel: later writers win */
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
