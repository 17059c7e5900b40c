/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * A task that only uses the DPU: one or two input cubes, processed element by
 * element to one output cube. The steps for an element are, in this order: scale
 * and shift of BN, a lookup table, an operation with the second cube, ReLU, output
 * conversion.
 *
 * Cubes are NC1HWC2 without gaps, so the output of one task can be the input of
 * another.
 */
#ifndef ELTWISE_H
#define ELTWISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "regcmd.h"

enum eltwise_op {
	ELTWISE_NONE,
	ELTWISE_ADD,
	ELTWISE_SUB,		/* first - second */
	ELTWISE_MUL,
	ELTWISE_MAX,
	ELTWISE_MIN,
	ELTWISE_DIV,		/* floats only, like the following ones, which ignore the values of the second cube */
	ELTWISE_ABS,
	ELTWISE_NEG,
	ELTWISE_FLOOR,
	ELTWISE_CEIL,
};

#define LUT_TABLES	RKNPU_DPU_LUT_TABLES
#define LUT_ENTRIES	RKNPU_DPU_LUT_ENTRIES

/*
 * struct lut - a function of one variable, as two tables
 * @index_scale: fp16 bits; BN multiplies by it, so that a step of the tables is 32
 * @offset, @minus_exp: output conversion from entries to numbers
 */
struct lut {
	int16_t value[LUT_TABLES][LUT_ENTRIES];
	uint16_t index_scale;
	int32_t offset;
	unsigned int minus_exp;
};

/* Builds tables of @f from -@range to @range; its values there must be between @low and @high */
void lut_build(struct lut *l, double (*f)(double), double range, double low, double high);

/*
 * struct eltwise_task - sizes are actual values, addresses are device addresses
 * @in_prec: RKNPU_PREC_INT8, _INT16, _INT32, or _FP16; for both cubes
 * @out_prec: the same, or _FP32 for _FP16
 * @second: address of the second cube; every operation needs one
 * @mul, @add: fp16 bits and fp32 bits: elements become x * mul + add first; not done if @mul is 0.
 *	Float only, and not with @lut
 * @lut: applied before @op, or NULL; float only
 * @upload: write the tables, which stay until overwritten or reset
 * @relu: negative results become 0; those above @cap (int32 or fp32 bits) become @cap unless that is 0
 * @scale, @shift, @offset: as in struct conv_task; integer only
 */
struct eltwise_task {
	uint32_t in_prec, out_prec;
	unsigned int width, height, channels;
	uint32_t in, second, out;
	enum eltwise_op op;
	uint16_t mul;
	uint32_t add;
	const struct lut *lut;
	bool upload;
	bool relu;
	uint32_t cap;
	int scale, offset;
	unsigned int shift;
};

/* Appends one task without its tail, writing every register that it depends on */
void eltwise_segment(struct regcmd *rc, const struct eltwise_task *t);
/* Maximum number of command words of a task, without and with tables */
#define ELTWISE_WORDS		64
#define ELTWISE_LUT_WORDS	(ELTWISE_WORDS + LUT_TABLES * (LUT_ENTRIES + 1))
/* Blocks that take part, and the last one to finish */
#define ELTWISE_ENABLE		(RKNPU_ENABLE_DPU | RKNPU_ENABLE_DPU_RDMA)
#define ELTWISE_INT		RKNPU_INT_DPU

#endif /* ELTWISE_H */
