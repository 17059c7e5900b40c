// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The driver's guarantees in milliseconds. Only for a virtual machine in which
 * instructions drive the clock, so that limits do not depend on the load of the
 * host. Set VIRTUAL_TIME in the environment there.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/job.h"
#include "lib/testing.h"

#define FOREVER		1000000
#define MUCH_TOO_LATE_US	100000000
/* Maximum time from the time-out until a failed job has left the hardware and its client knows */
#define LATE_MS		100
#define SLACK_MS	20000

static struct matmul mm;

static void setup(void)
{
	twin_need();
	if (!getenv("VIRTUAL_TIME"))
		SKIP("times mean nothing here");
	small_matmul(&mm, npu_open(), 111);
}

/* ---- ends of failing jobs ------------------------------------------------------------- */

static const struct way {
	const char *name;
	uint32_t kind, param;
	int want;
	bool at_once;	/* otherwise it is only noticed by the time-out */
} ways[] = {
	{ "hang", TWIN_FAULT_NEVER, 0, -ETIMEDOUT, false },
	{ "much too late", TWIN_FAULT_LATE, MUCH_TOO_LATE_US, -ETIMEDOUT, false },
	{ "missing interrupt", TWIN_FAULT_WRONG_BIT, 0, -ETIMEDOUT, false },
	{ "wrong interrupt", TWIN_FAULT_WRONG_BIT, RKNPU_INT_CNA_FEATURE, -ETIMEDOUT, false },
	{ "interrupt after the reset", TWIN_FAULT_AFTER_RESET, RKNPU_INT_DPU, -ETIMEDOUT, false },
	{ "start that never happens", TWIN_FAULT_STALL, 0, -ETIMEDOUT, false },
	{ "bus error", TWIN_FAULT_BUS_ERROR, 0, -EIO, false },
	{ "MMU fault of the fetch", TWIN_FAULT_MMU_FETCH, 0, -EIO, true },
	{ "MMU fault of a read", TWIN_FAULT_MMU_READ, 0, -EIO, true },
	{ "MMU fault of a write", TWIN_FAULT_MMU_WRITE, 0, -EIO, true },
};

/* The job fails with the expected error, at the expected time */
static void ends_in_time(const struct way *way, uint32_t core_mask, uint32_t timeout_ms)
{
	struct rknpu_submit args = matmul_args(&mm, core_mask);
	uint64_t start = ktap_now_ns(), least, most, took;
	bool ok;

	args.timeout = timeout_ms;
	ok = EXPECT_RET(npu_submit(mm.out.fd, &args), way->want);
	took = (ktap_now_ns() - start) / 1000000;
	least = way->at_once ? 0 : timeout_ms;
	most = least + LATE_MS;
	if (!EXPECT(took >= least && took <= most) || !ok)
		ktap_note("%s on mask %u: %llu ms for a time-out of %u ms", way->name, core_mask,
			  (unsigned long long)took, timeout_ms);
}

static void each_way(uint32_t core_mask, uint32_t timeout_ms)
{
	unsigned int i, core = __builtin_ctz(core_mask);

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		if (ways[i].kind == TWIN_FAULT_STALL && !soc_get()->tells_lost_start)
			continue;
		twin_fault(core, ways[i].kind, ways[i].param, FOREVER);
		ends_in_time(&ways[i], core_mask, timeout_ms);
		twin_disarm();
		/* In all cases the core works again immediately */
		EXPECT_CORRECT(&mm, core_mask & -core_mask);
	}
}

TEST_LIMIT(job_ends_within_its_time_out_and_100_ms, 600)
{
	static const uint32_t timeouts[] = { 1, 20, 300, 2500, 10000 };
	unsigned int i, core;

	setup();
	for (i = 0; i < ARRAY_SIZE(timeouts); i++) {
		for_each_core(core)
			each_way(1u << core, timeouts[i]);
	}
}

#define EARLIER_MS	6000
#define PHASES		8

/*
 * The timer left over from an earlier job with a long time-out, set to half of it, must not be used
 * for a short job that would time out just after it: such a timer fires late by up to an eighth of
 * its time.
 */
