// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The differences between SoCs, as data. A SoC is a row here; no other file
 * asks which SoC it runs on.
 *
 * Widths, offsets, scales and counters come from the vendor driver 0.9.8 (for RV1126B from
 * the w568w/rknpu-module port of it), addresses from device trees, and versions from what
 * boards were seen to read.
 *
 * Some SoCs have memory of their own besides the system SRAM (NBUF). It is not used:
 * whether a CPU may access it while the NPU has no power is not public, and a read
 * might hang. A request for it gets pages instead.
 */
#include "rknpu_soc.h"

#include <linux/errno.h>
#include <linux/kernel.h>

#include "rknpu_regs.h"

#define RKNPU_SOC_TASKS_12                                                                  \
	.task_number_mask = RKNPU_PC_TASK_CON_NUMBER_12,                                    \
	.task_pp_en = RKNPU_PC_TASK_CON_PP_EN_12,                                           \
	.task_con_start = RKNPU_PC_TASK_CON_COUNT_CLEAR_12 | RKNPU_PC_TASK_CON_RESERVED_12, \
	.task_status = RKNPU_PC_TASK_STATUS,                                                \
	.task_done = RKNPU_PC_TASK_STATUS_COUNTER_12,                                       \
	.task_begun = RKNPU_PC_TASK_STATUS_COUNTER_12 | RKNPU_PC_TASK_STATUS_FIRST_OP |     \
		      RKNPU_PC_TASK_STATUS_LAST_OP | RKNPU_PC_TASK_STATUS_FIRST_FETCH |     \
		      RKNPU_PC_TASK_STATUS_LAST_FETCH,                                      \
	.max_tasks = 4095

#define RKNPU_SOC_TASKS_16                                                                  \
	.task_number_mask = RKNPU_PC_TASK_CON_NUMBER_16,                                    \
	.task_pp_en = RKNPU_PC_TASK_CON_PP_EN_16,                                           \
	.task_con_start = RKNPU_PC_TASK_CON_COUNT_CLEAR_16 | RKNPU_PC_TASK_CON_RESERVED_16, \
	.max_tasks = 65535

/* No bit of this register distinguishes a running kick of one task from one that never started. */
#define RKNPU_SOC_STATUS_48                     \
	.task_status = RKNPU_PC_TASK_STATUS_48, \
	.task_done = RKNPU_PC_TASK_STATUS_48_ENDED

/* For the most demanding parts (level 0), from the vendor's rk3588s.dtsi. */
static const struct rknpu_soc_rate rknpu_soc_rates_rk3588[] = {
	/* clang-format off */
	{ 300, 700000 }, { 400, 700000 }, { 500, 700000 }, { 600, 700000 }, { 700, 700000 },
	{ 800, 750000 }, { 900, 800000 }, { 1000, 850000 },
	/* clang-format on */
};

/* RK3588J and RK3588M: automotive and industrial parts, from the same file. */
static const struct rknpu_soc_rate rknpu_soc_rates_rk3588jm[] = {
	/* clang-format off */
	{ 300, 750000 }, { 400, 750000 }, { 500, 750000 }, { 600, 750000 }, { 700, 750000 },
	{ 800, 750000 }, { 950, 837500 },
	/* clang-format on */
};

/*
 * 200 MHz comes from a PLL outside the NPU. Higher rates come from a ring oscillator in the NPU's
 * power domain and are set through secure firmware, which hangs the machine if the domain is off.
 * 600 MHz has been validated at the voltage that boards start with [seen: rockchip-npu-notes].
 */
static const struct rknpu_soc_dvfs rknpu_soc_dvfs_rk3588 = {
	.park_hz = 200000000,
	.unsupplied_hz = 600000000,
	.tables = {
		{
			.supported_hw = 0xf9,
			.num_rates = ARRAY_SIZE(rknpu_soc_rates_rk3588),
			.rates = rknpu_soc_rates_rk3588,
		},
		{
			.supported_hw = 0x06,
			.num_rates = ARRAY_SIZE(rknpu_soc_rates_rk3588jm),
			.rates = rknpu_soc_rates_rk3588jm,
		},
	},
	.grf = 0xfd5a2000,
	/* From the vendor's rk3588s.dtsi. */
	.cold_millidegrees = 10000,
	.cold_hysteresis = 5000,
	.cold_uv = 750000,
	.num_margins = 4,
	.margins = { { 855000, 1 }, { 765000, 2 }, { 675000, 3 }, { 495000, 4 } },
};

