// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Faults, cancellation, and addresses: the DMA base, the end of the address space.
 */
#include "reference.h"
#include "tap.h"
#include "tests.h"

static struct shape any_shape(void)
{
	return shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 5, 5, 40, 40, 2, 2);
}

static void test_region_fault(int region, const char *name)
{
	struct shape s = any_shape();
	struct program p;

	program_init(&p, &s, draw_fp16_unit, 0);
	p.memory.region[region].faults = true;
	tap_ok(program_run(&p) == TWIN_COMPUTE_FAULT && !p.result.refused_reg, "fault on %s", name);
	tap_ok(region == REGION_OUTPUT || !p.memory.writes, "fault on %s: no write before it", name);
	program_free(&p);
}

/* One byte faults: the first or the last one that is used */
static void test_hole(int region, bool last, const char *name)
{
	struct shape s = any_shape();
	struct program p;

	program_init(&p, &s, draw_fp16_unit, 0);
	p.memory.hole = true;
	p.memory.hole_addr = p.memory.region[region].addr;
	if (last)
		p.memory.hole_addr += p.memory.region[region].bytes - 1;
	tap_ok(program_run(&p) == TWIN_COMPUTE_FAULT, "fault at the %s byte of %s",
	       last ? "last" : "first", name);
	program_free(&p);
}

static void test_cancel(void)
{
	struct shape s = any_shape();
	struct program p;

	program_init(&p, &s, draw_fp16_unit, 0);
	p.memory.cancelled = true;
	tap_ok(program_run(&p) == TWIN_COMPUTE_FAULT && !p.memory.writes,
	       "a poll that says cancelled ends the task");
	program_free(&p);
}

static void test_addresses(void)
{
	struct shape s = any_shape();

	s.dma_base = 0x01230000;
	reference_test(&s, draw_fp16_unit, 1);
	/* Adding the base may wrap an address around the end */
	s.dma_base = 0x90000000;
	reference_test(&s, draw_fp16_unit, 2);
	s.dma_base = 0;
	s.feature_addr = 0xfffffff0;
	s.weight_addr = 0x40000000;
	reference_test(&s, draw_fp16_unit, 3);
	s.feature_addr = 0x10000000;
	s.weight_addr = 0xfffffffe;
	reference_test(&s, draw_fp16_unit, 4);
	s.weight_addr = 0x40000000;
	s.out_addr = 0xffffff70;
	reference_test(&s, draw_fp16_unit, 5);
	/* Row-major: the address wraps between two atoms of a pixel */
	s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 4, 32, 32);
	shape_row_major(&s);
	s.out_addr = 0xfffffff0;
	reference_test(&s, draw_int8, 6);
}

void fault_tests(void)
{
	static const char *const names[] = { "feature", "weights", "output" };

	for (int region = 0; region <= REGION_OUTPUT; region++) {
		test_region_fault(region, names[region]);
		test_hole(region, false, names[region]);
		test_hole(region, true, names[region]);
	}
	test_cancel();
	test_addresses();
}
