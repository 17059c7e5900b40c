// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Asynchronous jobs and their sync files: every fence signals, with the error of
 * the job; a job starts when its input fence has signalled; a call that fails does
 * not leak anything. Also tests the order of priorities.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/testing.h"

#define MUCH_TOO_LATE_US	10000000
#define LONG_MS			20000
#define NONBLOCK_OUT	(RKNPU_JOB_PC | RKNPU_JOB_PINGPONG | RKNPU_JOB_NONBLOCK | RKNPU_JOB_FENCE_OUT)

static int fence_wait(int fence, int timeout_ms)
{
	struct pollfd p = { .fd = fence, .events = POLLIN };
	int ret = poll(&p, 1, timeout_ms);

	return ret < 0 ? -errno : ret ? 0 : -ETIME;
}

/* Returns 0 if not signalled yet, 1 if done, otherwise the error of the job */
static int fence_status(int fence, uint64_t *timestamp_ns)
{
	struct sync_fence_info one = { 0 };
	struct sync_file_info info = { .num_fences = 1, .sync_fence_info = (uintptr_t)&one };

	if (ioctl(fence, SYNC_IOC_FILE_INFO, &info))
		return -errno;
	if (timestamp_ns)
		*timestamp_ns = one.timestamp_ns;
	return info.status;
}

static unsigned int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}

/* Submits a job; returns the fence, or the error of the submit */
static int start(struct matmul *mm, uint32_t core_mask, uint32_t timeout_ms, int in_fence, int priority)
{
	struct rknpu_submit args = matmul_args(mm, core_mask);
	int ret;

	args.flags = NONBLOCK_OUT | (in_fence >= 0 ? RKNPU_JOB_FENCE_IN : 0);
	args.fence_fd = in_fence;
	args.timeout = timeout_ms;
	args.priority = priority;
	matmul_spoil(mm);
	ret = npu_submit(mm->out.fd, &args);
	if (ret)
		return ret;
	EXPECT(args.fence_fd >= 0);
	return args.fence_fd;
}

static void ends_with(int fence, int status)
{
	ASSERT(fence >= 0);
	EXPECT_RET(fence_wait(fence, LONG_MS), 0);
	EXPECT_RET(fence_status(fence, NULL), status);
	close(fence);
}

static void is_correct(struct matmul *mm)
{
	EXPECT_RET(npu_bo_from_device(&mm->out), 0);
	EXPECT_EQ(matmul_wrong(mm), 0);
}

TEST(fence_of_a_job_that_was_waited_for)
{
	struct rknpu_submit args;
	struct matmul mm;

	small_matmul(&mm, npu_open(), 71);
	args = matmul_args(&mm, 1);
	args.flags |= RKNPU_JOB_FENCE_OUT;
	matmul_spoil(&mm);
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	EXPECT_EQ(fcntl(args.fence_fd, F_GETFD), FD_CLOEXEC);
	EXPECT_RET(fence_status(args.fence_fd, NULL), 1);
	is_correct(&mm);
}

TEST(nonblocking_returns_at_once)
{
	struct matmul mm;
	uint64_t begin;
	int fence;

	twin_need();
	small_matmul(&mm, npu_open(), 71);
	twin_fault(0, TWIN_FAULT_LATE, 1500000, 1);
	begin = ktap_now_ns();
	fence = start(&mm, 1, 5000, -1, 0);
	EXPECT(ktap_now_ns() - begin < 1000000000);
	EXPECT_RET(fence_status(fence, NULL), 0);
	EXPECT_RET(fence_wait(fence, 0), -ETIME);
	ends_with(fence, 1);
	EXPECT(ktap_now_ns() - begin >= 1500000000);
	is_correct(&mm);
}

TEST(nonblocking_without_a_fence)
{
	struct rknpu_submit args;
	struct matmul mm;
	int i;

	small_matmul(&mm, npu_open(), 71);
	args = matmul_args(&mm, 1);
	args.flags |= RKNPU_JOB_NONBLOCK;
	matmul_spoil(&mm);
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	EXPECT_EQ(args.fence_fd, -1);
	for (i = 0; i < 1000 && matmul_untouched(&mm); i++)
		ktap_sleep_ms(2);
	is_correct(&mm);
}

