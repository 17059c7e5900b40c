/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_DVFS_H
#define RKNPU_DVFS_H

#include <linux/devfreq.h>
#include <linux/mutex.h>
#include <linux/pm_qos.h>
#include <linux/workqueue.h>

#include "rknpu_rates.h"

struct rknpu_power;

/**
 * struct rknpu_dvfs - rate and voltage of the NPU: one clock and one pair of supplies for all cores
 * @power: of the first core, whose clock and supplies are used. Immutable.
 * @rates: what there is to choose from. Immutable.
 * @grf: registers of the read margin, NULL where there are none. Immutable.
 * @profile: for devfreq.
 * @devfreq: NULL where the kernel has none; the highest rate is then used.
 * @look: looks at the temperature while some device is on at a rate that it matters for.
 * @request: what rknpu_dvfs_request() was last asked for, as a limit among those of others; with @devfreq.
 * @lock: protects what follows, and makes transitions one at a time. Taken inside devfreq's own.
 * @users: devices that are on.
 * @sensor: there is a sensor of the temperature, and it answers.
 * @cold: when it was last looked at, it was too cold for the lowest voltages.
 * @seen: when that was, in jiffies.
 * @target_hz: rate to work at; read without the lock.
 * @level_hz: rate that was last set, of @rates or the parked one.
 * @level_uv: voltage that was last set, 0: none has been.
 * @rate_hz: what the clock made of it; read without the lock.
 * @failing: the last transition failed, and somebody has been told.
 */
struct rknpu_dvfs {
	const struct rknpu_power *power;
	struct rknpu_rates rates;
	void __iomem *grf;
	struct devfreq_dev_profile profile;
	struct devfreq *devfreq;
	struct delayed_work look;
	struct dev_pm_qos_request request;
	struct mutex lock;
	unsigned int users;
	bool sensor;
	bool cold;
	unsigned long seen;
	unsigned long target_hz;
	unsigned long level_hz;
	unsigned long level_uv;
	unsigned long rate_hz;
	bool failing;
};

int rknpu_dvfs_init(struct rknpu_dvfs *dvfs, const struct rknpu_power *power);
void rknpu_dvfs_fini(struct rknpu_dvfs *dvfs);
void rknpu_dvfs_start(struct rknpu_dvfs *dvfs);
void rknpu_dvfs_stop(struct rknpu_dvfs *dvfs);
void rknpu_dvfs_on(struct rknpu_dvfs *dvfs);
int rknpu_dvfs_off(struct rknpu_dvfs *dvfs);
int rknpu_dvfs_request(struct rknpu_dvfs *dvfs, unsigned long hz);
unsigned long rknpu_dvfs_rate_hz(const struct rknpu_dvfs *dvfs);
unsigned long rknpu_dvfs_max_hz(const struct rknpu_dvfs *dvfs);
const char *rknpu_dvfs_limit(const struct rknpu_dvfs *dvfs);
int rknpu_dvfs_voltage_uv(const struct rknpu_dvfs *dvfs);

#endif /* RKNPU_DVFS_H */
