// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Short jobs whose submitter polls for completion: the job completes once, with its
 * result, no matter whether polling or the interrupt detects it, and everything else
 * that can happen to a job works as usual. The number of interrupts tells which one it
 * was, but only if instructions drive the clock (VIRTUAL_TIME) and nothing else runs;
 * otherwise only the results are checked.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/job.h"
#include "lib/testing.h"

#define RUNS		20
/* Longer than the driver polls */
#define LONG_US		2000
#define TIMEOUT_MS	20

static struct matmul mm;

static unsigned int irqs_of_runs(unsigned int runs)
{
	uint32_t before = twin_stat(npu_next_core(0), TWIN_STAT_IRQS);
	unsigned int i;

	for (i = 0; i < runs; i++)
		EXPECT_CORRECT(&mm, npu_nth(0));
	return twin_stat(npu_next_core(0), TWIN_STAT_IRQS) - before;
}

/* Let the driver learn that these jobs are short */
static void setup(const char *poll_us)
{
	twin_need();
	if (geteuid())
		SKIP("needs root");
	small_matmul(&mm, npu_open(), 151);
	ASSERT_RET(driver_set_param("poll_us", poll_us), 0);
	irqs_of_runs(RUNS);
}

/* With PREEMPT_RT the driver does not poll */
static bool somebody_looks(void)
{
	return getenv("VIRTUAL_TIME") && access("/sys/kernel/realtime", F_OK);
}

TEST(the_submitter_sees_the_end_of_short_jobs)
{
	unsigned int irqs;

	setup("50");
	irqs = irqs_of_runs(RUNS);
	if (somebody_looks())
		EXPECT(irqs <= RUNS / 4);
}

/* Events that were not waited for stay in the raw status, which is polled */
TEST(events_of_one_job_do_not_end_the_next)
{
	static const uint32_t masks[] = { RKNPU_INT_DPU, RKNPU_INT_CNA_FEATURE };
	unsigned int i;

	setup("50");
	for (i = 0; i < RUNS; i++) {
		matmul_descriptors(&mm)[0].int_mask = masks[i % 2];
		ASSERT_RET(npu_bo_to_device(&mm.task), 0);
		matmul_spoil(&mm);
		irqs_of_runs(1);
	}
}

TEST(zero_means_the_interrupt)
{
	setup("0");
	EXPECT_EQ(irqs_of_runs(RUNS), RUNS);
}

/* A value above the driver's limit is limited */
TEST(nobody_looks_for_the_end_of_long_jobs)
{
	unsigned int i;

	setup("1000000");
	twin_write(TWIN_TASK_OVERHEAD_NS, LONG_US * 1000);
	/* The driver may poll for the first one or two */
	for (i = 0; i < 8; i++)
		EXPECT_CORRECT(&mm, npu_nth(0));
	EXPECT_EQ(irqs_of_runs(RUNS), RUNS);
}

TEST(a_job_that_takes_longer_than_usual_interrupts)
{
	unsigned int i, irqs = 0;

	setup("50");
	/* A host that stalls meanwhile makes the job end before the caller has looked for long enough. */
	for (i = 0; i < 40 && irqs < 4; i++) {
		twin_fault(npu_next_core(0), TWIN_FAULT_LATE, LONG_US, 1);
		irqs += irqs_of_runs(1);
		irqs_of_runs(RUNS);
	}
	EXPECT_EQ(irqs, 4);
}

static const struct {
	uint32_t kind, param;
	int want;
} ends[] = {
	{ TWIN_FAULT_NEVER, 0, -ETIMEDOUT },
	{ TWIN_FAULT_LATE, 1000000, -ETIMEDOUT },
	{ TWIN_FAULT_WRONG_BIT, 0, -ETIMEDOUT },
	{ TWIN_FAULT_WRONG_BIT, RKNPU_INT_CNA_FEATURE, -ETIMEDOUT },
	{ TWIN_FAULT_MMU_READ, 0, -EIO },
	{ TWIN_FAULT_MMU_WRITE, 0, -EIO },
	{ TWIN_FAULT_MMU_FETCH, 0, -EIO },
};

TEST(what_ends_a_job_ends_one_that_is_looked_at)
{
	unsigned int i;

	setup("50");
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		struct rknpu_submit args = matmul_args(&mm, npu_nth(0));

		args.timeout = TIMEOUT_MS;
		twin_fault(npu_next_core(0), ends[i].kind, ends[i].param, 1);
		EXPECT_RET(npu_submit(mm.out.fd, &args), ends[i].want);
		irqs_of_runs(RUNS);
	}
}

/* The start is lost once, and repeated when the driver no longer polls */
TEST(a_lost_start_is_repeated)
{
	struct rknpu_submit args;

	setup("50");
	args = matmul_args(&mm, npu_nth(0));
	args.timeout = 10 * TIMEOUT_MS;
	twin_fault(npu_next_core(0), TWIN_FAULT_STALL, 0, 1);
	EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
	irqs_of_runs(RUNS);
}

/* The status register and the interrupt are each sufficient to complete a job */
static void expect_ends(uint32_t kind)
{
	struct rknpu_submit args = matmul_args(&mm, npu_nth(0));

	args.timeout = TIMEOUT_MS;
	twin_fault(npu_next_core(0), kind, 0, 1);
	EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
	EXPECT_EQ(twin_faults_left(npu_next_core(0)), 0);
}

TEST(an_end_without_an_interrupt)
{
	setup("50");
	expect_ends(TWIN_FAULT_LOST_IRQ);
	/* A submitter that has polled for a while sleeps */
	twin_write(TWIN_TASK_OVERHEAD_NS, LONG_US * 1000);
	expect_ends(TWIN_FAULT_LOST_IRQ);
	twin_write(TWIN_TASK_OVERHEAD_NS, TWIN_TASK_OVERHEAD_USUAL_NS);
	/* A submitter that never polls */
	ASSERT_RET(driver_set_param("poll_us", "0"), 0);
	expect_ends(TWIN_FAULT_LOST_IRQ);
	irqs_of_runs(RUNS);
}

TEST(an_end_that_only_the_interrupt_tells_of)
{
	setup("50");
	expect_ends(TWIN_FAULT_UNSEEN);
	ASSERT_RET(driver_set_param("poll_us", "0"), 0);
	expect_ends(TWIN_FAULT_UNSEEN);
	irqs_of_runs(RUNS);
}

static void submits_for_ever(void *unused)
{
	struct matmul own;

	(void)unused;
	small_matmul(&own, npu_open(), 152);
	for (;;)
		matmul_run(&own, npu_nth(0), NULL);
}

TEST(who_looks_can_be_killed)
{
	unsigned int i;

	setup("50");
	for (i = 0; i < 8; i++) {
		pid_t pid = ktap_fork(submits_for_ever, NULL);

		ktap_sleep_ms(20 + i);
		EXPECT_EQ(kill(pid, SIGKILL), 0);
		ktap_join(pid);
		EXPECT_CORRECT(&mm, npu_nth(0));
	}
}

static void resets(void *unused)
{
	int fd = npu_open();
	unsigned int i;
	uint32_t value;

	(void)unused;
	for (i = 0; i < 50; i++) {
		EXPECT_RET(npu_action(fd, RKNPU_ACT_RESET, &value), 0);
		ktap_sleep_ms(1);
	}
	exit(0);
}

/* A reset of another client's jobs does not affect these jobs */
TEST(others_reset_meanwhile)
{
	pid_t pid;

	setup("50");
	pid = ktap_fork(resets, NULL);
	irqs_of_runs(10 * RUNS);
	ktap_join(pid);
}
