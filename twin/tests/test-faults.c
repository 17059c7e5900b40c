// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: faults on demand.
 */
#include "machine.h"

static void arm(struct machine *m, unsigned int core, uint32_t kind, uint32_t param, uint32_t count)
{
	ctl_wr(m, TWIN_FAULT_CORE, core);
	ctl_wr(m, TWIN_FAULT_KIND, kind);
	ctl_wr(m, TWIN_FAULT_PARAM, param);
	ctl_wr(m, TWIN_FAULT_COUNT, count);
}

static uint32_t left(struct machine *m, unsigned int core)
{
	ctl_wr(m, TWIN_FAULT_CORE, core);
	return ctl_rd(m, TWIN_FAULT_COUNT);
}

static bool works(struct machine *m, unsigned int core)
{
	struct kick kick = simple_kick(m);
	bool done;

	start_kick(m, core, &kick);
	done = machine_run_to_irq(m, core) && simple_kick_done(m);
	wr(m, core, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	return done;
}

static void recover(struct machine *m, unsigned int core)
{
	core_reset(m, core);
	enable_banks(m, core);
}

static void test_arming(const void *arg)
{
	struct machine *m = machine_default();

	(void)arg;
	arm(m, 1, TWIN_FAULT_NEVER, 0, 2);
	arm(m, 2, TWIN_FAULT_LATE, 5, 1);
	CHECK_EQ(left(m, 0), 0);
	CHECK_EQ(left(m, 1), 2);
	CHECK_EQ(left(m, 2), 1);
	CHECK(works(m, 0));
	CHECK(!works(m, 1));
	CHECK_EQ(left(m, 1), 1);
	recover(m, 1);
	CHECK(!works(m, 1));
	CHECK_EQ(left(m, 1), 0);
	recover(m, 1);
	CHECK(works(m, 1));
	arm(m, 1, TWIN_FAULT_NEVER, 0, 1);
	arm(m, 1, TWIN_FAULT_NEVER, 0, 0);
	CHECK(works(m, 1));
	machine_destroy(m);
}

/* Kinds that never complete; TASK_STATUS distinguishes a task that hangs from a start that was lost */
struct silent_case {
	uint32_t kind;
	uint32_t task_status;
};

static void test_silent(const void *arg)
{
	const struct silent_case *c = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	arm(m, 0, c->kind, 0, 1);
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS), c->task_status);
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS), 0);
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_RAW_STATUS), 0x40000000);
	/* Everything else reads as in a normal run */
	CHECK_EQ(rd(m, 0, RKNPU_PC_BASE_ADDRESS), CMD_IOVA);
	CHECK_EQ(rd(m, 0, RKNPU_PC_REGISTER_AMOUNTS), RKNPU_PC_AMOUNT(COPY_WORDS, 2));
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_CON), 0x1001);
	CHECK_EQ(rd(m, 0, 0x9000 + RK_IOMMU_STATUS), 0x19);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_KICKS), 1);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_FAULTS), 0);
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	machine_destroy(m);
}

static void test_released(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	arm(m, 0, TWIN_FAULT_LATE, UINT32_MAX, 2);
	start_kick(m, 0, &kick);
	machine_run(m, 1000000);
	CHECK(simple_kick_done(m));
	CHECK(!m->irq[0]);
	ctl_wr(m, TWIN_RELEASE, 1);
	CHECK(!m->irq[0]);
	ctl_wr(m, TWIN_RELEASE, 0);
	CHECK(m->irq[0]);
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	/* First with nothing running, then with a kick that has not reached its end yet */
	ctl_wr(m, TWIN_RELEASE, 0);
	start_kick(m, 0, &kick);
	ctl_wr(m, TWIN_RELEASE, 0);
	CHECK(!m->irq[0]);
	machine_run(m, 1000);
	CHECK(m->irq[0]);
	machine_destroy(m);
}

