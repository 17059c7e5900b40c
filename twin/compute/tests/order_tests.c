// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Tasks that move data: transposed, scattered, upsampled, partial, without gaps.
 * They are set up as rknn-toolkit2 does it. The expected results are given for
 * tensors, not atoms: element (channel, pixel) of the input is element (...) of
 * the output.
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

#define IN_ADDR		0x10000000u
#define OUT_ADDR	0x80000000u
#define ENABLE_MOVE	(RKNPU_ENABLE_DPU | RKNPU_ENABLE_DPU_RDMA)
#define RAW_INT16	0x24000001u	/* DATA_FORMAT: int16 in, out, processed */

struct move {
	uint32_t regs[8][1024];
	struct twin_unit_regs unit;
	struct memory memory;
	uint8_t *expected;
	struct twin_compute_result result;
};

static void set(struct move *m, uint32_t offset, uint32_t value)
{
	m->regs[offset >> 12][(offset & 0xfff) >> 2] = value;
}

/* Set types of input and output and their sizes in bytes; bypass all stages */
static void move_init(struct move *m, uint32_t format, uint32_t rdma_mode, size_t in_bytes, size_t out_bytes)
{
	struct rng rng = { .state = in_bytes * 31 + out_bytes };

	memset(m, 0, sizeof(*m));
	for (int i = 0; i < 8; i++)
		m->unit.block[i] = m->regs[i];
	memory_add(&m->memory, REGION_FEATURE, IN_ADDR, in_bytes);
	memory_add(&m->memory, REGION_OUTPUT, OUT_ADDR, out_bytes);
	for (size_t i = 0; i < in_bytes; i++)
		m->memory.region[REGION_FEATURE].data[i] = rng_next(&rng);
	for (size_t i = 0; i < out_bytes; i++)
		m->memory.region[REGION_OUTPUT].data[i] = rng_next(&rng);
	m->expected = malloc(out_bytes);
	if (!m->expected)
		abort();
	memcpy(m->expected, m->memory.region[REGION_OUTPUT].data, out_bytes);
	set(m, RKNPU_DPU_FEATURE_MODE_CFG, 0x1e5);
	set(m, RKNPU_DPU_DATA_FORMAT, format);
	set(m, RKNPU_DPU_BS_CFG, 0x53);
	set(m, RKNPU_DPU_BN_CFG, 0x53);
	set(m, RKNPU_DPU_EW_CFG, 0x383);
	set(m, RKNPU_DPU_BS_OW_CFG, 2);
	set(m, RKNPU_DPU_OUT_CVT_SCALE, 1);
	set(m, RKNPU_DPU_DST_BASE_ADDR, OUT_ADDR);
	set(m, RKNPU_DPU_RDMA_SRC_BASE_ADDR, IN_ADDR);
	set(m, RKNPU_DPU_RDMA_ERDMA_CFG, 1);
	set(m, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, rdma_mode);
}

static void set_source(struct move *m, int width, int height, int channels, int line_notch, int surf_notch)
{
	set(m, RKNPU_DPU_RDMA_DATA_CUBE_WIDTH, width - 1);
	set(m, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, height - 1);
	set(m, RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL, channels - 1);
	set(m, RKNPU_DPU_RDMA_SRC_DMA_CFG, (uint32_t)line_notch << 19);
	set(m, RKNPU_DPU_RDMA_SURF_NOTCH, (uint32_t)surf_notch << 4);
}

/* @channels: those of the output in memory; @size_c: groups of a transposed output */
static void set_target(struct move *m, int width, int height, int channels, int size_c)
{
	set(m, RKNPU_DPU_WDMA_SIZE1, (width - 1) | (height - 1) << 16);
	set(m, RKNPU_DPU_WDMA_SIZE0, (channels - 1) | (size_c - 1) << 16);
	set(m, RKNPU_DPU_DATA_CUBE_CHANNEL, (channels - 1) | (channels - 1) << 16);
}

/* Strides are in atoms */
static void set_strides(struct move *m, int size_e, int notch, int surf_stride, int surf_add)
{
	set(m, RKNPU_DPU_BS_OW_CFG, 2 | (size_e << 2 | size_e << 5 | size_e << 8));
	set(m, RKNPU_DPU_DATA_CUBE_NOTCH, notch | notch << 16);
	set(m, RKNPU_DPU_DST_SURF_STRIDE, (uint32_t)surf_stride << 4);
	set(m, RKNPU_DPU_SURFACE_ADD, (uint32_t)surf_add << 4);
}

