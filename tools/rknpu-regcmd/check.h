/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * What is suspicious about a stream. Every kind of finding has a name, which the
 * manual page explains.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "segment.h"

struct rknpu_task;

/**
 * enum severity - how sure it is
 * @NOTE: has no consequence
 * @WARNING: allowed, but hardly meant
 * @ERROR: the task does not run, or not as the stream says
 */
enum severity {
	NOTE,
	WARNING,
	ERROR,
	SEVERITIES,
};

/**
 * struct rules - what the caller of the program told about the machine
 * @core: number of the core that runs the stream, or -1
 * @scale: words per fetch, 1 or 2
 * @rk356x: its streams write what a driver of several cores writes, and a block that others lack
 */
struct rules {
	int core;
	unsigned int scale;
	bool rk356x;
};

/** finding - print one; @name is its kind, @at the address of the word that it is about */
void finding(enum severity severity, uint64_t at, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/** findings - how many there were */
unsigned int findings(enum severity severity);

/** check_segment - all that one segment shows; @img says what memory there is */
void check_segment(const struct segment *seg, const struct image *img, const struct rules *rules);
/** check_task - a descriptor against its segment; @last: it ends the range, so its interrupt mask counts */
void check_task(const struct rknpu_task *task, const struct segment *seg, bool last);

#endif /* CHECK_H */
