// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: translation, TLB, faults and commands of the IOMMU banks. Tests that apply
 * to both kinds of cores run on core 0, which has separate banks for reads and
 * writes, and on core 1.
 */
#include <string.h>

#include "machine.h"

#define FAULT_RETRY_NS	1000000
#define RW_CORES	2u

static void command(struct machine *m, unsigned int core, uint32_t bank, uint32_t value)
{
	wr(m, core, bank + RK_IOMMU_COMMAND, value);
}

static void zap_line(struct machine *m, unsigned int core, uint32_t iova)
{
	unsigned int i;

	for (i = 0; i < bank_count(core); i++)
		wr(m, core, bank_offset(core, i) + RK_IOMMU_ZAP_ONE_LINE, iova);
}

static bool copies(struct machine *m, unsigned int core)
{
	struct kick kick = simple_kick(m);
	bool done;

	start_kick(m, core, &kick);
	done = machine_run_to_irq(m, core) && simple_kick_done(m);
	wr(m, core, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	return done;
}

/* ---- Translation ---- */

static void test_above_4g(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	unsigned int i;

	(void)arg;
	/* Directory, table and data page all need bits 32 to 39 */
	m->directory = HIGH_ADDR;
	m->next_table = HIGH_ADDR + PAGE;
	map_page(m, CMD_IOVA, CMD_ADDR, PROT_R);
	map_page(m, IN_IOVA, IN_ADDR, PROT_R);
	map_page(m, OUT_IOVA, HIGH_ADDR + 0x100000, PROT_W);
	enable_banks(m, 1);
	start_kick(m, 1, &kick);
	CHECK(machine_run_to_irq(m, 1));
	for (i = 0; i < 64; i++)
		CHECK_EQ(*ram(m, HIGH_ADDR + 0x100000 + i), i ^ 0x5a);
	machine_destroy(m);
}

static void test_dte_addr_readback(const void *arg)
{
	struct machine *m = machine_default();

	(void)arg;
	wr(m, 1, 0xa000 + RK_IOMMU_DTE_ADDR, RK_IOMMU_DTE_ADDR_PROBE);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_DTE_ADDR), RK_IOMMU_DTE_ADDR_PROBE);
	wr(m, 1, 0xa000 + RK_IOMMU_DTE_ADDR, 0x12345abf);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_DTE_ADDR), 0x12345ab0);
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_DTE_WRITES), 2);
	machine_destroy(m);
}

static void test_pages_are_scattered(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	(void)arg;
	/* Two adjacent device pages, far apart and in reverse order in memory */
	map_page(m, OUT_IOVA, OUT_ADDR + 9 * PAGE, PROT_W);
	map_page(m, OUT_IOVA + PAGE, OUT_ADDR + 2 * PAGE, PROT_W);
	memset(ram(m, IN_ADDR), 1, PAGE);
	stream_copy(&s, IN_IOVA, OUT_IOVA + PAGE - 64, 128, 2, 0);
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(*ram(m, OUT_ADDR + 10 * PAGE - 64), 3);
	CHECK_EQ(*ram(m, OUT_ADDR + 2 * PAGE + 63), 3);
	CHECK_EQ(*ram(m, OUT_ADDR + 2 * PAGE + 64), 0xee);
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	machine_destroy(m);
}

/* ---- Faults ---- */

struct fault_case {
	uint32_t iova;		/* address whose entry is changed and that is expected to fault */
	uint32_t entry;		/* new page entry */
	bool write;
};

static const struct fault_case fault_cases[] = {
	{ CMD_IOVA, 0, false },
	{ IN_IOVA, 0, false },
	{ OUT_IOVA, 0, true },
	{ IN_IOVA, (uint32_t)IN_ADDR | PROT_W | RK_IOMMU_ENTRY_VALID, false },
	{ OUT_IOVA, (uint32_t)OUT_ADDR | PROT_R | RK_IOMMU_ENTRY_VALID, true },
	{ OUT_IOVA, (uint32_t)OUT_ADDR | PROT_RW, true },
};

