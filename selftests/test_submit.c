// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Jobs on a device without faults: they are computed correctly and reported
 * exactly, and invalid ones are refused before they reach the hardware.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/testing.h"

/* ---- results ------------------------------------------------------------------ */

static void each_type_on(uint32_t core_mask)
{
	static const struct { unsigned int m, k, n; } shapes[] = {
		{ 1, 32, 32 }, { 4, 64, 32 }, { 17, 96, 64 }, { 64, 128, 160 },
	};
	int fd = npu_open();
	unsigned int type, i;
	struct matmul mm;

	for (type = 0; type < MATMUL_TYPES; type++) {
		for (i = 0; i < ARRAY_SIZE(shapes); i++) {
			ASSERT_RET(matmul_init(&mm, fd, type, shapes[i].m, shapes[i].k, shapes[i].n, 0,
					       MATMUL_EXACT, 100 * type + i), 0);
			ASSERT_RET(matmul_run(&mm, core_mask, NULL), 0);
			if (!EXPECT_EQ(matmul_wrong(&mm), 0))
				ktap_note("%s, %ux%ux%u", matmul_type_name(type), mm.m, mm.k, mm.n);
			matmul_fini(&mm);
		}
	}
}

TEST_LIMIT(every_type_on_any_core, 60) { each_type_on(0); }
TEST_LIMIT(every_type_on_core_0, 60) { each_type_on(1); }
TEST_LIMIT(every_type_on_core_1, 60) { each_type_on(2); }
TEST_LIMIT(every_type_on_core_2, 60) { each_type_on(4); }

TEST_LIMIT(fp16_rounds_as_the_hardware_does, 60)
{
	int fd = npu_open(), type;
	struct matmul mm;

	for (type = MATMUL_FP16_FP32; type <= MATMUL_FP16_FP16; type++) {
		ASSERT_RET(matmul_init(&mm, fd, type, 20, 160, 48, 0, MATMUL_ROUNDING, 7), 0);
		ASSERT_RET(matmul_run(&mm, 1, NULL), 0);
		EXPECT_EQ(matmul_wrong(&mm), 0);
		matmul_fini(&mm);
	}
}

TEST(runs_on_the_core_named)
{
	int fd = npu_open(), core, other;
	struct matmul mm;

	twin_need();
	small_matmul(&mm, fd, 1);
	for_each_core(core) {
		uint32_t before[NPU_CORES];

		for_each_core(other)
			before[other] = twin_stat(other, TWIN_STAT_KICKS);
		EXPECT_CORRECT(&mm, 1u << core);
		for_each_core(other)
			EXPECT_EQ(twin_stat(other, TWIN_STAT_KICKS) - before[other], other == core);
	}
}

/* Each task writes rows of its own, so a task that did not run is detected */
static void chain(unsigned int tasks, bool pingpong, uint32_t core_mask)
{
	struct rknpu_submit args;
	struct matmul mm;

	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, 4 * tasks, 32, 32, 4, MATMUL_EXACT, tasks), 0);
	ASSERT_EQ(mm.tasks, tasks);
	args = matmul_args(&mm, core_mask);
	if (!pingpong)
		args.flags &= ~RKNPU_JOB_PINGPONG;
	matmul_spoil(&mm);
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(args.task_counter, tasks);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	matmul_fini(&mm);
}

TEST(chain_of_2) { chain(2, true, 1); }
TEST(chain_of_11) { chain(11, true, npu_nth(1)); }
TEST(chain_of_11_without_pingpong) { chain(11, false, npu_nth(2)); }

/* The hardware's counter has 12 bits, on other SoCs 16 */
TEST_LIMIT(chain_of_4095, 60) { chain(4095, true, 0); }
TEST_LIMIT(chain_of_4096, 60) { chain(4096, true, npu_nth(0)); }
TEST_LIMIT(chain_of_8300, 60) { chain(8300, true, npu_nth(2)); }

