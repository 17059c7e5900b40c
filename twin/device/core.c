// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: one core: decoding of its 64 KiB window, its interrupt line, its timer,
 * and its state after reset.
 */
#include <stdlib.h>
#include <string.h>

#include "priv.h"

#define SEGMENT_BYTES		((RKNPU_PC_REGISTER_AMOUNTS_MASK + 1) * 16)
/* Time from the release of reset to an interrupt that is no longer expected */
#define LATE_NS			5000

bool twin_core_create(struct twin *twin, unsigned int index)
{
	struct twin_core *core = &twin->core[index];
	bool ok = true;

	core->twin = twin;
	core->index = index;
	pthread_mutex_init(&core->lock, NULL);
	for (; core->banks < TWIN_MAX_BANKS && twin->soc->banks[index][core->banks]; core->banks++)
		ok &= twin_bank_create(&core->bank[core->banks], twin->soc->banks[index][core->banks]);
	core->segment = malloc(SEGMENT_BYTES);
	core->late_ns = TWIN_TIME_NEVER;
	core->timer_ns = TWIN_TIME_NEVER;
	return ok && core->segment;
}

void twin_core_destroy(struct twin_core *core)
{
	unsigned int i;

	if (!core->twin)
		return;
	for (i = 0; i < core->banks; i++)
		free(core->bank[i].tlb);
	free(core->segment);
	pthread_mutex_destroy(&core->lock);
}

/* Both reset lines are asserted: the kick is dropped, registers and IOMMU banks get their power-on state. */
void twin_core_clear(struct twin_core *core)
{
	unsigned int i;

	twin_kick_stop(core);
	twin_pc_reset(core);
	twin_blocks_reset(core);
	memset(core->ddma, 0, sizeof(core->ddma));
	memset(core->sdma, 0, sizeof(core->sdma));
	memset(core->amounts, 0, sizeof(core->amounts));
	core->pointer_2000 = 0;
	core->primed = 0;
	core->ddma[(RKNPU_DDMA_CFG_OUTSTANDING - RKNPU_DDMA_BASE) / 4] = RKNPU_DDMA_CFG_OUTSTANDING_RESET;
	core->ddma[(RKNPU_DDMA_RD_WEIGHT_0 - RKNPU_DDMA_BASE) / 4] = RKNPU_DDMA_RD_WEIGHT_0_RESET;
	core->ddma[(RKNPU_DDMA_WR_WEIGHT_0 - RKNPU_DDMA_BASE) / 4] = RKNPU_DDMA_WR_WEIGHT_0_RESET;
	core->ddma[(RKNPU_DDMA_RD_WEIGHT_1 - RKNPU_DDMA_BASE) / 4] = RKNPU_DDMA_RD_WEIGHT_1_RESET;
	for (i = 0; i < core->banks; i++)
		twin_bank_reset(&core->bank[i]);
}

void twin_core_raise(struct twin_core *core, uint32_t raw)
{
	core->pc.int_raw |= raw & RKNPU_INT_ALL;
}

static void settle_irq(struct twin_core *core)
{
	struct twin *twin = core->twin;
	bool pc = core->pc.int_raw & ~core->pc.lost & core->pc.int_mask;
	bool line = pc;
	unsigned int i;

	for (i = 0; i < core->banks; i++)
		line |= core->bank[i].int_raw & core->bank[i].int_mask;
	/* A core without power or clock does not drive its line. */
	line &= !core->unpowered && !core->unclocked;
	if (pc && !core->pc_level)
		core->stats.irqs++;
	core->pc_level = pc;
	if (line == core->line_level)
		return;
	core->line_level = line;
	twin->ops.irq_set(twin->opaque, core->index, line);
}

static void settle_timer(struct twin_core *core)
{
	uint64_t when = core->late_ns;

	switch (core->kick.phase) {
	case TWIN_FETCH:
	case TWIN_EXECUTE:
	case TWIN_FINISH:
		if (core->kick.due_ns < when)
			when = core->kick.due_ns;
		break;
	default:
		break;
	}
	if (when == core->timer_ns)
		return;
	core->timer_ns = when;
	core->twin->ops.timer_set(core->twin->opaque, core->index, when);
}

