// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * PPU and PPU_RDMA: a pooling task that reads memory and writes memory, surface
 * by surface. Both input and output are NC1HWC2 with strides in bytes.
 */
#include <stdlib.h>

#include "ppu_priv.h"

/* Storage width in PPU_RDMA_DATA_FORMAT */
#define STORAGE_8		1
#define STORAGE_16		2

#define METHOD_LAST		RKNPU_PPU_METHOD_MIN

/* ---- set-up -------------------------------------------------------------- */

static enum twin_compute_status parse_mode(const struct task *t, struct pool *pool)
{
	uint32_t mode = reg_read(t, RKNPU_PPU_OPERATION_MODE_CFG);

	pool->method = field_get(RKNPU_PPU_OPERATION_MODE_CFG_METHOD, mode);
	if (pool->method > METHOD_LAST)
		return refuse(t, RKNPU_PPU_OPERATION_MODE_CFG, "unknown method");
	if (!(mode & RKNPU_PPU_OPERATION_MODE_CFG_FLYING))
		return refuse(t, RKNPU_PPU_OPERATION_MODE_CFG, "input other than memory");
	if (mode & RKNPU_PPU_OPERATION_MODE_CFG_INDEX_EN)
		return refuse(t, RKNPU_PPU_OPERATION_MODE_CFG, "output of positions");
	if (mode & RKNPU_PPU_OPERATION_MODE_CFG_USE_CNT)
		return refuse(t, RKNPU_PPU_OPERATION_MODE_CFG, "count");
	pool->notch = field_get(RKNPU_PPU_OPERATION_MODE_CFG_NOTCH, mode);
	return TWIN_COMPUTE_OK;
}

/* The second field is the width of elements in memory, not a precision code [TRM] */
static enum twin_compute_status parse_format(const struct task *t, struct pool *pool)
{
	uint32_t format = reg_read(t, RKNPU_PPU_DATA_FORMAT);
	uint32_t precision = field_get(RKNPU_PPU_DATA_FORMAT_PROC_PREC, format);
	uint32_t storage = reg_field(t, RKNPU_PPU_RDMA_DATA_FORMAT, RKNPU_PPU_RDMA_DATA_FORMAT_STORAGE);

	if (format & RKNPU_PPU_DATA_FORMAT_DPU_FLYIN)
		return refuse(t, RKNPU_PPU_DATA_FORMAT, "input from DPU");
	if (precision != RKNPU_PREC_INT8 && precision != RKNPU_PREC_FP16)
		return refuse(t, RKNPU_PPU_DATA_FORMAT, "pooling of this precision");
	/* 16 bits also work for int8; 4 and 32 do not [seen: rockchip-npu-notes] */
	if (storage != STORAGE_16 && (storage != STORAGE_8 || precision != RKNPU_PREC_INT8))
		return refuse(t, RKNPU_PPU_RDMA_DATA_FORMAT, "storage that does not fit the precision");
	element_init(&pool->element, precision);
	return TWIN_COMPUTE_OK;
}

static uint32_t cube_field(const struct task *t, uint32_t reg)
{
	return reg_field(t, reg, RKNPU_PPU_DATA_CUBE_MASK) + 1;
}

static enum twin_compute_status parse_size(const struct task *t, struct pool *pool)
{
	const uint64_t in_values = sizeof(uint32_t), out_values = sizeof(uint32_t);

	pool->in.width = cube_field(t, RKNPU_PPU_DATA_CUBE_IN_WIDTH);
	pool->in.height = cube_field(t, RKNPU_PPU_DATA_CUBE_IN_HEIGHT);
	pool->in.channels = cube_field(t, RKNPU_PPU_DATA_CUBE_IN_CHANNEL);
	pool->out.width = cube_field(t, RKNPU_PPU_DATA_CUBE_OUT_WIDTH);
	pool->out.height = cube_field(t, RKNPU_PPU_DATA_CUBE_OUT_HEIGHT);
	pool->out.channels = cube_field(t, RKNPU_PPU_DATA_CUBE_OUT_CHANNEL);
	if (pool->out.channels != pool->in.channels)
		return refuse(t, RKNPU_PPU_DATA_CUBE_OUT_CHANNEL, "channels differ from the input's");
	if (cube_field(t, RKNPU_PPU_RDMA_CUBE_IN_WIDTH) != pool->in.width)
		return refuse(t, RKNPU_PPU_RDMA_CUBE_IN_WIDTH, "width differs from PPU's");
	if (cube_field(t, RKNPU_PPU_RDMA_CUBE_IN_HEIGHT) != pool->in.height)
		return refuse(t, RKNPU_PPU_RDMA_CUBE_IN_HEIGHT, "height differs from PPU's");
	if (cube_field(t, RKNPU_PPU_RDMA_CUBE_IN_CHANNEL) != pool->in.channels)
		return refuse(t, RKNPU_PPU_RDMA_CUBE_IN_CHANNEL, "channels differ from PPU's");
	if (in_values * pool->in.width * pool->in.height * round_up(pool->in.channels, 16) > MAX_OPERAND_BYTES)
		return refuse(t, RKNPU_PPU_DATA_CUBE_IN_WIDTH, "input beyond the model's memory bound");
	if (out_values * pool->out.width * pool->out.height * round_up(pool->in.channels, 16) > MAX_OPERAND_BYTES)
		return refuse(t, RKNPU_PPU_DATA_CUBE_OUT_WIDTH, "output beyond the model's memory bound");
	return TWIN_COMPUTE_OK;
}

