// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the power island: everything that hangs or damages a board is reported, and
 * nothing else is.
 */
#include <string.h>

#include "machine.h"

#define CRU_ADDR	0xfd7c0000ull
#define GATE_30		(CRU_ADDR + 0x800 + 4 * 30)
#define RESET_30	(CRU_ADDR + 0xa00 + 4 * 30)
#define PMU_ADDR	0xfd8d8000ull
#define PMU_PWR		(PMU_ADDR + 0x14c)
#define PMU_REQ		(PMU_ADDR + 0x10c)
#define PMU_IDLE	(PMU_ADDR + 0x120)
#define PMU_REPAIR	(PMU_ADDR + 0x290)
#define GRF_ADDR	0xfd5a2000ull
#define PWM_ADDR	0xfd8b0000ull
#define QOS_NPU1	0xfdf70008ull
#define MHU_TX_SET	(TWIN_MHU_ADDR + 0x108)
#define MHU_RX_STATUS	TWIN_MHU_ADDR
#define MHU_RX_CLEAR	(TWIN_MHU_ADDR + 0x010)

#define SETTLE_NS	30000
#define BIT(n)		(1u << (n))
/* Bits of the power register, by domain */
static const uint32_t pwr_bit[TWIN_DOMAIN_COUNT] = { BIT(1), BIT(3), BIT(4), BIT(5) };
static const uint32_t req_bit[TWIN_DOMAIN_COUNT] = { 0, BIT(1), BIT(2), BIT(3) };

/* Of the twin under test */
static const struct twin_region *regions;

static const struct twin_region *region_of(uint64_t addr)
{
	const struct twin_region *region = regions;

	while (region->bytes && addr - region->addr >= region->bytes)
		region++;
	return region;
}

static uint32_t get(struct machine *m, uint64_t addr)
{
	return region_of(addr)->read(m->twin, addr, 4);
}

static void put(struct machine *m, uint64_t addr, uint32_t value)
{
	region_of(addr)->write(m->twin, addr, value, 4);
}

/* Write some bits of a register that selects them by its upper half */
static void put_bits(struct machine *m, uint64_t addr, uint32_t bits, bool set)
{
	put(m, addr, bits << 16 | (set ? bits : 0));
}

static void power(struct machine *m, unsigned int domain, bool on)
{
	put_bits(m, PMU_PWR, pwr_bit[domain], !on);
	machine_run(m, SETTLE_NS);
}

static void idle(struct machine *m, unsigned int domain, bool on)
{
	put_bits(m, PMU_REQ, req_bit[domain], on);
	machine_run(m, SETTLE_NS);
}

static struct machine *island_of(const char *soc)
{
	struct twin_config config;

	twin_config_init(&config);
	config.soc = twin_soc_find(soc);
	config.cores = config.soc->cores;
	config.island = true;
	regions = twin_island_regions(config.soc);
	return machine_create(&config, false);
}

static struct machine *island(bool on)
{
	struct machine *m = island_of("rk3588");

	if (on) {
		power(m, TWIN_DOMAIN_NPU, true);
		power(m, TWIN_DOMAIN_NPUTOP, true);
	}
	return m;
}

/* Check the errors reported since the last call */
static void told(struct machine *m, uint32_t code)
{
	uint32_t errors = ctl_rd(m, TWIN_ERROR_UNACKED);

	CHECK(errors);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), code);
	ctl_wr(m, TWIN_ERROR_ACK, errors);
}

static int32_t scmi(struct machine *m, unsigned int protocol, unsigned int id, const uint32_t *in, unsigned int words)
{
	uint32_t *shmem = (uint32_t *)m->shmem;

	CHECK_EQ(shmem[1], 1);
	shmem[1] = 0;
	shmem[4] = 1;
	shmem[6] = protocol << 10 | id;
	memcpy(&shmem[7], in, words * 4);
	put(m, MHU_TX_SET, 1);
	CHECK_EQ(shmem[1], 1);
	CHECK(m->irq[TWIN_LINE_MHU]);
	CHECK_EQ(get(m, MHU_RX_STATUS), 1);
	put(m, MHU_RX_CLEAR, 1);
	CHECK(!m->irq[TWIN_LINE_MHU]);
	return shmem[7];
}

static int32_t set_clock_mhz(struct machine *m, uint32_t clock, uint32_t mhz)
{
	const uint32_t in[] = { 0, clock, mhz * 1000000, 0 };

	return scmi(m, 0x14, 5, in, 4);
}

static int32_t set_mhz(struct machine *m, uint32_t mhz)
{
	return set_clock_mhz(m, 6, mhz);
}

