// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Power of one core. The platform bus attaches the power domain, the
 * device link of the IOMMU driver resumes the IOMMU with the core; what is left
 * are clocks, supplies and runtime PM. One reference is held while the core has
 * work; queries that need no hardware take none.
 */
#include "rknpu_power.h"

#include <linux/pm_runtime.h>
#include <linux/regulator/consumer.h>

#include "rknpu_core.h"

/*
 * Long enough to span the gap between two frames of a camera at 15 frames/s,
 * short enough that an idle NPU is off before anybody looks at the meter.
 */
#define RKNPU_POWER_AUTOSUSPEND_MS 100

enum { RKNPU_CLK_ACLK, RKNPU_CLK_HCLK, RKNPU_CLK_NPU, RKNPU_CLK_PCLK };

/* A board that leaves a supply out of its tree has it always on; NULL then. */
static int rknpu_power_get_supply(struct device *dev, const char *id, struct regulator **supply)
{
	struct regulator *reg = devm_regulator_get_optional(dev, id);

	if (IS_ERR(reg)) {
		if (PTR_ERR(reg) != -ENODEV)
			return dev_err_probe(dev, PTR_ERR(reg), "cannot get the %s supply\n", id);
		reg = NULL;
	}
	*supply = reg;
	return 0;
}

/**
 * rknpu_power_init() - acquire clocks and supplies, enable runtime PM
 * @power: zeroed
 * @dev: the core's device; owns what is acquired (devm)
 *
 * Return: 0 or a negative errno, with one message.
 */
int rknpu_power_init(struct rknpu_power *power, struct device *dev)
{
	int ret;

	power->dev = dev;
	/* By name: asking for NULL names would return the first clock four times. */
	power->clks[RKNPU_CLK_ACLK].id = "aclk";
	power->clks[RKNPU_CLK_HCLK].id = "hclk";
	power->clks[RKNPU_CLK_NPU].id = "npu";
	power->clks[RKNPU_CLK_PCLK].id = "pclk";
	ret = devm_clk_bulk_get(dev, RKNPU_NUM_CLKS, power->clks);
	if (ret)
		return dev_err_probe(dev, ret, "cannot get the clocks\n");
	ret = rknpu_power_get_supply(dev, "npu", &power->npu_supply);
	if (ret)
		return ret;
	ret = rknpu_power_get_supply(dev, "sram", &power->sram_supply);
	if (ret)
		return ret;

	pm_runtime_set_autosuspend_delay(dev, RKNPU_POWER_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(dev);
	return devm_pm_runtime_enable(dev);
}

/**
 * rknpu_power_get() - power the core and keep it powered
 * @power: of the core
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative errno and no reference is held.
 */
int rknpu_power_get(struct rknpu_power *power)
{
	return pm_runtime_resume_and_get(power->dev);
}

/**
 * rknpu_power_get_if_on() - keep the core powered, if it is
 * @power: of the core
 *
 * Context: any, hard interrupts too.
 *
 * Return: true with a reference held; false without one.
 */
bool rknpu_power_get_if_on(struct rknpu_power *power)
{
	/* 1 = was active, decided under the device's PM lock with the reference already taken. */
	if (pm_runtime_get(power->dev) == 1)
		return true;
	pm_runtime_put_noidle(power->dev);
	return false;
}

/**
 * rknpu_power_put() - let the core go off after a while
 * @power: of the core
 *
 * Context: any.
 */
void rknpu_power_put(struct rknpu_power *power)
{
	pm_runtime_mark_last_busy(power->dev);
	pm_runtime_put_autosuspend(power->dev);
}

/**
 * rknpu_power_rate_hz() - rate of the compute clock
 * @power: of any core; one clock drives them all
 *
 * Context: may sleep; does not power anything.
 *
 * Return: Hz.
 */
unsigned long rknpu_power_rate_hz(const struct rknpu_power *power)
{
	return clk_get_rate(power->clks[RKNPU_CLK_NPU].clk);
}

/**
 * rknpu_power_voltage_uv() - voltage of the compute supply
 * @power: of any core
 *
 * Return: microvolt, 0 when the device tree names no supply, a negative errno.
 */
int rknpu_power_voltage_uv(const struct rknpu_power *power)
{
	return power->npu_supply ? regulator_get_voltage(power->npu_supply) : 0;
}

static int rknpu_power_enable_supply(struct regulator *supply)
{
	return supply ? regulator_enable(supply) : 0;
}

static void rknpu_power_disable_supply(struct regulator *supply)
{
	if (supply)
		regulator_disable(supply);
}

static int rknpu_power_runtime_resume(struct device *dev)
{
	struct rknpu_core *core = dev_get_drvdata(dev);
	struct rknpu_power *power = &core->power;
	int ret;

	ret = rknpu_power_enable_supply(power->npu_supply);
	if (ret)
		return ret;
	ret = rknpu_power_enable_supply(power->sram_supply);
	if (ret)
		goto disable_npu_supply;
	ret = clk_bulk_prepare_enable(RKNPU_NUM_CLKS, power->clks);
	if (ret)
		goto disable_sram_supply;
	rknpu_core_power_up(core);
	return 0;

disable_sram_supply:
	rknpu_power_disable_supply(power->sram_supply);
disable_npu_supply:
	rknpu_power_disable_supply(power->npu_supply);
	return ret;
}

static int rknpu_power_runtime_suspend(struct device *dev)
{
	struct rknpu_core *core = dev_get_drvdata(dev);
	struct rknpu_power *power = &core->power;

	rknpu_core_power_down(core);
	clk_bulk_disable_unprepare(RKNPU_NUM_CLKS, power->clks);
	rknpu_power_disable_supply(power->sram_supply);
	rknpu_power_disable_supply(power->npu_supply);
	return 0;
}

/* Who holds the core must let go of it first; a core that belongs to nobody just goes off. */
static int rknpu_power_suspend(struct device *dev)
{
	struct rknpu_core *core = dev_get_drvdata(dev);
	int ret = core->ops ? core->ops->suspend(core) : 0;

	if (ret)
		return ret;
	ret = pm_runtime_force_suspend(dev);
	if (ret && core->ops)
		core->ops->resume(core);
	return ret;
}

static int rknpu_power_resume(struct device *dev)
{
	struct rknpu_core *core = dev_get_drvdata(dev);
	int ret = pm_runtime_force_resume(dev);

	/* Even if it failed: jobs then fail one by one instead of waiting for ever. */
	if (core->ops)
		core->ops->resume(core);
	return ret;
}

const struct dev_pm_ops rknpu_power_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(rknpu_power_suspend, rknpu_power_resume)
	RUNTIME_PM_OPS(rknpu_power_runtime_suspend, rknpu_power_runtime_resume, NULL)
};
