// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * A loop is offered to all threads of a pool and to the thread that runs the
 * task. That one does not wait for others to begin: on a busy host it does
 * everything by itself, as fast as without them. So an offer may be read after
 * its loop is over, and belongs to all of its readers.
 *
 * The pool is GLib's, whose locks the thread sanitizer does not see. So an offer
 * has a POSIX lock, and begins with the counter of its readers, which is atomic:
 * reading it orders all that was written before it.
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include <glib.h>

#include "workers/workers.h"

/* About 50 microseconds, and it takes five to wake a thread */
#define LEAST_MACS		(1u << 20)

/* The guest and the other cores' tasks need processors too */
#define DEFAULT_THREADS		2

struct pool {
	struct twin_workers workers;
	GThreadPool *threads;
};

struct offer {
	void (*part)(void *arg, unsigned int thread);
	void *arg;
	atomic_uint readers;
	pthread_mutex_t lock;
	pthread_cond_t idle;
	unsigned int joined, running;
	bool over;
};

static void offer_put(struct offer *offer)
{
	if (atomic_fetch_sub(&offer->readers, 1) > 1)
		return;
	pthread_mutex_destroy(&offer->lock);
	pthread_cond_destroy(&offer->idle);
	g_free(offer);
}

/* In a thread of the pool */
static void offer_take(gpointer data, gpointer unused)
{
	struct offer *offer = data;
	unsigned int thread = 0;

	(void)unused;
	atomic_load(&offer->readers);
	pthread_mutex_lock(&offer->lock);
	if (!offer->over) {
		thread = ++offer->joined;
		offer->running++;
	}
	pthread_mutex_unlock(&offer->lock);
	if (thread) {
		offer->part(offer->arg, thread);
		pthread_mutex_lock(&offer->lock);
		if (!--offer->running)
			pthread_cond_signal(&offer->idle);
		pthread_mutex_unlock(&offer->lock);
	}
	offer_put(offer);
}

static void run(void *opaque, void (*part)(void *arg, unsigned int thread), void *arg)
{
	struct pool *pool = opaque;
	struct offer *offer = g_new0(struct offer, 1);

	offer->part = part;
	offer->arg = arg;
	pthread_mutex_init(&offer->lock, NULL);
	pthread_cond_init(&offer->idle, NULL);
	atomic_store(&offer->readers, pool->workers.threads);
	for (unsigned int i = 1; i < pool->workers.threads; i++)
		g_thread_pool_push(pool->threads, offer, NULL);
	part(arg, 0);
	pthread_mutex_lock(&offer->lock);
	offer->over = true;
	while (offer->running)
		pthread_cond_wait(&offer->idle, &offer->lock);
	pthread_mutex_unlock(&offer->lock);
	offer_put(offer);
}

/* The pool's threads inherit the mask: signals go to the threads of the program that has the pool */
static GThreadPool *start(unsigned int threads)
{
	GThreadPool *pool;
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pool = g_thread_pool_new(offer_take, NULL, (gint)threads, TRUE, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pool;
}

struct twin_workers *twin_workers_create(unsigned int threads)
{
	struct pool *pool = g_new0(struct pool, 1);

	if (!threads)
		threads = MIN(g_get_num_processors(), DEFAULT_THREADS);
	pool->workers.opaque = pool;
	pool->workers.threads = threads;
	pool->workers.least = LEAST_MACS;
	pool->workers.run = run;
	if (threads == 1)
		return &pool->workers;
	pool->threads = start(threads - 1);
	if (pool->threads)
		return &pool->workers;
	g_free(pool);
	return NULL;
}

void twin_workers_destroy(struct twin_workers *workers)
{
	struct pool *pool = workers->opaque;

	if (pool->threads)
		g_thread_pool_free(pool->threads, FALSE, TRUE);
	g_free(pool);
}
