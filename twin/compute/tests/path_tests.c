// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Every type, from features and weights to the output in memory. The test program
 * of the whole twin runs these as command streams.
 */
#include "reference.h"
#include "tests.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

static const struct path {
	uint32_t in, out;
	draw_fn draw;
	int step;		/* the number of channels is a multiple of this, to fill bytes */
	bool depthwise;
} paths[] = {
	{ RKNPU_PREC_INT4, RKNPU_PREC_INT16, draw_int4, 2, false },
	{ RKNPU_PREC_INT8, RKNPU_PREC_INT32, draw_int8, 64, true },
	{ RKNPU_PREC_INT8, RKNPU_PREC_INT8, draw_int8, 64, true },
	{ RKNPU_PREC_INT16, RKNPU_PREC_INT32, draw_int16_small, 1, true },
	{ RKNPU_PREC_FP16, RKNPU_PREC_FP32, draw_fp16_unit, 1, true },
	{ RKNPU_PREC_FP16, RKNPU_PREC_FP16, draw_fp16_any, 1, true },
	{ RKNPU_PREC_BF16, RKNPU_PREC_FP32, draw_bf16_any, 1, true },
	{ RKNPU_PREC_TF32, RKNPU_PREC_FP32, draw_fp32_any, 1, false },
};

static struct shape random_shape(struct rng *rng, const struct path *path, bool depthwise)
{
	int kw = rng_range(rng, 1, 3), kh = rng_range(rng, 1, 3);
	int width = kw + rng_range(rng, 0, 5), height = kh + rng_range(rng, 0, 5);
	int channels = rng_range(rng, 1, depthwise ? 128 / path->step : 48);
	struct shape s;

	if (depthwise)
		s = shape_depthwise(path->in, path->out, width, height, channels * path->step, kw, kh);
	else
		s = shape_conv(path->in, path->out, width, height, path->step == 2 ? channels * 2 : channels,
			       rng_range(rng, 1, 70), kw, kh);
	s.sx = rng_range(rng, 1, 2);
	s.left = rng_range(rng, 0, 1);
	if (path->in == RKNPU_PREC_INT8)
		s.pad = rng_next(rng);
	if (path->out == RKNPU_PREC_INT8)
		s.cvt_shift = 9;
	shape_output(&s);
	return s;
}

void path_tests(void)
{
	struct rng rng = { .state = 4711 };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		for (int n = 0; n < 8; n++) {
			struct shape s = random_shape(&rng, &paths[i], paths[i].depthwise && n % 2);

			reference_test(&s, paths[i].draw, 10 * i + n);
		}
}
