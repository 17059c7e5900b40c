// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The registers of a convolution.
 */
#include "conv.h"

#define DIV_UP(a, b)	(((a) + (b) - 1) / (b))

/* Values of fields */
#define CONV_DEPTHWISE		3
#define DPU_BURST		15
#define DPU_OUTPUT_MEMORY	2
#define DPU_ALU_ADD		2
#define RDMA_USE_ALU		1
/* Fields without a mask in the register header: burst lengths, DMA sizes, conversion scale */
#define CNA_DMA_BURSTS		0x000f000f
#define CNA_DMA_WIDTH_SHIFT	16
#define CNA_CVT_SCALE_1		0x00010000
/* Input conversion: x * 2^14 >> 14, - 128, in all four lanes [seen: Mesa] */
#define CVT_TRUNCATE		14
#define CVT_CENTER		0x4000ff80
#define CVT_ALL_CHANNELS	0xffff
#define ARGB_IN_1		8	/* packed pixels of one channel */
/* Lines form groups of four; the surface stride counts from the end of the first group */
#define LINE_GROUP		4

static unsigned int at_least_1(unsigned int value)
{
	return value ? value : 1;
}

static unsigned int outputs(unsigned int size, unsigned int spread, unsigned int pad, unsigned int taps,
			    unsigned int dilation, unsigned int stride)
{
	return ((size - 1) * at_least_1(spread) + 2 * pad - (taps - 1) * at_least_1(dilation)) / stride + 1;
}

void conv_defaults(struct conv_task *t)
{
	t->kw = at_least_1(t->kw);
	t->kh = at_least_1(t->kh);
	t->sx = at_least_1(t->sx);
	t->sy = at_least_1(t->sy);
	t->out_w = outputs(t->width, t->deconv_x, t->left, t->kw, t->dx, t->sx);
	t->out_h = outputs(t->height, t->deconv_y, t->top, t->kh, t->dy, t->sy);
}

uint32_t conv_enable(const struct conv_task *t)
{
	return RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE | RKNPU_ENABLE_DPU | (t->bias ? RKNPU_ENABLE_DPU_RDMA : 0);
}

static uint32_t input_layout(const struct conv_task *t)
{
	if (t->packed)
		return RKNPU_CNA_CONV_CON1_NONALIGN_DMA | RKNPU_CNA_CONV_CON1_GROUP_LINE_OFF |
		       REG_FIELD(RKNPU_CNA_CONV_CON1_ARGB_IN, ARGB_IN_1 - 1 + t->packed);
	return t->rows ? RKNPU_CNA_CONV_CON1_GROUP_LINE_OFF : 0;
}

/* Strides are in atoms, or in pixels if these are packed */
static void input_strides(struct regcmd *rc, const struct conv_task *t)
{
	unsigned int lines = t->packed || t->rows ? 1 : LINE_GROUP;

	regcmd_write(rc, RKNPU_CNA_DMA_CON1, lines * t->width);
	regcmd_write(rc, RKNPU_CNA_DMA_CON2,
		     REG_FIELD(RKNPU_CNA_DMA_CON2_SURF_STRIDE, t->width * t->height - lines * t->width));
}

static void input_conversion(struct regcmd *rc, const struct conv_task *t)
{
	unsigned int lane;

	if (t->center)
		regcmd_write(rc, RKNPU_CNA_CVT_CON0,
			     REG_FIELD(RKNPU_CNA_CVT_CON0_TRUNCATE_0, CVT_TRUNCATE) |
			     REG_FIELD(RKNPU_CNA_CVT_CON0_TRUNCATE_1, CVT_TRUNCATE) |
			     REG_FIELD(RKNPU_CNA_CVT_CON0_TRUNCATE_2, CVT_TRUNCATE) |
			     REG_FIELD(RKNPU_CNA_CVT_CON0_TRUNCATE_3, CVT_TRUNCATE));
	else
		regcmd_write(rc, RKNPU_CNA_CVT_CON0, RKNPU_CNA_CVT_CON0_BYPASS | RKNPU_CNA_CVT_CON0_TYPE |
							     RKNPU_CNA_CVT_CON0_DATA_SIGN);
	for (lane = 0; lane < 4; lane++)
		regcmd_write(rc, RKNPU_CNA_CVT_CON1 + 4 * lane, t->center ? CVT_CENTER : CNA_CVT_SCALE_1);
	regcmd_write(rc, RKNPU_CNA_CVT_CON5, t->center ? CVT_ALL_CHANNELS : 0);
}

