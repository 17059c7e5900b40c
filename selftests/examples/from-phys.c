// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * What rknn_create_mem_from_phys() asks for cannot be had: nothing says whose
 * memory lies at a physical address, so whoever may name one may read and
 * overwrite everything. Who owns the memory can make a dma-buf of it, which is
 * taken over like any other (from-fd.c): of a reserved area by a dma-heap, say.
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
