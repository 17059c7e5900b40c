// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the power controller, as far as the NPU's domains are concerned, and the registers of bus
 * priority that lose their contents with the power. Everything takes its time: a driver that does
 * not wait for the status finds a core without power.
 */
#include "priv.h"

#define QOS_BYTES	0x20

#define POWER_NS	20000
#define IDLE_NS		1000

static uint64_t pwr_addr(struct twin *twin)
{
	return twin->soc->island->pmu_addr + twin->soc->island->pmu.pwr;
}

static bool is_done(struct twin *twin, uint64_t since_ns, uint64_t takes_ns)
{
	return twin_now(twin) - since_ns >= takes_ns;
}

bool twin_pmu_is_on(struct twin *twin, unsigned int index)
{
	const struct twin_domain *domain = &twin->island.domain[index];

	return domain->on && is_done(twin, domain->since_ns, POWER_NS);
}

/* ---- Power ---- */

static const char *why_not_off(struct twin *twin, unsigned int index)
{
	const struct twin_island_soc *soc = twin->soc->island;
	struct twin_island *island = &twin->island;
	unsigned int i;

	if (soc->domain[index].req && !island->domain[index].idle)
		return "its bus is not idle";
	for (i = 0; i < soc->domains; i++)
		if (soc->domain[i].inside == index && island->domain[i].on)
			return "a domain inside is on";
	if (index == soc->clock_domain && island->rate_hz > twin_island_parked_hz(twin))
		return "the compute clock comes from it";
	for (i = 0; i < twin->config.cores; i++)
		if (soc->core_domains[i] & 1u << index && twin_island_core_busy(twin, i))
			return "a core of it runs";
	return NULL;
}

static void check_cut(struct twin *twin, unsigned int index)
{
	const char *why = why_not_off(twin, index);

	if (why)
		twin_error(twin, TWIN_ERROR_DOMAIN, TWIN_NO_CORE, pwr_addr(twin), "domain %u cut while %s", index, why);
}

static void check_on(struct twin *twin, unsigned int index)
{
	const struct twin_island_soc *soc = twin->soc->island;
	unsigned int outer = soc->domain[index].inside;
	unsigned int i;

	if (outer != TWIN_NO_DOMAIN && !twin_pmu_is_on(twin, outer))
		twin_error(twin, TWIN_ERROR_DOMAIN, TWIN_NO_CORE, pwr_addr(twin),
			   "domain %u on inside one that is off", index);
	for (i = 0; i < soc->supplies; i++)
		if (!twin->island.pwm[i].uv)
			twin_error(twin, TWIN_ERROR_DOMAIN, TWIN_NO_CORE, pwr_addr(twin),
				   "domain %u on without a supply", index);
}

static void switch_domain(struct twin *twin, unsigned int index, bool on)
{
	struct twin_domain *domain = &twin->island.domain[index];

	if (domain->on == on || (on && twin->island.refuse_power & 1u << index))
		return;
	if (on)
		check_on(twin, index);
	else
		check_cut(twin, index);
	if (!on && index == twin->soc->island->clock_domain)
		twin->island.on_ns += twin_now(twin) - domain->since_ns;
	domain->on = on;
	domain->since_ns = twin_now(twin);
}

static void set_power(struct twin *twin, bool second, uint32_t value)
{
	const struct twin_island_soc *soc = twin->soc->island;
	uint32_t pwr = twin_island_masked(twin->island.pmu_pwr[second], value);
	unsigned int i;

	twin->island.pmu_pwr[second] = pwr;
	/* Outer ones first, as for one written at once */
	for (i = 0; i < soc->domains; i++)
		if (soc->domain[i].second == second && value >> 16 & soc->domain[i].pwr)
			switch_domain(twin, i, !(pwr & soc->domain[i].pwr));
}

static void set_idle(struct twin *twin, uint32_t value)
{
	const struct twin_island_soc *soc = twin->soc->island;
	unsigned int i;

	for (i = 0; i < soc->domains; i++) {
		struct twin_domain *domain = &twin->island.domain[i];
		uint32_t req = soc->domain[i].req;

		if (!(value >> 16 & req) || domain->idle == !!(value & req))
			continue;
		domain->idle = value & req;
		domain->idle_ns = twin_now(twin);
	}
}

