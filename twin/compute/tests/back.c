// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Registers and memory of the stages that follow the main input.
 */
#include <stdlib.h>
#include <string.h>

#include "back.h"
#include "number.h"
#include "reference.h"
#include "tap.h"

#define BS_ADDR		0x50000000u
#define EVEN_ADDR	0x58000000u	/* SRC_BASE_ADDR, with the accumulator as main input */
#define EW_ADDR		0x60000000u
#define BN_ADDR		0x54000000u

struct shape shape_flying(uint32_t in_prec, uint32_t out_prec, int width, int height, int channels)
{
	struct shape s = shape_conv(in_prec, out_prec, width, height, channels, 1, 1, 1);

	s.layout = LAYOUT_ROWS;
	s.line_stride = width;
	s.surf_stride = width * height - width;
	s.out_c = channels;
	s.size_e = 0;
	shape_output(&s);
	return s;
}

/* ---- registers ------------------------------------------------------------- */

static void set(struct program *p, uint32_t offset, uint32_t mask, uint32_t value)
{
	uint32_t *reg = program_reg(p, offset);

	*reg = (*reg & ~mask) | (value << __builtin_ctz(mask) & mask);
}

static bool main_is_float(const struct program *p)
{
	return p->shape.in_prec == RKNPU_PREC_FP16 || p->shape.in_prec == RKNPU_PREC_FP32 ||
	       p->shape.in_prec == RKNPU_PREC_BF16 || p->shape.in_prec == RKNPU_PREC_TF32;
}

static void set_stage(struct program *p, const struct back_stage *s, uint32_t base, uint32_t shift_neg)
{
	bool is_float = main_is_float(p);
	uint32_t cfg = 0;

	if (!s->on)
		return;
	cfg |= s->alu ? (uint32_t)s->alu << 16 : RKNPU_DPU_STAGE_CFG_ALU_BYPASS;
	cfg |= s->alu_memory ? RKNPU_DPU_STAGE_CFG_ALU_SRC : 0;
	cfg |= s->mul ? 0 : RKNPU_DPU_STAGE_CFG_MUL_BYPASS;
	cfg |= s->prelu ? RKNPU_DPU_STAGE_CFG_PRELU : 0;
	cfg |= s->relu ? 0 : RKNPU_DPU_STAGE_CFG_RELU_BYPASS;
	cfg |= s->relux ? RKNPU_DPU_STAGE_CFG_RELUX : 0;
	*program_reg(p, base) = cfg;
	*program_reg(p, base + 4) = is_float ? float_bits(s->alu_float) : (uint32_t)s->alu_int;
	set(p, base + 8, RKNPU_DPU_STAGE_MUL_OPERAND, is_float ? s->mul_half : (uint16_t)s->mul_int);
	set(p, base + 8, RKNPU_DPU_STAGE_MUL_SHIFT, s->shift);
	set(p, base + 8, RKNPU_DPU_STAGE_MUL_SRC, s->mul_memory);
	*program_reg(p, base + 12) = is_float ? float_bits(s->cap_float) : (uint32_t)s->cap_int;
	set(p, RKNPU_DPU_DATA_FORMAT, shift_neg, s->shift_neg);
}

