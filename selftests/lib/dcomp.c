// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The format [seen: rknpu2_matmul_open, tested on a board]: sixteen lanes, each at a
 * multiple of 64 bytes and at least 128 bytes long. A lane has a header of 16 bytes
 * with the most frequent weight in byte 1 and the widths for eight prefix codes in
 * bytes 4 to 7. Symbols follow, least significant bit first: code, sign, magnitude
 * without its leading one. A negative difference from the most frequent weight is
 * stored as its complement.
 */
#include "dcomp.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define LANE_ALIGN	64
#define LANE_BYTES_MIN	128
#define HEADER_BYTES	16
#define BLOCK_BYTES	1024
#define WIDTHS		8

/* Sorted by length */
static const struct { uint8_t bits, length; } codes[WIDTHS] = {
	{ 0, 2 }, { 1, 2 }, { 7, 3 }, { 3, 3 }, { 6, 3 }, { 10, 4 }, { 18, 5 }, { 2, 5 },
};

struct lane {
	uint8_t *bytes;		/* NULL to only count bits */
	size_t bit;
};

static void put(struct lane *lane, unsigned int value, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++, lane->bit++)
		if (lane->bytes && value >> i & 1)
			lane->bytes[lane->bit / 8] |= 1u << lane->bit % 8;
}

/* Dense byte @i of a lane, in the order of the lane */
static uint8_t lane_byte(const uint8_t *dense, unsigned int lane, size_t i)
{
	size_t block = i / 64, half = i / 32 % 2, group = i / 4 % 8, j = i % 4;

	return dense[block * BLOCK_BYTES + half * 512 + (2 * group + lane / 8) * 32 + lane % 8 * 4 + j];
}

static unsigned int width_of(int8_t difference)
{
	unsigned int magnitude = difference < 0 ? ~difference : difference, width = 0;

	while (magnitude >> width)
		width++;
	return width;
}

static uint8_t most_frequent(const uint8_t *dense, unsigned int lane, size_t num)
{
	unsigned int count[256] = { 0 }, best = 0, i;
	size_t at;

	for (at = 0; at < num; at++)
		count[lane_byte(dense, lane, at)]++;
	for (i = 1; i < 256; i++)
		if (count[i] > count[best])
			best = i;
	return best;
}

/* code_of[w] is set to the code of width w; more frequent widths get shorter codes */
static void choose_codes(const unsigned int *count, uint8_t *code_of)
{
	unsigned int w, other, rank;

	for (w = 0; w < WIDTHS; w++) {
		for (rank = 0, other = 0; other < WIDTHS; other++)
			rank += count[other] > count[w] || (count[other] == count[w] && other < w);
		code_of[w] = rank;
	}
}

static void encode_lane(struct lane *lane, const uint8_t *dense, unsigned int index, size_t num)
{
	uint8_t mode = most_frequent(dense, index, num), code_of[WIDTHS];
	unsigned int count[WIDTHS] = { 0 }, w;
	size_t i;

	for (i = 0; i < num; i++)
		count[width_of(lane_byte(dense, index, i) - mode)]++;
	choose_codes(count, code_of);
	if (lane->bytes) {
		lane->bytes[1] = mode;
		for (w = 0; w < WIDTHS; w++)
			lane->bytes[4 + code_of[w] / 2] |= w << code_of[w] % 2 * 4;
	}
	lane->bit = HEADER_BYTES * 8;
	for (i = 0; i < num; i++) {
		int8_t difference = lane_byte(dense, index, i) - mode;
		unsigned int magnitude = difference < 0 ? ~difference : difference;

		w = width_of(difference);
		put(lane, codes[code_of[w]].bits, codes[code_of[w]].length);
		put(lane, difference < 0, 1);
		if (w > 1)
			put(lane, magnitude & ((1u << (w - 1)) - 1), w - 1);
	}
}

size_t dcomp_encode(const uint8_t *dense, size_t bytes, uint8_t *stream, uint32_t *lanes)
{
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < MATMUL_LANES; i++) {
		struct lane lane = { .bytes = stream ? stream + at : NULL };
		size_t length;

		encode_lane(&lane, dense, i, bytes / MATMUL_LANES);
		length = (lane.bit + 127) / 128 * 16;
		if (length < LANE_BYTES_MIN)
			length = LANE_BYTES_MIN;
		lanes[i] = length / 16 - 1;
		at += (length + LANE_ALIGN - 1) / LANE_ALIGN * LANE_ALIGN;
	}
	return at;
}

int matmul_compress(struct matmul *mm, unsigned int levels)
{
	struct npu_bo dense;
	size_t i, bytes;
	int ret;

	if (levels) {
		for (i = 0; i < (size_t)mm->n * mm->k; i++)
			mm->b[i] = (int8_t)((uint8_t)mm->b[i] % levels * 5 + 100);
		matmul_pack_weights(mm);
	}
	dense = mm->weights;
	bytes = dcomp_encode(dense.map, dense.size, NULL, mm->lanes);
	ret = npu_bo_init_domain(&mm->weights, dense.fd, bytes, NPU_FLAGS_DATA, mm->domain);
	if (ret) {
		mm->weights = dense;
		return ret;
	}
	dcomp_encode(dense.map, dense.size, mm->weights.map, mm->lanes);
	npu_bo_fini(&dense);
	mm->compressed = true;
	ret = npu_bo_to_device(&mm->weights);
	return ret ? ret : matmul_write_stream(mm);
}
