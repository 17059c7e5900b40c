/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The driver's numbers in sysfs, and the vendor driver's files in debugfs.
 */
#ifndef STATS_H
#define STATS_H

#include <stddef.h>
#include <stdint.h>

struct matmul;

#define STATS_VENDOR	"/sys/kernel/debug/rknpu/"

/* Opens the render node, whose numbers stats_read() gives from then on; with it a small product to compute. The descriptor. */
int stats_open(struct matmul *mm);
/* Where they are, with a slash at the end */
const char *stats_dir(void);
/* The text of one: 0 or -errno */
int stats_read(const char *name, char *text, size_t size);
/* Its value; a file that holds anything else than one number fails the case */
uint64_t stats_number(const char *name);
/* The vendor driver's files likewise */
int stats_read_vendor(const char *name, char *text, size_t size);
int stats_write_vendor(const char *name, const char *text);

#endif /* STATS_H */
