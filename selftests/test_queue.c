// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Order of jobs: by priority, then turns between processes, then order of arrival.
 * Core 0 is held while jobs are queued; the times of their ends show the order.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/foreign.h"
#include "lib/job.h"
#include "lib/testing.h"

#define SLACK_MS	5000
#define HOLD_MS		60000
#define DEEP		4096

static struct matmul mm;
static uint32_t kicks;

static uint32_t new_kicks(void)
{
	return twin_stat(0, TWIN_STAT_KICKS) - kicks;
}

static void wait_for_kick(void)
{
	uint64_t end = ktap_now_ns() + SLACK_MS * 1000000ull;

	while (!new_kicks() && ktap_now_ns() < end)
		ktap_sleep_ms(1);
	EXPECT(new_kicks());
}

/* Occupies core 0 until it is released */
static int hold(void)
{
	struct rknpu_submit args = matmul_args(&mm, 1);
	int fence;

	args.timeout = HOLD_MS;
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	twin_hold(0, 1);
	ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
	wait_for_kick();
	return fence;
}

static void holds(void *arg)
{
	int fence;

	(void)arg;
	small_matmul(&mm, npu_open(), 75);
	fence = hold();
	/* On a slow kernel, the others queue for longer than fence_end() waits */
	EXPECT_RET(fence_wait(fence, HOLD_MS), 0);
	EXPECT_RET(fence_end(fence), 0);
}

/* The same in a separate process, so this process has not used any time afterwards */
static pid_t hold_by_another(void)
{
	pid_t holder;

	need_cores(1);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	holder = ktap_fork(holds, NULL);
	wait_for_kick();
	return holder;
}

static void setup(void)
{
	twin_need();
	small_matmul(&mm, npu_open(), 71);
}

static int start_with(int32_t priority)
{
	struct rknpu_submit args = matmul_args(&mm, 1);
	int fence;

	args.priority = priority;
	ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
	return fence;
}

/* Submits in the given order while the core is held; the jobs must end in the order @rank */
static void expect_order(const int32_t *priorities, const unsigned int *rank, unsigned int num)
{
	uint64_t end[16], last = 0;
	int held, fences[16];
	unsigned int i, j;

	setup();
	held = hold();
	for (i = 0; i < num; i++)
		fences[i] = start_with(priorities[i]);
	EXPECT_EQ(fence_status(held), 0);
	twin_release(0);
	for (i = 0; i < num; i++) {
		EXPECT_RET(fence_wait(fences[i], SLACK_MS), 0);
		end[i] = fence_time_ns(fences[i]);
	}
	for (i = 0; i < num; i++) {
		for (j = 0; rank[j] != i; j++)
			;
		if (!EXPECT(end[j] > last))
			ktap_note("priority %d ended out of order", priorities[j]);
		last = end[j];
	}
}

TEST(higher_priority_goes_first)
{
	static const int32_t priorities[] = { -2, 3, 0, -4, 1, -1, 2, -3 };
	static const unsigned int rank[] = { 5, 0, 3, 7, 2, 4, 1, 6 };

	expect_order(priorities, rank, ARRAY_SIZE(rank));
}

TEST(equal_priority_keeps_its_order)
{
	static const int32_t priorities[] = { 0, -1, 0, -1, 0, -1 };
	static const unsigned int rank[] = { 0, 3, 1, 4, 2, 5 };

	expect_order(priorities, rank, ARRAY_SIZE(rank));
}

/* Old programs pass arbitrary values; values out of range are limited to it */
TEST(priority_is_clamped)
{
	static const int32_t priorities[] = { -4, INT32_MIN, -5, 3, INT32_MAX, 4 };
	static const unsigned int rank[] = { 3, 4, 5, 0, 1, 2 };

	expect_order(priorities, rank, ARRAY_SIZE(rank));
}

