// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Set-ups of DPU and DPU_RDMA that no fact covers, or that hang silicon, are
 * refused before any DMA, naming the register.
 */
#include <string.h>

#include "back.h"
#include "tap.h"
#include "tests.h"

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

enum base {
	FLOAT_ADD,	/* flying, fp16, second cube from memory */
	INT_ADD,	/* flying, int16, second cube from memory */
	FLOAT_CONV,	/* convolution, fp16, second cube from memory */
	INT_CONV,	/* convolution, int8, bias per channel */
	LUT_TASK,	/* flying, fp16, lookup table */
};

static const struct change {
	const char *name;
	enum base base;
	uint32_t reg, clear, set;
	uint32_t blamed;	/* 0: @reg */
	uint32_t enable;	/* 0: that of the base */
} changes[] = {
	/* Units that take part, and source of the main input */
	{ "flying in DPU alone", FLOAT_ADD, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 1, 0 },
	{ "flying in DPU_RDMA alone", FLOAT_CONV, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0, 1 },
	{ "not flying without CNA", FLOAT_ADD, RKNPU_DPU_FEATURE_MODE_CFG, 1, 0 },
	{ "flying without MRDMA", FLOAT_ADD, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0, 0x10 },
	{ "flying with shared reads", FLOAT_ADD, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0, 5 << 8 },
	{ "flying with COMB_USE 1", FLOAT_ADD, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0, 1 << 8 },
	{ "flying with COMB_USE 2", FLOAT_ADD, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0, 2 << 8 },
	{ "MRDMA that nobody needs", INT_CONV, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0x10, 0 },
	{ "second cube without MRDMA's help", FLOAT_CONV, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0, 0x10 },
	{ "second cube without COMB_USE", FLOAT_CONV, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0x700, 0 },
	{ "second cube without ERDMA", FLOAT_ADD, RKNPU_DPU_RDMA_ERDMA_CFG, 0, 1 },
	{ "second cube without DPU_RDMA", FLOAT_CONV, RKNPU_DPU_EW_CFG, 0, 0, .enable = 0x0d },
	{ "bias without DPU_RDMA", INT_CONV, RKNPU_DPU_BS_CFG, 0, 0, .enable = 0x0d },
	{ "flying with shared reads in DPU alone", LUT_TASK, RKNPU_DPU_FEATURE_MODE_CFG, 0, 1u << 31 },
	{ "flying with shared reads in DPU_RDMA alone", LUT_TASK, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0, 3 << 8,
	  .blamed = RKNPU_DPU_FEATURE_MODE_CFG },
	{ "unpooling by maximum", FLOAT_ADD, RKNPU_DPU_RDMA_SRC_DMA_CFG, 0, 0x3249 },
	{ "unpooling with overlap", FLOAT_ADD, RKNPU_DPU_RDMA_SRC_DMA_CFG, 0, 0x1009 },
	{ "unpooling of a convolution", INT_CONV, RKNPU_DPU_RDMA_SRC_DMA_CFG, 0, 0x1249 },
	{ "unpooling without room for it", FLOAT_ADD, RKNPU_DPU_RDMA_SRC_DMA_CFG, 0, 0x1249,
	  .blamed = RKNPU_DPU_WDMA_SIZE1 },
	/* Precisions */
	{ "precision of the read DMA", FLOAT_ADD, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0x38000, 1 << 15 },
	{ "processing precision of the read DMA", FLOAT_ADD, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, 0xe0, 1 << 5 },
	{ "bf16 from memory", FLOAT_ADD, RKNPU_DPU_DATA_FORMAT, 0x1c000000, 3 << 26, .blamed = RKNPU_DPU_RDMA_FEATURE_MODE_CFG },
	{ "int4 from memory", FLOAT_ADD, RKNPU_DPU_DATA_FORMAT, 0x1c000000, 6 << 26, .blamed = RKNPU_DPU_RDMA_FEATURE_MODE_CFG },
	{ "other processing precision", FLOAT_ADD, RKNPU_DPU_DATA_FORMAT, 7, 1, .blamed = RKNPU_DPU_RDMA_FEATURE_MODE_CFG },
	{ "int16 output of fp16", FLOAT_ADD, RKNPU_DPU_DATA_FORMAT, 0xe0000000, 1 << 29 },
	{ "bf16 output of integers", INT_ADD, RKNPU_DPU_DATA_FORMAT, 0xe0000000, 3u << 29 },
	{ "serialized surfaces", FLOAT_ADD, RKNPU_DPU_DATA_FORMAT, 0, 8 },
	{ "cube of 8192 lines of 4 pixels, 8192 channels", FLOAT_ADD, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, 0, 0x1fff,
	  .blamed = RKNPU_DPU_WDMA_SIZE1 },
	{ "write DMA of other size", FLOAT_ADD, RKNPU_DPU_WDMA_SIZE1, 0, 0x1fff1fff },
	/* Stages */
	{ "BS maximum", INT_CONV, RKNPU_DPU_BS_CFG, 0xf0000, 0 },
	{ "BS operation 3", INT_CONV, RKNPU_DPU_BS_CFG, 0xf0000, 3 << 16 },
	{ "BS bit 9", INT_CONV, RKNPU_DPU_BS_CFG, 0, 0x200 },
	{ "BS RELUX without ReLU", INT_CONV, RKNPU_DPU_BS_CFG, 0, 0xc0 },
	{ "multiplier from a dense vector", INT_CONV, RKNPU_DPU_BS_MUL_CFG, 0, 1, .blamed = RKNPU_DPU_RDMA_BRDMA_CFG },
	{ "CPEND from a dense vector", INT_CONV, RKNPU_DPU_BS_OW_CFG, 2, 1, .blamed = RKNPU_DPU_RDMA_BRDMA_CFG },
	{ "shifts from memory", INT_CONV, RKNPU_DPU_RDMA_BRDMA_CFG, 0, 8 << 1 },
	{ "bias that is not read", INT_CONV, RKNPU_DPU_RDMA_BRDMA_CFG, 0x1e, 4 << 1 },
	{ "BS_MUL bit 1", INT_CONV, RKNPU_DPU_BS_MUL_CFG, 0, 2 },
	{ "BN operand that is not read", INT_CONV, RKNPU_DPU_BN_CFG, 0xffffffff, 0x20150,
	  .blamed = RKNPU_DPU_RDMA_NRDMA_CFG },
	{ "BN multiplier that is not read", INT_CONV, RKNPU_DPU_BN_MUL_CFG, 0, 1, .blamed = RKNPU_DPU_RDMA_NRDMA_CFG },
	{ "BN operand without DPU_RDMA", FLOAT_CONV, RKNPU_DPU_BN_CFG, 0xffffffff, 0x20150, .blamed = RKNPU_DPU_BS_CFG,
	  .enable = 0x0d },
	{ "BN maximum", FLOAT_ADD, RKNPU_DPU_BN_CFG, 0xffffffff, 0x50 },
	{ "shift of floats", LUT_TASK, RKNPU_DPU_BN_MUL_CFG, 0, 1 << 8 },
	{ "shift of negative floats", LUT_TASK, RKNPU_DPU_DATA_FORMAT, 0, 1 << 10 },
	{ "weight zero point without window sums", INT_ADD, RKNPU_DPU_BS_OW_CFG, 2, 1 },
	{ "weight zero point without QD_EN", INT_CONV, RKNPU_CORE_MISC_CFG, 1, 0, .blamed = RKNPU_DPU_BS_OW_CFG },
	/* EW */
	{ "EW_CFG 0", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0xffffffff, 0 },
	{ "EW bit 11", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0, 0x800 },
	{ "binary comparison", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0, 0x100000 },
	{ "comparison for equality of float sums", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0, 0x200000 },
	{ "comparison for equality of sums", INT_ADD, RKNPU_DPU_EW_CFG, 0, 0x200000 },
	{ "PReLU of a sum", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0, 0x20 },
	{ "PReLU of integers", INT_ADD, RKNPU_DPU_EW_CFG, 0, 0x24 },
	{ "operation 9", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0xf0000, 9 << 16 },
	{ "integer division", INT_ADD, RKNPU_DPU_EW_CFG, 0xf0000, 3 << 16 },
	{ "integer absolute", INT_ADD, RKNPU_DPU_EW_CFG, 0xf0000, 5 << 16 },
	{ "float product with conversion", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0, 4 },
	{ "float sum without conversion", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0, 0x100 },
	{ "one operand per channel in EW alone", FLOAT_ADD, RKNPU_DPU_EW_CFG, 3u << 28, 0,
	  .blamed = RKNPU_DPU_RDMA_ERDMA_CFG },
	{ "one operand per channel in ERDMA alone", FLOAT_ADD, RKNPU_DPU_RDMA_ERDMA_CFG, 3u << 30, 0 },
	{ "operands of two sizes", FLOAT_ADD, RKNPU_DPU_EW_CFG, 3 << 22, 1 << 22, .blamed = RKNPU_DPU_RDMA_ERDMA_CFG },
	{ "shift of EW's result", INT_ADD, RKNPU_DPU_EW_CVT_SCALE, 0, 1u << 22 },
	{ "shift of EW's negative result", INT_ADD, RKNPU_DPU_DATA_FORMAT, 0, 1u << 16 },
	{ "operands of two sizes", FLOAT_ADD, RKNPU_DPU_RDMA_ERDMA_CFG, 0, 4 },
	{ "conversion with scale 0", INT_ADD, RKNPU_DPU_EW_CVT_SCALE, 0xffff, 0 },
	{ "conversion of type 0", INT_ADD, RKNPU_DPU_EW_CFG, 0x80000000, 0 },
	{ "EW RELUX without ReLU", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0, 0x400 },
	{ "gaps between operand lines", FLOAT_ADD, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, 0, 1 << 16 },
	{ "gaps between operand lines of MRDMA", FLOAT_CONV, RKNPU_DPU_RDMA_SRC_DMA_CFG, 0, 1 << 19 },
	{ "register of RK3568", FLOAT_ADD, 0x5024, 0, 0x1f },
	{ "register of RK3576 or so", FLOAT_ADD, 0x40d0, 0, 1 },
	{ "joined tables", LUT_TASK, RKNPU_DPU_LUT_CFG, 0, 2 },
	{ "table that nobody wrote", FLOAT_ADD, RKNPU_DPU_EW_CFG, 0x80, 0, .blamed = RKNPU_DPU_LUT_ACCESS_DATA },
	{ "table with steps of 2^32", LUT_TASK, RKNPU_DPU_LUT_INFO, 0xff00, 32 << 8 },
	/* Output */
	{ "transposed output", FLOAT_ADD, RKNPU_DPU_BS_OW_CFG, 0, RKNPU_DPU_BS_OW_CFG_TP_ORG_EN,
	  .blamed = RKNPU_DPU_FEATURE_MODE_CFG },
	{ "regrouped output", FLOAT_ADD, RKNPU_DPU_FEATURE_MODE_CFG, 0, RKNPU_DPU_FEATURE_MODE_CFG_RGP_TYPE },
	{ "every other group", FLOAT_ADD, RKNPU_DPU_BS_OW_CFG, 0, RKNPU_DPU_BS_OW_CFG_RGP_CNTER },
	{ "regrouped output of values that are calculated", FLOAT_ADD, RKNPU_DPU_FEATURE_MODE_CFG, 0,
	  RKNPU_DPU_FEATURE_MODE_CFG_NONALIGN | 3 << 26 },
	{ "output without gaps", FLOAT_ADD, RKNPU_DPU_FEATURE_MODE_CFG, 0, RKNPU_DPU_FEATURE_MODE_CFG_NONALIGN },
	{ "minimum of channels", FLOAT_ADD, RKNPU_DPU_DATA_CUBE_HEIGHT, 0, 5 << 22 },
	{ "place of the maximum of channels", FLOAT_ADD, RKNPU_DPU_DATA_CUBE_HEIGHT, 0, 3 << 22 },
	{ "maximum of integer channels", INT_ADD, RKNPU_DPU_DATA_CUBE_HEIGHT, 0, 7 << 22 },
	{ "integer shift of floats", FLOAT_ADD, RKNPU_DPU_OUT_CVT_SHIFT, 0, 1 },
};

