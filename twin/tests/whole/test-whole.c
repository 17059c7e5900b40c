// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the library together with the real compute units: tasks are passed as
 * command streams, all memory accesses go through page tables with scattered
 * pages, and the output is compared with the plain C reference of the units'
 * tests.
 *
 * Those tests call task_run(), which here runs the task on a core.
 */
#include <stdlib.h>
#include <string.h>

#include "compute/tests/tap.h"
#include "machine.h"
#include "back.h"
#include "reference.h"
#include "run.h"
#include "whole.h"
#include "workers/workers.h"

#define PAGES_ADDR	(LOW_ADDR + 0x300000)
/* The units' programs may have operands at machine.c's address for commands, so streams are at this address */
#define STREAM_IOVA	0xe0000000u
#define FEATURE_ADDR	0x20100040u	/* not mapped by machine_create() */
#define BLOCK_WORDS	1024

static struct machine *machine;
static unsigned int core;

/* Called by the checks in machine.c */
bool tap_check(bool ok, const char *file, int line, const char *text)
{
	if (!ok)
		tap_note("%s:%d: not so: %s", file, line, text);
	return ok;
}

bool tap_equal(uint64_t got, uint64_t want, const char *file, int line, const char *text)
{
	(void)text;
	return tap_check(got == want, file, line, text);
}

/* ---- A task of the units' tests as a kick ---- */

static void upload_tables(struct stream *s, const int16_t (*lut)[RKNPU_DPU_LUT_ENTRIES])
{
	unsigned int table, i;

	for (table = 0; table < RKNPU_DPU_LUT_TABLES; table++) {
		stream_write(s, RKNPU_DPU_LUT_ACCESS_CFG, RKNPU_DPU_LUT_ACCESS_CFG_WRITE | table << 16);
		for (i = 0; i < RKNPU_DPU_LUT_ENTRIES; i++)
			stream_write(s, RKNPU_DPU_LUT_ACCESS_DATA, (uint16_t)lut[table][i]);
	}
}

static void map_stream(void)
{
	unsigned int i;

	for (i = 0; i < AREA_PAGES; i++)
		map_page(machine, STREAM_IOVA + i * PAGE, CMD_ADDR + i * PAGE, PROT_RW);
}

static struct stream build_stream(const struct twin_unit_regs *regs, uint32_t enable)
{
	struct stream s = stream_at(machine, CMD_IOVA);
	unsigned int block, word;

	stream_write(&s, RKNPU_DPU_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	if (regs->lut)
		upload_tables(&s, regs->lut);
	for (block = 0; block < 8; block++)
		for (word = RKNPU_OPERATION_ENABLE / 4 + 1; regs->block[block] && word < BLOCK_WORDS; word++)
			if (regs->block[block][word])
				stream_write(&s, block << 12 | word << 2, regs->block[block][word]);
	stream_end(&s, enable);
	return s;
}

/* Neighbouring pages are placed in memory in descending order. */
static uint64_t page_addr(const struct region *r, unsigned int page, uint64_t *next)
{
	unsigned int pages = ((r->addr % PAGE) + r->bytes + PAGE - 1) / PAGE;

	*next = pages * PAGE;
	return (uint64_t)(pages - 1 - page) * PAGE;
}

/* Call copy() for each part of a region, split at page boundaries. */
static uint64_t for_pages(const struct region *r, uint64_t base, void (*copy)(uint8_t *ram, uint8_t *data, size_t n))
{
	uint64_t used = 0, addr;
	size_t done, n;

	for (done = 0; done < r->bytes; done += n) {
		uint32_t iova = r->addr + done;

		n = PAGE - iova % PAGE;
		if (n > r->bytes - done)
			n = r->bytes - done;
		addr = base + page_addr(r, iova / PAGE - r->addr / PAGE, &used);
		map_page(machine, iova & -PAGE, addr, PROT_RW);
		copy(ram(machine, addr + iova % PAGE), r->data + done, n);
	}
	return base + used;
}

static void to_ram(uint8_t *to, uint8_t *data, size_t n)
{
	memcpy(to, data, n);
}

static void from_ram(uint8_t *from, uint8_t *data, size_t n)
{
	memcpy(data, from, n);
}

static void all_regions(struct memory *memory, void (*copy)(uint8_t *ram, uint8_t *data, size_t n))
{
	uint64_t base = PAGES_ADDR;
	unsigned int i;

	for (i = 0; i < REGIONS; i++)
		base = for_pages(&memory->region[i], base, copy);
	if (base > LOW_ADDR + RAM_BYTES)
		abort();
}

static bool run_stream(const struct stream *s, struct memory *memory)
{
	struct kick kick = {
		.addr = STREAM_IOVA, .words = s->words, .tasks = 1, .int_mask = RKNPU_INT_DPU, .pingpong = true,
	};
	uint32_t status;
	bool done;

	map_stream();
	all_regions(memory, to_ram);
	start_kick(machine, core, &kick);
	/* The bit of one of the two groups */
	done = machine_run_to_irq(machine, core);
	status = rd(machine, core, RKNPU_PC_INTERRUPT_STATUS);
	done &= status == (RKNPU_INT_DPU & RKNPU_INT_DONE_GROUP0) || status == (RKNPU_INT_DPU & RKNPU_INT_DONE_GROUP1);
	wr(machine, core, RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	all_regions(memory, from_ram);
	return done;
}

/* Outside run_case(), every task gets a machine of its own */
enum twin_compute_status task_run(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
				  struct memory *memory, struct twin_compute_result *result)
{
	bool fresh = !machine, done;
	struct stream s;

	(void)dma_base;
	memset(result, 0, sizeof(*result));
	if (fresh)
		machine = machine_default();
	s = build_stream(regs, enable);
	done = run_stream(&s, memory);
	if (!fresh)
		return done ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
	done &= ctl_rd(machine, TWIN_ERROR_COUNT) == 0;
	if (!done)
		tap_note("%s", machine->log_last);
	ctl_wr(machine, TWIN_ERROR_ACK, ctl_rd(machine, TWIN_ERROR_COUNT));
	machine_destroy(machine);
	machine = NULL;
	return done ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}

/* ---- Cases ---- */

static const struct whole_case {
	uint32_t in_prec, out_prec;
	int m, k, n;
	bool row_major;
} cases[] = {
	{ RKNPU_PREC_INT8, RKNPU_PREC_INT32, 1, 32, 32, false },
	{ RKNPU_PREC_INT8, RKNPU_PREC_INT32, 64, 64, 64, false },
	{ RKNPU_PREC_INT8, RKNPU_PREC_INT32, 128, 512, 128, false },
	{ RKNPU_PREC_INT8, RKNPU_PREC_INT32, 48, 96, 64, true },
	{ RKNPU_PREC_FP16, RKNPU_PREC_FP32, 1, 64, 32, false },
	{ RKNPU_PREC_FP16, RKNPU_PREC_FP32, 96, 128, 64, false },
	{ RKNPU_PREC_FP16, RKNPU_PREC_FP32, 33, 64, 48, true },
	{ RKNPU_PREC_FP16, RKNPU_PREC_FP16, 4, 64, 32, false },
	{ RKNPU_PREC_FP16, RKNPU_PREC_FP16, 96, 128, 64, false },
};

static struct machine *machine_with(const struct twin_workers *workers)
{
	struct twin_config config;
	struct machine *m;

	twin_config_init(&config);
	config.workers = workers;
	m = machine_create(&config, false);
	for (unsigned int i = 0; i < TWIN_MAX_CORES; i++)
		enable_banks(m, i);
	return m;
}

/* @workers: NULL for a single thread */
static void run_case(const struct whole_case *c, const struct twin_workers *workers)
{
	struct shape s = shape_matmul(c->in_prec, c->out_prec, c->m, c->k, c->n);
	struct program p;

	if (c->row_major)
		shape_row_major(&s);
	s.feature_addr = FEATURE_ADDR;
	machine = machine_with(workers);
	program_init(&p, &s, c->in_prec == RKNPU_PREC_INT8 ? draw_int8 : draw_fp16_unit, core);
	tap_ok(reference_runs(&p) && ctl_rd(machine, TWIN_ERROR_COUNT) == 0, "core %u%s: %s", core,
	       workers ? ", threads" : "", shape_name(&s));
	program_free(&p);
	machine_destroy(machine);
	machine = NULL;
}

/* ---- State of a core that persists between tasks ---- */

static void new_machine(void)
{
	machine = machine_default();
}

static void reset_core(void)
{
	core_reset(machine, core);
	enable_banks(machine, core);
}

static void end_machine(void)
{
	machine_destroy(machine);
	machine = NULL;
}

static void keep_tables(void)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 8, 1, 8);
	struct back b = { .flying = true, .lut = true, .lut_start = { -4, 0 }, .lut_select = { 2, 2 } };
	struct program p;
	unsigned int i;

