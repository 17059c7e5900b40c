// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: registers of the program controller. Kicks are run by kick.c.
 *
 * Values read while idle follow the published live dumps of RK3588: after a kick
 * BASE_ADDRESS is 1, REGISTER_AMOUNTS and TASK_CON are 0 and the counter in
 * TASK_STATUS is 0, so a driver that uses the counter to detect completion fails
 * here as it would on a board.
 */
#include <string.h>

#include "priv.h"

/* Bit 30 always reads 1, bit 31 once a kick has completed [seen: rknpu-lab dump]; meaning unknown */
#define RAW_ALWAYS		0x40000000
#define RAW_USED		0x80000000
/* Unnamed, but dumps read them without problems [seen: ork-driver notes] */
#define PC_UNNAMED_18		0x18
#define PC_UNNAMED_1C		0x1c

/* RK3576: tasks begun and ended, both modulo TASK_NUMBER, hence 0 at the end [seen: gregordinary/patches 0022] */
static uint32_t task_counters(const struct twin_core *core)
{
	uint32_t number = core->pc.task_con & core->twin->soc->task_number;
	uint32_t ended = core->pc.counter, begun = ended;

	if (!number || core->kick.phase == TWIN_IDLE)
		return 0;
	if (core->kick.phase != TWIN_FETCH && core->kick.phase != TWIN_FINISH)
		begun++;
	return (ended % number) << 16 | begun % number;
}

/*
 * All but the counter is a [guess]: bits 12 and 13 are set while the first or
 * last task runs or hangs, 14 and 15 while it is fetched; the names of the latter
 * two are unclear in the TRM. After a lost start all of it is 0 [seen: ork-driver
 * notes].
 */
static uint32_t task_status(const struct twin_core *core)
{
	const struct twin_pc *pc = &core->pc;
	const struct twin_kick *kick = &core->kick;
	bool first = pc->counter == 0;
	bool last = pc->counter + 1 >= (pc->task_con & core->twin->soc->task_number);

	if (core->twin->soc->pc_done)
		return task_counters(core);
	if (kick->phase == TWIN_IDLE)
		return pc->counter | pc->idle_status;
	if (kick->fault == TWIN_FAULT_STALL)
		return pc->counter;
	if (kick->phase == TWIN_FETCH || (kick->phase == TWIN_PARKED && kick->retry == TWIN_FETCH))
		return pc->counter | (first ? RKNPU_PC_TASK_STATUS_FIRST_FETCH : 0) |
		       (last ? RKNPU_PC_TASK_STATUS_LAST_FETCH : 0);
	return pc->counter | (first ? RKNPU_PC_TASK_STATUS_FIRST_OP : 0) |
	       (last ? RKNPU_PC_TASK_STATUS_LAST_OP : 0);
}

uint32_t twin_pc_read(struct twin_core *core, uint32_t offset)
{
	const struct twin_soc *soc = core->twin->soc;
	const struct twin_pc *pc = &core->pc;

	if (offset == soc->task_status)
		return task_status(core);
	switch (offset) {
	case RKNPU_PC_VERSION:
		return soc->version;
	case RKNPU_PC_VERSION_NUM:
		return soc->version_num;
	case RKNPU_PC_BASE_ADDRESS:
		return pc->base_address;
	case RKNPU_PC_REGISTER_AMOUNTS:
		return pc->amounts;
	case RKNPU_PC_INTERRUPT_MASK:
		return pc->int_mask;
	case RKNPU_PC_INTERRUPT_STATUS:
		return pc->int_raw & pc->int_mask;
	case RKNPU_PC_INTERRUPT_RAW_STATUS:
		return (pc->int_raw & ~pc->unseen) | RAW_ALWAYS | (pc->used ? RAW_USED : 0);
	case RKNPU_PC_TASK_CON:
		return pc->task_con;
	case RKNPU_PC_TASK_DMA_BASE_ADDR:
		return pc->dma_base;
	case RKNPU_PC_OPERATION_ENABLE:
		/* Start bit: reads 0 even while a kick runs [seen on RK3576: gregordinary/patches 0022] */
	case RKNPU_PC_INTERRUPT_CLEAR:
	case PC_UNNAMED_18:
	case PC_UNNAMED_1C:
		return 0;
	}
	twin_error(core->twin, TWIN_ERROR_UNDECODED, core->index, offset, "PC read");
	return 0;
}

void twin_pc_set_base(struct twin_core *core, uint32_t value)
{
	if (value & ~(RKNPU_PC_BASE_ADDRESS_ADDR | RKNPU_PC_BASE_ADDRESS_PC_SEL))
		twin_error(core->twin, TWIN_ERROR_CMD_ALIGN, core->index, value, "command address");
	core->pc.base_address = value & (RKNPU_PC_BASE_ADDRESS_ADDR | RKNPU_PC_BASE_ADDRESS_PC_SEL);
}

static void write_task_con(struct twin_core *core, uint32_t value)
{
	const struct twin_soc *soc = core->twin->soc;

	/* Reads 0x1002 after a write of 0x7002 [seen: ork-driver notes] */
	core->pc.task_con = value & (soc->task_number | soc->task_pp_en);
	if (value & soc->task_count_clear)
		core->pc.counter = 0;
}

void twin_pc_write(struct twin_core *core, uint32_t offset, uint32_t value)
{
	struct twin_pc *pc = &core->pc;

	if (offset == core->twin->soc->task_status) {
		twin_error(core->twin, TWIN_ERROR_RO_WRITE, core->index, offset, "PC register");
		return;
	}
	switch (offset) {
	case RKNPU_PC_OPERATION_ENABLE:
		if (value & RKNPU_PC_OPERATION_ENABLE_OP_EN)
			twin_kick_start(core);
		break;
	case RKNPU_PC_BASE_ADDRESS:
		twin_pc_set_base(core, value);
		break;
	case RKNPU_PC_REGISTER_AMOUNTS:
		pc->amounts = value & RKNPU_PC_REGISTER_AMOUNTS_MASK;
		break;
	case RKNPU_PC_INTERRUPT_MASK:
		pc->int_mask = value & RKNPU_INT_ALL;
		break;
	case RKNPU_PC_INTERRUPT_CLEAR:
		pc->int_raw &= ~value;
		pc->lost = 0;
		pc->unseen = 0;
		break;
	case RKNPU_PC_TASK_CON:
		write_task_con(core, value);
		break;
	case RKNPU_PC_TASK_DMA_BASE_ADDR:
		pc->dma_base = value & RKNPU_PC_TASK_DMA_BASE_ADDR_MASK;
		break;
	case RKNPU_PC_VERSION:
	case RKNPU_PC_VERSION_NUM:
	case RKNPU_PC_INTERRUPT_STATUS:
	case RKNPU_PC_INTERRUPT_RAW_STATUS:
		twin_error(core->twin, TWIN_ERROR_RO_WRITE, core->index, offset, "PC register");
		break;
	default:
		twin_error(core->twin, TWIN_ERROR_UNDECODED, core->index, offset, "PC write");
	}
}

void twin_pc_reset(struct twin_core *core)
{
	memset(&core->pc, 0, sizeof(core->pc));
	core->pc.int_mask = RKNPU_INT_ALL;
}
