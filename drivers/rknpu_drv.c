// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The wiring: platform driver, DRM driver, module. The vendor's device tree has
 * one node for all cores. Mainline's has one node for each core; there the kernel's
 * component framework waits until all enabled cores have probed and combines them into
 * one NPU, with the first core as its head.
 */
#include <linux/component.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/of.h>
#include <linux/of_address.h>
#include <linux/of_platform.h>
#include <linux/platform_device.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_prime.h>

#include "rknpu_compat.h"
#include "rknpu_core.h"
#include "rknpu_debugfs.h"
#include "rknpu_device.h"
#include "rknpu_drm.h"
#include "rknpu_dump.h"
#include "rknpu_entry.h"
#include "rknpu_fdinfo.h"
#include "rknpu_file.h"
#include "rknpu_gem.h"
#include "rknpu_ioctl.h"
#include "rknpu_misc.h"
#include "rknpu_mmap.h"
#include "rknpu_power.h"
#include "rknpu_prime.h"
#include "rknpu_soc.h"
#include "rknpu_stats.h"

enum rknpu_isolation {
	RKNPU_ISOLATION_PROCESS,
	RKNPU_ISOLATION_FILE,
};

static const char * const rknpu_isolation_names[] = {
	[RKNPU_ISOLATION_PROCESS] = "process",
	[RKNPU_ISOLATION_FILE] = "file",
};

static enum rknpu_isolation rknpu_isolation;

/* A misspelt word must not select the weaker mode: refuse to load instead. */
static int rknpu_drv_isolation_set(const char *value, const struct kernel_param *kp)
{
	int mode = sysfs_match_string(rknpu_isolation_names, value);

	if (mode < 0) {
		pr_err("rknpu: isolation=%s: neither process nor file\n", value);
		return mode;
	}
	rknpu_isolation = mode;
	return 0;
}

static int rknpu_drv_isolation_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", rknpu_isolation_names[rknpu_isolation]);
}

static const struct kernel_param_ops rknpu_isolation_ops = {
	.set = rknpu_drv_isolation_set,
	.get = rknpu_drv_isolation_get,
};
module_param_cb(isolation, &rknpu_isolation_ops, NULL, 0444);
MODULE_PARM_DESC(isolation, "What shares NPU address spaces: process (default) or file");

static bool rknpu_claim_rknn_core = true;
module_param_named(claim_rknn_core, rknpu_claim_rknn_core, bool, 0444);
MODULE_PARM_DESC(claim_rknn_core, "Take the nodes of mainline's binding (default: yes); no leaves them to the rocket driver");

/*
 * Held while an NPU starts or stops. Unbinding or shutting down any one of its devices
 * stops it, and each of these holds only its own device's lock.
 */
static DEFINE_MUTEX(rknpu_drv_lock);

/**
 * struct rknpu_node - one bound platform device
 * @power: its power. First member, because power management uses the same driver data.
 * @cores: its cores.
 * @rdev: the NPU that the cores belong to, while it is up. rknpu_drv_lock.
 * @stats: in the head's node its sysfs directory, or NULL. rknpu_drv_lock.
 * @debugfs: in the head's node its debugfs files, or NULL. rknpu_drv_lock.
 * @dump: in the head's node its dumps of failed jobs, or NULL. rknpu_drv_lock.
 */
struct rknpu_node {
	struct rknpu_power power;
	struct rknpu_core cores[RKNPU_MAX_CORES];
	struct rknpu_device *rdev;
	struct rknpu_stats *stats;
	struct rknpu_debugfs *debugfs;
	struct rknpu_dump *dump;
};

static_assert(!offsetof(struct rknpu_node, power));

static struct drm_gem_object *rknpu_drv_prime_import(struct drm_device *drm, struct dma_buf *buf)
{
	return rknpu_prime_import(drm, buf, to_rknpu_device(drm)->dma_dev);
}

