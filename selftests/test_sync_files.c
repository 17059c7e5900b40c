// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Output and input fences of jobs: they always signal, with the job's error; a job
 * that waits for one does not block its submitter; a failed call does not leak
 * anything.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/foreign.h"
#include "lib/job.h"
#include "lib/testing.h"

#define SLACK_MS	5000
#define MUCH_TOO_LATE_US	10000000

static struct matmul mm;

static void setup(void)
{
	small_matmul(&mm, npu_open(), 81);
}

static void twin_setup(void)
{
	twin_need();
	setup();
}

static uint32_t all_kicks(void)
{
	return twin_stat(0, TWIN_STAT_KICKS) + twin_stat(1, TWIN_STAT_KICKS) + twin_stat(2, TWIN_STAT_KICKS);
}

static void wait_for_kick(unsigned int core, uint32_t before)
{
	uint64_t end = ktap_now_ns() + SLACK_MS * 1000000ull;

	while (twin_stat(core, TWIN_STAT_KICKS) == before && ktap_now_ns() < end)
		ktap_sleep_ms(1);
	EXPECT(twin_stat(core, TWIN_STAT_KICKS) != before);
}

/* Starts a job on @core with a fault, so it ends late or fails */
static int start_faulty(unsigned int core, uint32_t kind, uint32_t param, uint32_t timeout_ms)
{
	struct rknpu_submit args = matmul_args(&mm, 1u << core);
	uint32_t before = twin_stat(core, TWIN_STAT_KICKS);
	int fence;

	args.timeout = timeout_ms;
	twin_fault(core, kind, param, 1);
	ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
	wait_for_kick(core, before);
	return fence;
}

/* ---- out ------------------------------------------------------------------------ */

TEST(out_fence_signals_when_the_job_is_done)
{
	int fence;

	twin_setup();
	matmul_spoil(&mm);
	fence = start_faulty(0, TWIN_FAULT_LATE, 200000, 5000);
	EXPECT_EQ(fence_status(fence), 0);
	EXPECT_RET(fence_wait(fence, 0), -ETIMEDOUT);
	EXPECT_RET(fence_wait(fence, SLACK_MS), 0);
	EXPECT_EQ(fence_status(fence), 1);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	EXPECT(fcntl(fence, F_GETFD) & FD_CLOEXEC);
	close(fence);
}

/* J23: the fence signals with the result, no matter how the job ends */
static void fence_tells_within(uint32_t kind, uint32_t param, uint32_t timeout_ms, int want)
{
	twin_setup();
	EXPECT_RET(fence_end(start_faulty(1, kind, param, timeout_ms)), want);
	twin_disarm();
	EXPECT_CORRECT(&mm, npu_nth(1));
}

static void fence_tells(uint32_t kind, uint32_t param, int want) { fence_tells_within(kind, param, 100, want); }

TEST(J23_fence_of_a_hang) { fence_tells(TWIN_FAULT_LATE, MUCH_TOO_LATE_US, -ETIMEDOUT); }
TEST(J23_fence_of_a_fault) { fence_tells(TWIN_FAULT_MMU_WRITE, 0, -EIO); }
/* A lost start is detected after half of the time; the rest is for reset and repetition on a busy host */
TEST(J23_fence_of_a_lost_start) { fence_tells_within(TWIN_FAULT_STALL, 0, 1000, 0); }
TEST(J23_fence_of_a_wrong_interrupt) { fence_tells(TWIN_FAULT_WRONG_BIT, RKNPU_INT_CNA_FEATURE, -ETIMEDOUT); }

TEST(J23_fences_of_jobs_that_a_reset_ends)
{
	uint32_t value = 0;
	int running, queued;

	twin_setup();
	running = start_faulty(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 60000);
	ASSERT_RET(job_start(&mm, 1, -1, &queued), 0);
	ASSERT_RET(npu_action(mm.out.fd, RKNPU_ACT_RESET, &value), 0);
	EXPECT_RET(fence_end(running), -ECANCELED);
	EXPECT_RET(fence_end(queued), -ECANCELED);
	EXPECT_CORRECT(&mm, 1);
}