/* No table at all, and an address that is not page aligned */
static void test_fault_without_table(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	kick.addr = HOLE_IOVA + 0x7f0;
	start_kick(m, 1, &kick);
	CHECK(machine_run_to_irq(m, 1));
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_INT_STATUS), RK_IOMMU_INT_PAGE_FAULT);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_PAGE_FAULT_ADDR), HOLE_IOVA + 0x7f0);
	CHECK_EQ(rd(m, 1, RKNPU_PC_TASK_STATUS),
		 RKNPU_PC_TASK_STATUS_FIRST_FETCH | RKNPU_PC_TASK_STATUS_LAST_FETCH);
	/* Only bits written as one are cleared */
	wr(m, 1, 0xa000 + RK_IOMMU_INT_CLEAR, RK_IOMMU_INT_BUS_ERROR);
	CHECK(m->irq[1]);
	wr(m, 1, 0xa000 + RK_IOMMU_INT_CLEAR, RK_IOMMU_INT_PAGE_FAULT);
	CHECK(!m->irq[1]);
	machine_destroy(m);
}

static void check_fault(struct machine *m, unsigned int core, const struct fault_case *c)
{
	uint32_t bank = c->write ? write_bank(core) : read_bank(core);

	CHECK(m->irq[core]);
	CHECK_EQ(rd(m, core, bank + RK_IOMMU_INT_STATUS), RK_IOMMU_INT_PAGE_FAULT);
	CHECK_EQ(rd(m, core, bank + RK_IOMMU_PAGE_FAULT_ADDR), c->iova);
	CHECK_EQ(rd(m, core, bank + RK_IOMMU_STATUS), c->write ? 0x2b : 0x18b);
	CHECK_EQ(rd(m, core, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_ALL,
		 c->write ? RKNPU_INT_DMA_WRITE_ERROR : RKNPU_INT_DMA_READ_ERROR);
	CHECK_EQ(rd(m, core, RKNPU_PC_INTERRUPT_STATUS), 0);
}

static void test_fault(const void *arg)
{
	const struct fault_case *c = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	unsigned int core;

	set_entry(m, c->iova, c->entry);
	for (core = 0; core < RW_CORES; core++) {
		start_kick(m, core, &kick);
		CHECK(machine_run_to_irq(m, core));
		check_fault(m, core, c);
		CHECK_EQ(core_stat(m, core, TWIN_STAT_FAULTS), 1);
		/* The state does not change without a command */
		machine_run(m, 100 * FAULT_RETRY_NS);
		CHECK_EQ(core_stat(m, core, TWIN_STAT_FAULTS), 1);
		check_fault(m, core, c);
	}
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	machine_destroy(m);
}

/* Do what rockchip-iommu does in its interrupt handler */
static void handle_fault(struct machine *m, unsigned int core, uint32_t bank)
{
	command(m, core, bank, RK_IOMMU_COMMAND_ZAP_CACHE);
	command(m, core, bank, RK_IOMMU_COMMAND_PAGE_FAULT_DONE);
	wr(m, core, bank + RK_IOMMU_INT_CLEAR, RK_IOMMU_INT_PAGE_FAULT);
}

static void test_fault_repeats(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	unsigned int i;

	(void)arg;
	unmap_page(m, OUT_IOVA);
	start_kick(m, 1, &kick);
	for (i = 1; i < 5; i++) {
		CHECK(machine_run_to_irq(m, 1));
		CHECK_EQ(core_stat(m, 1, TWIN_STAT_FAULTS), i);
		handle_fault(m, 1, 0xa000);
		CHECK(!m->irq[1]);
		CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_STATUS), 0x19);
		machine_run(m, FAULT_RETRY_NS - 1);
		CHECK(!m->irq[1]);
	}
	core_reset(m, 1);
	machine_run(m, 10 * FAULT_RETRY_NS);
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_FAULTS), 4);
	machine_destroy(m);
}

