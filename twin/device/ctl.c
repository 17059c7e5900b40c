// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the control page: guest errors, faults on demand, timing model, counters.
 */
#include "priv.h"

#define STAT_BYTES	(TWIN_CORE_STAT(1) - TWIN_CORE_STAT(0))

static void undecoded(struct twin *twin, uint32_t offset, const char *what)
{
	twin_error(twin, TWIN_ERROR_UNDECODED, TWIN_NO_CORE, TWIN_CTL_ADDR + offset, "control page %s", what);
}

/* The core selected by TWIN_FAULT_CORE, or NULL if there is none with that number */
static struct twin_core *fault_core(struct twin *twin, uint32_t index)
{
	if (index < twin->config.cores)
		return &twin->core[index];
	undecoded(twin, TWIN_FAULT_CORE, "core number");
	return NULL;
}

static uint64_t busy_ns(const struct twin_core *core)
{
	uint64_t running = 0;

	if (core->kick.phase != TWIN_IDLE)
		running = twin_now(core->twin) - core->kick.start_ns;
	return core->stats.busy_ns + running;
}

static uint32_t stat_value(struct twin_core *core, uint32_t stat)
{
	const struct twin_stats *stats = &core->stats;

	switch (stat) {
	case TWIN_STAT_KICKS:
		return stats->kicks;
	case TWIN_STAT_TASKS:
		return stats->tasks;
	case TWIN_STAT_IRQS:
		return stats->irqs;
	case TWIN_STAT_RESETS:
		return stats->resets;
	case TWIN_STAT_FAULTS:
		return stats->faults;
	case TWIN_STAT_ZAP_LINES:
		return stats->zap_lines;
	case TWIN_STAT_ZAP_ALLS:
		return stats->zap_alls;
	case TWIN_STAT_DTE_WRITES:
		return stats->dte_writes;
	case TWIN_STAT_BUSY_NS:
		return busy_ns(core);
	case TWIN_STAT_BUSY_NS + 4:
		return busy_ns(core) >> 32;
	case TWIN_STAT_START_NS:
		return stats->start_ns;
	case TWIN_STAT_START_NS + 4:
		return stats->start_ns >> 32;
	case TWIN_STAT_END_NS:
		return stats->end_ns;
	case TWIN_STAT_END_NS + 4:
		return stats->end_ns >> 32;
	}
	undecoded(core->twin, TWIN_CORE_STAT(core->index) + stat, "counter read");
	return 0;
}

static uint32_t stat_read(struct twin *twin, uint32_t offset)
{
	uint32_t index = (offset - TWIN_CORE_STAT(0)) / STAT_BYTES;
	struct twin_core *core;
	uint32_t value;

	if (offset < TWIN_CORE_STAT(0) || index >= twin->config.cores) {
		undecoded(twin, offset, "read");
		return 0;
	}
	core = &twin->core[index];
	pthread_mutex_lock(&core->lock);
	value = stat_value(core, (offset - TWIN_CORE_STAT(0)) % STAT_BYTES);
	pthread_mutex_unlock(&core->lock);
	return value;
}

static uint32_t fault_left(struct twin *twin)
{
	struct twin_core *core = fault_core(twin, twin->fault_core);

	return core ? core->fault_count : 0;
}

static uint32_t slow_ack_left(struct twin *twin)
{
	struct twin_core *core = fault_core(twin, twin->fault_core);

	return core ? core->slow_ack_ms : 0;
}