TEST_LIMIT(chain_that_needs_two_starts, 120)
{
	unsigned int tasks = soc_get()->max_tasks + 5, kicks = 0;
	struct matmul mm;

	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, tasks, 32, 32, 1, MATMUL_EXACT, tasks), 0);
	ASSERT_EQ(mm.tasks, tasks);
	if (twin_present())
		kicks = twin_stat(npu_nth_core(0), TWIN_STAT_KICKS);
	ASSERT_RET(matmul_run(&mm, npu_nth(0), NULL), 0);
	EXPECT_EQ(matmul_wrong_rows(&mm, 1), 0);
	if (twin_present())
		EXPECT_EQ(twin_stat(npu_nth_core(0), TWIN_STAT_KICKS) - kicks, 2);
}

/* With ping-pong, the fetch of a task's commands overlaps the computation of the previous task */
TEST(pingpong_overlaps_the_fetch)
{
	struct rknpu_submit args;
	uint64_t took[2];
	struct matmul mm;
	int pingpong;

	twin_need();
	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, 64, 64, 32, 4, MATMUL_EXACT, 6), 0);
	twin_write(TWIN_MACS_PER_CYCLE, 1);
	for (pingpong = 0; pingpong < 2; pingpong++) {
		args = matmul_args(&mm, 1);
		args.flags = RKNPU_JOB_PC | (pingpong ? RKNPU_JOB_PINGPONG : 0);
		ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
		took[pingpong] = twin_stat64(0, TWIN_STAT_END_NS) - twin_stat64(0, TWIN_STAT_START_NS);
	}
	/* For all tasks except the first, give or take one */
	EXPECT(took[0] - took[1] >= (mm.tasks - 2) * TWIN_TASK_OVERHEAD_USUAL_NS);
	EXPECT(took[0] - took[1] <= mm.tasks * TWIN_TASK_OVERHEAD_USUAL_NS);
}

TEST(only_the_range_named_runs)
{
	struct rknpu_submit args;
	struct matmul mm;
	size_t row = 0;
	int64_t left;

	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, 32, 64, 32, 4, MATMUL_EXACT, 5), 0);
	ASSERT_EQ(mm.tasks, 8);
	args = matmul_args(&mm, npu_nth(1));
	/* On an SoC with one core the range of the submit itself counts, otherwise that of the core */
	args.task_start = 2;
	args.task_number = 3;
	args.subcore_task[npu_nth_core(1)] = (struct rknpu_subcore_task){ 2, 3 };
	matmul_spoil(&mm);
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(args.task_counter, 3);
	/* Three tasks of four rows; the chance of an element being equal to the filler is 1 in 2^32 */
	left = matmul_untouched(&mm);
	EXPECT_EQ(left, (32 - 12) * 32);
	EXPECT_EQ(matmul_wrong(&mm), left);
	/* The status at the end of the range was written to its last descriptor */
	for (row = 0; row < mm.tasks; row++)
		EXPECT_EQ(!!matmul_descriptors(&mm)[row].int_status, row == 4);
}

TEST(what_a_submit_reports)
{
	struct rknpu_submit done;
	struct matmul mm;
	uint64_t before, wall;
	int fd = npu_open();

	ASSERT_RET(matmul_init(&mm, fd, MATMUL_INT8_INT32, 64, 256, 256, 16, MATMUL_EXACT, 9), 0);
	before = ktap_now_ns();
	ASSERT_RET(matmul_run(&mm, 1, &done), 0);
	wall = ktap_now_ns() - before;
	EXPECT_EQ(done.task_counter, 4);
	EXPECT(done.hw_elapse_time > 0);
	EXPECT((uint64_t)done.hw_elapse_time <= wall);
	/* Not less than it took, except for the granularity of the clock */
	if (twin_present())
		EXPECT(done.hw_elapse_time + 1000 >= (int64_t)(twin_stat64(0, TWIN_STAT_END_NS) -
							       twin_stat64(0, TWIN_STAT_START_NS)));
	EXPECT(matmul_descriptors(&mm)[3].int_status & RKNPU_INT_DPU);
	EXPECT_EQ(matmul_descriptors(&mm)[3].int_status & ~RKNPU_INT_ALL, 0);
	EXPECT_EQ(matmul_descriptors(&mm)[0].int_status, 0);
	EXPECT_EQ(done.fence_fd, -1);
}