void twin_core_settle(struct twin_core *core)
{
	settle_irq(core);
	settle_timer(core);
}

/* The fault on demand "an interrupt comes after the reset" */
void twin_core_released(struct twin_core *core)
{
	core->stats.resets++;
	if (core->late_raw)
		core->late_ns = twin_now(core->twin) + LATE_NS;
}

/*
 * Called on register accesses too: if this relied on the host's timer alone,
 * which may be late, the interrupt could fall into the next kick and be taken
 * for its completion.
 */
static void raise_late(struct twin_core *core)
{
	if (core->late_ns == TWIN_TIME_NEVER || core->late_ns > twin_now(core->twin))
		return;
	twin_core_raise(core, core->late_raw);
	core->late_ns = TWIN_TIME_NEVER;
	core->late_raw = 0;
}

void twin_timer(struct twin *twin, unsigned int index)
{
	struct twin_core *core = &twin->core[index];

	pthread_mutex_lock(&core->lock);
	core->timer_ns = TWIN_TIME_NEVER;
	raise_late(core);
	twin_kick_advance(core);
	twin_core_settle(core);
	pthread_mutex_unlock(&core->lock);
}

void twin_work(struct twin *twin, unsigned int index)
{
	twin_kick_compute(&twin->core[index]);
}

void twin_work_done(struct twin *twin, unsigned int index)
{
	struct twin_core *core = &twin->core[index];

	pthread_mutex_lock(&core->lock);
	twin_kick_work_done(core);
	twin_kick_advance(core);
	twin_core_settle(core);
	pthread_mutex_unlock(&core->lock);
}

/* ---- Window ---- */

static struct twin_bank *find_bank(struct twin_core *core, uint32_t offset)
{
	unsigned int i;

	for (i = 0; i < core->banks; i++)
		if (offset - core->bank[i].offset < RK_IOMMU_BANK_BYTES)
			return &core->bank[i];
	return NULL;
}

/* Bus configuration that has no effect on results: only stored and read back */
static uint32_t *find_config(struct twin_core *core, uint32_t offset)
{
	if (offset - RKNPU_DDMA_BASE < sizeof(core->ddma))
		return &core->ddma[(offset - RKNPU_DDMA_BASE) / 4];
	/* Overlaps core 0's first bank, which is decoded first */
	if (offset - RKNPU_SDMA_BASE < sizeof(core->sdma))
		return &core->sdma[(offset - RKNPU_SDMA_BASE) / 4];
	return NULL;
}

static uint32_t window_read(struct twin_core *core, uint32_t offset)
{
	struct twin_bank *bank = find_bank(core, offset);
	uint32_t *config = find_config(core, offset);
	uint32_t value;

	if (twin_amounts_read(core, offset, &value))
		return value;
	if ((offset & RKNPU_BLOCK_MASK) == RKNPU_PC_BASE)
		return twin_pc_read(core, offset);
	if (bank)
		return twin_bank_read(core, bank, offset - bank->offset);
	if (twin_block_decodes(offset))
		return twin_block_read(core, offset);
	if (offset == RKNPU_DDMA_STATUS)
		return RKNPU_DDMA_STATUS_IDLE;
	if (config)
		return *config;
	if (offset == RKNPU_GLOBAL_OPERATION_ENABLE)
		return 0;
	twin_error(core->twin, TWIN_ERROR_UNDECODED, core->index, offset, "read");
	return 0;
}

/* Starting blocks directly (slave mode) is not modelled; no driver uses it. */
static void direct_enable(struct twin_core *core, uint32_t offset, uint32_t value)
{
	if (value)
		twin_error(core->twin, TWIN_ERROR_START_SLAVE, core->index, offset, "blocks enabled by the CPU");
}

static void config_write(struct twin_core *core, uint32_t *config, uint32_t offset, uint32_t value)
{
	/* 0x8010 clears counters on RK356x and must not be written here [seen: rockchip-npu-notes] */
	if (offset == RKNPU_DDMA_STATUS || offset == RKNPU_DDMA_RD_WEIGHT_1)
		twin_error(core->twin, TWIN_ERROR_RO_WRITE, core->index, offset, "DDMA register");
	else
		*config = value;
}

