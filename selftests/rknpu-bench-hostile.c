// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The cost of hostile clients for others, one `name value unit` per line. Needs the
 * twin, and a virtual machine with one processor in which instructions drive the clock.
 * With several processors the clock must be the host's: otherwise they run one after the
 * other, and two that spin leave a client a fiftieth of its jobs, regardless of the
 * driver. Jobs must then be long compared with pauses of the host: TASK_US in the
 * environment (default 1000).
 *
 * rknpu-bench-hostile mix	a well-behaved client among 24 hostile ones
 * rknpu-bench-hostile judge	the same as tests in KTAP: its results are right, and it gets at
 *				least 90 % of its fair share
 * rknpu-bench-hostile exact	only the first of these tests, for a clock that is not virtual
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>

#include "bench.h"
#include "bench_clients.h"
#include "bench_twin.h"
#include "job.h"

#define MAX_CLIENTS	24

static volatile uint32_t *twin;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ull + t.tv_nsec;
}

#define TASK_US		1000
/* This many jobs on one core */
#define MIX_TASKS	5000
#define MOST_JOBS	20000
/* In percent */
#define FAIR		90

static uint64_t task_us(void)
{
	const char *said = getenv("TASK_US");

	return said ? strtoul(said, NULL, 10) : TASK_US;
}

static uint64_t mix_ns(void)
{
	return MIX_TASKS * task_us() * 1000;
}

/* Number of jobs done by each client, in shared memory */
static volatile uint32_t *done;

static void behaves(unsigned int seed)
{
	struct matmul mm;

	make(&mm, open_npu(), 1, 32, 32);
	for (;;) {
		matmul_run(&mm, 0, NULL);
		done[seed]++;
	}
}

/* One long job after the other, as long as allowed */
static void is_slow(unsigned int seed)
{
	struct matmul mm;
	int ret = matmul_init(&mm, open_npu(), MATMUL_INT8_INT32, 64, 64, 32, 1, MATMUL_EXACT, seed);

	if (ret)
		fail("buffers", -ret);
	for (;;)
		matmul_run(&mm, 0, NULL);
}

static void hangs(unsigned int seed)
{
	struct matmul mm;
	int fence[3];

	make(&mm, open_npu(), 1, 32, 32);
	matmul_descriptors(&mm)[0].int_mask = RKNPU_INT_PPU;
	for (;;) {
		for (int i = 0; i < 3; i++)
			start(&mm, 1u << (i + seed) % 3, -1, &fence[i]);
		for (int i = 0; i < 3; i++)
			fence_end(fence[i]);
	}
}

static void faults(unsigned int seed)
{
	struct matmul mm;

	make(&mm, open_npu(), 1, 32, 32);
	matmul_set_register(&mm, seed % 2 ? RKNPU_DPU_DST_BASE_ADDR : RKNPU_CNA_FEATURE_DATA_ADDR, 0x100000);
	for (;;)
		matmul_run(&mm, 0, NULL);
}

static void forks(unsigned int seed)
{
	struct matmul mm;

	make(&mm, open_npu(), 1, 32, 32);
	for (;;) {
		pid_t pid = fork();

		if (!pid) {
			matmul_run(&mm, 0, NULL);
			_exit(0);
		}
		start(&mm, 0, -1, NULL);
		waitpid(pid, NULL, 0);
		sleep_ms(1 + seed % 5);
	}
}

/* Executes another program, which inherits the file, or is killed, while its jobs are still waiting */
static void executes_once(unsigned int seed)
{
	int i, fd = open_npu();
	struct matmul mm;

	make(&mm, fd, 1, 32, 32);
	for (i = 0; i < 64; i++)
		start(&mm, 1u << (i + seed) % 3, -1, NULL);
	fcntl(fd, F_SETFD, 0);
	execl("/proc/self/exe", "rknpu-bench-hostile", "nothing", NULL);
}

static void dies_once(unsigned int seed)
{
	struct matmul mm;
	int i;

	make(&mm, open_npu(), 1, 32, 32);
	for (i = 0; i < 64; i++)
		start(&mm, 1u << (i + seed) % 3, -1, NULL);
	raise(SIGKILL);
}

static void executes(unsigned int seed)
{
	for (;; seed++) {
		waitpid(spawn(executes_once, seed), NULL, 0);
		sleep_ms(5);
	}
}

static void kills(unsigned int seed)
{
	for (;; seed++) {
		waitpid(spawn(dies_once, seed), NULL, 0);
		sleep_ms(5);
	}
}

static void resets(unsigned int seed)
{
	struct matmul mm;
	int fd = open_npu();

	make(&mm, fd, 1, 32, 32);
	for (;; seed++) {
		start(&mm, 1u << seed % 3, -1, NULL);
		npu_action(fd, RKNPU_ACT_RESET, &(uint32_t){ 0 });
		sleep_ms(1);
	}
}

/* Maps a gigabyte for the NPU, and the same memory for the CPU */
static void maps(unsigned int seed)
{
	int fd = open_npu();

	for (;;) {
		struct npu_bo bo[16];
		unsigned int i, num;

		for (num = 0; num < 16 && !npu_bo_init(&bo[num], fd, (64 - seed % 2) << 20, NPU_FLAGS_DATA); num++)
			madvise(bo[num].map, bo[num].size, MADV_POPULATE_WRITE);
		for (i = 0; i < num; i++)
			npu_bo_fini(&bo[i]);
		sleep_ms(10);
	}
}

