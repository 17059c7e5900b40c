// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: fetch, chaining, task counter and interrupt of a kick.
 */
#include <string.h>

#include "machine.h"

#define CHAIN_MAX	8
#define SEGMENT_STEP	256u	/* distance between segments of a chain, in bytes */
#define SLOT_BYTES	32u

/* A chain whose task i copies slot i; all segments are as long as the first. */
static struct kick chain_kick(struct machine *m, unsigned int segments, unsigned int tasks, uint32_t macs)
{
	struct stream s;
	unsigned int i;

	clear_output(m);
	for (i = 0; i < segments; i++) {
		s = stream_at(m, CMD_IOVA + i * SEGMENT_STEP);
		stream_copy(&s, IN_IOVA, OUT_IOVA + i * SLOT_BYTES, SLOT_BYTES, i + 1, macs);
		if (i + 1 < segments)
			stream_chain(&s, ENABLE_CONV, CMD_IOVA + (i + 1) * SEGMENT_STEP, COPY_WORDS);
		else
			stream_end(&s, ENABLE_CONV);
	}
	return (struct kick){
		.addr = CMD_IOVA, .words = s.words, .tasks = tasks, .int_mask = RKNPU_INT_DPU, .pingpong = true,
	};
}

static unsigned int slots_done(struct machine *m)
{
	unsigned int i;

	for (i = 0; i < CHAIN_MAX; i++)
		if (*ram(m, OUT_ADDR + i * SLOT_BYTES) != (*ram(m, IN_ADDR) ^ (i + 1)))
			break;
	return i;
}

static void test_one_task(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = chain_kick(m, 1, 1, 1024 * 1000);
	unsigned int core;

	(void)arg;
	for (core = 0; core < TWIN_MAX_CORES; core++) {
		clear_output(m);
		start_kick(m, core, &kick);
		CHECK(!m->irq[core]);
		CHECK_EQ(rd(m, core, RKNPU_PC_BASE_ADDRESS), CMD_IOVA);
		CHECK_EQ(rd(m, core, RKNPU_PC_TASK_CON), 0x1001);
		/* Fetched, and running in group 0 */
		CHECK_EQ(rd(m, core, RKNPU_DPU_BASE + RKNPU_S_STATUS), 0);
		machine_run(m, 1500);
		CHECK_EQ(rd(m, core, RKNPU_DPU_BASE + RKNPU_S_STATUS), 1);
		CHECK_EQ(rd(m, core, RKNPU_PPU_BASE + RKNPU_S_STATUS), 0);
		CHECK(machine_run_to_irq(m, core));
		CHECK_EQ(slots_done(m), 1);
		CHECK_EQ(rd(m, core, RKNPU_PC_INTERRUPT_STATUS), 0x100);
		/* Another access while the line is high does not count as another interrupt */
		wr(m, core, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_PPU);
		CHECK(m->irq[core]);
		CHECK_EQ(core_stat(m, core, TWIN_STAT_IRQS), 1);
		CHECK_EQ(rd(m, core, RKNPU_PC_INTERRUPT_RAW_STATUS), 0xc0000155);
		wr(m, core, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
		CHECK(!m->irq[core]);
		CHECK_EQ(rd(m, core, RKNPU_PC_INTERRUPT_RAW_STATUS), 0xc0000000);
		CHECK_EQ(core_stat(m, core, TWIN_STAT_KICKS), 1);
		CHECK_EQ(core_stat(m, core, TWIN_STAT_TASKS), 1);
	}
	machine_destroy(m);
}

static void test_idle_values(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 0, &kick);
	machine_run_to_irq(m, 0);
	CHECK_EQ(rd(m, 0, RKNPU_PC_BASE_ADDRESS), 1);
	CHECK_EQ(rd(m, 0, RKNPU_PC_REGISTER_AMOUNTS), 0);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_CON), 0);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS), 0x5000);
	kick.pingpong = false;
	start_kick(m, 0, &kick);
	machine_run_to_irq(m, 0);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS), 0x7000);
	machine_destroy(m);
}

