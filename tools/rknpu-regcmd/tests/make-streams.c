// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Writes chains of tasks, made by the builders of the driver's tests, and their
 * descriptors to files: two matrix products for RK3588 and for RK356x, and a
 * network of a convolution, a pooling and an addition. The address of the streams
 * is 0x10000.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "conv.h"
#include "eltwise.h"
#include "matmul.h"
#include "pool.h"
#include "soc.h"

#define STREAM		0x10000
#define IN		0x100000
#define WEIGHTS		0x200000
#define OUT		0x300000
#define SEGMENT_WORDS	256

static int write_file(const char *dir, const char *name, const void *data, size_t size)
{
	char path[4096];
	bool written;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	written = f && fwrite(data, size, 1, f) == 1;
	if (f && fclose(f))
		written = false;
	if (!written)
		perror(path);
	return !written;
}

/* The SoC, for the builders */
static struct soc soc = { .scale = 2 };

const struct soc *soc_get(void)
{
	return &soc;
}

struct chain_file {
	uint64_t words[3 * SEGMENT_WORDS];
	struct rknpu_task tasks[3];
	struct regcmd rc;
	unsigned int count;
};

static struct regcmd *begin(struct chain_file *c)
{
	c->rc = (struct regcmd){
		.words = c->words, .count = c->count * SEGMENT_WORDS, .max = (c->count + 1) * SEGMENT_WORDS,
	};
	return &c->rc;
}

/* End a segment; its tail is added when the length of the next one is known */
static void end(struct chain_file *c, uint32_t enable, uint32_t int_mask)
{
	c->tasks[c->count] = (struct rknpu_task){
		.enable_mask = enable,
		.int_mask = int_mask,
		.int_clear = RKNPU_INT_ALL,
		.regcfg_amount = c->rc.count - c->count * SEGMENT_WORDS,
		.regcmd_addr = STREAM + c->count * SEGMENT_WORDS * sizeof(uint64_t),
	};
	c->count++;
}

static int write_chain(struct chain_file *c, const char *dir, const char *stream, const char *tasks)
{
	unsigned int i;

	for (i = 0; i < c->count; i++) {
		bool last = i + 1 == c->count;

		c->rc.count = i * SEGMENT_WORDS + c->tasks[i].regcfg_amount;
		c->rc.max = (i + 1) * SEGMENT_WORDS;
		regcmd_tail(&c->rc, last ? 0 : (uint32_t)c->tasks[i + 1].regcmd_addr,
			    last ? 0 : c->tasks[i + 1].regcfg_amount, c->tasks[i].enable_mask);
	}
	return write_file(dir, stream, c->words, c->count * SEGMENT_WORDS * sizeof(uint64_t)) ||
	       write_file(dir, tasks, c->tasks, c->count * sizeof(c->tasks[0]));
}

static void products(struct chain_file *c)
{
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const struct matmul_task t = {
			.type = MATMUL_INT8_INT32, .m = 64, .k = 64, .n = 32, .row0 = 32 * i, .rows = 32,
			.in = IN, .weights = WEIGHTS, .out = OUT,
		};

		matmul_segment(begin(c), &t);
		end(c, MATMUL_ENABLE, RKNPU_INT_DPU);
	}
}

static void network(struct chain_file *c)
{
	struct conv_task conv = {
		.in_prec = RKNPU_PREC_FP16, .out_prec = RKNPU_PREC_FP16, .width = 8, .height = 8, .channels = 32,
		.kernels = 16, .kw = 3, .kh = 3, .left = 1, .top = 1, .relu = true,
		.in = IN, .weights = WEIGHTS, .bias = WEIGHTS + 0x3000, .out = OUT,
	};
	struct pool_task pool = {
		.prec = RKNPU_PREC_FP16, .method = RKNPU_PPU_METHOD_MAX, .width = 8, .height = 8, .channels = 16,
		.kw = 2, .kh = 2, .sx = 2, .sy = 2, .in = OUT, .out = OUT + 0x1000,
	};
	struct eltwise_task add = {
		.in_prec = RKNPU_PREC_FP16, .out_prec = RKNPU_PREC_FP16, .width = 4, .height = 4, .channels = 16,
		.op = ELTWISE_ADD, .in = OUT + 0x1000, .second = IN, .out = OUT + 0x2000,
	};

	conv_defaults(&conv);
	conv_segment(begin(c), &conv);
	end(c, conv_enable(&conv), RKNPU_INT_DPU);
	pool_defaults(&pool);
	pool_segment(begin(c), &pool);
	end(c, POOL_ENABLE, POOL_INT);
	eltwise_segment(begin(c), &add);
	end(c, ELTWISE_ENABLE, ELTWISE_INT);
}

int main(int argc, char **argv)
{
	static struct chain_file rk3588, rk356x, net;

	if (argc != 2)
		return 2;
	products(&rk3588);
	network(&net);
	if (write_chain(&rk3588, argv[1], "product.bin", "product.tasks") ||
	    write_chain(&net, argv[1], "network.bin", "network.tasks"))
		return 1;
	soc.scale = 1;
	soc.single = true;
	products(&rk356x);
	return write_chain(&rk356x, argv[1], "rk356x.bin", "rk356x.tasks");
}
