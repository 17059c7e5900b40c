/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Internal to the compute library.
 *
 * A task runs in three steps: parse every register into the shapes below
 * (refusing before the first DMA), fetch into dense buffers, calculate and
 * write. A register is read in exactly one place, its unit's *_parse().
 */
#ifndef TWIN_COMPUTE_PRIV_H
#define TWIN_COMPUTE_PRIV_H

#include "units.h"

#include "compute.h"
#include "fp16.h"
#include "rknpu_regs.h"

/* Maximum number of channels in an input group of the MAC array; dense buffers are padded to whole groups */
#define LANES			32

/* Limit on the size of each operand, so absurd field values cannot exhaust host memory */
#define MAX_OPERAND_BYTES	(256u << 20)

/* Number of float kernels that are calculated at a time */
#define FLOAT_BLOCK		8

/*
 * Inner loops have one clone for AVX2 hosts, chosen at load time, and one for
 * any host. The sanitized build has only the latter, so both are tested.
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
	const struct twin_workers *workers;
	struct twin_compute_result *result;
	uint32_t dma_base;
	bool time_only;			/* no result is asked for, which may not be known */
};

static inline uint32_t reg_read(const struct task *t, uint32_t offset)
{
	return t->regs->block[offset >> 12][(offset & 0xfff) >> 2];
}

/* Value of the field selected by @mask, which is given at the field's position in the register */
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

static inline uint32_t load_le(const uint8_t *from, uint32_t count)
{
	uint32_t value = 0;

	for (uint32_t i = 0; i < count; i++)
		value |= (uint32_t)from[i] << (8 * i);
	return value;
}

/*
 * struct operand - properties that depend on the type of an operand
 * @bits: size of an element in memory
 * @dense_bytes: size of an element in dense operands: int16_t or float
 * @lanes: channels of an input group in dense operands
 * @weight_lanes: channels of an input group of weights in memory: all of @lanes or a part of them
 * @kernel_group: kernels of an output group
 * @depthwise_group: channels of a group of depthwise weights, 0 if not known
 * @is_float: the accumulator is a float
 * @pads: the effect of PAD_CON1 values other than 0 is known
 * @sums: the effect of window sums is known
 * @rate_shift: MACs per cycle are those of int8 >> this, or << if negative
 */
struct operand {
	uint8_t bits, dense_bytes, lanes, weight_lanes;
	uint8_t kernel_group, depthwise_group;
	bool is_float, pads, sums;
	int8_t rate_shift;
};

/* Input conversion, lane by lane: (x * scale >> truncate) + offset, or with the addition first */
struct in_cvt {
	bool on, add_first, is_signed, half_away;
	int32_t scale[4], offset[4];
	uint32_t truncate[4];
};

/* Feature data as CNA fetches it; strides are in atoms, or in pixels if pixels are packed */
struct feature {
	uint32_t addr;
	uint32_t width, height;
	uint32_t channels;		/* those that the kernels use */
	uint32_t stored_channels;	/* those of them that are in memory; the others are 0 */
	uint32_t packed_channels;	/* channels of a packed pixel, 0 for NC1HWC2 */
	bool group_line_off;
	int32_t line_stride, surf_stride;
	uint32_t pad_bits;		/* PAD_CON1 */
	struct in_cvt cvt;
};

/*
 * Sliding window: tap k of output x reads input position x * stride - pad + k * dilation.
 * In a deconvolution, pixels are 1 << spread apart, with zeros between them.
 */
struct window {
	uint32_t width, height;
	uint32_t x_stride, y_stride;
	uint32_t x_dilation, y_dilation;
	uint32_t x_spread, y_spread;
	uint32_t left, top;
};

#define DCOMP_LANES		16

/* A convolution: the whole set-up of CNA and CORE */
struct conv {
	uint32_t precision;		/* of both features and weights */
	const struct operand *operand;
	struct feature feature;
	struct window window;
	uint32_t weight_addr;
	uint32_t weight_bytes;		/* of the dense weights */
	bool compressed;
	uint32_t lane_bytes[DCOMP_LANES];	/* size of each lane of compressed weights */
	uint32_t kernels;
	uint32_t out_width, out_height, out_channels;
	uint32_t lanes;			/* channels of an input group */
	uint32_t groups;		/* input groups, the last one may be short */
	uint32_t taps;
	size_t depth;			/* products per output, lanes * groups * taps; of all channels if depthwise */
	bool depthwise;
	bool is_float;			/* the accumulator will be a float */
	bool window_sums;		/* the accumulator will have window sums */
};

