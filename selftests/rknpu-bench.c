// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Measurements, one `name value unit` per line.
 *
 * rknpu-bench wall	times by the wall clock; announces its first ioctl by a
 *			line of its own, so that the host can time the boot
 * rknpu-bench insns	instructions of the whole CPU, kernel and user; in a
 *			virtual machine this needs instructions to drive the
 *			clock, and is then the same in every run
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "bench.h"

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

static int wall(void)
{
	double took[WALL_RUNS];
	uint32_t version = 0;
	int fd = open_npu(), ret, i;
	struct matmul mm;

	ret = npu_action(fd, RKNPU_GET_DRV_VERSION, &version);
	if (ret)
		fail("driver version", -ret);
	printf("first_ioctl\n");
	fflush(stdout);

	make(&mm, fd, 512, 512, 512);
	for (i = 0; i < WALL_RUNS; i++) {
		struct rknpu_submit args = matmul_args(&mm, 1);
		double start;

		matmul_spoil(&mm);
		start = now_s();
		ret = npu_submit(fd, &args);
		took[i] = now_s() - start;
		if (ret)
			fail("submit", -ret);
		npu_bo_from_device(&mm.out);
		if (matmul_wrong_rows(&mm, i))
			fail("wrong result", EILSEQ);
	}
	qsort(took, WALL_RUNS, sizeof(took[0]), ascending);
	printf("twin_matmul_int8_512_s %.4f s\n", took[WALL_RUNS / 2]);
	return 0;
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

/* The second time: what the first one had to set up is no part of it */
static void bench_create(int counter, int fd, const char *size, uint64_t bytes)
{
	uint64_t created = 0, destroyed = 0;
	int round;

	for (round = 0; round < 2; round++) {
		struct rknpu_mem_create c = { .size = bytes, .flags = NPU_FLAGS_DATA };

		counter_start(counter);
		check("create", npu_create(fd, &c));
		created = counter_stop(counter);
		counter_start(counter);
		check("destroy", npu_destroy(fd, c.handle));
		destroyed = counter_stop(counter);
	}
	print_insns("mem_create_", size, created);
	print_insns("mem_destroy_", size, destroyed);
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

/* A buffer of another driver becomes a buffer with an address */
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
	/* The exporter's pages are its own cost */
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
	bench_create(counter, fd, "4k", 4 * KIB);
	bench_create(counter, fd, "1m", MIB);
	bench_create(counter, fd, "64m", 64 * MIB);
	bench_create(counter, fd, "256m", 256 * MIB);
	bench_touch(counter, fd);
	bench_sync(counter, fd, "4k_of_4k", 4 * KIB, 4 * KIB);
	bench_sync(counter, fd, "4k_of_64m", 4 * KIB, 64 * MIB);
	bench_sync(counter, fd, "64m", 64 * MIB, 64 * MIB);
	bench_import(counter, fd);
}

static int insns(void)
{
	int counter = open_counter();
	struct matmul mm;

	make(&mm, open_npu(), 1, 32, 32);
	instructions_of(counter, &mm, WARM_UP);
	matmul_spoil(&mm);
	printf("submit_blocking_insns %llu instructions\n",
	       (unsigned long long)(instructions_of(counter, &mm, SUBMITS) / SUBMITS));
	npu_bo_from_device(&mm.out);
	if (matmul_wrong(&mm))
		fail("wrong result", EILSEQ);
	bench_memory(counter, mm.out.fd);
	return 0;
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
