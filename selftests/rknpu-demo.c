// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The NPU at work: matrix products of every type on every core, each compared
 * with the CPU's result. Small ones are computed again in full; of the large
 * ones every row is checked against a random combination of all columns,
 * which a wrong row passes with a probability below 2^-32.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "matmul.h"

/* Products up to this many multiplications are computed again by the CPU */
#define FULL_CHECK_MACS	(8u << 20)

static const struct run {
	enum matmul_type type;
	unsigned int m, k, n, core;
} runs[] = {
	{ MATMUL_INT8_INT32, 1, 64, 32, 0 },
	{ MATMUL_INT8_INT32, 64, 64, 64, 1 },
	{ MATMUL_INT8_INT32, 128, 256, 128, 2 },
	{ MATMUL_INT8_INT32, 512, 512, 512, 0 },
	{ MATMUL_INT8_INT32, 512, 512, 512, 1 },
	{ MATMUL_INT8_INT32, 512, 512, 512, 2 },
	{ MATMUL_FP16_FP32, 1, 64, 32, 1 },
	{ MATMUL_FP16_FP32, 64, 64, 64, 2 },
	{ MATMUL_FP16_FP32, 128, 256, 128, 0 },
	{ MATMUL_FP16_FP32, 256, 256, 256, 1 },
	{ MATMUL_FP16_FP16, 1, 64, 32, 2 },
	{ MATMUL_FP16_FP16, 64, 64, 64, 0 },
	{ MATMUL_FP16_FP16, 128, 256, 128, 2 },
};

static double now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

static void describe_result(const struct matmul *mm, char *text, size_t size, bool *correct)
{
	/* Rows say nothing about results that may have been rounded */
	bool full = mm->type == MATMUL_FP16_FP16 || (uint64_t)mm->m * mm->k * mm->n <= FULL_CHECK_MACS;
	size_t wrong = full ? matmul_wrong(mm) : matmul_wrong_rows(mm, 4711);
	const char *what = full ? "elements" : "rows";

	*correct = !wrong;
	if (*correct)
		snprintf(text, size, "%u %s correct", full ? mm->m * mm->n : mm->m, what);
	else
		snprintf(text, size, "%zu %s WRONG", wrong, what);
}

static bool run_one(int fd, const struct run *r)
{
	char shape[32], text[48];
	struct rknpu_submit done = { 0 };
	bool correct = false;
	struct matmul mm;
	double start, took;
	int ret;

	snprintf(shape, sizeof(shape), "%ux%ux%u", r->m, r->k, r->n);
	printf("%-12s %-13s %4u  ", matmul_type_name(r->type), shape, r->core);
	fflush(stdout);
	ret = matmul_init(&mm, fd, r->type, r->m, r->k, r->n, 0, MATMUL_EXACT, r->m + r->core);
	if (ret) {
		printf("no buffers: %s\n", strerror(-ret));
		return false;
	}
	start = now_ms();
	ret = matmul_run(&mm, 1u << r->core, &done);
	took = now_ms() - start;
	if (ret) {
		printf("submit failed: %s\n", strerror(-ret));
	} else {
		describe_result(&mm, text, sizeof(text), &correct);
		printf("%-24s %9.3f ms %9.3f ms\n", text, done.hw_elapse_time / 1e6, took);
	}
	matmul_fini(&mm);
	return correct;
}

int main(void)
{
	const size_t total = sizeof(runs) / sizeof(runs[0]);
	size_t correct = 0, i;
	char path[32];
	int fd = npu_open_render(path, sizeof(path));

	if (fd < 0) {
		fprintf(stderr, "no render node of driver rknpu: is the module loaded?\n");
		return 1;
	}
	printf("%s\n%-12s %-13s %4s  %-24s %12s %12s\n", path, "type", "m x k x n", "core", "result", "NPU time",
	       "round trip");
	for (i = 0; i < total; i++)
		correct += run_one(fd, &runs[i]);
	printf("demo: %zu of %zu results correct\n", correct, total);
	return correct == total ? 0 : 1;
}
