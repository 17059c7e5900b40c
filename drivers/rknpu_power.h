/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_POWER_H
#define RKNPU_POWER_H

#include <linux/clk.h>
#include <linux/pm.h>

struct regulator;

#define RKNPU_NUM_CLKS 4

/**
 * struct rknpu_power - clocks and supplies of one core; immutable after probe
 * @dev: the core's device, whose runtime PM state is the core's.
 * @clks: aclk, hclk, npu, pclk of the mainline binding.
 * @npu_supply: NULL when the device tree names none.
 * @sram_supply: likewise.
 */
struct rknpu_power {
	struct device *dev;
	struct clk_bulk_data clks[RKNPU_NUM_CLKS];
	struct regulator *npu_supply;
	struct regulator *sram_supply;
};

extern const struct dev_pm_ops rknpu_power_pm_ops;

int rknpu_power_init(struct rknpu_power *power, struct device *dev);
int rknpu_power_get(struct rknpu_power *power);
bool rknpu_power_get_if_on(struct rknpu_power *power);
void rknpu_power_put(struct rknpu_power *power);
unsigned long rknpu_power_rate_hz(const struct rknpu_power *power);
int rknpu_power_voltage_uv(const struct rknpu_power *power);

#endif /* RKNPU_POWER_H */
