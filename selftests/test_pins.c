// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Other parts of the kernel pin pages of buffers by their user address: vmsplice(),
 * O_DIRECT, io_uring, cameras. Cached memory can be pinned, and is kept until the
 * last pin is released, regardless of what happens to handle, mapping, file and
 * device in the meantime. Memory that is not cached cannot be pinned: EFAULT.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/testing.h"

#define KIB	1024ull
#define MIB	(1024 * KIB)
#define DISK	"/dev/ram0"

/* Of single pages, of 64 KiB pieces, and with large entries */
#define SIZES	3

static uint64_t size_of(unsigned int i)
{
	const uint64_t sizes[SIZES] = { 3 * NPU_PAGE, 256 * KIB, 4 * MIB };

	return sizes[i % SIZES];
}

static void fill(void *map, uint64_t size, uint8_t seed)
{
	uint64_t i;

	for (i = 0; i < size; i++)
		((uint8_t *)map)[i] = seed + i + (i >> 8) + (i >> 16);
}

static uint64_t wrong_bytes(const void *map, uint64_t size, uint8_t seed, uint64_t from)
{
	uint64_t i, wrong = 0;

	for (i = 0; i < size; i++)
		wrong += ((const uint8_t *)map)[i] != (uint8_t)(seed + (from + i) + ((from + i) >> 8) + ((from + i) >> 16));
	return wrong;
}

/* Returns the number of bytes that the pipe accepted, which references the pages themselves; or -errno */
static ssize_t splice_in(int pipe_end, const void *map, size_t size)
{
	struct iovec iov = { (void *)map, size };
	ssize_t ret = vmsplice(pipe_end, &iov, 1, SPLICE_F_NONBLOCK);

	return ret < 0 ? -errno : ret;
}

static void expect_in_pipe(int pipe_end, size_t size, uint8_t seed, uint64_t from)
{
	static uint8_t got[64 * KIB];
	size_t done = 0;

	ASSERT(size <= sizeof(got));
	while (done < size) {
		ssize_t n = read(pipe_end, got + done, size - done);

		ASSERT(n > 0);
		done += n;
	}
	EXPECT_EQ(wrong_bytes(got, size, seed, from), 0);
}

TEST_LIMIT(vmsplice_takes_cached_pages, 60)
{
	int fd = npu_open(), pipes[2];
	unsigned int i;

	npu_need_iommu(fd);
	for (i = 0; i < SIZES; i++) {
		uint64_t at;
		struct npu_bo bo;

		ASSERT_EQ(pipe(pipes), 0);
		ASSERT_RET(npu_bo_init(&bo, fd, size_of(i), NPU_FLAGS_DATA), 0);
		fill(bo.map, bo.size, i);
		for (at = 0; at < bo.size; at += bo.size / 3 / NPU_PAGE * NPU_PAGE + NPU_PAGE) {
			ssize_t n = splice_in(pipes[1], (char *)bo.map + at, NPU_PAGE);

			if (EXPECT_EQ(n, NPU_PAGE))
				expect_in_pipe(pipes[0], n, i, at);
		}
		npu_bo_fini(&bo);
		close(pipes[0]);
		close(pipes[1]);
	}
}

/* The kernel's own mapping of this memory would not be coherent with the user's */
TEST(what_is_not_cached_cannot_be_pinned)
{
	static const uint32_t kinds[] = { RKNPU_MEM_NON_CONTIGUOUS, RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_WRITE_COMBINE };
	int fd = npu_open(), pipes[2];
	struct rknpu_mem_create c;
	struct npu_bo bo;
	unsigned int i;

	ASSERT_EQ(pipe(pipes), 0);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_RET(npu_bo_init(&bo, fd, 4 * NPU_PAGE, kinds[i]), 0);
		fill(bo.map, bo.size, 1);
		EXPECT_EQ(splice_in(pipes[1], bo.map, NPU_PAGE), -EFAULT);
		EXPECT_EQ(wrong_bytes(bo.map, bo.size, 1, 0), 0);
		npu_bo_fini(&bo);
	}
	/* On-chip memory has no pages to pin */
	ASSERT_RET(npu_bo_init(&bo, fd, 4 * NPU_PAGE, RKNPU_MEM_TRY_ALLOC_SRAM | NPU_FLAGS_DATA), 0);
	c = (struct rknpu_mem_create){ .handle = bo.handle };
	ASSERT_RET(npu_create(fd, &c), 0);
	if (c.sram_size)
		EXPECT_EQ(splice_in(pipes[1], bo.map, NPU_PAGE), -EFAULT);
}

