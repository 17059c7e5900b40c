// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * PPU and PPU_RDMA: pooling, compared with a reference that visits each element
 * of each window.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "number.h"
#include "program.h"
#include "run.h"
#include "tap.h"
#include "tests.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define IN_ADDR		0x10000000u
#define OUT_ADDR	0x80000000u
#define ENABLE_POOL	(RKNPU_ENABLE_PPU | RKNPU_ENABLE_PPU_RDMA)

struct pool_shape {
	bool fp16;
	int method;			/* RKNPU_PPU_METHOD_* */
	int width, height, channels;
	int kw, kh, sx, sy;
	int left, top, right, bottom;
	int out_w, out_h;
	uint32_t recip_w, recip_h;
	int line_gap, surf_gap, out_gap;	/* atoms */
	int notch;			/* between lines of the output */
	int padding;			/* for an average of int8 */
	uint32_t dma_base;
};

struct pool {
	struct pool_shape shape;
	uint32_t regs[8][1024];
	struct twin_unit_regs unit;
	struct memory memory;
	struct twin_compute_result result;
};

/* ---- program ----------------------------------------------------------------- */

static struct pool_shape shape_pool(bool fp16, int method, int width, int height, int channels, int kw, int kh)
{
	struct pool_shape s = {
		.fp16 = fp16, .method = method, .width = width, .height = height, .channels = channels,
		.kw = kw, .kh = kh, .sx = 1, .sy = 1,
	};

	s.recip_w = fp16 ? half_bits(65536.0 / kw) : 65536u / kw;
	s.recip_h = fp16 ? half_bits(65536.0 / kh) : 65536u / kh;
	return s;
}

static void shape_out(struct pool_shape *s)
{
	s->out_w = (s->width + s->left + s->right - s->kw) / s->sx + 1;
	s->out_h = (s->height + s->top + s->bottom - s->kh) / s->sy + 1;
}

static int element_size(const struct pool_shape *s)
{
	return s->fp16 ? 2 : 1;
}

static uint32_t in_line(const struct pool_shape *s)
{
	return 16 * (s->width + s->line_gap);
}

static uint32_t in_surface(const struct pool_shape *s)
{
	return in_line(s) * s->height + 16 * s->surf_gap;
}

static uint32_t out_surface(const struct pool_shape *s)
{
	return 16 * ((s->out_w + s->notch) * s->out_h + s->out_gap);
}

static size_t in_offset(const struct pool_shape *s, int c, int y, int x)
{
	int size = element_size(s), per_atom = 16 / size;

	return (size_t)(c / per_atom) * in_surface(s) + (size_t)y * in_line(s) + 16 * x + c % per_atom * size;
}

static size_t out_offset(const struct pool_shape *s, int c, int y, int x)
{
	int size = element_size(s), per_atom = 16 / size;

	return (size_t)(c / per_atom) * out_surface(s) + 16 * ((size_t)y * (s->out_w + s->notch) + x) + c % per_atom * size;
}

static void set(struct pool *p, uint32_t offset, uint32_t value)
{
	p->regs[offset >> 12][(offset & 0xfff) >> 2] = value;
}

