// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * The units of RK3566 and RK3568: registers as rknn-toolkit2 sets them for rk3566, and expected results as formulas
 * over tensors. Values are small integers, which are exact in every type.
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"
#include "program.h"
#include "run.h"
#include "tap.h"
#include "tests.h"

#define IN_ADDR		0x10000000u
#define WEIGHT_ADDR	0x20000000u
#define BS_ADDR		0x30000000u
#define EW_ADDR		0x40000000u
#define OUT_ADDR	0x80000000u
#define ATOM		8
#define ENABLE_OLD_CONV	0x1f
#define ENABLE_OLD_FLYING	0x18
#define ENABLE_OLD_POOL	0x60
#define RECORD		4	/* channels */

#define WIDTH		5
#define HEIGHT		4
#define PIXELS		(WIDTH * HEIGHT)

struct old {
	uint32_t regs[8][1024];
	struct twin_unit_regs unit;
	struct memory memory;
	struct twin_compute_result result;
	struct rng rng;
	bool half;
	int channels, kernels, taps;	/* taps: width and height of a kernel; kernels: channels of the output */
};

static void set(struct old *o, uint32_t reg, uint32_t value)
{
	o->regs[reg >> 12][(reg & 0xfff) >> 2] = value;
}

static int small_number(struct old *o)
{
	return (int)(rng_next(&o->rng) % 5) - 2;
}

/* ---- elements ---------------------------------------------------------------- */

static void store(uint8_t *to, bool half, int value)
{
	_Float16 h = (_Float16)value;

	if (half)
		memcpy(to, &h, sizeof(h));
	else
		*to = (uint8_t)value;
}

static int load(const uint8_t *from, bool half)
{
	_Float16 h;

	memcpy(&h, from, half ? sizeof(h) : 1);
	return half ? (int)h : (int8_t)*from;
}

/* Address of an element of a cube without gaps between its surfaces */
static uint8_t *element(struct old *o, int region, int channel, int pixel)
{
	int bytes = o->half ? 2 : 1, per_atom = ATOM / bytes;

	return o->memory.region[region].data + (channel / per_atom * PIXELS + pixel) * ATOM + channel % per_atom * bytes;
}

/*
 * Order: groups of 16 kernels (8 for fp16), groups of 32 channels (16 for fp16), taps, kernels, channels. Short groups
 * are packed without gaps.
 */
static size_t weight_place(const struct old *o, int kernel, int channel, int tap)
{
	int group = o->half ? 8 : 16, lanes = o->half ? 16 : 32, taps = o->taps * o->taps;
	int first = kernel / group * group, low = channel / lanes * lanes;
	int in_group = o->kernels - first < group ? o->kernels - first : group;
	int in_lanes = o->channels - low < lanes ? o->channels - low : lanes;

	return (size_t)first * o->channels * taps + (size_t)in_group * low * taps +
	       ((size_t)tap * in_group + kernel - first) * in_lanes + channel - low;
}

static int weight(struct old *o, int kernel, int channel, int tap)
{
	return load(o->memory.region[REGION_WEIGHTS].data + weight_place(o, kernel, channel, tap) * (o->half ? 2 : 1), o->half);
}

/* ---- set-up ------------------------------------------------------------------ */

static void fill(struct old *o, int region, uint32_t addr, size_t elements)
{
	int bytes = o->half ? 2 : 1;

	memory_add(&o->memory, region, addr, elements * bytes);
	for (size_t i = 0; i < elements; i++)
		store(o->memory.region[region].data + i * bytes, o->half, small_number(o));
}

