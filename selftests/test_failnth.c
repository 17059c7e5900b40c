// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Repeats every valid sequence, first with its first allocation failing, then the
 * second, until none fails. Each failure must be returned as an error or make no
 * difference, and must not leak anything: memory, descriptors, dma-bufs, NPU
 * addresses. Leaks that no counter shows are found by a boot with leak detection.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/failnth.h"
#include "lib/testing.h"

/* More allocations than any sequence has */
#define MOST	3000
#define BYTES	(3 * NPU_PAGE)
#define OTHER	"/dev/dri/card0"

/* Objects of a run, to be closed after a failure */
struct run {
	int fd, other, dmabuf, fence;
	bool reopen;
	uint32_t handle;
	uint64_t iova;
	void *map;
	struct matmul mm;
};

struct sequence {
	void (*before)(struct run *r);	/* called once, without failures */
	int (*steps)(struct run *r);	/* returns 0 or -errno; leaves objects open on failure */
	bool runs_jobs;
};

static char node[32];

static int open_node(void)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static int close_fd(int *fd)
{
	/* Closed regardless of the return value */
	int ret = *fd >= 0 && close(*fd) ? -errno : 0;

	*fd = -1;
	return ret;
}

static int destroy(struct run *r)
{
	int ret = npu_destroy(r->fd, r->handle);

	if (!ret)
		r->handle = 0;
	return ret;
}

static int unmap(struct run *r)
{
	if (r->map && munmap(r->map, BYTES))
		return -errno;
	r->map = NULL;
	return 0;
}

static void clean_up(struct run *r)
{
	int ret;

	EXPECT_RET(unmap(r), 0);
	ret = r->handle ? destroy(r) : 0;
	/* The call may have succeeded, with only the result lost */
	if (ret != -ENOENT)
		EXPECT_RET(ret, 0);
	r->handle = 0;
	close_fd(&r->other);
	close_fd(&r->dmabuf);
	close_fd(&r->fence);
	if (r->reopen) {
		close_fd(&r->fd);
		r->fd = open_node();
		r->reopen = false;
	}
}

/* ---- counters ------------------------------------------------------------------- */

static long number_in(const char *path, const char *format)
{
	FILE *f = fopen(path, "re");
	char line[256];
	long value = -1;

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, format, &value) == 1)
			break;
	if (f)
		fclose(f);
	return value;
}

/* Pages of buffers are counted as shared memory, by each processor separately until the value is read */
static long shared_kib(void)
{
	number_in("/proc/sys/vm/stat_refresh", "%ld");
	return number_in("/proc/meminfo", "Shmem: %ld kB");
}

static long dma_bufs(void) { return number_in("/sys/kernel/debug/dma_buf/bufinfo", "Total %ld objects"); }

static int open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	int count = 0;

	while (d && readdir(d))
		count++;
	if (d)
		closedir(d);
	return count;
}

/* Some memory is freed a little later */
static void back_to(const char *what, long (*now)(void), long before)
{
	int i;

	for (i = 0; i < 50 && now() != before; i++)
		ktap_sleep_ms(20);
	if (now() != before)
		ktap_fail(__FILE__, __LINE__, "%s: %ld before, %ld after", what, before, now());
}

/* ---- the sweep ------------------------------------------------------------------ */

static bool plausible(int ret)
{
	return !ret || ret == -ENOMEM || ret == -EFAULT;
}

/* Without an IOMMU, addresses depend on which memory is free */
static bool addresses_repeat(void)
{
	uint32_t value = 0;
	int fd = npu_open();

	ASSERT_RET(npu_action(fd, RKNPU_GET_IOMMU_EN, &value), 0);
	close(fd);
	return value;
}

