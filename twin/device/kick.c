// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the engine: one kick from its start to its interrupt.
 *
 * A kick goes through phases (enum twin_phase). Each task is fetched at one
 * instant of modelled time and computed at another, the end of the task; in
 * between, the registers show that it is running, and a reset drops it. Modelled
 * time counts from the start of the kick and stays exact even if the host calls
 * late.
 *
 * A task that hits a page fault or a stalled bank is parked and later computed
 * from the beginning again. The result is the same as if it continued at that
 * access, except for tasks that overwrite their own input.
 */
#include <string.h>

#include "priv.h"

/* Limit on the steps of a chain per call, so the caller can do other work */
#define STEPS_PER_CALL		64
#define WORD_BYTES		8
#define NS_PER_US		1000
#define NS_PER_S		1000000000

/* A core takes a share of the memory bandwidth from the fetch of a task until the core is idle */
static void set_moving(struct twin_core *core, bool moving)
{
	if (moving)
		atomic_fetch_or(&core->twin->moving, 1u << core->index);
	else
		atomic_fetch_and(&core->twin->moving, ~(1u << core->index));
}

static void hang(struct twin_core *core)
{
	core->kick.phase = TWIN_HUNG;
	set_moving(core, false);
}

/* ---- Start ---- */

static void take_fault(struct twin_core *core)
{
	if (core->wedged) {
		core->kick.fault = TWIN_FAULT_STALL;
		return;
	}
	if (!core->fault_count)
		return;
	core->fault_count--;
	core->kick.fault = core->fault_kind;
	core->kick.fault_param = core->fault_param;
}

/* Returns true if the kick only looks started and goes no further. */
static bool fault_keeps_from_start(struct twin_core *core)
{
	switch (core->kick.fault) {
	case TWIN_FAULT_STALL:
		/* A reset of this core alone does not recover it [seen: ork-driver notes] */
		core->wedged = true;
		return true;
	case TWIN_FAULT_AFTER_RESET:
		core->late_raw = core->kick.fault_param;
		return true;
	case TWIN_FAULT_NEVER:
		return true;
	}
	return false;
}

static bool may_start(struct twin_core *core)
{
	if (core->kick.phase != TWIN_IDLE) {
		twin_error(core->twin, TWIN_ERROR_START_BUSY, core->index, core->pc.base_address,
			   "start while a kick runs");
		return false;
	}
	if (core->pc.base_address & RKNPU_PC_BASE_ADDRESS_PC_SEL) {
		twin_error(core->twin, TWIN_ERROR_START_SLAVE, core->index, core->pc.base_address,
			   "start in slave mode");
		return false;
	}
	return true;
}

void twin_kick_start(struct twin_core *core)
{
	struct twin_kick *kick = &core->kick;
	struct twin *twin = core->twin;

	if (!may_start(core))
		return;
	memset(kick, 0, sizeof(*kick));
	kick->start_ns = twin_now(twin);
	kick->clock_mhz = twin->clock_mhz;
	kick->macs_per_cycle = twin->macs_per_cycle;
	kick->bytes_per_cycle = twin->bytes_per_cycle;
	kick->overhead_ns = twin->task_overhead_ns;
	core->stats.kicks++;
	core->stats.start_ns = kick->start_ns;
	twin_island_check_start(core);
	take_fault(core);
	if (fault_keeps_from_start(core)) {
		hang(core);
		return;
	}
	if (twin->soc->needs_priming && !core->index && core->primed != 3)
		twin_error(twin, TWIN_ERROR_START_UNPRIMED, core->index, RKNPU_CNA_DATA_SIZE1,
			   "start before DATA_SIZE1 was primed");
	if (!(core->pc.task_con & twin->soc->task_number)) {
		twin_error(twin, TWIN_ERROR_TASKS, core->index, core->pc.base_address, "start of 0 tasks");
		hang(core);
		return;
	}
	kick->phase = TWIN_FETCH;
	kick->due_ns = kick->start_ns + kick->overhead_ns;
}

