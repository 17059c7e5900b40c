// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Power of one platform device, which has one core (mainline's tree) or all
 * of them (the vendor's). One runtime-PM reference is held for each core that has
 * work; queries that need no hardware take none.
 *
 * The IOMMU is resumed before its master and suspended after it, and touches
 * registers in both. So whatever it needs may not depend on the master's own
 * callbacks: supplies stay on while the driver is bound, the clocks of a node
 * whose IOMMU has none of its own too, and power domains that the platform bus does
 * not attach are made suppliers of the IOMMU, or of the device where there is none.
 */
#include "rknpu_power.h"

#include <linux/delay.h>
#include <linux/nvmem-consumer.h>
#include <linux/of.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>
#include <linux/pm_domain.h>
#include <linux/pm_runtime.h>
#include <linux/regulator/consumer.h>

#include "rknpu_core.h"
#include "rknpu_dvfs.h"

/*
 * Long enough to span the gap between two frames of a camera at 15 frames/s,
 * short enough that an idle NPU is off before anybody looks at the meter.
 */
#define RKNPU_POWER_AUTOSUSPEND_MS 100

static void rknpu_power_disable_supply(void *supply)
{
	regulator_disable(supply);
}

/* A board that leaves a supply out of its tree has it always on; NULL then. */
static int rknpu_power_enable_supply(struct device *dev, const char *id, struct regulator **supply)
{
	struct regulator *reg = devm_regulator_get_optional(dev, id);
	int ret;

	*supply = NULL;
	if (PTR_ERR_OR_ZERO(reg) == -ENODEV)
		return 0;
	if (IS_ERR(reg))
		return dev_err_probe(dev, PTR_ERR(reg), "cannot get the %s supply\n", id);
	ret = regulator_enable(reg);
	if (ret)
		return dev_err_probe(dev, ret, "cannot enable the %s supply\n", id);
	*supply = reg;
	return devm_add_action_or_reset(dev, rknpu_power_disable_supply, reg);
}

static void rknpu_power_disable_clks(void *data)
{
	struct rknpu_power *power = data;

	clk_bulk_disable_unprepare(power->num_clks, power->clks);
}

/* The clocks that the binding names. */
static int rknpu_power_get_named_clks(struct rknpu_power *power)
{
	const struct rknpu_binding *binding = power->binding;
	struct clk_bulk_data *clks = devm_kcalloc(power->dev, RKNPU_MAX_NAMES, sizeof(*clks), GFP_KERNEL);
	unsigned int i;

	if (!clks)
		return -ENOMEM;
	for (i = 0; i < RKNPU_MAX_NAMES && binding->clks[i]; i++)
		clks[i].id = binding->clks[i];
	power->clks = clks;
	power->num_clks = i;
	return devm_clk_bulk_get(power->dev, i, clks);
}

/* Vendor trees differ in names and number, and agree that the compute clock is the first. */
static int rknpu_power_get_all_clks(struct rknpu_power *power)
{
	int ret = devm_clk_bulk_get_all(power->dev, &power->clks);

	if (ret <= 0)
		return ret ?: -ENOENT;
	power->num_clks = ret;
	return 0;
}

/* The AHB clock of RK3588 can be no slower [CRU: its only sources are 200, 100, 50 and 24 MHz]. */
#define RKNPU_POWER_SLOWEST_HZ 24000000UL

/* Rates that nobody changes, the compute clock's excepted. Of one whose rate is not known the worst is assumed. */
static unsigned long rknpu_power_slowest_hz(const struct rknpu_power *power)
{
	unsigned long slowest = RKNPU_POWER_SLOW_HZ;
	unsigned int i;

	for (i = 0; i < power->num_clks; i++)
		slowest = min(slowest, clk_get_rate(power->clks[i].clk));
	return max(slowest, RKNPU_POWER_SLOWEST_HZ);
}

static int rknpu_power_get_clks(struct rknpu_power *power)
{
	int ret = power->binding->clks[0] ? rknpu_power_get_named_clks(power) : rknpu_power_get_all_clks(power);

	if (ret)
		return dev_err_probe(power->dev, ret, "cannot get the clocks\n");
	power->slowest_hz = rknpu_power_slowest_hz(power);
	if (!power->binding->whole)
		return 0;
	ret = clk_bulk_prepare_enable(power->num_clks, power->clks);
	if (ret)
		return dev_err_probe(power->dev, ret, "cannot enable the clocks\n");
	return devm_add_action_or_reset(power->dev, rknpu_power_disable_clks, power);
}

static void rknpu_power_detach_domain(void *domain)
{
	dev_pm_domain_detach(domain, true);
}

static void rknpu_power_put_iommu(void *data)
{
	struct rknpu_power *power = data;

	if (power->feeds_iommu)
		pm_runtime_disable(power->iommu);
	put_device(power->iommu);
}

static void rknpu_power_unlink(void *link)
{
	device_link_del(link);
}

static int rknpu_power_add_domain(struct rknpu_power *power, unsigned int nth)
{
	struct device *consumer = power->feeds_iommu ? power->iommu : power->dev;
	struct device *domain = dev_pm_domain_attach_by_id(power->dev, nth);
	struct device *dev = power->dev;
	struct device_link *link;
	int ret;

	if (IS_ERR_OR_NULL(domain))
		return domain ? PTR_ERR(domain) : -ENODEV;
	ret = devm_add_action_or_reset(dev, rknpu_power_detach_domain, domain);
	if (ret)
		return ret;
	link = device_link_add(consumer, domain, DL_FLAG_STATELESS | DL_FLAG_PM_RUNTIME);
	if (!link)
		return -EINVAL;
	power->domains[nth] = domain;
	return devm_add_action_or_reset(dev, rknpu_power_unlink, link);
}

/* One domain is attached by the platform bus, several are ours to attach. Return: how many. */
static int rknpu_power_count_domains(const struct device *dev)
{
	int num = of_count_phandle_with_args(dev->of_node, "power-domains", "#power-domain-cells");

	return num < 2 ? 0 : num;
}

/*
 * An IOMMU that has no power but what this device links to it: once the device has been
 * probed, the driver core resumes the IOMMU before every further probe, when nothing
 * is linked yet. So it may not resume whenever the device is not bound.
 */
static int rknpu_power_find_iommu(struct rknpu_power *power)
{
	struct device *dev = power->dev;
	struct device_node *np = of_parse_phandle(dev->of_node, "iommus", 0);
	struct platform_device *iommu;

	if (!np)
		return 0;
	iommu = of_find_device_by_node(np);
	of_node_put(np);
	power->feeds_iommu = rknpu_power_count_domains(dev);
	if (!iommu)
		return power->feeds_iommu ? dev_err_probe(dev, -ENODEV, "no IOMMU to link the power domains to\n") : 0;
	power->iommu = &iommu->dev;
	return devm_add_action_or_reset(dev, rknpu_power_put_iommu, power);
}

/*
 * All of them, by number: trees have npu0, npu1, npu2 for names, nputop, npu1, npu2, or
 * none. Of a part with a core that does not work only those of the others, in the cores'
 * order in all trees.
 */
static int rknpu_power_add_domains(struct rknpu_power *power)
{
	int num = rknpu_power_count_domains(power->dev);
	int ret = 0;
	int i;

	if (power->soc != power->binding->soc)
		num = min_t(int, num, power->soc->num_cores);
	if (num > RKNPU_MAX_POWER_DOMAINS)
		return dev_err_probe(power->dev, -EINVAL, "%d power domains are too many\n", num);
	for (i = 0; i < num && !ret; i++)
		ret = rknpu_power_add_domain(power, i);
	if (ret)
		return dev_err_probe(power->dev, ret, "cannot attach power domain %d\n", i - 1);
	/* Was bound before, see rknpu_power_put_iommu(). */
	if (power->feeds_iommu && !pm_runtime_enabled(power->iommu))
		pm_runtime_enable(power->iommu);
	return 0;
}

/*
 * The fuse that says which cores of an RK3588 do not work: one byte, a bit for each.
 * Where it is readable the third is never to be used, and the others have to work
 * [seen: vendor driver 0.9.8].
 */
static int rknpu_power_find_part(struct rknpu_power *power)
{
	const struct rknpu_binding *binding = power->binding;
	struct device *dev = power->dev;
	u8 broken;
	int ret;

	power->soc = binding->soc;
	if (!binding->fused || of_property_match_string(dev->of_node, "nvmem-cell-names", "cores") < 0)
		return 0;
	ret = nvmem_cell_read_u8(dev, "cores", &broken);
	if (ret)
		return dev_err_probe(dev, ret, "cannot read the fuse of the cores\n");
	power->soc = binding->fused;
	if (broken & GENMASK(power->soc->num_cores - 1, 0))
		return dev_err_probe(dev, -ENODEV, "the fuse says that cores do not work (%#x)\n", broken);
	return 0;
}

/**
 * rknpu_power_init() - acquire clocks, supplies and power domains
 * @power: zeroed; first member of the device's driver data
 * @dev: the device; owns what is acquired (devm)
 * @binding: names
 *
 * Return: 0 or a negative errno, with one message.
 */
int rknpu_power_init(struct rknpu_power *power, struct device *dev, const struct rknpu_binding *binding)
{
	int ret;

	power->dev = dev;
	power->binding = binding;
	ret = rknpu_power_find_iommu(power);
	if (ret)
		return ret;
	ret = rknpu_power_find_part(power);
	if (ret)
		return ret;
	ret = rknpu_power_enable_supply(dev, binding->npu_supply, &power->npu_supply);
	if (ret)
		return ret;
	ret = rknpu_power_enable_supply(dev, binding->sram_supply, &power->sram_supply);
	if (ret)
		return ret;
	ret = rknpu_power_get_clks(power);
	if (ret)
		return ret;
	return rknpu_power_add_domains(power);
}

/*
 * Suspending a master lets its IOMMU suspend some time later, and that touches
 * registers: it has to be over before the power domains go.
 */
static void rknpu_power_settle(void *data)
{
	struct rknpu_power *power = data;

	pm_runtime_suspend(power->dev);
	if (power->feeds_iommu)
		pm_runtime_suspend(power->iommu);
}

/**
 * rknpu_power_enable() - let runtime PM manage the device
 * @power: its cores are complete, because suspending touches their registers
 *
 * Return: 0 or -ENOMEM.
 */
int rknpu_power_enable(struct rknpu_power *power)
{
	int ret;

	pm_runtime_set_autosuspend_delay(power->dev, RKNPU_POWER_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(power->dev);
	ret = devm_pm_runtime_enable(power->dev);
	return ret ?: devm_add_action_or_reset(power->dev, rknpu_power_settle, power);
}

/**
 * rknpu_power_shutdown() - off, and not on again until the machine has gone down
 * @power: nobody uses its cores any more
 */
void rknpu_power_shutdown(struct rknpu_power *power)
{
	pm_runtime_force_suspend(power->dev);
}

/* Of a device that is on, and whose suspending has failed, nothing is known. */
static void rknpu_power_forget_failure_of(struct device *dev)
{
	if (dev && pm_runtime_status_suspended(dev))
		pm_runtime_set_suspended(dev);
}

/*
 * Runtime PM remembers a failure to resume and refuses ever after, with -EINVAL; but the trouble may be over
 * next time. The IOMMU and the domains come on before the device, so they may have it too, and nobody else would have
 * them forget. Without a failure nothing changes.
 */
static void rknpu_power_forget_failure(struct rknpu_power *power)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(power->domains); i++)
		rknpu_power_forget_failure_of(power->domains[i]);
	rknpu_power_forget_failure_of(power->iommu);
	rknpu_power_forget_failure_of(power->dev);
}