static void set_registers(struct pool *p)
{
	const struct pool_shape *s = &p->shape;

	set(p, RKNPU_PPU_DATA_CUBE_IN_WIDTH, s->width - 1);
	set(p, RKNPU_PPU_DATA_CUBE_IN_HEIGHT, s->height - 1);
	set(p, RKNPU_PPU_DATA_CUBE_IN_CHANNEL, s->channels - 1);
	set(p, RKNPU_PPU_DATA_CUBE_OUT_WIDTH, s->out_w - 1);
	set(p, RKNPU_PPU_DATA_CUBE_OUT_HEIGHT, s->out_h - 1);
	set(p, RKNPU_PPU_DATA_CUBE_OUT_CHANNEL, s->channels - 1);
	set(p, RKNPU_PPU_OPERATION_MODE_CFG, 0x10 | s->method | s->notch << 16);
	set(p, RKNPU_PPU_POOLING_KERNEL_CFG, (s->kw - 1) | (s->kh - 1) << 8 | (s->sx - 1) << 16 | (s->sy - 1) << 20);
	set(p, RKNPU_PPU_RECIP_KERNEL_WIDTH, s->recip_w);
	set(p, RKNPU_PPU_RECIP_KERNEL_HEIGHT, s->recip_h);
	set(p, RKNPU_PPU_POOLING_PADDING_CFG, s->left | s->top << 4 | s->right << 8 | s->bottom << 12);
	set(p, RKNPU_PPU_PADDING_VALUE_1_CFG, s->fp16 ? 0xfc00 : (uint32_t)s->padding);
	set(p, RKNPU_PPU_PADDING_VALUE_2_CFG, !s->fp16 && s->padding < 0 ? 7 : 0);
	set(p, RKNPU_PPU_DST_BASE_ADDR, OUT_ADDR);
	set(p, RKNPU_PPU_DST_SURF_STRIDE, out_surface(s));
	set(p, RKNPU_PPU_DATA_FORMAT, out_surface(s) | (s->fp16 ? RKNPU_PREC_FP16 : RKNPU_PREC_INT8));
	set(p, RKNPU_PPU_MISC_CTRL, 3);
	set(p, RKNPU_PPU_RDMA_CUBE_IN_WIDTH, s->width - 1);
	set(p, RKNPU_PPU_RDMA_CUBE_IN_HEIGHT, s->height - 1);
	set(p, RKNPU_PPU_RDMA_CUBE_IN_CHANNEL, s->channels - 1);
	set(p, RKNPU_PPU_RDMA_SRC_BASE_ADDR, IN_ADDR);
	set(p, RKNPU_PPU_RDMA_SRC_LINE_STRIDE, in_line(s));
	set(p, RKNPU_PPU_RDMA_SRC_SURF_STRIDE, in_surface(s));
	set(p, RKNPU_PPU_RDMA_DATA_FORMAT, s->fp16 ? 2 : 1);
}

static size_t whole_atoms(size_t bytes)
{
	return (bytes + 15) / 16 * 16;
}

static void pool_init(struct pool *p, const struct pool_shape *s, draw_fn draw, uint64_t seed)
{
	struct rng rng = { .state = seed * 0x9e3779b97f4a7c15ULL + 3 };
	struct region *in = &p->memory.region[REGION_FEATURE], *out = &p->memory.region[REGION_OUTPUT];

	memset(p, 0, sizeof(*p));
	p->shape = *s;
	for (int i = 0; i < 8; i++)
		p->unit.block[i] = p->regs[i];
	set_registers(p);
	memory_add(&p->memory, REGION_FEATURE, IN_ADDR + s->dma_base,
		   whole_atoms(in_offset(s, s->channels - 1, s->height - 1, s->width - 1) + 1));
	memory_add(&p->memory, REGION_OUTPUT, OUT_ADDR + s->dma_base,
		   out_offset(s, s->channels - 1, s->out_h - 1, s->out_w - 1) + element_size(s));
	for (size_t i = 0; i < in->bytes; i += element_size(s)) {
		uint32_t bits = draw(&rng);

		in->data[i] = bits;
		if (s->fp16)
			in->data[i + 1] = bits >> 8;
	}
	for (size_t i = 0; i < out->bytes; i++)
		out->data[i] = rng_next(&rng);
}

static enum twin_compute_status pool_run(struct pool *p)
{
	return task_run(&p->unit, ENABLE_POOL, p->shape.dma_base, &p->memory, &p->result);
}

/* ---- reference ----------------------------------------------------------------- */

static double input(const struct pool *p, int c, int y, int x)
{
	const uint8_t *at = p->memory.region[REGION_FEATURE].data + in_offset(&p->shape, c, y, x);

	return p->shape.fp16 ? half_value(at[0] | at[1] << 8) : (int8_t)at[0];
}

