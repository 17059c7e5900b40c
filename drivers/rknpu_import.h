/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_IMPORT_H
#define RKNPU_IMPORT_H

#include <linux/types.h>

struct rknpu_mapping;
struct rknpu_vm;

/**
 * struct rknpu_import_round - buffers of other drivers that are synchronized around one job
 * @mappings: their mappings, with a reference held on each; NULL if there are none.
 * @count: number of mappings.
 */
struct rknpu_import_round {
	struct rknpu_mapping **mappings;
	unsigned int count;
};

int rknpu_import_begin(struct rknpu_vm *vm, struct rknpu_import_round *round);
void rknpu_import_end(struct rknpu_import_round *round, bool ran);

#endif /* RKNPU_IMPORT_H */
