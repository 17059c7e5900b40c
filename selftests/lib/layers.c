// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#include "layers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conv_reference.h"
#include "dpu_reference.h"

#define WIDTH		12
#define HEIGHT		10
#define CHANNELS	24
#define KERNELS		32
#define SPOILED		0xa5
#define FP16_FACTOR	0x2266	/* about 1/80, so values are between entries of the table */
#define INT8_CAP	40
/* Tolerance for table entries and the interpolation between them */
#define LUT_TOLERANCE	0.001

enum { CONV, ADD, ACT_OR_POOL, POOL_OR_CLAMP };

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static uint32_t prec(const struct layers *l)
{
	return l->integers ? RKNPU_PREC_INT8 : RKNPU_PREC_FP16;
}

static uint32_t place(struct layers *l, size_t bytes)
{
	uint32_t addr = l->iova + (uint32_t)l->used;

	l->used += (bytes + 63) / 64 * 64;
	if (l->used > LAYERS_BYTES)
		abort();
	return addr;
}

static void *at(const struct layers *l, uint32_t addr)
{
	return l->map + (addr - l->iova);
}

/* Places an operand of random elements */
static uint32_t place_random(struct layers *l, uint32_t precision, size_t bytes, uint32_t *state)
{
	uint32_t addr = place(l, bytes);
	size_t i;

	for (i = 0; i < bytes * 8 / prec_bits(precision); i++)
		prec_store(precision, at(l, addr), i, conv_random(precision, state));
	return addr;
}

static uint32_t place_output(struct layers *l, size_t bytes)
{
	uint32_t addr = place(l, bytes);

	memset(at(l, addr), SPOILED, bytes);
	return addr;
}

static void plan_conv(struct layers *l, uint32_t *state)
{
	struct conv_task *t = &l->conv;
	unsigned int k;

	*t = (struct conv_task){
		.in_prec = prec(l), .out_prec = prec(l), .width = WIDTH, .height = HEIGHT, .channels = CHANNELS,
		.kernels = KERNELS, .kw = 3, .kh = 3, .left = 1, .top = 1,
	};
	if (l->integers) {
		t->pad = 0x05050505;
		t->scale = 21845;
		t->shift = 23;
		t->offset = -3;
	}
	conv_defaults(t);
	t->in = place_random(l, prec(l), conv_in_bytes(t), state);
	t->weights = place_random(l, prec(l), conv_weight_bytes(t), state);
	t->out = place_output(l, conv_out_bytes(t));
	if (!l->integers)
		return;
	t->bias = place(l, KERNELS * sizeof(int32_t));
	for (k = 0; k < KERNELS; k++)
		prec_store(RKNPU_PREC_INT32, at(l, t->bias), k, 1000 * (uint32_t)(int8_t)conv_random(RKNPU_PREC_INT8, state));
}

static struct eltwise_task cube_task(const struct layers *l, unsigned int width, unsigned int height, uint32_t in)
{
	return (struct eltwise_task){
		.in_prec = prec(l), .out_prec = prec(l), .width = width, .height = height, .channels = KERNELS,
		.in = in,
	};
}

static void plan_rest(struct layers *l, uint32_t *state)
{
	size_t bytes = conv_out_bytes(&l->conv);

	l->add = cube_task(l, WIDTH, HEIGHT, l->conv.out);
	l->add.op = ELTWISE_ADD;
	l->add.mul = l->integers ? 0 : FP16_FACTOR;
	l->add.second = place_random(l, prec(l), bytes, state);
	l->add.out = place_output(l, bytes);
	l->pool = (struct pool_task){
		.prec = prec(l), .width = WIDTH, .height = HEIGHT, .channels = KERNELS, .kw = 3, .kh = 2,
		.sx = 2, .sy = 2, .left = 1,
	};
	pool_defaults(&l->pool);
	if (l->integers) {
		l->pool.method = RKNPU_PPU_METHOD_AVERAGE;
		l->pool.in = l->add.out;
		l->pool.out = place_output(l, cube_bytes(prec(l), (size_t)l->pool.out_w * l->pool.out_h, KERNELS));
		l->act = cube_task(l, l->pool.out_w, l->pool.out_h, l->pool.out);
		l->act.relu = true;
		l->act.cap = INT8_CAP;
		l->act.out = place_output(l, cube_bytes(prec(l), (size_t)l->pool.out_w * l->pool.out_h, KERNELS));
		return;
	}
	l->act = cube_task(l, WIDTH, HEIGHT, l->add.out);
	l->act.lut = &l->lut;
	l->act.upload = true;
	l->act.out = place_output(l, bytes);
	l->pool.method = RKNPU_PPU_METHOD_MAX;
	l->pool.in = l->act.out;
	l->pool.out = place_output(l, cube_bytes(prec(l), (size_t)l->pool.out_w * l->pool.out_h, KERNELS));
}

void layers_init(struct layers *l, bool integers, void *map, uint32_t iova, uint32_t seed)
{
	uint32_t state = seed * 2654435761u | 1;

	memset(l, 0, sizeof(*l));
	l->integers = integers;
	l->map = map;
	l->iova = iova;
	lut_build(&l->lut, sigmoid, 8, 0, 1);
	plan_conv(l, &state);
	plan_rest(l, &state);
}

static bool is_pool(const struct layers *l, unsigned int i)
{
	return i == (l->integers ? ACT_OR_POOL : POOL_OR_CLAMP);
}

void layers_segment(const struct layers *l, unsigned int i, struct regcmd *rc)
{
	if (i == CONV)
		conv_segment(rc, &l->conv);
	else if (is_pool(l, i))
		pool_segment(rc, &l->pool);
	else
		eltwise_segment(rc, i == ADD ? &l->add : &l->act);
}

uint32_t layers_enable(const struct layers *l, unsigned int i)
{
	if (i == CONV)
		return conv_enable(&l->conv);
	return is_pool(l, i) ? POOL_ENABLE : ELTWISE_ENABLE;
}

uint32_t layers_int(const struct layers *l, unsigned int i)
{
	return is_pool(l, i) ? POOL_INT : RKNPU_INT_DPU;
}

size_t layers_wrong(const struct layers *l, unsigned int i)
{
	struct conv_operands o = {
		.in = at(l, l->conv.in), .weights = at(l, l->conv.weights),
		.bias = l->conv.bias ? at(l, l->conv.bias) : NULL,
	};

	if (i == CONV)
		return conv_wrong(&l->conv, &o, at(l, l->conv.out));
	if (i == ADD)
		return eltwise_wrong(&l->add, at(l, l->add.in), at(l, l->add.second), at(l, l->add.out));
	if (is_pool(l, i))
		return pool_wrong(&l->pool, at(l, l->pool.in), at(l, l->pool.out));
	if (l->integers)
		return eltwise_wrong(&l->act, at(l, l->act.in), NULL, at(l, l->act.out));
	return lut_wrong(&l->act, sigmoid, LUT_TOLERANCE, at(l, l->act.in), NULL, at(l, l->act.out));
}
