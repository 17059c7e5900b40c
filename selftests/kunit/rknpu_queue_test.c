// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: KUnit test of the queue's searches with many clients: after each of many random changes they must
 * find what a walk through all clients in their order finds. rknpu_pick_test.c compiles in what is tested.
 */
#include <kunit/test.h>
#include <linux/err.h>
#include <linux/prandom.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "rknpu_client.h"
#include "rknpu_entity.h"
#include "rknpu_job.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_turn.h"
#include "rknpu_vm.h"

#define CORES 3
#define ALL (BIT(CORES) - 1)
#define CLIENTS 40
#define SPACES (2 * CLIENTS)
#define JOBS 120
#define CHANGES 20000

/* Clients with two address spaces each, and their jobs. */
struct crowd {
	struct rknpu_queue queue;
	struct rknpu_client client[CLIENTS];
	struct rknpu_vm vm[SPACES];
	struct rknpu_job jobs[JOBS];
	struct rnd_state random;
};

static int crowd_init(struct kunit *test)
{
	struct crowd *crowd = kvzalloc(sizeof(*crowd), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, crowd);
	test->priv = crowd;
	rknpu_queue_init(&crowd->queue);
	prandom_seed_state(&crowd->random, 1);
	for (i = 0; i < CLIENTS; i++)
		KUNIT_ASSERT_NOT_NULL(test, rknpu_entity_of(&crowd->client[i]));
	return 0;
}

static void crowd_exit(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	unsigned int i;

	for (i = 0; crowd && i < CLIENTS; i++) {
		if (crowd->client[i].entity)
			rknpu_entity_free(crowd->client[i].entity);
	}
	kvfree(crowd);
}

static u32 crowd_random(struct crowd *crowd, u32 below)
{
	return prandom_u32_state(&crowd->random) % below;
}

/* Most jobs name one core, the last one rarely. */
static u32 crowd_random_cores(struct crowd *crowd)
{
	static const u32 cores[] = { 1, 1, 1, 2, 1, 2, 1, 3, 1, 2, 7, 1, 1, 6, 1, 4 };

	return cores[crowd_random(crowd, ARRAY_SIZE(cores))];
}

static void crowd_add(struct crowd *crowd, struct rknpu_job *job)
{
	unsigned int space = crowd_random(crowd, SPACES);

	memset(job, 0, sizeof(*job));
	job->client = &crowd->client[space / 2];
	job->entity = job->client->entity;
	job->vm = &crowd->vm[space];
	job->cores = crowd_random_cores(crowd);
	job->gang = hweight32(job->cores) > 1 && crowd_random(crowd, 2);
	job->priority = crowd_random(crowd, 3) - 1;
	rknpu_queue_add(&crowd->queue, job);
	job->place = RKNPU_JOB_QUEUED;
}

static void crowd_change(struct crowd *crowd)
{
	struct rknpu_job *job = &crowd->jobs[crowd_random(crowd, JOBS)];
	struct rknpu_client *client = &crowd->client[crowd_random(crowd, CLIENTS)];

	switch (crowd_random(crowd, 16)) {
	case 0:
		rknpu_queue_banish(&crowd->queue, client, jiffies + 1000 * HZ);
		break;
	case 1:
	case 2:
		client->entity->out_end = jiffies;
		rknpu_queue_readmit(&crowd->queue);
		break;
	case 3:
	case 4:
	case 5:
	case 6:
		rknpu_queue_charge(&crowd->queue, client->entity, crowd_random(crowd, 20) * NSEC_PER_MSEC);
		break;
	default:
		if (job->place != RKNPU_JOB_QUEUED) {
			crowd_add(crowd, job);
			break;
		}
		if (crowd_random(crowd, 2))
			rknpu_queue_take(&crowd->queue, job);
		else
			rknpu_queue_remove(&crowd->queue, job);
		job->place = RKNPU_JOB_ELSEWHERE;
	}
}

static struct rknpu_turn *turn_of(struct rb_node *node)
{
	return rb_entry(node, struct rknpu_turn, node);
}

