// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Caches of other drivers' buffers. The closed runtime synchronizes them by an ioctl on
 * the dma-buf that only the vendor's kernel has, and ignores that every other one refuses it
 * [seen: librknnrt 1.5.2, 0x40106202]; open programs forget it as easily. So what an address
 * space has of such buffers is synchronized around each job: a command stream may name any of
 * them. A buffer whose user asks for MEM_SYNC is left to its user from then on. Address spaces
 * without imports pay one read.
 */
#include "rknpu_import.h"

#include <linux/dma-buf.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>

#include "rknpu_gem.h"
#include "rknpu_mapping.h"
#include "rknpu_vm.h"

static bool rknpu_sync_imports = true;
module_param_named(sync_imports, rknpu_sync_imports, bool, 0644);
MODULE_PARM_DESC(sync_imports, "Synchronize other drivers' buffers around each job (default: true)");

/* An exporter without either keeps no caches. */
static bool rknpu_import_cached(const struct rknpu_bo *bo)
{
	const struct dma_buf_ops *ops;

	if (!bo->base.import_attach)
		return false;
	ops = bo->base.import_attach->dmabuf->ops;
	return ops->begin_cpu_access || ops->end_cpu_access;
}

/**
 * rknpu_import_add() - a buffer got an address
 * @mapping: of any buffer
 *
 * Context: may sleep; takes vm->imports_lock.
 */
void rknpu_import_add(struct rknpu_mapping *mapping)
{
	struct rknpu_vm *vm = mapping->space.vm;

	if (!rknpu_import_cached(mapping->bo))
		return;
	mutex_lock(&vm->imports_lock);
	list_add_tail(&mapping->import, &vm->imports);
	WRITE_ONCE(vm->num_imports, vm->num_imports + 1);
	mutex_unlock(&vm->imports_lock);
}

/**
 * rknpu_import_remove() - a buffer loses its address
 * @mapping: of any buffer, once given to rknpu_import_add()
 *
 * Context: may sleep; takes vm->imports_lock.
 */
void rknpu_import_remove(struct rknpu_mapping *mapping)
{
	struct rknpu_vm *vm = mapping->space.vm;

	if (!rknpu_import_cached(mapping->bo))
		return;
	mutex_lock(&vm->imports_lock);
	list_del(&mapping->import);
	WRITE_ONCE(vm->num_imports, vm->num_imports - 1);
	mutex_unlock(&vm->imports_lock);
}

/* Those of the moment, kept alive. */
static int rknpu_import_collect(struct rknpu_vm *vm, struct rknpu_import_round *round)
{
	struct rknpu_mapping *mapping;
	int ret = 0;

	mutex_lock(&vm->imports_lock);
	round->mappings = kvmalloc_array(vm->num_imports, sizeof(*round->mappings), GFP_KERNEL_ACCOUNT);
	if (round->mappings) {
		list_for_each_entry(mapping, &vm->imports, import) {
			if (!READ_ONCE(mapping->bo->user_syncs) && refcount_inc_not_zero(&mapping->ref))
				round->mappings[round->count++] = mapping;
		}
	} else if (vm->num_imports) {
		ret = -ENOMEM;
	}
	mutex_unlock(&vm->imports_lock);
	return ret;
}

/* All of them: what one exporter refuses is no reason to leave the others' buffers as they are. The first error. */
static int rknpu_import_sync(struct rknpu_import_round *round, bool to_device)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < round->count; i++) {
		struct rknpu_bo *bo = round->mappings[i]->bo;
		int err = rknpu_gem_sync(bo, 0, bo->base.size, to_device, !to_device);

		if (!ret)
			ret = err;
	}
	return ret;
}

/**
 * rknpu_import_begin() - give other drivers' buffers to the NPU
 * @vm: address space of a job that is about to be pushed
 * @round: filled; rknpu_import_end() is owed for it unless this fails
 *
 * Context: may sleep; takes vm->imports_lock; an exporter may wait for whoever else uses its buffer.
 *
 * Return: 0; -ENOMEM; the exporter's errno.
 */
int rknpu_import_begin(struct rknpu_vm *vm, struct rknpu_import_round *round)
{
	int ret;

	*round = (struct rknpu_import_round){ };
	if (likely(!READ_ONCE(vm->num_imports)) || !READ_ONCE(rknpu_sync_imports))
		return 0;
	ret = rknpu_import_collect(vm, round);
	if (!ret)
		ret = rknpu_import_sync(round, true);
	if (ret)
		rknpu_import_end(round, false);
	return ret;
}

/**
 * rknpu_import_end() - take other drivers' buffers back
 * @round: from rknpu_import_begin()
 * @ran: the job has ended; else the caches are left alone
 *
 * What an exporter refuses here it has refused its user as well: the job's result does not
 * change. Context: may sleep.
 */
void rknpu_import_end(struct rknpu_import_round *round, bool ran)
{
	unsigned int i;

	if (ran)
		rknpu_import_sync(round, false);
	for (i = 0; i < round->count; i++)
		rknpu_mapping_put(round->mappings[i]);
	kvfree(round->mappings);
}
