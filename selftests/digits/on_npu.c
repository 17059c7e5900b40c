// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * All cubes have 32 maps, the hardware's unit for int8 channels and kernels; if
 * the network has fewer, weights and pixels of the others are 0.
 *
 * The last layer uses the pooled cube as one pixel with all of its elements as
 * channels, in their order in memory.
 */
#include "on_npu.h"

#include <errno.h>
#include <string.h>

#include "conv.h"
#include "pool.h"

#define MAPS		32
#define SPOILED		0xa5
/* Words for one picture: three products and two poolings */
#define PICTURE_WORDS	(3 * CONV_WORDS + 2 * POOL_WORDS)
#define PAGE_UP(n)	(((n) + NPU_PAGE - 1) / NPU_PAGE * NPU_PAGE)

enum cube { PIXELS, CONV1, POOL1, CONV2, POOL2, SUMS };

static struct conv_task conv_of(unsigned int side, const struct digits_requant *r)
{
	struct conv_task t = {
		.in_prec = RKNPU_PREC_INT8, .out_prec = RKNPU_PREC_INT8,
		.width = side, .height = side, .channels = MAPS, .kernels = MAPS,
		.kw = DIGITS_KERNEL, .kh = DIGITS_KERNEL, .left = DIGITS_KERNEL / 2, .top = DIGITS_KERNEL / 2,
		.relu = true, .scale = r ? r->scale : 1, .shift = r ? (unsigned int)r->shift : 0,
	};

	conv_defaults(&t);
	return t;
}

static struct pool_task pool_of(unsigned int side)
{
	struct pool_task t = {
		.prec = RKNPU_PREC_INT8, .method = RKNPU_PPU_METHOD_MAX,
		.width = side, .height = side, .channels = MAPS, .kw = 2, .kh = 2, .sx = 2, .sy = 2,
	};

	pool_defaults(&t);
	return t;
}

static struct conv_task sums_of(void)
{
	struct conv_task t = {
		.in_prec = RKNPU_PREC_INT8, .out_prec = RKNPU_PREC_INT32,
		.width = 1, .height = 1, .channels = DIGITS_FLAT, .kernels = MAPS,
	};

	conv_defaults(&t);
	return t;
}

/* Offset of an element of a cube, in bytes */
static size_t cube_index(unsigned int side, unsigned int map, unsigned int y, unsigned int x)
{
	struct conv_task t = conv_of(side, NULL);

	return conv_in_index(&t, map, y, x);
}

static void place_memory(struct digits_npu *d)
{
	struct conv_task c1 = conv_of(DIGITS_SIDE, NULL), c2 = conv_of(DIGITS_SIDE1, NULL), c3 = sums_of();
	const size_t weights[] = { conv_weight_bytes(&c1), conv_weight_bytes(&c2), conv_weight_bytes(&c3) };
	const size_t cubes[] = {
		[PIXELS] = conv_in_bytes(&c1), [CONV1] = conv_out_bytes(&c1), [POOL1] = conv_in_bytes(&c2),
		[CONV2] = conv_out_bytes(&c2), [POOL2] = conv_in_bytes(&c3), [SUMS] = conv_out_bytes(&c3),
	};
	size_t at = 0;
	unsigned int i;

	for (i = 0; i < 2; i++, at += MAPS * sizeof(int32_t))
		d->bias_at[i] = at;
	for (i = 0; i < 3; i++) {
		d->weight_at[i] = at;
		at += weights[i];
	}
	d->weights.size = PAGE_UP(at);
	for (at = 0, i = 0; i < DIGITS_CUBES; i++) {
		d->cube_at[i] = at;
		at += cubes[i];
	}
	d->picture_bytes = PAGE_UP(at);
}

