// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: set-up of the path from the accumulator, or from memory, to memory, and
 * the order of its stages: CPEND and BS, BN, EW, output conversion.
 */
#include <stdlib.h>

#include "dpu_priv.h"

/* Values of fields */
#define OUTPUT_MEMORY		2
#define CONV_MODE_DIRECT	0
#define CONV_MODE_DEPTHWISE	3

static enum twin_compute_status parse_mode(const struct task *t, const struct conv *conv,
					   struct dpu *dpu)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_FEATURE_MODE_CFG);
	uint32_t conv_mode = field_get(RKNPU_DPU_FEATURE_MODE_CFG_CONV_MODE, mode);
	uint32_t expected = conv && conv->depthwise ? CONV_MODE_DEPTHWISE : CONV_MODE_DIRECT;

	dpu->flying = mode & RKNPU_DPU_FEATURE_MODE_CFG_FLYING;
	if (dpu->flying && conv)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "flying mode with CNA and CORE enabled");
	if (!dpu->flying && !conv)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "neither flying mode nor CNA and CORE");
	if (field_get(RKNPU_DPU_FEATURE_MODE_CFG_OUTPUT, mode) != OUTPUT_MEMORY)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "output other than memory");
	if (conv_mode != expected)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "convolution mode other than CNA's");
	if (mode & RKNPU_DPU_FEATURE_MODE_CFG_TP_EN)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "transposed output");
	return TWIN_COMPUTE_OK;
}

/* The DPU has no code for tf32: programs say fp32, its accumulator [seen: rockchip-npu-notes] */
static uint32_t dpu_precision(const struct conv *conv)
{
	return conv->precision == RKNPU_PREC_TF32 ? RKNPU_PREC_FP32 : conv->precision;
}

static enum twin_compute_status parse_main(const struct task *t, const struct conv *conv,
					   struct dpu *dpu)
{
	uint32_t format = reg_read(t, RKNPU_DPU_DATA_FORMAT);
	uint32_t in = field_get(RKNPU_DPU_DATA_FORMAT_IN_PREC, format);
	uint32_t proc = field_get(RKNPU_DPU_DATA_FORMAT_PROC_PREC, format);

	dpu->processing = proc;
	if (conv) {
		dpu->is_float = conv->is_float;
		if (in != dpu_precision(conv) || proc != in)
			return refuse(t, RKNPU_DPU_DATA_FORMAT, "precision differs from CNA's");
		return TWIN_COMPUTE_OK;
	}
	if (!element_init(&dpu->main, in))
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "input of this precision from memory");
	dpu->is_float = element_is_float(&dpu->main);
	/* The one pair that differs in client programs: fp32 in memory, processed as fp16 is */
	if (in == RKNPU_PREC_FP32 ? proc != RKNPU_PREC_FP16 : proc != in)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "input and processing precision differ");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_format(const struct task *t, struct dpu *dpu)
{
	uint32_t format = reg_read(t, RKNPU_DPU_DATA_FORMAT);

	if (!element_init(&dpu->out, field_get(RKNPU_DPU_DATA_FORMAT_OUT_PREC, format)))
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "output of this precision");
	/* How it rounds is not known */
	if (dpu->is_float && !element_is_float(&dpu->out))
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "integer output of float values");
	if (format & RKNPU_DPU_DATA_FORMAT_MC_SURF_OUT)
		return refuse(t, RKNPU_DPU_DATA_FORMAT, "serialized surfaces");
	return TWIN_COMPUTE_OK;
}

/* The larger of cube, write DMA and read DMA counts: clients leave one of them 0 [seen: client programs] */
static enum twin_compute_status parse_size(const struct task *t, const struct conv *conv,
					   struct dpu *dpu)
{
	struct cube *cube = &dpu->cube;

