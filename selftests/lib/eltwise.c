// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The registers of tasks that only use the DPU, as programmed by public clients
 * [seen: allbilly/rk3588, rockchip-npu-notes].
 */
#include "eltwise.h"

#include <math.h>

#include "fp16.h"

/* Values of fields */
#define DPU_BURST		15
#define DPU_OUTPUT_MEMORY	2
#define STAGE_ADD		2
#define ONE_PER_ELEMENT		1
#define LUT_PRIORITIES		0x68
#define LUT_SELECT		5	/* steps of 32 */
#define LUT_SPAN		16384	/* of one table, in steps of 1 */
#define LUT_ONE			32768.0	/* value of an entry for 1.0 */

/* ---- tables ------------------------------------------------------------------ */

static int16_t lut_entry(double value)
{
	double scaled = nearbyint(value * LUT_ONE);

	/* Silicon has problems with entries of 0 [seen: rockchip-npu-notes] */
	if (scaled < 1)
		return 1;
	return scaled > INT16_MAX ? INT16_MAX : (int16_t)scaled;
}

void lut_build(struct lut *l, double (*f)(double), double range, double low, double high)
{
	int exponent = (int)ceil(log2(high - low)), i;
	double span = ldexp(1, exponent), step;

	l->index_scale = fp16_from_fp32((float)(LUT_SPAN / range));
	step = (1 << LUT_SELECT) / fp16_to_double(l->index_scale);
	/* The first table ends at 0, where the second one starts */
	for (i = 0; i < LUT_ENTRIES; i++) {
		l->value[0][i] = lut_entry((f((i - (LUT_ENTRIES - 1)) * step) - low) / span);
		l->value[1][i] = lut_entry((f(i * step) - low) / span);
	}
	l->offset = (int32_t)nearbyint(low * LUT_ONE / span);
	l->minus_exp = 15 - exponent;
}

static void upload(struct regcmd *rc, const struct lut *l)
{
	unsigned int table, i;

	for (table = 0; table < LUT_TABLES; table++) {
		regcmd_write(rc, RKNPU_DPU_LUT_ACCESS_CFG,
			     RKNPU_DPU_LUT_ACCESS_CFG_WRITE | REG_FIELD(RKNPU_DPU_LUT_ACCESS_CFG_TABLE, table));
		for (i = 0; i < LUT_ENTRIES; i++)
			regcmd_write(rc, RKNPU_DPU_LUT_ACCESS_DATA, (uint16_t)l->value[table][i]);
	}
}

static void lut_words(struct regcmd *rc, const struct eltwise_task *t)
{
	if (t->upload)
		upload(rc, t->lut);
	regcmd_write(rc, RKNPU_DPU_LUT_CFG, LUT_PRIORITIES);
	regcmd_write(rc, RKNPU_DPU_LUT_INFO,
		     REG_FIELD(RKNPU_DPU_LUT_INFO_LE_SELECT, LUT_SELECT) |
		     REG_FIELD(RKNPU_DPU_LUT_INFO_LO_SELECT, LUT_SELECT));
	regcmd_write(rc, RKNPU_DPU_LUT_LE_START, (uint32_t)-LUT_SPAN);
	regcmd_write(rc, RKNPU_DPU_LUT_LE_END, 0);
	regcmd_write(rc, RKNPU_DPU_LUT_LO_START, 0);
	regcmd_write(rc, RKNPU_DPU_LUT_LO_END, LUT_SPAN);
}

/* ---- a task -------------------------------------------------------------------- */

static unsigned int prec_bytes(uint32_t prec)
{
	if (prec == RKNPU_PREC_INT8)
		return 1;
	return prec == RKNPU_PREC_INT16 || prec == RKNPU_PREC_FP16 ? 2 : 4;
}

static bool is_float(const struct eltwise_task *t)
{
	return t->in_prec == RKNPU_PREC_FP16;
}

