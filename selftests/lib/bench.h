/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Shared by the benchmark programs: a measurement ends at the first failure, and
 * instructions are counted for the whole CPU.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "matmul.h"

static jmp_buf bench_next;
static bool bench_goes_on;
static int bench_status __attribute__((unused));

static inline void fail(const char *what, int error)
{
	fprintf(stderr, "rknpu-bench: %s: %s\n", what, strerror(error));
	if (bench_goes_on)
		longjmp(bench_next, 1);
	exit(1);
}

/* If a driver cannot do something, that is reported and the next measurement follows; main() returns bench_status */
#define MEASURE(call) do {						\
	bench_goes_on = true;						\
	if (setjmp(bench_next)) {					\
		fprintf(stderr, "not measured: %s\n", #call);		\
		bench_status = 1;					\
	} else {							\
		call;							\
	}								\
	bench_goes_on = false;						\
} while (0)

static inline int open_npu(void)
{
	int fd = npu_open_render(NULL, 0);

	if (fd < 0)
		fail("render node", -fd);
	return fd;
}

static inline void make(struct matmul *mm, int fd, unsigned int m, unsigned int k, unsigned int n)
{
	int ret = matmul_init(mm, fd, MATMUL_INT8_INT32, m, k, n, 0, MATMUL_EXACT, 1);

	if (ret)
		fail("buffers", -ret);
}

/* The interrupt comes while the CPU is idle, so instructions are counted for the CPU, not for this process */
static inline int open_counter(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_HARDWARE, .size = sizeof(attr), .config = PERF_COUNT_HW_INSTRUCTIONS,
		.disabled = 1, .exclude_hv = 1, .pinned = 1,
	};
	int counter = syscall(SYS_perf_event_open, &attr, -1, 0, -1, 0);

	if (counter < 0)
		fail("instruction counter (needs root, and a machine that counts)", errno);
	return counter;
}

static inline void counter_start(int counter)
{
	ioctl(counter, PERF_EVENT_IOC_RESET, 0);
	ioctl(counter, PERF_EVENT_IOC_ENABLE, 0);
}

static inline uint64_t counter_stop(int counter)
{
	uint64_t count = 0;

	ioctl(counter, PERF_EVENT_IOC_DISABLE, 0);
	if (read(counter, &count, sizeof(count)) != sizeof(count))
		fail("counter", errno);
	return count;
}

#endif /* BENCH_H */
