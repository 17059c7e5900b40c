/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Zero copy: the network's input and output in the NPU's own layout, in buffers created by the runtime, another driver or a
 * process.
 */
#ifndef ZERO_COPY_H
#define ZERO_COPY_H

#include "network.h"

/* A buffer that was not created by the runtime */
struct foreign_buffer {
	int fd;			/* dma-buf */
	void *map;
	size_t bytes;
};

/* The last one is that of selftests/exporter: what devices and the CPU see differs until it is synchronized */
enum foreign_kind { FOREIGN_UDMABUF, FOREIGN_VGEM, FOREIGN_HEAP, FOREIGN_CACHED };

/* Creates and maps one; skips the case if the kernel does not support it */
void foreign_buffer_init(struct foreign_buffer *b, enum foreign_kind kind, size_t bytes);
void foreign_buffer_fini(struct foreign_buffer *b);

struct zero_copy {
	const struct network *net;
	rknn_context ctx;
	struct rknn_tensor_attr in_attr[NETWORK_TENSORS], out_attr[NETWORK_TENSORS];	/* as the NPU has them */
	struct rknn_tensor_mem *in[NETWORK_TENSORS], *out[NETWORK_TENSORS];
	struct foreign_buffer in_foreign[NETWORK_TENSORS], out_foreign[NETWORK_TENSORS];
};

/* Allocates memory by the runtime for each input and output, or of @kind */
void zero_copy_init(struct zero_copy *z, const struct network *net, rknn_context ctx, const enum foreign_kind *kind);
/* Copies the inputs to their buffers, and overwrites the outputs */
void zero_copy_fill(struct zero_copy *z);
/* Returns true if the output buffers are right; otherwise reports failures of the case */
bool zero_copy_judge(struct zero_copy *z);
void zero_copy_fini(struct zero_copy *z);

#endif /* ZERO_COPY_H */