void twin_kick_stop(struct twin_core *core)
{
	if (core->kick.phase == TWIN_IDLE)
		return;
	core->stats.busy_ns += twin_now(core->twin) - core->kick.start_ns;
	core->work.cancelled = core->work.busy;
	core->kick.phase = TWIN_IDLE;
	set_moving(core, false);
	core->kick.fault = TWIN_FAULT_NONE;
}

/* End the faults on demand "late" and "early". */
void twin_kick_release(struct twin_core *core)
{
	struct twin_kick *kick = &core->kick;
	bool early = kick->fault == TWIN_FAULT_EARLY && kick->phase == TWIN_EXECUTE;

	if (kick->phase == TWIN_IDLE || (kick->fault != TWIN_FAULT_LATE && !early))
		return;
	kick->fault = TWIN_FAULT_NONE;
	kick->released_ns = twin_now(core->twin);
	if (kick->phase == TWIN_FINISH || early) {
		kick->due_ns = kick->released_ns;
		twin_kick_advance(core);
	}
}

/* Returns true if the kick still has reads or writes to do. */
bool twin_kick_has_accesses(const struct twin_core *core)
{
	switch (core->kick.phase) {
	case TWIN_FETCH:
	case TWIN_EXECUTE:
	case TWIN_WORKING:
	case TWIN_WORKER_BUSY:
	case TWIN_PARKED:
		return true;
	default:
		return false;
	}
}

/* ---- Blocked and failed accesses ---- */

static void access_failed(struct twin_core *core, enum twin_access why, bool write)
{
	struct twin_kick *kick = &core->kick;

	set_moving(core, false);
	kick->retry = kick->phase == TWIN_FETCH ? TWIN_FETCH : TWIN_EXECUTE;
	if (why == TWIN_ACCESS_STALLED) {
		kick->phase = TWIN_PARKED;
		return;
	}
	core->pc.int_raw |= write ? RKNPU_INT_DMA_WRITE_ERROR : RKNPU_INT_DMA_READ_ERROR;
	if (why == TWIN_ACCESS_FAULT)
		kick->phase = TWIN_PARKED;
	else
		hang(core);
}

/* The state of a bank has changed: retry the parked access. If it is still blocked, it is parked again. */
void twin_kick_wake(struct twin_core *core, uint64_t delay_ns)
{
	if (core->kick.phase != TWIN_PARKED)
		return;
	core->kick.phase = core->kick.retry;
	core->kick.due_ns = twin_now(core->twin) + delay_ns;
}

/* The parked access gets an error response. */
void twin_kick_deny(struct twin_core *core)
{
	if (core->kick.phase == TWIN_PARKED)
		hang(core);
}

/* ---- Fetch ---- */

static uint64_t cycles_of(uint64_t amount, uint32_t per_cycle)
{
	return (amount + per_cycle - 1) / per_cycle;
}

/*
 * Number of bytes that a core alone could move in the time this transfer takes, considering the other cores that have
 * a task when it begins
 */
static uint64_t shared_bytes(const struct twin_core *core, uint64_t bytes)
{
	uint64_t cores = (unsigned int)__builtin_popcount(atomic_load(&core->twin->moving));
	const struct twin_timing *timing = core->twin->timing;

	if (cores * timing->bytes_per_cycle <= timing->bytes_together)
		return bytes;
	return bytes * cores * timing->bytes_per_cycle / timing->bytes_together;
}

/* Modelled length of the task that has just been fetched: MACs and transfers overlap, so the longer one counts */
static uint64_t task_ns(struct twin_core *core)
{
	struct twin_compute_result cost = { 0 };
	struct twin_unit_regs regs;
	uint64_t cycles, transfer;

	twin_blocks_select(core, &regs);
	if (core->twin->config.own_units)
		twin_compute_cost_rk356x(&regs, core->kick.enable, &cost);
	else
		twin_compute_cost(&regs, core->kick.enable, &cost);
	if (cost.mac_rate_shift < 0)
		cost.mac_slots = cycles_of(cost.mac_slots, 1u << -cost.mac_rate_shift);
	else
		cost.mac_slots <<= cost.mac_rate_shift;
	cycles = cycles_of(cost.mac_slots, core->kick.macs_per_cycle);
	transfer = cycles_of(shared_bytes(core, cost.memory_bytes), core->kick.bytes_per_cycle);
	if (cycles < transfer)
		cycles = transfer;
	cycles += (uint64_t)cost.fills * core->twin->timing->latency_cycles;
	return cycles * NS_PER_US / core->kick.clock_mhz;
}

