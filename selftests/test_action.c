// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Every action number: its result, and that no action lets a client affect others,
 * or itself, without permission.
 */
#define _GNU_SOURCE
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/job.h"
#include "lib/testing.h"

#define UNTOUCHED	0x5a5a5a5a
#define NOBODY		65534
#define TREE		"/proc/device-tree"

static uint32_t answer(int fd, uint32_t action)
{
	uint32_t value = UNTOUCHED;

	EXPECT_RET(npu_action(fd, action, &value), 0);
	return value;
}

static void refused(int fd, uint32_t action, int error)
{
	static const uint32_t values[] = { 0, 1, 600000000, 1000000000, UINT32_MAX };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		uint32_t value = values[i];

		if (!EXPECT_RET(npu_action(fd, action, &value), error))
			ktap_note("action %u, value %u", action, values[i]);
	}
}

TEST(versions)
{
	int fd = npu_open();

	EXPECT_EQ(answer(fd, RKNPU_GET_HW_VERSION), soc_get()->version);
	EXPECT_EQ(answer(fd, RKNPU_GET_DRV_VERSION), 908);
}

TEST(frequency)
{
	int fd = npu_open();

	/* If it changes, test_power checks the values */
	if (twin_present() && !twin_read(TWIN_ISLAND))
		EXPECT_EQ(answer(fd, RKNPU_GET_FREQ), 1000000000);
	else
		EXPECT(answer(fd, RKNPU_GET_FREQ) >= 100000000);
	ASSERT(!setgid(NOBODY) && !setuid(NOBODY));
	refused(fd, RKNPU_SET_FREQ, -EPERM);
}

/* Mainline's and the vendor's names of the property */
static bool tree_names_a_supply(void)
{
	static const char * const names[] = { "npu-supply", "rknpu-supply" };
	const char *device = soc_get()->device[npu_nth_core(0)];
	char path[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), TREE "/npu@%.*s/%s", (int)strcspn(device, "."), device, names[i]);
		if (!access(path, F_OK))
			return true;
	}
	return false;
}

/* R10: without a supply in the device tree the answer is 0, never an oops */
TEST(R10_voltage)
{
	int fd = npu_open();
	uint32_t uv = answer(fd, RKNPU_GET_VOLT);

	if (twin_present() && !twin_read(TWIN_ISLAND))
		EXPECT_EQ(uv, tree_names_a_supply() ? 825000 : 0);
	else
		EXPECT(uv == 0 || (uv >= 500000 && uv <= 1200000));
	refused(fd, RKNPU_SET_VOLT, getuid() ? -EPERM : -EOPNOTSUPP);
	ASSERT(!setgid(NOBODY) && !setuid(NOBODY));
	refused(fd, RKNPU_SET_VOLT, -EPERM);
}

TEST(bus_priority_without_registers)
{
	int fd = npu_open();
	uint32_t action;

	if (soc_get()->has_qos)
		SKIP("this SoC has them");
	for (action = RKNPU_GET_BW_PRIORITY; action <= RKNPU_SET_BW_TW; action++)
		refused(fd, action, -EINVAL);
}

/* Every client may read it; setting it takes bandwidth from other masters */
TEST(bus_priority)
{
	static const uint32_t get[] = { RKNPU_GET_BW_PRIORITY, RKNPU_GET_BW_EXPECT, RKNPU_GET_BW_TW };
	static const uint32_t set[] = { RKNPU_SET_BW_PRIORITY, RKNPU_SET_BW_EXPECT, RKNPU_SET_BW_TW };
	int fd = npu_open();
	uint32_t value, old[3];
	unsigned int i;

	if (!soc_get()->has_qos)
		SKIP("this SoC has no such registers");
	if (geteuid())
		SKIP("needs root");
	for (i = 0; i < 3; i++) {
		old[i] = answer(fd, get[i]);
		value = 0x303 + i;
		EXPECT_RET(npu_action(fd, set[i], &value), 0);
	}
	for (i = 0; i < 3; i++) {
		EXPECT_EQ(answer(fd, get[i]), 0x303 + i);
		value = 0;
		EXPECT_RET(npu_action(fd, set[i], &value), 0);
		EXPECT_EQ(answer(fd, get[i]), 0x303 + i);
		/* It cannot be set back to 0 */
		value = old[i];
		EXPECT_RET(npu_action(fd, set[i], &value), 0);
	}
	ASSERT_EQ(setresuid(1000, 1000, 1000), 0);
	for (i = 0; i < 3; i++) {
		value = 0x101;
		EXPECT_RET(npu_action(fd, set[i], &value), -EPERM);
		answer(fd, get[i]);
	}
}

