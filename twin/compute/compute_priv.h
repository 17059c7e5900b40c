/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Shared by the files of the compute library only.
 *
 * A task runs in three steps: parse every register into the shapes below
 * (refusing before the first DMA), fetch into dense buffers, calculate and
 * write. A register is read in exactly one place, its unit's *_parse().
 */
#ifndef TWIN_COMPUTE_PRIV_H
#define TWIN_COMPUTE_PRIV_H

#include "units.h"

#include "compute.h"
#include "rknpu_regs.h"

/* Most channels that an input group of the MAC array has; dense buffers are padded to whole groups */
#define LANES			32

/* Bound on each operand, so that absurd fields cannot exhaust the host */
#define MAX_OPERAND_BYTES	(256u << 20)

/*
 * How long a task takes besides MACs and transfers. Together with what the MAC
 * array waits, a quarter, and 9 bytes per cycle it was fitted to the speeds that
 * Rockchip publishes for networks on one core of RK3588 (rknn_model_zoo, April
 * 2025): with these three MobileNetV2, ResNet-50, YOLOv5s, YOLOv5n and YOLOv8n
 * come out within a quarter.
 */
#define LATENCY_CYCLES		2000

/* Float kernels are calculated this many at a time */
#define FLOAT_BLOCK		8

/*
 * Inner loops: one clone for AVX2 hosts, chosen at load time, one for any host.
 * The sanitized build has only the latter, so both are tested.
 */
#if defined(__x86_64__) && !defined(TWIN_NO_CLONES)
#define HOT_LOOP __attribute__((target_clones("avx2", "default")))
#else
#define HOT_LOOP
#endif

/* State of one call */
struct task {
	const struct twin_unit_regs *regs;
	const struct twin_dma *dma;
	struct twin_compute_result *result;
	uint32_t dma_base;
};

static inline uint32_t reg_read(const struct task *t, uint32_t offset)
{
	return t->regs->block[offset >> 12][(offset & 0xfff) >> 2];
}

/* Value of the field that @mask, given in place, selects */
static inline uint32_t field_get(uint32_t mask, uint32_t value)
{
	return (value & mask) >> __builtin_ctz(mask);
}

static inline uint32_t reg_field(const struct task *t, uint32_t offset, uint32_t mask)
{
	return field_get(mask, reg_read(t, offset));
}

static inline uint32_t min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline int32_t saturate32(int64_t value)
{
	if (value > INT32_MAX)
		return INT32_MAX;
	return value < INT32_MIN ? INT32_MIN : (int32_t)value;
}

static inline uint32_t round_up(uint32_t value, uint32_t to)
{
	return (value + to - 1) / to * to;
}

/*
 * struct operand - what the type of an operand decides
 * @bits: in memory
 * @dense_bytes: in dense operands: int16_t, or float
 * @lanes: channels of an input group, as operands are kept here
 * @weight_lanes: the same in memory, of weights; all of it or a part
 * @kernel_group: kernels of an output group
 * @depthwise_group: channels of a group of depthwise weights, 0: not known
 * @is_float: the accumulator is
 * @pads: values of PAD_CON1 other than 0 are known
 * @sums: window sums are known
 * @rate_shift: MACs per cycle are those of int8 >> this, or << if negative
 */
struct operand {
	uint8_t bits, dense_bytes, lanes, weight_lanes;
	uint8_t kernel_group, depthwise_group;
	bool is_float, pads, sums;
	int8_t rate_shift;
};

/* Input conversion, lane by lane: (x * scale >> truncate) + offset, or the addition first */
struct in_cvt {
	bool on, add_first, is_signed, half_away;
	int32_t scale[4], offset[4];
	uint32_t truncate[4];
};

/* Feature data as CNA fetches it; strides in atoms, but in pixels for packed pixels */
struct feature {
	uint32_t addr;
	uint32_t width, height;
	uint32_t channels;		/* those the kernels use */
	uint32_t stored_channels;	/* those of them that memory has, the others are 0 */
	uint32_t packed_channels;	/* 0: NC1HWC2, else channels of a packed pixel */
	bool group_line_off;
	int32_t line_stride, surf_stride;
	uint32_t pad_bits;		/* PAD_CON1 */
	struct in_cvt cvt;
};

/*
 * Sliding window: input position of tap k of output x is x * stride - pad + k * dilation.
 * A deconvolution has its pixels 1 << spread apart, with zeros between them.
 */
struct window {
	uint32_t width, height;
	uint32_t x_stride, y_stride;
	uint32_t x_dilation, y_dilation;
	uint32_t x_spread, y_spread;
	uint32_t left, top;
};

#define DCOMP_LANES		16

/* A convolution, all of CNA and CORE */
struct conv {
	uint32_t precision;		/* features and weights alike */
	const struct operand *operand;
	struct feature feature;
	struct window window;
	uint32_t weight_addr;
	uint32_t weight_bytes;		/* dense */
	bool compressed;
	uint32_t lane_bytes[DCOMP_LANES];	/* compressed: of each lane */
	uint32_t kernels;
	uint32_t out_width, out_height, out_channels;
	uint32_t lanes;			/* channels of an input group */
	uint32_t groups;		/* input groups, the last one may be short */
	uint32_t taps;
	size_t depth;			/* products per output, lanes * groups * taps; of all channels if depthwise */
	bool depthwise;
	bool is_float;			/* the accumulator will be */
	bool window_sums;		/* the accumulator will have them */
};