static void set_uv(struct machine *m, unsigned int channel, uint32_t uv)
{
	put(m, PWM_ADDR + 0x10 * channel + 4, 4000);
	put(m, PWM_ADDR + 0x10 * channel + 8, (uv - 550000) / 100);
	put(m, PWM_ADDR + 0x10 * channel + 0xc, 0xb);
}

static void set_margin(struct machine *m, unsigned int margin)
{
	unsigned int i;

	for (i = 0; i < RKNPU_GRF_MARGINS; i++)
		put(m, GRF_ADDR + RKNPU_GRF_MARGIN(i), margin << 2);
}

/* In the order a driver should use: voltage, margin, rate */
static void speed_up(struct machine *m)
{
	set_uv(m, 1, 850000);
	set_uv(m, 0, 850000);
	set_margin(m, 2);
	CHECK_EQ(set_mhz(m, 1000), 0);
}

static void test_off_to_begin_with(const void *arg)
{
	struct machine *m = island(false);

	(void)arg;
	CHECK_EQ(ctl_rd(m, TWIN_DOMAINS), 0);
	rd(m, 0, RKNPU_PC_VERSION);
	told(m, TWIN_ERROR_UNPOWERED);
	get(m, GRF_ADDR);
	told(m, TWIN_ERROR_UNPOWERED);
	get(m, QOS_NPU1);
	told(m, TWIN_ERROR_UNPOWERED);
	machine_destroy(m);
}

static void test_power_takes_time(const void *arg)
{
	struct machine *m = island(false);

	(void)arg;
	power(m, TWIN_DOMAIN_NPU, true);
	put_bits(m, PMU_PWR, pwr_bit[TWIN_DOMAIN_NPUTOP], false);
	CHECK(!(get(m, PMU_REPAIR) & BIT(2)));
	rd(m, 0, RKNPU_PC_VERSION);
	told(m, TWIN_ERROR_UNPOWERED);
	machine_run(m, SETTLE_NS);
	CHECK(get(m, PMU_REPAIR) & BIT(2));
	CHECK_EQ(rd(m, 0, RKNPU_PC_VERSION), RKNPU_PC_VERSION_FIRE);
	rd(m, 1, RKNPU_PC_VERSION);
	told(m, TWIN_ERROR_UNPOWERED);
	power(m, TWIN_DOMAIN_NPU1, true);
	CHECK_EQ(rd(m, 1, RKNPU_PC_VERSION), RKNPU_PC_VERSION_FIRE);
	machine_destroy(m);
}

static void test_idle_bus_takes_nothing(const void *arg)
{
	struct machine *m = island(true);

	(void)arg;
	idle(m, TWIN_DOMAIN_NPUTOP, true);
	CHECK(get(m, PMU_IDLE) & req_bit[TWIN_DOMAIN_NPUTOP]);
	rd(m, 0, RKNPU_PC_VERSION);
	told(m, TWIN_ERROR_UNPOWERED);
	idle(m, TWIN_DOMAIN_NPUTOP, false);
	rd(m, 0, RKNPU_PC_VERSION);
	machine_destroy(m);
}

static void test_cut_while_in_use(const void *arg)
{
	struct machine *m = island(true);

	(void)arg;
	power(m, TWIN_DOMAIN_NPUTOP, false);
	told(m, TWIN_ERROR_DOMAIN);
	power(m, TWIN_DOMAIN_NPUTOP, true);
	speed_up(m);
	idle(m, TWIN_DOMAIN_NPUTOP, true);
	power(m, TWIN_DOMAIN_NPUTOP, false);
	told(m, TWIN_ERROR_DOMAIN);
	machine_destroy(m);
}

static void test_clock_gates(const void *arg)
{
	struct machine *m = island(true);

	(void)arg;
	put_bits(m, GATE_30, BIT(8), true);
	rd(m, 0, RKNPU_PC_VERSION);
	told(m, TWIN_ERROR_UNCLOCKED);
	put_bits(m, GATE_30, BIT(8), false);
	rd(m, 0, RKNPU_PC_VERSION);
	machine_destroy(m);
}

/* A level that no access can clear would be an interrupt storm. */
static void test_dead_core_lets_go_of_its_line(const void *arg)
{
	struct machine *m = island(true);

	(void)arg;
	wr(m, 0, RKNPU_PC_INTERRUPT_MASK, RKNPU_INT_ALL);
	ctl_wr(m, TWIN_FAULT_CORE, 0);
	ctl_wr(m, TWIN_FAULT_PARAM, RKNPU_INT_DPU);
	ctl_wr(m, TWIN_SPURIOUS, 0);
	CHECK(m->irq[0]);
	put_bits(m, GATE_30, BIT(8), true);
	CHECK(!m->irq[0]);
	put_bits(m, GATE_30, BIT(8), false);
	CHECK(m->irq[0]);
	idle(m, TWIN_DOMAIN_NPUTOP, true);
	power(m, TWIN_DOMAIN_NPUTOP, false);
	CHECK(!m->irq[0]);
	machine_destroy(m);
}

