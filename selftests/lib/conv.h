/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * A convolution as a task: its registers, and the location of each element in
 * memory. A matrix product is the convolution of 1 x M pixels with 1 x 1 kernels.
 *
 * Cubes are NC1HWC2 without gaps: atoms of 16 bytes, each with adjacent channels
 * of one pixel, surface after surface. The output of one task has the layout of
 * the input of the next.
 */
#ifndef CONV_H
#define CONV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "regcmd.h"

/*
 * struct conv_task - sizes are actual values, addresses are device addresses
 * @in_prec, @out_prec: RKNPU_PREC_*
 * @channels: channels of the input, as many as the kernels have
 * @depthwise: one kernel for each channel; @kernels is ignored. int8: whole groups of 64 channels
 * @rows: the CNA steps line by line instead of by groups of four; the layout in memory is the same
 * @packed: the input is a picture of adjacent pixels with this number of channels, 1 to 4; further channels are 0
 * @center: packed int8 pixels are unsigned, and 128 is subtracted
 * @dx, @dy: dilation, 0 = none
 * @deconv_x, @deconv_y: distance of input pixels, with zeros in between; 0 = none
 * @left, @top: padding; right and bottom follow from @out_w, @out_h
 * @pad: PAD_CON1; for int8 a byte in each lane, 0x5a5a5a5a
 * @in, @weights, @out: 16-byte aligned
 * @bias: address of one int32, or fp32 for float types, per output channel; 0 = none
 * @relu: negative results become 0, before output conversion
 * @weight_zero: weight zero point, int8 only
 * @scale, @shift, @offset: integer results become (x * scale >> shift) + offset, half to even,
 *	saturated; @scale 0 acts as 1
 */
struct conv_task {
	uint32_t in_prec, out_prec;
	bool depthwise;
	unsigned int width, height, channels;
	unsigned int kernels, kw, kh, sx, sy, dx, dy, deconv_x, deconv_y, left, top;
	unsigned int out_w, out_h;
	uint32_t pad;
	uint32_t in, weights, out, bias;
	bool relu;
	int weight_zero;
	int scale, offset;
	unsigned int shift;
	bool rows, center;
	unsigned int packed;
};

/* Sets strides of 1 and an output size for the padding on right and bottom to be the same as @left and @top */
void conv_defaults(struct conv_task *t);

/* Appends one task without its tail, writing every register that it depends on */
void conv_segment(struct regcmd *rc, const struct conv_task *t);
#define CONV_WORDS	160	/* maximum */
/* Returns the blocks that take part */
uint32_t conv_enable(const struct conv_task *t);

unsigned int conv_out_channels(const struct conv_task *t);
unsigned int prec_bits(uint32_t precision);

/* Sizes of the operands in memory, in whole atoms */
size_t conv_in_bytes(const struct conv_task *t);
size_t conv_weight_bytes(const struct conv_task *t);
size_t conv_out_bytes(const struct conv_task *t);

/* Index of an element from the start of the operand, in elements of its type */
size_t conv_in_index(const struct conv_task *t, unsigned int c, unsigned int y, unsigned int x);
size_t conv_weight_index(const struct conv_task *t, unsigned int k, unsigned int c, unsigned int ky,
			 unsigned int kx);
size_t conv_out_index(const struct conv_task *t, unsigned int k, unsigned int y, unsigned int x);

/* Access an element of an operand by its index, including int4 */
void prec_store(uint32_t precision, void *operand, size_t index, uint32_t bits);
uint32_t prec_load(uint32_t precision, const void *operand, size_t index);

#endif /* CONV_H */
