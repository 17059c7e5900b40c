// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Tasks of the DPU and PPU through the driver: elementwise operations, lookup
 * tables, pooling; each compared with a reference in plain C. Also tests the state
 * that the hardware keeps between tasks.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/chain.h"
#include "lib/dpu_reference.h"
#include "lib/fp16.h"
#include "lib/layers.h"
#include "lib/testing.h"

#define SPOILED		0xa5
#define MAX_WORDS	(ELTWISE_LUT_WORDS + RKNPU_REGCMD_TAIL_WORDS)

/* One task with its memory */
struct run {
	struct npu_bo in, second, out, cmd, task;
};

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state >> 4;
}

/* fp16: -8 to 8 in steps of 1/64; integers: any value */
static uint32_t random_element(uint32_t prec, uint32_t *state)
{
	uint32_t r = next_random(state);

	if (prec != RKNPU_PREC_FP16)
		return r << 8 ^ r >> 16;
	return fp16_from_fp32(((int)(r % 1025) - 512) / 64.0f);
}

static void fill(struct npu_bo *bo, uint32_t prec, size_t plane, unsigned int channels, uint32_t seed)
{
	uint32_t state = seed * 2654435761u | 1;
	unsigned int c;
	size_t p;

	for (c = 0; c < channels; c++)
		for (p = 0; p < plane; p++)
			cube_store(prec, bo->map, plane, c, p, random_element(prec, &state));
	ASSERT_RET(npu_bo_to_device(bo), 0);
}

static void run_init(struct run *r, int fd, size_t in_bytes, size_t out_bytes)
{
	ASSERT_RET(npu_bo_init(&r->in, fd, in_bytes, NPU_FLAGS_DATA), 0);
	ASSERT_RET(npu_bo_init(&r->second, fd, in_bytes, NPU_FLAGS_DATA), 0);
	ASSERT_RET(npu_bo_init(&r->out, fd, out_bytes, NPU_FLAGS_DATA), 0);
	ASSERT_RET(npu_bo_init(&r->cmd, fd, MAX_WORDS * sizeof(uint64_t), NPU_FLAGS_DATA), 0);
	ASSERT_RET(npu_bo_init(&r->task, fd, sizeof(struct rknpu_task), NPU_FLAGS_TASK), 0);
}

static void run_fini(struct run *r)
{
	npu_bo_fini(&r->task);
	npu_bo_fini(&r->cmd);
	npu_bo_fini(&r->out);
	npu_bo_fini(&r->second);
	npu_bo_fini(&r->in);
}

/* Ends the stream of @r in @rc, and runs it on core 0 */
static int run_stream(struct run *r, struct regcmd *rc, uint32_t enable, uint32_t int_mask)
{
	struct rknpu_task *task = r->task.map;
	struct rknpu_submit args = {
		.flags = RKNPU_JOB_PC | RKNPU_JOB_BLOCK | RKNPU_JOB_PINGPONG,
		.timeout = NPU_TIMEOUT_MS,
		.task_number = 1,
		.task_obj_addr = r->task.token,
		.core_mask = 1,
		.fence_fd = -1,
		.subcore_task[0].task_number = 1,
	};

	*task = (struct rknpu_task) {
		.enable_mask = enable,
		.int_mask = int_mask,
		.int_clear = RKNPU_INT_ALL,
		.regcfg_amount = rc->count,
		.regcmd_addr = r->cmd.iova,
	};
	regcmd_tail(rc, 0, 0, enable);
	memset(r->out.map, SPOILED, r->out.size);
	ASSERT_RET(npu_bo_to_device(&r->out), 0);
	ASSERT_RET(npu_bo_to_device(&r->cmd), 0);
	ASSERT_RET(npu_bo_to_device(&r->task), 0);
	ASSERT_RET(npu_submit(r->out.fd, &args), 0);
	return npu_bo_from_device(&r->out);
}

static struct regcmd run_words(struct run *r)
{
	return (struct regcmd){ .words = r->cmd.map, .max = MAX_WORDS };
}