static void test_early(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	arm(m, 0, TWIN_FAULT_EARLY, RKNPU_INT_DPU | 20u << 20, 1);
	start_kick(m, 0, &kick);
	machine_run(m, 1000);
	CHECK(m->irq[0]);
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS), 0x300);
	CHECK(!simple_kick_done(m));
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	machine_run(m, 1999999);
	CHECK(!simple_kick_done(m));
	CHECK(!m->irq[0]);
	machine_run(m, 1);
	CHECK(simple_kick_done(m));
	CHECK(m->irq[0]);
	machine_destroy(m);
}

static void test_early_and_released(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	arm(m, 0, TWIN_FAULT_EARLY, RKNPU_INT_DPU | TWIN_EARLY_100US, 1);
	start_kick(m, 0, &kick);
	machine_run(m, 1000);
	CHECK(m->irq[0]);
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	machine_run(m, 1000000000);
	CHECK(!simple_kick_done(m));
	ctl_wr(m, TWIN_RELEASE, 0);
	CHECK(simple_kick_done(m));
	CHECK(m->irq[0]);
	machine_destroy(m);
}

static void test_late(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	arm(m, 0, TWIN_FAULT_LATE, 5000, 1);
	start_kick(m, 0, &kick);
	/* 1 us of overhead plus a delay of 5000 us */
	machine_run(m, 5000999);
	CHECK(!m->irq[0]);
	CHECK(simple_kick_done(m));
	machine_run(m, 1);
	CHECK(m->irq[0]);
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS), 0x100);
	machine_destroy(m);
}

static void test_wrong_bit(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	kick.int_mask = RKNPU_INT_ALL;
	arm(m, 0, TWIN_FAULT_WRONG_BIT, RKNPU_INT_PPU, 1);
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS), RKNPU_INT_PPU);
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	CHECK(works(m, 0));
	machine_destroy(m);
}

static void test_lost_irq(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	kick.int_mask = RKNPU_INT_DPU;
	arm(m, 0, TWIN_FAULT_LOST_IRQ, 0, 1);
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	CHECK(rd(m, 0, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_DPU);
	CHECK(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS) & RKNPU_INT_DPU);
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	CHECK(works(m, 0));
	machine_destroy(m);
}

static void test_unseen(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	kick.int_mask = RKNPU_INT_DPU;
	arm(m, 0, TWIN_FAULT_UNSEEN, 0, 1);
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(!(rd(m, 0, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_ALL));
	CHECK(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS) & RKNPU_INT_DPU);
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	CHECK(works(m, 0));
	machine_destroy(m);
}

struct mmu_fault {
	uint32_t kind;
	bool write;
	uint32_t addr;
};

static const struct mmu_fault mmu_faults[] = {
	{ TWIN_FAULT_MMU_READ, false, IN_IOVA },
	{ TWIN_FAULT_MMU_WRITE, true, OUT_IOVA },
	{ TWIN_FAULT_MMU_FETCH, false, CMD_IOVA },
};

static void test_mmu_fault(const void *arg)
{
	const struct mmu_fault *f = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	unsigned int core;
	uint32_t bank;

	for (core = 0; core < TWIN_MAX_CORES; core++) {
		bank = f->write ? write_bank(core) : read_bank(core);
		arm(m, core, f->kind, 0, 1);
		start_kick(m, core, &kick);
		CHECK(machine_run_to_irq(m, core));
		CHECK_EQ(rd(m, core, bank + RK_IOMMU_INT_STATUS), RK_IOMMU_INT_PAGE_FAULT);
		CHECK_EQ(rd(m, core, bank + RK_IOMMU_PAGE_FAULT_ADDR), f->addr);
		CHECK_EQ(rd(m, core, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_ALL,
			 f->write ? RKNPU_INT_DMA_WRITE_ERROR : RKNPU_INT_DMA_READ_ERROR);
		/* The address stays unmapped for this kick */
		wr(m, core, bank + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_PAGE_FAULT_DONE);
		wr(m, core, bank + RK_IOMMU_INT_CLEAR, RK_IOMMU_INT_PAGE_FAULT);
		CHECK(machine_run_to_irq(m, core));
		CHECK_EQ(core_stat(m, core, TWIN_STAT_FAULTS), 2);
		recover(m, core);
		CHECK(works(m, core));
	}
	machine_destroy(m);
}

/* A stalled bank holds the access before it can translate it. */
static void test_mmu_fault_waits_for_stall(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	arm(m, 1, TWIN_FAULT_MMU_FETCH, 0, 1);
	wr(m, 1, 0xa000 + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_ENABLE_STALL);
	start_kick(m, 1, &kick);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_FAULTS), 0);
	wr(m, 1, 0xa000 + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_DISABLE_STALL);
	CHECK(machine_run_to_irq(m, 1));
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_FAULTS), 1);
	machine_destroy(m);
}

