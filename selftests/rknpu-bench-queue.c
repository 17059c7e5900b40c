// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Measurements of the queue, one `name value unit` per line. Needs the twin, in a
 * virtual machine in which instructions drive the clock, one per nanosecond: then
 * times are numbers of instructions, and the same in every run.
 *
 * rknpu-bench-queue jobs	through the driver
 * rknpu-bench-queue floor	with the module of floor/ instead of the driver:
 *				the cost of the hardware and the kernel alone
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "bench.h"
#include "bench_twin.h"
#include "floor/rknpu_floor.h"
#include "job.h"

/* ---- clocks ------------------------------------------------------------------ */

/* The twin's control page: start and end times of its cores, in the time base of cntvct_el0 */
static volatile uint32_t *twin;

static uint64_t stat64(unsigned int core, uint32_t stat)
{
	volatile uint32_t *at = &twin[(TWIN_CORE_STAT(core) + stat) / 4];
	uint32_t high, low;

	do {
		high = at[1];
		low = at[0];
	} while (high != at[1]);
	return (uint64_t)high << 32 | low;
}

static uint64_t virtual_ns(void)
{
	uint64_t ticks, hz;

	__asm__ volatile("isb; mrs %0, cntvct_el0; mrs %1, cntfrq_el0" : "=r"(ticks), "=r"(hz) : : "memory");
	return ticks * (1000000000 / hz);
}

static void set_task_ns(uint32_t ns)
{
	twin[TWIN_TASK_OVERHEAD_NS / 4] = ns;
}

/* Delays the end of the next run of a core by @us, so a queue can build up behind it */
static void hold_core(unsigned int core, uint32_t us)
{
	twin[TWIN_FAULT_CORE / 4] = core;
	twin[TWIN_FAULT_KIND / 4] = TWIN_FAULT_LATE;
	twin[TWIN_FAULT_PARAM / 4] = us;
	twin[TWIN_FAULT_COUNT / 4] = 1;
}

static void start(const struct matmul *mm, struct rknpu_submit args, int *fence)
{
	int ret = job_start_args(mm, args, -1, fence);

	if (ret)
		fail("submit", -ret);
}

static void finish(int fence)
{
	int ret = fence_end(fence);

	if (ret)
		fail("job", -ret);
}

/* ---- one submit --------------------------------------------------------------------- */

#define USUAL_TASK_NS	1000
#define LONG_TASK_NS	100000
#define WARM_UP		100
#define PARTS		500
#define STARTS		2000

/* Instructions of a submit before the hardware starts, and after it has ended */
static void parts_of_a_submit(const struct matmul *mm)
{
	uint64_t before = 0, after = 0;
	unsigned int i;

	/* Long enough that the caller sleeps when the interrupt comes */
	set_task_ns(LONG_TASK_NS);
	for (i = 0; i < PARTS; i++) {
		struct rknpu_submit args = matmul_args(mm, 1);
		uint64_t entry = virtual_ns();
		int ret = npu_submit(mm->out.fd, &args);

		after += virtual_ns() - stat64(0, TWIN_STAT_END_NS);
		before += stat64(0, TWIN_STAT_START_NS) - entry;
		if (ret)
			fail("submit", -ret);
	}
	printf("submit_entry_to_start_insns %llu instructions\n", (unsigned long long)(before / PARTS));
	printf("submit_irq_to_user_insns %llu instructions\n", (unsigned long long)(after / PARTS));
}

/* Only the call; the job ends long after it */
static void nonblocking_submit(const struct matmul *mm)
{
	uint64_t spent = 0;
	unsigned int i;

	for (i = 0; i < PARTS; i++) {
		struct rknpu_submit args = matmul_args(mm, 1);
		uint64_t entry;
		int ret;

		args.flags |= RKNPU_JOB_NONBLOCK | RKNPU_JOB_FENCE_OUT;
		entry = virtual_ns();
		ret = npu_submit(mm->out.fd, &args);
		spent += virtual_ns() - entry;
		if (ret)
			fail("submit", -ret);
		finish(args.fence_fd);
	}
	set_task_ns(USUAL_TASK_NS);
	printf("submit_nonblock_fence_insns %llu instructions\n", (unsigned long long)(spent / PARTS));
}

/* ---- overhead of a job of some length -------------------------------------------------------- */

#define POLL_PARAM	"/sys/module/rknpu/parameters/poll_us"

static bool set_poll_us(const char *us)
{
	FILE *f = fopen(POLL_PARAM, "w");
	bool ok = f && fputs(us, f) >= 0;

	return f ? !fclose(f) && ok : false;
}

