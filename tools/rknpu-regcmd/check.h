/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Checks for suspicious contents of a stream. Every kind of finding has a name,
 * which the manual page explains.
 */
#ifndef CHECK_H
#define CHECK_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "segment.h"

struct rknpu_task;

/**
 * enum severity - severity of a finding
 * @NOTE: has no effect
 * @WARNING: allowed, but probably not intended
 * @ERROR: the task does not run, or not as the stream says
 */
enum severity {
	NOTE,
	WARNING,
	ERROR,
	SEVERITIES,
};

/**
 * struct rules - properties of the machine, from the command line
 * @core: number of the core that runs the stream, or -1
 * @scale: words per fetch, 1 or 2
 * @rk356x: streams also write registers that the driver writes on SoCs with several cores, and a block
 *	that other SoCs do not have
 */
struct rules {
	int core;
	unsigned int scale;
	bool rk356x;
};

/** finding - print a finding; @name is its kind, @at the address of the word that caused it */
void finding(enum severity severity, uint64_t at, const char *name, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/** findings - number of findings so far */
unsigned int findings(enum severity severity);

/** check_segment - check a single segment; @img describes the memory */
void check_segment(const struct segment *seg, const struct image *img, const struct rules *rules);
/** check_task - check a descriptor against its segment; @last: it ends the range, so its interrupt mask counts */
void check_task(const struct rknpu_task *task, const struct segment *seg, bool last);

#endif /* CHECK_H */
