/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Threads for the compute units: struct twin_workers by way of GLib.
 */
#ifndef TWIN_WORKERS_H
#define TWIN_WORKERS_H

#include "compute.h"

#define TWIN_WORKERS_MAX	64

/**
 * twin_workers_create() - start the threads
 * @threads: how many calculate, the one that runs a task included, up to TWIN_WORKERS_MAX; 0 means two, or
 *	one if the host has a single processor
 *
 * The new threads take no signals. Returns NULL if they cannot be started.
 */
struct twin_workers *twin_workers_create(unsigned int threads);

/** twin_workers_destroy() - end the threads; no task may use them any more */
void twin_workers_destroy(struct twin_workers *workers);

#endif /* TWIN_WORKERS_H */