/* ---- elementwise ------------------------------------------------------------- */

static void eltwise_init(struct run *r, int fd, struct eltwise_task *t, uint32_t seed)
{
	size_t plane = (size_t)t->width * t->height;

	run_init(r, fd, cube_bytes(t->in_prec, plane, t->channels), cube_bytes(t->out_prec, plane, t->channels));
	fill(&r->in, t->in_prec, plane, t->channels, seed);
	fill(&r->second, t->in_prec, plane, t->channels, seed + 1000);
	t->in = (uint32_t)r->in.iova;
	t->second = (uint32_t)r->second.iova;
	t->out = (uint32_t)r->out.iova;
}

static void eltwise_run(struct run *r, const struct eltwise_task *t)
{
	struct regcmd rc = run_words(r);

	eltwise_segment(&rc, t);
	ASSERT_RET(run_stream(r, &rc, ELTWISE_ENABLE, ELTWISE_INT), 0);
}

static void eltwise_case(int fd, struct eltwise_task t, uint32_t seed)
{
	struct run r;

	eltwise_init(&r, fd, &t, seed);
	eltwise_run(&r, &t);
	if (!EXPECT_EQ(eltwise_wrong(&t, r.in.map, r.second.map, r.out.map), 0))
		ktap_note("operation %d, precision %u to %u, %ux%ux%u", t.op, t.in_prec, t.out_prec, t.width,
			  t.height, t.channels);
	run_fini(&r);
}

TEST(fp16_operations)
{
	int fd = npu_open();
	enum eltwise_op op;

	for (op = ELTWISE_NONE; op <= ELTWISE_CEIL; op++) {
		eltwise_case(fd, (struct eltwise_task){ RKNPU_PREC_FP16, RKNPU_PREC_FP16, 9, 5, 24, .op = op }, op);
		eltwise_case(fd, (struct eltwise_task){ RKNPU_PREC_FP16, RKNPU_PREC_FP32, 1, 1, 3, .op = op }, op + 50);
	}
}

TEST(integer_operations)
{
	static const uint32_t types[] = { RKNPU_PREC_INT8, RKNPU_PREC_INT16, RKNPU_PREC_INT32 };
	int fd = npu_open();
	enum eltwise_op op;
	unsigned int i;

	for (op = ELTWISE_NONE; op <= ELTWISE_MIN; op++)
		for (i = 0; i < ARRAY_SIZE(types); i++)
			eltwise_case(fd, (struct eltwise_task){ types[i], types[i], 7, 4, 35, .op = op },
				     10 * op + i);
}

TEST(scale_shift_and_clamp)
{
	static const struct eltwise_task tasks[] = {
		{ RKNPU_PREC_FP16, RKNPU_PREC_FP16, 9, 5, 24, .mul = 0xb800, .add = 0x3e800000, .relu = true,
		  .cap = 0x40000000 },
		{ RKNPU_PREC_INT16, RKNPU_PREC_INT8, 9, 5, 24, .op = ELTWISE_ADD, .relu = true, .scale = 321,
		  .shift = 12, .offset = -128 },
		{ RKNPU_PREC_INT32, RKNPU_PREC_INT16, 9, 5, 24, .op = ELTWISE_SUB, .scale = -5, .shift = 17 },
	};
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		eltwise_case(fd, tasks[i], i);
}

/* ---- lookup tables ------------------------------------------------------------- */

static double sigmoid(double x)
{
	return 1 / (1 + exp(-x));
}

static void lut_case(int fd, const struct lut *l, double (*f)(double), enum eltwise_op op, double tolerance)
{
	struct eltwise_task t = {
		RKNPU_PREC_FP16, RKNPU_PREC_FP16, 9, 5, 24, .op = op, .lut = l, .upload = true,
	};
	struct run r;

	eltwise_init(&r, fd, &t, 5);
	/* The product is after the table but before the conversion, which undoes the scale of entries */
	eltwise_run(&r, &t);
	EXPECT_EQ(lut_wrong(&t, f, tolerance, r.in.map, r.second.map, r.out.map), 0);
	/* The tables persist, other registers of the previous task do not matter */
	t.upload = false;
	t.op = ELTWISE_NONE;
	eltwise_run(&r, &t);
	EXPECT_EQ(lut_wrong(&t, f, tolerance, r.in.map, r.second.map, r.out.map), 0);
	run_fini(&r);
}