static void or_reg(struct move *m, uint32_t offset, uint32_t bits)
{
	m->regs[offset >> 12][(offset & 0xfff) >> 2] |= bits;
}

static void expect(struct move *m, size_t to, size_t from, size_t bytes)
{
	memcpy(m->expected + to, m->memory.region[REGION_FEATURE].data + from, bytes);
}

static void move_check(struct move *m, const char *name)
{
	enum twin_compute_status status = task_run(&m->unit, ENABLE_MOVE, 0, &m->memory, &m->result);
	const struct region *out = &m->memory.region[REGION_OUTPUT];
	size_t i = 0;

	while (i < out->bytes && out->data[i] == m->expected[i])
		i++;
	if (status != TWIN_COMPUTE_OK)
		tap_note("status %d, register 0x%x: %s", status, m->result.refused_reg, m->result.reason);
	else if (i < out->bytes)
		tap_note("byte %zu of %zu is %02x, expected %02x", i, out->bytes, out->data[i], m->expected[i]);
	tap_ok(status == TWIN_COMPUTE_OK && i == out->bytes, "%s", name);
	memory_free(&m->memory);
	free(m->expected);
}

/* Offset of channel @c of pixel @p in NC1HWC2 */
static size_t cube_at(int pixels, int size, int c, int p)
{
	int lanes = 16 / size;

	return ((size_t)(c / lanes) * pixels + p) * 16 + c % lanes * size;
}

/* ---- transposed ---------------------------------------------------------------- */

/* Channels last: TP_EN writes the surfaces of eight pixels side by side */
static void test_channels_last(void)
{
	static const int sizes[][2] = { { 8, 8 }, { 576, 16 }, { 40, 72 } };

	for (int i = 0; i < 3; i++) {
		int pixels = sizes[i][0], channels = sizes[i][1], surfaces = channels / 8;
		struct move m;

		move_init(&m, RAW_INT16, 0xf821, (size_t)pixels * channels * 2, (size_t)pixels * channels * 2);
		set_source(&m, 8, surfaces, pixels, pixels - 8, -(surfaces - 1) * pixels);
		set_target(&m, surfaces, pixels / 8, pixels, 1);
		set_strides(&m, 7, 7 * surfaces, surfaces, 8 * surfaces);
		or_reg(&m, RKNPU_DPU_FEATURE_MODE_CFG, RKNPU_DPU_FEATURE_MODE_CFG_TP_EN);
		or_reg(&m, RKNPU_DPU_WDMA_SIZE0, RKNPU_DPU_WDMA_SIZE0_TP_PREC);
		for (int c = 0; c < channels; c++)
			for (int p = 0; p < pixels; p++)
				expect(&m, 2 * ((size_t)p * channels + c), cube_at(pixels, 2, c, p), 2);
		move_check(&m, "channels last, 16 bits");
	}
}

/* Channels first: TP_ORG_EN transposes blocks of pixels and channels */
static void test_channels_first(void)
{
	static const int sizes[][3] = { { 8, 1, 8 }, { 24, 24, 16 }, { 4, 10, 72 } };

	for (int i = 0; i < 3; i++) {
		int pixels = sizes[i][0] * sizes[i][1], channels = sizes[i][2];
		struct move m;

		move_init(&m, RAW_INT16, 0xf821, (size_t)pixels * channels * 2, (size_t)pixels * channels * 2);
		set_source(&m, sizes[i][0], sizes[i][1], channels, 0, 0);
		set_target(&m, pixels / 8, 1, channels, channels / 8);
		set_strides(&m, 7, 0, pixels / 8, pixels);
		or_reg(&m, RKNPU_DPU_BS_OW_CFG, RKNPU_DPU_BS_OW_CFG_TP_ORG_EN);
		or_reg(&m, RKNPU_DPU_WDMA_SIZE0, RKNPU_DPU_WDMA_SIZE0_TP_PREC);
		for (int c = 0; c < channels; c++)
			for (int p = 0; p < pixels; p++)
				expect(&m, 2 * ((size_t)c * pixels + p), cube_at(pixels, 2, c, p), 2);
		move_check(&m, "channels first, 16 bits");
	}
}

