/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The expected output of elementwise tasks and pooling, from the mathematics, and
 * access to the elements of cubes.
 */
#ifndef DPU_REFERENCE_H
#define DPU_REFERENCE_H

#include "eltwise.h"
#include "pool.h"

/* A cube of @plane pixels, NC1HWC2 without gaps */
size_t cube_bytes(uint32_t prec, size_t plane, unsigned int channels);
uint32_t cube_load(uint32_t prec, const void *cube, size_t plane, unsigned int c, size_t pixel);
void cube_store(uint32_t prec, void *cube, size_t plane, unsigned int c, size_t pixel, uint32_t bits);

/* Returns the number of elements of @out that differ in any bit; for tasks without table */
size_t eltwise_wrong(const struct eltwise_task *t, const void *in, const void *second, const void *out);
/* Number of elements of @out that differ by more than @tolerance from @f(@in), times the second cube for ELTWISE_MUL */
size_t lut_wrong(const struct eltwise_task *t, double (*f)(double), double tolerance, const void *in,
		 const void *second, const void *out);
/* Compares every bit, but allows one part in 500 for averages of fp16, whose reciprocals are not exact */
size_t pool_wrong(const struct pool_task *t, const void *in, const void *out);

#endif /* DPU_REFERENCE_H */