static void set_ew(struct program *p, const struct back *b)
{
	uint32_t cfg = 0;

	if (!b->lut && !b->operate && !b->ew_relu)
		return;
	cfg |= b->lut ? 0 : RKNPU_DPU_EW_CFG_LUT_BYPASS;
	cfg |= b->operate ? 0 : RKNPU_DPU_EW_CFG_OP_BYPASS;
	cfg |= b->mul ? RKNPU_DPU_EW_CFG_OP_MUL : (uint32_t)b->op << 16;
	cfg |= b->prelu ? RKNPU_DPU_EW_CFG_PRELU : 0;
	cfg |= b->operand_memory ? RKNPU_DPU_EW_CFG_OP_SRC : 0;
	cfg |= b->ew_relu ? 0 : RKNPU_DPU_EW_CFG_RELU_BYPASS;
	cfg |= b->ew_relux ? RKNPU_DPU_EW_CFG_RELUX : 0;
	/* Float additions need the converter enabled, multiplications need it bypassed */
	cfg |= b->convert || (main_is_float(p) && !b->mul) ? 0 : RKNPU_DPU_EW_CFG_OP_CVT_BYPASS;
	cfg |= (uint32_t)b->operand_size << 22 | (uint32_t)!b->operand_per_channel << 28;
	cfg |= b->convert_away ? RKNPU_DPU_EW_CFG_CVT_ROUND : 0;
	cfg |= RKNPU_DPU_EW_CFG_CVT_TYPE;
	*program_reg(p, RKNPU_DPU_EW_CFG) = cfg;
	*program_reg(p, RKNPU_DPU_EW_CVT_OFFSET) = b->convert_offset;
	*program_reg(p, RKNPU_DPU_EW_CVT_SCALE) = (uint16_t)b->convert_scale | (uint32_t)b->convert_shift << 16;
	*program_reg(p, RKNPU_DPU_EW_RELUX_CMP) = main_is_float(p) ? float_bits(b->ew_cap_float)
								  : (uint32_t)b->ew_cap_int;
	*program_reg(p, RKNPU_DPU_EW_OP_VALUE_0) = b->operand_value;
	*program_reg(p, RKNPU_DPU_LUT_CFG) = 0x68;
	set(p, RKNPU_DPU_LUT_INFO, RKNPU_DPU_LUT_INFO_LE_SELECT, b->lut_select[0]);
	set(p, RKNPU_DPU_LUT_INFO, RKNPU_DPU_LUT_INFO_LO_SELECT, b->lut_select[1]);
	*program_reg(p, RKNPU_DPU_LUT_LE_START) = b->lut_start[0];
	*program_reg(p, RKNPU_DPU_LUT_LO_START) = b->lut_start[1];
	*program_reg(p, RKNPU_DPU_LUT_LE_SLOPE_SCALE) = (uint16_t)b->lut_slope[0] | 0x12340000;
	*program_reg(p, RKNPU_DPU_LUT_LE_SLOPE_SHIFT) = b->lut_slope_shift[0] | 3 << 5;
	*program_reg(p, RKNPU_DPU_LUT_LO_SLOPE_SCALE) = (uint32_t)b->lut_slope[1] << 16 | 0x4321;
	*program_reg(p, RKNPU_DPU_LUT_LO_SLOPE_SHIFT) = b->lut_slope_shift[1] << 5 | 7;
}

/* Operands of a stage that come from memory: 1 ALU, 2 CPEND, 4 multiplier */
static int bs_vectors(const struct back *b)
{
	int needed = b->bs.alu_memory | b->pend_memory << 1 | b->bs.mul_memory << 2;

	return b->vectors ? b->vectors : needed;
}

static int bn_vectors(const struct back *b)
{
	return b->bn.alu_memory | b->bn.mul_memory << 2;
}

