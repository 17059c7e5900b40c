// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The call sequences of the closed runtime's memory interface (rknn_create_mem and
 * related functions), each separately, with the library that implements them with
 * ioctls.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/bound.h"
#include "lib/mem.h"
#include "lib/testing.h"

static void run_bound(int fd, uint32_t seed, struct npu_mem *in, struct npu_mem *out)
{
	struct matmul mm;

	small_matmul(&mm, fd, seed);
	ASSERT(in->size >= mm.in.size);
	bound_fill(&mm, in);
	ASSERT_RET(bound_run(&mm, in, out, 1, NULL), 0);
	EXPECT_EQ(bound_wrong(&mm, out), 0);
	matmul_fini(&mm);
}

static void allocated(enum npu_mem_flags flags)
{
	int fd = npu_open();
	struct npu_mem in, out;

	ASSERT_RET(npu_mem_create(&in, fd, 3000, flags), 0);
	ASSERT_RET(npu_mem_create(&out, fd, 9000, flags), 0);
	EXPECT_EQ(in.origin, NPU_MEM_ALLOCATED);
	EXPECT(in.dmabuf >= 0);
	run_bound(fd, 111, &in, &out);
	npu_mem_destroy(&in);
	npu_mem_destroy(&out);
	EXPECT_EQ(in.origin, NPU_MEM_NONE);
	npu_mem_destroy(&in);
}

TEST(create_cached) { allocated(NPU_MEM_CACHED); }
TEST(create_uncached) { allocated(NPU_MEM_UNCACHED); }
TEST(create_in_sram) { allocated(NPU_MEM_SRAM); }

TEST(create_refused)
{
	struct npu_mem mem;
	int fd = npu_open();

	EXPECT_RET(npu_mem_create(&mem, fd, 0, NPU_MEM_CACHED), -EINVAL);
	EXPECT_EQ(mem.origin, NPU_MEM_NONE);
	EXPECT_RET(npu_mem_create(&mem, fd, 1ull << 33, NPU_MEM_CACHED), -ENOSPC);
	npu_mem_destroy(&mem);
}