static void test_fault_then_mapped(const void *arg)
{
	const struct fault_case *c = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	uint32_t bank;
	unsigned int core;

	for (core = 0; core < RW_CORES; core++) {
		bank = c->write ? write_bank(core) : read_bank(core);
		clear_output(m);
		set_entry(m, c->iova, c->entry);
		zap_line(m, core, c->iova);
		start_kick(m, core, &kick);
		CHECK(machine_run_to_irq(m, core));
		map_page(m, CMD_IOVA, CMD_ADDR, PROT_R);
		map_page(m, IN_IOVA, IN_ADDR, PROT_R);
		map_page(m, OUT_IOVA, OUT_ADDR, PROT_W);
		handle_fault(m, core, bank);
		CHECK(machine_run_to_irq(m, core));
		CHECK_EQ(rd(m, core, RKNPU_PC_INTERRUPT_STATUS), 0x100);
		CHECK(simple_kick_done(m));
		CHECK_EQ(core_stat(m, core, TWIN_STAT_TASKS), 1);
	}
	machine_destroy(m);
}

static void test_no_storm(const void *arg)
{
	struct twin_config config;
	struct machine *m;
	struct kick kick;

	(void)arg;
	twin_config_init(&config);
	config.fault_storm = false;
	m = machine_create(&config, false);
	enable_banks(m, 1);
	kick = simple_kick(m);
	unmap_page(m, OUT_IOVA);
	start_kick(m, 1, &kick);
	CHECK(machine_run_to_irq(m, 1));
	handle_fault(m, 1, 0xa000);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_FAULTS), 1);
	machine_destroy(m);
}

struct bus_case {
	uint32_t dte_addr;	/* directory address programmed into the bank */
	uint32_t dte;		/* entry written for CMD_IOVA, 0: none */
};

static const struct bus_case bus_cases[] = { { 0x00100000, 0 }, { (uint32_t)LOW_ADDR, 0x00200001 } };

static void test_bus_error(const void *arg)
{
	const struct bus_case *c = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	uint8_t *dte = ram(m, LOW_ADDR) + (CMD_IOVA >> RK_IOMMU_DIR_SHIFT) * 4;

	if (c->dte) {
		dte[0] = c->dte;
		dte[2] = c->dte >> 16;
		dte[3] = c->dte >> 24;
	}
	wr(m, 1, 0xa000 + RK_IOMMU_DTE_ADDR, c->dte_addr);
	start_kick(m, 1, &kick);
	CHECK(machine_run_to_irq(m, 1));
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_INT_STATUS), RK_IOMMU_INT_BUS_ERROR);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_STATUS), 0x19);
	CHECK_EQ(rd(m, 1, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_ALL, RKNPU_INT_DMA_READ_ERROR);
	wr(m, 1, 0xa000 + RK_IOMMU_INT_CLEAR, RK_IOMMU_INT_BUS_ERROR);
	CHECK(!machine_run_to_irq(m, 1));
	machine_destroy(m);
}

static void test_data_outside_ram(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	map_page(m, OUT_IOVA, 0x1000, PROT_RW);
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_ALL, RKNPU_INT_DMA_WRITE_ERROR);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_UNDECODED);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static void test_fault_masked(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	wr(m, 1, 0xa000 + RK_IOMMU_INT_MASK, 0);
	unmap_page(m, IN_IOVA);
	start_kick(m, 1, &kick);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_INT_RAWSTAT), RK_IOMMU_INT_PAGE_FAULT);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_INT_STATUS), 0);
	wr(m, 1, 0xa000 + RK_IOMMU_INT_MASK, 3);
	CHECK(m->irq[1]);
	machine_destroy(m);
}

/* ---- TLB ---- */

static void remap_output(struct machine *m)
{
	map_page(m, OUT_IOVA, OUT_ADDR + PAGE, PROT_W);
}

static void unmap_output(struct machine *m)
{
	unmap_page(m, OUT_IOVA);
}

static void move_table(struct machine *m)
{
	/* The same page entry in another table */
	uint32_t index = OUT_IOVA >> RK_IOMMU_DIR_SHIFT;
	uint8_t *dte = ram(m, m->directory) + index * 4;

	memset(dte, 0, 4);
	map_page(m, OUT_IOVA, OUT_ADDR, PROT_RW);
}

