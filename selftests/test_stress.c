// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Random operations in parallel: several clients submit to any cores, alone and in
 * gangs, at any priority, blocking, asynchronously, or with each other's fences; they
 * reset their jobs and are killed, while cores fail in every way that the twin
 * supports. In all cases every job ends in time, with an errno that is explained, and
 * afterwards all cores compute. Random choices only depend on SEED in the environment;
 * ROUNDS repeats everything with other seeds.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/job.h"
#include "lib/testing.h"

#define CLIENTS		5
#define MOST_SUBMITS	30
#define FENCES		8
#define TIMEOUT_MS	150
/* Twice the time for all fences of all clients on one core, each after a time-out */
#define PATIENCE_MS	(2 * CLIENTS * FENCES * TIMEOUT_MS)

static unsigned int env(const char *name, unsigned int usual)
{
	const char *value = getenv(name);

	return value ? strtoul(value, NULL, 0) : usual;
}

/* Marsaglia's xorshift, to have the same numbers everywhere */
static uint32_t any(uint32_t *state, uint32_t below)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state % below;
}

static uint32_t seeded(uint32_t seed)
{
	uint32_t state = seed * 2654435761u + 1, i;

	for (i = 0; i < 8; i++)
		any(&state, 2);
	return state;
}

static uint32_t any_cores(uint32_t *state)
{
	/* Single cores more often than sets of them */
	static const uint32_t masks[] = { 0, 0, 1, 2, 4, 1, 2, 4, 3, 5, 6, 7 };
	uint32_t mask;

	do {
		mask = masks[any(state, ARRAY_SIZE(masks))];
	} while (mask & ~soc_get()->cores);
	return mask;
}

struct client {
	uint32_t seed;
	unsigned int submits;
	bool tame;	/* never resets or abandons its jobs, and is not killed */
};

/* Results that a failing core or a client's reset can cause */
static void expect_explained(const struct client *c, int result)
{
	EXPECT(!result || result == -ETIMEDOUT || result == -EIO || (result == -ECANCELED && !c->tame));
}

struct pending {
	int fence[FENCES];
	unsigned int num;
};

/* Checks the oldest of a client's fences; @take: also removes it */
static void expect_end(const struct client *c, struct pending *p, unsigned int which)
{
	int status;

	if (EXPECT_RET(fence_wait(p->fence[which], PATIENCE_MS * ktap_slow()), 0)) {
		status = fence_status(p->fence[which]);
		expect_explained(c, status == 1 ? 0 : status);
	}
	close(p->fence[which]);
	p->fence[which] = p->fence[--p->num];
}

static void submit_any(const struct client *c, struct matmul *mm, struct pending *p, uint32_t *state)
{
	struct rknpu_submit args = matmul_args(mm, any_cores(state));
	int input = -1, fence, i;

	for (i = 0; i < RKNPU_MAX_SUBCORE_TASKS; i++)
		args.subcore_task[i].task_number = mm->tasks;
	args.timeout = TIMEOUT_MS;
	args.priority = (int)any(state, 3) - 2;
	if (any(state, 3) == 0) {
		expect_explained(c, npu_submit(mm->out.fd, &args));
		return;
	}
	if (p->num == FENCES)
		expect_end(c, p, any(state, FENCES));
	if (p->num && any(state, 4) == 0)
		input = p->fence[any(state, p->num)];
	ASSERT_RET(job_start_args(mm, args, input, &fence), 0);
	p->fence[p->num++] = fence;
}

static void does_anything(void *arg)
{
	const struct client *c = arg;
	uint32_t state = seeded(c->seed);
	struct pending p = { .num = 0 };
	int fd = npu_open();
	unsigned int i;
	struct matmul mm;

	ASSERT_RET(matmul_init_domain(&mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 4, MATMUL_EXACT, c->seed, any(&state, 2)), 0);
	for (i = 0; i < c->submits; i++) {
		uint32_t whim = c->tame ? 99 : any(&state, 32);

		if (whim == 0)
			return;
		if (whim == 1)
			EXPECT_RET(npu_action(fd, RKNPU_ACT_RESET, &(uint32_t){ 0 }), 0);
		else
			submit_any(c, &mm, &p, &state);
	}
	while (p.num)
		expect_end(c, &p, 0);
}

