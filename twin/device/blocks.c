// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: register files of the compute blocks. Every block has two groups of
 * registers and one pointer that selects a group: reads and writes go to that
 * group, a task runs from it, and when the task retires, the pointer of each
 * block that took part flips if S_POINTER says so. One pointer for both roles
 * is sufficient for every known client (npu-model: "sufficient model").
 *
 * There is only one set of the DPU's lookup tables and their access port.
 *
 * Register files keep their contents across tasks, jobs and processes; only a
 * reset clears them [seen: rockchip-npu-notes].
 */
#include <string.h>

#include "priv.h"

/* The DPU's lookup tables and CNA 0x1184 are the last registers of any block [TRM] */
#define BLOCK_END		0x200
#define BLOCK_OFFSET(offset)	((offset) & (RKNPU_BLOCK_BYTES - 1))
#define BLOCK_INDEX(offset)	((offset) / RKNPU_BLOCK_BYTES)
#define BLOCK_WORD(offset)	(BLOCK_OFFSET(offset) / 4)

#define POINTER_KEPT		(RKNPU_S_POINTER_PINGPONG | RKNPU_S_POINTER_CORE)

static const uint32_t enable_bit[TWIN_BLOCKS] = {
	[RKNPU_CNA_BASE / RKNPU_BLOCK_BYTES] = RKNPU_ENABLE_CNA,
	[RKNPU_CORE_BASE / RKNPU_BLOCK_BYTES] = RKNPU_ENABLE_CORE,
	[RKNPU_DPU_BASE / RKNPU_BLOCK_BYTES] = RKNPU_ENABLE_DPU,
	[RKNPU_DPU_RDMA_BASE / RKNPU_BLOCK_BYTES] = RKNPU_ENABLE_DPU_RDMA,
	[RKNPU_PPU_BASE / RKNPU_BLOCK_BYTES] = RKNPU_ENABLE_PPU,
	[RKNPU_PPU_RDMA_BASE / RKNPU_BLOCK_BYTES] = RKNPU_ENABLE_PPU_RDMA,
};

bool twin_block_decodes(uint32_t offset)
{
	uint32_t index = BLOCK_INDEX(offset);

	return index < TWIN_BLOCKS && enable_bit[index] && BLOCK_OFFSET(offset) < BLOCK_END;
}

bool twin_block_enabled(unsigned int block, uint32_t enable)
{
	return enable & enable_bit[block];
}

/* The two S_POINTER registers that carry the core's number */
bool twin_block_owns_core_number(uint32_t offset)
{
	return offset == RKNPU_CNA_S_POINTER || offset == RKNPU_CORE_S_POINTER;
}

static uint32_t block_status(const struct twin_core *core, unsigned int index)
{
	const struct twin_kick *kick = &core->kick;
	bool runs = kick->phase == TWIN_EXECUTE || kick->phase == TWIN_WORKING;

	if (!runs || !twin_block_enabled(index, kick->enable))
		return 0;
	return core->block[index].pointer ? RKNPU_S_STATUS_EXECUTER1 & -RKNPU_S_STATUS_EXECUTER1 : 1;
}

uint32_t twin_block_read(struct twin_core *core, uint32_t offset)
{
	const struct twin_block *block = &core->block[BLOCK_INDEX(offset)];

	switch (BLOCK_OFFSET(offset)) {
	case RKNPU_S_STATUS:
		return block_status(core, BLOCK_INDEX(offset));
	case RKNPU_S_POINTER:
		return block->mode | block->pointer | (block->executer ? RKNPU_S_POINTER_EXECUTER : 0);
	case RKNPU_OPERATION_ENABLE:
		return 0;
	}
	return block->reg[block->pointer][BLOCK_WORD(offset)];
}

static void write_pointer(struct twin_block *block, uint32_t value)
{
	block->mode = value & POINTER_KEPT;
	/* Writes do not set a pointer that toggles by itself [npu-model 5] */
	if (!(value & RKNPU_S_POINTER_POINTER_PP_EN))
		block->pointer = value & RKNPU_S_POINTER_POINTER;
	if (value & RKNPU_S_POINTER_POINTER_PP_CLEAR)
		block->pointer = 0;
	if (value & RKNPU_S_POINTER_EXECUTER_PP_CLEAR)
		block->executer = 0;
}

