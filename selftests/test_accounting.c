// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Accounting of memory: pages are charged to the memory cgroup of the process
 * that allocates them, and client_max_bytes limits the memory of one process.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/testing.h"

#define CGROUPS	"/tmp/rknpu-cgroups"
#define OURS	CGROUPS "/npu"
#define LIMIT	"/sys/module/rknpu/parameters/client_max_bytes"
#define MIB	(1ull << 20)

static uint64_t get(const char *path)
{
	unsigned long long value = 0;
	FILE *f = fopen(path, "re");

	ASSERT(f);
	ASSERT_EQ(fscanf(f, "%llu", &value), 1);
	fclose(f);
	return value;
}

static void enter_cgroup(void)
{
	char pid[16];

	mkdir(CGROUPS, 0700);
	if (mount("none", CGROUPS, "cgroup2", 0, NULL) && errno != EBUSY)
		SKIP("no cgroup2: %s", strerror(errno));
	if (driver_write(CGROUPS "/cgroup.subtree_control", "+memory"))
		SKIP("no memory cgroups");
	mkdir(OURS, 0700);
	driver_write(OURS "/memory.max", "max");
	snprintf(pid, sizeof(pid), "%d", getpid());
	ASSERT_RET(driver_write(OURS "/cgroup.procs", pid), 0);
}

static int create(int fd, uint64_t size, uint32_t flags, uint32_t *handle)
{
	struct rknpu_mem_create c = { .size = size, .flags = flags };
	int ret = npu_create(fd, &c);

	*handle = c.handle;
	return ret;
}

/* Pages are charged at allocation, not when they are mapped, because the NPU can use them at once */
TEST_LIMIT(pages_are_charged_to_the_memory_cgroup, 120)
{
	static const uint32_t kinds[] = { NPU_FLAGS_DATA, NPU_FLAGS_TASK, 0 };
	uint64_t before, with, after;
	uint32_t handle;
	unsigned int i;
	int fd;

	enter_cgroup();
	fd = npu_open();
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		before = get(OURS "/memory.current");
		ASSERT_RET(create(fd, 64 * MIB, kinds[i], &handle), 0);
		with = get(OURS "/memory.current");
		/* Each processor accounts charges and frees in batches of its own */
		EXPECT(with >= before + 60 * MIB && with < before + 72 * MIB);
		ASSERT_RET(npu_destroy(fd, handle), 0);
		after = get(OURS "/memory.current");
		EXPECT(after < before + 8 * MIB);
	}
}

/* Reaching the limit is an error for the caller, and no process is killed */
TEST_LIMIT(memory_cgroup_limit_is_an_error, 120)
{
	uint32_t handle;
	int fd;

	enter_cgroup();
	fd = npu_open();
	ASSERT_RET(driver_write(OURS "/memory.max", "67108864"), 0);
	EXPECT_RET(create(fd, 96 * MIB, NPU_FLAGS_DATA, &handle), -ENOMEM);
	EXPECT_RET(create(fd, 32 * MIB, NPU_FLAGS_DATA, &handle), 0);
	EXPECT(get(OURS "/memory.current") <= 64 * MIB);
	driver_write(OURS "/memory.max", "max");
}

static void has_its_own(void *arg)
{
	uint32_t handle;

	(void)arg;
	EXPECT_RET(create(npu_open(), 6 * MIB, NPU_FLAGS_DATA, &handle), 0);
}

TEST_LIMIT(one_process_has_at_most_its_limit, 120)
{
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };
	struct rknpu_mem_create c = { 0 };
	uint32_t a, b, x;
	int fd = npu_open(), other = npu_open();

	if (access(LIMIT, W_OK))
		SKIP("needs root");
	ASSERT_RET(driver_write(LIMIT, "8388608"), 0);
	EXPECT_RET(create(fd, 8 * MIB + 1, NPU_FLAGS_DATA, &x), -ENOMEM);
	EXPECT_RET(create(fd, 6 * MIB, NPU_FLAGS_DATA, &a), 0);
	/* Another file of the process cannot get around the limit */
	EXPECT_RET(create(other, 2 * MIB + 1, NPU_FLAGS_DATA, &x), -ENOMEM);
	EXPECT_RET(create(other, 2 * MIB, NPU_FLAGS_DATA, &b), 0);
	EXPECT_RET(create(fd, 1, NPU_FLAGS_DATA, &x), -ENOMEM);
	/* The same buffer at the same address costs nothing more */
	p.handle = a;
	EXPECT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	EXPECT_RET(npu_ioctl(other, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p), 0);
	c.handle = p.handle;
	EXPECT_RET(npu_create(other, &c), 0);
	/* Another process has a limit of its own */
	EXPECT_EQ(ktap_join(ktap_fork(has_its_own, NULL)), 0);
	/* Memory that was freed can be allocated again */
	EXPECT_RET(npu_destroy(other, b), 0);
	EXPECT_RET(create(fd, 2 * MIB, NPU_FLAGS_DATA, &b), 0);
	EXPECT_RET(driver_write(LIMIT, "0"), 0);
	EXPECT_RET(create(fd, 32 * MIB, NPU_FLAGS_DATA, &x), 0);
}
