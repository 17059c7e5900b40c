// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Measurements, one `name value unit` per line.
 *
 * rknpu-bench wall	times by the wall clock; prints a line before its first
 *			ioctl, so that the host can time the boot
 * rknpu-bench insns	instructions of the whole CPU, kernel and user; in a
 *			virtual machine this needs instructions to drive the
 *			clock, and is then the same in every run
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"
#include "chain.h"
#include "conv_reference.h"
#include "driver.h"
#include "udmabuf.h"

#define WALL_RUNS	5
#define WARM_UP		100
#define SUBMITS		2000

static double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Seconds of a blocking submit, the median of some runs; is_right() checks the output */
static double median_s(int fd, struct rknpu_submit (*args_of)(void *what), bool (*is_right)(void *what, int run),
		       void *what)
{
	double took[WALL_RUNS];
	int ret, i;

	for (i = 0; i < WALL_RUNS; i++) {
		struct rknpu_submit args = args_of(what);
		double start = now_s();

		ret = npu_submit(fd, &args);
		took[i] = now_s() - start;
		if (ret)
			fail("submit", -ret);
		if (!is_right(what, i))
			fail("wrong result", EILSEQ);
	}
	qsort(took, WALL_RUNS, sizeof(took[0]), ascending);
	return took[WALL_RUNS / 2];
}

static struct rknpu_submit product_args(void *what)
{
	matmul_spoil(what);
	return matmul_args(what, 1);
}

static bool product_is_right(void *what, int run)
{
	struct matmul *mm = what;

	npu_bo_from_device(&mm->out);
	return !matmul_wrong_rows(mm, run);
}

static void time_product(int fd, enum matmul_type type, const char *name)
{
	struct matmul mm;
	int ret = matmul_init(&mm, fd, type, 512, 512, 512, 0, MATMUL_EXACT, 1);

	if (ret)
		fail("memory", -ret);
	printf("%s %.4f s\n", name, median_s(fd, product_args, product_is_right, &mm));
	matmul_fini(&mm);
}

/* A 1x1 convolution of 56 x 56 pixels with 64 channels */
struct pointwise {
	struct conv_task task;
	struct npu_bo in, weights, out;
	struct chain chain;
};

static struct rknpu_submit pointwise_args(void *what)
{
	struct pointwise *p = what;

	memset(p->out.map, 0xa5, p->out.size);
	npu_bo_to_device(&p->out);
	return chain_args(&p->chain, 0, 1, 1);
}

/* Checks a sample, because the reference takes longer than the computation on the NPU */
static bool pointwise_is_right(void *what, int run)
{
	struct pointwise *p = what;
	struct conv_operands o = { .in = p->in.map, .weights = p->weights.map };
	unsigned int i, k, pixel, wrong = 0;

	npu_bo_from_device(&p->out);
	for (i = 0; i < 2000; i++) {
		k = (i + run) % p->task.kernels;
		pixel = (i * 977 + run) % (p->task.out_w * p->task.out_h);
		wrong += prec_load(p->task.out_prec, p->out.map,
				   conv_out_index(&p->task, k, pixel / p->task.out_w, pixel % p->task.out_w)) !=
			 conv_reference(&p->task, &o, k, pixel / p->task.out_w, pixel % p->task.out_w);
	}
	return !wrong;
}

static void fill(struct npu_bo *bo, uint32_t *state)
{
	size_t i;

	for (i = 0; i < bo->size; i++)
		((uint8_t *)bo->map)[i] = conv_random(RKNPU_PREC_INT8, state);
	npu_bo_to_device(bo);
}

static void pointwise_init(struct pointwise *p, int fd)
{
	uint32_t state = 1;
	int ret;

	p->task = (struct conv_task) {
		.in_prec = RKNPU_PREC_INT8, .out_prec = RKNPU_PREC_INT32,
		.width = 56, .height = 56, .channels = 64, .kernels = 64,
	};
	conv_defaults(&p->task);
	ret = npu_bo_init(&p->in, fd, conv_in_bytes(&p->task), NPU_FLAGS_DATA);
	if (!ret)
		ret = npu_bo_init(&p->weights, fd, conv_weight_bytes(&p->task), NPU_FLAGS_DATA);
	if (!ret)
		ret = npu_bo_init(&p->out, fd, conv_out_bytes(&p->task), NPU_FLAGS_DATA);
	if (!ret)
		ret = chain_init(&p->chain, fd, 1, CONV_WORDS);
	if (ret)
		fail("memory", -ret);
	fill(&p->in, &state);
	fill(&p->weights, &state);
	p->task.in = p->in.iova;
	p->task.weights = p->weights.iova;
	p->task.out = p->out.iova;
	conv_segment(chain_begin(&p->chain), &p->task);
	chain_end(&p->chain, conv_enable(&p->task), RKNPU_INT_DPU);
	ret = chain_finish(&p->chain);
	if (ret)
		fail("memory", -ret);
}

