// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: KUnit tests of the files that decide which job runs where, rknpu_queue.c and rknpu_pick.c, on slots
 * without hardware. They are compiled in here, so the driver exports nothing for its tests.
 */
#include <kunit/test.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "rknpu_client.h"
#include "rknpu_entity.h"
#include "rknpu_job.h"
#include "rknpu_mmu.h"
#include "rknpu_pick.h"
#include "rknpu_queue.h"
#include "rknpu_sched.h"
#include "rknpu_vm.h"

#include "rknpu_entity.c"
#include "rknpu_turn.c"
#include "rknpu_queue.c"
#include "rknpu_pick.c"
#ifdef CONFIG_LOCKDEP
#include "rknpu_owner.c"
#endif

/* The only function of another file that they call: nothing here has registers. */
void rknpu_client_mark_reset(struct rknpu_client *client)
{
}

#define CORES 3
#define CLIENTS 2
#define ALL (BIT(CORES) - 1)

/* The scheduler of a test, its cores, and two clients with an address space each. */
struct rig {
	struct rknpu_sched sched;
	struct rknpu_mmu mmu[CORES];
	struct rknpu_client client[CLIENTS];
	struct rknpu_vm vm[CLIENTS];
	struct rknpu_job jobs[4];
	unsigned int num_jobs;
};

/* What a decision must leave as it is. */
struct rig_copy {
	struct rknpu_sched sched;
	struct rknpu_entity entity[CLIENTS];
	struct rknpu_job jobs[4];
};

static int rig_init(struct kunit *test)
{
	struct rig *rig = kunit_kzalloc(test, sizeof(*rig), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, rig);
	spin_lock_init(&rig->sched.lock);
	rknpu_queue_init(&rig->sched.queue);
	rig->sched.now = ktime_set(100, 0);
	for (i = 0; i < CLIENTS; i++) {
		KUNIT_ASSERT_NOT_NULL(test, rknpu_entity_of(&rig->client[i]));
		rig->vm[i].id = i + 1;
	}
	test->priv = rig;
	return 0;
}

static void rig_exit(struct kunit *test)
{
	struct rig *rig = test->priv;
	unsigned int i;

	for (i = 0; rig && i < CLIENTS; i++)
		rknpu_entity_free(rig->client[i].entity);
}

/* Makes all cores idle, without an address space; @shared: behind one IOMMU. */
static void rig_cores(struct rig *rig, bool shared)
{
	unsigned int i;

	memset(rig->mmu, 0, sizeof(rig->mmu));
	for (i = 0; i < CORES; i++) {
		struct rknpu_slot *slot = &rig->sched.slots[i];

		memset(slot, 0, sizeof(*slot));
		slot->sched = &rig->sched;
		slot->index = i;
		slot->mmu = &rig->mmu[shared ? 0 : i];
		slot->siblings = shared ? ALL : BIT(i);
		slot->state = RKNPU_SLOT_IDLE;
	}
}

/* Attaches a client's address space to a core whose registers are clean for it; -1: none. */
static void rig_attach(struct rig *rig, unsigned int core, int client, bool in_turn)
{
	struct rknpu_slot *slot = &rig->sched.slots[core];

	slot->mmu->vm = client < 0 ? NULL : &rig->vm[client];
	slot->clean_vm = client < 0 ? 0 : rig->vm[client].id;
	slot->turn_end = ktime_add_ns(rig->sched.now, in_turn ? 1 : 0);
}

static struct rknpu_job *rig_queue(struct rig *rig, unsigned int client, u32 cores, bool gang, int priority)
{
	struct rknpu_job *job = &rig->jobs[rig->num_jobs++];

	memset(job, 0, sizeof(*job));
	job->sched = &rig->sched;
	job->client = &rig->client[client];
	job->entity = rig->client[client].entity;
	job->vm = &rig->vm[client];
	job->cores = cores;
	job->gang = gang;
	job->priority = priority;
	spin_lock_irq(&rig->sched.lock);
	rknpu_queue_add(&rig->sched.queue, job);
	spin_unlock_irq(&rig->sched.lock);
	job->place = RKNPU_JOB_QUEUED;
	return job;
}