/* J4: jobs shorter than the call that submits them */
TEST_LIMIT(J4_many_short_ones, 60)
{
	struct rknpu_submit args;
	struct matmul mm;
	int i;

	small_matmul(&mm, npu_open(), 71);
	for (i = 0; i < 400; i++) {
		args = matmul_args(&mm, npu_nth(i));
		args.flags |= RKNPU_JOB_NONBLOCK;
		ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	}
	EXPECT_CORRECT(&mm, 1);
	EXPECT_CORRECT(&mm, npu_nth(1));
	EXPECT_CORRECT(&mm, npu_nth(2));
}

/* ---- errors -------------------------------------------------------------------- */

/* J9, J23: an asynchronous job ends too; its fence has the error, and the core works again */
static void fails(uint32_t kind, uint32_t param, int want)
{
	struct matmul mm, next;

	twin_need();
	small_matmul(&mm, npu_open(), 71);
	small_matmul(&next, mm.out.fd, 72);
	twin_fault(npu_nth_core(1), kind, param, 1);
	ends_with(start(&mm, npu_nth(1), 100, -1, 0), want);
	ends_with(start(&next, npu_nth(1), 1000, -1, 0), 1);
	is_correct(&next);
}

TEST(J9_J23_hang) { fails(TWIN_FAULT_LATE, MUCH_TOO_LATE_US, -ETIMEDOUT); }
TEST(J23_translation_fault) { fails(TWIN_FAULT_MMU_READ, 0, -EIO); }

TEST(J23_reset)
{
	struct matmul running, queued;
	int fence[2];
	uint32_t value = 0;

	twin_need();
	small_matmul(&running, npu_open(), 71);
	small_matmul(&queued, running.out.fd, 72);
	twin_fault(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 1);
	fence[0] = start(&running, 1, 5000, -1, 0);
	fence[1] = start(&queued, 1, 5000, -1, 0);
	ktap_sleep_ms(50);
	EXPECT_RET(npu_action(running.out.fd, RKNPU_ACT_RESET, &value), 0);
	ends_with(fence[0], -ECANCELED);
	ends_with(fence[1], -ECANCELED);
	EXPECT_CORRECT(&queued, 1);
}

/* A job that occupies core 0 until it is released */
static int hold_core_0(struct matmul *mm)
{
	uint32_t kicks = twin_stat(0, TWIN_STAT_KICKS);
	int fence;

	twin_hold(0, 1);
	fence = start(mm, 1, 60000, -1, 0);
	while (twin_stat(0, TWIN_STAT_KICKS) == kicks)
		ktap_sleep_ms(1);
	return fence;
}

/* A mapping keeps a reference to its file */
static void unmap(struct matmul *mm)
{
	const struct npu_bo *bo[] = { &mm->in, &mm->weights, &mm->out, &mm->cmd, &mm->task };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bo); i++)
		munmap(bo[i]->map, bo[i]->size);
}

TEST(J23_file_is_closed)
{
	struct matmul running, queued, after;
	int fence[2], fd = npu_open();

	twin_need();
	small_matmul(&running, fd, 71);
	small_matmul(&queued, fd, 72);
	fence[0] = hold_core_0(&running);
	fence[1] = start(&queued, 1, 5000, -1, 0);
	unmap(&running);
	unmap(&queued);
	close(fd);
	/* The waiting job is dropped; the running one is left to complete */
	ends_with(fence[1], -ECANCELED);
	twin_release(0);
	EXPECT_RET(fence_wait(fence[0], LONG_MS), 0);
	small_matmul(&after, npu_open(), 73);
	EXPECT_CORRECT(&after, 1);
}

