// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The cores that a job runs on, and when: cores work in parallel, a job that names
 * several cores gets them together, and neither kind of job waits forever for the
 * other. The twin's counters and time stamps are used to check this.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/job.h"
#include "lib/testing.h"

#define ROWS		4	/* rows of one task */
#define TASKS		12
#define MUCH_TOO_LATE_US	10000000
#define SLACK_MS	5000

static struct matmul mm;	/* TASKS tasks, each with rows of its own */
static uint32_t kicks[NPU_CORES], tasks[NPU_CORES], resets[NPU_CORES];

static void remember(void)
{
	unsigned int core;

	for_each_core(core) {
		kicks[core] = twin_stat(core, TWIN_STAT_KICKS);
		tasks[core] = twin_stat(core, TWIN_STAT_TASKS);
		resets[core] = twin_stat(core, TWIN_STAT_RESETS);
	}
}

static uint32_t new_kicks(unsigned int core)
{
	return twin_stat(core, TWIN_STAT_KICKS) - kicks[core];
}

static uint32_t new_tasks(unsigned int core)
{
	return twin_stat(core, TWIN_STAT_TASKS) - tasks[core];
}

static void wait_for_kick(unsigned int core)
{
	uint64_t end = ktap_now_ns() + SLACK_MS * 1000000ull;

	while (!new_kicks(core) && ktap_now_ns() < end)
		ktap_sleep_ms(1);
	EXPECT(new_kicks(core));
}

/* Occupies a core until it is released */
static int hold(const struct matmul *job, unsigned int core)
{
	int fence;

	twin_hold(core, 1);
	ASSERT_RET(job_start(job, 1u << core, -1, &fence), 0);
	wait_for_kick(core);
	return fence;
}

static void setup(void)
{
	twin_need();
	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, ROWS * TASKS, 32, 32, ROWS, MATMUL_EXACT, 61), 0);
	ASSERT_EQ(mm.tasks, TASKS);
	remember();
}

static struct rknpu_submit gang_args(uint32_t mask, const struct rknpu_subcore_task *range)
{
	struct rknpu_submit args = matmul_args(&mm, mask);
	unsigned int core, shift = mask == 7 ? 2 : 0;

	memset(args.subcore_task, 0, sizeof(args.subcore_task));
	for_each_core(core)
		args.subcore_task[core + shift] = range[core];
	return args;
}

/* All tasks, divided among the cores of @mask, with one more for each next core */
static struct rknpu_submit gang(uint32_t mask, uint32_t *share)
{
	static const uint32_t shares[][3] = { { 12 }, { 5, 7 }, { 3, 4, 5 } };
	struct rknpu_subcore_task range[NPU_CORES] = { 0 };
	unsigned int core, n = 0, start = 0;

	/* A core that this boot does not have keeps a share of nothing */
	memset(share, 0, NPU_CORES * sizeof(*share));
	for_each_core(core) {
		share[core] = mask >> core & 1 ? shares[__builtin_popcount(mask) - 1][n++] : 0;
		range[core] = (struct rknpu_subcore_task){ start, share[core] };
		start += share[core];
	}
	return gang_args(mask, range);
}

/* ---- at once ------------------------------------------------------------------ */

/* The last start comes before the first end */
static void expect_overlap(uint32_t mask)
{
	uint64_t start = 0, end = UINT64_MAX;
	unsigned int core;

	for_each_core(core) {
		if (!(mask & 1u << core))
			continue;
		if (twin_stat64(core, TWIN_STAT_START_NS) > start)
			start = twin_stat64(core, TWIN_STAT_START_NS);
		if (twin_stat64(core, TWIN_STAT_END_NS) < end)
			end = twin_stat64(core, TWIN_STAT_END_NS);
	}
	EXPECT(start < end);
}

static void runs_one(void *arg)
{
	struct matmul own;

	small_matmul(&own, npu_open(), getpid());
	EXPECT_CORRECT(&own, *(uint32_t *)arg);
}

static void release_when_all_run(void)
{
	unsigned int i;

	for_each_core(i)
		wait_for_kick(i);
	for_each_core(i)
		twin_release(i);
}

static void three_processes(const uint32_t *masks)
{
	pid_t pids[NPU_CORES];
	unsigned int i;

	setup();
	if (soc_get()->shares_iommu)
		SKIP("behind one IOMMU processes take turns");
	for_each_core(i)
		twin_hold(i, 1);
	for_each_core(i)
		pids[i] = ktap_fork(runs_one, (void *)&masks[i]);
	release_when_all_run();
	for_each_core(i)
		EXPECT_EQ(ktap_join(pids[i]), 0);
	for_each_core(i)
		EXPECT_EQ(new_kicks(i), 1);
	expect_overlap(7);
}

