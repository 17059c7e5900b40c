// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: CPEND, BS and BN. BS and BN add or subtract, multiply, and clamp. Their
 * operands are the same for all channels, or are read from memory, one per
 * channel. BS adds before it multiplies, BN afterwards [seen: client programs
 * need one order in BS and the other in BN].
 *
 * Integers are kept wide within a stage and saturate once, at its end
 * [seen: rockchip-npu-notes, for BS; guess for BN]. Floats are fp32 throughout.
 */
#include <stdlib.h>

#include "dpu_priv.h"

/* Values of fields */
#define ALGO_ADD		2
#define ALGO_SUBTRACT		4

#define CFG_KNOWN		(RKNPU_DPU_STAGE_CFG_BYPASS | RKNPU_DPU_STAGE_CFG_ALU_BYPASS | \
				 RKNPU_DPU_STAGE_CFG_MUL_BYPASS | RKNPU_DPU_STAGE_CFG_PRELU | \
				 RKNPU_DPU_STAGE_CFG_RELU_BYPASS | RKNPU_DPU_STAGE_CFG_RELUX | \
				 RKNPU_DPU_STAGE_CFG_ALU_SRC | RKNPU_DPU_STAGE_CFG_ALU_ALGO)
#define MUL_KNOWN		(RKNPU_DPU_STAGE_MUL_SRC | RKNPU_DPU_STAGE_MUL_SHIFT | \
				 RKNPU_DPU_STAGE_MUL_OPERAND)

/* ---- set-up -------------------------------------------------------------- */

static enum twin_compute_status cpend_parse(const struct task *t, const struct conv *conv,
					    struct dpu *dpu)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_BS_OW_CFG);
	struct cpend *cpend = &dpu->cpend;

	/* fp16 depthwise programs leave it enabled; the operand has no effect [seen: rockchip-npu-notes] */
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
	s->shift = is_float ? 0 : field_get(RKNPU_DPU_STAGE_MUL_SHIFT, mul);
	s->shift_neg = is_float ? 0 : reg_field(t, RKNPU_DPU_DATA_FORMAT, regs->shift_neg);
	if (!s->mul)
		return TWIN_COMPUTE_OK;
	s->prelu = cfg & RKNPU_DPU_STAGE_CFG_PRELU;
	s->mul_memory = mul & RKNPU_DPU_STAGE_MUL_SRC;
	s->mul_bits = field_get(RKNPU_DPU_STAGE_MUL_OPERAND, mul);
	if (mul & ~MUL_KNOWN)
		return refuse(t, regs->mul, "unknown bits");
	if (is_float && mul & RKNPU_DPU_STAGE_MUL_SHIFT)
		return refuse(t, regs->mul, "shift on the float path");
	if (is_float && reg_field(t, RKNPU_DPU_DATA_FORMAT, regs->shift_neg))
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "shift on the float path");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status stage_parse(const struct task *t, const struct stage_regs *regs,
					    bool is_float, struct stage *s)
{
	uint32_t cfg = reg_read(t, regs->cfg);
	enum twin_compute_status status;

	/* The value 0 passes data through although its bypass bits are clear [seen: clients that never write it] */
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

static bool operands_from_memory(const struct dpu *dpu)
{
	return dpu->bs.alu_memory || dpu->bs.mul_memory || dpu->cpend.memory ||
	       dpu->bn.alu_memory || dpu->bn.mul_memory;
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
	if (status == TWIN_COMPUTE_OK && !(enable & RKNPU_ENABLE_DPU_RDMA) && operands_from_memory(dpu))
		return refuse(t, RKNPU_DPU_BS_CFG, "operands from memory without DPU_RDMA");
	return status;
}

/* ---- operands ------------------------------------------------------------ */

static void operands_free(struct operands *o)
{
	free(o->alu_i);
	free(o->mul_i);
	free(o->pend);
}

/* Factors are bf16 if that is what the DPU processes, fp16 otherwise [seen: streams of rknn-toolkit2] */
static float factor_of(const struct dpu *dpu, uint32_t bits)
{
	if (dpu->processing == RKNPU_PREC_BF16)
		return float_from_bits(bits << 16);
	return fp16_to_float((uint16_t)bits);
}

/* Allocate operands and fill them with those from registers, repeated for each channel */
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
			o->mul_f[c] = factor_of(dpu, s->mul_bits);
		} else {
			o->alu_i[c] = (int32_t)s->alu_bits;
			o->mul_i[c] = (int16_t)s->mul_bits;
		}
	}
	return true;
}

