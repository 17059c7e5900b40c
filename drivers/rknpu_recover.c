// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: What happens to a job that does not end by itself: an IOMMU fault, a
 * time-out, a start that was lost, a client's reset request, removal of the
 * device. The guilty core is reset and its IOMMU programmed again; no other core
 * notices. Only a lost start needs the reset of all cores together [seen:
 * ork-driver notes]: it waits until what runs elsewhere has ended, and holds back
 * what has not started; others are delayed, never broken. All of it runs on the
 * scheduler's ordered worker, so it never races with the preparation of a core.
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

/* Take the address space of a core away that has been reset, or never to be used again. */
static void rknpu_slot_detach(struct rknpu_slot *slot, int reset_error)
{
	struct rknpu_vm *vm = rknpu_mmu_detach(slot->mmu);

	/* A fault handler may still be looking at the space. */
	synchronize_irq(slot->core->irq);
	rknpu_vm_put(vm);
	if (reset_error) {
		dev_err(slot->core->dev, "reset failed: %d; the core is not used any more\n", reset_error);
		slot->state = RKNPU_SLOT_DEAD;
	}
}

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
	int ret = rknpu_core_reset(&slot->core, 1);

	rknpu_slot_detach(slot, ret);
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

/*
 * Why the job must leave the hardware: 0 = it need not, *delay says when to look
 * again; -EAGAIN = its start was lost and can be repeated.
 */
static int rknpu_recover_verdict_locked(struct rknpu_slot *slot, const struct rknpu_hw_state *state,
					unsigned long *delay)
{
	struct rknpu_job *job = slot->job;

	lockdep_assert_held(&slot->sched->lock);
	if (slot->faulted)
		return -EIO;
	if (job->cancelled)
		return -ECANCELED;
	if (time_after_eq(jiffies, slot->deadline))
		return rknpu_hw_dma_failed(state) ? -EIO : -ETIMEDOUT;
	*delay = slot->deadline - jiffies;
	if (job->retried || slot->state == RKNPU_SLOT_STALLED)
		return 0;
	/* A repeated start gets the second half of the time, so that the whole stays in bounds. */
	if (*delay > job->timeout / 2) {
		*delay -= job->timeout / 2;
		return 0;
	}
	return rknpu_hw_never_started(&slot->core->hw, state) ? -EAGAIN : 0;
}

static void rknpu_recover_report(const struct rknpu_slot *slot, const struct rknpu_job *job, int verdict,
				 const struct rknpu_hw_state *state)
{
	static const char * const what[] = { "start was lost", "timed out", "memory access failed" };
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

/* The slot is ours (RECOVERING): reset it and let the job go. */
static void rknpu_recover_slot(struct rknpu_slot *slot, int verdict)
{
	struct rknpu_sched *sched = slot->sched;
	bool faulted = slot->faulted;
	struct rknpu_job *job;
	unsigned long flags;
	int ret;

	ret = rknpu_slot_clean(slot);
	spin_lock_irqsave(&sched->lock, flags);
	slot->faulted = false;
	job = rknpu_sched_unlink_locked(slot, verdict);
	if (ret)
		rknpu_power_put(&slot->core->power);
	else
		rknpu_slot_next_locked(slot);
	spin_unlock_irqrestore(&sched->lock, flags);
	if (faulted)
		enable_irq(slot->core->irq);
	rknpu_sched_finish(sched, job);
	if (ret)
		rknpu_sched_drop_orphans(sched);
}

/* Put a job on the hardware again. It keeps its deadline: two lost starts cost no more time than one. */
static void rknpu_slot_restart_locked(struct rknpu_slot *slot)
{
	struct rknpu_job *job = slot->job;
	unsigned long deadline = slot->deadline;
	ktime_t started = job->started;

	lockdep_assert_held(&slot->sched->lock);
	job->retried = true;
	rknpu_slot_start_locked(slot, job);
	slot->deadline = deadline;
	job->started = started;
	mod_delayed_work(slot->sched->wq, &slot->watchdog,
			 time_after(deadline, jiffies) ? deadline - jiffies : 0);
}

/* After the reset of all cores. Return: a job that ends now, or NULL. */
static struct rknpu_job *rknpu_recover_settle_locked(struct rknpu_slot *slot, bool attached)
{
	struct rknpu_job *job = NULL;

	lockdep_assert_held(&slot->sched->lock);
	if (slot->job && attached && !slot->job->cancelled && time_before(jiffies, slot->deadline)) {
		rknpu_slot_restart_locked(slot);
		return NULL;
	}
	if (slot->job)
		job = rknpu_sched_unlink_locked(slot, -ETIMEDOUT);
	if (slot->state != RKNPU_SLOT_DEAD)
		slot->state = RKNPU_SLOT_IDLE;
	rknpu_power_put(&slot->core->power);
	return job;
}

static bool rknpu_recover_all_idle(struct rknpu_sched *sched)
{
	unsigned long flags;
	unsigned int i;
	bool idle;

	spin_lock_irqsave(&sched->lock, flags);
	idle = sched->reset_all;
	for (i = 0; i < RKNPU_MAX_CORES; i++)
		idle = idle && sched->slots[i].state != RKNPU_SLOT_RUNNING;
	spin_unlock_irqrestore(&sched->lock, flags);
	return idle;
}

/**
 * rknpu_recover_reset_all() - reset all cores together, if that is due and nothing runs
 * @sched: the queue
 *
 * Context: worker. Nothing starts meanwhile, because sched->reset_all is set.
 */
void rknpu_recover_reset_all(struct rknpu_sched *sched)
{
	struct rknpu_slot *slots[RKNPU_MAX_CORES];
	struct rknpu_core *cores[RKNPU_MAX_CORES];
	struct rknpu_job *done[RKNPU_MAX_CORES];
	bool attached[RKNPU_MAX_CORES];
	unsigned int i, num = 0;
	unsigned long flags;
	int ret;

	if (!rknpu_recover_all_idle(sched))
		return;
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		/* A stalled core has kept its power reference. */
		if (!slot->core || slot->state == RKNPU_SLOT_DEAD ||
		    (slot->state == RKNPU_SLOT_IDLE && rknpu_power_get(&slot->core->power)))
			continue;
		slots[num] = slot;
		cores[num++] = slot->core;
	}
	ret = rknpu_core_reset(cores, num);
	for (i = 0; i < num; i++) {
		rknpu_slot_detach(slots[i], ret);
		attached[i] = !ret && slots[i]->job && !rknpu_mmu_attach(slots[i]->mmu, slots[i]->job->vm);
	}
	spin_lock_irqsave(&sched->lock, flags);
	sched->reset_all = false;
	for (i = 0; i < num; i++)
		done[i] = rknpu_recover_settle_locked(slots[i], attached[i]);
	spin_unlock_irqrestore(&sched->lock, flags);
	for (i = 0; i < num; i++) {
		if (done[i])
			rknpu_sched_finish(sched, done[i]);
	}
	if (ret)
		rknpu_sched_drop_orphans(sched);
}

