// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Refusals of CNA and CORE that depend on more than one register, together with
 * similar set-ups that are accepted.
 */
#include <string.h>

#include "border.h"
#include "tap.h"
#include "tests.h"

static void init(struct program *p, const struct shape *s)
{
	program_init(p, s, draw_int8, 0);
}

static void set(struct program *p, uint32_t reg, uint32_t clear, uint32_t bits)
{
	*program_reg(p, reg) = (*program_reg(p, reg) & ~clear) | bits;
}

/* Consumes @p */
static void refused(struct program *p, uint32_t blamed, const char *name)
{
	tap_ok(program_run(p) == TWIN_COMPUTE_REFUSED && p->result.refused_reg == blamed &&
	       strlen(p->result.reason) && !p->memory.reads && !p->memory.writes,
	       "refused: %s (register 0x%x, %s)", name, p->result.refused_reg, p->result.reason);
	program_free(p);
}

static void accepted(struct program *p, const char *name)
{
	tap_ok(border_runs(p), "accepted: %s", name);
	program_free(p);
}

static void test_depthwise(void)
{
	struct shape s = shape_depthwise(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 5, 5, 64, 3, 3);
	struct program p;

	init(&p, &s);
	set(&p, RKNPU_CORE_MISC_CFG, RKNPU_CORE_MISC_CFG_DW_EN, 0);
	refused(&p, RKNPU_CORE_MISC_CFG, "depthwise in CNA but not in CORE");
	s = shape_depthwise(RKNPU_PREC_INT4, RKNPU_PREC_INT16, 5, 5, 64, 3, 3);
	init(&p, &s);
	refused(&p, RKNPU_CNA_CONV_CON1, "depthwise int4");
	s = shape_depthwise(RKNPU_PREC_TF32, RKNPU_PREC_FP32, 5, 5, 64, 3, 3);
	init(&p, &s);
	refused(&p, RKNPU_CNA_CONV_CON1, "depthwise tf32");
}

static struct shape deconv(void)
{
	struct shape s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 20, 20, 8, 16, 3, 3);

	s.deconv_x = s.deconv_y = 2;
	return s;
}

static void test_deconv(void)
{
	static const int idle[] = { 3, 5, 6, 7 };
	struct shape s = deconv();
	struct program p;

	s.sx = 2;
	init(&p, &s);
	refused(&p, RKNPU_CNA_CONV_CON3, "deconvolution with stride");
	s = deconv();
	s.dy = 2;
	init(&p, &s);
	refused(&p, RKNPU_CNA_CONV_CON3, "deconvolution with dilation");
	s = deconv();
	s.top = 12;
	init(&p, &s);
	refused(&p, RKNPU_CNA_PAD_CON0, "deconvolution by two with padding of 12");
	s.top = 11;
	shape_output(&s);
	program_init(&p, &s, draw_fp16_unit, 0);
	accepted(&p, "deconvolution by two with padding of 11");
	s.deconv_y = 4;
	s.top = 12;
	shape_output(&s);
	program_init(&p, &s, draw_fp16_unit, 0);
	accepted(&p, "deconvolution by four with padding of 12");
	/* Distances that are not a power of two do nothing, and neither do the fields without the bit */
	for (size_t i = 0; i < sizeof(idle) / sizeof(idle[0]); i++) {
		s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 7, 6, 8, 16, 3, 3);
		s.sx = 2;
		shape_output(&s);
		program_init(&p, &s, draw_fp16_unit, i);
		set(&p, RKNPU_CNA_CONV_CON1, 0, RKNPU_CNA_CONV_CON1_DECONV);
		set(&p, RKNPU_CNA_CONV_CON3, 0, (idle[i] - 1) << 8 | (idle[i] - 1) << 11);
		accepted(&p, "deconvolution that is none");
	}
	program_init(&p, &s, draw_fp16_unit, 0);
	set(&p, RKNPU_CNA_CONV_CON3, 0, 1 << 8 | 7 << 11);
	accepted(&p, "strides of deconvolution without DECONV");
}