/*
 * Dense operands. The depth axis of weights and of gathered windows runs
 * input group, tap, lane, which is the order of the weight stream. What pads
 * the last group to whole lanes is zero on both sides.
 *
 * Integers are widened to int16_t, floats to float. @span is for fp16: see
 * fp16_span().
 */
struct dense_feature {
	void *data;			/* [group][y][x][lane] */
	uint8_t *span;			/* [group][y][x] */
	/* What lies around the image: [is the last group][is the group's number odd][lane] */
	union {
		int16_t i[2][2][LANES];
		float f[2][2][LANES];
	} pad;
	uint8_t pad_span;
};

struct dense_weights {
	/* Integers: [kernel][depth]; floats: [kernel / 8][depth][kernel % 8]; depthwise: [depth] */
	void *data;
	uint8_t *span;			/* [kernel / 8][group and tap], the widest of the block */
};

/* Gathered windows of consecutive pixels, in the layout of the weights' depth axis */
struct windows {
	void *data;			/* [pixel][depth], int16_t; fp16: double; other floats: float */
	uint8_t *spans;			/* [pixel][group and tap] */
	unsigned int pixels;
};

/* Input groups of one window: where they are */
struct place {
	const void *lanes;
	uint8_t span;
};

/*
 * What CORE hands to the DPU: one 32-bit number per pixel and channel, int32_t
 * or float. All integer types come saturated to int32. Channel @c of pixel @p
 * is element p * pitch + c.
 *
 * @sums are QD_EN's window sums of the raw input, for int8 and int4 only, NULL
 * if CORE makes none (struct conv says so beforehand). They are the same for
 * all channels of a direct convolution: @sum_channels is 1 and element p is
 * pixel p's. For depthwise, @sum_channels is @pitch and they lie like the
 * numbers themselves.
 */
struct accumulator {
	union {
		int32_t *i;
		float *f;
	};
	bool is_float;
	uint32_t pixels;
	uint32_t channels;
	uint32_t pitch;			/* elements from pixel to pixel */
	int32_t *sums;
	uint32_t sum_channels;
};

/* task.c */
enum twin_compute_status refuse(const struct task *t, uint32_t reg, const char *reason);
enum twin_compute_status out_of_memory(const struct task *t);

/* dma.c: split at the end of the address space, count bytes */
bool dma_read(const struct task *t, uint32_t addr, void *buf, size_t bytes);
bool dma_write(const struct task *t, uint32_t addr, const void *buf, size_t bytes);
bool dma_cancelled(const struct task *t);

/* operand.c: NULL for what cannot be an input */
const struct operand *operand_of(uint32_t precision);
/*
 * Elements @first to @first + @count - 1 of @from, @stride dense elements
 * apart; returns what fp16_span() wants to know about them, 0 for other types.
 */
uint64_t operand_unpack(uint32_t precision, const uint8_t *from, size_t first, uint32_t count,
			void *to, size_t stride);

/* cna.c, in_cvt.c, feature.c, weights.c, dcomp.c */
enum twin_compute_status cna_parse(const struct task *t, struct conv *conv);
enum twin_compute_status in_cvt_parse(const struct task *t, const struct conv *conv, struct in_cvt *cvt);
void in_cvt_run(const struct in_cvt *cvt, const uint8_t *from, uint32_t count, int16_t *to);
enum twin_compute_status cna_fetch_feature(const struct task *t, const struct conv *conv,
					   struct dense_feature *feature);
enum twin_compute_status cna_fetch_weights(const struct task *t, const struct conv *conv,
					   struct dense_weights *weights);
enum twin_compute_status dcomp_parse(const struct task *t, struct conv *conv);
enum twin_compute_status dcomp_fetch(const struct task *t, const struct conv *conv, uint8_t *dense);

/* core.c, place.c */
enum twin_compute_status core_parse(const struct task *t, struct conv *conv);
enum twin_compute_status core_run(const struct task *t, const struct conv *conv,
				  const struct dense_feature *feature,
				  const struct dense_weights *weights, struct accumulator *acc);
struct place place_of(const struct conv *conv, const struct dense_feature *feature,
		      uint32_t group, int64_t y, int64_t x);
bool window_leaves_image(const struct conv *conv);

/* mac_*.c: all kernels of the gathered windows, the first of which is @out's first pixel */
void mac_int8(const struct conv *conv, const struct windows *windows,
	      const struct dense_weights *weights, struct accumulator *out);
void mac_int16(const struct conv *conv, const struct windows *windows,
	       const struct dense_weights *weights, struct accumulator *out);
void mac_fp16(const struct conv *conv, const struct windows *windows,
	      const struct dense_weights *weights, struct accumulator *out);
void mac_fp32(const struct conv *conv, const struct windows *windows,
	      const struct dense_weights *weights, struct accumulator *out);

/* depthwise.c: one row of output */
void depthwise_row(const struct conv *conv, const struct dense_feature *feature,
		   const struct dense_weights *weights, uint32_t y, struct accumulator *acc);

/* fp16.c */
float fp16_to_float(uint16_t bits);
float fp32_canonical(float value);
uint64_t fp16_magnitude(uint16_t bits);
uint8_t fp16_span(uint64_t magnitudes);

#define FP16_NONFINITE		UINT64_MAX	/* fp16_magnitude() of Inf and NaN */
#define SPAN_NONFINITE		64

#endif /* TWIN_COMPUTE_PRIV_H */
