/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_SOC_H
#define RKNPU_SOC_H

#include <linux/types.h>

#define RKNPU_MAX_CORES 3
#define RKNPU_MAX_COUNTERS 2
#define RKNPU_MAX_MARGINS 4
#define RKNPU_MAX_TABLES 2

/**
 * struct rknpu_soc_rate - one rate of the compute clock
 * @mhz: the rate.
 * @uv: voltage of both supplies that is sufficient for every part at this rate.
 */
struct rknpu_soc_rate {
	unsigned int mhz;
	unsigned int uv;
};

/**
 * struct rknpu_soc_table - rates for some kinds of part
 * @supported_hw: bit n is set if the table is for kind n, which the fuses tell; same as opp-supported-hw in the
 *	vendor's device trees.
 * @num_rates: number of rates.
 * @rates: the rates, in ascending order.
 */
struct rknpu_soc_table {
	u32 supported_hw;
	unsigned int num_rates;
	const struct rknpu_soc_rate *rates;
};

/**
 * struct rknpu_soc_margin - read margin of the memories, that is how slowly they have to be read
 * @uv: lowest voltage that it applies to.
 * @value: value of the register field.
 */
struct rknpu_soc_margin {
	unsigned int uv;
	unsigned int value;
};

/**
 * struct rknpu_soc_dvfs - rates and voltages of a SoC; all immutable
 * @park_hz: rate while idle: the one that firmware starts with, which works at any voltage and without the
 *	power domain.
 * @unsupplied_hz: highest rate known to work at the voltage that firmware leaves, for device trees without a
 *	supply; 0 leaves the rate alone then.
 * @tables: rates for device trees that have no table of their own, one table for each group of kinds that
 *	differ.
 * @grf: physical address of the registers with the read margin, which is lost with the power; 0 if there are
 *	none or their address is not known.
 * @cold_millidegrees: temperature below which the voltage is at least @cold_uv.
 * @cold_hysteresis: how much warmer, in millidegrees, it must become before that ends.
 * @cold_uv: lowest voltage in the cold, in microvolts; 0 if no such rule is known.
 * @num_margins: number of margins.
 * @margins: margins, in descending order of voltage; the last one also applies below its voltage.
 */
struct rknpu_soc_dvfs {
	unsigned long park_hz;
	unsigned long unsupplied_hz;
	struct rknpu_soc_table tables[RKNPU_MAX_TABLES];
	phys_addr_t grf;
	int cold_millidegrees;
	int cold_hysteresis;
	unsigned long cold_uv;
	unsigned int num_margins;
	struct rknpu_soc_margin margins[RKNPU_MAX_MARGINS];
};

/**
 * struct rknpu_soc - constants of one SoC; all immutable
 * @name: name, for messages.
 * @num_cores: number of cores of a complete part.
 * @core_base: physical address of each core's window; identifies the core.
 * @dma_bits: number of physical address bits behind the IOMMU.
 * @version: expected result of rknpu_hw_version().
 * @any_version: the version has not been published, so it is not compared.
 * @amount_scale: number of command words that the PC moves per fetch.
 * @task_number_mask: task-number field of TASK_CON.
 * @task_pp_en: TASK_CON bit that fetches the next task while the current one computes.
 * @task_con_start: TASK_CON bits that every start sets.
 * @task_status: offset of TASK_STATUS.
 * @task_done: field of TASK_STATUS that counts finished tasks.
 * @task_begun: bits of TASK_STATUS; at least one is set once a start has reached the units. 0 if no bit tells.
 * @max_tasks: longest range that one start can run.
 * @prime_cna: core 0 needs a CNA register primed after power-on and reset.
 * @settle_us: time after power-on before a core's registers may be accessed.
 * @no_ddma: the place of DDMA on other SoCs is taken by the next core, or by nothing known.
 * @counters: offsets of the byte counters in the window of core 0: one for data written, followed by those for
 *	data and weights read; 0 if there are none. Several sets are added up.
 * @qos: physical address of the bus priority registers; 0 if the driver's interface has none.
 * @dvfs: rates and voltages; NULL if they are not public, in which case the clock stays as it is.
 */
struct rknpu_soc {
	const char *name;
	unsigned int num_cores;
	phys_addr_t core_base[RKNPU_MAX_CORES];
	unsigned int dma_bits;
	u32 version;
	bool any_version;
	unsigned int amount_scale;
	u32 task_number_mask;
	u32 task_pp_en;
	u32 task_con_start;
	u32 task_status;
	u32 task_done;
	u32 task_begun;
	u32 max_tasks;
	bool prime_cna;
	unsigned int settle_us;
	bool no_ddma;
	u32 counters[RKNPU_MAX_COUNTERS];
	phys_addr_t qos;
	const struct rknpu_soc_dvfs *dvfs;
};

#define RKNPU_MAX_NAMES 4

/**
 * struct rknpu_binding - how a device tree describes the SoC; all immutable
 * @soc: the SoC.
 * @fused: the SoC it is if an nvmem cell "cores" marks a core as defective; NULL if that cannot be.
 * @whole: true if one node describes all cores, false if there is one node for each.
 * @clks: names of the clocks; if empty, all clocks of the node are used, with the compute clock first.
 * @compute_clk: index of the clock that the units run at.
 * @resets: names of a core's own reset lines, where %u stands for the core's number.
 * @npu_supply: name of the supply of the units.
 * @sram_supply: name of the supply of their memories.
 */
struct rknpu_binding {
	const struct rknpu_soc *soc;
	const struct rknpu_soc *fused;
	bool whole;
	const char *clks[RKNPU_MAX_NAMES];
	unsigned int compute_clk;
	const char *resets[RKNPU_MAX_NAMES];
	const char *npu_supply;
	const char *sram_supply;
};

extern const struct rknpu_binding rknpu_binding_rk3588_cores;
extern const struct rknpu_binding rknpu_binding_rk3588_whole;
extern const struct rknpu_binding rknpu_binding_rk3576;
extern const struct rknpu_binding rknpu_binding_rk356x;
extern const struct rknpu_binding rknpu_binding_rk3562;
extern const struct rknpu_binding rknpu_binding_rv1106;
extern const struct rknpu_binding rknpu_binding_rv1126b;

unsigned int rknpu_soc_margin(const struct rknpu_soc_dvfs *dvfs, int uv);
int rknpu_soc_core_index(const struct rknpu_soc *soc, phys_addr_t base);

#endif /* RKNPU_SOC_H */
