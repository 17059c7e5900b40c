// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: One NPU core: its windows, its reset lines, its interrupt. The line is
 * level triggered and shared with the core's IOMMU, so the handler may be
 * called at any time, powered or not. With PREEMPT_RT it runs in a thread, as every
 * handler does that does not refuse to: the locks that it takes may sleep there, and
 * none of them is a raw one.
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
 * Held while cores are in reset, when their registers must not be read. One for
 * all: resets come from one worker, and who reads counters can wait 10 us.
 */
static DEFINE_MUTEX(rknpu_core_reset_lock);

/* Of the slower of the clocks that are reset together [TRM]. */
#define RKNPU_CORE_RESET_CYCLES 32

static irqreturn_t rknpu_core_irq(int irq, void *data)
{
	struct rknpu_core *core = data;

	return IRQ_RETVAL(READ_ONCE(core->powered) && core->ops->event(core));
}

/* One node for each core: three windows, which leave the IOMMU's registers out. */
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
 * One node for all cores: each window covers the IOMMU's registers too, which
 * belong to its driver. So the blocks are mapped without claiming the window.
 */
static int rknpu_core_map_window(struct rknpu_core *core, const struct resource *window)
{
	struct rknpu_hw *hw = &core->hw;

	hw->pc = devm_ioremap(core->dev, window->start + RKNPU_PC_BASE, RKNPU_BLOCK_BYTES);
	hw->cna = devm_ioremap(core->dev, window->start + RKNPU_CNA_BASE, RKNPU_BLOCK_BYTES);
	hw->core = devm_ioremap(core->dev, window->start + RKNPU_CORE_BASE, RKNPU_BLOCK_BYTES);
	return hw->pc && hw->cna && hw->core ? 0 : -ENOMEM;
}

/* What only dumps look at, as far as the tree gives it to us. Mainline's does not. */
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

/* Registers that a SoC has once; the first core has them. */
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

	/* Names tell lines apart; where there is one, trees do not agree on its name. */
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
		/* The number is ignored where the name has none. */
		snprintf(core->reset_names[i], sizeof(core->reset_names[i]), names[i], core->hw.index);
		core->resets[i].id = core->reset_names[i];
	}
	core->num_resets = i;
	return devm_reset_control_bulk_get_exclusive(core->dev, i, core->resets);
}

/**
 * rknpu_core_init() - acquire everything that one core consists of
 * @core: zeroed
 * @pdev: the core's device; owns what is acquired (devm)
 * @power: of the device
 * @nth: which core of this device
 *
 * Touches no register.
 *
 * Return: 0 or a negative errno, with one message.
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
	core->hw.soc = soc;
	core->hw.index = ret;

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
 * Where the interrupt should go: the default, CPU 0, is a little core on this SoC
 * and costs 20 us per job [seen: rockchip-npu-notes]. Each NPU core gets a big CPU
 * of its own as far as they go. User space may choose otherwise later.
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
	 * Not kept as a hint: the IOMMU's driver frees the shared line at shutdown,
	 * and a hint left on it is a warning.
	 */
	irq_set_affinity(core->irq, cpumask_of(cpu));
}

/**
 * rknpu_core_irq_attach() - begin to deliver events
 * @core: the core
 * @ops: receiver
 * @owner: kept in core->owner for it
 *
 * Return: 0 or a negative errno.
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
 * rknpu_core_irq_detach() - no more events; waits for a running handler
 * @core: the core
 */
void rknpu_core_irq_detach(struct rknpu_core *core)
{
	free_irq(core->irq, core);
	core->ops = NULL;
}

/*
 * Also before the first access: the TRM asks for no time there, mainline leaves none. Other
 * drivers take 10 us each, but do it after a failure and not whenever the client changes.
 */
static void rknpu_core_reset_delay(const struct rknpu_core *core)
{
	ndelay(DIV_ROUND_UP(RKNPU_CORE_RESET_CYCLES * NSEC_PER_SEC, core->power->slowest_hz));
}

