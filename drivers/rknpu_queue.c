// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Who is next. Higher priority goes first; of clients of equal priority the one
 * that has used the least time of the cores, one job (or as many as fit into a turn, see
 * rknpu_place.c), however long its jobs are and however many it has queued; the jobs of
 * one client run in order of arrival, except that a job for a busy core does not hold up
 * a job for an idle one. Finding the next job costs the same at any depth, because jobs
 * are kept by the set of cores that they name.
 *
 * What a client has used counts from its fair share, which goes on with all work: who
 * comes back, or comes for the first time, has had as much as that, and so new clients
 * cannot hold the others off for ever. Nor is anything remembered for long.
 *
 * The caller holds sched->lock everywhere but in init and prepare.
 */
#include "rknpu_queue.h"

#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/math64.h>
#include <linux/moduleparam.h>
#include <linux/slab.h>

#include "rknpu_client.h"
#include "rknpu_job.h"

static unsigned int rknpu_client_max_jobs = 8192;
module_param_named(client_max_jobs, rknpu_client_max_jobs, uint, 0644);
MODULE_PARM_DESC(client_max_jobs, "Jobs that one process may have waiting for a core or a fence (default 8192)");

#define RKNPU_QUEUE_CORES_MASK	(BIT(RKNPU_MAX_CORES) - 1)

/*
 * How far a client's use may be from its fair share, either way. Longer than most jobs are,
 * or those who have long ones would gain; and short, for who is that far behind may own the
 * cores until it has made up for it.
 */
#define RKNPU_QUEUE_WINDOW_NS	(200 * (u64)NSEC_PER_MSEC)

static unsigned int rknpu_queue_class(const struct rknpu_job *job)
{
	return job->cores | (job->gang ? BIT(RKNPU_MAX_CORES) : 0);
}

static unsigned int rknpu_queue_level(const struct rknpu_job *job)
{
	return RKNPU_PRIORITY_MAX - job->priority;
}

static struct rknpu_turn *rknpu_queue_turn(const struct rknpu_job *job)
{
	return &job->client->turns->level[rknpu_queue_level(job)];
}

static bool rknpu_turn_less(struct rb_node *a, const struct rb_node *b)
{
	return rb_entry(a, struct rknpu_turn, node)->tag < rb_entry(b, struct rknpu_turn, node)->tag;
}

/* What is less is no difference. */
#define RKNPU_QUEUE_TAG_SHIFT	20

/* Behind all that have used as much. */
static void rknpu_turn_enter(struct rknpu_queue *queue, struct rknpu_turns *turns, struct rknpu_turn *turn)
{
	unsigned int level = turn - turns->level;

	turn->tag = turns->used_ns >> RKNPU_QUEUE_TAG_SHIFT;
	rb_add_cached(&turn->node, &queue->levels[level], rknpu_turn_less);
	turns->entered |= BIT(level);
	queue->used |= BIT(level);
	queue->num_turns++;
}

static void rknpu_turn_leave(struct rknpu_queue *queue, struct rknpu_turns *turns, struct rknpu_turn *turn)
{
	unsigned int level = turn - turns->level;

	if (!(turns->entered & BIT(level)))
		return;
	rb_erase_cached(&turn->node, &queue->levels[level]);
	turns->entered &= ~BIT(level);
	queue->num_turns--;
	if (RB_EMPTY_ROOT(&queue->levels[level].rb_root))
		queue->used &= ~BIT(level);
}

/* Its client has used more. Return: whether somebody else is before it now. */
static bool rknpu_turn_requeue(struct rknpu_queue *queue, struct rknpu_turns *turns, struct rknpu_turn *turn)
{
	struct rb_node *next = rb_next(&turn->node);
	u64 tag = turns->used_ns >> RKNPU_QUEUE_TAG_SHIFT;

	if (!next || rb_entry(next, struct rknpu_turn, node)->tag > tag) {
		turn->tag = tag;
		return false;
	}
	rknpu_turn_leave(queue, turns, turn);
	rknpu_turn_enter(queue, turns, turn);
	return true;
}

/* Whose turn it is, and whose then. */
static struct rknpu_turn *rknpu_turn_first(const struct rknpu_queue *queue, unsigned int level)
{
	return rb_entry_safe(rb_first_cached(&queue->levels[level]), struct rknpu_turn, node);
}

static struct rknpu_turn *rknpu_turn_after(const struct rknpu_turn *turn)
{
	return rb_entry_safe(rb_next(&turn->node), struct rknpu_turn, node);
}

/**
 * rknpu_queue_init() - an empty queue
 * @queue: zeroed
 */
void rknpu_queue_init(struct rknpu_queue *queue)
{
	unsigned int i;

	for (i = 0; i < RKNPU_QUEUE_LEVELS; i++)
		queue->levels[i] = RB_ROOT_CACHED;
	INIT_LIST_HEAD(&queue->busy);
}

/**
 * rknpu_queue_prepare() - let a client queue jobs
 * @client: the client
 *
 * Context: may sleep the first time; costs nothing later.
 *
 * Return: 0 or -ENOMEM.
 */
