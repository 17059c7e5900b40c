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

#include "compute.h"
#include "rknpu_regs.h"

/*
 * Both supported input types feed the MAC array in input groups of this many
 * channels [seen: client programs]; dense buffers are padded to it.
 */
#define LANES			32

/* Bound on each operand, so that absurd fields cannot exhaust the host */
#define MAX_OPERAND_BYTES	(256u << 20)

/* fp16 kernels are calculated this many at a time */
#define FP16_BLOCK		8

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

static inline uint32_t round_up(uint32_t value, uint32_t to)
{
	return (value + to - 1) / to * to;
}

/* Feature data as CNA fetches it; strides in atoms, but in pixels for packed pixels */
struct feature {
	uint32_t addr;
	uint32_t width, height;
	uint32_t channels;		/* those the kernels use */
	uint32_t packed_channels;	/* 0: NC1HWC2, else channels of a packed pixel */
	bool group_line_off;
	int32_t line_stride, surf_stride;
	uint32_t pad_bits;		/* one element, as it lies in memory */
};

/* Sliding window: input position of tap k of output x is x * stride - pad + k * dilation */
struct window {
	uint32_t width, height;
	uint32_t x_stride, y_stride;
	uint32_t x_dilation, y_dilation;
	uint32_t left, top;
};

/* A convolution, all of CNA and CORE */
struct conv {
	uint32_t precision;		/* RKNPU_PREC_INT8 or _FP16, features and weights alike */
	uint32_t element_bytes;
	struct feature feature;
	struct window window;
	uint32_t weight_addr;
	uint32_t weight_bytes;
	uint32_t kernels;
	uint32_t out_width, out_height, out_channels;
	uint32_t groups;		/* input groups of LANES channels, the last one may be short */
	uint32_t taps;
	size_t depth;			/* products per output, LANES * groups * taps */
	bool depthwise;
	bool is_float;			/* the accumulator will be */
	bool window_sums;		/* the accumulator will have them */
};

/*
 * Dense operands. The depth axis of weights and of gathered windows runs
 * input group, tap, lane, which is the order of the weight stream. What pads
 * the last group to LANES is zero on both sides.
 *
 * The element type follows the precision: int8 is widened to int16_t, fp16 to
 * float. @span exists for fp16 only: see fp16_span().
 */
struct dense_feature {
	void *data;			/* [group][y][x][lane] */
	uint8_t *span;			/* [group][y][x] */
	float pad_float;
	int16_t pad_int;
	uint8_t pad_span;
};

struct dense_weights {
	void *data;			/* int8: [kernel][depth]; fp16: [kernel / 8][depth][kernel % 8] */
	uint8_t *span;			/* [kernel / 8][group and tap], the widest of the block */
};

/* Gathered windows of consecutive pixels, in the layout of the weights' depth axis */
struct windows {
	void *data;			/* [pixel][depth], int16_t or double */
	uint8_t *spans;			/* [pixel][group and tap] */
	unsigned int pixels;
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

/* cna.c, weights.c, core.c */
enum twin_compute_status cna_parse(const struct task *t, struct conv *conv);
enum twin_compute_status cna_fetch_feature(const struct task *t, const struct conv *conv,
					   struct dense_feature *feature);
enum twin_compute_status cna_fetch_weights(const struct task *t, const struct conv *conv,
					   struct dense_weights *weights);
enum twin_compute_status core_parse(const struct task *t, struct conv *conv);
enum twin_compute_status core_run(const struct task *t, const struct conv *conv,
				  const struct dense_feature *feature,
				  const struct dense_weights *weights, struct accumulator *acc);

/* mac_int8.c, mac_fp16.c: all kernels of the gathered windows, the first of which is @out's first pixel */
void mac_int8(const struct conv *conv, const struct windows *windows,
	      const struct dense_weights *weights, struct accumulator *out);
void mac_fp16(const struct conv *conv, const struct windows *windows,
	      const struct dense_weights *weights, struct accumulator *out);

/* fp16.c */
float fp16_to_float(uint16_t bits);
uint16_t fp16_from_double(double value);
float fp32_canonical(float value);
uint64_t fp16_magnitude(uint16_t bits);
uint8_t fp16_span(uint64_t magnitudes);

#define FP16_NONFINITE		UINT64_MAX	/* fp16_magnitude() of Inf and NaN */
#define SPAN_NONFINITE		64

#endif /* TWIN_COMPUTE_PRIV_H */