static void rig_drain(struct rig *rig)
{
	unsigned int i;

	spin_lock_irq(&rig->sched.lock);
	for (i = 0; i < rig->num_jobs; i++) {
		if (rig->jobs[i].place == RKNPU_JOB_QUEUED)
			rknpu_queue_remove(&rig->sched.queue, &rig->jobs[i]);
		rig->jobs[i].place = RKNPU_JOB_ELSEWHERE;
	}
	rig->num_jobs = 0;
	spin_unlock_irq(&rig->sched.lock);
}

static struct rknpu_job *rig_next(struct rig *rig, u32 cores)
{
	struct rknpu_job *job;

	spin_lock_irq(&rig->sched.lock);
	job = rknpu_queue_next(&rig->sched.queue, cores);
	spin_unlock_irq(&rig->sched.lock);
	return job;
}

static struct rknpu_job *rig_pick_job(struct rig *rig, unsigned int core)
{
	struct rknpu_job *job;

	spin_lock_irq(&rig->sched.lock);
	job = rknpu_pick_job_locked(&rig->sched.slots[core]);
	spin_unlock_irq(&rig->sched.lock);
	return job;
}

static u32 rig_pick_cores(struct rig *rig, const struct rknpu_job *job)
{
	u32 cores;

	spin_lock_irq(&rig->sched.lock);
	cores = rknpu_pick_cores_locked(&rig->sched, job);
	spin_unlock_irq(&rig->sched.lock);
	return cores;
}

static u32 rig_pick_group(struct rig *rig, const struct rknpu_job *job, u32 cores)
{
	u32 group;

	spin_lock_irq(&rig->sched.lock);
	group = rknpu_pick_group_locked(&rig->sched, job, cores);
	spin_unlock_irq(&rig->sched.lock);
	return group;
}

/* ---- The queue ------------------------------------------------------------ */

static void queue_higher_priority_goes_first(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct rknpu_job *low = rig_queue(rig, 0, ALL, false, -1);
	struct rknpu_job *high = rig_queue(rig, 1, ALL, false, 2);

	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, ALL), high);
	spin_lock_irq(&rig->sched.lock);
	rknpu_queue_remove(&rig->sched.queue, high);
	spin_unlock_irq(&rig->sched.lock);
	high->place = RKNPU_JOB_ELSEWHERE;
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, ALL), low);
}

static void queue_keeps_the_order_of_a_client(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct rknpu_job *first = rig_queue(rig, 0, BIT(0), false, 0);
	struct rknpu_job *second = rig_queue(rig, 0, BIT(0) | BIT(1), false, 0);
	struct rknpu_job *third = rig_queue(rig, 0, BIT(1) | BIT(2), true, 0);

	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, BIT(0)), first);
	/* A job for a busy core does not hold up one for an idle core; a gang counts for each of its cores. */
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, BIT(1)), second);
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, BIT(2)), third);
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, ALL), first);
}

static void queue_serves_the_client_that_used_less(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct rknpu_job *job[CLIENTS];
	unsigned int i;

	for (i = 0; i < CLIENTS; i++)
		job[i] = rig_queue(rig, i, ALL, false, 0);
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, ALL), job[0]);
	spin_lock_irq(&rig->sched.lock);
	rknpu_queue_charge(&rig->sched.queue, rig->client[0].entity, 10 * NSEC_PER_MSEC);
	spin_unlock_irq(&rig->sched.lock);
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, ALL), job[1]);
	KUNIT_EXPECT_TRUE(test, rig->sched.queue.moved);
	spin_lock_irq(&rig->sched.lock);
	rknpu_queue_charge(&rig->sched.queue, rig->client[1].entity, 30 * NSEC_PER_MSEC);
	spin_unlock_irq(&rig->sched.lock);
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, ALL), job[0]);
}

