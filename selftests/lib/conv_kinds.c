// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#include "conv_kinds.h"

const struct conv_kind conv_kinds[CONV_KINDS] = {
	{ "int4 to int16", { RKNPU_PREC_INT4, RKNPU_PREC_INT16, false, 9, 7, 40, 70, 3, 2, 2, 1, .left = 1 } },
	{ "int8 to int32", { RKNPU_PREC_INT8, RKNPU_PREC_INT32, false, 9, 7, 40, 36, 3, 3, 1, 2, .left = 1, .top = 1,
			     .pad = 0x5a5a5a5a } },
	{ "int16 to int32", { RKNPU_PREC_INT16, RKNPU_PREC_INT32, false, 9, 7, 24, 20, 2, 3, .left = 1 } },
	{ "fp16 to fp32", { RKNPU_PREC_FP16, RKNPU_PREC_FP32, false, 9, 7, 40, 24, 3, 3, .dx = 2, .dy = 2, .top = 2 } },
	{ "fp16 to fp16", { RKNPU_PREC_FP16, RKNPU_PREC_FP16, false, 9, 7, 24, 24, 3, 3, .left = 1, .pad = 0xc000 } },
	{ "bf16 to fp32", { RKNPU_PREC_BF16, RKNPU_PREC_FP32, false, 9, 7, 40, 24, 3, 2, .left = 1 } },
	{ "tf32 to fp32", { RKNPU_PREC_TF32, RKNPU_PREC_FP32, false, 9, 7, 20, 24, 3, 2, .left = 1 } },
	{ "fp16 matmul", { RKNPU_PREC_FP16, RKNPU_PREC_FP32, false, 1, 37, 64, 48, .pad = 0 } },
	{ "int8 depthwise to int8", { RKNPU_PREC_INT8, RKNPU_PREC_INT8, true, 9, 8, 128, .kw = 3, .kh = 3, .left = 1,
				      .top = 1, .pad = 0x07070707, .bias = 1, .scale = 20000, .shift = 20,
				      .offset = -5, .relu = true } },
	{ "fp16 depthwise", { RKNPU_PREC_FP16, RKNPU_PREC_FP16, true, 9, 8, 40, .kw = 3, .kh = 3, .sx = 2, .sy = 2,
			      .left = 1, .top = 1, .pad = 0x4000 } },
	{ "int16 depthwise", { RKNPU_PREC_INT16, RKNPU_PREC_INT32, true, 9, 8, 40, .kw = 3, .kh = 3 } },
	{ "bf16 depthwise", { RKNPU_PREC_BF16, RKNPU_PREC_FP32, true, 9, 8, 40, .kw = 2, .kh = 3 } },
	{ "fp16 deconvolution", { RKNPU_PREC_FP16, RKNPU_PREC_FP32, false, 5, 4, 24, 20, 3, 3, .deconv_x = 2,
				  .deconv_y = 4, .left = 2, .top = 1 } },
	{ "int8 with bias, weight zero point, ReLU", { RKNPU_PREC_INT8, RKNPU_PREC_INT8, false, 9, 7, 32, 48, 3, 3,
						       .left = 1, .top = 1, .pad = 0x11111111, .bias = 1, .relu = true,
						       .weight_zero = 13, .scale = 18000, .shift = 22, .offset = 3 } },
	{ "fp16 with bias, ReLU", { RKNPU_PREC_FP16, RKNPU_PREC_FP32, false, 9, 7, 24, 24, 3, 3, .bias = 1,
				    .relu = true } },
};
