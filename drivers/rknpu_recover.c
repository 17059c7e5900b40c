// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Handling of jobs that do not end by themselves: an IOMMU fault, a time-out, a lost
 * start, a client's reset request, removal of the device. The guilty core is reset and its
 * IOMMU programmed again; no other core is affected. In two cases all cores must be reset
 * together: after a lost start [seen: ork-driver notes], and after any failure of a core
 * that shares its IOMMU, whose banks can only be programmed all at once. That reset waits
 * until everything running elsewhere has ended, including other cores of the same job, and
 * holds back what has not started. Other jobs are delayed but never broken, and no
 * computation is repeated. All of this runs on the scheduler's ordered worker, so it never
 * races with the preparation of a core.
 */
#include "rknpu_recover.h"

#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/pid.h>

#include "rknpu_account.h"
#include "rknpu_client.h"
#include "rknpu_conduct.h"
#include "rknpu_core.h"
#include "rknpu_drop.h"
#include "rknpu_job.h"
#include "rknpu_mmu.h"
#include "rknpu_owner.h"
#include "rknpu_power.h"
#include "rknpu_regs.h"
#include "rknpu_run.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"
#include "rknpu_slot.h"
#include "rknpu_trace.h"
#include "rknpu_vm.h"

/* ---- The watchdog -------------------------------------------------------- */

/* Returns the cores of the slot's job that show signs of a lost start: only a reset of all cores cures them. */
static u32 rknpu_recover_lost_locked(const struct rknpu_slot *slot)
{
	const struct rknpu_sched *sched = slot->sched;
	unsigned long cores = slot->job->running;
	struct rknpu_hw_state state;
	unsigned int core;
	u32 lost = 0;

	lockdep_assert_held(&slot->sched->lock);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		const struct rknpu_hw *hw = &sched->slots[core].core->hw;

		rknpu_hw_read_state(hw, &state);
		if (rknpu_hw_never_started(hw, &state))
			lost |= BIT(core);
	}
	return lost;
}

/*
 * Decides why the job must leave the hardware. Returns 0 if it need not, with *delay set to the time until the
 * next check, or -EAGAIN if its start on this core was lost and can be repeated.
 */
static int rknpu_recover_verdict_locked(struct rknpu_slot *slot, const struct rknpu_hw_state *state,
					bool lost, unsigned long *delay)
{
	struct rknpu_job *job = slot->job;

	lockdep_assert_held(&slot->sched->lock);
	if (slot->faulted)
		return -EIO;
	if (job->cancelled)
		return -ECANCELED;
	if (time_after_eq(jiffies, job->deadline)) {
		if (rknpu_hw_dma_failed(state))
			return -EIO;
		return job->abandoned ? -ECANCELED : -ETIMEDOUT;
	}
	*delay = job->deadline - jiffies;
	if (job->retried || job->abandoned || slot->state == RKNPU_SLOT_STALLED)
		return 0;
	/* A repeated start gets the second half of the time, so the total stays within bounds. */
	if (*delay > job->timeout / 2) {
		*delay -= job->timeout / 2;
		return 0;
	}
	return lost ? -EAGAIN : 0;
}

static const char *rknpu_recover_text(int verdict)
{
	if (verdict == -EIO)
		return "memory access failed";
	return verdict == -ETIMEDOUT ? "timed out" : "start was lost";
}

static void rknpu_recover_tell_roof(const struct rknpu_slot *slot, const struct rknpu_job *job, int verdict,
				    u32 done)
{
	const struct rknpu_sched_roof *roof = &slot->sched->roof;
	/* Pairs with the release of the code that sets it after its data. */
	typeof(roof->failed) failed = smp_load_acquire(&roof->failed);

	/* A lost start is repeated, so the job has not failed. */
	if (failed && verdict != -EAGAIN)
		failed(roof->data, slot, job, verdict, done);
}