/* The padding value is known for int8 and fp16; for others it only matters if there is padding */
static void test_padding(void)
{
	static const struct {
		uint32_t prec, out;
		draw_fn draw;
	} types[] = {
		{ RKNPU_PREC_INT4, RKNPU_PREC_INT16, draw_int4 },
		{ RKNPU_PREC_INT16, RKNPU_PREC_INT32, draw_int16 },
		{ RKNPU_PREC_BF16, RKNPU_PREC_FP32, draw_bf16_unit },
		{ RKNPU_PREC_TF32, RKNPU_PREC_FP32, draw_fp32_unit },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct shape s = shape_conv(types[i].prec, types[i].out, 6, 5, 8, 16, 3, 3);
		struct program p;

		s.pad = 1;
		program_init(&p, &s, types[i].draw, i);
		accepted(&p, "value of padding without padding");
		s.out_w++;
		init(&p, &s);
		refused(&p, RKNPU_CNA_PAD_CON1, "value of padding to the right");
		s.out_w--;
		s.out_h++;
		init(&p, &s);
		refused(&p, RKNPU_CNA_PAD_CON1, "value of padding below");
		s.out_h--;
		s.left = 1;
		init(&p, &s);
		refused(&p, RKNPU_CNA_PAD_CON1, "value of padding to the left");
		s.left = 0;
		s.top = 1;
		init(&p, &s);
		refused(&p, RKNPU_CNA_PAD_CON1, "value of padding above");
	}
}

static void test_packed_int4(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT4, RKNPU_PREC_INT16, 6, 5, 4, 16, 1, 1);
	struct program p;

	s.layout = LAYOUT_PACKED;
	s.packed = 4;
	s.line_stride = 6;
	init(&p, &s);
	refused(&p, RKNPU_CNA_CONV_CON1, "packed pixels of int4");
}

/* Fields that have no effect on results, and fields that wrap */
static void test_ignored(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 9, 7, 40, 33, 3, 2);
	struct program p;

	s.left = 2;
	s.pad = 0x5a;
	shape_output(&s);
	init(&p, &s);
	set(&p, RKNPU_CNA_CBUF_CON0, 0, 0xffffffff);
	set(&p, RKNPU_CNA_CBUF_CON1, 0, 0x12345678);
	set(&p, RKNPU_CNA_CONV_CON2, 0, 0xffffffff);
	set(&p, RKNPU_CNA_FC_DATA_SIZE0, 0, 0xffffffff);
	set(&p, RKNPU_CNA_FC_DATA_SIZE1, 0, 0xffffffff);
	set(&p, RKNPU_CNA_DATA_SIZE2, 0, 0xffffffff);
	set(&p, RKNPU_CNA_DATA_SIZE3, 0, 0xff3fffff);
	set(&p, RKNPU_CNA_WEIGHT_SIZE0, 0, 0xffffffff);
	set(&p, RKNPU_CORE_MAC_GATING, 0, 0x07800800);
	accepted(&p, "reuse, FC banks, grains, copies of the output size");
	init(&p, &s);
	set(&p, RKNPU_CNA_DATA_SIZE0, 0, 0xf800f800);
	set(&p, RKNPU_CNA_PAD_CON0, 0, 0xffffff00);
	set(&p, RKNPU_CNA_DMA_CON1, 0, 0xf0000000);
	set(&p, RKNPU_CNA_DMA_CON2, 0, 0xf0000000);
	set(&p, RKNPU_CNA_WEIGHT_SIZE1, 0, 0xfff80000);
	set(&p, RKNPU_CNA_WEIGHT_SIZE2, 0, 0xe0e0c000);
	accepted(&p, "fields wrap at their width");
	/* Memory may hold more channels than the kernels have */
	init(&p, &s);
	set(&p, RKNPU_CNA_DATA_SIZE1, 0xffff, 0xffff);
	accepted(&p, "more channels in memory than in kernels");
}

void refuse_cna_tests(void)
{
	test_depthwise();
	test_deconv();
	test_padding();
	test_packed_int4();
	test_ignored();
}