static void zap_output(struct machine *m, unsigned int core)
{
	zap_line(m, core, OUT_IOVA + 0x123);
}

static void zap_neighbour(struct machine *m, unsigned int core)
{
	zap_line(m, core, OUT_IOVA + PAGE);
}

static void zap_everything(struct machine *m, unsigned int core)
{
	unsigned int i;

	for (i = 0; i < bank_count(core); i++)
		command(m, core, bank_offset(core, i), RK_IOMMU_COMMAND_ZAP_CACHE);
}

static void zap_nothing(struct machine *m, unsigned int core)
{
	(void)m;
	(void)core;
}

static void reload_directory(struct machine *m, unsigned int core)
{
	wr(m, core, write_bank(core) + RK_IOMMU_DTE_ADDR, entry_of(m->directory));
}

struct tlb_case {
	void (*change)(struct machine *m);
	void (*zap)(struct machine *m, unsigned int core);
	bool stale;
};

static const struct tlb_case tlb_cases[] = {
	{ remap_output, zap_nothing, true },
	{ remap_output, zap_neighbour, true },
	{ remap_output, reload_directory, true },
	{ remap_output, zap_output, false },
	{ remap_output, zap_everything, false },
	{ move_table, zap_nothing, true },
	{ move_table, zap_output, false },
	{ unmap_output, zap_nothing, true },
};

static void test_tlb(const void *arg)
{
	const struct tlb_case *c = arg;
	struct machine *m = machine_default();
	unsigned int core, errors = 0;

	for (core = 0; core < RW_CORES; core++) {
		map_page(m, OUT_IOVA, OUT_ADDR, PROT_RW);
		zap_everything(m, core);
		CHECK(copies(m, core));
		CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), errors);
		c->change(m);
		c->zap(m, core);
		/* The old page is written if and only if the old line was used */
		CHECK_EQ(copies(m, core), c->stale || c->change == move_table);
		errors += c->stale;
		CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), errors);
	}
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), c->stale ? TWIN_ERROR_TLB_STALE : 0);
	ctl_wr(m, TWIN_ERROR_ACK, errors);
	machine_destroy(m);
}

/* Mainline zaps only the ends of a newly mapped range: invalid entries must not have been cached. */
static void test_fresh_mapping_needs_no_zap(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	unmap_page(m, OUT_IOVA);
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	core_reset(m, 0);
	enable_banks(m, 0);
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	map_page(m, OUT_IOVA, OUT_ADDR, PROT_W);
	command(m, 0, write_bank(0), RK_IOMMU_COMMAND_PAGE_FAULT_DONE);
	wr(m, 0, write_bank(0) + RK_IOMMU_INT_CLEAR, 3);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_zap_counters(const void *arg)
{
	struct machine *m = machine_default();

	(void)arg;
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_ZAP_ALLS), 2);
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_ZAP_ALLS), 1);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_DTE_WRITES), 2);
	zap_line(m, 0, OUT_IOVA);
	zap_line(m, 1, OUT_IOVA);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_ZAP_LINES), 2);
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_ZAP_LINES), 1);
	machine_destroy(m);
}

/* ---- Paging off ---- */

static void test_untranslated(const void *arg)
{
	const bool *allowed = arg;
	struct twin_config config;
	struct machine *m;
	struct kick kick;
	struct stream s;

	twin_config_init(&config);
	config.allow_untranslated = *allowed;
	m = machine_create(&config, false);
	kick = simple_kick(m);
	s = stream_at(m, CMD_IOVA);
	stream_copy(&s, IN_ADDR, OUT_ADDR, 64, 0x5a, 0);
	kick.addr = CMD_ADDR;
	start_kick(m, 1, &kick);
	CHECK(machine_run_to_irq(m, 1));
	CHECK(simple_kick_done(m));
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), *allowed ? 0 : 3);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), *allowed ? 0 : TWIN_ERROR_UNTRANSLATED);
	ctl_wr(m, TWIN_ERROR_ACK, 3);
	machine_destroy(m);
}