static void old_init(struct old *o, bool half, int channels, int kernels, int taps)
{
	memset(o, 0, sizeof(*o));
	for (int i = 0; i < 8; i++)
		o->unit.block[i] = o->regs[i];
	o->rng.state = 7 + channels;
	o->half = half;
	o->channels = channels;
	o->kernels = kernels;
	o->taps = taps;
	fill(o, REGION_FEATURE, IN_ADDR, (size_t)channels * PIXELS);
	memory_add(&o->memory, REGION_OUTPUT, OUT_ADDR, (size_t)kernels * PIXELS * (half ? 2 : 1));
	set(o, 0x400c, 0x108);
	set(o, 0x4010, half ? 0x48000002 : 0xe0);
	set(o, 0x4020, OUT_ADDR);
	set(o, 0x4024, PIXELS * ATOM);
	set(o, 0x4030, WIDTH - 1);
	set(o, 0x4034, HEIGHT - 1);
	set(o, 0x403c, (kernels - 1) * 0x10001u);
	set(o, 0x4040, 0x53);
	set(o, 0x4050, half ? 0x126 : 0x125);
	set(o, 0x4060, 0x53);
	set(o, 0x4070, 0x383);
	set(o, 0x4078, 1);
	set(o, 0x4084, 1);
	set(o, 0x40c0, 2 * PIXELS * ATOM);
	set(o, 0x500c, WIDTH - 1);
	set(o, 0x5010, HEIGHT - 1);
	set(o, 0x5014, kernels - 1);
	set(o, 0x501c, 1);
	set(o, 0x5028, 1);
	set(o, 0x5034, 1);
	set(o, 0x5044, half ? 0x14040 : 0x4000);
}

static void old_conv(struct old *o, int pad_value)
{
	int bytes = o->half ? 2 : 1, precision = o->half ? 2 : 0, kernel_bytes = o->channels * o->taps * o->taps * bytes;

	fill(o, REGION_WEIGHTS, WEIGHT_ADDR, (size_t)o->kernels * o->channels * o->taps * o->taps);
	set(o, 0x100c, precision << 4 | precision << 8);
	set(o, 0x1014, 9);
	set(o, 0x1020, WIDTH << 16 | HEIGHT);
	set(o, 0x1024, (o->channels - 1) << 16 | o->channels);
	set(o, 0x1028, WIDTH);
	set(o, 0x102c, PIXELS);
	set(o, 0x1030, kernel_bytes * o->kernels);
	set(o, 0x1034, kernel_bytes);
	set(o, 0x1038, o->taps << 24 | o->taps << 16 | o->kernels);
	set(o, 0x104c, 0xa);
	for (uint32_t reg = 0x1050; reg <= 0x105c; reg += 4)
		set(o, reg, 0x10000);
	set(o, 0x1068, (uint32_t)pad_value << 16 | (o->taps / 2) * 0x11);
	set(o, 0x1070, IN_ADDR);
	set(o, 0x107c, WIDTH);
	set(o, 0x1080, PIXELS);
	set(o, 0x1110, WEIGHT_ADDR);
	set(o, 0x200c, precision << 12 | 1);
	set(o, 0x300c, precision << 12);
	set(o, 0x3010, (HEIGHT - 1) << 16 | (WIDTH - 1));
	set(o, 0x3014, o->kernels - 1);
}

static enum twin_compute_status old_run(struct old *o, uint32_t enable)
{
	return task_run_by(twin_compute_task_rk356x, &o->unit, enable, 0, &o->memory, &o->result);
}

/* ---- what must come out ------------------------------------------------------ */

static int feature(struct old *o, int channel, int y, int x, int pad)
{
	if (y < 0 || y >= HEIGHT || x < 0 || x >= WIDTH)
		return pad;
	return load(element(o, REGION_FEATURE, channel, y * WIDTH + x), o->half);
}

/* The sum of the products of a window, and the sum of its input */
static int window(struct old *o, int kernel, int pixel, int pad, int *sum)
{
	int all = 0;

	*sum = 0;
	for (int c = 0; c < o->channels; c++)
		for (int tap = 0; tap < o->taps * o->taps; tap++) {
			int value = feature(o, c, pixel / WIDTH + tap / o->taps - o->taps / 2,
					    pixel % WIDTH + tap % o->taps - o->taps / 2, pad);

			all += value * weight(o, kernel, c, tap);
			*sum += value;
		}
	return all;
}

static int clamp8(int value)
{
	return value < -128 ? -128 : value > 127 ? 127 : value;
}

#define CHECK(o, status, name, expected)							\
	do {											\
		bool same_ = (status) == TWIN_COMPUTE_OK;					\
		for (int k = 0; same_ && k < (o)->kernels; k++)					\
			for (int p = 0; same_ && p < PIXELS; p++)				\
				same_ = load(element(o, REGION_OUTPUT, k, p), (o)->half) == (expected); \
		if ((status) != TWIN_COMPUTE_OK)						\
			tap_note("register 0x%x: %s", (o)->result.refused_reg, (o)->result.reason); \
		tap_ok(same_, "rk356x: %s", name);						\
		memory_free(&(o)->memory);							\
	} while (0)

