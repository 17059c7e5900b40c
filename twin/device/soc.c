// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: what differs between the SoCs that the twin can be. Addresses, lines and
 * banks from device trees, widths and offsets from the vendor driver 0.9.8,
 * versions from live dumps; which part of the counters counts what on RK3576
 * is a [guess].
 */
#include <string.h>

#include "priv.h"

#define TASKS_12								\
	.task_number = RKNPU_PC_TASK_CON_NUMBER_12, .task_pp_en = RKNPU_PC_TASK_CON_PP_EN_12, \
	.task_count_clear = RKNPU_PC_TASK_CON_COUNT_CLEAR_12, .task_status = RKNPU_PC_TASK_STATUS

/*
 * How long the units take. Rates are those that Rockchip's script for measurements sets (scaling_frequency.sh of their
 * model zoo: 1 GHz), or the highest one below that firmware has. The arrays' sizes are the groups in which their compiler
 * lays out weights of 8-bit types, kernels by channels. Memory rates and latencies are fitted: two numbers for each SoC,
 * none for a network, to the speeds that Rockchip publishes for five networks on one core (rknn_model_zoo, April 2025:
 * those called "fitted" in selftests/networks/speeds.txt). The command words' 1000 ns are a choice; nearly all of them are
 * hidden behind the task before.
 */

/* The mean distance from the five, 9 %, is within 1 % of the least; latencies from 0 to 2000 make little difference */
static const struct twin_timing timing_rk3588 = {
	.clock_mhz = 1000,
	.macs_per_cycle = 32 * 32,
	.bytes_per_cycle = 9,
	/*
	 * With this, YOLOv5s takes 1.25 times as long on each of three cores at once as on one alone, as measured [seen:
	 * jas-hacks.blogspot.com, June 2023, compared with Rockchip's published speed]. It is half of what the memory could
	 * deliver, 64 bits at 2112 MHz.
	 */
	.bytes_together = 17,
	.latency_cycles = 2000,
	.task_overhead_ns = 1000,
};

/*
 * Fitted with the streams that the compiler emits for RK3588, because the runtime has none of RK3576: what differs in
 * those is in these numbers, too. RK3588's array fits the worst of the five as well as one of 1536, which 6 TOPS of two
 * cores suggest and which would fit their mean better (7 instead of 16 %), but text recognition worse (54 instead of 30 %)
 * [guess].
 */
static const struct twin_timing timing_rk3576 = {
	.clock_mhz = 950,
	.macs_per_cycle = 32 * 32,
	.bytes_per_cycle = 12,
	/* What the memory delivers at most, 32 bits at 2112 MHz [guess] */
	.bytes_together = 17,
	.latency_cycles = 1000,
	.task_overhead_ns = 1000,
};

/*
 * RK3566 and RK3568. Why a task would take so long is not known; with 2000 cycles, networks of many small tasks are a
 * third too quick. More of both, 5 bytes and 26000 cycles, would fit the five better still (8 instead of 11 % in the mean).
 */
static const struct twin_timing timing_rk356x = {
	.clock_mhz = 1000,
	.macs_per_cycle = 16 * 32,
	.bytes_per_cycle = 4,
	/* There is one core */
	.bytes_together = 4,
	.latency_cycles = 15000,
	.task_overhead_ns = 1000,
};

static const struct twin_soc socs[] = {
	{
		.name = "rk3588",
		.cores = 3,
		.core_addr = { 0xfdab0000, 0xfdac0000, 0xfdad0000 },
		.window_bytes = 0x10000,
		.spi = { 110, 111, 112 },
		/* Which traffic takes which bank of core 0 is not public */
		.banks = { { 0x9000, 0xa000 }, { 0xa000 }, { 0xa000 } },
		.version = RKNPU_PC_VERSION_FIRE,
		.words_per_amount = 2,
		TASKS_12,
		.reset_lines = TWIN_LINE_A | TWIN_LINE_H,
		.phys_bits = 40,
		.sram_addr = 0xff001000,
		.sram_bytes = 0xef000,
		.timing = &timing_rk3588,
		.island = &twin_island_rk3588,
	}, {
		.name = "rk3576",
		.cores = 2,
		.core_addr = { 0x27700000, 0x27708000 },
		.window_bytes = 0x8000,
		/* 247 and 248 on the SoC; but in QEMU 7.2 a processor that takes one from 224 on never ends it */
		.spi = { 183, 184 },
		.banks = { { 0x2000, 0x2100 }, { 0x2000, 0x2100 } },
		.version = RKNPU_PC_VERSION_FIRE,
		.version_num = 0x00010002,
		.words_per_amount = 2,
		.task_number = RKNPU_PC_TASK_CON_NUMBER_16,
		.task_pp_en = RKNPU_PC_TASK_CON_PP_EN_16,
		.task_count_clear = RKNPU_PC_TASK_CON_COUNT_CLEAR_16,
		.task_status = RKNPU_PC_TASK_STATUS_48,
		.pc_done = true,
		/* The convolution buffer's lines reset nothing that is modelled */
		.reset_lines = TWIN_LINE_A,
		.needs_priming = true,
		.counters = { RKNPU_AMOUNTS_TOP, RKNPU_AMOUNTS_CORE },
		.phys_bits = 40,
		.sram_addr = 0x3ff88000,
		.sram_bytes = 0x78000,
		.timing = &timing_rk3576,
		.island = &twin_island_rk3576,
	}, {
		.name = "rk3568",
		.cores = 1,
		.core_addr = { 0xfde40000 },
		.window_bytes = 0x10000,
		.spi = { 151 },
		.banks = { { 0xb000 } },
		.words_per_amount = 1,
		TASKS_12,
		.reset_lines = TWIN_LINE_A | TWIN_LINE_H,
		.block_2000 = true,
		.counters = { RKNPU_AMOUNTS_OLD },
		.qos_addr = 0xfe180008,
		.phys_bits = 32,
		.sram_addr = 0xfdcc0000,
		.sram_bytes = 0xb000,
		/* By default it has RK3588's units */
		.timing = &timing_rk3588,
		.own_timing = &timing_rk356x,
		.island = &twin_island_rk3568,
	},
};

const struct twin_soc *twin_soc_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < sizeof(socs) / sizeof(socs[0]); i++)
		if (!strcmp(socs[i].name, name))
			return &socs[i];
	return NULL;
}