/**
 * rknpu_power_get() - power a core and keep it powered
 * @power: of the core
 *
 * Context: may sleep.
 *
 * Return: 0, or a negative errno and no reference is held.
 */
int rknpu_power_get(struct rknpu_power *power)
{
	int ret = pm_runtime_resume_and_get(power->dev);

	/* A failure of somebody else's: the driver core wakes the IOMMU before it probes, and drops the error. */
	if (ret == -EINVAL) {
		rknpu_power_forget_failure(power);
		ret = pm_runtime_resume_and_get(power->dev);
	}
	/* -EACCES: the system sleeps, nothing has been tried. */
	if (ret < 0 && ret != -EACCES)
		rknpu_power_forget_failure(power);
	return ret;
}

/**
 * rknpu_power_get_if_on() - keep a core powered, if it is
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
 * rknpu_power_put() - let a core go off after a while
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
 * rknpu_power_put_since() - likewise, counted from an earlier moment
 * @power: of the core
 * @idle: when it has fallen idle, by ktime_get()
 *
 * Context: any.
 */
void rknpu_power_put_since(struct rknpu_power *power, ktime_t idle)
{
	struct device *dev = power->dev;

	/* Another core of the device may have been idle for less time. */
	if (idle > READ_ONCE(dev->power.last_busy))
		WRITE_ONCE(dev->power.last_busy, idle);
	/* pm_runtime_put_autosuspend() marks this moment, since 6.17. */
	__pm_runtime_suspend(dev, RPM_GET_PUT | RPM_ASYNC | RPM_AUTO);
}

