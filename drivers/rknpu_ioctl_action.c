// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The ACTION ioctl: a table from action number to function. No action changes
 * anything for other processes, except for the bus priority and the clock rate, which
 * need a capability. No action powers the NPU up, except for those that access
 * registers, on SoCs that have these registers.
 */
#include <linux/bits.h>
#include <linux/capability.h>
#include <linux/nospec.h>
#include <linux/sched.h>
#include <linux/sched/prio.h>
#include <linux/sched/signal.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#include "rknpu_client.h"
#include "rknpu_core.h"
#include "rknpu_device.h"
#include "rknpu_drm.h"
#include "rknpu_drop.h"
#include "rknpu_file.h"
#include "rknpu_ioctl.h"
#include "rknpu_power.h"
#include "rknpu_regs.h"
#include "rknpu_sched.h"
#include "rknpu_sram.h"

/* Interface version: that of the last vendor driver, which programs compare against. */
#define RKNPU_INTERFACE_VERSION (0 * 10000 + 9 * 100 + 8)

/* Function of an action; @of is the argument from the action's row in the table. */
typedef int (*rknpu_action_fn)(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 of);

static int rknpu_ioctl_action_hw_version(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	*value = rdev->hw_version;
	return 0;
}

static int rknpu_ioctl_action_drv_version(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	*value = RKNPU_INTERFACE_VERSION;
	return 0;
}

static int rknpu_ioctl_action_freq(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	*value = rknpu_dvfs_rate_hz(&rdev->dvfs);
	return 0;
}

/* Same as the debugfs file. The rate affects all users, so only an administrator may set it. */
static int rknpu_ioctl_action_set_freq(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	return rknpu_dvfs_request(&rdev->dvfs, *value);
}

static int rknpu_ioctl_action_volt(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	int uv = rknpu_dvfs_voltage_uv(&rdev->dvfs);

	if (uv < 0)
		return uv;
	*value = uv;
	return 0;
}

/* A voltage belongs to a rate: set alone it is wasteful, or too low, which hangs the machine. */
static int rknpu_ioctl_action_set_volt(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	return capable(CAP_SYS_ADMIN) ? -EOPNOTSUPP : -EPERM;
}

/* Cancels the caller's own jobs and resets each core before its next one; no other client is affected. */
static int rknpu_ioctl_action_reset(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	struct rknpu_client *client = rknpu_file_client(rdev, rfile);

	if (IS_ERR(client))
		return PTR_ERR(client);
	rknpu_client_mark_reset(client);
	rknpu_drop_client(&rdev->sched, client);
	return 0;
}

/* Powers the core. Returns 0, -EOPNOTSUPP if the SoC has no counters, or the error of powering it. */
static int rknpu_ioctl_action_read_amounts(struct rknpu_device *rdev, u32 amounts[RKNPU_AMOUNT_KINDS])
{
	struct rknpu_core *core = rknpu_device_first_core(rdev);
	int ret;

	if (!rknpu_hw_has_counters(&core->hw))
		return -EOPNOTSUPP;
	ret = rknpu_power_get(core->power);
	if (ret)
		return ret;
	rknpu_core_read_amounts(core, amounts);
	rknpu_power_put(core->power);
	return 0;
}

/*
 * Byte counters. They count for the whole NPU and others read them too, so clearing only
 * records the current values for the caller. The counters restart at 0 when a core is reset
 * or loses power; then their value is all that is known. On a SoC without them the vendor
 * driver reports success and leaves the value as it was [seen: vendor driver 0.9.8].
 */
static int rknpu_ioctl_action_clear_amounts(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	struct rknpu_client *client = rknpu_file_client(rdev, rfile);
	u32 now[RKNPU_AMOUNT_KINDS];
	unsigned int kind;
	int ret;

	if (IS_ERR(client))
		return PTR_ERR(client);
	ret = rknpu_ioctl_action_read_amounts(rdev, now);
	if (ret)
		return ret == -EOPNOTSUPP ? 0 : ret;
	for (kind = 0; kind < RKNPU_AMOUNT_KINDS; kind++)
		WRITE_ONCE(client->amounts[kind], now[kind]);
	return 0;
}