/* Blocks of sixteen bytes by sixteen pixels; the read DMA is set to int16 nevertheless */
static void test_channels_first_of_bytes(void)
{
	static const int sizes[][2] = { { 16, 1 }, { 24, 24 }, { 8, 10 } };

	for (int i = 0; i < 3; i++) {
		int pixels = sizes[i][0] * sizes[i][1], blocks = pixels / 16;
		struct move m;

		move_init(&m, RAW_INT16, 0xf821, (size_t)pixels * 16, (size_t)pixels * 16);
		set_source(&m, sizes[i][0], sizes[i][1], 8, 0, 0);
		set_target(&m, 1, 2, 8, blocks);
		set_strides(&m, 7, 8 * blocks - 1, blocks, 1);
		or_reg(&m, RKNPU_DPU_BS_OW_CFG, RKNPU_DPU_BS_OW_CFG_TP_ORG_EN);
		for (int c = 0; c < 16; c++)
			for (int p = 0; p < pixels; p++)
				expect(&m, (size_t)c * pixels + p, cube_at(pixels, 1, c, p), 1);
		move_check(&m, "channels first, 8 bits");
	}
}

/* A plane ends within a block: the transposed data is the stream of atoms, plane after plane */
static void test_blocks_across_planes(void)
{
	int rows = 24, atoms = 4, blocks = rows * atoms / 16;
	struct move m;

	move_init(&m, RAW_INT16, 0xf821, (size_t)rows * atoms * 16, (size_t)rows * atoms * 16);
	set_source(&m, 1, rows, atoms * 8, 0, 0);
	set_target(&m, 1, 2, atoms * 8, blocks);
	set_strides(&m, 7, 8 * blocks - 1, blocks, 1);
	or_reg(&m, RKNPU_DPU_BS_OW_CFG, RKNPU_DPU_BS_OW_CFG_TP_ORG_EN);
	for (int lane = 0; lane < 16; lane++)
		for (int i = 0; i < rows * atoms; i++)
			expect(&m, (size_t)lane * rows * atoms + i, (size_t)i * 16 + lane, 1);
	move_check(&m, "blocks across planes");
}

/* ---- places of the write DMA's own --------------------------------------------- */

/*
 * Every other pixel of every other line of an output twice as large, as written by one part of a transposed
 * convolution; the cube has two of the four atoms that a depthwise convolution makes
 */
static void test_scatter(void)
{
	int width = 5, height = 4, made = 32, channels = 16, plane = 4 * width * height;
	struct move m;

	move_init(&m, 0x48000002, 0x17841, (size_t)width * height * made * 2, (size_t)plane * channels * 2);
	set_source(&m, width, height, made, 0, 0);
	set_target(&m, 1, width, made * height, 1);
	set_strides(&m, 3, 1, plane, 4 * width);
	set(&m, RKNPU_DPU_DATA_CUBE_CHANNEL, (made - 1) | (channels - 1) << 16);
	for (int c = 0; c < channels; c++)
		for (int p = 0; p < width * height; p++)
			expect(&m, cube_at(plane, 2, c, p / width * 4 * width + p % width * 2),
			       cube_at(width * height, 2, c, p), 2);
	move_check(&m, "scattered pixels");
}

/* Atoms of channels that are not part of the cube are not written; the last atom is filled up with a given value */
static void test_kept_channels(void)
{
	static const int real[] = { 1, 16, 17, 32, 48, 64 };

	for (int i = 0; i < 6; i++) {
		int pixels = 6, channels = 64, kept = (real[i] + 15) / 16 * 16;
		struct move m;

		move_init(&m, 0, 0x7801, (size_t)pixels * channels, (size_t)pixels * channels);
		set_source(&m, pixels, 1, channels, 0, 0);
		set_target(&m, pixels, 1, channels, 1);
		set_strides(&m, 3, 0, pixels, 4 * pixels);
		set(&m, RKNPU_DPU_DATA_CUBE_CHANNEL, (channels - 1) | (real[i] - 1) << 16);
		set(&m, RKNPU_DPU_OFFSET_PEND, 0xfff8);
		for (int c = 0; c < kept; c++)
			for (int p = 0; p < pixels; p++)
				if (c < real[i])
					expect(&m, cube_at(pixels, 1, c, p), cube_at(pixels, 1, c, p), 1);
				else
					m.expected[cube_at(pixels, 1, c, p)] = 0xf8;
		move_check(&m, "atoms beyond the channels that there are");
	}
}

