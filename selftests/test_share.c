// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Shared buffers: several handles of one file, FLINK names, export and import of
 * dma-bufs, with the exporters and importers that the machine has: udmabuf, another
 * DRM driver, a camera.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/testing.h"
#include "lib/udmabuf.h"

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
	int dmabuf, ret = npu_export(fd, handle, &dmabuf);

	return ret ? ret : dmabuf;
}

static uint32_t import_fd(int fd, int dmabuf)
{
	uint32_t handle;

	ASSERT_RET(npu_import(fd, dmabuf, &handle), 0);
	return handle;
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

/* The address is freed with the last handle, in any order */
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

/* A running stream is not affected if a handle that it does not need is closed */
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

struct named {
	uint32_t name;
	uint64_t size;
};

static void opens_by_name(void *arg)
{
	struct named *n = arg;
	struct rknpu_mem_create c = { 0 };
	struct matmul mm;
	int fd = open_card();

	c.handle = open_name(fd, n->name);
	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_EQ(c.size, n->size);
	small_matmul(&mm, fd, 22);
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, c.dma_addr));
	EXPECT_RET(matmul_run(&mm, 1, NULL), 0);
}

/* A name is valid in every process that may use the card; each process has an address of its own */
TEST(name_opened_by_another_process)
{
	struct named n = { .size = 4 * NPU_PAGE };
	struct matmul mm;
	struct npu_bo bo;
	int fd = open_card();

	ASSERT_RET(npu_bo_init(&bo, fd, n.size, NPU_FLAGS_DATA), 0);
	n.name = flink(fd, bo.handle);
	EXPECT_EQ(flink(fd, bo.handle), n.name);
	EXPECT_EQ(ktap_join(ktap_fork(opens_by_name, &n)), 0);
	small_matmul(&mm, fd, 22);
	npu_bo_from_device(&bo);
	memcpy(mm.out.map, bo.map, mm.out.size);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	/* The name is freed with the buffer */
	npu_bo_fini(&bo);
	EXPECT_RET(npu_ioctl(fd, DRM_IOCTL_GEM_OPEN, &(struct drm_gem_open){ .name = n.name }), -ENOENT);
}

