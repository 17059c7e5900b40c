// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * The mathematics of the stages, for one element: integers as exact numbers
 * that are rounded and saturated where the facts say so, floats as fp32.
 */
#include <math.h>
#include <string.h>

#include "back.h"
#include "number.h"
#include "reference.h"

typedef __int128 wide;

static int32_t saturated(wide value)
{
	return value > INT32_MAX ? INT32_MAX : value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

/* The integer nearest to value / 2^shift */
static wide quotient(wide value, int shift, bool away)
{
	wide divisor = (wide)1 << shift, whole = value / divisor, rest = value - whole * divisor;
	int sign = value < 0 ? -1 : 1;

	rest = rest < 0 ? -rest : rest;
	if (2 * rest > divisor || (2 * rest == divisor && (away || whole % 2)))
		whole += sign;
	return whole;
}

/* ---- BS and BN ----------------------------------------------------------- */

static wide stage_add(const struct back_stage *s, int32_t operand, wide value)
{
	return s->alu == 2 ? value + operand : s->alu == 4 ? value - operand : value;
}

/* PReLU does not change or shift values that are not negative */
static bool multiplies(const struct back_stage *s, wide value)
{
	return s->mul && !(s->prelu && value >= 0);
}

static wide stage_shift(const struct back_stage *s, wide value)
{
	/* A stage with no part enabled does nothing */
	if ((!s->mul && !s->alu && !s->relu) || (s->mul && s->prelu && value >= 0))
		return value;
	return quotient(value, value < 0 ? s->shift_neg : s->shift, false);
}

static int32_t stage_clamp(const struct back_stage *s, wide value)
{
	int32_t result = saturated(value);

	if (s->relu && result < 0)
		result = 0;
	if (s->relux && result > s->cap_int)
		result = s->cap_int;
	return result;
}

static int32_t bs_int(const struct back *b, int c, wide value)
{
	const struct back_stage *s = &b->bs;

	if (!s->on)
		return saturated(value);
	value = stage_add(s, s->alu_memory ? b->alu[c] : s->alu_int, value);
	if (multiplies(s, value))
		value *= s->mul_memory ? b->mul_vector[c] : s->mul_int;
	return stage_clamp(s, stage_shift(s, value));
}

/* The sum is shifted, not the product */
static int32_t bn_int(const struct back *b, int c, wide value)
{
	const struct back_stage *s = &b->bn;

	if (!s->on)
		return (int32_t)value;
	if (multiplies(s, value))
		value *= s->mul_memory ? b->bn_mul_vector[c] : s->mul_int;
	value = stage_add(s, s->alu_memory ? b->bn_alu[c] : s->alu_int, value);
	return stage_clamp(s, stage_shift(s, value));
}

static float add_float(const struct back_stage *s, float operand, float value)
{
	return s->alu == 2 ? value + operand : s->alu == 4 ? value - operand : value;
}

static float multiply_float(const struct back *b, const struct back_stage *s, uint16_t operand, float value)
{
	float factor = b->bf16 ? float_of((uint32_t)operand << 16) : half_value(operand);

	return !s->mul || (s->prelu && !(value < 0)) ? value : value * factor;
}

/* NaN is treated as larger than any cap */
static float clamp_float(bool relu, bool relux, float cap, float value)
{
	if (relu && value < 0)
		value = 0;
	if (relux && (isnan(value) || value > cap))
		value = cap;
	return value;
}

static float stages_float(const struct back *b, int c, float value)
{
	const struct back_stage *bs = &b->bs, *bn = &b->bn;

	if (bs->on) {
		value = add_float(bs, bs->alu_memory ? float_of(b->alu[c]) : bs->alu_float, value);
		value = multiply_float(b, bs, bs->mul_memory ? (uint16_t)b->mul_vector[c] : bs->mul_half, value);
		value = clamp_float(bs->relu, bs->relux, bs->cap_float, value);
	}
	if (bn->on) {
		value = multiply_float(b, bn, bn->mul_memory ? (uint16_t)b->bn_mul_vector[c] : bn->mul_half, value);
		value = add_float(bn, bn->alu_memory ? float_of(b->bn_alu[c]) : bn->alu_float, value);
		value = clamp_float(bn->relu, bn->relux, bn->cap_float, value);
	}
	return value;
}

/* ---- EW -------------------------------------------------------------------- */

/* Interpolates in units of 2^-14 between two entries; continues linearly before the first and after the last table */
static double look_up(const struct back *b, double value)
{
	int which = value < b->lut_start[1] ? 0 : 1;
	double place = (value - b->lut_start[which]) / pow(2, b->lut_select[which]);
	double end = b->lut_start[1] + pow(2, b->lut_select[1]) * (BACK_TABLE - 1);
	const int16_t *table = b->table[which];
	double entry, part;

	if (place <= 0 && which == 0)
		return table[0] + (value - b->lut_start[0]) * b->lut_slope[0] / pow(2, b->lut_slope_shift[0]);
	if (place <= 0 || isnan(place))
		return table[0];
	if (place >= BACK_TABLE - 1 && which == 1)
		return table[BACK_TABLE - 1] +
		       (value - end) * b->lut_slope[1] / pow(2, b->lut_slope_shift[1]);
	if (place >= BACK_TABLE - 1)
		return table[BACK_TABLE - 1];
	entry = floor(place);
	part = rint((place - entry) * 16384);
	return (table[(int)entry] * (16384 - part) + table[(int)entry + 1] * part) / 16384;
}

static uint32_t operand_bits(const struct program *p, int c, int y, int x)
{
	const struct shape *s = &p->shape;

	if (!p->back->operand_memory)
		return p->back->operand_value;
	/* Of all values that were drawn for a channel, the last one stays in memory */
	if (p->back->operand_per_channel) {
		x = s->out_w - 1;
		y = s->out_h - 1;
	}
	return p->back->operand[((size_t)c * s->out_h + y) * s->out_w + x];
}

static float operate_float(const struct back *b, float value, uint32_t bits)
{
	bool wide = !b->operand_size || b->operand_size == 3;
	float operand = wide ? float_of(bits) : b->bf16 ? float_of(bits << 16) : half_value(bits);

	if (b->mul)
		return b->prelu && !(value < 0) ? value : value * operand;
	switch (b->op) {
	case RKNPU_EW_ALU_MAX:
		return value > operand ? value : operand;
	case RKNPU_EW_ALU_MIN:
		return value < operand ? value : operand;
	case RKNPU_EW_ALU_ADD:
		return value + operand;
	case RKNPU_EW_ALU_DIV:
		return value / operand;
	case RKNPU_EW_ALU_SUB:
		return value - operand;
	case RKNPU_EW_ALU_ABS:
		return value < 0 ? -value : value;
	case RKNPU_EW_ALU_NEG:
		return -value;
	case RKNPU_EW_ALU_FLOOR:
		return (float)floor(value);
	default:
		return (float)ceil(value);
	}
}

static int32_t operand_int(const struct back *b, uint32_t bits)
{
	int32_t operand = b->operand_size == 1 ? (int8_t)bits : b->operand_size == 2 ? (int16_t)bits
										    : (int32_t)bits;

	if (!b->convert)
		return operand;
	return saturated(quotient(((wide)operand + b->convert_offset) * b->convert_scale,
				  b->convert_shift, b->convert_away));
}

static int32_t operate_int(const struct back *b, int32_t value, uint32_t bits)
{
	int32_t operand = operand_int(b, bits);

	if (b->mul)
		return saturated((wide)value * (int16_t)operand);
	switch (b->op) {
	case RKNPU_EW_ALU_MAX:
		return value > operand ? value : operand;
	case RKNPU_EW_ALU_MIN:
		return value < operand ? value : operand;
	case RKNPU_EW_ALU_ADD:
		return saturated((wide)value + operand);
	default:
		return saturated((wide)value - operand);
	}
}

/* ---- all of it --------------------------------------------------------------- */

void back_apply(const struct program *p, int c, int y, int x, struct accumulated *a)
{
	const struct back *b = p->back;
	wide value = a->i;

	if (a->is_float) {
		a->f = stages_float(b, c, a->f);
		if (b->lut)
			a->f = (float)look_up(b, a->f);
		if (b->operate)
			a->f = operate_float(b, a->f, operand_bits(p, c, y, x));
		a->f = clamp_float(b->ew_relu, b->ew_relux, b->ew_cap_float, a->f);
		return;
	}
	if (b->pend)
		value += (wide)a->window * (b->pend_memory ? b->pend_vector[c] : b->pend_int);
	a->i = bn_int(b, c, bs_int(b, c, value));
	if (b->lut) {
		double found = rint(look_up(b, a->i));

		a->i = saturated((wide)found);
	}
	if (b->operate)
		a->i = operate_int(b, a->i, operand_bits(p, c, y, x));
	if (b->ew_relu && a->i < 0)
		a->i = 0;
	if (b->ew_relux && a->i > b->ew_cap_int)
		a->i = b->ew_cap_int;
}

/* The main input of a task without accumulator */
struct accumulated back_main(const struct program *p, int c, int y, int x)
{
	uint32_t bits = program_feature(p, c, y, x);

	switch (p->shape.in_prec) {
	case RKNPU_PREC_INT8:
		return (struct accumulated){ .i = (int8_t)bits };
	case RKNPU_PREC_INT16:
		return (struct accumulated){ .i = (int16_t)bits };
	case RKNPU_PREC_FP16:
		return (struct accumulated){ .is_float = true, .f = half_value(bits) };
	case RKNPU_PREC_BF16:
		return (struct accumulated){ .is_float = true, .f = float_of(bits << 16) };
	case RKNPU_PREC_FP32:
		return (struct accumulated){ .is_float = true, .f = float_of(bits) };
	default:
		return (struct accumulated){ .i = (int32_t)bits };
	}
}
