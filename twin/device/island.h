/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the power island of RK3588, RK3576 or RK3568 as far as the NPU is concerned: clock and reset
 * unit (cru.c), power controller (pmu.c), the firmware that drives the compute clock (scmi.c), two
 * supplies behind pulse width modulators (supply.c), temperature (tsadc.c), and their effect on the
 * cores (island.c). The SoCs differ in tables only (island_soc.c). All under the outer lock.
 */
#ifndef TWIN_ISLAND_H
#define TWIN_ISLAND_H

#include <stdbool.h>
#include <stdint.h>

#include "rknpu_regs.h"
#include "rknpu_twin_regs.h"
#include "twin.h"

#define TWIN_PWM_CHANNELS	2
#define TWIN_PWM_WORDS		4
#define TWIN_QOS_BLOCKS		7
#define TWIN_QOS_WORDS		8
#define TWIN_TSADC_WORDS	0x100

#define TWIN_PLLS		9
#define TWIN_MODES		5
#define TWIN_ROOTS		2
#define TWIN_RATES		9
#define TWIN_NO_DOMAIN		TWIN_DOMAIN_COUNT

struct twin;
struct twin_core;

/**
 * struct twin_bits - a register and some of its bits
 * @offset: in its block
 * @mask: of bits; 0: there is none
 */
struct twin_bits {
	uint32_t offset;
	uint32_t mask;
};

/**
 * struct twin_pmu_layout - registers of a power controller; a register that it lacks is 0
 * @pwr: 1 = off; a second one may follow
 * @status: 1 = off
 * @req: 1 = take no access; @ack and @idle report it
 * @mem_pwr: 1 = off, with the bits of @pwr
 * @chain_status: 1 = on
 * @mem_status: 1 = off
 * @repair_status: 1 = on
 */
struct twin_pmu_layout {
	uint32_t pwr;
	uint32_t status;
	uint32_t req;
	uint32_t ack;
	uint32_t idle;
	uint32_t mem_pwr;
	uint32_t chain_status;
	uint32_t mem_status;
	uint32_t repair_status;
};

/**
 * struct twin_domain_bits - the bits of a power domain
 * @inside: the domain around it, or TWIN_NO_DOMAIN
 * @second: @pwr is in the second power register
 * @pwr: in the power registers; the other masks in the registers of their names, 0: none
 */
struct twin_domain_bits {
	unsigned int inside;
	bool second;
	uint32_t pwr;
	uint32_t status;
	uint32_t mem;
	uint32_t repair;
	uint32_t req;
};

/**
 * struct twin_island_soc - the island of a SoC
 * @regions: what the machine maps
 * @boot: registers of the PLLs as the boot loader leaves them
 * @pll_status: offset of a PLL's register with the bit @pll_lock
 * @modes: registers that switch all PLLs to their output; 0 ends the list
 * @roots: gates that all cores need, 0 = open; @core_gates each core's own
 * @grf_gates: gates of the general register file
 * @reset_a, @reset_h: reset lines of each core
 * @core_domains: domains that a core needs, those around them not counted
 * @clock_domain: the domain with the oscillator for rates above the lowest
 * @settle_ns: what a core takes after power-on before its registers may be touched
 * @qos: blocks of bus priority, @qos_blocks of them
 * @grf_addr: the general register file with the read margins; 0: not modelled
 * @supplies: how many of the two are used
 * @scmi_clock: number of the compute clock
 * @rate: what the firmware offers, ascending, with the voltage that it takes; 0: any
 * @cold_uv: no less while it is colder than @cold_millidegrees; 0: no limit
 */
struct twin_island_soc {
	const struct twin_region *regions;
	uint64_t cru_addr;
	uint32_t cru_bytes;
	struct {
		uint32_t offset;
		uint32_t reg[2];
	} boot[TWIN_PLLS];
	uint32_t pll_status;
	uint32_t pll_lock;
	uint32_t modes[TWIN_MODES + 1];
	struct twin_bits roots[TWIN_ROOTS];
	struct twin_bits grf_gates;
	struct twin_bits core_gates[TWIN_MAX_CORES];
	struct twin_bits reset_a[TWIN_MAX_CORES];
	struct twin_bits reset_h[TWIN_MAX_CORES];
	uint64_t pmu_addr;
	struct twin_pmu_layout pmu;
	unsigned int domains;
	struct twin_domain_bits domain[TWIN_DOMAIN_COUNT];
	uint32_t core_domains[TWIN_MAX_CORES];
	unsigned int clock_domain;
	uint32_t settle_ns;
	uint64_t noc_addr;
	struct {
		uint32_t offset;
		unsigned int domain;
	} qos[TWIN_QOS_BLOCKS];
	unsigned int qos_blocks;
	uint64_t grf_addr;
	unsigned int supplies;
	uint32_t scmi_clock;
	unsigned int rates;
	struct {
		uint64_t hz;
		uint32_t uv;
	} rate[TWIN_RATES];
	int32_t cold_millidegrees;
	uint32_t cold_uv;
};

extern const struct twin_island_soc twin_island_rk3588, twin_island_rk3576, twin_island_rk3568;

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
	uint32_t pmu_pwr[2];
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
uint64_t twin_island_parked_hz(struct twin *twin);
uint32_t twin_grf_read(struct twin *twin, uint64_t addr, unsigned int bytes);
void twin_grf_write(struct twin *twin, uint64_t addr, uint32_t value, unsigned int bytes);
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