static void test_chain(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = chain_kick(m, 5, 5, 0);

	(void)arg;
	start_kick(m, 1, &kick);
	CHECK(machine_run_to_irq(m, 1));
	CHECK_EQ(slots_done(m), 5);
	CHECK_EQ(m->irq_rises[1], 1);
	CHECK_EQ(core_stat(m, 1, TWIN_STAT_TASKS), 5);
	/* The fifth task ran in group 0 again */
	CHECK_EQ(rd(m, 1, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_DONE, 0x155);
	machine_destroy(m);
}

static void test_even_chain_ends_in_group_1(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = chain_kick(m, 2, 2, 0);

	(void)arg;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS), 0x200);
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_DONE, 0x2aa);
	machine_destroy(m);
}

static void test_count_stops_before_link(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = chain_kick(m, 4, 2, 0);

	(void)arg;
	/* The link after the second task is invalid, which has no effect */
	memset(ram(m, CMD_ADDR + 2 * SEGMENT_STEP), 0xff, SEGMENT_STEP);
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(slots_done(m), 2);
	machine_destroy(m);
}

static void test_missing_link(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = chain_kick(m, 2, 3, 0);

	(void)arg;
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(slots_done(m), 2);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS) & RKNPU_PC_TASK_STATUS_COUNTER_12, 2);
	wr(m, 0, RKNPU_PC_TASK_CON, 3);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS) & RKNPU_PC_TASK_STATUS_COUNTER_12, 2);
	wr(m, 0, RKNPU_PC_TASK_CON, RKNPU_PC_TASK_CON_COUNT_CLEAR_12 | 3);
	CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS) & RKNPU_PC_TASK_STATUS_COUNTER_12, 0);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_TASKS);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static void test_counter_advances(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = chain_kick(m, 4, 4, 10 * 1024 * 1000);
	unsigned int i;

	(void)arg;
	ctl_wr(m, TWIN_TASK_OVERHEAD_NS, 0);
	start_kick(m, 0, &kick);
	for (i = 0; i < 4; i++) {
		/* In the middle of task i of 10 us each */
		machine_run(m, 5000);
		CHECK_EQ(rd(m, 0, RKNPU_PC_TASK_STATUS) & RKNPU_PC_TASK_STATUS_COUNTER_12, i);
		CHECK_EQ(slots_done(m), i);
		CHECK(!!(rd(m, 0, RKNPU_PC_TASK_STATUS) & RKNPU_PC_TASK_STATUS_LAST_OP) == (i == 3));
		machine_run(m, 5000);
	}
	CHECK(m->irq[0]);
	machine_destroy(m);
}

static void test_overfetch(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	(void)arg;
	/* After the op-enable word: another one, and words that would be errors before it */
	s.words = kick.words;
	stream_raw(&s, RKNPU_REGCMD(RKNPU_TARGET_OP_ENABLE, RKNPU_OPERATION_ENABLE, ENABLE_POOL));
	stream_raw(&s, ~0ull);
	kick.words = s.words + 20;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_PPU, 0);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_TASKS), 1);
	machine_destroy(m);
}

static void test_no_op_words(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	(void)arg;
	stream_raw(&s, RKNPU_REGCMD(RKNPU_TARGET_WRITE, RKNPU_DPU_UNNAMED_40C4, 99));
	stream_raw(&s, RKNPU_REGCMD(RKNPU_TARGET_NOP, RKNPU_CNA_CONV_CON1, 99));
	stream_raw(&s, RKNPU_REGCMD(RKNPU_TARGET_SEPARATOR, RKNPU_CNA_CONV_CON1, 99));
	/* Registers without a name that clients write */
	stream_write(&s, RKNPU_CORE_UNNAMED_3030, 0);
	stream_write(&s, RKNPU_PPU_BASE + RKNPU_OPERATION_ENABLE, 1);
	stream_write(&s, RKNPU_PPU_RDMA_BASE + 0x38, 1);
	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, 0);
	stream_end(&s, ENABLE_CONV);
	kick.words = s.words;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	CHECK_EQ(rd(m, 0, RKNPU_DPU_UNNAMED_40C4), 0);
	CHECK_EQ(rd(m, 0, RKNPU_CNA_CONV_CON1), 0);
	machine_destroy(m);
}