/* Rounds an average as silicon was seen to do, depending on whether the reciprocals are exact */
static int average_int8(long sum, int kw, int kh)
{
	long n = (long)kw * kh, half = 2 * labs(sum) % (2 * n) == n;
	bool exact = 65536 % kw == 0 && 65536 % kh == 0;
	long size = labs(sum) / n, rest = labs(sum) % n;

	if (2 * rest > n || (half && exact && size % 2))
		size++;
	return (int)(sum < 0 ? -size : size);
}

static uint16_t average_fp16(const struct pool_shape *s, float sum)
{
	return half_bits((float)(sum * half_value(s->recip_w) * half_value(s->recip_h) * 0x1p-32));
}

static uint32_t pool_element(const struct pool *p, int c, int oy, int ox)
{
	const struct pool_shape *s = &p->shape;
	double best = s->method == RKNPU_PPU_METHOD_MAX ? -INFINITY : INFINITY;
	float sum = 0;

	for (int ky = 0; ky < s->kh; ky++)
		for (int kx = 0; kx < s->kw; kx++) {
			int y = oy * s->sy + ky - s->top, x = ox * s->sx + kx - s->left;
			double value;

			if (y < 0 || x < 0 || y >= s->height || x >= s->width) {
				sum += s->fp16 ? 0 : s->padding;
				continue;
			}
			value = input(p, c, y, x);
			sum += (float)value;
			if (s->method == RKNPU_PPU_METHOD_MAX ? value > best : value < best)
				best = value;
		}
	if (s->method == RKNPU_PPU_METHOD_AVERAGE)
		return s->fp16 ? average_fp16(s, sum) : (uint8_t)average_int8((long)sum, s->kw, s->kh);
	return s->fp16 ? half_bits(best) : (uint8_t)(int)best;
}

/* Bit exact, except averages of floats: one unit in the last place, as the order of their products is not known */
static bool close_enough(const struct pool_shape *s, uint32_t got, uint32_t want)
{
	if (s->fp16 && s->method == RKNPU_PPU_METHOD_AVERAGE)
		return got == want || got + 1 == want || got == want + 1;
	/* If a window has zeros of both signs, the sign of the result does not matter */
	return got == want || (s->fp16 && !((got | want) & 0x7fff));
}

static bool pool_runs(struct pool *p)
{
	const struct pool_shape *s = &p->shape;
	struct region *out = &p->memory.region[REGION_OUTPUT];
	uint8_t *before = malloc(out->bytes), *touched = calloc(out->bytes, 1);
	enum twin_compute_status status;
	bool ok = true;

	if (!before || !touched)
		abort();
	/* Output of an earlier run must not be taken for that of this run */
	for (size_t i = 0; i < out->bytes; i++)
		out->data[i] ^= 0xff;
	memcpy(before, out->data, out->bytes);
	status = pool_run(p);
	if (status != TWIN_COMPUTE_OK)
		tap_note("status %d, register 0x%x: %s", status, p->result.refused_reg, p->result.reason);
	for (int c = 0; c < s->channels; c++)
		for (int y = 0; y < s->out_h; y++)
			for (int x = 0; x < s->out_w; x++) {
				size_t at = out_offset(s, c, y, x);
				uint32_t got = out->data[at] | (s->fp16 ? out->data[at + 1] << 8 : 0);
				uint32_t want = pool_element(p, c, y, x);

				memset(touched + at, 1, element_size(s));
				if (ok && !close_enough(s, got, want)) {
					tap_note("channel %d, %d %d: %04x, expected %04x", c, y, x, got, want);
					ok = false;
				}
			}
	for (size_t i = 0; i < out->bytes; i++)
		if (ok && !touched[i] && out->data[i] != before[i]) {
			tap_note("byte %zu between elements was written", i);
			ok = false;
		}
	free(before);
	free(touched);
	return ok && status == TWIN_COMPUTE_OK;
}

static void pool_free(struct pool *p)
{
	memory_free(&p->memory);
}

