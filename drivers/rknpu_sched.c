// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The scheduler: what runs, when and where. A core starts a job only if its IOMMU has
 * the job's address space attached and its registers are clean for it. Then a start is a
 * few register writes, done directly from the ioctl or from the interrupt that ended the
 * previous job. Everything that may sleep (power, attach, reset) is done by one ordered
 * worker. This file has the worker and what is called from outside the scheduler.
 *
 * rknpu_queue.c decides which job is next and rknpu_pick.c where it can run; rknpu_prepare.c
 * does what the worker has to do before a start; rknpu_run.c starts and ends a job on the
 * hardware; rknpu_fault.c and rknpu_recover.c handle jobs that do not end by themselves;
 * jobs enter in rknpu_push.c and leave without running in rknpu_drop.c. rknpu_slot.c has
 * what a core holds, and which code may touch it.
 *
 * This does not use drm_sched: a job may name its core, take any, or need several; all
 * cores may share one IOMMU; and drm_sched's interface differs in five ways across the
 * supported kernels.
 */
#include "rknpu_sched.h"

#include <linux/dma-fence.h>
#include <linux/jiffies.h>

#include "rknpu_conduct.h"
#include "rknpu_core.h"
#include "rknpu_drop.h"
#include "rknpu_fault.h"
#include "rknpu_hw.h"
#include "rknpu_job.h"
#include "rknpu_linger.h"
#include "rknpu_mmu.h"
#include "rknpu_owner.h"
#include "rknpu_pick.h"
#include "rknpu_power.h"
#include "rknpu_prepare.h"
#include "rknpu_recover.h"
#include "rknpu_run.h"
#include "rknpu_sched_priv.h"
#include "rknpu_slot.h"
#include "rknpu_wait.h"

/* Longest time that a system suspend waits for running jobs. */
#define RKNPU_SCHED_SUSPEND_JIFFIES (10 * HZ)

/**
 * rknpu_sched_put_power() - drop a power reference of each core
 * @sched: the scheduler
 * @cores: mask of the cores
 */
void rknpu_sched_put_power(struct rknpu_sched *sched, unsigned long cores)
{
	unsigned int core;

	for_each_set_bit(core, &cores, RKNPU_MAX_CORES)
		rknpu_power_put(sched->slots[core].core->power);
}

/* rknpu_sched_start_now_locked() for one core, as most jobs need. @power: take a power reference for it. */
static bool rknpu_sched_start_one_locked(struct rknpu_slot *slot, struct rknpu_job *job, bool power)
{
	lockdep_assert_held(&slot->sched->lock);
	if (!rknpu_pick_ready_locked(slot, job) || (power && !rknpu_linger_take_locked(slot)))
		return false;
	rknpu_run_start_locked(slot->sched, job, BIT(slot->index));
	return true;
}

/*
 * Starts a job without sleeping. @held: cores whose power reference passes to the job. Returns false if that
 * is not possible; then nothing has changed.
 */
static bool rknpu_sched_start_now_locked(struct rknpu_sched *sched, struct rknpu_job *job, u32 mask, u32 held)
{
	unsigned long cores = mask, missing = mask & ~held;
	unsigned long powered = 0;
	unsigned int core = __ffs(mask);

	lockdep_assert_held(&sched->lock);
	if (likely(mask == BIT(core)))
		return rknpu_sched_start_one_locked(&sched->slots[core], job, missing);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		if (!rknpu_pick_ready_locked(&sched->slots[core], job))
			return false;
	}
	for_each_set_bit(core, &missing, RKNPU_MAX_CORES) {
		if (!rknpu_linger_take_locked(&sched->slots[core])) {
			rknpu_sched_put_power(sched, powered);
			return false;
		}
		powered |= BIT(core);
	}
	rknpu_run_start_locked(sched, job, mask);
	return true;
}

static bool rknpu_sched_any_idle_locked(const struct rknpu_sched *sched, unsigned long cores)
{
	unsigned int core;

	lockdep_assert_held(&sched->lock);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		if (sched->slots[core].state == RKNPU_SLOT_IDLE)
			return true;
	}
	return false;
}

