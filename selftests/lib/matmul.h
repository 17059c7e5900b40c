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

/* What one task computes: @rows rows from @row0 of an @m x @k by @k x @n product */
/* Parts that compressed weights come in */
#define MATMUL_LANES	16

struct matmul_task {
	enum matmul_type type;
	unsigned int m, k, n, row0, rows;
	uint32_t in, weights, out;
	const uint32_t *lanes;		/* of compressed weights, NULL: dense */
};

struct matmul {
	enum matmul_type type;
	enum matmul_data data;
	unsigned int m, k, n, tile, tasks;
	int domain;
	size_t words;			/* command words of one segment, without tail */
	size_t stride_bytes;		/* from one segment to the next */
	bool compressed;
	uint32_t lanes[MATMUL_LANES];	/* length of each, as its register has it */
	uint16_t *a, *b;		/* elements in row-major order: int8 extended, or fp16 bits */
	struct npu_bo in, weights, out, cmd, task;
};

const char *matmul_type_name(enum matmul_type type);

/* Appends one segment up to its tail */
void matmul_segment(struct regcmd *rc, const struct matmul_task *t);
#define MATMUL_ENABLE	(RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE | RKNPU_ENABLE_DPU)

/*
 * Allocates, fills, writes the stream: one task per @tile rows (0: as many as
 * fit the on-chip buffer), chained. Returns 0 or -errno.
 */
int matmul_init(struct matmul *mm, int fd, enum matmul_type type, unsigned int m, unsigned int k,
		unsigned int n, unsigned int tile, enum matmul_data data, uint32_t seed);
/* As above, in another of the caller's address spaces */
int matmul_init_domain(struct matmul *mm, int fd, enum matmul_type type, unsigned int m, unsigned int k,
		       unsigned int n, unsigned int tile, enum matmul_data data, uint32_t seed, int domain);
void matmul_fini(struct matmul *mm);
/* After a change of what the members say: the dense weights from @b; the commands and descriptors, 0 or -errno */
void matmul_pack_weights(const struct matmul *mm);
int matmul_write_stream(struct matmul *mm);

/* The descriptors, in the CPU's mapping */
struct rknpu_task *matmul_descriptors(struct matmul *mm);
/* Changes, or makes a no-operation of, what all segments write to @reg; false if they do not write it */
bool matmul_set_register(struct matmul *mm, uint32_t reg, uint32_t value);
bool matmul_drop_register(struct matmul *mm, uint32_t reg);
/* Arguments that run all tasks on @core_mask */
struct rknpu_submit matmul_args(const struct matmul *mm, uint32_t core_mask);
/* Makes the output differ from any result, submits, gets the output back */
int matmul_run(struct matmul *mm, uint32_t core_mask, struct rknpu_submit *done);
void matmul_spoil(struct matmul *mm);

/* Number of result elements that differ from the reference, all computed */
size_t matmul_wrong(const struct matmul *mm);
/*
 * Number of rows that differ, by multiplying both sides with a random vector:
 * a wrong row escapes with a probability below 2^-32. For exact data only, and
 * not for fp16 results, which are rounded.
 */
size_t matmul_wrong_rows(const struct matmul *mm, uint32_t seed);
/* Number of result elements that still hold what matmul_spoil() left */
size_t matmul_untouched(const struct matmul *mm);

#endif /* MATMUL_H */
