// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Calculated in double, which is exact for every possible sum of products.
 */
#include "conv_reference.h"
#include "fp16.h"

#include <math.h>
#include <string.h>

static bool is_float(uint32_t precision)
{
	return precision == RKNPU_PREC_FP16 || precision == RKNPU_PREC_BF16 || precision == RKNPU_PREC_TF32 ||
	       precision == RKNPU_PREC_FP32;
}

static float float_from(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static uint32_t bits_from(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static double value_of(uint32_t precision, uint32_t bits)
{
	switch (precision) {
	case RKNPU_PREC_INT4:
		return (int)(bits ^ 8) - 8;
	case RKNPU_PREC_INT8:
		return (int8_t)bits;
	case RKNPU_PREC_INT16:
		return (int16_t)bits;
	case RKNPU_PREC_INT32:
		return (int32_t)bits;
	case RKNPU_PREC_FP16:
		return fp16_to_double(bits);
	case RKNPU_PREC_BF16:
		return float_from(bits << 16);
	default:
		return float_from(bits);
	}
}

/* Padding around the image: int8 has four bytes, and depthwise uses more than one of them [seen: rockchip-npu-notes] */
static double padding(const struct conv_task *t, unsigned int c)
{
	if (t->in_prec == RKNPU_PREC_INT8)
		return (int8_t)(t->depthwise && c % 64 < 32 && c % 2 ? t->pad >> 8 : t->pad);
	return t->in_prec == RKNPU_PREC_FP16 ? value_of(t->in_prec, t->pad & 0xffff) : 0;
}

/* Pixel at a position along one axis of the spread input: -1 outside, -2 between pixels */
static int pixel_at(int at, unsigned int size, unsigned int spread)
{
	int step = spread ? (int)spread : 1;

	if (at < 0 || at > ((int)size - 1) * step)
		return -1;
	return at % step ? -2 : at / step;
}

static double input(const struct conv_task *t, const struct conv_operands *o, unsigned int c, int y, int x)
{
	int py = pixel_at(y, t->height, t->deconv_y), px = pixel_at(x, t->width, t->deconv_x);
	uint32_t bits;

	if (py == -1 || px == -1)
		return padding(t, c);
	if (py < 0 || px < 0 || (t->packed && c >= t->packed))
		return 0;
	bits = prec_load(t->in_prec, o->in, conv_in_index(t, c, (unsigned int)py, (unsigned int)px));
	return t->center ? (double)bits - 128 : value_of(t->in_prec, bits);
}

static double weight(const struct conv_task *t, const struct conv_operands *o, unsigned int k, unsigned int c,
		     unsigned int ky, unsigned int kx)
{
	uint32_t bits = prec_load(t->in_prec, o->weights, conv_weight_index(t, t->depthwise ? 0 : k, c, ky, kx));

	return value_of(t->in_prec, bits) - t->weight_zero;
}

static double sum(const struct conv_task *t, const struct conv_operands *o, unsigned int k, unsigned int y,
		  unsigned int x)
{
	unsigned int first = t->depthwise ? k : 0, end = t->depthwise ? k + 1 : t->channels, c, ky, kx;
	int dx = t->dx ? (int)t->dx : 1, dy = t->dy ? (int)t->dy : 1;
	double total = 0;

	for (c = first; c < end; c++)
		for (ky = 0; ky < t->kh; ky++)
			for (kx = 0; kx < t->kw; kx++)
				total += input(t, o, c, (int)(y * t->sy + ky * dy) - (int)t->top,
					       (int)(x * t->sx + kx * dx) - (int)t->left) *
					 weight(t, o, k, c, ky, kx);
	return total;
}

static double clamp(double value, double low, double high)
{
	return value < low ? low : value > high ? high : value;
}

static uint32_t result_bits(const struct conv_task *t, double value)
{
	double limit;

	if (t->out_prec == RKNPU_PREC_FP16)
		return fp16_from_fp32((float)value);
	if (is_float(t->out_prec))
		return bits_from((float)value);
	limit = ldexp(1, (int)prec_bits(t->out_prec) - 1);
	value = rint(ldexp(value * (t->scale ? t->scale : 1), -(int)t->shift)) + t->offset;
	return (uint32_t)(int32_t)clamp(value, -limit, limit - 1) &
	       (prec_bits(t->out_prec) == 32 ? 0xffffffff : (1u << prec_bits(t->out_prec)) - 1);
}

uint32_t conv_reference(const struct conv_task *t, const struct conv_operands *o, unsigned int k, unsigned int y,
			unsigned int x)
{
	double value = sum(t, o, k, y, x);

	if (!is_float(t->in_prec))
		value = clamp(value, INT32_MIN, INT32_MAX);
	if (o->bias)
		value += is_float(t->in_prec) ? ((const float *)o->bias)[k] : ((const int32_t *)o->bias)[k];
	if (t->relu && value < 0)
		value = 0;
	return result_bits(t, value);
}

size_t conv_wrong(const struct conv_task *t, const struct conv_operands *o, const void *out)
{
	unsigned int k, y, x;
	size_t wrong = 0;

	for (k = 0; k < conv_out_channels(t); k++)
		for (y = 0; y < t->out_h; y++)
			for (x = 0; x < t->out_w; x++)
				wrong += prec_load(t->out_prec, out, conv_out_index(t, k, y, x)) !=
					 conv_reference(t, o, k, y, x);
	return wrong;
}

uint32_t conv_random(uint32_t precision, uint32_t *state)
{
	float value;

	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	if (!is_float(precision))
		return precision == RKNPU_PREC_INT4 ? *state >> 8 & 0xf :
		       precision == RKNPU_PREC_INT8 ? *state >> 8 & 0xff : *state >> 8 & 0xffff;
	value = (float)((int)(*state >> 8 & 15) - 8);
	if (precision == RKNPU_PREC_FP16)
		return fp16_from_fp32(value);
	return precision == RKNPU_PREC_BF16 ? bits_from(value) >> 16 : bits_from(value);
}
