// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the power controller of RK3588, the NPU's four domains of it, and the registers of
 * bus priority that lose what they hold with the power. Everything takes its time: who
 * does not wait for the status meets a core without power. Offsets and bits from the
 * kernel's pm-domains.c.
 */
#include "priv.h"

#define PMU_ADDR	0xfd8d8000
#define PWR		0x14c	/* 1 = off; so are the others of this kind */
#define STATUS		0x180
#define REQ		0x10c	/* 1 = let no access through */
#define ACK		0x118
#define IDLE		0x120
#define MEM_PWR		0x1a0
#define CHAIN_STATUS	0x1f0	/* 1 = on */
#define MEM_STATUS	0x1f8	/* 1 = off */
#define REPAIR_STATUS	0x290	/* 1 = on */

#define NOC_ADDR	0xfdf70000
#define QOS_BYTES	0x20

#define POWER_NS	20000
#define IDLE_NS		1000

/* Bits of a domain in the registers above; 0: it has none */
static const struct {
	uint32_t pwr;
	uint32_t status;
	uint32_t mem;
	uint32_t repair;
	uint32_t req;
} bits[TWIN_DOMAIN_COUNT] = {
	[TWIN_DOMAIN_NPU] = { .pwr = 1u << 1, .status = 1u << 1 },
	[TWIN_DOMAIN_NPUTOP] = { .pwr = 1u << 3, .mem = 1u << 11, .repair = 1u << 2, .req = 1u << 1 },
	[TWIN_DOMAIN_NPU1] = { .pwr = 1u << 4, .mem = 1u << 12, .repair = 1u << 3, .req = 1u << 2 },
	[TWIN_DOMAIN_NPU2] = { .pwr = 1u << 5, .mem = 1u << 13, .repair = 1u << 4, .req = 1u << 3 },
};

/* Blocks of bus priority: where, and in which domain */
static const struct {
	uint32_t offset;
	unsigned int domain;
} qos[TWIN_QOS_BLOCKS] = {
	{ 0x0000, TWIN_DOMAIN_NPU1 },
	{ 0x1000, TWIN_DOMAIN_NPU2 },
	{ 0x2000, TWIN_DOMAIN_NPUTOP },
	{ 0x2200, TWIN_DOMAIN_NPUTOP },
	{ 0x2400, TWIN_DOMAIN_NPUTOP },
};

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

static void check_cut(struct twin *twin, unsigned int index)
{
	struct twin_island *island = &twin->island;
	const char *why = NULL;

	if (bits[index].req && !island->domain[index].idle)
		why = "its bus is not idle";
	else if (index == TWIN_DOMAIN_NPU && island->domain[TWIN_DOMAIN_NPUTOP].on)
		why = "NPUTOP is on";
	else if (index == TWIN_DOMAIN_NPUTOP &&
		 (island->domain[TWIN_DOMAIN_NPU1].on || island->domain[TWIN_DOMAIN_NPU2].on))
		why = "NPU1 or NPU2 is on";
	else if (index == TWIN_DOMAIN_NPUTOP && island->rate_hz > 200000000)
		why = "the compute clock comes from it";
	else if (index != TWIN_DOMAIN_NPU && twin_island_core_busy(twin, index - TWIN_DOMAIN_NPUTOP))
		why = "its core runs";
	if (why)
		twin_error(twin, TWIN_ERROR_DOMAIN, TWIN_NO_CORE, PMU_ADDR + PWR, "domain %u cut while %s", index, why);
}

static void check_on(struct twin *twin, unsigned int index)
{
	const struct twin_island *island = &twin->island;

	if (index != TWIN_DOMAIN_NPU && !twin_pmu_is_on(twin, index == TWIN_DOMAIN_NPUTOP ? TWIN_DOMAIN_NPU : TWIN_DOMAIN_NPUTOP))
		twin_error(twin, TWIN_ERROR_DOMAIN, TWIN_NO_CORE, PMU_ADDR + PWR, "domain %u on inside one that is off", index);
	if (!island->pwm[0].uv || !island->pwm[1].uv)
		twin_error(twin, TWIN_ERROR_DOMAIN, TWIN_NO_CORE, PMU_ADDR + PWR, "domain %u on without a supply", index);
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
	if (!on && index == TWIN_DOMAIN_NPUTOP)
		twin->island.on_ns += twin_now(twin) - domain->since_ns;
	domain->on = on;
	domain->since_ns = twin_now(twin);
}