static void rknpu_recover_report(const struct rknpu_slot *slot, const struct rknpu_job *job, int verdict,
				 const struct rknpu_hw_state *state)
{
	const struct rknpu_job_range *range = &job->range[slot->index];
	u32 done = range->chunk * slot->sched->soc->max_tasks +
		   rknpu_hw_tasks_done(&slot->core->hw, state);

	rknpu_recover_tell_roof(slot, job, verdict, done);
	if (slot->faulted)
		dev_err_ratelimited(slot->core->dev,
				    "job of %s[%d] on core %u: %s at %#010x (%s), task %u, task status %#x raw %#x\n",
				    job->client->comm, pid_nr(job->client->tgid), slot->index,
				    rknpu_recover_text(verdict), slot->fault_iova,
				    slot->fault_write ? "write" : "read", range->first + done,
				    state->task_status, state->raw);
	else
		dev_err_ratelimited(slot->core->dev,
				    "job of %s[%d] on core %u: %s, task %u, task status %#x raw %#x mask %#x\n",
				    job->client->comm, pid_nr(job->client->tgid), slot->index,
				    rknpu_recover_text(verdict), range->first + done,
				    state->task_status, state->raw, rknpu_job_chunk(job, slot->index)->int_mask);
}

/* Takes a job off its cores for good. Tasks that they finished are counted; the cores are left in @state. */
static void rknpu_recover_unlink_locked(struct rknpu_sched *sched, struct rknpu_job *job, int result,
					enum rknpu_slot_state state)
{
	unsigned long cores = job->running;
	struct rknpu_hw_state hw_state;
	unsigned int core;

	lockdep_assert_held(&sched->lock);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		struct rknpu_slot *slot = &sched->slots[core];

		rknpu_hw_read_state(&slot->core->hw, &hw_state);
		job->tasks_done += job->range[core].chunk * sched->soc->max_tasks +
				   rknpu_hw_tasks_done(&slot->core->hw, &hw_state);
		job->range[core].seen |= hw_state.raw & RKNPU_INT_ALL;
		rknpu_account_end_locked(slot, job, result);
		slot->job = NULL;
		/* One whose reset has failed remains dead. */
		if (slot->state != RKNPU_SLOT_DEAD)
			rknpu_owner_set_state_locked(slot, state);
	}
	rknpu_run_settle_locked(job, result);
}

/*
 * Keeps the job's part on this core, to repeat it after the reset of all cores. The job's other
 * cores continue: their finished work must not be repeated, because a stream may read what it
 * has written.
 */
static void rknpu_recover_stall_locked(struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	rknpu_owner_set_state_locked(slot, RKNPU_SLOT_STALLED);
	/* If the other cores take too long, the job still ends on time. */
	rknpu_run_watch_locked(slot, slot->job->deadline);
}

/* Resets the cores in @mask, which the worker owns (RECOVERING) and which have no job any more. */
static void rknpu_recover_cores(struct rknpu_sched *sched, unsigned long mask)
{
	struct rknpu_slot_set set;
	unsigned int i;
	int ret;

	rknpu_slot_set_fill(&set, sched, mask);
	ret = rknpu_slots_reset(&set);
	spin_lock_irq(&sched->lock);
	for (i = 0; i < set.num; i++) {
		if (ret)
			rknpu_power_put(set.slot[i]->core->power);
		else
			rknpu_sched_next_locked(set.slot[i], ktime_get());
	}
	/* Other jobs may have waited for a core that is dead now: for its IOMMU, or for the reset of all cores. */
	if (ret)
		queue_work(sched->wq, &sched->dispatch);
	spin_unlock_irq(&sched->lock);
	if (ret) {
		rknpu_drop_orphans(sched);
		wake_up(&sched->idle);
	}
}

/* Stops the cores in @mask. If @state is STALLED, they are reset for good later, when all cores are idle. */
static void rknpu_recover_halt(struct rknpu_sched *sched, unsigned long mask, enum rknpu_slot_state state)
{
	struct rknpu_slot_set set;

	rknpu_account_resets(sched, hweight32(mask));
	if (state == RKNPU_SLOT_STALLED) {
		rknpu_slot_set_fill(&set, sched, mask);
		rknpu_slots_quiesce(&set);
	} else {
		rknpu_recover_cores(sched, mask);
	}
}