/* True if a core that was kept idle for a job may be free for another, because that job has lost its place. */
static bool rknpu_sched_freed_locked(struct rknpu_sched *sched)
{
	lockdep_assert_held(&sched->lock);
	if (likely(!sched->queue.moved))
		return false;
	sched->queue.moved = false;
	return rknpu_sched_any_idle_locked(sched, GENMASK(RKNPU_MAX_CORES - 1, 0));
}

/**
 * rknpu_sched_next_locked() - continue with the queue after a job
 * @slot: a core without a job; its power reference is consumed
 * @now: current time
 *
 * Starts the next job of this core immediately if that needs no sleeping, and otherwise
 * leaves it to the worker.
 */
void rknpu_sched_next_locked(struct rknpu_slot *slot, ktime_t now)
{
	struct rknpu_sched *sched = slot->sched;
	struct rknpu_job *next = NULL;
	u32 cores;

	lockdep_assert_held(&sched->lock);
	if (slot->state != RKNPU_SLOT_IDLE)
		rknpu_owner_set_state_locked(slot, RKNPU_SLOT_IDLE);
	sched->now = now;
	if (!rknpu_sched_held_locked(sched))
		next = rknpu_pick_job_locked(slot);
	if (next) {
		cores = next->gang ? rknpu_pick_cores_locked(sched, next) : BIT(slot->index);
		if (cores && rknpu_sched_start_now_locked(sched, next, cores, BIT(slot->index))) {
			rknpu_queue_take(&sched->queue, next);
			next->place = RKNPU_JOB_ELSEWHERE;
			next = NULL;
		}
	}
	/* Otherwise the next job has taken over the power reference of the previous one. */
	if (slot->state == RKNPU_SLOT_IDLE)
		rknpu_linger_begin_locked(slot);
	/* A core that continues makes nothing possible for other jobs, so the worker is not needed then. */
	if (sched->reset_all || (slot->state == RKNPU_SLOT_IDLE && (next || rknpu_pick_awaited_locked(slot))) ||
	    rknpu_sched_freed_locked(sched))
		queue_work(sched->wq, &sched->dispatch);
	else if (slot->state == RKNPU_SLOT_IDLE)
		rknpu_linger_watch_locked(sched);
	if (sched->suspended)
		wake_up(&sched->idle);
}

/* Hard IRQ context. A start clears any events that it finds, so events always belong to the last start. */
static bool rknpu_sched_event(struct rknpu_core *core)
{
	struct rknpu_slot *slot = core->owner;
	struct rknpu_sched *sched = slot->sched;
	bool cookie = dma_fence_begin_signalling();
	struct rknpu_job *done = NULL;
	unsigned long flags;
	u32 events;

	spin_lock_irqsave(&sched->lock, flags);
	events = rknpu_hw_irq_take(&core->hw);
	if (events && slot->state == RKNPU_SLOT_RUNNING)
		done = rknpu_run_take_locked(slot, events);
	spin_unlock_irqrestore(&sched->lock, flags);
	if (done)
		rknpu_run_finish(sched, done);
	dma_fence_end_signalling(cookie);
	return events;
}

/* True if nothing uses the core: no job, and no worker that resets all cores, including idle ones. */
static bool rknpu_sched_quiet(const struct rknpu_slot *slot)
{
	enum rknpu_slot_state state = READ_ONCE(slot->state);

	return !READ_ONCE(slot->sched->reset_all) && (state == RKNPU_SLOT_IDLE || state == RKNPU_SLOT_DEAD);
}

/* Return: false if the worker has taken the core for a reset of all cores since it was quiet. */
static bool rknpu_sched_sleep(struct rknpu_slot *slot)
{
	struct rknpu_sched *sched = slot->sched;

	spin_lock_irq(&sched->lock);
	slot->asleep = rknpu_sched_quiet(slot);
	if (slot->asleep)
		rknpu_linger_end_locked(slot);
	spin_unlock_irq(&sched->lock);
	return slot->asleep;
}

static void rknpu_sched_awake_locked(struct rknpu_sched *sched)
{
	lockdep_assert_held(&sched->lock);
	if (!--sched->suspended)
		queue_work(sched->wq, &sched->dispatch);
}

