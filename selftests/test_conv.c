// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Convolutions of every type through the driver, singly and many in one submit,
 * each compared with a reference in plain C.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/chain.h"
#include "lib/conv_kinds.h"
#include "lib/conv_reference.h"
#include "lib/testing.h"

#define SPOILED		0xa5

/* A convolution with its memory */
struct layer {
	struct conv_task task;
	struct npu_bo in, weights, out, bias;
	bool own_in;
};

static void randomize(struct npu_bo *bo, uint32_t precision, uint32_t *state)
{
	size_t i, elements = bo->size * 8 / prec_bits(precision);

	for (i = 0; i < elements; i++)
		prec_store(precision, bo->map, i, conv_random(precision, state));
	ASSERT_RET(npu_bo_to_device(bo), 0);
}

static void fill_bias(struct layer *l, uint32_t *state)
{
	bool is_int = l->task.in_prec == RKNPU_PREC_INT8 || l->task.in_prec == RKNPU_PREC_INT16 ||
		      l->task.in_prec == RKNPU_PREC_INT4;
	unsigned int k;

	for (k = 0; k < conv_out_channels(&l->task); k++) {
		int value = (int8_t)conv_random(RKNPU_PREC_INT8, state);

		if (is_int)
			((int32_t *)l->bias.map)[k] = 10 * value;
		else
			((float *)l->bias.map)[k] = (float)value;
	}
	ASSERT_RET(npu_bo_to_device(&l->bias), 0);
}

/* @t has no addresses; a bias of 1 requests one. @input: the layer whose output is this layer's input, or NULL */
static void layer_init(struct layer *l, int fd, const struct conv_task *t, const struct layer *input, uint32_t seed)
{
	uint32_t state = seed * 2654435761u | 1;

	memset(l, 0, sizeof(*l));
	l->task = *t;
	conv_defaults(&l->task);
	l->own_in = !input;
	if (l->own_in) {
		ASSERT_RET(npu_bo_init(&l->in, fd, conv_in_bytes(&l->task), NPU_FLAGS_DATA), 0);
		randomize(&l->in, t->in_prec, &state);
	} else {
		ASSERT_EQ(conv_in_bytes(&l->task), conv_out_bytes(&input->task));
		l->in = input->out;
	}
	ASSERT_RET(npu_bo_init(&l->weights, fd, conv_weight_bytes(&l->task), NPU_FLAGS_DATA), 0);
	randomize(&l->weights, t->in_prec, &state);
	ASSERT_RET(npu_bo_init(&l->out, fd, conv_out_bytes(&l->task), NPU_FLAGS_DATA), 0);
	memset(l->out.map, SPOILED, l->out.size);
	ASSERT_RET(npu_bo_to_device(&l->out), 0);
	if (t->bias) {
		ASSERT_RET(npu_bo_init(&l->bias, fd, conv_out_channels(t) * sizeof(int32_t), NPU_FLAGS_DATA), 0);
		fill_bias(l, &state);
	}
	l->task.in = (uint32_t)l->in.iova;
	l->task.weights = (uint32_t)l->weights.iova;
	l->task.out = (uint32_t)l->out.iova;
	l->task.bias = t->bias ? (uint32_t)l->bias.iova : 0;
}

static void layer_fini(struct layer *l)
{
	npu_bo_fini(&l->out);
	npu_bo_fini(&l->weights);
	if (l->own_in)
		npu_bo_fini(&l->in);
	if (l->task.bias)
		npu_bo_fini(&l->bias);
}

static bool layer_is_right(const struct layer *l, const char *what)
{
	struct conv_operands o = {
		.in = l->in.map, .weights = l->weights.map, .bias = l->task.bias ? l->bias.map : NULL,
	};
	size_t wrong;

	ASSERT_RET(npu_bo_from_device(&l->out), 0);
	wrong = conv_wrong(&l->task, &o, l->out.map);
	if (wrong)
		ktap_note("%s: %zu of %u x %u x %u elements are wrong", what, wrong, l->task.out_w, l->task.out_h,
			  conv_out_channels(&l->task));
	return !wrong;
}

static void add_layer(struct chain *c, const struct layer *l)
{
	conv_segment(chain_begin(c), &l->task);
	chain_end(c, conv_enable(&l->task), RKNPU_INT_DPU);
}

TEST_LIMIT(every_kind_alone, 60)
{
	int fd = npu_open();
	struct layer l;
	struct chain c;
	size_t i;

	for (i = 0; i < CONV_KINDS; i++) {
		layer_init(&l, fd, &conv_kinds[i].task, NULL, (uint32_t)i + 1);
		ASSERT_RET(chain_init(&c, fd, 1, CONV_WORDS), 0);
		add_layer(&c, &l);
		ASSERT_RET(chain_finish(&c), 0);
		ASSERT_RET(chain_run(&c, 0), 0);
		EXPECT(layer_is_right(&l, conv_kinds[i].name));
		chain_fini(&c);
		layer_fini(&l);
	}
}

