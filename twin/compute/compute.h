/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * The compute units of one NPU core: what a task reads, calculates and writes.
 *
 * Plain C without state of its own: every call works on the registers and the
 * callbacks it is given, so three cores may call it concurrently. Timing is up
 * to the caller; the library only tells how many multiply-accumulates a task has.
 *
 * It computes what public facts cover and refuses the rest, naming the register,
 * so a program that relies on unknown behaviour is noticed instead of getting a
 * silent guess. Integer results are bit exact, and so are fp16 results within
 * one 32-product group.
 */
#ifndef TWIN_COMPUTE_H
#define TWIN_COMPUTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rknpu_regs.h"

/**
 * struct twin_dma - translated access to memory, supplied by the caller
 * @opaque: passed back in each call
 * @read: copy @bytes from device address @addr to @buf; returns false on a fault or a cancelled task
 * @write: copy @bytes from @buf to device address @addr; returns false on a fault or a cancelled task
 *
 * Addresses never wrap within one call. Long calculations call @read with zero
 * bytes to poll for cancellation: it must then touch nothing and return false
 * if the task was cancelled.
 */
struct twin_dma {
	void *opaque;
	bool (*read)(void *opaque, uint32_t addr, void *buf, size_t bytes);
	bool (*write)(void *opaque, uint32_t addr, const void *buf, size_t bytes);
};

/**
 * struct twin_workers - threads of the host that share a long calculation, supplied by the caller
 * @opaque: passed back in each call
 * @threads: how many there are, the calling one included; from 1 on
 * @least: multiply-accumulates, or what takes as long, from which on it pays to call @run
 * @run: call @part with thread 0 in the calling thread and, at the same time, with each of 1 to
 *	@threads - 1 at most once in others. Returns when all calls that began have returned; once
 *	the calling thread's has, no other may begin
 *
 * One structure may serve several tasks at the same time. Other threads only
 * calculate: DMA callbacks are always called by the thread that runs the task.
 * The results do not depend on @threads, nor on how many calls are made.
 */
struct twin_workers {
	void *opaque;
	unsigned int threads;
	uint64_t least;
	void (*run)(void *opaque, void (*part)(void *arg, unsigned int thread), void *arg);
};

/**
 * struct twin_unit_regs - the executing group's registers of every block
 * @block: block[offset >> 12][(offset & 0xfff) >> 2]; 1 CNA, 3 CORE, 4 DPU,
 *	5 DPU_RDMA, 6 PPU, 7 PPU_RDMA. May be NULL for blocks that are not enabled.
 * @lut: the DPU's lookup tables, LE and LO, which do not belong to a group; NULL
 *	if they have not been written since reset
 */
struct twin_unit_regs {
	const uint32_t *block[8];
	const int16_t (*lut)[RKNPU_DPU_LUT_ENTRIES];
};

/**
 * enum twin_compute_status - how a task ended
 * @TWIN_COMPUTE_OK: all output is written
 * @TWIN_COMPUTE_FAULT: a DMA callback returned false; output may be partly written
 * @TWIN_COMPUTE_REFUSED: the facts do not cover the set-up, and no DMA was made; or the compressed
 *	weights are malformed, and no output was written
 */
enum twin_compute_status {
	TWIN_COMPUTE_OK,
	TWIN_COMPUTE_FAULT,
	TWIN_COMPUTE_REFUSED,
};

/**
 * struct twin_compute_result - what is known after a call
 * @macs: multiply-accumulates of the task (0 if it has none)
 * @mac_slots: @macs plus the slots that the array wastes or spends waiting
 * @mac_rate_shift: the MAC array runs at its int8 rate >> this, or << if negative: 0 int8, -1 int4,
 *	1 the 16-bit types, 2 tf32 [seen: rockchip-npu-notes], four more for depthwise [guess]
 * @memory_bytes: bytes that the task moves, without per-channel operands, if nothing is fetched twice
 * @fills: how often the units run empty and fill again: once per task, 0 if it does nothing
 * @bytes_read: bytes that DMA reads asked for
 * @bytes_written: bytes that DMA writes asked for
 * @refused_reg: offset of the register that caused the refusal; GLOBAL's for the
 *	enable bitmap, 0 if host memory ran out
 * @reason: why the task was refused, for the log; empty otherwise
 */
struct twin_compute_result {
	uint64_t macs;
	uint64_t mac_slots;
	int mac_rate_shift;
	uint64_t memory_bytes;
	uint32_t fills;
	uint64_t bytes_read;
	uint64_t bytes_written;
	uint32_t refused_reg;
	char reason[96];
};

/**
 * twin_compute_task - run one task
 * @regs: registers of the executing group
 * @enable: RKNPU_ENABLE_* bitmap of the op-enable word
 * @dma_base: TASK_DMA_BASE_ADDR, added to every data address
 * @dma: memory
 * @workers: threads for long calculations; NULL if the calling thread does everything
 * @result: filled in all cases
 *
 * Reads all input before it writes the first output byte. Frees what it
 * allocates on every path.
 */
enum twin_compute_status twin_compute_task(const struct twin_unit_regs *regs, uint32_t enable,
					   uint32_t dma_base, const struct twin_dma *dma,
					   const struct twin_workers *workers,
					   struct twin_compute_result *result);

/**
 * twin_compute_cost - calculate the amount of work of a task without running it
 * @regs: registers of the executing group
 * @enable: RKNPU_ENABLE_* bitmap of the op-enable word
 * @result: macs, mac_slots, mac_rate_shift, memory_bytes and fills are filled, the rest is
 *	zeroed
 *
 * Used to time a task before it is computed. For a set-up that
 * twin_compute_task() would refuse, the work is 0.
 */
void twin_compute_cost(const struct twin_unit_regs *regs, uint32_t enable,
		       struct twin_compute_result *result);

/**
 * twin_compute_task_rk356x - twin_compute_task() for the units of RK3566 and RK3568
 *
 * Block 2 of struct twin_unit_regs is the one at 0x2000.
 */
enum twin_compute_status twin_compute_task_rk356x(const struct twin_unit_regs *regs, uint32_t enable,
						  uint32_t dma_base, const struct twin_dma *dma,
						  const struct twin_workers *workers,
						  struct twin_compute_result *result);

/**
 * twin_compute_cost_rk356x - twin_compute_cost() for the units of RK3566 and RK3568
 *
 * Also knows the work of depthwise convolutions of int8, which twin_compute_task_rk356x() refuses.
 */
void twin_compute_cost_rk356x(const struct twin_unit_regs *regs, uint32_t enable, struct twin_compute_result *result);

#endif /* TWIN_COMPUTE_H */