/**
 * rknpu_power_lingers() - whether to keep an idle core's reference for RKNPU_POWER_LINGER_MS
 * @power: of the core
 *
 * Return: true when that changes nothing about when it goes off.
 */
bool rknpu_power_lingers(const struct rknpu_power *power)
{
	return READ_ONCE(power->dev->power.autosuspend_delay) >= 2 * RKNPU_POWER_LINGER_MS;
}

/**
 * rknpu_power_delay_ms() - how long an idle core stays on
 * @power: of the core
 *
 * Return: milliseconds.
 */
unsigned int rknpu_power_delay_ms(const struct rknpu_power *power)
{
	return READ_ONCE(power->dev->power.autosuspend_delay);
}

/**
 * rknpu_power_set_delay_ms() - change how long an idle core stays on
 * @power: of the core
 * @ms: milliseconds; 0 is at once
 *
 * Context: may sleep.
 */
void rknpu_power_set_delay_ms(struct rknpu_power *power, unsigned int ms)
{
	pm_runtime_set_autosuspend_delay(power->dev, ms);
}

/**
 * rknpu_power_clk() - the compute clock
 * @power: of any core; one clock drives them all
 *
 * Return: the clock.
 */
struct clk *rknpu_power_clk(const struct rknpu_power *power)
{
	return power->clks[power->binding->compute_clk].clk;
}