/* A core has power again; its register contents may have been lost. */
static void rknpu_sched_resume(struct rknpu_core *core)
{
	struct rknpu_slot *slot = core->owner;
	struct rknpu_sched *sched = slot->sched;

	spin_lock_irq(&sched->lock);
	slot->asleep = false;
	/* The next job must not rely on the contents of the registers. */
	rknpu_owner_assert_idle_locked(slot);
	slot->resets--;
	rknpu_sched_awake_locked(sched);
	spin_unlock_irq(&sched->lock);
}

/* Prepares for the loss of power: no more jobs are started, and running jobs may end. */
static int rknpu_sched_suspend(struct rknpu_core *core)
{
	struct rknpu_slot *slot = core->owner;
	struct rknpu_sched *sched = slot->sched;

	spin_lock_irq(&sched->lock);
	sched->suspended++;
	spin_unlock_irq(&sched->lock);
	/* A job is bounded by its own time-out; a client with a long one must not hold up a system suspend. */
	while (wait_event_timeout(sched->idle, rknpu_sched_quiet(slot), RKNPU_SCHED_SUSPEND_JIFFIES)) {
		if (rknpu_sched_sleep(slot))
			return 0;
	}
	/* The worker may own the core. Its registers are not touched, and have kept their contents. */
	spin_lock_irq(&sched->lock);
	rknpu_sched_awake_locked(sched);
	spin_unlock_irq(&sched->lock);
	return -EBUSY;
}

static const struct rknpu_core_ops rknpu_sched_core_ops = {
	.event = rknpu_sched_event,
	.off = rknpu_slot_off,
	.suspend = rknpu_sched_suspend,
	.resume = rknpu_sched_resume,
};

/**
 * rknpu_sched_try_locked() - try to start a job immediately
 * @sched: the scheduler
 * @job: a job that is ready to run; if it starts, the caller's reference passes to the hardware
 *
 * Return: true if it has been started.
 */
bool rknpu_sched_try_locked(struct rknpu_sched *sched, struct rknpu_job *job)
{
	u32 cores;

	lockdep_assert_held(&sched->lock);
	sched->now = ktime_get();
	cores = rknpu_sched_held_locked(sched) ? 0 : rknpu_pick_cores_locked(sched, job);
	return cores && rknpu_sched_start_now_locked(sched, job, cores, 0);
}

/**
 * rknpu_sched_queue_locked() - let a job wait for a core
 * @sched: the scheduler
 * @job: a job that could not be started; the caller's reference passes to the queue
 */
void rknpu_sched_queue_locked(struct rknpu_sched *sched, struct rknpu_job *job)
{
	lockdep_assert_held(&sched->lock);
	rknpu_queue_add(&sched->queue, job);
	job->place = RKNPU_JOB_QUEUED;
	rknpu_conduct_watch_locked(sched);
	/*
	 * The worker, the end of a recovery and the end of a job all check the queue themselves. And a
	 * job can neither run on a core that it does not name, nor make another job able to run there.
	 */
	if (rknpu_sched_any_idle_locked(sched, job->cores))
		queue_work(sched->wq, &sched->dispatch);
}

/**
 * rknpu_sched_fail_locked() - let the worker finish a job whose input fence failed
 * @sched: the scheduler
 * @job: the job; on no list
 * @error: error of the fence
 */
void rknpu_sched_fail_locked(struct rknpu_sched *sched, struct rknpu_job *job, int error)
{
	lockdep_assert_held(&sched->lock);
	rknpu_run_settle_locked(job, error);
	list_add_tail(&job->node, &sched->failed);
	queue_work(sched->wq, &sched->dispatch);
}

static void rknpu_sched_dispatch(struct work_struct *work)
{
	struct rknpu_sched *sched = container_of(work, struct rknpu_sched, dispatch);
	bool more = false;

	/* No lock needed: code that adds more work queues this work item afterwards. */
	if (!list_empty(&sched->failed))
		more = rknpu_drop_failed(sched);
	if (!list_empty(&sched->ready))
		more |= rknpu_wait_pass_ready(sched);
	if (READ_ONCE(sched->reset_all))
		rknpu_recover_reset_all(sched);
	while (rknpu_prepare_next(sched))
		;
	rknpu_linger_watch(sched);
	/* However many jobs one client has, a core waits for no more than a few of them. */
	if (more)
		queue_work(sched->wq, &sched->dispatch);
}

