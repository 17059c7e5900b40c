// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Words are written in the given order: it only matters to the hardware in the tail.
 */
#include "regcmd.h"
#include "soc.h"

#include <stdio.h>
#include <stdlib.h>

void regcmd_word(struct regcmd *rc, uint64_t word)
{
	if (rc->count == rc->max) {
		printf("# command stream longer than its %zu words\n", rc->max);
		abort();
	}
	rc->words[rc->count++] = word;
}

void regcmd_write(struct regcmd *rc, uint32_t reg, uint32_t value)
{
	static const uint16_t targets[] = {
		[RKNPU_PC_BASE >> 12] = RKNPU_TARGET_PC,
		[RKNPU_CNA_BASE >> 12] = RKNPU_TARGET_CNA,
		[RKNPU_CORE_BASE >> 12] = RKNPU_TARGET_CORE,
		[RKNPU_DPU_BASE >> 12] = RKNPU_TARGET_DPU,
		[RKNPU_DPU_RDMA_BASE >> 12] = RKNPU_TARGET_DPU_RDMA,
		[RKNPU_PPU_BASE >> 12] = RKNPU_TARGET_PPU,
		[RKNPU_PPU_RDMA_BASE >> 12] = RKNPU_TARGET_PPU_RDMA,
	};

	regcmd_word(rc, RKNPU_REGCMD(targets[reg >> 12], reg, value));
}

void regcmd_dpu_pass_bn_ew(struct regcmd *rc)
{
	regcmd_write(rc, RKNPU_DPU_BN_CFG, REGCMD_STAGE_BYPASS);
	regcmd_write(rc, RKNPU_DPU_BN_ALU_CFG, 0);
	regcmd_write(rc, RKNPU_DPU_BN_MUL_CFG, 0);
	regcmd_write(rc, RKNPU_DPU_BN_RELUX_CMP, 0);
	regcmd_write(rc, RKNPU_DPU_EW_CFG,
		     RKNPU_DPU_EW_CFG_BYPASS | RKNPU_DPU_EW_CFG_OP_BYPASS | RKNPU_DPU_EW_CFG_LUT_BYPASS |
		     RKNPU_DPU_EW_CFG_OP_CVT_BYPASS | RKNPU_DPU_EW_CFG_RELU_BYPASS);
	regcmd_write(rc, RKNPU_DPU_EW_CVT_OFFSET, 0);
	regcmd_write(rc, RKNPU_DPU_EW_CVT_SCALE, 1);
	regcmd_write(rc, RKNPU_DPU_EW_RELUX_CMP, 0);
}

void regcmd_tail(struct regcmd *rc, uint32_t next, size_t next_words, uint32_t enable)
{
	if (next)
		regcmd_write(rc, RKNPU_PC_BASE_ADDRESS, next);
	else
		regcmd_word(rc, 0);
	regcmd_write(rc, RKNPU_PC_REGISTER_AMOUNTS, next ? RKNPU_PC_AMOUNT(next_words, soc_get()->scale) : 0);
	regcmd_word(rc, RKNPU_REGCMD(RKNPU_TARGET_SEPARATOR, 0, 0));
	regcmd_word(rc, RKNPU_REGCMD(RKNPU_TARGET_OP_ENABLE, RKNPU_OPERATION_ENABLE, enable));
}
