/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * A convolution as a client would program it: registers, and operands packed
 * into device memory. Written from the layout formulas, element by element;
 * shares no code with the library.
 */
#ifndef TWIN_COMPUTE_PROGRAM_H
#define TWIN_COMPUTE_PROGRAM_H

#include "memory.h"
#include "rknpu_regs.h"

enum layout {
	LAYOUT_LINES,		/* NC1HWC2, lines in groups of four */
	LAYOUT_ROWS,		/* GROUP_LINE_OFF */
	LAYOUT_PACKED,		/* pixels of 1..4 channels */
};

/* Input conversion; the lane of a packed pixel is its channel */
struct pixel_cvt {
	bool on, add_first, is_signed, away;
	int truncate;
	uint16_t scale[4];
	int16_t offset[4];
};

/* Members that are 0 after shape_conv() and shape_matmul() keep their hardware meaning */
struct shape {
	uint32_t in_prec, out_prec;
	enum layout layout;
	int width, height, channels;
	int stored;			/* channels in memory, if fewer than the kernels have; 0: all */
	int packed;			/* channels of a packed pixel */
	int line_stride, surf_stride;
	int kernels, kw, kh, sx, sy, dx, dy, left, top;
	bool depthwise;		/* one kernel, @channels output channels */
	int deconv_x, deconv_y;	/* distance of input pixels; 0: no deconvolution */
	struct pixel_cvt in_cvt;
	uint32_t pad;
	int out_w, out_h, out_c;
	int size_e, notch, dst_stride, surf_add;
	int32_t cvt_offset;
	int16_t cvt_scale;
	int cvt_shift, cvt_minus_exp;
	bool cvt_away;
	uint32_t dma_base;
	uint32_t feature_addr, weight_addr, out_addr;
};

/* Usual settings; the output is NC1HWC2 with one surface per atom */
struct shape shape_matmul(uint32_t in_prec, uint32_t out_prec, int m, int k, int n);
struct shape shape_conv(uint32_t in_prec, uint32_t out_prec, int width, int height, int channels,
			int kernels, int kw, int kh);
struct shape shape_depthwise(uint32_t in_prec, uint32_t out_prec, int width, int height, int channels,
			     int kw, int kh);
void shape_output(struct shape *s);	/* recalculate output size and strides from the window */
void shape_row_major(struct shape *s);	/* matmul: row-major A and C */
int shape_out_bytes(const struct shape *s);
const char *shape_name(const struct shape *s);

/* Pseudo-random numbers with a fixed seed */
struct rng {
	uint64_t state;
};

uint32_t rng_next(struct rng *rng);
int rng_range(struct rng *rng, int low, int high);

/* Returns the bits of one operand element as in memory, lowest first */
typedef uint32_t (*draw_fn)(struct rng *rng);
uint32_t draw_int4(struct rng *rng);
uint32_t draw_int8(struct rng *rng);
uint32_t draw_int16(struct rng *rng);
uint32_t draw_int16_small(struct rng *rng);
uint32_t draw_fp16_unit(struct rng *rng);	/* uniform in -1..1 */
uint32_t draw_fp16_small_int(struct rng *rng);
uint32_t draw_fp16_any_finite(struct rng *rng);
uint32_t draw_fp16_any(struct rng *rng);	/* including Inf and NaN */
uint32_t draw_bf16_unit(struct rng *rng);
uint32_t draw_bf16_wide(struct rng *rng);	/* 80 binary orders of magnitude */
uint32_t draw_bf16_any(struct rng *rng);
uint32_t draw_fp32_unit(struct rng *rng);	/* fp32, the format of tf32 in memory */
uint32_t draw_fp32_wide(struct rng *rng);
uint32_t draw_fp32_any(struct rng *rng);

struct back;

struct program {
	struct shape shape;
	uint32_t enable;
	const struct back *back;	/* stages after the main input; NULL: bypassed */
	uint32_t regs[8][1024];
	struct twin_unit_regs unit;
	struct memory memory;
	uint32_t *feature;		/* [c][y][x] */
	uint32_t *weights;		/* [k][c][ky][kx] */
	struct twin_compute_result result;
};

#define ENABLE_CONV (RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE | RKNPU_ENABLE_DPU)

void program_init(struct program *p, const struct shape *s, draw_fn draw, uint64_t seed);
void program_free(struct program *p);
uint32_t *program_reg(struct program *p, uint32_t offset);
void program_pack(struct program *p);	/* call again after changing @feature or @weights */
enum twin_compute_status program_run(struct program *p);

uint32_t program_feature(const struct program *p, int c, int y, int x);
uint32_t program_weight(const struct program *p, int k, int c, int ky, int kx);

/* layout.c: offsets in bits from the programmed base */
int element_bits(uint32_t precision);
int stored_channels(const struct shape *s);	/* channels in memory per pixel: whole atoms, or the packed ones */
int64_t feature_bit(const struct shape *s, int c, int y, int x);
int64_t weight_bit(const struct shape *s, int k, int c, int ky, int kx);
uint32_t program_out_offset(const struct shape *s, int k, int y, int x);

#endif /* TWIN_COMPUTE_PROGRAM_H */
