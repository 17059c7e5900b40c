// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Reads a trace. After a prefix that depends on tracer and tool, a line has a
 * time in seconds, the name of the event and its fields: "... 12.345678: job_start:
 * id=7 pid=80 comm=demo core=0 tasks=3 vm=2". Lines of other events are skipped.
 */
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CORES 3

/* Append an element; the existing ones may move */
static void *grow(void *list, size_t *count, size_t size)
{
	if (!(*count & (*count + 1)) || !*count) {
		list = reallocarray(list, 2 * (*count + 1), size);
		if (!list) {
			fprintf(stderr, "rknpu-smi: no memory\n");
			exit(1);
		}
	}
	memset((char *)list + *count * size, 0, size);
	++*count;
	return list;
}

static bool field(const char *fields, const char *name, char *value, size_t size)
{
	size_t length = strlen(name);
	const char *at = fields;

	while ((at = strstr(at, name))) {
		if ((at == fields || at[-1] == ' ') && at[length] == '=') {
			const char *end;

			at += length + 1;
			/* The name of a program may contain spaces: it ends where the next field begins */
			end = strcmp(name, "comm") ? at + strcspn(at, "\n ") : strstr(at, " core");
			if (!end)
				return false;
			snprintf(value, size, "%.*s", (int)(end - at), at);
			return true;
		}
		at += length;
	}
	return false;
}

static long long number(const char *fields, const char *name)
{
	char text[32];

	return field(fields, name, text, sizeof(text)) ? strtoll(text, NULL, 0) : -1;
}

/* Find the name of the event and its fields; returns false if the line is not an event of the driver */
static bool split(const char *line, double *at, char *name, const char **fields)
{
	static const char * const names[] = {
		"job_start", "job_end", "core_reset", "mmu_fault", "vm_attach", "power_on", "power_off", "job_queue",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char mark[24];
		const char *where, *begin;

		snprintf(mark, sizeof(mark), ": %s: ", names[i]);
		where = strstr(line, mark);
		if (!where) {
			snprintf(mark, sizeof(mark), " %s: ", names[i]);
			where = strstr(line, mark);
			/* trace-cmd pads with spaces before the name */
			while (where && where > line && where[0] == ' ')
				where--;
			if (!where || *where != ':')
				continue;
		}
		for (begin = where; begin > line && strchr("0123456789.", begin[-1]); begin--)
			;
		*at = strtod(begin, NULL);
		strcpy(name, names[i]);
		*fields = strstr(where, names[i]) + strlen(names[i]) + 1;
		*fields += strspn(*fields, " ");
		return begin < where;
	}
	return false;
}

static struct span *running(struct span *list, size_t count, unsigned int core)
{
	while (count--)
		if (list[count].core == core && list[count].open)
			return &list[count];
	return NULL;
}

static void begin_job(struct trace *t, double at, unsigned int core, const char *fields)
{
	struct span *job;

	t->jobs = grow(t->jobs, &t->num_jobs, sizeof(*t->jobs));
	job = &t->jobs[t->num_jobs - 1];
	job->core = core;
	job->begin = at;
	job->end = at;
	job->open = true;
	job->id = (uint64_t)number(fields, "id");
	job->pid = (int)number(fields, "pid");
	field(fields, "comm", job->comm, sizeof(job->comm));
}

static void end_job(struct trace *t, double at, unsigned int core, const char *fields)
{
	struct span *job = running(t->jobs, t->num_jobs, core);
	double busy = (double)number(fields, "busy_ns") / 1e9;

	/* The job began before the trace did */
	if (!job || job->id != (uint64_t)number(fields, "id")) {
		begin_job(t, at - busy > t->begin ? at - busy : t->begin, core, fields);
		job = &t->jobs[t->num_jobs - 1];
	}
	job->end = at;
	job->open = false;
	job->result = (int)number(fields, "result");
}

static void add_mark(struct trace *t, char kind, double at, unsigned int core, uint64_t value, int pid)
{
	t->marks = grow(t->marks, &t->num_marks, sizeof(*t->marks));
	t->marks[t->num_marks - 1] = (struct mark){ kind, core, at, value, pid };
}

static void switch_power(struct trace *t, double at, unsigned int core, bool on)
{
	struct span *power = running(t->power, t->num_power, core);

	if (!power) {
		t->power = grow(t->power, &t->num_power, sizeof(*t->power));
		power = &t->power[t->num_power - 1];
		power->core = core;
		power->begin = on ? at : t->begin;
	}
	power->end = at;
	power->open = on;
}

static void take(struct trace *t, double at, const char *name, const char *fields)
{
	long long core = number(fields, "core");

	if (!t->cores && !t->num_jobs && !t->num_marks && !t->num_power && t->begin == 0)
		t->begin = at;
	t->end = at > t->end ? at : t->end;
	if (core < 0 || core >= CORES)
		return;
	t->cores |= 1u << core;
	if (!strcmp(name, "job_start"))
		begin_job(t, at, (unsigned int)core, fields);
	else if (!strcmp(name, "job_end"))
		end_job(t, at, (unsigned int)core, fields);
	else if (!strcmp(name, "core_reset"))
		add_mark(t, 'r', at, (unsigned int)core, 0, 0);
	else if (!strcmp(name, "mmu_fault"))
		add_mark(t, 'f', at, (unsigned int)core, (uint64_t)number(fields, "iova"), 0);
	else if (!strcmp(name, "vm_attach"))
		add_mark(t, 'a', at, (unsigned int)core, (uint64_t)number(fields, "vm"), (int)number(fields, "pid"));
	else if (!strncmp(name, "power_", 6))
		switch_power(t, at, (unsigned int)core, name[7] == 'n');
}

static void close_spans(struct span *list, size_t count, double end)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (list[i].open)
			list[i].end = end;
}

bool trace_read(struct trace *t, const char *file)
{
	FILE *f = strcmp(file, "-") ? fopen(file, "re") : stdin;
	char *line = NULL, name[16];
	const char *fields;
	size_t room = 0;
	double at;

	memset(t, 0, sizeof(*t));
	if (!f) {
		fprintf(stderr, "rknpu-smi: %s: %s\n", file, strerror(errno));
		return false;
	}
	while (getline(&line, &room, f) > 0)
		if (line[0] != '#' && split(line, &at, name, &fields))
			take(t, at, name, fields);
	free(line);
	if (f != stdin)
		fclose(f);
	close_spans(t->jobs, t->num_jobs, t->end);
	close_spans(t->power, t->num_power, t->end);
	if (t->cores)
		return true;
	fprintf(stderr, "rknpu-smi: %s: no events of rknpu\n", file);
	trace_free(t);
	return false;
}

void trace_free(struct trace *t)
{
	free(t->jobs);
	free(t->power);
	free(t->marks);
	memset(t, 0, sizeof(*t));
}