static void test_bus_error(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	arm(m, 1, TWIN_FAULT_BUS_ERROR, 0, 1);
	start_kick(m, 1, &kick);
	CHECK(machine_run_to_irq(m, 1));
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_INT_STATUS), RK_IOMMU_INT_BUS_ERROR);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_STATUS), 0x19);
	recover(m, 1);
	CHECK(works(m, 1));
	machine_destroy(m);
}

/* The effect of the erratum persists across a reset of its own core, but not across one of all cores. */
static void test_stall_recovery(const void *arg)
{
	struct machine *m = machine_default();
	unsigned int core;

	(void)arg;
	arm(m, 1, TWIN_FAULT_STALL, 0, 1);
	CHECK(!works(m, 1));
	recover(m, 1);
	CHECK(!works(m, 1));
	CHECK(works(m, 0));
	reset_wr(m, 0x3f);
	machine_run(m, 10000);
	reset_wr(m, 0);
	for (core = 0; core < TWIN_MAX_CORES; core++)
		enable_banks(m, core);
	CHECK(works(m, 1));
	arm(m, 1, TWIN_FAULT_STALL, 0, 1);
	CHECK(!works(m, 1));
	twin_power_on(m->twin);
	enable_banks(m, 1);
	CHECK(works(m, 1));
	machine_destroy(m);
}

