// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The only file that accesses registers. It assumes that the core is powered
 * and clocked, and that nothing else writes to the same core at the same time; the
 * scheduler's lock ensures the latter. It keeps no state.
 */
#include "rknpu_hw.h"

#include <linux/bitfield.h>
#include <linux/bitops.h>
#include <linux/io.h>

#include "rknpu_regs.h"

/**
 * rknpu_hw_init() - set what a start needs of a core
 * @hw: the core; zeroed
 * @soc: constants of the SoC
 * @index: number of the core
 *
 * Context: Any context.
 */
void rknpu_hw_init(struct rknpu_hw *hw, const struct rknpu_soc *soc, unsigned int index)
{
	hw->soc = soc;
	hw->index = index;
	/* Without its own number here a core never finishes [seen: rockchip-npu-notes]. */
	if (soc->num_cores > 1)
		hw->pointer = RKNPU_S_POINTER_PINGPONG | FIELD_PREP(RKNPU_S_POINTER_CORE, index);
}

/**
 * rknpu_hw_version() - read the hardware version in user space's form
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

/*
 * Some programs wait for a block that is done long before the one that writes (mask 0xf), and
 * boards do report that event early [seen: rockchip-npu-notes]. The core is not free then, and
 * the job's buffers are still being written, so wait for one of the writers as well.
 */
static u32 rknpu_hw_awaited(const struct rknpu_hw_range *range)
{
	return range->int_mask & RKNPU_INT_WRITERS ? range->int_mask : range->int_mask | RKNPU_INT_WRITERS;
}

/**
 * rknpu_hw_start() - run a range of tasks
 * @hw: the core; powered and idle
 * @range: the tasks
 * @dma_base: added by the hardware to every data address of the stream; 16-byte aligned
 * @quiet: true to raise no interrupt before rknpu_hw_listen()
 *
 * The order of writes is that of the vendor driver 0.9.8, which mainline shares, with one
 * exception: that driver sets the new interrupt mask before it clears what earlier jobs have
 * left in the raw status, so an interrupt that another CPU takes in between would end this
 * job at once.
 *
 * Context: Any context.
 */
void rknpu_hw_start(const struct rknpu_hw *hw, const struct rknpu_hw_range *range, u32 dma_base, bool quiet)
{
	/* Slave mode first: PC_SEL = 0 arms the fetch. */
	writel_relaxed(RKNPU_PC_BASE_ADDRESS_PC_SEL, hw->pc + RKNPU_PC_BASE_ADDRESS);
	if (hw->pointer) {
		writel_relaxed(hw->pointer, hw->cna + RKNPU_S_POINTER);
		writel_relaxed(hw->pointer, hw->core + RKNPU_S_POINTER);
	}
	writel_relaxed(range->regcmd, hw->pc + RKNPU_PC_BASE_ADDRESS);
	writel_relaxed(range->amount, hw->pc + RKNPU_PC_REGISTER_AMOUNTS);
	writel_relaxed(RKNPU_INT_ALL, hw->pc + RKNPU_PC_INTERRUPT_CLEAR);
	writel_relaxed(quiet ? 0 : rknpu_hw_awaited(range), hw->pc + RKNPU_PC_INTERRUPT_MASK);
	writel_relaxed(range->task_con, hw->pc + RKNPU_PC_TASK_CON);
	writel_relaxed(dma_base, hw->pc + RKNPU_PC_TASK_DMA_BASE_ADDR);
	/* The barrier of writel() orders the CPU's writes to the command stream before the fetch. */
	writel(RKNPU_PC_OPERATION_ENABLE_OP_EN, hw->pc + RKNPU_PC_OPERATION_ENABLE);
	writel_relaxed(0, hw->pc + RKNPU_PC_OPERATION_ENABLE);
}

/**
 * rknpu_hw_stop() - prevent a core from raising interrupts and starting tasks
 * @hw: the core; powered
 *
 * Does not cancel a running task; only a reset does that. Also clears any status
 * that power-on may have left pending.
 *
 * Context: Any context.
 */
void rknpu_hw_stop(const struct rknpu_hw *hw)
{
	writel_relaxed(0, hw->pc + RKNPU_PC_INTERRUPT_MASK);
	writel_relaxed(0, hw->pc + RKNPU_PC_OPERATION_ENABLE);
	writel_relaxed(RKNPU_INT_ALL, hw->pc + RKNPU_PC_INTERRUPT_CLEAR);
	/* Posted writes must have arrived before the caller releases the interrupt or the power. */
	readl(hw->pc + RKNPU_PC_INTERRUPT_STATUS);
}

/**
 * rknpu_hw_prime() - write the registers that a core needs before its first start
 * @hw: the core; powered, stopped, with its registers in reset state
 *
 * RK3576 only, in both register groups. Measurements have worked without it; the vendor
 * driver 0.9.8 always does it. Leaves both toggles on and the pointer at 0.
 *
 * Context: Any context.
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
 * rknpu_hw_has_counters() - tell whether a core counts its traffic
 * @hw: the core
 *
 * Return: true if rknpu_hw_read_amounts() can be used.
 */
bool rknpu_hw_has_counters(const struct rknpu_hw *hw)
{
	return hw->counters[0];
}

