// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Jobs on several cores: which core runs which range, what is reported, and that
 * gangs neither break other jobs nor are starved or broken by them.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/job.h"
#include "lib/klog.h"
#include "lib/testing.h"

#define TASKS		6
#define SHARE(cores)	(TASKS / (cores))
#define MUCH_TOO_LATE_US	10000000
#define SLACK_MS	5000

/* TASKS tasks of four rows each, to detect every task that did not run */
static void setup(struct matmul *mm, int fd)
{
	ASSERT_RET(matmul_init(mm, fd, MATMUL_INT8_INT32, 4 * TASKS, 64, 32, 4, MATMUL_EXACT, 61), 0);
	ASSERT_EQ(mm->tasks, TASKS);
}

/* An equal share of the tasks for each named core; core n has entry n, or n + 2 if three cores are named */
static struct rknpu_submit gang_args(const struct matmul *mm, uint32_t core_mask)
{
	struct rknpu_submit args = matmul_args(mm, core_mask);
	unsigned int cores = __builtin_popcount(core_mask), shift = cores == 3 ? 2 : 0, next = 0, core;

	for (core = 0; core < RKNPU_MAX_SUBCORE_TASKS; core++)
		args.subcore_task[core] = (struct rknpu_subcore_task){ 0, 0 };
	for_each_core(core) {
		if (!(core_mask & 1u << core))
			continue;
		args.subcore_task[core + shift] = (struct rknpu_subcore_task){ next, SHARE(cores) };
		next += SHARE(cores);
	}
	return args;
}

static int run(struct matmul *mm, struct rknpu_submit *args)
{
	int ret;

	matmul_spoil(mm);
	ret = npu_submit(mm->out.fd, args);
	EXPECT_RET(npu_bo_from_device(&mm->out), 0);
	return ret;
}

static void gang_of(uint32_t core_mask)
{
	unsigned int cores = __builtin_popcount(core_mask), core, i;
	uint32_t before[NPU_CORES] = { 0 };
	struct rknpu_submit args;
	struct matmul mm;

	setup(&mm, npu_open());
	for_each_twin_core(core)
		before[core] = twin_stat(core, TWIN_STAT_TASKS);
	args = gang_args(&mm, core_mask);
	ASSERT_RET(run(&mm, &args), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	EXPECT_EQ(args.task_counter, TASKS);
	EXPECT(args.hw_elapse_time > 0);
	for_each_twin_core(core)
		EXPECT_EQ(twin_stat(core, TWIN_STAT_TASKS) - before[core],
			  core_mask & 1u << core ? SHARE(cores) : 0);
	/* J15: only the last descriptor of each core's range gets the status */
	for (i = 0; i < TASKS; i++)
		EXPECT_EQ(!!(matmul_descriptors(&mm)[i].int_status & RKNPU_INT_DPU), (i + 1) % SHARE(cores) == 0);
}

TEST(cores_0_and_1) { gang_of(3); }
TEST(J11_cores_0_and_2) { gang_of(5); }
TEST(J11_cores_1_and_2) { gang_of(6); }
TEST(all_cores) { gang_of(7); }

/* P6: entries 0..2 filled instead of 2..4, a common mistake: empty ones are skipped, no read before the buffer */
TEST(P6_entries_of_the_wrong_place)
{
	struct rknpu_submit args;
	struct matmul mm;

	setup(&mm, npu_open());
	args = matmul_args(&mm, 7);
	args.subcore_task[2] = (struct rknpu_subcore_task){ 0, 2 };
	args.subcore_task[3] = args.subcore_task[4] = (struct rknpu_subcore_task){ 0, 0 };
	ASSERT_RET(run(&mm, &args), 0);
	EXPECT_EQ(args.task_counter, 2);
	EXPECT_EQ(matmul_untouched(&mm), (size_t)4 * (TASKS - 2) * mm.n);
	EXPECT_EQ(matmul_wrong(&mm), (size_t)4 * (TASKS - 2) * mm.n);

	args = matmul_args(&mm, 7);
	args.subcore_task[2] = (struct rknpu_subcore_task){ 0, 0 };
	EXPECT_RET(run(&mm, &args), -EINVAL);
	EXPECT_EQ(matmul_untouched(&mm), mm.m * mm.n);
}

TEST(ranges_out_of_the_buffer)
{
	static const struct rknpu_subcore_task ranges[] = {
		{ 0, 103 }, { 102, 1 }, { UINT32_MAX, 1 }, { UINT32_MAX, UINT32_MAX }, { 0, 0x80000000 },
	};
	struct rknpu_submit args;
	unsigned int i, entry;
	struct matmul mm;

	setup(&mm, npu_open());
	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (entry = 2; entry < RKNPU_MAX_SUBCORE_TASKS; entry++) {
			args = gang_args(&mm, 7);
			args.subcore_task[entry] = ranges[i];
			EXPECT_RET(run(&mm, &args), -EINVAL);
			EXPECT_EQ(matmul_untouched(&mm), mm.m * mm.n);
		}
	}
}