static void set_rdma(struct program *p, const struct back *b)
{
	const struct shape *s = &p->shape;
	int plane = s->out_w * s->out_h;

	*program_reg(p, RKNPU_DPU_RDMA_DATA_CUBE_WIDTH) = s->out_w - 1;
	*program_reg(p, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT) = s->out_h - 1;
	*program_reg(p, RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL) = s->out_c - 1;
	*program_reg(p, RKNPU_DPU_RDMA_BS_BASE_ADDR) = BS_ADDR;
	*program_reg(p, RKNPU_DPU_RDMA_BN_BASE_ADDR) = BN_ADDR;
	set(p, RKNPU_DPU_RDMA_BRDMA_CFG, RKNPU_DPU_RDMA_BRDMA_CFG_DATA_USE, bs_vectors(b));
	set(p, RKNPU_DPU_RDMA_NRDMA_CFG, RKNPU_DPU_RDMA_NRDMA_CFG_DATA_USE, bn_vectors(b));
	*program_reg(p, RKNPU_DPU_RDMA_EW_BASE_ADDR) = EW_ADDR;
	set(p, RKNPU_DPU_RDMA_ERDMA_CFG, RKNPU_DPU_RDMA_ERDMA_CFG_DATA_MODE, !b->operand_per_channel);
	set(p, RKNPU_DPU_RDMA_ERDMA_CFG, RKNPU_DPU_RDMA_ERDMA_CFG_DATA_SIZE, b->operand_size);
	set(p, RKNPU_DPU_RDMA_ERDMA_CFG, RKNPU_DPU_RDMA_ERDMA_CFG_DISABLE, !(b->operate && b->operand_memory));
	set(p, RKNPU_DPU_RDMA_EW_SURF_STRIDE, RKNPU_DPU_RDMA_EW_SURF_STRIDE_MASK,
	    (b->operand_per_channel ? 1 : plane) + b->ew_surf_stride);
	set(p, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FP16TOFP32,
	    main_is_float(p));
	set(p, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, RKNPU_DPU_RDMA_FEATURE_MODE_CFG_BURST, 15);
	set(p, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, RKNPU_DPU_RDMA_FEATURE_MODE_CFG_IN_PREC, s->in_prec);
	set(p, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, RKNPU_DPU_RDMA_FEATURE_MODE_CFG_PROC_PREC, s->in_prec);
	if (b->flying)
		return;
	if (b->operate && b->operand_memory) {
		*program_reg(p, RKNPU_DPU_RDMA_SRC_BASE_ADDR) = EVEN_ADDR;
		set(p, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, RKNPU_DPU_RDMA_FEATURE_MODE_CFG_COMB_USE, 5);
		set(p, RKNPU_DPU_RDMA_SURF_NOTCH, RKNPU_DPU_RDMA_SURF_NOTCH_MASK, plane + b->ew_surf_stride);
		set(p, RKNPU_DPU_RDMA_EW_SURF_NOTCH, RKNPU_DPU_RDMA_EW_SURF_NOTCH_MASK, plane + b->ew_surf_stride);
	} else {
		set(p, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, RKNPU_DPU_RDMA_FEATURE_MODE_CFG_MRDMA_DISABLE, 1);
	}
}

static void set_flying(struct program *p, const struct back *b)
{
	const struct shape *s = &p->shape;

	set(p, RKNPU_DPU_FEATURE_MODE_CFG, RKNPU_DPU_FEATURE_MODE_CFG_FLYING, 1);
	*program_reg(p, RKNPU_DPU_RDMA_SRC_BASE_ADDR) = s->feature_addr;
	set(p, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FLYING, 1);
	set(p, RKNPU_DPU_RDMA_SRC_DMA_CFG, RKNPU_DPU_RDMA_SRC_DMA_CFG_LINE_NOTCH, b->line_notch);
	/* Counted from the last pixel, which has no gap after it */
	set(p, RKNPU_DPU_RDMA_SURF_NOTCH, RKNPU_DPU_RDMA_SURF_NOTCH_MASK, b->surf_notch + b->line_notch);
	if (b->bf16) {
		set(p, RKNPU_DPU_DATA_FORMAT, RKNPU_DPU_DATA_FORMAT_IN_PREC, RKNPU_PREC_BF16);
		set(p, RKNPU_DPU_DATA_FORMAT, RKNPU_DPU_DATA_FORMAT_PROC_PREC, RKNPU_PREC_BF16);
	}
	if (s->in_prec != RKNPU_PREC_FP32)
		return;
	/* Processed like fp16 */
	set(p, RKNPU_DPU_DATA_FORMAT, RKNPU_DPU_DATA_FORMAT_PROC_PREC, RKNPU_PREC_FP16);
	set(p, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, RKNPU_DPU_RDMA_FEATURE_MODE_CFG_PROC_PREC, RKNPU_PREC_FP16);
}

/* ---- memory ------------------------------------------------------------------ */

static void *noise(size_t count, size_t size, struct rng *rng)
{
	uint8_t *bytes = malloc(count * size + 1);

	if (!bytes)
		abort();
	for (size_t i = 0; i < count * size; i++)
		bytes[i] = rng_next(rng);
	return bytes;
}

static void store(uint8_t *to, uint32_t value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = value >> 8 * i;
}

static void add_region(struct program *p, int region, uint32_t addr, size_t bytes, struct rng *rng)
{
	struct region *r = &p->memory.region[region];

	memory_add(&p->memory, region, addr + p->shape.dma_base, bytes);
	for (size_t i = 0; i < bytes; i++)
		r->data[i] = rng_next(rng);
}