/* RK3576: both groups of one register, with one value [seen: vendor driver 0.9.8] */
static void note_priming(struct twin_core *core, uint32_t offset, uint32_t value)
{
	if (offset == RKNPU_CNA_DATA_SIZE1 && value == RKNPU_CNA_DATA_SIZE1_PRIMED)
		core->primed |= 1u << core->block[RKNPU_CNA_BASE / RKNPU_BLOCK_BYTES].pointer;
}

static void window_write(struct twin_core *core, uint32_t offset, uint32_t value)
{
	struct twin_bank *bank = find_bank(core, offset);
	uint32_t *config = find_config(core, offset);

	note_priming(core, offset, value);
	if (twin_amounts_write(core, offset, value))
		return;
	if ((offset & RKNPU_BLOCK_MASK) == RKNPU_PC_BASE)
		twin_pc_write(core, offset, value);
	else if (bank)
		twin_bank_write(core, bank, offset - bank->offset, value);
	else if (twin_block_decodes(offset) && (offset & ~RKNPU_BLOCK_MASK) == RKNPU_OPERATION_ENABLE)
		direct_enable(core, offset, value);
	else if (twin_block_decodes(offset))
		twin_block_write(core, offset, value);
	else if (config)
		config_write(core, config, offset, value);
	else if (offset == RKNPU_GLOBAL_OPERATION_ENABLE)
		direct_enable(core, offset, value);
	else
		twin_error(core->twin, TWIN_ERROR_UNDECODED, core->index, offset, "write");
}

/* On a board, an access during reset hangs the bus. */
static bool answers(struct twin_core *core, uint32_t offset, unsigned int bytes)
{
	if (!twin_access_is_word(core->twin, core->index, offset, bytes))
		return false;
	if (core->unpowered) {
		twin_error(core->twin, TWIN_ERROR_UNPOWERED, core->index, offset, "access without power");
		return false;
	}
	if (core->unclocked) {
		twin_error(core->twin, TWIN_ERROR_UNCLOCKED, core->index, offset, "access without clock");
		return false;
	}
	/* The IOMMU's driver does not wait, and nothing is known of its needing to. */
	if (twin_now(core->twin) < core->settled_ns && !find_bank(core, offset)) {
		twin_error(core->twin, TWIN_ERROR_UNPOWERED, core->index, offset, "access before the core has settled");
		return false;
	}
	if (!core->lines.asserted)
		return true;
	twin_error(core->twin, TWIN_ERROR_START_RESET, core->index, offset, "access while reset is asserted");
	return false;
}

uint32_t twin_core_read(struct twin *twin, unsigned int index, uint32_t offset, unsigned int bytes)
{
	struct twin_core *core = &twin->core[index];
	uint32_t value = 0;

	twin_island_settle(twin);
	pthread_mutex_lock(&core->lock);
	raise_late(core);
	if (answers(core, offset, bytes))
		value = window_read(core, offset);
	twin_core_settle(core);
	pthread_mutex_unlock(&core->lock);
	return value;
}

/* The fault on demand "slow ack": how long the processor that writes this register is delayed */
static uint32_t take_slow_ack(struct twin_core *core, uint32_t offset, uint32_t value)
{
	uint32_t ms = core->slow_ack_ms;

	if (offset != RKNPU_PC_INTERRUPT_CLEAR || !(core->pc.int_raw & core->pc.int_mask & value))
		return 0;
	core->slow_ack_ms = 0;
	return ms;
}

void twin_core_write(struct twin *twin, unsigned int index, uint32_t offset, uint32_t value, unsigned int bytes)
{
	struct twin_core *core = &twin->core[index];
	uint32_t pause_ms = 0;

	twin_island_settle(twin);
	pthread_mutex_lock(&core->lock);
	raise_late(core);
	if (answers(core, offset, bytes)) {
		pause_ms = take_slow_ack(core, offset, value);
		window_write(core, offset, value);
	}
	twin_core_settle(core);
	pthread_mutex_unlock(&core->lock);
	if (pause_ms)
		twin->ops.pause(twin->opaque, pause_ms);
}
