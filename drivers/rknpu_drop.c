// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: How jobs leave the scheduler without having run: a killed or closing submitter, a
 * client's reset, dead cores, removal of the device. There may be thousands of jobs, so a
 * few at a time are removed. Each client has a list of its own, so the number of jobs that
 * one client has queued costs the others nothing.
 */
#include "rknpu_drop.h"

#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/workqueue.h>

#include "rknpu_client.h"
#include "rknpu_entity.h"
#include "rknpu_job.h"
#include "rknpu_queue.h"
#include "rknpu_run.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"
#include "rknpu_wait.h"

/*
 * Time that a job is left with when its file is closed or its submitter killed. Jobs take
 * milliseconds, and a process that has exported a result may exit before the result is
 * ready. A job that hangs does not hold its core any longer than this.
 */
#define RKNPU_DROP_GRACE_JIFFIES (HZ / 2)

typedef bool (*rknpu_drop_match)(const struct rknpu_job *job, const void *data);

static bool rknpu_drop_match_all(const struct rknpu_job *job, const void *data)
{
	return true;
}

static bool rknpu_drop_match_job(const struct rknpu_job *job, const void *data)
{
	return job == data;
}

static bool rknpu_drop_match_file(const struct rknpu_job *job, const void *data)
{
	return job->file == data;
}

static bool rknpu_drop_match_orphan(const struct rknpu_job *job, const void *data)
{
	return !rknpu_sched_has_cores_locked(data, job);
}

/**
 * rknpu_drop_init() - initialize an empty set of dropped jobs
 * @drop: result
 * @sched: the scheduler
 */
void rknpu_drop_init(struct rknpu_drop *drop, struct rknpu_sched *sched)
{
	drop->sched = sched;
	INIT_LIST_HEAD(&drop->jobs);
	drop->queued = false;
}

/**
 * rknpu_drop_take_locked() - remove a job that has not started
 * @drop: set to add it to, for rknpu_drop_finish()
 * @job: a job that waits for a fence or for a core
 * @result: its result
 */
void rknpu_drop_take_locked(struct rknpu_drop *drop, struct rknpu_job *job, int result)
{
	struct rknpu_sched *sched = drop->sched;

	lockdep_assert_held(&sched->lock);
	if (job->place == RKNPU_JOB_WAITING) {
		/* The callback is removed later, because that takes the fence's lock. */
		job->wait = rknpu_wait_leave_locked(sched, job);
	} else {
		rknpu_queue_remove(&sched->queue, job);
		drop->queued = true;
	}
	job->place = RKNPU_JOB_ELSEWHERE;
	rknpu_run_settle_locked(job, result);
	list_add_tail(&job->node, &drop->jobs);
}

/**
 * rknpu_drop_finish() - finish the jobs that were removed
 * @drop: set of jobs; empty afterwards
 *
 * Context: Process context. Must not be called with sched->lock held.
 */
void rknpu_drop_finish(struct rknpu_drop *drop)
{
	struct rknpu_sched *sched = drop->sched;
	struct rknpu_job *job, *next;

	list_for_each_entry_safe(job, next, &drop->jobs, node) {
		list_del_init(&job->node);
		if (job->wait)
			rknpu_wait_release(job->wait);
		job->wait = NULL;
		rknpu_run_finish(sched, job);
	}
}

/* For example, a gang that was dropped returns the cores that were kept for it. */
static void rknpu_drop_done(struct rknpu_drop *drop)
{
	if (drop->queued && READ_ONCE(drop->sched->queue.used))
		queue_work(drop->sched->wq, &drop->sched->dispatch);
}

/*
 * Checks some of a client's jobs, of which @left have not been checked yet, and removes
 * those that match. The others go to the end of the list, whose order does not matter.
 */
static unsigned int rknpu_drop_some_locked(struct rknpu_drop *drop, struct rknpu_entity *entity, unsigned int left,
					   rknpu_drop_match match, const void *data, int result)
{
	unsigned int i;

	lockdep_assert_held(&drop->sched->lock);
	for (i = 0; i < RKNPU_SCHED_BATCH && left && !list_empty(&entity->unstarted); i++, left--) {
		struct rknpu_job *job = list_first_entry(&entity->unstarted, struct rknpu_job, owned);

		if (match(job, data))
			rknpu_drop_take_locked(drop, job, result);
		else
			list_move_tail(&job->owned, &entity->unstarted);
	}
	return list_empty(&entity->unstarted) ? 0 : left;
}

/* Drops all jobs of a client that match and have not started. Context: Process context. */
static void rknpu_drop_of_client(struct rknpu_sched *sched, struct rknpu_client *client, rknpu_drop_match match,
				 const void *data, int result)
{
	/* Pairs with the cmpxchg() in rknpu_entity_of(), which comes before the first job. */
	struct rknpu_entity *entity = smp_load_acquire(&client->entity);
	unsigned int left = entity ? READ_ONCE(entity->num_unstarted) : 0;
	struct rknpu_drop drop;
	unsigned long flags;

	rknpu_drop_init(&drop, sched);
	while (left) {
		spin_lock_irqsave(&sched->lock, flags);
		left = rknpu_drop_some_locked(&drop, entity, left, match, data, result);
		spin_unlock_irqrestore(&sched->lock, flags);
		rknpu_drop_finish(&drop);
		cond_resched();
	}
	rknpu_drop_done(&drop);
}

/* Returns the client that was checked least recently, with a reference. */
static struct rknpu_client *rknpu_drop_next_client(struct rknpu_sched *sched)
{
	struct rknpu_client *client = NULL;
	struct rknpu_entity *entity;
	unsigned long flags;

