// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Elements of cubes in memory: their widths and values.
 */
#include "dpu_priv.h"

/* Returns false if the DPU is not known to have such elements in memory */
bool element_init(struct element *e, uint32_t precision)
{
	switch (precision) {
	case RKNPU_PREC_INT8:
		e->bytes = 1;
		break;
	case RKNPU_PREC_INT16:
	case RKNPU_PREC_FP16:
	case RKNPU_PREC_BF16:
		e->bytes = 2;
		break;
	case RKNPU_PREC_INT32:
	case RKNPU_PREC_FP32:
		e->bytes = 4;
		break;
	default:
		return false;
	}
	e->precision = precision;
	e->per_atom = ATOM_BYTES / e->bytes;
	return true;
}

bool element_is_float(const struct element *e)
{
	return e->precision == RKNPU_PREC_FP16 || e->precision == RKNPU_PREC_BF16 ||
	       e->precision == RKNPU_PREC_FP32;
}

static void load_int8(const uint8_t *bytes, uint32_t lanes, int32_t *to)
{
	for (uint32_t i = 0; i < lanes; i++)
		to[i] = (int8_t)bytes[i];
}

static void load_int16(const uint8_t *bytes, uint32_t lanes, int32_t *to)
{
	for (uint32_t i = 0; i < lanes; i++)
		to[i] = (int16_t)load_le(bytes + 2 * i, 2);
}

static void load_fp16(const uint8_t *bytes, uint32_t lanes, float *to)
{
	for (uint32_t i = 0; i < lanes; i++)
		to[i] = fp16_to_float((uint16_t)load_le(bytes + 2 * i, 2));
}

static void load_bf16(const uint8_t *bytes, uint32_t lanes, float *to)
{
	for (uint32_t i = 0; i < lanes; i++)
		to[i] = float_from_bits(load_le(bytes + 2 * i, 2) << 16);
}

static void load_int32(const uint8_t *bytes, uint32_t lanes, int32_t *to)
{
	for (uint32_t i = 0; i < lanes; i++)
		to[i] = (int32_t)load_le(bytes + 4 * i, 4);
}

static void load_fp32(const uint8_t *bytes, uint32_t lanes, float *to)
{
	for (uint32_t i = 0; i < lanes; i++)
		to[i] = float_from_bits(load_le(bytes + 4 * i, 4));
}

#define EACH_ATOM(load, type)							\
	do {									\
		for (uint32_t p = 0; p < atoms; p++)				\
			load(bytes + (size_t)p * ATOM_BYTES, lanes,	\
			     (type *)to + (size_t)p * pitch);			\
	} while (0)

/*
 * Load the first @lanes elements of @atoms consecutive atoms to @to, @pitch
 * values apart, as int32_t, or as float if element_is_float()
 */
void element_load(const struct element *e, const uint8_t *bytes, uint32_t atoms, uint32_t lanes,
		  void *to, uint32_t pitch)
{
	switch (e->precision) {
	case RKNPU_PREC_INT8:
		EACH_ATOM(load_int8, int32_t);
		break;
	case RKNPU_PREC_INT16:
		EACH_ATOM(load_int16, int32_t);
		break;
	case RKNPU_PREC_FP16:
		EACH_ATOM(load_fp16, float);
		break;
	case RKNPU_PREC_BF16:
		EACH_ATOM(load_bf16, float);
		break;
	case RKNPU_PREC_FP32:
		EACH_ATOM(load_fp32, float);
		break;
	default:
		EACH_ATOM(load_int32, int32_t);
	}
}
