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
