// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the clock and reset unit of RK3588. The kernel's driver finds all of its registers:
 * they keep what is written, and PLLs run and report lock. Only gates and reset lines of
 * the NPU act. Numbers from the kernel's clk-rk3588.c and rst-rk3588.c.
 */
#include "priv.h"

#define CRU_ADDR		0xfd7c0000
#define GATE(n)			(0x800 + 4 * (n))
#define RESET(n)		(0xa00 + 4 * (n))
#define MODE			0x280
#define MODE_ALL_NORMAL		0x5555
#define PLL_BYTES		0x20
#define PLL_STATUS		0x18
#define PLL_LOCK		(1u << 15)

/* PLLs where the boot loader leaves them: offset, multiplier, divider, halvings of 24 MHz */
static const struct {
	uint32_t offset;
	uint32_t m;
	uint32_t p;
	uint32_t s;
} plls[] = {
	{ 0x00160, 198, 2, 2 },	/* V0PLL, 594 MHz */
	{ 0x00180, 262, 2, 2 },	/* AUPLL, 786 */
	{ 0x001a0, 250, 2, 1 },	/* CPLL, 1500 */
	{ 0x001c0, 198, 2, 1 },	/* GPLL, 1188 */
	{ 0x001e0, 425, 3, 2 },	/* NPLL, 850 */
	{ 0x08200, 550, 3, 2 },	/* PPLL, 1100 */
	{ 0x50000, 272, 2, 2 },	/* B0PLL, 816 */
	{ 0x52020, 272, 2, 2 },	/* B1PLL */
	{ 0x58040, 272, 2, 2 },	/* LPLL */
};

#define PLLS	(sizeof(plls) / sizeof(plls[0]))

/* A register and bits of it */
struct bits {
	uint32_t offset;
	uint32_t mask;
};

/* Gates that must be open, 0 = open: the roots, then each core's own two */
static const struct bits roots = { GATE(29), 1u << 0 | 1u << 1 };	/* HCLK_NPU_ROOT, CLK_NPU_DSU0 */
static const struct bits grf_gates = { GATE(29), 1u << 4 | 1u << 13 };	/* PCLK_NPU_ROOT, PCLK_NPU_GRF */
static const struct bits core_gates[TWIN_MAX_CORES] = {
	{ GATE(30), 1u << 6 | 1u << 8 },
	{ GATE(27), 1u << 0 | 1u << 2 },
	{ GATE(28), 1u << 0 | 1u << 2 },
};

/* SRST_A_RKNNn; SRST_H_RKNNn is two bits above */
static const struct bits core_resets[TWIN_MAX_CORES] = {
	{ RESET(30), 1u << 6 },
	{ RESET(27), 1u << 0 },
	{ RESET(28), 1u << 0 },
};

static bool is_open(struct twin *twin, struct bits gates)
{
	return !(twin->island.cru[gates.offset / 4] & gates.mask);
}

bool twin_cru_core_clocked(struct twin *twin, unsigned int core)
{
	return is_open(twin, roots) && is_open(twin, core_gates[core]);
}

bool twin_cru_grf_clocked(struct twin *twin)
{
	return is_open(twin, grf_gates);
}

static void set_resets(struct twin *twin, uint32_t offset, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < twin->config.cores; i++) {
		uint32_t lines = 0;

		if (core_resets[i].offset != offset)
			continue;
		if (value & core_resets[i].mask)
			lines |= TWIN_LINE_A;
		if (value & core_resets[i].mask << 2)
			lines |= TWIN_LINE_H;
		twin_reset_set(&twin->core[i], lines);
	}
}

uint32_t twin_cru_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	uint32_t offset = addr - CRU_ADDR;
	unsigned int i;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return 0;
	for (i = 0; i < PLLS; i++)
		if (offset == plls[i].offset + PLL_STATUS)
			return twin->island.cru[offset / 4] | PLL_LOCK;
	return twin->island.cru[offset / 4];
}

void twin_cru_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	uint32_t offset = addr - CRU_ADDR;
	uint32_t *reg = &twin->island.cru[offset / 4];

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return;
	*reg = twin_island_masked(*reg, value);
	set_resets(twin, offset, *reg);
	twin_island_settle(twin);
}

void twin_cru_power_on(struct twin *twin)
{
	uint32_t *cru = twin->island.cru;
	unsigned int i;

	for (i = 0; i < PLLS; i++) {
		cru[plls[i].offset / 4] = plls[i].m;
		cru[plls[i].offset / 4 + 1] = plls[i].p | plls[i].s << 6;
	}
	cru[MODE / 4] = MODE_ALL_NORMAL;
	cru[(0x08000 + MODE) / 4] = MODE_ALL_NORMAL;
	cru[(0x50000 + MODE) / 4] = MODE_ALL_NORMAL;
	cru[(0x52000 + MODE) / 4] = MODE_ALL_NORMAL;
	cru[(0x58000 + MODE) / 4] = MODE_ALL_NORMAL;
}
