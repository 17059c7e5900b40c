// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The only file that touches registers. It assumes that the core is
 * powered and clocked, and that nobody else writes the same core at the same
 * time: the scheduler's lock sees to the latter. It keeps no state.
 */
#include "rknpu_hw.h"

#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/io.h>

#include "rknpu_regs.h"

/**
 * rknpu_hw_version() - hardware version as user space knows it
 * @hw: the core; powered
 *
 * The sum is the vendor driver's; closed user space compares it.
 *
 * Return: VERSION plus the lower half of VERSION_NUM.
 */
u32 rknpu_hw_version(const struct rknpu_hw *hw)
{
	return readl_relaxed(hw->pc + RKNPU_PC_VERSION) +
	       FIELD_GET(RKNPU_PC_VERSION_NUM_MASK, readl_relaxed(hw->pc + RKNPU_PC_VERSION_NUM));
}

/**
 * rknpu_hw_widen() - complete the pairs of a set of done events
 * @events: bits of RKNPU_INT_DONE; others are dropped
 *
 * Which of the two register groups ran the last task depends on how many
 * tasks ran before it, so either event of a pair means the same.
 *
 * Return: @events with both bits of every pair of which one was set.
 */
u32 rknpu_hw_widen(u32 events)
{
	return (events & RKNPU_INT_DONE) | ((events & RKNPU_INT_DONE_GROUP0) << 1) |
	       ((events & RKNPU_INT_DONE_GROUP1) >> 1);
}

/*
 * Programs exist that wait for a block long before the one that writes (mask 0xf), and
 * boards say so early [seen: rockchip-npu-notes]. The core is not free then, and the
 * job's buffers are still written to: so one of the writers is waited for as well.
 */
static u32 rknpu_hw_awaited(const struct rknpu_hw_range *range)
{
	return range->int_mask & RKNPU_INT_WRITERS ? range->int_mask : range->int_mask | RKNPU_INT_WRITERS;
}

/**
 * rknpu_hw_done() - whether a range has ended
 * @range: what was started
 * @events: of all interrupts since then; a mask may span several pairs, which need not come together
 *
 * Return: true when the client's events have come, and one of a block that writes.
 */
bool rknpu_hw_done(const struct rknpu_hw_range *range, u32 events)
{
	return (rknpu_hw_widen(events) & range->int_mask) == range->int_mask && events & RKNPU_INT_WRITERS;
}

/**
 * rknpu_hw_start() - run a range of tasks
 * @hw: the core; powered and idle
 * @range: what to run
 * @dma_base: added by hardware to every data address of the stream; 16-byte aligned
 * @pingpong: fetch the next task while the current one computes
 * @quiet: no interrupt before rknpu_hw_listen()
 *
 * Order of the vendor driver 0.9.8, which mainline shares, except that it lets the
 * new mask in before it clears what jobs before have left in the raw status: an
 * interrupt that another CPU takes in between would end this job at once.
 * Context: any.
 */
void rknpu_hw_start(const struct rknpu_hw *hw, const struct rknpu_hw_range *range, u32 dma_base,
		    bool pingpong, bool quiet)
{
	const struct rknpu_soc *soc = hw->soc;
	u32 task_con = soc->task_con_start | (range->tasks & soc->task_number_mask);
	u32 pointer = RKNPU_S_POINTER_PINGPONG;

	if (pingpong)
		task_con |= soc->task_pp_en;

	/* Slave mode first: PC_SEL = 0 is what arms the fetch. */
	writel_relaxed(RKNPU_PC_BASE_ADDRESS_PC_SEL, hw->pc + RKNPU_PC_BASE_ADDRESS);
	if (soc->num_cores > 1) {
		/* Without its own number a core never finishes [seen: rockchip-npu-notes]. */
		pointer |= FIELD_PREP(RKNPU_S_POINTER_CORE, hw->index);
		writel_relaxed(pointer, hw->cna + RKNPU_S_POINTER);
		writel_relaxed(pointer, hw->core + RKNPU_S_POINTER);
	}
	writel_relaxed(range->regcmd, hw->pc + RKNPU_PC_BASE_ADDRESS);
	writel_relaxed(range->amount, hw->pc + RKNPU_PC_REGISTER_AMOUNTS);
	writel_relaxed(RKNPU_INT_ALL, hw->pc + RKNPU_PC_INTERRUPT_CLEAR);
	writel_relaxed(quiet ? 0 : rknpu_hw_awaited(range), hw->pc + RKNPU_PC_INTERRUPT_MASK);
	writel_relaxed(task_con, hw->pc + RKNPU_PC_TASK_CON);
	writel_relaxed(dma_base, hw->pc + RKNPU_PC_TASK_DMA_BASE_ADDR);
	/* The barrier of writel() orders the CPU's writes to the command stream before the fetch. */
	writel(RKNPU_PC_OPERATION_ENABLE_OP_EN, hw->pc + RKNPU_PC_OPERATION_ENABLE);
	writel_relaxed(0, hw->pc + RKNPU_PC_OPERATION_ENABLE);
}

