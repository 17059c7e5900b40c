// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * /dev/rknpu: only exists if enabled (MISC=1 in the environment), and then has the
 * same checks as the DRM nodes. Defects D1-D8 are those of the vendor's version of
 * it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/testing.h"

#define POISON	0xa7

static int open_misc(void)
{
	int fd;

	if (!getenv("MISC"))
		SKIP("the module was not loaded with misc=1");
	fd = npu_open_misc();
	ASSERT(fd >= 0);
	return fd;
}

/* A link to a DRM node would break programs that try this node first */
TEST(there_only_when_asked_for)
{
	struct stat st;
	int ret = lstat("/dev/rknpu", &st);

	if (getenv("MISC")) {
		ASSERT_EQ(ret, 0);
		EXPECT(S_ISCHR(st.st_mode));
	} else {
		npu_open();
		EXPECT_EQ(ret, -1);
	}
}

TEST(computes_on_every_core)
{
	struct matmul mm;
	int fd = open_misc(), core;

	small_matmul(&mm, fd, 101);
	for_each_core(core)
		EXPECT_CORRECT(&mm, 1u << core);
	EXPECT_CORRECT(&mm, 0);
	matmul_fini(&mm);
}

TEST(both_nodes_at_once)
{
	struct matmul a, b;
	int misc = open_misc(), drm = npu_open(), i;

	small_matmul(&a, misc, 102);
	small_matmul(&b, drm, 103);
	for (i = 0; i < 6; i++) {
		EXPECT_CORRECT(&a, npu_nth(i));
		EXPECT_CORRECT(&b, npu_nth(i));
	}
	/* One process: one address space, so a stream of one may use memory of the other */
	ASSERT(matmul_set_register(&b, RKNPU_CNA_FEATURE_DATA_ADDR, a.in.iova));
	EXPECT_RET(matmul_run(&b, 1, NULL), 0);
}

/* D1: the vendor copied the size in the caller's ioctl number; here the whole number must match */
TEST(D1_whole_numbers_and_exact_sizes)
{
	static const struct { unsigned int nr, size; } t[] = {
		{ RKNPU_ACTION, 8 }, { RKNPU_SUBMIT, 104 }, { RKNPU_MEM_CREATE, 48 }, { RKNPU_MEM_CREATE, 40 },
		{ RKNPU_MEM_CREATE, 32 }, { RKNPU_MEM_DESTROY, 16 }, { RKNPU_MEM_SYNC, 32 },
	};
	static uint8_t raw[16384];
	unsigned int dir, nr, size, i, type;
	int fd = open_misc();

	for (nr = 0; nr < 256; nr++)
		for (size = 0; size < 4096; size += size < 128 ? 4 : 331)
			for (dir = 0; dir < 4; dir++) {
				bool known = false;

				for (i = 0; i < ARRAY_SIZE(t); i++)
					known |= t[i].nr == nr && t[i].size == size && dir == (_IOC_READ | _IOC_WRITE);
				if (known)
					continue;
				memset(raw, POISON, 128);
				if (!EXPECT_RET(npu_ioctl(fd, _IOC(dir, 'r', nr, size), raw), -EINVAL))
					ktap_note("number %u size %u direction %u", nr, size, dir);
				for (i = 0; i < 128; i++)
					ASSERT_EQ(raw[i], POISON);
			}
	/* The DRM node's numbers are not valid here, and vice versa */
	for (type = 0; type < 256; type++)
		if (type != 'r')
			EXPECT(npu_ioctl(fd, _IOC(3, type, RKNPU_MEM_CREATE, 48), raw) < 0);
	EXPECT_RET(npu_ioctl(fd, _IOC(3, 'r', RKNPU_MEM_CREATE, 16383), raw), -EINVAL);
	EXPECT_RET(npu_ioctl(fd, DRM_IOCTL_RKNPU_ACTION, raw), -EINVAL);
}

static void create_with(uint32_t bytes)
{
	uint8_t raw[64];
	struct rknpu_mem_create *args = (void *)raw;
	int fd = open_misc();
	unsigned int i;

	memset(raw, POISON, sizeof(raw));
	memset(raw, 0, bytes);
	args->size = 680;
	args->flags = NPU_FLAGS_TASK;
	ASSERT_RET(npu_ioctl(fd, _IOC(3, 'r', RKNPU_MEM_CREATE, bytes), raw), 0);
	EXPECT(args->handle && args->obj_addr && args->dma_addr);
	EXPECT_EQ(args->size, NPU_PAGE);
	for (i = bytes; i < sizeof(raw); i++)
		EXPECT_EQ(raw[i], POISON);
}

