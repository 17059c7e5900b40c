// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Removal of the device, and system suspend, with jobs queued, waiting and running.
 * Removal ends all of them with -ENODEV; files, mappings, dma-bufs and fences that
 * are still held are harmless. Suspend does not end any job. ROUNDS=N in the
 * environment repeats everything.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/foreign.h"
#include "lib/job.h"
#include "lib/testing.h"

#define SLACK_MS	5000
#define MUCH_TOO_LATE_US	10000000

/* The device of a core; trees with one device for all cores always have that one */
static const char *device_of(unsigned int n)
{
	return soc_get()->device[npu_nth_core(n)];
}

static unsigned int rounds(unsigned int usual)
{
	const char *env = getenv("ROUNDS");

	return env ? strtoul(env, NULL, 0) : usual;
}

static void wait_for_kick(unsigned int core, uint32_t before)
{
	uint64_t end = ktap_now_ns() + SLACK_MS * 1000000ull;

	while (twin_stat(core, TWIN_STAT_KICKS) == before && ktap_now_ns() < end)
		ktap_sleep_ms(1);
	EXPECT(twin_stat(core, TWIN_STAT_KICKS) != before);
}

static void works(int fd)
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
static void works_anew(void)
{
	int fd = driver_open_soon();

	works(fd);
	close(fd);
}

static void setup(void)
{
	twin_need();
	if (access(DRIVER_PATH "/unbind", W_OK))
		SKIP("needs root and a bound device");
}

/* Jobs of all kinds: on each core a running and a queued one; a gang; a waiting one */
struct work {
	struct matmul mm;
	struct foreign input;
	int running[NPU_CORES], queued[NPU_CORES], gang, waiting, dependent;
};

static void begin(struct work *w, int fd, uint32_t run_us)
{
	struct rknpu_submit args;
	unsigned int i;

	small_matmul(&w->mm, fd, 102);
	foreign_init(&w->input);
	for_each_core(i) {
		uint32_t before = twin_stat(i, TWIN_STAT_KICKS);

		twin_fault(i, TWIN_FAULT_LATE, run_us, 1);
		ASSERT_RET(job_start(&w->mm, 1u << i, -1, &w->running[i]), 0);
		wait_for_kick(i, before);
		ASSERT_RET(job_start(&w->mm, 1u << i, -1, &w->queued[i]), 0);
	}
	args = matmul_args(&w->mm, npu_nth(0) | npu_nth(1));
	ASSERT_RET(job_start_args(&w->mm, args, -1, &w->gang), 0);
	ASSERT_RET(job_start(&w->mm, 0, w->input.fence, &w->waiting), 0);
	ASSERT_RET(job_start(&w->mm, 0, w->waiting, &w->dependent), 0);
}

static void end(struct work *w, int want)
{
	unsigned int i;

	for_each_core(i) {
		EXPECT_RET(fence_end(w->running[i]), want);
		EXPECT_RET(fence_end(w->queued[i]), want);
	}
	EXPECT_RET(fence_end(w->gang), want);
	EXPECT_RET(fence_end(w->waiting), want);
	EXPECT_RET(fence_end(w->dependent), want);
	foreign_abandon(&w->input);
	close(w->input.fence);
}

static void *submits(void *arg)
{
	struct work *w = arg;
	struct rknpu_submit args = matmul_args(&w->mm, npu_nth(1));

	return (void *)(intptr_t)npu_submit(w->mm.out.fd, &args);
}

/* If one of its cores is removed, so is the device: programs could not know which cores are left */
static void removed_with_jobs(unsigned int nth)
{
	const char *device = device_of(nth);
	unsigned int i;

	setup();
	if (nth && !strcmp(device, device_of(0)))
		SKIP("one device for all cores");
	for (i = 0; i < rounds(1); i++) {
		pthread_t thread;
		struct work w;
		void *ret;

		begin(&w, driver_open_soon(), MUCH_TOO_LATE_US);
		ASSERT_EQ(pthread_create(&thread, NULL, submits, &w), 0);
		ktap_sleep_ms(20);
		ASSERT_RET(driver_bind("unbind", device), 0);
		pthread_join(thread, &ret);
		EXPECT_RET((intptr_t)ret, -ENODEV);
		end(&w, -ENODEV);
		EXPECT_RET(job_start(&w.mm, npu_nth(0), -1, NULL), -ENODEV);
		twin_disarm();
		/* Bound again while the old file is still open */
		ASSERT_RET(driver_bind("bind", device), 0);
		works_anew();
		EXPECT_RET(job_start(&w.mm, npu_nth(0), -1, NULL), -ENODEV);
		close(w.mm.out.fd);
		matmul_fini(&w.mm);
	}
}

TEST_LIMIT(R14_removed_with_jobs, 3600) { removed_with_jobs(0); }
TEST_LIMIT(R14_second_core_removed_with_jobs, 3600) { removed_with_jobs(1); }
TEST_LIMIT(R14_third_core_removed_with_jobs, 3600) { removed_with_jobs(2); }