/* librknnrt passes three times the tasks with automatic choice; the sub-core entry counts */
TEST(J16_automatic_choice_as_the_closed_runtime_asks)
{
	struct rknpu_submit args;
	struct matmul mm;

	ASSERT_RET(matmul_init(&mm, npu_open(), MATMUL_INT8_INT32, 8, 64, 32, 4, MATMUL_EXACT, 3), 0);
	args = matmul_args(&mm, 0);
	args.task_number = (soc_get()->single ? 1 : 3) * mm.tasks;
	matmul_spoil(&mm);
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
	EXPECT_EQ(args.task_counter, mm.tasks);
}

/* Small programs fill entry 0 only */
TEST(automatic_choice_with_one_entry)
{
	struct rknpu_submit args;
	struct matmul mm;
	int i;

	need_cores(1);
	small_matmul(&mm, npu_open(), 4);
	for (i = 0; i < 5; i++) {
		args = matmul_args(&mm, 0);
		args.subcore_task[1] = args.subcore_task[2] = (struct rknpu_subcore_task){ 0, 0 };
		matmul_spoil(&mm);
		ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
		ASSERT_RET(npu_bo_from_device(&mm.out), 0);
		EXPECT_EQ(matmul_wrong(&mm), 0);
	}
}

/* The same, with empty ranges past the tasks for the unused cores */
TEST(one_core_named_with_idle_entries)
{
	struct rknpu_submit args;
	struct matmul mm;
	uint32_t value = 0;

	small_matmul(&mm, npu_open(), 4);
	ASSERT_RET(npu_action(mm.out.fd, RKNPU_ACT_RESET, &value), 0);
	args = matmul_args(&mm, 1);
	args.subcore_task[1] = (struct rknpu_subcore_task){ 1, 0 };
	args.subcore_task[2] = (struct rknpu_subcore_task){ 2, 0 };
	matmul_spoil(&mm);
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

/* The NPU can read and write every kind of memory */
TEST(every_kind_of_memory)
{
	static const uint32_t kinds[] = {
		0, RKNPU_MEM_KERNEL_MAPPING, RKNPU_MEM_CACHEABLE, RKNPU_MEM_WRITE_COMBINE,
		RKNPU_MEM_NON_CONTIGUOUS, RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_WRITE_COMBINE,
		RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_DMA32, RKNPU_MEM_IOMMU | RKNPU_MEM_ZEROING,
	};
	struct npu_bo in, out;
	struct matmul mm;
	unsigned int i;

	small_matmul(&mm, npu_open(), 4);
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_RET(npu_bo_init(&in, mm.in.fd, mm.in.size, kinds[i]), 0);
		ASSERT_RET(npu_bo_init(&out, mm.in.fd, mm.out.size, kinds[i]), 0);
		memcpy(in.map, mm.in.map, mm.in.size);
		ASSERT_RET(npu_bo_to_device(&in), 0);
		ASSERT(matmul_set_register(&mm, RKNPU_CNA_FEATURE_DATA_ADDR, in.iova));
		ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, out.iova));
		ASSERT_RET(matmul_run(&mm, 1, NULL), 0);
		EXPECT_EQ(matmul_untouched(&mm), mm.m * mm.n);
		ASSERT_RET(npu_bo_from_device(&out), 0);
		memcpy(mm.out.map, out.map, mm.out.size);
		if (!EXPECT_EQ(matmul_wrong(&mm), 0))
			ktap_note("flags 0x%x", kinds[i]);
		npu_bo_fini(&in);
		npu_bo_fini(&out);
	}
}

