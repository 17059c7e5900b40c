// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * A demonstration of the NPU: matrix products of every type on every core, each
 * compared with the CPU's result. Small ones are recomputed completely; for large
 * ones every row is checked with a random combination of all columns, which a
 * wrong row passes with a probability below 2^-32.
 *
 * Then a convolutional network reads handwritten digits, on one core and on all:
 * rknpu-demo [DIRECTORY [PICTURE.png]]. The directory has the network, the digits
 * and the host's reference (digits/build.mk); the picture shows the result of the
 * NPU.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "digits/files.h"
#include "digits/on_npu.h"
#include "digits/picture.h"
#include "bound.h"

/* Products with up to this many multiplications are recomputed by the CPU */
#define FULL_CHECK_MACS	(8u << 20)
/* Number of classes shown for a digit */
#define SHOWN		3

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
	/* Rows cannot be checked if results may have been rounded */
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
	unsigned int core = npu_nth_core(r->core);
	char shape[32], text[48];
	struct rknpu_submit done = { 0 };
	struct npu_mem in = { 0 }, out = { 0 };
	bool correct = false;
	struct matmul mm;
	double start, took;
	int ret;

	snprintf(shape, sizeof(shape), "%ux%ux%u", r->m, r->k, r->n);
	printf("%-12s %-13s %4u  ", matmul_type_name(r->type), shape, core);
	fflush(stdout);
	ret = matmul_init(&mm, fd, r->type, r->m, r->k, r->n, 0, MATMUL_EXACT, r->m + r->core);
	if (ret) {
		printf("no buffers: %s\n", strerror(-ret));
		return false;
	}
	/* The program's own memory, bound to the stream as input and output */
	ret = npu_mem_create(&in, fd, mm.in.size, NPU_MEM_CACHED);
	if (!ret)
		ret = npu_mem_create(&out, fd, mm.out.size, NPU_MEM_CACHED);
	if (!ret)
		bound_fill(&mm, &in);
	start = now_ms();
	if (!ret)
		ret = bound_run(&mm, &in, &out, 1u << core, &done);
	took = now_ms() - start;
	if (ret) {
		printf("submit failed: %s\n", strerror(-ret));
	} else {
		bound_take(&mm, &out);
		describe_result(&mm, text, sizeof(text), &correct);
		printf("%-24s %9.3f ms %9.3f ms\n", text, done.hw_elapse_time / 1e6, took);
	}
	npu_mem_destroy(&out);
	npu_mem_destroy(&in);
	matmul_fini(&mm);
	return correct;
}

/* "3 99.8 %  2 0.1 %  9 0.1 %" */
static void print_top(const struct digits_net *net, const struct digits_layers *l)
{
	unsigned int order[DIGITS_CLASSES], i;
	float probability[DIGITS_CLASSES];

	digits_rank(net, l, order, probability);
	for (i = 0; i < SHOWN; i++)
		printf(" %u %5.1f %% ", order[i], 100 * probability[order[i]]);
}

/* One submit for all layers of all pictures; returns the number of pictures with all elements right */
static unsigned int read_digits(struct digits_npu *npu, const struct digits_files *f, uint32_t core_mask,
				struct digits_layers *got, unsigned char *same)
{
	const char *where, *first = NULL;
	struct rknpu_submit done = { 0 };
	unsigned int i, right = 0;
	size_t wrong = 0, n;
	double start = now_ms(), took;
	int ret = digits_npu_run(npu, core_mask, &done);

	took = now_ms() - start;
	printf("%-12s %-13s %-4s  ", "network", "", core_mask == npu_nth(0) ? "one" : "all");
	if (ret) {
		printf("submit failed: %s\n", strerror(-ret));
		return 0;
	}
	for (i = 0; i < f->count; i++) {
		digits_npu_layers(npu, i, &got[i]);
		n = digits_differ(&got[i], &f->reference[i], &where);
		same[i] = !n;
		right += same[i];
		wrong += n;
		first = first ? first : where;
	}
	if (wrong)
		printf("%zu elements WRONG: %s\n", wrong, first);
	else
		printf("%-24s %9.3f ms %9.3f ms\n", "all elements correct", done.hw_elapse_time / 1e6, took);
	return right;
}

static void print_readings(const struct digits_files *f, const struct digits_layers *got, const unsigned char *same)
{
	unsigned int i;

	printf("digit  %-33s  %s\n", "the NPU reads", "the host's reference reads");
	for (i = 0; i < f->count; i++) {
		printf("%3u,%u  ", i / f->sheet.columns + 1, i % f->sheet.columns + 1);
		print_top(&f->net, &got[i]);
		printf("  ");
		print_top(&f->net, &f->reference[i]);
		printf(" %s\n", same[i] ? "the same" : "DIFFERENT");
	}
}

/* Adds the numbers of digits and of correct ones to @total and @correct */
static void show_digits(int fd, const char *dir, const char *picture, size_t *total, size_t *correct)
{
	const uint32_t cores[] = { npu_nth(0), soc_get()->cores };
	static struct digits_layers got[PGM_CELLS_MAX];
	static struct digits_files f;
	unsigned char same[PGM_CELLS_MAX] = { 0 };
	struct digits_npu npu;
	size_t i;
	int ret;

	++*total;
	if (digits_read(dir, &f))
		return;
	ret = digits_npu_init(&npu, fd, &f.net, f.sheet.cells, f.count);
	if (ret) {
		printf("no buffers: %s\n", strerror(-ret));
		return;
	}
	printf("a network of two convolutions with ReLU and pooling and a matrix product, int8, %u tasks in one submit\n",
	       npu.chain.tasks);
	for (i = 0; i < (npu_num_cores() > 1 ? 2 : 1); i++) {
		*total += f.count;
		*correct += read_digits(&npu, &f, cores[i], got, same);
	}
	digits_npu_fini(&npu);
	print_readings(&f, got, same);
	*correct += picture ? !digits_picture(picture, &f, got, same) : 1;
}

int main(int argc, char **argv)
{
	size_t total = sizeof(runs) / sizeof(runs[0]), correct = 0, i;
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
	if (argc > 1)
		show_digits(fd, argv[1], argc > 2 ? argv[2] : NULL, &total, &correct);
	printf("demo: %zu of %zu results correct\n", correct, total);
	return correct == total ? 0 : 1;
}
