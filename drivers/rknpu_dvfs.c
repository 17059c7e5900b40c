// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Rate and voltage. One clock drives all cores, so the last core that powers off parks
 * it, and the first that powers on restores it before it does any work. With the power
 * domain off, firmware hangs in a call for more than the parked rate; and memories that
 * have lost their read margin with the power are not read correctly at speed.
 *
 * The policy is devfreq's. Work is finished soonest, and power is off soonest, at the highest
 * rate, so the load is reported accordingly, and a kernel without devfreq uses that rate.
 * A rate that cannot be set costs speed and one message, but no job; the next power-on
 * tries again.
 */
#include "rknpu_dvfs.h"

#include <linux/clk.h>
#include <linux/io.h>
#include <linux/pm_opp.h>
#include <linux/regulator/consumer.h>
#include <linux/thermal.h>

#include "rknpu_hw.h"
#include "rknpu_power.h"
#include "rknpu_regs.h"

#define RKNPU_DVFS_POLLING_MS 100

/* Interval between temperature checks, for rates at which it matters; a cold part warms up more slowly than that */
#define RKNPU_DVFS_COLD_MS 1000

/* Name in mainline's and in the vendor's device trees */
#define RKNPU_DVFS_THERMAL_ZONE "npu-thermal"

static void rknpu_dvfs_set_margin(struct rknpu_dvfs *dvfs, int uv)
{
	if (dvfs->grf && uv > 0)
		rknpu_hw_set_margin(dvfs->grf, rknpu_soc_margin(dvfs->power->soc->dvfs, uv));
}

/* For the present voltage. Without a supply that is firmware's, and firmware has set the margin for it, too. */
static void rknpu_dvfs_settle_margin(struct rknpu_dvfs *dvfs)
{
	struct regulator *supply = dvfs->power->sram_supply ?: dvfs->power->npu_supply;

	if (supply)
		rknpu_dvfs_set_margin(dvfs, regulator_get_voltage(supply));
}

/* The two supplies may be one regulator, so each request has no upper limit; the regulator takes the lowest voltage. */
static int rknpu_dvfs_set_voltage(struct regulator *supply, unsigned long uv)
{
	return supply ? regulator_set_voltage(supply, uv, INT_MAX) : 0;
}

/* The clock framework discards firmware's result, so success is judged by the resulting rate. */
static int rknpu_dvfs_set_rate(struct rknpu_dvfs *dvfs, unsigned long hz)
{
	struct clk *clk = rknpu_power_clk(dvfs->power);
	long want = clk_round_rate(clk, hz);
	int ret = clk_set_rate(clk, hz);
	unsigned long got = clk_get_rate(clk);

	if (!ret && want > 0 && got != want)
		ret = -EIO;
	dvfs->level_hz = ret ? got : hz;
	WRITE_ONCE(dvfs->rate_hz, got);
	return ret;
}

/* Order of the vendor driver 0.9.8: memories, units, read margin, clock. */
static int rknpu_dvfs_raise(struct rknpu_dvfs *dvfs, unsigned long hz, unsigned long uv)
{
	int ret = rknpu_dvfs_set_voltage(dvfs->power->sram_supply, uv);

	if (!ret)
		ret = rknpu_dvfs_set_voltage(dvfs->power->npu_supply, uv);
	if (!ret)
		dvfs->level_uv = uv;
	/* After a failure only one of them may have gone up. */
	rknpu_dvfs_settle_margin(dvfs);
	return ret ?: rknpu_dvfs_set_rate(dvfs, hz);
}

/*
 * The clock first: jobs may start meanwhile, and the margin of a low voltage is too slow for the rate of a high
 * one. (The vendor driver 0.9.8 sets the margin before the clock.)
 */
static int rknpu_dvfs_lower(struct rknpu_dvfs *dvfs, unsigned long hz, unsigned long uv)
{
	int ret = rknpu_dvfs_set_rate(dvfs, hz);

	if (!ret) {
		rknpu_dvfs_set_margin(dvfs, uv);
		dvfs->level_uv = uv;
		/* A voltage that stays high does no harm. */
		rknpu_dvfs_set_voltage(dvfs->power->npu_supply, uv);
		rknpu_dvfs_set_voltage(dvfs->power->sram_supply, uv);
	}
	rknpu_dvfs_settle_margin(dvfs);
	return ret;
}

/* Reports a failure once, until a transition has succeeded again. */
static void rknpu_dvfs_report(struct rknpu_dvfs *dvfs, unsigned long hz, int ret)
{
	if (ret && !dvfs->failing)
		dev_err(dvfs->power->dev, "cannot run at %lu MHz (%d): stays at %lu MHz\n", hz / 1000000, ret,
			dvfs->rate_hz / 1000000);
	dvfs->failing = ret;
}

