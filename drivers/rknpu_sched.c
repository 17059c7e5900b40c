// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: What runs, when, where. A core starts a job only if its IOMMU has the
 * job's address space attached and its registers are clean for it; then the start
 * is a few register writes, straight from the ioctl or from the interrupt that
 * ended the job before. Everything that may sleep (power, attach, reset) is done
 * by one ordered worker. Recovery lives in rknpu_recover.c.
 *
 * Not drm_sched: a job may name its core or take any, all cores may share one
 * IOMMU, and drm_sched's interface differs in five ways over the supported kernels.
 */
#include "rknpu_sched.h"

#include <linux/device.h>
#include <linux/jiffies.h>

#include "rknpu_client.h"
#include "rknpu_core.h"
#include "rknpu_hw.h"
#include "rknpu_job.h"
#include "rknpu_mmu.h"
#include "rknpu_recover.h"
#include "rknpu_vm.h"

/**
 * rknpu_sched_unlink_locked() - take a job off its slot and settle its result
 * @slot: has the job
 * @result: 0 or a negative errno
 *
 * Return: the job with the slot's reference, for rknpu_sched_finish().
 */
struct rknpu_job *rknpu_sched_unlink_locked(struct rknpu_slot *slot, int result)
{
	struct rknpu_job *job = slot->job;

	lockdep_assert_held(&slot->sched->lock);
	slot->job = NULL;
	job->result = result;
	if (job->started)
		job->elapsed_ns = ktime_to_ns(ktime_sub(ktime_get(), job->started));
	if (!result)
		job->tasks_done = job->range[job->core].tasks;
	return job;
}

/**
 * rknpu_sched_finish() - tell the submitter and drop the queue's reference
 * @sched: the queue
 * @job: off the hardware and off the queue
 *
 * Context: any.
 */
void rknpu_sched_finish(struct rknpu_sched *sched, struct rknpu_job *job)
{
	complete_all(&job->done);
	rknpu_job_put_atomic(job, sched->free_wq);
}

static bool rknpu_slot_ready_locked(const struct rknpu_slot *slot, const struct rknpu_job *job)
{
	return slot->mmu->vm == job->vm && slot->resets == atomic_read(&job->vm->resets);
}

static struct rknpu_job *rknpu_sched_next_locked(struct rknpu_sched *sched, const struct rknpu_slot *slot)
{
	u32 core = BIT(slot->core->hw.index);
	struct rknpu_job *job;

	lockdep_assert_held(&sched->lock);
	list_for_each_entry(job, &sched->ready, node) {
		if (job->cores & core)
			return job;
	}
	return NULL;
}

/* The watchdog is not moved for every job: it looks again when it fires too early. */
static void rknpu_slot_watch_locked(struct rknpu_slot *slot)
{
	struct rknpu_sched *sched = slot->sched;
	unsigned long delay = slot->job->timeout;

	slot->deadline = jiffies + delay;
	/* Half-way it looks whether the start was lost, see rknpu_recover.c. */
	delay = slot->job->retried ? delay : delay / 2 + 1;
	if (!delayed_work_pending(&slot->watchdog))
		queue_delayed_work(sched->wq, &slot->watchdog, delay);
	else if (time_after(slot->watchdog.timer.expires, jiffies + delay))
		mod_delayed_work(sched->wq, &slot->watchdog, delay);
}

static void rknpu_slot_start_chunk_locked(struct rknpu_slot *slot)
{
	struct rknpu_job *job = slot->job;

	lockdep_assert_held(&slot->sched->lock);
	job->seen = 0;
	rknpu_hw_start(&slot->core->hw, rknpu_job_chunk(job), job->task_base, job->pingpong);
}

/**
 * rknpu_slot_start_locked() - put a job on the hardware
 * @slot: powered for this job, address space attached
 * @job: off the queue, its reference goes to the slot
 */
void rknpu_slot_start_locked(struct rknpu_slot *slot, struct rknpu_job *job)
{
	lockdep_assert_held(&slot->sched->lock);
	slot->state = RKNPU_SLOT_RUNNING;
	slot->job = job;
	job->core = slot->core->hw.index;
	job->chunk = 0;
	job->started = ktime_get();
	rknpu_slot_watch_locked(slot);
	rknpu_slot_start_chunk_locked(slot);
}

/**
 * rknpu_slot_next_locked() - go on with the queue after a job
 * @slot: without a job; powered
 *
 * Starts the next job of this core at once when that needs nothing that sleeps,
 * else leaves it to the worker. Jobs do not overtake each other on a core.
 */
