// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: register groups and S_POINTER.
 */
#include "machine.h"

static void test_pointer_selects_group(const void *arg)
{
	struct machine *m = machine_create(NULL, false);

	(void)arg;
	wr(m, 0, RKNPU_DPU_S_POINTER, 0);
	wr(m, 0, RKNPU_DPU_DST_BASE_ADDR, 0x1000);
	wr(m, 0, RKNPU_DPU_S_POINTER, 1);
	CHECK_EQ(rd(m, 0, RKNPU_DPU_DST_BASE_ADDR), 0);
	wr(m, 0, RKNPU_DPU_DST_BASE_ADDR, 0x2000);
	wr(m, 0, RKNPU_DPU_S_POINTER, 0);
	CHECK_EQ(rd(m, 0, RKNPU_DPU_DST_BASE_ADDR), 0x1000);
	/* A write does not set a pointer that toggles by itself; its clear bit does clear it */
	wr(m, 0, RKNPU_DPU_S_POINTER, 1);
	wr(m, 0, RKNPU_DPU_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	CHECK_EQ(rd(m, 0, RKNPU_DPU_DST_BASE_ADDR), 0x2000);
	wr(m, 0, RKNPU_DPU_S_POINTER, RKNPU_S_POINTER_PINGPONG | RKNPU_S_POINTER_POINTER_PP_CLEAR);
	CHECK_EQ(rd(m, 0, RKNPU_DPU_DST_BASE_ADDR), 0x1000);
	machine_destroy(m);
}

static void run_copy(struct machine *m, const struct kick *kick)
{
	start_kick(m, 0, kick);
	CHECK(machine_run_to_irq(m, 0));
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
}

static void test_task_flips_its_blocks(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	wr(m, 0, RKNPU_PPU_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	run_copy(m, &kick);
	CHECK_EQ(rd(m, 0, RKNPU_DPU_S_POINTER), 0x1000f);
	CHECK_EQ(rd(m, 0, RKNPU_CNA_S_POINTER), 0x1000f);
	CHECK_EQ(rd(m, 0, RKNPU_CORE_S_POINTER), 0x1000f);
	CHECK_EQ(rd(m, 0, RKNPU_PPU_S_POINTER), 0xe);
	run_copy(m, &kick);
	CHECK_EQ(rd(m, 0, RKNPU_DPU_S_POINTER), 0xe);
	machine_destroy(m);
}

/* A task that only sets the key runs with the other registers of its group unchanged. */
static struct kick delta_kick(struct machine *m, uint32_t pointer, uint8_t key)
{
	struct stream s = stream_at(m, CMD_IOVA + PAGE);

	stream_write(&s, RKNPU_DPU_S_POINTER, pointer);
	stream_write(&s, RKNPU_DPU_OUT_CVT_OFFSET, key);
	stream_end(&s, ENABLE_CONV);
	return (struct kick){
		.addr = s.iova, .words = s.words, .tasks = 1, .int_mask = RKNPU_INT_DPU, .pingpong = true,
	};
}

static void test_delta_inherits_from_two_before(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m), delta;
	struct stream s;

	(void)arg;
	run_copy(m, &kick);
	/* The other group has another destination */
	s = stream_at(m, CMD_IOVA);
	stream_copy(&s, IN_IOVA, OUT_IOVA + 0x100, 64, 0x5a, 0);
	run_copy(m, &kick);
	delta = delta_kick(m, RKNPU_S_POINTER_PINGPONG, 0x11);
	run_copy(m, &delta);
	CHECK_EQ(*ram(m, OUT_ADDR + 1), 1 ^ 0x11);
	CHECK_EQ(*ram(m, OUT_ADDR + 0x101), 1 ^ 0x5a);
	machine_destroy(m);
}

static void test_delta_without_toggle_inherits_from_one_before(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m), delta;
	struct stream s = stream_at(m, CMD_IOVA);
	const uint32_t clear = RKNPU_S_POINTER_POINTER_PP_CLEAR | RKNPU_S_POINTER_EXECUTER_PP_CLEAR;

	(void)arg;
	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, 0);
	s.words = 0;
	stream_write(&s, RKNPU_DPU_S_POINTER, clear);
	program_kick(m, 0, &kick);
	wr(m, 0, RKNPU_CNA_S_POINTER, clear);
	wr(m, 0, RKNPU_PC_OPERATION_ENABLE, 1);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS), 0x100);
	CHECK_EQ(rd(m, 0, RKNPU_DPU_S_POINTER), 0);
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	delta = delta_kick(m, clear, 0x22);
	program_kick(m, 0, &delta);
	wr(m, 0, RKNPU_CNA_S_POINTER, clear);
	wr(m, 0, RKNPU_PC_OPERATION_ENABLE, 1);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS), 0x100);
	CHECK_EQ(*ram(m, OUT_ADDR + 1), 1 ^ 0x22);
	machine_destroy(m);
}