TEST(amounts_without_counters)
{
	int fd = npu_open();
	uint32_t action;

	if (soc_get()->counts)
		SKIP("this SoC has them");
	for (action = RKNPU_ACT_CLR_TOTAL_RW_AMOUNT; action <= RKNPU_GET_TOTAL_RW_AMOUNT; action++)
		EXPECT_EQ(answer(fd, action), UNTOUCHED);
}

struct amounts {
	uint32_t written, read, weights, all;
};

static struct amounts amounts(int fd)
{
	return (struct amounts){
		answer(fd, RKNPU_GET_DT_WR_AMOUNT), answer(fd, RKNPU_GET_DT_RD_AMOUNT),
		answer(fd, RKNPU_GET_WT_RD_AMOUNT), answer(fd, RKNPU_GET_TOTAL_RW_AMOUNT),
	};
}

static void sees_the_amounts(void *arg)
{
	int fd = npu_open();
	uint32_t value = 0;

	EXPECT_EQ(amounts(fd).written, *(uint32_t *)arg);
	EXPECT_RET(npu_action(fd, RKNPU_ACT_CLR_TOTAL_RW_AMOUNT, &value), 0);
	EXPECT_EQ(amounts(fd).all, 0);
}

/* R16: clearing the counters does not stop a job */
TEST(R16_amounts_cleared_under_a_job)
{
	uint32_t value = 0, kicks;
	struct matmul mm;
	int fence;

	twin_need();
	if (!soc_get()->counts)
		SKIP("this SoC does not count");
	small_matmul(&mm, npu_open(), 8);
	EXPECT_CORRECT(&mm, 1);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	twin_hold(0, 1);
	matmul_spoil(&mm);
	ASSERT_RET(job_start(&mm, 1, -1, &fence), 0);
	while (twin_stat(0, TWIN_STAT_KICKS) == kicks)
		ktap_sleep_ms(1);
	EXPECT_RET(npu_action(mm.out.fd, RKNPU_ACT_CLR_TOTAL_RW_AMOUNT, &value), 0);
	EXPECT_EQ(fence_status(fence), 0);
	twin_release(0);
	EXPECT_RET(fence_end(fence), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

/* The minimum that a product moves, and each kind separately; clearing only affects the caller */
TEST(amounts_of_a_product)
{
	struct amounts one, two;
	struct matmul mm;
	uint32_t value = 0;

	if (!soc_get()->counts)
		SKIP("this SoC does not count");
	small_matmul(&mm, npu_open(), 7);
	/* The first job of a client starts from a reset, which clears the counters too */
	EXPECT_CORRECT(&mm, 1);
	ASSERT_RET(npu_action(mm.out.fd, RKNPU_ACT_CLR_TOTAL_RW_AMOUNT, &value), 0);
	EXPECT_EQ(amounts(mm.out.fd).all, 0);
	EXPECT_CORRECT(&mm, 1);
	one = amounts(mm.out.fd);
	EXPECT(one.written >= mm.m * mm.n * 4);
	EXPECT(one.read >= mm.m * mm.k);
	EXPECT(one.weights >= mm.n * mm.k);
	EXPECT_EQ(one.all, one.written + one.read + one.weights);
	if (twin_present())
		EXPECT_EQ(one.weights, mm.n * mm.k);
	EXPECT_CORRECT(&mm, 1);
	two = amounts(mm.out.fd);
	EXPECT_EQ(two.written, 2 * one.written);
	EXPECT_EQ(two.read, 2 * one.read);
	EXPECT_EQ(two.weights, 2 * one.weights);
	/* Cleared by another process, which also sees the job from before this process cleared */
	value = two.written + one.written;
	EXPECT_EQ(ktap_join(ktap_fork(sees_the_amounts, &value)), 0);
	EXPECT_EQ(amounts(mm.out.fd).all, two.all);
}

/* The amounts are checked in test_sram.c */
TEST(iommu_and_sram)
{
	int fd = npu_open();

	EXPECT_EQ(answer(fd, RKNPU_GET_IOMMU_EN), 1);
	EXPECT(answer(fd, RKNPU_GET_FREE_SRAM_SIZE) <= answer(fd, RKNPU_GET_TOTAL_SRAM_SIZE));
}

TEST(power_is_not_the_clients)
{
	int fd = npu_open();

	refused(fd, RKNPU_POWER_ON, -EINVAL);
	refused(fd, RKNPU_POWER_OFF, -EINVAL);
}

TEST(unknown_actions)
{
	static const uint32_t actions[] = { 26, 27, 100, 0x80000000, UINT32_MAX };
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(actions); i++)
		refused(fd, actions[i], -EINVAL);
}

TEST(nice_with_the_right_to_it)
{
	static const struct { uint32_t value; int nice; } t[] = {
		{ 0xffffffed, -19 }, { 5, 5 }, { (uint32_t)-20, -20 }, { 19, 19 }, { 0, 0 },
	};
	int fd = npu_open();
	unsigned int i;

	if (geteuid())
		SKIP("needs root");
	for (i = 0; i < ARRAY_SIZE(t); i++) {
		uint32_t value = t[i].value;

		EXPECT_RET(npu_action(fd, RKNPU_SET_PROC_NICE, &value), 0);
		EXPECT_EQ(getpriority(PRIO_PROCESS, 0), t[i].nice);
	}
}

/* The kernel's scheduler trusts its callers: a value out of range would index past its tables */
TEST(R11_nice_out_of_range)
{
	static const uint32_t values[] = { (uint32_t)-21, 20, 1000, (uint32_t)INT_MIN, INT_MAX };
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		uint32_t value = values[i];
		int nice;

		EXPECT_RET(npu_action(fd, RKNPU_SET_PROC_NICE, &value), 0);
		nice = getpriority(PRIO_PROCESS, 0);
		EXPECT(nice >= -20 && nice <= 19);
	}
}