/* The op-enable word addressed to the global block */
static void test_global_op_enable(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	(void)arg;
	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, 0);
	stream_raw(&s, RKNPU_REGCMD(RKNPU_TARGET_GLOBAL, RKNPU_GLOBAL_OPERATION_ENABLE, ENABLE_CONV));
	kick.words = s.words;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

struct bad_word {
	uint64_t word;
	bool hangs;
};

static const struct bad_word bad_words[] = {
	{ RKNPU_REGCMD(RKNPU_TARGET_RK356X_2000, 0x2004, 0xe), false },
	{ RKNPU_REGCMD(RKNPU_TARGET_CNA, RKNPU_DPU_DST_BASE_ADDR, OUT_IOVA), false },
	{ RKNPU_REGCMD(RKNPU_TARGET_PC, RKNPU_PC_INTERRUPT_MASK, 0), false },
	{ RKNPU_REGCMD(RKNPU_TARGET_CNA, 0x1ffc, 0), false },
	{ RKNPU_REGCMD(0x0301, RKNPU_CNA_CONV_CON1, 0), false },
	{ RKNPU_REGCMD(RKNPU_TARGET_OP_ENABLE, RKNPU_PC_BASE_ADDRESS, ENABLE_CONV), false },
	{ RKNPU_REGCMD(RKNPU_TARGET_GLOBAL, RKNPU_OPERATION_ENABLE, ENABLE_CONV), false },
	{ RKNPU_REGCMD(RKNPU_TARGET_OP_ENABLE, RKNPU_OPERATION_ENABLE, ENABLE_CONV | 2), false },
	{ RKNPU_REGCMD(RKNPU_TARGET_OP_ENABLE, RKNPU_OPERATION_ENABLE, 0), true },
	{ RKNPU_REGCMD(RKNPU_TARGET_DPU, RKNPU_DPU_BASE + RKNPU_S_STATUS, 0), false },
};

static void test_bad_words(const void *arg)
{
	const struct bad_word *bad = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, 0);
	stream_raw(&s, bad->word);
	stream_end(&s, ENABLE_CONV);
	kick.words = s.words;
	start_kick(m, 0, &kick);
	CHECK_EQ(machine_run_to_irq(m, 0), !bad->hangs);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_STREAM);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 1);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static void test_no_op_enable(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	/* The fetch ends just before the op-enable word */
	kick.words -= 2;
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_STREAM);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static void test_fetch_over_pages(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA + PAGE - 32);

	(void)arg;
	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, 0);
	stream_end(&s, ENABLE_CONV);
	kick.addr = s.iova;
	start_kick(m, 2, &kick);
	CHECK(machine_run_to_irq(m, 2));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_dma_base(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	(void)arg;
	stream_copy(&s, IN_IOVA - 0x10000, OUT_IOVA - 0x10000, 64, 0x5a, 0);
	stream_end(&s, ENABLE_CONV);
	program_kick(m, 0, &kick);
	wr(m, 0, RKNPU_PC_TASK_DMA_BASE_ADDR, 0x10000);
	wr(m, 0, RKNPU_PC_OPERATION_ENABLE, 1);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_start_left_at_1(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	unsigned int i;

	(void)arg;
	for (i = 0; i < 2; i++) {
		clear_output(m);
		program_kick(m, 0, &kick);
		wr(m, 0, RKNPU_PC_OPERATION_ENABLE, 1);
		CHECK(machine_run_to_irq(m, 0));
		CHECK(simple_kick_done(m));
		wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	}
	machine_destroy(m);
}

/* ---- Invalid starts ---- */

static void start_busy(struct machine *m, const struct kick *kick)
{
	start_kick(m, 0, kick);
	wr(m, 0, RKNPU_PC_OPERATION_ENABLE, 1);
}

static void start_slave(struct machine *m, const struct kick *kick)
{
	program_kick(m, 0, kick);
	wr(m, 0, RKNPU_PC_BASE_ADDRESS, CMD_IOVA | RKNPU_PC_BASE_ADDRESS_PC_SEL);
	wr(m, 0, RKNPU_PC_OPERATION_ENABLE, 1);
}

static void start_unaligned(struct machine *m, const struct kick *kick)
{
	struct kick unaligned = *kick;

	unaligned.addr += 8;
	start_kick(m, 0, &unaligned);
}

static void start_no_tasks(struct machine *m, const struct kick *kick)
{
	struct kick none = *kick;

	none.tasks = 0;
	start_kick(m, 0, &none);
}

struct bad_start {
	void (*start)(struct machine *m, const struct kick *kick);
	uint32_t error;
	bool completes;
	uint32_t kicks;
};

static void test_bad_start(const void *arg)
{
	const struct bad_start *bad = arg;
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	bad->start(m, &kick);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), bad->error);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 1);
	CHECK_EQ(machine_run_to_irq(m, 0), bad->completes);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_KICKS), bad->kicks);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static const struct bad_start bad_starts[] = {
	{ start_busy, TWIN_ERROR_START_BUSY, true, 1 },
	{ start_slave, TWIN_ERROR_START_SLAVE, false, 0 },
	{ start_unaligned, TWIN_ERROR_CMD_ALIGN, true, 1 },
	{ start_no_tasks, TWIN_ERROR_TASKS, false, 1 },
};

