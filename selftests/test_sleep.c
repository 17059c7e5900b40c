// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * System suspend with jobs queued, waiting, running and failing. It ends none of
 * them, and none touches a core that is asleep: whatever stage of the suspend a job's
 * end falls into. ROUNDS=N in the environment repeats everything.
 *
 * The machine has no firmware that suspends to memory, so it suspends to idle: all of
 * it, until the clock's alarm, or to one of the levels that the kernel can try alone.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/busy.h"
#include "lib/driver.h"
#include "lib/foreign.h"
#include "lib/job.h"
#include "lib/testing.h"

#define ALARM		"/sys/class/rtc/rtc0/wakealarm"
/* Later than any moment of going to sleep: an alarm that is missed does not wake anybody */
#define ALARM_S		"+2"

/*
 * How far the machine goes: tasks are frozen; devices are suspended, power domains are
 * still on; so are late and with interrupts off, which cuts the domains; all of it.
 */
static const char * const levels[] = { "freezer", "devices", "platform", "none" };

static bool virtual_time(void)
{
	return getenv("VIRTUAL_TIME");
}

/* Debug kernels have no driver for the clock, so nothing would end a real suspend */
static bool has_alarm(void)
{
	return !access(ALARM, W_OK);
}

/* Number of levels that this kernel can go to, and for cases that go there often */
static unsigned int possible(void)
{
	return has_alarm() ? ARRAY_SIZE(levels) : ARRAY_SIZE(levels) - 1;
}

static unsigned int affordable(void)
{
	return virtual_time() ? possible() : ARRAY_SIZE(levels) - 1;
}

static int sleep_to(const char *level)
{
	int ret;

	if (driver_write("/sys/power/pm_test", level))
		SKIP("this kernel cannot test its suspend");
	/* Seconds that it would busy-wait before waking up */
	driver_write("/sys/module/suspend/parameters/pm_test_delay", "0");
	if (!strcmp(level, "none")) {
		if (!has_alarm())
			SKIP("no clock whose alarm would wake the machine");
		driver_write(ALARM, "0");
		ret = driver_write(ALARM, ALARM_S);
		if (ret)
			return ret;
	}
	return driver_write("/sys/power/state", "freeze");
}

TEST_LIMIT(sleeps_while_idle, 3600)
{
	unsigned int i;

	busy_setup();
	for (i = 0; i < busy_rounds(4); i++) {
		ASSERT_RET(sleep_to(levels[i % possible()]), 0);
		busy_works_anew();
	}
}

TEST_LIMIT(sleeps_while_it_must_stay_on, 3600)
{
	unsigned int i;

	busy_setup();
	busy_stay_on(true);
	for (i = 0; i < busy_rounds(1); i++) {
		ASSERT_RET(sleep_to("platform"), 0);
		busy_works_anew();
	}
	busy_stay_on(false);
	busy_works_anew();
}

