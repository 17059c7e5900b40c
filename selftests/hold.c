// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Uses the NPU in one way only and waits to be ended: hold node|memory|dmabuf. Says
 * when it does. Not for run-all.sh.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/npu.h"

static int hold(const char *what)
{
	struct npu_bo bo;
	int fd = npu_open_render(NULL, 0), dmabuf;

	if (fd < 0 || npu_bo_init(&bo, fd, 1 << 16, NPU_FLAGS_DATA) || npu_export(fd, bo.handle, &dmabuf))
		return 1;
	if (strcmp(what, "dmabuf"))
		close(dmabuf);
	if (strcmp(what, "memory"))
		munmap(bo.map, bo.size);
	if (strcmp(what, "node"))
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
