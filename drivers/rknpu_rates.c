// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The rates that the compute clock may run at, as operating points of the first core's
 * device. A table in the device tree is trusted. Mainline's device trees have none, so the
 * SoC's own table is used. Either way only what this board's clock and supplies can do
 * remains.
 */
#include "rknpu_rates.h"

#include <linux/nvmem-consumer.h>
#include <linux/of.h>
#include <linux/pm_opp.h>
#include <linux/regulator/consumer.h>

#include "rknpu_power.h"

/* Specification serial number: selects the bit of opp-supported-hw for this part [seen: vendor driver 0.9.8] */
#define RKNPU_RATES_SPEC "specification_serial_number"
#define RKNPU_RATES_SPEC_RK3588M 0xd
#define RKNPU_RATES_SPEC_RK3588J 0xa

static void rknpu_rates_remove(void *dev)
{
	dev_pm_opp_remove_all_dynamic(dev);
}

/*
 * A voltage higher than needed is accepted unless the board forbids it. A regulator with steps need not support this
 * exact voltage, and one without steps rejects a range that ends above its own.
 */
static bool rknpu_rates_supply_gives(struct regulator *supply, unsigned long uv)
{
	return !supply || regulator_is_supported_voltage(supply, uv, INT_MAX) ||
	       regulator_is_supported_voltage(supply, uv, uv);
}

/* The resulting rate of the clock must be higher than that for the next lower rate. */
static bool rknpu_rates_clocked(const struct rknpu_power *power, unsigned long below, unsigned long hz)
{
	long rounded = clk_round_rate(rknpu_power_clk(power), hz);

	return rounded > 0 && rounded > below && rounded <= hz;
}

/* Returns the word for what rules a rate out, NULL if nothing does. */
static const char *rknpu_rates_obstacle(const struct rknpu_power *power, unsigned long below, unsigned long hz,
					unsigned long uv)
{
	const struct rknpu_soc_dvfs *dvfs = power->soc->dvfs;

	if (!rknpu_rates_clocked(power, below, hz))
		return "clock";
	if (!power->npu_supply && !power->sram_supply && hz > dvfs->unsupplied_hz)
		return "no supply";
	if (!rknpu_rates_supply_gives(power->npu_supply, uv) || !rknpu_rates_supply_gives(power->sram_supply, uv))
		return "supply";
	return NULL;
}

static void rknpu_rates_note(struct rknpu_rates *rates, unsigned long hz, const char *obstacle)
{
	rates->limit = obstacle ?: "none";
	if (obstacle)
		return;
	rates->num++;
	rates->max_hz = hz;
}

/*
 * Determines the kind of part, a bit as in opp-supported-hw; without a fuse it is an ordinary part. Its speed level
 * would need the NPU's process monitor, so the voltages are those that every part of the kind can run at.
 */
static int rknpu_rates_read_part(struct device_node *np, u32 *part)
{
	struct nvmem_cell *cell;
	size_t bytes;
	u8 *spec;

	*part = BIT(0);
	if (of_property_match_string(np, "nvmem-cell-names", RKNPU_RATES_SPEC) < 0)
		return 0;
	cell = of_nvmem_cell_get(np, RKNPU_RATES_SPEC);
	if (IS_ERR(cell))
		return PTR_ERR(cell);
	spec = nvmem_cell_read(cell, &bytes);
	nvmem_cell_put(cell);
	if (IS_ERR(spec))
		return PTR_ERR(spec);
	if (bytes && *spec == RKNPU_RATES_SPEC_RK3588M)
		*part = BIT(1);
	else if (bytes && *spec == RKNPU_RATES_SPEC_RK3588J)
		*part = BIT(2);
	kfree(spec);
	return 0;
}

static const struct rknpu_soc_table *rknpu_rates_find_table(const struct rknpu_soc_dvfs *dvfs, u32 part)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(dvfs->tables) - 1; i++) {
		if (dvfs->tables[i].supported_hw & part)
			break;
	}
	return &dvfs->tables[i];
}

