/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: the part of the closed runtime's C interface that the tests use. Names, values and layouts are those in its public
 * documentation for version 1.5.2; the library exports them under these names.
 */
#ifndef RKNN_H
#define RKNN_H

#include <stdint.h>

typedef uint64_t rknn_context;

/* rknn_init(): flags */
#define RKNN_FLAG_PRIOR_HIGH			0x0u
#define RKNN_FLAG_PRIOR_MEDIUM			0x1u
#define RKNN_FLAG_PRIOR_LOW			0x2u
#define RKNN_FLAG_ASYNC_MASK			0x4u
#define RKNN_FLAG_COLLECT_PERF_MASK		0x8u
#define RKNN_FLAG_MEM_ALLOC_OUTSIDE		0x10u
#define RKNN_FLAG_SHARE_WEIGHT_MEM		0x20u
#define RKNN_FLAG_FENCE_IN_OUTSIDE		0x40u
#define RKNN_FLAG_FENCE_OUT_OUTSIDE		0x80u
#define RKNN_FLAG_INTERNAL_ALLOC_OUTSIDE	0x200u

enum rknn_query_cmd {
	RKNN_QUERY_IN_OUT_NUM = 0,		/* struct rknn_in_out_num */
	RKNN_QUERY_INPUT_ATTR = 1,		/* struct rknn_tensor_attr, index set */
	RKNN_QUERY_OUTPUT_ATTR = 2,
	RKNN_QUERY_PERF_DETAIL = 3,		/* struct rknn_perf_detail, after the outputs */
	RKNN_QUERY_PERF_RUN = 4,		/* int64_t: microseconds, after the outputs */
	RKNN_QUERY_SDK_VERSION = 5,		/* struct rknn_sdk_version */
	RKNN_QUERY_MEM_SIZE = 6,		/* struct rknn_mem_size */
	RKNN_QUERY_NATIVE_INPUT_ATTR = 8,	/* in the NPU's layout */
	RKNN_QUERY_NATIVE_OUTPUT_ATTR = 9,
};

enum rknn_type {
	RKNN_FLOAT32, RKNN_FLOAT16, RKNN_INT8, RKNN_UINT8, RKNN_INT16, RKNN_UINT16, RKNN_INT32, RKNN_UINT32, RKNN_INT64,
};

enum rknn_format { RKNN_NCHW, RKNN_NHWC, RKNN_NC1HWC2, RKNN_UNDEFINED };
enum rknn_quantization { RKNN_QNT_NONE, RKNN_QNT_DFP, RKNN_QNT_AFFINE };

struct rknn_in_out_num {
	uint32_t inputs, outputs;
};

struct rknn_tensor_attr {
	uint32_t index;
	uint32_t n_dims, dims[16];
	char name[256];
	uint32_t n_elems, size;			/* size: bytes */
	enum rknn_format fmt;
	enum rknn_type type;
	enum rknn_quantization qnt_type;
	int8_t fl;
	int32_t zp;
	float scale;				/* value = (element - zp) * scale */
	uint32_t w_stride, size_with_stride;
	uint8_t pass_through;
	uint32_t h_stride;
};

struct rknn_perf_detail {
	char *text;
	uint64_t bytes;
};

struct rknn_sdk_version {
	char api[256], driver[256];
};

struct rknn_mem_size {
	uint32_t weights, internal;
	uint64_t dma_allocated;
	uint32_t sram, sram_free;
	uint32_t reserved[10];
};

struct rknn_tensor_mem {
	void *virt_addr;
	uint64_t phys_addr;
	int32_t fd, offset;
	uint32_t size, flags;
	void *priv_data;
};

struct rknn_input {
	uint32_t index;
	void *buf;
	uint32_t size;
	uint8_t pass_through;
	enum rknn_type type;
	enum rknn_format fmt;
};

struct rknn_output {
	uint8_t want_float, is_prealloc;
	uint32_t index;
	void *buf;
	uint32_t size;
};

struct rknn_init_extend {
	rknn_context ctx;			/* context that shares its weights */
	int32_t real_model_offset;
	uint32_t real_model_size;
	uint8_t reserved[120];
};

struct rknn_run_extend {
	uint64_t frame_id;
	int32_t non_block, timeout_ms, fence_fd;
};

int rknn_init(rknn_context *ctx, void *model, uint32_t size, uint32_t flags, struct rknn_init_extend *extend);
int rknn_dup_context(rknn_context *from, rknn_context *to);
int rknn_destroy(rknn_context ctx);
int rknn_query(rknn_context ctx, enum rknn_query_cmd cmd, void *info, uint32_t size);
int rknn_inputs_set(rknn_context ctx, uint32_t count, struct rknn_input *inputs);
int rknn_set_core_mask(rknn_context ctx, uint32_t mask);
int rknn_run(rknn_context ctx, struct rknn_run_extend *extend);
int rknn_wait(rknn_context ctx, struct rknn_run_extend *extend);
int rknn_outputs_get(rknn_context ctx, uint32_t count, struct rknn_output *outputs, void *extend);
int rknn_outputs_release(rknn_context ctx, uint32_t count, struct rknn_output *outputs);
struct rknn_tensor_mem *rknn_create_mem(rknn_context ctx, uint32_t size);
struct rknn_tensor_mem *rknn_create_mem_from_fd(rknn_context ctx, int32_t fd, void *virt_addr, uint32_t size, int32_t offset);
int rknn_destroy_mem(rknn_context ctx, struct rknn_tensor_mem *mem);
int rknn_set_weight_mem(rknn_context ctx, struct rknn_tensor_mem *mem);
int rknn_set_internal_mem(rknn_context ctx, struct rknn_tensor_mem *mem);
int rknn_set_io_mem(rknn_context ctx, struct rknn_tensor_mem *mem, struct rknn_tensor_attr *attr);

#endif /* RKNN_H */
