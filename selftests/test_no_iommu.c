// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * A tree without IOMMUs: addresses are physical ones, and a client that can submit
 * can access all memory. In the environment, ANYBODY=1 means that the module was
 * loaded with allow_unsafe_dma=1, POOL=ADDRESS+BYTES that the tree reserves memory.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/testing.h"

#define TAINT_USER	(1u << 6)

static int open_untranslated(void)
{
	uint32_t value = 1;
	int fd = npu_open();

	ASSERT_RET(npu_action(fd, RKNPU_GET_IOMMU_EN, &value), 0);
	if (value)
		SKIP("an IOMMU translates");
	return fd;
}

static bool anybody(void)
{
	return getenv("ANYBODY");
}

static void drop(unsigned int cap)
{
	struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];

	ASSERT_EQ(syscall(SYS_capget, &header, data), 0);
	data[cap / 32].effective &= ~(1u << cap % 32);
	data[cap / 32].permitted &= ~(1u << cap % 32);
	ASSERT_EQ(syscall(SYS_capset, &header, data), 0);
}

TEST(computes_on_every_core)
{
	struct matmul mm;
	int fd = open_untranslated(), core;

	small_matmul(&mm, fd, 81);
	for_each_core(core)
		EXPECT_CORRECT(&mm, 1u << core);
}

/* Large enough that the page allocator alone would not give a contiguous range by chance */
TEST(memory_is_one_range_below_4_gib)
{
	static const uint32_t kinds[] = { 0, NPU_FLAGS_DATA, NPU_FLAGS_TASK, RKNPU_MEM_NON_CONTIGUOUS,
					  NPU_FLAGS_DATA | RKNPU_MEM_TRY_ALLOC_SRAM };
	int fd = open_untranslated();
	struct npu_bo bo;
	unsigned int i;
	size_t at;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_RET(npu_bo_init(&bo, fd, 6 << 20, kinds[i]), 0);
		EXPECT(bo.iova && bo.iova % NPU_PAGE == 0 && bo.iova + bo.size <= 1ull << 32);
		for (at = 0; at < bo.size; at += NPU_PAGE)
			if (!EXPECT_EQ(((uint8_t *)bo.map)[at], 0))
				break;
		for (at = 0; at < bo.size; at += NPU_PAGE)
			*(volatile uint64_t *)((char *)bo.map + at + 1) = at ^ kinds[i];
		EXPECT_RET(npu_sync(fd, bo.token, 100, bo.size - 200, RKNPU_MEM_SYNC_MASK), 0);
		for (at = 0; at < bo.size; at += NPU_PAGE)
			if (!EXPECT_EQ(*(volatile uint64_t *)((char *)bo.map + at + 1), at ^ kinds[i]))
				break;
		npu_bo_fini(&bo);
	}
}

/* If there is no contiguous memory, it is an error, and no process is killed */
TEST(M1_too_much_is_an_error)
{
	struct rknpu_mem_create c = { .size = 512 << 20, .flags = NPU_FLAGS_DATA };
	int fd = open_untranslated();

	EXPECT_RET(npu_create(fd, &c), -ENOMEM);
	c.size = NPU_PAGE;
	EXPECT_RET(npu_create(fd, &c), 0);
}

/* All of it is used, nothing else, and it is used again after it is freed */
TEST(reserved_memory_is_where_buffers_come_from)
{
	const char *env = getenv("POOL");
	uint64_t base = env ? strtoull(env, NULL, 0) : 0, bytes = env ? strtoull(strchr(env, '+') + 1, NULL, 0) : 0;
	struct npu_bo bo[1024];
	unsigned int i, n, round, before = 0;
	int fd = open_untranslated(), ret = 0;

	if (!env)
		SKIP("the tree reserves no memory");
	for (round = 0; round < 2; round++) {
		uint64_t got = 0;

		for (n = 0; n < ARRAY_SIZE(bo); n++) {
			/* A few of each size, until there is no more */
			ret = npu_bo_init(&bo[n], fd, n % 4 ? (1 << 20) : NPU_PAGE, NPU_FLAGS_DATA);
			if (ret)
				break;
			if (!EXPECT(bo[n].iova >= base && bo[n].iova + bo[n].size <= base + bytes))
				return;
			got += bo[n].size;
		}
		EXPECT_RET(ret, -ENOMEM);
		EXPECT(got <= bytes && got > bytes * 3 / 4);
		EXPECT(!round || n == before);
		before = n;
		for (i = 0; i < n; i++)
			npu_bo_fini(&bo[i]);
	}
}

TEST(no_sram_without_an_iommu)
{
	uint32_t value = 1;
	int fd = open_untranslated();

	EXPECT_RET(npu_action(fd, RKNPU_GET_TOTAL_SRAM_SIZE, &value), 0);
	EXPECT_EQ(value, 0);
}

/* Scattered memory of another driver has no single address: M14 returned that of its first piece */
TEST(M14_scattered_import_is_refused)
{
	struct drm_mode_create_dumb dumb = { .width = 1024, .height = 1024, .bpp = 32 };
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int other = open("/dev/dri/card0", O_RDWR | O_CLOEXEC), fd = open_untranslated();
	struct rknpu_mem_create c = { 0 };
	struct npu_bo bo;

	if (other < 0 || npu_ioctl(other, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		SKIP("no other device that makes buffers");
	p.handle = dumb.handle;
	ASSERT_RET(npu_ioctl(other, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	c.handle = p.handle;
	EXPECT_RET(npu_create(fd, &c), -EINVAL);
	EXPECT_RET(npu_destroy(fd, c.handle), 0);
	/* The driver's own buffers can be imported through a dma-buf */
	ASSERT_RET(npu_bo_init(&bo, fd, 1 << 20, NPU_FLAGS_DATA), 0);
	p.handle = bo.handle;
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	other = npu_open();
	ASSERT_RET(npu_ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	c = (struct rknpu_mem_create){ .handle = p.handle };
	ASSERT_RET(npu_create(other, &c), 0);
	EXPECT_EQ(c.dma_addr, bo.iova);
}

/* I2: also on a file that a privileged process has opened and used */
TEST(I2_unprivileged_users_are_refused)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	struct rknpu_submit args;
	struct matmul mm;
	uint32_t value = 0;
	int fd = open_untranslated();

	small_matmul(&mm, fd, 82);
	drop(CAP_SYS_RAWIO);
	args = matmul_args(&mm, 1);
	EXPECT_RET(npu_create(fd, &c), anybody() ? 0 : -EPERM);
	EXPECT_RET(npu_submit(fd, &args), anybody() ? 0 : -EPERM);
	EXPECT_RET(npu_bo_to_device(&mm.in), anybody() ? 0 : -EPERM);
	/* Actions that do not access memory are allowed for all */
	EXPECT_RET(npu_action(fd, RKNPU_GET_HW_VERSION, &value), 0);
}

TEST(taint_says_so)
{
	unsigned long tainted = 0;
	FILE *f;

	open_untranslated();
	f = fopen("/proc/sys/kernel/tainted", "re");
	ASSERT(f && fscanf(f, "%lu", &tainted) == 1);
	EXPECT_EQ(!!(tainted & TAINT_USER), anybody());
}
