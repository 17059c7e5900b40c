/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * A small convolutional network that reads handwritten digits: 28x28 grey
 * pixels, two layers of 3x3 convolution, ReLU and 2x2 maximum pooling, and a
 * matrix product. All of it in int8, with int32 sums, so every result is exact.
 *
 * The host trains it and computes the reference (train.c, reference.c), the
 * NPU runs it (on_npu.c). They share this file and nothing else.
 */
#ifndef DIGITS_H
#define DIGITS_H

#include <stdint.h>

#define DIGITS_SIDE	28
#define DIGITS_SIDE1	(DIGITS_SIDE / 2)	/* after the first pooling */
#define DIGITS_SIDE2	(DIGITS_SIDE / 4)	/* after the second */
#define DIGITS_KERNEL	3
#define DIGITS_MAPS1	16
#define DIGITS_MAPS2	32
#define DIGITS_CLASSES	10
#define DIGITS_FLAT	(DIGITS_SIDE2 * DIGITS_SIDE2 * DIGITS_MAPS2)

#define DIGITS_MAGIC	0x31746964	/* "dit1" */

/*
 * out = clamp(round(max(sum + bias, 0) * scale / 2^shift), 127), ties to even; the
 * sum is over int8 pixels times int8 weights, where pixels outside are 0.
 */
struct digits_requant {
	int32_t scale, shift;
};

/* File digits.net, little endian */
struct digits_net {
	uint32_t magic;
	int8_t weights1[DIGITS_MAPS1][DIGITS_KERNEL][DIGITS_KERNEL];
	int32_t bias1[DIGITS_MAPS1];
	struct digits_requant requant1;
	int8_t weights2[DIGITS_MAPS2][DIGITS_KERNEL][DIGITS_KERNEL][DIGITS_MAPS1];
	int32_t bias2[DIGITS_MAPS2];
	struct digits_requant requant2;
	int8_t weights3[DIGITS_CLASSES][DIGITS_SIDE2][DIGITS_SIDE2][DIGITS_MAPS2];
	float logit;			/* value of 1 in the last layer's sums */
	uint32_t right, tried;		/* digits not used for training: right ones and total, in int8 */
};

/* Output of each layer for one picture; the file digits.ref is an array of it */
struct digits_layers {
	int8_t conv1[DIGITS_SIDE][DIGITS_SIDE][DIGITS_MAPS1];
	int8_t pool1[DIGITS_SIDE1][DIGITS_SIDE1][DIGITS_MAPS1];
	int8_t conv2[DIGITS_SIDE1][DIGITS_SIDE1][DIGITS_MAPS2];
	int8_t pool2[DIGITS_SIDE2][DIGITS_SIDE2][DIGITS_MAPS2];
	int32_t sums[DIGITS_CLASSES];
};

/* One picture as input of the first layer: 0 paper .. 127 ink */
typedef int8_t digits_pixels[DIGITS_SIDE][DIGITS_SIDE];

#endif /* DIGITS_H */
