// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Buffers mapped in address spaces. Files of one process that use the same
 * buffer share one mapping, because deployed programs expect a single NPU address
 * for it. The mapping is retired when the last of these files closes its last handle
 * (with GEM_OPEN a file can have any number of handles to one buffer). A token
 * refers to a mapping and is useless outside its process.
 *
 * Lock order: bo->lock, then vm->lock. The token table has a lock of its own.
 */
#include "rknpu_mapping.h"

#include <linux/dma-buf.h>
#include <linux/slab.h>

#include "rknpu_bo.h"
#include "rknpu_client.h"
#include "rknpu_trace.h"
#include "rknpu_vm.h"

static void rknpu_mapping_part_put(struct rknpu_mapping *mapping)
{
	if (refcount_dec_and_test(&mapping->parts))
		kfree_rcu(mapping, rcu);
}

static void rknpu_mapping_ended(struct rknpu_mapping_space *space)
{
	rknpu_mapping_part_put(container_of(space, struct rknpu_mapping, space));
}

static void rknpu_mapping_released(struct rknpu_mapping_space *space)
{
	rknpu_mapping_put(container_of(space, struct rknpu_mapping, space));
}

/* True for a buffer of another driver that needs cache maintenance; without either callback it needs none. */
static bool rknpu_mapping_is_import(const struct rknpu_mapping *mapping)
{
	const struct drm_gem_object *obj = &mapping->bo->base;
	const struct dma_buf_ops *ops;

	if (!obj->import_attach)
		return false;
	ops = obj->import_attach->dmabuf->ops;
	return ops->begin_cpu_access || ops->end_cpu_access;
}

/* From now on this buffer is synchronized around each job, see rknpu_import.c. */
static void rknpu_mapping_add_import(struct rknpu_mapping *mapping)
{
	struct rknpu_vm *vm = mapping->space.vm;

	if (!rknpu_mapping_is_import(mapping))
		return;
	mutex_lock(&vm->imports_lock);
	list_add_tail(&mapping->import, &vm->imports);
	WRITE_ONCE(vm->num_imports, vm->num_imports + 1);
	mutex_unlock(&vm->imports_lock);
}

static void rknpu_mapping_remove_import(struct rknpu_mapping *mapping)
{
	struct rknpu_vm *vm = mapping->space.vm;

	if (!rknpu_mapping_is_import(mapping))
		return;
	mutex_lock(&vm->imports_lock);
	list_del(&mapping->import);
	WRITE_ONCE(vm->num_imports, vm->num_imports - 1);
	mutex_unlock(&vm->imports_lock);
}

static struct rknpu_mapping *rknpu_mapping_create_locked(struct rknpu_bo *bo, struct rknpu_client *client,
							 struct rknpu_vm *vm)
{
	unsigned int flags = (bo->pages ? RKNPU_VM_PIECES : RKNPU_VM_PAGELESS) | (bo->aligned ? RKNPU_VM_ALIGNED : 0);
	struct rknpu_mapping *mapping = kzalloc(sizeof(*mapping), GFP_KERNEL_ACCOUNT);
	int ret;

	lockdep_assert_held(&bo->lock);
	if (!mapping)
		return ERR_PTR(-ENOMEM);
	refcount_set(&mapping->ref, 1);
	INIT_LIST_HEAD(&mapping->holds);
	mapping->bo = bo;
	mapping->client = client;
	refcount_set(&mapping->parts, 2);
	mapping->space.released = rknpu_mapping_released;
	mapping->space.ended = rknpu_mapping_ended;
	ret = rknpu_client_charge(client, bo->base.size);
	if (ret)
		goto free_mapping;
	ret = rknpu_vm_map(vm, &mapping->space, bo->sgt, bo->base.size, flags);
	if (ret)
		goto uncharge;
	drm_gem_object_get(&bo->base);
	ret = rknpu_client_token_add(client, &mapping->token);
	if (ret)
		goto unmap;
	list_add_tail(&mapping->node, &bo->mappings);
	rknpu_mapping_add_import(mapping);
	trace_mem_create(pid_nr(client->tgid), vm->id, mapping->space.node.start, bo->base.size);
	return mapping;

unmap:
	rknpu_vm_unmap(&mapping->space);
	/* The caller holds a reference, so this is never the last one. */
	drm_gem_object_put(&bo->base);
uncharge:
	rknpu_client_uncharge(client, bo->base.size);
free_mapping:
	kfree(mapping);
	return ERR_PTR(ret);
}

