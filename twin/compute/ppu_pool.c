// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * PPU: maximum, minimum and average over windows, lane by lane.
 *
 * Places outside the input do not take part in a maximum or minimum. In an
 * average, which always divides by the whole window, they count as the padding
 * value for int8 [TRM; the streams of rknn-toolkit2 have the zero point there],
 * and as zero for floats. The PPU does not divide: it multiplies by two
 * reciprocals from registers, which clients use on purpose [seen: client
 * programs].
 */
#include "ppu_priv.h"

/* Part of a window that is inside the input: its first place and its end */
struct span {
	uint32_t first, end;
};

static struct span clip(uint32_t place, uint32_t stride, uint32_t before, uint32_t window, uint32_t size)
{
	int64_t first = (int64_t)place * stride - before, end = first + window;

	return (struct span){
		.first = first < 0 ? 0 : first < size ? (uint32_t)first : size,
		.end = end < 0 ? 0 : end < size ? (uint32_t)end : size,
	};
}

/* One loop per method and type: @a is the window's result so far, @b the next input */
#define ACCUMULATE(type, expression)							\
	do {										\
		type *sum = to;								\
		const type *in = from;							\
		for (uint32_t y = rows->first; y < rows->end; y++)			\
			for (uint32_t x = columns->first; x < columns->end; x++)	\
				for (uint32_t i = 0; i < lanes; i++) {			\
					type a = sum[i];				\
					type b = in[((size_t)y * width + x) * lanes + i];	\
											\
					sum[i] = (expression);				\
				}							\
	} while (0)

static void window_float(const struct pool *pool, const struct span *rows, const struct span *columns,
			 const float *from, float *to)
{
	uint32_t lanes = pool->element.per_atom, width = pool->in.width;

	for (uint32_t i = 0; i < lanes; i++)
		to[i] = pool->method == RKNPU_PPU_METHOD_AVERAGE ? 0 :
			from[((size_t)rows->first * width + columns->first) * lanes + i];
	if (pool->method == RKNPU_PPU_METHOD_MAX)
		ACCUMULATE(float, a < b ? b : a);
	else if (pool->method == RKNPU_PPU_METHOD_MIN)
		ACCUMULATE(float, a > b ? b : a);
	else
		ACCUMULATE(float, a + b);
}

static void window_int(const struct pool *pool, const struct span *rows, const struct span *columns,
		       const int32_t *from, int32_t *to)
{
	uint32_t lanes = pool->element.per_atom, width = pool->in.width;

	for (uint32_t i = 0; i < lanes; i++)
		to[i] = pool->method == RKNPU_PPU_METHOD_AVERAGE ? 0 :
			from[((size_t)rows->first * width + columns->first) * lanes + i];
	if (pool->method == RKNPU_PPU_METHOD_MAX)
		ACCUMULATE(int32_t, a < b ? b : a);
	else if (pool->method == RKNPU_PPU_METHOD_MIN)
		ACCUMULATE(int32_t, a > b ? b : a);
	else
		ACCUMULATE(int32_t, a + b);
}

/* The reciprocals are fp16 patterns of 65536 / size */
static void divide_float(const struct pool *pool, float *x)
{
	float width = fp16_to_float((uint16_t)pool->recip_width);
	float height = fp16_to_float((uint16_t)pool->recip_height);

	for (uint32_t i = 0; i < pool->element.per_atom; i++)
		x[i] = x[i] * (width * 0x1p-16f) * (height * 0x1p-16f);
}

/*
 * The reciprocals are integers, so the reciprocal of a size that is not a power
 * of two is a little too small. Rounding the exact product to nearest even gives
 * all measured results: ties go to even with exact reciprocals, and towards zero
 * with others [seen: rockchip-npu-notes; that it holds in general: guess].
 */
static void divide_int(const struct pool *pool, int64_t padding, int32_t *x)
{
	int64_t scale = (int64_t)pool->recip_width * pool->recip_height;

	for (uint32_t i = 0; i < pool->element.per_atom; i++)
		x[i] = (int32_t)shift_rounded((x[i] + padding) * scale, 32, false);
}

/* Number of places of the window that are outside the input */
static uint32_t outside(const struct pool *pool, const struct span *rows, const struct span *columns)
{
	uint32_t inside = (rows->end - rows->first) * (columns->end - columns->first);

	return pool->width * pool->height - inside;
}

static void pool_pixel(const struct pool *pool, uint32_t y, uint32_t x, const void *from, void *to)
{
	struct span rows = clip(y, pool->y_stride, pool->top, pool->height, pool->in.height);
	struct span columns = clip(x, pool->x_stride, pool->left, pool->width, pool->in.width);
	bool average = pool->method == RKNPU_PPU_METHOD_AVERAGE;

	if (element_is_float(&pool->element)) {
		window_float(pool, &rows, &columns, from, to);
		if (average)
			divide_float(pool, to);
	} else {
		window_int(pool, &rows, &columns, from, to);
		if (average) {
			int64_t padding = pool->padding * outside(pool, &rows, &columns);

			divide_int(pool, padding, to);
		}
	}
}

void pool_surface(const struct pool *pool, const void *from, void *to)
{
	uint8_t *out = to;

	for (uint32_t y = 0; y < pool->out.height; y++)
		for (uint32_t x = 0; x < pool->out.width; x++) {
			pool_pixel(pool, y, x, from, out);
			out += pool->element.per_atom * sizeof(uint32_t);
		}
}
