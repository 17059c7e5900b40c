// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Clients end in various ways, each with jobs that are queued, waiting for a
 * fence, and running: jobs that have not started are dropped and signal an error,
 * running jobs complete normally, and other clients are not affected. ROUNDS=N in
 * the environment repeats everything.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/fds.h"
#include "lib/foreign.h"
#include "lib/job.h"
#include "lib/testing.h"

#define SLACK_MS	5000
#define MUCH_TOO_LATE_US	10000000
/* Long enough for the client to end in the meantime */
#define RUN_US		400000

static struct matmul mm;	/* of the case's own process, which must not be affected */
static uint32_t kicks;

static unsigned int rounds(void)
{
	const char *env = getenv("ROUNDS");

	return env ? strtoul(env, NULL, 0) : 2;
}

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

/* The jobs of one client: a running and a queued one on core 0, and one that waits for a fence */
struct work {
	struct matmul mm;
	int running, queued, waiting;
};

static void begin(struct work *w, int fd, uint32_t run_us, const struct foreign *input)
{
	small_matmul(&w->mm, fd, 91);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	twin_fault(0, TWIN_FAULT_LATE, run_us, 1);
	ASSERT_RET(job_start(&w->mm, 1, -1, &w->running), 0);
	wait_for_kick();
	ASSERT_RET(job_start(&w->mm, 1, -1, &w->queued), 0);
	ASSERT_RET(job_start(&w->mm, npu_nth(1), input->fence, &w->waiting), 0);
}

struct client {
	int socket;
	uint32_t run_us;
	const struct foreign *input;	/* belongs to the case, because it signals when its owner ends */
	void (*end)(struct work *w);
};

/* Passes its fences to the case, then ends in the chosen way */
static void lives_and_dies(void *arg)
{
	struct client *c = arg;
	struct work w;

	begin(&w, npu_open(), c->run_us, c->input);
	send_fds(c->socket, (int[]){ w.running, w.queued, w.waiting }, 3);
	c->end(&w);
}

static void is_killed(struct work *w)
{
	(void)w;
	raise(SIGKILL);
}

static void is_killed_while_it_waits(struct work *w)
{
	struct rknpu_submit args = matmul_args(&w->mm, 1);

	alarm(1);
	npu_submit(w->mm.out.fd, &args);
	pause();
}

static void exits(struct work *w)
{
	(void)w;
	exit(0);
}

static void crashes(struct work *w)
{
	(void)w;
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSEGV);
}

static void executes(struct work *w)
{
	(void)w;
	/* Its output must not be part of the test report */
	close(STDOUT_FILENO);
	open("/dev/null", O_WRONLY);
	execl("/proc/self/exe", "true", "no_such_case", NULL);
	_exit(1);
}

/* Mappings hold a reference to the file like the descriptor */
static void closes(struct work *w)
{
	int fd = w->mm.out.fd;

	close(fd);
	matmul_fini(&w->mm);
	ktap_sleep_ms(20);
	exit(0);
}

/* A fault or a hang also ends a job whose client has gone */
static void dies_with(void (*end)(struct work *w), uint32_t run_us, int running)
{
	unsigned int i, n = rounds();

	twin_need();
	small_matmul(&mm, npu_open(), 92);
	for (i = 0; i < n; i++) {
		int sockets[2], fences[3];
		struct foreign input;
		struct client c = { .run_us = run_us, .input = &input, .end = end };
		pid_t pid;

		foreign_init(&input);
		ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets), 0);
		c.socket = sockets[1];
		kicks = twin_stat(0, TWIN_STAT_KICKS);
		pid = ktap_fork(lives_and_dies, &c);
		receive_fds(sockets[0], fences, 3);
		EXPECT_CORRECT(&mm, npu_nth(2));
		ktap_join(pid);
		EXPECT_RET(fence_end(fences[0]), running);
		EXPECT_RET(fence_end(fences[1]), -ECANCELED);
		EXPECT_RET(fence_end(fences[2]), -ECANCELED);
		/* Neither the queued job nor the waiting job has run */
		if (npu_num_cores() > 2)
			EXPECT_EQ(new_kicks(), 1);
		twin_disarm();
		EXPECT_CORRECT(&mm, 1);
		EXPECT_CORRECT(&mm, npu_nth(1));
		foreign_signal(&input);
		foreign_abandon(&input);
		close(input.fence);
		close(sockets[0]);
		close(sockets[1]);
	}
}

