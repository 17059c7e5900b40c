// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Cache maintenance for buffers of other drivers. The closed runtime synchronizes them
 * with an ioctl on the dma-buf that only the vendor's kernel has, and ignores the error on
 * every other kernel [seen: librknnrt 1.5.2, 0x40106202]; open programs forget it just as
 * easily. A command stream may name any buffer of its address space, so all imported buffers
 * of the space are synchronized around each job. Once a user calls MEM_SYNC on a buffer,
 * synchronizing that buffer is left to the user. An address space without imports pays for
 * one read.
 *
 * Which of them the job has written is not known either, so all are invalidated at its end,
 * including those that the CPU fills meanwhile, for example with the next frame of a camera.
 * Therefore they are cleaned before. What is lost is only what the CPU writes between these
 * two steps; no exporter offers a single one.
 */
#include "rknpu_import.h"

#include <linux/dma-buf.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>

#include "rknpu_bo.h"
#include "rknpu_mapping.h"
#include "rknpu_vm.h"

static bool rknpu_sync_imports = true;
module_param_named(sync_imports, rknpu_sync_imports, bool, 0644);
MODULE_PARM_DESC(sync_imports, "Synchronize other drivers' buffers around each job (default: true)");

/* Takes references to the imports that are mapped now. */
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

/*
 * Makes the CPU's writes visible to the NPU and, if @from_device, then the NPU's to the CPU.
 * Synchronizes all of them even if an exporter refuses, because the other buffers still need it. Returns
 * the first error.
 */
static int rknpu_import_sync(struct rknpu_import_round *round, bool from_device)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < round->count; i++) {
		struct rknpu_bo *bo = round->mappings[i]->bo;
		int err = rknpu_bo_sync(bo, 0, bo->base.size, true, from_device);

		if (!ret)
			ret = err;
	}
	return ret;
}

/**
 * rknpu_import_begin_some() - rknpu_import_begin() in an address space with imports
 * @vm: same as there
 * @round: empty
 *
 * Return: same as there.
 */
int rknpu_import_begin_some(struct rknpu_vm *vm, struct rknpu_import_round *round)
{
	int ret;

	if (!READ_ONCE(rknpu_sync_imports))
		return 0;
	ret = rknpu_import_collect(vm, round);
	if (!ret)
		ret = rknpu_import_sync(round, false);
	if (ret)
		rknpu_import_end(round, false);
	return ret;
}

/**
 * rknpu_import_end_some() - rknpu_import_end() of a round that is not empty
 * @round: same as there
 * @ran: same as there
 */
void rknpu_import_end_some(struct rknpu_import_round *round, bool ran)
{
	unsigned int i;

	if (ran)
		rknpu_import_sync(round, true);
	for (i = 0; i < round->count; i++)
		rknpu_mapping_put(round->mappings[i]);
	kvfree(round->mappings);
}