/* ---- tests -------------------------------------------------------------------- */

/* Per-channel operands, in records of four: the addend, the factor of the window sum, and a multiplier of one */
static void test_conv_int8(void)
{
	enum twin_compute_status status;
	struct old o;
	uint8_t *bs;
	int sum;

	old_init(&o, false, 40, 24, 3);
	old_conv(&o, -3);
	memory_add(&o.memory, REGION_BS, BS_ADDR, o.kernels * 8);
	bs = o.memory.region[REGION_BS].data;
	for (int k = 0; k < o.kernels; k++) {
		int32_t add = 3 * k - 20;
		int16_t pend = k % 3 - 1, one = 1 << 14;
		uint8_t *record = bs + k / RECORD * 8 * RECORD;

		memcpy(record + k % RECORD * 4, &add, 4);
		memcpy(record + RECORD * 4 + k % RECORD * 2, &pend, 2);
		memcpy(record + RECORD * 6 + k % RECORD * 2, &one, 2);
	}
	set(&o, 0x4040, 0x148);
	set(&o, 0x4048, 0xe01);
	set(&o, 0x501c, 0xe);
	set(&o, 0x5020, BS_ADDR);
	set(&o, 0x5024, o.kernels - 1);
	status = old_run(&o, ENABLE_OLD_CONV);
	CHECK(&o, status, "int8 convolution, padded, with operands per channel",
	      clamp8(window(&o, k, p, -3, &sum) + (k % 3 - 1) * sum + 3 * k - 20));
}

static void test_conv_fp16(void)
{
	enum twin_compute_status status;
	struct old o;
	int sum;

	old_init(&o, true, 40, 12, 3);
	old_conv(&o, 0);
	memory_add(&o.memory, REGION_BS, BS_ADDR, o.kernels * 4);
	for (int k = 0; k < o.kernels; k++) {
		float add = 2 * k - 9;

		memcpy(o.memory.region[REGION_BS].data + 4 * k, &add, 4);
	}
	set(&o, 0x4040, 0x158);
	set(&o, 0x501c, 2);
	set(&o, 0x5020, BS_ADDR);
	set(&o, 0x5044, 0x2c040);
	status = old_run(&o, ENABLE_OLD_CONV);
	CHECK(&o, status, "fp16 convolution with a bias", window(&o, k, p, 0, &sum) + 2 * k - 9);
}

static void test_conv_ew(void)
{
	enum twin_compute_status status;
	struct old o;
	int sum;

	old_init(&o, true, 16, 24, 1);
	old_conv(&o, 0);
	fill(&o, REGION_EW, EW_ADDR, (size_t)o.kernels * PIXELS);
	set(&o, 0x4070, 0x100000d0);
	set(&o, 0x5034, 0x40000004);
	set(&o, 0x5038, EW_ADDR);
	set(&o, 0x5040, PIXELS * ATOM);
	status = old_run(&o, ENABLE_OLD_CONV);
	/* ReLU is enabled */
	CHECK(&o, status, "fp16 convolution, another cube added",
	      window(&o, k, p, 0, &sum) + load(element(&o, REGION_EW, k, p), true) > 0 ?
	      window(&o, k, p, 0, &sum) + load(element(&o, REGION_EW, k, p), true) : 0);
}

static void test_flying(bool half, bool multiply)
{
	enum twin_compute_status status;
	struct old o;

	old_init(&o, half, 24, 24, 1);
	fill(&o, REGION_EW, EW_ADDR, (size_t)o.kernels * PIXELS);
	set(&o, 0x400c, 0x109);
	set(&o, 0x4010, half ? 0x48000002 : 0);
	set(&o, 0x4050, 2);
	set(&o, 0x40c0, PIXELS * ATOM);
	set(&o, 0x4070, multiply ? 0x100002c4 : half ? 0x100002d0 : 0x100003d0);
	set(&o, 0x5018, IN_ADDR);
	set(&o, 0x5034, half ? 0x40000004 : 0x40000000);
	set(&o, 0x5038, EW_ADDR);
	set(&o, 0x5040, PIXELS * ATOM);
	set(&o, 0x5044, half ? 0x14041 : 0x4001);
	status = old_run(&o, ENABLE_OLD_FLYING);
	CHECK(&o, status, multiply ? "product of two cubes" : half ? "sum of two fp16 cubes" : "sum of two int8 cubes",
	      multiply ? feature(&o, k, p / WIDTH, p % WIDTH, 0) * load(element(&o, REGION_EW, k, p), half)
		       : feature(&o, k, p / WIDTH, p % WIDTH, 0) + load(element(&o, REGION_EW, k, p), half));
}

