// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Bring-up and teardown of the NPU as a whole: the cores that have probed become
 * one DRM device. It is registered last and unplugged first. Everything that open files
 * may still reach after that (clients, buffers, the untranslated device) lives until the
 * last of them is closed.
 */
#include "rknpu_device.h"

#include <linux/dma-mapping.h>
#include <linux/module.h>
#include <linux/panic.h>
#include <linux/platform_device.h>

#include <drm/drm_drv.h>
#include <drm/drm_managed.h>

#include "rknpu_core.h"
#include "rknpu_hw.h"
#include "rknpu_mmap.h"
#include "rknpu_power.h"
#include "rknpu_regs.h"

static bool rknpu_allow_unsafe_dma;
module_param_named(allow_unsafe_dma, rknpu_allow_unsafe_dma, bool, 0444);
MODULE_PARM_DESC(allow_unsafe_dma, "Without an IOMMU, let everybody use the NPU, which can then reach all memory (default: CAP_SYS_RAWIO only)");

static void rknpu_device_release_dma_dev(struct drm_device *drm, void *data)
{
	struct rknpu_device *rdev = to_rknpu_device(drm);

	rknpu_pool_fini(&rdev->pool);
	platform_device_unregister(data);
}

static void rknpu_device_release_clients(struct drm_device *drm, void *data)
{
	rknpu_clients_fini(data);
}

static void rknpu_device_release_sram(struct drm_device *drm, void *data)
{
	rknpu_sram_fini(data);
}

/* Buffers in it outlive the hardware, so the DRM device releases it. Without it, buffers still get pages. */
static int rknpu_device_add_sram(struct rknpu_device *rdev, struct device *dev)
{
	/* Its free pages are scattered, so only an IOMMU can make a range of them. */
	int ret = rdev->translated ? rknpu_sram_init(&rdev->sram, dev) : 0;

	if (ret)
		dev_warn(dev, "rockchip,sram is not usable (%d): buffers go to memory instead\n", ret);
	return drmm_add_action_or_reset(&rdev->drm, rknpu_device_release_sram, &rdev->sram);
}

/*
 * A child without a device-tree node is neither translated nor coherent: its DMA
 * addresses are physical, and dma_sync does cache maintenance. Buffers need it until
 * the last one is freed, so the DRM device releases it.
 */
static int rknpu_device_add_dma_dev(struct rknpu_device *rdev)
{
	struct platform_device_info info = {
		.parent = rdev->drm.dev,
		.name = "rknpu-dma",
		.id = PLATFORM_DEVID_AUTO,
		.dma_mask = DMA_BIT_MASK(rdev->soc->dma_bits),
	};
	struct platform_device *pdev = platform_device_register_full(&info);
	int ret;

	if (IS_ERR(pdev))
		return PTR_ERR(pdev);
	dma_set_max_seg_size(&pdev->dev, UINT_MAX);
	rdev->dma_dev = &pdev->dev;
	/* Memory must be allocated where an address in a command stream can reach it. */
	ret = dma_set_coherent_mask(&pdev->dev, DMA_BIT_MASK(rdev->translated ? rdev->soc->dma_bits : 32));
	if (ret) {
		platform_device_unregister(pdev);
		return ret;
	}
	if (!rdev->translated)
		rknpu_pool_init(&rdev->pool, rdev->dma_dev, rdev->drm.dev->of_node);
	return drmm_add_action_or_reset(&rdev->drm, rknpu_device_release_dma_dev, pdev);
}

/**
 * rknpu_device_create() - create the DRM device, without cores yet
 * @dev: platform device of the first core
 * @driver: DRM driver
 * @soc: constants of the SoC
 * @per_file: true to isolate files of one process from each other, too
 *
 * Return: the device, owned by @dev (devm), or an ERR_PTR.
 */
struct rknpu_device *rknpu_device_create(struct device *dev, const struct drm_driver *driver,
					 const struct rknpu_soc *soc, bool per_file)
{
	struct rknpu_device *rdev = devm_drm_dev_alloc(dev, driver, struct rknpu_device, drm);
	int ret;

	if (IS_ERR(rdev))
		return rdev;
	rknpu_mmap_init(&rdev->drm);
	rdev->soc = soc;
	rdev->translated = rknpu_mmu_translates(dev);
	rknpu_clients_init(&rdev->clients, rdev->translated ? dev : NULL, &rdev->sched.sink,
			   rknpu_entity_free, per_file);
	ret = drmm_add_action_or_reset(&rdev->drm, rknpu_device_release_clients, &rdev->clients);
	if (!ret)
		ret = rknpu_device_add_dma_dev(rdev);
	if (!ret)
		ret = rknpu_device_add_sram(rdev, dev);
	return ret ? ERR_PTR(ret) : rdev;
}

/**
 * rknpu_device_first_core() - get the core that represents all of them
 * @rdev: the device; plugged
 *
 * Return: the core with the lowest number.
 */
struct rknpu_core *rknpu_device_first_core(struct rknpu_device *rdev)
{
	unsigned int i;

	for (i = 0; i < RKNPU_MAX_CORES - 1; i++) {
		if (rdev->cores[i])
			break;
	}
	return rdev->cores[i];
}

/* Firmware that is asked for the rate may need the power to be on. */
static int rknpu_device_init_dvfs(struct rknpu_device *rdev)
{
	struct rknpu_power *power = rknpu_device_first_core(rdev)->power;
	int ret = rknpu_power_get(power);

	if (ret)
		return dev_err_probe(power->dev, ret, "cannot power the core\n");
	ret = rknpu_dvfs_init(&rdev->dvfs, power);
	rknpu_power_put(power);
	return ret;
}