TEST(create_from_32_byte_callers) { create_with(32); }
TEST(create_from_40_byte_callers) { create_with(40); }
TEST(create_from_48_byte_callers) { create_with(48); }

/* D2: neither the session nor a job depends on the caller's file descriptor */
TEST(D2_dmabuf_closed_at_once)
{
	struct npu_bo bo;
	int fd = open_misc();

	ASSERT_RET(npu_bo_init(&bo, fd, 4 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	close(bo.handle);
	EXPECT_RET(npu_bo_to_device(&bo), 0);
	memset(bo.map, 1, bo.size);
	EXPECT_RET(npu_bo_from_device(&bo), 0);
	EXPECT_EQ(((uint8_t *)bo.map)[4 * NPU_PAGE - 1], 1);
}

/* D3, D4: a foreign dma-buf: usable after its descriptor is closed, with all of it addressable */
TEST(D3_D4_import_of_another_drivers_buffer)
{
	struct drm_mode_create_dumb dumb = { .width = 1024, .height = 64, .bpp = 32 };
	struct drm_mode_map_dumb map = { 0 };
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	int other = open("/dev/dri/card0", O_RDWR | O_CLOEXEC), fd = open_misc();
	struct rknpu_mem_create c = { 0 };
	struct matmul mm;
	uint8_t *theirs;

	if (other < 0 || npu_ioctl(other, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		SKIP("no other device that makes buffers");
	map.handle = p.handle = dumb.handle;
	ASSERT_RET(npu_ioctl(other, DRM_IOCTL_MODE_MAP_DUMB, &map), 0);
	theirs = mmap(NULL, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED, other, map.offset);
	ASSERT(theirs != MAP_FAILED);
	ASSERT_RET(npu_ioctl(other, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	c.handle = p.fd;
	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_EQ(c.handle, p.fd);
	EXPECT_EQ(c.size, dumb.size);
	close(p.fd);
	small_matmul(&mm, fd, 104);
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, c.dma_addr + c.size - 8192));
	ASSERT_RET(matmul_run(&mm, 1, NULL), 0);
	EXPECT_RET(npu_sync(fd, c.obj_addr, c.size - 8192, 8192, RKNPU_MEM_SYNC_FROM_DEVICE), 0);
	memcpy(mm.out.map, theirs + dumb.size - 8192, mm.out.size);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

/* D5: errors of creation do not leak anything and can be distinguished */
TEST(D5_creation_fails_cleanly)
{
	static const struct { struct rknpu_mem_create c; int want; } t[] = {
		{ { .size = 0 }, -EINVAL }, { { .size = UINT64_MAX }, -EINVAL }, { { .size = 1ull << 32 }, -ENOSPC },
		{ { .size = 1, .flags = 1u << 11 }, -EINVAL }, { { .size = 1, .iommu_domain_id = 16 }, -EINVAL },
		{ { .handle = 12345, .size = 1 }, -EBADF }, { { .handle = 1, .size = 1 }, -EINVAL },
	};
	int fd = open_misc(), before = dup(0), after;
	unsigned int i;

	close(before);
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		struct rknpu_mem_create c = t[i].c;

		if (!EXPECT_RET(npu_create(fd, &c), t[i].want))
			ktap_note("request %u", i);
	}
	/* The result cannot be written: the buffer is freed, and no descriptor is installed */
	EXPECT_RET(npu_ioctl(fd, IOCTL_RKNPU_MEM_CREATE, (void *)8), -EFAULT);
	struct rknpu_mem_create *ro = mmap(NULL, NPU_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ro->size = 1;
	mprotect(ro, NPU_PAGE, PROT_READ);
	for (i = 0; i < 64; i++)
		EXPECT_RET(npu_create(fd, ro), -EFAULT);
	after = dup(0);
	EXPECT_EQ(after, before);
}

/* D6: tokens are looked up, never followed */
TEST(D6_forged_and_foreign_tokens)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	struct rknpu_mem_destroy d = { 0 };
	int fd = open_misc(), second;
	unsigned int i;

	ASSERT_RET(npu_create(fd, &c), 0);
	const uint64_t forged[] = { 0, 1, 0x1000, 0xffff000000000000, 0xffff800080000000, c.obj_addr + 8,
				    c.obj_addr + 16, c.obj_addr ^ 1ull << 40, UINT64_MAX };
	for (i = 0; i < ARRAY_SIZE(forged); i++) {
		EXPECT_RET(npu_sync(fd, forged[i], 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
		d.obj_addr = forged[i];
		EXPECT_RET(npu_ioctl(fd, IOCTL_RKNPU_MEM_DESTROY, &d), -EINVAL);
	}
	/* Another session of the process may use it, but cannot destroy a buffer that it did not create */
	second = open("/dev/rknpu", O_RDWR | O_CLOEXEC);
	d.obj_addr = c.obj_addr;
	EXPECT_RET(npu_ioctl(second, IOCTL_RKNPU_MEM_DESTROY, &d), -EINVAL);
	EXPECT_RET(npu_ioctl(fd, IOCTL_RKNPU_MEM_DESTROY, &d), 0);
	EXPECT_RET(npu_ioctl(fd, IOCTL_RKNPU_MEM_DESTROY, &d), -EINVAL);
	EXPECT_RET(npu_sync(fd, c.obj_addr, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
}

static struct matmul late;

static void *submits(void *arg)
{
	struct rknpu_submit args = matmul_args(&late, 1);

	*(int *)arg = npu_submit(late.out.fd, &args);
	return NULL;
}

/* D7: destroyed while a job uses it */
TEST(D7_destroyed_under_a_job)
{
	struct rknpu_mem_destroy d;
	int fd = open_misc(), ret = 1;
	pthread_t thread;
	uint32_t kicks;

	twin_need();
	small_matmul(&late, fd, 105);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	twin_hold(0, 1);
	ASSERT_EQ(pthread_create(&thread, NULL, submits, &ret), 0);
	while (twin_stat(0, TWIN_STAT_KICKS) == kicks)
		ktap_sleep_ms(1);
	d = (struct rknpu_mem_destroy){ .obj_addr = late.task.token };
	EXPECT_RET(npu_ioctl(fd, IOCTL_RKNPU_MEM_DESTROY, &d), 0);
	d.obj_addr = late.out.token;
	EXPECT_RET(npu_ioctl(fd, IOCTL_RKNPU_MEM_DESTROY, &d), 0);
	twin_release(0);
	pthread_join(thread, NULL);
	EXPECT_RET(ret, 0);
	EXPECT_EQ(matmul_wrong(&late), 0);
}

/* D8: buffers are mapped through the dma-buf; the call that never worked still does not, and returns an error */
TEST(D8_map_is_the_dmabufs)
{
	struct rknpu_mem_map m = { 0 };
	int fd = open_misc();

	EXPECT_RET(npu_ioctl(fd, IOCTL_RKNPU_MEM_MAP, &m), -EINVAL);
	EXPECT(mmap(NULL, NPU_PAGE, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
}

/* P-tests in this encoding: the same code handles them, so one of each kind is enough */
TEST(P3_P5_P11_refusals)
{
	struct matmul mm;
	struct rknpu_submit args;
	int fd = open_misc();

	small_matmul(&mm, fd, 106);
	args = matmul_args(&mm, 1);
	args.task_obj_addr = 0xffff000012345678;
	EXPECT_RET(npu_submit(fd, &args), -EINVAL);
	args = matmul_args(&mm, 1);
	args.subcore_task[0].task_start = 1 << 20;
	EXPECT_RET(npu_submit(fd, &args), -EINVAL);
	args = matmul_args(&mm, 1);
	args.flags = 0;
	EXPECT_RET(npu_submit(fd, &args), -EINVAL);
	args.flags = UINT32_MAX;
	EXPECT_RET(npu_submit(fd, &args), -EINVAL);
	EXPECT_RET(npu_sync(fd, mm.in.token, UINT64_MAX, 1, RKNPU_MEM_SYNC_MASK), -EINVAL);
	EXPECT_RET(npu_sync(fd, mm.in.token, 0, 1, 4), -EINVAL);
	EXPECT_CORRECT(&mm, 1);
}

static void leaves(void *arg)
{
	int fd = open_misc(), i;

	(void)arg;
	for (i = 0; i < 32; i++) {
		struct rknpu_mem_create c = { .size = 1 << 20, .flags = NPU_FLAGS_DATA };

		ASSERT_RET(npu_create(fd, &c), 0);
	}
}

/* Closing the session frees all remaining buffers: in total, more memory is allocated than the machine has */
TEST_LIMIT(close_gives_everything_back, 240)
{
	long rounds = sysconf(_SC_PHYS_PAGES) / 256 / 32 + 4;

	open_misc();
	while (rounds--)
		EXPECT_EQ(ktap_join(ktap_fork(leaves, NULL)), 0);
}