static void size_words(struct regcmd *rc, const struct eltwise_task *t)
{
	unsigned int plane = t->width * t->height, size_e = prec_bytes(t->out_prec) - 1;
	uint32_t channels = t->channels - 1;

	regcmd_write(rc, RKNPU_DPU_FEATURE_MODE_CFG,
		     REG_FIELD(RKNPU_DPU_FEATURE_MODE_CFG_BURST, DPU_BURST) |
		     REG_FIELD(RKNPU_DPU_FEATURE_MODE_CFG_OUTPUT, DPU_OUTPUT_MEMORY) |
		     RKNPU_DPU_FEATURE_MODE_CFG_FLYING);
	regcmd_write(rc, RKNPU_DPU_DATA_FORMAT,
		     REG_FIELD(RKNPU_DPU_DATA_FORMAT_OUT_PREC, t->out_prec) |
		     REG_FIELD(RKNPU_DPU_DATA_FORMAT_IN_PREC, t->in_prec) |
		     REG_FIELD(RKNPU_DPU_DATA_FORMAT_PROC_PREC, t->in_prec));
	regcmd_write(rc, RKNPU_DPU_DST_BASE_ADDR, t->out);
	regcmd_write(rc, RKNPU_DPU_DST_SURF_STRIDE, REG_FIELD(RKNPU_DPU_DST_SURF_STRIDE_MASK, plane));
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_WIDTH, t->width - 1);
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_HEIGHT, t->height - 1);
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_NOTCH, 0);
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_CHANNEL,
		     REG_FIELD(RKNPU_DPU_DATA_CUBE_CHANNEL_ORIG, channels) |
		     REG_FIELD(RKNPU_DPU_DATA_CUBE_CHANNEL_PADDED, channels));
	regcmd_write(rc, RKNPU_DPU_BS_OW_CFG,
		     REG_FIELD(RKNPU_DPU_BS_OW_CFG_SIZE_E_0, size_e) |
		     REG_FIELD(RKNPU_DPU_BS_OW_CFG_SIZE_E_1, size_e) |
		     REG_FIELD(RKNPU_DPU_BS_OW_CFG_SIZE_E_2, size_e) | RKNPU_DPU_BS_OW_CFG_OD_BYPASS);
	regcmd_write(rc, RKNPU_DPU_BS_OW_OP, 0);
	regcmd_write(rc, RKNPU_DPU_WDMA_SIZE0, REG_FIELD(RKNPU_DPU_WDMA_SIZE0_CHANNEL, channels));
	regcmd_write(rc, RKNPU_DPU_WDMA_SIZE1,
		     REG_FIELD(RKNPU_DPU_WDMA_SIZE1_HEIGHT, t->height - 1) |
		     REG_FIELD(RKNPU_DPU_WDMA_SIZE1_WIDTH, t->width - 1));
	regcmd_write(rc, RKNPU_DPU_SURFACE_ADD, REG_FIELD(RKNPU_DPU_SURFACE_ADD_MASK, plane * (size_e + 1)));
}

static void stage_words(struct regcmd *rc, const struct eltwise_task *t)
{
	uint16_t mul = t->lut ? t->lut->index_scale : t->mul;
	uint32_t add = t->lut ? 0 : t->add;

	regcmd_write(rc, RKNPU_DPU_BS_CFG, REGCMD_STAGE_BYPASS);
	regcmd_write(rc, RKNPU_DPU_BN_CFG,
		     mul ? REG_FIELD(RKNPU_DPU_STAGE_CFG_ALU_ALGO, STAGE_ADD) | RKNPU_DPU_STAGE_CFG_RELU_BYPASS
			 : REGCMD_STAGE_BYPASS);
	regcmd_write(rc, RKNPU_DPU_BN_ALU_CFG, add);
	regcmd_write(rc, RKNPU_DPU_BN_MUL_CFG, REG_FIELD(RKNPU_DPU_STAGE_MUL_OPERAND, mul));
	regcmd_write(rc, RKNPU_DPU_BN_RELUX_CMP, 0);
}

/* The field with the width of operands: 1 for 8 bits, 2 for 16, 3 for 32 */
static uint32_t size_field(const struct eltwise_task *t)
{
	unsigned int bytes = prec_bytes(t->in_prec);

	return bytes == 4 ? 3 : bytes;
}

static uint32_t ew_op(const struct eltwise_task *t)
{
	static const uint32_t algo[] = {
		[ELTWISE_ADD] = RKNPU_EW_ALU_ADD, [ELTWISE_SUB] = RKNPU_EW_ALU_SUB,
		[ELTWISE_MAX] = RKNPU_EW_ALU_MAX, [ELTWISE_MIN] = RKNPU_EW_ALU_MIN,
		[ELTWISE_DIV] = RKNPU_EW_ALU_DIV, [ELTWISE_ABS] = RKNPU_EW_ALU_ABS,
		[ELTWISE_NEG] = RKNPU_EW_ALU_NEG, [ELTWISE_FLOOR] = RKNPU_EW_ALU_FLOOR,
		[ELTWISE_CEIL] = RKNPU_EW_ALU_CEIL,
	};
	uint32_t cfg = RKNPU_DPU_EW_CFG_OP_SRC | REG_FIELD(RKNPU_DPU_EW_CFG_DATA_MODE, ONE_PER_ELEMENT) |
		       REG_FIELD(RKNPU_DPU_EW_CFG_DATA_SIZE, size_field(t));

	/* Float sums need the converter, float products and quotients hang or fail with it */
	if (t->op == ELTWISE_MUL || t->op == ELTWISE_DIV || !is_float(t))
		cfg |= RKNPU_DPU_EW_CFG_OP_CVT_BYPASS;
	if (t->op == ELTWISE_MUL)
		return cfg | RKNPU_DPU_EW_CFG_OP_MUL;
	return cfg | REG_FIELD(RKNPU_DPU_EW_CFG_ALU_ALGO, algo[t->op]);
}

