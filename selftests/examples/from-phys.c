// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * rknn_create_mem_from_phys() is not supported: the owner of memory at a physical
 * address is unknown, so a program that may use any address could read and
 * overwrite everything. The owner of the memory can export it as a dma-buf, for
 * example a reserved area by a dma-heap, which is imported like any other
 * (from-fd.c).
 */
#include "example.h"

int main(void)
{
	int fd = open_npu(), ret;
	struct npu_mem mem;

	ret = npu_mem_create_from_phys(&mem, fd, 0x40000000, NULL, 4096);
	must("it should have been refused", ret == -EOPNOTSUPP ? 0 : -EBADE);
	printf("refused: %s; take a dma-buf of that memory instead\n", strerror(-ret));
	return 0;
}