/* From the table in its TF-A. The address of its read margins is uncertain, so they stay as firmware set them. */
static const struct rknpu_soc_rate rknpu_soc_rates_rk3576[] = {
	/* clang-format off */
	{ 300, 675000 }, { 400, 675000 }, { 500, 700000 }, { 600, 725000 }, { 700, 775000 },
	{ 800, 825000 }, { 900, 875000 }, { 950, 950000 },
	/* clang-format on */
};

static const struct rknpu_soc_dvfs rknpu_soc_dvfs_rk3576 = {
	.park_hz = 200000000,
	.tables = {
		{
			.supported_hw = U32_MAX,
			.num_rates = ARRAY_SIZE(rknpu_soc_rates_rk3576),
			.rates = rknpu_soc_rates_rk3576,
		},
	},
};

/* RK3566 in the vendor's kernels; RK3568 runs at these too. Its higher rates must come from its own device tree. */
static const struct rknpu_soc_rate rknpu_soc_rates_rk356x[] = {
	/* clang-format off */
	{ 297, 850000 }, { 400, 850000 }, { 600, 850000 }, { 700, 875000 }, { 800, 925000 },
	/* clang-format on */
};

static const struct rknpu_soc_dvfs rknpu_soc_dvfs_rk356x = {
	.park_hz = 200000000,
	.tables = {
		{
			.supported_hw = U32_MAX,
			.num_rates = ARRAY_SIZE(rknpu_soc_rates_rk356x),
			.rates = rknpu_soc_rates_rk356x,
		},
	},
};

static const struct rknpu_soc rknpu_soc_rk3588 = {
	.name = "RK3588",
	.num_cores = 3,
	.core_base = { 0xfdab0000, 0xfdac0000, 0xfdad0000 },
	.dma_bits = 40,
	.version = RKNPU_PC_VERSION_FIRE,
	.amount_scale = 2,
	RKNPU_SOC_TASKS_12,
	.dvfs = &rknpu_soc_dvfs_rk3588,
};

/* An RK3588 with two working cores. */
static const struct rknpu_soc rknpu_soc_rk3583 = {
	.name = "RK3583",
	.num_cores = 2,
	.core_base = { 0xfdab0000, 0xfdac0000 },
	.dma_bits = 40,
	.version = RKNPU_PC_VERSION_FIRE,
	.amount_scale = 2,
	RKNPU_SOC_TASKS_12,
	.dvfs = &rknpu_soc_dvfs_rk3588,
};

static const struct rknpu_soc rknpu_soc_rk3576 = {
	.name = "RK3576",
	.num_cores = 2,
	.core_base = { 0x27700000, 0x27708000 },
	.dma_bits = 40,
	.version = RKNPU_PC_VERSION_FIRE + 2,
	.amount_scale = 2,
	RKNPU_SOC_TASKS_16,
	RKNPU_SOC_STATUS_48,
	.prime_cna = true,
	/* [seen: mainline's rocket with RK3576 added, of rockchip-npu-notes] */
	.settle_us = 15,
	.no_ddma = true,
	.counters = { RKNPU_AMOUNTS_TOP, RKNPU_AMOUNTS_CORE },
	.dvfs = &rknpu_soc_dvfs_rk3576,
};

/* RK3566, RK3568 */
static const struct rknpu_soc rknpu_soc_rk356x = {
	.name = "RK356x",
	.num_cores = 1,
	.core_base = { 0xfde40000 },
	.dma_bits = 32,
	.version = 0,
	.amount_scale = 1,
	RKNPU_SOC_TASKS_12,
	.counters = { RKNPU_AMOUNTS_OLD },
	.qos = 0xfe180008,
	.dvfs = &rknpu_soc_dvfs_rk356x,
};

static const struct rknpu_soc rknpu_soc_rk3562 = {
	.name = "RK3562",
	.num_cores = 1,
	.core_base = { 0xff300000 },
	.dma_bits = 40,
	.any_version = true,
	.amount_scale = 2,
	RKNPU_SOC_TASKS_16,
	RKNPU_SOC_STATUS_48,
	.counters = { RKNPU_AMOUNTS_OLD },
};