/* Overwrite the operands that come from memory, where the vectors of eight channels follow one another */
static void operands_load(const struct dpu *dpu, const struct stage *s, const struct vector *vector,
			  bool pend, const uint8_t *bytes, struct operands *o)
{
	uint32_t record = vector_bytes(vector), pend_at = vector->alu ? 4 * VECTOR_CHANNELS : 0;
	uint32_t mul_at = pend_at + (vector->pend ? 2 * VECTOR_CHANNELS : 0);

	for (uint32_t c = 0; c < dpu->cube.channels; c++) {
		const uint8_t *from = bytes + c / VECTOR_CHANNELS * record;
		uint32_t lane = c % VECTOR_CHANNELS, alu = s->alu_memory ? load_le(from + 4 * lane, 4) : 0;
		uint16_t mul = (uint16_t)(s->mul_memory ? load_le(from + mul_at + 2 * lane, 2) : 0);

		if (s->alu_memory && dpu->is_float)
			o->alu_f[c] = float_from_bits(alu);
		else if (s->alu_memory)
			o->alu_i[c] = (int32_t)alu;
		if (pend)
			o->pend[c] = (int16_t)load_le(from + pend_at + 2 * lane, 2);
		if (s->mul_memory && dpu->is_float)
			o->mul_f[c] = factor_of(dpu, mul);
		else if (s->mul_memory)
			o->mul_i[c] = (int16_t)mul;
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

/* NaN passes ReLU and becomes the cap: comparisons that use 0 * Inf rely on it [seen: client programs] */
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

static void wide_mul(const struct stage *s, const struct operands *o, int64_t *x, uint32_t count)
{
	for (uint32_t c = 0; c < count; c++)
		x[c] = s->prelu && x[c] >= 0 ? x[c] : x[c] * o->mul_i[c];
}

/*
 * The sign selects the shift, and without a shift nothing is rounded
 * [seen: rockchip-npu-notes, for BS]. The shift comes last: also after BN's ALU,
 * whose operands are in units of the product, and also if the multiplier is
 * bypassed [seen: streams of rknn-toolkit2, its simulator]. Values that PReLU
 * passes unchanged are not shifted [guess].
 */
static void wide_shift(const struct stage *s, int64_t *x, uint32_t count)
{
	for (uint32_t c = 0; c < count; c++)
		if (!s->prelu || x[c] < 0)
			x[c] = shift_rounded(x[c], x[c] < 0 ? s->shift_neg : s->shift, false);
}

static void wide_stage(const struct stage *s, const struct operands *o, int64_t *x, uint32_t count)
{
	if (s->alu && s->alu_first)
		wide_alu(s, o, x, count);
	if (s->mul)
		wide_mul(s, o, x, count);
	if (s->alu && !s->alu_first)
		wide_alu(s, o, x, count);
	if (s->shift || s->shift_neg)
		wide_shift(s, x, count);
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

/* @cpend: the stage before BS, of the same width; NULL for BN */
static enum twin_compute_status stage_operands(const struct task *t, const struct dpu *dpu,
					       const struct stage *s, const struct cpend *cpend,
					       struct operands *o)
{
	const struct vector *vector = cpend ? &dpu->rdma.bs : &dpu->rdma.bn;
	enum twin_compute_status status = TWIN_COMPUTE_OK;
	bool pend = cpend && cpend->memory;
	uint8_t *bytes = NULL;

	if (!operands_alloc(dpu, s, o))
		return out_of_memory(t);
	if (!s->alu_memory && !s->mul_memory && !pend)
		return TWIN_COMPUTE_OK;
	status = rdma_fetch_vector(t, vector, dpu->cube.channels, &bytes);
	if (status == TWIN_COMPUTE_OK)
		operands_load(dpu, s, vector, pend, bytes, o);
	free(bytes);
	return status;
}

/* A stage while it runs */
struct stage_loop {
	const struct stage *stage;
	const struct operands *operands;
	bool pend;
	struct accumulator *acc;
	int64_t *wide;			/* a row of channels for each thread */
};

static void run_piece(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	const struct stage_loop *l = arg;
	struct accumulator part = cube_part(l->acc, first, count);

	if (part.is_float)
		run_float(l->stage, l->operands, &part);
	else
		run_int(l->stage, l->operands, l->pend, &part, l->wide + (size_t)thread * part.channels);
}

static enum twin_compute_status stage_run(const struct task *t, const struct dpu *dpu,
					  const struct stage *s, const struct cpend *cpend,
					  struct accumulator *acc)
{
	bool pend = cpend && cpend->active;
	enum twin_compute_status status;
	struct operands o = { 0 };
	struct stage_loop loop = { .stage = s, .operands = &o, .pend = pend, .acc = acc };

	if (!s->active && !pend)
		return TWIN_COMPUTE_OK;
	status = stage_operands(t, dpu, s, cpend, &o);
	loop.wide = malloc((size_t)cube_threads(t, acc) * acc->channels * sizeof(*loop.wide));
	if (!loop.wide)
		status = out_of_memory(t);
	if (status == TWIN_COMPUTE_OK)
		status = cube_spread(t, acc, run_piece, &loop);
	operands_free(&o);
	free(loop.wide);
	return status;
}

enum twin_compute_status stages_run(const struct task *t, const struct dpu *dpu,
				    struct accumulator *acc)
{
	enum twin_compute_status status = stage_run(t, dpu, &dpu->bs, &dpu->cpend, acc);

	if (status == TWIN_COMPUTE_OK)
		status = stage_run(t, dpu, &dpu->bn, NULL, acc);
	return status;
}
