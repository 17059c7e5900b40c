// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: What happens to a job that does not end by itself: an IOMMU fault, a
 * time-out, a start that was lost, a client's reset request, removal of the
 * device. The guilty core is reset and its IOMMU programmed again; no other core
 * notices. All of it runs on the scheduler's ordered worker, so it never races
 * with the preparation of a core.
 *
 * The IOMMU driver acknowledges a fault and the master tries again: the line
 * would interrupt for ever. So the fault handler switches the core's line off,
 * and recovery switches it on when the core has been reset.
 */
#include "rknpu_recover.h"

#include <linux/device.h>
#include <linux/interrupt.h>
#include <linux/jiffies.h>
#include <linux/pid.h>

#include "rknpu_client.h"
#include "rknpu_core.h"
#include "rknpu_job.h"
#include "rknpu_mmu.h"
#include "rknpu_sched.h"
#include "rknpu_vm.h"

/**
 * rknpu_slot_clean() - reset the core and take its address space away
 * @slot: powered; no job runs, or the one that does is given up
 *
 * Order matters: the reset wipes the IOMMU's banks, and detaching a bank whose
 * master is stuck makes the IOMMU driver's stall request time out. Context: worker.
 *
 * Return: 0; the reset's error, and the core is not used again.
 */
int rknpu_slot_clean(struct rknpu_slot *slot)
{
	struct rknpu_core *core = slot->core;
	struct rknpu_vm *vm;
	int ret;

	ret = rknpu_core_reset(core);
	vm = rknpu_mmu_detach(slot->mmu);
	/* A fault handler may still be looking at the space. */
	synchronize_irq(core->irq);
	rknpu_vm_put(vm);
	if (ret) {
		dev_err(core->dev, "reset failed: %d; the core is not used any more\n", ret);
		slot->state = RKNPU_SLOT_DEAD;
	}
	return ret;
}

static struct rknpu_slot *rknpu_recover_slot_of(struct rknpu_sched *sched, const struct device *iommu)
{
	unsigned int i;

	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (sched->slots[i].core && rknpu_mmu_is(sched->slots[i].mmu, iommu))
			return &sched->slots[i];
	}
	return NULL;
}

/**
 * rknpu_recover_fault() - an address of a job had no translation
 * @sink: of the scheduler
 * @iommu: who saw it
 * @iova: the address
 * @write: what was tried
 *
 * Context: hard interrupt of the IOMMU, on the line that the core shares.
 */
void rknpu_recover_fault(struct rknpu_fault_sink *sink, struct device *iommu, u32 iova, bool write)
{
	struct rknpu_sched *sched = container_of(sink, struct rknpu_sched, sink);
	struct rknpu_slot *slot = rknpu_recover_slot_of(sched, iommu);
	unsigned long flags;

	if (!slot)
		return;
	spin_lock_irqsave(&sched->lock, flags);
	if (slot->state == RKNPU_SLOT_RUNNING && !slot->faulted) {
		slot->faulted = true;
		slot->fault_iova = iova;
		slot->fault_write = write;
		disable_irq_nosync(slot->core->irq);
		mod_delayed_work(sched->wq, &slot->watchdog, 0);
	}
	spin_unlock_irqrestore(&sched->lock, flags);
}

/* Why the running job must go: 0 = it need not, *delay says when to look again. */
static int rknpu_recover_verdict_locked(struct rknpu_slot *slot, const struct rknpu_hw_state *state,
					unsigned long *delay)
{
	struct rknpu_job *job = slot->job;

	if (slot->faulted)
		return -EIO;
	if (job->cancelled)
		return -ECANCELED;
	if (time_after_eq(jiffies, slot->deadline))
		return -ETIMEDOUT;
	*delay = slot->deadline - jiffies;
	if (job->retried)
		return 0;
	if (*delay > job->timeout / 2) {
		*delay -= job->timeout / 2;
		return 0;
	}
	return rknpu_hw_never_started(&slot->core->hw, state) ? -EAGAIN : 0;
}

static void rknpu_recover_report(const struct rknpu_slot *slot, const struct rknpu_job *job, int verdict,
				 const struct rknpu_hw_state *state)
{
	static const char * const what[] = { "start was lost, trying again", "timed out", "MMU fault" };
	const char *text = what[verdict == -EIO ? 2 : verdict == -ETIMEDOUT ? 1 : 0];

	if (slot->faulted)
		dev_err_ratelimited(slot->core->dev,
				    "job of %s[%d] on core %u: %s at %#010x (%s), task %u, status %#x raw %#x\n",
				    job->client->comm, pid_nr(job->client->tgid), job->core, text,
				    slot->fault_iova, slot->fault_write ? "write" : "read",
				    job->range[job->core].first + job->tasks_done, state->task_status, state->raw);
	else
		dev_err_ratelimited(slot->core->dev,
				    "job of %s[%d] on core %u: %s, task %u, status %#x raw %#x mask %#x\n",
				    job->client->comm, pid_nr(job->client->tgid), job->core, text,
				    job->range[job->core].first + job->tasks_done, state->task_status, state->raw,
				    rknpu_job_chunk(job)->int_mask);
}

