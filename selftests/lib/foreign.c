// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#define _GNU_SOURCE
#include "foreign.h"
#include "ktap.h"

#include <drm.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#ifndef DMA_BUF_IOCTL_EXPORT_SYNC_FILE
struct dma_buf_export_sync_file {
	__u32 flags;
	__s32 fd;
};

#define DMA_BUF_IOCTL_EXPORT_SYNC_FILE	_IOWR(DMA_BUF_BASE, 2, struct dma_buf_export_sync_file)
#endif

/* Not in any exported header of the kernel */
struct sw_sync_create_fence_data {
	__u32 value;
	char name[32];
	__s32 fence;
};

#define SW_SYNC_IOC_CREATE_FENCE	_IOWR('W', 0, struct sw_sync_create_fence_data)
#define SW_SYNC_IOC_INC			_IOW('W', 1, __u32)
#define SW_SYNC				"/sys/kernel/debug/sync/sw_sync"

struct vgem_fence_attach {
	__u32 handle, flags, out_fence, pad;
};

struct vgem_fence_signal {
	__u32 fence, flags;
};

#define VGEM_FENCE_WRITE		1
#define VGEM_FENCE_ATTACH		DRM_IOWR(DRM_COMMAND_BASE + 1, struct vgem_fence_attach)
#define VGEM_FENCE_SIGNAL		DRM_IOW(DRM_COMMAND_BASE + 2, struct vgem_fence_signal)

static bool sw_sync_init(struct foreign *f)
{
	struct sw_sync_create_fence_data create = { .value = 1, .name = "test" };

	f->device = open(SW_SYNC, O_RDWR | O_CLOEXEC);
	if (f->device < 0)
		return false;
	if (ioctl(f->device, SW_SYNC_IOC_CREATE_FENCE, &create)) {
		close(f->device);
		return false;
	}
	f->fence = create.fence;
	f->buffer = -1;
	return true;
}

static int open_vgem(void)
{
	char node[32], name[16];
	int i, fd;

	for (i = 0; i < 8; i++) {
		struct drm_version version = { .name = name, .name_len = sizeof(name) - 1 };

		snprintf(node, sizeof(node), "/dev/dri/card%d", i);
		fd = open(node, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		memset(name, 0, sizeof(name));
		if (!ioctl(fd, DRM_IOCTL_VERSION, &version) && !strcmp(name, "vgem"))
			return fd;
		close(fd);
	}
	return -1;
}

static bool vgem_init(struct foreign *f)
{
	struct drm_mode_create_dumb dumb = { .width = 32, .height = 32, .bpp = 32 };
	struct dma_buf_export_sync_file export = { .flags = DMA_BUF_SYNC_RW };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	struct vgem_fence_attach attach = { .flags = VGEM_FENCE_WRITE };

	f->device = open_vgem();
	if (f->device < 0)
		return false;
	if (ioctl(f->device, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		goto close_device;
	prime.handle = attach.handle = dumb.handle;
	if (ioctl(f->device, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime) || ioctl(f->device, VGEM_FENCE_ATTACH, &attach))
		goto close_device;
	f->buffer = prime.fd;
	f->handle = attach.out_fence;
	if (!ioctl(f->buffer, DMA_BUF_IOCTL_EXPORT_SYNC_FILE, &export)) {
		f->fence = export.fd;
		return true;
	}
	close(f->buffer);
close_device:
	close(f->device);
	return false;
}

void foreign_init(struct foreign *f)
{
	if (!sw_sync_init(f) && !vgem_init(f))
		SKIP("no driver whose fences can be signalled at will");
}

void foreign_signal(struct foreign *f)
{
	struct vgem_fence_signal signal = { .fence = f->handle };
	__u32 steps = 1;

	if (f->buffer < 0)
		ASSERT_EQ(ioctl(f->device, SW_SYNC_IOC_INC, &steps), 0);
	else
		ASSERT_EQ(ioctl(f->device, VGEM_FENCE_SIGNAL, &signal), 0);
}

void foreign_abandon(struct foreign *f)
{
	close(f->device);
	if (f->buffer >= 0)
		close(f->buffer);
}