static void set_mem_power(struct twin *twin, bool second, uint32_t value)
{
	const struct twin_island_soc *soc = twin->soc->island;
	unsigned int i;

	for (i = 0; i < soc->domains; i++)
		if (soc->domain[i].second == second && value >> 16 & soc->domain[i].pwr)
			twin->island.domain[i].mem_off = value & soc->domain[i].pwr;
}

static uint32_t idle_status(struct twin *twin)
{
	const struct twin_island_soc *soc = twin->soc->island;
	uint32_t value = 0;
	unsigned int i;

	for (i = 0; i < soc->domains; i++) {
		const struct twin_domain *domain = &twin->island.domain[i];

		if (domain->idle == is_done(twin, domain->idle_ns, IDLE_NS))
			value |= soc->domain[i].req;
	}
	return value;
}

/* The mask that a domain contributes to a status register; registers that the SoC lacks are never asked for. */
static uint32_t status_of(struct twin *twin, unsigned int index, uint32_t offset)
{
	const struct twin_island_soc *soc = twin->soc->island;
	const struct twin_domain_bits *bits = &soc->domain[index];
	bool on = twin_pmu_is_on(twin, index);

	if (offset == soc->pmu.status)
		return on ? 0 : bits->status;
	if (offset == soc->pmu.repair_status)
		return on ? bits->repair : 0;
	if (offset == soc->pmu.chain_status)
		return on ? bits->mem : 0;
	if (offset == soc->pmu.mem_status)
		return twin->island.domain[index].mem_off ? bits->mem : 0;
	return 0;
}

uint32_t twin_pmu_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	const struct twin_island_soc *soc = twin->soc->island;
	uint32_t offset = addr - soc->pmu_addr;
	uint32_t value = 0;
	unsigned int i;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return 0;
	twin_island_settle(twin);
	if (offset == soc->pmu.pwr || offset == soc->pmu.pwr + 4)
		return twin->island.pmu_pwr[offset != soc->pmu.pwr];
	if (offset == soc->pmu.ack || offset == soc->pmu.idle)
		return idle_status(twin);
	/* Of other units' domains all is on and untouched. */
	for (i = 0; i < soc->domains; i++)
		value |= status_of(twin, i, offset);
	return value;
}

void twin_pmu_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	const struct twin_pmu_layout *pmu = &twin->soc->island->pmu;
	uint32_t offset = addr - twin->soc->island->pmu_addr;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return;
	if (offset == pmu->pwr || offset == pmu->pwr + 4)
		set_power(twin, offset != pmu->pwr, value);
	else if (offset == pmu->req)
		set_idle(twin, value);
	else if (pmu->mem_pwr && (offset == pmu->mem_pwr || offset == pmu->mem_pwr + 4))
		set_mem_power(twin, offset != pmu->mem_pwr, value);
	twin_island_settle(twin);
}

/* ---- Bus priority ---- */

static uint32_t *find_qos(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	const struct twin_island_soc *soc = twin->soc->island;
	uint32_t offset = addr - soc->noc_addr;
	unsigned int i;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return NULL;
	for (i = 0; i < soc->qos_blocks; i++) {
		if (offset - soc->qos[i].offset >= QOS_BYTES)
			continue;
		if (twin_island_reaches(twin, soc->qos[i].domain))
			return &twin->island.qos[i][(offset - soc->qos[i].offset) / 4];
		twin_error(twin, TWIN_ERROR_UNPOWERED, TWIN_NO_CORE, addr, "bus priority without power");
		return NULL;
	}
	twin_error(twin, TWIN_ERROR_UNDECODED, TWIN_NO_CORE, addr, "bus priority");
	return NULL;
}

uint32_t twin_noc_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	uint32_t *reg = find_qos(twin, addr, bytes);

	return reg ? *reg : 0;
}

void twin_noc_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	uint32_t *reg = find_qos(twin, addr, bytes);

	if (reg)
		*reg = value;
}

void twin_pmu_power_on(struct twin *twin)
{
	const struct twin_island_soc *soc = twin->soc->island;
	unsigned int i;

	for (i = 0; i < soc->domains; i++)
		twin->island.pmu_pwr[soc->domain[i].second] |= soc->domain[i].pwr;
}
