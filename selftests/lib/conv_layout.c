// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Location of the elements of a convolution in memory.
 */
#include "conv.h"

#define ATOM_BITS	128
#define DEPTHWISE_BITS	512

unsigned int prec_bits(uint32_t precision)
{
	switch (precision) {
	case RKNPU_PREC_INT4:
		return 4;
	case RKNPU_PREC_INT8:
		return 8;
	case RKNPU_PREC_INT16:
	case RKNPU_PREC_FP16:
	case RKNPU_PREC_BF16:
		return 16;
	default:
		return 32;
	}
}

unsigned int conv_out_channels(const struct conv_task *t)
{
	return t->depthwise ? t->channels : t->kernels;
}

static unsigned int min_uint(unsigned int a, unsigned int b)
{
	return a < b ? a : b;
}

/* Channel @c of pixel @pixel of a cube of @plane pixels */
static size_t cube_index(uint32_t precision, size_t plane, unsigned int c, size_t pixel)
{
	unsigned int lanes = ATOM_BITS / prec_bits(precision);

	return (c / lanes * plane + pixel) * lanes + c % lanes;
}

static size_t cube_bytes(uint32_t precision, size_t plane, unsigned int channels)
{
	unsigned int lanes = ATOM_BITS / prec_bits(precision);

	return (channels + lanes - 1) / lanes * plane * RKNPU_ATOM_BYTES;
}

size_t conv_in_bytes(const struct conv_task *t)
{
	if (t->packed)
		return (size_t)t->width * t->height * t->packed * prec_bits(t->in_prec) / 8;
	return cube_bytes(t->in_prec, (size_t)t->width * t->height, t->channels);
}

size_t conv_weight_bytes(const struct conv_task *t)
{
	size_t taps = (size_t)t->kw * t->kh, kernels = t->depthwise ? 1 : t->kernels;

	return kernels * ((taps * t->channels * prec_bits(t->in_prec) + 7) / 8);
}

size_t conv_out_bytes(const struct conv_task *t)
{
	return cube_bytes(t->out_prec, (size_t)t->out_w * t->out_h, conv_out_channels(t));
}

size_t conv_in_index(const struct conv_task *t, unsigned int c, unsigned int y, unsigned int x)
{
	if (t->packed)
		return ((size_t)y * t->width + x) * t->packed + c;
	return cube_index(t->in_prec, (size_t)t->width * t->height, c, (size_t)y * t->width + x);
}

size_t conv_out_index(const struct conv_task *t, unsigned int k, unsigned int y, unsigned int x)
{
	return cube_index(t->out_prec, (size_t)t->out_w * t->out_h, k, (size_t)y * t->out_w + x);
}

/*
 * Order: kernel group, channel group, tap, kernel, channel; for depthwise:
 * channel group, tap, channel. The last groups may be smaller.
 */
size_t conv_weight_index(const struct conv_task *t, unsigned int k, unsigned int c, unsigned int ky,
			 unsigned int kx)
{
	unsigned int bits = prec_bits(t->in_prec), taps = t->kw * t->kh, tap = ky * t->kw + kx;
	unsigned int kgroup = bits == 4 ? 64 : bits == 8 ? 32 : 16;
	unsigned int cgroup = t->depthwise ? DEPTHWISE_BITS / bits : bits == 32 ? 16 : 32;
	unsigned int k0 = k / kgroup * kgroup, c0 = c / cgroup * cgroup;
	unsigned int channels = min_uint(cgroup, t->channels - c0), kernels;

	if (t->depthwise)
		return ((size_t)c0 * taps + tap * channels) + c - c0;
	kernels = min_uint(kgroup, t->kernels - k0);
	return (size_t)k0 * taps * t->channels + (size_t)c0 * taps * kernels +
	       ((size_t)tap * kernels + k - k0) * channels + c - c0;
}

void prec_store(uint32_t precision, void *operand, size_t index, uint32_t bits)
{
	switch (prec_bits(precision)) {
	case 4: {
		uint8_t *byte = (uint8_t *)operand + index / 2;

		*byte = index % 2 ? (*byte & 0x0f) | (bits & 0xf) << 4 : (*byte & 0xf0) | (bits & 0xf);
		break;
	}
	case 8:
		((uint8_t *)operand)[index] = bits;
		break;
	case 16:
		((uint16_t *)operand)[index] = bits;
		break;
	default:
		((uint32_t *)operand)[index] = bits;
	}
}

uint32_t prec_load(uint32_t precision, const void *operand, size_t index)
{
	switch (prec_bits(precision)) {
	case 4:
		return ((const uint8_t *)operand)[index / 2] >> index % 2 * 4 & 0xf;
	case 8:
		return ((const uint8_t *)operand)[index];
	case 16:
		return ((const uint16_t *)operand)[index];
	default:
		return ((const uint32_t *)operand)[index];
	}
}
