// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: in place of workers.c: threads that leave out the shared loop number $LEAVE_OUT of a task, from 1 on, so
 * that the comparison of results has something to find.
 */
#include <stdlib.h>

#include "workers/workers.h"

static unsigned long loops;

static void run(void *opaque, void (*part)(void *arg, unsigned int thread), void *arg)
{
	const char *which = getenv("LEAVE_OUT");

	(void)opaque;
	if (!which || ++loops != strtoul(which, NULL, 10))
		part(arg, 0);
}

struct twin_workers *twin_workers_create(unsigned int threads)
{
	static struct twin_workers workers = { .run = run, .least = 1u << 20 };

	workers.threads = threads;
	return &workers;
}

void twin_workers_destroy(struct twin_workers *workers)
{
	(void)workers;
}
