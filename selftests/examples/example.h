/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Shared by all examples: opening the device, and error messages.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bound.h"
#include "mem.h"
#include "npu.h"

/* Exits with a message unless @ret is 0 */
static inline void must(const char *what, int ret)
{
	if (!ret)
		return;
	fprintf(stderr, "%s: %s\n", what, strerror(ret < 0 ? -ret : EILSEQ));
	exit(1);
}

/* Exits with the status for a program that cannot run here if @fd is not a descriptor */
static inline int need(const char *what, int fd)
{
	if (fd >= 0)
		return fd;
	fprintf(stderr, "there is no %s\n", what);
	exit(4);
}

static inline int open_npu(void)
{
	return need("render node of driver rknpu", npu_open_render(NULL, 0));
}

/* A product to compute: 8 x 64 by 64 x 32, int8; the examples move its input to other memory */
static inline void make_product(struct matmul *mm, int fd, uint32_t seed)
{
	must("a product", matmul_init(mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, seed));
}

#endif /* EXAMPLE_H */
