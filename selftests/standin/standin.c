// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Replaces a driver that is built into the kernel: it has the vendor driver's module name, platform driver name
 * and initcall name, binds to the NPU's devices, claims their registers and interrupts, and does nothing with them.
 */
#include <linux/interrupt.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>

static irqreturn_t standin_irq(int irq, void *data)
{
	return IRQ_NONE;
}

static int standin_probe(struct platform_device *pdev)
{
	int irq = platform_get_irq(pdev, 0);
	void __iomem *regs = devm_platform_ioremap_resource(pdev, 0);

	if (irq < 0)
		return irq;
	if (IS_ERR(regs))
		return PTR_ERR(regs);
	return devm_request_irq(&pdev->dev, irq, standin_irq, IRQF_SHARED, dev_name(&pdev->dev), pdev);
}

static const struct of_device_id standin_of_match[] = {
	{ .compatible = "rockchip,rk3588-rknn-core" },
	{ }
};
MODULE_DEVICE_TABLE(of, standin_of_match);

static struct platform_driver standin_driver = {
	.probe = standin_probe,
	.driver = {
		.name = "RKNPU",
		.of_match_table = standin_of_match,
	},
};

static int __init rknpu_init(void)
{
	return platform_driver_register(&standin_driver);
}
module_init(rknpu_init);

static void __exit rknpu_exit(void)
{
	platform_driver_unregister(&standin_driver);
}
module_exit(rknpu_exit);

MODULE_DESCRIPTION("Stand-in for an NPU driver that is built into the kernel");
MODULE_LICENSE("GPL");
