// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Statistics for all users: /sys/class/drm/renderD*\/device/npu/, one value per file,
 * described in Documentation/ABI/testing/sysfs-driver-rknpu. Reading them powers nothing up
 * and needs no privilege; they tell how much the NPU is used, but not by which process.
 */
#include "rknpu_stats.h"

#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/sysfs.h>
#include <linux/time64.h>

#include "rknpu_account.h"
#include "rknpu_client.h"
#include "rknpu_core.h"
#include "rknpu_device.h"
#include "rknpu_dvfs.h"
#include "rknpu_power.h"
#include "rknpu_sram.h"

/**
 * struct rknpu_stats - the sysfs directory
 * @kobj: object of sysfs.
 * @rdev: the device; valid until the directory has been removed.
 */
struct rknpu_stats {
	struct kobject kobj;
	struct rknpu_device *rdev;
};

/**
 * struct rknpu_stats_file - a file in the directory
 * @attr: attribute of sysfs.
 * @show: prints the value.
 * @core: the core it is for, or less than 0.
 * @offset: offset of the value in a struct that @show knows.
 */
struct rknpu_stats_file {
	struct attribute attr;
	ssize_t (*show)(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf);
	int core;
	size_t offset;
};

static unsigned int rknpu_stats_percent(u64 ns)
{
	return min_t(u64, div64_u64(ns * 100 + NSEC_PER_SEC / 2, NSEC_PER_SEC), 100);
}

/**
 * rknpu_stats_load() - get the load of the cores in the last whole second
 * @rdev: the device
 * @percent: result: load of each core
 *
 * Context: Process context. Takes sched->lock.
 *
 * Return: load of all cores together, in percent.
 */
unsigned int rknpu_stats_load(struct rknpu_device *rdev, unsigned int percent[RKNPU_MAX_CORES])
{
	u32 cores = rdev->sched.cores;
	struct rknpu_account account;
	u64 sum = 0;
	unsigned int i;

	rknpu_account_read(&rdev->sched, &account);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		percent[i] = rknpu_stats_percent(account.last_ns[i]);
		sum += account.last_ns[i];
	}
	return rknpu_stats_percent(div_u64(sum, hweight32(cores)));
}

static ssize_t rknpu_stats_show_load(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	unsigned int percent[RKNPU_MAX_CORES];
	unsigned int all = rknpu_stats_load(rdev, percent);

	return sysfs_emit(buf, "%u\n", file->core < 0 ? all : percent[file->core]);
}

static ssize_t rknpu_stats_show_busy(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	struct rknpu_account account;
	unsigned int i;
	u64 sum = 0;

	rknpu_account_read(&rdev->sched, &account);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (file->core < 0 || i == file->core)
			sum += account.busy_ns[i];
	}
	return sysfs_emit(buf, "%llu\n", div_u64(sum, NSEC_PER_USEC));
}

static ssize_t rknpu_stats_show_count(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	struct rknpu_account account;

	rknpu_account_read(&rdev->sched, &account);
	return sysfs_emit(buf, "%llu\n", *(u64 *)((void *)&account.counts + file->offset));
}

/**
 * rknpu_stats_powered() - tell whether the NPU is powered
 * @rdev: the device
 * @core: number of a core, or less than 0 for any core
 *
 * Context: Any context.
 *
 * Return: true if its registers have power at the moment.
 */
bool rknpu_stats_powered(const struct rknpu_device *rdev, int core)
{
	bool on = false;
	int i;

	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (rdev->cores[i] && (core < 0 || i == core))
			on |= READ_ONCE(rdev->cores[i]->powered);
	}
	return on;
}

static ssize_t rknpu_stats_show_power(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	return sysfs_emit(buf, "%s\n", rknpu_stats_powered(rdev, file->core) ? "on" : "off");
}

static ssize_t rknpu_stats_show_memory(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	const struct rknpu_client *client;
	u64 sum = 0;

	mutex_lock(&rdev->clients.lock);
	list_for_each_entry(client, &rdev->clients.list, node)
		sum += atomic64_read(&client->bytes);
	mutex_unlock(&rdev->clients.lock);
	return sysfs_emit(buf, "%llu\n", sum);
}

static ssize_t rknpu_stats_show_sram_total(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	return sysfs_emit(buf, "%zu\n", rknpu_sram_total_bytes(&rdev->sram));
}

