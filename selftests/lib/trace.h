/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Cache maintenance by the kernel for the calling process, observed with probes on
 * the functions that do it: a virtual machine has no caches in which mistakes
 * would be visible.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>
#include <stdint.h>

enum trace_op {
	TRACE_TO_DEVICE,	/* clean */
	TRACE_FROM_DEVICE,	/* invalidate */
	TRACE_BEGIN,		/* dma_buf_begin_cpu_access(), dma_buf_end_cpu_access(): no address */
	TRACE_INSERT,		/* a page is inserted into a user mapping: its address there; its protection as size */
	TRACE_END,
};

struct trace_event {
	enum trace_op op;
	uint64_t addr, size;
	unsigned int dir;	/* enum dma_data_direction */
};

/* Skips the case if the kernel has no such probes or does not permit them; they are removed after the case */
void trace_start(void);
/* Reads events since the start or the last call; at most @max are stored, but all are counted */
size_t trace_read(struct trace_event *events, size_t max);

#endif /* TRACE_H */