/* A blocking submit with a fence: it has signalled when the call returns */
TEST(blocking_submit_with_a_fence)
{
	struct rknpu_submit args;

	setup();
	args = matmul_args(&mm, 0);
	args.flags |= RKNPU_JOB_FENCE_OUT;
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	EXPECT_EQ(fence_status(args.fence_fd), 1);
	EXPECT_EQ(args.task_counter, mm.tasks);
	EXPECT_RET(fence_end(args.fence_fd), 0);
}

TEST(J24_blocking_submit_that_fails_leaves_no_fence)
{
	struct rknpu_submit args;
	unsigned int files;
	int i;

	twin_setup();
	files = open_files();
	for (i = 0; i < 6; i++) {
		args = matmul_args(&mm, 1);
		args.flags |= RKNPU_JOB_FENCE_OUT;
		args.timeout = 50;
		twin_fault(0, i % 2 ? TWIN_FAULT_MMU_READ : TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 1);
		EXPECT_RET(npu_submit(mm.out.fd, &args), i % 2 ? -EIO : -ETIMEDOUT);
		EXPECT_EQ(args.fence_fd, -1);
		EXPECT_EQ(open_files(), files);
	}
}

/* J20, J23: refusals for every reason, many times: neither files nor jobs may accumulate */
TEST(J20_refused_submits_leave_no_file)
{
	int device = open("/dev/null", O_RDONLY), pipes[2], out, i;
	unsigned int files;

	setup();
	ASSERT_EQ(pipe(pipes), 0);
	files = open_files();
	for (i = 0; i < 200; i++) {
		const int bad[] = { -1, 1000, INT32_MAX, INT32_MIN, device, pipes[0], mm.out.fd };
		struct rknpu_submit args = matmul_args(&mm, 1);

		args.flags |= RKNPU_JOB_FENCE_IN | RKNPU_JOB_FENCE_OUT | (i & 1 ? RKNPU_JOB_NONBLOCK : 0);
		args.fence_fd = bad[i % ARRAY_SIZE(bad)];
		EXPECT_RET(npu_submit(mm.out.fd, &args), -EINVAL);
		EXPECT_EQ(args.fence_fd, bad[i % ARRAY_SIZE(bad)]);
		args = matmul_args(&mm, 1);
		args.task_obj_addr = 0;
		EXPECT_RET(job_start_args(&mm, args, -1, &out), -EINVAL);
		args = matmul_args(&mm, 3);
		args.subcore_task[1].task_start = 1000;
		EXPECT_RET(job_start_args(&mm, args, -1, &out), -EINVAL);
	}
	EXPECT_EQ(open_files(), files);
	EXPECT_CORRECT(&mm, 1);
}

/* A valid input fence, but another error: the fence is not changed */
TEST(J20_refused_submits_keep_no_fence)
{
	struct rknpu_submit args;
	int fence, out, i;
	unsigned int files;

	setup();
	ASSERT_RET(job_start(&mm, 1, -1, &fence), 0);
	files = open_files();
	for (i = 0; i < 50; i++) {
		args = matmul_args(&mm, 1);
		args.task_obj_addr = 0;
		EXPECT_RET(job_start_args(&mm, args, fence, &out), -EINVAL);
	}
	EXPECT_EQ(open_files(), files);
	EXPECT_RET(fence_end(fence), 0);
}

/* J23: no descriptor left for the fence: refused, and nothing has run */
TEST(J23_no_descriptor_left)
{
	struct rlimit limit, tight;
	uint32_t before;
	int fence;

	twin_setup();
	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	tight = limit;
	while ((fence = dup(mm.out.fd)) < 100)
		ASSERT(fence >= 0);
	tight.rlim_cur = fence;
	close(fence);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &tight), 0);
	before = all_kicks();
	EXPECT_RET(job_start(&mm, 1, -1, &fence), -EMFILE);
	EXPECT_EQ(all_kicks(), before);
	EXPECT_RET(job_start(&mm, 1, -1, NULL), 0);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	EXPECT_CORRECT(&mm, 1);
}

TEST(many_fences_at_once)
{
	static int fences[500];
	unsigned int i;

	setup();
	for (i = 0; i < ARRAY_SIZE(fences); i++)
		ASSERT_RET(job_start(&mm, i % 8 == 3 || i % 8 > 4 ? 1 : i % 8, -1, &fences[i]), 0);
	for (i = 0; i < ARRAY_SIZE(fences); i++)
		EXPECT_RET(fence_end(fences[i]), 0);
}

