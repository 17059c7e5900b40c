// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Jobs that wait for a fence. Signalling a fence runs all its callbacks at once
 * with interrupts off, possibly at the end of another client's job. So a client has one
 * callback on a fence, however many of its jobs wait for it. The callback lets the first
 * few jobs proceed and leaves the rest to the worker, which handles a few at a time.
 *
 * A wait is in its client's tree as long as jobs can join it, that is while it has jobs
 * and its fence has not been signalled. After that it is on the scheduler's list until
 * the worker has passed its jobs on. The jobs share one reference, which is dropped by
 * the code that removes the last job; the callback holds the other reference.
 */
#include "rknpu_wait.h"

#include <linux/dma-fence.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "rknpu_drop.h"
#include "rknpu_entity.h"
#include "rknpu_job.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"

/* Jobs that the callback itself lets proceed: a chain of jobs, for example, needs no worker in between. */
#define RKNPU_WAIT_AT_ONCE 4

/**
 * struct rknpu_wait - jobs of one client that wait for the same fence
 * @ref: one for all jobs together (for the creator until there are some), one for the callback.
 * @sched: scheduler of the jobs. Immutable once armed.
 * @fence: the fence they wait for; holds a reference. Immutable.
 * @cb: callback on @fence.
 * @node: entry in the client's tree; sched->lock.
 * @tree: the tree that it is in, or NULL; sched->lock.
 * @jobs: the jobs; sched->lock.
 * @ready: entry in sched->ready; sched->lock.
 * @signalled: @fence has been signalled; sched->lock.
 */
struct rknpu_wait {
	struct kref ref;
	struct rknpu_sched *sched;
	struct dma_fence *fence;
	struct dma_fence_cb cb;
	struct rb_node node;
	struct rb_root *tree;
	struct list_head jobs;
	struct list_head ready;
	bool signalled;
};

/**
 * rknpu_wait_create() - allocate a wait for a fence
 * @fence: the fence; a reference is taken
 *
 * Context: Process context. May sleep.
 *
 * Return: the wait, to be passed to rknpu_wait_arm() or rknpu_wait_release(), or NULL if out of memory.
 */
struct rknpu_wait *rknpu_wait_create(struct dma_fence *fence)
{
	struct rknpu_wait *wait = kzalloc(sizeof(*wait), GFP_KERNEL_ACCOUNT);

	if (!wait)
		return NULL;
	kref_init(&wait->ref);
	wait->fence = dma_fence_get(fence);
	INIT_LIST_HEAD(&wait->cb.node);
	INIT_LIST_HEAD(&wait->jobs);
	INIT_LIST_HEAD(&wait->ready);
	return wait;
}

static void rknpu_wait_free(struct kref *ref)
{
	struct rknpu_wait *wait = container_of(ref, struct rknpu_wait, ref);

	dma_fence_put(wait->fence);
	kfree(wait);
}

/**
 * rknpu_wait_release() - release a wait that has no jobs
 * @wait: the wait; consumes the reference that its jobs held
 *
 * Once this returns, the callback is not running and will not run.
 *
 * Context: Any context. Must not be called with sched->lock held.
 */
void rknpu_wait_release(struct rknpu_wait *wait)
{
	if (dma_fence_remove_callback(wait->fence, &wait->cb))
		kref_put(&wait->ref, rknpu_wait_free);
	kref_put(&wait->ref, rknpu_wait_free);
}

/* The wait has no jobs any more. The caller, which removed the last one, owns their reference. */
static void rknpu_wait_retire_locked(struct rknpu_wait *wait)
{
	lockdep_assert_held(&wait->sched->lock);
	if (wait->tree)
		rb_erase(&wait->node, wait->tree);
	wait->tree = NULL;
	list_del_init(&wait->ready);
}

/**
 * rknpu_wait_leave_locked() - remove a job from the wait that it has joined
 * @sched: the scheduler
 * @job: a job that waits for a fence
 *
 * Return: a wait that the caller must release after dropping sched->lock, or NULL.
 */
