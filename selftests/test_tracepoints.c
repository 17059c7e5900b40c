// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The driver's tracepoints, read from tracefs: all events of a job have one id, the
 * right cores and the right times; those of a failed job have the error.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/testing.h"

#define INSTANCE	"/sys/kernel/tracing/instances/rknpu_events"
#define EVENTS		512

struct event {
	double at;
	char name[16], fields[160];
};

static struct event events[EVENTS];
static unsigned int count;
static struct matmul mm;
static pid_t owner;

static int put(const char *file, const char *text)
{
	char path[128];
	int fd, ret = 0;

	snprintf(path, sizeof(path), INSTANCE "/%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_TRUNC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static void stop(void)
{
	if (owner == getpid()) {
		put("events/rknpu/enable", "0");
		rmdir(INSTANCE);
	}
}

static void start(void)
{
	owner = getpid();
	/* Clean up after a case that was killed */
	stop();
	if (mkdir(INSTANCE, 0700))
		SKIP("no trace instance: %s", strerror(errno));
	atexit(stop);
	if (put("events/rknpu/enable", "1"))
		SKIP("no events of rknpu");
	put("trace", "");
}

static void read_events(void)
{
	FILE *f = fopen(INSTANCE "/trace", "re");
	char line[512], *name, *colon;

	ASSERT(f);
	count = 0;
	while (count < EVENTS && fgets(line, sizeof(line), f)) {
		struct event *e = &events[count];

		/* "task-pid [cpu] flags time: name: fields" */
		colon = line[0] == '#' ? NULL : strstr(line, ": ");
		if (!colon)
			continue;
		*colon = '\0';
		e->at = strtod(strrchr(line, ' '), NULL);
		name = colon + 2;
		if (sscanf(name, "%15[^:]: %159[^\n]", e->name, e->fields) == 2)
			count++;
	}
	fclose(f);
}

static long long field(const struct event *e, const char *name)
{
	char mark[32], padded[176];
	const char *at;

	snprintf(mark, sizeof(mark), " %s=", name);
	snprintf(padded, sizeof(padded), " %s", e->fields);
	at = strstr(padded, mark);
	if (!EXPECT(at)) {
		ktap_note("no field %s in %s: %s", name, e->name, e->fields);
		return -1000;
	}
	return strtoll(at + strlen(mark), NULL, 0);
}

/* Returns the only event of that name with this value of the field; NULL after a failure */
static const struct event *only(const char *name, const char *key, long long value)
{
	const struct event *found = NULL;
	unsigned int i, hits = 0;

	for (i = 0; i < count; i++) {
		if (strcmp(events[i].name, name) || field(&events[i], key) != value)
			continue;
		found = &events[i];
		hits++;
	}
	if (!EXPECT_EQ(hits, 1))
		ktap_note("%s with %s %lld", name, key, value);
	return found;
}

/* Compares the times of a job's events with those it reports: they are in microseconds and from another clock */
static bool run_and_compare(unsigned int core)
{
	const struct event *queue, *begin, *end;
	struct rknpu_submit ran = { 0 };

	put("trace", "");
	EXPECT_RET(matmul_run(&mm, 1u << core, &ran), 0);
	read_events();
	queue = only("job_queue", "pid", getpid());
	ASSERT(queue);
	begin = only("job_start", "id", field(queue, "id"));
	end = only("job_end", "id", field(queue, "id"));
	ASSERT(begin && end);
	EXPECT_EQ(field(queue, "cores"), 1 << core);
	EXPECT_EQ(field(begin, "core"), core);
	EXPECT_EQ(field(end, "core"), core);
	EXPECT_EQ(field(begin, "pid"), getpid());
	EXPECT_EQ(field(begin, "tasks"), mm.tasks);
	EXPECT_EQ(field(end, "result"), 0);
	EXPECT_EQ(field(end, "busy_ns"), ran.hw_elapse_time);
	EXPECT(queue->at <= begin->at && begin->at <= end->at);
	return (end->at - begin->at) * 1e9 <= (double)ran.hw_elapse_time * 1.5 + 2e6;
}

TEST(events_of_a_job_have_one_id_and_the_right_core_and_times)
{
	unsigned int core, tries;

	small_matmul(&mm, npu_open(), 3);
	start();
	for_each_core(core) {
		/* An emulated processor may stop between reading the two clocks, but not every time */
		for (tries = 0; tries < 20 && !run_and_compare(core); tries++)
			;
		EXPECT(tries < 20);
	}
}

TEST(events_of_a_gang_are_there_for_each_core)
{
	unsigned int core, i, begins = 0, ends = 0;
	const struct event *queue;
	uint32_t cores = soc_get()->cores;
	struct rknpu_submit args;

	if (npu_num_cores() < 2)
		SKIP("one core only");
	/* One task for each core */
	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, 4 * npu_num_cores(), 64, 32, 4, MATMUL_EXACT, 3), 0);
	start();
	args = matmul_args(&mm, cores);
	for_each_core(core) {
		args.subcore_task[core + (npu_num_cores() == NPU_CORES ? 2 : 0)] =
			(struct rknpu_subcore_task){ .task_start = ends, .task_number = 1 };
		ends++;
	}
	ends = 0;
	EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
	read_events();
	queue = only("job_queue", "pid", getpid());
	ASSERT(queue);
	for (i = 0; i < count; i++) {
		begins += !strcmp(events[i].name, "job_start") && field(&events[i], "id") == field(queue, "id");
		ends += !strcmp(events[i].name, "job_end") && field(&events[i], "id") == field(queue, "id");
	}
	for_each_core(core)
		EXPECT(only("job_start", "core", core));
	EXPECT_EQ(begins, npu_num_cores());
	EXPECT_EQ(ends, npu_num_cores());
}