/* Importing one's own export returns the existing handle */
TEST(self_import_is_the_same_handle)
{
	struct npu_bo bo;
	int fd = npu_open(), dmabuf;

	ASSERT_RET(npu_bo_init(&bo, fd, 2 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	dmabuf = export_fd(fd, bo.handle);
	ASSERT(dmabuf >= 0);
	EXPECT_EQ(import_fd(fd, dmabuf), bo.handle);
	EXPECT_EQ(import_fd(fd, dmabuf), bo.handle);
	/* One handle, so one close frees it */
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

/* ---- memory of other drivers ------------------------------------------------------- */

struct foreign {
	int dmabuf;
	uint64_t size;
	uint8_t *map;		/* the exporter's own mapping */
};

/* Pages of a memfd */
static void make_udmabuf(struct foreign *f, uint64_t size)
{
	void *map;

	f->dmabuf = udmabuf_create(size, &map);
	if (f->dmabuf == -ENOENT)
		SKIP("no udmabuf in this kernel");
	ASSERT(f->dmabuf >= 0);
	f->map = map;
	f->size = size;
}

/* A dumb buffer of another DRM driver */
static void make_dumb(struct foreign *f, uint64_t size)
{
	struct drm_mode_create_dumb dumb = { .width = 1024, .height = size / 4096, .bpp = 32 };
	struct drm_mode_map_dumb map = { 0 };
	int dev = open("/dev/dri/card0", O_RDWR | O_CLOEXEC);

	if (dev < 0 || npu_ioctl(dev, DRM_IOCTL_MODE_CREATE_DUMB, &dumb))
		SKIP("no other device that makes buffers");
	map.handle = dumb.handle;
	ASSERT_RET(npu_ioctl(dev, DRM_IOCTL_MODE_MAP_DUMB, &map), 0);
	f->map = mmap(NULL, dumb.size, PROT_READ | PROT_WRITE, MAP_SHARED, dev, map.offset);
	ASSERT(f->map != MAP_FAILED);
	f->dmabuf = export_fd(dev, dumb.handle);
	ASSERT(f->dmabuf >= 0);
	f->size = dumb.size;
	/* Only the dma-buf keeps the buffer alive */
	close(dev);
}

static void import(int fd, const struct foreign *f, struct npu_bo *bo)
{
	struct rknpu_mem_create c = { .handle = import_fd(fd, f->dmabuf) };

	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_EQ(c.handle, import_fd(fd, f->dmabuf));
	EXPECT_EQ(c.size, f->size);
	EXPECT(c.obj_addr && c.obj_addr >> 63 == 0);
	EXPECT(c.dma_addr && c.dma_addr % NPU_PAGE == 0 && c.dma_addr + c.size <= 1ull << 32);
	*bo = (struct npu_bo){ .fd = fd, .handle = c.handle, .size = c.size, .token = c.obj_addr, .iova = c.dma_addr };
}

/* The NPU reads input from it and writes output to it: nothing is copied */
static void computes_in(const struct foreign *f)
{
	struct matmul mm;
	struct npu_bo bo;
	int fd = npu_open();
	uint64_t out;

	import(fd, f, &bo);
	small_matmul(&mm, fd, 31);
	out = PAGE_UP(mm.in.size);
	ASSERT(out + mm.out.size <= f->size);
	memcpy(f->map, mm.in.map, mm.in.size);
	memset(mm.in.map, POISON, mm.in.size);
	memset(f->map + out, POISON, mm.out.size);
	ASSERT_RET(npu_bo_to_device(&mm.in), 0);
	ASSERT_RET(npu_bo_to_device(&bo), 0);
	ASSERT(matmul_set_register(&mm, RKNPU_CNA_FEATURE_DATA_ADDR, bo.iova));
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, bo.iova + out));
	ASSERT_RET(matmul_run(&mm, 1, NULL), 0);
	ASSERT_RET(npu_bo_from_device(&bo), 0);
	memcpy(mm.out.map, f->map + out, mm.out.size);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

TEST(compute_in_a_memfd)
{
	struct foreign f;

	make_udmabuf(&f, 64 * 1024);
	computes_in(&f);
}

TEST(compute_in_another_drivers_buffer)
{
	struct foreign f;

	make_dumb(&f, 64 * 1024);
	computes_in(&f);
}

/* MEM_MAP and mmap of an import are the exporter's mapping */
static void maps_through(const struct foreign *f)
{
	volatile uint8_t *map, *part;
	uint64_t offset;
	struct npu_bo bo;
	int fd = npu_open();

	import(fd, f, &bo);
	ASSERT_RET(npu_map(fd, bo.handle, &offset), 0);
	map = mmap(NULL, f->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
	ASSERT(map != MAP_FAILED);
	map[NPU_PAGE + 3] = 77;
	EXPECT_EQ(f->map[NPU_PAGE + 3], 77);
	f->map[5] = 78;
	EXPECT_EQ(map[5], 78);
	EXPECT(mmap(NULL, f->size + NPU_PAGE, PROT_READ, MAP_SHARED, fd, offset) == MAP_FAILED);
	EXPECT(mmap(NULL, f->size, PROT_READ, MAP_PRIVATE, fd, offset) == MAP_FAILED);
	/* A part, from the beginning; not every exporter handles mappings that begin elsewhere */
	part = mmap(NULL, NPU_PAGE, PROT_READ, MAP_SHARED, fd, offset);
	ASSERT(part != MAP_FAILED);
	EXPECT_EQ(part[5], 78);
	munmap((void *)part, NPU_PAGE);
	EXPECT(mmap(NULL, NPU_PAGE, PROT_READ, MAP_SHARED, fd, offset + NPU_PAGE) == MAP_FAILED);
	/* The mapping outlives all other references */
	ASSERT_RET(npu_destroy(fd, bo.handle), 0);
	close(fd);
	close(f->dmabuf);
	map[NPU_PAGE + 4] = 79;
	EXPECT_EQ(f->map[NPU_PAGE + 4], 79);
}

TEST(map_a_memfd_through_us)
{
	struct foreign f;

	make_udmabuf(&f, 64 * 1024);
	maps_through(&f);
}

TEST(map_another_drivers_buffer_through_us)
{
	struct foreign f;

	make_dumb(&f, 64 * 1024);
	maps_through(&f);
}

/* The import holds all necessary references: the fd and the exporter's handles may be closed at once */
TEST(import_outlives_the_dmabuf_fd)
{
	struct foreign f;
	struct npu_bo bo;
	int fd = npu_open(), i;

	make_dumb(&f, 256 * 1024);
	import(fd, &f, &bo);
	close(f.dmabuf);
	munmap(f.map, f.size);
	for (i = 0; i < 8; i++) {
		struct matmul mm;

		small_matmul(&mm, fd, i);
		ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, bo.iova + 4096 * i));
		EXPECT_RET(matmul_run(&mm, 1, NULL), 0);
		matmul_fini(&mm);
	}
	EXPECT_RET(npu_bo_to_device(&bo), 0);
	/* The address is freed with the last handle */
	ASSERT_RET(npu_destroy(fd, bo.handle), 0);
	EXPECT_RET(npu_bo_to_device(&bo), -EINVAL);
}

/* ---- a camera --------------------------------------------------------------------- */

#define FRAMES	3

static int open_camera(void)
{
	char path[32];
	int i, fd;

	for (i = 0; i < 32; i++) {
		struct v4l2_capability cap;

		snprintf(path, sizeof(path), "/dev/video%d", i);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (!npu_ioctl(fd, VIDIOC_QUERYCAP, &cap) && cap.device_caps & V4L2_CAP_VIDEO_CAPTURE &&
		    cap.device_caps & V4L2_CAP_STREAMING)
			return fd;
		close(fd);
	}
	SKIP("no camera");
}

static void start_camera(int cam, struct foreign frames[FRAMES])
{
	struct v4l2_requestbuffers req = { .count = FRAMES, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE,
					   .memory = V4L2_MEMORY_MMAP };
	enum v4l2_buf_type type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
	unsigned int i;

	ASSERT_RET(npu_ioctl(cam, VIDIOC_REQBUFS, &req), 0);
	ASSERT_EQ(req.count, FRAMES);
	for (i = 0; i < FRAMES; i++) {
		struct v4l2_buffer buf = { .index = i, .type = req.type, .memory = req.memory };
		struct v4l2_exportbuffer exp = { .index = i, .type = req.type, .flags = O_RDWR | O_CLOEXEC };

		ASSERT_RET(npu_ioctl(cam, VIDIOC_QUERYBUF, &buf), 0);
		frames[i].map = mmap(NULL, buf.length, PROT_READ | PROT_WRITE, MAP_SHARED, cam, buf.m.offset);
		ASSERT(frames[i].map != MAP_FAILED);
		ASSERT_RET(npu_ioctl(cam, VIDIOC_EXPBUF, &exp), 0);
		frames[i].dmabuf = exp.fd;
		frames[i].size = PAGE_UP(buf.length);
		ASSERT_RET(npu_ioctl(cam, VIDIOC_QBUF, &buf), 0);
	}
	ASSERT_RET(npu_ioctl(cam, VIDIOC_STREAMON, &type), 0);
}

/* Index of a frame that the camera has filled and no longer writes */
static unsigned int next_frame(int cam)
{
	struct v4l2_buffer buf = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP };
	struct pollfd p = { cam, POLLIN, 0 };

	ASSERT_EQ(poll(&p, 1, 10000), 1);
	ASSERT_RET(npu_ioctl(cam, VIDIOC_DQBUF, &buf), 0);
	ASSERT(!(buf.flags & V4L2_BUF_FLAG_ERROR));
	return buf.index;
}