/* Windows of 2 x 1 without padding: the larger of two neighbours */
static void test_pool(bool half)
{
	int bytes = half ? 2 : 1, per_atom = ATOM / bytes, channels = 2 * per_atom;
	enum twin_compute_status status;
	bool same;
	struct old o;

	old_init(&o, half, channels, channels, 1);
	set(&o, 0x600c, WIDTH - 1);
	set(&o, 0x6010, HEIGHT - 1);
	set(&o, 0x6014, channels - 1);
	set(&o, 0x6018, WIDTH - 2);
	set(&o, 0x601c, HEIGHT - 1);
	set(&o, 0x6020, channels - 1);
	set(&o, 0x6024, 0x11);
	set(&o, 0x6034, 0x1);
	for (uint32_t reg = 0x6044; reg <= 0x6050; reg += 4)
		set(&o, reg, half ? 0xfbff : 0x7ff80);
	set(&o, 0x6070, OUT_ADDR);
	set(&o, 0x607c, PIXELS * ATOM);
	set(&o, 0x6084, half ? 2 : 0);
	set(&o, 0x60dc, 3);
	set(&o, 0x700c, WIDTH - 1);
	set(&o, 0x7010, HEIGHT - 1);
	set(&o, 0x7014, channels - 1);
	set(&o, 0x7018, 1);
	set(&o, 0x701c, IN_ADDR);
	set(&o, 0x7024, WIDTH * ATOM);
	set(&o, 0x7028, PIXELS * ATOM);
	set(&o, 0x7030, half ? 2 : 0);
	status = old_run(&o, ENABLE_OLD_POOL);
	same = status == TWIN_COMPUTE_OK;
	for (int c = 0; same && c < channels; c++)
		for (int p = 0; same && p < (WIDTH - 1) * HEIGHT; p++) {
			int y = p / (WIDTH - 1), x = p % (WIDTH - 1);
			int a = feature(&o, c, y, x, 0), b = feature(&o, c, y, x + 1, 0);

			same = load(element(&o, REGION_OUTPUT, c, p), half) == (a > b ? a : b);
		}
	tap_ok(same, "rk356x: %s maximum of a window", half ? "fp16" : "int8");
	memory_free(&o.memory);
}

/* fp16 to fp32, pixel by pixel: four channels of one atom become two atoms */
static void test_linear(void)
{
	enum twin_compute_status status;
	bool same = true;
	struct old o;

	old_init(&o, true, 4, 8, 1);
	set(&o, 0x400c, 0x02000109 | (PIXELS * 2) << 9);
	set(&o, 0x4010, 0xa8000002);
	set(&o, 0x403c, 0x30003);
	set(&o, 0x4050, 2);
	set(&o, 0x5014, 3);
	set(&o, 0x5018, IN_ADDR);
	set(&o, 0x5044, 0x14041);
	status = old_run(&o, ENABLE_OLD_FLYING);
	for (int i = 0; i < 4 * PIXELS; i++) {
		float value;

		memcpy(&value, o.memory.region[REGION_OUTPUT].data + 4 * i, 4);
		same = same && value == feature(&o, i % 4, i / 4 / WIDTH, i / 4 % WIDTH, 0);
	}
	tap_ok(status == TWIN_COMPUTE_OK && same, "rk356x: floats without gaps");
	memory_free(&o.memory);
}

