/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * What the runtime prints, kept apart from the test's own output.
 */
#ifndef SAID_H
#define SAID_H

#include <stdbool.h>

/* From now on what this process prints is kept; ktap's output goes where it went */
void said_begin(void);
/* No longer. The text is valid until the next said_begin(). */
const char *said_end(void);

/* The runtime's errors in it, as notes */
void said_errors(const char *text);

/* A line in which the runtime refuses a layer by itself, without its time stamp, or NULL */
const char *said_refusal(const char *text);

#endif /* SAID_H */