/* Allocate most of the memory, which could include the pages, and fill it with another color */
static void take_much(int fd, uint8_t color)
{
	unsigned int i;

	for (i = 0; i < 24; i++) {
		struct npu_bo bo;

		ASSERT_RET(npu_bo_init(&bo, fd, size_of(i), NPU_FLAGS_DATA), 0);
		memset(bo.map, color, bo.size);
	}
}

static void takes_much(void *arg)
{
	int fd = npu_open();

	(void)arg;
	take_much(fd, 0xee);
}

/* Handle, mapping and file are gone; the pages are in a pipe, and not reused */
TEST_LIMIT(pins_outlive_the_buffer, 120)
{
	unsigned int i, round;
	int pipes[2];

	npu_need_iommu(npu_open());
	for (i = 0; i < SIZES; i++) {
		struct npu_bo bo;
		int fd = npu_open();

		ASSERT_EQ(pipe(pipes), 0);
		ASSERT_RET(npu_bo_init(&bo, fd, size_of(i), NPU_FLAGS_DATA), 0);
		fill(bo.map, bo.size, i);
		for (round = 0; round < 3; round++)
			ASSERT_EQ(splice_in(pipes[1], (char *)bo.map + round * NPU_PAGE, NPU_PAGE), NPU_PAGE);
		npu_bo_fini(&bo);
		close(fd);
		ASSERT_EQ(ktap_join(ktap_fork(takes_much, NULL)), 0);
		for (round = 0; round < 3; round++)
			expect_in_pipe(pipes[0], NPU_PAGE, i, round * NPU_PAGE);
		close(pipes[0]);
		close(pipes[1]);
	}
}

/* The NPU is removed; pinned pages of buffers stay, and freeing them later does not need the driver */
TEST_LIMIT(pins_outlive_the_device, 120)
{
	int fd = npu_open(), pipes[2];
	struct npu_bo bo;

	npu_need_iommu(fd);
	if (access(DRIVER_PATH "/unbind", W_OK))
		SKIP("needs root");
	ASSERT_EQ(pipe(pipes), 0);
	ASSERT_RET(npu_bo_init(&bo, fd, 4 * MIB, NPU_FLAGS_DATA), 0);
	fill(bo.map, bo.size, 5);
	ASSERT_EQ(splice_in(pipes[1], (char *)bo.map + MIB, NPU_PAGE), NPU_PAGE);
	ASSERT_EQ(splice_in(pipes[1], (char *)bo.map + 3 * MIB, NPU_PAGE), NPU_PAGE);
	ASSERT_RET(driver_bind("unbind", soc_get()->device[npu_nth_core(0)]), 0);
	EXPECT_EQ(wrong_bytes(bo.map, bo.size, 5, 0), 0);
	munmap(bo.map, bo.size);
	close(fd);
	expect_in_pipe(pipes[0], NPU_PAGE, 5, MIB);
	ASSERT_RET(driver_bind("bind", soc_get()->device[npu_nth_core(0)]), 0);
	fd = driver_open_soon();
	ASSERT(fd >= 0);
	take_much(fd, 0x77);
	expect_in_pipe(pipes[0], NPU_PAGE, 5, 3 * MIB);
}

/* A part is unmapped while it is pinned, and another one while the rest of a large entry is pinned */
TEST_LIMIT(pins_outlive_a_part_of_the_mapping, 60)
{
	int fd = npu_open(), pipes[2];
	struct npu_bo bo;
	char *map;

	npu_need_iommu(fd);
	ASSERT_EQ(pipe(pipes), 0);
	ASSERT_RET(npu_bo_init(&bo, fd, 4 * MIB, NPU_FLAGS_DATA), 0);
	map = bo.map;
	fill(map, bo.size, 9);
	ASSERT_EQ(splice_in(pipes[1], map + MIB, 2 * NPU_PAGE), 2 * NPU_PAGE);
	ASSERT_EQ(munmap(map + MIB, NPU_PAGE), 0);
	EXPECT_EQ(splice_in(pipes[1], map + MIB, NPU_PAGE), -EFAULT);
	ASSERT_EQ(splice_in(pipes[1], map + MIB + 4 * NPU_PAGE, NPU_PAGE), NPU_PAGE);
	ASSERT_EQ(munmap(map + MIB + NPU_PAGE, MIB), 0);
	expect_in_pipe(pipes[0], 2 * NPU_PAGE, 9, MIB);
	expect_in_pipe(pipes[0], NPU_PAGE, 9, MIB + 4 * NPU_PAGE);
	EXPECT_EQ(wrong_bytes(map, MIB, 9, 0), 0);
}