TEST_LIMIT(J18_killed, 3600) { dies_with(is_killed, RUN_US, 0); }
TEST_LIMIT(exits_without_a_word, 3600) { dies_with(exits, RUN_US, 0); }
TEST_LIMIT(crashes_with_jobs, 3600) { dies_with(crashes, RUN_US, 0); }
TEST_LIMIT(becomes_another_program, 3600) { dies_with(executes, RUN_US, 0); }
TEST_LIMIT(closes_its_file, 3600) { dies_with(closes, RUN_US, 0); }
TEST_LIMIT(J12_killed_while_it_waits_for_a_job, 3600) { dies_with(is_killed_while_it_waits, 1300000, 0); }

struct hang {
	int socket;
	bool blocking;
};

static void *waits_for_hang(void *arg)
{
	npu_submit(mm.out.fd, arg);
	return NULL;
}

/* Its job would take much longer than the case waits */
static void hangs_and_is_killed(void *arg)
{
	struct hang *h = arg;
	struct rknpu_submit args;
	pthread_t thread;
	int fence = -1;

	small_matmul(&mm, npu_open(), 93);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	twin_fault(0, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 1);
	args = matmul_args(&mm, 1);
	args.timeout = MUCH_TOO_LATE_US / 1000;
	if (h->blocking)
		ASSERT_EQ(pthread_create(&thread, NULL, waits_for_hang, &args), 0);
	else
		ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
	wait_for_kick();
	/* For a blocking submit, send the file, which keeps it open */
	send_fds(h->socket, h->blocking ? &mm.out.fd : &fence, 1);
	raise(SIGKILL);
}

/* Its core becomes free soon, and a job on another core is not affected */
static void frees_its_core(bool blocking)
{
	struct hang h = { .blocking = blocking };
	unsigned int other = npu_nth(1), i;
	int sockets[2], left, fence = -1;
	uint32_t others_kicks = 0;

	twin_need();
	small_matmul(&mm, npu_open(), 92);
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets), 0);
	h.socket = sockets[1];
	for (i = 0; i < rounds(); i++) {
		uint64_t start;
		pid_t pid;

		if (other != 1) {
			others_kicks = twin_stat(__builtin_ctz(other), TWIN_STAT_KICKS);
			twin_fault(__builtin_ctz(other), TWIN_FAULT_LATE, 2 * RUN_US, 1);
			ASSERT_RET(job_start(&mm, other, -1, &fence), 0);
		}
		pid = ktap_fork(hangs_and_is_killed, &h);
		receive_fds(sockets[0], &left, 1);
		ktap_join(pid);
		start = ktap_now_ns();
		EXPECT_CORRECT(&mm, 1);
		EXPECT((ktap_now_ns() - start) / 1000 < MUCH_TOO_LATE_US / 2);
		if (blocking)
			close(left);
		else
			EXPECT_RET(fence_end(left), -ECANCELED);
		if (other != 1) {
			EXPECT_RET(fence_end(fence), 0);
			EXPECT_EQ(twin_stat(__builtin_ctz(other), TWIN_STAT_KICKS), others_kicks + 1);
		}
	}
}

TEST_LIMIT(killed_with_a_hanging_job, 3600) { frees_its_core(false); }
TEST_LIMIT(killed_while_it_waits_for_a_hanging_job, 3600) { frees_its_core(true); }

