/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_POWER_H
#define RKNPU_POWER_H

#include <linux/clk.h>
#include <linux/ktime.h>
#include <linux/pm.h>

#include "rknpu_soc.h"

/*
 * For how long a core that has fallen idle keeps its reference for the next job: runtime PM's
 * locks and timers for each job cost more than all else that is done for it.
 */
#define RKNPU_POWER_LINGER_MS 10

/* One for each core, and one around them */
#define RKNPU_MAX_POWER_DOMAINS (RKNPU_MAX_CORES + 1)

/* What a reset is timed by at most: the compute clock changes its rate, and no OPP is slower [DT: 200 MHz]. */
#define RKNPU_POWER_SLOW_HZ 100000000UL

struct regulator;
struct rknpu_core;
struct rknpu_dvfs;

/**
 * struct rknpu_power - power of one platform device, which has one core or all; the device's
 *	driver data begins with it. Immutable after probe, @dvfs excepted.
 * @dev: the device, whose runtime PM state is that of its cores.
 * @binding: names.
 * @soc: constants, of the part that this is.
 * @num_clks: number of clocks.
 * @clks: clocks, in the order of the binding or else of the tree.
 * @slowest_hz: rate that none of the clocks is below.
 * @iommu: the IOMMU, NULL when there is none. Reference held.
 * @feeds_iommu: it has no power domains but ours.
 * @domains: power domains that are ours to attach, each with a device that stands for it.
 * @npu_supply: NULL when the device tree names none.
 * @sram_supply: likewise.
 * @dvfs: what drives the compute clock, NULL while nobody does; changed while the device is held on.
 * @num_cores: cores of this device.
 * @cores: the cores.
 */
struct rknpu_power {
	struct device *dev;
	const struct rknpu_binding *binding;
	const struct rknpu_soc *soc;
	unsigned int num_clks;
	struct clk_bulk_data *clks;
	unsigned long slowest_hz;
	struct device *iommu;
	bool feeds_iommu;
	struct device *domains[RKNPU_MAX_POWER_DOMAINS];
	struct regulator *npu_supply;
	struct regulator *sram_supply;
	struct rknpu_dvfs *dvfs;
	unsigned int num_cores;
	struct rknpu_core *cores[RKNPU_MAX_CORES];
};

extern const struct dev_pm_ops rknpu_power_pm_ops;

int rknpu_power_init(struct rknpu_power *power, struct device *dev,
		     const struct rknpu_binding *binding);
int rknpu_power_enable(struct rknpu_power *power);
void rknpu_power_shutdown(struct rknpu_power *power);
int rknpu_power_get(struct rknpu_power *power);
bool rknpu_power_get_if_on(struct rknpu_power *power);
void rknpu_power_put(struct rknpu_power *power);
void rknpu_power_put_since(struct rknpu_power *power, ktime_t idle);
bool rknpu_power_lingers(const struct rknpu_power *power);
unsigned int rknpu_power_delay_ms(const struct rknpu_power *power);
void rknpu_power_set_delay_ms(struct rknpu_power *power, unsigned int ms);
struct clk *rknpu_power_clk(const struct rknpu_power *power);
int rknpu_power_attach_dvfs(struct rknpu_power *power, struct rknpu_dvfs *dvfs);
void rknpu_power_detach_dvfs(struct rknpu_power *power);

#endif /* RKNPU_POWER_H */
