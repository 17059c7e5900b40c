// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Compressed weights, made by an encoder written from the description of the format.
 */
#include <stdlib.h>
#include <string.h>

#include "border.h"
#include "tap.h"
#include "tests.h"

#define LANES		16
#define LANE_ALIGN	64
#define HEADER_BITS	128
#define BLOCK_BITS	128
#define BLOCKS_MIN	8

/* Prefix codes by number: value, stored least significant bit first, and length */
static const struct {
	uint8_t value, length;
} prefixes[8] = {
	{ 0, 2 }, { 1, 2 }, { 7, 3 }, { 3, 3 }, { 6, 3 }, { 10, 4 }, { 18, 5 }, { 2, 5 },
};

struct bits {
	uint8_t *bytes;
	size_t at;
};

static void put(struct bits *to, unsigned int value, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++, to->at++)
		if (value >> i & 1)
			to->bytes[to->at / 8] |= 1u << to->at % 8;
}

/* Number of bits in a magnitude */
static unsigned int width_of(unsigned int magnitude)
{
	unsigned int width = 0;

	for (; magnitude; magnitude >>= 1)
		width++;
	return width;
}

/* @codes: number of the prefix code of each width */
static void put_weight(struct bits *to, uint8_t weight, uint8_t mode, const uint8_t *codes)
{
	int residual = (int8_t)(weight - mode);
	unsigned int magnitude = residual < 0 ? -residual - 1 : residual;
	unsigned int width = width_of(magnitude), code = codes[width];

	put(to, prefixes[code].value, prefixes[code].length);
	put(to, residual < 0, 1);
	if (width > 1)
		put(to, magnitude & ((1u << (width - 1)) - 1), width - 1);
}

/* Byte @i of lane @lane in a dense block of 1024 */
static int place_in_block(int lane, int i)
{
	int half = i / 32, g = i % 32 / 4, j = i % 4;

	return half * 512 + (2 * g + lane / 8) * 32 + lane % 8 * 4 + j;
}

/* Encode a lane of @blocks dense blocks; returns the number of bits */
static size_t encode_lane(const uint8_t *dense, size_t blocks, int lane, uint8_t mode, const uint8_t *widths,
			  uint8_t *to)
{
	struct bits bits = { .bytes = to, .at = HEADER_BITS };
	uint8_t codes[8];

	to[1] = mode;
	for (int i = 0; i < 8; i++) {
		to[4 + i / 2] |= widths[i] << 4 * (i % 2);
		codes[widths[i]] = i;
	}
	for (size_t b = 0; b < blocks; b++)
		for (int i = 0; i < 64; i++)
			put_weight(&bits, dense[1024 * b + place_in_block(lane, i)], mode, codes);
	return bits.at;
}

static void shuffle(struct rng *rng, uint8_t *widths)
{
	for (int i = 0; i < 8; i++)
		widths[i] = i;
	for (int i = 7; i > 0; i--) {
		int j = rng_range(rng, 0, i);
		uint8_t w = widths[i];

		widths[i] = widths[j];
		widths[j] = w;
	}
}

/* Replace the dense weights; every lane has a mode and code book of its own */
static void compress(struct program *p, uint64_t seed)
{
	struct region *weights = &p->memory.region[REGION_WEIGHTS];
	uint8_t *to = calloc(LANES, 2 * weights->bytes + 4096), *dense = weights->data;
	struct rng rng = { .state = seed };
	size_t offset = 0, last = 0;

	if (!to)
		abort();
	for (int lane = 0; lane < LANES; lane++) {
		uint8_t widths[8];
		size_t bits, blocks;

		shuffle(&rng, widths);
		bits = encode_lane(dense, weights->bytes / 1024, lane, rng_next(&rng), widths, to + offset);
		blocks = (bits + BLOCK_BITS - 1) / BLOCK_BITS;
		blocks = blocks < BLOCKS_MIN ? BLOCKS_MIN : blocks;
		*program_reg(p, RKNPU_CNA_DCOMP_AMOUNT0 + 4 * lane) = blocks - 1;
		last = offset + blocks * 16;
		offset += (blocks * 16 + LANE_ALIGN - 1) / LANE_ALIGN * LANE_ALIGN;
	}
	*program_reg(p, RKNPU_CNA_DCOMP_CTRL) = 1;
	*program_reg(p, RKNPU_CNA_DCOMP_REGNUM) = 0x55555555;
	free(weights->data);
	weights->bytes = last;
	weights->data = malloc(last);
	if (!weights->data)
		abort();
	memcpy(weights->data, to, last);
	free(to);
}

static uint32_t draw_few(struct rng *rng)
{
	return (uint8_t)rng_range(rng, -3, 4);
}

static uint32_t draw_one(struct rng *rng)
{
	(void)rng;
	return 0x80;
}

