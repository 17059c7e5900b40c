// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: async mode. Most tests call the worker's function at a chosen moment; one
 * runs real threads concurrently with register accesses.
 */
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#include "machine.h"

static struct machine *async_machine(void)
{
	struct machine *m = machine_create(NULL, true);
	unsigned int i;

	for (i = 0; i < TWIN_MAX_CORES; i++)
		enable_banks(m, i);
	return m;
}

static void work(struct machine *m, unsigned int core)
{
	twin_work(m->twin, core);
	twin_work_done(m->twin, core);
}

static void test_worker_computes(const void *arg)
{
	struct machine *m = async_machine();
	struct kick kick = simple_kick(m);

	(void)arg;
	CHECK_EQ(ctl_rd(m, TWIN_ASYNC), 1);
	start_kick(m, 1, &kick);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK_EQ(m->work_started[1], 1);
	CHECK(!simple_kick_done(m));
	work(m, 1);
	CHECK(machine_run_to_irq(m, 1));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_registers_are_a_copy(const void *arg)
{
	struct machine *m = async_machine();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 0, &kick);
	machine_run(m, 10000);
	/* The driver may already set up the next task */
	wr(m, 0, RKNPU_DPU_DST_BASE_ADDR, OUT_IOVA + PAGE);
	work(m, 0);
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_reset_before_work(const void *arg)
{
	struct machine *m = async_machine();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 0, &kick);
	machine_run(m, 10000);
	CHECK_EQ(m->work_started[0], 1);
	core_reset(m, 0);
	work(m, 0);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	CHECK_EQ(core_stat(m, 0, TWIN_STAT_TASKS), 0);
	machine_destroy(m);
}

static void test_new_kick_waits_for_dead_work(const void *arg)
{
	struct machine *m = async_machine();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 0, &kick);
	machine_run(m, 10000);
	core_reset(m, 0);
	enable_banks(m, 0);
	start_kick(m, 0, &kick);
	machine_run(m, 10000);
	CHECK_EQ(m->work_started[0], 1);
	work(m, 0);
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	CHECK_EQ(m->work_started[0], 2);
	work(m, 0);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_dead_work_of_two_kicks(const void *arg)
{
	struct machine *m = async_machine();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 0, &kick);
	machine_run(m, 10000);
	core_reset(m, 0);
	enable_banks(m, 0);
	start_kick(m, 0, &kick);
	machine_run(m, 10000);
	/* The second kick is dropped while it waits for the worker to leave the first one */
	core_reset(m, 0);
	work(m, 0);
	CHECK_EQ(m->work_started[0], 1);
	CHECK(!machine_run_to_irq(m, 0));
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	enable_banks(m, 0);
	start_kick(m, 0, &kick);
	machine_run(m, 10000);
	work(m, 0);
	CHECK(machine_run_to_irq(m, 0));
	machine_destroy(m);
}

static void test_fault_in_worker(const void *arg)
{
	struct machine *m = async_machine();
	struct kick kick = simple_kick(m);

	(void)arg;
	unmap_page(m, OUT_IOVA);
	start_kick(m, 1, &kick);
	machine_run(m, 10000);
	twin_work(m->twin, 1);
	/* The line belongs to the other thread */
	CHECK(!m->irq[1]);
	twin_work_done(m->twin, 1);
	CHECK(m->irq[1]);
	CHECK_EQ(rd(m, 1, 0xa000 + RK_IOMMU_PAGE_FAULT_ADDR), OUT_IOVA);
	map_page(m, OUT_IOVA, OUT_ADDR, PROT_W);
	wr(m, 1, 0xa000 + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_PAGE_FAULT_DONE);
	wr(m, 1, 0xa000 + RK_IOMMU_INT_CLEAR, 3);
	machine_run(m, 2000000);
	CHECK_EQ(m->work_started[1], 2);
	work(m, 1);
	CHECK(machine_run_to_irq(m, 1));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

static void test_stall_in_worker(const void *arg)
{
	struct machine *m = async_machine();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 1, &kick);
	machine_run(m, 10000);
	wr(m, 1, 0xa000 + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_ENABLE_STALL);
	work(m, 1);
	CHECK(!machine_run_to_irq(m, 1));
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	wr(m, 1, 0xa000 + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_DISABLE_STALL);
	machine_run(m, 1);
	CHECK_EQ(m->work_started[1], 2);
	work(m, 1);
	CHECK(machine_run_to_irq(m, 1));
	CHECK(simple_kick_done(m));
	machine_destroy(m);
}

/* At the end of the machine: a task that still runs must not write any more. */
static void test_cancel(const void *arg)
{
	struct machine *m = async_machine();
	struct kick kick = simple_kick(m);

	(void)arg;
	start_kick(m, 2, &kick);
	machine_run(m, 10000);
	twin_cancel(m->twin);
	work(m, 2);
	CHECK(!machine_run_to_irq(m, 2));
	CHECK_EQ(*ram(m, OUT_ADDR), 0xee);
	machine_destroy(m);
}

/* ---- With threads ---- */

#define RACE_ROUNDS	200

struct racer {
	struct machine *m;
	unsigned int core;
	sem_t start, done;
	bool quit;
};

static void *race_worker(void *arg)
{
	struct racer *r = arg;

	for (;;) {
		sem_wait(&r->start);
		if (r->quit)
			return NULL;
		twin_work(r->m->twin, r->core);
		sem_post(&r->done);
	}
}