static void set_power(struct twin *twin, uint32_t value)
{
	uint32_t pwr = twin_island_masked(twin->island.pmu_pwr, value);
	unsigned int i;

	twin->island.pmu_pwr = pwr;
	/* Outer ones first, as for one written at once */
	for (i = 0; i < TWIN_DOMAIN_COUNT; i++)
		if (value >> 16 & bits[i].pwr)
			switch_domain(twin, i, !(pwr & bits[i].pwr));
}

static void set_idle(struct twin *twin, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < TWIN_DOMAIN_COUNT; i++) {
		struct twin_domain *domain = &twin->island.domain[i];

		if (!(value >> 16 & bits[i].req) || domain->idle == !!(value & bits[i].req))
			continue;
		domain->idle = value & bits[i].req;
		domain->idle_ns = twin_now(twin);
	}
}

static void set_mem_power(struct twin *twin, uint32_t value)
{
	unsigned int i;

	for (i = 0; i < TWIN_DOMAIN_COUNT; i++)
		if (value >> 16 & bits[i].pwr)
			twin->island.domain[i].mem_off = value & bits[i].pwr;
}

static uint32_t idle_status(struct twin *twin)
{
	uint32_t value = 0;
	unsigned int i;

	for (i = 0; i < TWIN_DOMAIN_COUNT; i++) {
		const struct twin_domain *domain = &twin->island.domain[i];

		if (domain->idle == is_done(twin, domain->idle_ns, IDLE_NS))
			value |= bits[i].req;
	}
	return value;
}

static uint32_t power_status(struct twin *twin, uint32_t offset)
{
	uint32_t value = 0;
	unsigned int i;

	for (i = 0; i < TWIN_DOMAIN_COUNT; i++) {
		bool on = twin_pmu_is_on(twin, i);

		if (offset == STATUS && !on)
			value |= bits[i].status;
		if ((offset == REPAIR_STATUS && on) || (offset == CHAIN_STATUS && on))
			value |= offset == CHAIN_STATUS ? bits[i].mem : bits[i].repair;
		if (offset == MEM_STATUS && twin->island.domain[i].mem_off)
			value |= bits[i].mem;
	}
	return value;
}

uint32_t twin_pmu_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	uint32_t offset = addr - PMU_ADDR;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return 0;
	twin_island_settle(twin);
	switch (offset) {
	case PWR:
		return twin->island.pmu_pwr;
	case ACK:
	case IDLE:
		return idle_status(twin);
	case STATUS:
	case REPAIR_STATUS:
	case CHAIN_STATUS:
	case MEM_STATUS:
		return power_status(twin, offset);
	}
	/* Domains of others: on and untouched */
	return 0;
}

void twin_pmu_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return;
	switch (addr - PMU_ADDR) {
	case PWR:
		set_power(twin, value);
		break;
	case REQ:
		set_idle(twin, value);
		break;
	case MEM_PWR:
		set_mem_power(twin, value);
		break;
	}
	twin_island_settle(twin);
}

/* ---- Bus priority ---- */

static uint32_t *find_qos(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	uint32_t offset = addr - NOC_ADDR;
	unsigned int i;

	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return NULL;
	for (i = 0; i < TWIN_QOS_BLOCKS; i++) {
		if (offset - qos[i].offset >= QOS_BYTES)
			continue;
		if (twin_island_reaches(twin, qos[i].domain))
			return &twin->island.qos[i][(offset - qos[i].offset) / 4];
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
	unsigned int i;

	for (i = 0; i < TWIN_DOMAIN_COUNT; i++)
		twin->island.pmu_pwr |= bits[i].pwr;
}