static void has_no_right(void *arg)
{
	static const int32_t refused[] = { 1, 2, 3, 4, INT32_MAX }, taken[] = { 0, -1, -4, INT32_MIN };
	struct rknpu_submit args;
	unsigned int i;

	(void)arg;
	ASSERT_EQ(setuid(65534), 0);
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		args = matmul_args(&mm, 1);
		args.priority = refused[i];
		EXPECT_RET(npu_submit(mm.out.fd, &args), -EPERM);
		args.flags |= RKNPU_JOB_NONBLOCK;
		EXPECT_RET(npu_submit(mm.out.fd, &args), -EPERM);
	}
	for (i = 0; i < ARRAY_SIZE(taken); i++) {
		args = matmul_args(&mm, 1);
		args.priority = taken[i];
		EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
	}
}

TEST(priority_above_the_default_needs_the_right_to_it)
{
	if (geteuid())
		SKIP("needs root, to lose it");
	small_matmul(&mm, npu_open(), 72);
	EXPECT_EQ(ktap_join(ktap_fork(has_no_right, NULL)), 0);
}

/* ---- turns ------------------------------------------------------------------------ */

#define OWN_JOBS	40

/* Jobs for one core, all queued at once; the higher the core, the lower the priority */
static void fills_a_core(void *arg)
{
	unsigned int i, core = *(unsigned int *)arg;
	struct rknpu_submit args;
	struct matmul own;
	int last = -1;

	small_matmul(&own, npu_open(), 74 + core);
	args = matmul_args(&own, 1u << core);
	args.priority = -(int)core;
	for (i = 0; i < OWN_JOBS; i++)
		ASSERT_RET(job_start_args(&own, args, -1, i + 1 < OWN_JOBS ? NULL : &last), 0);
	EXPECT_RET(fence_wait(last, 20000), 0);
	EXPECT_EQ(fence_status(last), 1);
}

/* With a shared IOMMU the processes must alternate, and none may wait forever for the other */
TEST_LIMIT(processes_with_deep_queues_on_cores_of_their_own, 60)
{
	unsigned int cores[NPU_CORES] = { 0, 1, 2 }, i;
	pid_t pids[NPU_CORES];

	setup();
	twin_write(TWIN_TASK_OVERHEAD_NS, 3000000);
	for_each_core(i)
		pids[i] = ktap_fork(fills_a_core, &cores[i]);
	for_each_core(i)
		EXPECT_EQ(ktap_join(pids[i]), 0);
}

struct shared {
	volatile unsigned int queued;
	volatile bool end;
};

static struct shared *share(void)
{
	struct shared *s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ASSERT(s != MAP_FAILED);
	return s;
}

/* Queues DEEP jobs at once, and stays until told to exit */
static void queues_deep(void *arg)
{
	struct shared *s = arg;
	struct matmul own;
	int last;

	small_matmul(&own, npu_open(), 73);
	while (s->queued < DEEP - 1) {
		ASSERT_RET(job_start(&own, 1, -1, NULL), 0);
		s->queued++;
	}
	ASSERT_RET(job_start(&own, 1, -1, &last), 0);
	s->queued++;
	while (!s->end && fence_wait(last, 10))
		;
}

#define SHALLOW	10

/* The processes take turns, although the other one's queue has 4096 jobs and was first */
TEST_LIMIT(deep_queue_of_another_process_has_its_turns_only, 60)
{
	struct shared *s = share();
	int fences[SHALLOW], i;
	uint32_t ran;
	pid_t other, holder;

	setup();
	holder = hold_by_another();
	/* Longer than a check takes */
	twin_write(TWIN_TASK_OVERHEAD_NS, 200000);
	other = ktap_fork(queues_deep, s);
	while (s->queued < DEEP)
		ktap_sleep_ms(5);
	for (i = 0; i < SHALLOW; i++)
		ASSERT_RET(job_start(&mm, 1, -1, &fences[i]), 0);
	EXPECT_EQ(new_kicks(), 1);
	twin_release(0);
	for (i = 0; i < SHALLOW; i++)
		EXPECT_RET(fence_end(fences[i]), 0);
	ran = new_kicks() - 1;
	s->end = true;
	/* Kicks continue in the meantime: a process that wakes up late counts more of them */
	ktap_note("%u jobs ran when %u of ours had", ran, SHALLOW);
	EXPECT(ran >= SHALLOW && ran <= 20 * SHALLOW);
	EXPECT_EQ(ktap_join(holder), 0);
	kill(other, SIGKILL);
	ktap_join(other);
}

