// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Allocate memory for the NPU like rknn_create_mem(): zeroed, mapped, with an
 * address for command streams and a dma-buf for other devices.
 */
#include "example.h"

int main(void)
{
	int fd = open_npu();
	struct npu_mem mem;
	size_t i;

	must("allocate", npu_mem_create(&mem, fd, 100000, NPU_MEM_CACHED));
	printf("%llu bytes: the CPU's at %p, the NPU's at 0x%x, other devices' as descriptor %d\n",
	       (unsigned long long)mem.size, mem.virt, mem.address, mem.dmabuf);
	for (i = 0; i < mem.size; i++)
		must("zeroes", ((unsigned char *)mem.virt)[i]);
	npu_mem_destroy(&mem);
	return 0;
}
