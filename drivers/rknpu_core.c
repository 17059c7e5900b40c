// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: One NPU core: its windows, its reset lines, its interrupt. The line is level
 * triggered and shared with the core's IOMMU, so the handler may be called at any time,
 * whether the core is powered or not. With PREEMPT_RT the handler runs in a thread, like
 * every handler that does not opt out: the locks that it takes may sleep there, and none
 * of them is a raw spinlock.
 */
#include "rknpu_core.h"

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/io.h>
#include <linux/mutex.h>
#include <linux/platform_device.h>
#include <linux/time64.h>
#include <linux/topology.h>

#include "rknpu_power.h"
#include "rknpu_regs.h"
#include "rknpu_soc.h"
#include "rknpu_trace.h"

/*
 * Held while cores are in reset, when their registers must not be read. A single lock is
 * enough: one worker does all resets, and a reader of the counters can wait 10 us.
 */
static DEFINE_MUTEX(rknpu_core_reset_lock);

/* Length of a reset in cycles of the slower of the clocks that are reset together [TRM]. */
#define RKNPU_CORE_RESET_CYCLES 32

static irqreturn_t rknpu_core_irq(int irq, void *data)
{
	struct rknpu_core *core = data;

	return IRQ_RETVAL(READ_ONCE(core->powered) && core->ops->event(core));
}

/* Mainline's binding: three windows per core, which leave out the IOMMU's registers. */
static int rknpu_core_map(struct rknpu_core *core, struct platform_device *pdev)
{
	struct rknpu_hw *hw = &core->hw;

	hw->pc = devm_platform_ioremap_resource_byname(pdev, "pc");
	if (IS_ERR(hw->pc))
		return PTR_ERR(hw->pc);
	hw->cna = devm_platform_ioremap_resource_byname(pdev, "cna");
	if (IS_ERR(hw->cna))
		return PTR_ERR(hw->cna);
	hw->core = devm_platform_ioremap_resource_byname(pdev, "core");
	return PTR_ERR_OR_ZERO(hw->core);
}

/*
 * Vendor's binding: each window also covers the registers of the IOMMU, which belong to its
 * driver. So the blocks are mapped without claiming the window.
 */
static int rknpu_core_map_window(struct rknpu_core *core, const struct resource *window)
{
	struct rknpu_hw *hw = &core->hw;

	hw->pc = devm_ioremap(core->dev, window->start + RKNPU_PC_BASE, RKNPU_BLOCK_BYTES);
	hw->cna = devm_ioremap(core->dev, window->start + RKNPU_CNA_BASE, RKNPU_BLOCK_BYTES);
	hw->core = devm_ioremap(core->dev, window->start + RKNPU_CORE_BASE, RKNPU_BLOCK_BYTES);
	return hw->pc && hw->cna && hw->core ? 0 : -ENOMEM;
}

/* Maps the blocks that only dumps read, as far as the device tree's window covers them. Mainline's does not. */
static int rknpu_core_map_back(struct rknpu_core *core, const struct resource *window)
{
	resource_size_t end = core->hw.soc->no_ddma ? RKNPU_DDMA_BASE : RKNPU_SDMA_BASE;
	struct rknpu_hw *hw = &core->hw;

	end = min(end, resource_size(window));
	if (!core->power->binding->whole || end <= RKNPU_DPU_BASE)
		return 0;
	hw->back_bytes = end - RKNPU_DPU_BASE;
	hw->back = devm_ioremap(core->dev, window->start + RKNPU_DPU_BASE, hw->back_bytes);
	return hw->back ? 0 : -ENOMEM;
}

/* Registers that exist once per SoC; they are mapped for the first core. */
static int rknpu_core_map_extras(struct rknpu_core *core, const struct resource *window)
{
	const struct rknpu_soc *soc = core->hw.soc;
	struct rknpu_hw *hw = &core->hw;
	unsigned int i;

	if (hw->index)
		return 0;
	for (i = 0; i < RKNPU_MAX_COUNTERS && soc->counters[i]; i++) {
		hw->counters[i] = devm_ioremap(core->dev, window->start + soc->counters[i], RKNPU_AMOUNTS_BYTES);
		if (!hw->counters[i])
			return -ENOMEM;
	}
	if (soc->qos)
		hw->qos = devm_ioremap(core->dev, soc->qos, RKNPU_QOS_BYTES);
	return soc->qos && !hw->qos ? -ENOMEM : 0;
}

