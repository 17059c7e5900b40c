// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#include "busy.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "driver.h"
#include "job.h"
#include "testing.h"

void busy_setup(void)
{
	twin_need();
	if (access(DRIVER_PATH "/unbind", W_OK))
		SKIP("needs root and a bound device");
}

unsigned int busy_rounds(unsigned int usual)
{
	const char *env = getenv("ROUNDS");

	return env ? strtoul(env, NULL, 0) : usual;
}

const char *busy_device(unsigned int n)
{
	return soc_get()->device[npu_nth_core(n)];
}

void busy_wait_for_kick(unsigned int core, uint32_t before)
{
	uint64_t end = ktap_now_ns() + BUSY_SLACK_MS * 1000000ull;

	while (twin_stat(core, TWIN_STAT_KICKS) == before && ktap_now_ns() < end)
		ktap_sleep_ms(1);
	EXPECT(twin_stat(core, TWIN_STAT_KICKS) != before);
}

void busy_begin(struct busy *w, int fd, uint32_t run_us)
{
	struct rknpu_submit args;
	unsigned int i;

	small_matmul(&w->mm, fd, 102);
	foreign_init(&w->input);
	for_each_core(i) {
		uint32_t before = twin_stat(i, TWIN_STAT_KICKS);

		twin_fault(i, TWIN_FAULT_LATE, run_us, 1);
		ASSERT_RET(job_start(&w->mm, 1u << i, -1, &w->running[i]), 0);
		busy_wait_for_kick(i, before);
		ASSERT_RET(job_start(&w->mm, 1u << i, -1, &w->queued[i]), 0);
	}
	ASSERT_RET(job_start(&w->mm, 0, w->running[npu_nth_core(0)], &w->after), 0);
	args = matmul_args(&w->mm, npu_nth(0) | npu_nth(1));
	ASSERT_RET(job_start_args(&w->mm, args, -1, &w->gang), 0);
	ASSERT_RET(job_start(&w->mm, 0, w->input.fence, &w->waiting), 0);
	ASSERT_RET(job_start(&w->mm, 0, w->waiting, &w->dependent), 0);
}

void busy_end(struct busy *w, int want)
{
	unsigned int i;

	for_each_core(i) {
		EXPECT_RET(fence_end(w->running[i]), want);
		EXPECT_RET(fence_end(w->queued[i]), want);
	}
	EXPECT_RET(fence_end(w->after), want);
	EXPECT_RET(fence_end(w->gang), want);
	EXPECT_RET(fence_end(w->waiting), want);
	EXPECT_RET(fence_end(w->dependent), want);
	foreign_abandon(&w->input);
	close(w->input.fence);
}

void busy_works(int fd)
{
	struct matmul mm;
	int core;

	ASSERT(fd >= 0);
	small_matmul(&mm, fd, 101);
	for_each_core(core)
		EXPECT_CORRECT(&mm, 1u << core);
	matmul_fini(&mm);
}

/* An open file of a device that has been removed keeps its minor number, and there are 64 */
void busy_works_anew(void)
{
	int fd = driver_open_soon();

	busy_works(fd);
	close(fd);
}

void busy_stay_on(bool on)
{
	char path[128];
	unsigned int core;

	driver_keep_on(on);
	for_each_core(core) {
		snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/iommu/device/power/control", soc_get()->device[core]);
		driver_write(path, on ? "on" : "auto");
	}
}
