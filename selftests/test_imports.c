// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Cache maintenance of other drivers' buffers around a job: the exporter's begin and end calls are counted, because a
 * virtual machine has no caches in which mistakes would be visible.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/udmabuf.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/testing.h"
#include "lib/trace.h"

#define EVENTS	256
#define SWITCH	"/sys/module/rknpu/parameters/sync_imports"

enum { BIDIRECTIONAL, TO_DEVICE, FROM_DEVICE };

/* Imports a buffer; returns its NPU address */
static uint64_t import(int fd, uint32_t *handle)
{
	struct dma_buf_sync both = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW };
	struct udmabuf_create args = { .size = 4 * NPU_PAGE };
	struct drm_prime_handle p = { 0 };
	struct rknpu_mem_create c = { 0 };
	int dev = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	if (dev < 0)
		SKIP("no udmabuf in this kernel");
	args.memfd = memfd_create("import", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	ASSERT_EQ(ftruncate(args.memfd, args.size), 0);
	ASSERT_EQ(fcntl(args.memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	p.fd = npu_ioctl(dev, UDMABUF_CREATE, &args);
	ASSERT(p.fd >= 0);
	/* The exporter maps its pages for the direction of the first access: another one later would be its mistake */
	ASSERT_RET(npu_ioctl(p.fd, DMA_BUF_IOCTL_SYNC, &both), 0);
	both.flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW;
	ASSERT_RET(npu_ioctl(p.fd, DMA_BUF_IOCTL_SYNC, &both), 0);
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	close(p.fd);
	close(args.memfd);
	close(dev);
	c.handle = p.handle;
	ASSERT_RET(npu_create(fd, &c), 0);
	if (handle)
		*handle = p.handle;
	return c.obj_addr;
}

/* Number of calls of an exporter during one submit, by direction */
struct calls {
	unsigned int to_device, from_device;
};

static struct calls calls_of(struct matmul *mm, uint32_t flags)
{
	static struct trace_event events[EVENTS];
	struct rknpu_submit args = matmul_args(mm, 1);
	struct calls calls = { 0 };
	size_t i, n;

	args.flags |= flags;
	trace_read(events, EVENTS);
	EXPECT_RET(npu_submit(mm->out.fd, &args), 0);
	n = trace_read(events, EVENTS);
	ASSERT(n <= EVENTS);
	for (i = 0; i < n; i++) {
		if (events[i].op != TRACE_BEGIN && events[i].op != TRACE_END)
			continue;
		EXPECT(events[i].dir != BIDIRECTIONAL);
		calls.to_device += events[i].op == TRACE_BEGIN && events[i].dir == TO_DEVICE;
		calls.from_device += events[i].op == TRACE_BEGIN && events[i].dir == FROM_DEVICE;
	}
	return calls;
}

#define EXPECT_CALLS(mm, flags, to, from) do {                                \
	struct calls calls_ = calls_of(mm, flags);                            \
	EXPECT_EQ(calls_.to_device, to);                                      \
	EXPECT_EQ(calls_.from_device, from);                                  \
} while (0)

TEST(synchronized_around_each_job)
{
	int fd = npu_open();
	struct matmul mm;
	uint32_t handle;

	npu_need_iommu(fd);
	small_matmul(&mm, fd, 1);
	trace_start();
	EXPECT_CALLS(&mm, 0, 0, 0);
	import(fd, &handle);
	EXPECT_CALLS(&mm, 0, 1, 1);
	import(fd, NULL);
	EXPECT_CALLS(&mm, 0, 2, 2);
	ASSERT_RET(npu_destroy(fd, handle), 0);
	EXPECT_CALLS(&mm, 0, 1, 1);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

/* A program that does not wait in the submit notices the end of the job itself, and synchronizes then */
TEST(before_a_job_that_nobody_waits_for)
{
	int fd = npu_open();
	struct matmul mm;

	npu_need_iommu(fd);
	small_matmul(&mm, fd, 2);
	import(fd, NULL);
	trace_start();
	EXPECT_CALLS(&mm, RKNPU_JOB_NONBLOCK, 1, 0);
	EXPECT_CALLS(&mm, 0, 1, 1);
}

/* Once the program has synchronized it, it is left to the program */
TEST(left_to_a_user_who_does_it)
{
	int fd = npu_open();
	struct matmul mm;
	uint64_t token;

	npu_need_iommu(fd);
	small_matmul(&mm, fd, 3);
	token = import(fd, NULL);
	import(fd, NULL);
	trace_start();
	EXPECT_CALLS(&mm, 0, 2, 2);
	EXPECT_RET(npu_sync(fd, token, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
	EXPECT_CALLS(&mm, 0, 1, 1);
}

/* The address space belongs to the process, no matter which of its files imports */
TEST(imports_of_another_file)
{
	int fd = npu_open(), other = npu_open_render(NULL, 0);
	struct matmul mm;

	npu_need_iommu(fd);
	small_matmul(&mm, fd, 4);
	trace_start();
	EXPECT_CALLS(&mm, 0, 0, 0);
	import(other, NULL);
	EXPECT_CALLS(&mm, 0, 1, 1);
	close(other);
	EXPECT_CALLS(&mm, 0, 0, 0);
}

/* A job that is refused, and one that fails */
TEST(whatever_becomes_of_the_job)
{
	int fd = npu_open();
	struct rknpu_submit args;
	struct matmul mm;

	npu_need_iommu(fd);
	small_matmul(&mm, fd, 5);
	import(fd, NULL);
	args = matmul_args(&mm, 1);
	args.task_number = 0;
	EXPECT_RET(npu_submit(fd, &args), -EINVAL);
	args = matmul_args(&mm, 1);
	/* A SoC with one core has its range in the first of the two */
	args.task_start = 1 << 20;
	args.subcore_task[0].task_start = 1 << 20;
	EXPECT_RET(npu_submit(fd, &args), -EINVAL);
	EXPECT_CORRECT(&mm, 1);
}

/* Imports from an exporter whose begin call fails */
static void import_refusing(int fd)
{
	int dev = open("/dev/rknpu-refuser", O_RDWR | O_CLOEXEC);
	struct drm_prime_handle p = { 0 };
	struct rknpu_mem_create c = { 0 };

	if (dev < 0)
		SKIP("no refuser/rknpu_refuser.ko");
	p.fd = npu_ioctl(dev, 0, NULL);
	ASSERT(p.fd >= 0);
	ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	close(p.fd);
	close(dev);
	c.handle = p.handle;
	ASSERT_RET(npu_create(fd, &c), 0);
}

/* The other buffers are synchronized nevertheless, and the job succeeds */
TEST(one_that_an_exporter_refuses)
{
	int fd = npu_open();
	struct matmul mm;

	npu_need_iommu(fd);
	small_matmul(&mm, fd, 7);
	import(fd, NULL);
	import_refusing(fd);
	import(fd, NULL);
	import(fd, NULL);
	trace_start();
	EXPECT_CALLS(&mm, 0, 4, 4);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

static void set_switch(const char *value)
{
	int fd = open(SWITCH, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		SKIP("no " SWITCH);
	ASSERT_EQ(write(fd, value, 1), 1);
	close(fd);
}

TEST(can_be_switched_off)
{
	int fd = npu_open();
	struct matmul mm;

	npu_need_iommu(fd);
	small_matmul(&mm, fd, 6);
	import(fd, NULL);
	trace_start();
	set_switch("N");
	EXPECT_CALLS(&mm, 0, 0, 0);
	set_switch("Y");
	EXPECT_CALLS(&mm, 0, 1, 1);
}