static int rknpu_rates_own(struct rknpu_rates *rates, const struct rknpu_power *power, u32 part)
{
	const struct rknpu_soc_table *table = rknpu_rates_find_table(power->soc->dvfs, part);
	unsigned long below = power->soc->dvfs->park_hz;
	unsigned int i;
	int ret;

	ret = devm_add_action_or_reset(power->dev, rknpu_rates_remove, power->dev);
	for (i = 0; i < table->num_rates && !ret; i++) {
		unsigned long hz = table->rates[i].mhz * 1000000UL;
		const char *obstacle = rknpu_rates_obstacle(power, below, hz, table->rates[i].uv);

		if (!obstacle)
			ret = dev_pm_opp_add(power->dev, hz, table->rates[i].uv);
		rknpu_rates_note(rates, hz, obstacle);
		below = hz;
	}
	return ret;
}

/* Cells of opp-supported-hw: the kind of part, and a voltage selector for which all values are listed. */
static unsigned int rknpu_rates_part_cells(struct device_node *table)
{
	struct device_node *opp = of_get_next_available_child(table, NULL);
	int cells = of_property_count_u32_elems(opp, "opp-supported-hw");

	of_node_put(opp);
	return clamp(cells, 0, 2);
}

static int rknpu_rates_read_tree(const struct rknpu_power *power, struct device_node *table, u32 kind)
{
	const char *supplies[3] = {};
	u32 part[] = { kind, BIT(0) };
	struct dev_pm_opp_config config = {
		.supported_hw = part,
		.supported_hw_count = rknpu_rates_part_cells(table),
		.regulator_names = supplies,
	};
	unsigned int num = 0;
	int ret;

	if (power->npu_supply)
		supplies[num++] = power->binding->npu_supply;
	if (power->sram_supply)
		supplies[num++] = power->binding->sram_supply;
	if (!num)
		config.regulator_names = NULL;
	if (!config.supported_hw_count)
		config.supported_hw = NULL;
	ret = devm_pm_opp_set_config(power->dev, &config);
	return ret < 0 ? ret : devm_pm_opp_of_add_table(power->dev);
}

/* Disables operating points that this board cannot reach. */
static void rknpu_rates_filter(struct rknpu_rates *rates, const struct rknpu_power *power)
{
	unsigned long below = power->soc->dvfs->park_hz;
	unsigned long hz = 0;
	struct dev_pm_opp *opp;

	for (;; hz++) {
		const char *obstacle;

		opp = dev_pm_opp_find_freq_ceil(power->dev, &hz);
		if (IS_ERR(opp))
			return;
		obstacle = rknpu_rates_obstacle(power, below, hz, dev_pm_opp_get_voltage(opp));
		dev_pm_opp_put(opp);
		/* The rate that the clock starts with needs nothing. */
		if (obstacle && hz != below)
			dev_pm_opp_disable(power->dev, hz);
		rknpu_rates_note(rates, hz, hz == below ? NULL : obstacle);
		below = hz;
	}
}

/**
 * rknpu_rates_init() - determine the rates that the compute clock may run at
 * @rates: result
 * @power: power of the first core; the operating points are added to its device (devm)
 *
 * A missing or unusable table or an unreadable fuse is not an error: the clock then stays as it is.
 *
 * Return: 0 on success or a negative errno.
 */
int rknpu_rates_init(struct rknpu_rates *rates, const struct rknpu_power *power)
{
	struct device *dev = power->dev;
	struct device_node *table = of_parse_phandle(dev->of_node, "operating-points-v2", 0);
	u32 part;
	int ret;

	rates->num = 0;
	rates->limit = "unknown";
	if (!power->soc->dvfs) {
		of_node_put(table);
		return 0;
	}
	ret = rknpu_rates_read_part(table ?: dev->of_node, &part);
	if (!ret)
		ret = table ? rknpu_rates_read_tree(power, table, part) : rknpu_rates_own(rates, power, part);
	if (!ret && table)
		rknpu_rates_filter(rates, power);
	of_node_put(table);
	if (ret && ret != -EPROBE_DEFER && ret != -ENOMEM) {
		dev_warn(dev, "no operating points (%d): the clock stays as it is\n", ret);
		rates->num = 0;
		ret = 0;
	}
	return ret;
}

/**
 * rknpu_rates_uv() - get the voltage for a rate
 * @dev: device of the first core
 * @hz: one of its operating points
 *
 * Return: voltage of both supplies, in microvolts.
 */
unsigned long rknpu_rates_uv(struct device *dev, unsigned long hz)
{
	struct dev_pm_opp *opp = dev_pm_opp_find_freq_exact(dev, hz, true);
	unsigned long uv;

	if (IS_ERR(opp))
		return 0;
	uv = dev_pm_opp_get_voltage(opp);
	dev_pm_opp_put(opp);
	return uv;
}
