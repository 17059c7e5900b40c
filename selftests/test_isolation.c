// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Command streams can contain any address, so only the address space limits what
 * a process can access with them.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/fds.h"
#include "lib/job.h"
#include "lib/testing.h"

#define SECRET	0x5e

struct victim {
	struct npu_bo bo;
	uint32_t iova;
};

/* Every process gets the same addresses: the victim's must be one that the attacker does not have */
static void make_victim(struct victim *v)
{
	struct npu_bo padding;
	int fd = npu_open();

	ASSERT_RET(npu_bo_init(&padding, fd, 16 << 20, NPU_FLAGS_DATA), 0);
	ASSERT_RET(npu_bo_init(&v->bo, fd, 64 * 1024, NPU_FLAGS_DATA), 0);
	memset(v->bo.map, SECRET, v->bo.size);
	ASSERT_RET(npu_bo_to_device(&v->bo), 0);
	v->iova = v->bo.iova;
}

static void reads_foreign_memory(void *arg)
{
	struct victim *v = arg;
	struct matmul mm;

	small_matmul(&mm, npu_open(), 41);
	ASSERT(matmul_set_register(&mm, RKNPU_CNA_FEATURE_DATA_ADDR, v->iova));
	EXPECT_RET(matmul_run(&mm, 1, NULL), -EIO);
	npu_bo_from_device(&mm.out);
	EXPECT_EQ(matmul_untouched(&mm), mm.m * mm.n);
}

TEST(I1_reading_another_process)
{
	struct victim v;

	make_victim(&v);
	EXPECT_EQ(ktap_join(ktap_fork(reads_foreign_memory, &v)), 0);
}

static void writes_foreign_memory(void *arg)
{
	struct victim *v = arg;
	struct matmul mm;
	int core;

	small_matmul(&mm, npu_open(), 42);
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, v->iova));
	for_each_core(core)
		EXPECT_RET(matmul_run(&mm, 1u << core, NULL), -EIO);
}

static size_t changed(const struct npu_bo *bo)
{
	size_t i, n = 0;

	npu_bo_from_device(bo);
	for (i = 0; i < bo->size; i++)
		n += ((uint8_t *)bo->map)[i] != SECRET;
	return n;
}

TEST(I1_writing_another_process)
{
	struct matmul own;
	struct victim v;
	int core;

	make_victim(&v);
	/* The victim's space is attached when the attacker starts */
	small_matmul(&own, v.bo.fd, 43);
	for_each_core(core)
		EXPECT_CORRECT(&own, 1u << core);
	EXPECT_EQ(ktap_join(ktap_fork(writes_foreign_memory, &v)), 0);
	EXPECT_EQ(changed(&v.bo), 0);
	EXPECT_CORRECT(&own, 1);
}

/* ---- a process that executes another program ------------------------------------------- */

#define NEW_PROGRAM	"NEW_PROGRAM"

struct new_program {
	uint64_t token;
	uint32_t iova;
};

/* This program, executed by a case: has NPU memory that must not be changed */
__attribute__((constructor)) static void is_the_new_program(void)
{
	const char *env = getenv(NEW_PROGRAM);
	struct new_program told;
	struct victim v;
	int socket;

	if (!env)
		return;
	socket = atoi(env);
	make_victim(&v);
	told = (struct new_program){ v.bo.token, v.iova };
	_exit(write(socket, &told, sizeof(told)) == sizeof(told) && read(socket, &told, 1) == 1 && !changed(&v.bo) ?
	      KTAP_PASS : KTAP_FAIL);
}

/* Opens the NPU, uses it, passes the file to the case, and executes the program */
static void becomes_another_program(void *arg)
{
	int socket = *(int *)arg;
	struct matmul mm;
	char env[16];

	small_matmul(&mm, npu_open(), 45);
	EXPECT_CORRECT(&mm, 1);
	send_fds(socket, &mm.out.fd, 1);
	snprintf(env, sizeof(env), "%d", socket);
	setenv(NEW_PROGRAM, env, 1);
	execl("/proc/self/exe", "new", NULL);
	ktap_fail(__FILE__, __LINE__, "not executed");
}

