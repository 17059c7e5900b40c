/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Reads the kernel log while a test runs.
 */
#ifndef KLOG_H
#define KLOG_H

#include <stddef.h>

/* Returns a descriptor to read every line from now on, or -errno */
int klog_open(void);
/*
 * Counts lines since the last call that contain @text; @last, if any, receives the last of them. Half a second
 * without a new line passes before it says that there is none.
 */
unsigned int klog_count(int fd, const char *text, char *last, size_t size);

#endif /* KLOG_H */