static void rknpu_mapping_retire(struct rknpu_mapping *mapping)
{
	trace_mem_destroy(pid_nr(mapping->client->tgid), mapping->space.vm->id, mapping->space.node.start,
			  mapping->bo->base.size);
	rknpu_client_token_remove(mapping->client, &mapping->token);
	rknpu_mapping_remove_import(mapping);
	rknpu_client_uncharge(mapping->client, mapping->bo->base.size);
	rknpu_vm_retire(&mapping->space);
}

static struct rknpu_mapping *rknpu_mapping_get_locked(struct rknpu_bo *bo, struct rknpu_client *client,
						      struct rknpu_vm *vm)
{
	struct rknpu_mapping *mapping;

	lockdep_assert_held(&bo->lock);
	list_for_each_entry(mapping, &bo->mappings, node) {
		if (mapping->space.vm == vm)
			return mapping;
	}
	return rknpu_mapping_create_locked(bo, client, vm);
}

static struct rknpu_user *rknpu_mapping_user_find_locked(struct rknpu_bo *bo, const void *file)
{
	struct rknpu_user *user;

	lockdep_assert_held(&bo->lock);
	list_for_each_entry(user, &bo->users, node) {
		if (user->file == file)
			return user;
	}
	return NULL;
}

static struct rknpu_user *rknpu_mapping_user_add_locked(struct rknpu_bo *bo, const void *file)
{
	struct rknpu_user *user = &bo->first_user;

	lockdep_assert_held(&bo->lock);
	if (user->file)
		user = kzalloc(sizeof(*user), GFP_KERNEL_ACCOUNT);
	if (!user)
		return NULL;
	user->file = file;
	list_add_tail(&user->node, &bo->users);
	return user;
}

static void rknpu_mapping_user_remove_locked(struct rknpu_bo *bo, struct rknpu_user *user)
{
	lockdep_assert_held(&bo->lock);
	list_del(&user->node);
	if (user == &bo->first_user)
		user->file = NULL;
	else
		kfree(user);
}

static struct rknpu_hold *rknpu_mapping_hold_find_locked(struct rknpu_mapping *mapping, const void *file)
{
	struct rknpu_hold *hold;

	lockdep_assert_held(&mapping->bo->lock);
	list_for_each_entry(hold, &mapping->holds, node) {
		if (hold->file == file)
			return hold;
	}
	return NULL;
}

static struct rknpu_hold *rknpu_mapping_hold_add_locked(struct rknpu_mapping *mapping, const void *file)
{
	struct rknpu_hold *hold = &mapping->first_hold;

	lockdep_assert_held(&mapping->bo->lock);
	if (hold->file)
		hold = kmalloc(sizeof(*hold), GFP_KERNEL_ACCOUNT);
	if (!hold)
		return NULL;
	hold->file = file;
	list_add_tail(&hold->node, &mapping->holds);
	return hold;
}

static void rknpu_mapping_hold_remove_locked(struct rknpu_mapping *mapping, struct rknpu_hold *hold)
{
	lockdep_assert_held(&mapping->bo->lock);
	list_del(&hold->node);
	if (hold == &mapping->first_hold)
		hold->file = NULL;
	else
		kfree(hold);
}

/**
 * rknpu_mapping_open() - record that a file got another handle to a buffer
 * @bo: the buffer
 * @file: identity of the file; must be balanced by rknpu_mapping_close()
 *
 * Context: Process context. May sleep. Takes bo->lock.
 *
 * Return: 0 on success, -ENOMEM if out of memory.
 */
int rknpu_mapping_open(struct rknpu_bo *bo, const void *file)
{
	struct rknpu_user *user;

	mutex_lock(&bo->lock);
	user = rknpu_mapping_user_find_locked(bo, file) ?: rknpu_mapping_user_add_locked(bo, file);
	if (user)
		user->handles++;
	mutex_unlock(&bo->lock);
	return user ? 0 : -ENOMEM;
}