int rknpu_queue_prepare(struct rknpu_client *client)
{
	struct rknpu_turns *turns;
	unsigned int i, j;

	/* Pairs with the cmpxchg() below. */
	if (smp_load_acquire(&client->turns))
		return 0;
	turns = kzalloc(sizeof(*turns), GFP_KERNEL_ACCOUNT);
	if (!turns)
		return -ENOMEM;
	INIT_LIST_HEAD(&turns->unstarted);
	INIT_LIST_HEAD(&turns->busy);
	turns->waits = RB_ROOT;
	for (i = 0; i < RKNPU_QUEUE_LEVELS; i++) {
		for (j = 0; j < RKNPU_QUEUE_CLASSES; j++)
			INIT_LIST_HEAD(&turns->level[i].jobs[j]);
	}
	if (cmpxchg(&client->turns, NULL, turns))
		kfree(turns);
	return 0;
}

/**
 * rknpu_queue_full() - whether a client has all the jobs waiting that it may have
 * @client: prepared
 *
 * Return: true when one more must be refused.
 */
bool rknpu_queue_full(const struct rknpu_client *client)
{
	return client->turns->num_unstarted >= READ_ONCE(rknpu_client_max_jobs);
}

/**
 * rknpu_queue_own() - a job has been accepted and waits, for a core or for a fence
 * @queue: the queue
 * @job: on no list of its client; its client has been prepared
 */
void rknpu_queue_own(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_turns *turns = job->client->turns;

	if (!turns->num_unstarted++) {
		list_add_tail(&turns->busy, &queue->busy);
		queue->num_busy++;
	}
	list_add_tail(&job->owned, &turns->unstarted);
}

/**
 * rknpu_queue_disown() - a job waits for nothing any more
 * @queue: the queue
 * @job: from rknpu_queue_own()
 */
void rknpu_queue_disown(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_turns *turns = job->client->turns;

	list_del_init(&job->owned);
	if (!--turns->num_unstarted) {
		list_del_init(&turns->busy);
		queue->num_busy--;
	}
}

static void rknpu_turns_readmit(struct rknpu_queue *queue, struct rknpu_turns *turns)
{
	unsigned int i;

	turns->out = false;
	for (i = 0; i < RKNPU_QUEUE_LEVELS; i++) {
		if (turns->level[i].used)
			rknpu_turn_enter(queue, turns, &turns->level[i]);
	}
}

/* No more to make up for than @credit. */
static void rknpu_turns_clamp(const struct rknpu_queue *queue, struct rknpu_turns *turns, u64 credit)
{
	if (turns->used_ns + credit < queue->share_ns)
		turns->used_ns = queue->share_ns - credit;
}

/**
 * rknpu_queue_add() - a job waits for a core
 * @queue: the queue
 * @job: not queued; its client has been prepared
 */
void rknpu_queue_add(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_turns *turns = job->client->turns;
	struct rknpu_turn *turn = rknpu_queue_turn(job);
	unsigned int class = rknpu_queue_class(job);

	if (turns->out && time_after_eq(jiffies, turns->out_end))
		rknpu_turns_readmit(queue, turns);
	if (!turns->out && !turn->used) {
		rknpu_turns_clamp(queue, turns, 0);
		rknpu_turn_enter(queue, turns, turn);
	}
	turn->used |= BIT(class);
	list_add_tail(&job->node, &turn->jobs[class]);
	rknpu_queue_own(queue, job);
	job->arrival = queue->arrivals++;
}

/**
 * rknpu_queue_remove() - a job does not wait any more
 * @queue: the queue
 * @job: queued
 */
void rknpu_queue_remove(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_turn *turn = rknpu_queue_turn(job);
	unsigned int class = rknpu_queue_class(job);

	rknpu_queue_disown(queue, job);
	list_del_init(&job->node);
	if (list_empty(&turn->jobs[class]))
		turn->used &= ~BIT(class);
	if (!turn->used)
		rknpu_turn_leave(queue, job->client->turns, turn);
}

/**
 * rknpu_queue_take() - a job gets its cores, and its client has had its turn
 * @queue: the queue
 * @job: queued
 */
void rknpu_queue_take(struct rknpu_queue *queue, struct rknpu_job *job)
{
	struct rknpu_turns *turns = job->client->turns;
	unsigned int level = rknpu_queue_level(job);

	rknpu_queue_remove(queue, job);
	if (!(turns->entered & BIT(level)))
		return;
	rknpu_turns_clamp(queue, turns, RKNPU_QUEUE_WINDOW_NS);
	rknpu_turn_requeue(queue, turns, &turns->level[level]);
}

/**
 * rknpu_queue_charge() - a client has used a core
 * @queue: the queue
 * @turns: of the client
 * @ns: for how long
 */
