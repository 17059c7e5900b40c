// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#define _GNU_SOURCE
#include "udmabuf.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* The exporter maps its pages for the direction of the first access: another one later would be its mistake */
static int access_both(int dmabuf)
{
	struct dma_buf_sync both = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };

	if (ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &both))
		return -1;
	both.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	return ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &both);
}

static int create(int memory, uint64_t bytes)
{
	struct udmabuf_create args = { .memfd = memory, .flags = UDMABUF_FLAGS_CLOEXEC, .size = bytes };
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC), dmabuf, error;

	if (device < 0)
		return -errno;
	dmabuf = ioctl(device, UDMABUF_CREATE, &args);
	error = errno;
	close(device);
	if (dmabuf < 0)
		return -error;
	if (access_both(dmabuf)) {
		error = errno;
		close(dmabuf);
		return -error;
	}
	return dmabuf;
}

int udmabuf_create(uint64_t bytes, void **map)
{
	int memory = memfd_create("udmabuf", MFD_CLOEXEC | MFD_ALLOW_SEALING), dmabuf;

	if (memory < 0)
		return -errno;
	if (ftruncate(memory, bytes) || fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK))
		dmabuf = -errno;
	else
		dmabuf = create(memory, bytes);
	if (map && dmabuf >= 0) {
		*map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
		if (*map == MAP_FAILED) {
			close(dmabuf);
			dmabuf = -ENOMEM;
		}
	}
	close(memory);
	return dmabuf;
}
