// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: EW. First the lookup table, then an operation with a second cube or with
 * one number, then ReLU [seen: client programs].
 *
 * Integer operations are exact and saturate; a 32-bit multiplication takes only
 * the low 16 bits of its operand [seen: rockchip-npu-notes]. Floats are fp32.
 */
#include <math.h>
#include <stdlib.h>

#include "dpu_priv.h"

/* Values of fields */
#define SIZE_4			0
#define SIZE_8			1
#define SIZE_16			2
#define SIZE_32			3

#define EW_KNOWN		(RKNPU_DPU_EW_CFG_BYPASS | RKNPU_DPU_EW_CFG_OP_BYPASS | \
				 RKNPU_DPU_EW_CFG_OP_MUL | RKNPU_DPU_EW_CFG_PRELU | \
				 RKNPU_DPU_EW_CFG_OP_SRC | RKNPU_DPU_EW_CFG_LUT_BYPASS | \
				 RKNPU_DPU_EW_CFG_OP_CVT_BYPASS | RKNPU_DPU_EW_CFG_RELU_BYPASS | \
				 RKNPU_DPU_EW_CFG_RELUX | RKNPU_DPU_EW_CFG_ALU_ALGO | \
				 RKNPU_DPU_EW_CFG_BINARY_EN | RKNPU_DPU_EW_CFG_EQUAL_EN | \
				 RKNPU_DPU_EW_CFG_DATA_SIZE | RKNPU_DPU_EW_CFG_DATA_MODE | \
				 RKNPU_DPU_EW_CFG_CVT_ROUND | RKNPU_DPU_EW_CFG_CVT_TYPE)

/* ---- set-up -------------------------------------------------------------- */

static enum twin_compute_status op_parse(const struct task *t, const struct dpu *dpu, struct ew *ew)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_EW_CFG);

	ew->mul = cfg & RKNPU_DPU_EW_CFG_OP_MUL;
	ew->op = field_get(RKNPU_DPU_EW_CFG_ALU_ALGO, cfg);
	ew->prelu = cfg & RKNPU_DPU_EW_CFG_PRELU;
	if (cfg & RKNPU_DPU_EW_CFG_BINARY_EN)
		return refuse(t, RKNPU_DPU_EW_CFG, "binary comparison");
	/* Maximum and minimum are the same with or without it [seen: rockchip-npu-notes, client programs] */
	if (cfg & RKNPU_DPU_EW_CFG_EQUAL_EN && (ew->mul || ew->op > RKNPU_EW_ALU_MIN))
		return refuse(t, RKNPU_DPU_EW_CFG, "comparison for equality");
	if (ew->prelu && (!ew->mul || !dpu->is_float))
		return refuse(t, RKNPU_DPU_EW_CFG, "PReLU other than a multiplication of floats");
	if (ew->mul)
		return TWIN_COMPUTE_OK;
	if (ew->op > RKNPU_EW_ALU_CEIL)
		return refuse(t, RKNPU_DPU_EW_CFG, "unknown operation");
	if (!dpu->is_float && ew->op != RKNPU_EW_ALU_MAX && ew->op != RKNPU_EW_ALU_MIN &&
	    ew->op != RKNPU_EW_ALU_ADD && ew->op != RKNPU_EW_ALU_SUB)
		return refuse(t, RKNPU_DPU_EW_CFG, "operation that is not known for integers");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status convert_parse(const struct task *t, const struct dpu *dpu,
					      struct ew *ew)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_EW_CFG), scale = reg_read(t, RKNPU_DPU_EW_CVT_SCALE);
	bool live = !(cfg & RKNPU_DPU_EW_CFG_OP_CVT_BYPASS);

	/* Multiplying with conversion hangs, adding fp16 without it gives wrong sums [seen: rockchip-npu-notes] */
	if (dpu->is_float && ew->memory && ew->mul && live)
		return refuse(t, RKNPU_DPU_EW_CFG, "float multiplication with operand conversion");
	if (dpu->is_float && ew->memory && !ew->mul && ew->op == RKNPU_EW_ALU_ADD && !live &&
	    ew->operand.precision != RKNPU_PREC_FP32)
		return refuse(t, RKNPU_DPU_EW_CFG, "float addition without operand conversion");
	ew->convert = live && !dpu->is_float;
	if (!ew->convert)
		return TWIN_COMPUTE_OK;
	ew->offset = (int32_t)reg_read(t, RKNPU_DPU_EW_CVT_OFFSET);
	ew->scale = (int16_t)field_get(RKNPU_DPU_EW_CVT_SCALE_SCALE, scale);
	ew->shift = field_get(RKNPU_DPU_EW_CVT_SCALE_SHIFT, scale);
	ew->half_away = cfg & RKNPU_DPU_EW_CFG_CVT_ROUND;
	if (!ew->scale)
		return refuse(t, RKNPU_DPU_EW_CVT_SCALE, "operand conversion with scale 0");
	/* Only the order "add, then scale" is known */
	if (ew->offset && !(cfg & RKNPU_DPU_EW_CFG_CVT_TYPE))
		return refuse(t, RKNPU_DPU_EW_CFG, "operand conversion of type 0 with an offset");
	return TWIN_COMPUTE_OK;
}

