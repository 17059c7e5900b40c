// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * kprobe events of one process, read from a separate trace instance.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ktap.h"

#define TRACEFS		"/sys/kernel/tracing"
#define INSTANCE	TRACEFS "/instances/rknpu_test"
#define GROUP		"rknpu_test"

static const struct probe {
	const char *name, *function, *args;
} probes[] = {
	[TRACE_TO_DEVICE] = { "to_device", "arch_sync_dma_for_device", "addr=%x0:x64 size=%x1:x64 dir=%x2:u32" },
	[TRACE_FROM_DEVICE] = { "from_device", "arch_sync_dma_for_cpu", "addr=%x0:x64 size=%x1:x64 dir=%x2:u32" },
	[TRACE_BEGIN] = { "begin", "dma_buf_begin_cpu_access", "addr=%x0:x64 size=%x0:x64 dir=%x1:u32" },
	[TRACE_INSERT] = { "insert", "vmf_insert_pfn_prot", "addr=%x1:x64 size=%x3:x64 dir=%x2:u32" },
	[TRACE_END] = { "end", "dma_buf_end_cpu_access", "addr=%x0:x64 size=%x0:x64 dir=%x1:u32" },
};

#define PROBES	(sizeof(probes) / sizeof(probes[0]))

static pid_t owner;

static int put(const char *path, const char *text, int flags)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | flags), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

static int put_event(const struct probe *p, const char *file, const char *text)
{
	char path[160];

	snprintf(path, sizeof(path), INSTANCE "/events/" GROUP "/%s/%s", p->name, file);
	return put(path, text, O_TRUNC);
}

static void trace_stop(void)
{
	char text[160];
	size_t i;

	if (owner != getpid())
		return;
	for (i = 0; i < PROBES; i++)
		put_event(&probes[i], "enable", "0");
	rmdir(INSTANCE);
	for (i = 0; i < PROBES; i++) {
		snprintf(text, sizeof(text), "-:" GROUP "/%s", probes[i].name);
		put(TRACEFS "/kprobe_events", text, O_APPEND);
	}
}

void trace_start(void)
{
	char text[160];
	size_t i;
	int ret;

	owner = getpid();
	/* Clean up after a case that was killed */
	trace_stop();
	for (i = 0; i < PROBES; i++) {
		snprintf(text, sizeof(text), "p:" GROUP "/%s %s %s", probes[i].name, probes[i].function, probes[i].args);
		ret = put(TRACEFS "/kprobe_events", text, O_APPEND);
		if (ret)
			SKIP("no probe on %s: %s", probes[i].function, strerror(-ret));
	}
	if (mkdir(INSTANCE, 0700))
		SKIP("no trace instance: %s", strerror(errno));
	snprintf(text, sizeof(text), "common_pid == %d", getpid());
	for (i = 0; i < PROBES; i++)
		if (put_event(&probes[i], "filter", text) || put_event(&probes[i], "enable", "1"))
			SKIP("no trace event %s", probes[i].name);
	put(INSTANCE "/trace", "", O_TRUNC);
	atexit(trace_stop);
}

static void parse(const char *line, struct trace_event *events, size_t max, size_t *count)
{
	unsigned long long addr, size;
	unsigned int dir, i;
	char mark[32];

	for (i = 0; i < PROBES; i++) {
		const char *at, *args = strstr(line, "addr=");

		snprintf(mark, sizeof(mark), " %s: (", probes[i].name);
		at = strstr(line, mark);
		if (!at || !args || sscanf(args, "addr=0x%llx size=0x%llx dir=%u", &addr, &size, &dir) != 3)
			continue;
		if (*count < max)
			events[*count] = (struct trace_event){ i, addr, size, dir };
		++*count;
	}
}

size_t trace_read(struct trace_event *events, size_t max)
{
	FILE *f = fopen(INSTANCE "/trace", "re");
	size_t count = 0;
	char line[512];

	if (!f)
		SKIP("no trace");
	while (fgets(line, sizeof(line), f))
		parse(line, events, max, &count);
	fclose(f);
	put(INSTANCE "/trace", "", O_TRUNC);
	return count;
}