/* ---- a disk ------------------------------------------------------------------------ */

static int open_disk(void)
{
	int disk = open(DISK, O_RDWR | O_DIRECT | O_CLOEXEC);

	if (disk < 0)
		SKIP("no disk");
	return disk;
}

/* Loading of a model file: from the disk directly to the buffer, and the NPU computes with it */
TEST_LIMIT(O_DIRECT_reads_and_writes_buffers, 60)
{
	int fd = npu_open(), disk;
	unsigned int i;

	npu_need_iommu(fd);
	disk = open_disk();
	for (i = 0; i < SIZES; i++) {
		struct npu_bo out, in;

		ASSERT_RET(npu_bo_init(&out, fd, size_of(i), NPU_FLAGS_DATA), 0);
		ASSERT_RET(npu_bo_init(&in, fd, size_of(i), NPU_FLAGS_DATA), 0);
		fill(out.map, out.size, i + 40);
		EXPECT_EQ(pwrite(disk, out.map, out.size, 0), (ssize_t)out.size);
		EXPECT_EQ(pread(disk, in.map, in.size, 0), (ssize_t)in.size);
		EXPECT_EQ(wrong_bytes(in.map, in.size, i + 40, 0), 0);
		npu_bo_fini(&in);
		npu_bo_fini(&out);
	}
}

TEST_LIMIT(O_DIRECT_then_the_npu, 60)
{
	int fd = npu_open(), disk;
	struct matmul mm;
	struct npu_bo in;

	npu_need_iommu(fd);
	disk = open_disk();
	small_matmul(&mm, fd, 3);
	ASSERT_RET(npu_bo_init(&in, fd, 4 * MIB, NPU_FLAGS_DATA), 0);
	memcpy((char *)in.map + 2 * MIB, mm.in.map, mm.in.size);
	ASSERT_EQ(pwrite(disk, (char *)in.map + 2 * MIB, 64 * KIB, 0), 64 * KIB);
	memset(in.map, 0x5a, in.size);
	ASSERT_EQ(pread(disk, (char *)in.map + 3 * MIB, 64 * KIB, 0), 64 * KIB);
	ASSERT_RET(npu_bo_to_device(&in), 0);
	ASSERT(matmul_set_register(&mm, RKNPU_CNA_FEATURE_DATA_ADDR, in.iova + 3 * MIB));
	EXPECT_CORRECT(&mm, 1);
}

/* ---- io_uring: pins as long as its file exists --------------------------------------- */

struct ring {
	int fd;
	struct io_uring_params p;
	void *sq, *cq;
	struct io_uring_sqe *sqes;
};

static void ring_open(struct ring *r)
{
	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		SKIP("no io_uring: %s", strerror(errno));
	r->sq = mmap(NULL, r->p.sq_off.array + r->p.sq_entries * sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED,
		     r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe), PROT_READ | PROT_WRITE,
		     MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->sqes = mmap(NULL, r->p.sq_entries * sizeof(*r->sqes), PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		       IORING_OFF_SQES);
	ASSERT(r->sq != MAP_FAILED && r->cq != MAP_FAILED && (void *)r->sqes != MAP_FAILED);
}

static uint32_t *ring_word(void *ring, uint32_t offset)
{
	return (uint32_t *)((char *)ring + offset);
}

/* Write @size bytes at @addr of the registered buffer to @file; returns the result */
static int ring_write_fixed(struct ring *r, int file, const void *addr, uint32_t size)
{
	uint32_t tail = *ring_word(r->sq, r->p.sq_off.tail), mask = *ring_word(r->sq, r->p.sq_off.ring_mask);
	uint32_t head = *ring_word(r->cq, r->p.cq_off.head);
	struct io_uring_cqe *cqe;

	r->sqes[tail & mask] = (struct io_uring_sqe) {
		.opcode = IORING_OP_WRITE_FIXED, .fd = file, .addr = (uintptr_t)addr, .len = size,
	};
	ring_word(r->sq, r->p.sq_off.array)[tail & mask] = tail & mask;
	__atomic_store_n(ring_word(r->sq, r->p.sq_off.tail), tail + 1, __ATOMIC_RELEASE);
	ASSERT_EQ(syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0), 1);
	ASSERT(__atomic_load_n(ring_word(r->cq, r->p.cq_off.tail), __ATOMIC_ACQUIRE) != head);
	cqe = (struct io_uring_cqe *)((char *)r->cq + r->p.cq_off.cqes) + (head & *ring_word(r->cq, r->p.cq_off.ring_mask));
	__atomic_store_n(ring_word(r->cq, r->p.cq_off.head), head + 1, __ATOMIC_RELEASE);
	return cqe->res;
}