/* P4: the vendor driver dereferences NULL here */
TEST(P4_task_buffer_without_kernel_mapping)
{
	struct rknpu_submit args;
	struct npu_bo tasks;
	struct matmul mm;

	small_matmul(&mm, npu_open(), 4);
	ASSERT_RET(npu_bo_init(&tasks, mm.out.fd, mm.task.size, NPU_FLAGS_DATA), 0);
	memcpy(tasks.map, mm.task.map, mm.task.size);
	ASSERT_RET(npu_bo_to_device(&tasks), 0);
	args = matmul_args(&mm, 1);
	args.task_obj_addr = tasks.token;
	matmul_spoil(&mm);
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	ASSERT_RET(npu_bo_from_device(&mm.out), 0);
	EXPECT_EQ(matmul_wrong(&mm), 0);
}

/* J2: which bit of a pair is set depends on the number of tasks run before; the vendor driver times out */
TEST(J2_single_bit_interrupt_mask)
{
	struct rknpu_submit done;
	struct matmul mm;
	int round;

	small_matmul(&mm, npu_open(), 4);
	for (round = 0; round < 4; round++) {
		matmul_descriptors(&mm)[0].int_mask = round % 2 ? 0x100 : 0x200;
		ASSERT_RET(npu_bo_to_device(&mm.task), 0);
		ASSERT_RET(matmul_run(&mm, 1, &done), 0);
		EXPECT_EQ(matmul_wrong(&mm), 0);
	}
}

/* A mask may name an earlier block, and two pairs at once */
TEST(interrupt_masks_of_earlier_blocks)
{
	static const uint32_t masks[] = {
		RKNPU_INT_CNA_FEATURE, RKNPU_INT_CNA_FEATURE | RKNPU_INT_CNA_WEIGHT, RKNPU_INT_CORE,
		RKNPU_INT_CORE | RKNPU_INT_DPU,
	};
	struct matmul mm;
	unsigned int i;

	small_matmul(&mm, npu_open(), 4);
	for (i = 0; i < ARRAY_SIZE(masks); i++) {
		matmul_descriptors(&mm)[0].int_mask = masks[i];
		ASSERT_RET(npu_bo_to_device(&mm.task), 0);
		EXPECT_CORRECT(&mm, 1);
	}
}

/*
 * A block's event that was not waited for stays in the raw status. The next job's
 * mask must never let it through, not even between two register writes: otherwise
 * the job would end before it has run.
 */
TEST(events_of_one_job_do_not_end_the_next)
{
	static const uint32_t masks[] = { RKNPU_INT_DPU, RKNPU_INT_CNA_FEATURE };
	struct matmul mm;
	unsigned int i;
	uint32_t before;

	twin_need();
	small_matmul(&mm, npu_open(), 4);
	/* The end of each job must be detected by the interrupt; test_poll.c tests polling */
	if (driver_set_param("poll_us", "0"))
		SKIP("needs root");
	for (i = 0; i < 8; i++) {
		matmul_descriptors(&mm)[0].int_mask = masks[i % 2];
		ASSERT_RET(npu_bo_to_device(&mm.task), 0);
		before = twin_stat(0, TWIN_STAT_IRQS);
		EXPECT_CORRECT(&mm, 1);
		EXPECT_EQ(twin_stat(0, TWIN_STAT_IRQS) - before, 1);
	}
}

TEST(priority_is_no_reason_to_refuse)
{
	static const int32_t priorities[] = { 0, 1, -1, INT32_MAX, INT32_MIN };
	struct rknpu_submit args;
	struct matmul mm;
	unsigned int i;

	small_matmul(&mm, npu_open(), 4);
	for (i = 0; i < ARRAY_SIZE(priorities); i++) {
		args = matmul_args(&mm, 1);
		args.priority = priorities[i];
		EXPECT_RET(npu_submit(mm.out.fd, &args), 0);
	}
}

TEST(every_domain_runs_jobs)
{
	struct matmul mm;
	int fd = npu_open(), id;

	for (id = 0; id < 16; id++) {
		ASSERT_RET(matmul_init_domain(&mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, id, id), 0);
		EXPECT_CORRECT(&mm, npu_nth(id));
		matmul_fini(&mm);
	}
}

