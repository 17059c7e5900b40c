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
 * Time that a core that has become idle keeps its reference for the next job: taking runtime PM's
 * locks and timers for every job would cost more than everything else done for it.
 */
#define RKNPU_POWER_LINGER_MS 10

/* One for each core, and one around all of them */
#define RKNPU_MAX_POWER_DOMAINS (RKNPU_MAX_CORES + 1)

/* Highest clock rate that resets are timed by: the compute clock changes, and no OPP is slower [DT: 200 MHz]. */
#define RKNPU_POWER_SLOW_HZ 100000000UL

struct regulator;
struct rknpu_core;
struct rknpu_dvfs;

/**
 * struct rknpu_power - power of one platform device, which has one core or all of them. The device's
 *	driver data begins with it. Immutable after probe, except for @dvfs.
 * @dev: the device; its runtime PM state is that of its cores.
 * @binding: names used in the device tree.
 * @soc: constants of this part.
 * @num_clks: number of clocks.
 * @clks: clocks, in the order of the binding or else of the device tree.
 * @slowest_hz: lower limit of the rates of all clocks.
 * @iommu: the IOMMU, or NULL; holds a reference.
 * @feeds_iommu: the IOMMU has no power domains other than those of this device.
 * @domains: power domains that this driver attaches, each represented by a device.
 * @npu_supply: NULL if the device tree has none.
 * @sram_supply: NULL if the device tree has none.
 * @dvfs: control of the compute clock, or NULL; only changed while the device is kept on.
 * @num_cores: number of cores of this device.
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

/**
 * rknpu_power_clk() - get the compute clock
 * @power: power of any core; one clock drives them all
 *
 * Return: the clock.
 */
static inline struct clk *rknpu_power_clk(const struct rknpu_power *power)
{
	return power->clks[power->binding->compute_clk].clk;
}

extern const struct dev_pm_ops rknpu_power_pm_ops;

void rknpu_power_hold_iommu(struct device *dev);
int rknpu_power_init(struct rknpu_power *power, struct device *dev,
		     const struct rknpu_binding *binding);
void rknpu_power_enable(struct rknpu_power *power);
void rknpu_power_disable(struct rknpu_power *power);
void rknpu_power_shutdown(struct rknpu_power *power);
int rknpu_power_get(struct rknpu_power *power);
bool rknpu_power_get_if_on(struct rknpu_power *power);
void rknpu_power_put(struct rknpu_power *power);
void rknpu_power_put_since(struct rknpu_power *power, ktime_t idle);
bool rknpu_power_lingers(const struct rknpu_power *power);
unsigned int rknpu_power_delay_ms(const struct rknpu_power *power);
void rknpu_power_set_delay_ms(struct rknpu_power *power, unsigned int ms);
int rknpu_power_attach_dvfs(struct rknpu_power *power, struct rknpu_dvfs *dvfs);
void rknpu_power_detach_dvfs(struct rknpu_power *power);

#endif /* RKNPU_POWER_H */