/* A child inherits the parent's file: the end of one does not affect the other */
static void child_ends(void *arg)
{
	struct work *w = arg;

	EXPECT_CORRECT(&w->mm, npu_nth(2));
	close(w->mm.out.fd);
}

TEST_LIMIT(fork_and_the_end_of_the_child, 3600)
{
	unsigned int i;

	twin_need();
	for (i = 0; i < rounds(); i++) {
		struct foreign input;
		struct work w;

		foreign_init(&input);
		begin(&w, npu_open(), 300000, &input);
		EXPECT_EQ(ktap_join(ktap_fork(child_ends, &w)), 0);
		EXPECT_EQ(fence_status(w.waiting), 0);
		foreign_signal(&input);
		EXPECT_RET(fence_end(w.running), 0);
		EXPECT_RET(fence_end(w.queued), 0);
		EXPECT_RET(fence_end(w.waiting), 0);
		foreign_abandon(&input);
		close(input.fence);
		close(w.mm.out.fd);
		matmul_fini(&w.mm);
	}
}

/* The parent dies, the child continues to use the inherited file: its jobs are not dropped */
static void forks_and_dies(void *arg)
{
	struct foreign input;
	struct work w;

	foreign_init(&input);
	begin(&w, npu_open(), 300000, &input);
	if (!fork()) {
		send_fds(*(int *)arg, (int[]){ w.running, w.queued, w.waiting }, 3);
		ktap_sleep_ms(500);
		foreign_signal(&input);
		fence_wait(w.waiting, SLACK_MS);
		_exit(0);
	}
	_exit(0);
}

TEST_LIMIT(fork_and_the_end_of_the_parent, 3600)
{
	int sockets[2], fences[3], i;
	unsigned int n;

	twin_need();
	small_matmul(&mm, npu_open(), 94);
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets), 0);
	for (n = 0; n < rounds(); n++) {
		EXPECT_EQ(ktap_join(ktap_fork(forks_and_dies, &sockets[1])), 0);
		receive_fds(sockets[0], fences, 3);
		for (i = 0; i < 3; i++)
			EXPECT_RET(fence_end(fences[i]), 0);
		EXPECT_CORRECT(&mm, 1);
	}
}

/* ---- reset storms ------------------------------------------------------------------------ */

static volatile sig_atomic_t stop;

static void on_term(int signal)
{
	(void)signal;
	stop = 1;
}

/* Submits, waits for fences and resets itself as fast as it can */
static void storms(void *arg)
{
	static const uint32_t masks[] = { 0, 1, 3, 4, 6 };
	int fd = npu_open(), fence, i;
	struct matmul own;

	(void)arg;
	signal(SIGTERM, on_term);
	small_matmul(&own, fd, getpid());
	for (i = 0; !stop; i++) {
		uint32_t value = 0;
		int ret;

		ASSERT_RET(job_start(&own, masks[i % ARRAY_SIZE(masks)], -1, i % 5 ? &fence : NULL), 0);
		if (i % 3 == 0)
			EXPECT_RET(npu_action(fd, RKNPU_ACT_RESET, &value), 0);
		if (i % 5) {
			ret = fence_end(fence);
			if (ret)
				EXPECT_RET(ret, -ECANCELED);
		}
	}
}

TEST_LIMIT(R1_R4_reset_storms_of_two_processes, 3600)
{
	unsigned int i, n = 60 + 10 * rounds();
	pid_t others[2];
	int fence;

	twin_need();
	small_matmul(&mm, npu_open(), 95);
	for (i = 0; i < 2; i++)
		others[i] = ktap_fork(storms, NULL);
	for (i = 0; i < n; i++) {
		EXPECT_CORRECT(&mm, i % 2 ? 0 : npu_nth(i));
		ASSERT_RET(job_start(&mm, npu_nth(i), -1, &fence), 0);
		EXPECT_RET(fence_end(fence), 0);
	}
	for (i = 0; i < 2; i++) {
		kill(others[i], SIGTERM);
		EXPECT_EQ(ktap_join(others[i]), 0);
	}
}