static void test_refused(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	(void)arg;
	stream_write(&s, RKNPU_CNA_CONV_CON1, 0xdead);
	stream_end(&s, ENABLE_CONV);
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_COMPUTE);
	CHECK(strstr(m->log_last, "0x100c"));
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

/* ---- Interrupt mask ---- */

static void test_masked(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	kick.int_mask = RKNPU_INT_PPU;
	start_kick(m, 0, &kick);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS), 0);
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_ALL, 0x155);
	/* The line follows the mask */
	wr(m, 0, RKNPU_PC_INTERRUPT_MASK, RKNPU_INT_DPU);
	CHECK(m->irq[0]);
	wr(m, 0, RKNPU_PC_INTERRUPT_MASK, 0);
	CHECK(!m->irq[0]);
	machine_destroy(m);
}

static void test_mask_of_two_blocks(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);

	(void)arg;
	kick.int_mask = 0xf;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_STATUS), 0x5);
	CHECK_EQ(m->irq_rises[0], 1);
	machine_destroy(m);
}

static void test_pool_done(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	(void)arg;
	stream_write(&s, RKNPU_PPU_RDMA_SRC_BASE_ADDR, IN_IOVA);
	stream_write(&s, RKNPU_PPU_DST_BASE_ADDR, OUT_IOVA);
	stream_end(&s, ENABLE_POOL);
	kick.words = s.words;
	kick.int_mask = RKNPU_INT_PPU;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(rd(m, 0, RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_ALL, 0x400);
	CHECK_EQ(*ram(m, OUT_ADDR + 5), 5);
	machine_destroy(m);
}

static void test_cores_at_once(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = simple_kick(m);
	unsigned int core;

	(void)arg;
	for (core = 0; core < TWIN_MAX_CORES; core++)
		start_kick(m, core, &kick);
	machine_run(m, 1000);
	for (core = 0; core < TWIN_MAX_CORES; core++) {
		CHECK(m->irq[core]);
		CHECK_EQ(core_stat(m, core, TWIN_STAT_KICKS), 1);
	}
	machine_destroy(m);
}

static void test_long_chain(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick;
	struct stream s = stream_at(m, CMD_IOVA);

	(void)arg;
	/* A segment linked to itself: only the count ends the kick */
	clear_output(m);
	stream_copy(&s, IN_IOVA, OUT_IOVA, 16, 0, 0);
	stream_chain(&s, ENABLE_CONV, CMD_IOVA, COPY_WORDS);
	kick = (struct kick){ .addr = CMD_IOVA, .words = s.words, .tasks = 4095, .int_mask = RKNPU_INT_DPU };
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_TASKS), 4095);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_BUSY_NS), 4095 * 1000);
	CHECK_EQ(m->irq_rises[0], 1);
	machine_destroy(m);
}