/* Finishes a job that was taken off its cores, once they cannot write to its buffers any more. */
static void rknpu_recover_end(struct rknpu_sched *sched, struct rknpu_job *job, u32 cores,
			      enum rknpu_slot_state state)
{
	rknpu_recover_halt(sched, cores, state);
	rknpu_run_finish(sched, job);
}

static void rknpu_recover_reset_all_later_locked(struct rknpu_sched *sched)
{
	lockdep_assert_held(&sched->lock);
	WRITE_ONCE(sched->reset_all, true);
	queue_work(sched->wq, &sched->dispatch);
}

/*
 * Recovers a core that has faulted after the end of its job. Returns false if this is not such
 * a core.
 */
static bool rknpu_recover_stray(struct rknpu_slot *slot)
{
	struct rknpu_sched *sched = slot->sched;
	enum rknpu_slot_state state;
	bool stray;

	spin_lock_irq(&sched->lock);
	state = slot->state;
	stray = !slot->job && slot->faulted && !sched->stopping &&
		(state == RKNPU_SLOT_RECOVERING || state == RKNPU_SLOT_STALLED);
	if (stray && state == RKNPU_SLOT_STALLED)
		rknpu_recover_reset_all_later_locked(sched);
	spin_unlock_irq(&sched->lock);
	if (!stray)
		return false;
	dev_err_ratelimited(slot->core->dev, "core %u: memory access failed at %#010x (%s) after its job had ended\n",
			    slot->index, slot->fault_iova, slot->fault_write ? "write" : "read");
	rknpu_recover_halt(sched, BIT(slot->index), state);
	return true;
}

/*
 * Ends a job on a core that has finished it without an interrupt. Not before half of the job's
 * time, because a watchdog that was armed for an earlier job may fire at any moment, even between
 * the core's end and its handler. Returns true if the job has finished on this core; @done is
 * set as by rknpu_run_take_locked().
 */
static bool rknpu_recover_unheard_locked(struct rknpu_slot *slot, struct rknpu_job **done)
{
	const struct rknpu_job *job = slot->job;

	lockdep_assert_held(&slot->sched->lock);
	if (slot->state != RKNPU_SLOT_RUNNING || slot->faulted || job->cancelled ||
	    time_before(jiffies, job->deadline - job->timeout / 2))
		return false;
	*done = rknpu_run_take_locked(slot, rknpu_hw_poll_take(&slot->core->hw, rknpu_job_chunk(job, slot->index)));
	return slot->job != job;
}

/**
 * rknpu_recover_watchdog() - check on a core's job
 * @work: watchdog of the slot
 *
 * Runs when a job may have run out of time, or immediately after a fault or a client's
 * reset request.
 *
 * Context: Process context, from the scheduler's ordered worker.
 */
void rknpu_recover_watchdog(struct work_struct *work)
{
	struct rknpu_slot *slot = container_of(to_delayed_work(work), struct rknpu_slot, watchdog);
	struct rknpu_sched *sched = slot->sched;
	enum rknpu_slot_state next = RKNPU_SLOT_RECOVERING;
	struct rknpu_job *job, *done = NULL;
	struct rknpu_hw_state state;
	unsigned long delay, cores;
	bool unheard = false;
	int verdict;
	u32 lost;

	if (rknpu_recover_stray(slot))
		return;
	spin_lock_irq(&sched->lock);
	job = slot->job;
	if (!job || sched->stopping ||
	    (slot->state != RKNPU_SLOT_RUNNING && slot->state != RKNPU_SLOT_STALLED))
		goto unlock;
	unheard = rknpu_recover_unheard_locked(slot, &done);
	if (unheard)
		goto unlock;
	rknpu_hw_read_state(&slot->core->hw, &state);
	lost = rknpu_recover_lost_locked(slot);
	verdict = rknpu_recover_verdict_locked(slot, &state, lost & BIT(slot->index), &delay);
	if (!verdict) {
		rknpu_run_watch_locked(slot, jiffies + delay);
		goto unlock;
	}
	/* The report below needs the job. */
	kref_get(&job->ref);
	cores = job->running;
	if ((lost && !slot->faulted) || rknpu_slot_shared(slot)) {
		next = RKNPU_SLOT_STALLED;
		rknpu_recover_reset_all_later_locked(sched);
	}
	if (verdict == -EIO || verdict == -ETIMEDOUT)
		rknpu_conduct_blame_locked(sched, job, cores);
	if (verdict == -EAGAIN)
		rknpu_recover_stall_locked(slot);
	else
		rknpu_recover_unlink_locked(sched, job, verdict, next);
	spin_unlock_irq(&sched->lock);

	if (verdict != -ECANCELED)
		rknpu_recover_report(slot, job, verdict, &state);
	if (verdict != -EAGAIN)
		rknpu_recover_end(sched, job, cores, next);
	rknpu_job_put(job);
	return;

unlock:
	spin_unlock_irq(&sched->lock);
	if (unheard)
		dev_warn_ratelimited(slot->core->dev, "core %u ended a job and did not interrupt\n", slot->index);
	if (done)
		rknpu_run_finish(sched, done);
}