static void cna_shape(struct regcmd *rc, const struct conv_task *t)
{
	bool deconv = t->deconv_x || t->deconv_y;

	regcmd_write(rc, RKNPU_CNA_CONV_CON1,
		     input_layout(t) | REG_FIELD(RKNPU_CNA_CONV_CON1_MODE, t->depthwise ? CONV_DEPTHWISE : 0) |
		     REG_FIELD(RKNPU_CNA_CONV_CON1_IN_PREC, t->in_prec) |
		     REG_FIELD(RKNPU_CNA_CONV_CON1_PROC_PREC, t->in_prec) |
		     REG_FIELD(RKNPU_CNA_CONV_CON1_DECONV, deconv));
	regcmd_write(rc, RKNPU_CNA_CONV_CON2, REG_FIELD(RKNPU_CNA_CONV_CON2_FEATURE_GRAINS, t->height + t->kh));
	regcmd_write(rc, RKNPU_CNA_CONV_CON3,
		     REG_FIELD(RKNPU_CNA_CONV_CON3_X_STRIDE, t->sx) |
		     REG_FIELD(RKNPU_CNA_CONV_CON3_Y_STRIDE, t->sy) |
		     REG_FIELD(RKNPU_CNA_CONV_CON3_DECONV_X_STRIDE, at_least_1(t->deconv_x) - 1) |
		     REG_FIELD(RKNPU_CNA_CONV_CON3_DECONV_Y_STRIDE, at_least_1(t->deconv_y) - 1) |
		     REG_FIELD(RKNPU_CNA_CONV_CON3_X_DILATION, at_least_1(t->dx) - 1) |
		     REG_FIELD(RKNPU_CNA_CONV_CON3_Y_DILATION, at_least_1(t->dy) - 1));
	regcmd_write(rc, RKNPU_CNA_DATA_SIZE0,
		     REG_FIELD(RKNPU_CNA_DATA_SIZE0_WIDTH, t->width) |
		     REG_FIELD(RKNPU_CNA_DATA_SIZE0_HEIGHT, t->height));
	regcmd_write(rc, RKNPU_CNA_DATA_SIZE1,
		     REG_FIELD(RKNPU_CNA_DATA_SIZE1_CHANNEL_REAL, t->channels - 1) |
		     REG_FIELD(RKNPU_CNA_DATA_SIZE1_CHANNEL, t->channels));
	regcmd_write(rc, RKNPU_CNA_DATA_SIZE2, REG_FIELD(RKNPU_CNA_DATA_SIZE2_OUT_WIDTH, t->out_w));
	regcmd_write(rc, RKNPU_CNA_DATA_SIZE3,
		     REG_FIELD(RKNPU_CNA_DATA_SIZE3_OUT_ATOMICS, t->out_w * t->out_h));
	regcmd_write(rc, RKNPU_CNA_PAD_CON0,
		     REG_FIELD(RKNPU_CNA_PAD_CON0_LEFT, t->left) | REG_FIELD(RKNPU_CNA_PAD_CON0_TOP, t->top));
	regcmd_write(rc, RKNPU_CNA_PAD_CON1, t->pad);
}

