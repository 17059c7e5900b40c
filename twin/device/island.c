// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: what power, clocks and supplies of RK3588 do to the NPU, and its general register
 * file. What hangs or harms a board is a guest error. Addresses from device trees, bits
 * from the kernel's own drivers, voltages from the vendor's tree: those of a part that needs
 * most, so that what runs here runs anywhere.
 */
#include <stdlib.h>
#include <string.h>

#include "priv.h"

#define CRU_ADDR	0xfd7c0000
#define CRU_BYTES	0x5c000
#define GRF_ADDR	0xfd5a2000
#define PMU_ADDR	0xfd8d8000
#define PMU_BYTES	0x400
#define PWM_ADDR	0xfd8b0000
#define TSADC_ADDR	0xfec00000
#define NOC_ADDR	0xfdf70000
#define NOC_BYTES	0x3000
#define SHMEM_ADDR	0x0010f000
#define SHMEM_BYTES	0x1000

#define PARKED_HZ	200000000ull	/* no more than this comes from outside the island */
/* What memories are read with after power-on: as for the lowest voltage [guess] */
#define MARGIN_RESET	4
#define BOOT_MILLIDEGREES 40000
/* When it is cold no voltage is less [seen: vendor's rk3588s.dtsi] */
#define COLD_MILLIDEGREES 10000
#define COLD_UV		750000

static uint32_t grf_read(struct twin *twin, uint64_t addr, unsigned int bytes);
static void grf_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes);

const struct twin_region twin_island_regions[] = {
	{ .name = "cru", .addr = CRU_ADDR, .bytes = CRU_BYTES, .read = twin_cru_read, .write = twin_cru_write },
	{ .name = "pmu", .addr = PMU_ADDR, .bytes = PMU_BYTES, .read = twin_pmu_read, .write = twin_pmu_write },
	{ .name = "noc", .addr = NOC_ADDR, .bytes = NOC_BYTES, .read = twin_noc_read, .write = twin_noc_write },
	{ .name = "grf", .addr = GRF_ADDR, .bytes = RKNPU_GRF_BYTES, .read = grf_read, .write = grf_write },
	{ .name = "pwm", .addr = PWM_ADDR, .bytes = TWIN_PWM_CHANNELS * TWIN_PWM_WORDS * 4,
	  .read = twin_pwm_read, .write = twin_pwm_write },
	{ .name = "tsadc", .addr = TSADC_ADDR, .bytes = TWIN_TSADC_WORDS * 4,
	  .read = twin_tsadc_read, .write = twin_tsadc_write },
	{ .name = "mhu", .addr = TWIN_MHU_ADDR, .bytes = TWIN_MHU_BYTES, .read = twin_mhu_read, .write = twin_mhu_write },
	{ .name = "scmi-shmem", .addr = SHMEM_ADDR, .bytes = SHMEM_BYTES, .ram = true },
	{ 0 },
};

static const struct {
	uint64_t hz;
	uint32_t uv;
} voltages[] = {
	{ 200000000, 0 },
	{ 700000000, 700000 },
	{ 800000000, 750000 },
	{ 900000000, 800000 },
	{ 1000000000, 850000 },
};

