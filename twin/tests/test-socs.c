// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: differences of the SoCs other than RK3588.
 */
#include <string.h>

#include "machine.h"

#define A(core)		(1u << TWIN_RESET_LINE_A(core))

/* Prime the core like the vendor driver at power-on and after every reset */
static void prime(struct machine *m)
{
	wr(m, 0, RKNPU_PC_BASE_ADDRESS, RKNPU_PC_BASE_ADDRESS_PC_SEL);
	wr(m, 0, RKNPU_CNA_S_POINTER, 0);
	wr(m, 0, RKNPU_CNA_DATA_SIZE1, RKNPU_CNA_DATA_SIZE1_PRIMED);
	wr(m, 0, RKNPU_CNA_S_POINTER, RKNPU_S_POINTER_POINTER);
	wr(m, 0, RKNPU_CNA_DATA_SIZE1, RKNPU_CNA_DATA_SIZE1_PRIMED);
	wr(m, 0, RKNPU_CNA_S_POINTER, RKNPU_S_POINTER_PINGPONG | RKNPU_S_POINTER_POINTER_PP_CLEAR);
}

static void expect_error(struct machine *m, uint32_t code)
{
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_UNACKED), 1);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), code);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
}

static void works(struct machine *m, unsigned int core)
{
	struct kick kick = simple_kick(m);

	start_kick(m, core, &kick);
	CHECK(machine_run_to_irq(m, core));
	CHECK(simple_kick_done(m));
	wr(m, core, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	CHECK(!m->irq[core]);
}

static void test_rk3568(const void *arg)
{
	struct machine *m = machine_of("rk3568");

	(void)arg;
	CHECK_EQ(rd(m, 0, RKNPU_PC_VERSION), 0);
	works(m, 0);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS), 0x5000);
	machine_destroy(m);
}

/* The amount counts single words: the value that RK3588 needs is half of what RK3568 needs */
static void test_rk3568_amount(const void *arg)
{
	struct machine *m = machine_of("rk3568");
	struct kick kick = simple_kick(m);

	(void)arg;
	kick.words = (kick.words + 1) / 2;
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	expect_error(m, TWIN_ERROR_STREAM);
	machine_destroy(m);
}

static void test_rk3568_counts(const void *arg)
{
	struct machine *m = machine_of("rk3568");

	(void)arg;
	works(m, 0);
	CHECK_EQ(rd(m, 0, RKNPU_AMOUNTS_OLD + RKNPU_AMOUNTS_DATA_WRITTEN), 64);
	CHECK_EQ(rd(m, 0, RKNPU_AMOUNTS_OLD + RKNPU_AMOUNTS_DATA_READ), 64);
	CHECK_EQ(rd(m, 0, RKNPU_AMOUNTS_OLD + RKNPU_AMOUNTS_WEIGHTS_READ), 0);
	wr(m, 0, 0x8010, 0x80000101);
	wr(m, 0, 0x8010, 0x00000101);
	CHECK_EQ(rd(m, 0, RKNPU_AMOUNTS_OLD + RKNPU_AMOUNTS_DATA_WRITTEN), 0);
	machine_destroy(m);
}

static void start_with_block_2000(struct machine *m)
{
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	stream_raw(&s, RKNPU_REGCMD(RKNPU_TARGET_RK356X_2000, 0x2004, RKNPU_S_POINTER_PINGPONG));
	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, 0);
	stream_end(&s, ENABLE_CONV);
	kick.words = s.words;
	start_kick(m, 0, &kick);
}

