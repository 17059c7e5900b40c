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
 * Range that addresses are allocated from. It excludes address 0, which means "no buffer" in many
 * streams, and the last page, so address + size never wraps in 32 bits.
 */
#define RKNPU_VM_FIRST ((u64)SZ_4K)
#define RKNPU_VM_END (SZ_4G - SZ_4K)
#define RKNPU_VM_BYTES (RKNPU_VM_END - RKNPU_VM_FIRST)

/**
 * enum rknpu_vm_flags - how to map memory into an address space
 * @RKNPU_VM_PAGELESS: only the DMA addresses of the sg_table are valid; it has no pages.
 * @RKNPU_VM_ALIGNED: align the address to the size rounded up to a power of two, if such a range is free.
 * @RKNPU_VM_PIECES: the memory consists of large aligned pieces; align the address to match, if such a
 *	range is free.
 */
enum rknpu_vm_flags {
	RKNPU_VM_PAGELESS = 1 << 0,
	RKNPU_VM_ALIGNED = 1 << 1,
	RKNPU_VM_PIECES = 1 << 2,
};

/**
 * struct rknpu_fault_sink - receiver of IOMMU faults, embedded in the upper floor
 * @fault: called when an NPU address had no translation or lacked permission. @iommu is the device
 *	of the IOMMU that reported it. Context: Hard IRQ context.
 */
struct rknpu_fault_sink {
	void (*fault)(struct rknpu_fault_sink *sink, struct device *iommu, u32 iova, bool write);
};

/**
 * struct rknpu_epoch - jobs of one address space between two retirements
 *
 * A mapping that is destroyed while jobs may still use it is retired into the
 * current epoch, and that epoch ends. An epoch keeps its successor alive, so it
 * is released only when every job submitted before its end has dropped its
 * reference. Its mappings are unmapped then. Submitting a job takes no lock for
 * this.
 *
 * @ref: one for each job, one from the predecessor, one while it is the current epoch.
 * @next: successor, kept alive by a reference; set once, when the epoch ends.
 * @retired: list of &struct rknpu_mapping_space. Protected by vm->lock until the epoch ends; after
 *	that only the release touches it.
 * @space: range that it is the @next_epoch of, NULL for the first epoch of an address space. Immutable.
 * @rcu: defers the free of a first epoch, because a submit may still look at it.
 */
struct rknpu_epoch {
	struct kref ref;
	struct rknpu_epoch *next;
	struct list_head retired;
	struct rknpu_mapping_space *space;
	struct rcu_head rcu;
};

/**
 * struct rknpu_vm - one 4 GiB address space of the NPU
 * @ref: held by the client, each mapping and each IOMMU that the space is attached to.
 * @id: unique number, never reused. Immutable.
 * @domain: its IOMMU domain; NULL without an IOMMU, where addresses are physical. Immutable.
 * @lock: protects @mm, map and unmap, and the change of @epoch. Taken inside client and bo locks.
 * @mm: free and used addresses.
 * @epoch: current epoch; read under RCU, changed under @lock.
 * @resets: number of resets that the owner has requested; a core that last ran with a smaller number is
 *	reset before its next job.
 * @sink: receives faults. Immutable.
 * @imports_lock: protects @imports. Taken inside bo->lock, never together with @lock.
 * @imports: list of struct rknpu_mapping: cached buffers of other drivers.
 * @num_imports: length of @imports; may be read without the lock.
 * @num_queued: number of jobs in it that wait for a core; sched->lock.
 * @entity: what the scheduler keeps for its client; only valid while @num_queued is not 0; sched->lock.
 * @queued: entry in the queue's table while @num_queued is not 0; sched->lock.
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
	unsigned int num_queued;
	struct rknpu_entity *entity;
	struct hlist_node queued;
};

/**
 * struct rknpu_mapping_space - a range in an address space
 * @node: the range in bytes; start is the NPU address. Protected by vm->lock.
 * @vm: the address space; holds a reference. Immutable.
 * @next_epoch: epoch that begins when this range is retired; part of it, so retiring cannot fail.
 * @retired: entry in an epoch's list.
 * @released: called once the range is unmapped. Context: May sleep. No locks are held.
 * @ended: called once @next_epoch has ended as well, as the last use of this structure. Its memory must
 *	remain for an RCU grace period, because a submit may still look at the epoch. Context: same.
 */
struct rknpu_mapping_space {
	struct drm_mm_node node;
	struct rknpu_vm *vm;
	struct rknpu_epoch next_epoch;
	struct list_head retired;
	void (*released)(struct rknpu_mapping_space *space);
	void (*ended)(struct rknpu_mapping_space *space);
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