static void put_weights(struct digits_npu *d, const struct digits_net *net)
{
	struct conv_task c1 = conv_of(DIGITS_SIDE, NULL), c2 = conv_of(DIGITS_SIDE1, NULL), c3 = sums_of();
	int8_t *w[3];
	unsigned int k, c, y, x, i;

	for (i = 0; i < 3; i++)
		w[i] = (int8_t *)d->weights.map + d->weight_at[i];
	memset(d->weights.map, 0, d->weights.size);
	memcpy((char *)d->weights.map + d->bias_at[0], net->bias1, sizeof(net->bias1));
	memcpy((char *)d->weights.map + d->bias_at[1], net->bias2, sizeof(net->bias2));
	for (y = 0; y < DIGITS_KERNEL; y++)
		for (x = 0; x < DIGITS_KERNEL; x++) {
			for (k = 0; k < DIGITS_MAPS1; k++)
				w[0][conv_weight_index(&c1, k, 0, y, x)] = net->weights1[k][y][x];
			for (k = 0; k < DIGITS_MAPS2; k++)
				for (c = 0; c < DIGITS_MAPS1; c++)
					w[1][conv_weight_index(&c2, k, c, y, x)] = net->weights2[k][y][x][c];
		}
	for (y = 0; y < DIGITS_SIDE2; y++)
		for (x = 0; x < DIGITS_SIDE2; x++)
			for (c = 0; c < DIGITS_MAPS2; c++)
				for (k = 0; k < DIGITS_CLASSES; k++)
					w[2][conv_weight_index(&c3, k, cube_index(DIGITS_SIDE2, c, y, x), 0, 0)] =
						net->weights3[k][y][x][c];
}

/* CPU address of cube @c of picture @i */
static void *cube_of(const struct digits_npu *d, unsigned int i, enum cube c)
{
	return (char *)d->data.map + i * d->picture_bytes + d->cube_at[c];
}

static void put_pixels(struct digits_npu *d, const digits_pixels *pictures)
{
	unsigned int i, y, x;
	int8_t *to;

	memset(d->data.map, 0, d->data.size);
	for (i = 0; i < d->count; i++)
		for (to = cube_of(d, i, PIXELS), y = 0; y < DIGITS_SIDE; y++)
			for (x = 0; x < DIGITS_SIDE; x++)
				to[cube_index(DIGITS_SIDE, 0, y, x)] = pictures[i][y][x];
}

/* @weights, @bias: offsets in the buffer; NULL for a layer without bias */
static void add_conv(struct digits_npu *d, struct conv_task t, uint32_t in, uint32_t out, size_t weights,
		     const size_t *bias)
{
	t.in = in;
	t.out = out;
	t.weights = d->weights.iova + weights;
	t.bias = bias ? d->weights.iova + *bias : 0;
	conv_segment(chain_begin(&d->chain), &t);
	chain_end(&d->chain, conv_enable(&t), RKNPU_INT_DPU);
}

static void add_pool(struct digits_npu *d, struct pool_task t, uint32_t in, uint32_t out)
{
	t.in = in;
	t.out = out;
	pool_segment(chain_begin(&d->chain), &t);
	chain_end(&d->chain, POOL_ENABLE, POOL_INT);
}

static void add_picture(struct digits_npu *d, const struct digits_net *net, unsigned int i)
{
	uint32_t at[DIGITS_CUBES];
	unsigned int c;

	for (c = 0; c < DIGITS_CUBES; c++)
		at[c] = d->data.iova + i * d->picture_bytes + d->cube_at[c];
	add_conv(d, conv_of(DIGITS_SIDE, &net->requant1), at[PIXELS], at[CONV1], d->weight_at[0], &d->bias_at[0]);
	add_pool(d, pool_of(DIGITS_SIDE), at[CONV1], at[POOL1]);
	add_conv(d, conv_of(DIGITS_SIDE1, &net->requant2), at[POOL1], at[CONV2], d->weight_at[1], &d->bias_at[1]);
	add_pool(d, pool_of(DIGITS_SIDE1), at[CONV2], at[POOL2]);
	add_conv(d, sums_of(), at[POOL2], at[SUMS], d->weight_at[2], NULL);
}

int digits_npu_init(struct digits_npu *d, int fd, const struct digits_net *net, const digits_pixels *pictures,
		    unsigned int count)
{
	unsigned int i;
	int ret;

	memset(d, 0, sizeof(*d));
	d->count = count;
	place_memory(d);
	ret = npu_bo_init(&d->weights, fd, d->weights.size, NPU_FLAGS_DATA);
	if (!ret)
		ret = npu_bo_init(&d->data, fd, count * d->picture_bytes, NPU_FLAGS_DATA);
	if (!ret)
		ret = chain_init(&d->chain, fd, DIGITS_LAYERS * count, (size_t)count * PICTURE_WORDS);
	if (!ret) {
		put_weights(d, net);
		put_pixels(d, pictures);
		for (i = 0; i < count; i++)
			add_picture(d, net, i);
		ret = chain_finish(&d->chain);
	}
	if (!ret)
		ret = npu_bo_to_device(&d->weights);
	if (ret)
		digits_npu_fini(d);
	return ret;
}