/* Time of a blocking submit in addition to its job's, and the processor's part of the total */
static void overhead_of(int counter, const struct matmul *mm, unsigned int us, const char *how)
{
	uint64_t spent = 0, busy = 0, work;
	unsigned int i;

	for (i = 0; i < WARM_UP + PARTS; i++) {
		struct rknpu_submit args = matmul_args(mm, 1);
		int ret;

		if (i == WARM_UP) {
			busy = stat64(0, TWIN_STAT_BUSY_NS);
			counter_start(counter);
			spent = virtual_ns();
		}
		ret = npu_submit(mm->out.fd, &args);
		if (ret)
			fail("submit", -ret);
	}
	spent = virtual_ns() - spent;
	work = counter_stop(counter);
	busy = stat64(0, TWIN_STAT_BUSY_NS) - busy;
	printf("submit_overhead_%uus%s_us %.2f us\n", us, how, (double)(spent - busy) / PARTS / 1000);
	printf("submit_cpu_%uus%s_us %.2f us\n", us, how, (double)work / PARTS / 1000);
}

static void overheads(int counter, const struct matmul *mm)
{
	static const unsigned int us[] = { 5, 20, 50, 200 };
	uint64_t busy = stat64(0, TWIN_STAT_BUSY_NS);
	struct rknpu_submit args = matmul_args(mm, 1);
	unsigned int i;
	int ret = npu_submit(mm->out.fd, &args);

	if (ret)
		fail("submit", -ret);
	/* The time includes the product itself */
	busy = stat64(0, TWIN_STAT_BUSY_NS) - busy - USUAL_TASK_NS;
	for (i = 0; i < sizeof(us) / sizeof(us[0]); i++) {
		set_task_ns(us[i] * 1000 - busy);
		overhead_of(counter, mm, us[i], "");
		if (!set_poll_us("0"))
			continue;
		overhead_of(counter, mm, us[i], "_asleep");
		set_poll_us("50");
	}
	set_task_ns(USUAL_TASK_NS);
}

/* ---- queues --------------------------------------------------------------------------- */

#define GAPS		200
#define HOLD_US		20000
/* Longer than any turn, also with a shared IOMMU: consecutive jobs are always of different processes */
#define TURN_TASK_NS	12000000

/* Average idle time of the core in the gaps between @jobs jobs, from the first start to the last end */
static unsigned long long gap_ns(uint64_t first_start, uint64_t busy_before, unsigned int jobs)
{
	uint64_t whole = stat64(0, TWIN_STAT_END_NS) - first_start;

	return (whole - (stat64(0, TWIN_STAT_BUSY_NS) - busy_before)) / (jobs - 1);
}

static void queue_up(const struct matmul *mm, unsigned int jobs, int *last)
{
	unsigned int i;

	for (i = 0; i < jobs; i++)
		start(mm, matmul_args(mm, 1), i + 1 < jobs ? NULL : last);
}

static void gaps_of_one_client(const struct matmul *mm)
{
	uint64_t first, busy = stat64(0, TWIN_STAT_BUSY_NS);
	int last;

	hold_core(0, HOLD_US);
	start(mm, matmul_args(mm, 1), NULL);
	first = stat64(0, TWIN_STAT_START_NS);
	queue_up(mm, GAPS, &last);
	finish(last);
	printf("job_gap_same_client_ns %llu ns\n", gap_ns(first, busy, GAPS + 1));
}

/* Barrier for steps that processes take together */
struct meeting {
	volatile unsigned int ready;
	volatile bool go;
};

static struct meeting *new_meeting(void)
{
	struct meeting *m = mmap(NULL, sizeof(*m), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (m == MAP_FAILED)
		fail("shared memory", errno);
	return m;
}

static void wait_for(struct meeting *m, unsigned int ready)
{
	while (m->ready < ready)
		sched_yield();
}

static void gaps_between_clients(const struct matmul *mm)
{
	struct meeting *m = new_meeting();
	uint64_t first, busy;
	int last;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid) {
		struct matmul own;

		make(&own, open_npu(), 1, 32, 32);
		m->ready++;
		while (!m->go)
			sched_yield();
		queue_up(&own, GAPS / 2, &last);
		m->ready++;
		finish(last);
		_exit(0);
	}
	wait_for(m, 1);
	set_task_ns(TURN_TASK_NS);
	busy = stat64(0, TWIN_STAT_BUSY_NS);
	hold_core(0, HOLD_US);
	start(mm, matmul_args(mm, 1), NULL);
	first = stat64(0, TWIN_STAT_START_NS);
	m->go = true;
	wait_for(m, 2);
	queue_up(mm, GAPS / 2, &last);
	finish(last);
	waitpid(pid, NULL, 0);
	set_task_ns(USUAL_TASK_NS);
	printf("job_gap_other_client_ns %llu ns\n", gap_ns(first, busy, GAPS + 1));
}

/* Processor time of one job in a queue of @depth, submitted without waiting, including the cost of its end */
static void cost_at_depth(int counter, const struct matmul *mm, unsigned int depth, unsigned int rounds)
{
	uint64_t count;
	unsigned int i;
	int last;

	counter_start(counter);
	for (i = 0; i < rounds; i++) {
		queue_up(mm, depth, &last);
		finish(last);
	}
	count = counter_stop(counter);
	printf("submit_depth_%u_insns %llu instructions\n", depth, (unsigned long long)(count / depth / rounds));
}

