// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the threads that share a task's calculations.
 */
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "machine.h"
#include "workers/workers.h"

#define THREADS		4
#define PATIENCE_MS	10000
#define ROUNDS		300
#define ITEMS		50

/* GLib hands memory of its own from thread to thread under locks that the sanitizer does not see */
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
	return "called_from_lib:libglib-2.0.so\n";
}

static void wait_for(atomic_uint *counter, unsigned int value)
{
	for (unsigned int ms = 0; atomic_load(counter) < value && ms < PATIENCE_MS; ms++)
		usleep(1000);
	CHECK_EQ(atomic_load(counter), value);
}

/* ---- All threads join ---- */

struct meeting {
	atomic_uint joined, finished, calls[THREADS];
	sigset_t masks[THREADS];
};

static void meet(void *arg, unsigned int thread)
{
	struct meeting *m = arg;

	if (!CHECK(thread < THREADS))
		return;
	atomic_fetch_add(&m->calls[thread], 1);
	pthread_sigmask(SIG_BLOCK, NULL, &m->masks[thread]);
	atomic_fetch_add(&m->joined, 1);
	if (!thread) {
		wait_for(&m->joined, THREADS);
		return;
	}
	/* Longer than the calling thread */
	usleep(20000);
	atomic_fetch_add(&m->finished, 1);
}

static void test_all_join(const void *arg)
{
	struct twin_workers *workers = twin_workers_create(THREADS);
	struct meeting m = { 0 };

	(void)arg;
	CHECK_EQ(workers->threads, THREADS);
	workers->run(workers->opaque, meet, &m);
	CHECK_EQ(atomic_load(&m.finished), THREADS - 1);
	for (unsigned int i = 0; i < THREADS; i++)
		CHECK_EQ(atomic_load(&m.calls[i]), 1);
	twin_workers_destroy(workers);
}

static void test_signals(const void *arg)
{
	struct twin_workers *workers = twin_workers_create(THREADS);
	struct meeting m = { 0 };
	sigset_t mask;

	(void)arg;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	CHECK(!sigismember(&mask, SIGTERM));
	workers->run(workers->opaque, meet, &m);
	for (unsigned int i = 1; i < THREADS; i++)
		CHECK(sigismember(&m.masks[i], SIGTERM) && sigismember(&m.masks[i], SIGUSR1));
	twin_workers_destroy(workers);
}

/* ---- A thread is busy with somebody else's loop ---- */

struct block {
	struct twin_workers *workers;
	atomic_uint begun;
	sem_t go_on;
};

static void hold(void *arg, unsigned int thread)
{
	struct block *b = arg;

	if (thread) {
		atomic_fetch_add(&b->begun, 1);
		sem_wait(&b->go_on);
	} else {
		wait_for(&b->begun, 1);
	}
}

static void *hold_in_thread(void *arg)
{
	struct block *b = arg;

	b->workers->run(b->workers->opaque, hold, b);
	return NULL;
}

static void count_call(void *arg, unsigned int thread)
{
	atomic_uint *calls = arg;

	atomic_fetch_add(&calls[thread], 1);
}

static void test_busy(const void *arg)
{
	struct block b = { .workers = twin_workers_create(2) };
	atomic_uint calls[2] = { 0 };
	pthread_t thread;

	(void)arg;
	sem_init(&b.go_on, 0, 0);
	pthread_create(&thread, NULL, hold_in_thread, &b);
	wait_for(&b.begun, 1);
	b.workers->run(b.workers->opaque, count_call, calls);
	CHECK_EQ(atomic_load(&calls[0]), 1);
	sem_post(&b.go_on);
	pthread_join(thread, NULL);
	/* Ends the thread, which has read the offer by then */
	twin_workers_destroy(b.workers);
	CHECK_EQ(atomic_load(&calls[1]), 0);
	sem_destroy(&b.go_on);
}

/* ---- Several tasks at a time ---- */

struct sum {
	struct twin_workers *workers;
	atomic_uint next;
	unsigned int items[ITEMS];
	bool right;
};

static void take_items(void *arg, unsigned int thread)
{
	struct sum *s = arg;
	unsigned int item;

	(void)thread;
	while ((item = atomic_fetch_add(&s->next, 1)) < ITEMS)
		s->items[item]++;
}

static void *many_rounds(void *arg)
{
	struct sum *s = arg;

	s->right = true;
	for (unsigned int round = 1; round <= ROUNDS; round++) {
		atomic_store(&s->next, 0);
		s->workers->run(s->workers->opaque, take_items, s);
		for (unsigned int i = 0; i < ITEMS; i++)
			s->right &= s->items[i] == round;
	}
	return NULL;
}

static void test_several(const void *arg)
{
	struct twin_workers *workers = twin_workers_create(3);
	struct sum sums[TWIN_MAX_CORES] = { 0 };
	pthread_t threads[TWIN_MAX_CORES];
	unsigned int i;

	(void)arg;
	for (i = 0; i < TWIN_MAX_CORES; i++) {
		sums[i].workers = workers;
		pthread_create(&threads[i], NULL, many_rounds, &sums[i]);
	}
	for (i = 0; i < TWIN_MAX_CORES; i++) {
		pthread_join(threads[i], NULL);
		CHECK(sums[i].right);
	}
	twin_workers_destroy(workers);
}

/* ---- Number of threads, and who gets them ---- */

static void test_number(const void *arg)
{
	struct twin_workers *workers = twin_workers_create(0);
	atomic_uint calls[1] = { 0 };
	cpu_set_t processors;

	(void)arg;
	sched_getaffinity(0, sizeof(processors), &processors);
	CHECK_EQ(workers->threads, CPU_COUNT(&processors) > 1 ? 2 : 1);
	twin_workers_destroy(workers);
	workers = twin_workers_create(1);
	CHECK_EQ(workers->threads, 1);
	workers->run(workers->opaque, count_call, calls);
	CHECK_EQ(atomic_load(&calls[0]), 1);
	twin_workers_destroy(workers);
}

static void test_units_get_them(const void *arg)
{
	const struct twin_workers workers = { .threads = 1 };
	struct twin_config config;
	struct machine *m;
	struct kick kick;

	(void)arg;
	twin_config_init(&config);
	config.workers = &workers;
	m = machine_create(&config, false);
	enable_banks(m, 0);
	kick = simple_kick(m);
	start_kick(m, 0, &kick);
	CHECK(machine_run_to_irq(m, 0));
	CHECK(fake_compute_workers == &workers);
	machine_destroy(m);
}

const struct test_case worker_tests[] = {
	{ "workers: all threads join, and are waited for", test_all_join, 0 },
	{ "workers: they take no signals", test_signals, 0 },
	{ "workers: a thread that is busy is not waited for, and does not begin late", test_busy, 0 },
	{ "workers: several tasks have them at the same time", test_several, 0 },
	{ "workers: two by default, if there are two processors", test_number, 0 },
	{ "workers: the units get them from the configuration", test_units_get_them, 0 },
	{ 0 }
};