/* Returns true if every window along one axis has at least one pixel of the input */
static bool windows_hit(uint32_t places, uint32_t stride, uint32_t before, uint32_t window, uint32_t size)
{
	int64_t last = (int64_t)(places - 1) * stride - before;

	return window > before && last < size;
}

/* The padding value has 35 bits and a sign [TRM; seen: streams of rknn-toolkit2] */
static enum twin_compute_status parse_padding(const struct task *t, struct pool *pool)
{
	uint64_t high = reg_field(t, RKNPU_PPU_PADDING_VALUE_2_CFG, RKNPU_PPU_PADDING_VALUE_2_MASK);
	uint64_t bits = high << 32 | reg_read(t, RKNPU_PPU_PADDING_VALUE_1_CFG);

	/* For floats it is 0, whatever clients set [seen: client programs] */
	pool->padding = element_is_float(&pool->element) ? 0 : (int64_t)(bits << 29) >> 29;
	if (pool->padding < INT16_MIN || pool->padding > INT16_MAX)
		return refuse(t, RKNPU_PPU_PADDING_VALUE_1_CFG, "padding value beyond 16 bits");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status parse_window(const struct task *t, struct pool *pool)
{
	uint32_t kernel = reg_read(t, RKNPU_PPU_POOLING_KERNEL_CFG);
	uint32_t padding = reg_read(t, RKNPU_PPU_POOLING_PADDING_CFG);

	pool->width = field_get(RKNPU_PPU_POOLING_KERNEL_CFG_WIDTH, kernel) + 1;
	pool->height = field_get(RKNPU_PPU_POOLING_KERNEL_CFG_HEIGHT, kernel) + 1;
	pool->x_stride = field_get(RKNPU_PPU_POOLING_KERNEL_CFG_X_STRIDE, kernel) + 1;
	pool->y_stride = field_get(RKNPU_PPU_POOLING_KERNEL_CFG_Y_STRIDE, kernel) + 1;
	pool->left = field_get(RKNPU_PPU_POOLING_PADDING_CFG_LEFT, padding);
	pool->top = field_get(RKNPU_PPU_POOLING_PADDING_CFG_TOP, padding);
	pool->recip_width = reg_field(t, RKNPU_PPU_RECIP_KERNEL_WIDTH, RKNPU_PPU_RECIP_KERNEL_MASK);
	pool->recip_height = reg_field(t, RKNPU_PPU_RECIP_KERNEL_HEIGHT, RKNPU_PPU_RECIP_KERNEL_MASK);
	/* The maximum of an empty window is not defined; the average of one is that of its padding */
	if (pool->method == RKNPU_PPU_METHOD_AVERAGE)
		return parse_padding(t, pool);
	if (!windows_hit(pool->out.width, pool->x_stride, pool->left, pool->width, pool->in.width) ||
	    !windows_hit(pool->out.height, pool->y_stride, pool->top, pool->height, pool->in.height))
		return refuse(t, RKNPU_PPU_POOLING_PADDING_CFG, "window without any input");
	return TWIN_COMPUTE_OK;
}

static void parse_addresses(const struct task *t, struct pool *pool)
{
	pool->src_addr = reg_read(t, RKNPU_PPU_RDMA_SRC_BASE_ADDR) + t->dma_base;
	pool->line_stride = reg_read(t, RKNPU_PPU_RDMA_SRC_LINE_STRIDE);
	pool->src_surf_stride = reg_read(t, RKNPU_PPU_RDMA_SRC_SURF_STRIDE);
	pool->dst_addr = (reg_read(t, RKNPU_PPU_DST_BASE_ADDR) & -ATOM_BYTES) + t->dma_base;
	pool->dst_surf_stride = reg_read(t, RKNPU_PPU_DST_SURF_STRIDE) & -ATOM_BYTES;
}

static enum twin_compute_status ppu_parse(const struct task *t, struct pool *pool)
{
	enum twin_compute_status status = parse_mode(t, pool);

