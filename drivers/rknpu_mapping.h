/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_MAPPING_H
#define RKNPU_MAPPING_H

#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/types.h>

#include "rknpu_client.h"
#include "rknpu_vm.h"

struct rknpu_bo;

/**
 * struct rknpu_hold - one file that uses a mapping; bo->lock
 * @node: entry of mapping->holds.
 * @file: identity only, never followed; NULL of one that is not in use.
 */
struct rknpu_hold {
	struct list_head node;
	const void *file;
};

/**
 * struct rknpu_mapping - a buffer in an address space; what a token stands for
 * @ref: held by the files that use it (together one) and by each job that reads descriptors from it.
 * @space: its range.
 * @bo: the buffer, reference held. Immutable.
 * @client: whose address space it is. Valid while a file holds the mapping.
 * @token: number under which the client finds it. Immutable.
 * @node: entry of bo->mappings; bo->lock.
 * @holds: of &struct rknpu_hold; bo->lock.
 * @first_hold: memory for one of them, mostly the only one; bo->lock.
 * @import: entry of vm->imports, if the buffer is another driver's and cached; vm->imports_lock.
 * @rcu: a token look-up may still see it.
 */
struct rknpu_mapping {
	refcount_t ref;
	struct rknpu_mapping_space space;
	struct rknpu_bo *bo;
	struct rknpu_client *client;
	struct rknpu_token token;
	struct list_head node;
	struct list_head holds;
	struct rknpu_hold first_hold;
	struct list_head import;
	struct rcu_head rcu;
};

struct rknpu_mapping *rknpu_mapping_hold(struct rknpu_bo *bo, struct rknpu_client *client,
					 struct rknpu_vm *vm, const void *file);
int rknpu_mapping_open(struct rknpu_bo *bo, const void *file);
void rknpu_mapping_close(struct rknpu_bo *bo, const void *file);
struct rknpu_mapping *rknpu_mapping_find(struct rknpu_client *client, u64 token);
bool rknpu_mapping_put_unless_last(struct rknpu_mapping *mapping);
void rknpu_mapping_put(struct rknpu_mapping *mapping);

#endif /* RKNPU_MAPPING_H */