TEST(cores_start_together)
{
	const uint64_t together_ns = 20000000;
	struct rknpu_submit args;
	struct matmul mm;
	int core;

	twin_need();
	setup(&mm, npu_open());
	twin_write(TWIN_TASK_OVERHEAD_NS, 50000000);
	args = gang_args(&mm, 7);
	ASSERT_RET(run(&mm, &args), 0);
	for (core = 1; core < NPU_CORES; core++) {
		uint64_t first = twin_stat64(0, TWIN_STAT_START_NS), other = twin_stat64(core, TWIN_STAT_START_NS);

		EXPECT((other > first ? other - first : first - other) < together_ns);
	}
}

/* If one core fails, the whole job fails; all its cores work again, for other jobs too */
static void member_fails(uint32_t kind, uint32_t param, int want)
{
	struct rknpu_submit args;
	struct matmul mm;
	int core, other;

	twin_need();
	setup(&mm, npu_open());
	for_each_core(core) {
		twin_fault(core, kind, param, 1000);
		args = gang_args(&mm, 7);
		args.timeout = 100;
		EXPECT_RET(run(&mm, &args), want);
		twin_disarm();
		for_each_core(other)
			EXPECT_CORRECT(&mm, 1u << other);
		args = gang_args(&mm, 7);
		EXPECT_RET(run(&mm, &args), 0);
		EXPECT_EQ(matmul_wrong(&mm), 0);
	}
}

TEST(J6_one_core_hangs) { member_fails(TWIN_FAULT_LATE, MUCH_TOO_LATE_US, -ETIMEDOUT); }
TEST(one_core_never_ends) { member_fails(TWIN_FAULT_NEVER, 0, -ETIMEDOUT); }
TEST(one_core_faults) { member_fails(TWIN_FAULT_MMU_WRITE, 0, -EIO); }

/* ---- a start that is lost --------------------------------------------------------- */

#define ROWS_PER_CORE	4
#define CHAIN		2	/* tasks for each core: there and back */
#define LOST_MS		1000	/* time-out; checked after half of it */

/*
 * A stream that must not run twice: core n multiplies rows of its own by the
 * weights into another buffer, and that again by the weights into the first.
 */
static void there_and_back(struct matmul *mm, int fd)
{
	unsigned int i;

	ASSERT_RET(matmul_init(mm, fd, MATMUL_FP16_FP16, ROWS_PER_CORE * CHAIN * NPU_CORES, 32, 32, ROWS_PER_CORE,
			       MATMUL_EXACT, 67), 0);
	ASSERT_EQ(mm->tasks, CHAIN * NPU_CORES);
	for (i = 0; i < mm->tasks; i++) {
		bool back = i % CHAIN;
		struct matmul_task t = {
			.type = mm->type, .m = mm->m, .k = mm->k, .n = mm->n,
			.row0 = i / CHAIN * ROWS_PER_CORE, .rows = ROWS_PER_CORE, .weights = mm->weights.iova,
			.in = back ? mm->out.iova : mm->in.iova, .out = back ? mm->in.iova : mm->out.iova,
		};
		struct regcmd rc = { .words = mm->cmd.map, .count = i * mm->stride_bytes / sizeof(uint64_t) };

		rc.max = rc.count + mm->words;
		matmul_segment(&rc, &t);
	}
	ASSERT_RET(npu_bo_to_device(&mm->cmd), 0);
}

static struct rknpu_submit there_and_back_args(const struct matmul *mm, uint32_t core_mask)
{
	struct rknpu_submit args = matmul_args(mm, core_mask);
	unsigned int shift = core_mask == 7 ? 2 : 0, core;

	for (core = 0; core < RKNPU_MAX_SUBCORE_TASKS; core++)
		args.subcore_task[core] = (struct rknpu_subcore_task){ 0, 0 };
	for (core = 0; core < NPU_CORES; core++)
		if (core_mask & 1u << core)
			args.subcore_task[core + shift] = (struct rknpu_subcore_task){ core * CHAIN, CHAIN };
	args.timeout = LOST_MS;
	return args;
}

