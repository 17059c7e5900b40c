// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Measures rknn_run() for every network of /networks: the minimum of some runs, one `name value unit` per line. Only for
 * a virtual machine in which instructions drive the clock, one per nanosecond. With CALLS in the environment, the time
 * of each ioctl of the last run is printed to standard error.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "network.h"
#include "testing.h"

#define RUNS	27

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

static bool tell;

/* Also called by the runtime */
int ioctl(int fd, unsigned long request, ...)
{
	uint64_t begin = now_ns();
	va_list args;
	void *arg;
	int ret;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	ret = syscall(SYS_ioctl, fd, request, arg);
	if (tell)
		fprintf(stderr, "  ioctl %#lx %d: %llu ns\n", request, ret, (unsigned long long)(now_ns() - begin));
	return ret;
}

/* Without its type: conv3x3.fp16 -> rknn_run_conv3x3_us */
static void print(const char *name, uint64_t ns)
{
	printf("rknn_run_%.*s_us %.1f us\n", (int)strcspn(name, "."), name, ns / 1000.0);
	fflush(stdout);
}

static void measure(const char *name)
{
	uint64_t best = UINT64_MAX;
	rknn_context ctx = 0;
	struct network net;
	int i, ret;

	network_load(&net, name);
	ret = rknn_init(&ctx, net.model.data, net.model.bytes, 0, NULL);
	ASSERT_EQ(ret, 0);
	ret = network_inputs_set(&net, ctx);
	ASSERT_EQ(ret, 0);
	for (i = 0; i < RUNS; i++) {
		uint64_t begin = now_ns(), took;

		ret = rknn_run(ctx, NULL);
		took = now_ns() - begin;
		ASSERT_EQ(ret, 0);
		if (took < best)
			best = took;
	}
	print(name, best);
	tell = getenv("CALLS");
	if (tell)
		rknn_run(ctx, NULL);
	tell = false;
	rknn_destroy(ctx);
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

TEST_LIMIT(measures, 300)
{
	struct dirent **names;
	int i, count = scandir("/networks", &names, visible, alphasort);

	ASSERT(count > 0);
	for (i = 0; i < count; i++)
		measure(names[i]->d_name);
}
