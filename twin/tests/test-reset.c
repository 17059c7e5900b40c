// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the reset lines and the state after a reset.
 */
#include <string.h>

#include "machine.h"

#define A(core)		(1u << TWIN_RESET_LINE_A(core))
#define H(core)		(1u << TWIN_RESET_LINE_H(core))
#define BOTH(core)	(A(core) | H(core))
#define ALL		(BOTH(0) | BOTH(1) | BOTH(2))

static void test_clears_core(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 1, &kick);
	machine_run_to_irq(m, 1);
	start_kick(m, 2, &kick);
	machine_run_to_irq(m, 2);
	reset_wr(m, BOTH(1));
	CHECK(!m->irq[1]);
	CHECK_EQ(twin_reset_read(m->twin, 0, 4), BOTH(1));
	machine_run(m, 10000);
	reset_wr(m, 0);
	CHECK_EQ(rd(m, 1, RKNPU_PC_INTERRUPT_RAW_STATUS), 0x40000000);
	CHECK_EQ(rd(m, 1, RKNPU_PC_INTERRUPT_MASK), RKNPU_INT_ALL);
	CHECK_EQ(rd(m, 1, RKNPU_PC_BASE_ADDRESS), 0);
	CHECK_EQ(rd(m, 1, RKNPU_PC_TASK_STATUS), 0);
	CHECK_EQ(rd(m, 1, RKNPU_CNA_S_POINTER), 0);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_DTE_ADDR), 0);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_STATUS), 0x18);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_INT_MASK), 0);
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_RESETS), 1);
	/* The neighbours keep everything */
	CHECK(m->irq[2]);
	CHECK_EQ(rd(m, 2, 0xa000 + RK_IOMMU_STATUS), 0x19);
	CHECK_EQ(core_stat(m, 2, TWIN_STAT_RESETS), 0);
	machine_destroy(m);
}

static void test_kills_kick(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 0, &kick);
	reset_wr(m, BOTH(0));
	CHECK(!machine_run_to_irq(m, 0));
	reset_wr(m, 0);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_TASKS), 0);
	/* The core works again once its banks are programmed */
	enable_banks(m, 0);
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

/* A single line stops the kick, but does not reset the core. */
static void test_one_line_stops_kick(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 0, &kick);
	reset_wr(m, A(0));
	machine_run(m, 100000);
	CHECK(!m->irq[0]);
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	reset_wr(m, 0);
	CHECK_EQ(rd(m, 0, 0x9000 + RK_IOMMU_STATUS), 0x19);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_RESET_ALONE);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static void test_banks_are_lost(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	core_reset(m, 1);
	start_kick(m, 1, &kick);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK(ctl_rd(m, TWIN_ERROR_COUNT) >= 1);
	CHECK(strstr(m->log_last, "outside RAM"));
	ctl_wr(m, TWIN_ERROR_ACK, ctl_rd(m, TWIN_ERROR_COUNT));
	machine_destroy(m);
}

static void test_access_in_reset(const void *arg)
{
	static const uint32_t offsets[] = { RKNPU_PC_VERSION, RKNPU_CNA_CONV_CON1, 0xa000 + RK_IOMMU_STATUS };
	static const uint32_t lines[] = { A(1), H(1), BOTH(1) };
	struct machine *m = machine_default();
	unsigned int i;

	(void)arg;
	for (i = 0; i < 3; i++) {
		reset_wr(m, lines[i]);
		CHECK_EQ(rd(m, 1, offsets[i]), 0);
		CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_START_RESET);
		CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), i + 1);
	}
	wr(m, 1, RKNPU_PC_OPERATION_ENABLE, 1);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 4);
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_KICKS), 0);
	rd(m, 0, RKNPU_PC_VERSION);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 4);
	machine_run(m, 10000);
	reset_wr(m, 0);
	ctl_wr(m, TWIN_ERROR_ACK, 4);
	machine_destroy(m);
}

/* Values of the reset register and the duration of each */
struct line_case {
	struct {
		uint32_t lines;
		uint64_t ns;
	} step[4];
	uint32_t error;		/* expected error, 0 if none */
	uint32_t resets;
};

static const struct line_case line_cases[] = {
	{ { { BOTH(0), 10000 }, { 0, 0 } }, 0, 1 },
	{ { { A(0), 10 }, { BOTH(0), 10000 }, { H(0), 1000000 }, { 0, 0 } }, 0, 1 },
	{ { { BOTH(0), 159 }, { 0, 0 } }, TWIN_ERROR_RESET_SHORT, 1 },
	{ { { BOTH(0), 160 }, { 0, 0 } }, 0, 1 },
	{ { { A(0), 10000 }, { BOTH(0), 20 }, { A(0), 10 }, { 0, 0 } }, TWIN_ERROR_RESET_SHORT, 1 },
	{ { { BOTH(0), 1000 }, { A(0), 1000001 }, { 0, 0 } }, TWIN_ERROR_RESET_ALONE, 1 },
	{ { { A(0), 1000 }, { 0, 0 } }, TWIN_ERROR_RESET_ALONE, 0 },
	{ { { H(0), 1000 }, { 0, 0 } }, TWIN_ERROR_RESET_ALONE, 0 },
	{ { { BOTH(0), 1000 }, { A(0), 100 }, { BOTH(0), 1000 }, { 0, 0 } }, 0, 1 },
};

