// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Uses of the runtime inside one process: contexts in threads, cores, priorities, asynchronous runs, fences, shared
 * weights, queries. Every result of every run is compared.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "network.h"
#include "testing.h"

/* One of each kind of small network: convolutions, a sequence in each type, a pool, two inputs, a matrix product */
static const char *const names[] = {
	"seq_residual.int8", "seq_bottleneck.fp16", "conv5x5s2.int8", "maxpool2.fp16", "mul.int8", "fc.fp16",
	"seq_conv_pool_conv.int8", "conv_3ch.fp16",
};

static rknn_context start(const struct network *net, uint32_t flags)
{
	rknn_context ctx = 0;

	ASSERT_EQ(rknn_init(&ctx, net->model.data, net->model.bytes, flags, NULL), 0);
	return ctx;
}

struct worker {
	pthread_t thread;
	const char *name;
	uint32_t flags, cores;
	unsigned int runs;
};

static void *work(void *arg)
{
	const struct worker *w = arg;
	struct network net;
	rknn_context ctx;
	unsigned int i;

	network_load(&net, w->name);
	ctx = start(&net, w->flags);
	ASSERT_EQ(rknn_set_core_mask(ctx, w->cores), 0);
	for (i = 0; i < w->runs; i++)
		EXPECT_EQ(network_run(&net, ctx), 0);
	EXPECT_EQ(rknn_destroy(ctx), 0);
	return NULL;
}

static void work_all(struct worker *workers, unsigned int count)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		ASSERT_EQ(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
	for (i = 0; i < count; i++)
		ASSERT_EQ(pthread_join(workers[i].thread, NULL), 0);
}

TEST_LIMIT(threads_on_a_core_each, 60)
{
	struct worker w[] = {
		{ .name = names[0], .cores = 1, .runs = 8 }, { .name = names[1], .cores = 2, .runs = 8 },
		{ .name = names[2], .cores = 4, .runs = 8 },
	};

	need_cores(7);
	work_all(w, ARRAY_SIZE(w));
}

TEST_LIMIT(every_core_mask, 120)
{
	static const uint32_t masks[] = { 0, 1, 2, 4, 3, 7 };
	unsigned int i, j;

	need_cores(7);
	for (i = 0; i < ARRAY_SIZE(masks); i++)
		for (j = 0; j < ARRAY_SIZE(names); j++) {
			struct worker w = { .name = names[j], .cores = masks[i], .runs = 2 };

			work(&w);
		}
}

TEST_LIMIT(cores_together_beside_cores_alone, 120)
{
	struct worker w[] = {
		{ .name = names[0], .cores = 7, .runs = 6 }, { .name = names[6], .cores = 3, .runs = 6 },
		{ .name = names[2], .cores = 1, .runs = 6 }, { .name = names[7], .cores = 4, .runs = 6 },
		{ .name = names[1], .runs = 6 },
	};

	need_cores(7);
	work_all(w, ARRAY_SIZE(w));
}

TEST_LIMIT(eight_threads_of_any_core, 120)
{
	struct worker w[ARRAY_SIZE(names)] = { 0 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(w); i++) {
		w[i].name = names[i];
		w[i].runs = 5;
	}
	work_all(w, ARRAY_SIZE(w));
}

TEST_LIMIT(every_priority, 60)
{
	struct worker w[] = {
		{ .name = names[0], .flags = RKNN_FLAG_PRIOR_LOW, .cores = 1, .runs = 8 },
		{ .name = names[1], .flags = RKNN_FLAG_PRIOR_MEDIUM, .cores = 1, .runs = 8 },
		{ .name = names[2], .flags = RKNN_FLAG_PRIOR_HIGH, .cores = 1, .runs = 8 },
	};

	work_all(w, ARRAY_SIZE(w));
}

struct duplicate {
	pthread_t thread;
	const struct network *net;
	rknn_context ctx;
};

static void *work_duplicate(void *arg)
{
	const struct duplicate *d = arg;
	unsigned int i;

	for (i = 0; i < 6; i++)
		EXPECT_EQ(network_run(d->net, d->ctx), 0);
	return NULL;
}

