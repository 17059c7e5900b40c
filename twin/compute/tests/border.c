// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "border.h"
#include "compute_priv.h"
#include "tap.h"

static uint32_t bits_of(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static bool same_number(const struct accumulated *want, const struct accumulator *acc, size_t at)
{
	if (want->is_float)
		return isnan(want->f) ? isnan(acc->f[at]) : bits_of(want->f) == bits_of(acc->f[at]);
	return want->i == acc->i[at];
}

/* Pixel @pixel, channel @k; sums only where there is a kernel */
static bool same_element(const struct program *p, const struct accumulator *acc, uint32_t pixel, int k)
{
	const struct shape *s = &p->shape;
	struct accumulated want = reference_accumulate(p, k, pixel / s->out_w, pixel % s->out_w);
	size_t at = (size_t)pixel * acc->pitch + k;
	bool sums = s->in_prec == RKNPU_PREC_INT8 || s->in_prec == RKNPU_PREC_INT4;

	if (acc->is_float != want.is_float || !same_number(&want, acc, at)) {
		tap_note("pixel %u, channel %d: %d or %g, expected %d or %g", pixel, k, acc->i[at],
			 acc->f[at], want.i, want.f);
		return false;
	}
	if (sums != !!acc->sums) {
		tap_note("window sums %s", sums ? "missing" : "where there should be none");
		return false;
	}
	if (!sums || k >= (s->depthwise ? s->channels : s->kernels))
		return true;
	at = s->depthwise ? at : pixel;
	if (acc->sum_channels != (s->depthwise ? acc->pitch : 1) || acc->sums[at] != want.window) {
		tap_note("pixel %u, channel %d: window sum %d, expected %d", pixel, k, acc->sums[at],
			 want.window);
		return false;
	}
	return true;
}

static bool same(const struct program *p, const struct accumulator *acc)
{
	const struct shape *s = &p->shape;

	if (acc->pixels != (uint32_t)(s->out_w * s->out_h) || acc->channels != (uint32_t)s->out_c)
		return false;
	for (uint32_t pixel = 0; pixel < acc->pixels; pixel++)
		for (int k = 0; k < s->out_c; k++)
			if (!same_element(p, acc, pixel, k))
				return false;
	return true;
}

static enum twin_compute_status calculate(const struct task *t, struct accumulator *acc)
{
	struct dense_feature feature = { 0 };
	struct dense_weights weights = { 0 };
	enum twin_compute_status status;
	struct conv conv;

	memset(&conv, 0xa5, sizeof(conv));
	status = cna_parse(t, &conv);
	if (status == TWIN_COMPUTE_OK)
		status = core_parse(t, &conv);
	if (status == TWIN_COMPUTE_OK)
		status = cna_fetch_feature(t, &conv, &feature);
	if (status == TWIN_COMPUTE_OK)
		status = cna_fetch_weights(t, &conv, &weights);
	if (status == TWIN_COMPUTE_OK)
		status = core_run(t, &conv, &feature, &weights, acc);
	free(feature.data);
	free(feature.span);
	free(weights.data);
	free(weights.span);
	return status;
}

bool border_runs(struct program *p)
{
	struct twin_dma dma = memory_dma(&p->memory);
	struct task t = { .regs = &p->unit, .dma = &dma, .result = &p->result, .dma_base = p->shape.dma_base };
	struct accumulator acc = { 0 };
	enum twin_compute_status status;
	bool ok;

	memset(&p->result, 0, sizeof(p->result));
	status = calculate(&t, &acc);
	if (status != TWIN_COMPUTE_OK)
		tap_note("status %d, register 0x%x: %s", status, p->result.refused_reg, p->result.reason);
	ok = status == TWIN_COMPUTE_OK && same(p, &acc);
	free(acc.i);
	free(acc.sums);
	return ok;
}

void border_test(const struct shape *s, draw_fn draw, uint64_t seed)
{
	struct program p;

	program_init(&p, s, draw, seed);
	tap_ok(border_runs(&p), "accumulator: %s", shape_name(s));
	program_free(&p);
}