/* All kinds in one kick: registers of one task must not affect the next one, in either register group */
static void all_in_one(uint32_t core_mask, unsigned int rounds)
{
	struct layer l[2 * CONV_KINDS];
	unsigned int tasks = rounds * CONV_KINDS, i;
	int fd = npu_open();
	struct chain c;

	ASSERT_RET(chain_init(&c, fd, tasks, tasks * CONV_WORDS), 0);
	for (i = 0; i < tasks; i++) {
		/* Odd rounds go backwards, so each kind has other neighbours, in the other group */
		unsigned int kind = i / CONV_KINDS % 2 ? tasks - 1 - i : i;

		layer_init(&l[i], fd, &conv_kinds[kind % CONV_KINDS].task, NULL, 100 + i);
		add_layer(&c, &l[i]);
	}
	ASSERT_RET(chain_finish(&c), 0);
	ASSERT_RET(chain_run(&c, need_cores(core_mask)), 0);
	for (i = 0; i < tasks; i++) {
		EXPECT(layer_is_right(&l[i], "task of a chain"));
		layer_fini(&l[i]);
	}
	chain_fini(&c);
}

TEST_LIMIT(every_kind_on_core_0, 60) { all_in_one(1, 1); }
TEST_LIMIT(every_kind_on_core_1, 60) { all_in_one(2, 1); }
TEST_LIMIT(every_kind_on_core_2, 60) { all_in_one(4, 1); }
TEST_LIMIT(every_kind_twice_in_one_submit, 60) { all_in_one(0, 2); }

/* A third of the chain for each core, all at the same time */
TEST_LIMIT(every_kind_on_three_cores, 60)
{
	struct layer l[CONV_KINDS];
	unsigned int part = CONV_KINDS / NPU_CORES, i;
	struct rknpu_submit args;
	int fd = npu_open();
	struct chain c;

	ASSERT_EQ(part * NPU_CORES, CONV_KINDS);
	ASSERT_RET(chain_init(&c, fd, CONV_KINDS, CONV_KINDS * CONV_WORDS), 0);
	for (i = 0; i < CONV_KINDS; i++) {
		layer_init(&l[i], fd, &conv_kinds[i].task, NULL, 200 + i);
		add_layer(&c, &l[i]);
	}
	ASSERT_RET(chain_finish(&c), 0);
	args = chain_args(&c, 0, CONV_KINDS, need_cores(7));
	/* With three cores named, core n takes entry n + 2 */
	for (i = 0; i < NPU_CORES; i++)
		args.subcore_task[2 + i] = (struct rknpu_subcore_task) { i * part, part };
	ASSERT_RET(npu_submit(fd, &args), 0);
	for (i = 0; i < CONV_KINDS; i++) {
		EXPECT(layer_is_right(&l[i], conv_kinds[i].name));
		layer_fini(&l[i]);
	}
	chain_fini(&c);
}

/* Each task reads the output of the previous one: pointwise, depthwise, pointwise */
TEST_LIMIT(layers_feed_each_other, 60)
{
	static const struct conv_task tasks[] = {
		{ RKNPU_PREC_INT8, RKNPU_PREC_INT8, false, 14, 10, 16, 64, 3, 3, .left = 1, .top = 1, .bias = 1,
		  .relu = true, .scale = 20000, .shift = 22 },
		{ RKNPU_PREC_INT8, RKNPU_PREC_INT8, true, 14, 10, 64, .kw = 3, .kh = 3, .sx = 2, .sy = 2, .left = 1,
		  .top = 1, .bias = 1, .relu = true, .scale = 20000, .shift = 21 },
		{ RKNPU_PREC_INT8, RKNPU_PREC_INT8, false, 7, 5, 64, 32, 1, 1, .bias = 1, .scale = 20000, .shift = 22 },
		{ RKNPU_PREC_INT8, RKNPU_PREC_INT32, false, 7, 5, 32, 32, 7, 5, .scale = 1 },
	};
	struct layer l[ARRAY_SIZE(tasks)];
	int fd = npu_open();
	struct chain c;
	unsigned int i;

	ASSERT_RET(chain_init(&c, fd, ARRAY_SIZE(tasks), ARRAY_SIZE(tasks) * CONV_WORDS), 0);
	for (i = 0; i < ARRAY_SIZE(tasks); i++) {
		layer_init(&l[i], fd, &tasks[i], i ? &l[i - 1] : NULL, 300 + i);
		add_layer(&c, &l[i]);
	}
	ASSERT_RET(chain_finish(&c), 0);
	ASSERT_RET(chain_run(&c, 0), 0);
	for (i = 0; i < ARRAY_SIZE(tasks); i++)
		EXPECT(layer_is_right(&l[i], "layer"));
	for (i = ARRAY_SIZE(tasks); i--;)
		layer_fini(&l[i]);
	chain_fini(&c);
}

/* ---- Processing of segments by the command processor ------------------------- */

