// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#define _GNU_SOURCE
#include "zero_copy.h"

#include <drm/drm.h>
#include <drm/drm_mode.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-heap.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fp16.h"
#include "ktap.h"
#include "rknpu_exporter.h"
#include "udmabuf.h"

#define PAGE	4096ul

/* ---- memory from other sources ---------------------------------------------------- */

static int make_udmabuf(size_t bytes)
{
	int fd = udmabuf_create(bytes, NULL);

	if (fd == -ENOENT)
		ktap_skip("this kernel has no udmabuf");
	return fd;
}

static int make_vgem(size_t bytes)
{
	struct drm_mode_create_dumb dumb = { .width = bytes / 4, .height = 1, .bpp = 32 };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int device = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);

	if (device < 0 || ioctl(device, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		ktap_skip("no other device that makes buffers");
	prime.handle = dumb.handle;
	ASSERT_EQ(ioctl(device, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	close(device);
	return prime.fd;
}

static int make_heap(size_t bytes)
{
	struct dma_heap_allocation_data data = { .len = bytes, .fd_flags = O_RDWR | O_CLOEXEC };
	int device = open("/dev/dma_heap/system", O_RDWR | O_CLOEXEC);

	if (device < 0)
		ktap_skip("this kernel has no dma-heap");
	ASSERT_EQ(ioctl(device, DMA_HEAP_IOCTL_ALLOC, &data), 0);
	close(device);
	return data.fd;
}

static int make_cached(size_t bytes)
{
	int device = open(EXPORTER_NODE, O_RDWR | O_CLOEXEC), fd;

	if (device < 0)
		ktap_skip("no rknpu_exporter.ko");
	fd = ioctl(device, EXPORTER_CACHED, bytes);
	close(device);
	return fd;
}

void foreign_buffer_init(struct foreign_buffer *b, enum foreign_kind kind, size_t bytes)
{
	static int (*const make[])(size_t) = {
		[FOREIGN_UDMABUF] = make_udmabuf, [FOREIGN_VGEM] = make_vgem, [FOREIGN_HEAP] = make_heap,
		[FOREIGN_CACHED] = make_cached,
	};

	b->bytes = (bytes + PAGE - 1) / PAGE * PAGE;
	b->fd = make[kind](b->bytes);
	ASSERT(b->fd >= 0);
	b->map = mmap(NULL, b->bytes, PROT_READ | PROT_WRITE, MAP_SHARED, b->fd, 0);
	ASSERT(b->map != MAP_FAILED);
}

void foreign_buffer_fini(struct foreign_buffer *b)
{
	munmap(b->map, b->bytes);
	close(b->fd);
}

/* ---- layouts ------------------------------------------------------------------------ */

/* Size of a tensor, independent of its layout */
struct extent {
	unsigned int rows, columns, channels;
};

static struct extent extent_of(const struct rknn_tensor_attr *attr)
{
	struct extent e;

	ASSERT_EQ(attr->n_dims, 4);
	if (attr->fmt == RKNN_NCHW)
		e = (struct extent){ attr->dims[2], attr->dims[3], attr->dims[1] };
	else
		e = (struct extent){ attr->dims[1], attr->dims[2], attr->dims[3] };
	return e;
}

/* Index of an element in the NPU's own layout */
static size_t place(const struct rknn_tensor_attr *native, const struct extent *e, unsigned int y, unsigned int x, unsigned int c)
{
	unsigned int stride = native->w_stride ? native->w_stride : e->columns, group;

	if (native->fmt == RKNN_NHWC)
		return ((size_t)y * stride + x) * e->channels + c;
	ASSERT_EQ(native->fmt, RKNN_NC1HWC2);
	ASSERT_EQ(native->n_dims, 5);
	group = native->dims[4];
	return (((size_t)(c / group) * native->dims[2] + y) * native->dims[3] + x) * group + c % group;
}

static void put(const struct rknn_tensor_attr *attr, void *map, size_t at, float value)
{
	float step;

	if (attr->type == RKNN_FLOAT16) {
		((uint16_t *)map)[at] = fp16_from_fp32(value);
		return;
	}
	ASSERT_EQ(attr->type, RKNN_INT8);
	step = rintf(value / attr->scale) + attr->zp;
	((int8_t *)map)[at] = step < -128 ? -128 : step > 127 ? 127 : step;
}

static float get(const struct rknn_tensor_attr *attr, const void *map, size_t at)
{
	if (attr->type == RKNN_FLOAT16)
		return fp16_to_double(((const uint16_t *)map)[at]);
	ASSERT_EQ(attr->type, RKNN_INT8);
	return (((const int8_t *)map)[at] - attr->zp) * attr->scale;
}

/* ---- the runtime's side --------------------------------------------------------------- */

static struct rknn_tensor_mem *memory(struct zero_copy *z, const struct rknn_tensor_attr *attr, struct foreign_buffer *foreign,
				      const enum foreign_kind *kind)
{
	uint32_t bytes = attr->size_with_stride > attr->size ? attr->size_with_stride : attr->size;
	struct rknn_tensor_mem *mem;

	if (kind) {
		foreign_buffer_init(foreign, *kind, bytes);
		mem = rknn_create_mem_from_fd(z->ctx, foreign->fd, foreign->map, bytes, 0);
	} else {
		mem = rknn_create_mem(z->ctx, bytes);
	}
	ASSERT(mem && mem->virt_addr);
	return mem;
}

void zero_copy_init(struct zero_copy *z, const struct network *net, rknn_context ctx, const enum foreign_kind *kind)
{
	unsigned int i;

	memset(z, 0, sizeof(*z));
	z->net = net;
	z->ctx = ctx;
	for (i = 0; i < net->inputs; i++) {
		struct rknn_tensor_attr *attr = &z->in_attr[i];

		attr->index = i;
		ASSERT_EQ(rknn_query(ctx, RKNN_QUERY_NATIVE_INPUT_ATTR, attr, sizeof(*attr)), 0);
		attr->pass_through = 1;
		z->in[i] = memory(z, attr, &z->in_foreign[i], kind);
		ASSERT_EQ(rknn_set_io_mem(ctx, z->in[i], attr), 0);
	}
	for (i = 0; i < net->outputs; i++) {
		struct rknn_tensor_attr *attr = &z->out_attr[i];

		attr->index = i;
		ASSERT_EQ(rknn_query(ctx, RKNN_QUERY_NATIVE_OUTPUT_ATTR, attr, sizeof(*attr)), 0);
		z->out[i] = memory(z, attr, &z->out_foreign[i], kind);
		ASSERT_EQ(rknn_set_io_mem(ctx, z->out[i], attr), 0);
	}
}

static void fill_one(struct zero_copy *z, unsigned int i)
{
	const float *values = z->net->in[i].data;
	struct rknn_tensor_attr attr = { .index = i };
	unsigned int x, y, c;
	struct extent e;

	ASSERT_EQ(rknn_query(z->ctx, RKNN_QUERY_INPUT_ATTR, &attr, sizeof(attr)), 0);
	e = extent_of(&attr);
	memset(z->in[i]->virt_addr, 0, z->in[i]->size);
	for (y = 0; y < e.rows; y++)
		for (x = 0; x < e.columns; x++)
			for (c = 0; c < e.channels; c++)
				put(&z->in_attr[i], z->in[i]->virt_addr, place(&z->in_attr[i], &e, y, x, c), *values++);
}

void zero_copy_fill(struct zero_copy *z)
{
	unsigned int i;

	for (i = 0; i < z->net->inputs; i++)
		fill_one(z, i);
	for (i = 0; i < z->net->outputs; i++)
		memset(z->out[i]->virt_addr, 0x5a, z->out[i]->size);
}

bool zero_copy_judge(struct zero_copy *z)
{
	struct rknn_output out[NETWORK_TENSORS] = { 0 };
	unsigned int i, x, y, c;
	bool right;

	for (i = 0; i < z->net->outputs; i++) {
		struct rknn_tensor_attr attr = { .index = i };
		struct extent e;
		float *at;

		ASSERT_EQ(rknn_query(z->ctx, RKNN_QUERY_OUTPUT_ATTR, &attr, sizeof(attr)), 0);
		e = extent_of(&attr);
		out[i].size = attr.n_elems * sizeof(float);
		out[i].buf = at = malloc(out[i].size);
		for (c = 0; c < e.channels; c++)
			for (y = 0; y < e.rows; y++)
				for (x = 0; x < e.columns; x++)
					*at++ = get(&z->out_attr[i], z->out[i]->virt_addr, place(&z->out_attr[i], &e, y, x, c));
	}
	right = network_judge(z->net, z->ctx, out);
	for (i = 0; i < z->net->outputs; i++)
		free(out[i].buf);
	return right;
}

void zero_copy_fini(struct zero_copy *z)
{
	unsigned int i;

	for (i = 0; i < z->net->inputs; i++) {
		EXPECT_EQ(rknn_destroy_mem(z->ctx, z->in[i]), 0);
		if (z->in_foreign[i].map)
			foreign_buffer_fini(&z->in_foreign[i]);
	}
	for (i = 0; i < z->net->outputs; i++) {
		EXPECT_EQ(rknn_destroy_mem(z->ctx, z->out[i]), 0);
		if (z->out_foreign[i].map)
			foreign_buffer_fini(&z->out_foreign[i]);
	}
}