static bool rknpu_dvfs_cold_matters(const struct rknpu_dvfs *dvfs)
{
	return rknpu_rates_uv(dvfs->power->dev, dvfs->target_hz) < dvfs->power->soc->dvfs->cold_uv;
}

/* A check that was too long ago may be out of date. Without a sensor, cold is never assumed. */
static bool rknpu_dvfs_may_be_cold_locked(const struct rknpu_dvfs *dvfs)
{
	lockdep_assert_held(&dvfs->lock);
	return dvfs->cold ||
	       (dvfs->sensor && time_after(jiffies, dvfs->seen + 2 * msecs_to_jiffies(RKNPU_DVFS_COLD_MS)));
}

static void rknpu_dvfs_apply_locked(struct rknpu_dvfs *dvfs)
{
	unsigned long hz = dvfs->target_hz;
	unsigned long uv = rknpu_rates_uv(dvfs->power->dev, hz);

	lockdep_assert_held(&dvfs->lock);
	if (rknpu_dvfs_may_be_cold_locked(dvfs))
		uv = max(uv, dvfs->power->soc->dvfs->cold_uv);
	if (hz > dvfs->level_hz || (hz == dvfs->level_hz && dvfs->level_uv && uv > dvfs->level_uv))
		rknpu_dvfs_report(dvfs, hz, rknpu_dvfs_raise(dvfs, hz, uv));
	else if (hz < dvfs->level_hz || uv < dvfs->level_uv)
		rknpu_dvfs_report(dvfs, hz, rknpu_dvfs_lower(dvfs, hz, uv));
}

static void rknpu_dvfs_look_in_locked(struct rknpu_dvfs *dvfs, unsigned int ms)
{
	lockdep_assert_held(&dvfs->lock);
	if (dvfs->users && dvfs->sensor && rknpu_dvfs_cold_matters(dvfs))
		mod_delayed_work(system_power_efficient_wq, &dvfs->look, msecs_to_jiffies(ms));
}

/*
 * The voltages of the lowest rates are not sufficient in the cold. The sensor is read without the lock, which
 * thermal zones take inside their own when they throttle the NPU.
 */
static void rknpu_dvfs_look(struct rknpu_dvfs *dvfs)
{
	const struct rknpu_soc_dvfs *soc = dvfs->power->soc->dvfs;
	struct thermal_zone_device *zone;
	int millidegrees = 0;
	bool sensor;

	if (!dvfs->rates.num || !soc->cold_uv)
		return;
	/* Looked up each time: the sensor's driver may be loaded later, and unloaded. */
	zone = thermal_zone_get_zone_by_name(RKNPU_DVFS_THERMAL_ZONE);
	sensor = !IS_ERR(zone) && !thermal_zone_get_temp(zone, &millidegrees);
	mutex_lock(&dvfs->lock);
	if (dvfs->cold)
		millidegrees -= soc->cold_hysteresis;
	dvfs->sensor = sensor;
	dvfs->cold = sensor && millidegrees < soc->cold_millidegrees;
	dvfs->seen = jiffies;
	mutex_unlock(&dvfs->lock);
}

/* Repeats itself while a device is on at a rate for which the temperature matters. */
static void rknpu_dvfs_look_work(struct work_struct *work)
{
	struct rknpu_dvfs *dvfs = container_of(to_delayed_work(work), struct rknpu_dvfs, look);

	rknpu_dvfs_look(dvfs);
	mutex_lock(&dvfs->lock);
	if (dvfs->users)
		rknpu_dvfs_apply_locked(dvfs);
	rknpu_dvfs_look_in_locked(dvfs, RKNPU_DVFS_COLD_MS);
	mutex_unlock(&dvfs->lock);
}

/**
 * rknpu_dvfs_on() - account for a device that powers on, and set the wanted rate
 * @dvfs: initialized
 *
 * Context: Runtime resume of the device, with its clocks and power domains on. May sleep.
 */
void rknpu_dvfs_on(struct rknpu_dvfs *dvfs)
{
	rknpu_dvfs_look(dvfs);
	mutex_lock(&dvfs->lock);
	if (!dvfs->users++ && dvfs->rates.num)
		rknpu_dvfs_apply_locked(dvfs);
	rknpu_dvfs_look_in_locked(dvfs, RKNPU_DVFS_COLD_MS);
	mutex_unlock(&dvfs->lock);
}

/**
 * rknpu_dvfs_off() - account for a device that is about to power off
 * @dvfs: initialized
 *
 * The last device parks the clock. The voltage stays as it is until the next power-on.
 *
 * Context: Runtime suspend of the device, with its cores idle. May sleep.
 *
 * Return: 0 on success, or a negative errno if the device must stay on.
 */
