// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Several programs use the runtime at the same time: one of an ordinary user, some that are killed at any moment, some
 * with a damaged model. The results of the others are still bit exact.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <glob.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "network.h"
#include "testing.h"

static const char *const names[] = {
	"seq_residual.int8", "seq_bottleneck.fp16", "conv5x5s2.int8", "maxpool2.fp16", "mul.int8", "fc.fp16",
	"seq_conv_pool_conv.int8", "conv_3ch.fp16",
};

/* Debian's groups for the device nodes, and an ordinary user */
enum { VIDEO = 44, RENDER = 105, SOMEBODY = 1000 };

static void give(const char *pattern, gid_t group)
{
	glob_t g;
	size_t i;

	if (glob(pattern, 0, NULL, &g))
		return;
	for (i = 0; i < g.gl_pathc; i++) {
		ASSERT_EQ(chown(g.gl_pathv[i], 0, group), 0);
		ASSERT_EQ(chmod(g.gl_pathv[i], 0660), 0);
	}
	globfree(&g);
}

/* Twice in one process, as programs do it, which also tests a second open of the card node */
static void one_user(void *arg)
{
	const gid_t groups[] = { VIDEO, RENDER };
	struct network net;
	rknn_context ctx[2];
	unsigned int i;

	(void)arg;
	/* An ordinary user must not use the twin's page, which root has mapped. */
	twin_forget();
	ASSERT_EQ(setgroups(ARRAY_SIZE(groups), groups), 0);
	ASSERT_EQ(setgid(SOMEBODY), 0);
	ASSERT_EQ(setuid(SOMEBODY), 0);
	network_load(&net, names[0]);
	for (i = 0; i < ARRAY_SIZE(ctx); i++)
		ASSERT_EQ(rknn_init(&ctx[i], net.model.data, net.model.bytes, 0, NULL), 0);
	for (i = 0; i < 6; i++)
		EXPECT_EQ(network_run(&net, ctx[i % 2]), 0);
	for (i = 0; i < ARRAY_SIZE(ctx); i++)
		EXPECT_EQ(rknn_destroy(ctx[i]), 0);
}

TEST_LIMIT(ordinary_users, 60)
{
	pid_t first, second;

	give("/dev/dri/card*", VIDEO);
	give("/dev/dri/renderD*", RENDER);
	first = ktap_fork(one_user, NULL);
	second = ktap_fork(one_user, NULL);
	EXPECT_EQ(ktap_join(first), 0);
	EXPECT_EQ(ktap_join(second), 0);
}

/* ---- the bits of a result ------------------------------------------------------------ */

static uint64_t digest(const struct network *net, const struct rknn_output *out)
{
	uint64_t sum = 0xcbf29ce484222325;
	unsigned int i, j;

	for (i = 0; i < net->outputs; i++)
		for (j = 0; j < out[i].size; j++)
			sum = (sum ^ ((const uint8_t *)out[i].buf)[j]) * 0x100000001b3;
	return sum;
}

/* Returns 0 on error */
static uint64_t digest_of_run(const struct network *net, rknn_context ctx)
{
	struct rknn_output out[NETWORK_TENSORS];
	uint64_t sum;

	if (network_inputs_set(net, ctx) || rknn_run(ctx, NULL) || network_outputs_get(net, ctx, out))
		return 0;
	sum = digest(net, out);
	rknn_outputs_release(ctx, net->outputs, out);
	return sum;
}

/* Runs until told to end, and reports results that differ from the first one, which is compared with the reference */
static void run_for_ever(void *arg)
{
	const char *name = arg;
	struct network net;
	rknn_context ctx = 0;
	uint64_t first;

	network_load(&net, name);
	ASSERT_EQ(rknn_init(&ctx, net.model.data, net.model.bytes, 0, NULL), 0);
	ASSERT_EQ(network_run(&net, ctx), 0);
	first = digest_of_run(&net, ctx);
	ASSERT(first);
	for (;;)
		ASSERT(digest_of_run(&net, ctx) == first);
}

#define PROCESSES	8
/* On a slower kernel as many as take about the same time */
#define KILLS		(60 / ktap_slow())

TEST_LIMIT(killed_at_any_moment, 300)
{
	pid_t pid[PROCESSES];
	unsigned int i, kills;

	srand(1);
	for (i = 0; i < PROCESSES; i++)
		pid[i] = ktap_fork(run_for_ever, (void *)names[i]);
	for (kills = 0; kills < KILLS; kills++) {
		/* The first two are not killed */
		i = 2 + rand() % (PROCESSES - 2);
		ktap_sleep_ms(rand() % 60);
		kill(pid[i], SIGKILL);
		if (!EXPECT_EQ(WTERMSIG(ktap_join(pid[i])), SIGKILL))
			ktap_note("%s had ended before", names[i]);
		pid[i] = ktap_fork(run_for_ever, (void *)names[i]);
	}
	ktap_sleep_ms(500);
	for (i = 0; i < PROCESSES; i++) {
		kill(pid[i], SIGKILL);
		EXPECT_EQ(WTERMSIG(ktap_join(pid[i])), SIGKILL);
	}
}

/* ---- damaged models --------------------------------------------------------------------- */

#define DAMAGED		(120 / ktap_slow())

/* It must end in all cases: the driver must detect time-outs, while crashes are bugs of the runtime. */
static void run_damaged(const struct network *net)
{
	int null = open("/dev/null", O_WRONLY);
	rknn_context ctx = 0;

	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	alarm(30);
	if (rknn_init(&ctx, net->model.data, net->model.bytes, 0, NULL))
		_exit(0);
	digest_of_run(net, ctx);
	_exit(0);
}

static void damage(struct network *net)
{
	uint8_t *bytes = net->model.data;
	unsigned int i, count = 1 + rand() % 8;

	switch (rand() % 3) {
	case 0:
		net->model.bytes = rand() % net->model.bytes;
		break;
	case 1:
		memset(bytes + rand() % net->model.bytes, rand(), 1);
		break;
	default:
		for (i = 0; i < count; i++)
			bytes[rand() % net->model.bytes] ^= 1 << rand() % 8;
	}
}

TEST_LIMIT(damaged_models, 1200)
{
	uint32_t errors = twin_present() ? twin_read(TWIN_ERROR_UNACKED) : 0;
	unsigned int i, crashed = 0;
	pid_t sound, pid;

	srand(2);
	twin_forget();
	sound = ktap_fork(run_for_ever, (void *)names[0]);
	for (i = 0; i < DAMAGED; i++) {
		int status;

		fflush(stdout);
		pid = fork();
		if (!pid) {
			struct network net;

			srand(i);
			network_load(&net, names[i % ARRAY_SIZE(names)]);
			damage(&net);
			run_damaged(&net);
		}
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		crashed += WIFSIGNALED(status);
	}
	ktap_note("%u of %u ended in a crash of the runtime's own", crashed, DAMAGED);
	kill(sound, SIGKILL);
	EXPECT_EQ(WTERMSIG(ktap_join(sound)), SIGKILL);
	/* Guest errors of a damaged stream are expected. */
	if (twin_present())
		twin_write(TWIN_ERROR_ACK, twin_read(TWIN_ERROR_UNACKED) - errors);
}