TEST(R11_nice_without_the_right_to_it)
{
	struct rlimit none = { 0, 0 };
	uint32_t value = (uint32_t)-19;
	int fd = npu_open();

	if (geteuid())
		SKIP("needs root to give it up");
	ASSERT_EQ(setrlimit(RLIMIT_NICE, &none), 0);
	ASSERT_EQ(setresuid(1000, 1000, 1000), 0);
	EXPECT_RET(npu_action(fd, RKNPU_SET_PROC_NICE, &value), 0);
	EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 0);
	/* Increasing the nice value needs no privilege, decreasing it does */
	value = 7;
	EXPECT_RET(npu_action(fd, RKNPU_SET_PROC_NICE, &value), 0);
	EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 7);
	value = 0;
	EXPECT_RET(npu_action(fd, RKNPU_SET_PROC_NICE, &value), 0);
	EXPECT_EQ(getpriority(PRIO_PROCESS, 0), 7);
}

TEST(R11_nice_up_to_the_limit)
{
	struct rlimit up_to_minus_5 = { 25, 25 };
	uint32_t value = (uint32_t)-5;
	int fd = npu_open();

	if (geteuid())
		SKIP("needs root to give it up");
	ASSERT_EQ(setrlimit(RLIMIT_NICE, &up_to_minus_5), 0);
	ASSERT_EQ(setresuid(1000, 1000, 1000), 0);
	EXPECT_RET(npu_action(fd, RKNPU_SET_PROC_NICE, &value), 0);
	EXPECT_EQ(getpriority(PRIO_PROCESS, 0), -5);
	value = (uint32_t)-6;
	EXPECT_RET(npu_action(fd, RKNPU_SET_PROC_NICE, &value), 0);
	EXPECT(getpriority(PRIO_PROCESS, 0) >= -5);
}