/* A requested fence need not be used */
TEST(fence_closed_before_its_job_ends)
{
	int fence, last;

	twin_setup();
	fence = start_faulty(0, TWIN_FAULT_LATE, 150000, 5000);
	close(fence);
	ASSERT_RET(job_start(&mm, 1, -1, &last), 0);
	EXPECT_RET(fence_end(last), 0);
}

/* ---- in ------------------------------------------------------------------------- */

/* J22: the vendor driver does not wait for its own fences, and jobs on different cores are not ordered */
TEST(J22_own_fence_orders_cores)
{
	int first, second;
	uint32_t before;

	twin_setup();
	before = twin_stat(1, TWIN_STAT_KICKS);
	first = start_faulty(0, TWIN_FAULT_LATE, 300000, 5000);
	ASSERT_RET(job_start(&mm, 2, first, &second), 0);
	EXPECT_EQ(fence_status(second), 0);
	ktap_sleep_ms(50);
	if (!fence_status(first))
		EXPECT_EQ(twin_stat(1, TWIN_STAT_KICKS), before);
	EXPECT_RET(fence_end(second), 0);
	EXPECT_EQ(fence_status(first), 1);
	EXPECT(twin_stat64(1, TWIN_STAT_START_NS) > twin_stat64(0, TWIN_STAT_END_NS));
	close(first);
}

/* A waiting job blocks neither its submitter nor other jobs on its core */
TEST(job_that_waits_for_a_fence_holds_up_nobody)
{
	struct foreign f;
	int first, second;

	twin_setup();
	foreign_init(&f);
	ASSERT_RET(job_start(&mm, 1, f.fence, &first), 0);
	ASSERT_RET(job_start(&mm, 2, first, &second), 0);
	EXPECT_CORRECT(&mm, 1);
	EXPECT_CORRECT(&mm, 2);
	EXPECT_CORRECT(&mm, npu_num_cores() > 2 ? 4 : 2);
	EXPECT_EQ(fence_status(first), 0);
	EXPECT_EQ(fence_status(second), 0);
	foreign_signal(&f);
	EXPECT_RET(fence_end(second), 0);
	EXPECT_EQ(fence_status(first), 1);
	close(first);
	foreign_abandon(&f);
	close(f.fence);
}

TEST(foreign_fence_is_waited_for)
{
	struct foreign f;
	uint32_t before;
	int fence;

	twin_setup();
	foreign_init(&f);
	before = all_kicks();
	matmul_spoil(&mm);
	ASSERT_RET(job_start(&mm, 1, f.fence, &fence), 0);
	ktap_sleep_ms(50);
	EXPECT_EQ(fence_status(fence), 0);
	EXPECT_EQ(all_kicks(), before);
	foreign_signal(&f);
	EXPECT_RET(fence_end(fence), 0);
	EXPECT_EQ(all_kicks(), before + 1);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	foreign_abandon(&f);
	close(f.fence);
}

/* The input fence may be closed as soon as the call returns, and may have signalled before */
TEST(input_fence_is_the_jobs_own)
{
	struct foreign f;
	int fence, again;

	setup();
	foreign_init(&f);
	ASSERT_RET(job_start(&mm, 1, f.fence, &fence), 0);
	close(f.fence);
	foreign_signal(&f);
	EXPECT_RET(fence_wait(fence, SLACK_MS), 0);
	ASSERT_RET(job_start(&mm, 1, fence, &again), 0);
	EXPECT_RET(fence_end(again), 0);
	EXPECT_RET(fence_end(fence), 0);
	foreign_abandon(&f);
}

struct waiter {
	int fence_in, ret;
};

static void *submits_and_waits(void *arg)
{
	struct rknpu_submit args = matmul_args(&mm, 1);
	struct waiter *w = arg;

	args.flags |= RKNPU_JOB_FENCE_IN | RKNPU_JOB_FENCE_OUT;
	args.fence_fd = w->fence_in;
	w->ret = npu_submit(mm.out.fd, &args);
	if (!w->ret)
		close(args.fence_fd);
	return NULL;
}

