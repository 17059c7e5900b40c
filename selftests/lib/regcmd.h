/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Builds command streams: segments of register writes, each ended by the
 * four-word tail that links to the next one.
 */
#ifndef REGCMD_H
#define REGCMD_H

#include <stddef.h>
#include <stdint.h>
#include "rknpu_regcmd.h"
#include "rknpu_regs.h"

/* Value shifted to the position of a register field given by its mask */
#define REG_FIELD(mask, value)	(((uint32_t)(value) * ((mask) & -(uint32_t)(mask))) & (mask))

/* The closed runtime aligns every segment to this */
#define REGCMD_ALIGN_BYTES	64

/* BS_CFG or BN_CFG of a stage that passes data unchanged */
#define REGCMD_STAGE_BYPASS	(RKNPU_DPU_STAGE_CFG_BYPASS | RKNPU_DPU_STAGE_CFG_ALU_BYPASS | \
				 RKNPU_DPU_STAGE_CFG_MUL_BYPASS | RKNPU_DPU_STAGE_CFG_RELU_BYPASS)

struct regcmd {
	uint64_t *words;
	size_t count, max;
};

void regcmd_word(struct regcmd *rc, uint64_t word);
/* Appends a register write; the target follows from the block of the register */
void regcmd_write(struct regcmd *rc, uint32_t reg, uint32_t value);
/* Makes the DPU's stages BN and EW pass data unchanged */
void regcmd_dpu_pass_bn_ew(struct regcmd *rc);
/* Ends a segment: @next is the address of the following segment or 0, @next_words its length without tail */
void regcmd_tail(struct regcmd *rc, uint32_t next, size_t next_words, uint32_t enable);

#endif /* REGCMD_H */