/* Camera, dma-buf, stream, result: the same result as from a copy of the frame in a buffer of this driver */
TEST_LIMIT(camera_frame_without_a_copy, 60)
{
	struct foreign frames[FRAMES];
	int cam = open_camera(), fd = npu_open();
	struct matmul mm;
	int32_t direct[8 * 32];
	unsigned int round;

	start_camera(cam, frames);
	small_matmul(&mm, fd, 61);
	ASSERT(mm.out.size <= sizeof(direct));
	for (round = 0; round < 2 * FRAMES; round++) {
		struct v4l2_buffer buf = { .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP };
		unsigned int i = next_frame(cam);
		struct npu_bo bo;

		import(fd, &frames[i], &bo);
		EXPECT_RET(npu_bo_to_device(&bo), 0);
		ASSERT(matmul_set_register(&mm, RKNPU_CNA_FEATURE_DATA_ADDR, bo.iova + 64 * 640));
		ASSERT_RET(matmul_run(&mm, npu_nth(round), NULL), 0);
		memcpy(direct, mm.out.map, mm.out.size);
		EXPECT_EQ(matmul_untouched(&mm), 0);

		memcpy(mm.in.map, frames[i].map + 64 * 640, mm.in.size);
		ASSERT_RET(npu_bo_to_device(&mm.in), 0);
		ASSERT(matmul_set_register(&mm, RKNPU_CNA_FEATURE_DATA_ADDR, mm.in.iova));
		ASSERT_RET(matmul_run(&mm, npu_nth(round), NULL), 0);
		EXPECT(!memcmp(direct, mm.out.map, mm.out.size));

		ASSERT_RET(npu_destroy(fd, bo.handle), 0);
		buf.index = i;
		ASSERT_RET(npu_ioctl(cam, VIDIOC_QBUF, &buf), 0);
	}
	/* The frames stay while they are referenced, even if the camera is closed */
	close(cam);
	munmap(frames[0].map, frames[0].size);
}

/* ---- export to other drivers --------------------------------------------------------- */

