// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Import foreign memory like rknn_create_mem_from_fd(): one part of a dma-buf is
 * the input and another one the output (here it is from a memfd, but that of a
 * decoder or a camera works the same). Nothing is copied.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "example.h"

#define BYTES	65536

/* A dma-buf and the caller's mapping of it */
static int make_dmabuf(char **map)
{
	struct udmabuf_create args = { .size = BYTES };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), memfd, dmabuf;

	need("/dev/udmabuf", dev);
	memfd = memfd_create("frames", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	must("memfd", memfd < 0 || ftruncate(memfd, BYTES) || fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK) ? -errno : 0);
	args.memfd = memfd;
	dmabuf = ioctl(dev, UDMABUF_CREATE, &args);
	must("dma-buf", dmabuf < 0 ? -errno : 0);
	*map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, memfd, 0);
	must("map", *map == MAP_FAILED ? -errno : 0);
	close(dev);
	close(memfd);
	return dmabuf;
}

/* Required for every dma-buf before and after accessing it with the CPU */
static void cpu_access(int dmabuf, uint64_t flags)
{
	struct dma_buf_sync sync = { flags | DMA_BUF_SYNC_RW };

	must("access", ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &sync) ? -errno : 0);
}

int main(void)
{
	int fd = open_npu(), dmabuf;
	struct npu_mem in, out;
	struct matmul mm;
	char *map;

	dmabuf = make_dmabuf(&map);
	/* If the caller has already mapped it, that mapping is used */
	must("input", npu_mem_create_from_fd(&in, fd, dmabuf, map + 4096, 4096, 4096));
	/* Otherwise it is mapped here */
	must("output", npu_mem_create_from_fd(&out, fd, dmabuf, NULL, 16384, 8192 + 512));
	make_product(&mm, fd, 3);
	cpu_access(dmabuf, DMA_BUF_SYNC_START);
	bound_fill(&mm, &in);
	cpu_access(dmabuf, DMA_BUF_SYNC_END);
	must("run", bound_run(&mm, &in, &out, 1, NULL));
	must("result", bound_wrong(&mm, &out));
	printf("one dma-buf: input at 0x%x, output at 0x%x, result correct\n", in.address, out.address);
	matmul_fini(&mm);
	npu_mem_destroy(&in);
	npu_mem_destroy(&out);
	close(dmabuf);
	return 0;
}
