/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * A product whose input and output are memory from elsewhere, bound to its
 * command stream as rknn_set_io_mem() does.
 */
#ifndef BOUND_H
#define BOUND_H

#include "matmul.h"
#include "mem.h"

/* Puts the product's input into @in, and something else where it was */
void bound_fill(struct matmul *mm, const struct npu_mem *in);
/*
 * Synchronizes, binds, runs on @core_mask, synchronizes: 0 or -errno; -EINVAL when
 * either is too small. @done: gets what the submit returned; NULL = not wanted.
 */
int bound_run(struct matmul *mm, const struct npu_mem *in, const struct npu_mem *out, uint32_t core_mask,
	      struct rknpu_submit *done);
/* Copies the result to where the product's checks look for it */
void bound_take(struct matmul *mm, const struct npu_mem *out);
/* Number of result elements in @out that differ from the reference */
size_t bound_wrong(struct matmul *mm, const struct npu_mem *out);

#endif /* BOUND_H */