/**
 * rknpu_mapping_hold() - map a buffer for as long as a file has a handle to it
 * @bo: the buffer; the caller holds a reference
 * @client: client of @file
 * @vm: one of @client's address spaces
 * @file: the file; must be called between rknpu_mapping_open() and rknpu_mapping_close()
 *
 * Context: Process context. May sleep. Takes bo->lock and vm->lock.
 *
 * Return: the mapping, alive until the file's last rknpu_mapping_close(), or ERR_PTR(-ENOMEM) or
 * ERR_PTR(-ENOSPC).
 */
struct rknpu_mapping *rknpu_mapping_hold(struct rknpu_bo *bo, struct rknpu_client *client,
					 struct rknpu_vm *vm, const void *file)
{
	struct rknpu_mapping *mapping;

	mutex_lock(&bo->lock);
	WARN_ON(!rknpu_mapping_user_find_locked(bo, file));
	mapping = rknpu_mapping_get_locked(bo, client, vm);
	/* A new mapping has storage for its first hold, so if this fails the mapping has other holders. */
	if (!IS_ERR(mapping) && !rknpu_mapping_hold_find_locked(mapping, file) &&
	    !rknpu_mapping_hold_add_locked(mapping, file))
		mapping = ERR_PTR(-ENOMEM);
	mutex_unlock(&bo->lock);
	return mapping;
}

/* Moves mappings that no file uses any more to @retire. */
static void rknpu_mapping_drop_locked(struct rknpu_bo *bo, const void *file, struct list_head *retire)
{
	struct rknpu_mapping *mapping, *tmp;
	struct rknpu_hold *hold;

	lockdep_assert_held(&bo->lock);
	list_for_each_entry_safe(mapping, tmp, &bo->mappings, node) {
		hold = rknpu_mapping_hold_find_locked(mapping, file);
		if (!hold)
			continue;
		rknpu_mapping_hold_remove_locked(mapping, hold);
		if (list_empty(&mapping->holds))
			list_move(&mapping->node, retire);
	}
}

/**
 * rknpu_mapping_close() - record that a file closed a handle to a buffer
 * @bo: the buffer
 * @file: the file
 *
 * The last handle also releases the mappings that no other file uses. Jobs submitted
 * before keep the address until they have left the hardware.
 *
 * Context: Process context. May sleep. Takes bo->lock and vm->lock.
 */
void rknpu_mapping_close(struct rknpu_bo *bo, const void *file)
{
	struct rknpu_mapping *mapping, *tmp;
	struct rknpu_user *user;
	LIST_HEAD(retire);

	mutex_lock(&bo->lock);
	user = rknpu_mapping_user_find_locked(bo, file);
	if (!WARN_ON(!user) && !--user->handles) {
		rknpu_mapping_user_remove_locked(bo, user);
		rknpu_mapping_drop_locked(bo, file, &retire);
	}
	mutex_unlock(&bo->lock);
	list_for_each_entry_safe(mapping, tmp, &retire, node)
		rknpu_mapping_retire(mapping);
}

/**
 * rknpu_mapping_find() - look up the mapping that a token refers to
 * @client: the caller's client
 * @token: any value
 *
 * Context: Any context. Takes no lock.
 *
 * Return: the mapping with a reference, or NULL.
 */
struct rknpu_mapping *rknpu_mapping_find(struct rknpu_client *client, u64 token)
{
	struct rknpu_mapping *mapping = NULL;
	struct rknpu_token *found;

	rcu_read_lock();
	found = rknpu_client_token_find(client, token);
	if (found)
		mapping = container_of(found, struct rknpu_mapping, token);
	if (mapping && !refcount_inc_not_zero(&mapping->ref))
		mapping = NULL;
	rcu_read_unlock();
	return mapping;
}

/**
 * rknpu_mapping_put_unless_last() - drop a reference unless it is the last one
 * @mapping: the mapping
 *
 * Context: Any context.
 *
 * Return: true if the reference was dropped; false if it is the last one, which the caller keeps.
 */
bool rknpu_mapping_put_unless_last(struct rknpu_mapping *mapping)
{
	return refcount_dec_not_one(&mapping->ref);
}

/**
 * rknpu_mapping_put() - drop a reference
 * @mapping: the mapping, or NULL
 *
 * Context: Process context. May sleep.
 */
void rknpu_mapping_put(struct rknpu_mapping *mapping)
{
	if (!mapping || !refcount_dec_and_test(&mapping->ref))
		return;
	drm_gem_object_put(&mapping->bo->base);
	rknpu_mapping_part_put(mapping);
}
