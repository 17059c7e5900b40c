// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "program.h"
#include "run.h"

#define FEATURE_ADDR	0x10000000u
#define WEIGHT_ADDR	0x40000000u
#define OUT_ADDR	0x80000000u

/* ---- shapes ------------------------------------------------------------ */

int shape_out_bytes(const struct shape *s)
{
	return element_bits(s->out_prec) / 8;
}

void shape_output(struct shape *s)
{
	int spread_x = s->deconv_x ? s->deconv_x : 1, spread_y = s->deconv_y ? s->deconv_y : 1;
	int width = (s->width - 1) * spread_x + 1, height = (s->height - 1) * spread_y + 1;

	s->out_w = (width + 2 * s->left - (s->kw - 1) * s->dx - 1) / s->sx + 1;
	s->out_h = (height + 2 * s->top - (s->kh - 1) * s->dy - 1) / s->sy + 1;
	s->dst_stride = s->out_w * s->out_h;
	s->surf_add = s->dst_stride * (s->size_e + 1);
}

struct shape shape_conv(uint32_t in_prec, uint32_t out_prec, int width, int height, int channels,
			int kernels, int kw, int kh)
{
	struct shape s = {
		.in_prec = in_prec, .out_prec = out_prec,
		.width = width, .height = height, .channels = channels,
		.line_stride = 4 * width, .surf_stride = width * (height - 4),
		.kernels = kernels, .kw = kw, .kh = kh,
		.sx = 1, .sy = 1, .dx = 1, .dy = 1,
		.out_c = kernels, .cvt_scale = 1,
		.feature_addr = FEATURE_ADDR, .weight_addr = WEIGHT_ADDR, .out_addr = OUT_ADDR,
	};

	s.size_e = in_prec == out_prec ? 1 : element_bits(in_prec) < 16 ? 7 : 3;
	shape_output(&s);
	return s;
}

struct shape shape_matmul(uint32_t in_prec, uint32_t out_prec, int m, int k, int n)
{
	return shape_conv(in_prec, out_prec, 1, m, k, n, 1, 1);
}

struct shape shape_depthwise(uint32_t in_prec, uint32_t out_prec, int width, int height, int channels,
			     int kw, int kh)
{
	struct shape s = shape_conv(in_prec, out_prec, width, height, channels, 1, kw, kh);

	s.depthwise = true;
	s.out_c = channels;
	s.size_e = 3;
	shape_output(&s);
	return s;
}

static int round_atoms(int elements, int bits)
{
	return (elements * bits + 127) / 128;
}

void shape_row_major(struct shape *s)
{
	s->layout = LAYOUT_ROWS;
	s->line_stride = round_atoms(s->channels, element_bits(s->in_prec));
	s->surf_stride = 0;
	s->notch = round_atoms(s->out_c, 8 * shape_out_bytes(s)) - 1;
	s->dst_stride = 1;
	s->surf_add = s->size_e + 1;
}

const char *shape_name(const struct shape *s)
{
	static const char *const precision[] = {
		"int8", "int16", "fp16", "bf16", "int32", "fp32", "int4", "tf32"
	};
	static const char *const layout[] = { "lines", "rows", "packed" };
	static char name[160];

	snprintf(name, sizeof(name),
		 "%s to %s, %s%s, %dx%dx%d by %d of %dx%d, stride %d %d, dilation %d %d, pad %d %d, size_e %d",
		 precision[s->in_prec], precision[s->out_prec],
		 s->depthwise ? "depthwise, " : s->deconv_x || s->deconv_y ? "deconv, " : "",
		 layout[s->layout], s->width, s->height, s->channels, s->kernels, s->kw, s->kh,
		 s->sx, s->sy, s->dx, s->dy, s->left, s->top, s->size_e);
	return name;
}

/* ---- registers ------------------------------------------------------------ */

uint32_t *program_reg(struct program *p, uint32_t offset)
{
	return &p->regs[offset >> 12][(offset & 0xfff) >> 2];
}

static void set(struct program *p, uint32_t offset, uint32_t mask, uint32_t value)
{
	*program_reg(p, offset) |= value << __builtin_ctz(mask) & mask;
}

#define SET(p, reg, field, value) set(p, RKNPU_##reg, RKNPU_##reg##_##field, value)