TEST(blocking_submit_with_an_input_fence)
{
	struct waiter w = { .ret = 1 };
	struct foreign f;
	pthread_t thread;

	setup();
	foreign_init(&f);
	w.fence_in = f.fence;
	ASSERT_EQ(pthread_create(&thread, NULL, submits_and_waits, &w), 0);
	ktap_sleep_ms(50);
	EXPECT_EQ(w.ret, 1);
	foreign_signal(&f);
	pthread_join(thread, NULL);
	EXPECT_RET(w.ret, 0);
	foreign_abandon(&f);
}

/* Each job waits for the previous one, on another core: they end in the order of the chain */
TEST(chain_of_fences)
{
	int fences[30], i;
	uint64_t last = 0;
	struct foreign f;

	setup();
	foreign_init(&f);
	for (i = 0; i < 30; i++)
		ASSERT_RET(job_start(&mm, npu_nth(i), i ? fences[i - 1] : f.fence, &fences[i]), 0);
	EXPECT_EQ(fence_status(fences[0]), 0);
	foreign_signal(&f);
	for (i = 0; i < 30; i++) {
		EXPECT_RET(fence_wait(fences[i], SLACK_MS), 0);
		EXPECT(fence_time_ns(fences[i]) >= last);
		last = fence_time_ns(fences[i]);
		EXPECT_RET(fence_end(fences[i]), 0);
	}
	foreign_abandon(&f);
}

/* A job whose input failed must not run with invalid data; its own fence propagates the error */
TEST(failed_input_fails_the_job)
{
	int first, second, third;
	uint32_t before;

	twin_setup();
	before = twin_stat(1, TWIN_STAT_KICKS) + twin_stat(2, TWIN_STAT_KICKS);
	first = start_faulty(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 100);
	ASSERT_RET(job_start(&mm, npu_nth(1), first, &second), 0);
	ASSERT_RET(job_start(&mm, npu_nth(2), second, &third), 0);
	EXPECT_RET(fence_end(second), -ETIMEDOUT);
	EXPECT_RET(fence_end(third), -ETIMEDOUT);
	EXPECT_EQ(twin_stat(1, TWIN_STAT_KICKS) + twin_stat(2, TWIN_STAT_KICKS), before);
	/* Also if it failed earlier */
	ASSERT_RET(job_start(&mm, npu_nth(1), first, &second), 0);
	EXPECT_RET(fence_end(second), -ETIMEDOUT);
	EXPECT_RET(fence_end(first), -ETIMEDOUT);
	EXPECT_CORRECT(&mm, npu_nth(1));
}

TEST(failed_input_fails_a_blocking_submit)
{
	struct waiter w = { .ret = 1 };
	unsigned int files;

	twin_setup();
	w.fence_in = start_faulty(0, TWIN_FAULT_MMU_READ, 0, 5000);
	files = open_files();
	submits_and_waits(&w);
	EXPECT_RET(w.ret, -EIO);
	EXPECT_EQ(open_files(), files);
}

TEST(fence_whose_driver_goes_away)
{
	struct foreign f;
	int fence, ret;

	setup();
	foreign_init(&f);
	ASSERT_RET(job_start(&mm, 1, f.fence, &fence), 0);
	foreign_abandon(&f);
	/* sw_sync sets -ENOENT, vgem no error; the job ends in both cases */
	ret = fence_end(fence);
	if (ret)
		EXPECT_RET(ret, -ENOENT);
	EXPECT_CORRECT(&mm, 1);
}

/* J21: an input that never comes: the job ends, in time, without having run */
TEST(J21_input_that_never_comes)
{
	struct rknpu_submit args;
	struct foreign f;
	uint32_t before;
	uint64_t start;
	int fence;

	twin_setup();
	foreign_init(&f);
	before = all_kicks();
	start = ktap_now_ns();
	args = matmul_args(&mm, 1);
	args.timeout = 100;
	ASSERT_RET(job_start_args(&mm, args, f.fence, &fence), 0);
	args.flags |= RKNPU_JOB_FENCE_IN;
	args.fence_fd = f.fence;
	EXPECT_RET(npu_submit(mm.out.fd, &args), -ETIMEDOUT);
	EXPECT_RET(fence_end(fence), -ETIMEDOUT);
	/* In a starved virtual machine, jiffies are late, and then advance by several at once */
	EXPECT(ktap_now_ns() - start >= 50000000);
	EXPECT(ktap_now_ns() - start < SLACK_MS * 1000000ull);
	foreign_signal(&f);
	EXPECT_EQ(all_kicks(), before);
	EXPECT_CORRECT(&mm, 1);
	foreign_abandon(&f);
}