TEST(processes_on_named_cores_run_at_once) { three_processes((uint32_t[]){ 1, 2, 4 }); }
TEST(processes_on_any_core_run_at_once) { three_processes((uint32_t[]){ 0, 0, 0 }); }

TEST(jobs_of_one_process_spread_over_the_cores)
{
	int fences[NPU_CORES], i;

	setup();
	for_each_core(i)
		twin_hold(i, 1);
	for_each_core(i)
		ASSERT_RET(job_start(&mm, 0, -1, &fences[i]), 0);
	release_when_all_run();
	for_each_core(i)
		EXPECT_RET(fence_end(fences[i]), 0);
	for_each_core(i)
		EXPECT_EQ(new_kicks(i), 1);
	expect_overlap(7);
}

/* J1: a job that waits for a busy core does not delay one for an idle core */
TEST(J1_busy_core_holds_up_no_other)
{
	int held, waiting, done;

	setup();
	held = hold(&mm, 1);
	ASSERT_RET(job_start(&mm, 2, -1, &waiting), 0);
	ASSERT_RET(job_start(&mm, 4, -1, &done), 0);
	EXPECT_RET(fence_end(done), 0);
	EXPECT_EQ(fence_status(held), 0);
	EXPECT_EQ(fence_status(waiting), 0);
	twin_release(1);
	EXPECT_RET(fence_end(held), 0);
	EXPECT_RET(fence_end(waiting), 0);
	EXPECT_EQ(new_kicks(1), 2);
}

/* ---- gangs ---------------------------------------------------------------------- */

static void gang_on(uint32_t mask)
{
	uint32_t share[NPU_CORES], last = 0;
	uint64_t first_start = UINT64_MAX, last_end = 0;
	struct rknpu_submit args;
	unsigned int core, i;

	setup();
	args = gang(mask, share);
	matmul_spoil(&mm);
	for_each_core(core)
		twin_fault(core, TWIN_FAULT_LATE, 100000 * (core + 1), mask >> core & 1);
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	for_each_core(core) {
		EXPECT_EQ(new_kicks(core), mask >> core & 1);
		EXPECT_EQ(new_tasks(core), share[core]);
		if (!share[core])
			continue;
		if (twin_stat64(core, TWIN_STAT_START_NS) < first_start)
			first_start = twin_stat64(core, TWIN_STAT_START_NS);
		if (twin_stat64(core, TWIN_STAT_END_NS) > last_end)
			last_end = twin_stat64(core, TWIN_STAT_END_NS);
	}
	expect_overlap(mask);
	/* J16: tasks are counted, not assumed; the time is that of the slowest core */
	EXPECT_EQ(args.task_counter, TASKS);
	EXPECT(args.hw_elapse_time + 1000 >= (int64_t)(last_end - first_start));
	/* J15: only the last descriptor of each core is changed */
	for (i = 0, core = 0; i < TASKS; i++) {
		while (core < NPU_CORES && last + share[core] == i)
			last += share[core++];
		if (i + 1 == last + share[core])
			EXPECT(matmul_descriptors(&mm)[i].int_status & RKNPU_INT_DPU);
		else
			EXPECT_EQ(matmul_descriptors(&mm)[i].int_status, 0);
		EXPECT_EQ(matmul_descriptors(&mm)[i].int_status & ~RKNPU_INT_ALL, 0);
	}
}

TEST(J15_J16_gang_of_cores_0_and_1) { gang_on(3); }
TEST(J11_gang_of_cores_0_and_2) { gang_on(5); }
TEST(J11_gang_of_cores_1_and_2) { gang_on(6); }
TEST(J15_J16_gang_of_all_cores) { gang_on(7); }

/* A gang starts when all its cores are free, on all of them at the same time */
TEST(gang_starts_together)
{
	uint32_t share[NPU_CORES];
	uint64_t start[2];
	int held, fence;

	setup();
	held = hold(&mm, 1);
	ASSERT_RET(job_start_args(&mm, gang(3, share), -1, &fence), 0);
	ktap_sleep_ms(50);
	EXPECT_EQ(new_kicks(0), 0);
	twin_release(1);
	EXPECT_RET(fence_end(held), 0);
	EXPECT_RET(fence_end(fence), 0);
	start[0] = twin_stat64(0, TWIN_STAT_START_NS);
	start[1] = twin_stat64(1, TWIN_STAT_START_NS);
	/* The starts are a few register writes apart; a busy host may stop in between */
	EXPECT(start[1] - start[0] < 100000000);
}