static bool operand_init(const struct dpu *dpu, uint32_t size, struct element *operand)
{
	switch (size) {
	case SIZE_8:
		return !dpu->is_float && element_init(operand, RKNPU_PREC_INT8);
	case SIZE_16:
		if (dpu->is_float && dpu->processing == RKNPU_PREC_BF16)
			return element_init(operand, RKNPU_PREC_BF16);
		return element_init(operand, dpu->is_float ? RKNPU_PREC_FP16 : RKNPU_PREC_INT16);
	case SIZE_32:
		return element_init(operand, dpu->is_float ? RKNPU_PREC_FP32 : RKNPU_PREC_INT32);
	default:
		return false;
	}
}

/*
 * With a size of 4 bits, the register's operand is as wide as the data it is applied to: for "maximum with -0.5"
 * the register holds -0.5 as fp32, or a quantized 32-bit number [seen: streams of rknn-toolkit2, its simulator].
 * Clients that leave it 0 want "maximum with 0" or no operation; both give the results they check for [seen: client
 * programs].
 */
static enum twin_compute_status wide_parse(const struct dpu *dpu, struct ew *ew)
{
	element_init(&ew->operand, dpu->is_float ? RKNPU_PREC_FP32 : RKNPU_PREC_INT32);
	return TWIN_COMPUTE_OK;
}

/* For an operand from memory, ERDMA's size counts: clients leave EW's own size 0 [seen: streams of rknn-toolkit2] */
static enum twin_compute_status operand_parse(const struct task *t, uint32_t enable,
					      const struct dpu *dpu, struct ew *ew)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_EW_CFG);
	uint32_t size = field_get(RKNPU_DPU_EW_CFG_DATA_SIZE, cfg), erdma_size;

	ew->memory = cfg & RKNPU_DPU_EW_CFG_OP_SRC;
	ew->mode = field_get(RKNPU_DPU_EW_CFG_DATA_MODE, cfg);
	ew->operand_bits = reg_read(t, RKNPU_DPU_EW_OP_VALUE_0);
	if (!ew->memory && size == SIZE_4)
		return wide_parse(dpu, ew);
	if (ew->memory && !(enable & RKNPU_ENABLE_DPU_RDMA))
		return refuse(t, RKNPU_DPU_EW_CFG, "operand from memory without DPU_RDMA");
	if (ew->memory) {
		erdma_size = reg_field(t, RKNPU_DPU_RDMA_ERDMA_CFG, RKNPU_DPU_RDMA_ERDMA_CFG_DATA_SIZE);
		if (size != SIZE_4 && size != erdma_size)
			return refuse(t, RKNPU_DPU_RDMA_ERDMA_CFG, "size of the operand differs from EW's");
		size = erdma_size;
	}
	if (!operand_init(dpu, size, &ew->operand))
		return refuse(t, RKNPU_DPU_EW_CFG, "operand of this size");
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status ew_parse(const struct task *t, uint32_t enable, struct dpu *dpu)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_EW_CFG);
	enum twin_compute_status status = TWIN_COMPUTE_OK;
	struct ew *ew = &dpu->ew;

	/* Unlike with BS and BN, nothing is known about EW_CFG = 0 */
	if (!cfg)
		return refuse(t, RKNPU_DPU_EW_CFG, "word 0");
	if (cfg & RKNPU_DPU_EW_CFG_BYPASS)
		return TWIN_COMPUTE_OK;
	if (cfg & ~EW_KNOWN)
		return refuse(t, RKNPU_DPU_EW_CFG, "unknown bits");
	ew->lut = !(cfg & RKNPU_DPU_EW_CFG_LUT_BYPASS);
	ew->operate = !(cfg & RKNPU_DPU_EW_CFG_OP_BYPASS);
	ew->relu = !(cfg & RKNPU_DPU_EW_CFG_RELU_BYPASS);
	ew->relux = cfg & RKNPU_DPU_EW_CFG_RELUX;
	ew->cap = reg_read(t, RKNPU_DPU_EW_RELUX_CMP);
	ew->active = ew->lut || ew->operate || ew->relu;
	if (ew->relux && !ew->relu)
		return refuse(t, RKNPU_DPU_EW_CFG, "RELUX without ReLU");
	if (ew->lut)
		status = lut_parse(t, &dpu->lut);
	if (!ew->operate || status != TWIN_COMPUTE_OK)
		return status;
	status = op_parse(t, dpu, ew);
	if (status == TWIN_COMPUTE_OK)
		status = operand_parse(t, enable, dpu, ew);
	if (status == TWIN_COMPUTE_OK)
		status = convert_parse(t, dpu, ew);
	return status;
}

