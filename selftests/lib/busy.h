/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Jobs of all kinds at once, for tests of what may happen to the device meanwhile.
 */
#ifndef BUSY_H
#define BUSY_H

#include <stdbool.h>
#include <stdint.h>

#include "foreign.h"
#include "matmul.h"
#include "soc.h"

#define BUSY_SLACK_MS	5000

/* Skips the case without the twin, a bound device or the right to unbind it */
void busy_setup(void);
/* ROUNDS in the environment, or @usual */
unsigned int busy_rounds(unsigned int usual);
/* Name of the @n-th core's device; trees with one device for all cores always have that one */
const char *busy_device(unsigned int n);
/* Waits until @core has accepted more starts than @before */
void busy_wait_for_kick(unsigned int core, uint32_t before);

/*
 * On each core a running and a queued job; one that is queued when the first core's running one ends; a
 * gang; one that waits for another driver, and one that waits for it
 */
struct busy {
	struct matmul mm;
	struct foreign input;
	int running[NPU_CORES], queued[NPU_CORES], after, gang, waiting, dependent;
};

/* Starts them on file @fd; those that run take @run_us microseconds more than they should */
void busy_begin(struct busy *w, int fd, uint32_t run_us);
/* Expects that all end with @want, 0 or -errno, and releases all but @mm */
void busy_end(struct busy *w, int want);

/* Each core computes a correct product, on file @fd or on a new one */
void busy_works(int fd);
void busy_works_anew(void);

/* power/control "on" keeps an idle NPU and its IOMMUs from going off, as some distributions' rules for power do */
void busy_stay_on(bool on);

#endif /* BUSY_H */
