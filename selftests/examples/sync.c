// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Synchronize cached memory like rknn_mem_sync(), in its three directions. To the
 * device: after the CPU has written. From the device: before the CPU reads. Both:
 * for memory that both write, here a buffer with input and output.
 */
#include "example.h"

int main(void)
{
	int fd = open_npu();
	struct npu_mem mem, in, out;
	struct matmul mm;

	must("allocate", npu_mem_create(&mem, fd, 32768, NPU_MEM_CACHED));
	make_product(&mm, fd, 5);
	/* Parts of it: a library may synchronize only its part */
	in = mem;
	in.size = 4096;
	out = mem;
	out.virt = (char *)mem.virt + 8192;
	out.offset = 8192;
	out.size = 16384;
	out.address = mem.address + 8192;
	must("CPU to NPU", npu_mem_sync(&mem, NPU_MEM_TO_DEVICE));
	bound_fill(&mm, &in);
	must("run", bound_run(&mm, &in, &out, 1, NULL));
	must("NPU to CPU", npu_mem_sync(&out, NPU_MEM_FROM_DEVICE));
	must("result", bound_wrong(&mm, &out));
	must("both ways", npu_mem_sync(&mem, NPU_MEM_BOTH));
	in.offset = 32768;
	must("a part that is not in it", npu_mem_sync(&in, NPU_MEM_BOTH) == -EINVAL ? 0 : -EBADE);
	printf("to the device, from it, both: result correct; outside: refused\n");
	matmul_fini(&mm);
	npu_mem_destroy(&mem);
	return 0;
}