struct trouble {
	uint32_t seed;
	uint32_t pause_ms;	/* maximum time between two failures */
	volatile bool over;
};

/* One failure after another, on any core */
static void makes_trouble(void *arg)
{
	static const struct { uint32_t kind, param; } faults[] = {
		{ TWIN_FAULT_NEVER, 0 },
		{ TWIN_FAULT_LATE, 20000 },
		{ TWIN_FAULT_LATE, TIMEOUT_MS * 1000 },
		{ TWIN_FAULT_LATE, TIMEOUT_MS * 2000 },
		{ TWIN_FAULT_WRONG_BIT, RKNPU_INT_PPU },
		{ TWIN_FAULT_MMU_READ, 0 },
		{ TWIN_FAULT_MMU_WRITE, 0 },
		{ TWIN_FAULT_MMU_FETCH, 0 },
		{ TWIN_FAULT_AFTER_RESET, RKNPU_INT_DPU },
		/* Last, as a lost start that the hardware does not report cannot be recovered */
		{ TWIN_FAULT_STALL, 0 },
	};
	struct trouble *t = arg;
	uint32_t state = seeded(t->seed);
	bool curable = soc_get()->tells_lost_start;

	while (!t->over) {
		unsigned int i = any(&state, ARRAY_SIZE(faults) - !curable);

		twin_fault(npu_nth_core(any(&state, 3)), faults[i].kind, faults[i].param, 1);
		ktap_sleep_ms(1 + any(&state, t->pause_ms));
	}
}

/* Rounds differ in their load: some bugs need many clients, others need a single one */
static void round_of(struct trouble *t, uint32_t seed)
{
	struct client clients[CLIENTS];
	uint32_t state = seeded(seed);
	unsigned int num = 2 + any(&state, CLIENTS - 1), tame = any(&state, num + 1), i;
	pid_t pids[CLIENTS], trouble;
	struct matmul mm;
	int core;

	t->seed = seed;
	t->pause_ms = 1 << any(&state, 9);
	t->over = false;
	trouble = ktap_fork(makes_trouble, t);
	for (i = 0; i < num; i++) {
		clients[i] = (struct client){ seed * CLIENTS + i, 1 + any(&state, MOST_SUBMITS), i < tame };
		pids[i] = ktap_fork(does_anything, &clients[i]);
	}
	for (i = tame; i < num; i++) {
		ktap_sleep_ms(any(&state, 1 << any(&state, 9)));
		if (any(&state, 3))
			kill(pids[i], SIGKILL);
	}
	for (i = 0; i < num; i++) {
		int status = ktap_join(pids[i]);

		EXPECT(!status || (i >= tame && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
	}
	t->over = true;
	EXPECT_EQ(ktap_join(trouble), 0);
	twin_disarm();
	small_matmul(&mm, npu_open(), seed);
	for_each_core(core)
		EXPECT_CORRECT(&mm, 1u << core);
	close(mm.out.fd);
}

TEST_LIMIT(anything_at_any_time, 3000)
{
	struct trouble *t = mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int rounds = env("ROUNDS", 10), seed = env("SEED", 1), i;

	twin_need();
	ASSERT((void *)t != MAP_FAILED);
	for (i = 0; i < rounds; i++) {
		uint64_t begin = ktap_now_ns();

		round_of(t, seed + i);
		if (ktap_now_ns() - begin > 10000000000ull)
			ktap_note("seed %u: %llu ms", seed + i, (unsigned long long)(ktap_now_ns() - begin) / 1000000);
	}
}
