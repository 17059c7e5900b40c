// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: CPEND, BS and BN. Both stages add or subtract, multiply, and clamp, with
 * operands that are the same for all channels or, for BS, one per channel from
 * memory. BS adds before it multiplies, BN after [seen: client programs need
 * one order in one stage and the other in the other].
 *
 * Integers are kept wide within a stage and saturate once, at its end
 * [seen: rockchip-npu-notes, for BS; guess for BN]. Floats are fp32 throughout.
 */
#include <stdlib.h>

#include "dpu_priv.h"

/* Values of fields */
#define ALGO_ADD		2
#define ALGO_SUBTRACT		4
#define USE_ALU			1
#define USE_RECORDS		7

#define CFG_KNOWN		(RKNPU_DPU_STAGE_CFG_BYPASS | RKNPU_DPU_STAGE_CFG_ALU_BYPASS | \
				 RKNPU_DPU_STAGE_CFG_MUL_BYPASS | RKNPU_DPU_STAGE_CFG_PRELU | \
				 RKNPU_DPU_STAGE_CFG_RELU_BYPASS | RKNPU_DPU_STAGE_CFG_RELUX | \
				 RKNPU_DPU_STAGE_CFG_ALU_SRC | RKNPU_DPU_STAGE_CFG_ALU_ALGO)
#define MUL_KNOWN		(RKNPU_DPU_STAGE_MUL_SRC | RKNPU_DPU_STAGE_MUL_SHIFT | \
				 RKNPU_DPU_STAGE_MUL_OPERAND)

/* Within a record of eight channels: int32 ALU[8], int16 CPEND[8], int16 MUL[8] [seen: rockchip-npu-notes] */
#define RECORD_PEND		32
#define RECORD_MUL		48

/* ---- set-up -------------------------------------------------------------- */

static enum twin_compute_status cpend_parse(const struct task *t, const struct conv *conv,
					    struct dpu *dpu)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_BS_OW_CFG);
	struct cpend *cpend = &dpu->cpend;

	/* fp16 depthwise programs leave it on, with an operand that does nothing [seen: rockchip-npu-notes] */
	if (cfg & RKNPU_DPU_BS_OW_CFG_OD_BYPASS || dpu->is_float)
		return TWIN_COMPUTE_OK;
	cpend->memory = cfg & RKNPU_DPU_BS_OW_CFG_OW_SRC;
	cpend->operand = (int16_t)reg_field(t, RKNPU_DPU_BS_OW_OP, RKNPU_DPU_BS_OW_OP_OPERAND);
	cpend->active = cpend->memory || cpend->operand;
	if (cpend->active && !(conv && conv->window_sums))
		return refuse(t, RKNPU_DPU_BS_OW_CFG, "weight zero point without window sums");
	return TWIN_COMPUTE_OK;
}

struct stage_regs {
	uint32_t cfg, alu, mul, cap, shift_neg;
};

static enum twin_compute_status alu_parse(const struct task *t, const struct stage_regs *regs,
					  struct stage *s)
{
	uint32_t cfg = reg_read(t, regs->cfg);
	uint32_t algo = field_get(RKNPU_DPU_STAGE_CFG_ALU_ALGO, cfg);

