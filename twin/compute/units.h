/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * What differs between the makes of the compute units. The library is built for each of them: the sizes below are in its
 * inner loops.
 */
#ifndef TWIN_UNITS_H
#define TWIN_UNITS_H

#ifdef TWIN_UNITS_RK356X
/* What memory is counted in [seen: streams of rknn-toolkit2 for rk3566] */
#define ATOM_BYTES		8
/* Groups of the MAC array, of 8-bit and of 16-bit types: kernels and channels of weights [seen: streams of rknn-toolkit2] */
#define KERNEL_GROUP_8		16
#define KERNEL_GROUP_16		8
#define WEIGHT_LANES_16		16
/* An output without gaps may have several atoms for each pixel */
#define LINEAR_WIDE		true
#else
#define ATOM_BYTES		RKNPU_ATOM_BYTES
#define KERNEL_GROUP_8		32
#define KERNEL_GROUP_16		16
#define WEIGHT_LANES_16		32
#define LINEAR_WIDE		false
#endif

#endif /* TWIN_UNITS_H */