static void set_in_cvt(struct program *p, const struct shape *s)
{
	const struct pixel_cvt *cvt = &s->in_cvt;

	if (!cvt->on) {
		*program_reg(p, RKNPU_CNA_CVT_CON0) = RKNPU_CNA_CVT_CON0_BYPASS;
		return;
	}
	SET(p, CNA_CVT_CON0, TYPE, cvt->add_first);
	SET(p, CNA_CVT_CON0, DATA_SIGN, cvt->is_signed);
	SET(p, CNA_CVT_CON0, ROUND, cvt->away);
	for (int lane = 0; lane < 4; lane++) {
		*program_reg(p, RKNPU_CNA_CVT_CON0) |= cvt->truncate << (4 + 6 * lane);
		*program_reg(p, RKNPU_CNA_CVT_CON1 + 4 * lane) =
			(uint32_t)cvt->scale[lane] << 16 | (uint16_t)cvt->offset[lane];
	}
	*program_reg(p, RKNPU_CNA_CVT_CON5) = 0xffff;
}

static void set_cna(struct program *p, const struct shape *s)
{
	SET(p, CNA_CONV_CON1, IN_PREC, s->in_prec);
	SET(p, CNA_CONV_CON1, PROC_PREC, s->in_prec);
	SET(p, CNA_CONV_CON1, MODE, s->depthwise ? 3 : 0);
	SET(p, CNA_CONV_CON1, DECONV, s->deconv_x || s->deconv_y);
	SET(p, CNA_CONV_CON1, GROUP_LINE_OFF, s->layout != LAYOUT_LINES);
	SET(p, CNA_CONV_CON1, NONALIGN_DMA, s->layout == LAYOUT_PACKED);
	SET(p, CNA_CONV_CON1, ARGB_IN, s->layout == LAYOUT_PACKED ? 7 + s->packed : 0);
	SET(p, CNA_CONV_CON3, X_STRIDE, s->sx);
	SET(p, CNA_CONV_CON3, Y_STRIDE, s->sy);
	SET(p, CNA_CONV_CON3, X_DILATION, s->dx - 1);
	SET(p, CNA_CONV_CON3, Y_DILATION, s->dy - 1);
	SET(p, CNA_CONV_CON3, DECONV_X_STRIDE, s->deconv_x ? s->deconv_x - 1 : 0);
	SET(p, CNA_CONV_CON3, DECONV_Y_STRIDE, s->deconv_y ? s->deconv_y - 1 : 0);
	SET(p, CNA_DATA_SIZE0, WIDTH, s->width);
	SET(p, CNA_DATA_SIZE0, HEIGHT, s->height);
	SET(p, CNA_DATA_SIZE1, CHANNEL, s->stored ? s->stored : s->channels);
	SET(p, CNA_DATA_SIZE1, CHANNEL_REAL, s->channels - 1);
	SET(p, CNA_PAD_CON0, LEFT, s->left);
	SET(p, CNA_PAD_CON0, TOP, s->top);
	*program_reg(p, RKNPU_CNA_PAD_CON1) = s->pad;
	set_in_cvt(p, s);
	*program_reg(p, RKNPU_CNA_FEATURE_DATA_ADDR) = s->feature_addr;
	SET(p, CNA_DMA_CON1, LINE_STRIDE, (uint32_t)s->line_stride);
	SET(p, CNA_DMA_CON2, SURF_STRIDE, (uint32_t)s->surf_stride);
}

static void set_weights(struct program *p, const struct shape *s)
{
	uint32_t bytes = s->kw * s->kh * s->channels * element_bits(s->in_prec) / 8;

	*program_reg(p, RKNPU_CNA_WEIGHT_SIZE0) = bytes * s->kernels;
	SET(p, CNA_WEIGHT_SIZE1, BYTES_PER_KERNEL, bytes);
	SET(p, CNA_WEIGHT_SIZE2, WIDTH, s->kw);
	SET(p, CNA_WEIGHT_SIZE2, HEIGHT, s->kh);
	SET(p, CNA_WEIGHT_SIZE2, KERNELS, s->kernels);
	*program_reg(p, RKNPU_CNA_DCOMP_ADDR0) = s->weight_addr;
	SET(p, CORE_MISC_CFG, PROC_PREC, s->in_prec);
	SET(p, CORE_MISC_CFG, QD_EN, 1);
	SET(p, CORE_MISC_CFG, DW_EN, s->depthwise);
	SET(p, CORE_DATAOUT_SIZE0, WIDTH, s->out_w - 1);
	SET(p, CORE_DATAOUT_SIZE0, HEIGHT, s->out_h - 1);
	SET(p, CORE_DATAOUT_SIZE1, CHANNEL, s->out_c - 1);
}

