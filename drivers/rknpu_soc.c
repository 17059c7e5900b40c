// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: What differs between SoCs, as data. A SoC is a row here; no other file
 * asks which one it runs on.
 */
#include "rknpu_soc.h"

#include <linux/errno.h>

#include "rknpu_regs.h"

/* Constants of the vendor driver 0.9.8's table; addresses of mainline's rk3588-base.dtsi. */
static const struct rknpu_soc rknpu_soc_rk3588 = {
	.name = "RK3588",
	.num_cores = 3,
	.core_base = { 0xfdab0000, 0xfdac0000, 0xfdad0000 },
	.dma_bits = 40,
	.amount_scale = 2,
	.task_number_mask = RKNPU_PC_TASK_CON_NUMBER_12,
	.task_pp_en = RKNPU_PC_TASK_CON_PP_EN_12,
	.task_con_start = RKNPU_PC_TASK_CON_COUNT_CLEAR_12 | RKNPU_PC_TASK_CON_RESERVED_12,
	.task_status = RKNPU_PC_TASK_STATUS,
	.max_tasks = 4095,
};

/* Mainline: rockchip,rk3588-rknn-core.yaml, one node for each core. */
const struct rknpu_binding rknpu_binding_rk3588_cores = {
	.soc = &rknpu_soc_rk3588,
	.num_clks = 4,
	.clks = { "aclk", "hclk", "npu", "pclk" },
	.compute_clk = 2,
	.npu_supply = "npu",
	.sram_supply = "sram",
};

/* Vendor: rk3588s.dtsi of the vendor's kernels, one node, one IOMMU with four banks. */
const struct rknpu_binding rknpu_binding_rk3588_whole = {
	.soc = &rknpu_soc_rk3588,
	.whole = true,
	.num_clks = 8,
	.clks = { "clk_npu", "aclk0", "aclk1", "aclk2", "hclk0", "hclk1", "hclk2", "pclk" },
	.npu_supply = "rknpu",
	.sram_supply = "mem",
	.num_domains = 3,
	.domains = { "npu0", "npu1", "npu2" },
};

/**
 * rknpu_soc_core_index() - which core has its registers at an address
 * @soc: the SoC
 * @base: physical address of the core's first register
 *
 * Return: the core's index, -ENODEV when the SoC has no core there.
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