/* The caller's own domains alternate on one core: each job uses its own */
TEST(domains_take_turns)
{
	struct matmul mm[3];
	int fd = npu_open(), i;

	for (i = 0; i < 3; i++)
		ASSERT_RET(matmul_init_domain(&mm[i], fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, i, i + 1), 0);
	for (i = 0; i < 12; i++)
		EXPECT_CORRECT(&mm[i % 3], 1);
}

/* Buffers are destroyed and created between jobs: a stale translation would be used */
TEST(addresses_are_reused_between_jobs)
{
	int fd = npu_open(), i;
	struct matmul mm;

	for (i = 0; i < 24; i++) {
		ASSERT_RET(matmul_init(&mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, i), 0);
		EXPECT_CORRECT(&mm, npu_nth(i));
		matmul_fini(&mm);
	}
}

/* ---- the layout of drivers up to 0.8 ---------------------------------------------- */

struct submit_0_8 {
	uint32_t flags, timeout, task_start, task_number, task_counter;
	int32_t priority;
	uint64_t task_obj_addr, regcfg_obj_addr, task_base_addr, user_data;
	uint32_t core_mask;
	int32_t fence_fd;
	struct rknpu_subcore_task subcore_task[RKNPU_MAX_SUBCORE_TASKS];
};

_Static_assert(sizeof(struct submit_0_8) == sizeof(struct rknpu_submit), "both layouts have one command number");
_Static_assert(offsetof(struct submit_0_8, core_mask) == offsetof(struct rknpu_submit, core_mask), "alike behind");

static int submit_0_8(struct matmul *mm, uint64_t regcfg, unsigned int core)
{
	struct submit_0_8 args = {
		.flags = RKNPU_JOB_PC | RKNPU_JOB_PINGPONG, .timeout = NPU_TIMEOUT_MS, .task_number = mm->tasks,
		.task_obj_addr = mm->task.token, .regcfg_obj_addr = regcfg, .core_mask = 1u << core, .fence_fd = -1,
	};
	int ret;

	args.subcore_task[core].task_number = mm->tasks;
	matmul_spoil(mm);
	ret = npu_ioctl(mm->out.fd, DRM_IOCTL_RKNPU_SUBMIT, &args);
	ASSERT_RET(npu_bo_from_device(&mm->out), 0);
	if (ret) {
		EXPECT_EQ(matmul_untouched(mm), mm->m * mm->n);
		return ret;
	}
	EXPECT_EQ(args.task_counter, mm->tasks);
	EXPECT(args.regcfg_obj_addr == regcfg);
	EXPECT_EQ(matmul_wrong(mm), 0);
	return 0;
}

/* In place of the address space, they had the token of a buffer, which no driver used */
TEST(layout_of_drivers_up_to_0_8)
{
	unsigned int core, first = __builtin_ctz(soc_get()->cores);
	struct matmul mm, elsewhere;
	int fd = npu_open();

	small_matmul(&mm, fd, 6);
	for (core = first; core < NPU_CORES; core++) {
		if (!(soc_get()->cores & 1u << core))
			continue;
		EXPECT_RET(submit_0_8(&mm, 0, core), 0);
		EXPECT_RET(submit_0_8(&mm, mm.cmd.token, core), 0);
		EXPECT_RET(submit_0_8(&mm, mm.task.token, core), 0);
	}
	/* A number that is not one of the caller's tokens is the number of an address space */
	EXPECT_RET(submit_0_8(&mm, mm.cmd.token + 8, first), -EINVAL);
	EXPECT_RET(submit_0_8(&mm, mm.cmd.token ^ 1ull << 40, first), -EINVAL);
	EXPECT_RET(submit_0_8(&mm, 16, first), -EINVAL);
	ASSERT_RET(matmul_init_domain(&elsewhere, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, 7, 5), 0);
	EXPECT_RET(submit_0_8(&elsewhere, 5, first), 0);
	EXPECT_RET(submit_0_8(&elsewhere, 0xdeadbeef00000005, first), 0);
}

/* ---- refusals: one wrong field each -------------------------------------------- */

static struct matmul good;

