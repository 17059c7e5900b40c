// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: many tasks in one kick: the streams that the driver's tests build, run by
 * a core of the library with the real compute units, without a driver. All
 * memory accesses go through page tables, with pages in descending order.
 */
#include <stdlib.h>
#include <string.h>

#include "compute/tests/tap.h"
#include "machine.h"
#include "selftests/lib/conv_kinds.h"
#include "selftests/lib/conv_reference.h"
#include "selftests/lib/soc.h"
#include "whole.h"

#define PAGES_ADDR	(LOW_ADDR + 0x300000)
#define DATA_IOVA	0x30000000u
#define STREAM_WORDS	(AREA_PAGES * PAGE / sizeof(uint64_t))
#define SEGMENT_ALIGN	8	/* words */
#define SPOILED		0xa5

/* Streams are for the default SoC of the library, regardless of the machine that runs this program */
const struct soc *soc_get(void)
{
	static const struct soc rk3588 = { .scale = 2 };

	return &rk3588;
}

/* A convolution with its operands in host memory */
struct layer {
	struct conv_task task;
	uint8_t *in, *weights, *bias, *out;
	size_t in_bytes, weight_bytes, bias_bytes, out_bytes;
};

struct chain {
	struct machine *m;
	uint32_t next_iova;
	uint64_t next_page;
	uint64_t words[STREAM_WORDS];
	struct layer layer[CONV_KINDS];
};

/* Allocate device memory of @bytes; copy_pages() sets its contents */
static uint32_t allocate(struct chain *c, size_t bytes)
{
	unsigned int pages = (bytes + PAGE - 1) / PAGE, i;
	uint32_t iova = c->next_iova;

	for (i = 0; i < pages; i++)
		map_page(c->m, iova + i * PAGE, c->next_page + (uint64_t)(pages - 1 - i) * PAGE, PROT_RW);
	/* An unmapped page follows */
	c->next_iova += (pages + 1) * PAGE;
	c->next_page += (uint64_t)pages * PAGE;
	if (c->next_page > LOW_ADDR + RAM_BYTES)
		abort();
	return iova;
}

/* Pages are in descending order, see allocate(); @base is the lowest physical address */
static void copy_pages(struct chain *c, uint64_t base, uint8_t *data, size_t bytes, bool to_device)
{
	unsigned int pages = (bytes + PAGE - 1) / PAGE, i;

	for (i = 0; i < pages; i++) {
		uint8_t *page = ram(c->m, base + (uint64_t)(pages - 1 - i) * PAGE);
		size_t n = bytes - i * PAGE < PAGE ? bytes - i * PAGE : PAGE;

		memcpy(to_device ? page : data + i * PAGE, to_device ? data + i * PAGE : page, n);
	}
}

static uint32_t put(struct chain *c, uint8_t *data, size_t bytes)
{
	uint64_t base = c->next_page;
	uint32_t iova = allocate(c, bytes);

	copy_pages(c, base, data, bytes, true);
	return iova;
}

static uint8_t *random_operand(uint32_t precision, size_t bytes, uint32_t *state)
{
	uint8_t *data = malloc(bytes);
	size_t i;

	if (!data)
		abort();
	for (i = 0; i < bytes * 8 / prec_bits(precision); i++)
		prec_store(precision, data, i, conv_random(precision, state));
	return data;
}

/* Small numbers of the accumulator's type */
static uint8_t *random_bias(const struct conv_task *t, uint32_t *state)
{
	bool is_int = t->in_prec == RKNPU_PREC_INT8;
	uint8_t *data = malloc(conv_out_channels(t) * 4);
	unsigned int k;

	if (!data)
		abort();
	for (k = 0; k < conv_out_channels(t); k++) {
		int value = (int8_t)conv_random(RKNPU_PREC_INT8, state);
		float as_float = (float)value;

		memcpy(data + 4 * k, is_int ? (void *)&value : (void *)&as_float, 4);
	}
	return data;
}

static uint64_t layer_init(struct chain *c, struct layer *l, const struct conv_task *t, uint32_t seed)
{
	uint32_t state = seed * 2654435761u | 1;
	uint64_t out_base;

	l->task = *t;
	conv_defaults(&l->task);
	l->in_bytes = conv_in_bytes(&l->task);
	l->weight_bytes = conv_weight_bytes(&l->task);
	l->out_bytes = conv_out_bytes(&l->task);
	l->in = random_operand(t->in_prec, l->in_bytes, &state);
	l->weights = random_operand(t->in_prec, l->weight_bytes, &state);
	l->task.in = put(c, l->in, l->in_bytes);
	l->task.weights = put(c, l->weights, l->weight_bytes);
	if (t->bias) {
		l->bias = random_bias(&l->task, &state);
		l->task.bias = put(c, l->bias, conv_out_channels(t) * 4);
	}
	l->out = malloc(l->out_bytes);
	if (!l->out)
		abort();
	memset(l->out, SPOILED, l->out_bytes);
	out_base = c->next_page;
	l->task.out = put(c, l->out, l->out_bytes);
	return out_base;
}