static void pool_test(const struct pool_shape *s, draw_fn draw, uint64_t seed)
{
	static const char *const methods[] = { "average", "maximum", "minimum" };
	struct pool p;

	pool_init(&p, s, draw, seed);
	tap_ok(pool_runs(&p), "%s, %s, %dx%dx%d, window %dx%d, stride %d %d, padding %d %d %d %d", methods[s->method],
	       s->fp16 ? "fp16" : "int8", s->width, s->height, s->channels, s->kw, s->kh, s->sx, s->sy,
	       s->left, s->top, s->right, s->bottom);
	pool_free(&p);
}

/* ---- cases ----------------------------------------------------------------------- */

static void test_random(void)
{
	struct rng rng = { .state = 31337 };

	for (int i = 0; i < 150; i++) {
		int kw = rng_range(&rng, 2, 7), kh = rng_range(&rng, 2, 7);
		struct pool_shape s = shape_pool(i & 1, i % 3, kw + rng_range(&rng, 0, 9), kh + rng_range(&rng, 0, 9),
						 rng_range(&rng, 1, 40), kw, kh);

		s.sx = rng_range(&rng, 1, 4);
		s.sy = rng_range(&rng, 1, 4);
		s.left = rng_range(&rng, 0, kw - 1);
		s.top = rng_range(&rng, 0, kh - 1);
		s.right = rng_range(&rng, 0, kw - 1);
		s.bottom = rng_range(&rng, 0, kh - 1);
		s.line_gap = rng_range(&rng, 0, 2);
		s.surf_gap = rng_range(&rng, 0, 2);
		s.out_gap = rng_range(&rng, 0, 2);
		shape_out(&s);
		pool_test(&s, s.fp16 ? draw_fp16_unit : draw_int8, i);
	}
}