static bool pointer_has_core(const struct twin_core *core, uint32_t offset, uint32_t enable_bit)
{
	const struct twin_block *block = &core->block[offset / RKNPU_BLOCK_BYTES];

	/* A single core has no number to set */
	return !(core->kick.enable & enable_bit) || core->twin->soc->cores == 1 ||
	       TWIN_FIELD(RKNPU_S_POINTER_CORE, block->mode) == core->index;
}

/* Without the core's number in both, none of 24 jobs completed [seen: rockchip-npu-notes] */
static bool pointers_are_good(struct twin_core *core)
{
	if (!core->kick.bad_pointer && pointer_has_core(core, RKNPU_CNA_S_POINTER, RKNPU_ENABLE_CNA) &&
	    pointer_has_core(core, RKNPU_CORE_S_POINTER, RKNPU_ENABLE_CORE))
		return true;
	twin_error(core->twin, TWIN_ERROR_S_POINTER, core->index, RKNPU_CNA_S_POINTER,
		   "CNA or CORE S_POINTER without the core's number");
	return false;
}

/* A block can finish its part of the last task while others still write [seen: rockchip-npu-notes] */
static void finish_early(struct twin_core *core)
{
	struct twin_kick *kick = &core->kick;
	uint64_t rest_100us = TWIN_FIELD(TWIN_EARLY_100US, kick->fault_param);

	if (rest_100us == TWIN_EARLY_100US >> 20)
		rest_100us = UINT32_MAX;
	core->pc.int_raw |= kick->fault_param & RKNPU_INT_ALL;
	kick->due_ns += rest_100us * 100 * NS_PER_US;
}

static void fetch(struct twin_core *core)
{
	struct twin_kick *kick = &core->kick;
	uint32_t addr = core->pc.base_address & RKNPU_PC_BASE_ADDRESS_ADDR;
	size_t words = (core->pc.amounts + 1) * core->twin->soc->words_per_amount;
	enum twin_access ret;

	ret = twin_dma_fetch(core, addr, core->segment, words * WORD_BYTES);
	if (ret != TWIN_ACCESS_OK) {
		access_failed(core, ret, false);
		return;
	}
	kick->segment_addr = addr;
	kick->segment_words = (uint32_t)words;
	kick->linked = false;
	kick->enable = 0;
	if (!twin_regcmd_run(core, core->segment, words)) {
		twin_error(core->twin, TWIN_ERROR_STREAM, core->index, addr, "no op-enable word in %zu words", words);
		hang(core);
		return;
	}
	if (!kick->enable || !pointers_are_good(core)) {
		hang(core);
		return;
	}
	set_moving(core, true);
	kick->task_ns = task_ns(core);
	kick->due_ns += kick->task_ns;
	kick->phase = TWIN_EXECUTE;
	if (kick->fault == TWIN_FAULT_EARLY && core->pc.counter + 1 == (core->pc.task_con & core->twin->soc->task_number))
		finish_early(core);
}

/* ---- Completion ---- */

static uint32_t done_bits(const struct twin_kick *kick)
{
	static const struct {
		uint32_t base, events;
	} done[] = {
		{ RKNPU_CNA_BASE, RKNPU_INT_CNA_FEATURE | RKNPU_INT_CNA_WEIGHT | RKNPU_INT_CNA_CSC },
		{ RKNPU_CORE_BASE, RKNPU_INT_CORE },
		{ RKNPU_DPU_BASE, RKNPU_INT_DPU },
		{ RKNPU_PPU_BASE, RKNPU_INT_PPU },
	};
	uint32_t raw = 0;
	unsigned int i, block;

	for (i = 0; i < sizeof(done) / sizeof(done[0]); i++) {
		block = done[i].base / RKNPU_BLOCK_BYTES;
		if (twin_block_enabled(block, kick->ran))
			raw |= done[i].events &
			       (kick->last_group[block] ? RKNPU_INT_DONE_GROUP1 : RKNPU_INT_DONE_GROUP0);
	}
	return raw;
}

