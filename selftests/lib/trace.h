/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * What the kernel does for the calling process about caches, seen through
 * probes on the functions that do it: a virtual machine has no caches that could
 * be wrong about it.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>
#include <stdint.h>

enum trace_op {
	TRACE_TO_DEVICE,	/* clean */
	TRACE_FROM_DEVICE,	/* invalidate */
	TRACE_BEGIN,		/* dma_buf_begin_cpu_access(), dma_buf_end_cpu_access(): no address */
	TRACE_INSERT,		/* a page comes into a user's mapping: its address there; its protection as size */
	TRACE_END,
};

struct trace_event {
	enum trace_op op;
	uint64_t addr, size;
	unsigned int dir;	/* enum dma_data_direction */
};

/* Skips the case where the kernel has no such probes or does not let us; they go with the case */
void trace_start(void);
/* Events since then or since the last call, at most @max of them stored; all are counted */
size_t trace_read(struct trace_event *events, size_t max);

#endif /* TRACE_H */
