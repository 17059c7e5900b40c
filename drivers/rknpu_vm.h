/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_VM_H
#define RKNPU_VM_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/types.h>

#include <drm/drm_mm.h>

struct device;
struct iommu_domain;
struct sg_table;

/*
 * Addresses handed out: never 0, which stands for "no buffer" in many streams,
 * and never the last page, so that address + size never wraps in 32 bits.
 */
#define RKNPU_VM_FIRST	((u64)SZ_4K)
#define RKNPU_VM_END	(SZ_4G - SZ_4K)
#define RKNPU_VM_BYTES	(RKNPU_VM_END - RKNPU_VM_FIRST)

/**
 * enum rknpu_vm_flags - how memory gets an address
 * @RKNPU_VM_PAGELESS: the table has DMA addresses only.
 * @RKNPU_VM_ALIGNED: at a multiple of the power of two that holds it, where there is room for that.
 * @RKNPU_VM_PIECES: the memory is in large aligned pieces; so is its address, where there is room.
 */
enum rknpu_vm_flags {
	RKNPU_VM_PAGELESS = 1 << 0,
	RKNPU_VM_ALIGNED = 1 << 1,
	RKNPU_VM_PIECES = 1 << 2,
};

/**
 * struct rknpu_fault_sink - receiver of IOMMU faults, embedded in the upper floor
 * @fault: an NPU address had no translation or lacked permission. @iommu is the device of the
 *	IOMMU that saw it. Context: hard interrupt.
 */
struct rknpu_fault_sink {
	void (*fault)(struct rknpu_fault_sink *sink, struct device *iommu, u32 iova, bool write);
};

/**
 * struct rknpu_epoch - jobs of one address space between two retirements
 *
 * A mapping that is destroyed while jobs may still use it is retired into the
 * epoch that was current, which then ends. An epoch keeps its successor alive,
 * so it is released when every job submitted up to its end has let go; only
 * then are its mappings taken away. Submitting a job takes no lock for this.
 *
 * @ref: one for each job, one from the predecessor, one while current.
 * @next: successor, kept alive; set once, when the epoch ends.
 * @retired: list of &struct rknpu_mapping_space; vm->lock until the epoch ends, then its own.
 * @rcu: a submit may still look at it.
 */
struct rknpu_epoch {
	struct kref ref;
	struct rknpu_epoch *next;
	struct list_head retired;
	struct rcu_head rcu;
};

/**
 * struct rknpu_vm - one 4 GiB address space of the NPU
 * @ref: client, each mapping, each IOMMU it is attached to.
 * @id: number that no other space ever has. Immutable.
 * @domain: its IOMMU domain; NULL when no IOMMU translates: addresses are physical then. Immutable.
 * @lock: protects @mm, map and unmap, and the change of @epoch. Taken inside client and bo locks.
 * @mm: free and used addresses.
 * @epoch: current epoch; read under RCU, changed under @lock.
 * @resets: counts the owner's reset requests; a core that last ran an older count is reset first.
 * @sink: told about faults. Immutable.
 * @imports_lock: protects @imports. Taken inside bo->lock, never with @lock.
 * @imports: of struct rknpu_mapping: other drivers' cached buffers.
 * @num_imports: how many; read without the lock.
 */
struct rknpu_vm {
	struct kref ref;
	u64 id;
	struct iommu_domain *domain;
	struct mutex lock;
	struct drm_mm mm;
	struct rknpu_epoch __rcu *epoch;
	atomic_t resets;
	struct rknpu_fault_sink *sink;
	struct mutex imports_lock;
	struct list_head imports;
	unsigned int num_imports;
};

/**
 * struct rknpu_mapping_space - the range that something occupies in an address space
 * @node: range, bytes; start is the NPU address. vm->lock.
 * @vm: the address space, kept alive. Immutable.
 * @spare: epoch to begin when this one is retired, so that retiring cannot fail.
 * @retired: entry of an epoch's list.
 * @released: called once the range is unmapped. Context: may sleep; no lock is held.
 */
struct rknpu_mapping_space {
	struct drm_mm_node node;
	struct rknpu_vm *vm;
	struct rknpu_epoch *spare;
	struct list_head retired;
	void (*released)(struct rknpu_mapping_space *space);
};

struct rknpu_vm *rknpu_vm_create(struct device *dev, struct rknpu_fault_sink *sink);
struct rknpu_vm *rknpu_vm_get(struct rknpu_vm *vm);
void rknpu_vm_put(struct rknpu_vm *vm);

int rknpu_vm_map(struct rknpu_vm *vm, struct rknpu_mapping_space *space, struct sg_table *sgt,
		 size_t bytes, unsigned int flags);
void rknpu_vm_unmap(struct rknpu_mapping_space *space);
void rknpu_vm_retire(struct rknpu_mapping_space *space);

struct rknpu_epoch *rknpu_vm_epoch_get(struct rknpu_vm *vm);
bool rknpu_vm_epoch_put_unless_last(struct rknpu_epoch *epoch);
void rknpu_vm_epoch_put(struct rknpu_epoch *epoch);

#endif /* RKNPU_VM_H */