int rknpu_dvfs_off(struct rknpu_dvfs *dvfs)
{
	unsigned long hz = dvfs->rates.num ? dvfs->power->soc->dvfs->park_hz : 0;
	int ret = 0;

	mutex_lock(&dvfs->lock);
	if (dvfs->users == 1 && hz && dvfs->level_hz != hz) {
		ret = rknpu_dvfs_set_rate(dvfs, hz);
		rknpu_dvfs_report(dvfs, hz, ret);
	}
	if (!ret)
		dvfs->users--;
	mutex_unlock(&dvfs->lock);
	return ret;
}

/*
 * Called by devfreq. Nothing can be changed without power; the next power-on does it then. Returns 0 even if the
 * transition fails, which has been reported and is retried at the next call; devfreq would report it every time.
 */
static int rknpu_dvfs_target(struct device *dev, unsigned long *freq, u32 flags)
{
	struct rknpu_power *power = dev_get_drvdata(dev);
	struct rknpu_dvfs *dvfs = power->dvfs;
	struct dev_pm_opp *opp = devfreq_recommended_opp(dev, freq, flags);
	bool changes;

	if (IS_ERR(opp))
		return PTR_ERR(opp);
	dev_pm_opp_put(opp);
	mutex_lock(&dvfs->lock);
	changes = *freq != dvfs->target_hz;
	WRITE_ONCE(dvfs->target_hz, *freq);
	if (dvfs->users)
		rknpu_dvfs_apply_locked(dvfs);
	if (changes)
		rknpu_dvfs_look_in_locked(dvfs, 0);
	mutex_unlock(&dvfs->lock);
	return 0;
}

static int rknpu_dvfs_cur_freq(struct device *dev, unsigned long *freq)
{
	struct rknpu_power *power = dev_get_drvdata(dev);

	*freq = rknpu_dvfs_rate_hz(power->dvfs);
	return 0;
}

/* Reports full load whenever the NPU is on: simple_ondemand then picks the highest rate. */
static int rknpu_dvfs_status(struct device *dev, struct devfreq_dev_status *status)
{
	struct rknpu_power *power = dev_get_drvdata(dev);

	status->total_time = 0;
	status->busy_time = 0;
	status->current_frequency = rknpu_dvfs_rate_hz(power->dvfs);
	return 0;
}

/**
 * rknpu_dvfs_init() - find out which rates can be set; does not change any
 * @dvfs: zeroed
 * @power: power of the first core; its device owns the resources (devm)
 *
 * Context: Process context. The device must be on.
 *
 * Return: 0 on success, or a negative errno, with one message.
 */
int rknpu_dvfs_init(struct rknpu_dvfs *dvfs, const struct rknpu_power *power)
{
	const struct rknpu_soc_dvfs *soc = power->soc->dvfs;
	int ret;

	mutex_init(&dvfs->lock);
	INIT_DELAYED_WORK(&dvfs->look, rknpu_dvfs_look_work);
	dvfs->power = power;
	dvfs->rate_hz = clk_get_rate(rknpu_power_clk(power));
	dvfs->level_hz = dvfs->rate_hz;
	ret = rknpu_rates_init(&dvfs->rates, power);
	if (ret)
		return dev_err_probe(power->dev, ret, "cannot get the rates of the compute clock\n");
	if (!dvfs->rates.num)
		return 0;
	dvfs->target_hz = dvfs->rates.max_hz;
	if (!soc->grf)
		return 0;
	dvfs->grf = devm_ioremap(power->dev, soc->grf, RKNPU_GRF_BYTES);
	return dvfs->grf ? 0 : -ENOMEM;
}

/**
 * rknpu_dvfs_fini() - undo rknpu_dvfs_init()
 * @dvfs: initialized; all devices have powered off for good
 *
 * Context: Process context. May sleep.
 */
void rknpu_dvfs_fini(struct rknpu_dvfs *dvfs)
{
	cancel_delayed_work_sync(&dvfs->look);
}

/**
 * rknpu_dvfs_start() - let devfreq and cooling choose the rate
 * @dvfs: initialized
 */
