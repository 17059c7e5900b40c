// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * The accumulator that CNA and CORE must produce, one element at a time, from
 * the mathematics of the convolution.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "reference.h"

#define GROUP	32

/* ---- numbers ------------------------------------------------------------- */

/* Rounded to ten bits of fraction, nearest even; values are at least 2^-136 apart */
static double tf32_value(float value)
{
	double rounded;
	int exp;

	if (!isfinite(value) || value == 0)
		return value;
	frexp(value, &exp);
	exp = exp - 11 > -136 ? exp - 11 : -136;
	rounded = ldexp(rint(ldexp(value, -exp)), exp);
	return fabs(rounded) > 3.5e38 ? copysign(INFINITY, rounded) : rounded;
}

static int integer_value(uint32_t prec, uint32_t bits)
{
	switch (prec) {
	case RKNPU_PREC_INT4:
		return (bits & 0xf) >= 8 ? (int)(bits & 0xf) - 16 : (int)(bits & 0xf);
	case RKNPU_PREC_INT8:
		return (int8_t)bits;
	default:
		return (int16_t)bits;
	}
}

static float float_value(uint32_t prec, uint32_t bits)
{
	if (prec == RKNPU_PREC_FP16)
		return (float)half_value(bits);
	if (prec == RKNPU_PREC_BF16)
		return float_of(bits << 16);
	return (float)tf32_value(float_of(bits));
}

static bool is_integer(uint32_t prec)
{
	return prec == RKNPU_PREC_INT4 || prec == RKNPU_PREC_INT8 || prec == RKNPU_PREC_INT16;
}

/* @sum * 2^-48 in fp32, rounded to nearest even in integer arithmetic */
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

/* ---- the window ------------------------------------------------------------ */

/* In each block of 64 channels of int8 depthwise, the odd ones below 32 are padded with byte 1 */
static uint32_t padding(const struct shape *s, int c)
{
	if (s->depthwise && s->in_prec == RKNPU_PREC_INT8 && c % 64 < 32 && c % 2)
		return s->pad >> 8 & 0xff;
	return s->pad & (element_bits(s->in_prec) == 8 ? 0xff : 0xffff);
}

static uint32_t converted(const struct pixel_cvt *cvt, int c, uint32_t bits)
{
	double value = cvt->is_signed ? (int8_t)bits : (uint8_t)bits;

	value = ldexp((cvt->add_first ? value + cvt->offset[c] : value) * cvt->scale[c], -cvt->truncate);
	value = cvt->away ? round(value) : rint(value);
	value += cvt->add_first ? 0 : cvt->offset[c];
	return (uint8_t)(int)(value < -128 ? -128 : value > 127 ? 127 : value);
}

/* One input element; padding lies around the pixels, and between those of a deconvolution */
static uint32_t input(const struct program *p, int c, int y, int x)
{
	const struct shape *s = &p->shape;
	int step_x = s->deconv_x ? s->deconv_x : 1, step_y = s->deconv_y ? s->deconv_y : 1;

	if (y < 0 || x < 0 || y > (s->height - 1) * step_y || x > (s->width - 1) * step_x ||
	    y % step_y || x % step_x)
		return padding(s, c);
	if (s->in_cvt.on && (s->layout != LAYOUT_PACKED || c < s->packed))
		return converted(&s->in_cvt, c % 4, program_feature(p, c, y / step_y, x / step_x));
	return program_feature(p, c, y / step_y, x / step_x);
}

struct product {
	uint32_t a, b;
};

/* For depthwise, @c is also the output channel */
static struct product product(const struct program *p, int k, int c, int tap, int y, int x)
{
	const struct shape *s = &p->shape;
	int ky = tap / s->kw, kx = tap % s->kw;

	return (struct product){
		.a = input(p, c, y * s->sy - s->top + ky * s->dy, x * s->sx - s->left + kx * s->dx),
		.b = program_weight(p, s->depthwise ? 0 : k, c, ky, kx),
	};
}

/* The channels that output channel @k depends on */
static void channel_range(const struct shape *s, int k, int *first, int *end)
{
	*first = s->depthwise ? k : 0;
	*end = s->depthwise ? k + 1 : s->channels;
}

/* ---- sums -------------------------------------------------------------------- */

static int32_t saturated(int64_t sum)
{
	return sum > INT32_MAX ? INT32_MAX : sum < INT32_MIN ? INT32_MIN : (int32_t)sum;
}

static void sum_integers(const struct program *p, int k, int y, int x, struct accumulated *to)
{
	const struct shape *s = &p->shape;
	int64_t sum = 0, window = 0;
	int first, end;

	channel_range(s, k, &first, &end);
	for (int c = first; c < end; c++)
		for (int tap = 0; tap < s->kw * s->kh; tap++) {
			struct product m = product(p, k, c, tap, y, x);
			int64_t a = integer_value(s->in_prec, m.a);

			sum += a * integer_value(s->in_prec, m.b);
			window += a;
		}
	to->i = saturated(sum);
	to->window = (int32_t)window;
}

/* One group: exact and rounded once, or by IEEE rules if a product is not finite */
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

/* For bf16 and tf32, and all depthwise: one product after the other, in the order of the weights */
static float sum_fp32(const struct program *p, int k, int y, int x)
{
	const struct shape *s = &p->shape;
	int group = s->in_prec == RKNPU_PREC_TF32 ? 16 : 32, first, end;
	float sum = 0;

	channel_range(s, k, &first, &end);
	for (int from = first; from < end; from += group)
		for (int tap = 0; tap < s->kw * s->kh; tap++)
			for (int c = from; c < from + group && c < end; c++) {
				struct product m = product(p, k, c, tap, y, x);

				sum += float_value(s->in_prec, m.a) * float_value(s->in_prec, m.b);
			}
	return sum;
}

struct accumulated reference_accumulate(const struct program *p, int k, int y, int x)
{
	const struct shape *s = &p->shape;
	struct accumulated a = { .is_float = !is_integer(s->in_prec) };

	if (k >= (s->depthwise ? s->channels : s->kernels))
		return a;
	if (!a.is_float)
		sum_integers(p, k, y, x, &a);
	else if (s->in_prec == RKNPU_PREC_FP16 && !s->depthwise)
		a.f = sum_fp16(p, k, y, x);
	else
		a.f = sum_fp32(p, k, y, x);
	return a;
}