static void queue_passes_over_a_banished_client(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct rknpu_job *bad = rig_queue(rig, 0, ALL, false, 0);
	struct rknpu_job *good = rig_queue(rig, 1, ALL, false, 0);
	bool left;

	spin_lock_irq(&rig->sched.lock);
	rknpu_queue_banish(&rig->sched.queue, &rig->client[0], jiffies + HZ * 1000);
	left = rknpu_queue_readmit(&rig->sched.queue);
	spin_unlock_irq(&rig->sched.lock);
	KUNIT_EXPECT_TRUE(test, left);
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, ALL), good);
	spin_lock_irq(&rig->sched.lock);
	rig->client[0].entity->out_end = jiffies;
	left = rknpu_queue_readmit(&rig->sched.queue);
	rknpu_queue_remove(&rig->sched.queue, good);
	spin_unlock_irq(&rig->sched.lock);
	good->place = RKNPU_JOB_ELSEWHERE;
	KUNIT_EXPECT_FALSE(test, left);
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, ALL), bad);
}

static void queue_is_empty_when_all_have_left(struct kunit *test)
{
	struct rig *rig = test->priv;

	rig_queue(rig, 0, BIT(0), false, 3);
	rig_queue(rig, 0, ALL, true, 0);
	rig_queue(rig, 1, BIT(2), false, -4);
	rig_drain(rig);
	KUNIT_EXPECT_NULL(test, rig_next(rig, ALL));
	KUNIT_EXPECT_EQ(test, rig->sched.queue.used, 0);
	KUNIT_EXPECT_EQ(test, rig->sched.queue.num_turns, 0);
	KUNIT_EXPECT_EQ(test, rig->sched.queue.num_busy, 0);
	KUNIT_EXPECT_TRUE(test, list_empty(&rig->sched.queue.busy));
}

/* ---- Cores with an IOMMU each --------------------------------------------- */

static void pick_prefers_a_core_that_has_the_space(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct rknpu_job *job;

	rig_cores(rig, false);
	job = rig_queue(rig, 0, ALL, false, 0);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, job), BIT(0));
	KUNIT_EXPECT_EQ(test, rig_pick_group(rig, job, BIT(0)), BIT(0));
	/* A core without an address space is better than one that another client would miss, */
	rig_attach(rig, 0, 1, false);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, job), BIT(1));
	/* and one that has the job's own is best, as long as it needs no reset. */
	rig_attach(rig, 2, 0, false);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, job), BIT(2));
	KUNIT_EXPECT_EQ(test, rig_pick_group(rig, job, BIT(2)), 0);
	atomic_inc(&rig->vm[0].resets);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, job), BIT(1));
	KUNIT_EXPECT_EQ(test, rig_pick_group(rig, job, BIT(2)), BIT(2));
}

static void pick_lets_a_turn_go_on(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct rknpu_job *other, *same;

	rig_cores(rig, false);
	rig_attach(rig, 0, 0, true);
	other = rig_queue(rig, 1, BIT(0), false, 0);
	same = rig_queue(rig, 0, BIT(0), false, 0);
	KUNIT_EXPECT_PTR_EQ(test, rig_next(rig, BIT(0)), other);
	KUNIT_EXPECT_PTR_EQ(test, rig_pick_job(rig, 0), same);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, same), BIT(0));
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, other), 0);
	/* Until the turn is over */
	rig->sched.now = rig->sched.slots[0].turn_end;
	KUNIT_EXPECT_PTR_EQ(test, rig_pick_job(rig, 0), other);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, same), 0);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, other), BIT(0));
}