/* When the remaining accesses would happen is not predictable, so their being pending is the error */
static void test_switched_off_meanwhile(const void *arg)
{
	const uint32_t *how = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	start_kick(m, 1, &kick);
	command(m, 1, bank_offset(1, 0), *how);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 1);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_UNTRANSLATED);
	wr(m, 1, bank_offset(1, 0) + RK_IOMMU_DTE_ADDR, entry_of(m->directory));
	command(m, 1, bank_offset(1, 0), RK_IOMMU_COMMAND_ENABLE_PAGING);
	CHECK(machine_run_to_irq(m, 1));
	command(m, 1, bank_offset(1, 0), *how);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 1);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

/* Both banks of core 0 are needed. */
static void test_second_bank_forgotten(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	command(m, 0, write_bank(0), RK_IOMMU_COMMAND_DISABLE_PAGING);
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK(strstr(m->log_last, "outside RAM"));
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 2);
	ctl_wr(m, TWIN_ERROR_ACK, 2);
	machine_destroy(m);
}

/* ---- Commands ---- */

static void test_stall_handshake(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	command(m, 1, 0xa000, RK_IOMMU_COMMAND_ENABLE_STALL);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_STATUS), 0x1d);
	start_kick(m, 1, &kick);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK_EQ(rd(m, 1, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_ALL, 0);
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_FAULTS), 0);
	command(m, 1, 0xa000, RK_IOMMU_COMMAND_DISABLE_STALL);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_STATUS), 0x19);
	CHECK(machine_run_to_irq(m, 1));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

/* Core 0 writes through the second bank: a stall of it only holds writes, while reads continue. */
static void test_stall_of_one_bank(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	command(m, 0, write_bank(0), RK_IOMMU_COMMAND_ENABLE_STALL);
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_CNA_FEATURE_DATA_ADDR), IN_IOVA);
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	command(m, 0, write_bank(0), RK_IOMMU_COMMAND_DISABLE_STALL);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_stall_ignored_in_fault(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	unmap_page(m, IN_IOVA);
	start_kick(m, 1, &kick);
	CHECK(machine_run_to_irq(m, 1));
	command(m, 1, 0xa000, RK_IOMMU_COMMAND_ENABLE_STALL);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_STATUS) & RK_IOMMU_STATUS_STALL_ACTIVE, 0);
	command(m, 1, 0xa000, RK_IOMMU_COMMAND_PAGE_FAULT_DONE);
	command(m, 1, 0xa000, RK_IOMMU_COMMAND_ENABLE_STALL);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_STATUS) & RK_IOMMU_STATUS_STALL_ACTIVE, RK_IOMMU_STATUS_STALL_ACTIVE);
	machine_destroy(m);
}

static void test_force_reset(const void *arg)
{
	struct machine *m = machine_default();
	unsigned int core;

	(void)arg;
	for (core = 0; core < RW_CORES; core++) {
		CHECK(copies(m, core));
		wr(m, core, 0xa000 + RK_IOMMU_DTE_ADDR, RK_IOMMU_DTE_ADDR_PROBE);
		CHECK_EQ(rd(m, core, 0xa000 + RK_IOMMU_DTE_ADDR), RK_IOMMU_DTE_ADDR_PROBE);
		command(m, core, 0xa000, RK_IOMMU_COMMAND_ENABLE_STALL);
		command(m, core, 0xa000, RK_IOMMU_COMMAND_FORCE_RESET);
		CHECK_EQ(rd(m, core, 0xa000 + RK_IOMMU_DTE_ADDR), 0);
		CHECK_EQ(rd(m, core, 0xa000 + RK_IOMMU_STATUS), 0x18);
		CHECK_EQ(rd(m, core, 0xa000 + RK_IOMMU_INT_MASK), 0);
		/* The TLB is empty: a new page at the same address is used at once, without a zap */
		remap_output(m);
		wr(m, core, 0xa000 + RK_IOMMU_DTE_ADDR, entry_of(m->directory));
		command(m, core, 0xa000, RK_IOMMU_COMMAND_ENABLE_PAGING);
		CHECK(!copies(m, core));
		map_page(m, OUT_IOVA, OUT_ADDR, PROT_W);
	}
	machine_destroy(m);
}