static void time_pointwise(int fd)
{
	struct pointwise p;

	memset(&p, 0, sizeof(p));
	pointwise_init(&p, fd);
	printf("twin_conv1x1_56x56x64_s %.4f s\n", median_s(fd, pointwise_args, pointwise_is_right, &p));
	chain_fini(&p.chain);
	npu_bo_fini(&p.out);
	npu_bo_fini(&p.weights);
	npu_bo_fini(&p.in);
}

static int wall(void)
{
	uint32_t version = 0;
	int fd = open_npu(), ret;

	ret = npu_action(fd, RKNPU_GET_DRV_VERSION, &version);
	if (ret)
		fail("driver version", -ret);
	printf("first_ioctl\n");
	fflush(stdout);

	MEASURE(time_product(fd, MATMUL_INT8_INT32, "twin_matmul_int8_512_s"));
	MEASURE(time_product(fd, MATMUL_FP16_FP32, "twin_matmul_fp16_512_s"));
	MEASURE(time_pointwise(fd));
	return bench_status;
}

static uint64_t instructions_of(int counter, const struct matmul *mm, unsigned int submits)
{
	unsigned int i;
	int ret;

	counter_start(counter);
	for (i = 0; i < submits; i++) {
		struct rknpu_submit args = matmul_args(mm, 1);

		ret = npu_submit(mm->out.fd, &args);
		if (ret)
			fail("submit", -ret);
	}
	return counter_stop(counter);
}

/* ---- memory ---- */

#define KIB	1024ull
#define MIB	(1024 * KIB)
#define SYNCS	64

static void print_insns(const char *name, const char *size, uint64_t count)
{
	printf("%s%s_insns %llu instructions\n", name, size, (unsigned long long)count);
	fflush(stdout);
}

static void check(const char *what, int ret)
{
	if (ret)
		fail(what, -ret);
}

/* What the counter counts of its own calls, the smallest of some: a tenth of a call that creates a small buffer */
static uint64_t counter_overhead(int counter)
{
	uint64_t least = UINT64_MAX;
	int i;

	for (i = 0; i < 8; i++) {
		uint64_t insns;

		counter_start(counter);
		insns = counter_stop(counter);
		least = insns < least ? insns : least;
	}
	return least;
}

/*
 * Measures without the set-up of the first time. Small buffers often enough for an average: whether a certain one
 * finds an empty slab is chance, and costs as much as a tenth of it.
 */
static void bench_create(int counter, int fd, const char *size, uint64_t bytes)
{
	uint64_t created = 0, destroyed = 0, overhead = counter_overhead(counter);
	int round, rounds = bytes <= MIB ? 64 : 1;

	for (round = 0; round <= rounds; round++) {
		struct rknpu_mem_create c = { .size = bytes, .flags = NPU_FLAGS_DATA };
		uint64_t insns;

		counter_start(counter);
		check("create", npu_create(fd, &c));
		insns = counter_stop(counter);
		created += round ? insns : 0;
		counter_start(counter);
		check("destroy", npu_destroy(fd, c.handle));
		insns = counter_stop(counter);
		destroyed += round ? insns : 0;
	}
	print_insns("mem_create_", size, created / rounds - overhead);
	print_insns("mem_destroy_", size, destroyed / rounds - overhead);
}

static void bench_touch(int counter, int fd)
{
	struct npu_bo bo;
	uint64_t at;

	check("buffer", npu_bo_init(&bo, fd, 64 * MIB, NPU_FLAGS_DATA));
	counter_start(counter);
	for (at = 0; at < bo.size; at += NPU_PAGE)
		((volatile uint8_t *)bo.map)[at] = 1;
	print_insns("mmap_first_touch_", "64m", counter_stop(counter));
	npu_bo_fini(&bo);
}

static void bench_sync(int counter, int fd, const char *what, uint64_t range, uint64_t bytes)
{
	struct rknpu_mem_create c = { .size = bytes, .flags = NPU_FLAGS_DATA };
	uint64_t count;
	int i;

	check("create", npu_create(fd, &c));
	check("sync", npu_sync(fd, c.obj_addr, 0, range, RKNPU_MEM_SYNC_TO_DEVICE));
	counter_start(counter);
	for (i = 0; i < SYNCS; i++)
		check("sync", npu_sync(fd, c.obj_addr, (bytes - range) / SYNCS / NPU_PAGE * NPU_PAGE * i, range,
				       RKNPU_MEM_SYNC_TO_DEVICE));
	count = counter_stop(counter) / SYNCS;
	print_insns("mem_sync_", what, count);
	check("destroy", npu_destroy(fd, c.handle));
}