	s->alu = !(cfg & RKNPU_DPU_STAGE_CFG_ALU_BYPASS);
	s->alu_memory = s->alu && cfg & RKNPU_DPU_STAGE_CFG_ALU_SRC;
	s->subtract = algo == ALGO_SUBTRACT;
	s->alu_bits = reg_read(t, regs->alu);
	if (s->alu && algo != ALGO_ADD && algo != ALGO_SUBTRACT)
		return refuse(t, regs->cfg, "ALU operation other than add and subtract");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status mul_parse(const struct task *t, const struct stage_regs *regs,
					  bool is_float, struct stage *s)
{
	uint32_t cfg = reg_read(t, regs->cfg), mul = reg_read(t, regs->mul);

	s->mul = !(cfg & RKNPU_DPU_STAGE_CFG_MUL_BYPASS);
	if (!s->mul)
		return TWIN_COMPUTE_OK;
	s->prelu = cfg & RKNPU_DPU_STAGE_CFG_PRELU;
	s->mul_memory = mul & RKNPU_DPU_STAGE_MUL_SRC;
	s->mul_bits = field_get(RKNPU_DPU_STAGE_MUL_OPERAND, mul);
	s->shift = field_get(RKNPU_DPU_STAGE_MUL_SHIFT, mul);
	s->shift_neg = reg_field(t, RKNPU_DPU_DATA_FORMAT, regs->shift_neg);
	if (mul & ~MUL_KNOWN)
		return refuse(t, regs->mul, "unknown bits");
	if (is_float && s->shift)
		return refuse(t, regs->mul, "shift on the float path");
	if (is_float && s->shift_neg)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "shift on the float path");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status stage_parse(const struct task *t, const struct stage_regs *regs,
					    bool is_float, struct stage *s)
{
	uint32_t cfg = reg_read(t, regs->cfg);
	enum twin_compute_status status;

	/* The word 0 passes data through although its bypass bits say otherwise [seen: clients that never write it] */
	if (!cfg || cfg & RKNPU_DPU_STAGE_CFG_BYPASS)
		return TWIN_COMPUTE_OK;
	if (cfg & ~CFG_KNOWN)
		return refuse(t, regs->cfg, "unknown bits");
	s->relu = !(cfg & RKNPU_DPU_STAGE_CFG_RELU_BYPASS);
	s->relux = cfg & RKNPU_DPU_STAGE_CFG_RELUX;
	s->cap = reg_read(t, regs->cap);
	if (s->relux && !s->relu)
		return refuse(t, regs->cfg, "RELUX without ReLU");
	status = alu_parse(t, regs, s);
	if (status == TWIN_COMPUTE_OK)
		status = mul_parse(t, regs, is_float, s);
	s->active = s->alu || s->mul || s->relu;
	return status;
}

/* What BRDMA has to deliver */
static enum twin_compute_status memory_parse(const struct task *t, uint32_t enable, struct dpu *dpu)
{
	bool records = dpu->bs.mul_memory || dpu->cpend.memory;
	uint32_t use;

