// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Waiting for a short job without sleep. To go idle, be interrupted and be woken
 * takes longer than such a job, so the processor that has started it looks at the core
 * itself, as KVM does before it halts a virtual processor. Only where the same client's
 * jobs of this kind used to be short, never for longer than RKNPU_POLL_MAX_US, and not
 * while anybody else could use the processor.
 *
 * The core does not interrupt meanwhile: interrupts that find nothing to do, one for
 * each job, would have the kernel switch the line off. Who gives up lets the core
 * interrupt again and looks once more afterwards, so that the end is seen by one of
 * the two. Preemption is off, or the end might be seen only when its turn has come.
 * With PREEMPT_RT nobody polls: its locks may not be taken then.
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

#include "rknpu_client.h"
#include "rknpu_core.h"
#include "rknpu_hw.h"
#include "rknpu_job.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"

#define RKNPU_POLL_MAX_US	50

/* One job that is much longer than the others must not decide for long. */
#define RKNPU_POLL_SAMPLE_NS	(4 * RKNPU_POLL_MAX_US * NSEC_PER_USEC)
#define RKNPU_POLL_WEIGHT	4

static unsigned int rknpu_poll_us = RKNPU_POLL_MAX_US;
module_param_named(poll_us, rknpu_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us, "Longest job in microseconds that its submitter waits for without sleep (0 = none, default and at most 50)");

static u32 rknpu_poll_limit_ns(void)
{
	return min_t(u32, READ_ONCE(rknpu_poll_us), RKNPU_POLL_MAX_US) * NSEC_PER_USEC;
}

/* Jobs of one kind: the same descriptors. Kinds that share a place are taken for one. */
static u32 *rknpu_poll_usual(const struct rknpu_job *job)
{
	const struct rknpu_job_range *range = &job->range[__ffs(job->cores)];
	unsigned long kind = (unsigned long)job->task_mapping + range->first;

	return &job->client->usual_ns[hash_long(kind, RKNPU_CLIENT_KIND_BITS)];
}

/**
 * rknpu_poll_wanted() - whether to wait for a job without sleep
 * @job: about to be pushed by who will wait for it
 *
 * Return: true when its kind used to be short, and nobody else wants this processor.
 */
bool rknpu_poll_wanted(const struct rknpu_job *job)
{
	u32 usual, limit;

	if (IS_ENABLED(CONFIG_PREEMPT_RT) || job->gang || job->in_fence ||
	    job->range[__ffs(job->cores)].num_chunks > 1)
		return false;
	usual = READ_ONCE(*rknpu_poll_usual(job));
	limit = rknpu_poll_limit_ns();
	/* The end that an interrupt told of was some microseconds before. */
	return usual && usual <= limit + limit / 8 && single_task_running();
}

/**
 * rknpu_poll_learn() - remember how long a job took
 * @job: has ended well
 *
 * Callers may race: a value that is lost matters to nobody.
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

/* Return: whether there is nothing more to look for. @last: the core interrupts from now on. */
static bool rknpu_poll_look_locked(struct rknpu_slot *slot, struct rknpu_job *job, bool last, struct rknpu_job **done)
{
	const struct rknpu_hw_range *chunk = rknpu_job_chunk(job, slot->index);
	const struct rknpu_hw *hw = &slot->core->hw;

	lockdep_assert_held(&slot->sched->lock);
	/* A fault or a reset may have taken the job away, and then the core may have no power. */
	if (slot->job != job || slot->state != RKNPU_SLOT_RUNNING)
		return true;
	if (last) {
		job->quiet = false;
		rknpu_hw_listen(hw, chunk);
	}
	return rknpu_run_take_locked(slot, rknpu_hw_poll_take(hw, chunk), done);
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
 * rknpu_poll_watch() - wait for the end of a job for a moment
 * @sched: the scheduler
 * @job: pushed; if it is not quiet, because it could not be started at once, nothing is done
 *
 * Context: process, with preemption off since before the job was pushed.
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
	/* Neither the lock nor the bus has anything from looks at a job that has just begun. */
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