void rknpu_queue_charge(struct rknpu_queue *queue, struct rknpu_turns *turns, u64 ns)
{
	unsigned int others = queue->num_turns - hweight_long(turns->entered), i;

	/* One job does not put all that wait beyond the window. */
	ns = min(ns, RKNPU_QUEUE_WINDOW_NS);
	queue->share_ns += others ? div_u64(ns, others + 1) : ns;
	turns->used_ns = min(turns->used_ns + ns, queue->share_ns + RKNPU_QUEUE_WINDOW_NS);
	if (!others)
		return;
	for_each_set_bit(i, &turns->entered, RKNPU_QUEUE_LEVELS)
		queue->moved |= rknpu_turn_requeue(queue, turns, &turns->level[i]);
}

/* The job of a client that came first among those that name one of some cores. */
static struct rknpu_job *rknpu_turn_next(const struct rknpu_turn *turn, u32 cores)
{
	struct rknpu_job *first = NULL;
	unsigned long used = turn->used;
	unsigned int class;

	for_each_set_bit(class, &used, RKNPU_QUEUE_CLASSES) {
		struct rknpu_job *job;

		if (!(class & RKNPU_QUEUE_CORES_MASK & cores))
			continue;
		job = list_first_entry(&turn->jobs[class], struct rknpu_job, node);
		if (!first || job->arrival < first->arrival)
			first = job;
	}
	return first;
}

/**
 * rknpu_queue_next() - the job that a core should run next
 * @queue: the queue
 * @cores: mask of the core, or of several: then the job that is first for any of them
 *
 * A job that needs more cores than are idle is returned too: the core is kept
 * for it, or a stream of small jobs could hold it off for ever.
 *
 * Return: the job, still queued, or NULL.
 */
struct rknpu_job *rknpu_queue_next(const struct rknpu_queue *queue, u32 cores)
{
	const struct rknpu_turn *turn;
	struct rknpu_job *job;
	unsigned int i;

	for_each_set_bit(i, &queue->used, RKNPU_QUEUE_LEVELS) {
		for (turn = rknpu_turn_first(queue, i); turn; turn = rknpu_turn_after(turn)) {
			job = rknpu_turn_next(turn, cores);
			if (job)
				return job;
		}
	}
	return NULL;
}

/**
 * rknpu_queue_next_in() - like rknpu_queue_next(), in one address space
 * @queue: the queue
 * @cores: mask
 * @vm: the space
 * @priority: of the job
 *
 * Jobs of the attached space may go before others for a while.
 *
 * Return: the job, still queued, or NULL.
 */
struct rknpu_job *rknpu_queue_next_in(const struct rknpu_queue *queue, u32 cores,
				      const struct rknpu_vm *vm, int priority)
{
	const struct rknpu_turn *turn;
	struct rknpu_job *job;

	for (turn = rknpu_turn_first(queue, RKNPU_PRIORITY_MAX - priority); turn; turn = rknpu_turn_after(turn)) {
		job = rknpu_turn_next(turn, cores);
		if (job && job->vm == vm)
			return job;
	}
	return NULL;
}

/* Whether a turn is one of a client's. */
static bool rknpu_turn_of(const struct rknpu_turn *turn, const struct rknpu_client *client)
{
	return turn >= client->turns->level && turn < client->turns->level + RKNPU_QUEUE_LEVELS;
}

/**
 * rknpu_queue_other_waits() - whether somebody else has a job for some cores
 * @queue: the queue
 * @cores: the cores
 * @client: who does not count; prepared
 *
 * Return: true for a job of any priority that names one of them, of a client that is not out.
 */
bool rknpu_queue_other_waits(const struct rknpu_queue *queue, u32 cores, const struct rknpu_client *client)
{
	const struct rknpu_turn *turn;
	unsigned int i;

	for_each_set_bit(i, &queue->used, RKNPU_QUEUE_LEVELS) {
		for (turn = rknpu_turn_first(queue, i); turn; turn = rknpu_turn_after(turn)) {
			if (!rknpu_turn_of(turn, client) && rknpu_turn_next(turn, cores))
				return true;
		}
	}
	return false;
}

/**
 * rknpu_queue_banish() - have no job of a client started for a while
 * @queue: the queue
 * @client: prepared
 * @end: jiffies; later than what may have been said before, or that stays
 *
 * Its registers count as unclean, so that what it submits cannot start past the queue.
 */
void rknpu_queue_banish(struct rknpu_queue *queue, struct rknpu_client *client, unsigned long end)
{
	struct rknpu_turns *turns = client->turns;
	unsigned int i;

	if (turns->out && time_before(end, turns->out_end))
		return;
	turns->out = true;
	turns->out_end = end;
	for_each_set_bit(i, &turns->entered, RKNPU_QUEUE_LEVELS)
		rknpu_turn_leave(queue, turns, &turns->level[i]);
	rknpu_client_mark_reset(client);
}

/**
 * rknpu_queue_readmit() - let those in whose time is over
 * @queue: the queue
 *
 * Return: whether anybody with jobs is still out.
 */
bool rknpu_queue_readmit(struct rknpu_queue *queue)
{
	struct rknpu_turns *turns;
	bool left = false;

	list_for_each_entry(turns, &queue->busy, busy) {
		if (turns->out && time_after_eq(jiffies, turns->out_end))
			rknpu_turns_readmit(queue, turns);
		left |= turns->out;
	}
	return left;
}
