// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Allocate special kinds of memory like rknn_create_mem2(). Cached: fast for the
 * CPU, but must be synchronized explicitly. Uncached: for data that the CPU writes
 * once, in order. SRAM: on-chip memory as far as available, followed by ordinary
 * memory, in one buffer.
 */
#include "example.h"

static const struct {
	const char *name;
	enum npu_mem_flags flags;
} kinds[] = {
	{ "cached", NPU_MEM_CACHED },
	{ "uncached", NPU_MEM_UNCACHED },
	{ "SRAM", NPU_MEM_SRAM },
};

int main(void)
{
	int fd = open_npu();
	unsigned int i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct npu_mem in, out;
		struct matmul mm;

		must("input", npu_mem_create(&in, fd, 4096, kinds[i].flags));
		must("output", npu_mem_create(&out, fd, 16384, kinds[i].flags));
		make_product(&mm, fd, i);
		bound_fill(&mm, &in);
		must("run", bound_run(&mm, &in, &out, 1, NULL));
		must("result", bound_wrong(&mm, &out));
		printf("%-8s %llu of %llu output bytes on the chip, result correct\n", kinds[i].name,
		       (unsigned long long)out.sram_size, (unsigned long long)out.size);
		matmul_fini(&mm);
		npu_mem_destroy(&in);
		npu_mem_destroy(&out);
	}
	return 0;
}
