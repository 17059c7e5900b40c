// SPDX-License-Identifier: GPL-2.0-only
/* platform_driver.remove returns nothing (6.11). */
#include <linux/platform_device.h>

static void probe_remove(struct platform_device *pdev)
{
}

static const struct platform_driver probe __maybe_unused = { .remove = probe_remove };
