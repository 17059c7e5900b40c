// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Failures to switch on power and to assert reset lines: an error for the job that
 * needed them, never an access to a core without power, and normal operation when
 * the failure is over. Needs the module of outage/ and a tree that uses it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/job.h"
#include "lib/testing.h"

#define PARAMETERS	"/sys/module/rknpu_outage/parameters/"
#define SLACK_MS	5000

static const char *device_of(unsigned int core)
{
	return soc_get()->device[core];
}

static void refuse(const char *what, bool on)
{
	char path[96];

	snprintf(path, sizeof(path), PARAMETERS "refuse_%s", what);
	ASSERT_RET(driver_write(path, on ? "1" : "0"), 0);
}

static bool sleeps(unsigned int core)
{
	char path[96], status[16] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/devices/platform/%s/power/runtime_status", device_of(core));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	if (read(fd, status, sizeof(status) - 1) < 0)
		status[0] = 0;
	close(fd);
	/* Unsupported: no driver is bound to it */
	return !strncmp(status, "suspended", 9) || !strncmp(status, "unsupported", 11);
}

/* Set the autosuspend delay of the cores */
static void stay_on(const char *ms)
{
	char path[96];
	int core;

	for_each_core(core) {
		snprintf(path, sizeof(path), "/sys/devices/platform/%s/power/autosuspend_delay_ms", device_of(core));
		ASSERT_RET(driver_write(path, ms), 0);
	}
}

/* All cores suspend by themselves: no runtime PM reference was leaked */
static void wait_until_asleep(void)
{
	uint64_t end = ktap_now_ns() + SLACK_MS * 1000000ull;
	unsigned int core;

	for_each_core(core) {
		while (!sleeps(core) && ktap_now_ns() < end)
			ktap_sleep_ms(10);
		EXPECT(sleeps(core));
	}
}

static void works(void)
{
	int fd = driver_open_soon(), core;
	struct matmul mm;

	ASSERT(fd >= 0);
	small_matmul(&mm, fd, 121);
	for_each_core(core)
		EXPECT_CORRECT(&mm, 1u << core);
	matmul_fini(&mm);
	close(fd);
}

static void setup(void)
{
	twin_need();
	if (access(PARAMETERS, F_OK))
		SKIP("needs the module of outage/");
	/* Clean up after an earlier case that failed */
	refuse("power", false);
	refuse("reset", false);
}

/* R7: if the domain refuses, it is an error, without access to a core without power; R8: no reference is leaked */
TEST(R7_R8_power_is_refused)
{
	static const uint32_t masks[] = { 1, 2, 4, 0, 3, 7 };
	struct matmul mm;
	unsigned int i;
	int fence;

	setup();
	small_matmul(&mm, npu_open(), 122);
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		struct rknpu_submit args = matmul_args(&mm, masks[i]);

		args.subcore_task[3] = args.subcore_task[4] = args.subcore_task[2];
		wait_until_asleep();
		refuse("power", true);
		EXPECT_RET(npu_submit(mm.out.fd, &args), -EIO);
		ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
		EXPECT_RET(fence_end(fence), -EIO);
		wait_until_asleep();
		refuse("power", false);
		EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
		EXPECT_CORRECT(&mm, 1);
	}
	wait_until_asleep();
}

/* Queries that need no core work without power */
TEST(R7_questions_need_no_power)
{
	static const uint32_t actions[] = {
		RKNPU_GET_HW_VERSION, RKNPU_GET_DRV_VERSION, RKNPU_GET_FREQ, RKNPU_GET_IOMMU_EN, RKNPU_ACT_RESET,
	};
	struct npu_bo bo;
	unsigned int i;
	int fd;

	setup();
	fd = npu_open();
	wait_until_asleep();
	refuse("power", true);
	for (i = 0; i < ARRAY_SIZE(actions); i++) {
		uint32_t value = 0;

		EXPECT_RET(npu_action(fd, actions[i], &value), 0);
	}
	EXPECT_RET(npu_bo_init(&bo, fd, 3 * NPU_PAGE, NPU_FLAGS_DATA), 0);
	npu_bo_fini(&bo);
	refuse("power", false);
	works();
}

