// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: how the power islands of the SoCs differ. Offsets, bits and clock numbers are those of the
 * kernel's clock, reset and power domain drivers; addresses are from device trees; voltages are
 * those of a part that needs the most, so that a driver that works here works on any part.
 */
#include "priv.h"

#define PWM_ADDR	0xfd8b0000
#define SHMEM_ADDR	0x0010f000
#define SHMEM_BYTES	0x1000
#define GRF_ADDR	0xfd5a2000

#define BIT(n)		(1u << (n))

/* Devices that are the same in all islands: a board has its own supplies and way to the firmware. */
#define COMMON_REGIONS								\
	{ .name = "pwm", .addr = PWM_ADDR, .bytes = TWIN_PWM_CHANNELS * TWIN_PWM_WORDS * 4,	\
	  .read = twin_pwm_read, .write = twin_pwm_write },			\
	{ .name = "mhu", .addr = TWIN_MHU_ADDR, .bytes = TWIN_MHU_BYTES,	\
	  .read = twin_mhu_read, .write = twin_mhu_write },			\
	{ .name = "scmi-shmem", .addr = SHMEM_ADDR, .bytes = SHMEM_BYTES, .ram = true }

#define REGION(_name, _addr, _bytes)						\
	{ .name = #_name, .addr = (_addr), .bytes = (_bytes),			\
	  .read = twin_##_name##_read, .write = twin_##_name##_write }

/* ---- RK3588 ---- */

#define GATE(n)		(0x800 + 4 * (n))
#define RESET(n)	(0xa00 + 4 * (n))

static const struct twin_region regions_rk3588[] = {
	REGION(cru, 0xfd7c0000, 0x5c000),
	REGION(pmu, 0xfd8d8000, 0x400),
	REGION(noc, 0xfdf70000, 0x3000),
	REGION(grf, GRF_ADDR, RKNPU_GRF_BYTES),
	REGION(tsadc, 0xfec00000, TWIN_TSADC_WORDS * 4),
	COMMON_REGIONS,
	{ 0 },
};

const struct twin_island_soc twin_island_rk3588 = {
	.regions = regions_rk3588,
	.cru_addr = 0xfd7c0000,
	.cru_bytes = 0x5c000,
	/* A PLL is its multiplier, divider and number of halvings of 24 MHz, as the boot loader leaves it. */
	.boot = {
		{ 0x00160, { 198, 2 | 2 << 6 } },	/* V0PLL, 594 MHz */
		{ 0x00180, { 262, 2 | 2 << 6 } },	/* AUPLL, 786 */
		{ 0x001a0, { 250, 2 | 1 << 6 } },	/* CPLL, 1500 */
		{ 0x001c0, { 198, 2 | 1 << 6 } },	/* GPLL, 1188 */
		{ 0x001e0, { 425, 3 | 2 << 6 } },	/* NPLL, 850 */
		{ 0x08200, { 550, 3 | 2 << 6 } },	/* PPLL, 1100 */
		{ 0x50000, { 272, 2 | 2 << 6 } },	/* B0PLL, 816 */
		{ 0x52020, { 272, 2 | 2 << 6 } },	/* B1PLL */
		{ 0x58040, { 272, 2 | 2 << 6 } },	/* LPLL */
	},
	.pll_status = 0x18,
	.pll_lock = BIT(15),
	.modes = { 0x00280, 0x08280, 0x50280, 0x52280, 0x58280 },
	/* HCLK_NPU_ROOT, CLK_NPU_DSU0 */
	.roots = { { GATE(29), BIT(0) | BIT(1) } },
	/* PCLK_NPU_ROOT, PCLK_NPU_GRF */
	.grf_gates = { GATE(29), BIT(4) | BIT(13) },
	.core_gates = {
		{ GATE(30), BIT(6) | BIT(8) },
		{ GATE(27), BIT(0) | BIT(2) },
		{ GATE(28), BIT(0) | BIT(2) },
	},
	.reset_a = { { RESET(30), BIT(6) }, { RESET(27), BIT(0) }, { RESET(28), BIT(0) } },
	.reset_h = { { RESET(30), BIT(8) }, { RESET(27), BIT(2) }, { RESET(28), BIT(2) } },
	.pmu_addr = 0xfd8d8000,
	.pmu = {
		.pwr = 0x14c, .status = 0x180, .req = 0x10c, .ack = 0x118, .idle = 0x120, .mem_pwr = 0x1a0,
		.chain_status = 0x1f0, .mem_status = 0x1f8, .repair_status = 0x290,
	},
	.domains = 4,
	.domain = {
		[TWIN_DOMAIN_NPU] = { .inside = TWIN_NO_DOMAIN, .pwr = BIT(1), .status = BIT(1) },
		[TWIN_DOMAIN_NPUTOP] = {
			.inside = TWIN_DOMAIN_NPU, .pwr = BIT(3), .mem = BIT(11), .repair = BIT(2), .req = BIT(1),
		},
		[TWIN_DOMAIN_NPU1] = {
			.inside = TWIN_DOMAIN_NPUTOP, .pwr = BIT(4), .mem = BIT(12), .repair = BIT(3), .req = BIT(2),
		},
		[TWIN_DOMAIN_NPU2] = {
			.inside = TWIN_DOMAIN_NPUTOP, .pwr = BIT(5), .mem = BIT(13), .repair = BIT(4), .req = BIT(3),
		},
	},
	.core_domains = { BIT(TWIN_DOMAIN_NPUTOP), BIT(TWIN_DOMAIN_NPU1), BIT(TWIN_DOMAIN_NPU2) },
	.clock_domain = TWIN_DOMAIN_NPUTOP,
	.noc_addr = 0xfdf70000,
	.qos = {
		{ 0x0000, TWIN_DOMAIN_NPU1 },
		{ 0x1000, TWIN_DOMAIN_NPU2 },
		{ 0x2000, TWIN_DOMAIN_NPUTOP },
		{ 0x2200, TWIN_DOMAIN_NPUTOP },
		{ 0x2400, TWIN_DOMAIN_NPUTOP },
	},
	.qos_blocks = 5,
	.grf_addr = GRF_ADDR,
	.supplies = 2,
	.scmi_clock = 6,
	.rates = 9,
	/* [seen: vendor's rk3588s.dtsi] */
	.rate = {
		{ 200000000, 0 }, { 300000000, 700000 }, { 400000000, 700000 }, { 500000000, 700000 },
		{ 600000000, 700000 }, { 700000000, 700000 }, { 800000000, 750000 }, { 900000000, 800000 },
		{ 1000000000, 850000 },
	},
	.cold_millidegrees = 10000,
	.cold_uv = 750000,
};

/* ---- RK3576: no general register file here, because where its read margins are is not certain ---- */

static const struct twin_region regions_rk3576[] = {
	REGION(cru, 0x27200000, 0x50000),
	REGION(pmu, 0x27380000, 0x800),
	REGION(noc, 0x27f00000, 0x30000),
	/* Register files of others, in which the clock unit's driver looks for the parents of a few clocks */
	{ .name = "pmu0-grf", .addr = 0x26024000, .bytes = 0x1000, .ram = true },
	{ .name = "ioc-grf", .addr = 0x26040000, .bytes = 0xc000, .ram = true },
	COMMON_REGIONS,
	{ 0 },
};

const struct twin_island_soc twin_island_rk3576 = {
	.regions = regions_rk3576,
	.cru_addr = 0x27200000,
	.cru_bytes = 0x50000,
	.boot = {
		{ 0x00160, { 198, 2 | 2 << 6 } },	/* VPLL, 594 MHz */
		{ 0x00180, { 262, 2 | 2 << 6 } },	/* AUPLL, 786 */
		{ 0x001a0, { 250, 3 | 1 << 6 } },	/* CPLL, 1000 */
		{ 0x001c0, { 198, 2 | 1 << 6 } },	/* GPLL, 1188 */
		{ 0x08200, { 550, 3 | 2 << 6 } },	/* PPLL, 1100 */
		{ 0x00000, { 272, 2 | 2 << 6 } },	/* BPLL, 816 */
		{ 0x48040, { 272, 2 | 2 << 6 } },	/* LPLL */
	},
	.pll_status = 0x18,
	.pll_lock = BIT(15),
	.modes = { 0x00280, 0x08280, 0x38280, 0x40280 },
	/*
	 * HCLK_RKNN_ROOT, CLK_RKNN_DSU0; ACLK_RKNN_CBUF, HCLK_RKNN_CBUF: without the clocks of the
	 * convolution buffer registers read back dead [seen: gregordinary/patches].
	 */
	.roots = { { GATE(31), BIT(4) | BIT(5) }, { GATE(32), BIT(0) | BIT(12) } },
	.core_gates = { { GATE(28), BIT(9) }, { GATE(29), BIT(0) } },
	.reset_a = { { RESET(28), BIT(9) }, { RESET(29), BIT(0) } },
	.pmu_addr = 0x27380000,
	.pmu = {
		.pwr = 0x210, .status = 0x230, .req = 0x110, .ack = 0x120, .idle = 0x128, .mem_pwr = 0x300,
		.chain_status = 0x248, .mem_status = 0x250, .repair_status = 0x570,
	},
	.domains = 4,
	/* NPU, NPUTOP, NPU0, NPU1 */
	.domain = {
		{ .inside = TWIN_NO_DOMAIN, .pwr = BIT(0), .status = BIT(0) },
		{
			.inside = 0, .second = true, .pwr = BIT(6), .mem = BIT(22), .repair = BIT(22),
			.req = BIT(3) | BIT(4),
		},
		{ .inside = 1, .second = true, .pwr = BIT(7), .mem = BIT(23), .repair = BIT(23), .req = BIT(1) },
		{ .inside = 1, .second = true, .pwr = BIT(8), .mem = BIT(24), .repair = BIT(24), .req = BIT(2) },
	},
	/* Each needs both: the convolution buffer is read through NPU1 [seen: gregordinary/patches]. */
	.core_domains = { BIT(2) | BIT(3), BIT(2) | BIT(3) },
	.clock_domain = 1,
	/* [seen: gregordinary/patches] */
	.settle_ns = 15000,
	.noc_addr = 0x27f00000,
	.qos = {
		{ 0x08000, 1 }, { 0x08080, 1 }, { 0x08100, 1 }, { 0x22080, 1 }, { 0x22100, 1 },
		{ 0x20000, 2 }, { 0x21000, 3 },
	},
	.qos_blocks = 7,
	.supplies = 1,
	/* The firmware numbers it as the vendor's clock driver does [seen: linux-rk3576-npu]. */
	.scmi_clock = 238,
	.rates = 9,
	/* From the table in its TF-A [seen: linux-rk3576-npu] */
	.rate = {
		{ 200000000, 0 }, { 300000000, 675000 }, { 400000000, 675000 }, { 500000000, 700000 },
		{ 600000000, 725000 }, { 700000000, 775000 }, { 800000000, 825000 }, { 900000000, 875000 },
		{ 950000000, 950000 },
	},
};

#undef GATE
#undef RESET

/* ---- RK3568 ---- */

#define GATE(n)		(0x300 + 4 * (n))
#define RESET(n)	(0x400 + 4 * (n))
/* Feedback divider and first post divider; reference and second post divider, no fraction */
#define PLL(fb, post1, ref, post2)	{ (fb) | (post1) << 12, (ref) | (post2) << 6 | BIT(12) }

static const struct twin_region regions_rk3568[] = {
	REGION(cru, 0xfdd20000, 0x1000),
	REGION(pmu, 0xfdd90000, 0x1000),
	REGION(noc, 0xfe180000, 0x80),
	COMMON_REGIONS,
	{ 0 },
};

const struct twin_island_soc twin_island_rk3568 = {
	.regions = regions_rk3568,
	.cru_addr = 0xfdd20000,
	.cru_bytes = 0x1000,
	.boot = {
		{ 0x00, PLL(68, 2, 1, 1) },	/* APLL, 816 MHz */
		{ 0x20, PLL(65, 2, 1, 1) },	/* DPLL, 780 */
		{ 0x40, PLL(99, 2, 1, 1) },	/* GPLL, 1188 */
		{ 0x60, PLL(125, 3, 1, 1) },	/* CPLL, 1000 */
		{ 0x80, PLL(100, 2, 1, 1) },	/* NPLL, 1200 */
		{ 0xa0, PLL(99, 4, 1, 1) },	/* VPLL, 594 */
	},
	.pll_status = 0x04,
	.pll_lock = BIT(10),
	.modes = { 0xc0 },
	/* ACLK_NPU_PRE, HCLK_NPU_PRE */
	.roots = { { GATE(3), BIT(2) | BIT(4) } },
	/* ACLK_NPU, HCLK_NPU */
	.core_gates = { { GATE(3), BIT(7) | BIT(8) } },
	.reset_a = { { RESET(2), BIT(11) } },
	.reset_h = { { RESET(2), BIT(12) } },
	.pmu_addr = 0xfdd90000,
	.pmu = { .pwr = 0xa0, .status = 0x98, .req = 0x50, .ack = 0x60, .idle = 0x68 },
	.domains = 1,
	.domain = { { .inside = TWIN_NO_DOMAIN, .pwr = BIT(1), .status = BIT(1), .req = BIT(2) } },
	.core_domains = { BIT(0) },
	.clock_domain = 0,
	.noc_addr = 0xfe180000,
	.qos = { { 0x0000, 0 } },
	.qos_blocks = 1,
	.supplies = 1,
	.scmi_clock = 2,
	.rates = 6,
	/* Those of RK3566, which are lower than RK3568's [DT] */
	.rate = {
		{ 200000000, 0 }, { 297000000, 850000 }, { 400000000, 850000 }, { 600000000, 850000 },
		{ 700000000, 875000 }, { 800000000, 925000 },
	},
};