/* ---- The reset of all cores ---------------------------------------------- */

static bool rknpu_recover_all_idle(struct rknpu_sched *sched)
{
	unsigned int i;
	bool idle;

	spin_lock_irq(&sched->lock);
	idle = sched->reset_all && !sched->stopping;
	for (i = 0; i < RKNPU_MAX_CORES; i++)
		idle = idle && sched->slots[i].state != RKNPU_SLOT_RUNNING;
	spin_unlock_irq(&sched->lock);
	return idle;
}

/* Takes an idle core for the worker and powers it, so a fault cannot take it as well. */
static bool rknpu_recover_take(struct rknpu_slot *slot)
{
	bool taken;

	if (READ_ONCE(slot->state) != RKNPU_SLOT_IDLE || rknpu_power_get(slot->core->power))
		return false;
	spin_lock_irq(&slot->sched->lock);
	taken = slot->state == RKNPU_SLOT_IDLE && !slot->asleep;
	if (taken)
		rknpu_owner_set_state_locked(slot, RKNPU_SLOT_RECOVERING);
	spin_unlock_irq(&slot->sched->lock);
	if (!taken)
		rknpu_power_put(slot->core->power);
	return taken;
}

/* Collects all cores that can be reset, powered; a stalled core has kept its power reference. */
static void rknpu_recover_collect(struct rknpu_sched *sched, struct rknpu_slot_set *set)
{
	unsigned int i;

	set->num = 0;
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (rknpu_recover_take(slot) || READ_ONCE(slot->state) == RKNPU_SLOT_STALLED)
			set->slot[set->num++] = slot;
	}
}

/* Attaches the job's address space to a stalled core again. Returns its bit if that worked. */
static u32 rknpu_recover_reattach(struct rknpu_slot *slot)
{
	struct rknpu_job *job = slot->job;

	rknpu_owner_assert_space(slot);
	/* A sibling's job may have attached another one meanwhile. */
	if (!job || (slot->mmu->vm && slot->mmu->vm != job->vm) ||
	    (!slot->mmu->vm && rknpu_mmu_attach(slot->mmu, job->vm)))
		return 0;
	rknpu_slot_mark_clean(slot, job->vm, atomic_read(&job->vm->resets));
	return BIT(slot->index);
}

/* Repeats a job whose start was lost, or ends it. Returns true if it ends. */
static bool rknpu_recover_repeat_locked(struct rknpu_sched *sched, struct rknpu_job *job, u32 attached)
{
	lockdep_assert_held(&sched->lock);
	if ((attached & job->running) == job->running && !job->cancelled &&
	    time_before(jiffies, job->deadline)) {
		/* It keeps its deadline: two lost starts cost no more time than one. */
		job->retried = true;
		sched->counts.lost++;
		rknpu_run_restart_locked(sched, job);
		return false;
	}
	rknpu_recover_unlink_locked(sched, job, job->cancelled ? -ECANCELED : -ETIMEDOUT, RKNPU_SLOT_STALLED);
	return true;
}