static const struct drm_ioctl_desc rknpu_drv_ioctls[] = {
	DRM_IOCTL_DEF_DRV(RKNPU_ACTION, rknpu_ioctl_action, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(RKNPU_SUBMIT, rknpu_ioctl_submit, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(RKNPU_MEM_CREATE, rknpu_ioctl_mem_create, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(RKNPU_MEM_MAP, rknpu_ioctl_mem_map, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(RKNPU_MEM_DESTROY, rknpu_ioctl_mem_destroy, DRM_RENDER_ALLOW),
	DRM_IOCTL_DEF_DRV(RKNPU_MEM_SYNC, rknpu_ioctl_mem_sync, DRM_RENDER_ALLOW),
};

static const struct file_operations rknpu_drv_fops = {
	.owner = THIS_MODULE,
	.open = drm_open,
	.release = drm_release,
	.unlocked_ioctl = rknpu_entry_ioctl,
	.compat_ioctl = drm_compat_ioctl,
	.poll = drm_poll,
	.read = drm_read,
	.llseek = noop_llseek,
	.mmap = rknpu_mmap_file,
	.get_unmapped_area = thp_get_unmapped_area,
	.show_fdinfo = rknpu_fdinfo_show,
	RKNPU_FOP_FLAGS
};

/* Name and version are those of the vendor driver: programs look for them. */
static const struct drm_driver rknpu_drv_drm = {
	.driver_features = DRIVER_GEM | DRIVER_RENDER | DRIVER_SYNCOBJ,
	.name = "rknpu",
	.desc = "RKNPU driver",
	.major = 0,
	.minor = 9,
	.patchlevel = 8,
	.fops = &rknpu_drv_fops,
	.open = rknpu_file_open,
	.postclose = rknpu_file_postclose,
	.ioctls = rknpu_drv_ioctls,
	.num_ioctls = ARRAY_SIZE(rknpu_drv_ioctls),
	.gem_create_object = rknpu_gem_create_object,
	.gem_prime_import = rknpu_drv_prime_import,
	.gem_prime_import_sg_table = rknpu_prime_import_sg_table,
	RKNPU_DRM_DATE RKNPU_DRM_PRIME
};

static const struct of_device_id rknpu_drv_of_match[] = {
	{ .compatible = "rockchip,rk3588-rknn-core", .data = &rknpu_binding_rk3588_cores },
	{ .compatible = "rockchip,rk3588-rknpu", .data = &rknpu_binding_rk3588_whole },
	{ .compatible = "rockchip,rk3576-rknpu", .data = &rknpu_binding_rk3576 },
	{ .compatible = "rockchip,rk3568-rknpu", .data = &rknpu_binding_rk356x },
	{ .compatible = "rockchip,rknpu", .data = &rknpu_binding_rk356x },
	{ .compatible = "rockchip,rk3562-rknpu", .data = &rknpu_binding_rk3562 },
	{ .compatible = "rockchip,rv1106-rknpu", .data = &rknpu_binding_rv1106 },
	{ .compatible = "rockchip,rv1126b-rknpu", .data = &rknpu_binding_rv1126b },
	{}
};
MODULE_DEVICE_TABLE(of, rknpu_drv_of_match);

static void rknpu_drv_give_cores(struct rknpu_device *rdev, struct rknpu_node *node)
{
	unsigned int i;

	for (i = 0; i < node->power.num_cores; i++)
		rdev->cores[node->cores[i].hw.index] = &node->cores[i];
}

static int rknpu_drv_component_bind(struct device *dev, struct device *head, void *data)
{
	rknpu_drv_give_cores(data, dev_get_drvdata(dev));
	return 0;
}

static void rknpu_drv_component_unbind(struct device *dev, struct device *head, void *data)
{
	/* Nothing to do: the head has released all cores before. */
}

static const struct component_ops rknpu_drv_component_ops = {
	.bind = rknpu_drv_component_bind,
	.unbind = rknpu_drv_component_unbind,
};

static struct rknpu_device *rknpu_drv_create(struct device *dev)
{
	struct rknpu_node *node = dev_get_drvdata(dev);
	struct rknpu_device *rdev;

	rdev = rknpu_device_create(dev, &rknpu_drv_drm, node->power.soc,
				   rknpu_isolation == RKNPU_ISOLATION_FILE);
	if (!IS_ERR(rdev))
		rknpu_drv_give_cores(rdev, node);
	return rdev;
}

/* Records in the node of every core which NPU it belongs to. */
static void rknpu_drv_set_rdev_locked(struct rknpu_device *rdev, struct rknpu_device *value)
{
	struct rknpu_node *node;
	unsigned int i;

	lockdep_assert_held(&rknpu_drv_lock);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (!rdev->cores[i])
			continue;
		node = dev_get_drvdata(rdev->cores[i]->dev);
		node->rdev = value;
	}
}

/* Interfaces that only report on the NPU, which works without them, too. */
static void rknpu_drv_show_locked(struct rknpu_device *rdev)
{
	struct rknpu_node *head = dev_get_drvdata(rdev->drm.dev);

	lockdep_assert_held(&rknpu_drv_lock);
	head->stats = rknpu_stats_add(rdev);
	head->debugfs = rknpu_debugfs_add(rdev);
	head->dump = rknpu_dump_add(rdev);
}

static void rknpu_drv_hide_locked(struct rknpu_device *rdev)
{
	struct rknpu_node *head = dev_get_drvdata(rdev->drm.dev);

	lockdep_assert_held(&rknpu_drv_lock);
	rknpu_dump_remove(head->dump);
	rknpu_debugfs_remove(head->debugfs);
	rknpu_stats_remove(head->stats);
	head->dump = NULL;
	head->debugfs = NULL;
	head->stats = NULL;
}

static int rknpu_drv_start(struct rknpu_device *rdev)
{
	int ret;

	mutex_lock(&rknpu_drv_lock);
	ret = rknpu_device_start(rdev);
	if (ret)
		goto unlock;
	ret = rknpu_misc_register(rdev);
	if (ret) {
		rknpu_device_stop(rdev);
		goto unlock;
	}
	rknpu_drv_set_rdev_locked(rdev, rdev);
	rknpu_drv_show_locked(rdev);
unlock:
	mutex_unlock(&rknpu_drv_lock);
	return ret;
}

static void rknpu_drv_stop(struct rknpu_device *rdev)
{
	mutex_lock(&rknpu_drv_lock);
	rknpu_drv_hide_locked(rdev);
	rknpu_misc_unregister(rdev);
	rknpu_device_stop(rdev);
	rknpu_drv_set_rdev_locked(rdev, NULL);
	mutex_unlock(&rknpu_drv_lock);
}

static int rknpu_drv_head_bind(struct device *dev)
{
	struct rknpu_device *rdev = rknpu_drv_create(dev);
	int ret;

	if (IS_ERR(rdev))
		return PTR_ERR(rdev);
	ret = component_bind_all(dev, rdev);
	if (ret)
		return ret;
	ret = rknpu_drv_start(rdev);
	if (ret)
		component_unbind_all(dev, rdev);
	return ret;
}

static void rknpu_drv_head_unbind(struct device *dev)
{
	struct rknpu_node *node = dev_get_drvdata(dev);
	struct rknpu_device *rdev = node->rdev;

	rknpu_drv_stop(rdev);
	component_unbind_all(dev, rdev);
}

static const struct component_master_ops rknpu_drv_head_ops = {
	.bind = rknpu_drv_head_bind,
	.unbind = rknpu_drv_head_unbind,
};

/* All cores that the device tree enables belong to this node: there is nothing to wait for. */
static int rknpu_drv_bind_alone(struct device *dev)
{
	struct rknpu_device *rdev = rknpu_drv_create(dev);

	return IS_ERR(rdev) ? PTR_ERR(rdev) : rknpu_drv_start(rdev);
}

/*
 * Finds enabled cores outside this node. Returns true if one of them has a lower address, so this node is
 * not the head.
 */
static bool rknpu_drv_find_siblings(struct rknpu_node *node, struct component_match **match)
{
	const struct rknpu_binding *binding = node->power.binding;
	struct device *dev = node->power.dev;
	struct device_node *np;
	struct resource res;
	bool follower = false;

	if (binding->whole)
		return false;
	for_each_matching_node(np, rknpu_drv_of_match) {
		if (np == dev->of_node || !of_device_is_available(np) || of_address_to_resource(np, 0, &res))
			continue;
		if (res.start < binding->soc->core_base[node->cores[0].hw.index])
			follower = true;
		component_match_add_release(dev, match, component_release_of, component_compare_of,
					    of_node_get(np));
	}
	return follower;
}

static struct rknpu_node *rknpu_drv_init_node(struct platform_device *pdev)
{
	const struct rknpu_binding *binding = device_get_match_data(&pdev->dev);
	struct rknpu_node *node = devm_kzalloc(&pdev->dev, sizeof(*node), GFP_KERNEL);
	unsigned int num;
	int ret;

	if (!node)
		return ERR_PTR(-ENOMEM);
	platform_set_drvdata(pdev, node);
	ret = rknpu_power_init(&node->power, &pdev->dev, binding);
	num = !ret && binding->whole ? node->power.soc->num_cores : 1;
	while (!ret && node->power.num_cores < num) {
		struct rknpu_core *core = &node->cores[node->power.num_cores];

		ret = rknpu_core_init(core, pdev, &node->power, node->power.num_cores);
		if (!ret)
			node->power.cores[node->power.num_cores++] = core;
	}
	return ret ? ERR_PTR(ret) : node;
}

/* Binds the NPU, unless other nodes of it are yet to be probed. */
static int rknpu_drv_add_node(struct rknpu_node *node)
{
	struct device *dev = node->power.dev;
	struct component_match *match = NULL;

	if (rknpu_drv_find_siblings(node, &match))
		return component_add(dev, &rknpu_drv_component_ops);
	if (!match)
		return rknpu_drv_bind_alone(dev);
	return component_master_add_with_match(dev, &rknpu_drv_head_ops, match);
}

static int rknpu_drv_probe(struct platform_device *pdev)
{
	const struct rknpu_binding *binding = device_get_match_data(&pdev->dev);
	struct rknpu_node *node;
	int ret;

	if (!binding->whole && !rknpu_claim_rknn_core)
		return -ENODEV;
	node = rknpu_drv_init_node(pdev);
	if (IS_ERR(node))
		return PTR_ERR(node);
	rknpu_power_enable(&node->power);
	ret = rknpu_drv_add_node(node);
	if (ret)
		rknpu_power_disable(&node->power);
	return ret;
}

static rknpu_remove_t rknpu_drv_remove(struct platform_device *pdev)
{
	struct rknpu_node *node = platform_get_drvdata(pdev);
	struct component_match *match = NULL;

	if (rknpu_drv_find_siblings(node, &match))
		component_del(&pdev->dev, &rknpu_drv_component_ops);
	else if (match)
		component_master_del(&pdev->dev, &rknpu_drv_head_ops);
	else
		rknpu_drv_stop(node->rdev);
	rknpu_power_disable(&node->power);
	return RKNPU_REMOVE_RETURN;
}

/*
 * Poweroff, reboot and kexec. The IOMMUs are suppliers of the cores, so they shut down
 * after them and stop translating: anything that a core still read or wrote would then go
 * to physical memory.
 */
static void rknpu_drv_shutdown(struct platform_device *pdev)
{
	struct rknpu_node *node = platform_get_drvdata(pdev);

	mutex_lock(&rknpu_drv_lock);
	if (node->rdev)
		rknpu_device_shutdown(node->rdev);
	mutex_unlock(&rknpu_drv_lock);
	rknpu_power_shutdown(&node->power);
}

static struct platform_driver rknpu_drv_platform = {
	.probe = rknpu_drv_probe,
	.remove = rknpu_drv_remove,
	.shutdown = rknpu_drv_shutdown,
	.driver = {
		.name = RKNPU_PLATFORM_DRIVER,
		.of_match_table = rknpu_drv_of_match,
		.pm = pm_ptr(&rknpu_power_pm_ops),
	},
};

/* Devices of another driver, which has bound them before, are left alone. */
static void __init rknpu_drv_hold_iommu(struct device_node *np)
{
	struct platform_device *pdev = of_find_device_by_node(np);

	if (!pdev)
		return;
	device_lock(&pdev->dev);
	if (!pdev->dev.driver)
		rknpu_power_hold_iommu(&pdev->dev);
	device_unlock(&pdev->dev);
	platform_device_put(pdev);
}

static int __init rknpu_drv_init(void)
{
	struct device_node *np;

	for_each_matching_node(np, rknpu_drv_of_match)
		rknpu_drv_hold_iommu(np);
	return platform_driver_register(&rknpu_drv_platform);
}
module_init(rknpu_drv_init);

static void __exit rknpu_drv_exit(void)
{
	platform_driver_unregister(&rknpu_drv_platform);
}
module_exit(rknpu_drv_exit);

MODULE_DESCRIPTION("Rockchip NPU driver");
MODULE_AUTHOR("the rknpu authors");
MODULE_LICENSE("GPL");
/* Tools read this from /sys/module/rknpu/version; the driver's own release is below. */
MODULE_VERSION("0.9.8");
MODULE_INFO(release, RKNPU_RELEASE);
