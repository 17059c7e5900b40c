// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * bench_compute: seconds that tasks take on this host, in one thread and in the
 * number of threads that the twin takes by default, one "name value unit" per
 * line. Best of three runs, because the host is rarely idle.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../../workers/workers.h"
#include "program.h"
#include "run.h"

#define RUNS	3

static struct twin_workers *workers;

/* Of test_compute, but without comparisons */
enum twin_compute_status task_run(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
				  struct memory *memory, struct twin_compute_result *result)
{
	struct twin_dma dma = memory_dma(memory);

	return twin_compute_task(regs, enable, dma_base, &dma, workers, result);
}

static double now(void)
{
	struct timespec ts;

	timespec_get(&ts, TIME_UTC);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static double best_of(struct program *p, const char *name)
{
	double best = 1e9;

	for (int i = 0; i < RUNS; i++) {
		double start = now(), took;

		if (program_run(p) != TWIN_COMPUTE_OK) {
			fprintf(stderr, "%s: %s\n", name, p->result.reason);
			exit(1);
		}
		took = now() - start;
		best = took < best ? took : best;
	}
	return best;
}

static void bench(const char *name, const struct shape *s, draw_fn draw)
{
	struct program p;

	program_init(&p, s, draw, 0);
	printf("%s_s %.4f s\n", name, best_of(&p, name));
	workers = twin_workers_create(0);
	printf("%s_in_%u_threads_s %.4f s\n", name, workers->threads, best_of(&p, name));
	twin_workers_destroy(workers);
	workers = NULL;
	program_free(&p);
}

int main(void)
{
	struct shape s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 512, 512, 512);

	bench("twin_matmul_int8_512", &s, draw_int8);
	s = shape_matmul(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 512, 512, 512);
	bench("twin_matmul_fp16_512", &s, draw_fp16_unit);
	s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 56, 56, 64, 64, 1, 1);
	bench("twin_conv1x1_56x56x64", &s, draw_int8);
	s = shape_matmul(RKNPU_PREC_INT4, RKNPU_PREC_INT16, 512, 512, 512);
	bench("twin_matmul_int4_512", &s, draw_int4);
	s = shape_matmul(RKNPU_PREC_INT16, RKNPU_PREC_INT32, 512, 512, 512);
	bench("twin_matmul_int16_512", &s, draw_int16_small);
	s = shape_matmul(RKNPU_PREC_BF16, RKNPU_PREC_FP32, 512, 512, 512);
	bench("twin_matmul_bf16_512", &s, draw_bf16_unit);
	s = shape_matmul(RKNPU_PREC_TF32, RKNPU_PREC_FP32, 512, 512, 512);
	bench("twin_matmul_tf32_512", &s, draw_fp32_unit);
	s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 56, 56, 64, 64, 3, 3);
	bench("twin_conv3x3_56x56x64", &s, draw_int8);
	s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 56, 56, 64, 64, 3, 3);
	bench("twin_conv3x3_fp16_56x56x64", &s, draw_fp16_unit);
	s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 1, 2048, 1000);
	bench("twin_matmul_int8_1x2048x1000", &s, draw_int8);
	s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT8, 7, 7, 512, 512, 3, 3);
	bench("twin_conv3x3_7x7x512", &s, draw_int8);
	s = shape_depthwise(RKNPU_PREC_INT8, RKNPU_PREC_INT8, 112, 112, 64, 3, 3);
	bench("twin_depthwise3x3_112x112x64", &s, draw_int8);
	s = shape_depthwise(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 112, 112, 32, 3, 3);
	bench("twin_depthwise3x3_fp16_112x112x32", &s, draw_fp16_unit);
	return 0;
}
