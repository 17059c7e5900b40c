/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: RK3588's power island as far as the NPU goes: clock and reset unit (cru.c),
 * power controller (pmu.c), the firmware that has the compute clock (scmi.c), two supplies
 * behind pulse width modulators (supply.c), temperature (tsadc.c), and what they do to the cores (island.c).
 * All under the outer lock.
 */
#ifndef TWIN_ISLAND_H
#define TWIN_ISLAND_H

#include <stdbool.h>
#include <stdint.h>

#include "rknpu_regs.h"
#include "rknpu_twin_regs.h"

#define TWIN_PWM_CHANNELS	2
#define TWIN_PWM_WORDS		4
#define TWIN_QOS_BLOCKS		5
#define TWIN_QOS_WORDS		8
#define TWIN_TSADC_WORDS	0x100

struct twin;
struct twin_core;

/**
 * struct twin_domain - a power domain
 * @on: as was asked for
 * @since_ns: since when; the hardware takes a while
 * @mem_off: its memories are being reset
 * @idle: its bus takes no accesses
 */
struct twin_domain {
	bool on;
	uint64_t since_ns;
	bool mem_off;
	bool idle;
	uint64_t idle_ns;
};

/**
 * struct twin_pwm - a pulse width modulator; registers as written, and what came out
 * @uv: voltage of the supply behind it
 */
struct twin_pwm {
	uint32_t reg[TWIN_PWM_WORDS];
	uint32_t uv;
};

/**
 * struct twin_island - state of the island
 * @cru: registers of the clock and reset unit
 * @rate_hz: the compute clock
 * @refuse_rate, @refuse_power, @rate_calls: TWIN_* of those names
 * @bell: doorbells of the firmware that the guest has not cleared
 * @ringing: one more is due when it has
 */
struct twin_island {
	uint32_t *cru;
	struct twin_domain domain[TWIN_DOMAIN_COUNT];
	struct twin_pwm pwm[TWIN_PWM_CHANNELS];
	uint32_t qos[TWIN_QOS_BLOCKS][TWIN_QOS_WORDS];
	uint32_t grf[RKNPU_GRF_BYTES / 4];
	uint32_t tsadc[TWIN_TSADC_WORDS];
	uint32_t pmu_pwr;
	uint64_t rate_hz;
	uint32_t refuse_rate;
	uint32_t refuse_power;
	uint32_t rate_calls;
	uint32_t millidegrees;
	uint32_t bell;
	bool ringing;
	uint64_t on_ns;
};

/* island.c */
bool twin_island_create(struct twin *twin);
void twin_island_destroy(struct twin *twin);
void twin_island_power_on(struct twin *twin);
/* What has changed with time or otherwise reaches the cores. */
void twin_island_settle(struct twin *twin);
bool twin_island_reaches(struct twin *twin, unsigned int domain);
bool twin_island_core_busy(struct twin *twin, unsigned int core);
unsigned int twin_island_margin(struct twin *twin);
void twin_island_check_start(struct twin_core *core);
/* Whether a rate may be had with the voltages and the margin that there are; says why not. */
void twin_island_check_voltage(struct twin *twin, uint64_t hz, const char *when);
void twin_island_check_rate(struct twin *twin, uint64_t hz, const char *when);
uint32_t twin_island_ctl_read(struct twin *twin, uint32_t offset);
/* Registers whose upper half says which bits of the lower one are written. */
uint32_t twin_island_masked(uint32_t old, uint32_t value);

/* cru.c */
uint32_t twin_cru_read(struct twin *twin, uint64_t addr, unsigned int bytes);
void twin_cru_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes);
void twin_cru_power_on(struct twin *twin);
bool twin_cru_core_clocked(struct twin *twin, unsigned int core);
bool twin_cru_grf_clocked(struct twin *twin);

/* pmu.c */
uint32_t twin_pmu_read(struct twin *twin, uint64_t addr, unsigned int bytes);
void twin_pmu_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes);
uint32_t twin_noc_read(struct twin *twin, uint64_t addr, unsigned int bytes);
void twin_noc_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes);
void twin_pmu_power_on(struct twin *twin);
bool twin_pmu_is_on(struct twin *twin, unsigned int domain);

/* supply.c */
uint32_t twin_pwm_read(struct twin *twin, uint64_t addr, unsigned int bytes);
void twin_pwm_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes);
void twin_pwm_power_on(struct twin *twin);

/* tsadc.c */
uint32_t twin_tsadc_read(struct twin *twin, uint64_t addr, unsigned int bytes);
void twin_tsadc_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes);

/* scmi.c */
uint32_t twin_mhu_read(struct twin *twin, uint64_t addr, unsigned int bytes);
void twin_mhu_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes);
void twin_scmi_power_on(struct twin *twin);

#endif /* TWIN_ISLAND_H */