/* R3: a core whose reset fails is lost until the device is bound again; no job waits forever, other cores work */
TEST(R3_reset_is_refused)
{
	struct matmul mm, other;
	uint32_t value = 0;
	int hangs, gang, fence, i;

	setup();
	if (soc_get()->shares_iommu)
		SKIP("one device has all cores: so has its reset");
	small_matmul(&mm, npu_open(), 123);
	small_matmul(&other, mm.out.fd, 124);
	/* Switching off needs a reset, too */
	stay_on("100000");
	for_each_core(i)
		EXPECT_CORRECT(&mm, 1u << i);
	refuse("reset", true);
	/* A time-out needs a reset */
	twin_fault(0, TWIN_FAULT_LATE, 10000000, 1);
	{
		struct rknpu_submit args = matmul_args(&mm, 1);

		args.timeout = 200;
		ASSERT_RET(job_start_args(&mm, args, -1, &hangs), 0);
		/* Core 1 is reserved for this job, which will never run */
		args = matmul_args(&mm, 3);
		args.timeout = 5000;
		ASSERT_RET(job_start_args(&mm, args, -1, &gang), 0);
		ASSERT_RET(job_start(&mm, 2, -1, &fence), 0);
		EXPECT_RET(fence_end(hangs), -ETIMEDOUT);
		EXPECT_RET(fence_end(gang), -EIO);
		EXPECT_RET(fence_end(fence), 0);
	}
	/* Jobs that must run on this core fail, others run on other cores */
	for (i = 0; i < 3; i++) {
		struct rknpu_submit args = matmul_args(&mm, 3);

		EXPECT_RET(npu_submit(mm.out.fd, &args), -EIO);
		EXPECT_RET(job_start(&mm, 1, -1, &fence), -EIO);
		EXPECT_CORRECT(&mm, 2);
		EXPECT_CORRECT(&mm, 4);
		EXPECT_CORRECT(&mm, 0);
	}
	/* So does a change of registers */
	EXPECT_RET(npu_action(mm.out.fd, RKNPU_ACT_RESET, &value), 0);
	{
		struct rknpu_submit args = matmul_args(&mm, 2);

		EXPECT_RET(npu_submit(mm.out.fd, &args), -EIO);
		EXPECT_RET(npu_submit(mm.out.fd, &args), -EIO);
	}
	refuse("reset", false);
	stay_on("100");
	EXPECT_CORRECT(&mm, 4);
	ASSERT_RET(driver_bind("unbind", device_of(0)), 0);
	ASSERT_RET(driver_bind("bind", device_of(0)), 0);
	works();
}

/* A core that could not be reset when switched off may still be writing: it is lost too, but no other core is */
TEST(R3_reset_is_refused_to_a_core_that_goes_off)
{
	struct matmul mm;
	int last = 2;

	setup();
	wait_until_asleep();
	if (soc_get()->shares_iommu)
		last = 0;
	small_matmul(&mm, npu_open(), 128);
	EXPECT_CORRECT(&mm, 1u << last);
	refuse("reset", true);
	wait_until_asleep();
	refuse("reset", false);
	EXPECT_RET(matmul_run(&mm, 1u << last, NULL), -EIO);
	if (!soc_get()->shares_iommu) {
		EXPECT_CORRECT(&mm, 1);
		EXPECT_CORRECT(&mm, 2);
		EXPECT_CORRECT(&mm, 0);
	}
	ASSERT_RET(driver_bind("unbind", device_of(0)), 0);
	ASSERT_RET(driver_bind("bind", device_of(0)), 0);
	works();
}

/* The device is removed while suspended and cannot be resumed: its address spaces are released nevertheless */
TEST(removal_without_power)
{
	struct matmul mm;
	int fd, i;

	setup();
	for (i = 0; i < 3; i++) {
		fd = driver_open_soon();
		small_matmul(&mm, fd, 125);
		EXPECT_CORRECT(&mm, 1);
		EXPECT_CORRECT(&mm, 2);
		wait_until_asleep();
		refuse("power", true);
		ASSERT_RET(driver_bind("unbind", device_of(i)), 0);
		refuse("power", false);
		EXPECT_RET(job_start(&mm, 1, -1, NULL), -ENODEV);
		ASSERT_RET(driver_bind("bind", device_of(i)), 0);
		works();
		close(fd);
		matmul_fini(&mm);
		works();
	}
}

/* R15: a failed probe does not leave any state that affects the next one */
TEST(R15_bound_without_power)
{
	int i, fd;

	setup();
	for (i = 0; i < 3; i++) {
		ASSERT_RET(driver_bind("unbind", device_of(0)), 0);
		wait_until_asleep();
		refuse("power", true);
		EXPECT(driver_bind("bind", device_of(0)) < 0);
		fd = npu_open_render(NULL, 0);
		if (!EXPECT(fd < 0))
			close(fd);
		refuse("power", false);
		ASSERT_RET(driver_bind("bind", device_of(0)), 0);
		works();
	}
}
