/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Four tasks that read what the one before has written, for whoever can run
 * command streams: convolution, addition of a second cube, then for fp16 a
 * lookup table and maximum pooling, for int8 average pooling and a clamp.
 */
#ifndef LAYERS_H
#define LAYERS_H

#include "conv.h"
#include "eltwise.h"
#include "pool.h"

#define LAYERS			4
#define LAYERS_BYTES		(256u << 10)
/* Command words of one, at most; without tail */
#define LAYER_WORDS		(ELTWISE_LUT_WORDS + 64)

struct layers {
	bool integers;
	uint8_t *map;
	uint32_t iova;
	size_t used;
	struct lut lut;
	struct conv_task conv;
	struct eltwise_task add, act;
	struct pool_task pool;
};

/* Plans and fills @map, LAYERS_BYTES that the NPU sees at @iova; all outputs are spoiled */
void layers_init(struct layers *l, bool integers, void *map, uint32_t iova, uint32_t seed);
/* Appends task @i up to its tail */
void layers_segment(const struct layers *l, unsigned int i, struct regcmd *rc);
uint32_t layers_enable(const struct layers *l, unsigned int i);
uint32_t layers_int(const struct layers *l, unsigned int i);
/* Number of elements of task @i's output that do not follow from its input */
size_t layers_wrong(const struct layers *l, unsigned int i);

#endif /* LAYERS_H */
