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
 * @uv: voltage of both supplies that every part runs at with it.
 */
struct rknpu_soc_rate {
	unsigned int mhz;
	unsigned int uv;
};

/**
 * struct rknpu_soc_table - rates of some kinds of part
 * @supported_hw: bit n: it is for kind n, which the fuses tell; as in opp-supported-hw of the vendor's trees.
 * @num_rates: rates.
 * @rates: ascending.
 */
struct rknpu_soc_table {
	u32 supported_hw;
	unsigned int num_rates;
	const struct rknpu_soc_rate *rates;
};

/**
 * struct rknpu_soc_margin - how slowly memories have to be read
 * @uv: from this voltage on.
 * @value: of the field.
 */
struct rknpu_soc_margin {
	unsigned int uv;
	unsigned int value;
};

/**
 * struct rknpu_soc_dvfs - how fast a SoC may run; all immutable
 * @park_hz: rate without work: what firmware starts with, at any voltage and without the power domain.
 * @unsupplied_hz: the highest rate that is known to work at the voltage that firmware leaves, for trees
 *	that name no supply; 0 leaves the rate alone too.
 * @tables: for trees that have none of their own, as many as there are kinds that differ.
 * @grf: physical address of the registers with the read margin, which lose it with the power; 0
 *	when there are none or nobody knows where.
 * @cold_millidegrees: below that the voltage is never less than @cold_uv.
 * @cold_hysteresis: by how many it has to be warmer again.
 * @cold_uv: microvolt; 0: no such rule is known.
 * @num_margins: margins.
 * @margins: descending by voltage; below the last one its value holds.
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
 * @name: for messages.
 * @num_cores: cores of a complete part.
 * @core_base: physical address of each core's window; tells the cores apart.
 * @dma_bits: physical address bits behind the IOMMU.
 * @version: what rknpu_hw_version() reads.
 * @any_version: nobody has published what it reads, so it is not compared.
 * @amount_scale: command words that the PC moves per fetch.
 * @task_number_mask: task-number field of TASK_CON.
 * @task_pp_en: TASK_CON bit that fetches the next task while the current one computes.
 * @task_con_start: TASK_CON bits that every start sets.
 * @task_status: offset of TASK_STATUS.
 * @task_done: field of TASK_STATUS that counts tasks that have ended.
 * @task_begun: bits of TASK_STATUS of which one is set once a start has reached the units; 0 when
 *	none tells.
 * @max_tasks: longest range that one start can run.
 * @prime_cna: core 0 needs a register of CNA primed after power-on and reset.
 * @settle_us: what a core takes after power-on before its registers may be touched.
 * @no_ddma: the next core, or nothing known, is where others have DDMA.
 * @counters: offsets of the byte counters for data written, followed by those for data and weights
 *	read, in the window of core 0; 0 when there are none. What they count is added up.
 * @qos: physical address of the bus priority registers; 0 when the driver's interface has none.
 * @dvfs: rates and voltages; NULL when they are not public, and the clock then stays as it is.
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
 * @fused: what it is when an nvmem cell "cores" says that a core does not work; NULL when none can.
 * @whole: one node stands for all cores, else there is one for each.
 * @clks: names of the clocks; none: all that the node has, the compute clock first.
 * @compute_clk: index of the clock that the units run at.
 * @resets: names of a core's own reset lines, %u stands for its number.
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