TEST_LIMIT(job_behind_an_earlier_one_ends_in_time, 120)
{
	static const struct way hang = { "hang", TWIN_FAULT_NEVER, 0, -ETIMEDOUT, false };
	unsigned int i;

	setup();
	for (i = 0; i < PHASES; i++) {
		struct rknpu_submit earlier = matmul_args(&mm, 1);

		/* Wait until the previous timer has fired */
		ktap_sleep_ms(EARLIER_MS + i * 30);
		earlier.timeout = EARLIER_MS;
		EXPECT_RET(npu_submit(mm.out.fd, &earlier), 0);
		ktap_sleep_ms(EARLIER_MS / 2 - 4);
		twin_fault(0, hang.kind, hang.param, FOREVER);
		ends_in_time(&hang, 1, 20);
		twin_disarm();
		EXPECT_CORRECT(&mm, 1);
	}
}

TEST_LIMIT(gang_ends_within_its_time_out_and_100_ms, 120)
{
	setup();
	each_way(3, 200);
	each_way(6, 200);
}

static void runs_long_on_core_2(void *arg)
{
	struct matmul own;

	small_matmul(&own, npu_open(), 112);
	twin_fault(2, TWIN_FAULT_LATE, *(uint32_t *)arg, 1);
	EXPECT_CORRECT(&own, 4);
}

/* Even if recovery by a reset of all cores must wait for another client's long job, which is not affected */
TEST_LIMIT(job_ends_in_time_beside_a_long_one, 120)
{
	uint32_t long_us = 3000000, kicks;
	unsigned int i;

	need_cores(5);
	setup();
	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		struct matmul other;
		pid_t pid;

		kicks = twin_stat(2, TWIN_STAT_KICKS);
		pid = ktap_fork(runs_long_on_core_2, &long_us);
		while (twin_stat(2, TWIN_STAT_KICKS) == kicks)
			ktap_sleep_ms(1);
		/* With a shared IOMMU, the other process has all cores in the meantime */
		if (!soc_get()->shares_iommu) {
			twin_fault(0, ways[i].kind, ways[i].param, FOREVER);
			ends_in_time(&ways[i], 1, 200);
			twin_disarm();
		}
		EXPECT_EQ(ktap_join(pid), 0);
		small_matmul(&other, mm.out.fd, 113);
		EXPECT_CORRECT(&other, 1);
		matmul_fini(&other);
	}
}

/* Spurious interrupts neither end a hanging job nor extend its time-out */
TEST(spurious_interrupts_do_not_prolong_a_hang)
{
	struct rknpu_submit args;
	uint64_t start, took;
	int fence, i;

	setup();
	twin_fault(0, TWIN_FAULT_NEVER, 0, 1);
	args = matmul_args(&mm, 1);
	args.timeout = 200;
	start = ktap_now_ns();
	ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
	for (i = 0; i < 100; i++) {
		twin_spurious(0, i % 2 ? RKNPU_INT_CNA_FEATURE : RKNPU_INT_PPU);
		ktap_sleep_ms(3);
	}
	took = fence_time_ns(fence) - start;
	EXPECT_RET(fence_end(fence), -ETIMEDOUT);
	EXPECT(took >= 200000000 && took <= (200 + LATE_MS) * 1000000ull);
}

/* ---- clients that hang forever --------------------------------------------------------------- */

#define HANGERS		3

/* Waits for an event that its stream does not cause: never done, on any core, without a hardware error */
static void hangs_for_ever(void *arg)
{
	struct matmul own;
	int i, fences[2 * NPU_CORES];

	(void)arg;
	small_matmul(&own, npu_open(), 114);
	matmul_descriptors(&own)[0].int_mask = RKNPU_INT_PPU;
	for (i = 0; i < 2 * NPU_CORES; i++)
		fences[i] = -1;
	for (i = 0;; i = (i + 1) % (2 * NPU_CORES)) {
		struct rknpu_submit args = matmul_args(&own, npu_nth(i));

		if (fences[i] >= 0 && fence_end(fences[i]) != -ETIMEDOUT)
			exit(1);
		args.timeout = 60000;
		if (job_start_args(&own, args, -1, &fences[i]))
			exit(1);
	}
}