/* A valid submit that was changed by the caller must be refused; no core may have started */
static void refuse(int line, struct rknpu_submit args, int want)
{
	uint32_t kicks = 0;
	int core;

	for_each_twin_core(core)
		kicks += twin_stat(core, TWIN_STAT_KICKS);
	ktap_result(__FILE__, line, "submit", npu_submit(good.out.fd, &args), want);
	for_each_twin_core(core)
		kicks -= twin_stat(core, TWIN_STAT_KICKS);
	ktap_equal(__FILE__, line, "kicks", kicks, 0);
}

/* Changes one field of a submit on core 0 */
#define REFUSE(field, value) do {                                             \
	struct rknpu_submit args_ = matmul_args(&good, npu_nth(0));                    \
	args_.field = value;                                                  \
	refuse(__LINE__, args_, -EINVAL);                                     \
} while (0)

/* Changes one field of the only descriptor */
#define REFUSE_TASK(field, value) do {                                        \
	struct rknpu_task saved_ = *matmul_descriptors(&good);                \
	matmul_descriptors(&good)->field = value;                             \
	ASSERT_RET(npu_bo_to_device(&good.task), 0);                          \
	refuse(__LINE__, matmul_args(&good, npu_nth(0)), -EINVAL);                     \
	*matmul_descriptors(&good) = saved_;                                  \
	ASSERT_RET(npu_bo_to_device(&good.task), 0);                          \
} while (0)

static void good_job(void)
{
	small_matmul(&good, npu_open(), 4);
}

/* After any number of refusals, the unchanged arguments run */
static void still_good(void)
{
	EXPECT_CORRECT(&good, npu_nth(0));
}

TEST(J3_flags_without_pc)
{
	good_job();
	REFUSE(flags, 0);
	REFUSE(flags, RKNPU_JOB_PINGPONG);
	REFUSE(flags, RKNPU_JOB_NONBLOCK);
	still_good();
}

/* Enable debug messages of drivers in the kernel's DRM core */
static int drm_debug(const char *value)
{
	int fd = open("/sys/module/drm/parameters/debug", O_WRONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return -errno;
	ret = write(fd, value, strlen(value)) < 0 ? -errno : 0;
	close(fd);
	return ret;
}

TEST(a_refusal_names_the_field_when_asked)
{
	char last[256];
	int log;

	good_job();
	log = klog_open();
	if (log < 0 || drm_debug("2"))
		SKIP("no kernel log or no drm.debug");
	REFUSE(flags, RKNPU_JOB_PC | 0x40);
	EXPECT_EQ(klog_count(log, "rknpu_ioctl_submit_check: flags 0x41", last, sizeof(last)), 1);
	REFUSE_TASK(int_mask, 0x2000);
	EXPECT_EQ(klog_count(log, "int_mask of a task 0x2000", last, sizeof(last)), 1);
	ASSERT_RET(drm_debug("0"), 0);
	REFUSE(flags, RKNPU_JOB_PC | 0x40);
	EXPECT_EQ(klog_count(log, "rknpu_ioctl_submit_check", last, sizeof(last)), 0);
	close(log);
	still_good();
}

TEST(P11_undefined_job_flags)
{
	unsigned int bit;

	good_job();
	for (bit = 5; bit < 32; bit++)
		REFUSE(flags, RKNPU_JOB_PC | 1u << bit);
	REFUSE(flags, UINT32_MAX);
	still_good();
}

TEST(P3_forged_task_tokens)
{
	unsigned int i;

	good_job();
	uint64_t own = good.task.token, forged[] = {
		0, 1, 0x1000, 0xdeadbeef, own + 8, own - 8, own + 1, own ^ 1ull << 63, own ^ 1ull << 32,
		(uint32_t)own, UINT64_MAX, 0xffff000000000000, 0xffff800080000000, (uintptr_t)&good,
	};
	for (i = 0; i < ARRAY_SIZE(forged); i++)
		REFUSE(task_obj_addr, forged[i]);
	still_good();
}

TEST(P3_stale_task_token)
{
	struct npu_bo bo;
	uint64_t stale;

	good_job();
	ASSERT_RET(npu_bo_init(&bo, good.out.fd, NPU_PAGE, NPU_FLAGS_TASK), 0);
	stale = bo.token;
	npu_bo_fini(&bo);
	REFUSE(task_obj_addr, stale);
	still_good();
}

static void submits_foreign_token(void *arg)
{
	struct rknpu_submit args = *(struct rknpu_submit *)arg;
	struct matmul mm;

	small_matmul(&mm, npu_open(), 5);
	EXPECT_RET(npu_submit(mm.out.fd, &args), -EINVAL);
	EXPECT_CORRECT(&mm, 1);
}

TEST(P10_task_token_of_another_process)
{
	struct rknpu_submit args;

	good_job();
	args = matmul_args(&good, npu_nth(0));
	EXPECT_EQ(ktap_join(ktap_fork(submits_foreign_token, &args)), 0);
	still_good();
}

TEST(P5_P7_task_number_out_of_range)
{
	static const uint32_t numbers[] = { 103, 1 << 20, 0x7fffffff, 0x80000000, UINT32_MAX };
	unsigned int i;

	good_job();
	REFUSE(task_number, 0);
	/* A page holds 102 descriptors */
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct rknpu_submit args = matmul_args(&good, npu_nth(0));

		args.task_number = numbers[i];
		args.subcore_task[npu_nth_core(0)].task_number = numbers[i];
		refuse(__LINE__, args, -EINVAL);
	}
	still_good();
}