/* A job that waits for jobs of this driver waits for something that always ends: its own time-out has not started */
TEST(J21_waiting_for_own_jobs_is_no_time_out)
{
	struct rknpu_submit args;
	int first, second;

	twin_setup();
	first = start_faulty(0, TWIN_FAULT_LATE, 500000, 5000);
	args = matmul_args(&mm, npu_nth(1));
	args.timeout = 100;
	ASSERT_RET(job_start_args(&mm, args, first, &second), 0);
	EXPECT_RET(fence_end(second), 0);
	EXPECT_RET(fence_end(first), 0);
}

/* ---- merging and moving ------------------------------------------------------------- */

TEST(merged_fences)
{
	int a, b, both, after;
	struct foreign f;

	twin_setup();
	foreign_init(&f);
	a = start_faulty(0, TWIN_FAULT_LATE, 150000, 5000);
	b = start_faulty(1, TWIN_FAULT_LATE, 300000, 5000);
	both = fence_merge(a, b);
	ASSERT(both >= 0);
	/* Merged own and foreign fences as input */
	after = fence_merge(both, f.fence);
	ASSERT(after >= 0);
	EXPECT_EQ(fence_status(both), 0);
	ASSERT_RET(job_start(&mm, npu_nth(2), after, &after), 0);
	EXPECT_RET(fence_end(both), 0);
	EXPECT_EQ(fence_status(a), 1);
	EXPECT_EQ(fence_status(b), 1);
	EXPECT_EQ(fence_status(after), 0);
	foreign_signal(&f);
	EXPECT_RET(fence_end(after), 0);
	if (npu_num_cores() > 2)
		EXPECT(twin_stat64(2, TWIN_STAT_START_NS) > twin_stat64(1, TWIN_STAT_END_NS));
	foreign_abandon(&f);
}

TEST(merged_with_one_that_fails)
{
	int a, b, both, after;

	twin_setup();
	b = start_faulty(1, TWIN_FAULT_LATE, 300000, 5000);
	a = start_faulty(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 100);
	both = fence_merge(a, b);
	ASSERT(both >= 0);
	ASSERT_RET(job_start(&mm, npu_nth(2), both, &after), 0);
	EXPECT_RET(fence_end(after), -ETIMEDOUT);
	EXPECT_RET(fence_end(both), -ETIMEDOUT);
	EXPECT_RET(fence_end(b), 0);
}

static uint32_t syncobj(int fd)
{
	struct drm_syncobj_create create = { 0 };

	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &create), 0);
	return create.handle;
}

static int syncobj_wait(int fd, uint32_t handle, int64_t ms)
{
	struct drm_syncobj_wait wait = {
		.handles = (uintptr_t)&handle, .count_handles = 1, .timeout_nsec = ktap_now_ns() + ms * 1000000,
	};

	return npu_ioctl(fd, DRM_IOCTL_SYNCOBJ_WAIT, &wait);
}

/* Programs that keep their fences in DRM sync objects move them in and out as sync files */
TEST(fences_move_through_sync_objects)
{
	struct drm_syncobj_handle move = { .flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE };
	int fd, fence, after;
	uint64_t cap = 0;
	struct drm_get_cap get = { .capability = DRM_CAP_SYNCOBJ };

	twin_setup();
	fd = mm.out.fd;
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_GET_CAP, &get), 0);
	cap = get.value;
	EXPECT_EQ(cap, 1);
	fence = start_faulty(0, TWIN_FAULT_LATE, 300000, 5000);
	move.handle = syncobj(fd);
	move.fd = fence;
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &move), 0);
	close(fence);
	EXPECT_RET(syncobj_wait(fd, move.handle, 0), -ETIME);

	move.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE;
	move.fd = -1;
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &move), 0);
	ASSERT_RET(job_start(&mm, npu_nth(1), move.fd, &after), 0);
	EXPECT_EQ(fence_status(after), 0);
	EXPECT_RET(syncobj_wait(fd, move.handle, SLACK_MS), 0);
	EXPECT_RET(fence_end(after), 0);
	EXPECT_RET(fence_end(move.fd), 0);
}