/* Long-term pin: after registration, buffer, mapping and file are freed; a later write still has the old contents */
TEST_LIMIT(long_term_pins_outlive_the_buffer, 120)
{
	unsigned int i;

	npu_need_iommu(npu_open());
	for (i = 0; i < SIZES; i++) {
		int fd = npu_open(), pipes[2];
		struct iovec iov;
		struct npu_bo bo;
		struct ring r;

		ring_open(&r);
		ASSERT_EQ(pipe(pipes), 0);
		ASSERT_RET(npu_bo_init(&bo, fd, size_of(i), NPU_FLAGS_DATA), 0);
		fill(bo.map, bo.size, i + 70);
		iov = (struct iovec){ bo.map, bo.size };
		if (syscall(SYS_io_uring_register, r.fd, IORING_REGISTER_BUFFERS, &iov, 1)) {
			/* Before 6.4, mappings of files are not accepted */
			if (errno == EOPNOTSUPP)
				SKIP("this kernel registers no mappings of files");
			ASSERT_EQ(errno, 0);
		}
		munmap(bo.map, bo.size);
		ASSERT_RET(npu_destroy(fd, bo.handle), 0);
		close(fd);
		ASSERT_EQ(ktap_join(ktap_fork(takes_much, NULL)), 0);
		EXPECT_EQ(ring_write_fixed(&r, pipes[1], (char *)bo.map + bo.size - 8 * KIB, 8 * KIB), 8 * KIB);
		expect_in_pipe(pipes[0], 8 * KIB, i + 70, bo.size - 8 * KIB);
		close(r.fd);
		close(pipes[0]);
		close(pipes[1]);
	}
}

/* ---- a camera that fills the program's memory ---------------------------------------- */

static int open_camera(void)
{
	char path[32];
	int i, fd;

	for (i = 0; i < 32; i++) {
		struct v4l2_requestbuffers req = { .count = 1, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
						   .memory = V4L2_MEMORY_USERPTR };

		snprintf(path, sizeof(path), "/dev/video%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!npu_ioctl(fd, VIDIOC_REQBUFS, &req) && req.count)
			return fd;
		close(fd);
	}
	SKIP("no camera that fills a program's memory");
}

static int queue_frame(int cam, const struct npu_bo *bo)
{
	struct v4l2_buffer buf = {
		.type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_USERPTR,
		.m.userptr = (uintptr_t)bo->map, .length = bo->size,
	};

	return npu_ioctl(cam, VIDIOC_QBUF, &buf);
}

TEST_LIMIT(camera_fills_a_buffer, 60)
{
	struct v4l2_format format = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE };
	struct v4l2_buffer buf = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_USERPTR };
	enum v4l2_buf_type type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	int fd = npu_open(), cam;
	struct npu_bo bo, uncached;
	struct pollfd p;

	npu_need_iommu(fd);
	cam = open_camera();
	ASSERT_RET(npu_ioctl(cam, VIDIOC_G_FMT, &format), 0);
	ASSERT_RET(npu_bo_init(&uncached, fd, PAGE_UP(format.fmt.pix.sizeimage), RKNPU_MEM_NON_CONTIGUOUS), 0);
	EXPECT_RET(queue_frame(cam, &uncached), -EFAULT);
	ASSERT_RET(npu_bo_init(&bo, fd, PAGE_UP(format.fmt.pix.sizeimage), NPU_FLAGS_DATA), 0);
	memset(bo.map, 0xa5, bo.size);
	ASSERT_RET(queue_frame(cam, &bo), 0);
	ASSERT_RET(npu_ioctl(cam, VIDIOC_STREAMON, &type), 0);
	p = (struct pollfd){ cam, POLLIN, 0 };
	ASSERT_EQ(poll(&p, 1, 10000), 1);
	ASSERT_RET(npu_ioctl(cam, VIDIOC_DQBUF, &buf), 0);
	EXPECT_EQ(buf.flags & V4L2_BUF_FLAG_ERROR, 0);
	/* A picture, not the previous contents */
	EXPECT(memcmp(bo.map, (char *)bo.map + 1, 4096));
	/* The camera has the last reference */
	npu_bo_fini(&bo);
	close(fd);
	close(cam);
}
