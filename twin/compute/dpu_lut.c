// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: the lookup tables LE and LO. A value below LO's start is looked up in
 * LE, any other in LO; neighbouring entries are interpolated. The fraction has
 * 14 bits: of the widths tried, only this one satisfies all client programs
 * [seen: client programs]. On the float path the result is not rounded.
 *
 * Below LE's start and beyond LO's end the tables continue with a slope, scale
 * >> shift [TRM; seen: streams of rknn-toolkit2, whose activations would not be
 * linear for large values without it]. LUT_CFG, which chooses between the tables
 * where both or neither apply, is the same in all client programs and ignored.
 */
#include <math.h>

#include "dpu_priv.h"

#define LE			0
#define LO			1

#define FRACTION		0x1p14
#define SEGMENTS		(RKNPU_DPU_LUT_ENTRIES - 1)
#define SELECT_MAX		31

static double slope(const struct task *t, uint32_t scale_reg, uint32_t scale_mask, uint32_t shift_reg,
		    uint32_t shift_mask)
{
	int16_t scale = (int16_t)reg_field(t, scale_reg, scale_mask);

	return ldexp(scale, -(int)reg_field(t, shift_reg, shift_mask));
}

enum twin_compute_status lut_parse(const struct task *t, struct lut *lut)
{
	uint32_t info = reg_read(t, RKNPU_DPU_LUT_INFO);

	if (!t->regs->lut)
		return refuse(t, RKNPU_DPU_LUT_ACCESS_DATA, "table that nobody wrote");
	lut->select[LE] = field_get(RKNPU_DPU_LUT_INFO_LE_SELECT, info);
	lut->select[LO] = field_get(RKNPU_DPU_LUT_INFO_LO_SELECT, info);
	if (lut->select[LE] > SELECT_MAX || lut->select[LO] > SELECT_MAX)
		return refuse(t, RKNPU_DPU_LUT_INFO, "step of 2^32 or more");
	lut->start[LE] = (int32_t)reg_read(t, RKNPU_DPU_LUT_LE_START);
	lut->start[LO] = (int32_t)reg_read(t, RKNPU_DPU_LUT_LO_START);
	lut->table[LE] = t->regs->lut[LE];
	lut->table[LO] = t->regs->lut[LO];
	lut->below = slope(t, RKNPU_DPU_LUT_LE_SLOPE_SCALE, RKNPU_DPU_LUT_SLOPE_SCALE_UFLOW,
			   RKNPU_DPU_LUT_LE_SLOPE_SHIFT, RKNPU_DPU_LUT_SLOPE_SHIFT_UFLOW);
	lut->beyond = slope(t, RKNPU_DPU_LUT_LO_SLOPE_SCALE, RKNPU_DPU_LUT_SLOPE_SCALE_OFLOW,
			    RKNPU_DPU_LUT_LO_SLOPE_SHIFT, RKNPU_DPU_LUT_SLOPE_SHIFT_OFLOW);
	return TWIN_COMPUTE_OK;
}

/* NaN gives the first entry [guess] */
static double look_up(const struct lut *lut, double value)
{
	int which = value < lut->start[LO] ? LE : LO;
	const int16_t *table = lut->table[which];
	double place = ldexp(value - lut->start[which], -(int)lut->select[which]);
	double at = place > 0 ? place < SEGMENTS ? place : SEGMENTS : 0;
	int entry = at < SEGMENTS ? (int)at : SEGMENTS - 1;
	double fraction = rint((at - entry) * FRACTION) / FRACTION;
	double rest = ldexp(place - at, (int)lut->select[which]);
	double result = table[entry] * (1 - fraction) + table[entry + 1] * fraction;

	if (rest < 0 && which == LE)
		return result + rest * lut->below;
	return rest > 0 && which == LO ? result + rest * lut->beyond : result;
}

/* The result is rounded to fp32 at most once */
void lut_run(const struct lut *lut, float *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = (float)look_up(lut, values[i]);
}

/* Rounds to nearest even [seen to within one step of the output: simulator of rknn-toolkit2] */
void lut_run_int(const struct lut *lut, int32_t *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		values[i] = saturate32((int64_t)rint(look_up(lut, values[i])));
}
