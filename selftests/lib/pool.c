// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The registers of pooling, as programmed by public clients
 * [seen: rockchip-npu-notes].
 */
#include "pool.h"

#include "fp16.h"

#define PPU_BURST		3
#define STORAGE_8		1
#define STORAGE_16		2
/* Padding value, although it takes no part in the result */
#define FP16_LOWEST		0xfc00
#define FP16_HIGHEST		0x7c00
#define INT8_LOWEST		0x7ff80	/* 19 bits */
#define INT8_HIGHEST		0x7f

void pool_defaults(struct pool_task *t)
{
	if (!t->sx)
		t->sx = t->kw;
	if (!t->sy)
		t->sy = t->kh;
	t->out_w = (t->width + t->left + t->right - t->kw) / t->sx + 1;
	t->out_h = (t->height + t->top + t->bottom - t->kh) / t->sy + 1;
}

/* An integer, or an fp16 number, the largest of which is below 65536 */
static uint32_t reciprocal(const struct pool_task *t, unsigned int size)
{
	if (t->method != RKNPU_PPU_METHOD_AVERAGE)
		return 0;
	return t->prec == RKNPU_PREC_INT8 ? 65536 / size : fp16_from_fp32(65536.0f / (float)size);
}

static uint32_t padding(const struct pool_task *t)
{
	if (t->method == RKNPU_PPU_METHOD_AVERAGE)
		return 0;
	if (t->prec == RKNPU_PREC_INT8)
		return t->method == RKNPU_PPU_METHOD_MAX ? INT8_LOWEST : INT8_HIGHEST;
	return t->method == RKNPU_PPU_METHOD_MAX ? FP16_LOWEST : FP16_HIGHEST;
}

static void input_words(struct regcmd *rc, const struct pool_task *t)
{
	regcmd_write(rc, RKNPU_PPU_RDMA_CUBE_IN_WIDTH, t->width - 1);
	regcmd_write(rc, RKNPU_PPU_RDMA_CUBE_IN_HEIGHT, t->height - 1);
	regcmd_write(rc, RKNPU_PPU_RDMA_CUBE_IN_CHANNEL, t->channels - 1);
	regcmd_write(rc, RKNPU_PPU_RDMA_SRC_BASE_ADDR, t->in);
	regcmd_write(rc, RKNPU_PPU_RDMA_SRC_LINE_STRIDE, t->width * RKNPU_ATOM_BYTES);
	regcmd_write(rc, RKNPU_PPU_RDMA_SRC_SURF_STRIDE, t->width * t->height * RKNPU_ATOM_BYTES);
	regcmd_write(rc, RKNPU_PPU_RDMA_DATA_FORMAT, t->prec == RKNPU_PREC_INT8 ? STORAGE_8 : STORAGE_16);
}

static void window_words(struct regcmd *rc, const struct pool_task *t)
{
	regcmd_write(rc, RKNPU_PPU_OPERATION_MODE_CFG,
		     RKNPU_PPU_OPERATION_MODE_CFG_FLYING |
		     REG_FIELD(RKNPU_PPU_OPERATION_MODE_CFG_METHOD, t->method));
	regcmd_write(rc, RKNPU_PPU_POOLING_KERNEL_CFG,
		     REG_FIELD(RKNPU_PPU_POOLING_KERNEL_CFG_WIDTH, t->kw - 1) |
		     REG_FIELD(RKNPU_PPU_POOLING_KERNEL_CFG_HEIGHT, t->kh - 1) |
		     REG_FIELD(RKNPU_PPU_POOLING_KERNEL_CFG_X_STRIDE, t->sx - 1) |
		     REG_FIELD(RKNPU_PPU_POOLING_KERNEL_CFG_Y_STRIDE, t->sy - 1));
	regcmd_write(rc, RKNPU_PPU_RECIP_KERNEL_WIDTH, reciprocal(t, t->kw));
	regcmd_write(rc, RKNPU_PPU_RECIP_KERNEL_HEIGHT, reciprocal(t, t->kh));
	regcmd_write(rc, RKNPU_PPU_POOLING_PADDING_CFG,
		     REG_FIELD(RKNPU_PPU_POOLING_PADDING_CFG_LEFT, t->left) |
		     REG_FIELD(RKNPU_PPU_POOLING_PADDING_CFG_TOP, t->top) |
		     REG_FIELD(RKNPU_PPU_POOLING_PADDING_CFG_RIGHT, t->right) |
		     REG_FIELD(RKNPU_PPU_POOLING_PADDING_CFG_BOTTOM, t->bottom));
	regcmd_write(rc, RKNPU_PPU_PADDING_VALUE_1_CFG, padding(t));
	regcmd_write(rc, RKNPU_PPU_PADDING_VALUE_2_CFG, 0);
}

void pool_segment(struct regcmd *rc, const struct pool_task *t)
{
	uint32_t surface = t->out_w * t->out_h * RKNPU_ATOM_BYTES;

	regcmd_write(rc, RKNPU_PPU_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	regcmd_write(rc, RKNPU_PPU_RDMA_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	regcmd_write(rc, RKNPU_PPU_DATA_CUBE_IN_WIDTH, t->width - 1);
	regcmd_write(rc, RKNPU_PPU_DATA_CUBE_IN_HEIGHT, t->height - 1);
	regcmd_write(rc, RKNPU_PPU_DATA_CUBE_IN_CHANNEL, t->channels - 1);
	regcmd_write(rc, RKNPU_PPU_DATA_CUBE_OUT_WIDTH, t->out_w - 1);
	regcmd_write(rc, RKNPU_PPU_DATA_CUBE_OUT_HEIGHT, t->out_h - 1);
	regcmd_write(rc, RKNPU_PPU_DATA_CUBE_OUT_CHANNEL, t->channels - 1);
	window_words(rc, t);
	regcmd_write(rc, RKNPU_PPU_DST_BASE_ADDR, t->out);
	regcmd_write(rc, RKNPU_PPU_DST_SURF_STRIDE, surface);
	regcmd_write(rc, RKNPU_PPU_DATA_FORMAT,
		     surface | REG_FIELD(RKNPU_PPU_DATA_FORMAT_PROC_PREC, t->prec));
	regcmd_write(rc, RKNPU_PPU_MISC_CTRL, REG_FIELD(RKNPU_PPU_MISC_CTRL_BURST, PPU_BURST));
	input_words(rc, t);
}