static void set_dpu_sizes(struct program *p, const struct shape *s)
{
	*program_reg(p, RKNPU_DPU_DST_BASE_ADDR) = s->out_addr;
	SET(p, DPU_DST_SURF_STRIDE, MASK, s->dst_stride);
	SET(p, DPU_SURFACE_ADD, MASK, s->surf_add);
	SET(p, DPU_DATA_CUBE_WIDTH, MASK, s->out_w - 1);
	SET(p, DPU_DATA_CUBE_HEIGHT, MASK, s->out_h - 1);
	SET(p, DPU_DATA_CUBE_CHANNEL, PADDED, s->out_c - 1);
	SET(p, DPU_DATA_CUBE_CHANNEL, ORIG, s->out_c - 1);
	*program_reg(p, RKNPU_DPU_DATA_CUBE_NOTCH) = (s->notch & 0x1fff) | (uint32_t)(s->notch & 0x1fff) << 16;
	SET(p, DPU_WDMA_SIZE0, CHANNEL, s->out_c - 1);
	SET(p, DPU_WDMA_SIZE1, WIDTH, s->out_w - 1);
	SET(p, DPU_WDMA_SIZE1, HEIGHT, s->out_h - 1);
}

static void set_dpu(struct program *p, const struct shape *s)
{
	SET(p, DPU_FEATURE_MODE_CFG, OUTPUT, 2);
	SET(p, DPU_FEATURE_MODE_CFG, CONV_MODE, s->depthwise ? 3 : 0);
	SET(p, DPU_FEATURE_MODE_CFG, BURST, 15);
	SET(p, DPU_DATA_FORMAT, OUT_PREC, s->out_prec);
	/* The DPU has no code for tf32 */
	SET(p, DPU_DATA_FORMAT, IN_PREC, s->in_prec == RKNPU_PREC_TF32 ? RKNPU_PREC_FP32 : s->in_prec);
	SET(p, DPU_DATA_FORMAT, PROC_PREC, s->in_prec == RKNPU_PREC_TF32 ? RKNPU_PREC_FP32 : s->in_prec);
	*program_reg(p, RKNPU_DPU_BS_CFG) = 0x53;	/* as written by all clients */
	*program_reg(p, RKNPU_DPU_BN_CFG) = 0x53;
	*program_reg(p, RKNPU_DPU_EW_CFG) = 0x383;
	SET(p, DPU_BS_OW_CFG, OD_BYPASS, 1);
	SET(p, DPU_BS_OW_CFG, SIZE_E_0, s->size_e);
	SET(p, DPU_BS_OW_CFG, SIZE_E_1, s->size_e);
	SET(p, DPU_BS_OW_CFG, SIZE_E_2, s->size_e);
	*program_reg(p, RKNPU_DPU_OUT_CVT_OFFSET) = s->cvt_offset;
	SET(p, DPU_OUT_CVT_SCALE, SCALE, (uint16_t)s->cvt_scale);
	SET(p, DPU_OUT_CVT_SCALE, FP32TOFP16, s->out_prec == RKNPU_PREC_FP16);
	SET(p, DPU_OUT_CVT_SHIFT, SHIFT, s->cvt_shift);
	SET(p, DPU_OUT_CVT_SHIFT, MINUS_EXP, s->cvt_minus_exp);
	SET(p, DPU_OUT_CVT_SHIFT, ROUND, s->cvt_away);
}

/* ---- memory ---------------------------------------------------------------- */

static uint32_t *feature_at(const struct program *p, int c, int y, int x)
{
	const struct shape *s = &p->shape;

	return &p->feature[((size_t)c * s->height + y) * s->width + x];
}

static uint32_t *weight_at(const struct program *p, int k, int c, int ky, int kx)
{
	const struct shape *s = &p->shape;

	return &p->weights[(((size_t)k * s->channels + c) * s->kh + ky) * s->kw + kx];
}

uint32_t program_feature(const struct program *p, int c, int y, int x)
{
	/* A packed pixel has no more channels than these, and not all of them need be in memory */
	if (c >= stored_channels(&p->shape))
		return 0;
	return *feature_at(p, c, y, x);
}

uint32_t program_weight(const struct program *p, int k, int c, int ky, int kx)
{
	return *weight_at(p, k, c, ky, kx);
}

