// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#include "conv_kinds.h"

const struct conv_kind conv_kinds[CONV_KINDS] = {
	{ "int4 to int16", {
		.in_prec = RKNPU_PREC_INT4, .out_prec = RKNPU_PREC_INT16, .width = 9, .height = 7, .channels = 40,
		.kernels = 70, .kw = 3, .kh = 2, .sx = 2, .sy = 1, .left = 1,
	} },
	{ "int8 to int32", {
		.in_prec = RKNPU_PREC_INT8, .out_prec = RKNPU_PREC_INT32, .width = 9, .height = 7, .channels = 40,
		.kernels = 36, .kw = 3, .kh = 3, .sx = 1, .sy = 2, .left = 1, .top = 1, .pad = 0x5a5a5a5a,
	} },
	{ "int16 to int32", {
		.in_prec = RKNPU_PREC_INT16, .out_prec = RKNPU_PREC_INT32, .width = 9, .height = 7, .channels = 24,
		.kernels = 20, .kw = 2, .kh = 3, .left = 1,
	} },
	{ "fp16 to fp32", {
		.in_prec = RKNPU_PREC_FP16, .out_prec = RKNPU_PREC_FP32, .width = 9, .height = 7, .channels = 40,
		.kernels = 24, .kw = 3, .kh = 3, .dx = 2, .dy = 2, .top = 2,
	} },
	{ "fp16 to fp16", {
		.in_prec = RKNPU_PREC_FP16, .out_prec = RKNPU_PREC_FP16, .width = 9, .height = 7, .channels = 24,
		.kernels = 24, .kw = 3, .kh = 3, .left = 1, .pad = 0xc000,
	} },
	{ "bf16 to fp32", {
		.in_prec = RKNPU_PREC_BF16, .out_prec = RKNPU_PREC_FP32, .width = 9, .height = 7, .channels = 40,
		.kernels = 24, .kw = 3, .kh = 2, .left = 1,
	} },
	{ "tf32 to fp32", {
		.in_prec = RKNPU_PREC_TF32, .out_prec = RKNPU_PREC_FP32, .width = 9, .height = 7, .channels = 20,
		.kernels = 24, .kw = 3, .kh = 2, .left = 1,
	} },
	{ "fp16 matmul", {
		.in_prec = RKNPU_PREC_FP16, .out_prec = RKNPU_PREC_FP32, .width = 1, .height = 37, .channels = 64,
		.kernels = 48,
	} },
	{ "int8 depthwise to int8", {
		.in_prec = RKNPU_PREC_INT8, .out_prec = RKNPU_PREC_INT8, .depthwise = true, .width = 9, .height = 8,
		.channels = 128, .kw = 3, .kh = 3, .left = 1, .top = 1, .pad = 0x07070707, .bias = 1, .scale = 20000,
		.shift = 20, .offset = -5, .relu = true,
	} },
	{ "fp16 depthwise", {
		.in_prec = RKNPU_PREC_FP16, .out_prec = RKNPU_PREC_FP16, .depthwise = true, .width = 9, .height = 8,
		.channels = 40, .kw = 3, .kh = 3, .sx = 2, .sy = 2, .left = 1, .top = 1, .pad = 0x4000,
	} },
	{ "int16 depthwise", {
		.in_prec = RKNPU_PREC_INT16, .out_prec = RKNPU_PREC_INT32, .depthwise = true, .width = 9,
		.height = 8, .channels = 40, .kw = 3, .kh = 3,
	} },
	{ "bf16 depthwise", {
		.in_prec = RKNPU_PREC_BF16, .out_prec = RKNPU_PREC_FP32, .depthwise = true, .width = 9, .height = 8,
		.channels = 40, .kw = 2, .kh = 3,
	} },
	{ "fp16 deconvolution", {
		.in_prec = RKNPU_PREC_FP16, .out_prec = RKNPU_PREC_FP32, .width = 5, .height = 4, .channels = 24,
		.kernels = 20, .kw = 3, .kh = 3, .deconv_x = 2, .deconv_y = 4, .left = 2, .top = 1,
	} },
	{ "int8 with bias, weight zero point, ReLU", {
		.in_prec = RKNPU_PREC_INT8, .out_prec = RKNPU_PREC_INT8, .width = 9, .height = 7, .channels = 32,
		.kernels = 48, .kw = 3, .kh = 3, .left = 1, .top = 1, .pad = 0x11111111, .bias = 1, .relu = true,
		.weight_zero = 13, .scale = 18000, .shift = 22, .offset = 3,
	} },
	{ "fp16 with bias, ReLU", {
		.in_prec = RKNPU_PREC_FP16, .out_prec = RKNPU_PREC_FP32, .width = 9, .height = 7, .channels = 24,
		.kernels = 24, .kw = 3, .kh = 3, .bias = 1, .relu = true,
	} },
	{ "int8 picture minus 128", {
		.in_prec = RKNPU_PREC_INT8, .out_prec = RKNPU_PREC_INT32, .width = 9, .height = 7, .channels = 16,
		.packed = 1, .center = true, .kernels = 20, .kw = 3, .kh = 3, .left = 1, .top = 1, .pad = 0x80808080,
	} },
	{ "fp16 picture of three channels", {
		.in_prec = RKNPU_PREC_FP16, .out_prec = RKNPU_PREC_FP32, .width = 9, .height = 7, .channels = 8,
		.packed = 3, .kernels = 20, .kw = 3, .kh = 3, .sx = 2, .sy = 2,
	} },
	{ "int8 by rows", {
		.in_prec = RKNPU_PREC_INT8, .out_prec = RKNPU_PREC_INT32, .rows = true, .width = 9, .height = 7,
		.channels = 40, .kernels = 20, .kw = 2, .kh = 2,
	} },
};