TEST(activations)
{
	int fd = npu_open();
	struct lut l;

	lut_build(&l, sigmoid, 8, 0, 1);
	lut_case(fd, &l, sigmoid, ELTWISE_NONE, 0.001);
	lut_case(fd, &l, sigmoid, ELTWISE_MUL, 0.008);
	lut_build(&l, tanh, 8, -1, 1);
	lut_case(fd, &l, tanh, ELTWISE_NONE, 0.001);
}

/* ---- pooling ---------------------------------------------------------------------- */

static void pool_case(int fd, struct pool_task t, uint32_t seed)
{
	size_t plane = (size_t)t.width * t.height;
	struct regcmd rc;
	struct run r;

	pool_defaults(&t);
	run_init(&r, fd, cube_bytes(t.prec, plane, t.channels),
		 cube_bytes(t.prec, (size_t)t.out_w * t.out_h, t.channels));
	fill(&r.in, t.prec, plane, t.channels, seed);
	t.in = (uint32_t)r.in.iova;
	t.out = (uint32_t)r.out.iova;
	rc = run_words(&r);
	pool_segment(&rc, &t);
	ASSERT_RET(run_stream(&r, &rc, POOL_ENABLE, POOL_INT), 0);
	if (!EXPECT_EQ(pool_wrong(&t, r.in.map, r.out.map), 0))
		ktap_note("method %u, precision %u, %ux%ux%u, window %ux%u", t.method, t.prec, t.width, t.height,
			  t.channels, t.kw, t.kh);
	run_fini(&r);
}

TEST(pooling)
{
	static const uint32_t types[] = { RKNPU_PREC_INT8, RKNPU_PREC_FP16 };
	unsigned int method, i;
	int fd = npu_open();

	for (method = RKNPU_PPU_METHOD_AVERAGE; method <= RKNPU_PPU_METHOD_MIN; method++)
		for (i = 0; i < ARRAY_SIZE(types); i++) {
			pool_case(fd, (struct pool_task){ types[i], method, 12, 10, 20, 2, 2 }, 10 * method + i);
			pool_case(fd, (struct pool_task){ types[i], method, 11, 9, 40, 3, 4, 2, 1, 1, 2, 1, 1 },
				  100 + 10 * method + i);
			pool_case(fd, (struct pool_task){ types[i], method, 7, 7, 8, 7, 7 }, 200 + 10 * method + i);
		}
}

/* ---- many tasks in one submit ------------------------------------------------------- */

/* The networks alternate, so every task also waits for one of the other kind */
static void networks(uint32_t core_mask)
{
	int fd = npu_open();
	struct layers l[2];
	struct npu_bo bo[2];
	struct chain c;
	unsigned int i, n;

	ASSERT_RET(chain_init(&c, fd, 2 * LAYERS, 2 * LAYERS * LAYER_WORDS), 0);
	for (n = 0; n < 2; n++) {
		ASSERT_RET(npu_bo_init(&bo[n], fd, LAYERS_BYTES, NPU_FLAGS_DATA), 0);
		layers_init(&l[n], n, bo[n].map, (uint32_t)bo[n].iova, 17 + n);
		ASSERT_RET(npu_bo_to_device(&bo[n]), 0);
	}
	for (i = 0; i < LAYERS; i++)
		for (n = 0; n < 2; n++) {
			layers_segment(&l[n], i, chain_begin(&c));
			chain_end(&c, layers_enable(&l[n], i), layers_int(&l[n], i));
		}
	ASSERT_RET(chain_finish(&c), 0);
	ASSERT_RET(chain_run(&c, need_cores(core_mask)), 0);
	for (n = 0; n < 2; n++) {
		ASSERT_RET(npu_bo_from_device(&bo[n]), 0);
		for (i = 0; i < LAYERS; i++)
			if (!EXPECT_EQ(layers_wrong(&l[n], i), 0))
				ktap_note("%s, layer %u", n ? "int8" : "fp16", i);
		npu_bo_fini(&bo[n]);
	}
	chain_fini(&c);
}

