/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The kernel's fault injection for one thread: its n-th allocation or copy from
 * or to user memory from now on fails, no matter which code makes it.
 */
#ifndef FAILNTH_H
#define FAILNTH_H

#include <stdbool.h>

/* Skips the case if the kernel does not support it */
void failnth_need(void);
void failnth_arm(unsigned int n);
/* Disarms; returns true if the n-th call was reached, and failed */
bool failnth_fired(void);

#endif /* FAILNTH_H */
