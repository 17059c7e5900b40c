// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Loading and binding of the driver: unload and reload, unbind with open files and
 * running jobs, bind again. RKNPU_KO is the module's file; without it, or without
 * root, the cases that need it are skipped. ROUNDS=N in the environment repeats
 * loading and unloading.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/busy.h"
#include "lib/driver.h"
#include "lib/testing.h"

static unsigned int rounds(unsigned int usual)
{
	const char *env = getenv("ROUNDS");

	return env ? strtoul(env, NULL, 0) : usual;
}

static int load(void)
{
	const char *ko = getenv("RKNPU_KO");
	int fd = ko ? open(ko, O_RDONLY | O_CLOEXEC) : -1, ret;

	if (fd < 0)
		SKIP("RKNPU_KO names no module");
	ret = syscall(SYS_finit_module, fd, "", 0);
	if (ret)
		ret = -errno;
	close(fd);
	return ret;
}

static int unload(void)
{
	return syscall(SYS_delete_module, "rknpu", O_NONBLOCK) ? -errno : 0;
}

static void need_root_and_module(void)
{
	const char *module = getenv("RKNPU_KO");

	if (geteuid() || !module || access(module, R_OK))
		SKIP("needs root and the module's file in RKNPU_KO");
}

/* The node appears some time after the probe, when all cores have been probed */
static int open_soon(void)
{
	int i, fd;

	for (i = 0; i < 200; i++) {
		fd = npu_open_render(NULL, 0);
		if (fd >= 0)
			return fd;
		ktap_sleep_ms(10);
	}
	return -ENODEV;
}

TEST(no_unload_while_open)
{
	int fd;

	need_root_and_module();
	fd = npu_open();
	EXPECT_RET(unload(), -EAGAIN);
	busy_works(fd);
}

TEST_LIMIT(unload_and_load, 3600)
{
	unsigned int i;
	int fd;

	need_root_and_module();
	for (i = 0; i < rounds(8); i++) {
		ASSERT_RET(unload(), 0);
		EXPECT_RET(npu_open_render(NULL, 0), -ENODEV);
		ASSERT_RET(load(), 0);
		fd = open_soon();
		EXPECT_RET(unload(), -EAGAIN);
		busy_works(fd);
		close(fd);
	}
}

static volatile bool stop;

/* R13: opens the device and makes queries as soon as the node exists */
static void *opens_early(void *arg)
{
	unsigned int *opened = arg;

	while (!stop) {
		struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_TASK };
		uint32_t value = 0;
		int fd = npu_open_render(NULL, 0);

		if (fd < 0)
			continue;
		EXPECT_RET(npu_action(fd, RKNPU_GET_HW_VERSION, &value), 0);
		EXPECT_EQ(value, soc_get()->version);
		EXPECT_RET(npu_create(fd, &c), 0);
		close(fd);
		++*opened;
	}
	return NULL;
}

TEST_LIMIT(R13_opened_while_it_loads, 3600)
{
	unsigned int opened, i;
	pthread_t thread;

	need_root_and_module();
	for (i = 0; i < rounds(4); i++) {
		ASSERT_RET(unload(), 0);
		stop = false;
		opened = 0;
		ASSERT_EQ(pthread_create(&thread, NULL, opens_early, &opened), 0);
		ASSERT_RET(load(), 0);
		while (!opened)
			ktap_sleep_ms(5);
		stop = true;
		pthread_join(thread, NULL);
	}
	busy_works(open_soon());
}

static void everything_is_gone(int fd, const struct npu_bo *bo)
{
	struct rknpu_mem_create c = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
	uint32_t value = 0;
	uint64_t offset;

	EXPECT_RET(npu_action(fd, RKNPU_GET_HW_VERSION, &value), -ENODEV);
	EXPECT_RET(npu_action(fd, RKNPU_ACT_RESET, &value), -ENODEV);
	EXPECT_RET(npu_create(fd, &c), -ENODEV);
	EXPECT_RET(npu_map(fd, bo->handle, &offset), -ENODEV);
	EXPECT_RET(npu_bo_to_device(bo), -ENODEV);
}

/* Mainline's tree has a device per core; unbinding any one removes the NPU, as the others depend on it */
TEST_LIMIT(R14_unbind_with_a_file_open, 120)
{
	unsigned int i;

	if (access(DRIVER_PATH "/unbind", W_OK))
		SKIP("needs root and a bound device");
	for (i = 0; i < npu_num_cores(); i++) {
		const char *device = soc_get()->device[npu_nth_core(i)];
		int fd = npu_open();
		struct matmul mm;

		small_matmul(&mm, fd, 52);
		EXPECT_CORRECT(&mm, 0);
		if (i && !strcmp(device, soc_get()->device[npu_nth_core(0)]))
			break;		/* one device for all */
		ASSERT_RET(driver_bind("unbind", device), 0);
		everything_is_gone(fd, &mm.in);
		/* Accessing its mapping may raise a signal, but not crash the kernel; the file can only be closed */
		matmul_fini(&mm);
		close(fd);
		ASSERT_RET(driver_bind("bind", device), 0);
		busy_works(open_soon());
	}
}

static struct matmul running;

static void *submits(void *arg)
{
	struct rknpu_submit args = matmul_args(&running, 1);

	*(int *)arg = npu_submit(running.out.fd, &args);
	return NULL;
}

TEST_LIMIT(unbind_with_a_job_running, 60)
{
	pthread_t thread;
	uint32_t before;
	int ret = 1;

	twin_need();
	small_matmul(&running, npu_open(), 53);
	before = twin_stat(0, TWIN_STAT_KICKS);
	twin_fault(0, TWIN_FAULT_LATE, 300000, 1);
	ASSERT_EQ(pthread_create(&thread, NULL, submits, &ret), 0);
	while (twin_stat(0, TWIN_STAT_KICKS) == before)
		ktap_sleep_ms(2);
	ASSERT_RET(driver_bind("unbind", soc_get()->device[npu_nth_core(0)]), 0);
	pthread_join(thread, NULL);
	EXPECT(ret <= 0);
	ASSERT_RET(driver_bind("bind", soc_get()->device[npu_nth_core(0)]), 0);
	busy_works(open_soon());
}
