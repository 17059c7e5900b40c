// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Bind memory as input and output of a command stream, like rknn_set_io_mem():
 * the stream is created once, and then gets the address of each frame.
 */
#include "example.h"

#define FRAMES	4

int main(void)
{
	struct npu_mem in[FRAMES], out[FRAMES];
	int fd = open_npu();
	struct matmul mm;
	unsigned int i;

	make_product(&mm, fd, 6);
	for (i = 0; i < FRAMES; i++) {
		must("input", npu_mem_create(&in[i], fd, 4096, NPU_MEM_CACHED));
		must("output", npu_mem_create(&out[i], fd, 16384, NPU_MEM_CACHED));
		memcpy(in[i].virt, mm.in.map, mm.in.size);
	}
	bound_fill(&mm, &in[0]);
	for (i = 0; i < FRAMES; i++) {
		must("run", bound_run(&mm, &in[i], &out[i], npu_nth(i), NULL));
		must("result", bound_wrong(&mm, &out[i]));
		printf("frame %u: 0x%x -> 0x%x, result correct\n", i, in[i].address, out[i].address);
	}
	must("a register that the stream does not write",
	     npu_mem_bind(&in[0], mm.cmd.map, mm.cmd.size / 8, 0xfff0, 0, UINT32_MAX) == -ENOENT ? 0 : -EBADE);
	for (i = 0; i < FRAMES; i++) {
		npu_mem_destroy(&in[i]);
		npu_mem_destroy(&out[i]);
	}
	matmul_fini(&mm);
	return 0;
}
