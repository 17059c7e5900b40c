// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the timing model.
 */
#include "machine.h"

struct time_case {
	uint32_t macs;
	int shift;
	uint32_t mhz, per_cycle, overhead_ns;
	uint64_t want_ns;
};

static const struct time_case time_cases[] = {
	{ 0, 0, 1000, 1024, 1000, 1000 },
	{ 1024000, 0, 1000, 1024, 1000, 2000 },
	{ 1024000, 1, 1000, 1024, 1000, 3000 },
	{ 1024000, 2, 1000, 1024, 1000, 5000 },
	{ 1024000, -1, 1000, 1024, 0, 500 },
	{ 1, -1, 1000, 1024, 0, 1 },
	{ 1024000, 0, 200, 1024, 0, 5000 },
	{ 1024000, 0, 1000, 512, 0, 2000 },
	{ 1, 0, 1000, 1024, 0, 1 },
};

static struct kick timed_kick(struct machine *m, uint32_t macs, int shift)
{
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, macs);
	stream_write(&s, RKNPU_CNA_CONV_CON1, (uint32_t)shift);
	stream_end(&s, ENABLE_CONV);
	kick.words = s.words;
	return kick;
}

static uint64_t stat64(struct machine *m, unsigned int core, uint32_t which)
{
	return core_stat(m, core, which) | (uint64_t)core_stat(m, core, which + 4) << 32;
}

static void test_length(const void *arg)
{
	const struct time_case *c = arg;
	struct machine *m = machine_default();
	struct kick kick = timed_kick(m, c->macs, c->shift);
	uint64_t start;

	ctl_wr(m, TWIN_CLOCK_MHZ, c->mhz);
	ctl_wr(m, TWIN_MACS_PER_CYCLE, c->per_cycle);
	ctl_wr(m, TWIN_TASK_OVERHEAD_NS, c->overhead_ns);
	start = m->now;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(m->now - start, c->want_ns);
	CHECK_EQ(stat64(m, 0, TWIN_STAT_START_NS), start);
	CHECK_EQ(stat64(m, 0, TWIN_STAT_END_NS), start + c->want_ns);
	CHECK_EQ(stat64(m, 0, TWIN_STAT_BUSY_NS), c->want_ns);
	machine_destroy(m);
}

/* Pooling has no MACs: 100000 bytes at 9, then at 7 bytes per cycle, and 1000 ns of fetch */
static void test_memory_rate(const void *arg)
{
	struct machine *m = machine_default();
	struct stream s = stream_at(m, CMD_IOVA);
	struct kick kick = { .addr = CMD_IOVA, .tasks = 1, .int_mask = RKNPU_INT_PPU, .pingpong = true };

	(void)arg;
	stream_write(&s, RKNPU_PPU_RDMA_SRC_BASE_ADDR, IN_IOVA);
	stream_write(&s, RKNPU_PPU_DST_BASE_ADDR, OUT_IOVA);
	stream_write(&s, RKNPU_PPU_POOLING_KERNEL_CFG, 100000);
	stream_end(&s, ENABLE_POOL);
	kick.words = s.words;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(stat64(m, 0, TWIN_STAT_BUSY_NS), 1000 + 11112);
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	ctl_wr(m, TWIN_BYTES_PER_CYCLE, 7);
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(stat64(m, 0, TWIN_STAT_BUSY_NS), 2000 + 11112 + 14286);
	machine_destroy(m);
}

struct both_case {
	uint32_t macs, bytes, fills;
	uint64_t want_ns;
};

static const struct both_case both_cases[] = {
	{ 1024 * 500, 9 * 400, 0, 500 },
	{ 1024 * 400, 9 * 500, 0, 500 },
	{ 1024 * 400, 9 * 500, 1, 2500 },
	{ 0, 0, 1, 2000 },
};

/* The longer of MACs and transfers, plus the latency of the task */
static void test_both(const void *arg)
{
	const struct both_case *c = arg;
	struct machine *m = machine_default();
	struct stream s = stream_at(m, CMD_IOVA);
	struct kick kick = simple_kick(m);

	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, c->macs);
	stream_write(&s, RKNPU_CNA_WEIGHT_SIZE1, c->bytes);
	stream_write(&s, RKNPU_CNA_CBUF_CON1, c->fills);
	stream_end(&s, ENABLE_CONV);
	kick.words = s.words;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(stat64(m, 0, TWIN_STAT_BUSY_NS), 1000 + c->want_ns);
	machine_destroy(m);
}