/* A foreign buffer: of another driver if available, otherwise of another open file of this driver */
static int foreign(uint64_t *size)
{
	struct drm_mode_create_dumb dumb = { .width = 1024, .height = 32, .bpp = 32 };
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int other = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);
	struct npu_mem mem;

	if (other >= 0 && !npu_ioctl(other, DRM_IOCTL_MODE_CREATE_DUMB, &dumb)) {
		p.handle = dumb.handle;
		ASSERT_RET(npu_ioctl(other, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
		*size = dumb.size;
		return p.fd;
	}
	*size = 128 * 1024;
	ASSERT_RET(npu_mem_create(&mem, npu_open(), *size, NPU_MEM_CACHED), 0);
	return mem.dmabuf;
}

/* Two parts of one dma-buf, at offsets that are not page aligned; one is destroyed, the other stays */
TEST(from_fd_with_offsets)
{
	struct npu_mem in, out;
	uint64_t size;
	int fd = npu_open(), dmabuf = foreign(&size);

	ASSERT_RET(npu_mem_create_from_fd(&in, fd, dmabuf, NULL, 2048, 4096 + 256), 0);
	ASSERT_RET(npu_mem_create_from_fd(&out, fd, dmabuf, NULL, 4096, 3 * 4096 + 512), 0);
	EXPECT_EQ(out.address - in.address, 2 * 4096 + 256);
	close(dmabuf);
	run_bound(fd, 112, &in, &out);
	npu_mem_destroy(&in);
	memset(out.virt, 1, out.size);
	EXPECT_RET(npu_mem_sync(&out, NPU_MEM_BOTH), 0);
	npu_mem_destroy(&out);
}

/* The caller's own mapping is used and not unmapped */
TEST(from_fd_with_the_callers_mapping)
{
	struct npu_mem owner, in, out;
	uint8_t *virt;
	int fd = npu_open();

	ASSERT_RET(npu_mem_create(&owner, fd, 64 * 1024, NPU_MEM_CACHED), 0);
	virt = mmap(NULL, owner.size, PROT_READ | PROT_WRITE, MAP_SHARED, owner.dmabuf, 0);
	ASSERT(virt != MAP_FAILED);
	ASSERT_RET(npu_mem_create_from_fd(&in, fd, owner.dmabuf, virt, 4096, 0), 0);
	ASSERT_RET(npu_mem_create_from_fd(&out, fd, owner.dmabuf, virt + 8192, 4096, 8192), 0);
	EXPECT(in.virt == virt);
	EXPECT_EQ(in.address, owner.address);
	run_bound(fd, 113, &in, &out);
	npu_mem_destroy(&in);
	npu_mem_destroy(&out);
	virt[5] = 6;
	/* They did not close the owner's handle either */
	EXPECT_EQ(((uint8_t *)owner.virt)[5], 6);
	EXPECT_RET(npu_mem_sync(&owner, NPU_MEM_BOTH), 0);
	npu_mem_destroy(&owner);
	EXPECT_EQ(virt[5], 6);
}

TEST(from_fd_out_of_range)
{
	struct npu_mem mem;
	uint64_t size;
	int fd = npu_open(), dmabuf = foreign(&size);

	EXPECT_RET(npu_mem_create_from_fd(&mem, fd, dmabuf, NULL, size + 1, 0), -EINVAL);
	EXPECT_RET(npu_mem_create_from_fd(&mem, fd, dmabuf, NULL, 4096, size - 4095), -EINVAL);
	EXPECT_RET(npu_mem_create_from_fd(&mem, fd, dmabuf, NULL, 4096, UINT64_MAX - 100), -EINVAL);
	EXPECT_RET(npu_mem_create_from_fd(&mem, fd, dmabuf, NULL, 0, 0), -EINVAL);
	EXPECT_RET(npu_mem_create_from_fd(&mem, fd, -1, NULL, 1, 0), -EBADF);
	EXPECT_RET(npu_mem_create_from_fd(&mem, fd, dmabuf, NULL, 4096, size - 4096), 0);
	npu_mem_destroy(&mem);
}

TEST(from_a_physical_address_is_refused)
{
	struct npu_mem mem;
	int fd = npu_open();

	EXPECT_RET(npu_mem_create_from_phys(&mem, fd, 0x40000000, &mem, 4096), -EOPNOTSUPP);
	EXPECT_EQ(mem.origin, NPU_MEM_NONE);
	npu_mem_destroy(&mem);
}

/* Only the part is synchronized. The driver cuts ranges that reach past the end, and refuses those that start there. */
TEST(sync_in_three_directions)
{
	struct npu_mem mem;
	int fd = npu_open();

	ASSERT_RET(npu_mem_create(&mem, fd, 10000, NPU_MEM_CACHED), 0);
	EXPECT_RET(npu_mem_sync(&mem, NPU_MEM_TO_DEVICE), 0);
	EXPECT_RET(npu_mem_sync(&mem, NPU_MEM_FROM_DEVICE), 0);
	EXPECT_RET(npu_mem_sync(&mem, NPU_MEM_BOTH), 0);
	mem.offset = 8192;
	EXPECT_RET(npu_mem_sync(&mem, NPU_MEM_BOTH), 0);
	mem.offset = PAGE_UP(10000);
	EXPECT_RET(npu_mem_sync(&mem, NPU_MEM_BOTH), -EINVAL);
	mem.offset = 0;
	npu_mem_destroy(&mem);
}

TEST(bind_needs_a_register_that_is_written)
{
	struct npu_mem mem;
	struct matmul mm;
	int fd = npu_open();

	small_matmul(&mm, fd, 114);
	ASSERT_RET(npu_mem_create(&mem, fd, 4096, NPU_MEM_CACHED), 0);
	EXPECT_RET(npu_mem_bind(&mem, mm.cmd.map, mm.cmd.size / 8, 0xfff0, 0, UINT32_MAX), -ENOENT);
}

/* More frames than buffers: each buffer is reused, at the same address */
TEST(pool_reuses_its_buffers)
{
	struct npu_mem_pool pool;
	struct npu_mem *in, *out, *third;
	uint64_t seen[3] = { 0 };
	int fd = npu_open(), i;

	ASSERT_RET(npu_mem_pool_init(&pool, fd, 3, 8192, NPU_MEM_CACHED), 0);
	for (i = 0; i < 3; i++)
		seen[i] = pool.all[i].address;
	for (i = 0; i < 7; i++) {
		in = npu_mem_pool_get(&pool);
		out = npu_mem_pool_get(&pool);
		ASSERT(in && out && in != out);
		run_bound(fd, 115 + i, in, out);
		npu_mem_pool_put(&pool, in);
		npu_mem_pool_put(&pool, out);
	}
	for (i = 0; i < 3; i++)
		EXPECT_EQ(pool.all[i].address, seen[i]);
	in = npu_mem_pool_get(&pool);
	out = npu_mem_pool_get(&pool);
	third = npu_mem_pool_get(&pool);
	EXPECT(in && out && third);
	EXPECT(!npu_mem_pool_get(&pool));
	npu_mem_pool_put(&pool, third);
	EXPECT(npu_mem_pool_get(&pool) == third);
	npu_mem_pool_fini(&pool);
	EXPECT_RET(npu_mem_pool_init(&pool, fd, 3, 0, NPU_MEM_CACHED), -EINVAL);
}