static void test_rk3568_block_2000(const void *arg)
{
	struct machine *m = machine_of("rk3568");

	(void)arg;
	start_with_block_2000(m);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

/* RK3588 has no such block */
static void test_rk3588_block_2000(const void *arg)
{
	struct machine *m = machine_default();

	(void)arg;
	start_with_block_2000(m);
	machine_run_to_irq(m, 0);
	expect_error(m, TWIN_ERROR_STREAM);
	machine_destroy(m);
}

static void test_rk3568_qos(const void *arg)
{
	struct machine *m = machine_of("rk3568");

	(void)arg;
	twin_qos_write(m->twin, RKNPU_QOS_PRIORITY, 0x303, 4);
	twin_qos_write(m->twin, RKNPU_QOS_TW, 7, 4);
	CHECK_EQ(twin_qos_read(m->twin, RKNPU_QOS_PRIORITY, 4), 0x303);
	CHECK_EQ(twin_qos_read(m->twin, RKNPU_QOS_EXPECT, 4), 0);
	CHECK_EQ(twin_qos_read(m->twin, RKNPU_QOS_TW, 4), 7);
	CHECK_EQ(twin_qos_read(m->twin, 4, 4), 0);
	expect_error(m, TWIN_ERROR_UNDECODED);
	machine_destroy(m);
}

static void test_rk3576(const void *arg)
{
	struct machine *m = machine_of("rk3576");

	(void)arg;
	CHECK_EQ(rd(m, 0, RKNPU_PC_VERSION) + (rd(m, 0, RKNPU_PC_VERSION_NUM) & RKNPU_PC_VERSION_NUM_MASK), 1179210311);
	prime(m);
	works(m, 0);
	works(m, 1);
	CHECK_EQ(rd(m, 1, RKNPU_PC_TASK_STATUS_48), 0);
	CHECK(rd(m, 1, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_PC_DONE_0);
	wr(m, 1, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_PC_DONE_0);
	CHECK(!(rd(m, 1, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_PC_DONE_0));
	rd(m, 0, RKNPU_PC_TASK_STATUS);
	expect_error(m, TWIN_ERROR_UNDECODED);
	machine_destroy(m);
}

static void test_rk3576_priming(const void *arg)
{
	struct machine *m = machine_of("rk3576");

	(void)arg;
	works(m, 0);
	expect_error(m, TWIN_ERROR_START_UNPRIMED);
	prime(m);
	works(m, 0);
	/* A single line resets the core, which must be primed again afterwards */
	reset_wr(m, A(0));
	machine_run(m, 10000);
	reset_wr(m, 0);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_RESETS), 1);
	enable_banks(m, 0);
	works(m, 0);
	expect_error(m, TWIN_ERROR_START_UNPRIMED);
	machine_destroy(m);
}

/* The number of tasks has 16 bits, and both counters are read while a kick runs */
static void test_rk3576_task_status(const void *arg)
{
	struct machine *m = machine_of("rk3576");
	struct stream s = stream_at(m, CMD_IOVA);
	struct kick kick;

	(void)arg;
	prime(m);
	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 1, 0);
	/* The link leads to the segment itself: the number of tasks ends the kick */
	stream_chain(&s, ENABLE_CONV, CMD_IOVA, COPY_WORDS);
	kick = (struct kick){ .addr = CMD_IOVA, .words = s.words, .tasks = 5000, .int_mask = RKNPU_INT_DPU };
	start_kick(m, 0, &kick);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_CON), 5000);
	machine_run(m, 4500 * 1000);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS_48) >> 16, core_stat(m, 0, TWIN_STAT_TASKS));
	CHECK(core_stat(m, 0, TWIN_STAT_TASKS) > 4096);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_TASKS), 5000);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS_48), 0);
	machine_destroy(m);
}

static void test_rk3576_counts(const void *arg)
{
	struct machine *m = machine_of("rk3576");
	uint32_t written, other;

	(void)arg;
	prime(m);
	works(m, 0);
	written = rd(m, 0, RKNPU_AMOUNTS_TOP + RKNPU_AMOUNTS_DATA_WRITTEN);
	other = rd(m, 0, RKNPU_AMOUNTS_CORE + RKNPU_AMOUNTS_DATA_WRITTEN);
	CHECK_EQ((written + other) * 2, 64);
	wr(m, 0, RKNPU_AMOUNTS_TOP, 0);
	expect_error(m, TWIN_ERROR_RO_WRITE);
	machine_destroy(m);
}

/* The compiler writes a table of 513 entries to RK3588, and to RK356x a word more */
static void test_lut_words(const void *arg)
{
	const char *soc = arg;
	unsigned int most = strcmp(soc, "rk3568") ? 513 : 514, extra, i;

	for (extra = 0; extra < 2; extra++) {
		struct machine *m = machine_of(soc);
		struct kick kick = simple_kick(m);
		struct stream s = stream_at(m, CMD_IOVA);

		stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, 0);
		stream_write(&s, RKNPU_DPU_LUT_ACCESS_CFG, RKNPU_DPU_LUT_ACCESS_CFG_WRITE);
		for (i = 0; i < most + extra; i++)
			stream_write(&s, RKNPU_DPU_LUT_ACCESS_DATA, i);
		stream_end(&s, ENABLE_CONV);
		kick.words = s.words;
		start_kick(m, 0, &kick);
		CHECK(machine_run_to_irq(m, 0));
		if (extra)
			expect_error(m, TWIN_ERROR_STREAM);
		machine_destroy(m);
	}
}

const struct test_case soc_tests[] = {
	{ "socs: RK3568 runs a task", test_rk3568, 0 },
	{ "socs: RK3568 fetches one word per unit", test_rk3568_amount, 0 },
	{ "socs: RK3568 takes a longer lookup table", test_lut_words, "rk3568" },
	{ "socs: RK3588 does not", test_lut_words, "rk3588" },
	{ "socs: RK3568 counts bytes", test_rk3568_counts, 0 },
	{ "socs: RK3568 takes the S_POINTER of block 0x2000", test_rk3568_block_2000, 0 },
	{ "socs: RK3588 does not", test_rk3588_block_2000, 0 },
	{ "socs: RK3568 has a bus priority", test_rk3568_qos, 0 },
	{ "socs: RK3576 runs tasks on both cores", test_rk3576, 0 },
	{ "socs: RK3576 wants to be primed after each reset", test_rk3576_priming, 0 },
	{ "socs: RK3576 counts tasks in 16 bits", test_rk3576_task_status, 0 },
	{ "socs: RK3576 counts bytes", test_rk3576_counts, 0 },
	{ 0 },
};