/**
 * rknpu_hw_stop() - keep a core from interrupting and from starting anything
 * @hw: the core; powered
 *
 * A running task is not cancelled by this; only a reset does that. Also clears
 * what power-on may have left pending. Context: any.
 */
void rknpu_hw_stop(const struct rknpu_hw *hw)
{
	writel_relaxed(0, hw->pc + RKNPU_PC_INTERRUPT_MASK);
	writel_relaxed(0, hw->pc + RKNPU_PC_OPERATION_ENABLE);
	writel_relaxed(RKNPU_INT_ALL, hw->pc + RKNPU_PC_INTERRUPT_CLEAR);
	/* Posted writes must have arrived before the caller lets go of the interrupt or the power. */
	readl(hw->pc + RKNPU_PC_INTERRUPT_STATUS);
}

/**
 * rknpu_hw_prime() - write what a core needs before its first start
 * @hw: the core; powered, stopped, its registers as after reset
 *
 * RK3576 only, in both register groups; measurements go without it, the vendor
 * driver 0.9.8 does it always. Ends with both toggles on and the pointer at 0.
 * Context: any.
 */
void rknpu_hw_prime(const struct rknpu_hw *hw)
{
	const u32 data_size1 = RKNPU_CNA_DATA_SIZE1 - RKNPU_CNA_BASE;

	if (!hw->soc->prime_cna || hw->index)
		return;
	writel_relaxed(RKNPU_PC_BASE_ADDRESS_PC_SEL, hw->pc + RKNPU_PC_BASE_ADDRESS);
	writel_relaxed(0, hw->cna + RKNPU_S_POINTER);
	writel_relaxed(RKNPU_CNA_DATA_SIZE1_PRIMED, hw->cna + data_size1);
	writel_relaxed(RKNPU_S_POINTER_POINTER, hw->cna + RKNPU_S_POINTER);
	writel_relaxed(RKNPU_CNA_DATA_SIZE1_PRIMED, hw->cna + data_size1);
	writel(RKNPU_S_POINTER_PINGPONG | RKNPU_S_POINTER_POINTER_PP_CLEAR, hw->cna + RKNPU_S_POINTER);
}

/**
 * rknpu_hw_has_counters() - whether a core counts its traffic
 * @hw: the core
 *
 * Return: true when rknpu_hw_read_amounts() has something to read.
 */
bool rknpu_hw_has_counters(const struct rknpu_hw *hw)
{
	return hw->counters[0];
}

/**
 * rknpu_hw_read_amounts() - bytes that a core has moved since power-on or reset
 * @hw: the core; powered, not in reset, has counters
 * @amounts: result by kind; wraps
 */
void rknpu_hw_read_amounts(const struct rknpu_hw *hw, u32 amounts[RKNPU_AMOUNT_KINDS])
{
	static const u32 offset[RKNPU_AMOUNT_KINDS] = {
		[RKNPU_AMOUNT_DATA_WRITTEN] = RKNPU_AMOUNTS_DATA_WRITTEN,
		[RKNPU_AMOUNT_DATA_READ] = RKNPU_AMOUNTS_DATA_READ,
		[RKNPU_AMOUNT_WEIGHTS_READ] = RKNPU_AMOUNTS_WEIGHTS_READ,
	};
	unsigned int kind, i;

	for (kind = 0; kind < RKNPU_AMOUNT_KINDS; kind++) {
		amounts[kind] = 0;
		for (i = 0; i < RKNPU_MAX_COUNTERS && hw->counters[i]; i++)
			amounts[kind] += readl(hw->counters[i] + offset[kind]) * hw->soc->amount_scale;
	}
}

/**
 * rknpu_hw_read_qos() - read a bus priority register
 * @hw: the core; powered, has them
 * @reg: RKNPU_QOS_*
 *
 * Return: its value.
 */
u32 rknpu_hw_read_qos(const struct rknpu_hw *hw, u32 reg)
{
	return readl(hw->qos + reg);
}