/* A process with the old file, such as a child, cannot access the memory of the new program, maybe set-user-ID */
TEST(exec_leaves_nothing_to_who_has_the_old_file)
{
	struct new_program other;
	struct matmul mm;
	int sockets[2], old;
	pid_t pid;

	close(npu_open());
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, sockets), 0);
	pid = ktap_fork(becomes_another_program, &sockets[1]);
	receive_fds(sockets[0], &old, 1);
	ASSERT_EQ(read(sockets[0], &other, sizeof(other)), sizeof(other));
	EXPECT_RET(npu_sync(old, other.token, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
	small_matmul(&mm, old, 46);
	EXPECT_RET(npu_sync(old, other.token, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE), -EINVAL);
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, other.iova));
	EXPECT_RET(matmul_run(&mm, 1, NULL), -EIO);
	ASSERT_EQ(write(sockets[0], "", 1), 1);
	EXPECT_EQ(ktap_join(pid), 0);
}

static uint64_t token_of_parent;
static int result_in_child;

static int syncs_in_the_same_memory(void *arg)
{
	int fd = npu_open_render(NULL, 0);

	(void)arg;
	result_in_child = npu_sync(fd, token_of_parent, 0, 1, RKNPU_MEM_SYNC_TO_DEVICE);
	_exit(0);
}

/* Tasks that share memory are one client, even if they are not threads of one process */
TEST(processes_with_one_memory_are_one_client)
{
	static _Alignas(16) char stack[64 * 1024];
	struct npu_bo bo;
	pid_t pid;

	ASSERT_RET(npu_bo_init(&bo, npu_open(), NPU_PAGE, NPU_FLAGS_DATA), 0);
	token_of_parent = bo.token;
	result_in_child = 1;
	pid = clone(syncs_in_the_same_memory, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	ASSERT(pid > 0);
	ASSERT_EQ(waitpid(pid, NULL, 0), pid);
	EXPECT_RET(result_in_child, 0);
}

/* Another address space of the same process cannot be reached either */
TEST(domains_of_one_process_are_apart)
{
	struct matmul mm;
	struct npu_bo bo;
	int fd = npu_open();

	ASSERT_RET(npu_bo_init_domain(&bo, fd, 1 << 20, NPU_FLAGS_DATA, 3), 0);
	memset(bo.map, SECRET, bo.size);
	ASSERT_RET(npu_bo_to_device(&bo), 0);
	ASSERT_RET(matmul_init_domain(&mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, 44, 4), 0);
	/* Far below the addresses in domain 4 */
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, bo.iova));
	EXPECT_RET(matmul_run(&mm, 1, NULL), -EIO);
	EXPECT_EQ(changed(&bo), 0);
}

/* Reads and writes of unmapped addresses: only cause an error for the client itself */
static void reaches_nothing(int fd, int domain, uint32_t iova)
{
	static const uint32_t registers[] = { RKNPU_CNA_FEATURE_DATA_ADDR, RKNPU_DPU_DST_BASE_ADDR };
	struct matmul mm;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(registers); i++) {
		ASSERT_RET(matmul_init_domain(&mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, 49, domain), 0);
		EXPECT_CORRECT(&mm, 1);
		ASSERT(matmul_set_register(&mm, registers[i], iova));
		EXPECT_RET(matmul_run(&mm, 1, NULL), -EIO);
		npu_bo_from_device(&mm.out);
		EXPECT_EQ(matmul_untouched(&mm), mm.m * mm.n);
		matmul_fini(&mm);
	}
}