/* First register access: checks that there is an NPU and that its reset works. */
static int rknpu_device_check_core(struct rknpu_device *rdev, struct rknpu_core *core)
{
	int ret = rknpu_power_get(core->power);

	if (ret)
		return dev_err_probe(core->dev, ret, "cannot power the core\n");
	ret = rknpu_core_reset(&core, 1);
	if (ret) {
		dev_err_probe(core->dev, ret, "cannot reset the core\n");
		goto put_power;
	}
	rdev->hw_version = rknpu_hw_version(&core->hw);
	if (rdev->hw_version != rdev->soc->version && !rdev->soc->any_version) {
		ret = -ENODEV;
		dev_err_probe(core->dev, ret, "no %s NPU here: its version register reads %#x\n",
			      rdev->soc->name, rdev->hw_version);
	}
put_power:
	rknpu_power_put(core->power);
	return ret;
}

/* Returns the IOMMU of a core; cores of one platform device share one. */
static struct rknpu_mmu *rknpu_device_mmu_of(struct rknpu_device *rdev, unsigned int index)
{
	unsigned int i;

	for (i = 0; i < index; i++) {
		if (rdev->cores[i] && rdev->cores[i]->dev == rdev->cores[index]->dev)
			break;
	}
	return &rdev->mmus[i];
}

static int rknpu_device_start_core(struct rknpu_device *rdev, unsigned int index)
{
	struct rknpu_mmu *mmu = rknpu_device_mmu_of(rdev, index);
	struct rknpu_core *core = rdev->cores[index];
	int ret;

	if (rknpu_mmu_translates(core->dev) != rdev->translated)
		return dev_err_probe(core->dev, -EINVAL, "an IOMMU translates for some cores and not for others\n");
	/* On failure, rknpu_device_stop_cores() releases everything. */
	if (!mmu->group)
		rknpu_mmu_init(mmu, core->dev);
	ret = core->power->dvfs ? 0 : rknpu_power_attach_dvfs(core->power, &rdev->dvfs);
	if (ret)
		return ret;
	ret = rknpu_device_check_core(rdev, core);
	if (ret)
		return ret;
	ret = rknpu_sched_add_core(&rdev->sched, core, mmu);
	return ret ? dev_err_probe(core->dev, ret, "cannot request interrupt %d\n", core->irq) : 0;
}

static void rknpu_device_stop_cores(struct rknpu_device *rdev)
{
	unsigned int i;

	rknpu_sched_stop(&rdev->sched);
	rknpu_sched_fini(&rdev->sched);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (rdev->cores[i])
			rknpu_power_detach_dvfs(rdev->cores[i]->power);
	}
	rknpu_dvfs_fini(&rdev->dvfs);
	for (i = 0; i < RKNPU_MAX_CORES; i++)
		rknpu_mmu_fini(&rdev->mmus[i]);
}

/* Warns once at start, whether or not the NPU is used later. */
static void rknpu_device_warn_untranslated(struct rknpu_device *rdev)
{
	if (rdev->translated)
		return;
	rdev->anybody = rknpu_allow_unsafe_dma;
	if (!rdev->anybody) {
		dev_warn(rdev->drm.dev, "no IOMMU: the NPU can reach all memory, so only CAP_SYS_RAWIO may use it\n");
		return;
	}
	dev_warn(rdev->drm.dev, "no IOMMU: allow_unsafe_dma=1 lets every user of the NPU reach all memory\n");
	add_taint(TAINT_USER, LOCKDEP_STILL_OK);
}

/**
 * rknpu_device_start() - bring up the enabled cores and register with user space
 * @rdev: the device, with rdev->cores filled in
 *
 * Return: 0 on success, or a negative errno, with one message and everything undone.
 */
int rknpu_device_start(struct rknpu_device *rdev)
{
	unsigned int i;
	int ret;

	ret = rknpu_device_init_dvfs(rdev);
	if (ret)
		return ret;
	ret = rknpu_sched_init(&rdev->sched, rdev->soc);
	if (ret)
		return ret;
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (!rdev->cores[i])
			continue;
		ret = rknpu_device_start_core(rdev, i);
		if (ret)
			goto stop_cores;
	}
	rknpu_device_warn_untranslated(rdev);
	rknpu_dvfs_start(&rdev->dvfs);
	ret = drm_dev_register(&rdev->drm, 0);
	if (ret)
		goto stop_dvfs;
	return 0;

stop_dvfs:
	rknpu_dvfs_stop(&rdev->dvfs);
stop_cores:
	rknpu_device_stop_cores(rdev);
	return ret;
}

/**
 * rknpu_device_stop() - take the hardware away from user space
 * @rdev: the device; started
 *
 * Waiting submitters get -ENODEV. Open files stay open; later calls on them get -ENODEV, too.
 */
void rknpu_device_stop(struct rknpu_device *rdev)
{
	drm_dev_unplug(&rdev->drm);
	rknpu_dvfs_stop(&rdev->dvfs);
	rknpu_device_stop_cores(rdev);
}

/**
 * rknpu_device_shutdown() - quiesce the hardware before the machine goes down
 * @rdev: the device; started, may have been shut down before
 *
 * Jobs end with -ENODEV, and no more jobs are started. User space is still running and keeps its files and
 * buffers. Takes no longer than the reset of all cores, because it does not wait for any job.
 */
void rknpu_device_shutdown(struct rknpu_device *rdev)
{
	rknpu_sched_stop(&rdev->sched);
}
