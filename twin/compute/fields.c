// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Fields that the TRM names and that change results in a way that no fact
 * describes, and registers that RK3588 does not have. A program that sets one is
 * refused; otherwise it would run as if the field were clear. Fields with a known
 * effect are obeyed or refused by the file of their unit, and fields without an
 * effect on results (bursts, buffer set-up, clock gating) are ignored.
 */
#include "dpu_priv.h"

struct field {
	uint32_t enable;	/* the block that has the field */
	uint32_t reg, mask;
	const char *reason;
};

static const struct field unknown[] = {
	{ RKNPU_ENABLE_CNA, RKNPU_CNA_CONV_CON3, RKNPU_CNA_CONV_CON3_NN_MODE, "cores that work together" },
	{ RKNPU_ENABLE_CNA, RKNPU_CNA_DATA_SIZE3, RKNPU_CNA_DATA_SIZE3_SURF_MODE, "serialized surfaces" },
	{ RKNPU_ENABLE_CNA, RKNPU_CNA_FC_CON0, RKNPU_CNA_FC_CON0_SKIP_EN, "skipping of zeros" },
	{ RKNPU_ENABLE_DPU, RKNPU_DPU_DATA_FORMAT, RKNPU_DPU_DATA_FORMAT_EW_TRUNCATE_NEG, "shift of EW's result" },
	{ RKNPU_ENABLE_DPU, RKNPU_DPU_EW_CVT_SCALE, RKNPU_DPU_EW_CVT_SCALE_TRUNCATE, "shift of EW's result" },
	{ RKNPU_ENABLE_DPU, RKNPU_DPU_BS_OW_CFG, RKNPU_DPU_BS_OW_CFG_RGP_CNTER, "regrouped output" },
	{ RKNPU_ENABLE_DPU, RKNPU_DPU_LUT_CFG, RKNPU_DPU_LUT_CFG_OTHER, "lookup tables joined, or chosen otherwise" },
	{ RKNPU_ENABLE_PPU, RKNPU_PPU_MISC_CTRL, ~RKNPU_PPU_MISC_CTRL_BURST, "layout of the output" },
};

/* Registers of a block, first and last */
struct range {
	uint32_t first, last;
};

/*
 * All registers that the TRM lists from DATA_CUBE or CONV_CON1 on, and the unnamed ones
 * that clients write. RK3568 has different ones: without this check its streams would
 * run as if they were RK3588's.
 */
static const struct range known[] = {
	{ RKNPU_CNA_CONV_CON1, RKNPU_CNA_CONV_CON3 }, { RKNPU_CNA_DATA_SIZE0, RKNPU_CNA_WEIGHT_SIZE2 },
	{ RKNPU_CNA_CBUF_CON0, RKNPU_CNA_CBUF_CON1 }, { RKNPU_CNA_CVT_CON0, 0x1080 },
	{ RKNPU_CNA_FC_DATA_SIZE0, 0x1090 }, { RKNPU_CNA_DCOMP_CTRL, RKNPU_CNA_DCOMP_REGNUM },
	{ RKNPU_CNA_DCOMP_ADDR0, RKNPU_CNA_DCOMP_ADDR0 },
	{ RKNPU_CNA_DCOMP_AMOUNT0, RKNPU_CNA_DCOMP_AMOUNT0 + 4 * (DCOMP_LANES - 1) },
	{ RKNPU_CNA_CVT_CON5, RKNPU_CNA_PAD_CON1 },
	{ RKNPU_CORE_MAC_GATING, RKNPU_CORE_CLIP_TRUNCATE }, { RKNPU_CORE_UNNAMED_3030, RKNPU_CORE_UNNAMED_3030 },
	{ RKNPU_DPU_FEATURE_MODE_CFG, RKNPU_DPU_OFFSET_PEND },
	{ RKNPU_DPU_DST_BASE_ADDR, RKNPU_DPU_DST_SURF_STRIDE },
	{ RKNPU_DPU_DATA_CUBE_WIDTH, RKNPU_DPU_BN_RELUX_CMP }, { RKNPU_DPU_EW_CFG, RKNPU_DPU_OUT_CVT_SHIFT },
	{ RKNPU_DPU_EW_OP_VALUE_0, 0x40ac }, { RKNPU_DPU_SURFACE_ADD, RKNPU_DPU_UNNAMED_40C4 },
	{ RKNPU_DPU_LUT_ACCESS_CFG, RKNPU_DPU_LUT_LO_SLOPE_SHIFT },
	{ RKNPU_DPU_RDMA_DATA_CUBE_WIDTH, RKNPU_DPU_RDMA_BS_BASE_ADDR },
	{ RKNPU_DPU_RDMA_NRDMA_CFG, RKNPU_DPU_RDMA_BN_BASE_ADDR },
	{ RKNPU_DPU_RDMA_ERDMA_CFG, RKNPU_DPU_RDMA_SURF_NOTCH },
	{ RKNPU_DPU_RDMA_PAD_CFG, RKNPU_DPU_RDMA_EW_SURF_NOTCH },
	{ RKNPU_PPU_DATA_CUBE_IN_WIDTH, RKNPU_PPU_OPERATION_MODE_CFG },
	{ RKNPU_PPU_POOLING_KERNEL_CFG, RKNPU_PPU_PADDING_VALUE_2_CFG },
	{ RKNPU_PPU_DST_BASE_ADDR, RKNPU_PPU_DATA_FORMAT }, { RKNPU_PPU_MISC_CTRL, RKNPU_PPU_MISC_CTRL },
	{ RKNPU_PPU_RDMA_CUBE_IN_WIDTH, RKNPU_PPU_RDMA_CUBE_IN_CHANNEL },
	{ RKNPU_PPU_RDMA_SRC_BASE_ADDR, RKNPU_PPU_RDMA_DATA_FORMAT },
	{ RKNPU_PPU_RDMA_UNNAMED_7038, RKNPU_PPU_RDMA_UNNAMED_7038 },
};

/* The first registers of a block are its pointer and start registers; the last ones are not decoded */
#define FIRST_REG		0xc
#define END_REG			0x200

static bool is_known(uint32_t reg)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (reg >= known[i].first && reg <= known[i].last)
			return true;
	return false;
}

/* Bit n of the enable bitmap stands for the block of 4 KiB at these bases */
static enum twin_compute_status registers_parse(const struct task *t, uint32_t enable)
{
	static const uint32_t bases[] = {
		RKNPU_CNA_BASE, 0, RKNPU_CORE_BASE, RKNPU_DPU_BASE, RKNPU_DPU_RDMA_BASE, RKNPU_PPU_BASE,
		RKNPU_PPU_RDMA_BASE,
	};

	for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++)
		for (uint32_t reg = FIRST_REG; enable >> i & 1 && reg < END_REG; reg += 4)
			if (reg_read(t, bases[i] + reg) && !is_known(bases[i] + reg))
				return refuse(t, bases[i] + reg, "register that RK3588 does not have");
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status fields_parse(const struct task *t, uint32_t enable)
{
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (enable & unknown[i].enable && reg_read(t, unknown[i].reg) & unknown[i].mask)
			return refuse(t, unknown[i].reg, unknown[i].reason);
	return registers_parse(t, enable);
}