/* Two register groups alternate: a register that a task does not write has the value of the task two before it */
TEST(a_partial_task_inherits_from_two_before)
{
	struct layer l[2], again;
	int fd = npu_open(), i;
	struct regcmd *rc;
	struct chain c;

	if (soc_get()->single)
		SKIP("streams of this SoC move the group pointers themselves");
	ASSERT_RET(chain_init(&c, fd, 3, 3 * CONV_WORDS), 0);
	for (i = 0; i < 2; i++) {
		layer_init(&l[i], fd, &conv_kinds[1 + 2 * i].task, NULL, 400 + i);
		add_layer(&c, &l[i]);
	}
	again = l[0];
	ASSERT_RET(npu_bo_init(&again.out, fd, l[0].out.size, NPU_FLAGS_DATA), 0);
	rc = chain_begin(&c);
	regcmd_write(rc, RKNPU_DPU_DST_BASE_ADDR, (uint32_t)again.out.iova);
	chain_end(&c, conv_enable(&again.task), RKNPU_INT_DPU);
	ASSERT_RET(chain_finish(&c), 0);
	ASSERT_RET(chain_run(&c, 1), 0);
	EXPECT(layer_is_right(&l[0], "first"));
	EXPECT(layer_is_right(&l[1], "second"));
	EXPECT(layer_is_right(&again, "first, elsewhere"));
	npu_bo_fini(&again.out);
	layer_fini(&l[1]);
	layer_fini(&l[0]);
	chain_fini(&c);
}

/* Programs set a length that extends past the op-enable word: the words after it are not run */
TEST(words_after_the_end_are_ignored)
{
	int fd = npu_open(), i;
	struct rknpu_task *task;
	struct layer l;
	struct chain c;

	layer_init(&l, fd, &conv_kinds[1].task, NULL, 500);
	ASSERT_RET(chain_init(&c, fd, 1, 2 * CONV_WORDS), 0);
	add_layer(&c, &l);
	for (i = 0; i < 8; i++)
		regcmd_write(&c.rc, RKNPU_DPU_DST_BASE_ADDR, 0xdead0000);
	regcmd_word(&c.rc, RKNPU_REGCMD(RKNPU_TARGET_OP_ENABLE, RKNPU_OPERATION_ENABLE, RKNPU_ENABLE_PPU));
	ASSERT_RET(chain_finish(&c), 0);
	task = c.task.map;
	task->regcfg_amount += 10;
	ASSERT_RET(npu_bo_to_device(&c.task), 0);
	for (i = 0; i < 2; i++) {
		memset(l.out.map, SPOILED, l.out.size);
		ASSERT_RET(npu_bo_to_device(&l.out), 0);
		ASSERT_RET(chain_run(&c, 1), 0);
		EXPECT(layer_is_right(&l, "task that is fetched too far"));
	}
	chain_fini(&c);
	layer_fini(&l);
}

/* Registers are reset between clients: a task relies on that, and does not write BS_CFG */
static void leave_relu_on(void *unused)
{
	int fd = npu_open();
	struct layer l;
	struct chain c;
	int i;

	(void)unused;
	layer_init(&l, fd, &conv_kinds[CONV_KIND_BIAS_RELU].task, NULL, 600);
	ASSERT_RET(chain_init(&c, fd, 2, 2 * CONV_WORDS), 0);
	for (i = 0; i < 2; i++)
		add_layer(&c, &l);
	ASSERT_RET(chain_finish(&c), 0);
	ASSERT_RET(chain_run(&c, 1), 0);
	chain_fini(&c);
	layer_fini(&l);
}

TEST(no_register_outlives_its_client)
{
	struct layer l;
	struct chain c;
	size_t w;
	int fd, dropped = 0;

	ASSERT_EQ(ktap_join(ktap_fork(leave_relu_on, NULL)), 0);
	fd = npu_open();
	layer_init(&l, fd, &conv_kinds[1].task, NULL, 601);
	ASSERT_RET(chain_init(&c, fd, 1, CONV_WORDS), 0);
	add_layer(&c, &l);
	for (w = 0; w < c.links[0].words; w++)
		if ((c.rc.words[w] & RKNPU_REGCMD_OFFSET_MASK) == RKNPU_DPU_BS_CFG) {
			c.rc.words[w] = 0;
			dropped++;
		}
	ASSERT_EQ(dropped, 1);
	ASSERT_RET(chain_finish(&c), 0);
	ASSERT_RET(chain_run(&c, 1), 0);
	EXPECT(layer_is_right(&l, "task that leaves BS to reset"));
	chain_fini(&c);
	layer_fini(&l);
}

/* Checks that the data and the reference reveal it: a wrong register gives a wrong result */
TEST(a_wrong_register_shows)
{
	int fd = npu_open();
	struct conv_task wrong;
	struct layer l;
	struct chain c;

	layer_init(&l, fd, &conv_kinds[1].task, NULL, 1);
	ASSERT_RET(chain_init(&c, fd, 1, CONV_WORDS), 0);
	wrong = l.task;
	wrong.pad = 0;
	conv_segment(chain_begin(&c), &wrong);
	chain_end(&c, conv_enable(&wrong), RKNPU_INT_DPU);
	ASSERT_RET(chain_finish(&c), 0);
	ASSERT_RET(chain_run(&c, 1), 0);
	EXPECT(!layer_is_right(&l, "on purpose"));
	chain_fini(&c);
	layer_fini(&l);
}