TEST_LIMIT(duplicated_contexts, 60)
{
	struct duplicate d[3] = { 0 };
	struct network net;
	unsigned int i;

	network_load(&net, names[0]);
	d[0].ctx = start(&net, 0);
	for (i = 0; i < ARRAY_SIZE(d); i++) {
		d[i].net = &net;
		if (i)
			ASSERT_EQ(rknn_dup_context(&d[0].ctx, &d[i].ctx), 0);
	}
	for (i = 0; i < ARRAY_SIZE(d); i++)
		ASSERT_EQ(pthread_create(&d[i].thread, NULL, work_duplicate, &d[i]), 0);
	for (i = 0; i < ARRAY_SIZE(d); i++)
		ASSERT_EQ(pthread_join(d[i].thread, NULL), 0);
	/* Destroying the first one does not affect the others. */
	EXPECT_EQ(rknn_destroy(d[0].ctx), 0);
	EXPECT_EQ(network_run(&net, d[1].ctx), 0);
	EXPECT_EQ(rknn_destroy(d[1].ctx), 0);
	EXPECT_EQ(rknn_destroy(d[2].ctx), 0);
}

TEST_LIMIT(shared_weights, 60)
{
	struct rknn_init_extend extend = { 0 };
	struct network net;
	rknn_context second = 0;

	network_load(&net, names[1]);
	extend.ctx = start(&net, 0);
	ASSERT_EQ(rknn_init(&second, net.model.data, net.model.bytes, RKNN_FLAG_SHARE_WEIGHT_MEM, &extend), 0);
	EXPECT_EQ(network_run(&net, extend.ctx), 0);
	EXPECT_EQ(network_run(&net, second), 0);
	EXPECT_EQ(network_run(&net, extend.ctx), 0);
	EXPECT_EQ(rknn_destroy(second), 0);
	EXPECT_EQ(rknn_destroy(extend.ctx), 0);
}

/* Outputs are one frame late: there are no outputs for the first run */
TEST_LIMIT(asynchronous_context, 60)
{
	struct rknn_output out[NETWORK_TENSORS];
	struct network net;
	rknn_context ctx;
	unsigned int i;

	network_load(&net, names[0]);
	ctx = start(&net, RKNN_FLAG_ASYNC_MASK);
	for (i = 0; i < 6; i++) {
		ASSERT_EQ(network_inputs_set(&net, ctx), 0);
		ASSERT_EQ(rknn_run(ctx, NULL), 0);
		ASSERT_EQ(network_outputs_get(&net, ctx, out), 0);
		if (i)
			EXPECT(network_judge(&net, ctx, out));
		ASSERT_EQ(rknn_outputs_release(ctx, net.outputs, out), 0);
	}
	EXPECT_EQ(rknn_destroy(ctx), 0);
}

/*
 * The runtime only keeps the fence of the run for rknn_wait() with this flag. The network must end on the NPU: if the last
 * layer is the runtime's own, it reads its input right after SUBMIT, before the fence [seen with strace, version 1.5.2].
 */
TEST_LIMIT(run_and_wait, 60)
{
	struct rknn_output out[NETWORK_TENSORS];
	struct network net;
	rknn_context ctx;
	unsigned int i;

	network_load(&net, names[0]);
	ctx = start(&net, RKNN_FLAG_FENCE_OUT_OUTSIDE);
	for (i = 0; i < 6; i++) {
		struct rknn_run_extend run = { .non_block = 1, .timeout_ms = 5000, .fence_fd = -1 };

		ASSERT_EQ(network_inputs_set(&net, ctx), 0);
		ASSERT_EQ(rknn_run(ctx, &run), 0);
		ASSERT_EQ(rknn_wait(ctx, &run), 0);
		ASSERT_EQ(network_outputs_get(&net, ctx, out), 0);
		EXPECT(network_judge(&net, ctx, out));
		ASSERT_EQ(rknn_outputs_release(ctx, net.outputs, out), 0);
	}
	EXPECT_EQ(rknn_destroy(ctx), 0);
}

