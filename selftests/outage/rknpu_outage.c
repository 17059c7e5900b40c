// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Drivers that fail on demand: one for the twin's reset block, one for a power
 * domain around the cores, and a regulator in front of another one. To the NPU's driver
 * they look like a broken regulator or a wedged power controller. For tests only; stays
 * loaded.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/pm_domain.h>
#include <linux/regulator/consumer.h>
#include <linux/regulator/driver.h>
#include <linux/regulator/of_regulator.h>
#include <linux/reset-controller.h>
#include <linux/spinlock.h>

#define OUTAGE_LINES	6

static bool refuse_power;
module_param(refuse_power, bool, 0644);
MODULE_PARM_DESC(refuse_power, "The domain cannot be powered on");

static bool refuse_reset;
module_param(refuse_reset, bool, 0644);
MODULE_PARM_DESC(refuse_reset, "No reset line can be asserted");

static bool refuse_voltage;
module_param(refuse_voltage, bool, 0644);
MODULE_PARM_DESC(refuse_voltage, "The regulator takes no other voltage");

static void __iomem *outage_lines;
static DEFINE_SPINLOCK(outage_lock);

static void outage_write(unsigned long line, bool asserted)
{
	unsigned long flags;
	u32 lines;

	spin_lock_irqsave(&outage_lock, flags);
	lines = readl(outage_lines);
	writel(asserted ? lines | BIT(line) : lines & ~BIT(line), outage_lines);
	spin_unlock_irqrestore(&outage_lock, flags);
}

static int outage_assert(struct reset_controller_dev *rcdev, unsigned long line)
{
	if (READ_ONCE(refuse_reset))
		return -EIO;
	outage_write(line, true);
	return 0;
}

static int outage_deassert(struct reset_controller_dev *rcdev, unsigned long line)
{
	outage_write(line, false);
	return 0;
}

static const struct reset_control_ops outage_reset_ops = {
	.assert = outage_assert,
	.deassert = outage_deassert,
};

static struct reset_controller_dev outage_resets = {
	.owner = THIS_MODULE,
	.ops = &outage_reset_ops,
	.nr_resets = OUTAGE_LINES,
};

static int outage_power_on(struct generic_pm_domain *domain)
{
	return READ_ONCE(refuse_power) ? -EIO : 0;
}

static struct generic_pm_domain outage_domain = {
	.name = "outage",
	.power_on = outage_power_on,
};

static int outage_probe(struct platform_device *pdev)
{
	int ret;

	outage_lines = devm_platform_ioremap_resource(pdev, 0);
	if (IS_ERR(outage_lines))
		return PTR_ERR(outage_lines);
	outage_resets.of_node = pdev->dev.of_node;
	ret = devm_reset_controller_register(&pdev->dev, &outage_resets);
	if (!ret)
		ret = pm_genpd_init(&outage_domain, NULL, true);
	return ret ?: of_genpd_add_provider_simple(pdev->dev.of_node, &outage_domain);
}

static const struct of_device_id outage_of_match[] = {
	{ .compatible = "rknpu,test-outage" },
	{ }
};
MODULE_DEVICE_TABLE(of, outage_of_match);

static struct platform_driver outage_driver = {
	.probe = outage_probe,
	.driver = {
		.name = "rknpu_outage",
		.of_match_table = outage_of_match,
		.suppress_bind_attrs = true,
	},
};

static int outage_set_voltage(struct regulator_dev *rdev, int min_uv, int max_uv, unsigned int *selector)
{
	return READ_ONCE(refuse_voltage) ? -EIO : regulator_set_voltage(rdev_get_drvdata(rdev), min_uv, max_uv);
}

static int outage_get_voltage(struct regulator_dev *rdev)
{
	return regulator_get_voltage(rdev_get_drvdata(rdev));
}

static const struct regulator_ops outage_regulator_ops = {
	.set_voltage = outage_set_voltage,
	.get_voltage = outage_get_voltage,
};

static const struct regulator_desc outage_regulator = {
	.name = "outage",
	.type = REGULATOR_VOLTAGE,
	.owner = THIS_MODULE,
	.ops = &outage_regulator_ops,
	.continuous_voltage_range = true,
};

static int outage_supply_probe(struct platform_device *pdev)
{
	struct device *dev = &pdev->dev;
	struct regulator *in = devm_regulator_get(dev, "in");
	struct regulator_config config = {
		.dev = dev,
		.of_node = dev->of_node,
		.driver_data = in,
	};
	int ret;

	if (IS_ERR(in))
		return PTR_ERR(in);
	ret = regulator_enable(in);
	if (ret)
		return ret;
	config.init_data = of_get_regulator_init_data(dev, dev->of_node, &outage_regulator);
	return PTR_ERR_OR_ZERO(devm_regulator_register(dev, &outage_regulator, &config));
}

static const struct of_device_id outage_supply_of_match[] = {
	{ .compatible = "rknpu,test-supply" },
	{ }
};

static struct platform_driver outage_supply_driver = {
	.probe = outage_supply_probe,
	.driver = {
		.name = "rknpu_outage_supply",
		.of_match_table = outage_supply_of_match,
		.suppress_bind_attrs = true,
	},
};

/* There is no exit function: devices depend on it until the machine ends */
static int __init outage_init(void)
{
	int ret = platform_driver_register(&outage_driver);

	return ret ?: platform_driver_register(&outage_supply_driver);
}
module_init(outage_init);

MODULE_DESCRIPTION("Reset lines and power of the Rockchip NPU that fail on demand");
MODULE_LICENSE("GPL");
