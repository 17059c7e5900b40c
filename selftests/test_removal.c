// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Removal of the device with jobs queued, waiting and running. It ends all of them
 * with -ENODEV; files, mappings, dma-bufs and fences that are still held are harmless.
 * ROUNDS=N in the environment repeats everything.
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

#include "lib/busy.h"
#include "lib/driver.h"
#include "lib/foreign.h"
#include "lib/job.h"
#include "lib/testing.h"

#define MUCH_TOO_LATE_US	10000000

static void *submits(void *arg)
{
	struct busy *w = arg;
	struct rknpu_submit args = matmul_args(&w->mm, npu_nth(1));

	return (void *)(intptr_t)npu_submit(w->mm.out.fd, &args);
}

/* If one of its cores is removed, so is the device: programs could not know which cores are left */
static void removed_with_jobs(unsigned int nth)
{
	const char *device = busy_device(nth);
	unsigned int i;

	busy_setup();
	if (nth && !strcmp(device, busy_device(0)))
		SKIP("one device for all cores");
	for (i = 0; i < busy_rounds(1); i++) {
		pthread_t thread;
		struct busy w;
		void *ret;

		busy_begin(&w, driver_open_soon(), MUCH_TOO_LATE_US);
		ASSERT_EQ(pthread_create(&thread, NULL, submits, &w), 0);
		ktap_sleep_ms(20);
		ASSERT_RET(driver_bind("unbind", device), 0);
		pthread_join(thread, &ret);
		EXPECT_RET((intptr_t)ret, -ENODEV);
		busy_end(&w, -ENODEV);
		EXPECT_RET(job_start(&w.mm, npu_nth(0), -1, NULL), -ENODEV);
		twin_disarm();
		/* Bound again while the old file is still open */
		ASSERT_RET(driver_bind("bind", device), 0);
		busy_works_anew();
		EXPECT_RET(job_start(&w.mm, npu_nth(0), -1, NULL), -ENODEV);
		close(w.mm.out.fd);
		matmul_fini(&w.mm);
	}
}

TEST_LIMIT(R14_removed_with_jobs, 3600) { removed_with_jobs(0); }
TEST_LIMIT(R14_second_core_removed_with_jobs, 3600) { removed_with_jobs(1); }
TEST_LIMIT(R14_third_core_removed_with_jobs, 3600) { removed_with_jobs(2); }

/* Unbinding takes the power away all the same, and binding gives it back */
TEST_LIMIT(removed_while_it_must_stay_on, 3600)
{
	unsigned int i;

	busy_setup();
	busy_works_anew();
	busy_stay_on(true);
	for (i = 0; i < busy_rounds(3); i++) {
		ASSERT_RET(driver_bind("unbind", busy_device(i % 2)), 0);
		ASSERT_RET(driver_bind("bind", busy_device(i % 2)), 0);
		busy_works_anew();
	}
	busy_stay_on(false);
	busy_works_anew();
}

/* Objects of all kinds are held across the removal, and released after the device is back */
TEST_LIMIT(R14_held_across_removal, 3600)
{
	unsigned int i;

	busy_setup();
	for (i = 0; i < busy_rounds(1); i++) {
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
		EXPECT_RET(fence_wait(done, BUSY_SLACK_MS), 0);
		ASSERT_RET(driver_bind("unbind", busy_device(0)), 0);
		ASSERT_RET(driver_bind("bind", busy_device(0)), 0);
		busy_works_anew();
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
		busy_works_anew();
	}
}

static volatile bool stop;

static void *submits_all_the_time(void *arg)
{
	struct busy *w = arg;
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

	busy_setup();
	for (i = 0; i < busy_rounds(3); i++) {
		pthread_t threads[3];
		const char *device;
		struct busy w;

		stop = false;
		small_matmul(&w.mm, driver_open_soon(), 104);
		for (t = 0; t < ARRAY_SIZE(threads); t++)
			ASSERT_EQ(pthread_create(&threads[t], NULL, submits_all_the_time, &w), 0);
		ktap_sleep_ms(20 + 7 * (i % 5));
		device = busy_device(i);
		ASSERT_RET(driver_bind("unbind", device), 0);
		stop = true;
		for (t = 0; t < ARRAY_SIZE(threads); t++)
			pthread_join(threads[t], NULL);
		ASSERT_RET(driver_bind("bind", device), 0);
		close(w.mm.out.fd);
		matmul_fini(&w.mm);
	}
	busy_works_anew();
}

/* Removal during a recovery */
TEST_LIMIT(removed_during_recovery, 3600)
{
	static const uint32_t kinds[] = { TWIN_FAULT_STALL, TWIN_FAULT_MMU_READ, TWIN_FAULT_NEVER, TWIN_FAULT_LATE };
	unsigned int i;

	busy_setup();
	for (i = 0; i < busy_rounds(4); i++) {
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
		ASSERT_RET(driver_bind("unbind", busy_device(0)), 0);
		twin_disarm();
		ret = fence_end(fence);
		EXPECT(ret == -ENODEV || ret == -ETIMEDOUT || ret == -EIO);
		ASSERT_RET(driver_bind("bind", busy_device(0)), 0);
		close(mm.out.fd);
		matmul_fini(&mm);
	}
	busy_works_anew();
}

TEST_LIMIT(module_stays_while_it_is_used, 3600)
{
	struct matmul mm;
	unsigned int i;
	int fd, fence;

	busy_setup();
	for (i = 0; i < busy_rounds(1); i++) {
		fd = driver_open_soon();
		small_matmul(&mm, fd, 106);
		EXPECT_RET(driver_unload(), -EAGAIN);
		ASSERT_RET(job_start(&mm, npu_nth(0), -1, &fence), 0);
		EXPECT_RET(driver_unload(), -EAGAIN);
		/* Closing would drop a job that has not started */
		EXPECT_RET(fence_wait(fence, BUSY_SLACK_MS), 0);
		close(fd);
		/* Its mappings hold references to files too */
		EXPECT_RET(driver_unload(), -EAGAIN);
		matmul_fini(&mm);
		/* So does a fence, because its code is in the module */
		EXPECT_RET(driver_unload(), -EAGAIN);
		EXPECT_RET(fence_end(fence), 0);
		busy_works_anew();
	}
}
