/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Only files of the scheduler include this header; for all others &struct rknpu_entity is an incomplete type.
 */
#ifndef RKNPU_ENTITY_H
#define RKNPU_ENTITY_H

#include <linux/bitops.h>
#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "rknpu_client.h"
#include "rknpu_queue.h"
#include "rknpu_turn.h"

struct rknpu_spare;

/* Number of kinds of jobs that are distinguished, as a power of two. */
#define RKNPU_ENTITY_KIND_BITS 4

static_assert(RKNPU_QUEUE_LEVELS <= BITS_PER_LONG);

/**
 * struct rknpu_entity - what the scheduler keeps for one client
 * @level: jobs that wait for a core, by priority.
 * @waits: fences that other jobs wait for: &struct rknpu_wait, sorted by fence.
 * @unstarted: all jobs that have not started, in no particular order.
 * @num_unstarted: number of these jobs.
 * @busy: entry in the queue's list while there are any.
 * @penance: entry in the queue's list while there are any and the client is banished.
 * @entered: bit n is set if @level[n] is in the queue's order.
 * @used_ns: time used on cores, kept within a window around the queue's @share_ns.
 * @out: the client is banished: none of its jobs is in the queue's order until @out_end.
 * @out_end: jiffies.
 * @strikes: number of strikes, see rknpu_conduct.c.
 * @last_strike: time of the last strike, if there are any.
 * @good_ns: time of successful jobs since then that has not been used to take back a strike yet.
 * @spare: memory of a finished job, for the next one, or NULL. Not locked: exchanged.
 * @spare_lock: protects @spares and @num_spares. Innermost lock, taken in hard IRQ context too.
 * @spares: memory of more finished jobs, so a client that submits several at a time needs no allocation.
 * @num_spares: number of @spares.
 * @usual_ns: usual duration of its jobs by kind, see rknpu_poll.c; 0 if unknown. Not locked.
 *
 * All under sched->lock, except the last five. Lives as long as its client, from the client's first submit.
 */
struct rknpu_entity {
	struct rknpu_turn level[RKNPU_QUEUE_LEVELS];
	struct rb_root waits;
	struct list_head unstarted;
	unsigned int num_unstarted;
	struct list_head busy;
	struct list_head penance;
	unsigned long entered;
	u64 used_ns;
	bool out;
	unsigned long out_end;
	unsigned int strikes;
	ktime_t last_strike;
	u64 good_ns;
	void *spare;
	spinlock_t spare_lock;
	struct rknpu_spare *spares;
	unsigned int num_spares;
	u32 usual_ns[1 << RKNPU_ENTITY_KIND_BITS];
};

struct rknpu_entity *rknpu_entity_create(struct rknpu_client *client);
void *rknpu_entity_take_spare(struct rknpu_entity *entity);
bool rknpu_entity_give_spare(struct rknpu_entity *entity, void *memory);

/**
 * rknpu_entity_alone() - tell whether no job of another client is in the queue's order
 * @entity: what the scheduler keeps for the client
 * @queue: the queue
 *
 * Context: Any context. Caller must hold sched->lock.
 *
 * Return: true if so.
 */
static inline bool rknpu_entity_alone(const struct rknpu_entity *entity, const struct rknpu_queue *queue)
{
	/* Counting the bits takes longer, and is needed only for a client with several priorities. */
	return queue->num_turns < 2 ? queue->num_turns == !!entity->entered :
				      queue->num_turns == hweight_long(entity->entered);
}

/**
 * rknpu_entity_next() - find a client's next job for some cores, at the highest of its priorities
 * @entity: what the scheduler keeps for the client
 * @cores: mask of the cores
 *
 * Context: Any context. Caller must hold sched->lock.
 *
 * Return: the job, still queued, or NULL if there is none at that priority.
 */
static inline struct rknpu_job *rknpu_entity_next(const struct rknpu_entity *entity, u32 cores)
{
	return entity->entered ? rknpu_turn_next_job(&entity->level[__ffs(entity->entered)], cores) : NULL;
}

/**
 * rknpu_entity_of() - get what the scheduler keeps for a client
 * @client: the client
 *
 * Context: Process context. May sleep the first time; costs one read after that.
 *
 * Return: the entity, which lives as long as @client, or NULL if out of memory.
 */
static inline struct rknpu_entity *rknpu_entity_of(struct rknpu_client *client)
{
	/* Pairs with rknpu_entity_create(). */
	struct rknpu_entity *entity = smp_load_acquire(&client->entity);

	return likely(entity) ? entity : rknpu_entity_create(client);
}

#endif /* RKNPU_ENTITY_H */
