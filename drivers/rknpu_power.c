// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Power of one platform device, which has one core (mainline's device tree) or all
 * of them (the vendor's). One runtime PM reference is held for each core that has work;
 * queries that need no hardware take none.
 *
 * The IOMMU is resumed before its master and suspended after it, and accesses its
 * registers in both. So nothing that it needs may depend on the master's own callbacks:
 * supplies stay on while the driver is bound, and so do the clocks of a node whose IOMMU
 * has none of its own; and power domains that the platform bus does not attach are made
 * suppliers of the IOMMU, or of the device if there is none.
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
 * Long enough to span the gap between two frames of a camera at 15 frames/s, and
 * short enough for an idle NPU to be off when somebody measures its power.
 */
#define RKNPU_POWER_AUTOSUSPEND_MS 100
/* At unbind the clock is parked after a few refusals, or not at all. */
#define RKNPU_POWER_PARK_TRIES 5
#define RKNPU_POWER_PARK_MS 10

static void rknpu_power_disable_supply(void *supply)
{
	regulator_disable(supply);
}

/* If a board's device tree has no such supply, it is always on; @supply is NULL then. */
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

/* Gets the clocks that the binding names. */
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

/* The vendor's device trees differ in names and number of clocks, but the compute clock always comes first. */
static int rknpu_power_get_all_clks(struct rknpu_power *power)
{
	int ret = devm_clk_bulk_get_all(power->dev, &power->clks);

	if (ret <= 0)
		return ret ?: -ENOENT;
	power->num_clks = ret;
	return 0;
}

/* Lowest possible rate of RK3588's AHB clock [CRU: its only sources are 200, 100, 50 and 24 MHz]. */
#define RKNPU_POWER_SLOWEST_HZ 24000000UL

/* All clocks but the compute clock have a fixed rate. For a clock with an unknown rate the lowest is assumed. */
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

/* Just disabling runtime PM would leave a device whose power/control is "on" active; after a bind, only in name. */
static void rknpu_power_force_off(struct device *dev)
{
	/* Disables it only if it succeeds. */
	if (pm_runtime_force_suspend(dev))
		pm_runtime_disable(dev);
	/* Left undone if anything still uses the device; whatever that is, there is no power for it. */
	pm_runtime_set_suspended(dev);
}

static void rknpu_power_put_iommu(void *iommu)
{
	put_device(iommu);
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

/* Returns the number of domains to attach: none if there is just one, which the platform bus attaches. */
static int rknpu_power_count_domains(const struct device_node *np)
{
	int num = of_count_phandle_with_args(np, "power-domains", "#power-domain-cells");

	return num < 2 ? 0 : num;
}

/* Returns NULL if there is none (or none yet), or the IOMMU with a reference. */
static struct device *rknpu_power_get_iommu(const struct device_node *np)
{
	struct device_node *iommu = of_parse_phandle(np, "iommus", 0);
	struct platform_device *pdev = iommu ? of_find_device_by_node(iommu) : NULL;

	of_node_put(iommu);
	return pdev ? &pdev->dev : NULL;
}

/**
 * rknpu_power_hold_iommu() - keep the IOMMU of a device from resuming while the device is not bound
 * @dev: the device, whose driver is not bound; locked
 *
 * For an IOMMU without any power other than what this driver links to it: the driver core resumes the IOMMU before it
 * probes the device, when nothing is linked yet. That starts once the IOMMU's driver knows the device: in the first
 * probe on 6.12, before it on 7.3. Until then the IOMMU is left alone, because its driver warns if it has to attach a
 * device while runtime PM is disabled.
 *
 * Context: Process context. May sleep.
 */
void rknpu_power_hold_iommu(struct device *dev)
{
	struct device *iommu = rknpu_power_get_iommu(dev->of_node);
	bool fed = iommu && rknpu_power_count_domains(dev->of_node);

	/* Held already if the device was bound before. */
	if (fed && device_iommu_mapped(dev) && pm_runtime_enabled(iommu))
		rknpu_power_force_off(iommu);
	put_device(iommu);
}

static int rknpu_power_find_iommu(struct rknpu_power *power)
{
	struct device *dev = power->dev;

	rknpu_power_hold_iommu(dev);
	power->iommu = rknpu_power_get_iommu(dev->of_node);
	if (power->iommu) {
		power->feeds_iommu = rknpu_power_count_domains(dev->of_node);
		return devm_add_action_or_reset(dev, rknpu_power_put_iommu, power->iommu);
	}
	if (of_find_property(dev->of_node, "iommus", NULL) && rknpu_power_count_domains(dev->of_node))
		return dev_err_probe(dev, -ENODEV, "no IOMMU to link the power domains to\n");
	return 0;
}

/* The IOMMU suspends after the device, and accesses registers then: before its domains are detached. */
static void rknpu_power_cut_iommu(void *iommu)
{
	rknpu_power_force_off(iommu);
}

/*
 * Attaches all domains by number: their names in device trees are npu0, npu1, npu2, or nputop,
 * npu1, npu2, or absent. For a part with a defective core, attaches only the domains of the
 * other cores; all device trees list domains in the order of the cores.
 */
static int rknpu_power_add_domains(struct rknpu_power *power)
{
	int num = rknpu_power_count_domains(power->dev->of_node);
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
	if (!power->feeds_iommu)
		return 0;
	pm_runtime_enable(power->iommu);
	return devm_add_action_or_reset(power->dev, rknpu_power_cut_iommu, power->iommu);
}

/*
 * Reads the fuse that tells which cores of an RK3588 are defective: one byte, with a bit for each core. If
 * it can be read, the third core must never be used, and the others must be intact
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
 * @dev: the device; owns the resources (devm)
 * @binding: names used in the device tree
 *
 * Return: 0 on success or a negative errno, with one message.
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

/**
 * rknpu_power_enable() - let runtime PM manage the device
 * @power: power with all cores initialized, because suspending accesses their registers
 */
void rknpu_power_enable(struct rknpu_power *power)
{
	pm_runtime_set_autosuspend_delay(power->dev, RKNPU_POWER_AUTOSUSPEND_MS);
	pm_runtime_use_autosuspend(power->dev);
	pm_runtime_enable(power->dev);
}

/**
 * rknpu_power_disable() - undo rknpu_power_enable(): power off for good
 * @power: power whose cores have no work any more
 *
 * Not a devm action: some kernels detach the platform bus's power domain before those run.
 *
 * Context: Process context. May sleep.
 */
void rknpu_power_disable(struct rknpu_power *power)
{
	pm_runtime_dont_use_autosuspend(power->dev);
	rknpu_power_force_off(power->dev);
}

/**
 * rknpu_power_shutdown() - power off until the machine is down
 * @power: the power; its cores are not in use any more
 */
void rknpu_power_shutdown(struct rknpu_power *power)
{
	pm_runtime_force_suspend(power->dev);
}

/* Only for a suspended device: the state of one that is on, after a failed suspend, is not known. */
static void rknpu_power_forget_failure_of(struct device *dev)
{
	if (dev && pm_runtime_status_suspended(dev))
		pm_runtime_set_suspended(dev);
}

/*
 * Runtime PM remembers a failed resume and refuses with -EINVAL from then on, although the cause may be gone at the
 * next attempt. The IOMMU and the domains are resumed before the device, so they may have failed as well, and nothing
 * else would clear their errors. Without a failure this changes nothing.
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
 * @power: power of the core
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, or a negative errno, in which case no reference is held.
 */
int rknpu_power_get(struct rknpu_power *power)
{
	int ret = pm_runtime_resume_and_get(power->dev);

	/* May be an earlier failure: the driver core resumes the IOMMU before it probes, and drops the error. */
	if (ret == -EINVAL) {
		rknpu_power_forget_failure(power);
		ret = pm_runtime_resume_and_get(power->dev);
	}
	/* -EACCES: the system is suspended, so nothing has been tried. */
	if (ret < 0 && ret != -EACCES)
		rknpu_power_forget_failure(power);
	return ret;
}

/**
 * rknpu_power_get_if_on() - keep a core powered if it is powered now
 * @power: power of the core
 *
 * Context: Any context, including hard IRQ context.
 *
 * Return: true if a reference was taken, false if not.
 */
bool rknpu_power_get_if_on(struct rknpu_power *power)
{
	/* 1 means that it was active, decided under the device's PM lock with the reference already taken. */
	if (pm_runtime_get(power->dev) == 1)
		return true;
	pm_runtime_put_noidle(power->dev);
	return false;
}

/**
 * rknpu_power_put() - let a core autosuspend
 * @power: power of the core
 *
 * Context: Any context.
 */
void rknpu_power_put(struct rknpu_power *power)
{
	pm_runtime_mark_last_busy(power->dev);
	pm_runtime_put_autosuspend(power->dev);
}

/**
 * rknpu_power_put_since() - let a core autosuspend, counted from an earlier time
 * @power: power of the core
 * @idle: time when it became idle, by ktime_get()
 *
 * Context: Any context.
 */
void rknpu_power_put_since(struct rknpu_power *power, ktime_t idle)
{
	struct device *dev = power->dev;

	/* Another core of the device may have been idle for less time. */
	if (idle > READ_ONCE(dev->power.last_busy))
		WRITE_ONCE(dev->power.last_busy, idle);
	/* Since 6.17 pm_runtime_put_autosuspend() would mark the current time as last busy. */
	__pm_runtime_suspend(dev, RPM_GET_PUT | RPM_ASYNC | RPM_AUTO);
}

/**
 * rknpu_power_lingers() - tell whether to keep an idle core's reference for RKNPU_POWER_LINGER_MS
 * @power: power of the core
 *
 * Return: true if that does not change when the core powers off.
 */
bool rknpu_power_lingers(const struct rknpu_power *power)
{
	return READ_ONCE(power->dev->power.autosuspend_delay) >= 2 * RKNPU_POWER_LINGER_MS;
}

/**
 * rknpu_power_delay_ms() - get the autosuspend delay
 * @power: power of the core
 *
 * Return: delay in milliseconds.
 */
unsigned int rknpu_power_delay_ms(const struct rknpu_power *power)
{
	return READ_ONCE(power->dev->power.autosuspend_delay);
}

/**
 * rknpu_power_set_delay_ms() - set the autosuspend delay
 * @power: power of the core
 * @ms: delay in milliseconds; 0 means at once
 *
 * Context: Process context. May sleep.
 */
void rknpu_power_set_delay_ms(struct rknpu_power *power, unsigned int ms)
{
	pm_runtime_set_autosuspend_delay(power->dev, ms);
}

/**
 * rknpu_power_attach_dvfs() - let a device's power take part in controlling the compute clock
 * @power: power of the device
 * @dvfs: control of the clock, for all devices
 *
 * Context: Process context. May sleep. Powers the device, so it is neither suspended nor resumed meanwhile.
 *
 * Return: 0 on success, or the error of powering the device.
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
 * @power: power of the device, which has no work any more
 *
 * Context: Same as rknpu_power_attach_dvfs().
 */
void rknpu_power_detach_dvfs(struct rknpu_power *power)
{
	unsigned int tries = RKNPU_POWER_PARK_TRIES;
	int ret;

	if (!power->dvfs)
		return;
	ret = rknpu_power_get(power);
	/*
	 * A device that cannot be powered is off, and the failure has been reported. Otherwise this is the last chance
	 * to park the clock: afterwards nothing keeps the power on that it needs at a higher rate.
	 */
	while (!ret && rknpu_dvfs_off(power->dvfs) && --tries)
		msleep(RKNPU_POWER_PARK_MS);
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

	/* First, as a command stream may go on beyond the end of its job: no core runs while the clock is parked. */
	for (i = 0; i < power->num_cores; i++)
		rknpu_core_power_down(power->cores[i]);
	/* If the clock cannot be slowed down, the power must stay on. Runtime PM retries after the delay. */
	if (power->dvfs && rknpu_dvfs_off(power->dvfs)) {
		for (i = 0; i < power->num_cores; i++)
			rknpu_core_power_up(power->cores[i]);
		pm_runtime_mark_last_busy(dev);
		return -EBUSY;
	}
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

/* The users of the cores must release them first; a core without a user simply powers off. */
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

	/* Even after a failure: jobs then fail one by one instead of waiting forever. */
	rknpu_power_resume_cores(power, power->num_cores);
	return ret;
}

const struct dev_pm_ops rknpu_power_pm_ops = {
	/* clang-format off */
	SYSTEM_SLEEP_PM_OPS(rknpu_power_suspend, rknpu_power_resume)
	RUNTIME_PM_OPS(rknpu_power_runtime_suspend, rknpu_power_runtime_resume, NULL)
	/* clang-format on */
};