/* @kinds: bit mask of counter kinds. */
static int rknpu_ioctl_action_sum_amounts(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 kinds)
{
	struct rknpu_client *client = rknpu_file_client(rdev, rfile);
	u32 now[RKNPU_AMOUNT_KINDS], sum = 0;
	unsigned long set = kinds;
	unsigned int kind;
	int ret;

	if (IS_ERR(client))
		return PTR_ERR(client);
	ret = rknpu_ioctl_action_read_amounts(rdev, now);
	if (ret)
		return ret == -EOPNOTSUPP ? 0 : ret;
	for_each_set_bit(kind, &set, RKNPU_AMOUNT_KINDS) {
		u32 cleared = READ_ONCE(client->amounts[kind]);

		sum += now[kind] < cleared ? now[kind] : now[kind] - cleared;
	}
	*value = sum;
	return 0;
}

/*
 * Priority on the SoC's bus, in registers of the core's power domain, whose driver keeps them while the
 * power is off. Raising it takes bandwidth from all other masters, so it needs a capability.
 */
static int rknpu_ioctl_action_get_qos(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 reg)
{
	struct rknpu_core *core = rknpu_device_first_core(rdev);
	int ret;

	if (!core->hw.qos)
		return -EINVAL;
	ret = rknpu_power_get(core->power);
	if (ret)
		return ret;
	*value = rknpu_hw_read_qos(&core->hw, reg);
	rknpu_power_put(core->power);
	return 0;
}

static int rknpu_ioctl_action_set_qos(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 reg)
{
	struct rknpu_core *core = rknpu_device_first_core(rdev);
	int ret;

	if (!core->hw.qos)
		return -EINVAL;
	if (!capable(CAP_SYS_NICE))
		return -EPERM;
	/* 0 means no value [seen: vendor driver 0.9.8]. */
	if (!*value)
		return 0;
	ret = rknpu_power_get(core->power);
	if (ret)
		return ret;
	rknpu_hw_write_qos(&core->hw, reg, *value);
	rknpu_power_put(core->power);
	return 0;
}

static int rknpu_ioctl_action_iommu_en(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	*value = rdev->translated;
	return 0;
}

/*
 * The closed runtime asks for -19 and expects 0. It gets the nice value that
 * setpriority() would allow it, and 0 in any case.
 */
static int rknpu_ioctl_action_nice(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	int nice = clamp_t(int, (int)*value, MIN_NICE, MAX_NICE);

	if (nice >= task_nice(current) || nice_to_rlimit(nice) <= task_rlimit(current, RLIMIT_NICE) ||
	    capable(CAP_SYS_NICE))
		set_user_nice(current, nice);
	return 0;
}

static int rknpu_ioctl_action_sram_total(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	*value = rknpu_sram_total_bytes(&rdev->sram);
	return 0;
}

static int rknpu_ioctl_action_sram_free(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	*value = rknpu_sram_free_bytes(&rdev->sram);
	return 0;
}

static int rknpu_ioctl_action_get_domain(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	struct rknpu_client *client = rknpu_file_client(rdev, rfile);

	if (IS_ERR(client))
		return PTR_ERR(client);
	*value = READ_ONCE(client->domain_id);
	return 0;
}

static int rknpu_ioctl_action_set_domain(struct rknpu_device *rdev, struct rknpu_file *rfile, u32 *value, u32 unused)
{
	struct rknpu_client *client = rknpu_file_client(rdev, rfile);

	if (IS_ERR(client))
		return PTR_ERR(client);
	if (*value >= RKNPU_MAX_DOMAINS)
		return -EINVAL;
	WRITE_ONCE(client->domain_id, *value);
	return 0;
}

