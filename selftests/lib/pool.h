/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * A pooling task. Cubes are NC1HWC2 without gaps, like those of convolutions.
 */
#ifndef POOL_H
#define POOL_H

#include "regcmd.h"

/*
 * struct pool_task - sizes are actual values, addresses are device addresses
 * @prec: RKNPU_PREC_INT8 or RKNPU_PREC_FP16
 * @method: RKNPU_PPU_METHOD_*. Places outside the input do not take part in a
 *	maximum or minimum, and count as 0 in an average.
 * @kw, @kh: 1 to 16; for an fp16 average at least 2
 * @left, @top, @right, @bottom: padding, up to 7
 */
struct pool_task {
	uint32_t prec;
	unsigned int method;
	unsigned int width, height, channels;
	unsigned int kw, kh, sx, sy;
	unsigned int left, top, right, bottom;
	unsigned int out_w, out_h;
	uint32_t in, out;
};

/* Sets strides to the size of the window unless they are set, and @out_w, @out_h */
void pool_defaults(struct pool_task *t);

/* Appends one task without its tail, writing every register that it depends on */
void pool_segment(struct regcmd *rc, const struct pool_task *t);
#define POOL_WORDS	40	/* maximum */
/* Blocks that take part, and the last one to finish */
#define POOL_ENABLE	(RKNPU_ENABLE_PPU | RKNPU_ENABLE_PPU_RDMA)
#define POOL_INT	RKNPU_INT_PPU

#endif /* POOL_H */