/**
 * rknpu_core_reset() - stop whatever cores do and clear their registers
 * @cores: the cores; powered
 * @num: how many; all of them are in reset at the same time
 *
 * Wipes the IOMMU banks inside the windows too, behind the IOMMU driver's back:
 * the caller detaches the address spaces afterwards, and attaches one again
 * before the next start. All lines of a core go together [TRM]. Context: may sleep.
 *
 * Return: 0 or the reset controller's error; the cores are then in an unknown state.
 */
int rknpu_core_reset(struct rknpu_core * const *cores, unsigned int num)
{
	unsigned int i;
	int ret = 0;
	int err;

	/* Those that could be powered, which may be none. */
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
 * rknpu_core_read_amounts() - bytes that have been moved since power-on or reset
 * @core: the first core; stands for all
 * @amounts: result by kind; wraps
 *
 * Context: may sleep; powers the core.
 *
 * Return: 0, -EOPNOTSUPP the SoC does not count, or the error of powering it.
 */
int rknpu_core_read_amounts(struct rknpu_core *core, u32 amounts[RKNPU_AMOUNT_KINDS])
{
	int ret;

	if (!rknpu_hw_has_counters(&core->hw))
		return -EOPNOTSUPP;
	ret = rknpu_power_get(core->power);
	if (ret)
		return ret;
	mutex_lock(&rknpu_core_reset_lock);
	rknpu_hw_read_amounts(&core->hw, amounts);
	mutex_unlock(&rknpu_core_reset_lock);
	rknpu_power_put(core->power);
	return 0;
}

/**
 * rknpu_core_read_qos() - read a bus priority register
 * @core: the first core; stands for all
 * @reg: RKNPU_QOS_*
 * @value: result
 *
 * Context: may sleep; powers the core, in whose power domain the registers are.
 *
 * Return: 0, -EOPNOTSUPP the SoC has none, or the error of powering it.
 */
int rknpu_core_read_qos(struct rknpu_core *core, u32 reg, u32 *value)
{
	int ret;

	if (!core->hw.qos)
		return -EOPNOTSUPP;
	ret = rknpu_power_get(core->power);
	if (ret)
		return ret;
	*value = rknpu_hw_read_qos(&core->hw, reg);
	rknpu_power_put(core->power);
	return 0;
}

/**
 * rknpu_core_write_qos() - write a bus priority register
 * @core: the first core; stands for all
 * @reg: RKNPU_QOS_*
 * @value: as the bus takes it; the power domain's driver keeps it while the power is off
 *
 * Context: as rknpu_core_read_qos().
 *
 * Return: as rknpu_core_read_qos().
 */
int rknpu_core_write_qos(struct rknpu_core *core, u32 reg, u32 value)
{
	int ret;

	if (!core->hw.qos)
		return -EOPNOTSUPP;
	ret = rknpu_power_get(core->power);
	if (ret)
		return ret;
	rknpu_hw_write_qos(&core->hw, reg, value);
	rknpu_power_put(core->power);
	return 0;
}

/**
 * rknpu_core_power_up() - registers may be touched from here on
 * @core: the core; clocks and supplies are on
 *
 * Clears what power-on left pending before the handler may look. Context: runtime resume.
 */
void rknpu_core_power_up(struct rknpu_core *core)
{
	rknpu_hw_stop(&core->hw);
	rknpu_hw_prime(&core->hw);
	WRITE_ONCE(core->powered, true);
	trace_power_on(core->hw.index);
}

/**
 * rknpu_core_power_down() - registers must not be touched from here on
 * @core: the core; idle
 *
 * Context: runtime suspend; waits for a running handler.
 */
void rknpu_core_power_down(struct rknpu_core *core)
{
	/* Without a scheduler nothing has been started. */
	if (core->ops)
		core->ops->off(core);
	rknpu_hw_stop(&core->hw);
	WRITE_ONCE(core->powered, false);
	synchronize_irq(core->irq);
	trace_power_off(core->hw.index);
}