void digits_npu_fini(struct digits_npu *d)
{
	chain_fini(&d->chain);
	npu_bo_fini(&d->data);
	npu_bo_fini(&d->weights);
}

static unsigned int count_cores(uint32_t core_mask)
{
	return core_mask ? (unsigned int)__builtin_popcount(core_mask) : 1;
}

/* Pictures @first to @end - 1 belong to the @nth core of @core_mask */
static void share_of(const struct digits_npu *d, uint32_t core_mask, unsigned int nth, unsigned int *first,
		     unsigned int *end)
{
	*first = nth * d->count / count_cores(core_mask);
	*end = (nth + 1) * d->count / count_cores(core_mask);
}

unsigned int digits_npu_core(const struct digits_npu *d, uint32_t core_mask, unsigned int i)
{
	unsigned int core, nth = 0, first, end;

	for (core = 0; core < NPU_CORES; core++) {
		if (!(core_mask >> core & 1))
			continue;
		share_of(d, core_mask, nth++, &first, &end);
		if (i < end)
			break;
	}
	return core;
}

/* Gives each core of @args its share; three cores use entries 2 to 4 */
static void share_out(const struct digits_npu *d, struct rknpu_submit *args)
{
	unsigned int core, nth = 0, first, end, entry0 = count_cores(args->core_mask) == NPU_CORES ? 2 : 0;

	for (core = 0; core < NPU_CORES; core++) {
		if (!(args->core_mask >> core & 1))
			continue;
		share_of(d, args->core_mask, nth++, &first, &end);
		args->subcore_task[core + entry0] =
			(struct rknpu_subcore_task){ first * DIGITS_LAYERS, (end - first) * DIGITS_LAYERS };
	}
}

int digits_npu_run(struct digits_npu *d, uint32_t core_mask, struct rknpu_submit *done)
{
	struct rknpu_submit args = chain_args(&d->chain, 0, d->chain.tasks, core_mask);
	unsigned int i;
	int ret;

	share_out(d, &args);
	for (i = 0; i < d->count; i++)
		memset(cube_of(d, i, CONV1), SPOILED, d->picture_bytes - d->cube_at[CONV1]);
	ret = npu_bo_to_device(&d->data);
	if (!ret)
		ret = npu_submit(d->data.fd, &args);
	if (done)
		*done = args;
	return ret ? ret : npu_bo_from_device(&d->data);
}

static void get_cube(const int8_t *from, unsigned int side, unsigned int maps, int8_t *to)
{
	unsigned int y, x, m;

	for (y = 0; y < side; y++)
		for (x = 0; x < side; x++)
			for (m = 0; m < maps; m++)
				*to++ = from[cube_index(side, m, y, x)];
}

void digits_npu_layers(const struct digits_npu *d, unsigned int i, struct digits_layers *out)
{
	struct conv_task c3 = sums_of();
	unsigned int k;

	get_cube(cube_of(d, i, CONV1), DIGITS_SIDE, DIGITS_MAPS1, &out->conv1[0][0][0]);
	get_cube(cube_of(d, i, POOL1), DIGITS_SIDE1, DIGITS_MAPS1, &out->pool1[0][0][0]);
	get_cube(cube_of(d, i, CONV2), DIGITS_SIDE1, DIGITS_MAPS2, &out->conv2[0][0][0]);
	get_cube(cube_of(d, i, POOL2), DIGITS_SIDE2, DIGITS_MAPS2, &out->pool2[0][0][0]);
	for (k = 0; k < DIGITS_CLASSES; k++)
		out->sums[k] = (int32_t)prec_load(RKNPU_PREC_INT32, cube_of(d, i, SUMS), conv_out_index(&c3, k, 0, 0));
}

int digits_npu_break(struct digits_npu *d, unsigned int layer, unsigned int in, unsigned int out)
{
	struct conv_task t = layer == 2 ? sums_of() : conv_of(DIGITS_SIDE, NULL);
	uint8_t *weights = (uint8_t *)d->weights.map + d->weight_at[layer];
	unsigned int middle = layer == 2 ? 0 : DIGITS_KERNEL / 2;

	/* Elements of the reference's cube have another order than channels */
	if (layer == 2)
		in = cube_index(DIGITS_SIDE2, in % DIGITS_MAPS2, in / DIGITS_MAPS2 / DIGITS_SIDE2,
				in / DIGITS_MAPS2 % DIGITS_SIDE2);
	weights[conv_weight_index(&t, out, in, middle, middle)] ^= 0x40;
	return npu_bo_to_device(&d->weights);
}
