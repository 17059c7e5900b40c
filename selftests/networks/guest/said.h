/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Captures the runtime's output, separately from the test's own output.
 */
#ifndef SAID_H
#define SAID_H

#include <stdbool.h>

/* Starts capturing the output of this process, except ktap's */
void said_begin(void);
/* Stops capturing. The text is valid until the next said_begin(). */
const char *said_end(void);

/* Prints the runtime's errors in it as notes */
void said_errors(const char *text);

/* Returns a line in which the runtime itself refuses a layer, without the time stamp, or NULL */
const char *said_refusal(const char *text);

#endif /* SAID_H */
