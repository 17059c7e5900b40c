/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * A device core dump of the driver: text with one fact per line.
 */
#ifndef DUMP_H
#define DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "image.h"

struct rknpu_task;

/* Maximum number of task descriptors and of parts of the stream in one dump */
#define DUMP_TASKS	16

/**
 * struct dump - contents of a dump except memory, which is stored in an image
 * @reason, @comm, @kernel, @driver, @soc: texts
 * @pid, @core, @job: numbers
 * @first, @tasks, @done: first task of the range, number of tasks, number of those that had ended
 * @fault, @fault_write, @faulted: the address that was not mapped
 * @status: status of the core, as text
 * @shown: index of the first of @count descriptors in the dump
 * @task: the descriptors, little-endian as in memory
 * @cut: the end of the dump is missing
 * @registers, @mappings, @data: number of lines of these kinds
 * @unread: blocks that the driver could not read
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

/* Reads a dump; memory and mappings are added to @img. Prints a message and returns false on error. */
bool dump_read(struct dump *dump, struct image *img, const char *file);
/* Prints a summary of the dump */
void dump_print(const struct dump *dump);

#endif /* DUMP_H */
