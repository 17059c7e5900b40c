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
#include <linux/io.h>

#include "rknpu_regs.h"
#include "rknpu_soc.h"

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

/**
 * rknpu_hw_start() - run a range of tasks
 * @hw: the core; powered and idle
 * @range: what to run
 * @dma_base: added by hardware to every data address of the stream; 16-byte aligned
 * @pingpong: fetch the next task while the current one computes
 *
 * Order of the vendor driver 0.9.8, which mainline shares. Context: any.
 */
void rknpu_hw_start(const struct rknpu_hw *hw, const struct rknpu_hw_range *range, u32 dma_base,
		    bool pingpong)
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
	writel_relaxed(range->int_mask, hw->pc + RKNPU_PC_INTERRUPT_MASK);
	writel_relaxed(RKNPU_INT_ALL, hw->pc + RKNPU_PC_INTERRUPT_CLEAR);
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
	return state->task_status & hw->soc->task_number_mask;
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
	u32 busy = hw->soc->task_number_mask | RKNPU_PC_TASK_STATUS_FIRST_OP | RKNPU_PC_TASK_STATUS_LAST_OP |
		   RKNPU_PC_TASK_STATUS_FIRST_FETCH | RKNPU_PC_TASK_STATUS_LAST_FETCH;

	return !(state->task_status & busy) && !(state->raw & RKNPU_INT_ALL);
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