/*
 * Checks the order by the ends of all jobs, each longer than a turn. They do not alternate exactly: a
 * job that was delayed by the host counts as longer, and then the other one has two (test_timing checks
 * exactly).
 */
static void queues_some(void *arg)
{
	struct { volatile unsigned int queued; uint64_t end[64]; volatile bool done; } *s = arg;
	struct matmul own;
	int fences[64], i;

	small_matmul(&own, npu_open(), 74);
	for (i = 0; i < 64; i++) {
		ASSERT_RET(job_start(&own, 1, -1, &fences[i]), 0);
		s->queued++;
	}
	for (i = 0; i < 64; i++) {
		EXPECT_RET(fence_wait(fences[i], SLACK_MS), 0);
		s->end[i] = fence_time_ns(fences[i]);
	}
}

TEST_LIMIT(processes_take_turns, 60)
{
	struct { volatile unsigned int queued; uint64_t end[64]; volatile bool done; } *s;
	int fences[SHALLOW], i, j = 0;
	pid_t other, holder;

	setup();
	s = mmap(NULL, sizeof(*s), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT(s != MAP_FAILED);
	holder = hold_by_another();
	twin_write(TWIN_TASK_OVERHEAD_NS, 12000000);
	other = ktap_fork(queues_some, s);
	while (s->queued < 64)
		ktap_sleep_ms(1);
	for (i = 0; i < SHALLOW; i++)
		ASSERT_RET(job_start(&mm, 1, -1, &fences[i]), 0);
	EXPECT_EQ(new_kicks(), 1);
	twin_release(0);
	EXPECT_EQ(ktap_join(other), 0);
	for (i = 0; i < SHALLOW; i++) {
		uint64_t end;

		EXPECT_RET(fence_wait(fences[i], SLACK_MS), 0);
		end = fence_time_ns(fences[i]);
		while (j < 64 && s->end[j] < end)
			j++;
	}
	ktap_note("%d of theirs when %d of ours had run", j, SHALLOW);
	EXPECT(j >= SHALLOW / 2 && j <= 2 * SHALLOW);
	EXPECT_EQ(ktap_join(holder), 0);
}

/* ---- not waiting ------------------------------------------------------------------ */

/* The call returns long before the job ends, regardless of the length of the queue */
TEST(nonblock_returns_at_once)
{
	int held, fence, i;

	setup();
	held = hold();
	for (i = 0; i < 50; i++)
		ASSERT_RET(job_start(&mm, 1, -1, NULL), 0);
	matmul_spoil(&mm);
	ASSERT_RET(job_start(&mm, 1, -1, &fence), 0);
	EXPECT_EQ(fence_status(held), 0);
	EXPECT_EQ(fence_status(fence), 0);
	EXPECT_EQ(new_kicks(), 1);
	twin_release(0);
	EXPECT_RET(fence_end(fence), 0);
	EXPECT_EQ(new_kicks(), 52);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	EXPECT_RET(fence_end(held), 0);
}

/* ---- limit on waiting jobs of a client --------------------------------------------- */

#define MOST		40

/* In another process: the waiting jobs of one process do not count for another */
static void queues_a_few(void *arg)
{
	struct matmul own;
	int fence, i;

	small_matmul(&own, npu_open(), 76);
	for (i = 0; i < MOST / 2; i++)
		ASSERT_RET(job_start(&own, 1, -1, &fence), 0);
	EXPECT_EQ(write(*(int *)arg, "", 1), 1);
	EXPECT_RET(fence_end(fence), 0);
}

static int behind(const struct foreign *input, int *fence)
{
	struct rknpu_submit args = matmul_args(&mm, 1);

	/* Waiting for foreign fences is also limited */
	args.timeout = HOLD_MS;
	return job_start_args(&mm, args, input->fence, fence);
}

/* Only once: programs of this interface repeat a call that returns EAGAIN until there is room */
static int try_once(uint32_t flags, int fence_in)
{
	struct rknpu_submit args = matmul_args(&mm, 1);

	args.flags |= flags;
	args.fence_fd = fence_in;
	return ioctl(mm.out.fd, DRM_IOCTL_RKNPU_SUBMIT, &args) ? -errno : 0;
}

/* Limits jobs that wait for a core or a fence; running jobs do not count */
TEST(a_clients_queue_has_an_end)
{
	struct foreign input;
	int held, i, ready[2];
	char text[16], byte;
	pid_t other;

	setup();
	foreign_init(&input);
	ASSERT_RET(driver_get_param("client_max_jobs", text, sizeof(text)), 0);
	EXPECT_EQ(atoi(text), 8192);
	snprintf(text, sizeof(text), "%d", MOST);
	ASSERT_RET(driver_set_param("client_max_jobs", text), 0);
	held = hold();
	for (i = 0; i < MOST / 2; i++) {
		ASSERT_RET(job_start(&mm, 1, -1, NULL), 0);
		ASSERT_RET(behind(&input, NULL), 0);
	}
	EXPECT_RET(try_once(RKNPU_JOB_NONBLOCK, -1), -EAGAIN);
	EXPECT_RET(try_once(RKNPU_JOB_NONBLOCK | RKNPU_JOB_FENCE_IN, input.fence), -EAGAIN);
	EXPECT_RET(try_once(0, -1), -EAGAIN);
	ASSERT_EQ(pipe(ready), 0);
	other = ktap_fork(queues_a_few, &ready[1]);
	ASSERT_EQ(read(ready[0], &byte, 1), 1);
	twin_release(0);
	EXPECT_RET(fence_end(held), 0);
	foreign_signal(&input);
	EXPECT_EQ(ktap_join(other), 0);
	for (i = 0; i < 2 * MOST; i++)
		EXPECT_CORRECT(&mm, 1);
	foreign_abandon(&input);
	close(input.fence);
}

/*
 * Thousands of jobs wait for one fence: they continue in the order of submission, and
 * do not delay jobs of other clients.
 */
TEST_LIMIT(thousands_behind_one_fence, 120)
{
	struct foreign input;
	int first, middle, last, i;

	setup();
	twin_write(TWIN_TASK_OVERHEAD_NS, 1);
	foreign_init(&input);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	ASSERT_RET(behind(&input, &first), 0);
	for (i = 0; i < DEEP / 4; i++)
		ASSERT_RET(behind(&input, i == DEEP / 8 ? &middle : NULL), 0);
	ASSERT_RET(behind(&input, &last), 0);
	EXPECT_EQ(new_kicks(), 0);
	foreign_signal(&input);
	EXPECT_RET(fence_wait(last, 60000), 0);
	EXPECT(fence_time_ns(first) <= fence_time_ns(middle));
	EXPECT(fence_time_ns(middle) <= fence_time_ns(last));
	EXPECT_EQ(new_kicks(), DEEP / 4 + 2);
	foreign_abandon(&input);
}

/* If the input fails, all of them fail, and a reset cancels those that wait for an input that never signals */
TEST_LIMIT(thousands_behind_a_fence_that_fails, 120)
{
	struct rknpu_submit args;
	struct foreign never;
	int fails, last, dropped, i;

	setup();
	foreign_init(&never);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	args = matmul_args(&mm, 1);
	args.timeout = 1000;
	twin_hold(0, 1);
	ASSERT_RET(job_start_args(&mm, args, -1, &fails), 0);
	for (i = 0; i < DEEP / 4; i++) {
		ASSERT_RET(job_start(&mm, 1, fails, &last), 0);
		ASSERT_RET(behind(&never, &dropped), 0);
		if (i < DEEP / 4 - 1) {
			close(last);
			close(dropped);
		}
	}
	ASSERT_RET(job_start(&mm, 1, last, NULL), 0);
	EXPECT_RET(fence_end(fails), -ETIMEDOUT);
	EXPECT_RET(fence_end(last), -ETIMEDOUT);
	EXPECT_EQ(fence_status(dropped), 0);
	EXPECT_RET(npu_action(mm.out.fd, RKNPU_ACT_RESET, &(uint32_t){ 0 }), 0);
	EXPECT_RET(fence_end(dropped), -ECANCELED);
	EXPECT_EQ(new_kicks(), 1);
	foreign_abandon(&never);
	EXPECT_CORRECT(&mm, 1);
}

/* J4: jobs that are so short that they are done before their submit returns */
TEST(J4_short_jobs_that_nobody_waits_for)
{
	int fence, i;

	setup();
	twin_write(TWIN_TASK_OVERHEAD_NS, 1);
	for (i = 0; i < 400; i++)
		ASSERT_RET(job_start(&mm, npu_nth(i), -1, NULL), 0);
	for_each_core(i) {
		ASSERT_RET(job_start(&mm, 1u << i, -1, &fence), 0);
		EXPECT_RET(fence_end(fence), 0);
	}
}

/* J9, J10: an asynchronous job hangs; the next job runs without another submit */
TEST(J9_hang_that_nobody_waits_for)
{
	struct rknpu_submit args;
	int fence, i;

	setup();
	need_cores(3);
	for_each_core(i) {
		args = matmul_args(&mm, 1u << i);
		args.timeout = 100;
		twin_fault(i, TWIN_FAULT_NEVER, 0, 2);
		ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
		EXPECT_CORRECT(&mm, npu_nth(i + 1));
		twin_fault(i, TWIN_FAULT_NONE, 0, 0);
		EXPECT_CORRECT(&mm, 1u << i);
		close(fence);
	}
}

/* J18: the job keeps its buffers and its file alive */
TEST(J18_buffers_and_file_closed_after_a_nonblocking_submit)
{
	uint32_t faults;
	int fence, fd;

	setup();
	fd = npu_open();
	faults = twin_stat(0, TWIN_STAT_FAULTS);
	twin_write(TWIN_TASK_OVERHEAD_NS, 200000000);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	ASSERT_RET(job_start(&mm, 1, -1, &fence), 0);
	wait_for_kick();
	close(mm.out.fd);
	npu_bo_fini(&mm.out);
	matmul_fini(&mm);
	EXPECT_RET(fence_end(fence), 0);
	EXPECT_EQ(twin_stat(0, TWIN_STAT_FAULTS), faults);
	twin_write(TWIN_TASK_OVERHEAD_NS, TWIN_TASK_OVERHEAD_USUAL_NS);
	small_matmul(&mm, fd, 75);
	EXPECT_CORRECT(&mm, 1);
}

/* All checks of a submit also apply to one that does not wait, before it is queued */
TEST(nonblock_is_checked_before_it_returns)
{
	struct rknpu_submit args;
	int fence = -1;

	setup();
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	args = matmul_args(&mm, 1);
	args.task_obj_addr++;
	EXPECT_RET(job_start_args(&mm, args, -1, &fence), -EINVAL);
	args = matmul_args(&mm, 1);
	args.subcore_task[0].task_number = 1000;
	args.task_number = 1000;
	EXPECT_RET(job_start_args(&mm, args, -1, &fence), -EINVAL);
	args = matmul_args(&mm, 8);
	EXPECT_RET(job_start_args(&mm, args, -1, &fence), -EINVAL);
	EXPECT_EQ(fence, -1);
	EXPECT_EQ(new_kicks(), 0);
}