TEST(gang_ends_with_its_last_core)
{
	uint32_t share[NPU_CORES];
	int fence, next;

	setup();
	twin_hold(2, 1);
	ASSERT_RET(job_start_args(&mm, gang(7, share), -1, &fence), 0);
	wait_for_kick(2);
	/* A core that has finished its part is free */
	ASSERT_RET(job_start(&mm, 1, -1, &next), 0);
	EXPECT_RET(fence_end(next), 0);
	EXPECT_EQ(fence_status(fence), 0);
	twin_release(2);
	EXPECT_RET(fence_end(fence), 0);
}

/* Programs leave unused entries empty: these cores are neither started nor waited for */
TEST(P6_empty_range_leaves_a_core_out)
{
	static const struct { uint32_t mask, busy; struct rknpu_subcore_task range[NPU_CORES]; uint32_t runs; } cases[] = {
		{ 3, 1, { { 0, TASKS }, { 0, 0 }, { 0, 0 } }, 1 },
		{ 5, 0, { { 0, 0 }, { 0, 0 }, { 0, TASKS } }, 4 },
		{ 7, 1, { { 0, 6 }, { 0, 0 }, { 6, 6 } }, 5 },
		{ 7, 2, { { 0, TASKS }, { 5, 0 }, { UINT32_MAX, 0 } }, 1 },
	};
	struct rknpu_submit args;
	unsigned int i, core;
	struct matmul other;
	int held;

	setup();
	small_matmul(&other, mm.out.fd, 62);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		remember();
		held = hold(&other, cases[i].busy);
		args = gang_args(cases[i].mask, cases[i].range);
		matmul_spoil(&mm);
		EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
		EXPECT_EQ(fence_status(held), 0);
		twin_release(cases[i].busy);
		EXPECT_RET(npu_bo_from_device(&mm.out), 0);
		EXPECT_EQ(matmul_wrong(&mm), 0);
		EXPECT_EQ(args.task_counter, TASKS);
		EXPECT_RET(fence_end(held), 0);
		for_each_core(core)
			EXPECT_EQ(new_kicks(core), (cases[i].runs >> core & 1) + (core == cases[i].busy));
	}
}

TEST(P5_gang_ranges_out_of_bounds)
{
	static const uint32_t masks[] = { 3, 5, 6, 7 };
	static const struct rknpu_subcore_task bad[] = {
		{ 0, 103 }, { 102, 1 }, { 1, UINT32_MAX }, { UINT32_MAX, 1 }, { 0x80000000, 0x80000000 }, { 101, 2 },
	};
	unsigned int i, j, core;

	setup();
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		struct rknpu_subcore_task range[NPU_CORES] = { 0 };
		struct rknpu_submit args = gang_args(masks[i], range);

		/* All entries are empty */
		EXPECT_RET(npu_submit(mm.out.fd, &args), -EINVAL);
		for_each_core(core) {
			if (!(masks[i] & 1u << core))
				continue;
			for (j = 0; j < ARRAY_SIZE(bad); j++) {
				uint32_t share[NPU_CORES];

				args = gang(masks[i], share);
				args.subcore_task[core + (masks[i] == 7 ? 2 : 0)] = bad[j];
				EXPECT_RET(npu_submit(mm.out.fd, &args), -EINVAL);
			}
		}
	}
	for_each_core(core)
		EXPECT_EQ(new_kicks(core), 0);
}

TEST_LIMIT(gang_in_chunks, 60)
{
	struct rknpu_subcore_task range[NPU_CORES] = { { 0, 4096 }, { 4096, 4200 } };
	struct rknpu_submit args;

	twin_need();
	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, 8296, 32, 32, 1, MATMUL_EXACT, 63), 0);
	ASSERT_EQ(mm.tasks, 8296);
	remember();
	args = gang_args(3, range);
	matmul_spoil(&mm);
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong_rows(&mm, 1), 0);
	EXPECT_EQ(args.task_counter, 8296);
	EXPECT_EQ(new_kicks(0), 1 + 4096 / (soc_get()->max_tasks + 1));
	EXPECT_EQ(new_kicks(1), 1 + 4200 / (soc_get()->max_tasks + 1));
}

/* ---- gangs that fail ---------------------------------------------------------------- */