/* Eight channels at a time: int32 or fp32 ALU[8], int16 CPEND[8], int16 or fp16 MUL[8]; only those that are read */
static void pack_vectors(struct program *p, int region, uint32_t addr, int use, const int32_t *alu,
			 const int16_t *pend, const int16_t *mul, struct rng *rng)
{
	int channels = p->shape.out_c, pend_at = use & 1 ? 32 : 0, mul_at = pend_at + (use & 2 ? 16 : 0);
	int record = mul_at + (use & 4 ? 16 : 0);
	bool alone = use == 1 || use == 2 || use == 4;
	uint8_t *to;

	if (!use)
		return;
	add_region(p, region, addr, alone ? channels * record / 8 : (channels + 7) / 8 * record, rng);
	to = p->memory.region[region].data;
	for (int c = 0; c < channels; c++) {
		uint8_t *at = to + c / 8 * record;

		if (use & 1)
			store(at + c % 8 * 4, alu[c], 4);
		if (use & 2)
			store(at + pend_at + c % 8 * 2, pend[c], 2);
		if (use & 4)
			store(at + mul_at + c % 8 * 2, mul[c], 2);
	}
}

static void draw_vectors(struct program *p, struct back *b, struct rng *rng)
{
	b->alu = noise(p->shape.out_c, sizeof(*b->alu), rng);
	b->pend_vector = noise(p->shape.out_c, sizeof(*b->pend_vector), rng);
	b->mul_vector = noise(p->shape.out_c, sizeof(*b->mul_vector), rng);
	b->bn_alu = noise(p->shape.out_c, sizeof(*b->bn_alu), rng);
	b->bn_mul_vector = noise(p->shape.out_c, sizeof(*b->bn_mul_vector), rng);
	if (!main_is_float(p))
		return;
	for (int c = 0; c < p->shape.out_c; c++) {
		b->alu[c] = (int32_t)float_bits(rng_range(rng, -1000, 1000) / 64.0f);
		b->bn_alu[c] = (int32_t)float_bits(rng_range(rng, -1000, 1000) / 64.0f);
		b->mul_vector[c] = (int16_t)draw_fp16_unit(rng);
		b->bn_mul_vector[c] = (int16_t)draw_fp16_unit(rng);
	}
}

/* Byte offset of an element of the EW operand, and the region that contains it */
static size_t operand_offset(const struct program *p, const struct back *b, int c, int y, int x, int *region)
{
	const struct shape *s = &p->shape;
	int bytes = 1 << (b->operand_size - 1), per_atom = 16 / bytes;
	int atom = c / per_atom, plane = s->out_w * s->out_h, place = y * s->out_w + x;
	int stride = plane + b->ew_surf_stride;

	*region = REGION_EW;
	if (b->operand_per_channel)
		return 16 * (size_t)atom * (1 + b->ew_surf_stride) + c % per_atom * bytes;
	if (b->flying)
		return 16 * ((size_t)atom * stride + place) + c % per_atom * bytes;
	if (atom % 2 == 0) {
		*region = REGION_EVEN;
		return 16 * ((size_t)(atom / 2) * (plane + stride) + place) + c % per_atom * bytes;
	}
	return 16 * ((size_t)(atom / 2) * (stride + plane) + place) + c % per_atom * bytes;
}

static void draw_operand(struct program *p, struct back *b, draw_fn draw, struct rng *rng)
{
	const struct shape *s = &p->shape;
	int bytes = 1 << (b->operand_size - 1), per_atom = 16 / bytes, region;
	int last = (s->out_c + per_atom - 1) / per_atom * per_atom - 1;
	size_t count = (size_t)s->out_c * s->out_h * s->out_w, high[REGIONS] = { 0 }, i = 0;

	b->operand = malloc(count * sizeof(*b->operand));
	if (!b->operand)
		abort();
	for (int c = 0; c <= last; c++) {
		size_t end = operand_offset(p, b, c, s->out_h - 1, s->out_w - 1, &region) + bytes;

		high[region] = end > high[region] ? end : high[region];
	}
	add_region(p, REGION_EW, EW_ADDR, high[REGION_EW], rng);
	add_region(p, REGION_EVEN, EVEN_ADDR, high[REGION_EVEN], rng);
	for (int c = 0; c < s->out_c; c++)
		for (int y = 0; y < s->out_h; y++)
			for (int x = 0; x < s->out_w; x++) {
				size_t offset = operand_offset(p, b, c, y, x, &region);

				b->operand[i] = draw(rng);
				store(p->memory.region[region].data + offset, b->operand[i++], bytes);
			}
}

