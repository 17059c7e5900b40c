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
 * @power: power of the first core, which has the clock and the supplies. Immutable.
 * @rates: the rates to choose from. Immutable.
 * @grf: registers of the read margin, NULL if there are none. Immutable.
 * @profile: profile for devfreq.
 * @devfreq: NULL if the kernel has no devfreq; the highest rate is used then.
 * @look: checks the temperature while a device is on at a rate for which it matters.
 * @request: limit set by rknpu_dvfs_request(), one among those of others; used with @devfreq.
 * @lock: protects the fields below and serializes transitions. Taken inside devfreq's own lock.
 * @users: number of devices that are on.
 * @sensor: there is a temperature sensor and it can be read.
 * @cold: at the last check it was too cold for the lowest voltages.
 * @seen: time of that check, in jiffies.
 * @target_hz: rate to work at; may be read without the lock.
 * @level_hz: rate that was last set, one of @rates or the parked one.
 * @level_uv: voltage that was last set, 0 if none has been.
 * @rate_hz: resulting rate of the clock; may be read without the lock.
 * @failing: the last transition failed, and this has been reported.
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