TEST(P5_task_start_out_of_range)
{
	static const uint32_t starts[] = { 102, 103, 1 << 20, 0x7fffffff, 0x80000000, UINT32_MAX };
	unsigned int i;

	good_job();
	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		struct rknpu_submit args = matmul_args(&good, npu_nth(0));

		args.task_start = starts[i];
		args.subcore_task[npu_nth_core(0)].task_start = starts[i];
		refuse(__LINE__, args, -EINVAL);
	}
	still_good();
}

TEST(P5_sub_core_range_past_the_buffer)
{
	static const struct rknpu_subcore_task ranges[] = {
		{ 0, 103 }, { 102, 1 }, { 1, UINT32_MAX }, { UINT32_MAX, 1 }, { UINT32_MAX, UINT32_MAX },
		{ 0x80000000, 0x80000000 }, { 0, 0x80000000 }, { 101, 2 },
	};
	unsigned int i, core;

	if (soc_get()->single)
		SKIP("this SoC has no sub-core ranges");
	good_job();
	for_each_core(core) {
		for (i = 0; i < ARRAY_SIZE(ranges); i++) {
			struct rknpu_submit args = matmul_args(&good, 1u << core);

			args.subcore_task[core] = ranges[i];
			refuse(__LINE__, args, -EINVAL);
		}
	}
	still_good();
}

/* The count times 40 bytes wraps to a value that fits */
TEST(P5_range_whose_bytes_wrap)
{
	static const uint32_t numbers[] = { 0x06666667, 0x66666667, 0xcccccccd, 107374183 };
	unsigned int i;

	good_job();
	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		struct rknpu_submit args = matmul_args(&good, npu_nth(0));

		args.task_number = numbers[i];
		args.subcore_task[npu_nth_core(0)].task_number = numbers[i];
		refuse(__LINE__, args, -EINVAL);
	}
	still_good();
}

TEST(P6_empty_sub_core_range)
{
	unsigned int core;

	if (soc_get()->single)
		SKIP("this SoC has no sub-core ranges");
	good_job();
	for_each_core(core) {
		struct rknpu_submit args = matmul_args(&good, 1u << core);

		args.subcore_task[core].task_number = 0;
		refuse(__LINE__, args, -EINVAL);
	}
	still_good();
}

TEST(core_mask_beyond_the_cores)
{
	unsigned int bit;

	good_job();
	for (bit = 0; bit < 32; bit++) {
		if (soc_get()->cores >> bit & 1)
			continue;
		REFUSE(core_mask, 1u << bit);
		REFUSE(core_mask, 1u << bit | npu_nth(0));
	}
	REFUSE(core_mask, UINT32_MAX);
	still_good();
}