static void layer_fini(struct layer *l)
{
	free(l->in);
	free(l->weights);
	free(l->bias);
	free(l->out);
	memset(l, 0, sizeof(*l));
}

/* Write and link all layers: first the words of each segment, then the tails, once all addresses are known */
static unsigned int write_stream(struct chain *c)
{
	struct regcmd rc = { .words = c->words, .max = STREAM_WORDS };
	size_t first[CONV_KINDS + 1], words[CONV_KINDS + 1] = { 0 };
	unsigned int i;

	for (i = 0; i < CONV_KINDS; i++) {
		while (rc.count % SEGMENT_ALIGN)
			regcmd_word(&rc, 0);
		first[i] = rc.count;
		conv_segment(&rc, &c->layer[i].task);
		words[i] = rc.count - first[i];
		rc.count += RKNPU_REGCMD_TAIL_WORDS;
	}
	for (i = 0; i < CONV_KINDS; i++) {
		struct regcmd tail = { .words = c->words, .count = first[i] + words[i], .max = STREAM_WORDS };
		bool last = i + 1 == CONV_KINDS;

		regcmd_tail(&tail, last ? 0 : CMD_IOVA + first[i + 1] * 8, last ? 0 : words[i + 1],
			    conv_enable(&c->layer[i].task));
	}
	memcpy(ram(c->m, CMD_ADDR), c->words, sizeof(c->words));
	return words[0] + RKNPU_REGCMD_TAIL_WORDS;
}

static bool run(struct chain *c, unsigned int core)
{
	struct kick kick = {
		.addr = CMD_IOVA, .words = write_stream(c), .tasks = CONV_KINDS, .int_mask = RKNPU_INT_DPU,
		.pingpong = true,
	};
	bool done;

	start_kick(c->m, core, &kick);
	done = machine_run_to_irq(c->m, core);
	wr(c->m, core, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	return done;
}

static bool layer_is_right(struct chain *c, struct layer *l, uint64_t out_base, const char *name)
{
	struct conv_operands o = { .in = l->in, .weights = l->weights, .bias = l->bias };
	size_t wrong;

	copy_pages(c, out_base, l->out, l->out_bytes, false);
	wrong = conv_wrong(&l->task, &o, l->out);
	if (wrong)
		tap_note("%s: %zu elements are wrong", name, wrong);
	return !wrong;
}

/*
 * Two kicks without a reset in between, the second with all kinds in reverse
 * order: registers persist, and each kind follows other ones in both groups.
 */
static bool two_kicks(struct chain *c, unsigned int core)
{
	uint64_t out_base[CONV_KINDS];
	unsigned int kick, i;
	bool ok = true;

	for (kick = 0; kick < 2; kick++) {
		c->next_page = PAGES_ADDR;
		c->next_iova = DATA_IOVA + kick * 0x1000000;
		for (i = 0; i < CONV_KINDS; i++)
			out_base[i] = layer_init(c, &c->layer[i], &conv_kinds[kick ? CONV_KINDS - 1 - i : i].task,
						 100 * core + 20 * kick + i);
		ok &= run(c, core);
		for (i = 0; i < CONV_KINDS; i++) {
			ok &= layer_is_right(c, &c->layer[i], out_base[i],
					     conv_kinds[kick ? CONV_KINDS - 1 - i : i].name);
			layer_fini(&c->layer[i]);
		}
	}
	return ok && core_stat(c->m, core, TWIN_STAT_TASKS) == 2 * CONV_KINDS &&
	       ctl_rd(c->m, TWIN_ERROR_COUNT) == 0;
}

void chain_tests(void)
{
	struct chain *c = calloc(1, sizeof(*c));
	unsigned int core;

	if (!c)
		abort();
	for (core = 0; core < TWIN_MAX_CORES; core++) {
		c->m = machine_default();
		tap_ok(two_kicks(c, core), "core %u: every kind of convolution in one kick, twice", core);
		machine_destroy(c->m);
	}
	free(c);
}
