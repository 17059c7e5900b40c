// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Types of features and weights: their properties, and how they are unpacked.
 *
 * The groups of direct convolutions are known [seen: client programs]. Groups of
 * depthwise weights are known for int8 and fp16 [seen: client programs]: both are
 * 64 bytes, which is assumed for the other 16-bit types too [guess].
 */
#include <math.h>
#include <string.h>

#include "compute_priv.h"

static const struct operand operands[] = {
	[RKNPU_PREC_INT4] = { .bits = 4, .dense_bytes = 2, .lanes = 32, .weight_lanes = 32,
			      .kernel_group = 64,
			      .sums = true, .rate_shift = -1 },
	[RKNPU_PREC_INT8] = { .bits = 8, .dense_bytes = 2, .lanes = 32, .weight_lanes = 32,
			      .kernel_group = KERNEL_GROUP_8,
			      .depthwise_group = DEPTHWISE_GROUP_8, .pads = true, .sums = true },
	[RKNPU_PREC_INT16] = { .bits = 16, .dense_bytes = 2, .lanes = 32,
			       .weight_lanes = WEIGHT_LANES_16, .kernel_group = KERNEL_GROUP_16,
			       .depthwise_group = DEPTHWISE_GROUP_16, .rate_shift = RATE_SHIFT_16 },
	[RKNPU_PREC_FP16] = { .bits = 16, .dense_bytes = 4, .lanes = 32,
			      .weight_lanes = WEIGHT_LANES_16, .kernel_group = KERNEL_GROUP_16,
			      .depthwise_group = DEPTHWISE_GROUP_16, .is_float = true, .pads = true,
			      .rate_shift = RATE_SHIFT_16 },
	[RKNPU_PREC_BF16] = { .bits = 16, .dense_bytes = 4, .lanes = 32,
			      .weight_lanes = WEIGHT_LANES_16, .kernel_group = KERNEL_GROUP_16,
			      .depthwise_group = DEPTHWISE_GROUP_16, .is_float = true, .rate_shift = RATE_SHIFT_16 },
	[RKNPU_PREC_TF32] = { .bits = 32, .dense_bytes = 4, .lanes = 16, .weight_lanes = 16, .kernel_group = 16,
			      .is_float = true, .rate_shift = 2 },
};

/* int32 and fp32 are only output formats [seen: rockchip-npu-notes] */
const struct operand *operand_of(uint32_t precision)
{
	if (precision >= sizeof(operands) / sizeof(operands[0]) || !operands[precision].bits)
		return NULL;
	return &operands[precision];
}

#define TF32_DROPPED_BITS	13
#define FP32_EXP		0x7f800000
#define FP32_FRACTION		0x007fffff

/* The mantissa is rounded to 10 bits [seen: rockchip-npu-notes], to nearest even [guess] */
static float tf32_to_float(uint32_t bits)
{
	uint32_t odd = bits >> TF32_DROPPED_BITS & 1;

	if ((bits & FP32_EXP) == FP32_EXP)
		return bits & FP32_FRACTION ? NAN : float_from_bits(bits);
	bits += (1u << (TF32_DROPPED_BITS - 1)) - 1 + odd;
	return float_from_bits(bits >> TF32_DROPPED_BITS << TF32_DROPPED_BITS);
}

/* The low nibble comes first [seen: client programs] */
static void unpack_int4(const uint8_t *from, size_t first, uint32_t count, int16_t *to, size_t stride)
{
	for (uint32_t i = 0; i < count; i++) {
		size_t at = first + i;
		int nibble = from[at / 2] >> at % 2 * 4 & 0xf;

		to[i * stride] = (nibble ^ 8) - 8;
	}
}

static void unpack_int8(const uint8_t *from, uint32_t count, int16_t *to, size_t stride)
{
	for (uint32_t i = 0; i < count; i++)
		to[i * stride] = (int8_t)from[i];
}

static void unpack_int16(const uint8_t *from, uint32_t count, int16_t *to, size_t stride)
{
	for (uint32_t i = 0; i < count; i++)
		to[i * stride] = (int16_t)load_le(from + 2 * i, 2);
}

static uint64_t unpack_fp16(const uint8_t *from, uint32_t count, float *to, size_t stride)
{
	uint64_t magnitudes = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint16_t bits = load_le(from + 2 * i, 2);

		magnitudes |= fp16_magnitude(bits);
		to[i * stride] = fp16_to_float(bits);
	}
	return magnitudes;
}

static void unpack_bf16(const uint8_t *from, uint32_t count, float *to, size_t stride)
{
	for (uint32_t i = 0; i < count; i++)
		to[i * stride] = float_from_bits(load_le(from + 2 * i, 2) << 16);
}

static void unpack_tf32(const uint8_t *from, uint32_t count, float *to, size_t stride)
{
	for (uint32_t i = 0; i < count; i++)
		to[i * stride] = tf32_to_float(load_le(from + 4 * i, 4));
}

uint64_t operand_unpack(uint32_t precision, const uint8_t *from, size_t first, uint32_t count,
			void *to, size_t stride)
{
	if (precision == RKNPU_PREC_INT4) {
		unpack_int4(from, first, count, to, stride);
		return 0;
	}
	from += first * operands[precision].bits / 8;
	switch (precision) {
	case RKNPU_PREC_INT8:
		unpack_int8(from, count, to, stride);
		return 0;
	case RKNPU_PREC_INT16:
		unpack_int16(from, count, to, stride);
		return 0;
	case RKNPU_PREC_FP16:
		return unpack_fp16(from, count, to, stride);
	case RKNPU_PREC_BF16:
		unpack_bf16(from, count, to, stride);
		return 0;
	default:
		unpack_tf32(from, count, to, stride);
		return 0;
	}
}