/* ---- operations; each has a loop of its own, for the vectoriser ----------- */

#define EACH(expression)					\
	do {							\
		for (size_t i = 0; i < count; i++) {		\
			const __typeof__(x[0]) a = x[i], b = y[i];	\
			x[i] = (expression);			\
			(void)b;				\
		}						\
	} while (0)

static void operate_float(const struct ew *ew, float *x, const float *y, size_t count)
{
	if (ew->mul && ew->prelu)
		EACH(a * (a < 0 ? b : 1));
	else if (ew->mul)
		EACH(a * b);
	else if (ew->op == RKNPU_EW_ALU_MAX)
		EACH(a > b ? a : b);
	else if (ew->op == RKNPU_EW_ALU_MIN)
		EACH(a < b ? a : b);
	else if (ew->op == RKNPU_EW_ALU_ADD)
		EACH(a + b);
	else if (ew->op == RKNPU_EW_ALU_DIV)
		EACH(a / b);
	else if (ew->op == RKNPU_EW_ALU_SUB)
		EACH(a - b);
	else if (ew->op == RKNPU_EW_ALU_ABS)
		EACH(fabsf(a));
	else if (ew->op == RKNPU_EW_ALU_NEG)
		EACH(-a);
	else if (ew->op == RKNPU_EW_ALU_FLOOR)
		EACH(floorf(a));
	else
		EACH(ceilf(a));
}

static void operate_int(const struct ew *ew, int32_t *x, const int32_t *y, size_t count)
{
	if (ew->mul)
		EACH(saturate32((int64_t)a * (int16_t)b));
	else if (ew->op == RKNPU_EW_ALU_MAX)
		EACH(a > b ? a : b);
	else if (ew->op == RKNPU_EW_ALU_MIN)
		EACH(a < b ? a : b);
	else if (ew->op == RKNPU_EW_ALU_ADD)
		EACH(saturate32((int64_t)a + b));
	else
		EACH(saturate32((int64_t)a - b));
}

static void convert(const struct ew *ew, int32_t *y, size_t count)
{
	for (size_t i = 0; i < count; i++)
		y[i] = saturate32(shift_rounded(((int64_t)y[i] + ew->offset) * ew->scale,
						ew->shift, ew->half_away));
}

/* ---- run ------------------------------------------------------------------ */

/* Repeat the register's operand, as wide as the size field says [guess], for every channel of one pixel */
static void fill_operand(const struct ew *ew, struct accumulator *operand)
{
	uint8_t bytes[sizeof(ew->operand_bits)];

	store_le(bytes, ew->operand_bits, sizeof(bytes));
	for (uint32_t c = 0; c < operand->channels; c++)
		element_load(&ew->operand, bytes, 1, 1,
			     operand->is_float ? (void *)(operand->f + c) : (void *)(operand->i + c), 1);
}

