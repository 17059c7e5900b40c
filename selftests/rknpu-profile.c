// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * rknpu-profile OPERATION [TIMES]
 *
 * Repeats one operation between the marks that tools/profile uses, and prints the
 * number of repetitions.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "bench_twin.h"
#include "job.h"

#define WARM_UP	3
#define LONG_TASK_NS	100000
/* Longer than any turn */
#define TURN_TASK_NS	12000000

#ifdef __aarch64__
#define mark_begin()	__asm__ volatile("hint #80" ::: "memory")
#define mark_end()	__asm__ volatile("hint #81" ::: "memory")
#else
#define mark_begin()	((void)0)
#define mark_end()	((void)0)
#endif

static int fd;
static bool counts;

static void check(const char *what, int ret)
{
	if (ret)
		fail(what, -ret);
}

static void begin(void)
{
	if (counts)
		mark_begin();
}

static void submit(uint64_t unused)
{
	static struct matmul mm;
	struct rknpu_submit args;
	int ret;

	(void)unused;
	if (!mm.out.map)
		make(&mm, fd, 1, 32, 32);
	args = matmul_args(&mm, 1);
	begin();
	ret = npu_submit(fd, &args);
	mark_end();
	check("submit", ret);
}

/* A job that is still running when its submit returns */
static const struct matmul *long_job(void)
{
	static struct matmul mm;

	if (!mm.out.map) {
		make(&mm, fd, 1, 32, 32);
		bench_twin()[TWIN_TASK_OVERHEAD_NS / 4] = LONG_TASK_NS;
	}
	return &mm;
}

/* A submit that does not wait and returns a fence; its end is not counted */
static void submit_fence(uint64_t unused)
{
	const struct matmul *mm = long_job();
	int ret, fence = -1;

	(void)unused;
	begin();
	ret = job_start_args(mm, matmul_args(mm, 1), -1, &fence);
	mark_end();
	check("submit", ret);
	check("job", fence_end(fence));
}

/* A queue of jobs of 100 us, including the cost of their ends */
static void queue(uint64_t jobs)
{
	const struct matmul *mm = long_job();
	int ret = 0, fence = -1;
	uint64_t i;

	begin();
	for (i = 0; i < jobs && !ret; i++)
		ret = job_start_args(mm, matmul_args(mm, 1), -1, i + 1 < jobs ? NULL : &fence);
	if (!ret)
		ret = fence_end(fence);
	mark_end();
	check("queue", ret);
}

/* Two processes with jobs longer than a turn, so they alternate; counts everything but the submits */
static void change(uint64_t jobs)
{
	volatile uint32_t *twin = bench_twin();
	int ready[2], fence = -1, ret = 0;
	struct matmul mm;
	uint64_t i;
	char byte = 0;
	pid_t pid;

	twin[TWIN_TASK_OVERHEAD_NS / 4] = TURN_TASK_NS;
	if (pipe(ready))
		fail("pipe", errno);
	pid = fork();
	make(&mm, open_npu(), 1, 32, 32);
	for (i = 0; i < jobs && !ret; i++)
		ret = job_start_args(&mm, matmul_args(&mm, 1), -1, i + 1 < jobs ? NULL : &fence);
	check("queue", ret);
	if (!pid) {
		ret = write(ready[1], &byte, 1) != 1;
		_exit(ret || fence_end(fence));
	}
	if (read(ready[0], &byte, 1) != 1)
		fail("other process", errno);
	begin();
	ret = fence_end(fence);
	mark_end();
	check("change", ret);
	waitpid(pid, &ret, 0);
	check("other process", -ret);
	matmul_fini(&mm);
}

static uint32_t counted_create(uint64_t bytes, bool count)
{
	struct rknpu_mem_create c = { .size = bytes, .flags = NPU_FLAGS_DATA };
	int ret;

	if (count)
		begin();
	ret = npu_create(fd, &c);
	mark_end();
	check("create", ret);
	return c.handle;
}

static void create(uint64_t bytes)
{
	check("destroy", npu_destroy(fd, counted_create(bytes, true)));
}

static void destroy(uint64_t bytes)
{
	uint32_t handle = counted_create(bytes, false);
	int ret;

	begin();
	ret = npu_destroy(fd, handle);
	mark_end();
	check("destroy", ret);
}

static void sync_all(uint64_t bytes)
{
	struct npu_bo bo;
	int ret;

	check("buffer", npu_bo_init(&bo, fd, bytes, NPU_FLAGS_DATA));
	begin();
	ret = npu_bo_to_device(&bo);
	mark_end();
	check("sync", ret);
	npu_bo_fini(&bo);
}

static void touch(uint64_t bytes)
{
	struct npu_bo bo;
	uint64_t at;

	check("buffer", npu_bo_init(&bo, fd, bytes, NPU_FLAGS_DATA));
	begin();
	for (at = 0; at < bytes; at += NPU_PAGE)
		((volatile uint8_t *)bo.map)[at] = 1;
	mark_end();
	npu_bo_fini(&bo);
}

static const struct operation {
	const char *name;
	void (*run)(uint64_t bytes);
	uint64_t bytes;
	unsigned int times;
} operations[] = {
	{ "submit", submit, 0, 1000 },
	{ "submit_fence", submit_fence, 0, 500 },
	{ "queue_64", queue, 64, 20 },
	{ "queue_4096", queue, 4096, 1 },
	{ "change_20", change, 10, 2 },
	{ "create_4k", create, 4096, 200 },
	{ "create_64m", create, 64 << 20, 3 },
	{ "destroy_4k", destroy, 4096, 200 },
	{ "destroy_64m", destroy, 64 << 20, 3 },
	{ "sync_4k", sync_all, 4096, 200 },
	{ "sync_64m", sync_all, 64 << 20, 3 },
	{ "touch_64m", touch, 64 << 20, 3 },
};

#define OPERATIONS	(sizeof(operations) / sizeof(operations[0]))

static int usage(void)
{
	unsigned int i;

	fprintf(stderr, "usage: rknpu-profile OPERATION [TIMES]\noperations:");
	for (i = 0; i < OPERATIONS; i++)
		fprintf(stderr, " %s", operations[i].name);
	fprintf(stderr, "\n");
	return 2;
}

int main(int argc, char **argv)
{
	const struct operation *op = NULL;
	unsigned int i, times;

	for (i = 0; argc > 1 && i < OPERATIONS; i++) {
		if (!strcmp(argv[1], operations[i].name))
			op = &operations[i];
	}
	if (!op || argc > 3)
		return usage();
	times = argc > 2 ? (unsigned int)atoi(argv[2]) : op->times;
	if (!times)
		return usage();
	fd = open_npu();
	for (i = 0; i < WARM_UP; i++)
		op->run(op->bytes);
	counts = true;
	for (i = 0; i < times; i++)
		op->run(op->bytes);
	printf("%s %u times\n", op->name, times);
	return 0;
}