TEST(layers_read_what_was_just_written) { networks(1); }
TEST(layers_on_the_other_cores)
{
	networks(2);
	networks(4);
}

/* ---- state kept by the hardware ------------------------------------------------------ */

/* An addition as submitted by one client, without writing OUT_CVT_SHIFT and many other registers */
static void bare_add(struct run *r, const struct eltwise_task *t)
{
	static const uint32_t written[] = {
		RKNPU_DPU_S_POINTER, RKNPU_DPU_RDMA_S_POINTER, RKNPU_DPU_FEATURE_MODE_CFG, RKNPU_DPU_DATA_FORMAT,
		RKNPU_DPU_DST_BASE_ADDR, RKNPU_DPU_DATA_CUBE_WIDTH, RKNPU_DPU_DATA_CUBE_CHANNEL, RKNPU_DPU_EW_CFG,
		RKNPU_DPU_RDMA_DATA_CUBE_WIDTH, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL,
		RKNPU_DPU_RDMA_SRC_BASE_ADDR, RKNPU_DPU_RDMA_ERDMA_CFG, RKNPU_DPU_RDMA_EW_BASE_ADDR,
		RKNPU_DPU_RDMA_FEATURE_MODE_CFG,
	};
	uint64_t all[ELTWISE_WORDS];
	struct regcmd rc = run_words(r), whole = { .words = all, .max = ELTWISE_WORDS };
	size_t i, k;

	eltwise_segment(&whole, t);
	for (i = 0; i < whole.count; i++)
		for (k = 0; k < ARRAY_SIZE(written); k++)
			if ((all[i] & RKNPU_REGCMD_OFFSET_MASK) == written[k])
				regcmd_word(&rc, all[i]);
	ASSERT_EQ(rc.count, ARRAY_SIZE(written));
	ASSERT_RET(run_stream(r, &rc, ELTWISE_ENABLE, ELTWISE_INT), 0);
}

static void reset(int fd)
{
	uint32_t value = 0;

	ASSERT_RET(npu_action(fd, RKNPU_ACT_RESET, &value), 0);
}

/*
 * Registers persist across jobs of a client: a register that a job does not write
 * has the value from the last job with the same register group, the last but one.
 * Only a reset clears them.
 */
TEST(a_missing_reset_shows_and_a_reset_helps)
{
	struct eltwise_task t = { RKNPU_PREC_FP16, RKNPU_PREC_FP16, 16, 1, 8, .op = ELTWISE_ADD };
	struct eltwise_task act = { RKNPU_PREC_FP16, RKNPU_PREC_FP16, 16, 1, 8 };
	int fd = npu_open();
	struct lut l;
	struct run r;

	eltwise_init(&r, fd, &t, 9);
	reset(fd);
	bare_add(&r, &t);
	EXPECT_EQ(eltwise_wrong(&t, r.in.map, r.second.map, r.out.map), 0);

	/* Both groups have an exponent now */
	lut_build(&l, sigmoid, 8, 0, 1);
	act.lut = &l;
	act.upload = true;
	act.in = t.in;
	act.out = t.out;
	eltwise_run(&r, &act);
	eltwise_run(&r, &act);
	bare_add(&r, &t);
	EXPECT(eltwise_wrong(&t, r.in.map, r.second.map, r.out.map) > 100);

	reset(fd);
	bare_add(&r, &t);
	EXPECT_EQ(eltwise_wrong(&t, r.in.map, r.second.map, r.out.map), 0);
	run_fini(&r);
}
