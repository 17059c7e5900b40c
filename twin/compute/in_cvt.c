// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CNA: input conversion. Two uses are known: a packed uint8 picture is converted
 * to int8 by "x - 128", as scale 2^14, truncation 14, offset -128, type 0 [seen:
 * Mesa], and int8 features are requantized by (x + offset) * scale >> truncation,
 * with the same numbers in all lanes [seen: streams of rknn-toolkit2; rounded as
 * the register says, to within one step of its simulator]. The rest follows from
 * these and the names of the fields [guess]: lane i is channel i of a packed
 * pixel, results saturate, and padding and channels that are not in memory are
 * not converted.
 */
#include "dpu_priv.h"

#define LANES_OF_PIXEL		4
#define ALL_CHANNELS		0xffff

static enum twin_compute_status parse_lane(const struct task *t, unsigned int lane, struct in_cvt *cvt)
{
	static const uint32_t truncate_masks[LANES_OF_PIXEL] = {
		RKNPU_CNA_CVT_CON0_TRUNCATE_0, RKNPU_CNA_CVT_CON0_TRUNCATE_1,
		RKNPU_CNA_CVT_CON0_TRUNCATE_2, RKNPU_CNA_CVT_CON0_TRUNCATE_3,
	};
	uint32_t reg = RKNPU_CNA_CVT_CON1 + 4 * lane;
	uint32_t scale = reg_field(t, reg, RKNPU_CNA_CVT_CON1_SCALE);

	if (!scale || scale > INT16_MAX)
		return refuse(t, reg, "scale of input conversion that is 0 or may be negative");
	cvt->truncate[lane] = reg_field(t, RKNPU_CNA_CVT_CON0, truncate_masks[lane]);
	cvt->scale[lane] = (int32_t)scale;
	cvt->offset[lane] = (int16_t)reg_field(t, reg, RKNPU_CNA_CVT_CON1_OFFSET);
	return TWIN_COMPUTE_OK;
}

/* It is not known which lane a channel of unpacked features has */
static bool lanes_are_alike(const struct in_cvt *cvt)
{
	for (unsigned int i = 1; i < LANES_OF_PIXEL; i++)
		if (cvt->scale[i] != cvt->scale[0] || cvt->offset[i] != cvt->offset[0] ||
		    cvt->truncate[i] != cvt->truncate[0])
			return false;
	return true;
}

enum twin_compute_status in_cvt_parse(const struct task *t, const struct conv *conv, struct in_cvt *cvt)
{
	uint32_t con0 = reg_read(t, RKNPU_CNA_CVT_CON0), packed = conv->feature.packed_channels;
	uint32_t lanes = packed ? packed : LANES_OF_PIXEL, all = packed ? (1u << packed) - 1 : ALL_CHANNELS;

	cvt->on = !(con0 & RKNPU_CNA_CVT_CON0_BYPASS);
	if (!cvt->on)
		return TWIN_COMPUTE_OK;
	if (conv->precision != RKNPU_PREC_INT8)
		return refuse(t, RKNPU_CNA_CVT_CON0, "input conversion of other than int8");
	if ((reg_read(t, RKNPU_CNA_CVT_CON5) & all) != all)
		return refuse(t, RKNPU_CNA_CVT_CON5, "input conversion not enabled for all channels");
	cvt->add_first = con0 & RKNPU_CNA_CVT_CON0_TYPE;
	cvt->half_away = con0 & RKNPU_CNA_CVT_CON0_ROUND;
	cvt->is_signed = con0 & RKNPU_CNA_CVT_CON0_DATA_SIGN;
	for (uint32_t lane = 0; lane < lanes; lane++) {
		enum twin_compute_status status = parse_lane(t, lane, cvt);

		if (status != TWIN_COMPUTE_OK)
			return status;
	}
	if (!packed && !lanes_are_alike(cvt))
		return refuse(t, RKNPU_CNA_CVT_CON1, "different input conversion of unpacked channels");
	return TWIN_COMPUTE_OK;
}

/* Convert the first channels of a packed pixel, or any channels of unpacked features */
void in_cvt_run(const struct in_cvt *cvt, const uint8_t *from, uint32_t count, int16_t *to)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t lane = i % LANES_OF_PIXEL;
		int64_t x = cvt->is_signed ? (int8_t)from[i] : from[i];

		x = (cvt->add_first ? x + cvt->offset[lane] : x) * cvt->scale[lane];
		x = shift_rounded(x, cvt->truncate[lane], cvt->half_away);
		x += cvt->add_first ? 0 : cvt->offset[lane];
		to[i] = x > INT8_MAX ? INT8_MAX : x < INT8_MIN ? INT8_MIN : (int16_t)x;
	}
}
