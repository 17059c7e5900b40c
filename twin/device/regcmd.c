// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the command words of a segment. The offset selects the register, and the
 * target's unit bit repeats its unit; a word in which they differ is reported and
 * then executed by its offset [npu-model 2.1].
 */
#include "priv.h"

#define WORD_BYTES	8
#define BLOCK_2000_S_POINTER	0x2004
#define BLOCK_2000_CFG		0x200c
/* RK356x: registers of unknown effect; all streams write 0 to them [seen: rknn-toolkit2] */
#define RK356X_CNA_FIRST	0x1210
#define RK356X_CNA_LAST		0x1230
#define ENABLE_KNOWN	(RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE | RKNPU_ENABLE_DPU | RKNPU_ENABLE_DPU_RDMA | \
			 RKNPU_ENABLE_PPU | RKNPU_ENABLE_PPU_RDMA)

static const uint16_t unit_target[] = {
	[RKNPU_PC_BASE / RKNPU_BLOCK_BYTES] = RKNPU_TARGET_PC,
	[RKNPU_CNA_BASE / RKNPU_BLOCK_BYTES] = RKNPU_TARGET_CNA,
	[RKNPU_CORE_BASE / RKNPU_BLOCK_BYTES] = RKNPU_TARGET_CORE,
	[RKNPU_DPU_BASE / RKNPU_BLOCK_BYTES] = RKNPU_TARGET_DPU,
	[RKNPU_DPU_RDMA_BASE / RKNPU_BLOCK_BYTES] = RKNPU_TARGET_DPU_RDMA,
	[RKNPU_PPU_BASE / RKNPU_BLOCK_BYTES] = RKNPU_TARGET_PPU,
	[RKNPU_PPU_RDMA_BASE / RKNPU_BLOCK_BYTES] = RKNPU_TARGET_PPU_RDMA,
};

static uint64_t load_word(const uint8_t *p)
{
	uint64_t word = 0;
	int i;

	for (i = WORD_BYTES - 1; i >= 0; i--)
		word = word << 8 | p[i];
	return word;
}

static void stream_error(struct twin_core *core, uint64_t word)
{
	twin_error(core->twin, TWIN_ERROR_STREAM, core->index, word & RKNPU_REGCMD_OFFSET_MASK,
		   "command word 0x%016llx", (unsigned long long)word);
}

static void write_pc(struct twin_core *core, uint64_t word, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case RKNPU_PC_BASE_ADDRESS:
		twin_pc_set_base(core, value);
		core->kick.linked = core->pc.base_address & RKNPU_PC_BASE_ADDRESS_ADDR &&
				    !(value & RKNPU_PC_BASE_ADDRESS_PC_SEL);
		break;
	case RKNPU_PC_REGISTER_AMOUNTS:
		core->pc.amounts = value & RKNPU_PC_REGISTER_AMOUNTS_MASK;
		break;
	default:
		stream_error(core, word);
	}
}

/*
 * RK356x has a block that no source describes. It has an S_POINTER [seen: mtx512/rk3588-npu],
 * and its streams use one more register of it [seen: rknn-toolkit2].
 */
static bool write_block_2000(struct twin_core *core, uint64_t word)
{
	uint32_t offset = word & RKNPU_REGCMD_OFFSET_MASK, value = word >> RKNPU_REGCMD_VALUE_SHIFT;

	if (!core->twin->soc->block_2000 || word >> RKNPU_REGCMD_TARGET_SHIFT != RKNPU_TARGET_RK356X_2000)
		return false;
	if (offset == BLOCK_2000_S_POINTER)
		core->pointer_2000 = value;
	else if (offset == BLOCK_2000_CFG && core->twin->config.own_units)
		twin_block_write(core, offset, value);
	else
		return false;
	return true;
}

static bool write_unnamed(const struct twin_core *core, uint64_t word)
{
	uint32_t offset = word & RKNPU_REGCMD_OFFSET_MASK, value = word >> RKNPU_REGCMD_VALUE_SHIFT;

	return core->twin->config.own_units && word >> RKNPU_REGCMD_TARGET_SHIFT == RKNPU_TARGET_CNA &&
	       offset >= RK356X_CNA_FIRST && offset <= RK356X_CNA_LAST && !value;
}

static void write_register(struct twin_core *core, uint64_t word)
{
	uint32_t target = word >> RKNPU_REGCMD_TARGET_SHIFT;
	uint32_t offset = word & RKNPU_REGCMD_OFFSET_MASK;
	uint32_t value = word >> RKNPU_REGCMD_VALUE_SHIFT;
	uint32_t unit = offset / RKNPU_BLOCK_BYTES;
	bool known = unit < TWIN_BLOCKS && unit_target[unit] && !(offset & 3);

	if (write_block_2000(core, word) || write_unnamed(core, word))
		return;
	if (!known || target != unit_target[unit])
		stream_error(core, word);
	if (!known)
		return;
	if (target == RKNPU_TARGET_PC && unit == 0) {
		write_pc(core, word, offset, value);
		return;
	}
	if (!twin_block_decodes(offset) || offset % RKNPU_BLOCK_BYTES == RKNPU_S_STATUS) {
		stream_error(core, word);
		return;
	}
	if (core->twin->soc->cores > 1 && twin_block_owns_core_number(offset) &&
	    TWIN_FIELD(RKNPU_S_POINTER_CORE, value) != core->index)
		core->kick.bad_pointer = true;
	twin_block_write(core, offset, value);
}

static bool op_enable(struct twin_core *core, uint64_t word)
{
	uint32_t value = word >> RKNPU_REGCMD_VALUE_SHIFT;
	uint32_t known = ENABLE_KNOWN | (core->twin->config.own_units ? RKNPU_ENABLE_RK356X_2000 : 0);
	bool global = word >> RKNPU_REGCMD_TARGET_SHIFT == RKNPU_TARGET_GLOBAL;

	if ((word & RKNPU_REGCMD_OFFSET_MASK) != (global ? RKNPU_GLOBAL_OPERATION_ENABLE : RKNPU_OPERATION_ENABLE)) {
		stream_error(core, word);
		return false;
	}
	if (!value || value & ~known)
		stream_error(core, word);
	core->kick.enable = value & known;
	return true;
}

bool twin_regcmd_run(struct twin_core *core, const uint8_t *segment, size_t words)
{
	uint64_t word;

	for (; words; words--, segment += WORD_BYTES) {
		word = load_word(segment);
		switch (word >> RKNPU_REGCMD_TARGET_SHIFT) {
		case RKNPU_TARGET_NOP:
		case RKNPU_TARGET_WRITE:
		case RKNPU_TARGET_SEPARATOR:
			break;
		case RKNPU_TARGET_OP_ENABLE:
		case RKNPU_TARGET_GLOBAL:
			/* Clients fetch too much; the words that follow are not run [npu-model 2.2] */
			if (op_enable(core, word))
				return true;
			break;
		default:
			write_register(core, word);
		}
	}
	return false;
}