TEST(streams_reach_no_other_domain)
{
	struct npu_bo bo;
	int fd = npu_open();

	ASSERT_RET(npu_bo_init_domain(&bo, fd, 1 << 20, NPU_FLAGS_DATA, 3), 0);
	memset(bo.map, SECRET, bo.size);
	reaches_nothing(fd, 0, bo.iova);
	reaches_nothing(fd, 5, bo.iova);
	EXPECT_EQ(changed(&bo), 0);
}

/* The pages of a destroyed buffer still exist in a mapping, and must not be written */
TEST(streams_reach_no_destroyed_buffer)
{
	struct npu_bo bo, below;
	int fd = npu_open();

	/* Keeps the next buffer from getting its address */
	ASSERT_RET(npu_bo_init(&below, fd, 1 << 20, NPU_FLAGS_DATA), 0);
	ASSERT_RET(npu_bo_init(&bo, fd, 1 << 20, NPU_FLAGS_DATA), 0);
	memset(bo.map, SECRET, bo.size);
	ASSERT_RET(npu_bo_to_device(&bo), 0);
	ASSERT_RET(npu_destroy(fd, bo.handle), 0);
	reaches_nothing(fd, 0, bo.iova);
	for (size_t i = 0; i < bo.size; i++)
		if (!EXPECT_EQ(((uint8_t *)bo.map)[i], SECRET))
			break;
}

TEST(streams_reach_nothing_at_all)
{
	const uint32_t iovas[] = { 0, NPU_PAGE, 0x1000000, 0x40000000, 0x80000000, 0xfffff000 };
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(iovas); i++)
		reaches_nothing(fd, 0, iovas[i]);
}

/* M13: other drivers wait for the domain to be attached, give up, and leak memory and address */
TEST(M13_destroyed_while_another_domain_runs)
{
	struct rknpu_mem_create c = { .size = 1 << 20, .flags = NPU_FLAGS_DATA, .iommu_domain_id = 7 }, again = c;
	int fd = npu_open(), fence;
	struct matmul mm;
	uint32_t kicks;

	twin_need();
	small_matmul(&mm, fd, 50);
	kicks = twin_stat(0, TWIN_STAT_KICKS);
	twin_fault(0, TWIN_FAULT_LATE, 1000000 * ktap_slow(), 1);
	ASSERT_RET(npu_create(fd, &c), 0);
	ASSERT_RET(job_start(&mm, 1, -1, &fence), 0);
	while (twin_stat(0, TWIN_STAT_KICKS) == kicks)
		ktap_sleep_ms(1);
	ASSERT_RET(npu_destroy(fd, c.handle), 0);
	ASSERT_RET(npu_create(fd, &again), 0);
	EXPECT_EQ(again.dma_addr, c.dma_addr);
	EXPECT_EQ(fence_status(fence), 0);
	EXPECT_RET(fence_end(fence), 0);
}

static void runs_same_addresses(void *arg)
{
	int i, go;
	struct matmul mm;

	small_matmul(&mm, npu_open(), getpid());
	EXPECT_EQ(mm.out.iova, *(uint64_t *)arg);
	for (i = 0, go = 0; i < 40; i++, go++)
		EXPECT_CORRECT(&mm, npu_nth(go));
}

/* Two processes with the same addresses alternate on the same cores: a missed switch would use foreign data */
TEST_LIMIT(I1_same_addresses_in_two_processes, 60)
{
	struct matmul mm;
	pid_t other[2];
	int i;

	small_matmul(&mm, npu_open(), 45);
	for (i = 0; i < 2; i++)
		other[i] = ktap_fork(runs_same_addresses, &mm.out.iova);
	for (i = 0; i < 40; i++)
		EXPECT_CORRECT(&mm, npu_nth(i));
	for (i = 0; i < 2; i++)
		EXPECT_EQ(ktap_join(other[i]), 0);
}

static void submits_on_inherited_file(void *arg)
{
	EXPECT_CORRECT((struct matmul *)arg, 1);
}