static void leaves_a_queue(void *arg)
{
	struct matmul mm;
	int i;

	small_matmul(&mm, npu_open(), 71);
	for (i = 0; i < 10; i++)
		EXPECT(start(&mm, 1, 5000, -1, 0) >= 0);
	if (arg)
		kill(getpid(), SIGKILL);
}

TEST(J18_process_ends_with_a_queue)
{
	uint32_t faults;
	struct matmul mm;
	int killed, status;

	twin_need();
	small_matmul(&mm, npu_open(), 74);
	faults = twin_stat(0, TWIN_STAT_FAULTS);
	for (killed = 0; killed < 2; killed++) {
		twin_fault(0, TWIN_FAULT_LATE, 200000, 1);
		status = ktap_join(ktap_fork(leaves_a_queue, killed ? &mm : NULL));
		EXPECT(killed ? WIFSIGNALED(status) : status == 0);
		EXPECT_CORRECT(&mm, 1);
	}
	EXPECT_EQ(twin_stat(0, TWIN_STAT_FAULTS), faults);
}

/* ---- input fences -------------------------------------------------------------- */

/* J22: the driver's own fences are waited for too, across cores */
TEST(J22_input_is_waited_for)
{
	struct matmul first, second;
	int fence, last, fd = npu_open();

	twin_need();
	small_matmul(&first, fd, 71);
	small_matmul(&second, fd, 72);
	fence = hold_core_0(&first);
	/* J21: a time-out shorter than the wait; it starts with the job on the hardware */
	last = start(&second, npu_nth(1), 1000, fence, 0);
	ktap_sleep_ms(1500);
	EXPECT_RET(fence_status(last, NULL), 0);
	twin_release(0);
	ends_with(last, 1);
	EXPECT_RET(fence_status(fence, NULL), 1);
	if (npu_num_cores() > 1)
		EXPECT(twin_stat64(1, TWIN_STAT_START_NS) >= twin_stat64(0, TWIN_STAT_END_NS));
	is_correct(&first);
	is_correct(&second);
}

TEST(error_of_the_input_is_passed_on)
{
	struct matmul first, second;
	int fence, last, fd = npu_open();
	uint32_t kicks;

	twin_need();
	small_matmul(&first, fd, 71);
	small_matmul(&second, fd, 72);
	kicks = twin_stat(1, TWIN_STAT_KICKS);
	twin_fault(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 1);
	fence = start(&first, 1, 100, -1, 0);
	last = start(&second, npu_nth(1), 1000, fence, 0);
	ends_with(last, -ETIMEDOUT);
	ends_with(fence, -ETIMEDOUT);
	/* It never ran with incomplete input */
	EXPECT_EQ(twin_stat(1, TWIN_STAT_KICKS), kicks);
	EXPECT_EQ(matmul_untouched(&second), second.m * second.n);
}

TEST(input_that_is_done_already)
{
	struct matmul first, second;
	int fence, fd = npu_open();

	small_matmul(&first, fd, 71);
	small_matmul(&second, fd, 72);
	fence = start(&first, 1, 1000, -1, 0);
	EXPECT_RET(fence_wait(fence, LONG_MS), 0);
	ends_with(start(&second, npu_nth(1), 1000, fence, 0), 1);
	is_correct(&second);
}

TEST(chain_of_fences)
{
	enum { LENGTH = 12 };
	struct matmul mm[LENGTH];
	int fence[LENGTH], fd = npu_open(), i;

	for (i = 0; i < LENGTH; i++)
		small_matmul(&mm[i], fd, i);
	for (i = 0; i < LENGTH; i++)
		fence[i] = start(&mm[i], npu_nth(i), 5000, i ? fence[i - 1] : -1, 0);
	ends_with(fence[LENGTH - 1], 1);
	for (i = 0; i < LENGTH; i++) {
		if (i < LENGTH - 1)
			EXPECT_RET(fence_status(fence[i], NULL), 1);
		is_correct(&mm[i]);
	}
}