	if (status == TWIN_COMPUTE_OK)
		status = parse_format(t, pool);
	if (status == TWIN_COMPUTE_OK)
		status = parse_size(t, pool);
	if (status == TWIN_COMPUTE_OK)
		status = parse_window(t, pool);
	if (status == TWIN_COMPUTE_OK)
		parse_addresses(t, pool);
	return status;
}

static uint64_t pool_bytes(const struct pool *pool)
{
	uint64_t pixels = (uint64_t)pool->in.width * pool->in.height +
			  (uint64_t)pool->out.width * pool->out.height;

	return pixels * pool->in.channels * pool->element.bytes;
}

uint64_t ppu_memory_bytes(const struct task *t)
{
	struct pool pool = { 0 };

	return ppu_parse(t, &pool) == TWIN_COMPUTE_OK ? pool_bytes(&pool) : 0;
}

/* ---- run ------------------------------------------------------------------ */

/* Read all surfaces: the atoms as they are in memory, without the gaps */
static bool read_all(const struct task *t, const struct pool *pool, uint32_t surfaces, uint8_t *to)
{
	uint32_t line = pool->in.width * ATOM_BYTES;

	for (uint32_t s = 0; s < surfaces; s++) {
		uint32_t addr = pool->src_addr + s * pool->src_surf_stride;

		if (pool->line_stride == line) {
			if (!dma_read(t, addr, to, (size_t)line * pool->in.height))
				return false;
			to += (size_t)line * pool->in.height;
			continue;
		}
		for (uint32_t y = 0; y < pool->in.height; y++, to += line)
			if (!dma_read(t, addr + y * pool->line_stride, to, line))
				return false;
	}
	return true;
}

/* Only needed for reciprocals that are too large [guess] */
static uint8_t saturate8(int32_t value)
{
	if (value > INT8_MAX)
		return INT8_MAX;
	return value < INT8_MIN ? (uint8_t)INT8_MIN : (uint8_t)value;
}

/* Convert the output of one surface to elements in memory */
static void narrow(const struct pool *pool, const void *values, uint8_t *to)
{
	size_t count = (size_t)pool->out.width * pool->out.height * pool->element.per_atom;
	const int32_t *ints = values;
	const float *floats = values;

	if (element_is_float(&pool->element))
		for (size_t i = 0; i < count; i++)
			store_le(to + 2 * i, fp16_from_float(floats[i]), 2);
	else
		for (size_t i = 0; i < count; i++)
			to[i] = saturate8(ints[i]);
}

static bool write_surface(struct writer *w, const struct pool *pool, uint32_t surface, const uint8_t *from)
{
	uint32_t addr = pool->dst_addr + surface * pool->dst_surf_stride;
	uint32_t lanes = min_u32(pool->element.per_atom,
				 pool->out.channels - surface * pool->element.per_atom);
	size_t pixels = (size_t)pool->out.width * pool->out.height;

	for (size_t p = 0; p < pixels; p++, addr += ATOM_BYTES) {
		if (p && p % pool->out.width == 0)
			addr += pool->notch * ATOM_BYTES;
		if (!writer_put(w, addr, from + p * ATOM_BYTES, lanes * pool->element.bytes))
			return false;
	}
	return true;
}

/* Buffers for one surface, and for the whole input */
struct buffers {
	uint8_t *raw;		/* all surfaces of the input */
	void *in;		/* values, int32_t or float */
	void *out;
	uint8_t *result;
	struct writer *writer;
};

static enum twin_compute_status run(const struct task *t, const struct pool *pool, struct buffers *b)
{
	uint32_t surfaces = cube_atoms(&pool->element, pool->in.channels);
	size_t in_pixels = (size_t)pool->in.width * pool->in.height;

	if (!read_all(t, pool, surfaces, b->raw))
		return TWIN_COMPUTE_FAULT;
	for (uint32_t s = 0; s < surfaces; s++) {
		if (dma_cancelled(t))
			return TWIN_COMPUTE_FAULT;
		element_load(&pool->element, b->raw + s * in_pixels * ATOM_BYTES,
			     (uint32_t)in_pixels, pool->element.per_atom, b->in, pool->element.per_atom);
		pool_surface(pool, b->in, b->out);
		narrow(pool, b->out, b->result);
		if (!write_surface(b->writer, pool, s, b->result))
			return TWIN_COMPUTE_FAULT;
	}
	return TWIN_COMPUTE_OK;
}

static void buffers_alloc(const struct task *t, const struct pool *pool, struct buffers *b)
{
	uint32_t surfaces = cube_atoms(&pool->element, pool->in.channels);
	size_t in_pixels = (size_t)pool->in.width * pool->in.height;
	size_t out_pixels = (size_t)pool->out.width * pool->out.height;

	b->raw = malloc(surfaces * in_pixels * ATOM_BYTES);
	b->in = malloc(in_pixels * pool->element.per_atom * sizeof(uint32_t));
	b->out = malloc(out_pixels * pool->element.per_atom * sizeof(uint32_t));
	b->result = malloc(out_pixels * ATOM_BYTES);
	b->writer = writer_create(t);
}

enum twin_compute_status ppu_task(const struct task *t)
{
	enum twin_compute_status status;
	struct buffers b = { 0 };
	struct pool pool = { 0 };

	status = ppu_parse(t, &pool);
	if (status != TWIN_COMPUTE_OK)
		return status;
	t->result->memory_bytes = pool_bytes(&pool);
	t->result->fills = 1;
	buffers_alloc(t, &pool, &b);
	if (!b.raw || !b.in || !b.out || !b.result || !b.writer)
		status = out_of_memory(t);
	else
		status = run(t, &pool, &b);
	if (b.writer && !writer_finish(b.writer) && status == TWIN_COMPUTE_OK)
		status = TWIN_COMPUTE_FAULT;
	free(b.raw);
	free(b.in);
	free(b.out);
	free(b.result);
	return status;
}