/* One byte in every page through the dma-buf's own mapping, with the sync calls that cached memory needs */
TEST(dmabuf_mapped_and_synchronized)
{
	struct dma_buf_sync start = { DMA_BUF_SYNC_START | DMA_BUF_SYNC_RW }, end = { DMA_BUF_SYNC_END | DMA_BUF_SYNC_RW };
	static const uint32_t kinds[] = { NPU_FLAGS_DATA, RKNPU_MEM_NON_CONTIGUOUS, 0 };
	int fd = npu_open(), dmabuf;
	struct npu_bo bo;
	unsigned int i, page;
	uint8_t *map;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_RET(npu_bo_init(&bo, fd, 33 * NPU_PAGE, kinds[i]), 0);
		dmabuf = export_fd(fd, bo.handle);
		EXPECT_EQ(lseek(dmabuf, 0, SEEK_END), (off_t)bo.size);
		map = mmap(NULL, bo.size, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
		ASSERT(map != MAP_FAILED);
		ASSERT_RET(npu_ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &start), 0);
		for (page = 0; page < 33; page++)
			map[page * NPU_PAGE + page] = page + 1;
		ASSERT_RET(npu_ioctl(dmabuf, DMA_BUF_IOCTL_SYNC, &end), 0);
		for (page = 0; page < 33; page++)
			EXPECT_EQ(((volatile uint8_t *)bo.map)[page * NPU_PAGE + page], page + 1);
		EXPECT(mmap(NULL, bo.size, PROT_READ, MAP_PRIVATE, dmabuf, 0) == MAP_FAILED);
		EXPECT(mmap(NULL, bo.size + NPU_PAGE, PROT_READ, MAP_SHARED, dmabuf, 0) == MAP_FAILED);
		munmap(map, bo.size);
		close(dmabuf);
		npu_bo_fini(&bo);
	}
}

static void exports_and_dies(void *arg)
{
	int fd = npu_open(), sock = *(int *)arg, dmabuf;
	char control[CMSG_SPACE(sizeof(int))] = { 0 }, byte = 0;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct npu_bo bo;

	ASSERT_RET(npu_bo_init(&bo, fd, 8 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	memset(bo.map, 0x3c, bo.size);
	dmabuf = export_fd(fd, bo.handle);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &dmabuf, sizeof(int));
	ASSERT_EQ(sendmsg(sock, &msg, 0), 1);
}

/* The process and its address space are gone, but the memory is not */
TEST(dmabuf_outlives_its_process)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct rknpu_mem_create c = { 0 };
	int pair[2], dmabuf, fd;
	uint8_t *map;

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ASSERT_EQ(ktap_join(ktap_fork(exports_and_dies, &pair[1])), 0);
	ASSERT_EQ(recvmsg(pair[0], &msg, MSG_CMSG_CLOEXEC), 1);
	ASSERT(CMSG_FIRSTHDR(&msg));
	memcpy(&dmabuf, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(int));
	map = mmap(NULL, 8 * NPU_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, dmabuf, 0);
	ASSERT(map != MAP_FAILED);
	EXPECT_EQ(map[8 * NPU_PAGE - 1], 0x3c);
	fd = npu_open();
	c.handle = import_fd(fd, dmabuf);
	ASSERT_RET(npu_create(fd, &c), 0);
	EXPECT_EQ(c.size, 8 * NPU_PAGE);
	EXPECT_RET(npu_sync(fd, c.obj_addr, 0, c.size, RKNPU_MEM_SYNC_TO_DEVICE), 0);
}

/* Another driver imports pages of this driver */
TEST(another_driver_imports_ours)
{
	struct drm_mode_map_dumb map_dumb = { 0 };
	int other = open("/dev/dri/card0", O_RDWR | O_CLOEXEC), fd = npu_open();
	struct drm_prime_handle p = { 0 };
	struct npu_bo bo;
	int ret;

	if (other < 0)
		SKIP("no other device");
	ASSERT_RET(npu_bo_init(&bo, fd, 8 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	p.fd = export_fd(fd, bo.handle);
	ret = npu_ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p);
	if (ret == -EOPNOTSUPP || ret == -ENOSYS)
		SKIP("the other device imports nothing");
	ASSERT_RET(ret, 0);
	map_dumb.handle = p.handle;
	/* It may refuse to map an imported buffer; what counts is that it could attach */
	npu_ioctl(other, DRM_IOCTL_MODE_MAP_DUMB, &map_dumb);
	npu_bo_fini(&bo);
	close(fd);
	close(p.fd);
	close(other);
}

/* Invalid imports: of descriptors that are not dma-bufs, and handles that do not exist */
TEST(import_of_what_is_no_dmabuf)
{
	struct drm_prime_handle p = { .fd = -1 };
	int fd = npu_open(), pipes[2];

	EXPECT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), -EBADF);
	ASSERT_EQ(pipe(pipes), 0);
	p.fd = pipes[0];
	EXPECT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), -EINVAL);
	EXPECT_RET(export_fd(fd, 12345), -ENOENT);
}