/* Compute from @from, or from the existing input, to @to; returns 0 or -errno */
static int go_there_and_back(struct matmul *mm, uint32_t core_mask, const void *from, void *to)
{
	struct rknpu_submit args = there_and_back_args(mm, core_mask);
	int ret;

	if (from)
		memcpy(mm->in.map, from, mm->in.size);
	ASSERT_RET(npu_bo_to_device(&mm->in), 0);
	ret = npu_submit(mm->out.fd, &args);
	if (!ret)
		EXPECT_EQ(args.task_counter, CHAIN * __builtin_popcount(core_mask));
	ASSERT_RET(npu_bo_from_device(&mm->in), 0);
	memcpy(to, mm->in.map, mm->in.size);
	return ret;
}

/* Cores of @lost lose their start, the others end @late_us after the loss is noticed, or at once */
static void loses_starts(struct matmul *mm, uint32_t core_mask, uint32_t lost, uint32_t late_us)
{
	uint32_t kicks[NPU_CORES], tasks[NPU_CORES];
	uint8_t *input = malloc(mm->in.size), *want = malloc(mm->in.size), *got = malloc(mm->in.size);
	unsigned int core;

	ASSERT(input && want && got);
	memcpy(input, mm->in.map, mm->in.size);
	ASSERT_RET(go_there_and_back(mm, core_mask, input, want), 0);
	ASSERT_RET(go_there_and_back(mm, core_mask, NULL, got), 0);
	/* Otherwise the rest would prove nothing */
	ASSERT(memcmp(want, got, mm->in.size));
	for_each_core(core) {
		kicks[core] = twin_stat(core, TWIN_STAT_KICKS);
		tasks[core] = twin_stat(core, TWIN_STAT_TASKS);
		if (lost & 1u << core)
			twin_fault(core, TWIN_FAULT_STALL, 0, 1);
		else if (late_us && core_mask & 1u << core)
			twin_fault(core, TWIN_FAULT_LATE, late_us, 1);
	}
	EXPECT_RET(go_there_and_back(mm, core_mask, input, got), 0);
	EXPECT(!memcmp(want, got, mm->in.size));
	for_each_core(core) {
		bool used = core_mask & 1u << core;

		EXPECT_EQ(twin_stat(core, TWIN_STAT_KICKS) - kicks[core], used + !!(lost & 1u << core));
		EXPECT_EQ(twin_stat(core, TWIN_STAT_TASKS) - tasks[core], used ? CHAIN : 0);
	}
	memcpy(mm->in.map, input, mm->in.size);
	free(input);
	free(want);
	free(got);
}

/* Only the lost part is repeated, whether the other cores have ended by then or are still running */
static void lost_in_a_gang(uint32_t core_mask)
{
	struct matmul mm;
	uint32_t lost;

	twin_need();
	if (!soc_get()->tells_lost_start)
		SKIP("a start that was lost looks like a slow one");
	there_and_back(&mm, npu_open());
	for (lost = 1; lost < 8; lost++) {
		if (lost & ~core_mask)
			continue;
		loses_starts(&mm, core_mask, lost, 0);
		loses_starts(&mm, core_mask, lost, LOST_MS * 1000 * 2 / 3);
	}
}

TEST_LIMIT(gang_of_two_loses_starts, 60) { lost_in_a_gang(6); }
TEST_LIMIT(gang_of_three_loses_starts, 60) { lost_in_a_gang(7); }

/* The other cores take longer than the time-out: the job ends when it expires, and no part runs afterwards */
TEST(gang_loses_a_start_and_is_late)
{
	struct rknpu_submit args;
	uint32_t kicks;
	struct matmul mm;

	twin_need();
	if (!soc_get()->tells_lost_start)
		SKIP("a start that was lost looks like a slow one");
	there_and_back(&mm, npu_open());
	kicks = twin_stat(1, TWIN_STAT_KICKS);
	twin_fault(1, TWIN_FAULT_STALL, 0, 1);
	twin_fault(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 1);
	args = there_and_back_args(&mm, 3);
	EXPECT_RET(npu_submit(mm.out.fd, &args), -ETIMEDOUT);
	EXPECT_EQ(twin_stat(1, TWIN_STAT_KICKS) - kicks, 1);
	args = there_and_back_args(&mm, 7);
	EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
}

/* ---- no job waits forever ----------------------------------------------------------- */

static volatile bool stop;

static void *keeps_core_busy(void *arg)
{
	struct matmul own;
	int core = *(int *)arg;

	small_matmul(&own, npu_open(), core);
	while (!stop)
		EXPECT_CORRECT(&own, 1u << core);
	return NULL;
}