static void pick_ends_a_turn_for_higher_priority_and_for_a_gang(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct rknpu_job *other;

	rig_cores(rig, false);
	rig_attach(rig, 0, 0, true);
	other = rig_queue(rig, 1, BIT(0), false, 1);
	rig_queue(rig, 0, BIT(0), false, 0);
	KUNIT_EXPECT_PTR_EQ(test, rig_pick_job(rig, 0), other);
	rig_drain(rig);
	other = rig_queue(rig, 1, BIT(0) | BIT(1), true, 0);
	rig_queue(rig, 0, BIT(0), false, 0);
	KUNIT_EXPECT_PTR_EQ(test, rig_pick_job(rig, 0), other);
}

static void pick_keeps_cores_for_a_gang(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct rknpu_job *gang, *small;

	rig_cores(rig, false);
	rig->sched.slots[1].state = RKNPU_SLOT_RUNNING;
	gang = rig_queue(rig, 0, ALL, true, 0);
	small = rig_queue(rig, 1, BIT(0) | BIT(2), false, 0);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, gang), 0);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, small), 0);
	rig->sched.slots[1].state = RKNPU_SLOT_IDLE;
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, gang), ALL);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, small), 0);
	KUNIT_EXPECT_EQ(test, rig_pick_group(rig, gang, ALL), ALL);
}

/* ---- Cores behind one IOMMU ----------------------------------------------- */

static void pick_waits_for_the_siblings_of_a_core(struct kunit *test)
{
	struct rig *rig = test->priv;
	struct rknpu_job *other, *same;

	rig_cores(rig, true);
	rig_attach(rig, 0, 0, false);
	rig_attach(rig, 1, 0, false);
	rig_attach(rig, 2, 0, false);
	rig->sched.slots[0].state = RKNPU_SLOT_RUNNING;
	other = rig_queue(rig, 1, BIT(1), false, 0);
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, other), 0);
	/* The turn is over and a core waits for the change, so the others do not go on in the old space. */
	same = rig_queue(rig, 0, BIT(2), false, 0);
	KUNIT_EXPECT_NULL(test, rig_pick_job(rig, 2));
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, same), 0);
	/* The same during the turn: now they do. */
	rig->sched.slots[0].turn_end = ktime_add_ns(rig->sched.now, 1);
	rig->sched.slots[1].turn_end = rig->sched.slots[0].turn_end;
	rig->sched.slots[2].turn_end = rig->sched.slots[0].turn_end;
	KUNIT_EXPECT_PTR_EQ(test, rig_pick_job(rig, 2), same);
	/* Once all are idle, the first job determines the space of all; a dead core holds up nobody. */
	rig->sched.now = rig->sched.slots[0].turn_end;
	rig->sched.slots[0].state = RKNPU_SLOT_DEAD;
	KUNIT_EXPECT_PTR_EQ(test, rig_pick_job(rig, 1), other);
	KUNIT_EXPECT_NULL(test, rig_pick_job(rig, 2));
	KUNIT_EXPECT_EQ(test, rig_pick_cores(rig, other), BIT(1));
	KUNIT_EXPECT_EQ(test, rig_pick_group(rig, other, BIT(1)), ALL);
}

/* ---- All small cases ------------------------------------------------------ */

/* A job of each kind: one core, any core of a set, all cores of a set. */
static const struct {
	u32 cores;
	bool gang;
} kinds[] = {
	{ 1, false },
	{ 2, false },
	{ 4, false },
	{ 3, false },
	{ 5, false },
	{ 6, false },
	{ 7, false },
	{ 3, true },
	{ 5, true },
	{ 6, true },
	{ 7, true },
};

static void rig_copy(const struct rig *rig, struct rig_copy *copy)
{
	unsigned int i;

	memcpy(&copy->sched, &rig->sched, sizeof(copy->sched));
	memcpy(copy->jobs, rig->jobs, sizeof(copy->jobs));
	for (i = 0; i < CLIENTS; i++)
		memcpy(&copy->entity[i], rig->client[i].entity, sizeof(copy->entity[i]));
}