TEST(events_of_a_job_that_fails)
{
	unsigned int core = npu_next_core(0), i, resets = 0;
	const struct event *fault, *end;
	struct rknpu_submit args;

	small_matmul(&mm, npu_open(), 3);
	twin_need();
	start();
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, 0xfff00000));
	ASSERT_RET(npu_bo_to_device(&mm.cmd), 0);
	args = matmul_args(&mm, 1u << core);
	EXPECT_RET(npu_submit(mm.out.fd, &args), -EIO);
	read_events();
	fault = only("mmu_fault", "core", core);
	end = only("job_end", "core", core);
	ASSERT(fault && end);
	EXPECT_EQ(field(fault, "iova"), 0xfff00000);
	EXPECT_EQ(field(fault, "write"), 1);
	EXPECT_EQ(field(fault, "id"), field(end, "id"));
	EXPECT_EQ(field(end, "result"), -EIO);
	for (i = 0; i < count; i++)
		resets += !strcmp(events[i].name, "core_reset") && events[i].at >= end->at && field(&events[i], "core") == core;
	/* With a shared IOMMU, the core may be reset once more when its address space is detached */
	EXPECT(resets >= 1);
}

TEST(events_of_memory_and_power)
{
	const struct event *create, *destroy;
	int fd = npu_open();
	struct npu_bo bo;
	uint64_t iova;

	start();
	ASSERT_RET(npu_bo_init(&bo, fd, 1 << 20, NPU_FLAGS_DATA), 0);
	iova = bo.iova;
	npu_bo_fini(&bo);
	read_events();
	create = only("mem_create", "pid", getpid());
	destroy = only("mem_destroy", "pid", getpid());
	ASSERT(create && destroy);
	EXPECT_EQ(field(create, "bytes"), 1 << 20);
	EXPECT_EQ(field(create, "iova"), iova);
	EXPECT(!strcmp(create->fields, destroy->fields));
	small_matmul(&mm, fd, 3);
	ktap_sleep_ms(500);
	put("trace", "");
	EXPECT_CORRECT(&mm, npu_nth(0));
	ktap_sleep_ms(500);
	read_events();
	EXPECT(only("power_on", "core", npu_next_core(0)));
	EXPECT(only("vm_attach", "pid", getpid()));
	EXPECT(only("power_off", "core", npu_next_core(0)));
}
