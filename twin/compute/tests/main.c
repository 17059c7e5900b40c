// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * test_compute: the compute library against a reference in plain C.
 */
#include "back.h"
#include "tap.h"
#include "tests.h"

int main(void)
{
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
	return tap_done();
}
