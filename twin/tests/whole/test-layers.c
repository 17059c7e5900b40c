// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: networks of four layers, each run in one kick: every task reads the output
 * of the previous one. Streams and reference are those of the driver's tests.
 */
#include "compute/tests/tap.h"
#include "machine.h"
#include "selftests/lib/layers.h"
#include "whole.h"

#define ARENA_IOVA	0x70000000u
#define ARENA_ADDR	(LOW_ADDR + 0x300000)
#define ALIGN_WORDS	(REGCMD_ALIGN_BYTES / sizeof(uint64_t))

struct segment {
	size_t first, words;	/* without the tail */
};

/* Write all segments, then their tails, which contain the address of the next one */
static void write_chain(const struct layers *l, struct regcmd *rc, struct segment segment[LAYERS])
{
	unsigned int i, k;

	for (i = 0; i < LAYERS; i++) {
		while (rc->count % ALIGN_WORDS)
			regcmd_word(rc, 0);
		segment[i].first = rc->count;
		layers_segment(l, i, rc);
		segment[i].words = rc->count - segment[i].first;
		for (k = 0; k < RKNPU_REGCMD_TAIL_WORDS; k++)
			regcmd_word(rc, 0);
	}
	for (i = 0; i < LAYERS; i++) {
		struct regcmd tail = { .words = rc->words, .count = segment[i].first + segment[i].words, .max = rc->max };
		bool last = i + 1 == LAYERS;

		regcmd_tail(&tail, last ? 0 : CMD_IOVA + segment[i + 1].first * sizeof(uint64_t),
			    last ? 0 : segment[i + 1].words, layers_enable(l, i));
	}
}

static void test_network(bool integers, unsigned int core)
{
	struct machine *m = machine_default();
	struct regcmd rc = { .words = (uint64_t *)ram(m, CMD_ADDR), .max = AREA_PAGES * PAGE / sizeof(uint64_t) };
	struct kick kick = { .addr = CMD_IOVA, .tasks = LAYERS, .pingpong = true };
	struct segment segment[LAYERS];
	struct layers l;
	unsigned int i;

	for (i = 0; i < LAYERS_BYTES; i += PAGE)
		map_page(m, ARENA_IOVA + i, ARENA_ADDR + i, PROT_RW);
	layers_init(&l, integers, ram(m, ARENA_ADDR), ARENA_IOVA, 5 + core);
	write_chain(&l, &rc, segment);
	kick.words = segment[0].words + RKNPU_REGCMD_TAIL_WORDS;
	kick.int_mask = layers_int(&l, LAYERS - 1);
	start_kick(m, core, &kick);
	tap_ok(machine_run_to_irq(m, core) && ctl_rd(m, TWIN_ERROR_COUNT) == 0 &&
	       core_stat(m, core, TWIN_STAT_TASKS) == LAYERS, "core %u: four layers of %s in one kick", core,
	       integers ? "int8" : "fp16");
	for (i = 0; i < LAYERS; i++)
		tap_ok(layers_wrong(&l, i) == 0, "core %u: layer %u of %s", core, i, integers ? "int8" : "fp16");
	ctl_wr(m, TWIN_ERROR_ACK, ctl_rd(m, TWIN_ERROR_COUNT));
	machine_destroy(m);
}

void layers_tests(void)
{
	unsigned int core;

	for (core = 0; core < TWIN_MAX_CORES; core++) {
		test_network(false, core);
		test_network(true, core);
	}
}
