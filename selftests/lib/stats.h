/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The driver's statistics in sysfs, and the vendor driver's files in debugfs.
 */
#ifndef STATS_H
#define STATS_H

#include <stddef.h>
#include <stdint.h>

struct matmul;

#define STATS_VENDOR	"/sys/kernel/debug/rknpu/"

/* Opens the render node, for stats_read(), and sets up a small product to compute; returns the descriptor */
int stats_open(struct matmul *mm);
/* Their directory, with a slash at the end */
const char *stats_dir(void);
/* Reads the text of one; returns 0 or -errno */
int stats_read(const char *name, char *text, size_t size);
/* Reads the value of one; a file with anything other than one number fails the case */
uint64_t stats_number(const char *name);
/* Same for the vendor driver's files */
int stats_read_vendor(const char *name, char *text, size_t size);
int stats_write_vendor(const char *name, const char *text);

#endif /* STATS_H */