struct rknpu_wait *rknpu_wait_leave_locked(struct rknpu_sched *sched, struct rknpu_job *job)
{
	struct rknpu_wait *wait = job->wait;

	lockdep_assert_held(&sched->lock);
	rknpu_queue_disown(&sched->queue, job);
	list_del_init(&job->node);
	job->wait = NULL;
	job->place = RKNPU_JOB_ELSEWHERE;
	if (job->impatient)
		rb_erase_cached(&job->late, &sched->late);
	if (!list_empty(&wait->jobs))
		return NULL;
	rknpu_wait_retire_locked(wait);
	return wait;
}

/* Lets the first job of a wait proceed. Returns a wait that must then be released, or NULL. */
static struct rknpu_wait *rknpu_wait_pass_locked(struct rknpu_wait *wait)
{
	struct rknpu_job *job = list_first_entry(&wait->jobs, struct rknpu_job, node);
	struct rknpu_sched *sched = wait->sched;
	/* Set before the fence was signalled. dma_fence_get_status() would take a lock that the caller may hold. */
	int error = wait->fence->error;

	lockdep_assert_held(&wait->sched->lock);
	wait = rknpu_wait_leave_locked(sched, job);
	if (error)
		rknpu_sched_fail_locked(sched, job, error);
	else if (!rknpu_sched_try_locked(sched, job))
		rknpu_sched_queue_locked(sched, job);
	return wait;
}

/* Fence callback. Context: Any context. The fence's lock is held. */
static void rknpu_wait_signalled(struct dma_fence *fence, struct dma_fence_cb *cb)
{
	struct rknpu_wait *wait = container_of(cb, struct rknpu_wait, cb);
	struct rknpu_sched *sched = wait->sched;
	struct rknpu_wait *done = NULL;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&sched->lock, flags);
	wait->signalled = true;
	if (wait->tree)
		rb_erase(&wait->node, wait->tree);
	wait->tree = NULL;
	for (i = 0; i < RKNPU_WAIT_AT_ONCE && !done && !list_empty(&wait->jobs); i++)
		done = rknpu_wait_pass_locked(wait);
	if (!list_empty(&wait->jobs)) {
		list_add_tail(&wait->ready, &sched->ready);
		queue_work(sched->wq, &sched->dispatch);
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	if (done)
		kref_put(&done->ref, rknpu_wait_free);
	kref_put(&wait->ref, rknpu_wait_free);
}

/**
 * rknpu_wait_arm() - install the callback on the fence
 * @sched: the scheduler
 * @wait: a new wait without jobs; if the callback runs now, it finds none
 *
 * Context: Any context. Must not be called with sched->lock held.
 */
void rknpu_wait_arm(struct rknpu_sched *sched, struct rknpu_wait *wait)
{
	wait->sched = sched;
	kref_get(&wait->ref);
	if (!dma_fence_add_callback(wait->fence, &wait->cb, rknpu_wait_signalled))
		return;
	kref_put(&wait->ref, rknpu_wait_free);
	/* No lock needed: nothing else knows the wait yet. */
	wait->signalled = true;
}

static int rknpu_wait_compare(const void *key, const struct rb_node *node)
{
	const struct dma_fence *fence = rb_entry(node, struct rknpu_wait, node)->fence;

	return (key > (const void *)fence) - (key < (const void *)fence);
}

static int rknpu_wait_compare_nodes(struct rb_node *node, const struct rb_node *other)
{
	return rknpu_wait_compare(rb_entry(node, struct rknpu_wait, node)->fence, other);
}

static bool rknpu_wait_earlier(struct rb_node *node, const struct rb_node *other)
{
	return time_before(rb_entry(node, struct rknpu_job, late)->deadline,
			   rb_entry(other, struct rknpu_job, late)->deadline);
}