/* Its values for time and memory are plausible */
TEST_LIMIT(queries, 60)
{
	struct rknn_output out[NETWORK_TENSORS];
	struct rknn_perf_detail detail = { 0 };
	struct rknn_sdk_version version;
	struct rknn_mem_size size;
	struct network net;
	uint64_t t0, took;
	rknn_context ctx;
	int64_t run_us = 0;

	network_load(&net, names[0]);
	ctx = start(&net, RKNN_FLAG_COLLECT_PERF_MASK);
	ASSERT_EQ(rknn_query(ctx, RKNN_QUERY_SDK_VERSION, &version, sizeof(version)), 0);
	EXPECT(!strncmp(version.api, "1.5.2", 5));
	EXPECT(!strcmp(version.driver, "0.9.8"));
	ASSERT_EQ(network_inputs_set(&net, ctx), 0);
	t0 = ktap_now_ns();
	ASSERT_EQ(rknn_run(ctx, NULL), 0);
	took = ktap_now_ns() - t0;
	ASSERT_EQ(network_outputs_get(&net, ctx, out), 0);
	EXPECT(network_judge(&net, ctx, out));
	ASSERT_EQ(rknn_query(ctx, RKNN_QUERY_PERF_RUN, &run_us, sizeof(run_us)), 0);
	ktap_note("run %lld us of %llu", (long long)run_us, (unsigned long long)took / 1000);
	EXPECT(run_us > 0 && (uint64_t)run_us <= took / 1000 + 1);
	ASSERT_EQ(rknn_query(ctx, RKNN_QUERY_PERF_DETAIL, &detail, sizeof(detail)), 0);
	ASSERT(detail.text && detail.bytes);
	EXPECT(memmem(detail.text, detail.bytes, "Conv", 4));
	EXPECT(memmem(detail.text, detail.bytes, "NPU", 3));
	ASSERT_EQ(rknn_query(ctx, RKNN_QUERY_MEM_SIZE, &size, sizeof(size)), 0);
	/* Two convolutions of 3x3, 16 to 16 channels, in bytes; not more than the model file */
	EXPECT(size.weights >= 2 * 3 * 3 * 16 * 16 && size.weights <= net.model.bytes);
	EXPECT(size.internal > 0 && size.dma_allocated >= size.weights);
	rknn_outputs_release(ctx, net.outputs, out);
	EXPECT_EQ(rknn_destroy(ctx), 0);
}

static unsigned int open_files(void)
{
	unsigned int count = 0;
	DIR *d = opendir("/proc/self/fd");

	while (readdir(d))
		count++;
	closedir(d);
	return count;
}

static long resident_pages(void)
{
	long size, resident = -1;
	FILE *f = fopen("/proc/self/statm", "re");

	if (fscanf(f, "%ld %ld", &size, &resident) != 2)
		resident = -1;
	fclose(f);
	return resident;
}

/* Memory available in the kernel, in KiB */
static long available(void)
{
	char line[128];
	long kib = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	while (kib < 0 && fgets(line, sizeof(line), f))
		if (sscanf(line, "MemAvailable: %ld", &kib) == 1)
			break;
	fclose(f);
	return kib;
}

/* The first hundred may fill caches; memory used by two hundred more is leaked */
TEST_LIMIT(start_and_end_300_times, 300)
{
	unsigned int i, files = 0;
	long pages = 0, left = 0;
	struct network net;

	network_load(&net, names[0]);
	for (i = 0; i < 300; i++) {
		rknn_context ctx = start(&net, 0);

		if (i % 50 == 0)
			EXPECT_EQ(network_run(&net, ctx), 0);
		ASSERT_EQ(rknn_destroy(ctx), 0);
		if (i == 100) {
			files = open_files();
			pages = resident_pages();
			left = available();
		}
	}
	EXPECT_EQ(open_files(), files);
	ktap_note("%ld pages, then %ld; %ld KiB available, then %ld", pages, resident_pages(), left, available());
	/* A single page for each would be 200; the kernel's buffers for one network are above 100 KiB */
	EXPECT(resident_pages() - pages < 100);
	EXPECT(left - available() < 4096);
}
