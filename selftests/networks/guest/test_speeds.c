// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Measures how long each network of /networks keeps the hardware busy, in the twin's virtual time: one inference on one
 * core, and the mean of one context per core, all at the same time. The host compares them with the published speeds.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "testing.h"

#define ROUNDS		3
#define CORES_MOST	3
#define LIMIT_S		300

struct user {
	struct network net;
	rknn_context ctx;
	unsigned int core;
	pthread_barrier_t *start;
	pthread_t thread;
};

static unsigned int cores_here(void)
{
	unsigned int core, cores = 0;

	twin_need();
	for_each_twin_core(core)
		cores++;
	twin_forget();
	return cores;
}

static void begin(struct user *u, const char *name)
{
	network_load(&u->net, name);
	ASSERT_EQ(rknn_init(&u->ctx, u->net.model.data, u->net.model.bytes, 0, NULL), 0);
	/* The runtime refuses that where there is nothing to choose */
	if (cores_here() > 1)
		ASSERT_EQ(rknn_set_core_mask(u->ctx, 1u << u->core), 0);
	ASSERT_EQ(network_inputs_set(&u->net, u->ctx), 0);
	ASSERT_EQ(rknn_run(u->ctx, NULL), 0);
}

static void *run(void *arg)
{
	struct user *u = arg;
	unsigned int i;

	pthread_barrier_wait(u->start);
	for (i = 0; i < ROUNDS; i++)
		ASSERT_EQ(rknn_run(u->ctx, NULL), 0);
	return NULL;
}

/* The page is not kept mapped: the runtime's own layers read past the end of their buffers, where it could be */
static uint64_t busy_ns(unsigned int cores)
{
	uint64_t sum = 0;
	unsigned int i;

	ASSERT(twin_present());
	for (i = 0; i < cores; i++)
		sum += twin_stat64(i, TWIN_STAT_BUSY_NS);
	twin_forget();
	return sum;
}

static void measure(const char *name, unsigned int cores)
{
	struct user users[CORES_MOST] = { 0 };
	pthread_barrier_t start;
	uint64_t before;
	unsigned int i;

	pthread_barrier_init(&start, NULL, cores);
	for (i = 0; i < cores; i++) {
		users[i].core = i;
		users[i].start = &start;
		begin(&users[i], name);
	}
	before = busy_ns(cores);
	for (i = 0; i < cores; i++)
		ASSERT_EQ(pthread_create(&users[i].thread, NULL, run, &users[i]), 0);
	for (i = 0; i < cores; i++)
		pthread_join(users[i].thread, NULL);
	ktap_note("on %u: %.3f ms", cores, (busy_ns(cores) - before) / 1e6 / ROUNDS / cores);
	for (i = 0; i < cores; i++)
		ASSERT_EQ(rknn_destroy(users[i].ctx), 0);
	pthread_barrier_destroy(&start);
}

static void speed(void)
{
	unsigned int cores = cores_here();

	measure(ktap_case_name(), 1);
	if (cores > 1)
		measure(ktap_case_name(), cores);
}

__attribute__((constructor)) static void one_case_each(void)
{
	network_cases(speed, LIMIT_S);
}
