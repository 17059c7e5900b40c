// SPDX-License-Identifier: GPL-2.0-only
/* Compiles with every kernel: if it does not, the results of the other probes mean nothing. */
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/platform_device.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_prime.h>

static int __maybe_unused probe(struct drm_device *drm, struct platform_device *pdev)
{
	return drm->dev == &pdev->dev;
}
