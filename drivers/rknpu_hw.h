/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_HW_H
#define RKNPU_HW_H

#include <linux/types.h>

#include "rknpu_regs.h"
#include "rknpu_soc.h"

/**
 * struct rknpu_hw - the register windows of one core; immutable after probe
 * @soc: constants of the SoC.
 * @pc: program controller, from +0x0000.
 * @cna: CNA block, from +0x1000.
 * @core: CORE block, from +0x3000.
 * @back: blocks from +0x4000; NULL if the device tree's windows do not cover them.
 * @back_bytes: size of that window.
 * @counters: byte counters; NULL if the SoC has none for this core.
 * @qos: bus priority registers; NULL if the SoC has none for this core.
 * @index: number of the core, starting at 0.
 * @pointer: value of both S_POINTER registers before a start; 0 with only one core, where they stay as they are.
 */
struct rknpu_hw {
	const struct rknpu_soc *soc;
	void __iomem *pc;
	void __iomem *cna;
	void __iomem *core;
	void __iomem *back;
	u32 back_bytes;
	void __iomem *counters[RKNPU_MAX_COUNTERS];
	void __iomem *qos;
	unsigned int index;
	u32 pointer;
};

/**
 * struct rknpu_hw_range - the tasks that one start runs
 * @regcmd: address of the first command word, 16-byte aligned.
 * @amount: value of REGISTER_AMOUNTS for the first task.
 * @task_con: value of TASK_CON, see rknpu_hw_task_con().
 * @int_mask: events of the last task that the client waits for; always both events of a pair.
 */
struct rknpu_hw_range {
	u32 regcmd;
	u32 amount;
	u32 task_con;
	u32 int_mask;
};

/**
 * struct rknpu_hw_state - status registers of a core, for a job that went wrong
 * @raw: INTERRUPT_RAW_STATUS.
 * @status: INTERRUPT_STATUS.
 * @task_status: TASK_STATUS.
 */
struct rknpu_hw_state {
	u32 raw;
	u32 status;
	u32 task_status;
};

/* Kinds of traffic that a SoC may count */
enum {
	RKNPU_AMOUNT_DATA_WRITTEN,
	RKNPU_AMOUNT_DATA_READ,
	RKNPU_AMOUNT_WEIGHTS_READ,
	RKNPU_AMOUNT_KINDS,
};

void rknpu_hw_init(struct rknpu_hw *hw, const struct rknpu_soc *soc, unsigned int index);
u32 rknpu_hw_version(const struct rknpu_hw *hw);
void rknpu_hw_start(const struct rknpu_hw *hw, const struct rknpu_hw_range *range, u32 dma_base, bool quiet);
void rknpu_hw_stop(const struct rknpu_hw *hw);
void rknpu_hw_prime(const struct rknpu_hw *hw);
bool rknpu_hw_has_counters(const struct rknpu_hw *hw);
void rknpu_hw_read_amounts(const struct rknpu_hw *hw, u32 amounts[RKNPU_AMOUNT_KINDS]);
u32 rknpu_hw_read_qos(const struct rknpu_hw *hw, u32 reg);
void rknpu_hw_write_qos(const struct rknpu_hw *hw, u32 reg, u32 value);
void rknpu_hw_set_margin(void __iomem *grf, unsigned int margin);
u32 rknpu_hw_irq_take(const struct rknpu_hw *hw);
void rknpu_hw_listen(const struct rknpu_hw *hw, const struct rknpu_hw_range *range);
u32 rknpu_hw_poll_take(const struct rknpu_hw *hw, const struct rknpu_hw_range *range);
u32 rknpu_hw_tasks_done(const struct rknpu_hw *hw, const struct rknpu_hw_state *state);
void rknpu_hw_read_state(const struct rknpu_hw *hw, struct rknpu_hw_state *state);
bool rknpu_hw_never_started(const struct rknpu_hw *hw, const struct rknpu_hw_state *state);
const char *rknpu_hw_unread(const struct rknpu_hw *hw, unsigned int *nth);
bool rknpu_hw_peek(const struct rknpu_hw *hw, u32 *offset, u32 *value);
bool rknpu_hw_dma_failed(const struct rknpu_hw_state *state);

/**
 * rknpu_hw_task_con() - get the value of TASK_CON that starts some tasks
 * @soc: constants of the SoC
 * @tasks: number of tasks, 1 .. soc->max_tasks
 * @pingpong: true to fetch the next task while the current one computes
 *
 * Return: the value.
 */
static inline u32 rknpu_hw_task_con(const struct rknpu_soc *soc, u32 tasks, bool pingpong)
{
	return soc->task_con_start | (tasks & soc->task_number_mask) | (pingpong ? soc->task_pp_en : 0);
}

/**
 * rknpu_hw_widen() - complete the pairs in a set of done events
 * @events: bits of RKNPU_INT_DONE; other bits are dropped
 *
 * Which of the two register groups ran the last task depends on the number of tasks
 * that ran before it, so either event of a pair has the same meaning.
 *
 * Return: @events with both bits set for every pair that had at least one set.
 */
static inline u32 rknpu_hw_widen(u32 events)
{
	return (events & RKNPU_INT_DONE) | ((events & RKNPU_INT_DONE_GROUP0) << 1) |
	       ((events & RKNPU_INT_DONE_GROUP1) >> 1);
}

/**
 * rknpu_hw_done() - tell whether a range has ended
 * @range: the range that was started
 * @events: events of all interrupts since then; a mask may span several pairs, which need not arrive together
 *
 * Return: true if all of the client's events have occurred, and one of a block that writes.
 */
static inline bool rknpu_hw_done(const struct rknpu_hw_range *range, u32 events)
{
	return (rknpu_hw_widen(events) & range->int_mask) == range->int_mask && events & RKNPU_INT_WRITERS;
}

#endif /* RKNPU_HW_H */