static void test_persists_until_reset(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	run_copy(m, &kick);
	run_copy(m, &kick);
	CHECK_EQ(rd(m, 0, RKNPU_CNA_FEATURE_DATA_ADDR), IN_IOVA);
	core_reset(m, 0);
	CHECK_EQ(rd(m, 0, RKNPU_CNA_FEATURE_DATA_ADDR), 0);
	wr(m, 0, RKNPU_CNA_S_POINTER, 1);
	CHECK_EQ(rd(m, 0, RKNPU_CNA_FEATURE_DATA_ADDR), 0);
	machine_destroy(m);
}

/* ---- The core's own number ---- */

struct pointer_case {
	unsigned int core;
	uint32_t cna, core_block;	/* values written by the CPU */
	bool completes;
};

static const struct pointer_case pointer_cases[] = {
	{ 0, 0x0000000e, 0x0000000e, true },
	{ 1, 0x1000000e, 0x1000000e, true },
	{ 2, 0x2000000e, 0x2000000e, true },
	{ 1, 0x0000000e, 0x1000000e, false },
	{ 1, 0x1000000e, 0x0000000e, false },
	{ 0, 0x1000000e, 0x1000000e, false },
	{ 2, 0x1000000e, 0x1000000e, false },
};

static void test_core_number(const void *arg)
{
	const struct pointer_case *c = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	program_kick(m, c->core, &kick);
	wr(m, c->core, RKNPU_CNA_S_POINTER, c->cna);
	wr(m, c->core, RKNPU_CORE_S_POINTER, c->core_block);
	wr(m, c->core, RKNPU_PC_OPERATION_ENABLE, 1);
	CHECK_EQ(machine_run_to_irq(m, c->core), c->completes);
	CHECK_EQ(simple_kick_done(m), c->completes);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), c->completes ? 0 : TWIN_ERROR_S_POINTER);
	ctl_wr(m, TWIN_ERROR_ACK, !c->completes);
	machine_destroy(m);
}

static void test_stream_writes_core_number(const void *arg)
{
	const struct pointer_case *c = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	stream_write(&s, RKNPU_CNA_S_POINTER, c->cna);
	stream_write(&s, RKNPU_CORE_S_POINTER, c->core_block);
	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, 0);
	stream_end(&s, ENABLE_CONV);
	kick.words = s.words;
	start_kick(m, c->core, &kick);
	CHECK_EQ(machine_run_to_irq(m, c->core), c->completes);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), c->completes ? 0 : TWIN_ERROR_S_POINTER);
	ctl_wr(m, TWIN_ERROR_ACK, !c->completes);
	machine_destroy(m);
}

/* A stream cannot correct its own mistake later. */
static void test_stream_restores_core_number(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	(void)arg;
	stream_write(&s, RKNPU_CNA_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	stream_write(&s, RKNPU_CNA_S_POINTER, RKNPU_S_POINTER_PINGPONG | 1u << 28);
	stream_end(&s, ENABLE_CONV);
	start_kick(m, 1, &kick);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_S_POINTER);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

const struct test_case group_tests[] = {
	{ "groups: the pointer selects what is written and read", test_pointer_selects_group, 0 },
	{ "groups: a task flips the blocks that took part", test_task_flips_its_blocks, 0 },
	{ "groups: with toggles a partial task inherits from two before", test_delta_inherits_from_two_before, 0 },
	{ "groups: without toggles it inherits from the one before",
	  test_delta_without_toggle_inherits_from_one_before, 0 },
	{ "groups: registers persist over kicks, not over a reset", test_persists_until_reset, 0 },
	{ "core number: core 0 without", test_core_number, &pointer_cases[0] },
	{ "core number: core 1 with its own", test_core_number, &pointer_cases[1] },
	{ "core number: core 2 with its own", test_core_number, &pointer_cases[2] },
	{ "core number: missing in CNA", test_core_number, &pointer_cases[3] },
	{ "core number: missing in CORE", test_core_number, &pointer_cases[4] },
	{ "core number: core 0 with another's", test_core_number, &pointer_cases[5] },
	{ "core number: core 2 with another's", test_core_number, &pointer_cases[6] },
	{ "core number: a stream on core 0 writes without", test_stream_writes_core_number, &pointer_cases[0] },
	{ "core number: a stream on core 1 writes its own", test_stream_writes_core_number, &pointer_cases[1] },
	{ "core number: a stream on core 1 takes it out of CNA", test_stream_writes_core_number, &pointer_cases[3] },
	{ "core number: a stream on core 1 takes it out of CORE", test_stream_writes_core_number, &pointer_cases[4] },
	{ "core number: a stream takes it out and puts it back", test_stream_restores_core_number, 0 },
	{ 0 },
};
