// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Which job is next. Higher priority goes first. Of clients with equal priority, the one
 * that has used the least core time goes next, for one job (or as many as fit into a turn, see
 * rknpu_pick.c), however long its jobs are and however many it has queued. The jobs of one
 * client run in order of arrival, except that a job for a busy core does not hold up a job for
 * an idle one. Finding the next job costs the same at any queue depth, because jobs are kept by
 * the set of cores that they name.
 *
 * A client's use is measured against its fair share, which advances with all work. A client
 * that is new, or returns after a while, is treated as having used its fair share, so new
 * clients cannot hold the others off forever. Nothing is remembered for long, either.
 *
 * The caller must hold sched->lock for everything but rknpu_queue_init().
 */
#include "rknpu_queue.h"

#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>

#include "rknpu_client.h"
#include "rknpu_entity.h"
#include "rknpu_job.h"
#include "rknpu_turn.h"
#include "rknpu_vm.h"

static unsigned int rknpu_client_max_jobs = 8192;
module_param_named(client_max_jobs, rknpu_client_max_jobs, uint, 0644);
MODULE_PARM_DESC(client_max_jobs, "Jobs that one process may have waiting for a core or a fence (default 8192)");

/*
 * How far a client's use may be from its fair share, in either direction. It is longer than most jobs,
 * or clients with long jobs would gain; and it is short, because a client that is that far behind may
 * occupy the cores until it has caught up.
 */
#define RKNPU_QUEUE_WINDOW_NS (200 * (u64)NSEC_PER_MSEC)

static unsigned int rknpu_queue_level(const struct rknpu_job *job)
{
	return RKNPU_PRIORITY_MAX - job->priority;
}

static struct rknpu_turn *rknpu_queue_turn(const struct rknpu_job *job)
{
	return &job->entity->level[rknpu_queue_level(job)];
}

/* Smaller differences are ignored. */
#define RKNPU_QUEUE_TAG_SHIFT 20

/* Enters a turn after all others that have used as much. */
static void rknpu_queue_turn_enter(struct rknpu_queue *queue, struct rknpu_entity *entity, struct rknpu_turn *turn)
{
	unsigned int level = turn - entity->level;

	rknpu_turn_enter(&queue->levels[level], turn, entity->used_ns >> RKNPU_QUEUE_TAG_SHIFT);
	entity->entered |= BIT(level);
	queue->used |= BIT(level);
	queue->num_turns++;
}

static void rknpu_queue_turn_leave(struct rknpu_queue *queue, struct rknpu_entity *entity, struct rknpu_turn *turn)
{
	unsigned int level = turn - entity->level;

	if (!(entity->entered & BIT(level)))
		return;
	rknpu_turn_leave(&queue->levels[level], turn);
	entity->entered &= ~BIT(level);
	queue->num_turns--;
	if (RB_EMPTY_ROOT(&queue->levels[level].rb_root))
		queue->used &= ~BIT(level);
}

/* Moves a turn after its client has used more time. Returns true if another client is before it now. */
static bool rknpu_queue_turn_requeue(struct rknpu_queue *queue, struct rknpu_entity *entity, struct rknpu_turn *turn)
{
	struct rb_node *next = rb_next(&turn->node);
	u64 tag = entity->used_ns >> RKNPU_QUEUE_TAG_SHIFT;

	if (!next || rb_entry(next, struct rknpu_turn, node)->tag > tag) {
		turn->tag = tag;
		return false;
	}
	rknpu_queue_turn_leave(queue, entity, turn);
	rknpu_queue_turn_enter(queue, entity, turn);
	return true;
}

/**
 * rknpu_queue_init() - initialize an empty queue
 * @queue: zeroed
 */
void rknpu_queue_init(struct rknpu_queue *queue)
{
	unsigned int i;

	for (i = 0; i < RKNPU_QUEUE_LEVELS; i++)
		queue->levels[i] = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&queue->busy);
	INIT_LIST_HEAD(&queue->banished);
	hash_init(queue->spaces);
}

/**
 * rknpu_queue_full() - tell whether a client has as many waiting jobs as it may have
 * @entity: what the scheduler keeps for the client
 *
 * Return: true if another job must be refused.
 */
bool rknpu_queue_full(const struct rknpu_entity *entity)
{
	return entity->num_unstarted >= READ_ONCE(rknpu_client_max_jobs);
}