static void test_unknown_command(const void *arg)
{
	struct machine *m = machine_default();

	(void)arg;
	command(m, 0, 0x9000, 7);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_MMU_CMD);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static const bool yes = true, no;
static const uint32_t switch_off = RK_IOMMU_COMMAND_DISABLE_PAGING, force_reset = RK_IOMMU_COMMAND_FORCE_RESET;

const struct test_case mmu_tests[] = {
	{ "translation: directory, table and page above 4 GiB", test_above_4g, 0 },
	{ "translation: DTE_ADDR reads back without its low bits", test_dte_addr_readback, 0 },
	{ "translation: scattered pages", test_pages_are_scattered, 0 },
	{ "fault: command fetch", test_fault, &fault_cases[0] },
	{ "fault: no table, inside a page", test_fault_without_table, 0 },
	{ "fault: read of an invalid page", test_fault, &fault_cases[1] },
	{ "fault: write to an invalid page", test_fault, &fault_cases[2] },
	{ "fault: read without permission", test_fault, &fault_cases[3] },
	{ "fault: write without permission", test_fault, &fault_cases[4] },
	{ "fault: permissions without the valid bit", test_fault, &fault_cases[5] },
	{ "fault: repeats after each done until reset", test_fault_repeats, 0 },
	{ "fault: fetch goes on once mapped", test_fault_then_mapped, &fault_cases[0] },
	{ "fault: read goes on once mapped", test_fault_then_mapped, &fault_cases[1] },
	{ "fault: write goes on once mapped", test_fault_then_mapped, &fault_cases[2] },
	{ "fault: with fault_storm off the access is answered with an error", test_no_storm, 0 },
	{ "fault: a masked one raises no line", test_fault_masked, 0 },
	{ "bus error: directory outside RAM", test_bus_error, &bus_cases[0] },
	{ "bus error: table outside RAM", test_bus_error, &bus_cases[1] },
	{ "bus error: data page outside RAM is a guest error", test_data_outside_ram, 0 },
	{ "TLB: a page moved without zap is stale", test_tlb, &tlb_cases[0] },
	{ "TLB: a zap of the neighbour does not help", test_tlb, &tlb_cases[1] },
	{ "TLB: writing DTE_ADDR does not help", test_tlb, &tlb_cases[2] },
	{ "TLB: zapping the line helps", test_tlb, &tlb_cases[3] },
	{ "TLB: zapping everything helps", test_tlb, &tlb_cases[4] },
	{ "TLB: a table moved without zap is stale", test_tlb, &tlb_cases[5] },
	{ "TLB: a table moved with zap is not", test_tlb, &tlb_cases[6] },
	{ "TLB: a page unmapped without zap is stale", test_tlb, &tlb_cases[7] },
	{ "TLB: a fresh mapping needs no zap", test_fresh_mapping_needs_no_zap, 0 },
	{ "TLB: zaps and directories are counted per core", test_zap_counters, 0 },
	{ "paging off: DMA is a guest error and goes through", test_untranslated, &no },
	{ "paging off: unless that is allowed", test_untranslated, &yes },
	{ "paging off: not while a kick runs", test_switched_off_meanwhile, &switch_off },
	{ "paging off: nor by a reset of the bank", test_switched_off_meanwhile, &force_reset },
	{ "paging off: in the second bank of core 0 alone", test_second_bank_forgotten, 0 },
	{ "stall: holds the kick until it ends", test_stall_handshake, 0 },
	{ "stall: of the writing bank alone", test_stall_of_one_bank, 0 },
	{ "stall: ignored while a fault is active", test_stall_ignored_in_fault, 0 },
	{ "force reset: clears bank and TLB", test_force_reset, 0 },
	{ "command: unknown ones are guest errors", test_unknown_command, 0 },
	{ 0 },
};