static void send_fd(int socket, int fd)
{
	char byte = 0, control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	ASSERT_EQ(sendmsg(socket, &msg, 0), 1);
}

static int receive_fd(int socket)
{
	char byte, control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control) };
	int fd;

	ASSERT_EQ(recvmsg(socket, &msg, MSG_CMSG_CLOEXEC), 1);
	ASSERT(CMSG_FIRSTHDR(&msg));
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fd));
	return fd;
}

static void sends_a_fence(void *arg)
{
	small_matmul(&mm, npu_open(), 82);
	send_fd(*(int *)arg, start_faulty(0, TWIN_FAULT_LATE, 300000, 5000));
	/* Stay until the job is done, because closing would cancel a job that has not started */
	ktap_sleep_ms(1000);
}

TEST(fence_of_another_process)
{
	int sockets[2], theirs, fence;
	pid_t other;

	twin_setup();
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets), 0);
	other = ktap_fork(sends_a_fence, &sockets[1]);
	theirs = receive_fd(sockets[0]);
	ASSERT_RET(job_start(&mm, npu_nth(1), theirs, &fence), 0);
	EXPECT_RET(fence_end(fence), 0);
	EXPECT_EQ(fence_status(theirs), 1);
	if (npu_num_cores() > 1)
		EXPECT(twin_stat64(1, TWIN_STAT_START_NS) > twin_stat64(0, TWIN_STAT_END_NS));
	EXPECT_EQ(ktap_join(other), 0);
}

static void sends_the_fence_of_a_queued_job(void *arg)
{
	int fence;

	small_matmul(&mm, npu_open(), 83);
	start_faulty(0, TWIN_FAULT_LATE, 400000, 5000);
	ASSERT_RET(job_start(&mm, 1, -1, &fence), 0);
	send_fd(*(int *)arg, fence);
	pause();
}

/* The owner is killed before the job could start: waiters get an error */
TEST(J23_fence_of_a_killed_process)
{
	int sockets[2], theirs, fence;
	pid_t other;

	twin_setup();
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets), 0);
	other = ktap_fork(sends_the_fence_of_a_queued_job, &sockets[1]);
	theirs = receive_fd(sockets[0]);
	ASSERT_RET(job_start(&mm, npu_nth(1), theirs, &fence), 0);
	kill(other, SIGKILL);
	ktap_join(other);
	EXPECT_RET(fence_end(fence), -ECANCELED);
	EXPECT_RET(fence_end(theirs), -ECANCELED);
	EXPECT_CORRECT(&mm, 1);
}

/* ---- ends of waiting processes ---------------------------------------------------------- */

static void waits_for_a_fence(void *arg)
{
	struct waiter w = { .fence_in = *(int *)arg };

	small_matmul(&mm, npu_open(), 84);
	submits_and_waits(&w);
}

TEST(J12_killed_while_its_job_waits_for_a_fence)
{
	uint64_t start;
	struct foreign f;
	pid_t other;

	setup();
	foreign_init(&f);
	other = ktap_fork(waits_for_a_fence, &f.fence);
	ktap_sleep_ms(100);
	start = ktap_now_ns();
	kill(other, SIGKILL);
	ktap_join(other);
	EXPECT(ktap_now_ns() - start < 1000000000);
	foreign_signal(&f);
	foreign_abandon(&f);
	EXPECT_CORRECT(&mm, 1);
}

/* Reset and fence at the same time, from two threads */
static void *signals_soon(void *arg)
{
	foreign_signal(arg);
	return NULL;
}

TEST_LIMIT(reset_against_signal, 60)
{
	uint32_t value;
	int i, fence, ret;

	setup();
	for (i = 0; i < 100; i++) {
		struct foreign f;
		pthread_t thread;

		foreign_init(&f);
		ASSERT_RET(job_start(&mm, npu_nth(i), f.fence, &fence), 0);
		ASSERT_EQ(pthread_create(&thread, NULL, signals_soon, &f), 0);
		value = 0;
		EXPECT_RET(npu_action(mm.out.fd, RKNPU_ACT_RESET, &value), 0);
		pthread_join(thread, NULL);
		ret = fence_end(fence);
		if (ret)
			EXPECT_RET(ret, -ECANCELED);
		foreign_abandon(&f);
		close(f.fence);
	}
	EXPECT_CORRECT(&mm, 1);
}