void rknpu_slot_next_locked(struct rknpu_slot *slot)
{
	struct rknpu_sched *sched = slot->sched;
	struct rknpu_job *next = sched->stopping ? NULL : rknpu_sched_next_locked(sched, slot);

	lockdep_assert_held(&sched->lock);
	if (next && !sched->reset_all && rknpu_slot_ready_locked(slot, next)) {
		list_del_init(&next->node);
		/* The power reference of the job before goes over to this one. */
		rknpu_slot_start_locked(slot, next);
		return;
	}
	slot->state = RKNPU_SLOT_IDLE;
	rknpu_power_put(&slot->core->power);
	if (next || sched->reset_all)
		queue_work(sched->wq, &sched->dispatch);
}

static bool rknpu_chunk_done_locked(struct rknpu_job *job, u32 events)
{
	const struct rknpu_hw_range *chunk = rknpu_job_chunk(job);

	/* A mask may span several pairs, which need not come with one interrupt. */
	job->seen |= events;
	return (rknpu_hw_widen(job->seen) & chunk->int_mask) == chunk->int_mask;
}

/* Hard interrupt: next chunk or next job first, then the news. */
static void rknpu_sched_event(struct rknpu_core *core, u32 events)
{
	struct rknpu_slot *slot = core->owner;
	struct rknpu_sched *sched = slot->sched;
	struct rknpu_job *done = NULL;
	unsigned long flags;

	spin_lock_irqsave(&sched->lock, flags);
	if (slot->state != RKNPU_SLOT_RUNNING || slot->faulted || !rknpu_chunk_done_locked(slot->job, events))
		goto unlock;
	if (slot->job->chunk + 1 < slot->job->range[slot->job->core].num_chunks) {
		slot->job->chunk++;
		rknpu_slot_start_chunk_locked(slot);
		goto unlock;
	}
	slot->job->events = slot->job->seen;
	done = rknpu_sched_unlink_locked(slot, 0);
	rknpu_slot_next_locked(slot);
unlock:
	spin_unlock_irqrestore(&sched->lock, flags);
	if (done)
		rknpu_sched_finish(sched, done);
}

static const struct rknpu_core_ops rknpu_sched_core_ops = {
	.event = rknpu_sched_event,
};

/* An idle core for a job: best one that has the address space, so that nothing needs to be attached. */
static struct rknpu_slot *rknpu_sched_pick_locked(struct rknpu_sched *sched, const struct rknpu_job *job)
{
	struct rknpu_slot *any = NULL;
	unsigned int i;

	lockdep_assert_held(&sched->lock);
	if (sched->reset_all)
		return NULL;
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (!slot->core || !(job->cores & BIT(i)) || slot->state != RKNPU_SLOT_IDLE)
			continue;
		if (rknpu_slot_ready_locked(slot, job))
			return slot;
		/* Next best: one whose address space nobody would miss. */
		if (!any || (any->mmu->vm && !slot->mmu->vm))
			any = slot;
	}
	return any;
}

static bool rknpu_sched_has_living_core_locked(const struct rknpu_sched *sched, u32 cores)
{
	unsigned int i;

	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (cores & BIT(i) && sched->slots[i].core && sched->slots[i].state != RKNPU_SLOT_DEAD)
			return true;
	}
	return false;
}

/* One at a time under the lock: a killed submitter may take its job off this list too. */
static void rknpu_sched_drop_list(struct rknpu_sched *sched, struct list_head *dropped, int result)
{
	struct rknpu_job *job;
	unsigned long flags;

	do {
		spin_lock_irqsave(&sched->lock, flags);
		job = list_first_entry_or_null(dropped, struct rknpu_job, node);
		if (job) {
			list_del_init(&job->node);
			job->result = result;
		}
		spin_unlock_irqrestore(&sched->lock, flags);
		if (job)
			rknpu_sched_finish(sched, job);
	} while (job);
}

/**
 * rknpu_sched_drop_orphans() - fail the jobs that no core is left for
 * @sched: the queue; a core has just died
 *
 * Context: process.
 */