static ssize_t rknpu_stats_show_sram_used(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	size_t free_bytes = rknpu_sram_free_bytes(&rdev->sram);

	return sysfs_emit(buf, "%zu\n", rknpu_sram_total_bytes(&rdev->sram) - free_bytes);
}

static ssize_t rknpu_stats_show_pool_total(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	return sysfs_emit(buf, "%llu\n", rdev->pool.bytes);
}

static ssize_t rknpu_stats_show_pool_used(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	return sysfs_emit(buf, "%lld\n", atomic64_read(&rdev->pool.used));
}

static ssize_t rknpu_stats_show_clock(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	return sysfs_emit(buf, "%lu\n", rknpu_dvfs_rate_hz(&rdev->dvfs));
}

static ssize_t rknpu_stats_show_clock_max(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	return sysfs_emit(buf, "%lu\n", rknpu_dvfs_max_hz(&rdev->dvfs));
}

static ssize_t rknpu_stats_show_clock_limit(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	return sysfs_emit(buf, "%s\n", rknpu_dvfs_limit(&rdev->dvfs));
}

static ssize_t rknpu_stats_show_voltage(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	int uv = rknpu_dvfs_voltage_uv(&rdev->dvfs);

	return uv < 0 ? uv : sysfs_emit(buf, "%d\n", uv);
}

static ssize_t rknpu_stats_show_soc(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	return sysfs_emit(buf, "%s\n", rdev->soc->name);
}

static ssize_t rknpu_stats_show_release(struct rknpu_device *rdev, const struct rknpu_stats_file *file, char *buf)
{
	return sysfs_emit(buf, "%s\n", RKNPU_RELEASE);
}

#define RKNPU_STATS_FILE(_name, _show, _core, _offset)              \
	static struct rknpu_stats_file rknpu_stats_file_##_name = { \
		.attr = { .name = #_name, .mode = 0444 },           \
		.show = rknpu_stats_show_##_show,                   \
		.core = _core,                                      \
		.offset = _offset,                                  \
	}
#define RKNPU_STATS_COUNT(_name, _member) \
	RKNPU_STATS_FILE(_name, count, -1, offsetof(struct rknpu_counts, _member))

RKNPU_STATS_FILE(load, load, -1, 0);
RKNPU_STATS_FILE(busy_us, busy, -1, 0);
RKNPU_STATS_FILE(power, power, -1, 0);
RKNPU_STATS_FILE(core0_load, load, 0, 0);
RKNPU_STATS_FILE(core0_busy_us, busy, 0, 0);
RKNPU_STATS_FILE(core0_power, power, 0, 0);
RKNPU_STATS_FILE(core1_load, load, 1, 0);
RKNPU_STATS_FILE(core1_busy_us, busy, 1, 0);
RKNPU_STATS_FILE(core1_power, power, 1, 0);
RKNPU_STATS_FILE(core2_load, load, 2, 0);
RKNPU_STATS_FILE(core2_busy_us, busy, 2, 0);
RKNPU_STATS_FILE(core2_power, power, 2, 0);
RKNPU_STATS_COUNT(jobs_done, done);
RKNPU_STATS_COUNT(jobs_failed, failed);
RKNPU_STATS_COUNT(jobs_timed_out, timed_out);
RKNPU_STATS_COUNT(jobs_cancelled, cancelled);
RKNPU_STATS_COUNT(faults, faults);
RKNPU_STATS_COUNT(resets, resets);
RKNPU_STATS_COUNT(lost_starts, lost);
RKNPU_STATS_FILE(memory_bytes, memory, -1, 0);
RKNPU_STATS_FILE(sram_total_bytes, sram_total, -1, 0);
RKNPU_STATS_FILE(sram_used_bytes, sram_used, -1, 0);
RKNPU_STATS_FILE(pool_total_bytes, pool_total, -1, 0);
RKNPU_STATS_FILE(pool_used_bytes, pool_used, -1, 0);
RKNPU_STATS_FILE(clock_hz, clock, -1, 0);
RKNPU_STATS_FILE(clock_max_hz, clock_max, -1, 0);
RKNPU_STATS_FILE(clock_limit, clock_limit, -1, 0);
RKNPU_STATS_FILE(voltage_uv, voltage, -1, 0);
RKNPU_STATS_FILE(soc, soc, -1, 0);
RKNPU_STATS_FILE(driver_version, release, -1, 0);