static struct shape base_shape(enum base base)
{
	switch (base) {
	case INT_ADD:
		return shape_flying(RKNPU_PREC_INT16, RKNPU_PREC_INT16, 4, 3, 16);
	case FLOAT_CONV:
		return shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 4, 3, 32, 16, 1, 1);
	case INT_CONV:
		return shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 4, 3, 32, 32, 1, 1);
	default:
		return shape_flying(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 4, 3, 16);
	}
}

static struct back base_back(enum base base)
{
	struct back b = { .flying = base != FLOAT_CONV && base != INT_CONV };

	b.operate = b.operand_memory = base != INT_CONV && base != LUT_TASK;
	b.op = RKNPU_EW_ALU_ADD;
	b.operand_size = 2;
	b.convert = base == INT_ADD;
	b.convert_scale = 1;
	b.convert_offset = 7;
	b.lut = base == LUT_TASK;
	if (base == LUT_TASK)
		b.bn = (struct back_stage){ .on = true, .mul = true, .mul_half = 0x3c00 };
	if (base == INT_CONV) {
		b.pend = true;
		b.pend_int = 3;
		b.bs = (struct back_stage){ .on = true, .alu = 2, .alu_memory = true, .mul = true, .mul_int = 1 };
		b.bn = (struct back_stage){ .on = true, .mul = true, .mul_int = 1 };
	}
	return b;
}

