// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Every network of /networks through the closed runtime, one case each: right, wrong, or what refused it. Only the number
 * of the twin's guest errors in a case is printed; the host, which has the log, adds the texts.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "network.h"
#include "said.h"
#include "testing.h"

#define LIMIT_S	300

/* Some of the runtime's refusals are an uncaught exception. */
static sigjmp_buf aborted;

static void on_abort(int signal)
{
	siglongjmp(aborted, signal);
}

/* Returns the runtime's result, or -SIGABRT */
static int attempt(const struct network *net, rknn_context *ctx)
{
	int ret;

	if (sigsetjmp(aborted, 1))
		return -SIGABRT;
	signal(SIGABRT, on_abort);
	ret = rknn_init(ctx, net->model.data, net->model.bytes, 0, NULL);
	if (!ret)
		ret = network_inputs_set(net, *ctx);
	if (!ret)
		ret = rknn_run(*ctx, NULL);
	return ret;
}

static void judge(const struct network *net, rknn_context ctx)
{
	struct rknn_output out[NETWORK_TENSORS];

	ASSERT_EQ(network_outputs_get(net, ctx, out), 0);
	network_judge(net, ctx, out);
	rknn_outputs_release(ctx, net->outputs, out);
	EXPECT_EQ(rknn_destroy(ctx), 0);
}

/* The page is not kept mapped: the runtime's own layers read past the end of their buffers, where it could be */
static uint32_t guest_errors(void)
{
	uint32_t count = twin_present() ? twin_read(TWIN_ERROR_COUNT) : 0;

	twin_forget();
	return count;
}

static void run_network(void)
{
	const char *name = ktap_case_name(), *why = network_not_compiled(name), *said, *refusal;
	uint32_t errors = guest_errors(), now;
	rknn_context ctx = 0;
	struct network net;
	int ret;

	if (why)
		SKIP("the compiler: %s", why);
	network_load(&net, name);
	said_begin();
	ret = attempt(&net, &ctx);
	said = said_end();
	now = guest_errors();
	refusal = said_refusal(said);
	/* Printed, but not always returned: then the output is not even written. */
	if (now == errors && refusal)
		SKIP("the runtime: %s", refusal);
	if (now != errors)
		ktap_note("guest errors %u to %u", errors + 1, now);
	said_errors(said);
	ASSERT_EQ(ret, 0);
	judge(&net, ctx);
}

__attribute__((constructor)) static void one_case_each(void)
{
	network_cases(run_network, LIMIT_S);
}