static void keeps_all_cores_busy(void *arg)
{
	int cores[NPU_CORES] = { 0, 1, 2 }, i;
	pthread_t threads[2 * NPU_CORES];

	for (i = 0; i < 2 * NPU_CORES; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, keeps_core_busy, &cores[i % NPU_CORES]), 0);
	ktap_sleep_ms(*(int *)arg);
	stop = true;
	for (i = 0; i < 2 * NPU_CORES; i++)
		pthread_join(threads[i], NULL);
}

/* Others always have single jobs for every core: cores that become idle must be reserved for the gang */
TEST_LIMIT(gangs_are_not_starved, 60)
{
	int busy_ms = 3000, jobs;
	struct rknpu_submit args;
	struct matmul mm;
	uint64_t end;
	pid_t other;

	setup(&mm, npu_open());
	other = ktap_fork(keeps_all_cores_busy, &busy_ms);
	ktap_sleep_ms(400);
	end = ktap_now_ns() + 2000000000ull;
	for (jobs = 0; ktap_now_ns() < end; jobs++) {
		args = gang_args(&mm, 7);
		EXPECT_RET(run(&mm, &args), 0);
		EXPECT_EQ(matmul_wrong(&mm), 0);
	}
	EXPECT(jobs >= 3);
	EXPECT_EQ(ktap_join(other), 0);
}

static void runs_gangs(void *arg)
{
	static const uint32_t masks[] = { 7, 3, 6, 5, 1, 0, 4 };
	struct rknpu_submit args;
	struct matmul mm;
	unsigned int i;

	setup(&mm, npu_open());
	for (i = 0; i < 40; i++) {
		uint32_t mask = masks[(i + *(unsigned int *)arg) % ARRAY_SIZE(masks)];

		args = __builtin_popcount(mask) > 1 ? gang_args(&mm, mask) : matmul_args(&mm, mask);
		EXPECT_RET(run(&mm, &args), 0);
		EXPECT_EQ(matmul_wrong(&mm), 0);
	}
}

static void queues_a_gang(void *arg)
{
	struct rknpu_submit args;
	struct matmul own;

	setup(&own, npu_open());
	args = gang_args(&own, 3);
	ASSERT_RET(job_start_args(&own, args, -1, NULL), 0);
	*(volatile bool *)arg = true;
	pause();
}

/* Core 1 is reserved for a gang until core 0 is idle too; the gang's owner dies, and core 1 is free immediately */
TEST_LIMIT(core_kept_for_a_gang_that_is_killed, 60)
{
	volatile bool *queued = mmap(NULL, sizeof(*queued), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int held, next, fd = npu_open();
	struct matmul mm;
	uint32_t kicks;
	pid_t other;

	twin_need();
	need_cores(3);
	ASSERT((void *)queued != MAP_FAILED);
	small_matmul(&mm, fd, 71);
	EXPECT_CORRECT(&mm, 1);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	twin_fault(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 1);
	ASSERT_RET(job_start(&mm, 1, -1, &held), 0);
	while (twin_stat(0, TWIN_STAT_KICKS) == kicks)
		ktap_sleep_ms(1);
	other = ktap_fork(queues_a_gang, (void *)queued);
	while (!*queued)
		ktap_sleep_ms(1);
	ASSERT_RET(job_start(&mm, 2, -1, &next), 0);
	EXPECT_RET(fence_wait(next, 100), -ETIMEDOUT);
	kill(other, SIGKILL);
	ktap_join(other);
	EXPECT_RET(fence_wait(next, SLACK_MS), 0);
	EXPECT_EQ(fence_status(held), 0);
	EXPECT_RET(fence_end(next), 0);
	EXPECT_RET(npu_action(fd, RKNPU_ACT_RESET, &(uint32_t){ 0 }), 0);
	EXPECT_RET(fence_end(held), -ECANCELED);
}

/* Overlapping sets from several clients: no order may deadlock */
TEST_LIMIT(overlapping_gangs, 120)
{
	unsigned int offset[4], i;
	int log = klog_open();
	pid_t pids[4];

	ASSERT(log >= 0);
	close(npu_open());
	for (i = 0; i < 4; i++) {
		offset[i] = i;
		pids[i] = ktap_fork(runs_gangs, &offset[i]);
	}
	for (i = 0; i < 4; i++)
		EXPECT_EQ(ktap_join(pids[i]), 0);
	/* Watchdogs fire at any time, also between the end of a job and its interrupt */
	EXPECT_EQ(klog_count(log, "did not interrupt", NULL, 0), 0);
	close(log);
}
