/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * A matrix product with input and output in memory that was allocated elsewhere,
 * bound to its command stream like rknn_set_io_mem() does.
 */
#ifndef BOUND_H
#define BOUND_H

#include "matmul.h"
#include "mem.h"

/* Copies the product's input to @in, and overwrites the original */
void bound_fill(struct matmul *mm, const struct npu_mem *in);
/*
 * Synchronizes, binds, runs on @core_mask and synchronizes. Returns 0 or -errno; -EINVAL if
 * @in or @out is too small. @done receives the arguments after the submit, unless NULL.
 */
int bound_run(struct matmul *mm, const struct npu_mem *in, const struct npu_mem *out, uint32_t core_mask,
	      struct rknpu_submit *done);
/* Copies the result to the product's own output, for its checks */
void bound_take(struct matmul *mm, const struct npu_mem *out);
/* Returns the number of result elements in @out that differ from the reference */
size_t bound_wrong(struct matmul *mm, const struct npu_mem *out);

#endif /* BOUND_H */
