// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The minimum cost of a submit: an ioctl, the register writes of a start, one
 * interrupt, one wake-up, and nothing else: no checks, no queue, no time-out, no
 * second client. For the benchmark only; core 0 stays powered and can be used by
 * every process that may open /dev/rknpu_floor.
 */
#include <linux/clk.h>
#include <linux/completion.h>
#include <linux/dma-mapping.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/of.h>
#include <linux/platform_device.h>
#include <linux/pm_runtime.h>
#include <linux/uaccess.h>

#include "rknpu_floor.h"
#include "rknpu_regs.h"

/* One task, started like by the driver */
#define FLOOR_TASK_CON	(RKNPU_PC_TASK_CON_RESERVED_12 | RKNPU_PC_TASK_CON_COUNT_CLEAR_12 | RKNPU_PC_TASK_CON_PP_EN_12 | 1)

static struct {
	struct device *dev;
	void __iomem *pc, *cna, *core;
	void *buffer;
	dma_addr_t iova;
	struct completion done;
} npu;

static irqreturn_t floor_irq(int irq, void *data)
{
	u32 status = readl(npu.pc + RKNPU_PC_INTERRUPT_STATUS) & RKNPU_INT_ALL;

	if (!status)
		return IRQ_NONE;
	writel(status, npu.pc + RKNPU_PC_INTERRUPT_CLEAR);
	complete(&npu.done);
	return IRQ_HANDLED;
}

static int floor_run(const struct rknpu_floor_run *run)
{
	reinit_completion(&npu.done);
	writel_relaxed(RKNPU_PC_BASE_ADDRESS_PC_SEL, npu.pc + RKNPU_PC_BASE_ADDRESS);
	writel_relaxed(RKNPU_S_POINTER_PINGPONG, npu.cna + RKNPU_S_POINTER);
	writel_relaxed(RKNPU_S_POINTER_PINGPONG, npu.core + RKNPU_S_POINTER);
	writel_relaxed(run->regcmd, npu.pc + RKNPU_PC_BASE_ADDRESS);
	writel_relaxed(run->amount, npu.pc + RKNPU_PC_REGISTER_AMOUNTS);
	writel_relaxed(RKNPU_INT_DPU, npu.pc + RKNPU_PC_INTERRUPT_MASK);
	writel_relaxed(RKNPU_INT_ALL, npu.pc + RKNPU_PC_INTERRUPT_CLEAR);
	writel_relaxed(FLOOR_TASK_CON, npu.pc + RKNPU_PC_TASK_CON);
	writel_relaxed(0, npu.pc + RKNPU_PC_TASK_DMA_BASE_ADDR);
	writel(RKNPU_PC_OPERATION_ENABLE_OP_EN, npu.pc + RKNPU_PC_OPERATION_ENABLE);
	writel_relaxed(0, npu.pc + RKNPU_PC_OPERATION_ENABLE);
	return wait_for_completion_killable(&npu.done);
}

static long floor_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct rknpu_floor_run run;

	if (cmd == FLOOR_IOVA)
		return put_user((u32)npu.iova, (u32 __user *)arg);
	if (cmd != FLOOR_RUN)
		return -ENOTTY;
	if (copy_from_user(&run, (void __user *)arg, sizeof(run)))
		return -EFAULT;
	return floor_run(&run);
}

static int floor_mmap(struct file *file, struct vm_area_struct *vma)
{
	return dma_mmap_coherent(npu.dev, vma, npu.buffer, npu.iova, FLOOR_BYTES);
}

static const struct file_operations floor_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = floor_ioctl,
	.mmap = floor_mmap,
};

static struct miscdevice floor_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "rknpu_floor",
	.fops = &floor_fops,
};

static int floor_power(struct device *dev)
{
	struct clk_bulk_data *clks;
	int ret = devm_clk_bulk_get_all(dev, &clks);

	if (ret < 0)
		return ret;
	ret = clk_bulk_prepare_enable(ret, clks);
	if (ret)
		return ret;
	ret = devm_pm_runtime_enable(dev);
	return ret ?: pm_runtime_resume_and_get(dev);
}

static int floor_probe(struct platform_device *pdev)
{
	struct resource *res = platform_get_resource_byname(pdev, IORESOURCE_MEM, "pc");
	struct device *dev = &pdev->dev;
	int irq = platform_get_irq(pdev, 0), ret;

	/* Only core 0 */
	if (!res || res->start != 0xfdab0000 || irq < 0)
		return -ENODEV;
	npu.dev = dev;
	npu.pc = devm_platform_ioremap_resource_byname(pdev, "pc");
	npu.cna = devm_platform_ioremap_resource_byname(pdev, "cna");
	npu.core = devm_platform_ioremap_resource_byname(pdev, "core");
	if (IS_ERR(npu.pc) || IS_ERR(npu.cna) || IS_ERR(npu.core))
		return -ENXIO;
	init_completion(&npu.done);
	ret = floor_power(dev);
	if (ret)
		return ret;
	npu.buffer = dmam_alloc_coherent(dev, FLOOR_BYTES, &npu.iova, GFP_KERNEL);
	if (!npu.buffer)
		return -ENOMEM;
	ret = devm_request_irq(dev, irq, floor_irq, IRQF_SHARED, "rknpu_floor", &npu);
	return ret ?: misc_register(&floor_misc);
}

static const struct of_device_id floor_of_match[] = {
	{ .compatible = "rockchip,rk3588-rknn-core" },
	{ }
};
MODULE_DEVICE_TABLE(of, floor_of_match);

static struct platform_driver floor_driver = {
	.probe = floor_probe,
	.driver = {
		.name = "rknpu_floor",
		.of_match_table = floor_of_match,
		.suppress_bind_attrs = true,
	},
};

/* There is no exit function: the machine ends with the benchmark */
static int __init floor_init(void)
{
	return platform_driver_register(&floor_driver);
}
module_init(floor_init);

MODULE_DESCRIPTION("Cheapest possible start of the Rockchip NPU, to compare with");
MODULE_LICENSE("GPL");
