/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Other processes that use the NPU while something is measured.
 */
#ifndef BENCH_CLIENTS_H
#define BENCH_CLIENTS_H

#include <signal.h>
#include <sys/wait.h>
#include <time.h>

#include "bench.h"
#include "job.h"

static inline void sleep_ms(unsigned int ms)
{
	const struct timespec t = { ms / 1000, ms % 1000 * 1000000l };

	nanosleep(&t, NULL);
}

static inline pid_t spawn(void (*client)(unsigned int), unsigned int seed)
{
	pid_t pid = fork();

	if (pid < 0)
		fail("fork", errno);
	if (!pid) {
		client(seed);
		_exit(0);
	}
	return pid;
}

static inline void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static inline void start(const struct matmul *mm, uint32_t cores, int input, int *fence)
{
	int ret = job_start(mm, cores, input, fence);

	if (ret)
		fail("submit", -ret);
}

#endif /* BENCH_CLIENTS_H */