/* RV1103, RV1106: no IOMMU. The task counter is as wide as the task number. */
static const struct rknpu_soc rknpu_soc_rv1106 = {
	.name = "RV1106",
	.num_cores = 1,
	.core_base = { 0xff660000 },
	.dma_bits = 32,
	.any_version = true,
	.amount_scale = 2,
	RKNPU_SOC_TASKS_16,
	.task_status = RKNPU_PC_TASK_STATUS,
	.task_done = RKNPU_PC_TASK_STATUS_COUNTER_16,
	.counters = { RKNPU_AMOUNTS_OLD },
};

static const struct rknpu_soc rknpu_soc_rv1126b = {
	.name = "RV1126B",
	.num_cores = 1,
	.core_base = { 0x22000000 },
	.dma_bits = 40,
	.any_version = true,
	.amount_scale = 2,
	RKNPU_SOC_TASKS_16,
	RKNPU_SOC_STATUS_48,
	.no_ddma = true,
	.counters = { RKNPU_AMOUNTS_TOP },
};

/* Mainline's binding: rockchip,rk3588-rknn-core.yaml, one node for each core. */
const struct rknpu_binding rknpu_binding_rk3588_cores = {
	.soc = &rknpu_soc_rk3588,
	.clks = { "aclk", "hclk", "npu", "pclk" },
	.compute_clk = 2,
	.resets = { "srst_a", "srst_h" },
	.npu_supply = "npu",
	.sram_supply = "sram",
};

/* Vendor's binding: rk3588s.dtsi of the vendor's kernels, one node, one IOMMU with four banks. */
const struct rknpu_binding rknpu_binding_rk3588_whole = {
	.soc = &rknpu_soc_rk3588,
	.fused = &rknpu_soc_rk3583,
	.whole = true,
	.resets = { "srst_a%u", "srst_h%u" },
	.npu_supply = "rknpu",
	.sram_supply = "mem",
};

/*
 * Vendor's binding: rk3576.dtsi. A core has one reset line of its own. The convolution buffer,
 * which the cores share, has two more, which a reset of one core must not touch.
 */
const struct rknpu_binding rknpu_binding_rk3576 = {
	.soc = &rknpu_soc_rk3576,
	.whole = true,
	.resets = { "srst_a%u" },
	.npu_supply = "rknpu",
	.sram_supply = "mem",
};

/* Vendor's binding: SoCs with one core have no number in any name. */
#define RKNPU_BINDING_SINGLE(_soc)                \
	{                                         \
		.soc = &(_soc),                   \
		.whole = true,                    \
		.resets = { "srst_a", "srst_h" }, \
		.npu_supply = "rknpu",            \
		.sram_supply = "mem",             \
	}

const struct rknpu_binding rknpu_binding_rk356x = RKNPU_BINDING_SINGLE(rknpu_soc_rk356x);
const struct rknpu_binding rknpu_binding_rk3562 = RKNPU_BINDING_SINGLE(rknpu_soc_rk3562);
const struct rknpu_binding rknpu_binding_rv1106 = RKNPU_BINDING_SINGLE(rknpu_soc_rv1106);
const struct rknpu_binding rknpu_binding_rv1126b = RKNPU_BINDING_SINGLE(rknpu_soc_rv1126b);

/**
 * rknpu_soc_margin() - get the read margin for a voltage
 * @dvfs: constants of a SoC with margins
 * @uv: voltage of the memories' supply
 *
 * Return: value of the field.
 */
unsigned int rknpu_soc_margin(const struct rknpu_soc_dvfs *dvfs, int uv)
{
	unsigned int i;

	for (i = 0; i < dvfs->num_margins - 1; i++) {
		if (uv >= (int)dvfs->margins[i].uv)
			break;
	}
	return dvfs->margins[i].value;
}

/**
 * rknpu_soc_core_index() - find the core that has its registers at an address
 * @soc: the SoC
 * @base: physical address of the core's first register
 *
 * Return: index of the core, -ENODEV if the SoC has no core there.
 */
int rknpu_soc_core_index(const struct rknpu_soc *soc, phys_addr_t base)
{
	unsigned int i;

	for (i = 0; i < soc->num_cores; i++) {
		if (soc->core_base[i] == base)
			return i;
	}
	return -ENODEV;
}