static void sweep(const struct sequence *s)
{
	struct run r = { .fd = -1, .other = -1, .dmabuf = -1, .fence = -1 };
	unsigned int n, failed = 0;
	int fds, unused, ret;
	long shared, bufs;
	uint64_t iova;

	close(npu_open());
	failnth_need();
	close(npu_open_render(node, sizeof(node)));
	if (s->before)
		s->before(&r);
	/* The first run also creates objects that are never freed */
	ret = s->steps(&r);
	if (ret == -EINVAL && s->runs_jobs)
		SKIP("this driver refuses such jobs");
	ASSERT_RET(ret, 0);
	clean_up(&r);
	iova = r.iova;
	fds = open_fds();
	unused = dup(r.fd >= 0 ? r.fd : STDOUT_FILENO);
	close(unused);
	shared = shared_kib();
	bufs = dma_bufs();

	for (n = 1; n < MOST; n++) {
		bool fired;

		failnth_arm(n);
		ret = s->steps(&r);
		fired = failnth_fired();
		clean_up(&r);
		/* The DRM core installs a descriptor before it copies the number to user space, where it got lost */
		if (ret == -EFAULT)
			close_range(unused, ~0u, 0);
		failed += !!ret;
		if (!plausible(ret) || (ret && !fired)) {
			EXPECT_RET(ret, 0);
			ktap_note("when the %u. allocation %s", n, fired ? "failed" : "was not reached");
		}
		if (!EXPECT_EQ(open_fds(), fds)) {
			ktap_note("when the %u. allocation failed", n);
			break;
		}
		if (!fired)
			break;
	}
	ktap_note("%u allocations and copies, %u of them needed", n - 1, failed);
	EXPECT(n < MOST);
	/* Addresses are allocated from the top: a leaked one changes all that follow */
	EXPECT_RET(s->steps(&r), 0);
	if (addresses_repeat())
		EXPECT_EQ(r.iova, iova);
	clean_up(&r);
	back_to("shared memory in KiB", shared_kib, shared);
	back_to("dma-bufs", dma_bufs, bufs);
	EXPECT_EQ(open_fds(), fds);

	/* Restore the initial state for the next sequence */
	r.fd = npu_open();
	small_matmul(&r.mm, r.fd, n);
	EXPECT_CORRECT(&r.mm, 0);
}

#define SWEEP(ident, ...)                                                     \
	TEST_LIMIT(ident, 300)                                                \
	{                                                                     \
		static const struct sequence s = { __VA_ARGS__ };             \
		sweep(&s);                                                    \
	}

static void opened(struct run *r)
{
	r->fd = npu_open();
}

/* ---- the sequences -------------------------------------------------------------- */

static int open_ask_close(struct run *r)
{
	uint32_t value = 0;
	int fd = open_node(), ret;

	if (fd < 0)
		return fd;
	ret = npu_action(fd, RKNPU_GET_HW_VERSION, &value);
	close_fd(&fd);
	r->iova = value;
	return ret;
}

SWEEP(open_and_close, .steps = open_ask_close)

static int create(struct run *r, uint32_t flags, int domain)
{
	struct rknpu_mem_create c = { .size = BYTES, .flags = flags, .iommu_domain_id = domain };
	int ret = npu_create(r->fd, &c);

	/* If the result is lost, the buffer exists nevertheless, and is freed with the file */
	if (!ret) {
		r->handle = c.handle;
		r->iova = c.dma_addr;
	}
	return ret;
}

static int create_in_new_file(struct run *r, uint32_t flags, int domain)
{
	int ret;

	r->fd = open_node();
	ret = r->fd < 0 ? r->fd : create(r, flags, domain);
	if (!ret)
		ret = destroy(r);
	r->handle = 0;
	close_fd(&r->fd);
	return ret;
}

static int create_data(struct run *r) { return create_in_new_file(r, NPU_FLAGS_DATA, 0); }
static int create_contiguous(struct run *r) { return create_in_new_file(r, 0, 0); }
static int create_with_kernel_mapping(struct run *r) { return create_in_new_file(r, NPU_FLAGS_TASK, 0); }
static int create_in_domain(struct run *r) { return create_in_new_file(r, NPU_FLAGS_DATA, 9); }

static int create_in_sram(struct run *r)
{
	struct rknpu_mem_create c = { .size = BYTES, .flags = NPU_FLAGS_DATA | RKNPU_MEM_TRY_ALLOC_SRAM,
				      .sram_size = NPU_PAGE };
	int ret;

	r->fd = open_node();
	ret = r->fd < 0 ? r->fd : npu_create(r->fd, &c);
	if (!ret) {
		r->iova = c.dma_addr;
		ret = npu_destroy(r->fd, c.handle);
	}
	close_fd(&r->fd);
	return ret;
}

