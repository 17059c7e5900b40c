// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Uses the NPU in one way and waits to be killed: hold node|memory|dmabuf|job. Prints a
 * line when it is ready. Not for run-all.sh.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/job.h"
#include "lib/npu.h"
#include "rknpu_regs.h"

#define LONG_MS		60000

/* A job that waits on the first core for a block that it does not use */
static int hold_job(int fd)
{
	static struct matmul mm;
	struct rknpu_submit args;
	int fence;

	if (matmul_init(&mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, 1))
		return -1;
	matmul_descriptors(&mm)[0].int_mask = RKNPU_INT_PPU;
	args = matmul_args(&mm, 1);
	args.timeout = LONG_MS;
	return npu_bo_to_device(&mm.task) ?: job_start_args(&mm, args, -1, &fence);
}

static int hold(const char *what)
{
	struct npu_bo bo;
	int fd = npu_open_render(NULL, 0), dmabuf;

	if (fd < 0 || npu_bo_init(&bo, fd, 1 << 16, NPU_FLAGS_DATA) || npu_export(fd, bo.handle, &dmabuf))
		return 1;
	if (!strcmp(what, "job") && hold_job(fd))
		return 1;
	if (strcmp(what, "dmabuf"))
		close(dmabuf);
	if (strcmp(what, "memory"))
		munmap(bo.map, bo.size);
	if (strcmp(what, "node") && strcmp(what, "job"))
		close(fd);
	puts("held");
	fflush(stdout);
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	return argc == 2 ? hold(argv[1]) : 2;
}