/**
 * rknpu_sched_init() - initialize a scheduler without cores
 * @sched: zeroed
 * @soc: constants of the SoC
 *
 * Return: 0 on success, -ENOMEM if out of memory.
 */
int rknpu_sched_init(struct rknpu_sched *sched, const struct rknpu_soc *soc)
{
	sched->soc = soc;
	spin_lock_init(&sched->lock);
	rknpu_queue_init(&sched->queue);
	INIT_LIST_HEAD(&sched->ready);
	sched->late = RB_ROOT_CACHED;
	INIT_DELAYED_WORK(&sched->conduct, rknpu_conduct_look);
	INIT_DELAYED_WORK(&sched->linger, rknpu_linger_look);
	INIT_DELAYED_WORK(&sched->patience, rknpu_wait_drop_late);
	INIT_LIST_HEAD(&sched->failed);
	init_waitqueue_head(&sched->idle);
	INIT_WORK(&sched->dispatch, rknpu_sched_dispatch);
	sched->sink.fault = rknpu_fault_handle;
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
 * rknpu_sched_add_core() - add a core that can run jobs
 * @sched: the scheduler
 * @core: the core; its events go to the scheduler from here on
 * @mmu: its IOMMU, with nothing attached
 *
 * Return: 0 on success or a negative errno.
 */
int rknpu_sched_add_core(struct rknpu_sched *sched, struct rknpu_core *core, struct rknpu_mmu *mmu)
{
	struct rknpu_slot *slot = &sched->slots[core->hw.index];
	unsigned int i;
	int ret;

	slot->sched = sched;
	slot->index = core->hw.index;
	slot->core = core;
	slot->mmu = mmu;
	INIT_DELAYED_WORK(&slot->watchdog, rknpu_recover_watchdog);
	ret = rknpu_core_irq_attach(core, &rknpu_sched_core_ops, slot);
	if (ret) {
		slot->core = NULL;
		return ret;
	}
	spin_lock_irq(&sched->lock);
	rknpu_owner_set_state_locked(slot, RKNPU_SLOT_IDLE);
	sched->cores |= BIT(slot->index);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (!sched->slots[i].core || sched->slots[i].mmu != mmu)
			continue;
		sched->slots[i].siblings |= BIT(slot->index);
		slot->siblings |= BIT(i);
	}
	spin_unlock_irq(&sched->lock);
	return 0;
}

/**
 * rknpu_sched_stop() - end all jobs and release the hardware
 * @sched: the scheduler; may have been stopped before
 *
 * Jobs end with -ENODEV. After this no interrupt, worker or timer touches a core.
 *
 * Context: Process context. May sleep. Must not run twice at the same time.
 */
void rknpu_sched_stop(struct rknpu_sched *sched)
{
	bool stopped;

	spin_lock_irq(&sched->lock);
	stopped = sched->stopping;
	WRITE_ONCE(sched->stopping, true);
	spin_unlock_irq(&sched->lock);
	if (stopped)
		return;
	rknpu_drop_all(sched, -ENODEV);
	cancel_delayed_work_sync(&sched->patience);
	cancel_delayed_work_sync(&sched->conduct);
	cancel_work_sync(&sched->dispatch);
	rknpu_recover_stop(sched);
	/* Nothing lingers after this: the work sees that the scheduler is stopping. */
	mod_delayed_work(sched->wq, &sched->linger, 0);
	flush_delayed_work(&sched->linger);
	cancel_work_sync(&sched->dispatch);
	while (rknpu_drop_failed(sched))
		;
	flush_workqueue(sched->free_wq);
}

/**
 * rknpu_sched_fini() - free the scheduler
 * @sched: the scheduler; stopped
 */
void rknpu_sched_fini(struct rknpu_sched *sched)
{
	destroy_workqueue(sched->wq);
	destroy_workqueue(sched->free_wq);
}