/**
 * rknpu_hw_write_qos() - write a bus priority register
 * @hw: the core; powered, has them
 * @reg: RKNPU_QOS_*
 * @value: as the bus takes it
 */
void rknpu_hw_write_qos(const struct rknpu_hw *hw, u32 reg, u32 value)
{
	writel(value, hw->qos + reg);
}

/**
 * rknpu_hw_set_margin() - set how slowly the memories are read
 * @grf: the NPU's GRF; powered and clocked
 * @margin: value of the field
 */
void rknpu_hw_set_margin(void __iomem *grf, unsigned int margin)
{
	unsigned int i;
	u32 value;

	for (i = 0; i < RKNPU_GRF_MARGINS; i++) {
		value = readl(grf + RKNPU_GRF_MARGIN(i)) & ~RKNPU_GRF_MARGIN_MASK;
		writel(value | FIELD_PREP(RKNPU_GRF_MARGIN_MASK, margin), grf + RKNPU_GRF_MARGIN(i));
	}
}

/**
 * rknpu_hw_irq_take() - read and acknowledge what a core interrupts for
 * @hw: the core; powered
 *
 * Context: hard interrupt.
 *
 * Return: the events taken, 0 when the interrupt came from somebody else on the line.
 */
u32 rknpu_hw_irq_take(const struct rknpu_hw *hw)
{
	u32 status = readl(hw->pc + RKNPU_PC_INTERRUPT_STATUS) & RKNPU_INT_ALL;

	if (status)
		writel(status, hw->pc + RKNPU_PC_INTERRUPT_CLEAR);
	return status;
}

/**
 * rknpu_hw_listen() - let a quiet start interrupt
 * @hw: the core; powered
 * @range: what was started
 *
 * That the line then rises for what has come before is a [guess] from the TRM's word for the
 * status, "raw and mask": the caller looks at it itself. Context: any.
 */
void rknpu_hw_listen(const struct rknpu_hw *hw, const struct rknpu_hw_range *range)
{
	writel(rknpu_hw_awaited(range), hw->pc + RKNPU_PC_INTERRUPT_MASK);
}

/**
 * rknpu_hw_poll_take() - read and acknowledge what a core would interrupt for
 * @hw: the core; powered
 * @range: what was started
 *
 * Context: any.
 *
 * Return: the events taken, 0 for none.
 */
u32 rknpu_hw_poll_take(const struct rknpu_hw *hw, const struct rknpu_hw_range *range)
{
	u32 status = readl(hw->pc + RKNPU_PC_INTERRUPT_RAW_STATUS) & rknpu_hw_awaited(range);

	if (status)
		writel(status, hw->pc + RKNPU_PC_INTERRUPT_CLEAR);
	return status;
}

/**
 * rknpu_hw_tasks_done() - tasks that the current start has finished
 * @hw: the core
 * @state: what it shows
 *
 * Not a sign of completion: the counter may read 0 at the interrupt [seen: rockchip-npu-notes].
 *
 * Return: the counter.
 */
u32 rknpu_hw_tasks_done(const struct rknpu_hw *hw, const struct rknpu_hw_state *state)
{
	const u32 mask = hw->soc->task_done;

	return (state->task_status & mask) >> __ffs(mask);
}

/**
 * rknpu_hw_read_state() - collect what a failed job's report needs
 * @hw: the core; powered
 * @state: result
 */
void rknpu_hw_read_state(const struct rknpu_hw *hw, struct rknpu_hw_state *state)
{
	state->raw = readl_relaxed(hw->pc + RKNPU_PC_INTERRUPT_RAW_STATUS);
	state->status = readl_relaxed(hw->pc + RKNPU_PC_INTERRUPT_STATUS);
	state->task_status = readl_relaxed(hw->pc + hw->soc->task_status);
}

/**
 * rknpu_hw_never_started() - tell a start that was lost from a task that is slow
 * @hw: the core
 * @state: what it shows
 *
 * About 1 in 4000 heavy kicks on RK3588 never begins: counter 0, no status
 * [seen: ork-driver notes]. That a slow first task can be told from it by the
 * "operating" and "fetching" bits of TASK_STATUS is a [guess] from the TRM; where
 * it is wrong the job runs into its time-out, as without this.
 *
 * Return: true when nothing of the job has reached the units.
 */
bool rknpu_hw_never_started(const struct rknpu_hw *hw, const struct rknpu_hw_state *state)
{
	const u32 begun = hw->soc->task_begun;

	/* A SoC that does not tell has not been seen to lose starts either. */
	return begun && !(state->task_status & begun) && !(state->raw & RKNPU_INT_ALL);
}

