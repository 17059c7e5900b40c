// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the library and the real compute units together: matmuls and convolutions
 * go in as command streams, all memory through page tables with scattered pages,
 * and what comes out is compared with the plain C reference of the units' tests.
 *
 * Those tests call twin_compute_task(); built for this program, they call
 * whole_task() instead, which has a core do the task.
 */
#include <stdlib.h>
#include <string.h>

#include "compute/tests/tap.h"
#include "machine.h"
#include "reference.h"

#define PAGES_ADDR	(LOW_ADDR + 0x300000)
#define FEATURE_ADDR	0x20100040u	/* not where machine_create() maps something */
#define BLOCK_WORDS	1024

static struct machine *machine;
static unsigned int core;

/* machine.c checks with these */
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

static struct stream build_stream(const struct twin_unit_regs *regs, uint32_t enable)
{
	struct stream s = stream_at(machine, CMD_IOVA);
	unsigned int block, word;

	stream_write(&s, RKNPU_DPU_S_POINTER, RKNPU_S_POINTER_PINGPONG);
	for (block = 0; block < 8; block++)
		for (word = RKNPU_OPERATION_ENABLE / 4 + 1; regs->block[block] && word < BLOCK_WORDS; word++)
			if (regs->block[block][word])
				stream_write(&s, block << 12 | word << 2, regs->block[block][word]);
	stream_end(&s, enable);
	return s;
}

/* Neighbouring pages get memory in descending order. */
static uint64_t page_addr(const struct region *r, unsigned int page, uint64_t *next)
{
	unsigned int pages = ((r->addr % PAGE) + r->bytes + PAGE - 1) / PAGE;

	*next = pages * PAGE;
	return (uint64_t)(pages - 1 - page) * PAGE;
}

/* Calls copy() for each piece of a region that lies within one page. */
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

enum twin_compute_status whole_task(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
				    const struct twin_dma *dma, struct twin_compute_result *result)
{
	struct stream s = build_stream(regs, enable);
	struct kick kick = {
		.addr = CMD_IOVA, .words = s.words, .tasks = 1, .int_mask = RKNPU_INT_DPU, .pingpong = true,
	};
	bool done;

	(void)dma_base;
	memset(result, 0, sizeof(*result));
	all_regions(dma->opaque, to_ram);
	start_kick(machine, core, &kick);
	done = machine_run_to_irq(machine, core) && rd(machine, core, RKNPU_PC_INTERRUPT_STATUS) == 0x100;
	all_regions(dma->opaque, from_ram);
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

static void run_case(const struct whole_case *c)
{
	struct shape s = shape_matmul(c->in_prec, c->out_prec, c->m, c->k, c->n);
	struct program p;

	if (c->row_major)
		shape_row_major(&s);
	s.feature_addr = FEATURE_ADDR;
	machine = machine_default();
	program_init(&p, &s, c->in_prec == RKNPU_PREC_INT8 ? draw_int8 : draw_fp16_unit, core);
	tap_ok(reference_runs(&p) && ctl_rd(machine, TWIN_ERROR_COUNT) == 0, "core %u: %s", core, shape_name(&s));
	program_free(&p);
	machine_destroy(machine);
}

int main(void)
{
	size_t i;

	for (core = 0; core < TWIN_MAX_CORES; core++)
		for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
			run_case(&cases[i]);
	return tap_done();
}