/* EW while it runs; @operand: of the operation, with one pixel for all or as many as @acc */
struct ew_loop {
	const struct dpu *dpu;
	struct accumulator *acc, *operand;
};

static void convert_piece(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	const struct ew_loop *l = arg;
	struct accumulator part = cube_part(l->operand, first, count);

	(void)thread;
	for (uint32_t p = 0; p < part.pixels; p++)
		convert(&l->dpu->ew, part.i + (size_t)p * part.pitch, part.channels);
}

static void operate_piece(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	const struct ew_loop *l = arg;
	bool one = l->operand->pixels == 1;
	struct accumulator part = cube_part(l->acc, first, count);
	struct accumulator other = cube_part(l->operand, one ? 0 : first, one ? 1 : count);

	(void)thread;
	for (uint32_t p = 0; p < part.pixels; p++) {
		size_t at = (size_t)p * part.pitch, other_at = one ? 0 : at;

		if (part.is_float)
			operate_float(&l->dpu->ew, part.f + at, other.f + other_at, part.channels);
		else
			operate_int(&l->dpu->ew, part.i + at, other.i + other_at, part.channels);
	}
}

static void lut_piece(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	const struct ew_loop *l = arg;
	struct accumulator part = cube_part(l->acc, first, count);

	(void)thread;
	for (uint32_t p = 0; p < part.pixels; p++) {
		if (part.is_float)
			lut_run(&l->dpu->lut, part.f + (size_t)p * part.pitch, part.channels);
		else
			lut_run_int(&l->dpu->lut, part.i + (size_t)p * part.pitch, part.channels);
	}
}

static void relu_piece(void *arg, unsigned int thread, uint32_t first, uint32_t count)
{
	const struct ew_loop *l = arg;
	const struct ew *ew = &l->dpu->ew;
	struct accumulator part = cube_part(l->acc, first, count);

	(void)thread;
	for (uint32_t p = 0; p < part.pixels; p++) {
		size_t at = (size_t)p * part.pitch;

		if (part.is_float)
			relu_float(ew->relux, ew->cap, part.f + at, part.channels);
		else
			relu_int(ew->relux, ew->cap, part.i + at, part.channels);
	}
}

static enum twin_compute_status operate(const struct task *t, const struct dpu *dpu,
					struct accumulator *acc)
{
	const struct cube pixel = { .width = 1, .height = 1, .channels = dpu->cube.channels };
	bool each = dpu->ew.memory && !dpu->rdma.ew_per_channel;
	enum twin_compute_status status = TWIN_COMPUTE_OK;
	struct accumulator operand = { 0 };
	struct ew_loop loop = { .dpu = dpu, .acc = acc, .operand = &operand };

	if (!cube_alloc(&operand, each ? &dpu->cube : &pixel, acc->pitch, acc->is_float))
		return out_of_memory(t);
	if (dpu->ew.memory)
		status = rdma_fetch_ew(t, dpu, &operand);
	else
		fill_operand(&dpu->ew, &operand);
	if (status == TWIN_COMPUTE_OK && dpu->ew.convert)
		status = cube_spread(t, &operand, convert_piece, &loop);
	if (status == TWIN_COMPUTE_OK)
		status = cube_spread(t, acc, operate_piece, &loop);
	free(operand.i);
	return status;
}

enum twin_compute_status ew_run(const struct task *t, const struct dpu *dpu, struct accumulator *acc)
{
	struct ew_loop loop = { .dpu = dpu, .acc = acc };
	enum twin_compute_status status = TWIN_COMPUTE_OK;

	if (dpu->ew.lut)
		status = cube_spread(t, acc, lut_piece, &loop);
	if (status == TWIN_COMPUTE_OK && dpu->ew.operate)
		status = operate(t, dpu, acc);
	if (status == TWIN_COMPUTE_OK && dpu->ew.relu)
		status = cube_spread(t, acc, relu_piece, &loop);
	return status;
}