/* M17 freed the wrong object there; without SRAM this is an ordinary creation */
SWEEP(M17_create_on_chip_and_behind, .steps = create_in_sram)
SWEEP(first_create_of_a_client, .steps = create_data)
SWEEP(create_contiguous_memory, .steps = create_contiguous)
SWEEP(create_kernel_mapping, .steps = create_with_kernel_mapping)
SWEEP(create_in_another_address_space, .steps = create_in_domain)

/* In a file that stays open, so a leaked address is detected. A buffer whose handle got lost keeps its address. */
static int create_again(struct run *r)
{
	int ret = create(r, NPU_FLAGS_TASK, 0);

	r->reopen = ret == -EFAULT;
	return ret ? ret : destroy(r);
}

SWEEP(create_and_destroy, .before = opened, .steps = create_again)

/* Exits while everything still exists: the kernel cleans up */
static int create_and_close(struct run *r)
{
	int ret;

	r->fd = open_node();
	ret = r->fd < 0 ? r->fd : create(r, NPU_FLAGS_TASK, 0);
	if (!ret)
		ret = create(r, NPU_FLAGS_DATA, 3);
	r->handle = 0;
	close_fd(&r->fd);
	return ret;
}

SWEEP(close_with_buffers, .steps = create_and_close)

static int map_and_touch(struct run *r)
{
	uint64_t offset;
	unsigned int i;
	int ret;

	ret = create(r, NPU_FLAGS_DATA, 0);
	if (!ret)
		ret = npu_map(r->fd, r->handle, &offset);
	if (ret)
		return ret;
	r->map = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, offset);
	if (r->map == MAP_FAILED) {
		r->map = NULL;
		return -errno;
	}
	for (i = 0; i < BYTES; i += (int)NPU_PAGE)
		((volatile uint8_t *)r->map)[i] = i + 1;
	ret = unmap(r);
	return ret ? ret : destroy(r);
}

static int map_in_new_file(struct run *r)
{
	int ret;

	r->fd = open_node();
	ret = r->fd < 0 ? r->fd : map_and_touch(r);
	unmap(r);
	r->handle = 0;
	close_fd(&r->fd);
	return ret;
}

SWEEP(map_touch_unmap, .steps = map_in_new_file)

static int sync_both_ways(struct run *r)
{
	int ret = npu_bo_to_device(&r->mm.in);

	return ret ? ret : npu_bo_from_device(&r->mm.in);
}

static void with_matmul(struct run *r)
{
	r->fd = npu_open();
	small_matmul(&r->mm, r->fd, 5);
}

SWEEP(sync_to_and_from, .before = with_matmul, .steps = sync_both_ways)

/* ---- shared buffers --------------------------------------------------------------- */

static int give_address(struct run *r)
{
	struct rknpu_mem_create c = { .handle = r->handle };
	int ret = npu_create(r->fd, &c);

	r->iova = ret ? r->iova : c.dma_addr;
	return ret;
}

/* A buffer of this driver, imported into another file of the process */
static int export_and_import(struct run *r)
{
	int ret;

	r->fd = open_node();
	if (r->fd < 0)
		return r->fd;
	ret = npu_export(r->mm.out.fd, r->mm.out.handle, &r->dmabuf);
	if (!ret)
		ret = npu_import(r->fd, r->dmabuf, &r->handle);
	if (!ret)
		ret = give_address(r);
	if (!ret)
		ret = destroy(r);
	if (!ret)
		ret = close_fd(&r->dmabuf);
	r->handle = 0;
	close_fd(&r->fd);
	return ret;
}

SWEEP(export_import_own, .before = with_matmul, .steps = export_and_import)

static void need_other(struct run *r)
{
	(void)r;
	if (access(OTHER, R_OK | W_OK))
		SKIP("no other device that makes buffers");
}

/* A buffer of another driver: created, exported, imported, mapped for the NPU, with failures in all steps */
static int import_foreign(struct run *r)
{
	struct drm_mode_create_dumb dumb = { .width = 32, .height = 32, .bpp = 32 };
	int ret;

	r->fd = open_node();
	if (r->fd < 0)
		return r->fd;
	r->other = open(OTHER, O_RDWR | O_CLOEXEC);
	ret = r->other < 0 ? -errno : npu_ioctl(r->other, DRM_IOCTL_MODE_CREATE_DUMB, &dumb);
	/* Shared memory returns this if it gets no inode; how it is passed on is up to that driver */
	if (ret == -ENOSPC)
		ret = -ENOMEM;
	if (!ret)
		ret = npu_export(r->other, dumb.handle, &r->dmabuf);
	if (!ret)
		ret = npu_import(r->fd, r->dmabuf, &r->handle);
	if (!ret)
		ret = give_address(r);
	if (!ret)
		ret = destroy(r);
	r->handle = 0;
	close_fd(&r->fd);
	return ret;
}

