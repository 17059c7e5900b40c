// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: what power, clocks and supplies do to the NPU, and its general register file. Whatever
 * hangs or harms a board is a guest error.
 */
#include <stdlib.h>
#include <string.h>

#include "priv.h"

/* What memories are read with after power-on: as for the lowest voltage [guess] */
#define MARGIN_RESET	4
#define BOOT_MILLIDEGREES 40000

const struct twin_region *twin_island_regions(const struct twin_soc *soc)
{
	return soc->island->regions;
}

/* No more than this comes from outside the island. */
uint64_t twin_island_parked_hz(struct twin *twin)
{
	return twin->soc->island->rate[0].hz;
}

static uint32_t voltage_for(struct twin *twin, uint64_t hz)
{
	const struct twin_island_soc *soc = twin->soc->island;
	unsigned int i;

	for (i = 0; i < soc->rates - 1 && soc->rate[i].hz < hz; i++)
		;
	return soc->rate[i].uv;
}

static unsigned int margin_for(uint32_t uv)
{
	if (uv >= 855000)
		return 1;
	if (uv >= 765000)
		return 2;
	if (uv >= 675000)
		return 3;
	return 4;
}

uint32_t twin_island_masked(uint32_t old, uint32_t value)
{
	uint32_t mask = value >> 16;

	return (old & ~mask) | (value & mask);
}

/* ---- Cores ---- */

/* Whether an access to what is inside a domain gets there */
bool twin_island_reaches(struct twin *twin, unsigned int domain)
{
	for (; domain != TWIN_NO_DOMAIN; domain = twin->soc->island->domain[domain].inside)
		if (!twin_pmu_is_on(twin, domain) || twin->island.domain[domain].idle)
			return false;
	return true;
}

/* Of the domains that a core needs: whether all of them are reached, or are on at least */
static bool core_has(struct twin *twin, unsigned int core, bool (*has)(struct twin *twin, unsigned int domain))
{
	const struct twin_island_soc *soc = twin->soc->island;
	unsigned int i;

	for (i = 0; i < soc->domains; i++)
		if (soc->core_domains[core] & 1u << i && !has(twin, i))
			return false;
	return true;
}

static bool is_on_inside(struct twin *twin, unsigned int domain)
{
	for (; domain != TWIN_NO_DOMAIN; domain = twin->soc->island->domain[domain].inside)
		if (!twin_pmu_is_on(twin, domain))
			return false;
	return true;
}

bool twin_island_core_busy(struct twin *twin, unsigned int index)
{
	struct twin_core *core = &twin->core[index];
	bool busy;

	if (index >= twin->config.cores)
		return false;
	pthread_mutex_lock(&core->lock);
	busy = core->kick.phase != TWIN_IDLE;
	pthread_mutex_unlock(&core->lock);
	return busy;
}

static void settle_core(struct twin *twin, struct twin_core *core)
{
	const struct twin_island_soc *soc = twin->soc->island;
	bool unpowered = !core_has(twin, core->index, twin_island_reaches);
	bool unclocked = !twin_cru_core_clocked(twin, core->index);

	if (unpowered == core->unpowered && unclocked == core->unclocked)
		return;
	pthread_mutex_lock(&core->lock);
	if (core->kick.phase != TWIN_IDLE && unpowered)
		twin_error(twin, TWIN_ERROR_UNPOWERED, core->index, soc->pmu_addr, "power off while a kick runs");
	if (core->kick.phase != TWIN_IDLE && unclocked)
		twin_error(twin, TWIN_ERROR_UNCLOCKED, core->index, soc->cru_addr, "clock off while a kick runs");
	if (!core_has(twin, core->index, is_on_inside))
		twin_core_clear(core);
	if (core->unpowered && !unpowered)
		core->settled_ns = twin_now(twin) + soc->settle_ns;
	core->unpowered = unpowered;
	core->unclocked = unclocked;
	twin_core_settle(core);
	pthread_mutex_unlock(&core->lock);
}

void twin_island_settle(struct twin *twin)
{
	unsigned int i;

	if (!twin->config.island)
		return;
	for (i = 0; i < twin->config.cores; i++)
		settle_core(twin, &twin->core[i]);
	if (!twin_pmu_is_on(twin, twin->soc->island->clock_domain))
		for (i = 0; i < RKNPU_GRF_MARGINS; i++)
			twin->island.grf[i] = MARGIN_RESET << 2;
}

/* ---- Rate, voltage, read margin ---- */

/* All three registers alike, or 0 */
unsigned int twin_island_margin(struct twin *twin)
{
	unsigned int margin = TWIN_FIELD(RKNPU_GRF_MARGIN_MASK, twin->island.grf[0]);
	unsigned int i;

	for (i = 1; i < RKNPU_GRF_MARGINS; i++)
		if (TWIN_FIELD(RKNPU_GRF_MARGIN_MASK, twin->island.grf[i]) != margin)
			return 0;
	return margin;
}

void twin_island_check_voltage(struct twin *twin, uint64_t hz, const char *when)
{
	const struct twin_island_soc *soc = twin->soc->island;
	const struct twin_pwm *pwm = twin->island.pwm;
	uint32_t uv = voltage_for(twin, hz);
	unsigned int i;

	if (uv && uv < soc->cold_uv && (int32_t)twin->island.millidegrees < soc->cold_millidegrees)
		uv = soc->cold_uv;
	for (i = 0; i < soc->supplies; i++)
		if (pwm[i].uv < uv)
			twin_error(twin, TWIN_ERROR_RATE, TWIN_NO_CORE, hz, "%s: %u uV of supply %u where %u are needed",
				   when, pwm[i].uv, i, uv);
}