static void cna_memory(struct regcmd *rc, const struct conv_task *t)
{
	size_t all = conv_weight_bytes(t), kernels = t->depthwise ? 1 : t->kernels;
	unsigned int banks = DIV_UP(conv_in_bytes(t), RKNPU_CNA_CBUF_BANK_BYTES);

	/* Data that does not fit is streamed: the split of the buffer does not change results */
	if (banks >= RKNPU_CNA_CBUF_BANKS)
		banks = RKNPU_CNA_CBUF_BANKS - 1;
	regcmd_write(rc, RKNPU_CNA_CBUF_CON0,
		     REG_FIELD(RKNPU_CNA_CBUF_CON0_DATA_BANK, banks) |
		     REG_FIELD(RKNPU_CNA_CBUF_CON0_WEIGHT_BANK, RKNPU_CNA_CBUF_BANKS - banks));
	regcmd_write(rc, RKNPU_CNA_CBUF_CON1, DIV_UP(t->channels * prec_bits(t->in_prec), 512) * t->width);
	regcmd_write(rc, RKNPU_CNA_WEIGHT_SIZE0, (uint32_t)all);
	regcmd_write(rc, RKNPU_CNA_WEIGHT_SIZE1,
		     REG_FIELD(RKNPU_CNA_WEIGHT_SIZE1_BYTES_PER_KERNEL, all / kernels));
	regcmd_write(rc, RKNPU_CNA_WEIGHT_SIZE2,
		     REG_FIELD(RKNPU_CNA_WEIGHT_SIZE2_WIDTH, t->kw) |
		     REG_FIELD(RKNPU_CNA_WEIGHT_SIZE2_HEIGHT, t->kh) |
		     REG_FIELD(RKNPU_CNA_WEIGHT_SIZE2_KERNELS, kernels));
	input_conversion(rc, t);
	regcmd_write(rc, RKNPU_CNA_FEATURE_DATA_ADDR, t->in);
	regcmd_write(rc, RKNPU_CNA_DMA_CON0, CNA_DMA_BURSTS);
	input_strides(rc, t);
	regcmd_write(rc, RKNPU_CNA_FC_DATA_SIZE0, t->width << CNA_DMA_WIDTH_SHIFT | t->height);
	regcmd_write(rc, RKNPU_CNA_FC_DATA_SIZE1, t->channels);
	regcmd_write(rc, RKNPU_CNA_DCOMP_CTRL, 0);
	regcmd_write(rc, RKNPU_CNA_DCOMP_REGNUM, 0);
	regcmd_write(rc, RKNPU_CNA_DCOMP_ADDR0, t->weights);
}

static void core_words(struct regcmd *rc, const struct conv_task *t)
{
	regcmd_write(rc, RKNPU_CORE_MISC_CFG,
		     RKNPU_CORE_MISC_CFG_QD_EN | REG_FIELD(RKNPU_CORE_MISC_CFG_DW_EN, t->depthwise) |
		     REG_FIELD(RKNPU_CORE_MISC_CFG_PROC_PREC, t->in_prec));
	regcmd_write(rc, RKNPU_CORE_DATAOUT_SIZE0,
		     REG_FIELD(RKNPU_CORE_DATAOUT_SIZE0_HEIGHT, t->out_h - 1) |
		     REG_FIELD(RKNPU_CORE_DATAOUT_SIZE0_WIDTH, t->out_w - 1));
	regcmd_write(rc, RKNPU_CORE_DATAOUT_SIZE1,
		     REG_FIELD(RKNPU_CORE_DATAOUT_SIZE1_CHANNEL, conv_out_channels(t) - 1));
	regcmd_write(rc, RKNPU_CORE_CLIP_TRUNCATE, 0);
	regcmd_write(rc, RKNPU_CORE_UNNAMED_3030, 0);
}

/* Number of atoms of an output group minus 1; it depends on both types [seen: rockchip-npu-notes] */
static unsigned int size_e(const struct conv_task *t)
{
	unsigned int in = prec_bits(t->in_prec), out = prec_bits(t->out_prec);

	if (t->depthwise)
		return 3;
	return in == out ? 1 : in < 16 ? 7 : 3;
}

