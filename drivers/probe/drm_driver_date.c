// SPDX-License-Identifier: GPL-2.0-only
/* struct drm_driver has a date (until 6.13). */
#include <drm/drm_drv.h>

static const struct drm_driver probe __maybe_unused = { .date = "20240828" };