/* The next job of a level, by a walk, of any client or in one address space. */
static struct rknpu_job *walk_level(const struct crowd *crowd, unsigned int level, u32 cores, const struct rknpu_vm *vm)
{
	struct rb_node *node;

	for (node = rb_first_cached(&crowd->queue.levels[level]); node; node = rb_next(node)) {
		struct rknpu_job *job = rknpu_turn_next_job(turn_of(node), cores);

		if (job && (!vm || job->vm == vm))
			return job;
	}
	return NULL;
}

static struct rknpu_job *walk(const struct crowd *crowd, u32 cores)
{
	struct rknpu_job *job = NULL;
	unsigned int level;

	for (level = 0; !job && level < RKNPU_QUEUE_LEVELS; level++)
		job = walk_level(crowd, level, cores, NULL);
	return job;
}

static bool walk_other_waits(const struct crowd *crowd, u32 cores, const struct rknpu_entity *entity)
{
	struct rb_node *node;
	unsigned int level;

	for (level = 0; level < RKNPU_QUEUE_LEVELS; level++) {
		for (node = rb_first_cached(&crowd->queue.levels[level]); node; node = rb_next(node)) {
			if (turn_of(node) != &entity->level[level] && rknpu_turn_next_job(turn_of(node), cores))
				return true;
		}
	}
	return false;
}

/* The banished clients with jobs are those that a readmission looks at. */
static bool crowd_banished_right(const struct crowd *crowd)
{
	unsigned int i;

	for (i = 0; i < CLIENTS; i++) {
		const struct rknpu_entity *entity = crowd->client[i].entity;

		if (list_empty(&entity->penance) == (entity->out && entity->num_unstarted))
			return false;
	}
	return true;
}

static const char *crowd_judge(struct crowd *crowd)
{
	const struct rknpu_vm *vm = &crowd->vm[crowd_random(crowd, SPACES)];
	/* Nothing can be read there: what was attached may have been freed. */
	const struct rknpu_vm *gone = ERR_PTR(-EFAULT);
	const struct rknpu_entity *entity = crowd->client[crowd_random(crowd, CLIENTS)].entity;
	u32 cores;

	for (cores = 1; cores <= ALL; cores++) {
		const struct rknpu_job *next = rknpu_queue_next(&crowd->queue, cores);

		if (next != walk(crowd, cores))
			return "another job is next";
		if (rknpu_queue_next_in(&crowd->queue, cores, vm, 0) !=
		    walk_level(crowd, RKNPU_PRIORITY_MAX, cores, vm))
			return "another job is next in an address space";
		if (rknpu_queue_next_in(&crowd->queue, cores, gone, 0) ||
		    rknpu_queue_next_in(&crowd->queue, cores, NULL, 0))
			return "a job is next in an address space that is gone";
		if (next)
			entity = next->entity;
		if (rknpu_queue_other_waits(&crowd->queue, cores, entity) != walk_other_waits(crowd, cores, entity))
			return "another client waits, or not";
	}
	return crowd_banished_right(crowd) ? NULL : "a banished client is not in the list, or another one is";
}

static void queue_finds_what_a_walk_finds(struct kunit *test)
{
	struct crowd *crowd = test->priv;
	unsigned int i, waiting = 0;
	const char *wrong = NULL;

	for (i = 0; i < CHANGES && !wrong; i++) {
		crowd_change(crowd);
		wrong = crowd_judge(crowd);
		waiting = max(waiting, crowd->queue.num_turns);
	}
	KUNIT_EXPECT_NULL_MSG(test, wrong, "after change %u: %s", i, wrong);
	/* Or it would not have been a crowd */
	KUNIT_EXPECT_GT(test, waiting, CLIENTS / 2);
}

static struct kunit_case cases[] = {
	KUNIT_CASE_SLOW(queue_finds_what_a_walk_finds),
	{}
};

static struct kunit_suite suite = {
	.name = "rknpu_queue",
	.init = crowd_init,
	.exit = crowd_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);
