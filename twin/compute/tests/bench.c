// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * bench_compute: seconds that matmuls take on this host, one "name value unit"
 * per line. Best of three runs, because the host is rarely idle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "program.h"

#define RUNS	3

static double now(void)
{
	struct timespec ts;

	timespec_get(&ts, TIME_UTC);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static void bench(const char *name, const struct shape *s, draw_fn draw)
{
	double best = 1e9;
	struct program p;

	program_init(&p, s, draw, 0);
	for (int i = 0; i < RUNS; i++) {
		double start = now(), took;

		if (program_run(&p) != TWIN_COMPUTE_OK) {
			fprintf(stderr, "%s: %s\n", name, p.result.reason);
			exit(1);
		}
		took = now() - start;
		best = took < best ? took : best;
	}
	program_free(&p);
	printf("%s %.4f s\n", name, best);
}

int main(void)
{
	struct shape s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 512, 512, 512);

	bench("twin_matmul_int8_512_s", &s, draw_int8);
	s = shape_matmul(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 512, 512, 512);
	bench("twin_matmul_fp16_512_s", &s, draw_fp16_unit);
	s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 56, 56, 64, 64, 1, 1);
	bench("twin_conv1x1_56x56x64_s", &s, draw_int8);
	s = shape_matmul(RKNPU_PREC_INT4, RKNPU_PREC_INT16, 512, 512, 512);
	bench("twin_matmul_int4_512_s", &s, draw_int4);
	s = shape_matmul(RKNPU_PREC_INT16, RKNPU_PREC_INT32, 512, 512, 512);
	bench("twin_matmul_int16_512_s", &s, draw_int16_small);
	s = shape_matmul(RKNPU_PREC_BF16, RKNPU_PREC_FP32, 512, 512, 512);
	bench("twin_matmul_bf16_512_s", &s, draw_bf16_unit);
	s = shape_matmul(RKNPU_PREC_TF32, RKNPU_PREC_FP32, 512, 512, 512);
	bench("twin_matmul_tf32_512_s", &s, draw_fp32_unit);
	s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 56, 56, 64, 64, 3, 3);
	bench("twin_conv3x3_56x56x64_s", &s, draw_int8);
	s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 56, 56, 64, 64, 3, 3);
	bench("twin_conv3x3_fp16_56x56x64_s", &s, draw_fp16_unit);
	s = shape_depthwise(RKNPU_PREC_INT8, RKNPU_PREC_INT8, 112, 112, 64, 3, 3);
	bench("twin_depthwise3x3_112x112x64_s", &s, draw_int8);
	s = shape_depthwise(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 112, 112, 32, 3, 3);
	bench("twin_depthwise3x3_fp16_112x112x32_s", &s, draw_fp16_unit);
	return 0;
}