/**
 * rknpu_queue_own() - add an accepted job to its client's unstarted jobs
 * @queue: the queue
 * @job: a job that waits for a core or a fence; on no list of its client
 */
void rknpu_queue_own(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_entity *entity = job->entity;

	if (!entity->num_unstarted++) {
		list_add_tail(&entity->busy, &queue->busy);
		queue->num_busy++;
		if (entity->out)
			list_add_tail(&entity->penance, &queue->banished);
	}
	list_add_tail(&job->owned, &entity->unstarted);
}

/**
 * rknpu_queue_disown() - remove a job from its client's unstarted jobs
 * @queue: the queue
 * @job: a job added by rknpu_queue_own()
 */
void rknpu_queue_disown(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_entity *entity = job->entity;

	list_del_init(&job->owned);
	if (!--entity->num_unstarted) {
		list_del_init(&entity->busy);
		list_del_init(&entity->penance);
		queue->num_busy--;
	}
}

static void rknpu_queue_entity_readmit(struct rknpu_queue *queue, struct rknpu_entity *entity)
{
	unsigned int i;

	entity->out = false;
	list_del_init(&entity->penance);
	for (i = 0; i < RKNPU_QUEUE_LEVELS; i++) {
		if (entity->level[i].used)
			rknpu_queue_turn_enter(queue, entity, &entity->level[i]);
	}
}

/* Limits how far a client may be behind its fair share to @credit. */
static void rknpu_queue_entity_clamp(const struct rknpu_queue *queue, struct rknpu_entity *entity, u64 credit)
{
	if (entity->used_ns + credit < queue->share_ns)
		entity->used_ns = queue->share_ns - credit;
}

/**
 * rknpu_queue_add() - queue a job that waits for a core
 * @queue: the queue
 * @job: the job; not queued
 */
void rknpu_queue_add(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_entity *entity = job->entity;
	struct rknpu_turn *turn = rknpu_queue_turn(job);
	bool first = !turn->used;

	if (entity->out && time_after_eq(jiffies, entity->out_end))
		rknpu_queue_entity_readmit(queue, entity);
	rknpu_turn_add_job(turn, job, entity->entered & BIT(rknpu_queue_level(job)));
	if (!entity->out && first) {
		rknpu_queue_entity_clamp(queue, entity, 0);
		rknpu_queue_turn_enter(queue, entity, turn);
	}
	rknpu_queue_own(queue, job);
	job->arrival = queue->arrivals++;
	if (!job->vm->num_queued++) {
		job->vm->entity = entity;
		hash_add(queue->spaces, &job->vm->queued, (unsigned long)job->vm);
	}
}

/**
 * rknpu_queue_remove() - remove a job from the queue
 * @queue: the queue
 * @job: a queued job
 */
void rknpu_queue_remove(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_turn *turn = rknpu_queue_turn(job);
	struct rknpu_entity *entity = job->entity;

	if (!--job->vm->num_queued)
		hash_del(&job->vm->queued);
	rknpu_queue_disown(queue, job);
	rknpu_turn_remove_job(turn, job, entity->entered & BIT(rknpu_queue_level(job)));
	if (!turn->used)
		rknpu_queue_turn_leave(queue, entity, turn);
}

/**
 * rknpu_queue_take() - remove a job that gets its cores; its client has had its turn
 * @queue: the queue
 * @job: a queued job
 */
void rknpu_queue_take(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_entity *entity = job->entity;
	unsigned int level = rknpu_queue_level(job);

	rknpu_queue_remove(queue, job);
	if (!(entity->entered & BIT(level)))
		return;
	rknpu_queue_entity_clamp(queue, entity, RKNPU_QUEUE_WINDOW_NS);
	rknpu_queue_turn_requeue(queue, entity, &entity->level[level]);
}

/**
 * rknpu_queue_charge() - account for a client's use of a core
 * @queue: the queue
 * @entity: what the scheduler keeps for the client
 * @ns: time used
 */
void rknpu_queue_charge(struct rknpu_queue *queue, struct rknpu_entity *entity, u64 ns)
{
	unsigned int others = 0, i;

	if (!rknpu_entity_alone(entity, queue))
		others = queue->num_turns - hweight_long(entity->entered);
	/* A single job must not move all waiting clients beyond the window. */
	ns = min(ns, RKNPU_QUEUE_WINDOW_NS);
	queue->share_ns += others ? div_u64(ns, others + 1) : ns;
	entity->used_ns = min(entity->used_ns + ns, queue->share_ns + RKNPU_QUEUE_WINDOW_NS);
	if (!others)
		return;
	for_each_set_bit(i, &entity->entered, RKNPU_QUEUE_LEVELS)
		queue->moved |= rknpu_queue_turn_requeue(queue, entity, &entity->level[i]);
}

