// SPDX-License-Identifier: GPL-2.0-only
/* struct drm_driver has gem_prime_mmap (until 6.5). */
#include <drm/drm_drv.h>
#include <drm/drm_prime.h>

static const struct drm_driver probe __maybe_unused = { .gem_prime_mmap = drm_gem_prime_mmap };