static void add_feature_region(struct program *p)
{
	const struct shape *s = &p->shape;
	int last = stored_channels(s) - 1, bits = element_bits(s->in_prec);
	int64_t low = INT64_MAX, high = INT64_MIN;

	for (int c = 0; c <= last; c++)
		for (int y = 0; y < s->height; y++) {
			int64_t from = feature_bit(s, c, y, 0) / 8;
			int64_t to = (feature_bit(s, c, y, s->width - 1) + bits + 7) / 8;

			low = from < low ? from : low;
			high = to > high ? to : high;
		}
	memory_add(&p->memory, REGION_FEATURE, s->dma_base + s->feature_addr + (uint32_t)low,
		   high - low);
}

static void add_regions(struct program *p)
{
	const struct shape *s = &p->shape;
	size_t high = 0;

	add_feature_region(p);
	memory_add(&p->memory, REGION_WEIGHTS, s->dma_base + s->weight_addr,
		   ((size_t)s->kernels * s->kw * s->kh * s->channels * element_bits(s->in_prec) + 7) / 8);
	for (int k = 0; k < s->out_c; k++) {
		size_t end = program_out_offset(s, k, s->out_h - 1, s->out_w - 1) +
			     shape_out_bytes(s);

		high = end > high ? end : high;
	}
	memory_add(&p->memory, REGION_OUTPUT, s->dma_base + s->out_addr, high);
}

static void fill(struct region *r, struct rng *rng)
{
	for (size_t i = 0; i < r->bytes; i++)
		r->data[i] = rng_next(rng);
}

/* Store to the bytes from @from on, little endian, low nibble first */
static void store(const struct shape *s, uint8_t *from, int64_t bit, uint32_t value)
{
	int bits = element_bits(s->in_prec);

	if (bits == 4) {
		from[bit / 8] &= bit % 8 ? 0x0f : 0xf0;
		from[bit / 8] |= (value & 0xf) << bit % 8;
		return;
	}
	for (int i = 0; i < bits; i += 8)
		from[(bit + i) / 8] = value >> i;
}

static void pack_feature(struct program *p)
{
	const struct shape *s = &p->shape;
	struct region *r = &p->memory.region[REGION_FEATURE];
	int channels = s->channels < stored_channels(s) ? s->channels : stored_channels(s);

	for (int c = 0; c < channels; c++)
		for (int y = 0; y < s->height; y++)
			for (int x = 0; x < s->width; x++) {
				int64_t bit = feature_bit(s, c, y, x);
				uint32_t addr = s->dma_base + s->feature_addr +
						(uint32_t)((bit - (bit & 7)) / 8);

				store(s, r->data + (uint32_t)(addr - r->addr), bit & 7,
				      *feature_at(p, c, y, x));
			}
}

void program_pack(struct program *p)
{
	const struct shape *s = &p->shape;

	pack_feature(p);
	for (int k = 0; k < s->kernels; k++)
		for (int c = 0; c < s->channels; c++)
			for (int ky = 0; ky < s->kh; ky++)
				for (int kx = 0; kx < s->kw; kx++)
					store(s, p->memory.region[REGION_WEIGHTS].data,
					      weight_bit(s, k, c, ky, kx),
					      *weight_at(p, k, c, ky, kx));
}

static uint32_t *draw_array(size_t count, draw_fn draw, struct rng *rng)
{
	uint32_t *array = malloc(count * sizeof(*array));

	if (!array)
		abort();
	for (size_t i = 0; i < count; i++)
		array[i] = draw(rng);
	return array;
}

void program_init(struct program *p, const struct shape *s, draw_fn draw, uint64_t seed)
{
	struct rng rng = { .state = seed * 0x9e3779b97f4a7c15ULL + 1 };

	memset(p, 0, sizeof(*p));
	p->shape = *s;
	p->enable = ENABLE_CONV;
	for (int i = 0; i < 8; i++)
		p->unit.block[i] = p->regs[i];
	set_cna(p, s);
	set_weights(p, s);
	set_dpu_sizes(p, s);
	set_dpu(p, s);
	add_regions(p);
	/* Bytes that no element covers must not matter: they are random, not zero */
	for (int i = 0; i < REGIONS; i++)
		fill(&p->memory.region[i], &rng);
	p->feature = draw_array((size_t)s->channels * s->height * s->width, draw, &rng);
	p->weights = draw_array((size_t)s->kernels * s->channels * s->kh * s->kw, draw, &rng);
	program_pack(p);
}

void program_free(struct program *p)
{
	memory_free(&p->memory);
	free(p->feature);
	free(p->weights);
}

enum twin_compute_status program_run(struct program *p)
{
	return task_run(&p->unit, p->enable, p->shape.dma_base, &p->memory, &p->result);
}
