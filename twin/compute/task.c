// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Entry points: which units take part in a task, and the order they run in.
 */
#include <stdlib.h>
#include <string.h>

#include "dpu_priv.h"

/* Sets of blocks that form a task [seen: client programs] */
#define ENABLE_CONV		(RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE | RKNPU_ENABLE_DPU)
#define ENABLE_CONV_RDMA	(ENABLE_CONV | RKNPU_ENABLE_DPU_RDMA)
#define ENABLE_FLYING		(RKNPU_ENABLE_DPU | RKNPU_ENABLE_DPU_RDMA)
#define ENABLE_POOL		(RKNPU_ENABLE_PPU | RKNPU_ENABLE_PPU_RDMA)

static enum twin_compute_status conv_parse(const struct task *t, struct conv *conv)
{
	enum twin_compute_status status = cna_parse(t, conv);

	if (status == TWIN_COMPUTE_OK)
		status = core_parse(t, conv);
	return status;
}

/*
 * A depthwise convolution only uses one of the MAC array's kernels, that is, 64
 * bytes of channels instead of 1024 products [guess].
 */
#define DEPTHWISE_RATE_SHIFT	4

/* The time that the array spends waiting, see LATENCY_CYCLES */
#define SLOTS_NUMERATOR		5
#define SLOTS_DENOMINATOR	4

/* Partly filled groups of channels or kernels take the array as long as full ones */
static uint64_t conv_slots(const struct conv *conv)
{
	uint32_t channel_group = conv->depthwise ? conv->operand->depthwise_group : conv->operand->weight_lanes;
	uint32_t kernel_group = conv->depthwise ? 1 : conv->operand->kernel_group;
	uint64_t slots = (uint64_t)conv->out_width * conv->out_height;

	if (__builtin_mul_overflow(slots, (uint64_t)round_up(conv->kernels, kernel_group) * conv->taps, &slots) ||
	    __builtin_mul_overflow(slots, round_up(conv->feature.channels, channel_group), &slots) ||
	    __builtin_mul_overflow(slots, SLOTS_NUMERATOR, &slots))
		return UINT64_MAX;
	return slots / SLOTS_DENOMINATOR;
}

static uint64_t conv_memory_bytes(const struct conv *conv)
{
	const struct feature *f = &conv->feature;
	uint64_t channels = f->packed_channels ? f->packed_channels : f->stored_channels;
	uint64_t weights = conv->weight_bytes;

	for (int i = 0; conv->compressed && i < DCOMP_LANES; i++)
		weights = (i ? weights : 0) + conv->lane_bytes[i];
	return weights + (uint64_t)f->width * f->height * channels * conv->operand->bits / 8;
}

/* Kernels are counted whether or not CORE's channel loop reaches them all [guess] */
static void conv_cost(const struct conv *conv, struct twin_compute_result *result)
{
	uint64_t macs = (uint64_t)conv->out_width * conv->out_height;

	if (__builtin_mul_overflow(macs, (uint64_t)conv->kernels * conv->taps, &macs) ||
	    __builtin_mul_overflow(macs, conv->feature.channels, &macs))
		macs = UINT64_MAX;
	result->macs = macs;
	result->mac_slots = conv_slots(conv);
	result->mac_rate_shift = conv->operand->rate_shift + (conv->depthwise ? DEPTHWISE_RATE_SHIFT : 0);
	result->memory_bytes = conv_memory_bytes(conv);
	result->fills = 1;
}

static void dpu_cost(const struct dpu *dpu, struct twin_compute_result *result)
{
	result->memory_bytes += dpu_memory_bytes(dpu);
	result->fills = 1;
}

static enum twin_compute_status conv_execute(const struct task *t, const struct conv *conv,
					     const struct dpu *dpu)
{
	struct dense_feature feature = { 0 };
	struct dense_weights weights = { 0 };
	struct accumulator acc = { 0 };
	enum twin_compute_status status;

	status = cna_fetch_feature(t, conv, &feature);
	if (status == TWIN_COMPUTE_OK)
		status = cna_fetch_weights(t, conv, &weights);
	if (status == TWIN_COMPUTE_OK)
		status = core_run(t, conv, &feature, &weights, &acc);
	if (status == TWIN_COMPUTE_OK)
		status = dpu_run(t, dpu, &acc);
	free(feature.data);
	free(feature.span);
	free(weights.data);
	free(weights.span);
	free(acc.i);
	free(acc.sums);
	return status;
}

static enum twin_compute_status conv_task(const struct task *t, uint32_t enable)
{
	enum twin_compute_status status;
	struct conv conv;
	struct dpu dpu;

	status = conv_parse(t, &conv);
	if (status != TWIN_COMPUTE_OK)
		return status;
	conv_cost(&conv, t->result);
	status = dpu_parse(t, &conv, enable, &dpu);
	if (status != TWIN_COMPUTE_OK)
		return status;
	dpu_cost(&dpu, t->result);
	return conv_execute(t, &conv, &dpu);
}

/* The DPU alone, fed by memory */
static enum twin_compute_status flying_task(const struct task *t, uint32_t enable)
{
	struct accumulator acc = { 0 };
	enum twin_compute_status status;
	struct dpu dpu;

	status = dpu_parse(t, NULL, enable, &dpu);
	if (status != TWIN_COMPUTE_OK)
		return status;
	dpu_cost(&dpu, t->result);
	status = dpu_run(t, &dpu, &acc);
	free(acc.i);
	return status;
}

enum twin_compute_status twin_compute_task(const struct twin_unit_regs *regs, uint32_t enable,
					   uint32_t dma_base, const struct twin_dma *dma,
					   const struct twin_workers *workers,
					   struct twin_compute_result *result)
{
	struct task t = { .regs = regs, .dma = dma, .workers = workers, .result = result, .dma_base = dma_base };

	memset(result, 0, sizeof(*result));
	if (enable != ENABLE_CONV && enable != ENABLE_CONV_RDMA && enable != ENABLE_FLYING && enable != ENABLE_POOL)
		return refuse(&t, RKNPU_GLOBAL_OPERATION_ENABLE, "this combination of enabled blocks");
	if (fields_parse(&t, enable) != TWIN_COMPUTE_OK)
		return TWIN_COMPUTE_REFUSED;
	switch (enable) {
	case ENABLE_FLYING:
		return flying_task(&t, enable);
	case ENABLE_POOL:
		return ppu_task(&t);
	default:
		return conv_task(&t, enable);
	}
}

void twin_compute_cost(const struct twin_unit_regs *regs, uint32_t enable,
		       struct twin_compute_result *result)
{
	struct twin_compute_result refusal;
	struct task t = { .regs = regs, .result = &refusal };
	struct conv conv;
	struct dpu dpu;

	memset(result, 0, sizeof(*result));
	switch (enable) {
	case ENABLE_CONV:
	case ENABLE_CONV_RDMA:
		if (conv_parse(&t, &conv) != TWIN_COMPUTE_OK)
			break;
		conv_cost(&conv, result);
		if (dpu_parse(&t, &conv, enable, &dpu) == TWIN_COMPUTE_OK)
			dpu_cost(&dpu, result);
		break;
	case ENABLE_FLYING:
		if (dpu_parse(&t, NULL, enable, &dpu) == TWIN_COMPUTE_OK)
			dpu_cost(&dpu, result);
		break;
	case ENABLE_POOL:
		result->memory_bytes = ppu_memory_bytes(&t);
		result->fills = result->memory_bytes ? 1 : 0;
		break;
	}
}
