// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Cache maintenance of other drivers' buffers around a job. The exporter's begin and end calls are counted, because a
 * virtual machine has no caches in which mistakes would be visible; the buffers of the exporter in exporter/ have one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "exporter/rknpu_exporter.h"
#include "lib/driver.h"
#include "lib/job.h"
#include "lib/testing.h"
#include "lib/trace.h"
#include "lib/udmabuf.h"

#define EVENTS	256
#define EXPORTED_BYTES	0x10000

enum { BIDIRECTIONAL, TO_DEVICE, FROM_DEVICE };

/* Imports a buffer; returns its token */
static uint64_t import(int fd, uint32_t *handle)
{
	struct rknpu_mem_create c = { 0 };
	int dmabuf = udmabuf_create(4 * NPU_PAGE, NULL);

	if (dmabuf == -ENOENT)
		SKIP("no udmabuf in this kernel");
	ASSERT(dmabuf >= 0);
	ASSERT_RET(npu_import(fd, dmabuf, &c.handle), 0);
	close(dmabuf);
	ASSERT_RET(npu_create(fd, &c), 0);
	if (handle)
		*handle = c.handle;
	return c.obj_addr;
}

/*
 * Number of calls of exporters during one submit, by direction: before a job one to the device, after it one to and
 * one from it
 */
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
	EXPECT_CALLS(&mm, 0, 2, 1);
	import(fd, NULL);
	EXPECT_CALLS(&mm, 0, 4, 2);
	ASSERT_RET(npu_destroy(fd, handle), 0);
	EXPECT_CALLS(&mm, 0, 2, 1);
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
	EXPECT_CALLS(&mm, 0, 2, 1);
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
	EXPECT_CALLS(&mm, 0, 4, 2);
	EXPECT_RET(npu_sync(fd, token, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
	EXPECT_CALLS(&mm, 0, 2, 1);
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
	EXPECT_CALLS(&mm, 0, 2, 1);
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

/* Imports a buffer of the exporter that is made for these tests, and maps the CPU's view of it */
static void import_special(int fd, unsigned int kind, struct npu_bo *bo, int *dmabuf)
{
	int dev = open(EXPORTER_NODE, O_RDWR | O_CLOEXEC);
	struct rknpu_mem_create c = { 0 };
	int buf;

	if (dev < 0)
		SKIP("no exporter/rknpu_exporter.ko");
	buf = ioctl(dev, kind, EXPORTED_BYTES);
	ASSERT(buf >= 0);
	ASSERT_RET(npu_import(fd, buf, &c.handle), 0);
	ASSERT_RET(npu_create(fd, &c), 0);
	*bo = (struct npu_bo){ .fd = fd, .handle = c.handle, .size = EXPORTED_BYTES, .token = c.obj_addr, .iova = c.dma_addr };
	bo->map = mmap(NULL, bo->size, PROT_READ | PROT_WRITE, MAP_SHARED, buf, 0);
	ASSERT(bo->map != MAP_FAILED);
	if (dmabuf)
		*dmabuf = buf;
	else
		close(buf);
	close(dev);
}

/* The other buffers are synchronized nevertheless, and the job succeeds */
TEST(one_that_an_exporter_refuses)
{
	struct npu_bo refusing;
	int fd = npu_open();
	struct matmul mm;

	npu_need_iommu(fd);
	small_matmul(&mm, fd, 7);
	import(fd, NULL);
	import_special(fd, EXPORTER_REFUSING, &refusing, NULL);
	import(fd, NULL);
	import(fd, NULL);
	trace_start();
	EXPECT_CALLS(&mm, 0, 8, 4);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

/* On again after the case */
static void set_switch(const char *value)
{
	if (driver_set_param("sync_imports", value))
		SKIP("no parameter sync_imports");
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
	EXPECT_CALLS(&mm, 0, 2, 1);
}

/* The same with a buffer behind a cache: what the NPU reads and the CPU sees */

static void write_input(const struct matmul *mm, const struct matmul *data)
{
	memcpy(mm->in.map, data->in.map, data->in.size);
}

static int submit(const struct matmul *mm, uint32_t flags)
{
	struct rknpu_submit args = matmul_args(mm, 1);

	args.flags |= flags;
	return npu_submit(mm->out.fd, &args);
}

/* Elements that are wrong for the product of the rows of @data and the columns of @mm */
static size_t wrong_for(const struct matmul *mm, const struct matmul *data)
{
	struct matmul both = *mm;

	both.a = data->a;
	npu_bo_from_device(&both.out);
	return matmul_wrong(&both);
}

TEST(npu_reads_what_was_synchronized)
{
	struct matmul mm, first, second;
	int fd = npu_open();

	npu_need_iommu(fd);
	small_matmul(&mm, fd, 10);
	small_matmul(&first, fd, 11);
	small_matmul(&second, fd, 12);
	import_special(fd, EXPORTER_CACHED, &mm.in, NULL);
	ASSERT_RET(matmul_write_stream(&mm), 0);

	write_input(&mm, &first);
	EXPECT_RET(submit(&mm, 0), 0);
	EXPECT_EQ(wrong_for(&mm, &first), 0);
	/* This is what programs got before: no error, and yesterday's data */
	set_switch("N");
	write_input(&mm, &second);
	EXPECT_RET(submit(&mm, 0), 0);
	EXPECT_EQ(wrong_for(&mm, &first), 0);
	EXPECT(wrong_for(&mm, &second) > 0);
	set_switch("Y");
	EXPECT_RET(submit(&mm, 0), 0);
	EXPECT_EQ(wrong_for(&mm, &second), 0);
	/* The same for a job that nobody waits for */
	write_input(&mm, &first);
	EXPECT_RET(submit(&mm, RKNPU_JOB_NONBLOCK), 0);
	EXPECT_RET(submit(&second, 0), 0);
	EXPECT_EQ(wrong_for(&mm, &first), 0);
}

/* A product whose output is behind a cache */
static void cached_output(struct matmul *mm, int fd, uint32_t seed, int *dmabuf)
{
	npu_need_iommu(fd);
	small_matmul(mm, fd, seed);
	import_special(fd, EXPORTER_CACHED, &mm->out, dmabuf);
	ASSERT_RET(matmul_write_stream(mm), 0);
}

static bool still_zero(const struct npu_bo *bo)
{
	const uint8_t *bytes = bo->map;

	return !bytes[0] && !memcmp(bytes, bytes + 1, bo->size - 1);
}

TEST(cpu_sees_the_result)
{
	struct dma_buf_sync read = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ };
	int fd = npu_open(), dmabuf;
	struct matmul mm;

	cached_output(&mm, fd, 13, &dmabuf);
	set_switch("N");
	EXPECT_RET(submit(&mm, 0), 0);
	EXPECT(still_zero(&mm.out));
	ASSERT_RET(npu_ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &read), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	set_switch("Y");
	memset(mm.out.map, 0xa5, mm.out.size);
	EXPECT_RET(submit(&mm, 0), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

/* Then it is left to the program, as documented */
TEST(result_of_a_job_that_nobody_waits_for)
{
	struct dma_buf_sync read = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ };
	int fd = npu_open(), dmabuf, fence;
	struct matmul mm;

	cached_output(&mm, fd, 14, &dmabuf);
	ASSERT_RET(job_start(&mm, 1, -1, &fence), 0);
	ASSERT_RET(fence_end(fence), 0);
	EXPECT(still_zero(&mm.out));
	ASSERT_RET(npu_ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &read), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

static void *submits(void *mm)
{
	return (void *)(intptr_t)submit(mm, 0);
}

/* A program that writes its next input during a job, without telling anybody, does not lose it at the end of the job */
TEST(next_input_is_written_during_a_job)
{
	struct matmul mm, first, next;
	struct npu_bo next_in;
	int fd = npu_open();
	pthread_t thread;
	void *ret;

	npu_need_iommu(fd);
	twin_need();
	small_matmul(&mm, fd, 15);
	small_matmul(&first, fd, 16);
	small_matmul(&next, fd, 17);
	import_special(fd, EXPORTER_CACHED, &mm.in, NULL);
	import_special(fd, EXPORTER_CACHED, &next_in, NULL);
	ASSERT_RET(matmul_write_stream(&mm), 0);
	write_input(&mm, &first);
	twin_hold(0, 1);
	ASSERT_EQ(pthread_create(&thread, NULL, submits, &mm), 0);
	while (twin_faults_left(0))
		ktap_sleep_ms(1);
	memcpy(next_in.map, next.in.map, next.in.size);
	twin_release(0);
	pthread_join(thread, &ret);
	EXPECT_EQ((intptr_t)ret, 0);
	EXPECT_EQ(wrong_for(&mm, &first), 0);

	mm.in = next_in;
	ASSERT_RET(matmul_write_stream(&mm), 0);
	EXPECT_RET(submit(&mm, 0), 0);
	EXPECT_EQ(wrong_for(&mm, &next), 0);
}