/* More tasks than one call handles, all at the same instant */
static void test_tasks_without_length(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick;
	struct stream s = stream_at(m, CMD_IOVA);
	uint64_t start = m->now;

	(void)arg;
	ctl_wr(m, TWIN_TASK_OVERHEAD_NS, 0);
	stream_copy(&s, IN_IOVA, OUT_IOVA, 16, 0, 0);
	stream_chain(&s, ENABLE_CONV, CMD_IOVA, COPY_WORDS);
	kick = (struct kick){ .addr = CMD_IOVA, .words = s.words, .tasks = 1000, .int_mask = RKNPU_INT_DPU };
	start_kick(m, 0, &kick);
	/* The machine can do other work in between */
	m->timer[0] = TWIN_TIME_NEVER;
	twin_timer(m->twin, 0);
	CHECK(core_stat(m, 0, TWIN_STAT_TASKS) > 0);
	CHECK(core_stat(m, 0, TWIN_STAT_TASKS) < 100);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(m->now, start);
	machine_destroy(m);
}

const struct test_case kick_tests[] = {
	{ "kick: one task on each core", test_one_task, 0 },
	{ "kick: registers of an idle core after it", test_idle_values, 0 },
	{ "kick: a chain of five, one interrupt", test_chain, 0 },
	{ "kick: an even chain ends in group 1", test_even_chain_ends_in_group_1, 0 },
	{ "kick: the count ends it, a dangling link does no harm", test_count_stops_before_link, 0 },
	{ "kick: a missing link hangs it with the counter at what ran", test_missing_link, 0 },
	{ "kick: the counter is right in the middle", test_counter_advances, 0 },
	{ "kick: 4095 tasks", test_long_chain, 0 },
	{ "kick: 1000 tasks that take no time", test_tasks_without_length, 0 },
	{ "kick: words after the op-enable word are ignored", test_overfetch, 0 },
	{ "kick: no-operations and unnamed registers are accepted", test_no_op_words, 0 },
	{ "kick: op-enable word of the global block", test_global_op_enable, 0 },
	{ "stream: RK356x target", test_bad_words, &bad_words[0] },
	{ "stream: target and offset differ", test_bad_words, &bad_words[1] },
	{ "stream: PC register other than the link", test_bad_words, &bad_words[2] },
	{ "stream: offset beyond the block", test_bad_words, &bad_words[3] },
	{ "stream: two target bits", test_bad_words, &bad_words[4] },
	{ "stream: op-enable with another offset", test_bad_words, &bad_words[5] },
	{ "stream: op-enable of the global block with another offset", test_bad_words, &bad_words[6] },
	{ "stream: op-enable with an unknown block", test_bad_words, &bad_words[7] },
	{ "stream: op-enable of nothing hangs the kick", test_bad_words, &bad_words[8] },
	{ "stream: register that is read only", test_bad_words, &bad_words[9] },
	{ "stream: no op-enable word hangs the kick", test_no_op_enable, 0 },
	{ "kick: fetch over a page boundary", test_fetch_over_pages, 0 },
	{ "kick: TASK_DMA_BASE_ADDR is added", test_dma_base, 0 },
	{ "kick: OPERATION_ENABLE may stay at 1", test_start_left_at_1, 0 },
	{ "start: while a kick runs", test_bad_start, &bad_starts[0] },
	{ "start: in slave mode", test_bad_start, &bad_starts[1] },
	{ "start: from an unaligned address", test_bad_start, &bad_starts[2] },
	{ "start: of 0 tasks", test_bad_start, &bad_starts[3] },
	{ "kick: a refused task names its register and hangs", test_refused, 0 },
	{ "interrupt: masked bits stay raw, the line follows the mask", test_masked, 0 },
	{ "interrupt: a mask over two blocks sees one interrupt", test_mask_of_two_blocks, 0 },
	{ "interrupt: pooling sets the PPU's bit alone", test_pool_done, 0 },
	{ "kick: three cores at once", test_cores_at_once, 0 },
	{ 0 },
};