TEST(inherited_file_runs_its_owners_jobs)
{
	struct matmul mm;

	small_matmul(&mm, npu_open(), 46);
	EXPECT_CORRECT(&mm, 1);
	EXPECT_EQ(ktap_join(ktap_fork(submits_on_inherited_file, &mm)), 0);
	EXPECT_CORRECT(&mm, 1);
}

static void is_first_to_use(void *arg)
{
	struct matmul mm;

	small_matmul(&mm, *(int *)arg, 47);
	EXPECT_CORRECT(&mm, 1);
}

/* A broker opens the file and passes it on: it belongs to its first user, not to the process that opened it */
TEST(file_belongs_to_its_first_user)
{
	struct matmul own;
	int fd = npu_open(), passed = npu_open();

	small_matmul(&own, fd, 48);
	EXPECT_EQ(ktap_join(ktap_fork(is_first_to_use, &passed)), 0);
	EXPECT_CORRECT(&own, 1);
}

/* ---- streams that continue after the end of their job --------------------------------- */

/* Blocks signal completion separately; here the block that writes takes this much longer */
#define STRAY_100US	200u
#define DONE_EARLY(events)	((events) | STRAY_100US << 20)
/* Or the block is held until twin_release() */
#define DONE_EARLY_AND_HELD(events)	((events) | TWIN_EARLY_100US)

/* A program may wait for a block that finishes early (mask 0xf is known): results are complete nevertheless */
TEST(ends_with_a_block_that_writes)
{
	const uint32_t early = RKNPU_INT_CNA_FEATURE | RKNPU_INT_CNA_WEIGHT;
	struct matmul mm;
	int core;

	twin_need();
	small_matmul(&mm, npu_open(), 50);
	matmul_descriptors(&mm)[0].int_mask = early;
	ASSERT_RET(npu_bo_to_device(&mm.task), 0);
	for_each_core(core) {
		twin_fault(core, TWIN_FAULT_EARLY, DONE_EARLY(early), 1);
		EXPECT_CORRECT(&mm, 1u << core);
		ASSERT_RET(npu_bo_from_device(&mm.task), 0);
		EXPECT(matmul_descriptors(&mm)[0].int_status & early);
		EXPECT_EQ(matmul_descriptors(&mm)[0].int_status & ~early, 0);
	}
}

struct stray {
	int core;
	bool dies;
};

/* Waits for an event that occurs before the end of the stream */
static void leaves_a_stray(void *arg)
{
	const struct stray *stray = arg;
	struct matmul mm;

	small_matmul(&mm, npu_open(), 51);
	twin_fault(stray->core, TWIN_FAULT_EARLY, DONE_EARLY_AND_HELD(RKNPU_INT_DPU), 1);
	EXPECT_RET(matmul_run(&mm, 1u << stray->core, NULL), 0);
	EXPECT(matmul_wrong(&mm));
	if (!stray->dies)
		ktap_sleep_ms(100);
}

/* Its remaining writes are lost: they reach neither the next client nor, while the IOMMU switches, physical memory */
static void next_client_comes(bool dies)
{
	struct stray stray = { .dies = dies };
	struct matmul mm;
	uint32_t before;
	int pid, core;

	twin_need();
	small_matmul(&mm, npu_open(), 52);
	npu_need_iommu(mm.out.fd);
	for_each_core(stray.core) {
		before = twin_stat(stray.core, TWIN_STAT_KICKS);
		pid = ktap_fork(leaves_a_stray, &stray);
		while (twin_stat(stray.core, TWIN_STAT_KICKS) == before)
			;
		for_each_core(core)
			EXPECT_CORRECT(&mm, 1u << core);
		twin_release(stray.core);
		EXPECT(!matmul_wrong(&mm));
		EXPECT_EQ(ktap_join(pid), 0);
		for_each_core(core)
			EXPECT_CORRECT(&mm, 1u << core);
	}
}

TEST(stray_writes_do_not_reach_the_next_client) { next_client_comes(false); }
TEST(stray_writes_of_the_dead_do_not_reach_the_next_client) { next_client_comes(true); }

