/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Compressed int8 weights.
 */
#ifndef DCOMP_H
#define DCOMP_H

#include <stddef.h>
#include <stdint.h>

#include "matmul.h"

/*
 * Encodes whole 32x32 blocks. A NULL @stream only measures. @lanes receives the
 * values of the 16 AMOUNT registers. Returns the length in bytes.
 */
size_t dcomp_encode(const uint8_t *dense, size_t bytes, uint8_t *stream, uint32_t *lanes);

/*
 * Makes the product use compressed weights. @mm: int8, K and N multiples of 32.
 * @levels: the weights are changed to have this number of different values (0: not
 * changed). Returns 0 or -errno.
 */
int matmul_compress(struct matmul *mm, unsigned int levels);

#endif /* DCOMP_H */
