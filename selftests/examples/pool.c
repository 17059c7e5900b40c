// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Buffers that are created once and reused: creating one costs more than a small
 * job, and a pipeline only needs a few at a time.
 */
#include "example.h"

#define BUFFERS	3
#define FRAMES	12

int main(void)
{
	struct npu_mem_pool pool;
	struct npu_mem *in, *out;
	int fd = open_npu();
	unsigned int i;

	must("pool", npu_mem_pool_init(&pool, fd, BUFFERS, 16384, NPU_MEM_CACHED));
	for (i = 0; i < FRAMES; i++) {
		struct matmul mm;

		in = npu_mem_pool_get(&pool);
		out = npu_mem_pool_get(&pool);
		must("two of three", in && out ? 0 : -ENOMEM);
		make_product(&mm, fd, i);
		bound_fill(&mm, in);
		must("run", bound_run(&mm, in, out, 0, NULL));
		must("result", bound_wrong(&mm, out));
		matmul_fini(&mm);
		npu_mem_pool_put(&pool, in);
		npu_mem_pool_put(&pool, out);
	}
	must("all are back", pool.free == BUFFERS ? 0 : -EBUSY);
	npu_mem_pool_fini(&pool);
	printf("%u frames through %u buffers, results correct\n", FRAMES, BUFFERS);
	return 0;
}