/**
 * rknpu_recover_reset_all() - reset all cores together, if that is due and nothing is running
 * @sched: the scheduler
 *
 * Context: Process context, from the worker. Nothing starts meanwhile, because sched->reset_all is set.
 */
void rknpu_recover_reset_all(struct rknpu_sched *sched)
{
	struct rknpu_job *done[RKNPU_MAX_CORES];
	struct rknpu_job *job;
	unsigned int i, num = 0;
	struct rknpu_slot_set set;
	u32 attached = 0;
	int ret;

	if (!rknpu_recover_all_idle(sched))
		return;
	rknpu_recover_collect(sched, &set);
	rknpu_account_resets(sched, set.num);
	ret = rknpu_slots_reset(&set);
	for (i = 0; i < set.num && !ret; i++)
		attached |= rknpu_recover_reattach(set.slot[i]);

	spin_lock_irq(&sched->lock);
	WRITE_ONCE(sched->reset_all, false);
	for (i = 0; i < set.num; i++) {
		job = set.slot[i]->job;
		if (job && set.slot[i]->state != RKNPU_SLOT_RUNNING &&
		    rknpu_recover_repeat_locked(sched, job, attached))
			done[num++] = job;
	}
	for (i = 0; i < set.num; i++) {
		if (set.slot[i]->state == RKNPU_SLOT_RUNNING)
			continue;
		if (!ret)
			rknpu_owner_set_state_locked(set.slot[i], RKNPU_SLOT_IDLE);
		rknpu_power_put(set.slot[i]->core->power);
	}
	spin_unlock_irq(&sched->lock);
	wake_up(&sched->idle);
	for (i = 0; i < num; i++)
		rknpu_run_finish(sched, done[i]);
	if (ret)
		rknpu_drop_orphans(sched);
}

/* ---- The end ------------------------------------------------------------- */

/* Resets all cores that can be reset, and releases them. @busy: cores that have kept their power references. */
static void rknpu_recover_release(struct rknpu_sched *sched, u32 busy)
{
	struct rknpu_slot_set set = {};
	unsigned int i;

	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (!slot->core || READ_ONCE(slot->state) == RKNPU_SLOT_DEAD)
			continue;
		if (busy & BIT(i) || !rknpu_power_get(slot->core->power))
			set.slot[set.num++] = slot;
		else
			/* Powered off: there is nothing to reset, and the IOMMU driver accesses no register. */
			rknpu_slot_detach(slot);
	}
	rknpu_slots_reset(&set);
	for (i = 0; i < set.num; i++)
		rknpu_power_put(set.slot[i]->core->power);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (slot->core)
			rknpu_core_irq_detach(slot->core);
	}
}

/**
 * rknpu_recover_stop() - take the cores away from the scheduler
 * @sched: the scheduler; must be stopping, so its worker does not start or recover anything any more
 *
 * Running jobs end with -ENODEV.
 *
 * Context: Process context. May sleep.
 */
void rknpu_recover_stop(struct rknpu_sched *sched)
{
	struct rknpu_job *done[RKNPU_MAX_CORES];
	unsigned int i, num = 0;
	u32 busy = 0;

	/* A recovery in progress has finished after this. */
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (sched->slots[i].core)
			cancel_delayed_work_sync(&sched->slots[i].watchdog);
	}
	spin_lock_irq(&sched->lock);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_job *job = sched->slots[i].job;

		if (sched->slots[i].state == RKNPU_SLOT_RUNNING || sched->slots[i].state == RKNPU_SLOT_STALLED ||
		    sched->slots[i].state == RKNPU_SLOT_RECOVERING)
			busy |= BIT(i);
		if (!job)
			continue;
		rknpu_recover_unlink_locked(sched, job, -ENODEV, RKNPU_SLOT_RECOVERING);
		done[num++] = job;
	}
	spin_unlock_irq(&sched->lock);
	/* A fault may have armed a watchdog meanwhile; it finds nothing to do. */
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (sched->slots[i].core)
			cancel_delayed_work_sync(&sched->slots[i].watchdog);
	}
	rknpu_recover_release(sched, busy);
	for (i = 0; i < num; i++)
		rknpu_run_finish(sched, done[i]);
}
