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
 * struct rknpu_hold - use of a mapping by one file; protected by bo->lock
 * @node: entry in mapping->holds.
 * @file: identity of the file, never dereferenced; NULL if the hold is not in use.
 */
struct rknpu_hold {
	struct list_head node;
	const void *file;
};

/**
 * struct rknpu_mapping - a buffer mapped in an address space; a token refers to one of these
 * @ref: one for all files that use the mapping, one for each job that reads descriptors from it.
 * @parts: 2, less one without @ref, less one after the epoch that its destruction began; freed at 0.
 * @space: its range.
 * @bo: the buffer; holds a reference. Immutable.
 * @client: owner of the address space. Valid while a file holds the mapping.
 * @token: number by which the client finds the mapping. Immutable.
 * @node: entry in bo->mappings; protected by bo->lock.
 * @holds: list of &struct rknpu_hold; protected by bo->lock.
 * @first_hold: storage for one hold, usually the only one; protected by bo->lock.
 * @import: entry in vm->imports if the buffer is a cached one of another driver; protected by
 *	vm->imports_lock.
 * @rcu: defers the free, because a lookup of its token or of the epoch may still see it.
 */
struct rknpu_mapping {
	refcount_t ref;
	refcount_t parts;
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