/*
 * One core of a gang fails: the whole gang fails, its other core becomes free for
 * other jobs, and a job on the third core is not affected.
 */
static void gang_fails(uint32_t kind, uint32_t param, int want)
{
	uint32_t share[NPU_CORES], other_core = 2;
	struct rknpu_submit args;
	unsigned int core;
	pid_t other;

	setup();
	need_cores(7);
	for_each_core(core)
		EXPECT_CORRECT(&mm, 1u << core);
	driver_keep_on(true);
	twin_fault(other_core, TWIN_FAULT_LATE, 700000, 1);
	remember();
	other = ktap_fork(runs_one, &(uint32_t){ 1u << other_core });
	wait_for_kick(other_core);
	remember();
	twin_fault(1, kind, param, 1);
	args = gang(3, share);
	args.timeout = 200;
	EXPECT_RET(npu_submit(mm.out.fd, &args), want);
	/*
	 * If only the completion is missing, both parts are done; a fault ends the job immediately,
	 * regardless of the progress of the other core
	 */
	if (kind == TWIN_FAULT_LATE)
		EXPECT_EQ(args.task_counter, TASKS);
	else
		EXPECT(args.task_counter <= share[0]);
	EXPECT_CORRECT(&mm, 1);
	EXPECT_CORRECT(&mm, 2);
	EXPECT_EQ(ktap_join(other), 0);
	if (!soc_get()->shares_iommu)
		EXPECT_EQ(twin_stat(other_core, TWIN_STAT_RESETS), resets[other_core]);
	EXPECT(twin_stat(1, TWIN_STAT_RESETS) > resets[1]);
	driver_keep_on(false);
	twin_disarm();
	args = gang(7, share);
	matmul_spoil(&mm);
	EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

TEST_LIMIT(gang_with_a_core_that_hangs, 60) { gang_fails(TWIN_FAULT_LATE, MUCH_TOO_LATE_US, -ETIMEDOUT); }
TEST_LIMIT(gang_with_a_core_that_faults, 60) { gang_fails(TWIN_FAULT_MMU_READ, 0, -EIO); }

TEST(gang_with_a_lost_start)
{
	uint32_t share[NPU_CORES];
	struct rknpu_submit args;

	setup();
	twin_fault(1, TWIN_FAULT_STALL, 0, 1);
	args = gang(3, share);
	args.timeout = 1000;
	matmul_spoil(&mm);
	EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	EXPECT_EQ(args.task_counter, TASKS);
}

/* J6: an asynchronous job hangs on one of two cores, and both are used again immediately */
TEST(J6_hanging_gang_that_nobody_waits_for)
{
	uint32_t share[NPU_CORES];
	struct rknpu_submit args;
	int fence, next[2], i;

	setup();
	args = gang(3, share);
	args.timeout = 100;
	for (i = 0; i < 2; i++) {
		twin_fault(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 1);
		ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
		ASSERT_RET(job_start(&mm, 1, -1, &next[0]), 0);
		ASSERT_RET(job_start(&mm, 2, -1, &next[1]), 0);
		EXPECT_RET(fence_end(fence), -ETIMEDOUT);
		EXPECT_RET(fence_end(next[0]), 0);
		EXPECT_RET(fence_end(next[1]), 0);
	}
}

/* ---- no job waits forever -------------------------------------------------------------- */

struct stream {
	struct rknpu_submit args;
	unsigned int depth;
};

/* Keeps @depth jobs queued until killed */
static void streams(void *arg)
{
	const struct stream *s = arg;
	int fences[16], next = 0;
	struct matmul own;

	memset(fences, -1, sizeof(fences));
	ASSERT_RET(matmul_init(&own, npu_open(), MATMUL_INT8_INT32, ROWS * TASKS, 32, 32, ROWS, MATMUL_EXACT, 64), 0);
	for (;; next = (next + 1) % s->depth) {
		struct rknpu_submit args = s->args;

		args.task_obj_addr = own.task.token;
		if (fences[next] >= 0)
			EXPECT_RET(fence_end(fences[next]), 0);
		ASSERT_RET(job_start_args(&own, args, -1, &fences[next]), 0);
	}
}

/* Number of kicks of all cores while @args runs @rounds times in parallel to @num streams */
static uint32_t kicks_meanwhile(struct rknpu_submit args, struct stream *streams_of, unsigned int num,
				unsigned int rounds)
{
	uint32_t before, after;
	unsigned int i;
	pid_t pids[3];

	for (i = 0; i < num; i++)
		pids[i] = ktap_fork(streams, &streams_of[i]);
	/* Wait until they are running */
	for (i = 0; i < 500 && new_kicks(0) + new_kicks(1) + new_kicks(2) < 20; i++)
		ktap_sleep_ms(2);
	before = new_kicks(0) + new_kicks(1) + new_kicks(2);
	for (i = 0; i < rounds; i++) {
		struct rknpu_submit copy = args;

		EXPECT_RET(npu_submit(mm.out.fd, &copy), 0);
	}
	after = new_kicks(0) + new_kicks(1) + new_kicks(2);
	for (i = 0; i < num; i++) {
		kill(pids[i], SIGKILL);
		ktap_join(pids[i]);
	}
	return after - before;
}

#define ROUNDS	20

/* Two clients always have jobs for the cores: a gang gets its turn after at most a few of their jobs */
static void gangs_beside_small_jobs(uint32_t mask)
{
	struct stream small[2];
	uint32_t share[NPU_CORES], n;
	unsigned int i;

	setup();
	twin_write(TWIN_TASK_OVERHEAD_NS, 200000);
	for (i = 0; i < ARRAY_SIZE(small); i++)
		small[i] = (struct stream){ matmul_args(&mm, 0), 8 };
	n = kicks_meanwhile(gang(mask, share), small, ARRAY_SIZE(small), ROUNDS);
	n -= ROUNDS * __builtin_popcount(mask);
	ktap_note("%u small jobs beside %u gangs of mask %u", n, ROUNDS, mask);
	/* With a shared IOMMU, a process keeps the cores for a while before it is another one's turn */
	EXPECT(n <= ROUNDS * (soc_get()->shares_iommu ? 50 : 10));
}

TEST_LIMIT(small_jobs_do_not_starve_a_gang_of_two, 60) { gangs_beside_small_jobs(6); }
TEST_LIMIT(small_jobs_do_not_starve_a_gang_of_three, 60) { gangs_beside_small_jobs(7); }

TEST_LIMIT(gangs_do_not_starve_small_jobs, 60)
{
	uint32_t share[NPU_CORES], n;
	struct stream gangs;

	setup();
	twin_write(TWIN_TASK_OVERHEAD_NS, 200000);
	gangs = (struct stream){ gang(7, share), 16 };
	n = (kicks_meanwhile(matmul_args(&mm, 2), &gangs, 1, ROUNDS) - ROUNDS) / 3;
	ktap_note("%u gangs beside %u small jobs", n, ROUNDS);
	EXPECT(n <= ROUNDS * 4);
}

static void runs_on_core_0(void *arg)
{
	(void)arg;
	runs_one(&(uint32_t){ 1 });
}

static void gang_of_1_and_2(void *arg)
{
	uint32_t share[NPU_CORES];
	struct rknpu_submit args;

	(void)arg;
	/* The child cannot use the parent's objects: it is a new client */
	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, ROWS * TASKS, 32, 32, ROWS, MATMUL_EXACT, 65), 0);
	args = gang(6, share);
	EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
}

