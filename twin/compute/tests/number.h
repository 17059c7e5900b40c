/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Floating-point numbers and their bits, in the host's own arithmetic, with which
 * the results of the units are compared.
 */
#ifndef TESTS_NUMBER_H
#define TESTS_NUMBER_H

#include <stdint.h>
#include <string.h>

static inline float float_of(uint32_t bits)
{
	float value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

static inline uint32_t float_bits(float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	return bits;
}

static inline double half_value(uint16_t bits)
{
	_Float16 half;

	memcpy(&half, &bits, sizeof(half));
	return (double)half;
}

static inline uint16_t half_bits(double value)
{
	_Float16 half = (_Float16)value;
	uint16_t bits;

	memcpy(&bits, &half, sizeof(bits));
	return bits;
}

#endif /* TESTS_NUMBER_H */
