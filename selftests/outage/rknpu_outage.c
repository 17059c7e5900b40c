// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The twin's reset block with a driver that refuses on demand, and a power
 * domain around the cores that does too: what a broken regulator or a wedged
 * power controller looks like to the driver. For tests only; stays loaded.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/pm_domain.h>
#include <linux/reset-controller.h>
#include <linux/spinlock.h>

#define OUTAGE_LINES	6

static bool refuse_power;
module_param(refuse_power, bool, 0644);
MODULE_PARM_DESC(refuse_power, "The domain cannot be powered on");

static bool refuse_reset;
module_param(refuse_reset, bool, 0644);
MODULE_PARM_DESC(refuse_reset, "No reset line can be asserted");

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

/* There is no way back: devices depend on it until the machine ends */
static int __init outage_init(void)
{
	return platform_driver_register(&outage_driver);
}
module_init(outage_init);

MODULE_DESCRIPTION("Reset lines and power of the Rockchip NPU that fail on demand");
MODULE_LICENSE("GPL");