static bool rig_unchanged(const struct rig *rig, const struct rig_copy *copy)
{
	unsigned int i;

	for (i = 0; i < CLIENTS; i++) {
		if (memcmp(&copy->entity[i], rig->client[i].entity, sizeof(copy->entity[i])))
			return false;
	}
	return !memcmp(&copy->sched, &rig->sched, sizeof(copy->sched)) &&
	       !memcmp(copy->jobs, rig->jobs, sizeof(copy->jobs));
}

/* Whether a core may be given to a job: idle, and ready or with nothing in use behind its IOMMU. */
static bool rig_may_have_locked(const struct rig *rig, const struct rknpu_job *job, unsigned int core)
{
	const struct rknpu_slot *slot = &rig->sched.slots[core];
	unsigned int i;

	if (slot->state != RKNPU_SLOT_IDLE)
		return false;
	if (rknpu_pick_ready_locked(slot, job))
		return true;
	for (i = 0; i < CORES; i++) {
		enum rknpu_slot_state state = rig->sched.slots[i].state;

		if (slot->siblings & BIT(i) && state != RKNPU_SLOT_IDLE && state != RKNPU_SLOT_DEAD)
			return false;
	}
	return true;
}

/* Whether a client that is alone would go on with another job than is picked, see rknpu_run_following_locked(). */
static bool rig_strays_locked(const struct rig *rig, const struct rknpu_slot *slot)
{
	const struct rknpu_entity *entity = rig->jobs[0].entity;
	const struct rknpu_job *next = rknpu_entity_next(entity, BIT(slot->index));

	return !rknpu_slot_shared(slot) && rknpu_entity_alone(entity, &rig->sched.queue) && next && !next->gang &&
	       rknpu_pick_ready_locked(slot, next) && rknpu_pick_job_locked(slot) != next;
}

/*
 * Decides for all cores and jobs as the worker does. Returns what is wrong with the result, or NULL. @idle:
 * nothing runs, so a job has to get its cores: nothing else would look again.
 */
static const char *rig_judge(struct rig *rig, struct rig_copy *copy, bool idle)
{
	const char *wrong = NULL;
	bool started = false;
	unsigned int i, core;

	spin_lock_irq(&rig->sched.lock);
	rig_copy(rig, copy);
	for (core = 0; core < CORES; core++) {
		struct rknpu_slot *slot = &rig->sched.slots[core];
		struct rknpu_job *job;

		if (slot->state != RKNPU_SLOT_IDLE)
			continue;
		job = rknpu_pick_job_locked(slot);
		if (rig_strays_locked(rig, slot))
			wrong = "a client that is alone goes on with another job";
		if (job && !(job->cores & BIT(core)))
			wrong = "a core takes a job that does not name it";
		if (job && rknpu_pick_cores_locked(&rig->sched, job))
			started = true;
	}
	for (i = 0; i < rig->num_jobs; i++) {
		const struct rknpu_job *job = &rig->jobs[i];
		u32 cores = rknpu_pick_cores_locked(&rig->sched, job);

		if (cores & ~job->cores)
			wrong = "a job gets a core that it does not name";
		if (job->gang ? cores && cores != job->cores : hweight32(cores) > 1)
			wrong = "a job gets a wrong number of cores";
		for (core = 0; core < CORES; core++) {
			if (cores & BIT(core) && !rig_may_have_locked(rig, job, core))
				wrong = "a job gets a core that is in use";
		}
	}
	if (idle && !started)
		wrong = "nothing runs, and no job gets its cores";
	if (!rig_unchanged(rig, copy))
		wrong = "a decision has changed something";
	spin_unlock_irq(&rig->sched.lock);
	return wrong;
}

/* What one case is made of, in the order of its digits. */
struct rig_case {
	unsigned int shared, in_turn, space[CORES], state[CORES], first, second, client, priority;
};

static unsigned int digit(unsigned int *n, unsigned int base)
{
	unsigned int d = *n % base;

	*n /= base;
	return d;
}

