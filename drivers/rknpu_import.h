/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_IMPORT_H
#define RKNPU_IMPORT_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "rknpu_vm.h"

struct rknpu_mapping;

/**
 * struct rknpu_import_round - buffers of other drivers that are synchronized around one job
 * @mappings: their mappings, with a reference held on each; NULL if there are none.
 * @count: number of mappings.
 */
struct rknpu_import_round {
	struct rknpu_mapping **mappings;
	unsigned int count;
};

int rknpu_import_begin_some(struct rknpu_vm *vm, struct rknpu_import_round *round);
void rknpu_import_end_some(struct rknpu_import_round *round, bool ran);

/**
 * rknpu_import_begin() - hand buffers of other drivers to the NPU
 * @vm: address space of a job that is about to be queued
 * @round: result; must be passed to rknpu_import_end() unless this fails
 *
 * Context: Process context. May sleep. Takes vm->imports_lock. An exporter may wait for other users
 * of its buffer.
 *
 * Return: 0 on success, -ENOMEM if out of memory, or the exporter's errno.
 */
static inline int rknpu_import_begin(struct rknpu_vm *vm, struct rknpu_import_round *round)
{
	*round = (struct rknpu_import_round){};
	return unlikely(READ_ONCE(vm->num_imports)) ? rknpu_import_begin_some(vm, round) : 0;
}

/**
 * rknpu_import_end() - hand buffers of other drivers back to the CPU
 * @round: from rknpu_import_begin()
 * @ran: true if the job has run; otherwise no caches are touched
 *
 * If an exporter refuses, its user would have been refused as well, so the job's result
 * does not change.
 *
 * Context: Process context. May sleep.
 */
static inline void rknpu_import_end(struct rknpu_import_round *round, bool ran)
{
	if (unlikely(round->mappings))
		rknpu_import_end_some(round, ran);
}

#endif /* RKNPU_IMPORT_H */
