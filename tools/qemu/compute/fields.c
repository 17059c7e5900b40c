// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Fields that the TRM names and that change results, but whose effect no fact
 * tells. A program that sets one is refused: it must not pass as one that does
 * not. What has an effect here is its unit's own to refuse or to obey, and what
 * has none on results (bursts, buffer set-up, clock gating) is nobody's.
 */
#include "dpu_priv.h"

struct field {
	uint32_t enable;	/* the block that has it */
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

enum twin_compute_status fields_parse(const struct task *t, uint32_t enable)
{
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		if (enable & unknown[i].enable && reg_read(t, unknown[i].reg) & unknown[i].mask)
			return refuse(t, unknown[i].reg, unknown[i].reason);
	return TWIN_COMPUTE_OK;
}