static const enum rknpu_slot_state states[] = { RKNPU_SLOT_IDLE, RKNPU_SLOT_RUNNING, RKNPU_SLOT_DEAD };

static struct rig_case case_of(unsigned int n)
{
	struct rig_case c;
	unsigned int i;

	c.shared = digit(&n, 2);
	c.in_turn = digit(&n, 2);
	for (i = 0; i < CORES; i++)
		c.space[i] = digit(&n, 3);
	for (i = 0; i < CORES; i++)
		c.state[i] = digit(&n, 3);
	c.first = digit(&n, ARRAY_SIZE(kinds));
	c.second = digit(&n, ARRAY_SIZE(kinds));
	c.client = digit(&n, 2);
	c.priority = digit(&n, 2);
	return c;
}

#define CASES (2 * 2 * 27 * 27 * ARRAY_SIZE(kinds) * ARRAY_SIZE(kinds) * 2 * 2)
/* A prime, so that the cases that are tried differ in all digits. All would take minutes on a debug kernel. */
#define CASES_STEP 13

static const char *try_case(struct rig *rig, struct rig_copy *copy, const struct rig_case *c)
{
	u32 running = 0, dead = 0;
	const char *wrong;
	unsigned int i;

	rig_cores(rig, c->shared);
	for (i = 0; i < CORES; i++) {
		rig_attach(rig, i, (int)c->space[c->shared ? 0 : i] - 1, c->in_turn);
		rig->sched.slots[i].state = states[c->state[i]];
		if (states[c->state[i]] == RKNPU_SLOT_RUNNING)
			running |= BIT(i);
		if (states[c->state[i]] == RKNPU_SLOT_DEAD)
			dead |= BIT(i);
	}
	rig_queue(rig, 0, kinds[c->first].cores, kinds[c->first].gang, 0);
	rig_queue(rig, c->client, kinds[c->second].cores, kinds[c->second].gang, c->priority);
	for (i = 0; i < rig->num_jobs; i++) {
		const struct rknpu_job *job = &rig->jobs[i];

		/* A job that has lost its cores would have been dropped. */
		if (job->gang ? job->cores & dead : !(job->cores & ~dead))
			break;
	}
	wrong = i < rig->num_jobs ? NULL : rig_judge(rig, copy, !running);
	rig_drain(rig);
	return wrong;
}

static void pick_is_right_in_all_small_cases(struct kunit *test)
{
	struct rig_copy *copy = kunit_kzalloc(test, sizeof(*copy), GFP_KERNEL);
	struct rig *rig = test->priv;
	unsigned int n;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	for (n = 0; n < CASES; n += CASES_STEP) {
		struct rig_case c = case_of(n);
		const char *wrong = try_case(rig, copy, &c);

		if (wrong)
			KUNIT_FAIL(test, "case %u: %s", n, wrong);
		if (wrong)
			break;
		cond_resched();
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(queue_higher_priority_goes_first),
	KUNIT_CASE(queue_keeps_the_order_of_a_client),
	KUNIT_CASE(queue_serves_the_client_that_used_less),
	KUNIT_CASE(queue_passes_over_a_banished_client),
	KUNIT_CASE(queue_is_empty_when_all_have_left),
	KUNIT_CASE(pick_prefers_a_core_that_has_the_space),
	KUNIT_CASE(pick_lets_a_turn_go_on),
	KUNIT_CASE(pick_ends_a_turn_for_higher_priority_and_for_a_gang),
	KUNIT_CASE(pick_keeps_cores_for_a_gang),
	KUNIT_CASE(pick_waits_for_the_siblings_of_a_core),
	KUNIT_CASE_SLOW(pick_is_right_in_all_small_cases),
	{}
};

static struct kunit_suite suite = {
	.name = "rknpu_pick",
	.init = rig_init,
	.exit = rig_exit,
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("Tests of the decisions of the RKNPU scheduler");
MODULE_LICENSE("GPL");