static void sees_domain_0(void *arg)
{
	(void)arg;
	EXPECT_EQ(answer(npu_open(), RKNPU_GET_IOMMU_DOMAIN_ID), 0);
}

TEST(I3_domain_id_is_the_processs_own)
{
	int fd = npu_open();
	uint32_t id, value;

	EXPECT_EQ(answer(fd, RKNPU_GET_IOMMU_DOMAIN_ID), 0);
	for (id = 0; id < 16; id++) {
		value = id;
		EXPECT_RET(npu_action(fd, RKNPU_SET_IOMMU_DOMAIN_ID, &value), 0);
		EXPECT_EQ(answer(fd, RKNPU_GET_IOMMU_DOMAIN_ID), id);
	}
	EXPECT_EQ(ktap_join(ktap_fork(sees_domain_0, NULL)), 0);
	EXPECT_EQ(answer(fd, RKNPU_GET_IOMMU_DOMAIN_ID), 15);
}

TEST(I3_domain_id_out_of_range)
{
	static const uint32_t values[] = { 16, 99, 0x80000000, UINT32_MAX };
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(values); i++) {
		uint32_t value = values[i];

		EXPECT_RET(npu_action(fd, RKNPU_SET_IOMMU_DOMAIN_ID, &value), -EINVAL);
		EXPECT_EQ(answer(fd, RKNPU_GET_IOMMU_DOMAIN_ID), 0);
	}
}

/* Stages that the second job does not program must pass data through, as after a cold start */
TEST(reset_clears_registers)
{
	struct matmul scaled, plain;
	int fd = npu_open(), core;
	uint32_t value = 0;

	ASSERT_RET(matmul_init(&scaled, fd, MATMUL_INT8_INT32, 16, 32, 32, 8, MATMUL_EXACT, 1), 0);
	ASSERT_EQ(scaled.tasks, 2);	/* one for each register group */
	ASSERT(matmul_set_register(&scaled, RKNPU_DPU_OUT_CVT_SCALE, 3));
	small_matmul(&plain, fd, 2);
	ASSERT(matmul_drop_register(&plain, RKNPU_DPU_OUT_CVT_SCALE));
	for_each_core(core) {
		ASSERT_RET(matmul_run(&scaled, 1u << core, NULL), 0);
		EXPECT(matmul_wrong(&scaled) > 0);
		EXPECT_RET(npu_action(fd, RKNPU_ACT_RESET, &value), 0);
		EXPECT_CORRECT(&plain, 1u << core);
	}
}

static void scales_on_all_cores(void *arg)
{
	struct matmul scaled;
	int core;

	(void)arg;
	ASSERT_RET(matmul_init(&scaled, npu_open(), MATMUL_INT8_INT32, 16, 32, 32, 8, MATMUL_EXACT, 1), 0);
	ASSERT(matmul_set_register(&scaled, RKNPU_DPU_OUT_CVT_SCALE, 3));
	for_each_core(core)
		EXPECT_RET(matmul_run(&scaled, 1u << core, NULL), 0);
}

TEST(registers_do_not_pass_between_clients)
{
	struct matmul plain;
	int core;

	small_matmul(&plain, npu_open(), 2);
	ASSERT(matmul_drop_register(&plain, RKNPU_DPU_OUT_CVT_SCALE));
	EXPECT_EQ(ktap_join(ktap_fork(scales_on_all_cores, NULL)), 0);
	for_each_core(core)
		EXPECT_CORRECT(&plain, 1u << core);
}

static void resets_often(void *arg)
{
	uint32_t value;
	int fd = npu_open(), i;

	(void)arg;
	for (i = 0; i < 200; i++) {
		value = 0;
		EXPECT_RET(npu_action(fd, RKNPU_ACT_RESET, &value), 0);
	}
}

TEST(R1_reset_harms_nobody_else)
{
	struct matmul mm;
	int fd = npu_open(), i;
	pid_t other;

	small_matmul(&mm, fd, 3);
	other = ktap_fork(resets_often, NULL);
	ASSERT(other > 0);
	for (i = 0; i < 30; i++)
		EXPECT_CORRECT(&mm, npu_nth(i));
	EXPECT_EQ(ktap_join(other), 0);
}