/* A pipe holds pages of a buffer that is destroyed and unmapped in the meantime */
static void pins(unsigned int seed)
{
	static char taken[1 << 16];
	int fd = open_npu(), ends[2];

	(void)seed;
	if (pipe(ends))
		fail("pipe", errno);
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	for (;;) {
		struct npu_bo bo;
		struct iovec from;

		if (npu_bo_init(&bo, fd, sizeof(taken), NPU_FLAGS_DATA))
			continue;
		from = (struct iovec){ bo.map, sizeof(taken) };
		vmsplice(ends[1], &from, 1, SPLICE_F_NONBLOCK);
		npu_bo_fini(&bo);
		while (read(ends[0], taken, sizeof(taken)) > 0)
			;
		sleep_ms(1);
	}
}

static void floods_on(unsigned int seed)
{
	int first, i, fd = open_npu();
	struct matmul mm;

	(void)seed;
	make(&mm, fd, 1, 32, 32);
	for (;;) {
		start(&mm, 0, -1, &first);
		for (i = 0; i < 500; i++)
			start(&mm, 1u << i % 3, first, NULL);
		close(first);
		npu_action(fd, RKNPU_ACT_RESET, &(uint32_t){ 0 });
	}
}

static void (*const hostile[MAX_CLIENTS])(unsigned int) = {
	behaves, behaves, behaves, is_slow, is_slow, hangs, hangs, hangs, faults, faults, forks, forks, executes, executes,
	kills, kills, resets, resets, maps, maps, floods_on, floods_on, pins, pins,
};

static int compare(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/*
 * Runs in parallel to @num clients for mix_ns(). Returns the number of jobs done; the 99th percentile of their times is
 * stored to @p99_us, the number of jobs of other well-behaved clients to @others.
 */
static unsigned int victim(struct matmul *mm, void (*const *clients)(unsigned int), unsigned int num, uint32_t *p99_us,
			   unsigned int *others)
{
	const struct sched_param first = { .sched_priority = 1 }, last = { 0 };
	static uint32_t took_us[MOST_JOBS];
	unsigned int i, jobs = 0;
	pid_t pids[MAX_CLIENTS];
	uint64_t until;

	for (i = 0; i < num; i++)
		pids[i] = spawn(clients[i], i);
	/* Only turns on the NPU are measured, so do not wait for the processor */
	if (sched_setscheduler(0, SCHED_FIFO, &first))
		fail("priority", errno);
	/* Wait until the driver knows the hostile clients */
	sleep_ms(3000);
	for (i = 0; i < num; i++)
		done[i] = 0;
	for (until = now_ns() + mix_ns(); now_ns() < until && jobs < MOST_JOBS; jobs++) {
		uint64_t start = now_ns();
		int ret = matmul_run(mm, 0, NULL);

		took_us[jobs] = (now_ns() - start) / 1000;
		if (ret)
			fail("the victim's job", -ret);
		if (matmul_wrong(mm))
			fail("the victim's result", EILSEQ);
	}
	sched_setscheduler(0, SCHED_OTHER, &last);
	for (i = *others = 0; i < num; i++) {
		*others += done[i];
		end(pids[i]);
	}
	qsort(took_us, jobs, sizeof(took_us[0]), compare);
	*p99_us = took_us[jobs * 99 / 100];
	return jobs;
}

/*
 * Returns the victim's jobs as a percentage of its fair share, which is an equal part of the jobs of it and the same
 * number of well-behaved clients. Names and values are printed to @told.
 */
static unsigned int mix(FILE *told, const char *before)
{
	void (*good[MAX_CLIENTS])(unsigned int);
	unsigned int i, alone, fair, among, others;
	struct matmul mm;
	uint32_t p99_us;

	for (i = 0; i < MAX_CLIENTS; i++)
		good[i] = behaves;
	done = mmap(NULL, MAX_CLIENTS * sizeof(*done), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED)
		fail("mmap", errno);
	twin = bench_twin();
	twin[TWIN_TASK_OVERHEAD_NS / 4] = task_us() * 1000;
	make(&mm, open_npu(), 8, 64, 32);
	alone = victim(&mm, good, MAX_CLIENTS, &p99_us, &others);
	fair = (alone + others) / (MAX_CLIENTS + 1);
	fprintf(told, "%sfair_share_jobs_per_s %u jobs/s\n", before, (unsigned int)(fair * 1000000000ull / mix_ns()));
	fprintf(told, "%sfair_share_p99_us %u us\n", before, p99_us);
	among = victim(&mm, hostile, MAX_CLIENTS, &p99_us, &others);
	fprintf(told, "%shostile_mix_share %u %%\n", before, among * 100 / fair);
	fprintf(told, "%shostile_mix_p99_us %u us\n", before, p99_us);
	twin[TWIN_TASK_OVERHEAD_NS / 4] = 1000;
	return among * 100 / fair;
}

static int judge(bool also_share)
{
	unsigned int share;

	printf("TAP version 13\n1..%u\n", also_share ? 2 : 1);
	fflush(stdout);
	/* After a wrong result or a failed job, the program exits in there */
	share = mix(stdout, "# ");
	printf("%s 1 - a victim among hostile clients has right results\n", share ? "ok" : "not ok");
	if (also_share)
		printf("%s 2 - and at least %u %% of its fair share\n", share >= FAIR ? "ok" : "not ok", FAIR);
	return !share || (also_share && share < FAIR);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "mix")) {
		mix(stdout, "");
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "judge"))
		return judge(true);
	if (argc == 2 && !strcmp(argv[1], "exact"))
		return judge(false);
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	fprintf(stderr, "usage: rknpu-bench-hostile mix|judge|exact\n");
	return 2;
}
