// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 */
/* For barriers */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "tap.h"

#define MOST_THREADS	3

/* ---- Threads ---- */

struct call {
	void (*part)(void *arg, unsigned int thread);
	void *arg;
	unsigned int thread;
	pthread_barrier_t *start;
};

/* Where the next loop is calculated: at the same time in all threads, or by the others before the calling one begins */
static unsigned long loops;

static void *call_part(void *arg)
{
	struct call *call = arg;

	pthread_barrier_wait(call->start);
	call->part(call->arg, call->thread);
	return NULL;
}

static void run_in_threads(void *opaque, void (*part)(void *arg, unsigned int thread), void *arg)
{
	const struct twin_workers *workers = opaque;
	struct call calls[MOST_THREADS];
	pthread_t threads[MOST_THREADS];
	pthread_barrier_t start;
	bool together = loops++ % 2;

	pthread_barrier_init(&start, NULL, workers->threads);
	for (unsigned int i = 1; i < workers->threads; i++) {
		calls[i] = (struct call){ .part = part, .arg = arg, .thread = i, .start = &start };
		if (pthread_create(&threads[i], NULL, call_part, &calls[i]))
			abort();
	}
	pthread_barrier_wait(&start);
	if (together)
		part(arg, 0);
	for (unsigned int i = 1; i < workers->threads; i++)
		pthread_join(threads[i], NULL);
	if (!together)
		part(arg, 0);
	pthread_barrier_destroy(&start);
}

/* ---- Comparison ---- */

static void copy_regions(struct memory *to, const struct memory *from)
{
	for (int i = 0; i < REGIONS; i++)
		if (from->region[i].data)
			memcpy(to->region[i].data, from->region[i].data, from->region[i].bytes);
}

/* Equal to @from; the caller frees its regions */
static struct memory duplicate(const struct memory *from)
{
	struct memory to = *from;

	for (int i = 0; i < REGIONS; i++) {
		if (!from->region[i].data)
			continue;
		to.region[i].data = malloc(from->region[i].bytes);
		if (!to.region[i].data)
			abort();
	}
	copy_regions(&to, from);
	return to;
}

static bool same_bytes(const struct memory *a, const struct memory *b)
{
	for (int i = 0; i < REGIONS; i++)
		if (a->region[i].data && memcmp(a->region[i].data, b->region[i].data, a->region[i].bytes))
			return false;
	return true;
}

static bool same_result(const struct twin_compute_result *a, const struct twin_compute_result *b)
{
	return a->macs == b->macs && a->mac_slots == b->mac_slots && a->memory_bytes == b->memory_bytes &&
	       a->bytes_read == b->bytes_read && a->bytes_written == b->bytes_written &&
	       a->refused_reg == b->refused_reg && !strcmp(a->reason, b->reason);
}

/* Back to what was there before the task ran: also the counts */
static void restore(struct memory *memory, const struct memory *before)
{
	copy_regions(memory, before);
	memory->reads = before->reads;
	memory->writes = before->writes;
	memory->polls = before->polls;
}

enum twin_compute_status task_run_by(task_fn task, const struct twin_unit_regs *regs, uint32_t enable,
				     uint32_t dma_base, struct memory *memory, struct twin_compute_result *result)
{
	struct twin_dma dma = memory_dma(memory);
	struct memory before = duplicate(memory), alone;
	enum twin_compute_status status = task(regs, enable, dma_base, &dma, NULL, result), again;

	alone = duplicate(memory);
	for (unsigned int threads = 2; threads <= MOST_THREADS; threads++) {
		struct twin_workers workers = { .threads = threads, .run = run_in_threads };
		struct twin_compute_result other;

		workers.opaque = &workers;
		restore(memory, &before);
		again = task(regs, enable, dma_base, &dma, &workers, &other);
		if (again != status || !same_result(&other, result) || memory->reads != alone.reads ||
		    memory->writes != alone.writes || !same_bytes(memory, &alone))
			tap_ok(false, "%u threads do the same as one: status %d and %d", threads, again, status);
	}
	memory_free(&before);
	memory_free(&alone);
	return status;
}

enum twin_compute_status task_run(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
				  struct memory *memory, struct twin_compute_result *result)
{
	return task_run_by(twin_compute_task, regs, enable, dma_base, memory, result);
}

void task_run_done(void)
{
	tap_ok(loops > 0, "tasks do the same in 2 and 3 threads, which had a part in %lu loops", loops);
}