/* Set all bits in one step: a mask over two blocks must cause only one interrupt [npu-model 4]. */
static void complete(struct twin_core *core)
{
	struct twin_kick *kick = &core->kick;
	struct twin_pc *pc = &core->pc;
	uint32_t raw = kick->fault == TWIN_FAULT_WRONG_BIT ? kick->fault_param : done_bits(kick);

	/* 0x5000 after a ping-pong chain, 0x7000 after a single task without ping-pong [seen: ork-driver notes] */
	pc->idle_status = RKNPU_PC_TASK_STATUS_FIRST_OP | RKNPU_PC_TASK_STATUS_FIRST_FETCH;
	if (!(pc->task_con & core->twin->soc->task_pp_en))
		pc->idle_status |= RKNPU_PC_TASK_STATUS_LAST_OP;
	pc->int_raw |= raw & RKNPU_INT_ALL;
	if (kick->fault == TWIN_FAULT_LOST_IRQ)
		pc->lost = RKNPU_INT_ALL;
	if (kick->fault == TWIN_FAULT_UNSEEN)
		pc->unseen = RKNPU_INT_ALL;
	pc->base_address = RKNPU_PC_BASE_ADDRESS_PC_SEL;
	pc->amounts = 0;
	pc->task_con = 0;
	pc->counter = 0;
	pc->used = true;
	set_moving(core, false);
	core->stats.end_ns = kick->due_ns;
	core->stats.busy_ns += kick->due_ns - kick->start_ns;
	kick->phase = TWIN_IDLE;
}

static void chain(struct twin_core *core)
{
	struct twin_kick *kick = &core->kick;
	uint64_t overhead = kick->overhead_ns;

	if (!kick->linked) {
		twin_error(core->twin, TWIN_ERROR_TASKS, core->index, core->pc.counter,
			   "no link after task %u of %u", core->pc.counter,
			   core->pc.task_con & core->twin->soc->task_number);
		hang(core);
		return;
	}
	/* With ping-pong the fetch overlapped the previous task */
	if (core->pc.task_con & core->twin->soc->task_pp_en)
		overhead -= overhead < kick->task_ns ? overhead : kick->task_ns;
	kick->due_ns += overhead;
	kick->phase = TWIN_FETCH;
}

static void retire(struct twin_core *core)
{
	const struct twin_soc *soc = core->twin->soc;
	struct twin_kick *kick = &core->kick;
	struct twin_pc *pc = &core->pc;

	kick->ran |= kick->enable;
	twin_blocks_retire(core, kick->enable);
	core->stats.tasks++;
	pc->counter = (pc->counter + 1) & soc->task_number;
	if (soc->pc_done)
		pc->int_raw |= pc->counter % 2 ? RKNPU_INT_PC_DONE_0 : RKNPU_INT_PC_DONE_1;
	if (pc->counter < (pc->task_con & soc->task_number)) {
		chain(core);
		return;
	}
	/* The number of tasks ends a kick, no matter what the last link contains [seen: rockchip-npu-notes] */
	kick->phase = TWIN_FINISH;
	if (kick->fault == TWIN_FAULT_LATE)
		kick->due_ns += (uint64_t)kick->fault_param * NS_PER_US;
	else if (kick->due_ns < kick->released_ns)
		kick->due_ns = kick->released_ns;
}

/* ---- Execute ---- */

static void snapshot(struct twin_core *core)
{
	struct twin_work *work = &core->work;
	unsigned int i;

	for (i = 0; i < TWIN_BLOCKS; i++) {
		memcpy(work->copy[i], work->regs.block[i], sizeof(work->copy[i]));
		work->regs.block[i] = work->copy[i];
	}
	if (work->regs.lut) {
		memcpy(work->lut, work->regs.lut, sizeof(work->lut));
		work->regs.lut = work->lut;
	}
}

static void prepare_work(struct twin_core *core)
{
	struct twin_work *work = &core->work;

	work->busy = true;
	work->stop = TWIN_ACCESS_OK;
	work->enable = core->kick.enable;
	work->dma_base = core->pc.dma_base;
	memset(&work->result, 0, sizeof(work->result));
	twin_blocks_select(core, &work->regs);
}