/* Nearest neighbour; two surfaces of 16-bit elements would not fit at a time, so there is one task per surface */
static void test_upsampling(void)
{
	static const int windows[][2] = { { 2, 2 }, { 3, 2 }, { 1, 4 }, { 8, 1 } };

	for (int i = 0; i < 4; i++) {
		int width = 5, height = 3, kw = windows[i][0], kh = windows[i][1], wide = width * kw;
		uint32_t window = (kw - 1) * 0x41 | (kh - 1) * 0x208;
		struct move m;

		move_init(&m, 0x44000002, 0xf841, (size_t)width * height * 16, (size_t)width * height * kw * kh * 16);
		set_source(&m, width, height, 8, 0, 0);
		or_reg(&m, RKNPU_DPU_RDMA_SRC_DMA_CFG, RKNPU_DPU_RDMA_SRC_DMA_CFG_UNPOOLING | window);
		set_target(&m, wide, height, 8, 1);
		set_strides(&m, kh - 1, wide * (kh - 1), wide, wide * height * kh);
		for (int y = 0; y < height * kh; y++)
			for (int x = 0; x < wide; x++)
				expect(&m, ((size_t)y * wide + x) * 16, ((size_t)y / kh * width + x / kw) * 16, 16);
		move_check(&m, "upsampled");
	}
}

/* A window of a cube: its surfaces are further apart than its own size */
static void test_slice(void)
{
	int width = 12, height = 5, channels = 24, whole_width = 20, whole = whole_width * 9;
	int first = 2 * whole_width + 4, last = (height - 1) * whole_width + width;
	struct move m;

	move_init(&m, 0x48000002, 0x17841, (size_t)whole * channels * 2, (size_t)width * height * channels * 2);
	set_source(&m, width, height, channels, whole_width - width, whole - last);
	or_reg(&m, RKNPU_DPU_RDMA_SRC_BASE_ADDR, (uint32_t)first * 16);
	set_target(&m, width, height, channels, 1);
	set_strides(&m, 0, 0, width * height, width * height);
	for (int c = 0; c < channels; c++)
		for (int p = 0; p < width * height; p++)
			expect(&m, cube_at(width * height, 2, c, p),
			       cube_at(whole, 2, c, first + p / width * whole_width + p % width), 2);
	move_check(&m, "slice");
}

/* Even atoms are fetched by one read DMA, odd ones by the other */
static void test_shared_reads(void)
{
	int pixels = 7, channels = 20, atoms = channels / 4;
	struct move m;

	move_init(&m, 0xb4000005, 0x2fba1, (size_t)pixels * atoms * 16, (size_t)pixels * atoms * 16);
	set_source(&m, pixels, 1, channels, 0, pixels);
	set(&m, RKNPU_DPU_RDMA_ERDMA_CFG, 0x4000000c);
	set(&m, RKNPU_DPU_RDMA_EW_BASE_ADDR, IN_ADDR + pixels * 16);
	set(&m, RKNPU_DPU_RDMA_EW_SURF_STRIDE, (uint32_t)pixels * 2 << 4);
	set(&m, RKNPU_DPU_RDMA_EW_SURF_NOTCH, (uint32_t)pixels << 4);
	set_target(&m, pixels, 1, channels, 1);
	set_strides(&m, 0, 0, pixels, pixels);
	or_reg(&m, RKNPU_DPU_FEATURE_MODE_CFG, RKNPU_DPU_FEATURE_MODE_CFG_COMB_USE);
	expect(&m, 0, 0, (size_t)pixels * atoms * 16);
	move_check(&m, "main input by both read DMAs");
}

/* ---- a maximum of channels ------------------------------------------------------- */

static void test_maximum(void)
{
	static const int channels[] = { 1, 8, 20, 40 };

	for (int i = 0; i < 4; i++) {
		int pixels = 20, atoms = (channels[i] + 7) / 8, bytes = (pixels * 2 + 15) / 16;
		uint8_t *data;
		struct move m;

		move_init(&m, 0x48000002, 0x17841, (size_t)pixels * atoms * 16, (size_t)pixels * 2);
		data = m.memory.region[REGION_FEATURE].data;
		/* Finite values, not too large */
		for (int j = 1; j < pixels * atoms * 16; j += 2)
			data[j] &= 0xbf;
		set_source(&m, pixels, 1, channels[i], 0, 0);
		set_target(&m, pixels, 1, channels[i], 1);
		set_strides(&m, 0, 0, 0, 0);
		set(&m, RKNPU_DPU_DATA_CUBE_HEIGHT, 7 << 22);
		set(&m, RKNPU_DPU_OFFSET_PEND, 0xfbff);
		or_reg(&m, RKNPU_DPU_FEATURE_MODE_CFG, RKNPU_DPU_FEATURE_MODE_CFG_NONALIGN | bytes << 9);
		for (int p = 0; p < pixels; p++) {
			size_t best = cube_at(pixels, 2, 0, p);

			for (int c = 1; c < channels[i]; c++) {
				size_t at = cube_at(pixels, 2, c, p);

				if (half_value(data[at] | data[at + 1] << 8) > half_value(data[best] | data[best + 1] << 8))
					best = at;
			}
			expect(&m, (size_t)p * 2, best, 2);
		}
		move_check(&m, "maximum of channels, without gaps");
	}
}