static void test_resets(const void *arg)
{
	struct machine *m = island(true);

	(void)arg;
	wr(m, 0, RKNPU_PC_INTERRUPT_MASK, 0);
	put_bits(m, RESET_30, BIT(6), true);
	put_bits(m, RESET_30, BIT(8), true);
	machine_run(m, 1000);
	put_bits(m, RESET_30, BIT(6), false);
	put_bits(m, RESET_30, BIT(8), false);
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_MASK), RKNPU_INT_ALL);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_RESETS), 1);
	machine_destroy(m);
}

static void test_rate_needs_power_voltage_margin(const void *arg)
{
	struct machine *m = island(false);

	(void)arg;
	set_mhz(m, 1000);
	told(m, TWIN_ERROR_RATE);
	set_mhz(m, 200);
	power(m, TWIN_DOMAIN_NPU, true);
	power(m, TWIN_DOMAIN_NPUTOP, true);
	/* 800 mV, with the margin of the lowest voltage */
	set_mhz(m, 300);
	told(m, TWIN_ERROR_RATE);
	set_mhz(m, 200);
	set_margin(m, 2);
	CHECK_EQ(set_mhz(m, 900), 0);
	set_mhz(m, 1000);
	told(m, TWIN_ERROR_RATE);
	set_mhz(m, 900);
	speed_up(m);
	CHECK_EQ(ctl_rd(m, TWIN_CLOCK_MHZ), 1000);
	/* A low voltage of either supply is an error */
	set_uv(m, 1, 800000);
	told(m, TWIN_ERROR_RATE);
	set_uv(m, 1, 850000);
	/* Down: margin, rate, voltage */
	set_margin(m, 3);
	CHECK_EQ(set_mhz(m, 300), 0);
	set_uv(m, 0, 700000);
	set_uv(m, 1, 700000);
	CHECK_EQ(set_mhz(m, 200), 0);
	machine_destroy(m);
}

static void test_margin_goes_with_the_power(const void *arg)
{
	struct machine *m = island(true);

	(void)arg;
	speed_up(m);
	set_mhz(m, 200);
	idle(m, TWIN_DOMAIN_NPUTOP, true);
	power(m, TWIN_DOMAIN_NPUTOP, false);
	power(m, TWIN_DOMAIN_NPUTOP, true);
	idle(m, TWIN_DOMAIN_NPUTOP, false);
	set_mhz(m, 1000);
	told(m, TWIN_ERROR_RATE);
	machine_destroy(m);
}

static void test_refusals(const void *arg)
{
	struct machine *m = island(false);
	const uint32_t cpu_clock = 0;

	(void)arg;
	ctl_wr(m, TWIN_REFUSE_POWER, BIT(TWIN_DOMAIN_NPUTOP));
	power(m, TWIN_DOMAIN_NPU, true);
	power(m, TWIN_DOMAIN_NPUTOP, true);
	CHECK_EQ(ctl_rd(m, TWIN_DOMAINS), BIT(TWIN_DOMAIN_NPU));
	ctl_wr(m, TWIN_REFUSE_RATE, 1);
	CHECK(set_mhz(m, 200));
	CHECK_EQ(set_mhz(m, 200), 0);
	/* Clocks of other devices, and unknown ones */
	CHECK(scmi(m, 0x14, 3, &cpu_clock, 1));
	CHECK(scmi(m, 0x13, 0, &cpu_clock, 0));
	machine_destroy(m);
}

/* ---- RK3576: two power registers, and a core that needs the other's domain and a moment ---- */

#define RK3576_PMU_PWR	0x27380210ull

static void rk3576_power(struct machine *m, bool npu1)
{
	put_bits(m, RK3576_PMU_PWR, BIT(0), false);
	machine_run(m, SETTLE_NS);
	put_bits(m, RK3576_PMU_PWR + 4, BIT(6), false);
	machine_run(m, SETTLE_NS);
	put_bits(m, RK3576_PMU_PWR + 4, npu1 ? BIT(7) | BIT(8) : BIT(7), false);
	/* The domains are on, the core has not settled */
	machine_run(m, 21000);
}