static struct attribute *rknpu_stats_attrs[] = {
	&rknpu_stats_file_load.attr,
	&rknpu_stats_file_core0_load.attr,
	&rknpu_stats_file_core1_load.attr,
	&rknpu_stats_file_core2_load.attr,
	&rknpu_stats_file_busy_us.attr,
	&rknpu_stats_file_core0_busy_us.attr,
	&rknpu_stats_file_core1_busy_us.attr,
	&rknpu_stats_file_core2_busy_us.attr,
	&rknpu_stats_file_power.attr,
	&rknpu_stats_file_core0_power.attr,
	&rknpu_stats_file_core1_power.attr,
	&rknpu_stats_file_core2_power.attr,
	&rknpu_stats_file_jobs_done.attr,
	&rknpu_stats_file_jobs_failed.attr,
	&rknpu_stats_file_jobs_timed_out.attr,
	&rknpu_stats_file_jobs_cancelled.attr,
	&rknpu_stats_file_faults.attr,
	&rknpu_stats_file_resets.attr,
	&rknpu_stats_file_lost_starts.attr,
	&rknpu_stats_file_memory_bytes.attr,
	&rknpu_stats_file_sram_total_bytes.attr,
	&rknpu_stats_file_sram_used_bytes.attr,
	&rknpu_stats_file_pool_total_bytes.attr,
	&rknpu_stats_file_pool_used_bytes.attr,
	&rknpu_stats_file_clock_hz.attr,
	&rknpu_stats_file_clock_max_hz.attr,
	&rknpu_stats_file_clock_limit.attr,
	&rknpu_stats_file_voltage_uv.attr,
	&rknpu_stats_file_soc.attr,
	&rknpu_stats_file_driver_version.attr,
	NULL
};

static const struct rknpu_stats_file *to_rknpu_stats_file(const struct attribute *attr)
{
	return container_of(attr, struct rknpu_stats_file, attr);
}

static struct rknpu_stats *to_rknpu_stats(struct kobject *kobj)
{
	return container_of(kobj, struct rknpu_stats, kobj);
}

/* A core that is not enabled in the device tree has no files. */
static umode_t rknpu_stats_is_visible(struct kobject *kobj, struct attribute *attr, int index)
{
	int core = to_rknpu_stats_file(attr)->core;

	return core < 0 || to_rknpu_stats(kobj)->rdev->cores[core] ? attr->mode : 0;
}

static const struct attribute_group rknpu_stats_group = {
	.attrs = rknpu_stats_attrs,
	.is_visible = rknpu_stats_is_visible,
};

static const struct attribute_group *rknpu_stats_groups[] = { &rknpu_stats_group, NULL };

static ssize_t rknpu_stats_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	const struct rknpu_stats_file *file = to_rknpu_stats_file(attr);

	return file->show(to_rknpu_stats(kobj)->rdev, file, buf);
}

static const struct sysfs_ops rknpu_stats_ops = {
	.show = rknpu_stats_show,
};

static void rknpu_stats_release(struct kobject *kobj)
{
	kfree(to_rknpu_stats(kobj));
}

static const struct kobj_type rknpu_stats_type = {
	.release = rknpu_stats_release,
	.sysfs_ops = &rknpu_stats_ops,
	.default_groups = rknpu_stats_groups,
};

/**
 * rknpu_stats_add() - create the directory
 * @rdev: the device; started
 *
 * Return: the directory, to be passed to rknpu_stats_remove(), or NULL if it could not be created.
 */
struct rknpu_stats *rknpu_stats_add(struct rknpu_device *rdev)
{
	struct rknpu_stats *stats = kzalloc(sizeof(*stats), GFP_KERNEL);

	if (!stats)
		return NULL;
	stats->rdev = rdev;
	if (!kobject_init_and_add(&stats->kobj, &rknpu_stats_type, &rdev->drm.dev->kobj, "npu"))
		return stats;
	kobject_put(&stats->kobj);
	return NULL;
}

/**
 * rknpu_stats_remove() - remove the directory and wait for its readers
 * @stats: the directory, or NULL
 */
void rknpu_stats_remove(struct rknpu_stats *stats)
{
	if (!stats)
		return;
	kobject_del(&stats->kobj);
	kobject_put(&stats->kobj);
}
