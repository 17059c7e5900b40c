// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#include "dpu_reference.h"

#include <stdlib.h>

#include "fp16.h"

/* ---- cubes -------------------------------------------------------------------- */

static unsigned int prec_bytes(uint32_t prec)
{
	if (prec == RKNPU_PREC_INT8)
		return 1;
	return prec == RKNPU_PREC_INT16 || prec == RKNPU_PREC_FP16 ? 2 : 4;
}

size_t cube_bytes(uint32_t prec, size_t plane, unsigned int channels)
{
	unsigned int lanes = RKNPU_ATOM_BYTES / prec_bytes(prec);

	return (channels + lanes - 1) / lanes * plane * RKNPU_ATOM_BYTES;
}

static size_t cube_offset(uint32_t prec, size_t plane, unsigned int c, size_t pixel)
{
	unsigned int bytes = prec_bytes(prec), lanes = RKNPU_ATOM_BYTES / bytes;

	return (c / lanes * plane + pixel) * RKNPU_ATOM_BYTES + c % lanes * bytes;
}

uint32_t cube_load(uint32_t prec, const void *cube, size_t plane, unsigned int c, size_t pixel)
{
	const uint8_t *at = (const uint8_t *)cube + cube_offset(prec, plane, c, pixel);
	uint32_t bits = 0;
	unsigned int i;

	for (i = 0; i < prec_bytes(prec); i++)
		bits |= (uint32_t)at[i] << 8 * i;
	return bits;
}

void cube_store(uint32_t prec, void *cube, size_t plane, unsigned int c, size_t pixel, uint32_t bits)
{
	uint8_t *at = (uint8_t *)cube + cube_offset(prec, plane, c, pixel);
	unsigned int i;

	for (i = 0; i < prec_bytes(prec); i++)
		at[i] = (uint8_t)(bits >> 8 * i);
}

static int64_t integer(uint32_t prec, uint32_t bits)
{
	return prec == RKNPU_PREC_INT8 ? (int8_t)bits : prec == RKNPU_PREC_INT16 ? (int16_t)bits : (int32_t)bits;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
	return value < low ? low : value > high ? high : value;
}

static int64_t saturate(uint32_t prec, int64_t value)
{
	int64_t high = (1LL << (8 * prec_bytes(prec) - 1)) - 1;

	return clamp(value, -high - 1, high);
}

/* ---- elementwise -------------------------------------------------------------- */

static int64_t int_op(const struct eltwise_task *t, int64_t a, int64_t b)
{
	switch (t->op) {
	case ELTWISE_NONE:
		return a;
	case ELTWISE_ADD:
		return a + b;
	case ELTWISE_SUB:
		return a - b;
	case ELTWISE_MUL:
		return a * (int16_t)b;
	case ELTWISE_MAX:
		return a > b ? a : b;
	case ELTWISE_MIN:
		return a < b ? a : b;
	default:
		abort();
	}
}

/* Calculated in double, where products are exact; rounds to nearest even */
static int64_t int_result(const struct eltwise_task *t, uint32_t a, uint32_t b)
{
	int64_t value = int_op(t, integer(t->in_prec, a), integer(t->in_prec, b));

	value = saturate(RKNPU_PREC_INT32, value);
	if (t->relu && value < 0)
		value = 0;
	if (t->relu && t->cap && value > (int32_t)t->cap)
		value = (int32_t)t->cap;
	value = (int64_t)nearbyint(ldexp((double)(value * (t->scale ? t->scale : 1)), -(int)t->shift));
	return saturate(t->out_prec, value + t->offset);
}

/* Every step is rounded to fp32 */
static float float_op(const struct eltwise_task *t, float a, float b)
{
	switch (t->op) {
	case ELTWISE_NONE:
		return a;
	case ELTWISE_ADD:
		return (float)((double)a + b);
	case ELTWISE_SUB:
		return (float)((double)a - b);
	case ELTWISE_MUL:
		return (float)((double)a * b);
	case ELTWISE_MAX:
		return a > b ? a : b;
	case ELTWISE_MIN:
		return a < b ? a : b;
	case ELTWISE_DIV:
		return (float)((double)a / b);
	case ELTWISE_ABS:
		return fabsf(a);
	case ELTWISE_NEG:
		return -a;
	case ELTWISE_FLOOR:
		return floorf(a);
	case ELTWISE_CEIL:
		return ceilf(a);
	}
	abort();
}