/* Copy many pages, while registers are read, TLB lines are zapped, and, in every other round, the core is reset. */
static void race_round(struct racer *r, const struct kick *kick, bool reset)
{
	struct machine *m = r->m;

	start_kick(m, r->core, kick);
	machine_run(m, 10000);
	sem_post(&r->start);
	rd(m, r->core, RKNPU_PC_TASK_STATUS);
	wr(m, r->core, 0xa000 + RK_IOMMU_ZAP_ONE_LINE, OUT_IOVA);
	if (reset)
		core_reset(m, r->core);
	sem_wait(&r->done);
	twin_work_done(m->twin, r->core);
	CHECK_EQ(machine_run_to_irq(m, r->core), !reset);
	if (reset)
		enable_banks(m, r->core);
	wr(m, r->core, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
}

static void test_threads(const void *arg)
{
	struct racer r = { .m = async_machine(), .core = 1 };
	struct kick kick = simple_kick(r.m);
	struct stream s = stream_at(r.m, CMD_IOVA);
	pthread_t thread;
	unsigned int i;

	(void)arg;
	stream_copy(&s, IN_IOVA, OUT_IOVA, AREA_PAGES * PAGE, 0, 0);
	sem_init(&r.start, 0, 0);
	sem_init(&r.done, 0, 0);
	pthread_create(&thread, NULL, race_worker, &r);
	for (i = 0; i < RACE_ROUNDS; i++)
		race_round(&r, &kick, i % 2);
	r.quit = true;
	sem_post(&r.start);
	pthread_join(thread, NULL);
	sem_destroy(&r.start);
	sem_destroy(&r.done);
	CHECK_EQ(core_stat(r.m, 1, TWIN_STAT_TASKS), RACE_ROUNDS / 2);
	machine_destroy(r.m);
}

/* ---- All cores at once ---- */

static sem_t held, go_on;

static void hold(void)
{
	sem_post(&held);
	sem_wait(&go_on);
}

static bool all_are_held(void)
{
	struct timespec limit;
	unsigned int i;

	clock_gettime(CLOCK_REALTIME, &limit);
	limit.tv_sec += 30;
	for (i = 0; i < TWIN_MAX_CORES; i++)
		if (sem_timedwait(&held, &limit))
			return false;
	return true;
}

struct worker {
	struct machine *m;
	unsigned int core;
	pthread_t thread;
};

static void *work_once(void *arg)
{
	struct worker *w = arg;

	twin_work(w->m->twin, w->core);
	return NULL;
}

/* The guest can use registers of a core whose task is being computed, and time goes on */
static void guest_goes_on(struct machine *m)
{
	unsigned int core;

	for (core = 0; core < TWIN_MAX_CORES; core++) {
		CHECK_EQ(rd(m, core, RKNPU_PC_TASK_STATUS) & RKNPU_PC_TASK_STATUS_COUNTER_12, 0);
		wr(m, core, bank_offset(core, 0) + RK_IOMMU_ZAP_ONE_LINE, HOLE_IOVA);
		wr(m, core, RKNPU_DPU_OUT_CVT_OFFSET, 0xff);
	}
	machine_run(m, 1000000);
}

/* No worker ends before all have begun, and before the guest has done something in between */
static void test_all_cores_at_once(const void *arg)
{
	struct worker w[TWIN_MAX_CORES];
	struct machine *m = async_machine();
	struct kick kick = simple_kick(m);
	unsigned int i;

	(void)arg;
	sem_init(&held, 0, 0);
	sem_init(&go_on, 0, 0);
	fake_compute_hook = hold;
	CHECK_EQ(ctl_rd(m, TWIN_COMPUTING), 0);
	for (i = 0; i < TWIN_MAX_CORES; i++) {
		start_kick(m, i, &kick);
		machine_run(m, 10000);
		w[i] = (struct worker){ .m = m, .core = i };
		pthread_create(&w[i].thread, NULL, work_once, &w[i]);
	}
	CHECK(all_are_held());
	CHECK_EQ(ctl_rd(m, TWIN_COMPUTING), 7);
	guest_goes_on(m);
	CHECK(!simple_kick_done(m));
	for (i = 0; i < TWIN_MAX_CORES; i++)
		sem_post(&go_on);
	for (i = 0; i < TWIN_MAX_CORES; i++) {
		pthread_join(w[i].thread, NULL);
		twin_work_done(m->twin, i);
		CHECK(machine_run_to_irq(m, i));
	}
	CHECK_EQ(ctl_rd(m, TWIN_COMPUTING), 0);
	CHECK(simple_kick_done(m));
	fake_compute_hook = NULL;
	sem_destroy(&held);
	sem_destroy(&go_on);
	machine_destroy(m);
}

const struct test_case async_tests[] = {
	{ "async: the worker computes, then the kick completes", test_worker_computes, 0 },
	{ "async: the worker has its own copy of the registers", test_registers_are_a_copy, 0 },
	{ "async: a reset stops the worker's accesses", test_reset_before_work, 0 },
	{ "async: a new kick waits until the worker has left a dead one", test_new_kick_waits_for_dead_work, 0 },
	{ "async: two dead kicks, one worker", test_dead_work_of_two_kicks, 0 },
	{ "async: fault in the worker", test_fault_in_worker, 0 },
	{ "async: stall while the worker runs", test_stall_in_worker, 0 },
	{ "async: cancelled at the end of the machine", test_cancel, 0 },
	{ "async: threads, zaps and resets", test_threads, 0 },
	{ "async: all cores are computed for at once while the guest goes on", test_all_cores_at_once, 0 },
	{ 0 },
};