/* A start was lost: hold the queue back until the reset of all cores. Return: a job that ends now. */
static struct rknpu_job *rknpu_recover_stall_locked(struct rknpu_slot *slot, int verdict)
{
	struct rknpu_sched *sched = slot->sched;
	unsigned long left = slot->deadline - jiffies;

	lockdep_assert_held(&sched->lock);
	slot->state = RKNPU_SLOT_STALLED;
	sched->reset_all = true;
	queue_work(sched->wq, &sched->dispatch);
	if (verdict != -EAGAIN)
		return rknpu_sched_unlink_locked(slot, verdict);
	/* If the others take too long, the job ends on time all the same. */
	queue_delayed_work(sched->wq, &slot->watchdog, left);
	return NULL;
}

/* What the hardware got done before the job is taken off. */
static void rknpu_recover_record_locked(struct rknpu_slot *slot, const struct rknpu_hw_state *state)
{
	struct rknpu_job *job = slot->job;

	lockdep_assert_held(&slot->sched->lock);
	job->tasks_done = job->chunk * slot->sched->soc->max_tasks + rknpu_hw_tasks_done(&slot->core->hw);
	job->events = state->raw;
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
	struct rknpu_job *ended = NULL;
	struct rknpu_hw_state state;
	struct rknpu_job *job;
	unsigned long flags, delay;
	int verdict = 0;

	spin_lock_irqsave(&sched->lock, flags);
	job = slot->job;
	if (!job || (slot->state != RKNPU_SLOT_RUNNING && slot->state != RKNPU_SLOT_STALLED))
		goto unlock;
	rknpu_hw_read_state(&slot->core->hw, &state);
	verdict = rknpu_recover_verdict_locked(slot, &state, &delay);
	if (!verdict) {
		queue_delayed_work(sched->wq, &slot->watchdog, delay);
		goto unlock;
	}
	/* The report below needs the job, which may end with this. */
	kref_get(&job->ref);
	rknpu_recover_record_locked(slot, &state);
	if (!slot->faulted && rknpu_hw_never_started(&slot->core->hw, &state))
		ended = rknpu_recover_stall_locked(slot, verdict);
	else
		slot->state = RKNPU_SLOT_RECOVERING;
unlock:
	spin_unlock_irqrestore(&sched->lock, flags);
	if (!verdict)
		return;
	if (verdict != -ECANCELED)
		rknpu_recover_report(slot, job, verdict, &state);
	if (ended)
		rknpu_sched_finish(sched, ended);
	else if (slot->state == RKNPU_SLOT_RECOVERING)
		rknpu_recover_slot(slot, verdict);
	rknpu_job_put(job);
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
	/* A stalled core has kept its power reference, even if its job has ended on time. */
	running = slot->state == RKNPU_SLOT_RUNNING || slot->state == RKNPU_SLOT_STALLED;
	if (running)
		slot->state = RKNPU_SLOT_RECOVERING;
	if (slot->job)
		job = rknpu_sched_unlink_locked(slot, -ENODEV);
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