/* Cores that run at the same time share the memory: two get 17 bytes per cycle instead of 18, three instead of 27 */
static void test_shared_memory(const void *arg)
{
	static const uint64_t want[] = { 1000 + 10000, 1000 + 10589, 1000 + 15883 };
	unsigned int cores = *(const unsigned int *)arg, i;
	struct machine *m = machine_default();
	struct kick kick[3];

	for (i = 0; i < cores; i++) {
		struct stream s = stream_at(m, CMD_IOVA + i * 0x1000);

		kick[i] = (struct kick){ .addr = CMD_IOVA + i * 0x1000, .tasks = 1, .int_mask = RKNPU_INT_PPU, .pingpong = true };
		stream_write(&s, RKNPU_PPU_RDMA_SRC_BASE_ADDR, IN_IOVA);
		stream_write(&s, RKNPU_PPU_DST_BASE_ADDR, OUT_IOVA);
		stream_write(&s, RKNPU_PPU_POOLING_KERNEL_CFG, 90000);
		stream_end(&s, ENABLE_POOL);
		kick[i].words = s.words;
	}
	for (i = 0; i < cores; i++)
		start_kick(m, i, &kick[i]);
	for (i = 0; i < cores; i++)
		CHECK(machine_run_to_irq(m, i));
	/* The last core to begin shares with all others */
	CHECK_EQ(stat64(m, cores - 1, TWIN_STAT_BUSY_NS), want[cores - 1]);
	/* A core that runs alone afterwards does not share */
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	i = (unsigned int)stat64(m, 0, TWIN_STAT_BUSY_NS);
	start_kick(m, 0, &kick[0]);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(stat64(m, 0, TWIN_STAT_BUSY_NS) - i, want[0]);
	machine_destroy(m);
}

/* What each SoC's row means: 10,240,000 products and 360,000 bytes by hand, each with one fill and 1000 ns of fetch */
struct row_case {
	const char *soc;
	bool own_units;
	uint32_t mhz, bytes;
	uint64_t macs_ns, bytes_ns;
};

static const struct row_case row_cases[] = {
	{ "rk3588", false, 1000, 9, 1000 + 10000 + 2000, 1000 + 40000 + 2000 },
	/* 11000 and 31000 cycles of 1/950 us */
	{ "rk3576", false, 950, 12, 1000 + 11578, 1000 + 32631 },
	{ "rk3568", false, 1000, 9, 1000 + 10000 + 2000, 1000 + 40000 + 2000 },
	{ "rk3568", true, 1000, 4, 1000 + 20000 + 15000, 1000 + 90000 + 15000 },
};

static uint64_t ns_of(struct machine *m, uint32_t macs, uint32_t bytes)
{
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);
	uint64_t before = stat64(m, 0, TWIN_STAT_BUSY_NS);

	stream_copy(&s, IN_IOVA, OUT_IOVA, 64, 0x5a, macs);
	stream_write(&s, RKNPU_CNA_WEIGHT_SIZE1, bytes);
	stream_write(&s, RKNPU_CNA_CBUF_CON1, 1);
	stream_end(&s, ENABLE_CONV);
	kick.words = s.words;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	wr(m, 0, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	return stat64(m, 0, TWIN_STAT_BUSY_NS) - before;
}

/* An SoC's timing applies to its own machine and, if asked for, to the machine of RK3588 */
static void test_row(const void *arg)
{
	const struct row_case *c = arg;
	const struct twin_soc *soc = twin_soc_find(c->soc);
	struct twin_config config;
	struct machine *m;

	twin_config_init(&config);
	config.soc = soc;
	config.cores = 1;
	config.own_units = c->own_units;
	m = machine_create(&config, false);
	CHECK_EQ(ctl_rd(m, TWIN_CLOCK_MHZ), c->mhz);
	CHECK_EQ(ctl_rd(m, TWIN_BYTES_PER_CYCLE), c->bytes);
	machine_destroy(m);

	twin_config_init(&config);
	config.timing = c->own_units ? soc->own_timing : soc->timing;
	m = machine_create(&config, false);
	enable_banks(m, 0);
	CHECK_EQ(ns_of(m, 10240000, 9), c->macs_ns);
	CHECK_EQ(ns_of(m, 1, 360000), c->bytes_ns);
	ctl_wr(m, TWIN_MACS_PER_CYCLE, 1);
	ctl_wr(m, TWIN_MACS_PER_CYCLE, 0);
	CHECK_EQ(ns_of(m, 10240000, 9), c->macs_ns);
	machine_destroy(m);
}

/* A task whose results do not matter takes as long, and leaves memory as it was */
static void test_no_results(const void *arg)
{
	struct twin_config config;
	struct machine *m;

	(void)arg;
	twin_config_init(&config);
	config.no_results = true;
	m = machine_create(&config, false);
	enable_banks(m, 0);
	CHECK_EQ(ns_of(m, 10240000, 9), 13000);
	CHECK(!simple_kick_done(m));
	machine_destroy(m);
}

static void test_64_bit_counters(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = timed_kick(m, 0, 0);
	uint64_t start;

	(void)arg;
	machine_run(m, 3ull << 32);
	start = m->now;
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(stat64(m, 0, TWIN_STAT_START_NS), start);
	machine_destroy(m);
}

