/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * C[m][n] = sum over k of A[m][k] * B[n][k], as a 1x1 convolution on the NPU:
 * memory layouts, command stream, task descriptors, and a plain C reference.
 */
#ifndef MATMUL_H
#define MATMUL_H

#include <stdbool.h>
#include "npu.h"
#include "regcmd.h"

enum matmul_type {
	MATMUL_INT8_INT32,
	MATMUL_FP16_FP32,
	MATMUL_FP16_FP16,
	MATMUL_TYPES,
};

enum matmul_data {
	/* Every partial sum is exact in the accumulator, so results must match in every bit */
	MATMUL_EXACT,
	/* Full mantissas: results depend on where the hardware rounds (fp16 only) */
	MATMUL_ROUNDING,
};

/* Number of lanes of compressed weights */
#define MATMUL_LANES	16
/* One task: computes @rows rows from @row0 on of an @m x @k by @k x @n product */

struct matmul_task {
	enum matmul_type type;
	unsigned int m, k, n, row0, rows;
	uint32_t in, weights, out;
	const uint32_t *lanes;		/* lanes of compressed weights, NULL if dense */
};

struct matmul {
	enum matmul_type type;
	enum matmul_data data;
	unsigned int m, k, n, tile, tasks;
	int domain;
	size_t words;			/* command words of one segment, without tail */
	size_t stride_bytes;		/* distance between segments */
	bool compressed;
	uint32_t lanes[MATMUL_LANES];	/* length of each, as in its register */
	uint16_t *a, *b;		/* elements in row-major order: sign-extended int8, or fp16 bits */
	struct npu_bo in, weights, out, cmd, task;
};

const char *matmul_type_name(enum matmul_type type);

/* Appends one segment without its tail */
void matmul_segment(struct regcmd *rc, const struct matmul_task *t);
#define MATMUL_ENABLE	(RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE | RKNPU_ENABLE_DPU)

/*
 * Allocates and fills buffers and writes the stream: one chained task per @tile
 * rows (0: as many as fit the on-chip buffer). Returns 0 or -errno.
 */
int matmul_init(struct matmul *mm, int fd, enum matmul_type type, unsigned int m, unsigned int k,
		unsigned int n, unsigned int tile, enum matmul_data data, uint32_t seed);
/* As above, in another of the caller's address spaces */
int matmul_init_domain(struct matmul *mm, int fd, enum matmul_type type, unsigned int m, unsigned int k,
		       unsigned int n, unsigned int tile, enum matmul_data data, uint32_t seed, int domain);
void matmul_fini(struct matmul *mm);
/* To be called after changing members: write the dense weights from @b; the commands and descriptors (0 or -errno) */
void matmul_pack_weights(const struct matmul *mm);
int matmul_write_stream(struct matmul *mm);

/* Returns the CPU's mapping of the descriptors */
struct rknpu_task *matmul_descriptors(struct matmul *mm);
/* Change the value that all segments write to @reg, or remove the write; return false if they do not write it */
bool matmul_set_register(struct matmul *mm, uint32_t reg, uint32_t value);
bool matmul_drop_register(struct matmul *mm, uint32_t reg);
/* Returns arguments to run all tasks on @core_mask */
struct rknpu_submit matmul_args(const struct matmul *mm, uint32_t core_mask);
/* Overwrites the output with values that differ from any result, submits, synchronizes the output */
int matmul_run(struct matmul *mm, uint32_t core_mask, struct rknpu_submit *done);
void matmul_spoil(struct matmul *mm);

/* Returns the number of result elements that differ from the reference, which is computed completely */
size_t matmul_wrong(const struct matmul *mm);
/*
 * Returns the number of rows that differ, by multiplying both sides with a random
 * vector: a wrong row is missed with a probability below 2^-32. Only for exact
 * data, and not for fp16 results, which are rounded.
 */
size_t matmul_wrong_rows(const struct matmul *mm, uint32_t seed);
/* Returns the number of result elements that are unchanged since matmul_spoil() */
size_t matmul_untouched(const struct matmul *mm);

#endif /* MATMUL_H */
