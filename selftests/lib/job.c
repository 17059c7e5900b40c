// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#define _GNU_SOURCE
#include "job.h"

#include <dirent.h>
#include <errno.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Long compared with the time of a job on a busy emulator */
#define END_MS	20000

int job_start_args(const struct matmul *mm, struct rknpu_submit args, int fence_in, int *fence)
{
	int ret;

	args.flags |= RKNPU_JOB_NONBLOCK;
	if (fence_in >= 0) {
		args.flags |= RKNPU_JOB_FENCE_IN;
		args.fence_fd = fence_in;
	}
	if (fence)
		args.flags |= RKNPU_JOB_FENCE_OUT;
	ret = npu_submit(mm->out.fd, &args);
	if (fence)
		*fence = ret ? -1 : args.fence_fd;
	return ret;
}

int job_start(const struct matmul *mm, uint32_t core_mask, int fence_in, int *fence)
{
	return job_start_args(mm, matmul_args(mm, core_mask), fence_in, fence);
}

int fence_wait(int fence, int timeout_ms)
{
	struct pollfd p = { .fd = fence, .events = POLLIN };
	int ret;

	do {
		ret = poll(&p, 1, timeout_ms);
	} while (ret < 0 && errno == EINTR);
	if (ret < 0)
		return -errno;
	if (!ret)
		return -ETIMEDOUT;
	return p.revents & POLLIN ? 0 : -EBADF;
}

int fence_status(int fence)
{
	struct sync_file_info info = { 0 };

	return ioctl(fence, SYNC_IOC_FILE_INFO, &info) ? -errno : info.status;
}

uint64_t fence_time_ns(int fence)
{
	struct sync_fence_info fences[8] = { 0 };
	struct sync_file_info info = { .num_fences = 8, .sync_fence_info = (uintptr_t)fences };
	uint64_t last = 0;
	unsigned int i;

	if (ioctl(fence, SYNC_IOC_FILE_INFO, &info) || !info.status)
		return 0;
	for (i = 0; i < info.num_fences; i++)
		last = fences[i].timestamp_ns > last ? fences[i].timestamp_ns : last;
	return last;
}

int fence_merge(int a, int b)
{
	struct sync_merge_data merge = { .name = "both", .fd2 = b };

	return ioctl(a, SYNC_IOC_MERGE, &merge) ? -errno : merge.fence;
}

int fence_end(int fence)
{
	int ret = fence_wait(fence, END_MS);

	if (!ret) {
		ret = fence_status(fence);
		if (ret == 1)
			ret = 0;
		else if (!ret)
			ret = -EINPROGRESS;
	}
	close(fence);
	return ret;
}

unsigned int open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned int n = 0;

	while (d && readdir(d))
		n++;
	if (d)
		closedir(d);
	return n;
}