static void dpu_cube(struct regcmd *rc, const struct conv_task *t)
{
	unsigned int plane = t->out_w * t->out_h, channels = conv_out_channels(t);
	/* The DPU has no code for tf32 [seen: rockchip-npu-notes] */
	uint32_t prec = t->in_prec == RKNPU_PREC_TF32 ? RKNPU_PREC_FP32 : t->in_prec;

	regcmd_write(rc, RKNPU_DPU_FEATURE_MODE_CFG,
		     REG_FIELD(RKNPU_DPU_FEATURE_MODE_CFG_BURST, DPU_BURST) |
		     REG_FIELD(RKNPU_DPU_FEATURE_MODE_CFG_CONV_MODE, t->depthwise ? CONV_DEPTHWISE : 0) |
		     REG_FIELD(RKNPU_DPU_FEATURE_MODE_CFG_OUTPUT, DPU_OUTPUT_MEMORY));
	regcmd_write(rc, RKNPU_DPU_DATA_FORMAT,
		     REG_FIELD(RKNPU_DPU_DATA_FORMAT_OUT_PREC, t->out_prec) |
		     REG_FIELD(RKNPU_DPU_DATA_FORMAT_IN_PREC, prec) |
		     REG_FIELD(RKNPU_DPU_DATA_FORMAT_PROC_PREC, prec));
	regcmd_write(rc, RKNPU_DPU_DST_BASE_ADDR, t->out);
	regcmd_write(rc, RKNPU_DPU_DST_SURF_STRIDE, REG_FIELD(RKNPU_DPU_DST_SURF_STRIDE_MASK, plane));
	regcmd_write(rc, RKNPU_DPU_SURFACE_ADD,
		     REG_FIELD(RKNPU_DPU_SURFACE_ADD_MASK, plane * (size_e(t) + 1)));
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_WIDTH, t->out_w - 1);
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_HEIGHT, t->out_h - 1);
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_NOTCH, 0);
	regcmd_write(rc, RKNPU_DPU_DATA_CUBE_CHANNEL,
		     REG_FIELD(RKNPU_DPU_DATA_CUBE_CHANNEL_ORIG, channels - 1) |
		     REG_FIELD(RKNPU_DPU_DATA_CUBE_CHANNEL_PADDED, channels - 1));
	regcmd_write(rc, RKNPU_DPU_WDMA_SIZE0, REG_FIELD(RKNPU_DPU_WDMA_SIZE0_CHANNEL, channels - 1));
	regcmd_write(rc, RKNPU_DPU_WDMA_SIZE1,
		     REG_FIELD(RKNPU_DPU_WDMA_SIZE1_HEIGHT, t->out_h - 1) |
		     REG_FIELD(RKNPU_DPU_WDMA_SIZE1_WIDTH, t->out_w - 1));
}

/* BS applies bias and ReLU; the operand is from memory, and the ALU comes before ReLU */
static uint32_t bs_cfg(const struct conv_task *t)
{
	uint32_t cfg = RKNPU_DPU_STAGE_CFG_MUL_BYPASS;

	if (!t->bias && !t->relu)
		return REGCMD_STAGE_BYPASS;
	cfg |= t->bias ? RKNPU_DPU_STAGE_CFG_ALU_SRC | REG_FIELD(RKNPU_DPU_STAGE_CFG_ALU_ALGO, DPU_ALU_ADD)
		       : RKNPU_DPU_STAGE_CFG_ALU_BYPASS;
	return cfg | (t->relu ? 0 : RKNPU_DPU_STAGE_CFG_RELU_BYPASS);
}

