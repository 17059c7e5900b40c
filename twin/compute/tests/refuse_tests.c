// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Set-ups that the facts do not cover are refused before any DMA, naming the
 * register.
 */
#include <string.h>

#include "program.h"
#include "run.h"
#include "tap.h"
#include "tests.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

struct change {
	const char *name;
	uint32_t reg, clear, set;
	uint32_t blamed;	/* 0: @reg */
	bool fp16;
};

static const struct change changes[] = {
	{ "int32 input", RKNPU_CNA_CONV_CON1, 0x3f0, 0x240 },
	{ "fp32 input", RKNPU_CNA_CONV_CON1, 0x3f0, 0x2d0 },
	{ "mixed precision", RKNPU_CNA_CONV_CON1, 0x380, 0x100 },
	{ "convolution mode 1", RKNPU_CNA_CONV_CON1, 0xf, 1 },
	{ "depthwise with 32 kernels", RKNPU_CNA_CONV_CON1, 0xf, 3, .blamed = RKNPU_CNA_WEIGHT_SIZE2 },
	{ "ARGB_IN without NONALIGN", RKNPU_CNA_CONV_CON1, 0, 8 << 12 },
	{ "NONALIGN without ARGB_IN", RKNPU_CNA_CONV_CON1, 0, RKNPU_CNA_CONV_CON1_NONALIGN_DMA },
	{ "ARGB_IN 12", RKNPU_CNA_CONV_CON1, 0, RKNPU_CNA_CONV_CON1_NONALIGN_DMA | 12 << 12 },
	{ "input conversion", RKNPU_CNA_CVT_CON0, 1, 0, .blamed = RKNPU_CNA_CVT_CON5 },
	{ "cores that work together", RKNPU_CNA_CONV_CON3, 0, 1 << 28 },
	{ "register that no client writes", 0x11fc, 0, 1 },
	/* RK3576's units have registers of their own, and others at the same places [seen: rknn-toolkit2 2.3.2 for rk3576] */
	{ "RK3576's convolution", 0x1018, 0, 0x40000404 },
	{ "RK3576's CORE", 0x3020, 0, 0xf },
	{ "RK3576's DPU", 0x401c, 0, 0x240 },
	{ "RK3576's channels of DPU", 0x402c, 0, 0xf },
	{ "serialized surfaces", RKNPU_CNA_DATA_SIZE3, 0, 2 << 22 },
	{ "skipping of zeros", RKNPU_CNA_FC_CON0, 0, 1 },
	{ "no kernel width", RKNPU_CNA_WEIGHT_SIZE2, 0x1f000000, 0 },
	{ "no kernel height", RKNPU_CNA_WEIGHT_SIZE2, 0x1f0000, 0 },
	{ "no kernels", RKNPU_CNA_WEIGHT_SIZE2, 0x3fff, 0 },
	{ "no channels", RKNPU_CNA_DATA_SIZE1, 0xffff, 0 },
	{ "no width", RKNPU_CNA_DATA_SIZE0, 0x7ff0000, 0 },
	{ "no height", RKNPU_CNA_DATA_SIZE0, 0x7ff, 0 },
	{ "more channels in kernels than in memory", RKNPU_CNA_WEIGHT_SIZE1, 0x7ffff, 65 },
	{ "kernel without bytes", RKNPU_CNA_WEIGHT_SIZE1, 0x7ffff, 0 },
	{ "compressed weights of another kind", RKNPU_CNA_DCOMP_CTRL, 0, 1, .blamed = RKNPU_CNA_DCOMP_REGNUM },
	{ "compression mode 2", RKNPU_CNA_DCOMP_CTRL, 0, 2 },
	{ "feature of 2047 x 2047 x 64 int8", RKNPU_CNA_DATA_SIZE0, 0, 0x07ff07ff },
	{ "CORE precision", RKNPU_CORE_MISC_CFG, 0x700, 0x200 },
	{ "CORE depthwise", RKNPU_CORE_MISC_CFG, 0, RKNPU_CORE_MISC_CFG_DW_EN },
	{ "truncation", RKNPU_CORE_CLIP_TRUNCATE, 0, 1 },
	{ "output of 65536 x 65536", RKNPU_CORE_DATAOUT_SIZE0, 0, 0xffffffff },
	{ "flying", RKNPU_DPU_FEATURE_MODE_CFG, 0, 1 },
	{ "output elsewhere", RKNPU_DPU_FEATURE_MODE_CFG, 6, 2 },
	{ "DPU depthwise", RKNPU_DPU_FEATURE_MODE_CFG, 0, 3 << 3 },
	{ "transpose", RKNPU_DPU_FEATURE_MODE_CFG, 0, RKNPU_DPU_FEATURE_MODE_CFG_TP_EN },
	{ "DPU precision", RKNPU_DPU_DATA_FORMAT, 7, 2 },
	{ "DPU input precision", RKNPU_DPU_DATA_FORMAT, 0x1c000000, 2 << 26 },
	{ "bf16 output", RKNPU_DPU_DATA_FORMAT, 0xe0000000, 3u << 29 },
	{ "int4 output", RKNPU_DPU_DATA_FORMAT, 0xe0000000, 6u << 29 },
	{ "int32 output of fp16", RKNPU_DPU_DATA_FORMAT, 0xe0000000, 4u << 29, .fp16 = true },
	{ "EW active", RKNPU_DPU_EW_CFG, 3, 0x40 },
	{ "LUT active", RKNPU_DPU_EW_CFG, 0x81, 0, .blamed = RKNPU_DPU_LUT_ACCESS_DATA },
	{ "EW_CFG 0", RKNPU_DPU_EW_CFG, 0xffffffff, 0 },
	{ "integer shift for fp16", RKNPU_DPU_OUT_CVT_SHIFT, 0, 1, .fp16 = true },
	{ "DPU width", RKNPU_DPU_DATA_CUBE_WIDTH, 0, 0x1000 },
	{ "DPU height", RKNPU_DPU_DATA_CUBE_HEIGHT, 0, 0x1000 },
	{ "DPU channels", RKNPU_DPU_DATA_CUBE_CHANNEL, 0, 0x1000 },
	{ "write DMA height", RKNPU_DPU_WDMA_SIZE1, 0, 0x10000000 },
	{ "write DMA channels", RKNPU_DPU_WDMA_SIZE0, 0, 0x1000, .blamed = RKNPU_DPU_WDMA_SIZE1 },
	{ "notches", RKNPU_DPU_DATA_CUBE_NOTCH, 0, 1 },
	{ "SIZE_E", RKNPU_DPU_BS_OW_CFG, 4, 0 },
	{ "transposed origin", RKNPU_DPU_BS_OW_CFG, 0, RKNPU_DPU_BS_OW_CFG_TP_ORG_EN,
	  .blamed = RKNPU_DPU_FEATURE_MODE_CFG },
};