/* Imports a buffer of another driver and gives it an address */
static void bench_import(int counter, int fd)
{
	struct drm_mode_create_dumb dumb = { .width = 4096, .height = 4096, .bpp = 32 };
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int other = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	struct rknpu_mem_create c = { 0 };

	if (other < 0 || npu_ioctl(other, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		return;
	p.handle = dumb.handle;
	check("export", npu_ioctl(other, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p));
	/* The cost of allocating pages is the exporter's */
	check("import", npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p));
	check("close", npu_destroy(fd, p.handle));
	counter_start(counter);
	check("import", npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p));
	c.handle = p.handle;
	check("address", npu_create(fd, &c));
	print_insns("import_", "64m", counter_stop(counter));
	close(other);
}

static void bench_memory(int counter, int fd)
{
	MEASURE(bench_create(counter, fd, "4k", 4 * KIB));
	MEASURE(bench_create(counter, fd, "1m", MIB));
	MEASURE(bench_create(counter, fd, "64m", 64 * MIB));
	MEASURE(bench_create(counter, fd, "256m", 256 * MIB));
	MEASURE(bench_touch(counter, fd));
	MEASURE(bench_sync(counter, fd, "4k_of_4k", 4 * KIB, 4 * KIB));
	MEASURE(bench_sync(counter, fd, "4k_of_64m", 4 * KIB, 64 * MIB));
	MEASURE(bench_sync(counter, fd, "64m", 64 * MIB, 64 * MIB));
	MEASURE(bench_import(counter, fd));
}

static void bench_submit(int counter, int fd)
{
	struct matmul mm;

	make(&mm, fd, 1, 32, 32);
	instructions_of(counter, &mm, WARM_UP);
	matmul_spoil(&mm);
	printf("submit_blocking_insns %llu instructions\n",
	       (unsigned long long)(instructions_of(counter, &mm, SUBMITS) / SUBMITS));
	npu_bo_from_device(&mm.out);
	if (matmul_wrong(&mm))
		fail("wrong result", EILSEQ);
}

/* ---- buffers of other drivers, which the driver synchronizes around each job ---- */

/* A submit of a process that has imported a buffer of @bytes, beyond @usual */
static void bench_import_sync(int counter, const struct matmul *mm, uint64_t usual, const char *size, uint64_t bytes)
{
	int dmabuf = udmabuf_create(bytes, NULL), fd = mm->out.fd;
	struct rknpu_mem_create c = { 0 };

	if (dmabuf < 0)
		fail("udmabuf", -dmabuf);
	check("import", npu_import(fd, dmabuf, &c.handle));
	check("address", npu_create(fd, &c));
	instructions_of(counter, mm, 1);
	print_insns("import_sync_", size, instructions_of(counter, mm, SYNCS) / SYNCS - usual);
	check("destroy", npu_destroy(fd, c.handle));
	close(dmabuf);
}

static void bench_imports(int counter, int fd)
{
	uint64_t off, usual;
	struct matmul mm;

	make(&mm, fd, 1, 32, 32);
	instructions_of(counter, &mm, WARM_UP);
	check("sync_imports", driver_set_param("sync_imports", "N"));
	off = instructions_of(counter, &mm, SUBMITS) / SUBMITS;
	check("sync_imports", driver_set_param("sync_imports", "Y"));
	usual = instructions_of(counter, &mm, SUBMITS) / SUBMITS;
	printf("import_sync_none_insns %lld instructions\n", (long long)(usual - off));
	/* Debian's 6.1 is built without udmabuf. */
	if (access("/dev/udmabuf", F_OK)) {
		matmul_fini(&mm);
		return;
	}
	bench_import_sync(counter, &mm, usual, "4k", 4 * KIB);
	/* 7.3's debugging of DMA warns that udmabuf maps longer pieces than it has told its device. */
	if (access("/sys/kernel/debug/dma-api", F_OK)) {
		bench_import_sync(counter, &mm, usual, "1m", MIB);
		bench_import_sync(counter, &mm, usual, "16m", 16 * MIB);
	}
	matmul_fini(&mm);
}

static int insns(void)
{
	int counter = open_counter(), fd = open_npu();

	MEASURE(bench_submit(counter, fd));
	bench_memory(counter, fd);
	MEASURE(bench_imports(counter, fd));
	return bench_status;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "wall"))
		return wall();
	if (argc == 2 && !strcmp(argv[1], "insns"))
		return insns();
	fprintf(stderr, "usage: rknpu-bench wall|insns\n");
	return 2;
}
