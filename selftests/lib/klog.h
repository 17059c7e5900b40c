/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * What the kernel logs while a test runs.
 */
#ifndef KLOG_H
#define KLOG_H

#include <stddef.h>

/* A descriptor that sees every line from now on, or -errno */
int klog_open(void);
/* Lines since the last call that contain @text; @last, if any, gets the last of them */
unsigned int klog_count(int fd, const char *text, char *last, size_t size);

#endif /* KLOG_H */