void rknpu_dvfs_start(struct rknpu_dvfs *dvfs)
{
	static const char * const governors[] = { DEVFREQ_GOV_SIMPLE_ONDEMAND, DEVFREQ_GOV_PERFORMANCE };
	struct device *dev = dvfs->power->dev;
	unsigned int i;

	if (!dvfs->rates.num)
		return;
	dvfs->profile.initial_freq = dvfs->target_hz;
	dvfs->profile.target = rknpu_dvfs_target;
	dvfs->profile.get_cur_freq = rknpu_dvfs_cur_freq;
	dvfs->profile.get_dev_status = rknpu_dvfs_status;
	dvfs->profile.is_cooling_device = true;
	/* Used only if another governor takes over. */
	dvfs->profile.polling_ms = RKNPU_DVFS_POLLING_MS;
	/* Both choose the highest rate that the limits allow; a kernel may have only one of them. */
	for (i = 0; i < ARRAY_SIZE(governors) && IS_ERR_OR_NULL(dvfs->devfreq); i++)
		dvfs->devfreq = devfreq_add_device(dev, &dvfs->profile, governors[i], NULL);
	if (IS_ERR(dvfs->devfreq)) {
		dev_info(dev, "no devfreq (%ld): always at the highest rate\n", PTR_ERR(dvfs->devfreq));
		dvfs->devfreq = NULL;
	}
	if (dvfs->devfreq)
		dev_pm_qos_add_request(dev, &dvfs->request, DEV_PM_QOS_MAX_FREQUENCY,
				       PM_QOS_MAX_FREQUENCY_DEFAULT_VALUE);
	dev_info(dev, "compute clock up to %lu MHz, limited by: %s\n", dvfs->rates.max_hz / 1000000, dvfs->rates.limit);
}

/**
 * rknpu_dvfs_stop() - undo rknpu_dvfs_start()
 * @dvfs: initialized
 */
void rknpu_dvfs_stop(struct rknpu_dvfs *dvfs)
{
	if (dev_pm_qos_request_active(&dvfs->request))
		dev_pm_qos_remove_request(&dvfs->request);
	if (dvfs->devfreq)
		devfreq_remove_device(dvfs->devfreq);
	dvfs->devfreq = NULL;
}

/**
 * rknpu_dvfs_request() - limit the rate of the NPU
 * @dvfs: started
 * @hz: rate; rounded down to an available rate, or up to the lowest one
 *
 * This is one limit among those of devfreq, its governor and cooling; the lowest one applies. A value above
 * all rates removes the limit. It takes effect at once, or when the NPU next powers on.
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -EINVAL if @hz is 0, -EOPNOTSUPP if there is no choice of rates on this board.
 */
int rknpu_dvfs_request(struct rknpu_dvfs *dvfs, unsigned long hz)
{
	int ret;

	if (!hz)
		return -EINVAL;
	if (!dev_pm_qos_request_active(&dvfs->request))
		return -EOPNOTSUPP;
	/* PM QoS counts in kHz, as an int. */
	ret = dev_pm_qos_update_request(&dvfs->request, clamp(hz / 1000, 1UL, dvfs->rates.max_hz / 1000));
	return min(ret, 0);
}

/**
 * rknpu_dvfs_rate_hz() - get the current rate of the compute clock
 * @dvfs: initialized
 *
 * Does not ask the clock framework, because firmware might not answer while the power is off.
 *
 * Context: Any context.
 *
 * Return: rate in Hz; the parked rate while all cores are off.
 */
unsigned long rknpu_dvfs_rate_hz(const struct rknpu_dvfs *dvfs)
{
	return READ_ONCE(dvfs->rate_hz);
}

/**
 * rknpu_dvfs_max_hz() - get the rate of the compute clock while there is work
 * @dvfs: initialized
 *
 * Context: Any context.
 *
 * Return: rate in Hz; the current rate if there is no choice of rates.
 */
unsigned long rknpu_dvfs_max_hz(const struct rknpu_dvfs *dvfs)
{
	return dvfs->rates.num ? READ_ONCE(dvfs->target_hz) : rknpu_dvfs_rate_hz(dvfs);
}

/**
 * rknpu_dvfs_limit() - tell what limits rknpu_dvfs_max_hz()
 * @dvfs: initialized
 *
 * Context: Any context.
 *
 * Return: a word: "policy" (governor, limit or cooling), or one of those of &rknpu_rates.limit.
 */
const char *rknpu_dvfs_limit(const struct rknpu_dvfs *dvfs)
{
	return rknpu_dvfs_max_hz(dvfs) < dvfs->rates.max_hz ? "policy" : dvfs->rates.limit;
}

/**
 * rknpu_dvfs_voltage_uv() - get the voltage of the compute supply
 * @dvfs: initialized
 *
 * Context: Process context. May sleep. Does not power anything up.
 *
 * Return: voltage in microvolts, 0 if the device tree has no supply, or a negative errno.
 */
int rknpu_dvfs_voltage_uv(const struct rknpu_dvfs *dvfs)
{
	return dvfs->power->npu_supply ? regulator_get_voltage(dvfs->power->npu_supply) : 0;
}