SWEEP(import_of_another_driver, .before = need_other, .steps = import_foreign)

/* ---- jobs --------------------------------------------------------------------------- */

/* If the submit succeeded, everything must have been computed */
static int run_job(struct run *r, uint32_t core_mask)
{
	int ret = matmul_run(&r->mm, core_mask, NULL);

	if (!ret)
		EXPECT_EQ(matmul_wrong(&r->mm), 0);
	return ret;
}

static int submit_any(struct run *r) { return run_job(r, 0); }
static int submit_gang(struct run *r) { return run_job(r, 7); }

/* J19: references that the submit has taken by then */
SWEEP(J19_submit_on_any_core, .before = with_matmul, .steps = submit_any, .runs_jobs = true)
SWEEP(J19_submit_on_three_cores, .before = with_matmul, .steps = submit_gang, .runs_jobs = true)

/* More tasks than the hardware can count: the job has a table of its own */
static void with_long_job(struct run *r)
{
	r->fd = npu_open();
	ASSERT_RET(matmul_init(&r->mm, r->fd, MATMUL_INT8_INT32, 4 * 4200, 32, 32, 4, MATMUL_EXACT, 3), 0);
}

static int submit_long(struct run *r)
{
	struct rknpu_submit args = matmul_args(&r->mm, 1);

	return npu_submit(r->fd, &args);
}

SWEEP(submit_of_4200_tasks, .before = with_long_job, .steps = submit_long, .runs_jobs = true)

/* From open to close: nothing of the client exists before */
static int whole_life(struct run *r)
{
	struct matmul mm;
	int ret;

	r->fd = open_node();
	if (r->fd < 0)
		return r->fd;
	ret = matmul_init(&mm, r->fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, 1);
	if (!ret) {
		ret = matmul_run(&mm, npu_nth(1), NULL);
		if (!ret)
			EXPECT_EQ(matmul_wrong(&mm), 0);
		matmul_fini(&mm);
	}
	close_fd(&r->fd);
	return ret;
}

SWEEP(from_open_to_close, .steps = whole_life, .runs_jobs = true)

static int wait_for(int fence)
{
	struct pollfd p = { .fd = fence, .events = POLLIN };
	int ret = poll(&p, 1, NPU_TIMEOUT_MS);

	return ret < 0 ? -errno : ret ? 0 : -ETIME;
}

static int submit_with_fence(struct run *r)
{
	struct rknpu_submit args = matmul_args(&r->mm, 0);
	int ret;

	args.flags |= RKNPU_JOB_NONBLOCK | RKNPU_JOB_FENCE_OUT;
	args.fence_fd = -1;
	ret = npu_submit(r->fd, &args);
	if (ret)
		return ret;
	r->fence = args.fence_fd;
	ret = wait_for(r->fence);
	return ret ? ret : close_fd(&r->fence);
}

SWEEP(submit_fence_out, .before = with_matmul, .steps = submit_with_fence, .runs_jobs = true)

static int submit_after_fence(struct run *r)
{
	struct rknpu_submit args = matmul_args(&r->mm, 1);
	int ret, first;

	args.flags |= RKNPU_JOB_NONBLOCK | RKNPU_JOB_FENCE_OUT;
	args.fence_fd = -1;
	ret = npu_submit(r->fd, &args);
	if (ret)
		return ret;
	r->fence = first = args.fence_fd;
	args = matmul_args(&r->mm, npu_nth(1));
	args.flags |= RKNPU_JOB_NONBLOCK | RKNPU_JOB_FENCE_IN | RKNPU_JOB_FENCE_OUT;
	args.fence_fd = first;
	ret = npu_submit(r->fd, &args);
	if (ret)
		return ret;
	r->fence = args.fence_fd;
	close(first);
	ret = wait_for(r->fence);
	return ret ? ret : close_fd(&r->fence);
}

SWEEP(submit_fence_in, .before = with_matmul, .steps = submit_after_fence, .runs_jobs = true)
