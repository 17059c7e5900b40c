// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the clock and reset unit. The kernel's driver finds all of its registers: they keep what is
 * written, and PLLs run and report lock. Only gates and reset lines of the NPU act.
 */
#include "priv.h"

/* Two bits for each PLL: its output, not the crystal */
#define MODE_ALL_NORMAL		0x5555

static bool is_open(struct twin *twin, struct twin_bits gates)
{
	return !(twin->island.cru[gates.offset / 4] & gates.mask);
}

bool twin_cru_core_clocked(struct twin *twin, unsigned int core)
{
	const struct twin_island_soc *soc = twin->soc->island;
	unsigned int i;

	for (i = 0; i < TWIN_ROOTS; i++)
		if (!is_open(twin, soc->roots[i]))
			return false;
	return is_open(twin, soc->core_gates[core]);
}

bool twin_cru_grf_clocked(struct twin *twin)
{
	return is_open(twin, twin->soc->island->grf_gates);
}

static bool asserts(struct twin *twin, struct twin_bits line)
{
	return twin->island.cru[line.offset / 4] & line.mask;
}

static void set_resets(struct twin *twin, uint32_t offset)
{
	const struct twin_island_soc *soc = twin->soc->island;
	unsigned int i;

	for (i = 0; i < twin->config.cores; i++) {
		uint32_t lines = 0;

		if (soc->reset_a[i].offset != offset && soc->reset_h[i].offset != offset)
			continue;
		if (asserts(twin, soc->reset_a[i]))
			lines |= TWIN_LINE_A;
		if (asserts(twin, soc->reset_h[i]))
			lines |= TWIN_LINE_H;
		twin_reset_set(&twin->core[i], lines);
	}
}

uint32_t twin_cru_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	const struct twin_island_soc *soc = twin->soc->island;
	uint32_t offset = addr - soc->cru_addr;
	unsigned int i;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return 0;
	for (i = 0; i < TWIN_PLLS && soc->boot[i].reg[0]; i++)
		if (offset == soc->boot[i].offset + soc->pll_status)
			return twin->island.cru[offset / 4] | soc->pll_lock;
	return twin->island.cru[offset / 4];
}

void twin_cru_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	uint32_t offset = addr - twin->soc->island->cru_addr;
	uint32_t *reg = &twin->island.cru[offset / 4];

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return;
	*reg = twin_island_masked(*reg, value);
	set_resets(twin, offset);
	twin_island_settle(twin);
}

void twin_cru_power_on(struct twin *twin)
{
	const struct twin_island_soc *soc = twin->soc->island;
	uint32_t *cru = twin->island.cru;
	unsigned int i;

	for (i = 0; i < TWIN_PLLS && soc->boot[i].reg[0]; i++) {
		cru[soc->boot[i].offset / 4] = soc->boot[i].reg[0];
		cru[soc->boot[i].offset / 4 + 1] = soc->boot[i].reg[1];
	}
	for (i = 0; soc->modes[i]; i++)
		cru[soc->modes[i] / 4] = MODE_ALL_NORMAL;
}
