// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Resets concurrent with other resets, creation and destruction of buffers,
 * interrupts and submits.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/job.h"
#include "lib/testing.h"

#define MUCH_TOO_LATE_US	10000000
#define SLACK_MS		5000

static struct matmul mm;

static void wait_for_kick(unsigned int core, uint32_t before)
{
	uint64_t end = ktap_now_ns() + SLACK_MS * 1000000ull;

	while (twin_stat(core, TWIN_STAT_KICKS) == before && ktap_now_ns() < end)
		ktap_sleep_ms(1);
	EXPECT(twin_stat(core, TWIN_STAT_KICKS) != before);
}

static void *resets(void *arg)
{
	uint32_t value = 0;

	(void)arg;
	EXPECT_RET(npu_action(mm.out.fd, RKNPU_ACT_RESET, &value), 0);
	return NULL;
}

/* Hangs on its core, and requests a reset from two threads at the same time */
static void hangs_and_resets(void *arg)
{
	unsigned int core = *(unsigned int *)arg, i;
	struct rknpu_submit args;
	pthread_t threads[2];
	uint32_t before;
	int fence;

	small_matmul(&mm, npu_open(), 131 + core);
	for (i = 0; i < 4; i++) {
		before = twin_stat(core, TWIN_STAT_KICKS);
		twin_fault(core, TWIN_FAULT_LATE, MUCH_TOO_LATE_US, 1);
		args = matmul_args(&mm, 1u << core);
		args.timeout = 60000;
		ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
		/* With a shared IOMMU it may have to wait for other clients' resets */
		if (!soc_get()->shares_iommu)
			wait_for_kick(core, before);
		pthread_create(&threads[0], NULL, resets, NULL);
		pthread_create(&threads[1], NULL, resets, NULL);
		pthread_join(threads[0], NULL);
		pthread_join(threads[1], NULL);
		EXPECT_RET(fence_end(fence), -ECANCELED);
		twin_fault(core, TWIN_FAULT_NONE, 0, 0);
		EXPECT_CORRECT(&mm, 1u << core);
	}
}

/* R2: a reset during another client's reset is still carried out */
TEST_LIMIT(R2_resets_at_the_same_time, 60)
{
	unsigned int cores[NPU_CORES] = { 0, 1, 2 }, i;
	pid_t pids[NPU_CORES];

	twin_need();
	for_each_core(i)
		pids[i] = ktap_fork(hangs_and_resets, &cores[i]);
	for_each_core(i)
		EXPECT_EQ(ktap_join(pids[i]), 0);
}

static volatile bool stop;

/* Maps and unmaps in the address space of jobs that run, hang and are reset */
static void *comes_and_goes(void *arg)
{
	struct npu_bo bo;
	unsigned int i;

	(void)arg;
	for (i = 0; !stop; i++) {
		ASSERT_RET(npu_bo_init(&bo, mm.out.fd, (1 + i % 40) * NPU_PAGE, NPU_FLAGS_DATA), 0);
		npu_bo_fini(&bo);
	}
	return NULL;
}

static void *submits(void *arg)
{
	struct matmul *own = arg;

	while (!stop)
		EXPECT_CORRECT(own, 0);
	return NULL;
}

/* R5: cores are reset while others map, unmap, submit and are interrupted */
TEST_LIMIT(R5_resets_while_all_else_goes_on, 60)
{
	struct rknpu_submit args;
	struct matmul other;
	pthread_t threads[3];
	unsigned int i, late = 0;
	int ret;

	twin_need();
	small_matmul(&mm, npu_open(), 135);
	small_matmul(&other, mm.out.fd, 136);
	stop = false;
	for (i = 0; i < 2; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, comes_and_goes, NULL), 0);
	ASSERT_EQ(pthread_create(&threads[2], NULL, submits, &other), 0);
	for (i = 0; i < 30; i++) {
		args = matmul_args(&mm, 1u << i % NPU_CORES);
		args.timeout = 10;
		twin_spurious(i % NPU_CORES, RKNPU_INT_CNA_FEATURE);
		/* Either job may get the fault: one may be that late, the other one has a time-out of 10 ms */
		twin_fault(i % NPU_CORES, TWIN_FAULT_LATE, 100000, 1);
		ret = npu_submit(mm.out.fd, &args);
		if (ret)
			EXPECT_RET(ret, -ETIMEDOUT);
		late += ret == -ETIMEDOUT;
	}
	stop = true;
	for (i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	twin_disarm();
	EXPECT(late > 0);
	for_each_core(i)
		EXPECT_CORRECT(&mm, 1u << i);
}
