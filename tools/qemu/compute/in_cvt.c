// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * CNA: input conversion. The one known use is a packed uint8 picture that
 * becomes int8 by "x - 128", as scale 2^14, truncation 14, offset -128, type 0
 * [seen: Mesa]. From it and the fields' names follow [guess]: lane i is channel
 * i of the pixel, type 1 adds before it scales, results saturate, padding and
 * channels that memory does not hold are not converted. How bits that the
 * truncation drops are rounded is not known.
 */
#include "compute_priv.h"

static enum twin_compute_status parse_lane(const struct task *t, unsigned int lane, struct in_cvt *cvt)
{
	static const uint32_t truncate_masks[] = {
		RKNPU_CNA_CVT_CON0_TRUNCATE_0, RKNPU_CNA_CVT_CON0_TRUNCATE_1,
		RKNPU_CNA_CVT_CON0_TRUNCATE_2, RKNPU_CNA_CVT_CON0_TRUNCATE_3,
	};
	uint32_t reg = RKNPU_CNA_CVT_CON1 + 4 * lane;
	uint32_t truncate = reg_field(t, RKNPU_CNA_CVT_CON0, truncate_masks[lane]);
	uint32_t scale = reg_field(t, reg, RKNPU_CNA_CVT_CON1_SCALE);

	if (!scale || scale > INT16_MAX)
		return refuse(t, reg, "scale of input conversion that is 0 or may be negative");
	if (truncate > 14 || scale & ((1u << truncate) - 1))
		return refuse(t, reg, "input conversion that drops bits");
	cvt->scale[lane] = (int32_t)(scale >> truncate);
	cvt->offset[lane] = (int16_t)reg_field(t, reg, RKNPU_CNA_CVT_CON1_OFFSET);
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status in_cvt_parse(const struct task *t, const struct conv *conv, struct in_cvt *cvt)
{
	uint32_t con0 = reg_read(t, RKNPU_CNA_CVT_CON0), channels = conv->feature.packed_channels;
	uint32_t all = (1u << channels) - 1;

	cvt->on = !(con0 & RKNPU_CNA_CVT_CON0_BYPASS);
	if (!cvt->on)
		return TWIN_COMPUTE_OK;
	if (conv->precision != RKNPU_PREC_INT8 || !channels)
		return refuse(t, RKNPU_CNA_CVT_CON0, "input conversion of other than packed int8 pixels");
	if (con0 & RKNPU_CNA_CVT_CON0_ROUND)
		return refuse(t, RKNPU_CNA_CVT_CON0, "rounding of input conversion");
	if ((reg_read(t, RKNPU_CNA_CVT_CON5) & all) != all)
		return refuse(t, RKNPU_CNA_CVT_CON5, "input conversion not enabled for all channels");
	cvt->add_first = con0 & RKNPU_CNA_CVT_CON0_TYPE;
	cvt->is_signed = con0 & RKNPU_CNA_CVT_CON0_DATA_SIGN;
	for (uint32_t lane = 0; lane < channels; lane++) {
		enum twin_compute_status status = parse_lane(t, lane, cvt);

		if (status != TWIN_COMPUTE_OK)
			return status;
	}
	return TWIN_COMPUTE_OK;
}

void in_cvt_run(const struct in_cvt *cvt, const uint8_t *from, uint32_t count, int16_t *to)
{
	for (uint32_t i = 0; i < count; i++) {
		int64_t x = cvt->is_signed ? (int8_t)from[i] : from[i];

		if (cvt->add_first)
			x = (x + cvt->offset[i]) * cvt->scale[i];
		else
			x = x * cvt->scale[i] + cvt->offset[i];
		to[i] = x > INT8_MAX ? INT8_MAX : x < INT8_MIN ? INT8_MIN : (int16_t)x;
	}
}