static void test_busy_while_running(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = timed_kick(m, 1024 * 1000 * 1000, 0);

	(void)arg;
	start_kick(m, 0, &kick);
	machine_run(m, 400000);
	CHECK_EQ(stat64(m, 0, TWIN_STAT_BUSY_NS), 400000);
	core_reset(m, 0);
	machine_run(m, 1000000);
	CHECK_EQ(stat64(m, 0, TWIN_STAT_BUSY_NS), 400000);
	machine_destroy(m);
}

/* Late calls by the host do not change modelled times */
static void test_late_host(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = timed_kick(m, 1024000, 0);
	uint64_t start = m->now;

	(void)arg;
	start_kick(m, 0, &kick);
	m->now += 100000;
	twin_timer(m->twin, 0);
	CHECK(m->irq[0]);
	CHECK_EQ(stat64(m, 0, TWIN_STAT_END_NS), start + 2000);
	machine_destroy(m);
}

static void test_pingpong_hides_fetch(const void *arg)
{
	const bool *pingpong = arg;
	struct machine *m = machine_default();
	struct kick kick;
	struct stream s = stream_at(m, CMD_IOVA);

	/* Four tasks of 600 ns and 1000 ns of fetch each */
	stream_copy(&s, IN_IOVA, OUT_IOVA, 16, 0, 1024 * 600);
	stream_chain(&s, ENABLE_CONV, CMD_IOVA, COPY_WORDS);
	kick = (struct kick){
		.addr = CMD_IOVA, .words = s.words, .tasks = 4, .int_mask = RKNPU_INT_DPU, .pingpong = *pingpong,
	};
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(stat64(m, 0, TWIN_STAT_BUSY_NS), *pingpong ? 1000 + 4 * 600 + 3 * 400 : 4 * 1600);
	machine_destroy(m);
}

static void test_cores_overlap(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = timed_kick(m, 1024 * 9000, 0);
	uint64_t start = m->now;
	unsigned int core;

	(void)arg;
	for (core = 0; core < TWIN_MAX_CORES; core++)
		start_kick(m, core, &kick);
	for (core = 0; core < TWIN_MAX_CORES; core++)
		CHECK(machine_run_to_irq(m, core));
	CHECK_EQ(m->now - start, 10000);
	machine_destroy(m);
}

static void test_next_kick_takes_new_rate(const void *arg)
{
	struct machine *m = machine_default();
	struct kick kick = timed_kick(m, 1024 * 9000, 0);
	uint64_t start = m->now;

	(void)arg;
	start_kick(m, 0, &kick);
	ctl_wr(m, TWIN_CLOCK_MHZ, 100);
	CHECK(machine_run_to_irq(m, 0));
	CHECK_EQ(m->now - start, 10000);
	ctl_wr(m, TWIN_CLOCK_MHZ, 0);
	CHECK_EQ(ctl_rd(m, TWIN_CLOCK_MHZ), 100);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	machine_destroy(m);
}

static const bool yes = true, no;
static const unsigned int one = 1, two = 2, three = 3;

const struct test_case time_tests[] = {
	{ "time: a task without MACs", test_length, &time_cases[0] },
	{ "time: int8", test_length, &time_cases[1] },
	{ "time: 16-bit types at half the rate", test_length, &time_cases[2] },
	{ "time: tf32 at a quarter", test_length, &time_cases[3] },
	{ "time: lower clock", test_length, &time_cases[4] },
	{ "time: fewer MACs per cycle", test_length, &time_cases[5] },
	{ "time: a cycle is not divided", test_length, &time_cases[6] },
	{ "time: a task without MACs lasts as long as its transfers", test_memory_rate, 0 },
	{ "time: MACs that take longer than transfers", test_both, &both_cases[0] },
	{ "time: transfers that take longer than MACs", test_both, &both_cases[1] },
	{ "time: transfers and latency", test_both, &both_cases[2] },
	{ "time: latency alone", test_both, &both_cases[3] },
	{ "time: counters of 64 bits", test_64_bit_counters, 0 },
	{ "time: busy while a kick runs and not after its reset", test_busy_while_running, 0 },
	{ "time: a late host makes a kick no longer", test_late_host, 0 },
	{ "time: ping-pong hides fetches", test_pingpong_hides_fetch, &yes },
	{ "time: without it they add up", test_pingpong_hides_fetch, &no },
	{ "time: cores overlap", test_cores_overlap, 0 },
	{ "time: one core has the memory for itself", test_shared_memory, &one },
	{ "time: two cores share it", test_shared_memory, &two },
	{ "time: three cores share it", test_shared_memory, &three },
	{ "time: RK3588", test_row, &row_cases[0] },
	{ "time: RK3576", test_row, &row_cases[1] },
	{ "time: RK3568 with RK3588's units", test_row, &row_cases[2] },
	{ "time: RK3568", test_row, &row_cases[3] },
	{ "time: without results", test_no_results, 0 },
	{ "time: new rates apply from the next kick on", test_next_kick_takes_new_rate, 0 },
	{ 0 },
};