static uint32_t float_result(const struct eltwise_task *t, uint32_t a, uint32_t b)
{
	float value = (float)fp16_to_double((uint16_t)a);

	if (t->mul) {
		value = (float)(value * fp16_to_double(t->mul));
		value = (float)((double)value + fp32_from_bits(t->add));
	}
	value = float_op(t, value, (float)fp16_to_double((uint16_t)b));
	if (t->relu && value < 0)
		value = 0;
	if (t->relu && t->cap && value > fp32_from_bits(t->cap))
		value = fp32_from_bits(t->cap);
	return t->out_prec == RKNPU_PREC_FP16 ? fp16_from_fp32(value) : fp32_bits(value);
}

size_t eltwise_wrong(const struct eltwise_task *t, const void *in, const void *second, const void *out)
{
	size_t plane = (size_t)t->width * t->height, wrong = 0, p;
	unsigned int c;

	for (c = 0; c < t->channels; c++)
		for (p = 0; p < plane; p++) {
			uint32_t a = cube_load(t->in_prec, in, plane, c, p);
			uint32_t b = t->op ? cube_load(t->in_prec, second, plane, c, p) : 0;
			uint32_t got = cube_load(t->out_prec, out, plane, c, p);

			if (t->in_prec == RKNPU_PREC_FP16)
				wrong += got != float_result(t, a, b);
			else
				wrong += integer(t->out_prec, got) != int_result(t, a, b);
		}
	return wrong;
}

size_t lut_wrong(const struct eltwise_task *t, double (*f)(double), double tolerance, const void *in,
		 const void *second, const void *out)
{
	size_t plane = (size_t)t->width * t->height, wrong = 0, p;
	unsigned int c;

	for (c = 0; c < t->channels; c++)
		for (p = 0; p < plane; p++) {
			double x = fp16_to_double((uint16_t)cube_load(t->in_prec, in, plane, c, p));
			double got = fp16_to_double((uint16_t)cube_load(t->out_prec, out, plane, c, p));
			double want = f(x);

			if (t->op == ELTWISE_MUL)
				want *= fp16_to_double((uint16_t)cube_load(t->in_prec, second, plane, c, p));
			wrong += !(fabs(got - want) <= tolerance);
		}
	return wrong;
}

/* ---- pooling -------------------------------------------------------------------- */

struct window {
	double best, sum;
};

static double number(const struct pool_task *t, uint32_t bits)
{
	return t->prec == RKNPU_PREC_FP16 ? fp16_to_double((uint16_t)bits) : (int8_t)bits;
}

static struct window walk(const struct pool_task *t, const void *in, unsigned int c, unsigned int oy, unsigned int ox)
{
	struct window w = { .best = t->method == RKNPU_PPU_METHOD_MAX ? -INFINITY : INFINITY };
	size_t plane = (size_t)t->width * t->height;
	unsigned int ky, kx;

	for (ky = 0; ky < t->kh; ky++)
		for (kx = 0; kx < t->kw; kx++) {
			int y = (int)(oy * t->sy + ky) - (int)t->top, x = (int)(ox * t->sx + kx) - (int)t->left;
			double value;

			if (y < 0 || x < 0 || y >= (int)t->height || x >= (int)t->width)
				continue;
			value = number(t, cube_load(t->prec, in, plane, c, (size_t)y * t->width + (size_t)x));
			w.sum += value;
			if (t->method == RKNPU_PPU_METHOD_MAX ? value > w.best : value < w.best)
				w.best = value;
		}
	return w;
}

/* int8 ties go to even if both sides of the window are powers of two, else towards zero [seen: rockchip-npu-notes] */
static int average_int8(const struct pool_task *t, double sum)
{
	double value = sum / (t->kw * t->kh);
	int exact = !(65536 % t->kw) && !(65536 % t->kh);

	if (fabs(value - trunc(value)) == 0.5 && !exact)
		return (int)trunc(value);
	return (int)nearbyint(value);
}

static int pool_differs(const struct pool_task *t, uint32_t got, const struct window *w)
{
	double want = w->sum / (t->kw * t->kh);

	if (t->method != RKNPU_PPU_METHOD_AVERAGE)
		return number(t, got) != w->best;
	if (t->prec == RKNPU_PREC_INT8)
		return (int8_t)got != average_int8(t, w->sum);
	return !(fabs(number(t, got) - want) <= fabs(want) / 500 + 0x1p-14);
}

size_t pool_wrong(const struct pool_task *t, const void *in, const void *out)
{
	size_t plane = (size_t)t->out_w * t->out_h, wrong = 0;
	unsigned int c, y, x;

	for (c = 0; c < t->channels; c++)
		for (y = 0; y < t->out_h; y++)
			for (x = 0; x < t->out_w; x++) {
				struct window w = walk(t, in, c, y, x);

				wrong += pool_differs(t, cube_load(t->prec, out, plane, c, (size_t)y * t->out_w + x), &w);
			}
	return wrong;
}