	spin_lock_irqsave(&sched->lock, flags);
	entity = list_first_entry_or_null(&sched->queue.busy, struct rknpu_entity, busy);
	if (entity) {
		list_move_tail(&entity->busy, &sched->queue.busy);
		client = rknpu_client_get(list_first_entry(&entity->unstarted, struct rknpu_job, owned)->client);
	}
	spin_unlock_irqrestore(&sched->lock, flags);
	return client;
}

/* Clients that queue jobs later have none that match. */
static void rknpu_drop_of_all(struct rknpu_sched *sched, rknpu_drop_match match, const void *data, int result)
{
	unsigned int left = READ_ONCE(sched->queue.num_busy);
	struct rknpu_client *client;

	while (left-- && (client = rknpu_drop_next_client(sched))) {
		rknpu_drop_of_client(sched, client, match, data, result);
		rknpu_client_put(client);
	}
}

/**
 * rknpu_drop_all() - drop all jobs that have not started
 * @sched: the scheduler; must be stopping, so no more jobs are accepted
 * @result: result for the jobs
 *
 * Context: Process context.
 */
void rknpu_drop_all(struct rknpu_sched *sched, int result)
{
	rknpu_drop_of_all(sched, rknpu_drop_match_all, NULL, result);
}

/**
 * rknpu_drop_orphans() - fail the jobs that have no working core left
 * @sched: the scheduler; a core has just died
 *
 * Context: Process context.
 */
void rknpu_drop_orphans(struct rknpu_sched *sched)
{
	rknpu_drop_of_all(sched, rknpu_drop_match_orphan, sched, -EIO);
}

/**
 * rknpu_drop_failed() - finish some of the jobs whose input fence failed
 * @sched: the scheduler
 *
 * Not done in the fence's callback, which must not signal another fence.
 *
 * Context: Process context, from the worker.
 *
 * Return: true if there are more.
 */
bool rknpu_drop_failed(struct rknpu_sched *sched)
{
	struct rknpu_job *job;
	unsigned int i;

	for (i = 0; i < RKNPU_SCHED_BATCH; i++) {
		spin_lock_irq(&sched->lock);
		job = list_first_entry_or_null(&sched->failed, struct rknpu_job, node);
		if (job)
			list_del_init(&job->node);
		spin_unlock_irq(&sched->lock);
		if (!job)
			return false;
		rknpu_run_finish(sched, job);
	}
	return true;
}

/*
 * The running jobs that match have lost their owner. Any that have not ended within
 * RKNPU_DROP_GRACE_JIFFIES are stopped by a reset of their cores.
 */
static void rknpu_drop_curtail(struct rknpu_sched *sched, rknpu_drop_match match, const void *data)
{
	unsigned long latest = jiffies + RKNPU_DROP_GRACE_JIFFIES;
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&sched->lock, flags);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];
		struct rknpu_job *job = slot->job;

		if (!job || !match(job, data))
			continue;
		job->abandoned = true;
		if (job->running && time_after(job->deadline, latest)) {
			job->deadline = latest;
			rknpu_run_watch_locked(slot, latest);
		}
	}
	spin_unlock_irqrestore(&sched->lock, flags);
}

/**
 * rknpu_drop_killed() - drop or limit a job whose submitter has been killed
 * @sched: the scheduler
 * @job: a pushed job; the caller holds a reference
 *
 * Context: Process context.
 */
void rknpu_drop_killed(struct rknpu_sched *sched, struct rknpu_job *job)
{
	struct rknpu_drop drop;
	unsigned long flags;

	rknpu_drop_init(&drop, sched);
	spin_lock_irqsave(&sched->lock, flags);
	if (job->place != RKNPU_JOB_ELSEWHERE)
		rknpu_drop_take_locked(&drop, job, -EINTR);
	spin_unlock_irqrestore(&sched->lock, flags);
	rknpu_drop_finish(&drop);
	rknpu_drop_done(&drop);
	rknpu_drop_curtail(sched, rknpu_drop_match_job, job);
}

/**
 * rknpu_drop_file() - drop the jobs of a closing file that have not started
 * @sched: the scheduler
 * @client: client of the file
 * @file: identity of the file
 *
 * Running jobs get a short grace period to finish.
 *
 * Context: Process context. Does not wait.
 */
void rknpu_drop_file(struct rknpu_sched *sched, struct rknpu_client *client, const void *file)
{
	rknpu_drop_of_client(sched, client, rknpu_drop_match_file, file, -ECANCELED);
	rknpu_drop_curtail(sched, rknpu_drop_match_file, file);
}

/**
 * rknpu_drop_client() - drop all jobs of a client
 * @sched: the scheduler
 * @client: client that asked for a reset
 *
 * Running jobs are stopped by a reset of their cores.
 *
 * Context: Process context. Does not wait.
 */
void rknpu_drop_client(struct rknpu_sched *sched, struct rknpu_client *client)
{
	unsigned long flags;
	unsigned int i;

	rknpu_drop_of_client(sched, client, rknpu_drop_match_all, NULL, -ECANCELED);
	spin_lock_irqsave(&sched->lock, flags);
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		struct rknpu_slot *slot = &sched->slots[i];

		if (slot->job && slot->job->client == client) {
			slot->job->cancelled = true;
			rknpu_run_watch_locked(slot, jiffies);
		}
	}
	spin_unlock_irqrestore(&sched->lock, flags);
}
