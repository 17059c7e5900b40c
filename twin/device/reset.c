// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the reset block and the rules for its lines. Both lines of a core must be
 * asserted together for 32 cycles of the slower clock and be released together
 * [TRM]; only then is the core reset. A core of RK3576 has a single line.
 */
#include "priv.h"

/* 32 cycles at 200 MHz, the rate of NPU clocks at boot [DT] */
#define RESET_MIN_NS		160

static void lines_asserted(struct twin_core *core, uint32_t asserted)
{
	twin_kick_stop(core);
	if (asserted != core->twin->soc->reset_lines || core->lines.asserted == core->twin->soc->reset_lines)
		return;
	core->lines.both = true;
	core->lines.both_ns = twin_now(core->twin);
	twin_core_clear(core);
}

static void lines_released(struct twin_core *core, uint32_t asserted)
{
	struct twin_lines *lines = &core->lines;
	struct twin *twin = core->twin;
	uint64_t now = twin_now(twin);

	if (lines->asserted == twin->soc->reset_lines) {
		lines->release_ns = now;
		if (now - lines->both_ns < RESET_MIN_NS)
			twin_error(twin, TWIN_ERROR_RESET_SHORT, core->index, TWIN_RESET_ADDR,
				   "reset released after %u ns", (unsigned int)(now - lines->both_ns));
	}
	if (asserted)
		return;
	if (!lines->both)
		twin_error(twin, TWIN_ERROR_RESET_ALONE, core->index, TWIN_RESET_ADDR,
			   "the two lines were not asserted together");
	else if (now - lines->release_ns > twin->config.reset_skew_ns)
		twin_error(twin, TWIN_ERROR_RESET_ALONE, core->index, TWIN_RESET_ADDR,
			   "the two lines were released %u us apart",
			   (unsigned int)((now - lines->release_ns) / 1000));
	if (lines->both)
		twin_core_released(core);
	lines->both = false;
}

static void set_lines(struct twin_core *core, uint32_t asserted)
{
	pthread_mutex_lock(&core->lock);
	if (asserted & ~core->lines.asserted)
		lines_asserted(core, asserted);
	if (core->lines.asserted & ~asserted)
		lines_released(core, asserted);
	core->lines.asserted = asserted;
	twin_core_settle(core);
	pthread_mutex_unlock(&core->lock);
}

/* A reset of all cores at once ends hangs that a core's own reset does not [seen: ork-driver notes]. */
static void end_wedges(struct twin *twin)
{
	unsigned int i;

	for (i = 0; i < twin->config.cores; i++)
		if (twin->core[i].lines.asserted != twin->soc->reset_lines)
			return;
	for (i = 0; i < twin->config.cores; i++)
		twin->core[i].wedged = false;
}

void twin_reset_set(struct twin_core *core, uint32_t asserted)
{
	set_lines(core, asserted);
	end_wedges(core->twin);
}

static bool decodes(struct twin *twin, uint32_t offset, unsigned int bytes, const char *what)
{
	if (!twin_access_is_word(twin, TWIN_NO_CORE, TWIN_RESET_ADDR + offset, bytes))
		return false;
	if (offset == 0)
		return true;
	twin_error(twin, TWIN_ERROR_UNDECODED, TWIN_NO_CORE, TWIN_RESET_ADDR + offset, "reset block %s", what);
	return false;
}

uint32_t twin_reset_read(struct twin *twin, uint32_t offset, unsigned int bytes)
{
	uint32_t value = 0;
	unsigned int i;

	if (!decodes(twin, offset, bytes, "read"))
		return 0;
	for (i = 0; i < twin->config.cores; i++)
		value |= twin->core[i].lines.asserted << TWIN_RESET_LINE_A(i);
	return value;
}

void twin_reset_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes)
{
	unsigned int i;

	if (!decodes(twin, offset, bytes, "write"))
		return;
	for (i = 0; i < twin->config.cores; i++)
		set_lines(&twin->core[i], value >> TWIN_RESET_LINE_A(i) & twin->soc->reset_lines);
	end_wedges(twin);
}