/* The slot is ours (RECOVERING): reset it, and let the job go or try once more. */
static void rknpu_recover_slot(struct rknpu_slot *slot, int verdict)
{
	struct rknpu_sched *sched = slot->sched;
	struct rknpu_job *job = slot->job;
	bool faulted = slot->faulted;
	unsigned long flags;
	int ret;

	ret = rknpu_slot_clean(slot);
	if (!ret && verdict == -EAGAIN)
		ret = rknpu_mmu_attach(slot->mmu, job->vm);
	spin_lock_irqsave(&sched->lock, flags);
	slot->faulted = false;
	if (!ret && verdict == -EAGAIN) {
		/* Keeps its deadline: a start that is lost twice costs no more time than one. */
		unsigned long deadline = slot->deadline;
		ktime_t started = job->started;

		job->retried = true;
		rknpu_slot_start_locked(slot, job);
		slot->deadline = deadline;
		job->started = started;
		mod_delayed_work(sched->wq, &slot->watchdog,
				 time_after(deadline, jiffies) ? deadline - jiffies : 0);
		job = NULL;
	} else {
		rknpu_sched_unlink_locked(slot, ret ? -EIO : verdict);
		if (ret)
			rknpu_power_put(&slot->core->power);
		else
			rknpu_slot_next_locked(slot);
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	if (faulted)
		enable_irq(slot->core->irq);
	if (job)
		rknpu_sched_finish(sched, job);
	if (ret)
		rknpu_sched_drop_orphans(sched);
}

/**
 * rknpu_recover_watchdog() - look after a core's job
 * @work: of the slot
 *
 * Runs when a job may have run out of time, or at once after a fault or a
 * client's reset. Context: the scheduler's ordered worker.
 */
void rknpu_recover_watchdog(struct work_struct *work)
{
	struct rknpu_slot *slot = container_of(to_delayed_work(work), struct rknpu_slot, watchdog);
	struct rknpu_sched *sched = slot->sched;
	struct rknpu_hw_state state;
	struct rknpu_job *job;
	unsigned long flags, delay;
	int verdict = 0;

	spin_lock_irqsave(&sched->lock, flags);
	job = slot->job;
	if (slot->state == RKNPU_SLOT_RUNNING) {
		rknpu_hw_read_state(&slot->core->hw, &state);
		verdict = rknpu_recover_verdict_locked(slot, &state, &delay);
		if (!verdict)
			queue_delayed_work(sched->wq, &slot->watchdog, delay);
	}
	if (verdict) {
		slot->state = RKNPU_SLOT_RECOVERING;
		job->tasks_done = job->chunk * sched->soc->max_tasks + rknpu_hw_tasks_done(&slot->core->hw);
		job->events = state.raw;
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	if (!verdict)
		return;
	if (verdict != -ECANCELED)
		rknpu_recover_report(slot, job, verdict, &state);
	rknpu_recover_slot(slot, verdict);
}

/**
 * rknpu_recover_stop() - take the core away from the scheduler
 * @slot: the scheduler is stopping, its worker starts nothing any more
 *
 * A job that runs ends with -ENODEV. Context: may sleep.
 */
void rknpu_recover_stop(struct rknpu_slot *slot)
{
	struct rknpu_sched *sched = slot->sched;
	struct rknpu_job *job = NULL;
	bool running, faulted;

	/* A recovery that is under way may put its job on the hardware once more. */
	cancel_delayed_work_sync(&slot->watchdog);
	spin_lock_irq(&sched->lock);
	running = slot->state == RKNPU_SLOT_RUNNING;
	if (running) {
		slot->state = RKNPU_SLOT_RECOVERING;
		job = rknpu_sched_unlink_locked(slot, -ENODEV);
	}
	spin_unlock_irq(&sched->lock);
	/* A fault may have come in between; from here on faults are ignored. */
	cancel_delayed_work_sync(&slot->watchdog);
	faulted = slot->faulted;
	slot->faulted = false;

	if (running || !rknpu_power_get(&slot->core->power)) {
		rknpu_slot_clean(slot);
		rknpu_power_put(&slot->core->power);
	}
	if (faulted)
		enable_irq(slot->core->irq);
	rknpu_core_irq_detach(slot->core);
	if (job)
		rknpu_sched_finish(sched, job);
}