/* A core powers off after its job while a stream still writes: the IOMMU must not go first, or writes bypass it */
TEST(stray_stream_is_stopped_before_its_core_goes_off)
{
	struct matmul mm;
	uint32_t errors;
	int core;

	twin_need();
	errors = twin_read(TWIN_ERROR_COUNT);
	small_matmul(&mm, npu_open(), 56);
	npu_need_iommu(mm.out.fd);
	for_each_core(core) {
		twin_fault(core, TWIN_FAULT_EARLY, DONE_EARLY_AND_HELD(RKNPU_INT_DPU), 1);
		EXPECT_RET(matmul_run(&mm, 1u << core, NULL), 0);
		EXPECT(matmul_wrong(&mm));
		ktap_sleep_ms(500);
		twin_release(core);
		EXPECT_CORRECT(&mm, 1u << core);
	}
	EXPECT_EQ(twin_read(TWIN_ERROR_COUNT), errors);
}

/*
 * Leaves a stream of a job of @fd that writes to a buffer that is destroyed. Returns true if it faulted. Otherwise the
 * buffer had not been unmapped yet: another processor was about to drop the job's last reference.
 */
static bool stray_faults(int fd, int core)
{
	uint32_t resets, tasks, faults = twin_stat(core, TWIN_STAT_FAULTS);
	struct matmul mm;

	small_matmul(&mm, fd, 54);
	twin_fault(core, TWIN_FAULT_EARLY, DONE_EARLY_AND_HELD(RKNPU_INT_DPU), 1);
	ASSERT_RET(matmul_run(&mm, 1u << core, NULL), 0);
	resets = twin_stat(core, TWIN_STAT_RESETS);
	tasks = twin_stat(core, TWIN_STAT_TASKS);
	matmul_fini(&mm);
	twin_release(core);
	while (twin_stat(core, TWIN_STAT_RESETS) == resets && twin_stat(core, TWIN_STAT_TASKS) == tasks)
		ktap_sleep_ms(1);
	return twin_stat(core, TWIN_STAT_FAULTS) != faults;
}

/* The buffer is destroyed when it is written: a fault without a job, which would repeat forever */
TEST(stray_writes_to_a_destroyed_buffer)
{
	int fd = npu_open(), core, tries;
	struct matmul next;

	twin_need();
	npu_need_iommu(fd);
	small_matmul(&next, fd, 53);
	/* Going off ends a stream as well, without a fault */
	driver_keep_on(true);
	for_each_core(core) {
		for (tries = 100; tries && !stray_faults(fd, core); tries--)
			;
		EXPECT(tries);
		EXPECT_CORRECT(&next, 1u << core);
	}
}

/* Data of a process that has exited is not visible to the next one */
static void leaves_secrets(void *arg)
{
	struct npu_bo bo;
	int fd = npu_open(), i;

	(void)arg;
	for (i = 0; i < 32; i++) {
		ASSERT_RET(npu_bo_init(&bo, fd, 1 << 20, i % 2 ? NPU_FLAGS_DATA : RKNPU_MEM_NON_CONTIGUOUS), 0);
		memset(bo.map, SECRET, bo.size);
	}
}

TEST(nothing_is_left_of_a_dead_process)
{
	int fd, i;

	EXPECT_EQ(ktap_join(ktap_fork(leaves_secrets, NULL)), 0);
	fd = npu_open();
	for (i = 0; i < 32; i++) {
		static const uint8_t zero[NPU_PAGE_MAX];
		struct npu_bo bo;
		size_t at;

		ASSERT_RET(npu_bo_init(&bo, fd, 1 << 20, i % 2 ? NPU_FLAGS_DATA : RKNPU_MEM_NON_CONTIGUOUS), 0);
		for (at = 0; at < bo.size; at += NPU_PAGE)
			EXPECT(!memcmp((char *)bo.map + at, zero, NPU_PAGE));
	}
}
