// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: set-up of the path from the accumulator to memory. The stages in
 * between (BS, BN, EW) must be bypassed for now.
 */
#include "compute_priv.h"

/* Values of fields */
#define OUTPUT_MEMORY		2
#define CONV_MODE_DIRECT	0

#define STAGE_BYPASS_ALL	(RKNPU_DPU_STAGE_CFG_ALU_BYPASS | RKNPU_DPU_STAGE_CFG_MUL_BYPASS | \
				 RKNPU_DPU_STAGE_CFG_RELU_BYPASS)
#define EW_BYPASS_ALL		(RKNPU_DPU_EW_CFG_OP_BYPASS | RKNPU_DPU_EW_CFG_LUT_BYPASS | \
				 RKNPU_DPU_EW_CFG_RELU_BYPASS)

static enum twin_compute_status parse_mode(const struct task *t)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_FEATURE_MODE_CFG);

	if (mode & RKNPU_DPU_FEATURE_MODE_CFG_FLYING)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "flying mode with CNA and CORE enabled");
	if (field_get(RKNPU_DPU_FEATURE_MODE_CFG_OUTPUT, mode) != OUTPUT_MEMORY)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "output other than memory");
	if (field_get(RKNPU_DPU_FEATURE_MODE_CFG_CONV_MODE, mode) != CONV_MODE_DIRECT)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "convolution mode other than direct");
	if (mode & RKNPU_DPU_FEATURE_MODE_CFG_TP_EN)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "transposed output");
	return TWIN_COMPUTE_OK;
}

static uint32_t precision_bytes(uint32_t precision)
{
	switch (precision) {
	case RKNPU_PREC_INT8:
		return 1;
	case RKNPU_PREC_INT16:
	case RKNPU_PREC_FP16:
		return 2;
	case RKNPU_PREC_INT32:
	case RKNPU_PREC_FP32:
		return 4;
	default:
		return 0;
	}
}

static enum twin_compute_status parse_format(const struct task *t, const struct conv *conv,
					     struct dpu *dpu)
{
	uint32_t format = reg_read(t, RKNPU_DPU_DATA_FORMAT);
	uint32_t out = field_get(RKNPU_DPU_DATA_FORMAT_OUT_PREC, format);

	if (field_get(RKNPU_DPU_DATA_FORMAT_PROC_PREC, format) != conv->precision ||
	    field_get(RKNPU_DPU_DATA_FORMAT_IN_PREC, format) != conv->precision)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "precision differs from CNA's");
	dpu->out_precision = out;
	dpu->out_bytes = precision_bytes(out);
	if (!dpu->out_bytes)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "output of this precision");
	if (conv->precision == RKNPU_PREC_FP16 && out != RKNPU_PREC_FP16 && out != RKNPU_PREC_FP32)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "integer output of a float accumulator");
	return TWIN_COMPUTE_OK;
}

/* The word 0 passes data through although its bypass bits say otherwise [seen: clients that never write it] */
static bool stage_passes(uint32_t cfg)
{
	return !cfg || (cfg & RKNPU_DPU_STAGE_CFG_BYPASS) ||
	       (cfg & STAGE_BYPASS_ALL) == STAGE_BYPASS_ALL;
}

/* Adding OW_OP times the window sum does nothing if OW_OP is 0 [seen: client programs with OD_BYPASS 0] */
static bool pend_passes(const struct task *t)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_BS_OW_CFG);

	return (cfg & RKNPU_DPU_BS_OW_CFG_OD_BYPASS) ||
	       (!(cfg & RKNPU_DPU_BS_OW_CFG_OW_SRC) && !(reg_read(t, RKNPU_DPU_BS_OW_OP) & 0xffff));
}

static enum twin_compute_status parse_stages(const struct task *t)
{
	uint32_t ew = reg_read(t, RKNPU_DPU_EW_CFG);

	if (!pend_passes(t))
		return refuse(t, RKNPU_DPU_BS_OW_CFG, "weight zero point");
	if (!stage_passes(reg_read(t, RKNPU_DPU_BS_CFG)))
		return refuse(t, RKNPU_DPU_BS_CFG, "active BS stage");
	if (!stage_passes(reg_read(t, RKNPU_DPU_BN_CFG)))
		return refuse(t, RKNPU_DPU_BN_CFG, "active BN stage");
	/* Unlike for BS and BN, nothing is known about EW_CFG = 0 */
	if (!(ew & RKNPU_DPU_EW_CFG_BYPASS) && (ew & EW_BYPASS_ALL) != EW_BYPASS_ALL)
		return refuse(t, RKNPU_DPU_EW_CFG, "active EW stage");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_cvt(const struct task *t, const struct conv *conv,
					  struct out_cvt *cvt)
{
	uint32_t shift = reg_read(t, RKNPU_DPU_OUT_CVT_SHIFT);
	bool integer = conv->precision == RKNPU_PREC_INT8;