/* Percentage of @ms on the hardware for a client that always has a job, of 1 ms each */
static unsigned int share_percent(unsigned int ms)
{
	uint64_t start = ktap_now_ns(), end = start + ms * 1000000ull, busy = 0;

	while (ktap_now_ns() < end) {
		struct rknpu_submit done = matmul_args(&mm, 0);

		ASSERT_RET(npu_submit(mm.out.fd, &done), 0);
		busy += done.hw_elapse_time;
	}
	return busy / (ms * 10000);
}

/*
 * Three clients have jobs on all cores that never end. A fourth one gets a quarter of
 * the time within a second, and nearly all of it once the others are known to hang.
 */
TEST_LIMIT(hanging_costs_the_one_who_hangs, 600)
{
	unsigned int i, alone, first, later;
	pid_t pids[HANGERS];

	setup();
	ASSERT_RET(driver_set_param("stall_limit_ms", "300"), 0);
	twin_write(TWIN_TASK_OVERHEAD_NS, 1000000);
	alone = share_percent(100);
	for (i = 0; i < HANGERS; i++)
		pids[i] = ktap_fork(hangs_for_ever, NULL);
	ktap_sleep_ms(20);
	first = share_percent(1000);
	/* A job now and then is enough to have a waiting client */
	for (i = 0; i < 3000; i++) {
		EXPECT_CORRECT(&mm, 0);
		ktap_sleep_ms(18);
	}
	later = share_percent(2000);
	EXPECT(first * 4 >= alone);
	EXPECT(later * 10 >= alone * 9);
	ktap_note("alone %u %%, in the first second %u %%, after a minute %u %%", alone, first, later);
	for (i = 0; i < HANGERS; i++) {
		kill(pids[i], SIGKILL);
		ktap_join(pids[i]);
	}
	EXPECT_CORRECT(&mm, 1);
}

/* If there is no other client, a job may use its whole time-out */
TEST(a_hang_that_nobody_minds_has_its_time_out)
{
	struct rknpu_submit args;
	uint64_t took;

	setup();
	ASSERT_RET(driver_set_param("stall_limit_ms", "300"), 0);
	args = matmul_args(&mm, 1);
	args.timeout = 3000;
	twin_fault(0, TWIN_FAULT_NEVER, 0, 1);
	took = ktap_now_ns();
	EXPECT_RET(npu_submit(mm.out.fd, &args), -ETIMEDOUT);
	took = ktap_now_ns() - took;
	EXPECT(took >= 3000000000ull);
	EXPECT_CORRECT(&mm, 1);
}

#define MANY_TASKS	20

static void always_waits(void *arg)
{
	struct matmul own;

	(void)arg;
	small_matmul(&own, npu_open(), 117);
	for (;;)
		matmul_run(&own, npu_nth(0), NULL);
}

/* Time that a hanging job may run while another client waits */
static unsigned int hang_ms(struct matmul *hanging)
{
	struct rknpu_submit args = matmul_args(hanging, npu_nth(0));
	pid_t other = ktap_fork(always_waits, NULL);
	uint64_t start;

	/* Wait until this client may start jobs again */
	EXPECT_CORRECT(&mm, npu_nth(0));
	args.timeout = 60000;
	start = ktap_now_ns();
	EXPECT_RET(npu_submit(hanging->out.fd, &args), -ETIMEDOUT);
	start = ktap_now_ns() - start;
	kill(other, SIGKILL);
	ktap_join(other);
	return start / 1000000;
}

