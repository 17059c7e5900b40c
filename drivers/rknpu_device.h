/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_DEVICE_H
#define RKNPU_DEVICE_H

#include <linux/miscdevice.h>

#include <drm/drm_device.h>

#include "rknpu_client.h"
#include "rknpu_dvfs.h"
#include "rknpu_mmu.h"
#include "rknpu_sched.h"
#include "rknpu_pool.h"
#include "rknpu_soc.h"
#include "rknpu_sram.h"

struct drm_driver;
struct rknpu_core;

/**
 * struct rknpu_device - the NPU
 * @drm: DRM device; its parent is the platform device of the first core, because scripts depend on
 *	that name. May outlive the hardware.
 * @soc: constants of the SoC. Immutable.
 * @cores: cores that are enabled in the device tree; valid while plugged. Set before registration.
 * @mmus: their IOMMUs; one that is shared by cores is at the index of the first of them. Valid while plugged.
 * @translated: every core is behind an IOMMU. Immutable.
 * @anybody: there is no IOMMU, and all users may use the NPU nevertheless. Immutable.
 * @dma_dev: untranslated device for pages and cache maintenance. Immutable.
 * @pool: contiguous memory, used without an IOMMU.
 * @sram: on-chip memory.
 * @hw_version: hardware version in user space's form; read once. Immutable.
 * @dvfs: rate and voltage of all cores; valid while plugged.
 * @clients: clients, one per process.
 * @sched: the scheduler.
 * @misc: /dev/rknpu; its fops are NULL while it is not registered. Changed by start and stop only.
 */
struct rknpu_device {
	struct drm_device drm;
	const struct rknpu_soc *soc;
	struct rknpu_core *cores[RKNPU_MAX_CORES];
	struct rknpu_mmu mmus[RKNPU_MAX_CORES];
	bool translated;
	bool anybody;
	struct device *dma_dev;
	struct rknpu_pool pool;
	struct rknpu_sram sram;
	u32 hw_version;
	struct rknpu_dvfs dvfs;
	struct rknpu_clients clients;
	struct rknpu_sched sched;
	struct miscdevice misc;
};

static inline struct rknpu_device *to_rknpu_device(struct drm_device *drm)
{
	return container_of(drm, struct rknpu_device, drm);
}

struct rknpu_device *rknpu_device_create(struct device *dev, const struct drm_driver *driver,
					 const struct rknpu_soc *soc, bool per_file);
int rknpu_device_start(struct rknpu_device *rdev);
void rknpu_device_stop(struct rknpu_device *rdev);
void rknpu_device_shutdown(struct rknpu_device *rdev);
struct rknpu_core *rknpu_device_first_core(struct rknpu_device *rdev);

#endif /* RKNPU_DEVICE_H */