static int rknpu_core_get_irq(struct rknpu_core *core, struct platform_device *pdev)
{
	char name[] = "npuN_irq";

	/* Names tell several lines apart; for a single one, device trees do not agree on a name. */
	if (!core->power->binding->whole || core->hw.soc->num_cores == 1)
		return platform_get_irq(pdev, 0);
	name[3] = '0' + core->hw.index;
	return platform_get_irq_byname(pdev, name);
}

static int rknpu_core_get_resets(struct rknpu_core *core)
{
	const char * const *names = core->power->binding->resets;
	unsigned int i;

	for (i = 0; i < RKNPU_CORE_RESETS && names[i]; i++) {
		/* The number is ignored if the name has no place for it. */
		snprintf(core->reset_names[i], sizeof(core->reset_names[i]), names[i], core->hw.index);
		core->resets[i].id = core->reset_names[i];
	}
	core->num_resets = i;
	return devm_reset_control_bulk_get_exclusive(core->dev, i, core->resets);
}

/**
 * rknpu_core_init() - acquire the resources of one core
 * @core: zeroed
 * @pdev: the core's device; owns the resources (devm)
 * @power: power of the device
 * @nth: index of the core among those of this device
 *
 * Does not access any register.
 *
 * Return: 0 on success or a negative errno, with one message.
 */
int rknpu_core_init(struct rknpu_core *core, struct platform_device *pdev, struct rknpu_power *power,
		    unsigned int nth)
{
	const struct rknpu_soc *soc = power->soc;
	struct resource *res = platform_get_resource(pdev, IORESOURCE_MEM, nth);
	struct device *dev = &pdev->dev;
	int ret;

	if (!res)
		return dev_err_probe(dev, -EINVAL, "register window %u is missing\n", nth);
	ret = rknpu_soc_core_index(soc, res->start);
	if (ret < 0)
		return dev_err_probe(dev, ret, "%s has no NPU core at %pa\n", soc->name, &res->start);
	core->dev = dev;
	core->power = power;
	rknpu_hw_init(&core->hw, soc, ret);

	ret = power->binding->whole ? rknpu_core_map_window(core, res) : rknpu_core_map(core, pdev);
	if (!ret)
		ret = rknpu_core_map_back(core, res);
	if (!ret)
		ret = rknpu_core_map_extras(core, res);
	if (ret)
		return dev_err_probe(dev, ret, "cannot map the registers\n");
	core->irq = rknpu_core_get_irq(core, pdev);
	if (core->irq < 0)
		return core->irq;
	ret = rknpu_core_get_resets(core);
	return ret ? dev_err_probe(dev, ret, "cannot get the reset lines\n") : 0;
}

/*
 * Chooses the CPU for the interrupt. The default, CPU 0, is a little core on this SoC, which
 * costs 20 us per job [seen: rockchip-npu-notes]. Each NPU core gets a big CPU of its own if
 * there are enough of them. User space may change this later.
 */
static void rknpu_core_place_irq(struct rknpu_core *core)
{
	unsigned long most = 0;
	unsigned int cpu, big = 0, nth;

	for_each_online_cpu(cpu) {
		unsigned long capacity = arch_scale_cpu_capacity(cpu);

		if (capacity > most) {
			most = capacity;
			big = 0;
		}
		big += capacity == most;
	}
	nth = core->hw.index % big;
	for_each_online_cpu(cpu) {
		if (arch_scale_cpu_capacity(cpu) == most && !nth--)
			break;
	}
	/*
	 * Not kept as an affinity hint: the IOMMU's driver frees the shared line at shutdown,
	 * and a remaining hint would cause a warning.
	 */
	irq_set_affinity(core->irq, cpumask_of(cpu));
}

/**
 * rknpu_core_irq_attach() - start delivering events
 * @core: the core
 * @ops: receiver
 * @owner: owner of @ops, stored in core->owner
 *
 * Return: 0 on success or a negative errno.
 */
int rknpu_core_irq_attach(struct rknpu_core *core, const struct rknpu_core_ops *ops, void *owner)
{
	int ret;

	core->ops = ops;
	core->owner = owner;
	ret = request_irq(core->irq, rknpu_core_irq, IRQF_SHARED, dev_name(core->dev), core);
	if (ret)
		core->ops = NULL;
	else
		rknpu_core_place_irq(core);
	return ret;
}

/**
 * rknpu_core_irq_detach() - stop delivering events and wait for a running handler
 * @core: the core
 */
void rknpu_core_irq_detach(struct rknpu_core *core)
{
	free_irq(core->irq, core);
	core->ops = NULL;
}

/**
 * rknpu_core_irq_disable_nosync() - keep the line from interrupting
 * @core: the core; rknpu_core_irq_enable() is owed for it
 *
 * What comes meanwhile comes afterwards: the line is level triggered. The core's IOMMU is silent too.
 * Context: any, the handler of this line included.
 */