/**
 * rknpu_hw_dma_failed() - whether the core saw a memory access fail
 * @state: what it shows
 *
 * Return: true for a read or write error, a bus error during a table walk among
 * them, which the IOMMU driver only prints.
 */
bool rknpu_hw_dma_failed(const struct rknpu_hw_state *state)
{
	return state->raw & RKNPU_INT_DMA_ERROR;
}

/*
 * Registers that a dump shows, up to the last known one of each block. Not the port of the DPU's
 * tables, which may count its reads, and not SDMA, in whose place core 0 has an IOMMU.
 */
static const struct rknpu_hw_registers {
	const char *block;
	u32 first;
	u32 last;
} rknpu_hw_shown[] = {
	{ "PC", RKNPU_PC_VERSION, RKNPU_PC_OPERATION_ENABLE },
	{ "PC", RKNPU_PC_BASE_ADDRESS, RKNPU_PC_REGISTER_AMOUNTS },
	{ "PC", RKNPU_PC_INTERRUPT_MASK, RKNPU_PC_TASK_DMA_BASE_ADDR },
	{ "CNA", RKNPU_CNA_BASE, RKNPU_CNA_PAD_CON1 },
	{ "CORE", RKNPU_CORE_BASE, RKNPU_CORE_CLIP_TRUNCATE },
	{ "DPU", RKNPU_DPU_BASE, RKNPU_DPU_LUT_ACCESS_CFG },
	{ "DPU", RKNPU_DPU_LUT_CFG, RKNPU_DPU_LUT_LO_SLOPE_SHIFT },
	{ "DPU_RDMA", RKNPU_DPU_RDMA_BASE, RKNPU_DPU_RDMA_EW_SURF_NOTCH },
	{ "PPU", RKNPU_PPU_BASE, RKNPU_PPU_MISC_CTRL },
	{ "PPU_RDMA", RKNPU_PPU_RDMA_BASE, RKNPU_PPU_RDMA_UNNAMED_7038 },
	{ "DDMA", RKNPU_DDMA_BASE, RKNPU_DDMA_STATUS },
};

/* Where a register is mapped, NULL when it is not. */
static const void __iomem *rknpu_hw_find(const struct rknpu_hw *hw, u32 offset)
{
	const void __iomem *block = hw->pc;

	if (offset >= RKNPU_DPU_BASE)
		return offset - RKNPU_DPU_BASE < hw->back_bytes ? hw->back + (offset - RKNPU_DPU_BASE) : NULL;
	if (offset >= RKNPU_CORE_BASE)
		block = hw->core;
	else if (offset >= RKNPU_CNA_BASE)
		block = hw->cna;
	return block + (offset & (RKNPU_BLOCK_BYTES - 1));
}

/**
 * rknpu_hw_unread() - blocks whose registers a dump cannot show
 * @hw: the core
 * @nth: from which on; where the search ended. Begin with 0.
 *
 * Return: the name of the next one, NULL when there is no more.
 */
const char *rknpu_hw_unread(const struct rknpu_hw *hw, unsigned int *nth)
{
	while (*nth < ARRAY_SIZE(rknpu_hw_shown)) {
		const struct rknpu_hw_registers *shown = &rknpu_hw_shown[(*nth)++];

		/* A block may have several rows: its first one counts. */
		if (!(shown->first & (RKNPU_BLOCK_BYTES - 1)) && !rknpu_hw_find(hw, shown->first))
			return shown->block;
	}
	return NULL;
}

/**
 * rknpu_hw_peek() - read one register after the other, for a dump
 * @hw: the core; powered, not in reset
 * @offset: from where on; where it was found. Begin with 0 and add 4 each time.
 * @value: result
 *
 * Reading has no effect on a core that runs. Holes between blocks are left out:
 * reads of undecoded pages hang the SoC [seen: rockchip-npu-notes].
 *
 * Return: false when there is no more.
 */
bool rknpu_hw_peek(const struct rknpu_hw *hw, u32 *offset, u32 *value)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rknpu_hw_shown); i++) {
		const struct rknpu_hw_registers *shown = &rknpu_hw_shown[i];

		if (*offset > shown->last || !rknpu_hw_find(hw, shown->first))
			continue;
		*offset = max(*offset, shown->first);
		*value = readl(rknpu_hw_find(hw, *offset));
		return true;
	}
	return false;
}