void twin_kick_compute(struct twin_core *core)
{
	struct twin_work *work = &core->work;
	const struct twin_config *config = &core->twin->config;
	struct twin_dma dma = twin_dma_template;

	dma.opaque = core;
	atomic_fetch_or(&core->twin->working, 1u << core->index);
	if (config->no_results)
		work->status = TWIN_COMPUTE_OK;
	else if (config->own_units)
		work->status = twin_compute_task_rk356x(&work->regs, work->enable, work->dma_base, &dma, config->workers,
							&work->result);
	else
		work->status = twin_compute_task(&work->regs, work->enable, work->dma_base, &dma, config->workers,
						 &work->result);
	atomic_fetch_and(&core->twin->working, ~(1u << core->index));
}

static void execute(struct twin_core *core)
{
	struct twin *twin = core->twin;

	if (core->work.busy) {
		core->kick.phase = TWIN_WORKER_BUSY;
		return;
	}
	prepare_work(core);
	core->kick.phase = TWIN_WORKING;
	if (twin->ops.work_start) {
		snapshot(core);
		twin->ops.work_start(twin->opaque, core->index);
		return;
	}
	/* The units take the lock for each access; the outer lock excludes all other users in the meantime */
	pthread_mutex_unlock(&core->lock);
	twin_kick_compute(core);
	pthread_mutex_lock(&core->lock);
	twin_kick_work_done(core);
}

/* Value of the refused register, or the enable bitmap if the register stands for it */
static uint32_t refused_value(const struct twin_core *core)
{
	uint32_t reg = core->work.result.refused_reg, block = reg / RKNPU_BLOCK_BYTES;

	if (reg == RKNPU_GLOBAL_OPERATION_ENABLE)
		return core->work.enable;
	if (block >= sizeof(core->work.regs.block) / sizeof(core->work.regs.block[0]) || !core->work.regs.block[block])
		return 0;
	return core->work.regs.block[block][reg % RKNPU_BLOCK_BYTES / 4];
}

static void compute_refused(struct twin_core *core)
{
	const struct twin_compute_result *result = &core->work.result;
	const char *reason = result->reason[0] ? result->reason : "task stopped without a reason";
	uint64_t now = twin_now(core->twin);

	twin_error(core->twin, TWIN_ERROR_COMPUTE, core->index, core->kick.segment_addr,
		   "task %u of %u: register 0x%04x = 0x%08x: %s, at %llu.%06llu s", core->pc.counter,
		   core->pc.task_con & core->twin->soc->task_number, result->refused_reg, refused_value(core), reason,
		   (unsigned long long)(now / NS_PER_S), (unsigned long long)(now % NS_PER_S / NS_PER_US));
	twin_dump(core, reason);
	/* An IOMMU fault is the only failure that the driver handles immediately */
	if (core->twin->config.fail_fast)
		twin_bank_fault(core, &core->bank[0], core->kick.segment_addr, false);
	hang(core);
}

void twin_kick_work_done(struct twin_core *core)
{
	struct twin_work *work = &core->work;

	work->busy = false;
	if (work->cancelled) {
		work->cancelled = false;
		if (core->kick.phase == TWIN_WORKER_BUSY)
			execute(core);
		return;
	}
	if (work->status == TWIN_COMPUTE_OK)
		retire(core);
	else if (work->status == TWIN_COMPUTE_FAULT && work->stop != TWIN_ACCESS_OK)
		access_failed(core, work->stop, work->stop_write);
	else
		compute_refused(core);
}

/* ---- Time ---- */

static bool step(struct twin_core *core)
{
	if (core->kick.due_ns > twin_now(core->twin))
		return false;
	switch (core->kick.phase) {
	case TWIN_FETCH:
		fetch(core);
		return true;
	case TWIN_EXECUTE:
		execute(core);
		return true;
	case TWIN_FINISH:
		complete(core);
		return true;
	default:
		return false;
	}
}

/* Do everything that is due by now */
void twin_kick_advance(struct twin_core *core)
{
	unsigned int steps;

	for (steps = 0; steps < STEPS_PER_CALL && step(core); steps++)
		;
}