	for (i = 0; i < RKNPU_DPU_LUT_ENTRIES; i++) {
		b.table[0][i] = -1000 - i;
		b.table[1][i] = 3 * i;
	}
	new_machine();
	program_init(&p, &s, draw_fp16_small_int, 1);
	back_init(&p, &b, NULL, 1);
	tap_ok(reference_runs(&p), "a task with its tables");
	p.unit.lut = NULL;
	tap_ok(reference_runs(&p) && reference_runs(&p), "tables serve both groups and later kicks");
	reset_core();
	tap_ok(!reference_runs(&p) && ctl_rd(machine, TWIN_ERROR_LAST) == TWIN_ERROR_COMPUTE,
	       "tables do not survive a reset");
	ctl_wr(machine, TWIN_ERROR_ACK, 1);
	program_free(&p);
	back_free(&b);
	end_machine();
}

/* build_stream() does not write zeros, so registers that are 0 in a program are inherited */
static void keep_registers(void)
{
	struct shape s = shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 8, 1, 8);
	struct back b = { .flying = true };
	struct program plain, scaled;

	new_machine();
	program_init(&plain, &s, draw_fp16_unit, 1);
	back_init(&plain, &b, NULL, 1);
	s.cvt_minus_exp = 15;
	program_init(&scaled, &s, draw_fp16_unit, 1);
	back_free(&b);
	back_init(&scaled, &b, NULL, 1);
	tap_ok(reference_runs(&plain), "no OUT_CVT_SHIFT after power-on");
	tap_ok(reference_runs(&scaled) && reference_runs(&plain), "one group has an exponent, the other has not");
	tap_ok(!reference_runs(&plain), "a missing reset of OUT_CVT_SHIFT shows");
	reset_core();
	tap_ok(reference_runs(&plain) && reference_runs(&plain), "a reset clears OUT_CVT_SHIFT of both groups");
	program_free(&plain);
	program_free(&scaled);
	back_free(&b);
	end_machine();
}

int main(void)
{
	struct twin_workers *workers = twin_workers_create(3);
	size_t i;

	/* Even the smallest task */
	workers->least = 0;
	for (core = 0; core < TWIN_MAX_CORES; core++)
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
			run_case(&cases[i], NULL);
			run_case(&cases[i], workers);
		}
	twin_workers_destroy(workers);
	core = 0;
	stage_tests();
	ew_tests();
	keep_tables();
	keep_registers();
	path_tests();
	chain_tests();
	layers_tests();
	return tap_done();
}
