/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The rknpu events of a trace, as tracefs and trace-cmd print it.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct span - a job on a core, or time in which a core had power
 * @begin, @end: in seconds; @end is the end of the trace if it had not ended by then
 * @result: 0 or negative errno
 */
struct span {
	unsigned int core;
	double begin, end;
	uint64_t id;
	int pid, result;
	char comm[24];
	bool open;
};

/**
 * struct mark - something that happened at a moment
 * @kind: 'r' reset, 'f' fault, 'a' attached
 */
struct mark {
	char kind;
	unsigned int core;
	double at;
	uint64_t value;
	int pid;
};

struct trace {
	struct span *jobs, *power;
	struct mark *marks;
	size_t num_jobs, num_power, num_marks;
	double begin, end;
	unsigned int cores;
};

/* Reads a file; prints a message and returns false if it cannot be read or has no events of the driver */
bool trace_read(struct trace *t, const char *file);
void trace_free(struct trace *t);

#endif /* TRACE_H */
