// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The order of clients at one priority, called a level: a tree, sorted by used time.
 * Each node knows which cores the jobs below it name, so the first client with a job for a
 * core is found without a look at those that wait for other cores: there may be thousands
 * of them, and interrupts are off.
 *
 * The caller must hold sched->lock for everything here.
 */
#include "rknpu_turn.h"

#include <linux/bitops.h>
#include <linux/rbtree_augmented.h>

#include "rknpu_job.h"

#define RKNPU_TURN_CORES_MASK (BIT(RKNPU_MAX_CORES) - 1)

static struct rknpu_turn *rknpu_turn_of(struct rb_node *node)
{
	return rb_entry_safe(node, struct rknpu_turn, node);
}

/* Cores that the jobs below a node name; it may be NULL. */
static u32 rknpu_turn_below(struct rb_node *node)
{
	return node ? rb_entry(node, struct rknpu_turn, node)->below : 0;
}

/* Updates @below from the children. Returns true if it was right; the kernel's tree stops there if @exit. */
static bool rknpu_turn_update(struct rknpu_turn *turn, bool exit)
{
	u8 below = turn->cores | rknpu_turn_below(turn->node.rb_left) | rknpu_turn_below(turn->node.rb_right);

	if (exit && turn->below == below)
		return true;
	turn->below = below;
	return false;
}

RB_DECLARE_CALLBACKS(static, rknpu_turn_callbacks, struct rknpu_turn, node, below, rknpu_turn_update)

/**
 * rknpu_turn_enter() - put a turn behind all others of its level that have the same tag
 * @level: the level
 * @turn: the turn; has jobs and is not in the level
 * @tag: its sort key
 */
void rknpu_turn_enter(struct rb_root_cached *level, struct rknpu_turn *turn, u64 tag)
{
	struct rb_node **link = &level->rb_root.rb_node, *parent = NULL;
	bool leftmost = true;

	turn->tag = tag;
	turn->below = turn->cores;
	while (*link) {
		struct rknpu_turn *other = rb_entry(*link, struct rknpu_turn, node);

		parent = *link;
		other->below |= turn->cores;
		if (tag < other->tag) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(&turn->node, parent, link);
	rb_insert_augmented_cached(&turn->node, level, leftmost, &rknpu_turn_callbacks);
}

/**
 * rknpu_turn_leave() - remove a turn from its level
 * @level: the level
 * @turn: the turn; in the level
 */
void rknpu_turn_leave(struct rb_root_cached *level, struct rknpu_turn *turn)
{
	rb_erase_augmented_cached(&turn->node, level, &rknpu_turn_callbacks);
}

static unsigned int rknpu_turn_class(const struct rknpu_job *job)
{
	return job->cores | (job->gang ? BIT(RKNPU_MAX_CORES) : 0);
}

static void rknpu_turn_set_cores(struct rknpu_turn *turn, u32 cores, bool entered)
{
	if (turn->cores == cores)
		return;
	turn->cores = cores;
	/* Without jobs it is about to leave. */
	if (entered && cores)
		rknpu_turn_callbacks_propagate(&turn->node, NULL);
}

/**
 * rknpu_turn_add_job() - add a job behind all others of its class
 * @turn: the turn
 * @job: the job
 * @entered: the turn is in its level
 */
void rknpu_turn_add_job(struct rknpu_turn *turn, struct rknpu_job *job, bool entered)
{
	unsigned int class = rknpu_turn_class(job);

	list_add_tail(&job->node, &turn->jobs[class]);
	turn->used |= BIT(class);
	rknpu_turn_set_cores(turn, turn->cores | job->cores, entered);
}

/**
 * rknpu_turn_remove_job() - remove a job
 * @turn: the turn; must leave its level if this was the last job
 * @job: one of its jobs
 * @entered: the turn is in its level
 */
void rknpu_turn_remove_job(struct rknpu_turn *turn, struct rknpu_job *job, bool entered)
{
	unsigned int class = rknpu_turn_class(job);
	unsigned long used;
	u32 cores = 0;

	list_del_init(&job->node);
	if (!list_empty(&turn->jobs[class]))
		return;
	turn->used &= ~BIT(class);
	used = turn->used;
	for_each_set_bit(class, &used, RKNPU_QUEUE_CLASSES)
		cores |= class & RKNPU_TURN_CORES_MASK;
	rknpu_turn_set_cores(turn, cores, entered);
}

/**
 * rknpu_turn_search_job() - rknpu_turn_next_job() if the jobs name different cores
 * @turn: the turn
 * @cores: mask of the cores
 *
 * Return: same as there.
 */
struct rknpu_job *rknpu_turn_search_job(const struct rknpu_turn *turn, u32 cores)
{
	struct rknpu_job *first = NULL;
	unsigned long used = turn->used;
	unsigned int class;

	for_each_set_bit(class, &used, RKNPU_QUEUE_CLASSES) {
		struct rknpu_job *job;

		if (!(class & RKNPU_TURN_CORES_MASK & cores))
			continue;
		job = list_first_entry(&turn->jobs[class], struct rknpu_job, node);
		if (!first || job->arrival < first->arrival)
			first = job;
	}
	return first;
}

/* The first turn of a subtree that has a job for some cores; there is one. */
static struct rknpu_turn *rknpu_turn_first_below(struct rb_node *node, u32 cores)
{
	for (;;) {
		if (rknpu_turn_below(node->rb_left) & cores) {
			node = node->rb_left;
			continue;
		}
		if (rb_entry(node, struct rknpu_turn, node)->cores & cores)
			return rknpu_turn_of(node);
		node = node->rb_right;
	}
}

/**
 * rknpu_turn_search() - rknpu_turn_first() if the first turn of the level has no such job
 * @level: the level; not empty
 * @cores: mask of the cores
 *
 * Return: same as there.
 */
struct rknpu_turn *rknpu_turn_search(const struct rb_root_cached *level, u32 cores)
{
	struct rb_node *root = level->rb_root.rb_node;

	return rknpu_turn_below(root) & cores ? rknpu_turn_first_below(root, cores) : NULL;
}

/**
 * rknpu_turn_after() - find the turn that goes next after another among those with a job for some cores
 * @turn: the other; in a level
 * @cores: mask of the cores
 *
 * Return: the turn, or NULL.
 */
struct rknpu_turn *rknpu_turn_after(const struct rknpu_turn *turn, u32 cores)
{
	const struct rb_node *node = &turn->node;

	if (rknpu_turn_below(node->rb_right) & cores)
		return rknpu_turn_first_below(node->rb_right, cores);
	while (rb_parent(node)) {
		struct rb_node *parent = rb_parent(node);
		bool left = parent->rb_left == node;

		node = parent;
		if (!left)
			continue;
		if (rb_entry(node, struct rknpu_turn, node)->cores & cores)
			return rknpu_turn_of(parent);
		if (rknpu_turn_below(node->rb_right) & cores)
			return rknpu_turn_first_below(node->rb_right, cores);
	}
	return NULL;
}
