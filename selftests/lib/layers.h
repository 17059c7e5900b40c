/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Four tasks that each read the output of the previous one, for any program that
 * runs command streams: convolution, addition of a second cube, then for fp16 a
 * lookup table and maximum pooling, for int8 average pooling and a clamp.
 */
#ifndef LAYERS_H
#define LAYERS_H

#include "conv.h"
#include "eltwise.h"
#include "pool.h"

#define LAYERS			4
#define LAYERS_BYTES		(256u << 10)
/* Maximum number of command words of a task, without tail */
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

/* Lays out and fills @map, LAYERS_BYTES that the NPU sees at @iova; all outputs are overwritten */
void layers_init(struct layers *l, bool integers, void *map, uint32_t iova, uint32_t seed);
/* Appends task @i without its tail */
void layers_segment(const struct layers *l, unsigned int i, struct regcmd *rc);
uint32_t layers_enable(const struct layers *l, unsigned int i);
uint32_t layers_int(const struct layers *l, unsigned int i);
/* Returns the number of wrong elements in the output of task @i, given its input */
size_t layers_wrong(const struct layers *l, unsigned int i);

#endif /* LAYERS_H */