static struct shape any_shape(bool fp16)
{
	return fp16 ? shape_matmul(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 4, 64, 32)
		    : shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 4, 64, 32);
}

static void test_change(const struct change *c)
{
	struct shape s = any_shape(c->fp16);
	enum twin_compute_status status;
	struct program p;

	program_init(&p, &s, draw_int8, 0);
	*program_reg(&p, c->reg) = (*program_reg(&p, c->reg) & ~c->clear) | c->set;
	status = program_run(&p);
	tap_ok(status == TWIN_COMPUTE_REFUSED &&
	       p.result.refused_reg == (c->blamed ? c->blamed : c->reg) &&
	       strlen(p.result.reason) && !p.memory.reads && !p.memory.writes,
	       "refused: %s (register 0x%x, %s)", c->name, p.result.refused_reg, p.result.reason);
	program_free(&p);
}

/* Fields at their limits must not overflow the calculation of the bounds */
static void test_weights_bound(void)
{
	struct shape s = any_shape(false);
	struct program p;

	program_init(&p, &s, draw_int8, 0);
	*program_reg(&p, RKNPU_CNA_WEIGHT_SIZE2) |= 0x3fff;
	*program_reg(&p, RKNPU_CNA_DATA_SIZE1) = 0xffff;
	*program_reg(&p, RKNPU_CNA_WEIGHT_SIZE1) = 0xffff;
	tap_ok(program_run(&p) == TWIN_COMPUTE_REFUSED &&
	       p.result.refused_reg == RKNPU_CNA_WEIGHT_SIZE2 && !p.memory.reads,
	       "refused: 16383 kernels of 65535 bytes");
	program_free(&p);
}

static void test_enable(void)
{
	static const uint32_t enables[] = { 0, 0x1, 0x5, 0x8, 0x20, 0x40, 0x2d, 0x3d, 0x78, 0xffffffff };
	struct shape s = any_shape(false);
	struct program p;

	program_init(&p, &s, draw_int8, 0);
	for (size_t i = 0; i < ARRAY_SIZE(enables); i++)
		tap_ok(task_run(&p.unit, enables[i], 0, &p.memory, &p.result) ==
		       TWIN_COMPUTE_REFUSED && p.result.refused_reg == RKNPU_GLOBAL_OPERATION_ENABLE && strlen(p.result.reason) &&
		       !p.memory.reads, "refused: enable bitmap 0x%x", enables[i]);
	program_free(&p);
}

static void test_cost(void)
{
	struct twin_compute_result cost;
	struct shape s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 7, 5, 40, 24, 3, 2);
	struct program p;

	program_init(&p, &s, draw_fp16_unit, 0);
	twin_compute_cost(&p.unit, ENABLE_CONV, &cost);
	tap_ok(cost.macs == 5ULL * 4 * 24 * 40 * 6 && cost.mac_rate_shift == 1 &&
	       !cost.bytes_read, "cost of an fp16 convolution");
	tap_ok(cost.mac_slots == 5ULL * 4 * 32 * 64 * 6 * 5 / 4 && cost.fills == 1,
	       "whole groups of channels and kernels, and a quarter");
	tap_ok(cost.memory_bytes == 7 * 5 * 40 * 2 + 24 * 40 * 6 * 2 + 5 * 4 * 24 * 4,
	       "features, weights and output, each once");
	tap_ok(program_run(&p) == TWIN_COMPUTE_OK && p.result.macs == cost.macs &&
	       p.result.mac_rate_shift == cost.mac_rate_shift && p.result.mac_slots == cost.mac_slots &&
	       p.result.memory_bytes == cost.memory_bytes, "the task reports the same cost");
	tap_ok(p.result.bytes_read == 7 * 5 * 40 * 2 + 24 * 40 * 6 * 2 &&
	       p.result.bytes_written == 5 * 4 * 24 * 4, "bytes read and written");
	twin_compute_cost(&p.unit, 0x60, &cost);
	tap_ok(!cost.macs, "pooling costs no MAC");
	*program_reg(&p, RKNPU_CNA_WEIGHT_SIZE2) = 0;
	twin_compute_cost(&p.unit, ENABLE_CONV, &cost);
	tap_ok(!cost.macs, "a refused convolution costs no MAC");
	program_free(&p);
}

void refuse_tests(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		test_change(&changes[i]);
	test_weights_bound();
	test_enable();
	test_cost();
}