static void test_rk3576_needs_both_domains(const void *arg)
{
	struct machine *m = island_of("rk3576");

	(void)arg;
	rk3576_power(m, false);
	machine_run(m, SETTLE_NS);
	rd(m, 0, RKNPU_PC_VERSION);
	told(m, TWIN_ERROR_UNPOWERED);
	put_bits(m, RK3576_PMU_PWR + 4, BIT(8), false);
	machine_run(m, SETTLE_NS);
	/* Is on since it was last looked at, and settles from then on */
	ctl_rd(m, TWIN_DOMAINS);
	get(m, RK3576_PMU_PWR);
	machine_run(m, SETTLE_NS);
	CHECK_EQ(rd(m, 0, RKNPU_PC_VERSION), RKNPU_PC_VERSION_FIRE);
	CHECK_EQ(rd(m, 1, RKNPU_PC_VERSION), RKNPU_PC_VERSION_FIRE);
	machine_destroy(m);
}

static void test_rk3576_settles(const void *arg)
{
	struct machine *m = island_of("rk3576");

	(void)arg;
	rk3576_power(m, true);
	rd(m, 0, RKNPU_PC_VERSION);
	told(m, TWIN_ERROR_UNPOWERED);
	machine_run(m, 15000);
	CHECK_EQ(rd(m, 0, RKNPU_PC_VERSION), RKNPU_PC_VERSION_FIRE);
	machine_destroy(m);
}

static void test_rk3576_rates(const void *arg)
{
	struct machine *m = island_of("rk3576");

	(void)arg;
	rk3576_power(m, true);
	/* 800 mV are enough for 700 MHz; there is no margin to set */
	CHECK_EQ(set_clock_mhz(m, 238, 700), 0);
	CHECK_EQ(ctl_rd(m, TWIN_CLOCK_MHZ), 700);
	set_clock_mhz(m, 238, 800);
	told(m, TWIN_ERROR_RATE);
	CHECK_EQ(set_clock_mhz(m, 238, 200), 0);
	CHECK(set_clock_mhz(m, 232, 200));
	machine_destroy(m);
}

/* ---- RK3568: one domain ---- */

#define RK3568_PMU	0xfdd90000ull
#define RK3568_GATE_3	0xfdd2030cull
#define RK3568_QOS	0xfe180008ull

static void test_rk3568(const void *arg)
{
	struct machine *m = island_of("rk3568");

	(void)arg;
	rd(m, 0, RKNPU_PC_VERSION);
	told(m, TWIN_ERROR_UNPOWERED);
	get(m, RK3568_QOS);
	told(m, TWIN_ERROR_UNPOWERED);
	CHECK(get(m, RK3568_PMU + 0x98) & BIT(1));
	put_bits(m, RK3568_PMU + 0xa0, BIT(1), false);
	machine_run(m, SETTLE_NS);
	CHECK(!(get(m, RK3568_PMU + 0x98) & BIT(1)));
	rd(m, 0, RKNPU_PC_VERSION);
	put(m, RK3568_QOS, 0x102);
	CHECK_EQ(get(m, RK3568_QOS), 0x102);
	put_bits(m, RK3568_GATE_3, BIT(7), true);
	rd(m, 0, RKNPU_PC_VERSION);
	told(m, TWIN_ERROR_UNCLOCKED);
	put_bits(m, RK3568_GATE_3, BIT(7), false);
	set_uv(m, 0, 850000);
	CHECK_EQ(set_clock_mhz(m, 2, 600), 0);
	set_clock_mhz(m, 2, 700);
	told(m, TWIN_ERROR_RATE);
	set_uv(m, 0, 950000);
	CHECK_EQ(set_clock_mhz(m, 2, 1000), 0);
	CHECK_EQ(ctl_rd(m, TWIN_CLOCK_MHZ), 800);
	/* Cut with the clock from inside, and with a bus that is not idle */
	put_bits(m, RK3568_PMU + 0xa0, BIT(1), true);
	told(m, TWIN_ERROR_DOMAIN);
	machine_destroy(m);
}

const struct test_case island_tests[] = {
	{ "island: everything is off to begin with", test_off_to_begin_with, 0 },
	{ "island: power takes time", test_power_takes_time, 0 },
	{ "island: an idle bus takes no access", test_idle_bus_takes_nothing, 0 },
	{ "island: a domain cut while in use", test_cut_while_in_use, 0 },
	{ "island: clock gates", test_clock_gates, 0 },
	{ "island: a dead core lets go of its line", test_dead_core_lets_go_of_its_line, 0 },
	{ "island: resets", test_resets, 0 },
	{ "island: a rate needs power, voltage and margin", test_rate_needs_power_voltage_margin, 0 },
	{ "island: the margin goes with the power", test_margin_goes_with_the_power, 0 },
	{ "island: refusals on demand", test_refusals, 0 },
	{ "island: RK3576's cores need both domains", test_rk3576_needs_both_domains, 0 },
	{ "island: RK3576's cores settle", test_rk3576_settles, 0 },
	{ "island: RK3576's rates", test_rk3576_rates, 0 },
	{ "island: RK3568", test_rk3568, 0 },
	{ 0 },
};