/**
 * rknpu_power_attach_dvfs() - have a device's power decide on the compute clock too
 * @power: of the device
 * @dvfs: of all devices
 *
 * Context: may sleep; powers the device, so that it is neither suspended nor resumed meanwhile.
 *
 * Return: 0 or the error of powering it.
 */
int rknpu_power_attach_dvfs(struct rknpu_power *power, struct rknpu_dvfs *dvfs)
{
	int ret = rknpu_power_get(power);

	if (ret)
		return dev_err_probe(power->dev, ret, "cannot power the core\n");
	power->dvfs = dvfs;
	rknpu_dvfs_on(dvfs);
	rknpu_power_put(power);
	return 0;
}

/**
 * rknpu_power_detach_dvfs() - undo rknpu_power_attach_dvfs(), if it was done
 * @power: of the device, which has no work any more
 *
 * Context: as rknpu_power_attach_dvfs().
 */
void rknpu_power_detach_dvfs(struct rknpu_power *power)
{
	int ret;

	if (!power->dvfs)
		return;
	ret = rknpu_power_get(power);
	/* Who cannot be powered is off, and has said so. */
	if (!ret)
		rknpu_dvfs_off(power->dvfs);
	power->dvfs = NULL;
	if (!ret)
		rknpu_power_put(power);
}

static int rknpu_power_runtime_resume(struct device *dev)
{
	struct rknpu_power *power = dev_get_drvdata(dev);
	unsigned int i;
	int ret = 0;

	if (!power->binding->whole)
		ret = clk_bulk_prepare_enable(power->num_clks, power->clks);
	if (ret)
		return ret;
	udelay(power->soc->settle_us);
	for (i = 0; i < power->num_cores; i++)
		rknpu_core_power_up(power->cores[i]);
	if (power->dvfs)
		rknpu_dvfs_on(power->dvfs);
	return 0;
}

static int rknpu_power_runtime_suspend(struct device *dev)
{
	struct rknpu_power *power = dev_get_drvdata(dev);
	unsigned int i;

	/* Whose clock cannot be slowed down must not lose its power. Runtime PM tries again after the delay. */
	if (power->dvfs && rknpu_dvfs_off(power->dvfs)) {
		pm_runtime_mark_last_busy(dev);
		return -EBUSY;
	}
	for (i = 0; i < power->num_cores; i++)
		rknpu_core_power_down(power->cores[i]);
	if (!power->binding->whole)
		rknpu_power_disable_clks(power);
	return 0;
}

static void rknpu_power_resume_cores(struct rknpu_power *power, unsigned int num)
{
	while (num--) {
		if (power->cores[num]->ops)
			power->cores[num]->ops->resume(power->cores[num]);
	}
}

/* Who holds the cores must let go of them first; a core that belongs to nobody just goes off. */
static int rknpu_power_suspend(struct device *dev)
{
	struct rknpu_power *power = dev_get_drvdata(dev);
	unsigned int i;
	int ret = 0;

	for (i = 0; i < power->num_cores && !ret; i++) {
		if (power->cores[i]->ops)
			ret = power->cores[i]->ops->suspend(power->cores[i]);
	}
	if (ret) {
		rknpu_power_resume_cores(power, i - 1);
		return ret;
	}
	ret = pm_runtime_force_suspend(dev);
	if (ret)
		rknpu_power_resume_cores(power, power->num_cores);
	return ret;
}

static int rknpu_power_resume(struct device *dev)
{
	struct rknpu_power *power = dev_get_drvdata(dev);
	int ret = pm_runtime_force_resume(dev);

	/* Even if it failed: jobs then fail one by one instead of waiting for ever. */
	rknpu_power_resume_cores(power, power->num_cores);
	return ret;
}

const struct dev_pm_ops rknpu_power_pm_ops = {
	SYSTEM_SLEEP_PM_OPS(rknpu_power_suspend, rknpu_power_resume)
	RUNTIME_PM_OPS(rknpu_power_runtime_suspend, rknpu_power_runtime_resume, NULL)
};