static void dpu_stages(struct regcmd *rc, const struct conv_task *t)
{
	uint32_t size = size_e(t);
	int scale = t->scale ? t->scale : 1;

	regcmd_write(rc, RKNPU_DPU_BS_CFG, bs_cfg(t));
	regcmd_write(rc, RKNPU_DPU_BS_ALU_CFG, 0);
	regcmd_write(rc, RKNPU_DPU_BS_MUL_CFG, 0);
	regcmd_write(rc, RKNPU_DPU_BS_RELUX_CMP, 0);
	regcmd_write(rc, RKNPU_DPU_BS_OW_CFG,
		     REG_FIELD(RKNPU_DPU_BS_OW_CFG_SIZE_E_0, size) | REG_FIELD(RKNPU_DPU_BS_OW_CFG_SIZE_E_1, size) |
		     REG_FIELD(RKNPU_DPU_BS_OW_CFG_SIZE_E_2, size) |
		     (t->weight_zero ? 0 : RKNPU_DPU_BS_OW_CFG_OD_BYPASS));
	regcmd_write(rc, RKNPU_DPU_BS_OW_OP, REG_FIELD(RKNPU_DPU_BS_OW_OP_OPERAND, (uint16_t)-t->weight_zero));
	regcmd_dpu_pass_bn_ew(rc);
	regcmd_write(rc, RKNPU_DPU_OUT_CVT_OFFSET, (uint32_t)t->offset);
	regcmd_write(rc, RKNPU_DPU_OUT_CVT_SCALE,
		     REG_FIELD(RKNPU_DPU_OUT_CVT_SCALE_SCALE, (uint16_t)scale) |
		     (t->out_prec == RKNPU_PREC_FP16 ? RKNPU_DPU_OUT_CVT_SCALE_FP32TOFP16 : 0));
	regcmd_write(rc, RKNPU_DPU_OUT_CVT_SHIFT, REG_FIELD(RKNPU_DPU_OUT_CVT_SHIFT_SHIFT, t->shift));
	regcmd_write(rc, RKNPU_DPU_UNNAMED_40C4, 0);
}

/* Only BRDMA is used */
static void rdma_words(struct regcmd *rc, const struct conv_task *t)
{
	regcmd_write(rc, RKNPU_DPU_RDMA_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	regcmd_write(rc, RKNPU_DPU_RDMA_DATA_CUBE_WIDTH, t->out_w - 1);
	regcmd_write(rc, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, t->out_h - 1);
	regcmd_write(rc, RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL, conv_out_channels(t) - 1);
	regcmd_write(rc, RKNPU_DPU_RDMA_SRC_BASE_ADDR, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_BRDMA_CFG, REG_FIELD(RKNPU_DPU_RDMA_BRDMA_CFG_DATA_USE, RDMA_USE_ALU));
	regcmd_write(rc, RKNPU_DPU_RDMA_BS_BASE_ADDR, t->bias);
	regcmd_write(rc, RKNPU_DPU_RDMA_NRDMA_CFG, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_BN_BASE_ADDR, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_ERDMA_CFG, RKNPU_DPU_RDMA_ERDMA_CFG_DISABLE);
	regcmd_write(rc, RKNPU_DPU_RDMA_EW_BASE_ADDR, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_EW_SURF_STRIDE, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_FEATURE_MODE_CFG,
		     RKNPU_DPU_RDMA_FEATURE_MODE_CFG_MRDMA_DISABLE |
		     REG_FIELD(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_CONV_MODE, t->depthwise ? CONV_DEPTHWISE : 0) |
		     REG_FIELD(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_BURST, DPU_BURST));
	regcmd_write(rc, RKNPU_DPU_RDMA_SRC_DMA_CFG, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_SURF_NOTCH, 0);
	regcmd_write(rc, RKNPU_DPU_RDMA_EW_SURF_NOTCH, 0);
}

void conv_segment(struct regcmd *rc, const struct conv_task *t)
{
	regcmd_write(rc, RKNPU_DPU_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	cna_shape(rc, t);
	cna_memory(rc, t);
	core_words(rc, t);
	dpu_cube(rc, t);
	dpu_stages(rc, t);
	if (t->bias)
		rdma_words(rc, t);
}
