// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Sequences run in a process of their own, one after the other until it dies.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* Long beside what a sequence takes: 32 calls, time-outs of 30 ms, each in its turn */
#define LIMIT_MS	30000
#define KILL_MS		20000

static struct fuzz_sequence *shared;
static pid_t executor;
static int ask = -1, answer = -1;

static void serve(int asked, int answers)
{
	char c;

	/* As one with rights: what it may not do by them is not found by chance */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	signal(SIGPIPE, SIG_IGN);
	fuzz_maps_init();
	while (read(asked, &c, 1) == 1) {
		fuzz_run(shared);
		if (write(answers, &c, 1) != 1)
			break;
	}
	_exit(0);
}

void fuzz_executor_init(void)
{
	if (!shared)
		shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		abort();
	/* What an executor leaves behind is ours */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

static void start(void)
{
	int to[2], from[2];

	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC))
		abort();
	executor = fork();
	if (executor < 0)
		abort();
	if (!executor) {
		close(to[1]);
		close(from[0]);
		serve(to[0], from[1]);
	}
	close(to[0]);
	close(from[1]);
	ask = to[1];
	answer = from[0];
}

/* Until all are gone, the executor's own children too; false: one does not go */
static bool reap(void)
{
	unsigned int waited;

	for (waited = 0; waited < KILL_MS; waited++) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0 && errno == ECHILD)
			return true;
		if (!pid)
			usleep(1000);
	}
	return false;
}

static bool stop(void)
{
	if (executor <= 0)
		return true;
	kill(executor, SIGKILL);
	close(ask);
	close(answer);
	executor = 0;
	if (!reap())
		return false;
	if (fuzz_tunes(shared))
		fuzz_untune();
	return true;
}

enum fuzz_end fuzz_execute(const struct fuzz_sequence *seq)
{
	struct pollfd p = { .events = POLLIN };
	char c = 0;
	int ret;

	if (executor <= 0)
		start();
	*shared = *seq;
	if (write(ask, &c, 1) != 1)
		return stop() ? FUZZ_DIED : FUZZ_STUCK;
	p.fd = answer;
	do {
		ret = poll(&p, 1, LIMIT_MS);
	} while (ret < 0 && errno == EINTR);
	if (ret == 1 && read(answer, &c, 1) == 1)
		return FUZZ_DONE;
	if (!stop())
		return FUZZ_STUCK;
	return ret ? FUZZ_DIED : FUZZ_LATE;
}

void fuzz_executor_fini(void)
{
	stop();
}