TEST(P9_command_address)
{
	unsigned int i;

	good_job();
	for (i = 1; i < 16; i++)
		REFUSE_TASK(regcmd_addr, good.cmd.iova + i);
	REFUSE_TASK(regcmd_addr, good.cmd.iova + (1ull << 32));
	REFUSE_TASK(regcmd_addr, good.cmd.iova | 1ull << 63);
	REFUSE_TASK(regcmd_addr, UINT64_MAX);
	still_good();
}

TEST(P9_command_amount)
{
	static const uint32_t amounts[] = { 0x20000, 0x7fffffff, 0x80000000, UINT32_MAX - 4, UINT32_MAX - 3, UINT32_MAX };
	unsigned int i;

	good_job();
	for (i = 0; i < ARRAY_SIZE(amounts); i++)
		REFUSE_TASK(regcfg_amount, amounts[i]);
	still_good();
}

/* Without a done event to wait for, the job could only time out */
TEST(interrupt_mask_that_never_comes)
{
	good_job();
	REFUSE_TASK(int_mask, 0);
	REFUSE_TASK(int_mask, RKNPU_INT_DMA_ERROR);
	REFUSE_TASK(int_mask, 0xfffe0000);
	still_good();
}

TEST(I4_domain_out_of_range)
{
	static const uint32_t domains[] = { 16, 99, 0x80000000, UINT32_MAX };
	unsigned int i;

	good_job();
	for (i = 0; i < ARRAY_SIZE(domains); i++)
		REFUSE(iommu_domain_id, domains[i]);
	still_good();
}

TEST(data_base_address_beyond_the_bus)
{
	good_job();
	REFUSE(task_base_addr, 1ull << 32);
	REFUSE(task_base_addr, UINT64_MAX);
	REFUSE(task_base_addr, 8);
	still_good();
}

TEST(fences_without_a_fence)
{
	good_job();
	REFUSE(flags, RKNPU_JOB_PC | RKNPU_JOB_FENCE_IN);
	still_good();
}

/* The argument in the last bytes of a mapping, and in read-only memory */
TEST(argument_in_awkward_memory)
{
	char *map = mmap(NULL, 2 * NPU_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct rknpu_submit *args;

	ASSERT(map != MAP_FAILED);
	good_job();
	ASSERT_EQ(mprotect(map + NPU_PAGE, NPU_PAGE, PROT_NONE), 0);
	args = (void *)(map + NPU_PAGE - sizeof(*args));
	*args = matmul_args(&good, npu_nth(0));
	EXPECT_RET(npu_submit(good.out.fd, args), 0);
	args = (void *)(map + NPU_PAGE - sizeof(*args) + 8);
	EXPECT_RET(npu_submit(good.out.fd, args), -EFAULT);
	EXPECT_RET(npu_submit(good.out.fd, NULL), -EFAULT);
	still_good();
}

/* ---- double fetch ------------------------------------------------------------ */

static volatile bool flipping;

static void *flips_descriptor(void *arg)
{
	volatile struct rknpu_task *task = arg;

	while (flipping) {
		task->int_mask = RKNPU_INT_PPU;
		task->int_mask = RKNPU_INT_DPU;
	}
	return NULL;
}

/*
 * P8: a job uses a consistent descriptor, no matter when it is changed. With the
 * mask that never occurs, the job times out, and nothing else may happen.
 */
TEST_LIMIT(P8_descriptor_that_changes_meanwhile, 60)
{
	struct rknpu_submit args;
	pthread_t thread;
	int i, ret;

	good_job();
	flipping = true;
	ASSERT_EQ(pthread_create(&thread, NULL, flips_descriptor, matmul_descriptors(&good)), 0);
	for (i = 0; i < 60; i++) {
		args = matmul_args(&good, npu_nth(0));
		args.timeout = 20;
		ret = npu_submit(good.out.fd, &args);
		if (ret != -ETIMEDOUT)
			EXPECT_RET(ret, 0);
	}
	flipping = false;
	pthread_join(thread, NULL);
	still_good();
}