static void ew_words(struct regcmd *rc, const struct eltwise_task *t)
{
	uint32_t cfg = t->op ? ew_op(t) : RKNPU_DPU_EW_CFG_OP_BYPASS | RKNPU_DPU_EW_CFG_OP_CVT_BYPASS;

	cfg |= t->lut ? 0 : RKNPU_DPU_EW_CFG_LUT_BYPASS;
	cfg |= t->relu ? 0 : RKNPU_DPU_EW_CFG_RELU_BYPASS;
	cfg |= t->relu && t->cap ? RKNPU_DPU_EW_CFG_RELUX : 0;
	regcmd_write(rc, RKNPU_DPU_EW_CFG, cfg);
	regcmd_write(rc, RKNPU_DPU_EW_CVT_OFFSET, 0);
	regcmd_write(rc, RKNPU_DPU_EW_CVT_SCALE, REG_FIELD(RKNPU_DPU_EW_CVT_SCALE_SCALE, 1));
	regcmd_write(rc, RKNPU_DPU_EW_RELUX_CMP, t->cap);
	if (t->lut)
		lut_words(rc, t);
}

static void convert_words(struct regcmd *rc, const struct eltwise_task *t)
{
	int32_t offset = t->lut ? t->lut->offset : t->offset;
	unsigned int minus_exp = t->lut ? t->lut->minus_exp : 0;

	regcmd_write(rc, RKNPU_DPU_OUT_CVT_OFFSET, (uint32_t)offset);
	regcmd_write(rc, RKNPU_DPU_OUT_CVT_SCALE,
		     REG_FIELD(RKNPU_DPU_OUT_CVT_SCALE_SCALE, t->scale ? t->scale : 1) |
		     (t->out_prec == RKNPU_PREC_FP16 ? RKNPU_DPU_OUT_CVT_SCALE_FP32TOFP16 : 0));
	regcmd_write(rc, RKNPU_DPU_OUT_CVT_SHIFT,
		     REG_FIELD(RKNPU_DPU_OUT_CVT_SHIFT_SHIFT, t->shift) |
		     REG_FIELD(RKNPU_DPU_OUT_CVT_SHIFT_MINUS_EXP, minus_exp) |
		     (t->lut ? RKNPU_DPU_OUT_CVT_SHIFT_TYPE : 0));
}

static void rdma_words(struct regcmd *rc, const struct eltwise_task *t)
{
	regcmd_write(rc, RKNPU_DPU_RDMA_DATA_CUBE_WIDTH, t->width - 1);
	regcmd_write(rc, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, t->height - 1);
	regcmd_write(rc, RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL, t->channels - 1);
	regcmd_write(rc, RKNPU_DPU_RDMA_SRC_BASE_ADDR, t->in);
	regcmd_write(rc, RKNPU_DPU_RDMA_ERDMA_CFG,
		     REG_FIELD(RKNPU_DPU_RDMA_ERDMA_CFG_DATA_MODE, ONE_PER_ELEMENT) |
		     REG_FIELD(RKNPU_DPU_RDMA_ERDMA_CFG_DATA_SIZE, size_field(t)) |
		     (t->op ? 0 : RKNPU_DPU_RDMA_ERDMA_CFG_DISABLE));
	regcmd_write(rc, RKNPU_DPU_RDMA_EW_BASE_ADDR, t->op ? t->second : 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_EW_SURF_STRIDE,
		     REG_FIELD(RKNPU_DPU_RDMA_EW_SURF_STRIDE_MASK, t->width * t->height));
	regcmd_write(rc, RKNPU_DPU_RDMA_SRC_DMA_CFG, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_SURF_NOTCH, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_EW_SURF_NOTCH, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_FEATURE_MODE_CFG,
		     REG_FIELD(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_IN_PREC, t->in_prec) |
		     REG_FIELD(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_PROC_PREC, t->in_prec) |
		     REG_FIELD(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_BURST, DPU_BURST) |
		     (is_float(t) && t->op != ELTWISE_DIV ? RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FP16TOFP32 : 0) |
		     RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FLYING);
}

void eltwise_segment(struct regcmd *rc, const struct eltwise_task *t)
{
	regcmd_write(rc, RKNPU_DPU_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	regcmd_write(rc, RKNPU_DPU_RDMA_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	size_words(rc, t);
	stage_words(rc, t);
	ew_words(rc, t);
	convert_words(rc, t);
	rdma_words(rc, t);
}
