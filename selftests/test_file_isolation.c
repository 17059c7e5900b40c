// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The module loaded with isolation=file: files of one process are isolated from
 * each other as processes are by default. Set ISOLATION=file in the environment.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/testing.h"

static void need_file_isolation(void)
{
	const char *isolation = getenv("ISOLATION");

	if (!isolation || strcmp(isolation, "file"))
		SKIP("the module was not loaded with isolation=file");
}

TEST(token_of_the_other_file)
{
	struct npu_bo bo;
	int fd = npu_open(), other = npu_open();

	need_file_isolation();
	ASSERT_RET(npu_bo_init(&bo, fd, NPU_PAGE, NPU_FLAGS_DATA), 0);
	EXPECT_RET(npu_sync(fd, bo.token, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
	EXPECT_RET(npu_sync(other, bo.token, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
}

TEST(stream_names_the_other_files_address)
{
	struct npu_bo secret;
	int fd = npu_open(), other = npu_open();
	struct matmul mm;
	size_t at;

	need_file_isolation();
	ASSERT_RET(npu_bo_init(&secret, fd, 4 << 20, NPU_FLAGS_DATA), 0);
	memset(secret.map, 0x5e, secret.size);
	npu_bo_to_device(&secret);
	small_matmul(&mm, other, 91);
	EXPECT_CORRECT(&mm, 1);
	ASSERT(secret.iova < mm.in.iova);
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, secret.iova));
	EXPECT_RET(matmul_run(&mm, 1, NULL), -EIO);
	npu_bo_from_device(&secret);
	for (at = 0; at < secret.size; at++)
		if (((uint8_t *)secret.map)[at] != 0x5e)
			break;
	EXPECT_EQ(at, secret.size);
}

/* A buffer that is shared on purpose can be used by both */
TEST(shared_buffer_has_an_address_in_each)
{
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	struct rknpu_mem_create c = { 0 };
	struct npu_bo bo;
	int fd = npu_open(), other = npu_open();

	need_file_isolation();
	ASSERT_RET(npu_bo_init(&bo, fd, 2 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	p.handle = bo.handle;
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	ASSERT_RET(npu_ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	c.handle = p.handle;
	ASSERT_RET(npu_create(other, &c), 0);
	EXPECT(c.obj_addr != bo.token);
	EXPECT_RET(npu_sync(other, c.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
	npu_bo_fini(&bo);
	EXPECT_RET(npu_sync(other, c.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
}

/* Each file has its own choice of domain too */
TEST(domain_choice_is_the_files)
{
	uint32_t id = 7, theirs = 99;
	int fd = npu_open(), other = npu_open();

	need_file_isolation();
	ASSERT_RET(npu_action(fd, RKNPU_SET_IOMMU_DOMAIN_ID, &id), 0);
	ASSERT_RET(npu_action(other, RKNPU_GET_IOMMU_DOMAIN_ID, &theirs), 0);
	EXPECT_EQ(theirs, 0);
}