/**
 * rknpu_hw_read_amounts() - read the number of bytes moved since power-on or reset
 * @hw: the core; powered, not in reset, has counters
 * @amounts: result by kind of traffic; wraps around
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
 * @hw: the core; powered, has these registers
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
 * @hw: the core; powered, has these registers
 * @reg: RKNPU_QOS_*
 * @value: value as the bus defines it
 */
void rknpu_hw_write_qos(const struct rknpu_hw *hw, u32 reg, u32 value)
{
	writel(value, hw->qos + reg);
}

/**
 * rknpu_hw_set_margin() - set the read margin of the memories, that is how slowly they are read
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
 * rknpu_hw_irq_take() - read and acknowledge the events that a core raises an interrupt for
 * @hw: the core; powered
 *
 * Context: Hard IRQ context.
 *
 * Return: the events taken, 0 if another device on the line raised the interrupt.
 */
u32 rknpu_hw_irq_take(const struct rknpu_hw *hw)
{
	u32 status = readl(hw->pc + RKNPU_PC_INTERRUPT_STATUS) & RKNPU_INT_ALL;

	/* Nothing in memory has to be ordered before this. */
	if (status)
		writel_relaxed(status, hw->pc + RKNPU_PC_INTERRUPT_CLEAR);
	return status;
}

/**
 * rknpu_hw_listen() - enable the interrupt after a quiet start
 * @hw: the core; powered
 * @range: the range that was started
 *
 * That the line then rises for earlier events is a [guess] from the TRM's description of the
 * status, "raw and mask", so the caller must also check for them itself.
 *
 * Context: Any context.
 */
void rknpu_hw_listen(const struct rknpu_hw *hw, const struct rknpu_hw_range *range)
{
	writel(rknpu_hw_awaited(range), hw->pc + RKNPU_PC_INTERRUPT_MASK);
}

/**
 * rknpu_hw_poll_take() - read and acknowledge the events that a core would raise an interrupt for
 * @hw: the core; powered
 * @range: the range that was started
 *
 * Context: Any context.
 *
 * Return: the events taken, 0 if there are none.
 */
u32 rknpu_hw_poll_take(const struct rknpu_hw *hw, const struct rknpu_hw_range *range)
{
	u32 status = readl(hw->pc + RKNPU_PC_INTERRUPT_RAW_STATUS) & rknpu_hw_awaited(range);

	if (status)
		writel(status, hw->pc + RKNPU_PC_INTERRUPT_CLEAR);
	return status;
}

/**
 * rknpu_hw_tasks_done() - get the number of tasks finished since the current start
 * @hw: the core
 * @state: status registers of the core
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
 * rknpu_hw_read_state() - read the status registers for the report on a failed job
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
 * rknpu_hw_never_started() - distinguish a lost start from a slow task
 * @hw: the core
 * @state: status registers of the core
 *
 * About 1 in 4000 heavy kicks on RK3588 never begins: counter 0, no status
 * [seen: ork-driver notes]. That the "operating" and "fetching" bits of TASK_STATUS
 * distinguish a slow first task from that is a [guess] from the TRM; if it is wrong, the
 * job runs into its time-out, as it would without this check.
 *
 * Return: true if nothing of the job has reached the units.
 */
bool rknpu_hw_never_started(const struct rknpu_hw *hw, const struct rknpu_hw_state *state)
{
	const u32 begun = hw->soc->task_begun;

	/* A SoC without such bits has not been seen to lose starts either. */
	return begun && !(state->task_status & begun) && !(state->raw & RKNPU_INT_ALL);
}

/**
 * rknpu_hw_dma_failed() - tell whether the core saw a memory access fail
 * @state: status registers of the core
 *
 * Return: true after a read or write error. That includes a bus error during a table walk,
 * which the IOMMU driver only prints.
 */
bool rknpu_hw_dma_failed(const struct rknpu_hw_state *state)
{
	return state->raw & RKNPU_INT_DMA_ERROR;
}

/*
 * Registers to show in a dump, up to the last known one of each block. Excluded are the port of the DPU's
 * tables, which may count reads, and SDMA, because core 0 has an IOMMU in its place.
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

/* Returns the address that a register is mapped at, NULL if it is not mapped. */
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
 * rknpu_hw_unread() - list the blocks that a dump cannot show
 * @hw: the core
 * @nth: position of the search, updated by each call; start with 0
 *
 * Return: name of the next such block, NULL if there are no more.
 */
const char *rknpu_hw_unread(const struct rknpu_hw *hw, unsigned int *nth)
{
	while (*nth < ARRAY_SIZE(rknpu_hw_shown)) {
		const struct rknpu_hw_registers *shown = &rknpu_hw_shown[(*nth)++];

		/* A block may have several rows: only the first one counts. */
		if (!(shown->first & (RKNPU_BLOCK_BYTES - 1)) && !rknpu_hw_find(hw, shown->first))
			return shown->block;
	}
	return NULL;
}

/**
 * rknpu_hw_peek() - read the next register for a dump
 * @hw: the core; powered, not in reset
 * @offset: where to search from, updated to the offset of the register; start with 0 and add 4 each time
 * @value: result
 *
 * Reading has no effect on a running core. Holes between blocks are skipped, because
 * reads of undecoded pages hang the SoC [seen: rockchip-npu-notes].
 *
 * Return: true if a register was read, false if there are no more.
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
