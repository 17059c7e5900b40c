// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Addresses without a translation: which core was it, and how it is kept for its recovery.
 *
 * The IOMMU driver acknowledges a fault and the master tries again, so the line would
 * interrupt forever. Therefore the fault handler disables the core's line, and recovery
 * enables it once the core has been reset.
 */
#include "rknpu_fault.h"

#include <linux/bitops.h>
#include <linux/jiffies.h>

#include "rknpu_core.h"
#include "rknpu_hw.h"
#include "rknpu_job.h"
#include "rknpu_mmu.h"
#include "rknpu_owner.h"
#include "rknpu_power.h"
#include "rknpu_run.h"
#include "rknpu_sched.h"
#include "rknpu_slot.h"
#include "rknpu_trace.h"
#include "rknpu_vm.h"

static void rknpu_fault_blame_locked(struct rknpu_slot *slot, u32 iova, bool write)
{
	lockdep_assert_held(&slot->sched->lock);
	slot->faulted = true;
	slot->fault_iova = iova;
	slot->fault_write = write;
	slot->sched->counts.faults++;
	trace_mmu_fault(slot->index, slot->job ? slot->job->id : 0, iova, write);
	rknpu_core_irq_disable_nosync(slot->core);
	rknpu_run_watch_locked(slot, jiffies);
}

/*
 * Takes a core without a job for its recovery. Returns false if the core is about to be reset
 * or to lose power anyway, which also ends its fault.
 */
static bool rknpu_fault_seize_locked(struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	if (slot->state != RKNPU_SLOT_IDLE)
		return true;
	if (slot->sched->stopping || slot->sched->suspended || !rknpu_power_get_if_on(slot->core->power))
		return false;
	rknpu_owner_set_state_locked(slot, rknpu_slot_shared(slot) ? RKNPU_SLOT_STALLED : RKNPU_SLOT_RECOVERING);
	return true;
}

/* Returns the cores that may have caused a fault: running ones, and those where a stream continued after its job. */
static unsigned long rknpu_fault_suspects_locked(const struct rknpu_sched *sched, struct device *iommu)
{
	unsigned long running = 0, guilty = 0;
	struct rknpu_hw_state state;
	unsigned int core;

	lockdep_assert_held(&sched->lock);
	for (core = 0; core < RKNPU_MAX_CORES; core++) {
		const struct rknpu_slot *slot = &sched->slots[core];

		if (!slot->core || slot->faulted || !rknpu_mmu_is(slot->mmu, iommu) || !READ_ONCE(slot->core->powered))
			continue;
		if (slot->state == RKNPU_SLOT_RUNNING)
			running |= BIT(core);
		else if (slot->state != RKNPU_SLOT_IDLE)
			continue;
		rknpu_hw_read_state(&slot->core->hw, &state);
		if (rknpu_hw_dma_failed(&state))
			guilty |= BIT(core);
	}
	return guilty ?: running;
}

/**
 * rknpu_fault_handle() - handle an address of a job that had no translation
 * @sink: sink of the scheduler
 * @iommu: the IOMMU that reported it
 * @iova: the address
 * @write: true for a write, false for a read
 *
 * Behind a shared IOMMU the guilty core is the one that saw its access fail. If no core
 * reports that, all cores that run behind it are suspects, because the fault would recur
 * forever. The same goes for a core whose job has ended: a stream may continue after the
 * event that its client named.
 *
 * Context: Hard IRQ context of the IOMMU, on the line that it shares with a core.
 */
void rknpu_fault_handle(struct rknpu_fault_sink *sink, struct device *iommu, u32 iova, bool write)
{
	struct rknpu_sched *sched = container_of(sink, struct rknpu_sched, sink);
	unsigned long guilty, flags;
	unsigned int core;

	spin_lock_irqsave(&sched->lock, flags);
	guilty = rknpu_fault_suspects_locked(sched, iommu);
	for_each_set_bit(core, &guilty, RKNPU_MAX_CORES) {
		if (rknpu_fault_seize_locked(&sched->slots[core]))
			rknpu_fault_blame_locked(&sched->slots[core], iova, write);
	}
	spin_unlock_irqrestore(&sched->lock, flags);
}