	cvt->offset = (int32_t)reg_read(t, RKNPU_DPU_OUT_CVT_OFFSET);
	cvt->scale = (int16_t)reg_field(t, RKNPU_DPU_OUT_CVT_SCALE, RKNPU_DPU_OUT_CVT_SCALE_SCALE);
	cvt->shift = field_get(RKNPU_DPU_OUT_CVT_SHIFT_SHIFT, shift);
	cvt->minus_exp = field_get(RKNPU_DPU_OUT_CVT_SHIFT_MINUS_EXP, shift);
	cvt->half_away = shift & RKNPU_DPU_OUT_CVT_SHIFT_ROUND;
	if (integer ? cvt->minus_exp : cvt->shift)
		return refuse(t, RKNPU_DPU_OUT_CVT_SHIFT, integer ? "exponent on the integer path"
								  : "shift on the float path");
	/* Which of the two orders TYPE selects only shows with an offset */
	if ((shift & RKNPU_DPU_OUT_CVT_SHIFT_TYPE) && cvt->offset)
		return refuse(t, RKNPU_DPU_OUT_CVT_SHIFT, "output conversion type 1 with an offset");
	/* Clients that never write SCALE get their data unscaled [seen for float, guess for integer] */
	if (!cvt->scale)
		cvt->scale = 1;
	cvt->identity = cvt->scale == 1 && !cvt->offset && !cvt->shift && !cvt->minus_exp;
	return TWIN_COMPUTE_OK;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Clients leave some of the size registers 0: the largest counts [seen: client programs] */
static enum twin_compute_status parse_size(const struct task *t, const struct conv *conv,
					   struct dpu *dpu)
{
	dpu->width = 1 + max_u32(
		reg_field(t, RKNPU_DPU_DATA_CUBE_WIDTH, RKNPU_DPU_DATA_CUBE_WIDTH_MASK),
		reg_field(t, RKNPU_DPU_WDMA_SIZE1, RKNPU_DPU_WDMA_SIZE1_WIDTH));
	dpu->height = 1 + max_u32(
		reg_field(t, RKNPU_DPU_DATA_CUBE_HEIGHT, RKNPU_DPU_DATA_CUBE_HEIGHT_MASK),
		reg_field(t, RKNPU_DPU_WDMA_SIZE1, RKNPU_DPU_WDMA_SIZE1_HEIGHT));
	dpu->channels = 1 + max_u32(
		reg_field(t, RKNPU_DPU_DATA_CUBE_CHANNEL, RKNPU_DPU_DATA_CUBE_CHANNEL_PADDED),
		reg_field(t, RKNPU_DPU_WDMA_SIZE0, RKNPU_DPU_WDMA_SIZE0_CHANNEL));
	if (dpu->width != conv->out_width)
		return refuse(t, RKNPU_DPU_DATA_CUBE_WIDTH, "width differs from CORE's");
	if (dpu->height != conv->out_height)
		return refuse(t, RKNPU_DPU_DATA_CUBE_HEIGHT, "height differs from CORE's");
	if (dpu->channels != conv->out_channels)
		return refuse(t, RKNPU_DPU_DATA_CUBE_CHANNEL, "channels differ from CORE's");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_address(const struct task *t, struct dpu *dpu)
{
	uint32_t notch = reg_read(t, RKNPU_DPU_DATA_CUBE_NOTCH);
	uint32_t ow = reg_read(t, RKNPU_DPU_BS_OW_CFG);
	uint32_t size_e = field_get(RKNPU_DPU_BS_OW_CFG_SIZE_E_0, ow);

	if (ow & RKNPU_DPU_BS_OW_CFG_TP_ORG_EN)
		return refuse(t, RKNPU_DPU_BS_OW_CFG, "transposed output");
	if (field_get(RKNPU_DPU_BS_OW_CFG_SIZE_E_1, ow) != size_e ||
	    field_get(RKNPU_DPU_BS_OW_CFG_SIZE_E_2, ow) != size_e)
		return refuse(t, RKNPU_DPU_BS_OW_CFG, "three different SIZE_E");
	dpu->notch = field_get(RKNPU_DPU_DATA_CUBE_NOTCH_0, notch);
	if (field_get(RKNPU_DPU_DATA_CUBE_NOTCH_1, notch) != dpu->notch)
		return refuse(t, RKNPU_DPU_DATA_CUBE_NOTCH, "two different notches");
	dpu->atoms_per_group = size_e + 1;
	dpu->dst_addr = reg_read(t, RKNPU_DPU_DST_BASE_ADDR) + t->dma_base;
	/* Atoms in [31:4] make bytes in [31:0] */
	dpu->surf_stride = reg_read(t, RKNPU_DPU_DST_SURF_STRIDE) & RKNPU_DPU_DST_SURF_STRIDE_MASK;
	dpu->surf_add = reg_read(t, RKNPU_DPU_SURFACE_ADD) & RKNPU_DPU_SURFACE_ADD_MASK;
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status dpu_parse(const struct task *t, const struct conv *conv, struct dpu *dpu)
{
	enum twin_compute_status status = parse_mode(t);

	if (status == TWIN_COMPUTE_OK)
		status = parse_format(t, conv, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = parse_stages(t);
	if (status == TWIN_COMPUTE_OK)
		status = parse_cvt(t, conv, &dpu->cvt);
	if (status == TWIN_COMPUTE_OK)
		status = parse_size(t, conv, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = parse_address(t, dpu);
	return status;
}