/* Largest field values, one row, one pixel, windows as large as the input, wide inputs */
static void test_edges(void)
{
	static const int sizes[][5] = {	/* width, height, channels, window */
		{ 16, 16, 17, 16, 16 }, { 40, 1, 8, 5, 1 }, { 1, 40, 16, 1, 6 }, { 1, 1, 1, 1, 1 },
		{ 8192, 1, 3, 2, 1 }, { 1, 8192, 3, 1, 2 }, { 2, 2, 8192, 2, 2 }, { 32, 3, 33, 16, 3 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (int k = 0; k < 6; k++) {
			const int *size = sizes[i];
			struct pool_shape s = shape_pool(k & 1, k / 2, size[0], size[1], size[2], size[3], size[4]);

			/* 65536 / 1 is no fp16 number */
			if (s.fp16 && s.method == RKNPU_PPU_METHOD_AVERAGE && (s.kw == 1 || s.kh == 1))
				continue;
			shape_out(&s);
			pool_test(&s, s.fp16 ? draw_fp16_any_finite : draw_int8, 1000 + i);
		}
	for (int method = 0; method < 3; method++) {
		struct pool_shape s = shape_pool(method & 1, method, 40, 40, 16, 8, 8);

		s.left = s.top = s.right = s.bottom = 7;
		s.sx = s.sy = 16;
		shape_out(&s);
		pool_test(&s, s.fp16 ? draw_fp16_unit : draw_int8, 2000 + method);
	}
}

/* Averages that are ties, of both signs and parities */
static uint32_t draw_small_int8(struct rng *rng)
{
	return (uint32_t)rng_range(rng, -3, 3) & 0xff;
}

static void test_halves(void)
{
	static const int windows[][2] = { { 2, 2 }, { 2, 3 }, { 4, 4 }, { 6, 1 }, { 3, 4 }, { 16, 1 }, { 3, 3 }, { 7, 2 } };

	for (size_t i = 0; i < ARRAY_SIZE(windows); i++) {
		struct pool_shape s = shape_pool(false, RKNPU_PPU_METHOD_AVERAGE, 40, 40, 16, windows[i][0], windows[i][1]);

		shape_out(&s);
		pool_test(&s, draw_small_int8, i);
	}
}

/* The reciprocals in the registers count, not those of the window's size */
static void test_reciprocals(void)
{
	struct pool_shape s = shape_pool(true, RKNPU_PPU_METHOD_AVERAGE, 12, 12, 8, 3, 3);
	struct pool p;

	s.recip_w = half_bits(30000);
	s.recip_h = half_bits(65504);
	shape_out(&s);
	pool_test(&s, draw_fp16_unit, 1);
	/* Both reciprocals 65536: a plain sum, which saturates */
	s = shape_pool(false, RKNPU_PPU_METHOD_AVERAGE, 2, 2, 16, 2, 2);
	shape_out(&s);
	s.recip_w = s.recip_h = 65536;
	pool_init(&p, &s, draw_int8, 1);
	memset(p.memory.region[REGION_FEATURE].data, 100, 32);
	memset(p.memory.region[REGION_FEATURE].data + 32, -20, 32);
	tap_ok(pool_run(&p) == TWIN_COMPUTE_OK && p.memory.region[REGION_OUTPUT].data[3] == 127,
	       "an average beyond int8 saturates");
	memset(p.memory.region[REGION_FEATURE].data, 10, 32);
	tap_ok(pool_run(&p) == TWIN_COMPUTE_OK && p.memory.region[REGION_OUTPUT].data[3] == (uint8_t)-20,
	       "reciprocals of 1 make a sum");
	pool_free(&p);
}

static void test_storage(void)
{
	struct pool_shape s = shape_pool(false, RKNPU_PPU_METHOD_MAX, 9, 9, 20, 3, 3);
	struct pool p;

	shape_out(&s);
	pool_init(&p, &s, draw_int8, 1);
	set(&p, RKNPU_PPU_RDMA_DATA_FORMAT, 2);
	tap_ok(pool_runs(&p), "int8 stored as 16 bits is as good");
	pool_free(&p);
}

static void test_addresses(void)
{
	struct pool_shape s = shape_pool(true, RKNPU_PPU_METHOD_MAX, 9, 9, 20, 3, 3);
	struct pool p;

	shape_out(&s);
	s.dma_base = 0x01230000;
	pool_test(&s, draw_fp16_unit, 1);
	for (int region = REGION_FEATURE; region <= REGION_OUTPUT; region += REGION_OUTPUT - REGION_FEATURE) {
		pool_init(&p, &s, draw_fp16_unit, region);
		p.memory.hole = true;
		p.memory.hole_addr = p.memory.region[region].addr + (uint32_t)p.memory.region[region].bytes - 1;
		tap_ok(pool_run(&p) == TWIN_COMPUTE_FAULT && (region == REGION_OUTPUT || !p.memory.writes),
		       "fault at the last byte of the %s", region == REGION_OUTPUT ? "output" : "input");
		pool_free(&p);
	}
	pool_init(&p, &s, draw_fp16_unit, 5);
	p.memory.cancelled = true;
	tap_ok(pool_run(&p) == TWIN_COMPUTE_FAULT && !p.memory.writes, "a cancelled pooling writes nothing");
	pool_free(&p);
}

static const struct refusal {
	const char *name;
	uint32_t reg, value;
} refusals[] = {
	{ "method 3", RKNPU_PPU_OPERATION_MODE_CFG, 0x13 },
	{ "input from DPU", RKNPU_PPU_OPERATION_MODE_CFG, 0x01 },
	{ "positions", RKNPU_PPU_OPERATION_MODE_CFG, 0x40000011 },
	{ "count", RKNPU_PPU_OPERATION_MODE_CFG, 0x31 },
	{ "layout of the output", RKNPU_PPU_MISC_CTRL, 0x83 },
	{ "register of RK3568", 0x604c, 0xfbff },
	{ "register of RK3568's read DMA", 0x7018, 1 },
	{ "DPU_FLYIN", RKNPU_PPU_DATA_FORMAT, 0xa },
	{ "int16", RKNPU_PPU_DATA_FORMAT, 1 },
	{ "fp32", RKNPU_PPU_DATA_FORMAT, 5 },
	{ "fp16 stored as 8 bits", RKNPU_PPU_RDMA_DATA_FORMAT, 1 },
	{ "fp16 stored as 32 bits", RKNPU_PPU_RDMA_DATA_FORMAT, 3 },
	{ "other width", RKNPU_PPU_RDMA_CUBE_IN_WIDTH, 7 },
	{ "other height", RKNPU_PPU_RDMA_CUBE_IN_HEIGHT, 7 },
	{ "other channels", RKNPU_PPU_RDMA_CUBE_IN_CHANNEL, 7 },
	{ "other output channels", RKNPU_PPU_DATA_CUBE_OUT_CHANNEL, 7 },
	{ "window in the padding", RKNPU_PPU_POOLING_PADDING_CFG, 3 },
	{ "output beyond the bound", RKNPU_PPU_DATA_CUBE_OUT_WIDTH, 0 },
};

static void test_refusals(void)
{
	struct pool_shape s = shape_pool(true, RKNPU_PPU_METHOD_MAX, 9, 9, 20, 3, 3);

	shape_out(&s);
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct pool p;

		pool_init(&p, &s, draw_fp16_unit, i);
		set(&p, r->reg, r->value);
		if (r->reg == RKNPU_PPU_DATA_CUBE_OUT_WIDTH) {
			set(&p, RKNPU_PPU_DATA_CUBE_OUT_WIDTH, 0x1fff);
			set(&p, RKNPU_PPU_DATA_CUBE_OUT_HEIGHT, 0x1fff);
		}
		tap_ok(pool_run(&p) == TWIN_COMPUTE_REFUSED && p.result.refused_reg == r->reg &&
		       strlen(p.result.reason) && !p.memory.reads && !p.memory.writes,
		       "refused: pooling, %s (register 0x%x, %s)", r->name, p.result.refused_reg, p.result.reason);
		pool_free(&p);
	}
}

/* The two halves of a picture, side by side, as rknn-toolkit2 does it */
static void test_notch(void)
{
	for (int i = 0; i < 4; i++) {
		struct pool_shape s = shape_pool(i & 1, i / 2 ? RKNPU_PPU_METHOD_MAX : RKNPU_PPU_METHOD_AVERAGE,
						 14, 9, 20, 5, 5);

		s.left = s.top = s.bottom = 2;
		s.notch = 12;
		s.out_gap = 3;
		shape_out(&s);
		pool_test(&s, i & 1 ? draw_fp16_unit : draw_int8, i);
	}
}

/* A picture padded with the zero point */
static void test_padding(void)
{
	static const int values[] = { -4, -128, 127 };

	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		struct pool_shape s = shape_pool(false, RKNPU_PPU_METHOD_AVERAGE, 7, 6, 20, 4, 2);

		s.left = 2;
		s.top = s.right = s.bottom = 1;
		s.padding = values[i];
		shape_out(&s);
		pool_test(&s, draw_int8, i);
	}
}

static void test_cost(void)
{
	struct pool_shape s = shape_pool(true, RKNPU_PPU_METHOD_MAX, 9, 8, 16, 3, 3);
	struct twin_compute_result cost;
	struct pool p;

	shape_out(&s);
	pool_init(&p, &s, draw_fp16_unit, 1);
	twin_compute_cost(&p.unit, ENABLE_POOL, &cost);
	tap_ok(!cost.macs && cost.memory_bytes == (9 * 8 + 7 * 6) * 16 * 2, "cost of pooling");
	tap_ok(pool_run(&p) == TWIN_COMPUTE_OK && p.result.memory_bytes == cost.memory_bytes &&
	       p.result.bytes_read + p.result.bytes_written == cost.memory_bytes, "pooling moves as much");
	pool_free(&p);
}

void pool_tests(void)
{
	test_random();
	test_edges();
	test_halves();
	test_reciprocals();
	test_storage();
	test_addresses();
	test_refusals();
	test_notch();
	test_padding();
	test_cost();
}
