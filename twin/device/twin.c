// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: creation, power-on and destruction of a twin.
 */
#include <stdlib.h>
#include <string.h>

#include "priv.h"

void twin_config_init(struct twin_config *config)
{
	*config = (struct twin_config){
		.soc = twin_soc_find("rk3588"),
		.cores = TWIN_MAX_CORES,
		.fault_retry_ns = 1000 * 1000,
		/* Kernels cannot disable interrupts between the two lines: a reset controller may sleep. */
		.reset_skew_ns = 1000 * 1000,
		.fault_storm = true,
	};
}

struct twin *twin_create(const struct twin_config *config, const struct twin_ops *ops, void *opaque)
{
	struct twin *twin = calloc(1, sizeof(*twin));
	unsigned int i;

	if (!twin)
		return NULL;
	twin->config = *config;
	twin->soc = config->soc;
	twin->timing = config->timing;
	if (!twin->timing)
		twin->timing = config->own_units ? config->soc->own_timing : config->soc->timing;
	twin->ops = *ops;
	twin->opaque = opaque;
	pthread_mutex_init(&twin->error_lock, NULL);
	for (i = 0; i < config->cores; i++) {
		if (!twin_core_create(twin, i)) {
			twin_destroy(twin);
			return NULL;
		}
	}
	if (!twin_island_create(twin)) {
		twin_destroy(twin);
		return NULL;
	}
	twin_power_on(twin);
	return twin;
}

void twin_destroy(struct twin *twin)
{
	unsigned int i;

	for (i = 0; i < TWIN_MAX_CORES; i++)
		twin_core_destroy(&twin->core[i]);
	twin_island_destroy(twin);
	pthread_mutex_destroy(&twin->error_lock);
	free(twin);
}

static void core_power_on(struct twin_core *core)
{
	pthread_mutex_lock(&core->lock);
	twin_core_clear(core);
	memset(&core->lines, 0, sizeof(core->lines));
	memset(&core->stats, 0, sizeof(core->stats));
	core->fault_count = 0;
	core->wedged = false;
	core->unpowered = false;
	core->unclocked = false;
	core->late_raw = 0;
	core->late_ns = TWIN_TIME_NEVER;
	/* The interrupt controller may have been reset too: report the level again */
	core->line_level = true;
	twin_core_settle(core);
	pthread_mutex_unlock(&core->lock);
}

static uint32_t set_or(uint32_t rate, uint32_t of_soc)
{
	return rate ? rate : of_soc;
}

uint32_t twin_macs_usual(const struct twin *twin)
{
	return set_or(twin->config.macs_per_cycle, twin->timing->macs_per_cycle);
}

void twin_power_on(struct twin *twin)
{
	unsigned int i;

	twin->clock_mhz = set_or(twin->config.clock_mhz, twin->timing->clock_mhz);
	twin->macs_per_cycle = twin_macs_usual(twin);
	twin->bytes_per_cycle = set_or(twin->config.bytes_per_cycle, twin->timing->bytes_per_cycle);
	twin->task_overhead_ns = set_or(twin->config.task_overhead_ns, twin->timing->task_overhead_ns);
	twin->fault_core = 0;
	twin->fault_kind = TWIN_FAULT_NONE;
	twin->fault_param = 0;
	memset(twin->qos, 0, sizeof(twin->qos));
	for (i = 0; i < twin->config.cores; i++)
		core_power_on(&twin->core[i]);
	twin_island_power_on(twin);
}

void twin_cancel(struct twin *twin)
{
	unsigned int i;

	for (i = 0; i < twin->config.cores; i++) {
		pthread_mutex_lock(&twin->core[i].lock);
		twin_kick_stop(&twin->core[i]);
		pthread_mutex_unlock(&twin->core[i].lock);
	}
}