/* ---- several cores -------------------------------------------------------------------------- */

#define SCALING_JOBS	960

/* One of several clients; a core without a range is not used */
static void is_client(struct meeting *m, unsigned int jobs, unsigned int cores)
{
	struct rknpu_submit args;
	struct matmul mm;
	unsigned int i;
	int last;

	make(&mm, open_npu(), 1, 32, 32);
	args = matmul_args(&mm, 0);
	for (i = cores; i < NPU_CORES; i++)
		args.subcore_task[i].task_number = 0;
	__sync_fetch_and_add(&m->ready, 1);
	while (!m->go)
		sched_yield();
	for (i = 0; i < jobs; i++)
		start(&mm, args, i + 1 < jobs ? NULL : &last);
	finish(last);
	_exit(0);
}

static uint64_t time_on_cores(unsigned int clients, unsigned int cores)
{
	struct meeting *m = new_meeting();
	uint64_t begin, end = 0;
	unsigned int i;

	fflush(stdout);
	for (i = 0; i < clients; i++)
		if (!fork())
			is_client(m, SCALING_JOBS / clients, cores);
	wait_for(m, clients);
	begin = virtual_ns();
	m->go = true;
	for (i = 0; i < clients; i++) {
		int status;

		if (wait(&status) < 0 || status)
			fail("client", ECHILD);
	}
	for (i = 0; i < NPU_CORES; i++)
		if (stat64(i, TWIN_STAT_END_NS) > end)
			end = stat64(i, TWIN_STAT_END_NS);
	return end - begin;
}

static void scaling(void)
{
	static const unsigned int clients[] = { 1, 3, 8 };
	unsigned int i, cores;

	set_task_ns(LONG_TASK_NS);
	for (i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		uint64_t one = time_on_cores(clients[i], 1);

		for (cores = 2; cores <= NPU_CORES; cores++) {
			printf("scaling_%u_cores", cores);
			if (clients[i] > 1)
				printf("_%u_clients", clients[i]);
			printf(" %.2f times\n", (double)one / time_on_cores(clients[i], cores));
		}
	}
	set_task_ns(USUAL_TASK_NS);
}

static int jobs(void)
{
	int counter = open_counter();
	struct matmul mm;

	twin = bench_twin();
	make(&mm, open_npu(), 1, 32, 32);
	MEASURE(parts_of_a_submit(&mm));
	MEASURE(nonblocking_submit(&mm));
	MEASURE(overheads(counter, &mm));
	MEASURE(gaps_of_one_client(&mm));
	MEASURE(gaps_between_clients(&mm));
	set_task_ns(LONG_TASK_NS);
	MEASURE(cost_at_depth(counter, &mm, 1, 200));
	MEASURE(cost_at_depth(counter, &mm, 64, 8));
	MEASURE(cost_at_depth(counter, &mm, 4096, 1));
	set_task_ns(USUAL_TASK_NS);
	MEASURE(scaling());
	return bench_status;
}

/* ---- the floor ------------------------------------------------------------------------------- */

/* The same job through the bare module: inputs, weights and result are a page apart, after the stream */
static int lowest(void)
{
	int counter = open_counter(), fd = open("/dev/rknpu_floor", O_RDWR | O_CLOEXEC);
	struct matmul_task task = { .type = MATMUL_INT8_INT32, .m = 1, .k = 32, .n = 32, .rows = 1 };
	struct rknpu_floor_run run;
	struct regcmd rc = { .max = 256 };
	uint64_t count;
	uint32_t iova;
	int i;

	if (fd < 0)
		fail("/dev/rknpu_floor", errno);
	rc.words = mmap(NULL, FLOOR_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (rc.words == MAP_FAILED || ioctl(fd, FLOOR_IOVA, &iova))
		fail("buffer", errno);
	task.in = iova + NPU_PAGE;
	task.weights = iova + 2 * NPU_PAGE;
	task.out = iova + 3 * NPU_PAGE;
	matmul_segment(&rc, &task);
	run = (struct rknpu_floor_run){ iova, RKNPU_PC_AMOUNT(rc.count, 2) };
	regcmd_tail(&rc, 0, 0, MATMUL_ENABLE);
	for (i = -WARM_UP; i < STARTS; i++) {
		if (!i)
			counter_start(counter);
		if (ioctl(fd, FLOOR_RUN, &run))
			fail("start", errno);
	}
	count = counter_stop(counter);
	printf("floor_insns %llu instructions\n", (unsigned long long)(count / STARTS));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "jobs"))
		return jobs();
	if (argc == 2 && !strcmp(argv[1], "floor"))
		return lowest();
	fprintf(stderr, "usage: rknpu-bench-queue jobs|floor\n");
	return 2;
}