/*
 * Dense operands. The depth axis of weights and of gathered windows has the
 * order input group, tap, lane, which is the order of the weight stream. The
 * lanes that pad the last group are zero in both operands.
 *
 * Integers are widened to int16_t, floats to float. @span is only used for
 * fp16, see fp16_span().
 */
struct dense_feature {
	void *data;			/* [group][y][x][lane] */
	uint8_t *span;			/* [group][y][x] */
	/* Padding around the image: [is this the last group][is the group's number odd][lane] */
	union {
		int16_t i[2][2][LANES];
		float f[2][2][LANES];
	} pad;
	uint8_t pad_span;
};

struct dense_weights {
	/* Integers: [kernel][depth]; floats: [kernel / 8][depth][kernel % 8]; depthwise: [depth] */
	void *data;
	uint8_t *span;			/* [kernel / 8][group and tap], the largest span in the block */
};

/* Gathered windows of consecutive pixels, in the layout of the weights' depth axis */
struct windows {
	void *data;			/* [pixel][depth], int16_t; fp16: double; other floats: float */
	uint8_t *spans;			/* [pixel][group and tap] */
	unsigned int pixels;
};

/* Location of the input groups of one window */
struct place {
	const void *lanes;
	uint8_t span;
};

/*
 * The data that CORE hands to the DPU: one 32-bit number per pixel and channel,
 * int32_t or float. All integer types are saturated to int32. Channel @c of
 * pixel @p is element p * pitch + c.
 *
 * @sums are QD_EN's window sums of the raw input, for int8 and int4 only, or
 * NULL if CORE makes none (struct conv says so beforehand). In a direct
 * convolution they are the same for all channels: @sum_channels is 1 and
 * element p belongs to pixel p. In a depthwise convolution, @sum_channels is
 * @pitch and they have the layout of the numbers themselves.
 */
struct accumulator {
	union {
		int32_t *i;
		float *f;
	};
	bool is_float;
	uint32_t pixels;
	uint32_t channels;
	uint32_t pitch;			/* elements from one pixel to the next */
	int32_t *sums;
	uint32_t sum_channels;
};

/* refuse.c */
enum twin_compute_status refuse(const struct task *t, uint32_t reg, const char *reason);
enum twin_compute_status out_of_memory(const struct task *t);

/* dma.c: accesses are split at the end of the address space, and their bytes are counted */
bool dma_read(const struct task *t, uint32_t addr, void *buf, size_t bytes);
bool dma_write(const struct task *t, uint32_t addr, const void *buf, size_t bytes);
bool dma_cancelled(const struct task *t);

/* Values in a piece of a loop that has as much to do for each */
#define PIECE_VALUES	16384

/* MACs of a direct convolution in the time of one of a depthwise one, or of a stage of the DPU for a value, roughly */
#define MACS_PER_VALUE	16

/*
 * spread.c: call @run for the iterations 0 to @count - 1 of a loop, in pieces of up to @piece, at the same time in
 * several threads if @work, in multiply-accumulates, is large. @thread is below spread_threads() and
 * differs between calls at the same time. Returns false if the task was cancelled; some calls are missing then.
 */
typedef void (*spread_fn)(void *arg, unsigned int thread, uint32_t first, uint32_t count);
bool spread(const struct task *t, uint64_t work, uint32_t count, uint32_t piece, spread_fn run, void *arg);
unsigned int spread_threads(const struct task *t, uint64_t work);

/* operand.c: operand_of() returns NULL for types that cannot be an input */
const struct operand *operand_of(uint32_t precision);
/*
 * Unpack elements @first to @first + @count - 1 of @from, placing them @stride
 * dense elements apart. Returns the argument for fp16_span(), 0 for other types.
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

/* A range of kernels, the first a multiple of FLOAT_BLOCK */
struct kernels {
	uint32_t first, end;
};

/* mac_*.c: apply some kernels to the gathered windows; the first window is @out's first pixel */
void mac_int8(const struct conv *conv, const struct windows *windows, const struct dense_weights *weights,
	      const struct kernels *kernels, struct accumulator *out);
void mac_int16(const struct conv *conv, const struct windows *windows, const struct dense_weights *weights,
	       const struct kernels *kernels, struct accumulator *out);
void mac_fp16(const struct conv *conv, const struct windows *windows, const struct dense_weights *weights,
	      const struct kernels *kernels, struct accumulator *out);
void mac_fp32(const struct conv *conv, const struct windows *windows, const struct dense_weights *weights,
	      const struct kernels *kernels, struct accumulator *out);

/* depthwise.c: one row of output */
void depthwise_row(const struct conv *conv, const struct dense_feature *feature,
		   const struct dense_weights *weights, uint32_t y, struct accumulator *acc);

#endif /* TWIN_COMPUTE_PRIV_H */
