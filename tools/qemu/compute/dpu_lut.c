// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: the lookup tables LE and LO. A value below LO's start is looked up in
 * LE, any other in LO; neighbouring entries are interpolated and the result is
 * not rounded to an integer. The fraction has 14 bits: of the choices tried,
 * only that one satisfies all client programs [seen: client programs].
 *
 * Beyond the ends of a table its last entry counts; silicon goes on with a
 * slope, which no client program needs. LUT_CFG, which chooses among the tables
 * where both or none apply, is the same in all of them and not looked at.
 */
#include <math.h>

#include "dpu_priv.h"

#define LE			0
#define LO			1

#define FRACTION		0x1p14
#define SEGMENTS		(RKNPU_DPU_LUT_ENTRIES - 1)
#define SELECT_MAX		31

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
	return TWIN_COMPUTE_OK;
}

static float look_up(const int16_t *table, double place)
{
	double at = place > 0 ? place < SEGMENTS ? place : SEGMENTS : 0;	/* NaN: the first entry [guess] */
	int entry = at < SEGMENTS ? (int)at : SEGMENTS - 1;
	double fraction = rint((at - entry) * FRACTION) / FRACTION;

	/* Exact in double, then one rounding to fp32 */
	return (float)(table[entry] * (1 - fraction) + table[entry + 1] * fraction);
}

void lut_run(const struct lut *lut, float *values, size_t count)
{
	const double step[] = { 1.0 / (1u << lut->select[LE]), 1.0 / (1u << lut->select[LO]) };

	for (size_t i = 0; i < count; i++) {
		double value = values[i];
		int which = value < lut->start[LO] ? LE : LO;

		values[i] = look_up(lut->table[which], (value - lut->start[which]) * step[which]);
	}
}
