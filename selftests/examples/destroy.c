// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Destroy memory like rknn_destroy_mem(): what is freed depends on the origin of
 * the memory. Allocated memory is freed completely; for memory that was imported
 * from a descriptor, nothing that belongs to the caller is freed.
 */
#include <fcntl.h>
#include <sys/mman.h>

#include "example.h"

int main(void)
{
	int fd = open_npu(), dmabuf;
	struct npu_mem owner, part;
	char *map;

	must("allocate", npu_mem_create(&owner, fd, 8192, NPU_MEM_CACHED));
	dmabuf = owner.dmabuf;
	map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	must("map", map == MAP_FAILED ? -errno : 0);

	must("take over", npu_mem_create_from_fd(&part, fd, dmabuf, map + 4096, 4096, 4096));
	npu_mem_destroy(&part);
	map[4096] = 1;
	must("the caller's descriptor", fcntl(dmabuf, F_GETFD) < 0 ? -errno : 0);
	must("the owner's buffer", npu_mem_sync(&owner, NPU_MEM_TO_DEVICE));
	printf("a part went: the caller's mapping, descriptor and buffer are still there\n");

	npu_mem_destroy(&owner);
	must("the library's descriptor is closed", fcntl(dmabuf, F_GETFD) < 0 ? 0 : -EEXIST);
	map[0] = 1;
	printf("the owner went: its descriptor too; the caller's mapping is the caller's\n");
	return 0;
}
