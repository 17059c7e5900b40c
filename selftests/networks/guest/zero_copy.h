/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Zero copy: the network's input and output where and as the NPU wants them, in buffers that the runtime, another driver or
 * a process made.
 */
#ifndef ZERO_COPY_H
#define ZERO_COPY_H

#include "network.h"

/* Somebody else's buffer */
struct foreign_buffer {
	int fd;			/* dma-buf */
	void *map;
	size_t bytes;
};

enum foreign_kind { FOREIGN_UDMABUF, FOREIGN_VGEM, FOREIGN_HEAP };

/* Makes and maps one; skips the case where the kernel cannot */
void foreign_buffer_init(struct foreign_buffer *b, enum foreign_kind kind, size_t bytes);
void foreign_buffer_fini(struct foreign_buffer *b);

struct zero_copy {
	const struct network *net;
	rknn_context ctx;
	struct rknn_tensor_attr in_attr[NETWORK_TENSORS], out_attr[NETWORK_TENSORS];	/* as the NPU has them */
	struct rknn_tensor_mem *in[NETWORK_TENSORS], *out[NETWORK_TENSORS];
	struct foreign_buffer in_foreign[NETWORK_TENSORS], out_foreign[NETWORK_TENSORS];
};

/* Memory of the runtime's own for each input and output, or that of @kind */
void zero_copy_init(struct zero_copy *z, const struct network *net, rknn_context ctx, const enum foreign_kind *kind);
/* The inputs into their buffers, and the outputs overwritten */
void zero_copy_fill(struct zero_copy *z);
/* Whether what is in the output buffers is right; failures of the case if not */
bool zero_copy_judge(struct zero_copy *z);
void zero_copy_fini(struct zero_copy *z);

#endif /* ZERO_COPY_H */