/* Each strike takes one second of good jobs, not ten seconds of waiting */
TEST_LIMIT(good_jobs_bring_the_limit_back, 120)
{
	unsigned int first, fifth, later, i;
	struct matmul hanging, good;
	uint64_t last;

	setup();
	small_matmul(&hanging, mm.out.fd, 118);
	matmul_descriptors(&hanging)[0].int_mask = RKNPU_INT_PPU;
	ASSERT_RET(matmul_init(&good, mm.out.fd, MATMUL_INT8_INT32, MANY_TASKS, 64, 32, 1, MATMUL_EXACT, 119), 0);
	/* Wait until the strikes of earlier cases are forgotten */
	ktap_sleep_ms(1500);
	ASSERT_RET(driver_set_param("stall_limit_ms", "300"), 0);
	first = hang_ms(&hanging);
	for (i = 0; i < 3; i++)
		hang_ms(&hanging);
	fifth = hang_ms(&hanging);
	last = ktap_now_ns();
	twin_write(TWIN_TASK_OVERHEAD_NS, 10000000);
	for (i = 0; i < 21; i++)
		EXPECT_CORRECT(&good, npu_nth(0));
	twin_write(TWIN_TASK_OVERHEAD_NS, TWIN_TASK_OVERHEAD_USUAL_NS);
	EXPECT(ktap_now_ns() - last < 10000000000ull);
	later = hang_ms(&hanging);
	ktap_note("%u ms, the fifth time %u ms, after four seconds of good jobs %u ms", first, fifth, later);
	EXPECT(first >= 250);
	EXPECT(fifth < 100);
	EXPECT(later >= 250);
}

static void waits_its_turn(void *arg)
{
	struct matmul own;

	(void)arg;
	small_matmul(&own, npu_open(), 116);
	EXPECT_CORRECT(&own, 1);
}

/* A job that finishes a task now and then is not ended, no matter how long it is */
TEST_LIMIT(a_long_job_that_gets_on_is_not_ended, 60)
{
	struct matmul job;
	pid_t other;
	int fence;

	setup();
	ASSERT_RET(matmul_init(&job, mm.out.fd, MATMUL_INT8_INT32, MANY_TASKS, 64, 32, 1, MATMUL_EXACT, 115), 0);
	ASSERT(job.tasks >= MANY_TASKS);
	/* Wait until the strikes of earlier cases are forgotten */
	ktap_sleep_ms(1500);
	ASSERT_RET(driver_set_param("stall_limit_ms", "300"), 0);
	twin_write(TWIN_TASK_OVERHEAD_NS, 200000000);
	ASSERT_RET(job_start(&job, 1, -1, &fence), 0);
	ktap_sleep_ms(300);
	twin_write(TWIN_TASK_OVERHEAD_NS, TWIN_TASK_OVERHEAD_USUAL_NS);
	other = ktap_fork(waits_its_turn, NULL);
	EXPECT_RET(fence_wait(fence, 20000), 0);
	EXPECT_RET(fence_end(fence), 0);
	EXPECT_EQ(ktap_join(other), 0);
}

/* ---- turns ------------------------------------------------------------------------------- */

#define JOBS		100
/* RKNPU_SCHED_TURN_NS, or RKNPU_SCHED_SHARED_TURN_NS for several cores with a shared IOMMU */
static uint64_t turn_ns(void)
{
	return soc_get()->shares_iommu && npu_num_cores() > 1 ? 10000000 : 1000000;
}

struct queuer {
	volatile bool queued;
	unsigned int jobs;
	unsigned int tasks;	/* tasks of each of its jobs */
	uint64_t end[JOBS];
};

static void queues(struct queuer *q, struct matmul *own)
{
	int fences[JOBS];
	unsigned int i;

	for (i = 0; i < q->jobs; i++)
		ASSERT_RET(job_start(own, 1, -1, &fences[i]), 0);
	q->queued = true;
	for (i = 0; i < q->jobs; i++) {
		EXPECT_RET(fence_wait(fences[i], SLACK_MS), 0);
		q->end[i] = fence_time_ns(fences[i]);
		close(fences[i]);
	}
}

static void is_other(void *arg)
{
	struct queuer *q = arg;
	struct matmul own;

	ASSERT_RET(matmul_init(&own, npu_open(), MATMUL_INT8_INT32, q->tasks, 64, 32, 1, MATMUL_EXACT, 114), 0);
	queues(q, &own);
}

static void holds_core_0(void *arg)
{
	struct matmul own;

	(void)arg;
	small_matmul(&own, npu_open(), 120);
	twin_fault(0, TWIN_FAULT_LATE, 1000000, 1);
	EXPECT_CORRECT(&own, 1);
}

/*
 * The queue of one process on core 0 is behind that of another one; both exist before the first job
 * starts, as a third process occupies the core until then. Returns the number of its resets.
 */