void rknpu_sched_drop_orphans(struct rknpu_sched *sched)
{
	struct rknpu_job *job, *tmp;
	unsigned long flags;
	LIST_HEAD(dropped);

	spin_lock_irqsave(&sched->lock, flags);
	list_for_each_entry_safe(job, tmp, &sched->ready, node) {
		if (!rknpu_sched_has_living_core_locked(sched, job->cores))
			list_move_tail(&job->node, &dropped);
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	rknpu_sched_drop_list(sched, &dropped, -EIO);
}

/* Start straight from the ioctl when the core is on, idle and attached, and nobody waits for it. */
static bool rknpu_sched_start_now_locked(struct rknpu_sched *sched, struct rknpu_job *job)
{
	struct rknpu_slot *slot = rknpu_sched_pick_locked(sched, job);

	if (!slot || !rknpu_slot_ready_locked(slot, job) || rknpu_sched_next_locked(sched, slot))
		return false;
	if (!rknpu_power_get_if_on(&slot->core->power))
		return false;
	rknpu_slot_start_locked(slot, job);
	return true;
}

/**
 * rknpu_sched_push() - run a job as soon as possible
 * @sched: the queue
 * @job: complete; the queue takes a reference of its own
 *
 * Context: process; does not sleep.
 *
 * Return: 0; -ENODEV when the device is going away; -EIO when no core that the
 * job names works any more.
 */
int rknpu_sched_push(struct rknpu_sched *sched, struct rknpu_job *job)
{
	unsigned long flags;
	int ret = 0;

	spin_lock_irqsave(&sched->lock, flags);
	if (sched->stopping) {
		ret = -ENODEV;
	} else if (!rknpu_sched_has_living_core_locked(sched, job->cores)) {
		ret = -EIO;
	} else {
		kref_get(&job->ref);
		if (!rknpu_sched_start_now_locked(sched, job)) {
			list_add_tail(&job->node, &sched->ready);
			queue_work(sched->wq, &sched->dispatch);
		}
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	return ret;
}

/* Drop a job that waits. Return: true when it did. */
static bool rknpu_sched_dequeue(struct rknpu_sched *sched, struct rknpu_job *job, int result)
{
	unsigned long flags;
	bool queued;

	spin_lock_irqsave(&sched->lock, flags);
	queued = !list_empty(&job->node);
	if (queued) {
		list_del_init(&job->node);
		job->result = result;
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	if (queued)
		rknpu_sched_finish(sched, job);
	return queued;
}

/**
 * rknpu_sched_wait() - wait for a job
 * @sched: the queue
 * @job: pushed; the caller has a reference
 *
 * A killed caller's job is dropped if it still waits, else it is left to finish
 * or to run out of time. Context: may sleep, killable.
 *
 * Return: the job's result; -EINTR when the caller was killed.
 */
int rknpu_sched_wait(struct rknpu_sched *sched, struct rknpu_job *job)
{
	if (!wait_for_completion_killable(&job->done))
		return job->result;
	rknpu_sched_dequeue(sched, job, -EINTR);
	return -EINTR;
}

/**
 * rknpu_sched_cancel_client() - drop all jobs of a client
 * @sched: the queue
 * @client: asked for a reset
 *
 * What runs is stopped by a reset of its core. Context: process; does not wait.
 */
void rknpu_sched_cancel_client(struct rknpu_sched *sched, struct rknpu_client *client)
{
	struct rknpu_job *job, *tmp;
	unsigned long flags;
	LIST_HEAD(dropped);
	unsigned int i;

	spin_lock_irqsave(&sched->lock, flags);
	list_for_each_entry_safe(job, tmp, &sched->ready, node) {
		if (job->client == client)
			list_move_tail(&job->node, &dropped);
	}
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (slot->job && slot->job->client == client) {
			slot->job->cancelled = true;
			mod_delayed_work(sched->wq, &slot->watchdog, 0);
		}
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	rknpu_sched_drop_list(sched, &dropped, -ECANCELED);
}

/* Power the core and give it the job's address space and clean registers. Worker only. */
static int rknpu_slot_prepare(struct rknpu_slot *slot, const struct rknpu_job *job, int resets)
{
	int ret = rknpu_power_get(&slot->core->power);

	if (ret)
		return ret;
	if (slot->mmu->vm == job->vm && slot->resets == resets)
		return 0;
	ret = rknpu_slot_clean(slot);
	if (!ret)
		ret = rknpu_mmu_attach(slot->mmu, job->vm);
	if (ret)
		rknpu_power_put(&slot->core->power);
	return ret;
}

/* Prepare a core for a job and start it. */
static void rknpu_sched_run(struct rknpu_sched *sched, struct rknpu_slot *slot, struct rknpu_job *job)
{
	int resets = atomic_read(&job->vm->resets);
	int ret = rknpu_slot_prepare(slot, job, resets);
	unsigned long flags;

	spin_lock_irqsave(&sched->lock, flags);
	slot->resets = resets;
	if (!ret && !sched->stopping && !job->cancelled) {
		rknpu_slot_start_locked(slot, job);
		job = NULL;
	} else {
		if (!ret)
			rknpu_power_put(&slot->core->power);
		rknpu_sched_unlink_locked(slot, ret ? -EIO : -ECANCELED);
		if (slot->state != RKNPU_SLOT_DEAD)
			slot->state = RKNPU_SLOT_IDLE;
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	if (ret)
		dev_err_ratelimited(slot->core->dev, "cannot prepare the core for a job of %s[%d]: %d\n",
				    job->client->comm, pid_nr(job->client->tgid), ret);
	if (job)
		rknpu_sched_finish(sched, job);
	if (slot->state == RKNPU_SLOT_DEAD)
		rknpu_sched_drop_orphans(sched);
}

/* Claim a core for the first job that has one. */
static struct rknpu_slot *rknpu_sched_claim(struct rknpu_sched *sched)
{
	struct rknpu_slot *slot = NULL;
	struct rknpu_job *job;
	unsigned long flags;

	spin_lock_irqsave(&sched->lock, flags);
	list_for_each_entry(job, &sched->ready, node) {
		slot = rknpu_sched_pick_locked(sched, job);
		if (!slot)
			continue;
		list_del_init(&job->node);
		slot->state = RKNPU_SLOT_PREPARING;
		slot->job = job;
		break;
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	return slot;
}

static void rknpu_sched_dispatch(struct work_struct *work)
{
	struct rknpu_sched *sched = container_of(work, struct rknpu_sched, dispatch);
	struct rknpu_slot *slot;

	rknpu_recover_reset_all(sched);
	while ((slot = rknpu_sched_claim(sched)))
		rknpu_sched_run(sched, slot, slot->job);
}

/**
 * rknpu_sched_init() - an empty queue without cores
 * @sched: zeroed
 * @dev: for messages
 * @soc: constants
 *
 * Return: 0 or -ENOMEM.
 */
int rknpu_sched_init(struct rknpu_sched *sched, struct device *dev, const struct rknpu_soc *soc)
{
	sched->dev = dev;
	sched->soc = soc;
	spin_lock_init(&sched->lock);
	INIT_LIST_HEAD(&sched->ready);
	INIT_WORK(&sched->dispatch, rknpu_sched_dispatch);
	sched->sink.fault = rknpu_recover_fault;
	sched->wq = alloc_ordered_workqueue("rknpu", WQ_HIGHPRI | WQ_MEM_RECLAIM);
	if (!sched->wq)
		return -ENOMEM;
	sched->free_wq = alloc_workqueue("rknpu_free", WQ_UNBOUND, 0);
	if (!sched->free_wq) {
		destroy_workqueue(sched->wq);
		return -ENOMEM;
	}
	return 0;
}

/**
 * rknpu_sched_add_core() - let a core run jobs
 * @sched: the queue
 * @core: the core; its events go to the queue from here on
 * @mmu: its IOMMU, nothing attached
 *
 * Return: 0 or a negative errno.
 */
int rknpu_sched_add_core(struct rknpu_sched *sched, struct rknpu_core *core, struct rknpu_mmu *mmu)
{
	struct rknpu_slot *slot = &sched->slots[core->hw.index];
	int ret;

	slot->sched = sched;
	slot->mmu = mmu;
	slot->state = RKNPU_SLOT_IDLE;
	INIT_DELAYED_WORK(&slot->watchdog, rknpu_recover_watchdog);
	slot->core = core;
	ret = rknpu_core_irq_attach(core, &rknpu_sched_core_ops, slot);
	if (ret)
		slot->core = NULL;
	return ret;
}

/**
 * rknpu_sched_cores() - cores that can be named
 * @sched: the queue
 *
 * Return: bit n for core n.
 */
u32 rknpu_sched_cores(const struct rknpu_sched *sched)
{
	u32 cores = 0;
	unsigned int i;

	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (sched->slots[i].core)
			cores |= BIT(i);
	}
	return cores;
}

/**
 * rknpu_sched_stop() - end all jobs and let go of the hardware
 * @sched: the queue; jobs end with -ENODEV
 *
 * Afterwards no interrupt, worker or timer touches a core. Context: may sleep.
 */
void rknpu_sched_stop(struct rknpu_sched *sched)
{
	LIST_HEAD(dropped);
	unsigned int i;

	spin_lock_irq(&sched->lock);
	sched->stopping = true;
	list_splice_init(&sched->ready, &dropped);
	spin_unlock_irq(&sched->lock);
	rknpu_sched_drop_list(sched, &dropped, -ENODEV);
	cancel_work_sync(&sched->dispatch);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (sched->slots[i].core)
			rknpu_recover_stop(&sched->slots[i]);
	}
	flush_workqueue(sched->free_wq);
}

/**
 * rknpu_sched_fini() - free the queue
 * @sched: stopped
 */
void rknpu_sched_fini(struct rknpu_sched *sched)
{
	destroy_workqueue(sched->wq);
	destroy_workqueue(sched->free_wq);
}