static void lut_select(struct twin_lut *lut, uint32_t value)
{
	lut->table = TWIN_FIELD(RKNPU_DPU_LUT_ACCESS_CFG_TABLE, value);
	lut->entry = TWIN_FIELD(RKNPU_DPU_LUT_ACCESS_CFG_ENTRY, value);
	lut->write = value & RKNPU_DPU_LUT_ACCESS_CFG_WRITE;
}

static void lut_write(struct twin_core *core, uint32_t value)
{
	struct twin_lut *lut = &core->lut;

	/* Streams without a table write 0 to both registers of the port [seen: Mesa] */
	if (!lut->write)
		return;
	/* Tables for RK356x end with one word more, which no result depends on [seen: rknn-toolkit2 and its simulator] */
	if (lut->entry == RKNPU_DPU_LUT_ENTRIES && core->twin->soc->block_2000) {
		lut->entry++;
		return;
	}
	if (lut->entry >= RKNPU_DPU_LUT_ENTRIES) {
		twin_error(core->twin, TWIN_ERROR_STREAM, core->index, RKNPU_DPU_LUT_ACCESS_DATA,
			   "entry %u of a lookup table", lut->entry);
		return;
	}
	lut->value[lut->table][lut->entry++] = (int16_t)value;
	lut->written = true;
}

void twin_block_write(struct twin_core *core, uint32_t offset, uint32_t value)
{
	struct twin_block *block = &core->block[BLOCK_INDEX(offset)];

	if (offset == RKNPU_DPU_LUT_ACCESS_CFG)
		lut_select(&core->lut, value);
	else if (offset == RKNPU_DPU_LUT_ACCESS_DATA)
		lut_write(core, value);
	switch (BLOCK_OFFSET(offset)) {
	case RKNPU_S_STATUS:
		twin_error(core->twin, TWIN_ERROR_RO_WRITE, core->index, offset, "S_STATUS");
		break;
	case RKNPU_S_POINTER:
		write_pointer(block, value);
		break;
	case RKNPU_OPERATION_ENABLE:
		/* Streams write 1 to those of PPU and PPU_RDMA, but the op-enable word decides [npu-model 2.1] */
		break;
	default:
		block->reg[block->pointer][BLOCK_WORD(offset)] = value;
	}
}

void twin_blocks_reset(struct twin_core *core)
{
	struct twin_block *block = &core->block[BLOCK_INDEX(RKNPU_CORE_MAC_GATING)];
	unsigned int group;

	memset(core->block, 0, sizeof(core->block));
	memset(&core->lut, 0, sizeof(core->lut));
	for (group = 0; group < TWIN_GROUPS; group++)
		block->reg[group][BLOCK_WORD(RKNPU_CORE_MAC_GATING)] = RKNPU_CORE_MAC_GATING_RESET;
}

/* Select the registers that the next task runs from */
void twin_blocks_select(struct twin_core *core, struct twin_unit_regs *regs)
{
	unsigned int i;

	for (i = 0; i < TWIN_BLOCKS; i++)
		regs->block[i] = core->block[i].reg[core->block[i].pointer];
	regs->lut = core->lut.written ? core->lut.value : NULL;
}

/* Flip the pointers of the blocks of a retired task */
void twin_blocks_retire(struct twin_core *core, uint32_t enable)
{
	struct twin_block *block;
	unsigned int i;

	for (i = 0; i < TWIN_BLOCKS; i++) {
		block = &core->block[i];
		if (!twin_block_enabled(i, enable))
			continue;
		core->kick.last_group[i] = block->pointer;
		if (block->mode & RKNPU_S_POINTER_POINTER_PP_EN)
			block->pointer ^= 1;
		if (block->mode & RKNPU_S_POINTER_EXECUTER_PP_EN)
			block->executer ^= 1;
	}
}