/* Arms the timer for the first of the impatient jobs to reach its deadline. */
static void rknpu_wait_watch_locked(struct rknpu_sched *sched)
{
	struct rb_node *first = rb_first_cached(&sched->late);
	unsigned long deadline;

	lockdep_assert_held(&sched->lock);
	if (!first)
		return;
	deadline = rb_entry(first, struct rknpu_job, late)->deadline;
	if (!delayed_work_pending(&sched->patience) || time_after(sched->patience.timer.expires, deadline))
		mod_delayed_work(sched->wq, &sched->patience, time_after(deadline, jiffies) ? deadline - jiffies : 0);
}

/**
 * rknpu_wait_join_locked() - make a job wait for its fence
 * @sched: the scheduler
 * @job: a job with an input fence; its reference for the queue has been taken
 * @spare: an armed wait for that fence; NULL afterwards if the job has taken it
 *
 * Return: true if the job waits, false if the fence has already been signalled.
 */
bool rknpu_wait_join_locked(struct rknpu_sched *sched, struct rknpu_job *job, struct rknpu_wait **spare)
{
	struct rb_root *tree = &job->entity->waits;
	struct rb_node *node;

	lockdep_assert_held(&sched->lock);
	if ((*spare)->signalled)
		return false;
	node = rb_find_add(&(*spare)->node, tree, rknpu_wait_compare_nodes);
	if (node) {
		job->wait = rb_entry(node, struct rknpu_wait, node);
	} else {
		job->wait = *spare;
		job->wait->tree = tree;
		*spare = NULL;
	}
	list_add_tail(&job->node, &job->wait->jobs);
	rknpu_queue_own(&sched->queue, job);
	job->place = RKNPU_JOB_WAITING;
	job->deadline = jiffies + job->timeout;
	if (job->impatient) {
		rb_add_cached(&job->late, &sched->late, rknpu_wait_earlier);
		rknpu_wait_watch_locked(sched);
	}
	return true;
}

/**
 * rknpu_wait_pass_ready() - let some jobs proceed after their fence was signalled
 * @sched: the scheduler
 *
 * Takes one job of each wait in turn.
 *
 * Context: Process context, from the worker. Takes sched->lock.
 *
 * Return: true if there are more.
 */
bool rknpu_wait_pass_ready(struct rknpu_sched *sched)
{
	struct rknpu_wait *done[RKNPU_SCHED_BATCH];
	unsigned int i, num = 0;
	bool more;

	spin_lock_irq(&sched->lock);
	for (i = 0; i < RKNPU_SCHED_BATCH && !list_empty(&sched->ready); i++) {
		struct rknpu_wait *wait = list_first_entry(&sched->ready, struct rknpu_wait, ready);

		list_move_tail(&wait->ready, &sched->ready);
		done[num] = rknpu_wait_pass_locked(wait);
		num += !!done[num];
	}
	more = !list_empty(&sched->ready);
	spin_unlock_irq(&sched->lock);
	for (i = 0; i < num; i++)
		rknpu_wait_release(done[i]);
	return more;
}

/**
 * rknpu_wait_drop_late() - fail jobs that have waited too long for their input fence
 * @work: sched->patience
 *
 * Applies only to fences of other drivers. A job that waits for jobs of this driver waits
 * for something that always ends, and its own time-out has not begun.
 *
 * Context: Process context, from the worker. Takes sched->lock.
 */
void rknpu_wait_drop_late(struct work_struct *work)
{
	struct rknpu_sched *sched = container_of(to_delayed_work(work), struct rknpu_sched, patience);
	struct rknpu_drop drop;
	struct rb_node *first;
	unsigned int i;

	rknpu_drop_init(&drop, sched);
	spin_lock_irq(&sched->lock);
	for (i = 0; i < RKNPU_SCHED_BATCH; i++) {
		first = rb_first_cached(&sched->late);
		if (!first || time_before(jiffies, rb_entry(first, struct rknpu_job, late)->deadline))
			break;
		rknpu_drop_take_locked(&drop, rb_entry(first, struct rknpu_job, late), -ETIMEDOUT);
	}
	rknpu_wait_watch_locked(sched);
	spin_unlock_irq(&sched->lock);
	rknpu_drop_finish(&drop);
}
