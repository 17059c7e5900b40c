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
/* Channels of a group of depthwise weights: 32 bytes [seen: streams of rknn-toolkit2; of 8-bit types a guess] */
#define DEPTHWISE_GROUP_8	32
#define DEPTHWISE_GROUP_16	16
/* 8 x 16 products of 16-bit types in the time of 16 x 32 of 8-bit types [follows from the groups: guess] */
#define RATE_SHIFT_16		2
/* An output without gaps may have more than one atom per pixel */
#define LINEAR_WIDE		true
#else
#define ATOM_BYTES		RKNPU_ATOM_BYTES
#define KERNEL_GROUP_8		32
#define KERNEL_GROUP_16		16
#define WEIGHT_LANES_16		32
#define DEPTHWISE_GROUP_8	64
#define DEPTHWISE_GROUP_16	32
#define RATE_SHIFT_16		1
#define LINEAR_WIDE		false
#endif

#endif /* TWIN_UNITS_H */
