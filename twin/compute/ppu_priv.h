/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Internal to PPU and PPU_RDMA.
 */
#ifndef TWIN_PPU_PRIV_H
#define TWIN_PPU_PRIV_H

#include "dpu_priv.h"

/**
 * struct pool - a pooling task
 * @method: RKNPU_PPU_METHOD_*
 * @recip_width: 65536 / width of the window, as an integer or as fp16 bits
 * @line_stride: in bytes, as are the other strides
 * @notch: atoms between lines of the output
 */
struct pool {
	struct element element;
	uint32_t method;
	struct cube in, out;
	uint32_t width, height;			/* of the window */
	uint32_t x_stride, y_stride;
	uint32_t left, top;
	uint32_t recip_width, recip_height;
	int64_t padding;			/* value outside the input */
	uint32_t src_addr, line_stride, src_surf_stride;
	uint32_t dst_addr, dst_surf_stride, notch;
};

/* ppu_pool.c: pool one surface, [y][x][lane], int32_t or float; @to has room for that of the output */
void pool_surface(const struct pool *pool, const void *from, void *to);

#endif /* TWIN_PPU_PRIV_H */