static void test_refusals(void)
{
	static const struct {
		uint32_t reg, value;
	} cases[] = {
		{ 0x1010, 0x20 },	/* accepted */
		{ 0x100c, 0x00040220 }, { 0x1018, 0x5100 }, { 0x200c, 0x0001 }, { 0x300c, 0x2001 }, { 0x302c, 1 },
		{ 0x400c, 0x1e4 }, { 0x5044, 0x14140 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		enum twin_compute_status wanted = TWIN_COMPUTE_REFUSED;
		struct old o;

		if (!i)
			wanted = TWIN_COMPUTE_OK;
		old_init(&o, true, 16, 8, 1);
		old_conv(&o, 0);
		set(&o, cases[i].reg, cases[i].value);
		tap_ok(old_run(&o, ENABLE_OLD_CONV) == wanted, "rk356x: 0x%x in 0x%x", cases[i].value, cases[i].reg);
		memory_free(&o.memory);
	}
}

/* Turn a convolution into a depthwise one: one kernel, weights in groups of 32 bytes */
static void old_depthwise(struct old *o)
{
	int bytes = o->half ? 2 : 1;

	*(o->regs[1] + 0x0c / 4) |= 3;
	set(o, 0x1030, o->channels * o->taps * o->taps * bytes);
	set(o, 0x1034, o->channels * o->taps * o->taps * bytes);
	set(o, 0x1038, o->taps << 24 | o->taps << 16 | 1);
	*(o->regs[2] + 0x0c / 4) |= 2;
	*(o->regs[3] + 0x0c / 4) |= 2;
	*(o->regs[4] + 0x0c / 4) |= 0x30;
	*(o->regs[5] + 0x44 / 4) |= 6;
}

static int depthwise_sum(struct old *o, int channel, int pixel)
{
	int low = channel / 16 * 16, lanes = o->channels - low < 16 ? o->channels - low : 16, sum = 0;

	for (int tap = 0; tap < 9; tap++) {
		size_t at = (size_t)low * 9 + tap * lanes + channel - low;

		sum += feature(o, channel, pixel / WIDTH + tap / 3 - 1, pixel % WIDTH + tap % 3 - 1, 0) *
		       load(o->memory.region[REGION_WEIGHTS].data + at * 2, true);
	}
	return sum;
}

static void test_depthwise_fp16(void)
{
	enum twin_compute_status status;
	struct old o;

	old_init(&o, true, 40, 40, 3);
	old_conv(&o, 0);
	old_depthwise(&o);
	set(&o, 0x501c, 1);
	set(&o, 0x5044, 0x2c046);
	status = old_run(&o, ENABLE_OLD_CONV);
	CHECK(&o, status, "fp16 depthwise convolution", depthwise_sum(&o, k, p));
}

/* The result of int8 is not known, but its time: two groups of 32 channels, of which 32 products are a cycle's */
static void test_depthwise_int8(void)
{
	struct twin_compute_result cost;
	struct old o;

	old_init(&o, false, 40, 40, 3);
	old_conv(&o, 0);
	old_depthwise(&o);
	tap_ok(old_run(&o, ENABLE_OLD_CONV) == TWIN_COMPUTE_REFUSED, "rk356x: int8 depthwise convolution is refused");
	twin_compute_cost_rk356x(&o.unit, ENABLE_OLD_CONV, &cost);
	tap_ok(cost.fills == 1 && (cost.mac_slots << cost.mac_rate_shift) / 512 == PIXELS * 9 * 2 * 5 / 4,
	       "rk356x: cost of an int8 depthwise convolution");
	memory_free(&o.memory);
}

/* One cycle for each pixel, tap, group of kernels and group of channels, and a quarter, where 512 int8 products are a cycle's */
static void test_cost(bool half, int kernel_groups, int channel_groups)
{
	struct twin_compute_result cost;
	uint64_t cycles;
	struct old o;

	old_init(&o, half, 40, 24, 3);
	old_conv(&o, 0);
	twin_compute_cost_rk356x(&o.unit, ENABLE_OLD_CONV, &cost);
	cycles = (cost.mac_slots << cost.mac_rate_shift) / 512;
	tap_ok(cycles == (uint64_t)PIXELS * 9 * kernel_groups * channel_groups * 5 / 4 && cost.fills == 1 &&
	       cost.macs == (uint64_t)PIXELS * 9 * 24 * 40, "rk356x: cost of %s", half ? "fp16" : "int8");
	memory_free(&o.memory);
}

void rk356x_tests(void)
{
	test_cost(false, 2, 2);
	test_cost(true, 3, 3);
	test_depthwise_fp16();
	test_depthwise_int8();
	test_conv_int8();
	test_conv_fp16();
	test_conv_ew();
	test_flying(true, false);
	test_flying(true, true);
	test_flying(false, false);
	test_pool(true);
	test_pool(false);
	test_linear();
	test_refusals();
}