void rknpu_core_irq_disable_nosync(struct rknpu_core *core)
{
	disable_irq_nosync(core->irq);
}

/**
 * rknpu_core_irq_disable() - the same, and wait for a running handler
 * @core: the core
 *
 * Context: may sleep.
 */
void rknpu_core_irq_disable(struct rknpu_core *core)
{
	disable_irq(core->irq);
}

/**
 * rknpu_core_irq_enable() - let the line interrupt again
 * @core: the core; disabled as often as this is called
 *
 * Context: process.
 */
void rknpu_core_irq_enable(struct rknpu_core *core)
{
	enable_irq(core->irq);
}

/**
 * rknpu_core_irq_wait() - wait for a running handler
 * @core: the core
 *
 * Context: may sleep.
 */
void rknpu_core_irq_wait(struct rknpu_core *core)
{
	synchronize_irq(core->irq);
}

/*
 * Used before the first access, too: the TRM does not ask for a delay there, and mainline has none. Other drivers
 * wait 10 us each time, but they reset after a failure only, not whenever the client changes.
 */
static void rknpu_core_reset_delay(const struct rknpu_core *core)
{
	ndelay(DIV_ROUND_UP(RKNPU_CORE_RESET_CYCLES * NSEC_PER_SEC, core->power->slowest_hz));
}

/**
 * rknpu_core_reset() - reset cores, which stops their tasks and clears their registers
 * @cores: the cores; powered
 * @num: number of cores; all of them are in reset at the same time
 *
 * This also wipes the IOMMU banks inside the windows without the IOMMU driver's knowledge.
 * The caller must detach the address spaces afterwards, and attach one again before the
 * next start. All lines of a core are asserted together [TRM].
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, or the reset controller's error; the cores are then in an unknown state.
 */
int rknpu_core_reset(struct rknpu_core * const *cores, unsigned int num)
{
	unsigned int i;
	int ret = 0;
	int err;

	/* The caller passes the cores that could be powered, which may be none. */
	if (!num)
		return 0;
	mutex_lock(&rknpu_core_reset_lock);
	for (i = 0; i < num; i++) {
		rknpu_hw_stop(&cores[i]->hw);
		err = reset_control_bulk_assert(cores[i]->num_resets, cores[i]->resets);
		ret = ret ?: err;
	}
	rknpu_core_reset_delay(cores[0]);
	for (i = 0; i < num; i++) {
		err = reset_control_bulk_deassert(cores[i]->num_resets, cores[i]->resets);
		ret = ret ?: err;
	}
	rknpu_core_reset_delay(cores[0]);
	for (i = 0; i < num && !ret; i++) {
		rknpu_hw_stop(&cores[i]->hw);
		rknpu_hw_prime(&cores[i]->hw);
	}
	mutex_unlock(&rknpu_core_reset_lock);
	return ret;
}

/**
 * rknpu_core_read_amounts() - read the number of bytes moved since power-on or reset
 * @core: the first core, which stands for all; powered, has counters
 * @amounts: result by kind of traffic; wraps around
 *
 * Context: Process context. May sleep.
 */
void rknpu_core_read_amounts(struct rknpu_core *core, u32 amounts[RKNPU_AMOUNT_KINDS])
{
	mutex_lock(&rknpu_core_reset_lock);
	rknpu_hw_read_amounts(&core->hw, amounts);
	mutex_unlock(&rknpu_core_reset_lock);
}

/**
 * rknpu_core_power_up() - prepare a core after power-on; its registers may be accessed from here on
 * @core: the core; clocks and supplies are on
 *
 * Clears any status that power-on left pending before the handler may see it.
 *
 * Context: Runtime resume.
 */
void rknpu_core_power_up(struct rknpu_core *core)
{
	rknpu_hw_stop(&core->hw);
	rknpu_hw_prime(&core->hw);
	WRITE_ONCE(core->powered, true);
	trace_power_on(core->hw.index);
}

/**
 * rknpu_core_power_down() - prepare a core for power-off; its registers must not be accessed from here on
 * @core: the core; idle
 *
 * Context: Runtime suspend. Waits for a running handler.
 */
void rknpu_core_power_down(struct rknpu_core *core)
{
	/* Without a scheduler nothing has ever been started. */
	if (core->ops)
		core->ops->off(core);
	rknpu_hw_stop(&core->hw);
	WRITE_ONCE(core->powered, false);
	rknpu_core_irq_wait(core);
	trace_power_off(core->hw.index);
}