/* Going down, the margin is already that of the voltage to come [seen: vendor driver 0.9.8]. */
void twin_island_check_rate(struct twin *twin, uint64_t hz, const char *when)
{
	unsigned int margin = twin_island_margin(twin);
	uint32_t uv = twin->island.pwm[1].uv;

	if (hz <= twin_island_parked_hz(twin))
		return;
	twin_island_check_voltage(twin, hz, when);
	if (!twin->soc->island->grf_addr)
		return;
	if (margin != margin_for(uv) && (hz >= twin->island.rate_hz || margin != margin_for(voltage_for(twin, hz))))
		twin_error(twin, TWIN_ERROR_RATE, TWIN_NO_CORE, hz, "%s: read margin %u at %u uV", when, margin, uv);
}

void twin_island_check_start(struct twin_core *core)
{
	struct twin *twin = core->twin;

	if (!twin->config.island || twin->island.rate_hz <= twin_island_parked_hz(twin))
		return;
	twin_island_check_voltage(twin, twin->island.rate_hz, "start");
	if (!twin->soc->island->grf_addr)
		return;
	/* While the voltage is on its way, the rate is the lower one on either side, and its own margin is slow enough for it. */
	if (twin_island_margin(twin) != margin_for(twin->island.pwm[1].uv) &&
	    twin_island_margin(twin) != margin_for(voltage_for(twin, twin->island.rate_hz)))
		twin_error(twin, TWIN_ERROR_RATE, core->index, twin->soc->island->grf_addr,
			   "start: read margin %u at %u uV", twin_island_margin(twin), twin->island.pwm[1].uv);
}

/* ---- General register file ---- */

static bool grf_answers(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return false;
	if (!twin_island_reaches(twin, twin->soc->island->clock_domain))
		twin_error(twin, TWIN_ERROR_UNPOWERED, TWIN_NO_CORE, addr, "NPU GRF without power");
	else if (!twin_cru_grf_clocked(twin))
		twin_error(twin, TWIN_ERROR_UNCLOCKED, TWIN_NO_CORE, addr, "NPU GRF without clock");
	else
		return true;
	return false;
}

uint32_t twin_grf_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	return grf_answers(twin, addr, bytes) ? twin->island.grf[(addr - twin->soc->island->grf_addr) / 4] : 0;
}

void twin_grf_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	if (grf_answers(twin, addr, bytes))
		twin->island.grf[(addr - twin->soc->island->grf_addr) / 4] = value;
}

/* ---- Control page ---- */

static uint64_t on_ns(struct twin *twin)
{
	const struct twin_domain *top = &twin->island.domain[twin->soc->island->clock_domain];

	return twin->island.on_ns + (top->on ? twin_now(twin) - top->since_ns : 0);
}

static uint32_t domains(struct twin *twin)
{
	uint32_t on = 0;
	unsigned int i;

	for (i = 0; i < twin->soc->island->domains; i++)
		on |= (uint32_t)twin_pmu_is_on(twin, i) << i;
	return on;
}

uint32_t twin_island_ctl_read(struct twin *twin, uint32_t offset)
{
	const struct twin_island *island = &twin->island;

	switch (offset) {
	case TWIN_ISLAND:
		return twin->config.island;
	case TWIN_NPU_UV:
		return island->pwm[0].uv;
	case TWIN_MEM_UV:
		return island->pwm[1].uv;
	case TWIN_MARGIN:
		return twin_island_margin(twin);
	case TWIN_DOMAINS:
		return domains(twin);
	case TWIN_REFUSE_RATE:
		return island->refuse_rate;
	case TWIN_REFUSE_POWER:
		return island->refuse_power;
	case TWIN_RATE_CALLS:
		return island->rate_calls;
	case TWIN_ON_NS:
		return on_ns(twin);
	case TWIN_ON_NS + 4:
		return on_ns(twin) >> 32;
	case TWIN_MILLIDEGREES:
		return island->millidegrees;
	}
	twin_error(twin, TWIN_ERROR_UNDECODED, TWIN_NO_CORE, TWIN_CTL_ADDR + offset, "control page read");
	return 0;
}

/* ---- Life ---- */

bool twin_island_create(struct twin *twin)
{
	if (!twin->config.island)
		return true;
	twin->island.cru = calloc(1, twin->soc->island->cru_bytes);
	return twin->island.cru;
}

void twin_island_destroy(struct twin *twin)
{
	free(twin->island.cru);
}

void twin_island_power_on(struct twin *twin)
{
	struct twin_island *island = &twin->island;
	uint32_t *cru = island->cru;

	if (!twin->config.island)
		return;
	memset(island, 0, sizeof(*island));
	island->cru = cru;
	memset(cru, 0, twin->soc->island->cru_bytes);
	island->rate_hz = twin_island_parked_hz(twin);
	island->millidegrees = BOOT_MILLIDEGREES;
	twin->clock_mhz = island->rate_hz / 1000000;
	twin_cru_power_on(twin);
	twin_pmu_power_on(twin);
	twin_pwm_power_on(twin);
	twin_scmi_power_on(twin);
	twin_island_settle(twin);
}