/* ---- without gaps ------------------------------------------------------------------ */

/* One channel of many pixels, with elements of 1 to 8 bytes */
static void test_regrouped(void)
{
	static const struct {
		int type, bytes;
	} types[] = { { 2, 1 }, { 3, 2 }, { 4, 4 }, { 5, 8 } };

	for (int i = 0; i < 4; i++) {
		int pixels = 20, bytes = types[i].bytes, units = (pixels * bytes + 15) / 16;
		struct move m;

		move_init(&m, RAW_INT16, 0xf821, (size_t)pixels * 16, (size_t)pixels * bytes);
		set_source(&m, 5, 4, 8, 0, 0);
		set_target(&m, 5, 4, 8, 1);
		or_reg(&m, RKNPU_DPU_FEATURE_MODE_CFG,
		       RKNPU_DPU_FEATURE_MODE_CFG_NONALIGN | units << 9 | types[i].type << 26);
		for (int p = 0; p < pixels; p++)
			expect(&m, (size_t)p * bytes, (size_t)p * 16, bytes);
		move_check(&m, "first elements of atoms");
	}
}

/* Pixels of few channels side by side; all atoms of a single pixel; all atoms of several pixels, pixel by pixel */
static void test_packed(void)
{
	static const int sizes[][2] = { { 2, 8 }, { 16, 3 }, { 1, 40 }, { 3, 32 }, { 5, 64 } };

	for (int i = 0; i < 5; i++) {
		int pixels = sizes[i][0], channels = sizes[i][1], atoms = (channels + 15) / 16;
		int each = atoms > 1 ? atoms * 16 : channels;
		struct move m;

		move_init(&m, 0, 0x7801, (size_t)pixels * atoms * 16, (size_t)pixels * each);
		set_source(&m, pixels, 1, channels, 0, 0);
		set_target(&m, pixels, 1, atoms * 16, 1);
		set_strides(&m, pixels > 1 ? atoms - 1 : 0, 0, 0, 0);
		or_reg(&m, RKNPU_DPU_FEATURE_MODE_CFG,
		       RKNPU_DPU_FEATURE_MODE_CFG_NONALIGN | (pixels * each + 15) / 16 << 9);
		for (int p = 0; p < pixels; p++)
			for (int a = 0; a < atoms; a++)
				expect(&m, (size_t)p * each + a * 16, cube_at(pixels, 1, a * 16, p),
				       atoms > 1 ? 16 : each);
		move_check(&m, "pixels without gaps");
	}
}

/* ---- exponents ---------------------------------------------------------------------- */

/* MINUS_EXP is subtracted from the exponent field; 31 (Inf, NaN) becomes 15, and comparisons rely on that */
static void test_nonfinite(void)
{
	static const uint16_t in[] = { 0x7c00, 0xfc00, 0x7e00, 0xfd55, 0x4000, 0x8000, 0x7bff, 0x0001 };
	static const uint16_t out[] = { 0x3c00, 0xbc00, 0x3c01, 0x3c01, 0x0200, 0x8000, 0x3bff, 0x0000 };
	struct move m;

	move_init(&m, 0x48000002, 0x17841, sizeof(in), sizeof(out));
	memcpy(m.memory.region[REGION_FEATURE].data, in, sizeof(in));
	memcpy(m.expected, out, sizeof(out));
	set_source(&m, 1, 1, 8, 0, 0);
	set_target(&m, 1, 1, 8, 1);
	set(&m, RKNPU_DPU_OUT_CVT_SCALE, 0x10001);
	set(&m, RKNPU_DPU_OUT_CVT_SHIFT, 16 << 12);
	move_check(&m, "MINUS_EXP of what is no number");
}

void order_tests(void)
{
	test_nonfinite();
	test_blocks_across_planes();
	test_regrouped();
	test_packed();
	test_channels_last();
	test_channels_first();
	test_channels_first_of_bytes();
	test_scatter();
	test_kept_channels();
	test_upsampling();
	test_slice();
	test_shared_reads();
	test_maximum();
}
