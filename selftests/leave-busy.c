// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Leaves every core with a job that has not yet read its stream, and a process that
 * waits for it, to shut down the machine in this state. Not for run-all.sh.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <unistd.h>

#include "lib/job.h"
#include "lib/testing.h"

#define LONG_MS		60000

static void hold_all_cores(int ready)
{
	int fence[NPU_CORES];
	struct matmul mm;
	unsigned int i;

	small_matmul(&mm, npu_open(), 1);
	for_each_core(i) {
		struct rknpu_submit args = matmul_args(&mm, 1u << i);

		args.timeout = LONG_MS;
		ASSERT_RET(job_start_args(&mm, args, -1, &fence[i]), 0);
	}
	for_each_core(i) {
		while (!twin_stat(i, TWIN_STAT_KICKS))
			ktap_sleep_ms(1);
	}
	ASSERT_EQ(write(ready, "", 1), 1);
	pause();
}

/* The jobs must not end with the case: they belong to a process of another group */
TEST(every_core_is_left_with_a_job)
{
	int ready[2];
	char byte;

	twin_need();
	ASSERT_EQ(pipe(ready), 0);
	/* Applies to each start from now on, and is restored at the end of this case */
	twin_write(TWIN_TASK_OVERHEAD_NS, UINT32_MAX);
	if (!fork()) {
		setsid();
		close(ready[0]);
		hold_all_cores(ready[1]);
	}
	close(ready[1]);
	ASSERT_EQ(read(ready[0], &byte, 1), 1);
}
