// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * test_compute: the compute library against a reference in plain C.
 */
#include <string.h>

#include "back.h"
#include "run.h"
#include "tap.h"
#include "tests.h"

/* "threads": only where threads share the work, for a slow sanitizer */
int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "threads")) {
		path_tests();
		spread_tests();
		task_run_done();
		return tap_done();
	}
	mac_tests();
	exact_tests();
	type_tests();
	dcomp_tests();
	in_cvt_tests();
	refuse_cna_tests();
	path_tests();
	conv_tests();
	layout_tests();
	output_tests();
	stage_tests();
	ew_tests();
	flying_tests();
	order_tests();
	pool_tests();
	dpu_refuse_tests();
	rk356x_tests();
	refuse_tests();
	fault_tests();
	spread_tests();
	task_run_done();
	return tap_done();
}
