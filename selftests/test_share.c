// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Buffers that more than one party holds: several handles of one file, FLINK
 * names, dma-bufs out and in, with the peers that the machine has: memory of a
 * memfd, another DRM driver, a camera.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/testing.h"

#define POISON	0xa7

static int open_card(void)
{
	int fd = npu_open_card(NULL, 0);

	if (fd < 0)
		SKIP("no card node of driver rknpu");
	return fd;
}

static int export_fd(int fd, uint32_t handle)
{
	struct drm_prime_handle p = { .handle = handle, .flags = DRM_CLOEXEC | DRM_RDWR };
	int ret = npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p);

	return ret ? ret : p.fd;
}

static uint32_t import_fd(int fd, int dmabuf)
{
	struct drm_prime_handle p = { .fd = dmabuf };

	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	return p.handle;
}

static uint32_t flink(int fd, uint32_t handle)
{
	struct drm_gem_flink args = { .handle = handle };

	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_GEM_FLINK, &args), 0);
	return args.name;
}

static uint32_t open_name(int fd, uint32_t name)
{
	struct drm_gem_open args = { .name = name };

	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_GEM_OPEN, &args), 0);
	return args.handle;
}

/* ---- several handles ------------------------------------------------------------- */

/* The address goes with the last handle, whichever that is */
static void closes_in_order(bool first_first)
{
	struct rknpu_mem_create c = { .size = 3 * NPU_PAGE, .flags = NPU_FLAGS_DATA }, again = { 0 };
	int fd = open_card();
	uint32_t second;

	ASSERT_RET(npu_create(fd, &c), 0);
	second = open_name(fd, flink(fd, c.handle));
	ASSERT(second != c.handle);
	again.handle = second;
	ASSERT_RET(npu_create(fd, &again), 0);
	EXPECT_EQ(again.dma_addr, c.dma_addr);
	EXPECT_EQ(again.obj_addr, c.obj_addr);

	ASSERT_RET(npu_destroy(fd, first_first ? c.handle : second), 0);
	EXPECT_RET(npu_sync(fd, c.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
	again = (struct rknpu_mem_create){ .handle = first_first ? second : c.handle };
	ASSERT_RET(npu_create(fd, &again), 0);
	EXPECT_EQ(again.dma_addr, c.dma_addr);
	EXPECT_EQ(again.obj_addr, c.obj_addr);
	ASSERT_RET(npu_destroy(fd, again.handle), 0);
	EXPECT_RET(npu_sync(fd, c.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
}

TEST(first_of_two_handles_goes) { closes_in_order(true); }
TEST(second_of_two_handles_goes) { closes_in_order(false); }

/* What runs must go on running when a handle that it does not need goes */
TEST(stream_runs_on_the_remaining_handle)
{
	struct matmul mm;
	int fd = open_card();
	uint32_t second;

	small_matmul(&mm, fd, 21);
	second = open_name(fd, flink(fd, mm.in.handle));
	ASSERT_RET(npu_destroy(fd, second), 0);
	EXPECT_CORRECT(&mm, 1);
	second = open_name(fd, flink(fd, mm.cmd.handle));
	ASSERT_RET(npu_destroy(fd, mm.cmd.handle), 0);
	EXPECT_CORRECT(&mm, 1);
	ASSERT_RET(npu_destroy(fd, second), 0);
	EXPECT_RET(matmul_run(&mm, 1, NULL), -EIO);
}

/* Importing what one exported gives the handle that is there already */
TEST(self_import_is_the_same_handle)
{
	struct npu_bo bo;
	int fd = npu_open(), dmabuf;

	ASSERT_RET(npu_bo_init(&bo, fd, 2 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	dmabuf = export_fd(fd, bo.handle);
	ASSERT(dmabuf >= 0);
	EXPECT_EQ(import_fd(fd, dmabuf), bo.handle);
	EXPECT_EQ(import_fd(fd, dmabuf), bo.handle);
	/* One handle, so one close ends it */
	npu_bo_fini(&bo);
	EXPECT_RET(npu_destroy(fd, bo.handle), -ENOENT);
}

/* Two files of one process: one address, until both have closed */
TEST(two_files_share_one_address)
{
	struct rknpu_mem_create there = { 0 };
	int fd = npu_open(), other = npu_open();
	struct npu_bo bo;

	ASSERT_RET(npu_bo_init(&bo, fd, 2 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	there.handle = import_fd(other, export_fd(fd, bo.handle));
	ASSERT_RET(npu_create(other, &there), 0);
	EXPECT_EQ(there.dma_addr, bo.iova);
	EXPECT_EQ(there.obj_addr, bo.token);
	ASSERT_RET(npu_destroy(fd, bo.handle), 0);
	EXPECT_RET(npu_sync(fd, there.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
	close(other);
	EXPECT_RET(npu_sync(fd, there.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
}