/* R12: running jobs may complete before power is switched off; queued ones start after resume */
TEST_LIMIT(R12_sleeps_with_jobs, 3600)
{
	unsigned int i;

	busy_setup();
	for (i = 0; i < busy_rounds(1); i++) {
		struct busy w;

		busy_begin(&w, driver_open_soon(), 300000);
		ASSERT_RET(sleep_to("platform"), 0);
		foreign_signal(&w.input);
		busy_end(&w, 0);
		busy_works(w.mm.out.fd);
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

	busy_setup();
	small_matmul(&mm, driver_open_soon(), 107);
	before = twin_stat(npu_nth_core(0), TWIN_STAT_KICKS);
	twin_fault(npu_nth_core(0), TWIN_FAULT_LATE, 15000000, 1);
	args = matmul_args(&mm, npu_nth(0));
	args.timeout = 60000;
	ASSERT_RET(job_start_args(&mm, args, -1, &fence), 0);
	busy_wait_for_kick(npu_nth_core(0), before);
	ret = sleep_to("platform");
	EXPECT_RET(ret, -EBUSY);
	EXPECT_CORRECT(&mm, npu_nth(1));
	EXPECT_RET(fence_end(fence), 0);
	ASSERT_RET(sleep_to("platform"), 0);
	busy_works(mm.out.fd);
}

/* A process that is waiting in the driver is no obstacle to the freezer */
TEST_LIMIT(sleeps_while_somebody_waits_for_a_fence, 3600)
{
	struct foreign input;
	struct rknpu_submit args;
	struct matmul mm;
	pid_t pid;

	busy_setup();
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
	ASSERT_RET(sleep_to("platform"), 0);
	EXPECT_EQ(waitpid(pid, NULL, WNOHANG), 0);
	foreign_signal(&input);
	EXPECT_EQ(ktap_join(pid), 0);
	busy_works(mm.out.fd);
}

/* ---- every stage ---------------------------------------------------------------------- */

/*
 * Suspending takes about 4 ms of virtual time, most of it between tasks that are frozen and
 * devices that are suspended. Jobs end at moments before, in and after it, on all cores.
 */
#define FIRST_END_US	2000
#define END_STEP_US	500
#define ENDS		20

static void sleeps_at_every_stage(const char *level)
{
	/* Where the host drives the clock, all of this takes real time, and the alarm 2 s */
	unsigned int step = virtual_time() ? 1 : strcmp(level, "none") ? 2 : ENDS / 2;
	unsigned int i, k;

	busy_setup();
	for (i = 0; i < busy_rounds(1); i++)
		for (k = 0; k < ENDS; k += step) {
			struct busy w;

			busy_begin(&w, driver_open_soon(), FIRST_END_US + k * END_STEP_US + i * 37);
			ASSERT_RET(sleep_to(level), 0);
			foreign_signal(&w.input);
			busy_end(&w, 0);
			busy_works(w.mm.out.fd);
			close(w.mm.out.fd);
			matmul_fini(&w.mm);
		}
}

TEST_LIMIT(freezes_at_every_stage_of_jobs, 3600) { sleeps_at_every_stage("freezer"); }
TEST_LIMIT(suspends_at_every_stage_of_jobs, 3600) { sleeps_at_every_stage("devices"); }
TEST_LIMIT(suspends_late_at_every_stage_of_jobs, 3600) { sleeps_at_every_stage("platform"); }
TEST_LIMIT(sleeps_at_every_stage_of_jobs, 3600) { sleeps_at_every_stage("none"); }

/* A job that fails, and another one behind it, when the machine goes to sleep @after_ms later */
static void sleeps_after_fault(uint32_t kind, unsigned int after_ms, const char *level)
{
	struct rknpu_submit args;
	int first, second, ret;
	struct matmul mm;

	small_matmul(&mm, driver_open_soon(), 109);
	args = matmul_args(&mm, npu_nth(0));
	args.timeout = 20;
	twin_fault(npu_nth_core(0), kind, 10000000, 2);
	ASSERT_RET(job_start_args(&mm, args, -1, &first), 0);
	ASSERT_RET(job_start_args(&mm, args, -1, &second), 0);
	ktap_sleep_ms(after_ms);
	ASSERT_RET(sleep_to(level), 0);
	ret = fence_end(first);
	EXPECT(ret == -ETIMEDOUT || ret == -EIO);
	/* The second fault may have come while the first was looked at */
	ret = fence_end(second);
	EXPECT(!ret || ret == -ETIMEDOUT || ret == -EIO);
	twin_disarm();
	busy_works(mm.out.fd);
	close(mm.out.fd);
	matmul_fini(&mm);
}

/* Found at once, and again after a millisecond if it still exists; or after the time-out of 20 ms */
TEST_LIMIT(sleeps_at_every_stage_of_a_recovery, 3600)
{
	static const uint32_t late[] = { TWIN_FAULT_STALL, TWIN_FAULT_NEVER, TWIN_FAULT_LATE };
	unsigned int moments = virtual_time() ? 6 : 2, i, k, m, level;

	busy_setup();
	for (i = 0; i < busy_rounds(1); i++)
		for (level = 0; level < affordable(); level++)
			for (m = 0; m < moments; m++) {
				sleeps_after_fault(TWIN_FAULT_MMU_READ, m % 4, levels[level]);
				for (k = 0; k < ARRAY_SIZE(late); k++)
					if (late[k] != TWIN_FAULT_STALL || soc_get()->tells_lost_start)
						sleeps_after_fault(late[k], 13 + 2 * m, levels[level]);
			}
}

/* ---- other processes -------------------------------------------------------------------- */

struct turns {
	int core;
	uint32_t seed;
};

/* Blocking jobs, each correct, until the parent ends it */
static void submits_for_ever(void *arg)
{
	struct turns *t = arg;
	struct matmul mm;

	small_matmul(&mm, npu_open(), t->seed);
	for (;;) {
		ASSERT_RET(matmul_run(&mm, t->core < 0 ? 0 : npu_nth(t->core), NULL), 0);
		ASSERT_EQ(matmul_wrong(&mm), 0);
	}
}

/* Two clients take turns on each core when the freezer comes, anywhere in their ioctls */
TEST_LIMIT(sleeps_while_clients_take_turns, 3600)
{
	struct turns t[] = { { -1, 110 }, { -1, 111 }, { 0, 112 }, { 1, 113 } };
	pid_t pids[ARRAY_SIZE(t)];
	unsigned int i, k;

	busy_setup();
	for (k = 0; k < ARRAY_SIZE(t); k++)
		pids[k] = ktap_fork(submits_for_ever, &t[k]);
	for (i = 0; i < busy_rounds(12); i++) {
		ktap_sleep_ms(1 + i % 7);
		ASSERT_RET(sleep_to(levels[i % affordable()]), 0);
		/* They go on */
		busy_wait_for_kick(npu_nth_core(i % 2), twin_stat(npu_nth_core(i % 2), TWIN_STAT_KICKS));
	}
	for (k = 0; k < ARRAY_SIZE(t); k++) {
		EXPECT_EQ(waitpid(pids[k], NULL, WNOHANG), 0);
		kill(pids[k], SIGKILL);
		waitpid(pids[k], NULL, 0);
	}
	busy_works_anew();
}