/* "on" keeps an idle NPU and its IOMMUs from going off, as some distributions' rules for power do */
static void stay_on(bool on)
{
	char path[128];
	unsigned int core;

	driver_keep_on(on);
	for_each_core(core) {
		snprintf(path, sizeof(path), "/sys/bus/platform/devices/%s/iommu/device/power/control", soc_get()->device[core]);
		driver_write(path, on ? "on" : "auto");
	}
}

/* Unbinding takes the power away all the same, and binding gives it back */
TEST_LIMIT(removed_while_it_must_stay_on, 3600)
{
	unsigned int i;

	setup();
	works_anew();
	stay_on(true);
	for (i = 0; i < rounds(3); i++) {
		ASSERT_RET(driver_bind("unbind", device_of(i % 2)), 0);
		ASSERT_RET(driver_bind("bind", device_of(i % 2)), 0);
		works_anew();
	}
	stay_on(false);
	works_anew();
}

/* Objects of all kinds are held across the removal, and released after the device is back */
TEST_LIMIT(R14_held_across_removal, 3600)
{
	unsigned int i;

	setup();
	for (i = 0; i < rounds(1); i++) {
		struct drm_prime_handle prime = { .flags = DRM_CLOEXEC | DRM_RDWR };
		int fd = driver_open_soon(), second = npu_open(), done, never;
		struct foreign input;
		struct matmul mm;
		uint64_t size;
		void *map;

		small_matmul(&mm, fd, 103);
		size = mm.out.size;
		prime.handle = mm.out.handle;
		ASSERT_RET(npu_ioctl(fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &prime), 0);
		map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, prime.fd, 0);
		ASSERT(map != MAP_FAILED);
		ASSERT_RET(job_start(&mm, npu_nth(0), -1, &done), 0);
		foreign_init(&input);
		ASSERT_RET(job_start(&mm, npu_nth(0), input.fence, &never), 0);
		EXPECT_RET(fence_wait(done, SLACK_MS), 0);
		ASSERT_RET(driver_bind("unbind", device_of(0)), 0);
		ASSERT_RET(driver_bind("bind", device_of(0)), 0);
		works_anew();
		/* The input signals for a job that no longer exists */
		foreign_signal(&input);
		EXPECT_RET(fence_end(done), 0);
		EXPECT_RET(fence_end(never), -ENODEV);
		foreign_abandon(&input);
		close(input.fence);
		close(second);
		close(fd);
		matmul_fini(&mm);
		EXPECT_EQ(munmap(map, size), 0);
		close(prime.fd);
		works_anew();
	}
}

static volatile bool stop;

static void *submits_all_the_time(void *arg)
{
	struct work *w = arg;
	int i;

	for (i = 0; !stop; i++) {
		int fence, ret = job_start(&w->mm, i & 3 ? npu_nth(i) : 0, -1, &fence);

		if (ret) {
			EXPECT_RET(ret, -ENODEV);
			break;
		}
		if (i % 7) {
			close(fence);
			continue;
		}
		ret = fence_end(fence);
		if (ret)
			EXPECT_RET(ret, -ENODEV);
	}
	return NULL;
}

/* Removal at any moment: between check and queueing, in the worker, in an interrupt */
TEST_LIMIT(removed_while_jobs_stream_in, 3600)
{
	unsigned int i, t;

	setup();
	for (i = 0; i < rounds(3); i++) {
		pthread_t threads[3];
		const char *device;
		struct work w;

		stop = false;
		small_matmul(&w.mm, driver_open_soon(), 104);
		for (t = 0; t < ARRAY_SIZE(threads); t++)
			ASSERT_EQ(pthread_create(&threads[t], NULL, submits_all_the_time, &w), 0);
		ktap_sleep_ms(20 + 7 * (i % 5));
		device = device_of(i);
		ASSERT_RET(driver_bind("unbind", device), 0);
		stop = true;
		for (t = 0; t < ARRAY_SIZE(threads); t++)
			pthread_join(threads[t], NULL);
		ASSERT_RET(driver_bind("bind", device), 0);
		close(w.mm.out.fd);
		matmul_fini(&w.mm);
	}
	works_anew();
}

/* Removal during a recovery */
TEST_LIMIT(removed_during_recovery, 3600)
{
	static const uint32_t kinds[] = { TWIN_FAULT_STALL, TWIN_FAULT_MMU_READ, TWIN_FAULT_NEVER, TWIN_FAULT_LATE };
	unsigned int i;

	setup();
	for (i = 0; i < rounds(4); i++) {
		uint32_t kind = kinds[i % ARRAY_SIZE(kinds)];
		struct rknpu_submit args;
		struct matmul mm;
		int fence, ret;

		if (kind == TWIN_FAULT_STALL && !soc_get()->tells_lost_start)
			continue;

		small_matmul(&mm, driver_open_soon(), 105);
		args = matmul_args(&mm, npu_nth(0));
		args.timeout = 20;
		twin_fault(npu_nth_core(0), kind, MUCH_TOO_LATE_US, 2);
		ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
		/* A fault is detected at once, and again after a millisecond if it still exists */
		ktap_sleep_ms(kind == TWIN_FAULT_MMU_READ ? i / ARRAY_SIZE(kinds) % 4 : 8 + i % 16);
		ASSERT_RET(driver_bind("unbind", device_of(0)), 0);
		twin_disarm();
		ret = fence_end(fence);
		EXPECT(ret == -ENODEV || ret == -ETIMEDOUT || ret == -EIO);
		ASSERT_RET(driver_bind("bind", device_of(0)), 0);
		close(mm.out.fd);
		matmul_fini(&mm);
	}
	works_anew();
}

