/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * A device core dump of the driver: a text, one fact a line.
 */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"

struct rknpu_task;

/* Task descriptors and stretches of stream that one dump can have */
#define DUMP_TASKS	16

/**
 * struct dump - what it says beside memory, which goes into an image
 * @reason, @comm, @kernel, @driver, @soc: texts
 * @pid, @core, @job: numbers
 * @first, @tasks, @done: of the range, its tasks, those that had ended
 * @fault, @fault_write, @faulted: the address that was not mapped
 * @status: what the core showed, as text
 * @shown: index of the first descriptor that it has, of @count
 * @task: the descriptors, little-endian as in memory
 * @cut: it has no end
 * @registers, @mappings, @data: lines of these kinds
 * @unread: blocks that the driver could not show
 */
struct dump {
	char reason[64], comm[32], kernel[80], driver[32], soc[32], status[80];
	uint64_t pid, core, job, first, tasks, done, fault, awaited, shown;
	bool fault_write, faulted, cut;
	unsigned int count;
	struct rknpu_task *task;
	unsigned int registers, mappings, data;
	char unread[80];
};

/* Reads a dump; memory and mappings go to @img. False after a message. */
bool dump_read(struct dump *dump, struct image *img, const char *file);
/* What it says, in words */
void dump_print(const struct dump *dump);

#endif /* DUMP_H */