	dpu->bs_operands = dpu->bs.alu_memory || records;
	if (!dpu->bs_operands)
		return TWIN_COMPUTE_OK;
	if (!(enable & RKNPU_ENABLE_DPU_RDMA))
		return refuse(t, RKNPU_DPU_BS_CFG, "operands from memory without DPU_RDMA");
	use = reg_field(t, RKNPU_DPU_RDMA_BRDMA_CFG, RKNPU_DPU_RDMA_BRDMA_CFG_DATA_USE);
	if (use == USE_ALU && records)
		return refuse(t, RKNPU_DPU_RDMA_BRDMA_CFG, "no multiplier and CPEND operands are read");
	if (use == USE_RECORDS && dpu->is_float)
		return refuse(t, RKNPU_DPU_RDMA_BRDMA_CFG, "records on the float path");
	if (use != USE_ALU && use != USE_RECORDS)
		return refuse(t, RKNPU_DPU_RDMA_BRDMA_CFG, "layout of per-channel operands");
	dpu->rdma.records = use == USE_RECORDS;
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status stages_parse(const struct task *t, const struct conv *conv,
				      uint32_t enable, struct dpu *dpu)
{
	static const struct stage_regs bs = {
		RKNPU_DPU_BS_CFG, RKNPU_DPU_BS_ALU_CFG, RKNPU_DPU_BS_MUL_CFG,
		RKNPU_DPU_BS_RELUX_CMP, RKNPU_DPU_DATA_FORMAT_BS_SHIFT_NEG,
	};
	static const struct stage_regs bn = {
		RKNPU_DPU_BN_CFG, RKNPU_DPU_BN_ALU_CFG, RKNPU_DPU_BN_MUL_CFG,
		RKNPU_DPU_BN_RELUX_CMP, RKNPU_DPU_DATA_FORMAT_BN_SHIFT_NEG,
	};
	enum twin_compute_status status = cpend_parse(t, conv, dpu);

	dpu->bs.alu_first = true;
	if (status == TWIN_COMPUTE_OK)
		status = stage_parse(t, &bs, dpu->is_float, &dpu->bs);
	if (status == TWIN_COMPUTE_OK)
		status = stage_parse(t, &bn, dpu->is_float, &dpu->bn);
	/* The one program that tried it hung [seen: rockchip-npu-notes] */
	if (status == TWIN_COMPUTE_OK && (dpu->bn.alu_memory || dpu->bn.mul_memory))
		return refuse(t, RKNPU_DPU_BN_CFG, "operands of BN from memory");
	if (status == TWIN_COMPUTE_OK)
		status = memory_parse(t, enable, dpu);
	return status;
}

/* ---- operands ------------------------------------------------------------ */

static void operands_free(struct operands *o)
{
	free(o->alu_i);
	free(o->mul_i);
	free(o->pend);
}

/* The registers' operands, once per channel */
static bool operands_alloc(const struct dpu *dpu, const struct stage *s, struct operands *o)
{
	uint32_t channels = dpu->cube.channels;

	o->alu_i = malloc(channels * sizeof(*o->alu_i));
	o->mul_i = malloc(channels * sizeof(*o->mul_i));
	o->pend = calloc(channels, sizeof(*o->pend));
	if (!o->alu_i || !o->mul_i || !o->pend)
		return false;
	for (uint32_t c = 0; c < channels; c++) {
		o->pend[c] = dpu->cpend.operand;
		if (dpu->is_float) {
			o->alu_f[c] = float_from_bits(s->alu_bits);
			o->mul_f[c] = half_to_float((uint16_t)s->mul_bits);
		} else {
			o->alu_i[c] = (int32_t)s->alu_bits;
			o->mul_i[c] = (int16_t)s->mul_bits;
		}
	}
	return true;
}

/* Overwrites what comes from memory */
static void operands_load(const struct dpu *dpu, const uint8_t *bytes, struct operands *o)
{
	for (uint32_t c = 0; c < dpu->cube.channels; c++) {
		const uint8_t *record = bytes + c / RECORD_CHANNELS * RECORD_BYTES;
		uint32_t lane = c % RECORD_CHANNELS;

		if (dpu->is_float) {
			o->alu_f[c] = float_from_bits(load_le(bytes + 4 * c, 4));
			continue;
		}
		if (!dpu->rdma.records) {
			o->alu_i[c] = (int32_t)load_le(bytes + 4 * c, 4);
			continue;
		}
		if (dpu->bs.alu_memory)
			o->alu_i[c] = (int32_t)load_le(record + 4 * lane, 4);
		if (dpu->cpend.memory)
			o->pend[c] = (int16_t)load_le(record + RECORD_PEND + 2 * lane, 2);
		if (dpu->bs.mul_memory)
			o->mul_i[c] = (int16_t)load_le(record + RECORD_MUL + 2 * lane, 2);
	}
}

/* ---- clamps, shared with EW ---------------------------------------------- */

void relu_int(bool relux, uint32_t cap, int32_t *x, size_t count)
{
	int32_t high = relux ? (int32_t)cap : INT32_MAX;

	for (size_t i = 0; i < count; i++) {
		int32_t low = x[i] < 0 ? 0 : x[i];

		x[i] = low > high ? high : low;
	}
}

/* NaN passes ReLU and becomes the cap: comparisons by way of 0 * Inf rely on it [seen: client programs] */
void relu_float(bool relux, uint32_t cap, float *x, size_t count)
{
	float high = float_from_bits(cap);

	for (size_t i = 0; i < count; i++)
		x[i] = x[i] < 0 ? 0 : x[i];
	if (relux)
		for (size_t i = 0; i < count; i++)
			x[i] = x[i] <= high ? x[i] : high;
}

/* ---- integers: one row of channels at a time, wide ----------------------- */

static void wide_alu(const struct stage *s, const struct operands *o, int64_t *x, uint32_t count)
{
	if (s->subtract)
		for (uint32_t c = 0; c < count; c++)
			x[c] -= o->alu_i[c];
	else
		for (uint32_t c = 0; c < count; c++)
			x[c] += o->alu_i[c];
}

/* The product's sign chooses the shift, and without a shift nothing is rounded [seen: rockchip-npu-notes] */
static void wide_mul(const struct stage *s, const struct operands *o, int64_t *x, uint32_t count)
{
	for (uint32_t c = 0; c < count; c++) {
		int64_t product = x[c] * o->mul_i[c];
		int64_t shifted = shift_rounded(product, product < 0 ? s->shift_neg : s->shift, false);

		x[c] = s->prelu && x[c] >= 0 ? x[c] : shifted;
	}
}

static void wide_stage(const struct stage *s, const struct operands *o, int64_t *x, uint32_t count)
{
	if (s->alu && s->alu_first)
		wide_alu(s, o, x, count);
	if (s->mul)
		wide_mul(s, o, x, count);
	if (s->alu && !s->alu_first)
		wide_alu(s, o, x, count);
}

static void wide_pend(const struct accumulator *acc, const struct operands *o, size_t pixel, int64_t *x)
{
	const int32_t *sums = acc->sums + pixel * acc->sum_channels;

	for (uint32_t c = 0; c < acc->channels; c++)
		x[c] += (int64_t)o->pend[c] * sums[acc->sum_channels == 1 ? 0 : c];
}

static void run_int(const struct stage *s, const struct operands *o, bool pend,
		    struct accumulator *acc, int64_t *wide)
{
	for (uint32_t p = 0; p < acc->pixels; p++) {
		int32_t *x = acc->i + (size_t)p * acc->pitch;

		for (uint32_t c = 0; c < acc->channels; c++)
			wide[c] = x[c];
		if (pend)
			wide_pend(acc, o, p, wide);
		if (s->active)
			wide_stage(s, o, wide, acc->channels);
		for (uint32_t c = 0; c < acc->channels; c++)
			x[c] = saturate32(wide[c]);
		if (s->active && s->relu)
			relu_int(s->relux, s->cap, x, acc->channels);
	}
}

/* ---- floats -------------------------------------------------------------- */

static void float_alu(const struct stage *s, const struct operands *o, float *x, uint32_t count)
{
	if (s->subtract)
		for (uint32_t c = 0; c < count; c++)
			x[c] -= o->alu_f[c];
	else
		for (uint32_t c = 0; c < count; c++)
			x[c] += o->alu_f[c];
}

static void float_mul(const struct stage *s, const struct operands *o, float *x, uint32_t count)
{
	if (s->prelu)
		for (uint32_t c = 0; c < count; c++)
			x[c] *= x[c] < 0 ? o->mul_f[c] : 1;
	else
		for (uint32_t c = 0; c < count; c++)
			x[c] *= o->mul_f[c];
}

static void run_float(const struct stage *s, const struct operands *o, struct accumulator *acc)
{
	for (uint32_t p = 0; p < acc->pixels; p++) {
		float *x = acc->f + (size_t)p * acc->pitch;

		if (s->alu && s->alu_first)
			float_alu(s, o, x, acc->channels);
		if (s->mul)
			float_mul(s, o, x, acc->channels);
		if (s->alu && !s->alu_first)
			float_alu(s, o, x, acc->channels);
		if (s->relu)
			relu_float(s->relux, s->cap, x, acc->channels);
	}
}

/* ---- both ---------------------------------------------------------------- */

/* @pend: CPEND comes before this stage and shares its width */
static enum twin_compute_status stage_run(const struct task *t, const struct dpu *dpu,
					  const struct stage *s, const uint8_t *memory, bool pend,
					  struct accumulator *acc)
{
	enum twin_compute_status status = TWIN_COMPUTE_OK;
	struct operands o = { 0 };
	int64_t *wide;

	if (!s->active && !pend)
		return TWIN_COMPUTE_OK;
	wide = malloc(acc->channels * sizeof(*wide));
	if (!wide || !operands_alloc(dpu, s, &o)) {
		status = out_of_memory(t);
	} else {
		if (memory)
			operands_load(dpu, memory, &o);
		if (acc->is_float)
			run_float(s, &o, acc);
		else
			run_int(s, &o, pend, acc, wide);
	}
	operands_free(&o);
	free(wide);
	return status;
}

enum twin_compute_status stages_run(const struct task *t, const struct dpu *dpu,
				    struct accumulator *acc)
{
	enum twin_compute_status status = TWIN_COMPUTE_OK;
	uint8_t *memory = NULL;

	if (dpu->bs_operands)
		status = rdma_fetch_bs(t, dpu, &memory);
	if (status == TWIN_COMPUTE_OK)
		status = stage_run(t, dpu, &dpu->bs, memory, dpu->cpend.active, acc);
	if (status == TWIN_COMPUTE_OK)
		status = stage_run(t, dpu, &dpu->bn, NULL, false, acc);
	free(memory);
	return status;
}