/* An action without an entry gives -EINVAL: those that switch the power. */
static const struct {
	rknpu_action_fn run;
	u32 of;
} rknpu_actions[] = {
	[RKNPU_GET_HW_VERSION] = { rknpu_ioctl_action_hw_version },
	[RKNPU_GET_DRV_VERSION] = { rknpu_ioctl_action_drv_version },
	[RKNPU_GET_FREQ] = { rknpu_ioctl_action_freq },
	[RKNPU_SET_FREQ] = { rknpu_ioctl_action_set_freq },
	[RKNPU_GET_VOLT] = { rknpu_ioctl_action_volt },
	[RKNPU_SET_VOLT] = { rknpu_ioctl_action_set_volt },
	[RKNPU_ACT_RESET] = { rknpu_ioctl_action_reset },
	[RKNPU_GET_BW_PRIORITY] = { rknpu_ioctl_action_get_qos, RKNPU_QOS_PRIORITY },
	[RKNPU_SET_BW_PRIORITY] = { rknpu_ioctl_action_set_qos, RKNPU_QOS_PRIORITY },
	[RKNPU_GET_BW_EXPECT] = { rknpu_ioctl_action_get_qos, RKNPU_QOS_EXPECT },
	[RKNPU_SET_BW_EXPECT] = { rknpu_ioctl_action_set_qos, RKNPU_QOS_EXPECT },
	[RKNPU_GET_BW_TW] = { rknpu_ioctl_action_get_qos, RKNPU_QOS_TW },
	[RKNPU_SET_BW_TW] = { rknpu_ioctl_action_set_qos, RKNPU_QOS_TW },
	[RKNPU_ACT_CLR_TOTAL_RW_AMOUNT] = { rknpu_ioctl_action_clear_amounts },
	[RKNPU_GET_DT_WR_AMOUNT] = { rknpu_ioctl_action_sum_amounts, BIT(RKNPU_AMOUNT_DATA_WRITTEN) },
	[RKNPU_GET_DT_RD_AMOUNT] = { rknpu_ioctl_action_sum_amounts, BIT(RKNPU_AMOUNT_DATA_READ) },
	[RKNPU_GET_WT_RD_AMOUNT] = { rknpu_ioctl_action_sum_amounts, BIT(RKNPU_AMOUNT_WEIGHTS_READ) },
	[RKNPU_GET_TOTAL_RW_AMOUNT] = { rknpu_ioctl_action_sum_amounts, GENMASK(RKNPU_AMOUNT_KINDS - 1, 0) },
	[RKNPU_GET_IOMMU_EN] = { rknpu_ioctl_action_iommu_en },
	[RKNPU_SET_PROC_NICE] = { rknpu_ioctl_action_nice },
	[RKNPU_GET_TOTAL_SRAM_SIZE] = { rknpu_ioctl_action_sram_total },
	[RKNPU_GET_FREE_SRAM_SIZE] = { rknpu_ioctl_action_sram_free },
	[RKNPU_GET_IOMMU_DOMAIN_ID] = { rknpu_ioctl_action_get_domain },
	[RKNPU_SET_IOMMU_DOMAIN_ID] = { rknpu_ioctl_action_set_domain },
};

/**
 * rknpu_ioctl_action_run() - perform an action for a file
 * @rdev: the device
 * @rfile: the caller's file
 * @args: number of the action; its value, in and out
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -EINVAL if the action is unknown or refused or the value is out of range, -ENODEV
 * if the device is gone, or the error of the action.
 */
int rknpu_ioctl_action_run(struct rknpu_device *rdev, struct rknpu_file *rfile, struct rknpu_action *args)
{
	u32 nth = args->flags;
	int idx, ret;

	if (nth >= ARRAY_SIZE(rknpu_actions))
		return -EINVAL;
	nth = array_index_nospec(nth, ARRAY_SIZE(rknpu_actions));
	if (!rknpu_actions[nth].run)
		return -EINVAL;
	if (!drm_dev_enter(&rdev->drm, &idx))
		return -ENODEV;
	ret = rknpu_actions[nth].run(rdev, rfile, &args->value, rknpu_actions[nth].of);
	drm_dev_exit(idx);
	return ret;
}

/**
 * rknpu_ioctl_action() - %DRM_IOCTL_RKNPU_ACTION
 * @drm: the device
 * @data: &struct rknpu_action
 * @file: the caller's file
 *
 * Return: as rknpu_ioctl_action_run().
 */
int rknpu_ioctl_action(struct drm_device *drm, void *data, struct drm_file *file)
{
	return rknpu_ioctl_action_run(to_rknpu_device(drm), file->driver_priv, data);
}