/* J20: repeated calls with invalid fences do not leak anything */
TEST(J20_input_that_is_no_fence)
{
	struct rknpu_submit args;
	unsigned int before, i;
	struct matmul mm;
	int pipes[2];

	small_matmul(&mm, npu_open(), 71);
	ASSERT_EQ(pipe(pipes), 0);
	int bad[] = { -1, 9999, INT32_MAX, INT32_MIN, mm.out.fd, pipes[0] };

	before = open_files();
	for (i = 0; i < 300; i++) {
		args = matmul_args(&mm, 1);
		args.flags |= RKNPU_JOB_FENCE_IN | (i % 2 ? RKNPU_JOB_FENCE_OUT : 0);
		args.fence_fd = bad[i % ARRAY_SIZE(bad)];
		EXPECT_RET(npu_submit(mm.out.fd, &args), -EINVAL);
	}
	EXPECT_EQ(open_files(), before);
	EXPECT_CORRECT(&mm, 1);
}

/* J24: no file is leaked, regardless of why and when the call fails */
TEST(J24_failed_call_leaves_no_fence)
{
	struct rknpu_submit args;
	unsigned int before;
	struct matmul mm;

	twin_need();
	small_matmul(&mm, npu_open(), 71);
	before = open_files();
	args = matmul_args(&mm, 1);
	args.flags |= RKNPU_JOB_FENCE_OUT;
	args.task_obj_addr = 0xdeadbeef;
	EXPECT_RET(npu_submit(mm.out.fd, &args), -EINVAL);
	args = matmul_args(&mm, 1);
	args.flags |= RKNPU_JOB_FENCE_OUT;
	args.timeout = 50;
	twin_fault(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 1);
	EXPECT_RET(npu_submit(mm.out.fd, &args), -ETIMEDOUT);
	EXPECT_EQ(open_files(), before);
}

TEST(no_file_is_left_to_give)
{
	struct rknpu_submit args;
	struct matmul mm;

	small_matmul(&mm, npu_open(), 71);
	while (dup(0) >= 0)
		;
	args = matmul_args(&mm, 1);
	args.flags |= RKNPU_JOB_FENCE_OUT;
	EXPECT_RET(npu_submit(mm.out.fd, &args), -EMFILE);
	EXPECT_CORRECT(&mm, 1);
}

/* ---- priorities ---------------------------------------------------------------- */

TEST(higher_priority_goes_first)
{
	static const int priorities[] = { -4, 0, -1, 3 }, order[] = { 3, 1, 2, 0 };
	struct matmul holder, mm[4];
	uint64_t when[4] = { 0 };
	int fd = npu_open(), fence[4], held, i;

	twin_need();
	if (geteuid())
		SKIP("needs root");
	small_matmul(&holder, fd, 70);
	for (i = 0; i < 4; i++)
		small_matmul(&mm[i], fd, 71 + i);
	held = hold_core_0(&holder);
	for (i = 0; i < 4; i++)
		fence[i] = start(&mm[i], 1, 5000, -1, priorities[i]);
	twin_release(0);
	ends_with(held, 1);
	for (i = 0; i < 4; i++) {
		EXPECT_RET(fence_wait(fence[i], LONG_MS), 0);
		EXPECT_RET(fence_status(fence[i], &when[i]), 1);
		is_correct(&mm[i]);
	}
	for (i = 1; i < 4; i++)
		EXPECT(when[order[i - 1]] < when[order[i]]);
}

TEST(priority_above_the_default_is_a_privilege)
{
	static const struct { int priority, want; } t[] = {
		{ 1, -EPERM }, { 3, -EPERM }, { INT32_MAX, -EPERM }, { 0, 0 }, { -1, 0 }, { INT32_MIN, 0 },
	};
	struct rknpu_submit args;
	struct matmul mm;
	unsigned int i;

	small_matmul(&mm, npu_open(), 71);
	ASSERT_EQ(setresuid(1000, 1000, 1000), 0);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		args = matmul_args(&mm, 1);
		args.priority = t[i].priority;
		EXPECT_RET(npu_submit(mm.out.fd, &args), t[i].want);
	}
}