static void test_shape(int m, int k, int n, draw_fn draw, uint64_t seed)
{
	struct shape s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, m, k, n);
	struct program p;

	program_init(&p, &s, draw, seed);
	compress(&p, seed + 1);
	tap_ok(border_runs(&p), "compressed weights, %d x %d x %d", m, k, n);
	program_free(&p);
}

/* Break a byte of the first lane's header, or AMOUNT, and check which register is blamed */
static void test_broken(const char *name, int byte, uint8_t value, uint32_t amount, uint32_t blamed)
{
	struct shape s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 2, 64, 64);
	struct program p;

	program_init(&p, &s, draw_int8, 5);
	compress(&p, 6);
	if (byte >= 0)
		p.memory.region[REGION_WEIGHTS].data[byte] = value;
	if (amount)
		*program_reg(&p, RKNPU_CNA_DCOMP_AMOUNT0) = amount;
	tap_ok(program_run(&p) == TWIN_COMPUTE_REFUSED && p.result.refused_reg == blamed &&
	       strlen(p.result.reason) && !p.memory.writes, "compressed weights refused: %s (%s)", name,
	       p.result.reason);
	program_free(&p);
}

static void test_refused(void)
{
	static const struct {
		const char *name;
		uint32_t prec, out;
		int k, n, kw;
		uint32_t addr, blamed;
	} shapes[] = {
		{ "fp16", RKNPU_PREC_FP16, RKNPU_PREC_FP32, 64, 64, 1, 0x40000000, RKNPU_CNA_DCOMP_CTRL },
		{ "two taps", RKNPU_PREC_INT8, RKNPU_PREC_INT32, 32, 32, 2, 0x40000000, RKNPU_CNA_DCOMP_CTRL },
		{ "33 kernels", RKNPU_PREC_INT8, RKNPU_PREC_INT32, 32, 33, 1, 0x40000000, RKNPU_CNA_DCOMP_CTRL },
		{ "48 channels", RKNPU_PREC_INT8, RKNPU_PREC_INT32, 48, 32, 1, 0x40000000, RKNPU_CNA_DCOMP_CTRL },
		{ "alignment", RKNPU_PREC_INT8, RKNPU_PREC_INT32, 32, 32, 1, 0x40000010, RKNPU_CNA_DCOMP_ADDR0 },
	};

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++) {
		struct shape s = shape_conv(shapes[i].prec, shapes[i].out, 4, 4, shapes[i].k, shapes[i].n,
					    shapes[i].kw, 1);
		struct program p;

		s.weight_addr = shapes[i].addr;
		program_init(&p, &s, draw_int8, 0);
		*program_reg(&p, RKNPU_CNA_DCOMP_CTRL) = 1;
		*program_reg(&p, RKNPU_CNA_DCOMP_REGNUM) = 0x55555555;
		for (int lane = 0; lane < LANES; lane++)
			*program_reg(&p, RKNPU_CNA_DCOMP_AMOUNT0 + 4 * lane) = 7;
		tap_ok(program_run(&p) == TWIN_COMPUTE_REFUSED && p.result.refused_reg == shapes[i].blamed &&
		       !p.memory.reads, "compressed weights refused: %s (%s)", shapes[i].name, p.result.reason);
		program_free(&p);
	}
	test_broken("width 8", 4, 0x80, 0, RKNPU_CNA_DCOMP_ADDR0);
	test_broken("lane of 7 blocks", -1, 0, 6, RKNPU_CNA_DCOMP_AMOUNT0);
	test_broken("lane that ends early", -1, 0, 8, RKNPU_CNA_DCOMP_AMOUNT0);
	test_broken("lane beyond the model's bound", -1, 0, 0xffffffff, RKNPU_CNA_DCOMP_AMOUNT0);
}

/* Only the lanes are read, to their end: the last byte of the last one faults */
static void test_fault(void)
{
	struct shape s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 2, 64, 64);
	struct program p;

	program_init(&p, &s, draw_int8, 5);
	compress(&p, 6);
	p.memory.hole = true;
	p.memory.hole_addr = s.weight_addr + p.memory.region[REGION_WEIGHTS].bytes - 1;
	tap_ok(program_run(&p) == TWIN_COMPUTE_FAULT && !p.memory.writes,
	       "fault at the last byte of compressed weights");
	program_free(&p);
}

void dcomp_tests(void)
{
	test_shape(1, 32, 32, draw_int8, 1);
	test_shape(4, 64, 96, draw_int8, 2);
	test_shape(3, 256, 128, draw_int8, 3);
	test_shape(2, 96, 64, draw_few, 4);
	test_shape(2, 32, 64, draw_one, 5);
	test_shape(2, 512, 512, draw_few, 6);
	test_refused();
	test_fault();
}