static uint32_t two_queues(struct queuer *ours, struct queuer *theirs, uint32_t job_ns)
{
	uint32_t kicks = twin_stat(0, TWIN_STAT_KICKS), resets;
	pid_t other, holder = ktap_fork(holds_core_0, NULL);

	while (twin_stat(0, TWIN_STAT_KICKS) == kicks)
		ktap_sleep_ms(1);
	twin_write(TWIN_TASK_OVERHEAD_NS, job_ns);
	resets = twin_stat(0, TWIN_STAT_RESETS);
	other = ktap_fork(is_other, theirs);
	while (!theirs->queued)
		ktap_sleep_ms(1);
	EXPECT_EQ(twin_stat(0, TWIN_STAT_KICKS), kicks + 1);
	queues(ours, &mm);
	EXPECT_EQ(ktap_join(other), 0);
	EXPECT_EQ(ktap_join(holder), 0);
	return twin_stat(0, TWIN_STAT_RESETS) - resets;
}

static struct queuer *new_queuer(unsigned int jobs)
{
	struct queuer *q = mmap(NULL, sizeof(*q), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT(q != MAP_FAILED);
	q->jobs = jobs;
	q->tasks = 1;
	return q;
}

/* Maximum number of jobs of @theirs that ended between two of @ours, or before the first */
static unsigned int most_between(const struct queuer *ours, const struct queuer *theirs)
{
	unsigned int i, j = 0, most = 0;

	for (i = 0; i < ours->jobs; i++) {
		unsigned int n = 0;

		for (; j < theirs->jobs && theirs->end[j] < ours->end[i]; j++)
			n++;
		if (n > most)
			most = n;
	}
	return most;
}

/* Jobs longer than a turn: neither gets ahead by more than one */
TEST_LIMIT(long_jobs_of_two_processes_alternate, 60)
{
	struct queuer *ours = new_queuer(20), *theirs = new_queuer(60);
	unsigned int i;
	uint32_t resets;

	setup();
	resets = two_queues(ours, theirs, 3 * turn_ns());
	for (i = 0; i < ours->jobs; i++) {
		unsigned int before = 0;

		while (before < theirs->jobs && theirs->end[before] < ours->end[i])
			before++;
		EXPECT(before >= i && before <= i + 2);
	}
	ktap_note("%u resets", resets);
	EXPECT(resets >= 20 && resets <= 42);
}

/* Short jobs: as many as fit in a turn, so resets at changes cost little; no process waits longer than a turn */
TEST_LIMIT(short_jobs_of_two_processes_share_a_turn, 60)
{
	struct queuer *ours = new_queuer(JOBS), *theirs = new_queuer(JOBS);
	uint32_t job_ns = turn_ns() / 10, resets;
	unsigned int most[2];

	setup();
	resets = two_queues(ours, theirs, job_ns);
	most[0] = most_between(ours, theirs);
	most[1] = most_between(theirs, ours);
	ktap_note("at most %u and %u jobs in a row, %u resets for %u jobs", most[0], most[1], resets, 2 * JOBS);
	EXPECT(most[0] <= 11 && most[1] <= 11);
	EXPECT(most[0] >= 5 && most[1] >= 5);
	EXPECT(resets <= 2 * JOBS / 5);
}

/* A deeper queue or more jobs do not give a process more than half of the time */
TEST_LIMIT(turns_are_of_time_and_not_of_jobs, 60)
{
	struct queuer *ours = new_queuer(JOBS), *theirs = new_queuer(JOBS);
	uint64_t last;
	unsigned int i, done = 0;

	setup();
	two_queues(ours, theirs, turn_ns() / 4);
	last = ours->end[JOBS / 2];
	for (i = 0; i < JOBS; i++)
		done += theirs->end[i] < last;
	ktap_note("%u of theirs when %u of ours had run", done, JOBS / 2 + 1);
	EXPECT(done >= JOBS / 2 - 8 && done <= JOBS / 2 + 8);
}

#define LONGER	20

/* Longer jobs do not either */
TEST_LIMIT(turns_are_of_time_and_not_of_how_long_jobs_are, 60)
{
	struct queuer *ours = new_queuer(JOBS), *theirs = new_queuer(JOBS / LONGER);
	unsigned int i, done = 0, half = JOBS / LONGER / 2;

	setup();
	theirs->tasks = LONGER;
	two_queues(ours, theirs, turn_ns() / 2);
	for (i = 0; i < JOBS; i++)
		done += ours->end[i] < theirs->end[half - 1];
	ktap_note("%u short jobs when %u had run that are %u times as long", done, half, LONGER);
	EXPECT(done + LONGER >= half * LONGER - half && done <= (half + 1) * LONGER);
}

/* ---- the fast path ------------------------------------------------------------------------- */

#define SUBMITS		100

static uint64_t context_switches(void)
{
	unsigned long long n = 0;
	char line[256];
	FILE *f = fopen("/proc/stat", "r");

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "ctxt %llu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

/* On PREEMPT_RT the handlers of the core and of the IOMMU, which share a line, run in threads */
static bool handlers_have_threads(void)
{
	return !access("/sys/kernel/realtime", F_OK);
}

/* Each submit sleeps and wakes up once; a worker in between would add two context switches, or one after a thread */
TEST(blocking_submit_wakes_nobody_else)
{
	unsigned int each = handlers_have_threads() ? 4 : 2, i;
	struct rknpu_submit args = { 0 };
	uint64_t before;

	setup();
	twin_write(TWIN_TASK_OVERHEAD_NS, 100000);
	EXPECT_CORRECT(&mm, 1);
	before = context_switches();
	for (i = 0; i < SUBMITS; i++) {
		args = matmul_args(&mm, 1);
		ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	}
	before = context_switches() - before;
	ktap_note("%llu context switches for %u submits", (unsigned long long)before, SUBMITS);
	EXPECT(before >= each * SUBMITS - 2 && before <= each * SUBMITS + SUBMITS / 5);
}

TEST(queued_job_starts_from_the_interrupt)
{
	uint64_t start, busy, gap;
	int last = -1;
	unsigned int i;

	setup();
	EXPECT_CORRECT(&mm, 1);
	twin_fault(0, TWIN_FAULT_LATE, 20000, 1);
	busy = twin_stat64(0, TWIN_STAT_BUSY_NS);
	ASSERT_RET(job_start(&mm, 1, -1, NULL), 0);
	start = twin_stat64(0, TWIN_STAT_START_NS);
	twin_write(TWIN_TASK_OVERHEAD_NS, 100000);
	for (i = 0; i < SUBMITS; i++)
		ASSERT_RET(job_start(&mm, 1, -1, i + 1 < SUBMITS ? NULL : &last), 0);
	EXPECT_RET(fence_end(last), 0);
	gap = twin_stat64(0, TWIN_STAT_END_NS) - start - (twin_stat64(0, TWIN_STAT_BUSY_NS) - busy);
	ktap_note("%llu ns from the end of a job to the start of the next", (unsigned long long)gap / SUBMITS);
	/* The way through the worker takes 5,000 more. */
	EXPECT(gap / SUBMITS < (handlers_have_threads() ? 11000 : 4000));
}

/* Without other clients, it is neither programmed again nor reset, even after long pauses, unless power is off */
TEST(address_space_stays_attached)
{
	uint32_t resets, tables;
	unsigned int i;

	setup();
	EXPECT_CORRECT(&mm, 1);
	resets = twin_stat(0, TWIN_STAT_RESETS);
	tables = twin_stat(0, TWIN_STAT_DTE_WRITES);
	for (i = 0; i < 20; i++) {
		ktap_sleep_ms(4 * i);
		EXPECT_CORRECT(&mm, 1);
	}
	EXPECT_EQ(twin_stat(0, TWIN_STAT_RESETS), resets);
	EXPECT_EQ(twin_stat(0, TWIN_STAT_DTE_WRITES), tables);
	/* Power off and on again: reset when switched off, and prepared again */
	ktap_sleep_ms(500);
	EXPECT_CORRECT(&mm, 1);
	EXPECT_EQ(twin_stat(0, TWIN_STAT_RESETS), resets + 2);
}
