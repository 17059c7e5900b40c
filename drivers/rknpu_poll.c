// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Waiting for a short job without sleeping. Going idle, taking the interrupt and
 * waking up take longer than such a job, so the CPU that has started it polls the core
 * instead, as KVM does before it halts a virtual CPU. This happens only if jobs of this
 * kind from the same client have been short, never for longer than RKNPU_POLL_MAX_US,
 * and not while another task could use the CPU.
 *
 * The core raises no interrupts meanwhile: one interrupt per job that finds nothing to
 * do would make the kernel disable the line. A poller that gives up enables the
 * interrupt of the core and then polls once more, so either the poller or the interrupt
 * handler sees the end. Preemption is off; otherwise the end might be noticed only when
 * the task is scheduled again. There is no polling on PREEMPT_RT, where spinlocks cannot
 * be taken with preemption off.
 */
#include "rknpu_poll.h"

#include <linux/bitops.h>
#include <linux/dma-fence.h>
#include <linux/hash.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/moduleparam.h>
#include <linux/processor.h>
#include <linux/sched.h>
#include <linux/sched/stat.h>

#include "rknpu_core.h"
#include "rknpu_entity.h"
#include "rknpu_hw.h"
#include "rknpu_job.h"
#include "rknpu_run.h"
#include "rknpu_sched.h"

#define RKNPU_POLL_MAX_US 50

/* Cap on a sample: one job that is much longer than the others must not decide for long. */
#define RKNPU_POLL_SAMPLE_NS (4 * RKNPU_POLL_MAX_US * NSEC_PER_USEC)
#define RKNPU_POLL_WEIGHT 4

static unsigned int rknpu_poll_us = RKNPU_POLL_MAX_US;
module_param_named(poll_us, rknpu_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us, "Longest job in microseconds that its submitter waits for without sleep (0 = none, default and at most 50)");

static u32 rknpu_poll_limit_ns(void)
{
	return min_t(u32, READ_ONCE(rknpu_poll_us), RKNPU_POLL_MAX_US) * NSEC_PER_USEC;
}

/* Jobs of one kind have the same descriptors. Kinds with the same hash are treated as one. */
static u32 *rknpu_poll_usual(const struct rknpu_job *job)
{
	const struct rknpu_job_range *range = &job->range[__ffs(job->cores)];
	unsigned long kind = (unsigned long)job->task_mapping + range->first;

	return &job->entity->usual_ns[hash_long(kind, RKNPU_ENTITY_KIND_BITS)];
}

/**
 * rknpu_poll_wanted() - tell whether to wait for a job without sleeping
 * @job: the job, about to be pushed by the task that will wait for it
 *
 * Return: true if jobs of its kind have been short and no other task wants this CPU.
 */
bool rknpu_poll_wanted(const struct rknpu_job *job)
{
	u32 usual, limit;

	if (IS_ENABLED(CONFIG_PREEMPT_RT) || job->gang || job->in_fence ||
	    job->range[__ffs(job->cores)].num_chunks > 1)
		return false;
	usual = READ_ONCE(*rknpu_poll_usual(job));
	limit = rknpu_poll_limit_ns();
	/* If an interrupt reported the end, the job really ended some microseconds earlier. */
	return usual && usual <= limit + limit / 8 && single_task_running();
}

/**
 * rknpu_poll_learn() - remember how long a job took
 * @job: a job that has succeeded
 *
 * Callers may race: a lost sample does no harm.
 */
void rknpu_poll_learn(const struct rknpu_job *job)
{
	u32 *usual = rknpu_poll_usual(job);
	u32 before = READ_ONCE(*usual);
	u32 sample = clamp_t(u64, job->elapsed_ns, 1, RKNPU_POLL_SAMPLE_NS);

	if (before)
		sample = (before * (RKNPU_POLL_WEIGHT - 1) + sample) / RKNPU_POLL_WEIGHT;
	WRITE_ONCE(*usual, max(sample, 1));
}

/* Returns true if there is nothing left to poll for. @last: enable the interrupt of the core first. */
static bool rknpu_poll_look_locked(struct rknpu_slot *slot, struct rknpu_job *job, bool last, struct rknpu_job **done)
{
	const struct rknpu_hw_range *chunk = rknpu_job_chunk(job, slot->index);
	const struct rknpu_hw *hw = &slot->core->hw;

	lockdep_assert_held(&slot->sched->lock);
	/* A fault or a reset may have taken the job off the core, and then the core may have no power. */
	if (slot->job != job || slot->state != RKNPU_SLOT_RUNNING)
		return true;
	if (last) {
		job->quiet = false;
		rknpu_hw_listen(hw, chunk);
	}
	*done = rknpu_run_take_locked(slot, rknpu_hw_poll_take(hw, chunk));
	return slot->job != job;
}

static bool rknpu_poll_look(struct rknpu_slot *slot, struct rknpu_job *job, bool last)
{
	bool cookie = dma_fence_begin_signalling();
	struct rknpu_job *done = NULL;
	unsigned long flags;
	bool over;

	spin_lock_irqsave(&slot->sched->lock, flags);
	over = rknpu_poll_look_locked(slot, job, last, &done);
	spin_unlock_irqrestore(&slot->sched->lock, flags);
	if (done)
		rknpu_run_finish(slot->sched, done);
	dma_fence_end_signalling(cookie);
	return over;
}

/**
 * rknpu_poll_watch() - poll briefly for the end of a job
 * @sched: the scheduler
 * @job: a pushed job; does nothing if it is not quiet, because it could not be started at once
 *
 * Context: Process context. Preemption must have been off since before the job was pushed.
 */
void rknpu_poll_watch(struct rknpu_sched *sched, struct rknpu_job *job)
{
	u32 usual = READ_ONCE(*rknpu_poll_usual(job));
	ktime_t next, end, now;
	struct rknpu_slot *slot;
	bool last;

	if (!READ_ONCE(job->quiet))
		return;
	slot = &sched->slots[__ffs(job->ran)];
	/* Polling a job that has only just begun would burden the lock and the bus for nothing. */
	next = job->started + usual - usual / 4;
	end = ktime_get() + rknpu_poll_limit_ns();
	do {
		cpu_relax();
		now = ktime_get();
		last = need_resched() || !single_task_running() || ktime_after(now, end);
		if (!last && ktime_before(now, next))
			continue;
		if (rknpu_poll_look(slot, job, last))
			break;
		next = now + usual / 128;
	} while (!last);
}