static uint32_t voltage_for(uint64_t hz)
{
	unsigned int i;

	for (i = 0; voltages[i].hz < hz; i++)
		;
	return voltages[i].uv;
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

static unsigned int domain_of(unsigned int core)
{
	return TWIN_DOMAIN_NPUTOP + core;
}

/* Whether an access to what is inside a domain gets there */
bool twin_island_reaches(struct twin *twin, unsigned int domain)
{
	return twin_pmu_is_on(twin, TWIN_DOMAIN_NPU) && twin_pmu_is_on(twin, TWIN_DOMAIN_NPUTOP) &&
	       twin_pmu_is_on(twin, domain) && !twin->island.domain[domain].idle &&
	       !twin->island.domain[TWIN_DOMAIN_NPUTOP].idle;
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
	bool unpowered = !twin_island_reaches(twin, domain_of(core->index));
	bool unclocked = !twin_cru_core_clocked(twin, core->index);

	if (unpowered == core->unpowered && unclocked == core->unclocked)
		return;
	pthread_mutex_lock(&core->lock);
	if (core->kick.phase != TWIN_IDLE && unpowered)
		twin_error(twin, TWIN_ERROR_UNPOWERED, core->index, PMU_ADDR, "power off while a kick runs");
	if (core->kick.phase != TWIN_IDLE && unclocked)
		twin_error(twin, TWIN_ERROR_UNCLOCKED, core->index, CRU_ADDR, "clock off while a kick runs");
	if (!twin_pmu_is_on(twin, domain_of(core->index)) || !twin_pmu_is_on(twin, TWIN_DOMAIN_NPUTOP))
		twin_core_clear(core);
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
	if (!twin_pmu_is_on(twin, TWIN_DOMAIN_NPUTOP))
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
	const struct twin_pwm *pwm = twin->island.pwm;
	uint32_t uv = voltage_for(hz);

	if (uv && uv < COLD_UV && (int32_t)twin->island.millidegrees < COLD_MILLIDEGREES)
		uv = COLD_UV;
	if (pwm[0].uv < uv || pwm[1].uv < uv)
		twin_error(twin, TWIN_ERROR_RATE, TWIN_NO_CORE, hz, "%s: %u and %u uV where %u are needed", when,
			   pwm[0].uv, pwm[1].uv, uv);
}

/* Going down, the margin is already that of the voltage to come [seen: vendor driver 0.9.8]. */
void twin_island_check_rate(struct twin *twin, uint64_t hz, const char *when)
{
	unsigned int margin = twin_island_margin(twin);
	uint32_t uv = twin->island.pwm[1].uv;

	if (hz <= PARKED_HZ)
		return;
	twin_island_check_voltage(twin, hz, when);
	if (margin != margin_for(uv) && (hz >= twin->island.rate_hz || margin != margin_for(voltage_for(hz))))
		twin_error(twin, TWIN_ERROR_RATE, TWIN_NO_CORE, hz, "%s: read margin %u at %u uV", when, margin, uv);
}

void twin_island_check_start(struct twin_core *core)
{
	struct twin *twin = core->twin;

	if (!twin->config.island || twin->island.rate_hz <= PARKED_HZ)
		return;
	twin_island_check_voltage(twin, twin->island.rate_hz, "start");
	if (twin_island_margin(twin) != margin_for(twin->island.pwm[1].uv))
		twin_error(twin, TWIN_ERROR_RATE, core->index, GRF_ADDR, "start: read margin %u at %u uV",
			   twin_island_margin(twin), twin->island.pwm[1].uv);
}

/* ---- General register file ---- */

static bool grf_answers(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	if (!twin_access_is_word(twin, TWIN_NO_CORE, addr, bytes))
		return false;
	if (!twin_island_reaches(twin, TWIN_DOMAIN_NPUTOP))
		twin_error(twin, TWIN_ERROR_UNPOWERED, TWIN_NO_CORE, addr, "NPU GRF without power");
	else if (!twin_cru_grf_clocked(twin))
		twin_error(twin, TWIN_ERROR_UNCLOCKED, TWIN_NO_CORE, addr, "NPU GRF without clock");
	else
		return true;
	return false;
}

static uint32_t grf_read(struct twin *twin, uint64_t addr, unsigned int bytes)
{
	return grf_answers(twin, addr, bytes) ? twin->island.grf[(addr - GRF_ADDR) / 4] : 0;
}

static void grf_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes)
{
	if (grf_answers(twin, addr, bytes))
		twin->island.grf[(addr - GRF_ADDR) / 4] = value;
}

/* ---- Control page ---- */

static uint64_t on_ns(struct twin *twin)
{
	const struct twin_domain *top = &twin->island.domain[TWIN_DOMAIN_NPUTOP];

	return twin->island.on_ns + (top->on ? twin_now(twin) - top->since_ns : 0);
}

static uint32_t domains(struct twin *twin)
{
	uint32_t on = 0;
	unsigned int i;

	for (i = 0; i < TWIN_DOMAIN_COUNT; i++)
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
	twin->island.cru = calloc(1, CRU_BYTES);
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
	memset(cru, 0, CRU_BYTES);
	island->rate_hz = PARKED_HZ;
	island->millidegrees = BOOT_MILLIDEGREES;
	twin->clock_mhz = PARKED_HZ / 1000000;
	twin_cru_power_on(twin);
	twin_pmu_power_on(twin);
	twin_pwm_power_on(twin);
	twin_scmi_power_on(twin);
	twin_island_settle(twin);
}
