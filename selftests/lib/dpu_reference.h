/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * What elementwise tasks and pooling must leave in memory, from the mathematics,
 * and the elements of cubes one by one.
 */
#ifndef DPU_REFERENCE_H
#define DPU_REFERENCE_H

#include "eltwise.h"
#include "pool.h"

/* A cube of @plane pixels, NC1HWC2 without gaps */
size_t cube_bytes(uint32_t prec, size_t plane, unsigned int channels);
uint32_t cube_load(uint32_t prec, const void *cube, size_t plane, unsigned int c, size_t pixel);
void cube_store(uint32_t prec, void *cube, size_t plane, unsigned int c, size_t pixel, uint32_t bits);

/* Number of elements of @out that differ; bit for bit, for tasks without table */
size_t eltwise_wrong(const struct eltwise_task *t, const void *in, const void *second, const void *out);
/* Number of elements of @out further than @tolerance from @f of @in's, times the second cube's for ELTWISE_MUL */
size_t lut_wrong(const struct eltwise_task *t, double (*f)(double), double tolerance, const void *in,
		 const void *second, const void *out);
/* Bit for bit, but for averages of fp16: one part in 500, for what its reciprocals lack */
size_t pool_wrong(const struct pool_task *t, const void *in, const void *out);

#endif /* DPU_REFERENCE_H */
