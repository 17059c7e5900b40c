// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the power block: a switch for each core's domain, of the simplest kind that
 * the kernel has a driver for (samsung,exynos5433-pd): a control register and a
 * status register. Everything is on after power-on, for trees without domains. An
 * access to a core without power, which hangs a board, is a guest error.
 */
#include "priv.h"

static struct twin_core *find(struct twin *twin, uint32_t offset, unsigned int bytes, const char *what)
{
	uint32_t index = offset / TWIN_POWER_DOMAIN_BYTES;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, TWIN_POWER_ADDR + offset, bytes))
		return NULL;
	if (index < twin->config.cores && offset % TWIN_POWER_DOMAIN_BYTES <= TWIN_POWER_STATUS)
		return &twin->core[index];
	twin_error(twin, TWIN_ERROR_UNDECODED, TWIN_NO_CORE, TWIN_POWER_ADDR + offset, "power block %s", what);
	return NULL;
}

uint32_t twin_power_read(struct twin *twin, uint32_t offset, unsigned int bytes)
{
	struct twin_core *core = find(twin, offset, bytes, "read");

	/* There is no delay, so both registers have the same value */
	return core && !core->unpowered ? TWIN_POWER_ON : 0;
}

void twin_power_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes)
{
	struct twin_core *core = find(twin, offset, bytes, "write");

	if (!core || offset % TWIN_POWER_DOMAIN_BYTES == TWIN_POWER_STATUS)
		return;
	pthread_mutex_lock(&core->lock);
	if (!(value & TWIN_POWER_ON)) {
		if (core->kick.phase != TWIN_IDLE)
			twin_error(twin, TWIN_ERROR_UNPOWERED, core->index, TWIN_POWER_ADDR + offset,
				   "power off while a kick runs");
		twin_core_clear(core);
	}
	core->unpowered = !(value & TWIN_POWER_ON);
	twin_core_settle(core);
	pthread_mutex_unlock(&core->lock);
}
