// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CNA: compressed int8 weights [seen: rknpu2_matmul_open, tested on a board].
 *
 * Sixteen lanes follow one another, each starting at a multiple of 64 bytes. A
 * lane has a header of 16 bytes, with the most frequent weight m in byte 1 and
 * the magnitude's width for each of eight prefix codes in bytes 4 to 7. Symbols
 * follow, least significant bit first: prefix code, sign, and the magnitude
 * without its leading one. A weight is m plus the magnitude, or m minus the
 * magnitude minus 1 if the sign is set, modulo 256.
 *
 * In each 1024 bytes of dense weights, 32 kernels by 32 channels, a lane has
 * four neighbouring bytes in every other line of 32.
 */
#include <stdlib.h>
#include <string.h>

#include "compute_priv.h"

#define MODE_DENSE		0
#define MODE_COMPRESSED		1
#define REGNUM_INT8		0x55555555

#define BLOCK_BYTES		16
#define BLOCKS_MIN		8
#define LANE_ALIGN		64
#define HEADER_BYTES		16
#define HEADER_MODE		1
#define HEADER_WIDTHS		4
#define WIDTH_MAX		7

#define DENSE_BLOCK		1024
#define SQUARE			32		/* kernels and channels of a dense block */
#define RUN			4		/* adjacent bytes that belong to one lane */

static enum twin_compute_status refuse_shape(const struct task *t, const struct conv *conv)
{
	if (conv->precision != RKNPU_PREC_INT8 || conv->depthwise)
		return refuse(t, RKNPU_CNA_DCOMP_CTRL, "compressed weights other than direct int8");
	if (conv->taps != 1)
		return refuse(t, RKNPU_CNA_DCOMP_CTRL, "compressed weights of more than one tap");
	if (conv->feature.channels % SQUARE || conv->kernels % SQUARE)
		return refuse(t, RKNPU_CNA_DCOMP_CTRL, "compressed weights with partial groups");
	if (reg_read(t, RKNPU_CNA_DCOMP_REGNUM) != REGNUM_INT8)
		return refuse(t, RKNPU_CNA_DCOMP_REGNUM, "compression other than 0x55555555");
	if (conv->weight_addr % LANE_ALIGN)
		return refuse(t, RKNPU_CNA_DCOMP_ADDR0, "compressed weights not aligned to 64 bytes");
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status dcomp_parse(const struct task *t, struct conv *conv)
{
	uint32_t mode = reg_field(t, RKNPU_CNA_DCOMP_CTRL, RKNPU_CNA_DCOMP_CTRL_MODE);
	enum twin_compute_status status;

	conv->compressed = mode != MODE_DENSE;
	if (!conv->compressed)
		return TWIN_COMPUTE_OK;
	if (mode != MODE_COMPRESSED)
		return refuse(t, RKNPU_CNA_DCOMP_CTRL, "weight compression of this mode");
	status = refuse_shape(t, conv);
	for (unsigned int i = 0; i < DCOMP_LANES && status == TWIN_COMPUTE_OK; i++) {
		uint32_t reg = RKNPU_CNA_DCOMP_AMOUNT0 + 4 * i;
		uint64_t blocks = (uint64_t)reg_read(t, reg) + 1;

		if (blocks < BLOCKS_MIN || blocks > MAX_OPERAND_BYTES / DCOMP_LANES / BLOCK_BYTES)
			status = refuse(t, reg, "length of a lane of compressed weights");
		conv->lane_bytes[i] = (uint32_t)blocks * BLOCK_BYTES;
	}
	return status;
}

/* Read position in one lane */
struct lane {
	const uint8_t *bytes;
	size_t bits;			/* total number */
	size_t at;
	uint8_t widths[8];
	bool ended;			/* ran out of bits */
};

static unsigned int take_bit(struct lane *lane)
{
	unsigned int bit;

	if (lane->at >= lane->bits) {
		lane->ended = true;
		return 0;
	}
	bit = lane->bytes[lane->at / 8] >> lane->at % 8 & 1;
	lane->at++;
	return bit;
}

static unsigned int take_bits(struct lane *lane, unsigned int count)
{
	unsigned int value = 0;

	for (unsigned int i = 0; i < count; i++)
		value |= take_bit(lane) << i;
	return value;
}

/* Codes 0 to 7 are 00, 01, 111, 011, 110, 1010, 10010, 00010, written with the last bit first */
static unsigned int take_code(struct lane *lane)
{
	switch (take_bits(lane, 2)) {
	case 0:
		return 0;
	case 1:
		return 1;
	case 3:
		return take_bit(lane) ? 2 : 3;
	default:
		if (take_bit(lane))
			return 4;
		if (take_bit(lane))
			return 5;
		return take_bit(lane) ? 6 : 7;
	}
}

static uint8_t take_weight(struct lane *lane)
{
	unsigned int width = lane->widths[take_code(lane)], magnitude = 0;
	bool negative = take_bit(lane);

	if (width)
		magnitude = 1u << (width - 1) | take_bits(lane, width - 1);
	return lane->bytes[HEADER_MODE] + (negative ? ~magnitude : magnitude);
}

/* Decode lane @index and store its share of every dense block */
static void spread_lane(struct lane *lane, unsigned int index, uint8_t *dense, size_t bytes)
{
	for (size_t line = index / 8; line < bytes / SQUARE; line += 2)
		for (unsigned int j = 0; j < RUN; j++)
			dense[line * SQUARE + index % 8 * RUN + j] = take_weight(lane);
}

static bool read_widths(struct lane *lane)
{
	for (unsigned int i = 0; i < 8; i++) {
		lane->widths[i] = lane->bytes[HEADER_WIDTHS + i / 2] >> i % 2 * 4 & 0xf;
		if (lane->widths[i] > WIDTH_MAX)
			return false;
	}
	return true;
}

/* Fetch and decode all weights; a malformed stream hangs the task like any other bad set-up */
enum twin_compute_status dcomp_fetch(const struct task *t, const struct conv *conv, uint8_t *dense)
{
	enum twin_compute_status status = TWIN_COMPUTE_OK;
	uint32_t addr = conv->weight_addr;

	for (unsigned int i = 0; i < DCOMP_LANES && status == TWIN_COMPUTE_OK; i++) {
		struct lane lane = { .bits = (size_t)conv->lane_bytes[i] * 8, .at = HEADER_BYTES * 8 };
		uint8_t *bytes = malloc(conv->lane_bytes[i]);

		lane.bytes = bytes;
		if (!bytes) {
			status = out_of_memory(t);
		} else if (!dma_read(t, addr, bytes, conv->lane_bytes[i])) {
			status = TWIN_COMPUTE_FAULT;
		} else if (!read_widths(&lane)) {
			status = refuse(t, RKNPU_CNA_DCOMP_ADDR0, "header of compressed weights");
		} else {
			spread_lane(&lane, i, dense, conv->weight_bytes);
			if (lane.ended)
				status = refuse(t, RKNPU_CNA_DCOMP_AMOUNT0 + 4 * i,
						"lane of compressed weights ends early");
		}
		free(bytes);
		addr += round_up(conv->lane_bytes[i], LANE_ALIGN);
	}
	return status;
}
