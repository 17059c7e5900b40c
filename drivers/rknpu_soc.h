/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_SOC_H
#define RKNPU_SOC_H

#include <linux/types.h>

#define RKNPU_MAX_CORES 3

/**
 * struct rknpu_soc - constants of one SoC; all immutable
 * @name: for messages.
 * @num_cores: cores of a complete part.
 * @core_base: physical address of each core's 64 KiB window; tells the cores apart.
 * @dma_bits: physical address bits behind the IOMMU.
 * @amount_scale: command words that the PC moves per fetch.
 * @task_number_mask: task-number field of TASK_CON and of the task counter.
 * @task_pp_en: TASK_CON bit that fetches the next task while the current one computes.
 * @task_con_start: TASK_CON bits that every start sets.
 * @task_status: offset of TASK_STATUS.
 * @max_tasks: longest range that one start can run.
 */
struct rknpu_soc {
	const char *name;
	unsigned int num_cores;
	phys_addr_t core_base[RKNPU_MAX_CORES];
	unsigned int dma_bits;
	unsigned int amount_scale;
	u32 task_number_mask;
	u32 task_pp_en;
	u32 task_con_start;
	u32 task_status;
	u32 max_tasks;
};

#define RKNPU_MAX_CLKS 8

/**
 * struct rknpu_binding - how a device tree describes the SoC; all immutable
 * @soc: the SoC.
 * @whole: one node stands for all cores, else there is one for each.
 * @num_clks: number of clocks.
 * @clks: their names.
 * @compute_clk: index of the clock that the units run at.
 * @npu_supply: name of the supply of the units.
 * @sram_supply: name of the supply of their memories.
 * @num_domains: power domains that the platform bus does not attach by itself.
 * @domains: their names.
 */
struct rknpu_binding {
	const struct rknpu_soc *soc;
	bool whole;
	unsigned int num_clks;
	const char *clks[RKNPU_MAX_CLKS];
	unsigned int compute_clk;
	const char *npu_supply;
	const char *sram_supply;
	unsigned int num_domains;
	const char *domains[RKNPU_MAX_CORES];
};

extern const struct rknpu_binding rknpu_binding_rk3588_cores;
extern const struct rknpu_binding rknpu_binding_rk3588_whole;

int rknpu_soc_core_index(const struct rknpu_soc *soc, phys_addr_t base);

#endif /* RKNPU_SOC_H */