TEST_LIMIT(module_stays_while_it_is_used, 3600)
{
	struct matmul mm;
	unsigned int i;
	int fd, fence;

	setup();
	for (i = 0; i < rounds(1); i++) {
		fd = driver_open_soon();
		small_matmul(&mm, fd, 106);
		EXPECT_RET(driver_unload(), -EAGAIN);
		ASSERT_RET(job_start(&mm, npu_nth(0), -1, &fence), 0);
		EXPECT_RET(driver_unload(), -EAGAIN);
		/* Closing would drop a job that has not started */
		EXPECT_RET(fence_wait(fence, SLACK_MS), 0);
		close(fd);
		/* Its mappings hold references to files too */
		EXPECT_RET(driver_unload(), -EAGAIN);
		matmul_fini(&mm);
		/* So does a fence, because its code is in the module */
		EXPECT_RET(driver_unload(), -EAGAIN);
		EXPECT_RET(fence_end(fence), 0);
		works_anew();
	}
}

/* ---- system suspend ------------------------------------------------------------------ */

/* Suspends to the level that the kernel can test without a platform, and wakes up by itself */
static int sleep_and_wake(void)
{
	int ret = driver_write("/sys/power/pm_test", "devices");

	if (ret)
		SKIP("this kernel cannot test its suspend");
	/* Seconds that it would busy-wait before waking up */
	driver_write("/sys/module/suspend/parameters/pm_test_delay", "0");
	return driver_write("/sys/power/state", "freeze");
}

TEST_LIMIT(sleeps_while_idle, 3600)
{
	unsigned int i;

	setup();
	for (i = 0; i < rounds(3); i++) {
		ASSERT_RET(sleep_and_wake(), 0);
		works_anew();
	}
}

TEST_LIMIT(sleeps_while_it_must_stay_on, 3600)
{
	unsigned int i;

	setup();
	stay_on(true);
	for (i = 0; i < rounds(1); i++) {
		ASSERT_RET(sleep_and_wake(), 0);
		works_anew();
	}
	stay_on(false);
	works_anew();
}

/* R12: running jobs may complete before power is switched off; queued ones start after resume */
TEST_LIMIT(R12_sleeps_with_jobs, 3600)
{
	unsigned int i;

	setup();
	for (i = 0; i < rounds(1); i++) {
		struct work w;

		begin(&w, driver_open_soon(), 300000);
		ASSERT_RET(sleep_and_wake(), 0);
		foreign_signal(&w.input);
		end(&w, 0);
		works(w.mm.out.fd);
		close(w.mm.out.fd);
		matmul_fini(&w.mm);
	}
}

/* A job cannot keep the machine awake for an arbitrary time; after resume, everything continues */
TEST_LIMIT(long_job_keeps_the_machine_awake_only_now, 3600)
{
	struct rknpu_submit args;
	struct matmul mm;
	uint32_t before;
	int fence, ret;

	setup();
	small_matmul(&mm, driver_open_soon(), 107);
	before = twin_stat(npu_nth_core(0), TWIN_STAT_KICKS);
	twin_fault(npu_nth_core(0), TWIN_FAULT_LATE, 15000000, 1);
	args = matmul_args(&mm, npu_nth(0));
	args.timeout = 60000;
	ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
	wait_for_kick(npu_nth_core(0), before);
	ret = sleep_and_wake();
	EXPECT_RET(ret, -EBUSY);
	EXPECT_CORRECT(&mm, npu_nth(1));
	EXPECT_RET(fence_end(fence), 0);
	ASSERT_RET(sleep_and_wake(), 0);
	works(mm.out.fd);
}

/* A process that is waiting in the driver is no obstacle to the freezer */
TEST_LIMIT(sleeps_while_somebody_waits_for_a_fence, 3600)
{
	struct foreign input;
	struct rknpu_submit args;
	struct matmul mm;
	pid_t pid;

	setup();
	small_matmul(&mm, driver_open_soon(), 108);
	foreign_init(&input);
	args = matmul_args(&mm, npu_nth(0));
	args.flags |= RKNPU_JOB_FENCE_IN;
	args.fence_fd = input.fence;
	args.timeout = 30000;
	fflush(stdout);
	pid = fork();
	if (!pid)
		_exit(-npu_submit(mm.out.fd, &args));
	ktap_sleep_ms(50);
	ASSERT_RET(sleep_and_wake(), 0);
	EXPECT_EQ(waitpid(pid, NULL, WNOHANG), 0);
	foreign_signal(&input);
	EXPECT_EQ(ktap_join(pid), 0);
	works(mm.out.fd);
}
