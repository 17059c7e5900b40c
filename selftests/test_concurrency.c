// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Several processes with several threads each keep all cores busy, with and
 * without choosing a core, while buffers are created and destroyed; every result
 * is checked. ROUNDS=N in the environment makes it longer.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/job.h"
#include "lib/soc.h"
#include "lib/testing.h"

#define PROCESSES	3
#define THREADS		3

static unsigned int rounds(unsigned int usual)
{
	const char *env = getenv("ROUNDS");

	return env ? strtoul(env, NULL, 0) : usual;
}

struct worker {
	int fd;
	unsigned int seed, rounds;
};

/* A stream of jobs of all types; the buffers of every fourth are new */
static void *works(void *arg)
{
	const struct worker *w = arg;
	struct matmul mm = { 0 };
	unsigned int i;

	for (i = 0; i < w->rounds; i++) {
		unsigned int seed = w->seed * 7919 + i;
		static const uint32_t masks[] = { 0, 1, 2, 4 };

		if (i % 4 == 0) {
			matmul_fini(&mm);
			ASSERT_RET(matmul_init(&mm, w->fd, seed % MATMUL_TYPES, 4 + seed % 13, 32 * (1 + seed % 3),
					       32 * (1 + seed % 2), 4, MATMUL_EXACT, seed), 0);
		}
		ASSERT_RET(matmul_run(&mm, masks[(seed + i) % 4], NULL), 0);
		if (!EXPECT_EQ(matmul_wrong(&mm), 0))
			ktap_note("%s %ux%ux%u, round %u", matmul_type_name(mm.type), mm.m, mm.k, mm.n, i);
	}
	matmul_fini(&mm);
	return NULL;
}

