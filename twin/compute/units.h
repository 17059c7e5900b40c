/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Differences between the versions of the compute units. The library is built once for each version because its inner
 * loops depend on the sizes below.
 */
#ifndef TWIN_UNITS_H
#define TWIN_UNITS_H

#ifdef TWIN_UNITS_RK356X
/* Unit in which memory is counted [seen: streams of rknn-toolkit2 for rk3566] */
#define ATOM_BYTES		8
/* The MAC array's groups for 8-bit and 16-bit types: kernels, channels of weights [seen: streams of rknn-toolkit2] */
#define KERNEL_GROUP_8		16
#define KERNEL_GROUP_16		8
#define WEIGHT_LANES_16		16
/* An output without gaps may have more than one atom per pixel */
#define LINEAR_WIDE		true
#else
#define ATOM_BYTES		RKNPU_ATOM_BYTES
#define KERNEL_GROUP_8		32
#define KERNEL_GROUP_16		16
#define WEIGHT_LANES_16		32
#define LINEAR_WIDE		false
#endif

#endif /* TWIN_UNITS_H */
