/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * TAP lines on standard output.
 */
#ifndef TWIN_COMPUTE_TAP_H
#define TWIN_COMPUTE_TAP_H

#include <stdbool.h>

__attribute__((format(printf, 2, 3))) void tap_ok(bool ok, const char *name, ...);
__attribute__((format(printf, 1, 2))) void tap_note(const char *text, ...);
int tap_done(void);	/* prints the plan; returns the exit status of the program */

#endif /* TWIN_COMPUTE_TAP_H */