static void test_after_reset(const void *arg)
{
	struct machine *m = machine_default();

	(void)arg;
	arm(m, 1, TWIN_FAULT_AFTER_RESET, RKNPU_INT_DPU, 1);
	CHECK(!works(m, 1));
	core_reset(m, 1);
	CHECK(!m->irq[1]);
	CHECK(machine_run_to_irq(m, 1));
	CHECK_EQ(rd(m, 1, RKNPU_PC_INTERRUPT_STATUS), RKNPU_INT_DPU);
	wr(m, 1, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	/* Only once */
	recover(m, 1);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK(works(m, 1));
	machine_destroy(m);
}

/* If the host's timer is late, the interrupt is not attributed to the next kick. */
static void test_after_reset_late_host(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	arm(m, 1, TWIN_FAULT_AFTER_RESET, RKNPU_INT_DPU, 1);
	CHECK(!works(m, 1));
	core_reset(m, 1);
	m->now += 20000;
	enable_banks(m, 1);
	CHECK(m->irq[1]);
	start_kick(m, 1, &kick);
	CHECK(!m->irq[1]);
	CHECK(machine_run_to_irq(m, 1));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_spurious(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	ctl_wr(m, TWIN_FAULT_PARAM, RKNPU_INT_DPU);
	ctl_wr(m, TWIN_SPURIOUS, 2);
	CHECK(m->irq[2]);
	CHECK(!m->irq[0]);
	CHECK_EQ(rd(m, 2, RKNPU_PC_INTERRUPT_STATUS), RKNPU_INT_DPU);
	CHECK_EQ(core_stat(m, 2, TWIN_STAT_IRQS), 1);
	wr(m, 2, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	/* In the middle of a kick, which continues */
	start_kick(m, 2, &kick);
	ctl_wr(m, TWIN_SPURIOUS, 2);
	CHECK(m->irq[2]);
	CHECK(!simple_kick_done(m));
	wr(m, 2, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	CHECK(machine_run_to_irq(m, 2));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_slow_ack(const void *arg)
{
	struct machine *m = machine_default();

	(void)arg;
	ctl_wr(m, TWIN_FAULT_CORE, 1);
	ctl_wr(m, TWIN_SLOW_ACK_MS, 7);
	CHECK_EQ(ctl_rd(m, TWIN_SLOW_ACK_MS), 7);
	/* No delay without an interrupt, or on another core */
	wr(m, 1, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	ctl_wr(m, TWIN_FAULT_PARAM, RKNPU_INT_DPU);
	ctl_wr(m, TWIN_SPURIOUS, 2);
	wr(m, 2, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	CHECK_EQ(m->paused_ms, 0);
	ctl_wr(m, TWIN_SPURIOUS, 1);
	wr(m, 1, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	CHECK_EQ(m->paused_ms, 7);
	CHECK(!m->irq[1]);
	CHECK_EQ(ctl_rd(m, TWIN_SLOW_ACK_MS), 0);
	/* Only once */
	ctl_wr(m, TWIN_SPURIOUS, 1);
	wr(m, 1, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	CHECK_EQ(m->paused_ms, 7);
	machine_destroy(m);
}

static void test_no_such_core(const void *arg)
{
	struct machine *m = machine_default();

	(void)arg;
	arm(m, 3, TWIN_FAULT_NEVER, 0, 1);
	ctl_wr(m, TWIN_SPURIOUS, 3);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 2);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_UNDECODED);
	ctl_wr(m, TWIN_ERROR_ACK, 2);
	machine_destroy(m);
}

static const struct silent_case silent[] = {
	{ TWIN_FAULT_NEVER, RKNPU_PC_TASK_STATUS_FIRST_OP | RKNPU_PC_TASK_STATUS_LAST_OP },
	{ TWIN_FAULT_STALL, 0 },
	{ TWIN_FAULT_AFTER_RESET, RKNPU_PC_TASK_STATUS_FIRST_OP | RKNPU_PC_TASK_STATUS_LAST_OP },
};

const struct test_case fault_tests[] = {
	{ "fault on demand: armed per core, for so many kicks", test_arming, 0 },
	{ "fault on demand: never completes", test_silent, &silent[0] },
	{ "fault on demand: the erratum looks started", test_silent, &silent[1] },
	{ "fault on demand: interrupt after reset, before it", test_silent, &silent[2] },
	{ "fault on demand: completes late", test_late, 0 },
	{ "fault on demand: late until released", test_released, 0 },
	{ "fault on demand: a block is done early", test_early, 0 },
	{ "fault on demand: a block is done early, the rest when it is released", test_early_and_released, 0 },
	{ "fault on demand: wrong bit", test_wrong_bit, 0 },
	{ "fault on demand: an interrupt that is lost", test_lost_irq, 0 },
	{ "fault on demand: an end that the raw status does not show", test_unseen, 0 },
	{ "fault on demand: first read", test_mmu_fault, &mmu_faults[0] },
	{ "fault on demand: first write", test_mmu_fault, &mmu_faults[1] },
	{ "fault on demand: fetch", test_mmu_fault, &mmu_faults[2] },
	{ "fault on demand: waits while the bank is stalled", test_mmu_fault_waits_for_stall, 0 },
	{ "fault on demand: bus error", test_bus_error, 0 },
	{ "fault on demand: the erratum needs the global reset", test_stall_recovery, 0 },
	{ "fault on demand: interrupt after reset", test_after_reset, 0 },
	{ "fault on demand: interrupt after reset with a late host", test_after_reset_late_host, 0 },
	{ "fault on demand: spurious interrupt", test_spurious, 0 },
	{ "fault on demand: slow ack", test_slow_ack, 0 },
	{ "fault on demand: a core that is not there", test_no_such_core, 0 },
	{ 0 },
};