/**
 * rknpu_queue_next() - find the job that a core should run next
 * @queue: the queue
 * @cores: mask of the core, or of several cores to find the first job for any of them
 *
 * This also returns a job that needs more cores than are idle: the core is kept for it, or
 * a stream of small jobs could hold it off forever.
 *
 * Return: the job, still queued, or NULL.
 */
struct rknpu_job *rknpu_queue_next(const struct rknpu_queue *queue, u32 cores)
{
	unsigned int i;

	for_each_set_bit(i, &queue->used, RKNPU_QUEUE_LEVELS) {
		const struct rknpu_turn *turn = rknpu_turn_first(&queue->levels[i], cores);

		if (turn)
			return rknpu_turn_next_job(turn, cores);
	}
	return NULL;
}

/**
 * rknpu_queue_next_in() - find the next job in one address space
 * @queue: the queue
 * @cores: mask of cores, as for rknpu_queue_next()
 * @vm: the address space; only its address is used, as it may just be detached from a core that is being
 *	switched off, and freed
 * @priority: priority of the job
 *
 * Jobs of the attached address space may go before others for a while.
 *
 * Return: the job, still queued, or NULL.
 */
struct rknpu_job *rknpu_queue_next_in(const struct rknpu_queue *queue, u32 cores,
				      const struct rknpu_vm *vm, int priority)
{
	unsigned int level = RKNPU_PRIORITY_MAX - priority;
	const struct rknpu_vm *space;

	hash_for_each_possible(queue->spaces, space, queued, (unsigned long)vm) {
		struct rknpu_job *job;

		if (space != vm)
			continue;
		if (!(space->entity->entered & BIT(level)))
			return NULL;
		job = rknpu_turn_next_job(&space->entity->level[level], cores);
		return job && job->vm == space ? job : NULL;
	}
	return NULL;
}

/**
 * rknpu_queue_other_waits() - tell whether another client has a job for some cores
 * @queue: the queue
 * @cores: mask of the cores
 * @entity: that of the client to ignore
 *
 * Return: true if a client that is not banished has a job of any priority that names one of @cores.
 */
bool rknpu_queue_other_waits(const struct rknpu_queue *queue, u32 cores, const struct rknpu_entity *entity)
{
	unsigned int i;

	for_each_set_bit(i, &queue->used, RKNPU_QUEUE_LEVELS) {
		const struct rknpu_turn *turn = rknpu_turn_first(&queue->levels[i], cores);

		if (turn == &entity->level[i])
			turn = rknpu_turn_after(turn, cores);
		if (turn)
			return true;
	}
	return false;
}

/**
 * rknpu_queue_banish() - start no job of a client for a while
 * @queue: the queue
 * @client: the client; has submitted
 * @end: jiffies; ignored if an earlier call has set a later time
 *
 * The registers are marked unclean for the client, so its new jobs cannot bypass the queue.
 */
void rknpu_queue_banish(struct rknpu_queue *queue, struct rknpu_client *client, unsigned long end)
{
	struct rknpu_entity *entity = client->entity;
	unsigned int i;

	if (entity->out && time_before(end, entity->out_end))
		return;
	entity->out = true;
	entity->out_end = end;
	for_each_set_bit(i, &entity->entered, RKNPU_QUEUE_LEVELS)
		rknpu_queue_turn_leave(queue, entity, &entity->level[i]);
	if (entity->num_unstarted)
		list_move_tail(&entity->penance, &queue->banished);
	rknpu_client_mark_reset(client);
}

/**
 * rknpu_queue_readmit() - readmit banished clients whose time is over
 * @queue: the queue
 *
 * Return: true if a client with jobs is still banished.
 */
bool rknpu_queue_readmit(struct rknpu_queue *queue)
{
	struct rknpu_entity *entity, *next;

	list_for_each_entry_safe(entity, next, &queue->banished, penance) {
		if (time_after_eq(jiffies, entity->out_end))
			rknpu_queue_entity_readmit(queue, entity);
	}
	return !list_empty(&queue->banished);
}