static void test_change(const struct change *c)
{
	struct shape s = base_shape(c->base);
	struct back b = base_back(c->base);
	uint32_t blamed = c->blamed ? c->blamed : c->reg;
	enum twin_compute_status status;
	struct program p;

	program_init(&p, &s, draw_int8, 0);
	back_init(&p, &b, draw_int8, 0);
	*program_reg(&p, c->reg) = (*program_reg(&p, c->reg) & ~c->clear) | c->set;
	if (c->enable)
		p.enable = c->enable;
	status = program_run(&p);
	tap_ok(status == TWIN_COMPUTE_REFUSED && p.result.refused_reg == blamed && strlen(p.result.reason) &&
	       !p.memory.reads && !p.memory.writes, "refused: %s (register 0x%x, %s)", c->name,
	       p.result.refused_reg, p.result.reason);
	program_free(&p);
	back_free(&b);
}

/* The unmodified bases are not refused */
static void test_bases(void)
{
	for (enum base base = FLOAT_ADD; base <= LUT_TASK; base++) {
		struct shape s = base_shape(base);
		struct back b = base_back(base);

		back_test(&s, &b, draw_int8, draw_int8, base, "not refused");
	}
}

void dpu_refuse_tests(void)
{
	test_bases();
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++)
		test_change(&changes[i]);
}