void back_init(struct program *p, struct back *b, draw_fn draw, uint64_t seed)
{
	struct rng rng = { .state = seed * 0x2545f4914f6cdd1dULL + 77 };
	bool memory = bs_vectors(b) || bn_vectors(b);

	p->back = b;
	p->enable = b->flying ? RKNPU_ENABLE_DPU | RKNPU_ENABLE_DPU_RDMA : ENABLE_CONV;
	if (!b->flying && (memory || (b->operate && b->operand_memory)))
		p->enable |= RKNPU_ENABLE_DPU_RDMA;
	set_stage(p, &b->bs, RKNPU_DPU_BS_CFG, RKNPU_DPU_DATA_FORMAT_BS_SHIFT_NEG);
	set_stage(p, &b->bn, RKNPU_DPU_BN_CFG, RKNPU_DPU_DATA_FORMAT_BN_SHIFT_NEG);
	set(p, RKNPU_DPU_BS_OW_CFG, RKNPU_DPU_BS_OW_CFG_OD_BYPASS, !b->pend);
	set(p, RKNPU_DPU_BS_OW_CFG, RKNPU_DPU_BS_OW_CFG_OW_SRC, b->pend_memory);
	set(p, RKNPU_DPU_BS_OW_OP, RKNPU_DPU_BS_OW_OP_OPERAND, (uint16_t)b->pend_int);
	set_ew(p, b);
	set_rdma(p, b);
	if (b->flying)
		set_flying(p, b);
	draw_vectors(p, b, &rng);
	pack_vectors(p, REGION_BS, BS_ADDR, bs_vectors(b), b->alu, b->pend_vector, b->mul_vector, &rng);
	pack_vectors(p, REGION_BN, BN_ADDR, bn_vectors(b), b->bn_alu, NULL, b->bn_mul_vector, &rng);
	if (b->operate && b->operand_memory)
		draw_operand(p, b, draw, &rng);
	if (b->lut)
		p->unit.lut = b->table;
}

void back_free(struct back *b)
{
	free(b->alu);
	free(b->pend_vector);
	free(b->mul_vector);
	free(b->bn_alu);
	free(b->bn_mul_vector);
	free(b->operand);
	b->alu = b->bn_alu = NULL;
	b->pend_vector = b->mul_vector = b->bn_mul_vector = NULL;
	b->operand = NULL;
}

struct back back_all_stages(bool is_float)
{
	struct back b = {
		.pend = !is_float, .pend_memory = !is_float,
		.bs = { .on = true, .alu = 2, .alu_memory = true, .mul = true, .mul_memory = true,
			.shift = is_float ? 0 : 9, .shift_neg = is_float ? 0 : 9, .relu = true },
		.bn = { .on = true, .mul = true, .mul_int = -7, .mul_half = 0xbc00, .alu = 4, .alu_int = 99, .alu_float = 3 },
		.operate = true, .op = RKNPU_EW_ALU_ADD, .operand_memory = true, .operand_size = is_float ? 2 : 1,
		.convert = !is_float, .convert_offset = 17, .convert_scale = is_float ? 1 : 20000,
		.convert_shift = is_float ? 0 : 8,
		.ew_relu = true, .ew_relux = true, .ew_cap_int = 3000, .ew_cap_float = 0.75f,
	};

	return b;
}

void back_test(const struct shape *s, struct back *b, draw_fn draw, draw_fn draw_operand,
	       uint64_t seed, const char *name)
{
	struct program p;

	program_init(&p, s, draw, seed);
	back_init(&p, b, draw_operand, seed);
	tap_ok(reference_runs(&p), "%s: %s", name, shape_name(s));
	program_free(&p);
	back_free(b);
}
