// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The calls of one inference with the vendor's closed runtime, in its order
 * and with its arguments, as public captures of version 2.3 show them, on
 * the card node that it opens.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/testing.h"

/* libdrm reads the name of every node twice: first the length, then the text; then the bus id */
static int open_as_libdrm_does(void)
{
	char node[32];
	int i;

	for (i = 0; i < 16; i++) {
		struct drm_version v = { 0 };
		struct drm_unique u = { 0 };
		char name[16] = "";
		int fd;

		snprintf(node, sizeof(node), "/dev/dri/card%d", i);
		fd = open(node, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!npu_ioctl(fd, DRM_IOCTL_VERSION, &v) && v.name_len < sizeof(name)) {
			v.name = name;
			v.date_len = v.desc_len = 0;
			if (!npu_ioctl(fd, DRM_IOCTL_VERSION, &v) && !strcmp(name, "rknpu") &&
			    !npu_ioctl(fd, DRM_IOCTL_GET_UNIQUE, &u) && !u.unique_len)
				return fd;
		}
		close(fd);
	}
	SKIP("no card node of driver rknpu");
}

struct buffer {
	struct npu_bo bo;
	uint32_t name;
	int dmabuf;
};

static void allocate(int fd, struct buffer *b, uint64_t size, uint32_t flags)
{
	struct rknpu_mem_create create = { .flags = flags, .size = size };
	struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
	struct drm_gem_flink flink = { 0 };
	uint64_t offset;
	uint32_t value = 0;

	ASSERT_RET(npu_action(fd, RKNPU_GET_IOMMU_EN, &value), 0);
	ASSERT_EQ(value, 1);
	ASSERT_RET(npu_create(fd, &create), 0);
	flink.handle = create.handle;
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_GEM_FLINK, &flink), 0);
	EXPECT(flink.name);
	prime.handle = create.handle;
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
	ASSERT_RET(npu_map(fd, create.handle, &offset), 0);
	*b = (struct buffer){ { fd, create.handle, size, create.obj_addr, create.dma_addr, NULL }, flink.name, prime.fd };
	/* The length as requested, not rounded */
	b->bo.map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	ASSERT(b->bo.map != MAP_FAILED);
	EXPECT_RET(npu_sync(fd, b->bo.token, 0, size, RKNPU_MEM_SYNC_TO_DEVICE | RKNPU_MEM_SYNC_FROM_DEVICE), 0);
}

static void start_up(int fd)
{
	uint32_t value = UINT32_MAX;

	EXPECT_RET(npu_action(fd, RKNPU_GET_HW_VERSION, &value), 0);
	EXPECT_EQ(value, soc_get()->version);
	value = 0;
	EXPECT_RET(npu_action(fd, RKNPU_GET_DRV_VERSION, &value), 0);
	EXPECT_EQ(value, 908);
	value = 0;
	EXPECT_RET(npu_action(fd, RKNPU_POWER_ON, &value), -EINVAL);
	value = (uint32_t)-19;
	EXPECT_RET(npu_action(fd, RKNPU_SET_PROC_NICE, &value), 0);
	value = 0;
	EXPECT_RET(npu_action(fd, RKNPU_GET_DRV_VERSION, &value), 0);
	EXPECT_EQ(value, 908);
}

static void open_by_name(int fd, const struct buffer *b)
{
	struct drm_gem_open o = { .name = b->name };

	EXPECT_RET(npu_ioctl(fd, DRM_IOCTL_GEM_OPEN, &o), 0);
	EXPECT_EQ(o.size, PAGE_UP(b->bo.size));
	/* The same object in the same file: one handle or two, both of which can be closed */
	EXPECT_RET(npu_destroy(fd, o.handle), 0);
}

TEST(one_inference)
{
	struct buffer task, weight, internal, input, output;
	struct matmul mm;
	struct rknpu_submit args;
	uint32_t value = 0;
	int fd = open_as_libdrm_does(), round;

	start_up(fd);

	/* The contents are those of a product; in the runtime's layout, commands follow the weights */
	ASSERT_RET(matmul_init(&mm, fd, MATMUL_INT8_INT32, 16, 128, 64, 8, MATMUL_EXACT, 77), 0);
	allocate(fd, &task, mm.tasks * sizeof(struct rknpu_task), 0x40b);
	allocate(fd, &weight, mm.weights.size + mm.cmd.size, 0x403);
	allocate(fd, &internal, 12345, 0x403);
	allocate(fd, &input, mm.in.size, 0x403);
	allocate(fd, &output, mm.out.size, 0x403);

	ASSERT(matmul_set_register(&mm, RKNPU_CNA_DCOMP_ADDR0, weight.bo.iova));
	memcpy(weight.bo.map, mm.weights.map, mm.weights.size);
	memcpy(input.bo.map, mm.in.map, mm.in.size);
	memcpy(task.bo.map, mm.task.map, task.bo.size);
	EXPECT_RET(npu_sync(fd, weight.bo.token, 0, weight.bo.size, RKNPU_MEM_SYNC_TO_DEVICE), 0);
	EXPECT_RET(npu_sync(fd, task.bo.token, 0, task.bo.size, RKNPU_MEM_SYNC_TO_DEVICE), 0);

	for (round = 0; round < 3; round++) {
		args = matmul_args(&mm, 0);
		args.task_obj_addr = task.bo.token;
		args.task_number = (soc_get()->single ? 1 : 3) * mm.tasks;
		matmul_spoil(&mm);
		EXPECT_RET(npu_sync(fd, input.bo.token, 0, input.bo.size, RKNPU_MEM_SYNC_TO_DEVICE), 0);
		ASSERT_RET(npu_submit(fd, &args), 0);
		ASSERT_RET(npu_sync(fd, mm.out.token, 0, mm.out.size, RKNPU_MEM_SYNC_FROM_DEVICE), 0);
		EXPECT_EQ(matmul_wrong(&mm), 0);
	}

	open_by_name(fd, &output);
	EXPECT_RET(npu_action(fd, RKNPU_POWER_OFF, &value), -EINVAL);
	EXPECT_RET(npu_destroy(fd, task.bo.handle), 0);
	EXPECT_RET(npu_destroy(fd, weight.bo.handle), 0);
	EXPECT_RET(npu_destroy(fd, internal.bo.handle), 0);
	EXPECT_RET(npu_destroy(fd, input.bo.handle), 0);
}

/* It continues scanning if a node is missing, and a second instance opens the card node without being master */
TEST(second_opener_of_the_card_node)
{
	int first = open_as_libdrm_does(), second = open_as_libdrm_does();
	struct matmul mm;

	EXPECT(first >= 0);
	start_up(second);
	ASSERT_RET(matmul_init(&mm, second, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, 78), 0);
	EXPECT_CORRECT(&mm, 0);
}