static void works_in_threads(void *arg)
{
	unsigned int seed = *(unsigned int *)arg, i;
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	int fd = npu_open();

	for (i = 0; i < THREADS; i++) {
		/* One file for the first two, another of the same process for the third */
		workers[i] = (struct worker){ i < 2 ? fd : npu_open(), seed * THREADS + i, rounds(12) };
		ASSERT_EQ(pthread_create(&threads[i], NULL, works, &workers[i]), 0);
	}
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* Observations of the cores that the host computes for */
struct seen {
	uint32_t any;		/* bit n: core n at some time */
	int most;		/* maximum number at the same time */
	unsigned int looks;	/* number of observations with at least one core */
};

static void look(struct seen *seen)
{
	uint32_t working = twin_read(TWIN_COMPUTING);

	seen->any |= working;
	seen->looks += working != 0;
	if (seen->most < __builtin_popcount(working))
		seen->most = __builtin_popcount(working);
}

static void run_on_all(struct matmul *mm, struct seen *seen)
{
	int fence[NPU_CORES], i;

	for (i = 0; i < NPU_CORES; i++)
		ASSERT_RET(job_start(&mm[i], 1u << i, -1, &fence[i]), 0);
	for (i = 0; i < NPU_CORES; i++) {
		while (fence_status(fence[i]) == 0)
			look(seen);
		EXPECT_RET(fence_end(fence[i]), 0);
	}
}

/*
 * With a thread for each core, this program continues to run while the host
 * computes, and sees it computing for three cores at the same time. The host may
 * be busy with something else, so there is more than one attempt.
 */
TEST_LIMIT(the_guest_runs_while_three_cores_compute, 300)
{
	struct matmul mm[NPU_CORES];
	struct seen seen = { 0 };
	int fd, i, tries;

	twin_need();
	if (!twin_read(TWIN_ASYNC))
		ktap_skip("the twin computes between two instructions of the guest");
	fd = npu_open();
	for (i = 0; i < NPU_CORES; i++)
		ASSERT_RET(matmul_init(&mm[i], fd, MATMUL_FP16_FP32, 1024, 512, 512, 0, MATMUL_EXACT, i), 0);
	for (tries = 0; tries < 50 && seen.most < NPU_CORES; tries++)
		run_on_all(mm, &seen);
	EXPECT_EQ(seen.any, 7);
	EXPECT_EQ(seen.most, NPU_CORES);
	EXPECT(seen.looks > 0);
	ktap_note("%u looks at work, %d tries", seen.looks, tries);
	for (i = 0; i < NPU_CORES; i++) {
		EXPECT_EQ(matmul_wrong_rows(&mm[i], i), 0);
		matmul_fini(&mm[i]);
	}
}

TEST_LIMIT(processes_and_threads_on_all_cores, 600)
{
	unsigned int seeds[PROCESSES], i;
	pid_t pids[PROCESSES];

	close(npu_open());
	for (i = 0; i < PROCESSES; i++) {
		seeds[i] = i + 1;
		pids[i] = ktap_fork(works_in_threads, &seeds[i]);
	}
	for (i = 0; i < PROCESSES; i++)
		EXPECT_EQ(ktap_join(pids[i]), 0);
}

static void is_short_lived(void *arg)
{
	struct matmul mm;

	small_matmul(&mm, npu_open(), *(unsigned int *)arg);
	EXPECT_CORRECT(&mm, 0);
	/* Exits without freeing anything */
}

/* Clients that open the device, run one job and exit, while another one stays */
TEST_LIMIT(clients_come_and_go, 600)
{
	unsigned int n = rounds(20), i;
	struct matmul mm;

	small_matmul(&mm, npu_open(), 1);
	for (i = 0; i < n; i++) {
		unsigned int seed[2] = { 2 * i, 2 * i + 1 };
		pid_t a = ktap_fork(is_short_lived, &seed[0]), b = ktap_fork(is_short_lived, &seed[1]);

		EXPECT_CORRECT(&mm, npu_nth(i));
		EXPECT_EQ(ktap_join(a), 0);
		EXPECT_EQ(ktap_join(b), 0);
	}
}

static void submits_short_jobs(void *arg)
{
	unsigned int i, n = 20 * rounds(20);
	struct matmul mm;

	small_matmul(&mm, npu_open(), *(unsigned int *)arg);
	for (i = 0; i < n; i++)
		ASSERT_RET(matmul_run(&mm, 1, NULL), 0);
	EXPECT_CORRECT(&mm, 1);
}

/*
 * One core, and clients that submit the next job before the core has been prepared
 * for another client: a turn may end at any instruction of the code that selects
 * the next client, and in no case may the core stay idle with jobs in the queue.
 */
TEST_LIMIT(turns_end_at_any_time, 600)
{
	unsigned int seeds[PROCESSES], i;
	pid_t pids[PROCESSES];

	for (i = 0; i < PROCESSES; i++) {
		seeds[i] = i + 30;
		pids[i] = ktap_fork(submits_short_jobs, &seeds[i]);
	}
	for (i = 0; i < PROCESSES; i++)
		EXPECT_EQ(ktap_join(pids[i]), 0);
}

static void computes_now_and_then(void *arg)
{
	unsigned int i, n = 20 * rounds(10);
	struct matmul mm;

	small_matmul(&mm, npu_open(), *(unsigned int *)arg);
	for (i = 0; i < n; i++) {
		EXPECT_CORRECT(&mm, 1);
		usleep(i * 37 % 500);
	}
}

/* Cores power off as soon as they are idle: while the next job is submitted, and while its core is prepared */
TEST_LIMIT(core_goes_off_between_jobs, 600)
{
	unsigned int seeds[PROCESSES], i;
	pid_t pids[PROCESSES];
	char path[100];

	close(npu_open());
	snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/power/autosuspend_delay_ms", soc_get()->device[0]);
	ASSERT_RET(driver_write(path, "0"), 0);
	for (i = 0; i < PROCESSES; i++) {
		seeds[i] = i + 60;
		pids[i] = ktap_fork(computes_now_and_then, &seeds[i]);
	}
	for (i = 0; i < PROCESSES; i++)
		EXPECT_EQ(ktap_join(pids[i]), 0);
	ASSERT_RET(driver_write(path, "100"), 0);
}

struct queue {
	struct matmul mm;
	unsigned int done;
	pthread_t thread;
};

static volatile bool stop;

static void *submits_until_stopped(void *arg)
{
	struct queue *q = arg;

	while (!stop) {
		EXPECT_RET(matmul_run(&q->mm, 1, NULL), 0);
		q->done++;
	}
	return NULL;
}

static void has_deep_queue(void *arg)
{
	struct queue queues[6];
	int fd = npu_open(), i;

	for (i = 0; i < 6; i++) {
		queues[i].done = 0;
		small_matmul(&queues[i].mm, fd, i);
		ASSERT_EQ(pthread_create(&queues[i].thread, NULL, submits_until_stopped, &queues[i]), 0);
	}
	ktap_sleep_ms(*(unsigned int *)arg);
	stop = true;
	for (i = 0; i < 6; i++)
		pthread_join(queues[i].thread, NULL);
}

/* One client with a deep queue must not starve another on the same core */
TEST_LIMIT(deep_queue_starves_nobody, 60)
{
	unsigned int busy_ms = 1500, jobs = 0;
	struct matmul mm;
	uint64_t end;
	pid_t other;

	small_matmul(&mm, npu_open(), 9);
	other = ktap_fork(has_deep_queue, &busy_ms);
	ktap_sleep_ms(200);
	end = ktap_now_ns() + 1000000000ull;
	while (ktap_now_ns() < end) {
		EXPECT_CORRECT(&mm, 1);
		jobs++;
	}
	EXPECT(jobs >= 5);
	EXPECT_EQ(ktap_join(other), 0);
}

/* Sync, create, destroy and query while jobs are running, from threads that share a file */
static void *pesters(void *arg)
{
	int fd = *(int *)arg;
	unsigned int i;

	for (i = 0; !stop; i++) {
		struct npu_bo bo;
		uint32_t value = 0;

		EXPECT_RET(npu_bo_init(&bo, fd, NPU_PAGE * (1 + i % 5), NPU_FLAGS_DATA), 0);
		EXPECT_RET(npu_bo_to_device(&bo), 0);
		EXPECT_RET(npu_action(fd, RKNPU_GET_FREQ, &value), 0);
		npu_bo_fini(&bo);
	}
	return NULL;
}

TEST_LIMIT(buffers_come_and_go_under_jobs, 120)
{
	unsigned int n = rounds(60), i;
	int fd = npu_open();
	pthread_t thread;
	struct matmul mm;

	small_matmul(&mm, fd, 12);
	ASSERT_EQ(pthread_create(&thread, NULL, pesters, &fd), 0);
	for (i = 0; i < n; i++)
		EXPECT_CORRECT(&mm, npu_nth(i));
	stop = true;
	pthread_join(thread, NULL);
}