/*
 * An idle core that is reserved for a waiting gang is not given to another job,
 * not even to one that may run anywhere and prefers this core because its address
 * space is attached.
 */
TEST(gang_keeps_the_cores_it_has)
{
	struct matmul own;
	int held, fence;
	pid_t other;

	setup();
	small_matmul(&own, mm.out.fd, 66);
	EXPECT_CORRECT(&own, 2);
	EXPECT_EQ(ktap_join(ktap_fork(runs_on_core_0, NULL)), 0);
	remember();
	held = hold(&own, 2);
	other = ktap_fork(gang_of_1_and_2, NULL);
	ktap_sleep_ms(200);
	EXPECT_EQ(new_kicks(1), 0);
	ASSERT_RET(job_start(&own, 0, -1, &fence), 0);
	if (!soc_get()->shares_iommu) {
		EXPECT_RET(fence_end(fence), 0);
		EXPECT_EQ(fence_status(held), 0);
		EXPECT_EQ(new_kicks(0), 1);
		EXPECT_EQ(new_kicks(1), 0);
		twin_release(2);
	} else {
		/* All cores are switched to the gang's address space next, and no job may run before it */
		ktap_sleep_ms(50);
		EXPECT_EQ(fence_status(fence), 0);
		twin_release(2);
		EXPECT_RET(fence_end(fence), 0);
	}
	EXPECT_RET(fence_end(held), 0);
	EXPECT_EQ(ktap_join(other), 0);
}