static void test_lines(const void *arg)
{
	const struct line_case *c = arg;
	struct machine *m = machine_default();
	unsigned int i;

	for (i = 0; i < 4; i++) {
		reset_wr(m, c->step[i].lines);
		machine_run(m, c->step[i].ns);
	}
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), c->error);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_RESETS), c->resets);
	ctl_wr(m, TWIN_ERROR_ACK, c->error ? 1 : 0);
	machine_destroy(m);
}

static void test_power_on(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 0, &kick);
	machine_run_to_irq(m, 0);
	start_kick(m, 1, &kick);
	ctl_wr(m, TWIN_CLOCK_MHZ, 200);
	rd(m, 0, 0x2000);
	reset_wr(m, BOTH(2));
	twin_power_on(m->twin);
	CHECK(!m->irq[0]);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK_EQ(rd(m, 2, RKNPU_PC_VERSION), RKNPU_PC_VERSION_FIRE);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_KICKS), 0);
	CHECK_EQ(ctl_rd(m, TWIN_CLOCK_MHZ), 1000);
	/* Guest errors are still counted */
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 1);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static void test_global(const void *arg)
{
	struct machine *m = machine_default();
	unsigned int core;

	(void)arg;
	reset_wr(m, ALL);
	machine_run(m, 10000);
	reset_wr(m, 0);
	for (core = 0; core < TWIN_MAX_CORES; core++)
		CHECK_EQ(core_stat(m, core, TWIN_STAT_RESETS), 1);
	machine_destroy(m);
}

static void power(struct machine *m, unsigned int core, uint32_t value)
{
	twin_power_write(m->twin, core * TWIN_POWER_DOMAIN_BYTES + TWIN_POWER_CONFIG, value, 4);
}

static void test_power(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	CHECK_EQ(twin_power_read(m->twin, TWIN_POWER_STATUS, 4), TWIN_POWER_ON);
	power(m, 1, 0);
	CHECK_EQ(twin_power_read(m->twin, TWIN_POWER_DOMAIN_BYTES + TWIN_POWER_STATUS, 4), 0);
	/* Both registers and banks; the neighbours keep their power */
	CHECK_EQ(rd(m, 1, RKNPU_PC_VERSION), 0);
	wr(m, 1, read_bank(1) + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_ZAP_CACHE);
	CHECK_EQ(rd(m, 0, RKNPU_PC_VERSION), RKNPU_PC_VERSION_FIRE);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_UNACKED), 2);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_UNPOWERED);
	ctl_wr(m, TWIN_ERROR_ACK, 2);
	ctl_wr(m, TWIN_FAULT_PARAM, RKNPU_INT_DPU);
	ctl_wr(m, TWIN_SPURIOUS, 1);
	/* All state is lost when the power is back */
	power(m, 1, TWIN_POWER_ON);
	CHECK(!m->irq[1]);
	CHECK_EQ(rd(m, 1, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_ALL, 0);
	CHECK_EQ(rd(m, 1, read_bank(1) + RK_IOMMU_DTE_ADDR), 0);
	enable_banks(m, 1);
	start_kick(m, 1, &kick);
	power(m, 1, 0);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_UNACKED), 1);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	CHECK(!machine_run_to_irq(m, 1));
	power(m, 1, TWIN_POWER_ON);
	enable_banks(m, 1);
	start_kick(m, 1, &kick);
	CHECK(machine_run_to_irq(m, 1));
	machine_destroy(m);
}

const struct test_case reset_tests[] = {
	{ "reset: without power a core does not answer", test_power, 0 },
	{ "reset: clears the core with its banks, and no other", test_clears_core, 0 },
	{ "reset: kills the kick, then the core works again", test_kills_kick, 0 },
	{ "reset: one line alone stops the kick", test_one_line_stops_kick, 0 },
	{ "reset: banks must be programmed anew", test_banks_are_lost, 0 },
	{ "reset: accesses while a line is asserted", test_access_in_reset, 0 },
	{ "reset: both lines at once", test_lines, &line_cases[0] },
	{ "reset: one line after the other, 10 us apart at most", test_lines, &line_cases[1] },
	{ "reset: shorter than 32 cycles", test_lines, &line_cases[2] },
	{ "reset: 32 cycles", test_lines, &line_cases[3] },
	{ "reset: both asserted together too shortly", test_lines, &line_cases[4] },
	{ "reset: lines released more than 10 us apart", test_lines, &line_cases[5] },
	{ "reset: ARESETn alone", test_lines, &line_cases[6] },
	{ "reset: HRESETn alone", test_lines, &line_cases[7] },
	{ "reset: asserted again before its end", test_lines, &line_cases[8] },
	{ "reset: of all cores", test_global, 0 },
	{ "reset: of the machine", test_power_on, 0 },
	{ 0 },
};