uint32_t twin_ctl_read(struct twin *twin, uint32_t offset, unsigned int bytes)
{
	if (!twin_access_is_word(twin, TWIN_NO_CORE, TWIN_CTL_ADDR + offset, bytes))
		return 0;
	switch (offset) {
	case TWIN_ID:
		return TWIN_ID_VALUE;
	case TWIN_CORES:
		return twin->config.cores;
	case TWIN_ASYNC:
		return twin->ops.work_start ? 1 : 0;
	case TWIN_COMPUTING:
		return atomic_load(&twin->working);
	case TWIN_ERROR_COUNT:
		return twin->errors;
	case TWIN_ERROR_LAST:
		return twin->error_last;
	case TWIN_ERROR_UNACKED:
		return twin_error_unacked(twin);
	case TWIN_FAULT_CORE:
		return twin->fault_core;
	case TWIN_FAULT_KIND:
		return twin->fault_kind;
	case TWIN_FAULT_PARAM:
		return twin->fault_param;
	case TWIN_FAULT_COUNT:
		return fault_left(twin);
	case TWIN_SLOW_ACK_MS:
		return slow_ack_left(twin);
	case TWIN_CLOCK_MHZ:
		return twin->clock_mhz;
	case TWIN_MACS_PER_CYCLE:
		return twin->macs_per_cycle;
	case TWIN_BYTES_PER_CYCLE:
		return twin->bytes_per_cycle;
	case TWIN_TASK_OVERHEAD_NS:
		return twin->task_overhead_ns;
	case TWIN_ERROR_ACK:
	case TWIN_SPURIOUS:
		return 0;
	}
	if (offset >= TWIN_ISLAND && offset <= TWIN_MILLIDEGREES)
		return twin_island_ctl_read(twin, offset);
	return stat_read(twin, offset);
}

static void arm_fault(struct twin *twin, uint32_t count)
{
	struct twin_core *core = fault_core(twin, twin->fault_core);

	if (!core)
		return;
	pthread_mutex_lock(&core->lock);
	core->fault_kind = twin->fault_kind;
	core->fault_param = twin->fault_param;
	core->fault_count = count;
	pthread_mutex_unlock(&core->lock);
}

static void arm_slow_ack(struct twin *twin, uint32_t ms)
{
	struct twin_core *core = fault_core(twin, twin->fault_core);

	if (!core || !twin->ops.pause)
		return;
	pthread_mutex_lock(&core->lock);
	core->slow_ack_ms = ms;
	pthread_mutex_unlock(&core->lock);
}

static void spurious(struct twin *twin, uint32_t index)
{
	struct twin_core *core = fault_core(twin, index);

	if (!core)
		return;
	pthread_mutex_lock(&core->lock);
	/* Without power there is nothing that could have happened, or that would still be known when the power is back. */
	if (!core->unpowered) {
		twin_core_raise(core, twin->fault_param);
		twin_core_settle(core);
	}
	pthread_mutex_unlock(&core->lock);
}

static void release(struct twin *twin, uint32_t index)
{
	struct twin_core *core = fault_core(twin, index);

	if (!core)
		return;
	pthread_mutex_lock(&core->lock);
	twin_kick_release(core);
	twin_core_settle(core);
	pthread_mutex_unlock(&core->lock);
}

static void set_rate(struct twin *twin, uint32_t offset, uint32_t *rate, uint32_t value)
{
	if (value)
		*rate = value;
	else
		undecoded(twin, offset, "write of 0");
}

void twin_ctl_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes)
{
	if (!twin_access_is_word(twin, TWIN_NO_CORE, TWIN_CTL_ADDR + offset, bytes))
		return;
	switch (offset) {
	case TWIN_ERROR_ACK:
		twin_error_ack(twin, value);
		break;
	case TWIN_FAULT_CORE:
		twin->fault_core = value;
		break;
	case TWIN_FAULT_KIND:
		twin->fault_kind = value;
		break;
	case TWIN_FAULT_PARAM:
		twin->fault_param = value;
		break;
	case TWIN_FAULT_COUNT:
		arm_fault(twin, value);
		break;
	case TWIN_SPURIOUS:
		spurious(twin, value);
		break;
	case TWIN_RELEASE:
		release(twin, value);
		break;
	case TWIN_SLOW_ACK_MS:
		arm_slow_ack(twin, value);
		break;
	case TWIN_CLOCK_MHZ:
		set_rate(twin, offset, &twin->clock_mhz, value);
		break;
	case TWIN_MACS_PER_CYCLE:
		twin->macs_per_cycle = value ? value : twin_macs_usual(twin);
		break;
	case TWIN_BYTES_PER_CYCLE:
		set_rate(twin, offset, &twin->bytes_per_cycle, value);
		break;
	case TWIN_TASK_OVERHEAD_NS:
		twin->task_overhead_ns = value;
		break;
	case TWIN_REFUSE_RATE:
		twin->island.refuse_rate = value;
		break;
	case TWIN_REFUSE_POWER:
		twin->island.refuse_power = value;
		break;
	case TWIN_MILLIDEGREES:
		twin->island.millidegrees = value;
		break;
	default:
		undecoded(twin, offset, "write");
	}
}