	cube->width = 1 + max_u32(
		reg_field(t, RKNPU_DPU_DATA_CUBE_WIDTH, RKNPU_DPU_DATA_CUBE_WIDTH_MASK),
		reg_field(t, RKNPU_DPU_WDMA_SIZE1, RKNPU_DPU_WDMA_SIZE1_WIDTH));
	cube->height = 1 + max_u32(
		reg_field(t, RKNPU_DPU_DATA_CUBE_HEIGHT, RKNPU_DPU_DATA_CUBE_HEIGHT_MASK),
		reg_field(t, RKNPU_DPU_WDMA_SIZE1, RKNPU_DPU_WDMA_SIZE1_HEIGHT));
	cube->channels = 1 + max_u32(
		reg_field(t, RKNPU_DPU_DATA_CUBE_CHANNEL, RKNPU_DPU_DATA_CUBE_CHANNEL_PADDED),
		reg_field(t, RKNPU_DPU_WDMA_SIZE0, RKNPU_DPU_WDMA_SIZE0_CHANNEL));
	if (dpu->flying) {
		cube->width = max_u32(cube->width, dpu->rdma.cube.width);
		cube->height = max_u32(cube->height, dpu->rdma.cube.height);
		cube->channels = max_u32(cube->channels, dpu->rdma.cube.channels);
		if ((uint64_t)cube->width * cube->height * round_up(cube->channels, 16) *
		    sizeof(int32_t) > MAX_OPERAND_BYTES)
			return refuse(t, RKNPU_DPU_DATA_CUBE_WIDTH, "cube beyond the model's memory bound");
		return TWIN_COMPUTE_OK;
	}
	if (cube->width != conv->out_width)
		return refuse(t, RKNPU_DPU_DATA_CUBE_WIDTH, "width differs from CORE's");
	if (cube->height != conv->out_height)
		return refuse(t, RKNPU_DPU_DATA_CUBE_HEIGHT, "height differs from CORE's");
	if (cube->channels != conv->out_channels)
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

/* Each step relies on what the ones before found */
enum twin_compute_status dpu_parse(const struct task *t, const struct conv *conv, uint32_t enable,
				   struct dpu *dpu)
{
	enum twin_compute_status status;

	memset(dpu, 0, sizeof(*dpu));
	status = parse_mode(t, conv, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = parse_main(t, conv, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = parse_format(t, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = stages_parse(t, conv, enable, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = ew_parse(t, enable, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = out_cvt_parse(t, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = rdma_parse(t, enable, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = parse_size(t, conv, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = parse_address(t, dpu);
	if (status == TWIN_COMPUTE_OK)
		rdma_parse_ew(t, dpu);
	return status;
}

/* All bytes that DMA moves, per-channel operands aside */
uint64_t dpu_memory_bytes(const struct dpu *dpu)
{
	uint64_t values = (uint64_t)dpu->cube.width * dpu->cube.height * dpu->cube.channels;
	uint64_t bytes = values * dpu->out.bytes;

	if (dpu->flying)
		bytes += values * dpu->main.bytes;
	if (dpu->ew.memory)
		bytes += values * dpu->ew.operand.bytes;
	return bytes;
}

bool cube_alloc(struct accumulator *acc, const struct cube *cube, uint32_t pitch, bool is_float)
{
	acc->is_float = is_float;
	acc->pixels = cube->width * cube->height;
	acc->channels = cube->channels;
	acc->pitch = pitch;
	acc->i = malloc((size_t)acc->pixels * pitch * sizeof(*acc->i));
	return acc->i;
}

/**
 * dpu_run() - from the accumulator to memory
 * @acc: what CORE made; for a flying task: empty, filled here and the caller's to free
 *
 * All input is read before the first byte is written.
 */
enum twin_compute_status dpu_run(const struct task *t, const struct dpu *dpu,
				 struct accumulator *acc)
{
	enum twin_compute_status status = TWIN_COMPUTE_OK;

	if (dpu->flying)
		status = rdma_fetch_main(t, dpu, acc);
	if (status == TWIN_COMPUTE_OK)
		status = stages_run(t, dpu, acc);
	if (status == TWIN_COMPUTE_OK)
		status = ew_run(t, dpu, acc);
	if (status == TWIN_COMPUTE_OK)
		status = wdma_write(t, dpu, acc);
	return status;
}
