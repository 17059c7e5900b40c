// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Statistics of the driver: world-readable numbers in sysfs; fdinfo of an open,
 * according to the kernel's specification; the vendor driver's files in debugfs, byte
 * for byte; and the patterns with which common monitors parse them.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/stats.h"
#include "lib/testing.h"

#define NOBODY		65534
#define TIMEOUT_MS	3000

static struct matmul mm;

static void need_vendor_files(void)
{
	if (access(STATS_VENDOR, R_OK | X_OK))
		SKIP("no " STATS_VENDOR);
}

static int submit_held(unsigned int core)
{
	struct rknpu_submit args = matmul_args(&mm, 1u << core);

	args.timeout = TIMEOUT_MS;
	return npu_submit(mm.out.fd, &args);
}

static void *hang(void *core)
{
	EXPECT_RET(submit_held(*(unsigned int *)core), -ETIMEDOUT);
	return NULL;
}

/* ---- sysfs ----------------------------------------------------------------------- */

TEST(jobs_and_busy_time_are_counted)
{
	char name[32];
	unsigned int core;
	uint64_t done, busy, all, sum;
	struct rknpu_submit ran = { 0 };

	stats_open(&mm);
	for_each_core(core) {
		snprintf(name, sizeof(name), "core%u_busy_us", core);
		/* A job left by an earlier program ends before this one. */
		EXPECT_RET(matmul_run(&mm, 1u << core, NULL), 0);
		done = stats_number("jobs_done");
		busy = stats_number(name);
		all = stats_number("busy_us");
		EXPECT_RET(matmul_run(&mm, 1u << core, &ran), 0);
		EXPECT_EQ(stats_number("jobs_done") - done, 1);
		/* Both are truncated to microseconds */
		sum = stats_number(name) - busy;
		EXPECT((int64_t)sum >= ran.hw_elapse_time / 1000 - 1 && (int64_t)sum <= ran.hw_elapse_time / 1000 + 1);
		EXPECT(stats_number("busy_us") - all + 1 >= sum && stats_number("busy_us") - all <= sum + 1);
	}
}

TEST(failures_are_counted)
{
	unsigned int core = npu_next_core(0);
	uint64_t failed, out_of_time, resets, done;
	struct rknpu_submit args;

	stats_open(&mm);
	twin_need();
	failed = stats_number("jobs_failed");
	out_of_time = stats_number("jobs_timed_out");
	resets = stats_number("resets");
	done = stats_number("jobs_done");
	twin_fault(core, TWIN_FAULT_NEVER, 0, 1);
	args = matmul_args(&mm, 1u << core);
	args.timeout = 60;
	EXPECT_RET(npu_submit(mm.out.fd, &args), -ETIMEDOUT);
	EXPECT_EQ(stats_number("jobs_failed") - failed, 1);
	EXPECT_EQ(stats_number("jobs_timed_out") - out_of_time, 1);
	EXPECT_EQ(stats_number("jobs_done"), done);
	ktap_sleep_ms(50);
	EXPECT(stats_number("resets") > resets);
}

TEST(faults_are_counted)
{
	unsigned int core = npu_next_core(0);
	uint64_t faults, failed, late;

	npu_need_iommu(stats_open(&mm));
	twin_need();
	faults = stats_number("faults");
	failed = stats_number("jobs_failed");
	late = stats_number("jobs_timed_out");
	/* An unmapped address */
	ASSERT(matmul_set_register(&mm, RKNPU_DPU_DST_BASE_ADDR, 0xfff00000));
	ASSERT_RET(npu_bo_to_device(&mm.cmd), 0);
	EXPECT_RET(submit_held(core), -EIO);
	EXPECT_EQ(stats_number("faults") - faults, 1);
	EXPECT_EQ(stats_number("jobs_failed") - failed, 1);
	EXPECT_EQ(stats_number("jobs_timed_out"), late);
}

TEST(a_running_job_shows_before_it_ends)
{
	unsigned int core = npu_next_core(0);
	char name[32];
	pthread_t thread;
	uint64_t before;

	stats_open(&mm);
	twin_need();
	snprintf(name, sizeof(name), "core%u_busy_us", core);
	before = stats_number(name);
	twin_fault(core, TWIN_FAULT_NEVER, 0, 1);
	ASSERT(!pthread_create(&thread, NULL, hang, &core));
	ktap_sleep_ms(300);
	EXPECT(stats_number(name) - before > 100000);
	EXPECT(stats_number(name) - before < TIMEOUT_MS * 1000ull);
	pthread_join(thread, NULL);
	/* Time-outs are counted in ticks, which are late when the host has let a processor wait as the job started */
	EXPECT(stats_number(name) - before >= (TIMEOUT_MS - TIMEOUT_MS / 10) * 1000ull);
}

TEST(memory_and_sram_are_counted)
{
	uint64_t memory, sram, total;
	struct npu_bo bo;
	int fd = stats_open(&mm);

	memory = stats_number("memory_bytes");
	sram = stats_number("sram_used_bytes");
	total = stats_number("sram_total_bytes");
	ASSERT_RET(npu_bo_init(&bo, fd, 1 << 20, NPU_FLAGS_DATA), 0);
	EXPECT_EQ(stats_number("memory_bytes") - memory, 1 << 20);
	npu_bo_fini(&bo);
	EXPECT_EQ(stats_number("memory_bytes"), memory);
	if (!total)
		return;
	ASSERT_RET(npu_bo_init(&bo, fd, NPU_PAGE, NPU_FLAGS_DATA | RKNPU_MEM_TRY_ALLOC_SRAM), 0);
	EXPECT_EQ(stats_number("sram_used_bytes") - sram, NPU_PAGE);
	npu_bo_fini(&bo);
	EXPECT_EQ(stats_number("sram_used_bytes"), sram);
}

TEST(numbers_are_for_everybody)
{
	struct dirent *entry;
	unsigned int files = 0;
	char text[64];
	DIR *dir;

	stats_open(&mm);
	ASSERT(!setgid(NOBODY) && !setuid(NOBODY));
	dir = opendir(stats_dir());
	ASSERT(dir);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		EXPECT_RET(stats_read(entry->d_name, text, sizeof(text)), 0);
		EXPECT(strlen(text) > 1 && strchr(text, '\n') == text + strlen(text) - 1);
		files++;
	}
	closedir(dir);
	EXPECT(files >= 18);
}

TEST(cores_that_are_not_there_have_no_files)
{
	char name[32], text[32];
	unsigned int core;

	stats_open(&mm);
	for (core = 0; core < NPU_CORES; core++) {
		snprintf(name, sizeof(name), "core%u_load", core);
		EXPECT_RET(stats_read(name, text, sizeof(text)), soc_get()->cores & 1u << core ? 0 : -ENOENT);
	}
}

/* ---- fdinfo ---------------------------------------------------------------------- */

#define KEYS 48

/* One open, as parsed according to the specification: "key:" white space "value", each key once */
struct fdinfo {
	unsigned int count;
	char key[KEYS][40], value[KEYS][64];
};

static void read_fdinfo(struct fdinfo *info, pid_t pid, int fd)
{
	char path[64], line[160];
	FILE *f;

	memset(info, 0, sizeof(*info));
	snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", pid, fd);
	f = fopen(path, "re");
	ASSERT(f);
	while (info->count < KEYS && fgets(line, sizeof(line), f)) {
		unsigned int i;

		ASSERT(sscanf(line, "%39[^:]: %63[^\n]", info->key[info->count], info->value[info->count]) == 2);
		for (i = 0; i < info->count; i++)
			EXPECT(strcmp(info->key[i], info->key[info->count]));
		info->count++;
	}
	fclose(f);
}

static const char *value_of(const struct fdinfo *info, const char *key)
{
	unsigned int i;

	for (i = 0; i < info->count; i++)
		if (!strcmp(info->key[i], key))
			return info->value[i];
	ktap_note("no key %s", key);
	ASSERT(0);
	return NULL;
}

/* A value of the form "number unit" */
static uint64_t amount_of(const struct fdinfo *info, const char *key, const char *unit)
{
	const char *value = value_of(info, key);
	char *end;
	uint64_t number = strtoull(value, &end, 10);

	EXPECT(end != value);
	if (!*unit)
		EXPECT(!*end);
	else
		EXPECT(*end == ' ' && !strcmp(end + 1, unit));
	return !strcmp(unit, "KiB") ? number << 10 : number;
}

/* Number of cores of the SoC, even if the tree does not enable all of them */
static unsigned int soc_cores(void)
{
	if (soc_get()->single)
		return 1;
	return strstr(soc_get()->compatible, "rk3576") ? 2 : NPU_CORES;
}

static uint64_t engine_ns(const struct fdinfo *info, unsigned int core)
{
	char key[32];

	snprintf(key, sizeof(key), "drm-engine-core%u", core);
	return amount_of(info, key, "ns");
}

TEST(fdinfo_names_driver_and_client)
{
	struct fdinfo one, two;
	int a = stats_open(&mm), b = npu_open_render(NULL, 0);

	ASSERT(b >= 0);
	read_fdinfo(&one, getpid(), a);
	read_fdinfo(&two, getpid(), b);
	EXPECT(!strcmp(value_of(&one, "drm-driver"), "rknpu"));
	EXPECT(strcmp(value_of(&one, "drm-client-id"), value_of(&two, "drm-client-id")));
	EXPECT(!strcmp(value_of(&one, "rknpu-device"), soc_get()->device[npu_next_core(0)]));
	/* A duplicated descriptor is the same open */
	read_fdinfo(&two, getpid(), dup(a));
	EXPECT(!strcmp(value_of(&one, "drm-client-id"), value_of(&two, "drm-client-id")));
}

TEST(fdinfo_has_the_time_of_each_core)
{
	int fd = stats_open(&mm), other = npu_open_render(NULL, 0);
	struct rknpu_submit ran = { 0 };
	struct fdinfo before, after;
	unsigned int core, i;

	for_each_core(core) {
		read_fdinfo(&before, getpid(), fd);
		EXPECT_RET(matmul_run(&mm, 1u << core, &ran), 0);
		read_fdinfo(&after, getpid(), fd);
		for (i = 0; i < soc_cores() && !soc_get()->single; i++)
			EXPECT_EQ(engine_ns(&after, i) - engine_ns(&before, i), i == core ? ran.hw_elapse_time : 0);
	}
	EXPECT_EQ(amount_of(&after, "rknpu-jobs-done", ""), npu_num_cores());
	/* Another open of the same process has not done anything */
	read_fdinfo(&after, getpid(), other);
	for_each_core(core)
		EXPECT_EQ(engine_ns(&after, core), 0);
}

TEST(fdinfo_has_the_memory_of_each_open)
{
	struct fdinfo before, after;
	int fd = stats_open(&mm), dmabuf;
	struct npu_bo bo;

	read_fdinfo(&before, getpid(), fd);
	ASSERT_RET(npu_bo_init(&bo, fd, 1 << 20, NPU_FLAGS_DATA), 0);
	read_fdinfo(&after, getpid(), fd);
	EXPECT_EQ(amount_of(&after, "drm-total-memory", "KiB") - amount_of(&before, "drm-total-memory", "KiB"), 1 << 20);
	EXPECT_EQ(amount_of(&after, "drm-resident-memory", "KiB"), amount_of(&after, "drm-total-memory", "KiB"));
	EXPECT_EQ(amount_of(&after, "drm-shared-memory", "KiB"), amount_of(&before, "drm-shared-memory", "KiB"));
	ASSERT_RET(npu_export(fd, bo.handle, &dmabuf), 0);
	read_fdinfo(&after, getpid(), fd);
	EXPECT_EQ(amount_of(&after, "drm-shared-memory", "KiB") - amount_of(&before, "drm-shared-memory", "KiB"), 1 << 20);
	npu_bo_fini(&bo);
	read_fdinfo(&after, getpid(), fd);
	EXPECT_EQ(amount_of(&after, "drm-total-memory", "KiB"), amount_of(&before, "drm-total-memory", "KiB"));
}

/* The file may be closed while its job runs: its counters must still exist then */
TEST(file_closed_while_its_job_runs)
{
	unsigned int core = npu_next_core(0);
	struct rknpu_submit args;
	int fd = stats_open(&mm);
	uint64_t before;

	twin_need();
	before = stats_number("jobs_done");
	twin_hold(core, 1);
	args = matmul_args(&mm, 1u << core);
	args.flags |= RKNPU_JOB_NONBLOCK;
	ASSERT_RET(npu_submit(fd, &args), 0);
	close(fd);
	ktap_sleep_ms(50);
	twin_release(core);
	ktap_sleep_ms(200);
	EXPECT_EQ(stats_number("jobs_done") - before, 1);
}

/* ---- the vendor's files ------------------------------------------------------------ */

static void expect_text(const char *name, const char *want)
{
	char text[512];

	ASSERT_RET(stats_read_vendor(name, text, sizeof(text)), 0);
	if (!EXPECT(!strcmp(text, want)))
		ktap_note("%s: got \"%s\", wanted \"%s\"", name, text, want);
}

/* Golden texts of `load`, by the percentage of each core */
static void expect_load(unsigned int a, unsigned int b, unsigned int c)
{
	char want[96];

	if (soc_cores() == 1)
		snprintf(want, sizeof(want), "NPU load: %2u%%\n", a);
	else if (soc_cores() == 2)
		snprintf(want, sizeof(want), "NPU load:  Core0: %2u%%, Core1: %2u%%,\n", a, b);
	else
		snprintf(want, sizeof(want), "NPU load:  Core0: %2u%%, Core1: %2u%%, Core2: %2u%%,\n", a, b, c);
	expect_text("load", want);
}

static bool powered(void)
{
	char text[16];

	ASSERT_RET(stats_read_vendor("power", text, sizeof(text)), 0);
	ASSERT(!strcmp(text, "on\n") || !strcmp(text, "off\n"));
	return text[1] == 'n';
}

static void wait_for_off(void)
{
	unsigned int i;

	for (i = 0; i < 100 && powered(); i++)
		ktap_sleep_ms(20);
	EXPECT(!powered());
}

TEST(vendor_files_off_and_idle)
{
	char text[64];
	uint32_t value;
	int fd = stats_open(&mm);

	need_vendor_files();
	expect_text("version", "RKNPU driver: v0.9.8\n");
	expect_text("reset", "on\n");
	wait_for_off();
	expect_text("power", "off\n");
	ASSERT_RET(npu_action(fd, RKNPU_GET_FREQ, &value), 0);
	snprintf(text, sizeof(text), "%u\n", value);
	expect_text("freq", text);
	ASSERT_RET(npu_action(fd, RKNPU_GET_VOLT, &value), 0);
	snprintf(text, sizeof(text), "%u\n", value);
	expect_text("volt", text);
	/* Reading does not power it on */
	expect_text("power", "off\n");
	ktap_sleep_ms(2100);
	expect_load(0, 0, 0);
}

TEST_LIMIT(vendor_files_busy, 40)
{
	unsigned int core = npu_next_core(0);
	pthread_t thread;

	stats_open(&mm);
	need_vendor_files();
	twin_need();
	twin_fault(core, TWIN_FAULT_NEVER, 0, 1);
	ASSERT(!pthread_create(&thread, NULL, hang, &core));
	/* The last full second before this query was completely busy */
	ktap_sleep_ms(2100);
	expect_load(core == 0 ? 100 : 0, core == 1 ? 100 : 0, core == 2 ? 100 : 0);
	expect_text("power", "on\n");
	EXPECT_EQ(stats_number("load"), (100 + npu_num_cores() / 2) / npu_num_cores());
	pthread_join(thread, NULL);
	ktap_sleep_ms(2100);
	expect_load(0, 0, 0);
}

TEST(vendor_mm)
{
	char text[1024], *line;
	unsigned int used = 0, unused = 0, rows = 0, total, said_used, said_free;
	struct npu_bo bo;
	int fd = stats_open(&mm);

	need_vendor_files();
	if (!stats_number("sram_total_bytes")) {
		/* Memory reserved by the tree is tested in test_monitor */
		if (!stats_number("pool_total_bytes"))
			expect_text("mm", "");
		return;
	}
	ASSERT_RET(npu_bo_init(&bo, fd, 3 * NPU_PAGE, NPU_FLAGS_DATA | RKNPU_MEM_TRY_ALLOC_SRAM), 0);
	ASSERT_RET(stats_read_vendor("mm", text, sizeof(text)), 0);
	line = strtok(text, "\n");
	EXPECT(!strcmp(line, "SRAM bitmap: \"*\" - used, \".\" - free (1bit = 4KB)"));
	while ((line = strtok(NULL, "\n")) && line[0] == '[') {
		char row[8];

		snprintf(row, sizeof(row), "[%03u] [", rows++);
		EXPECT(!strncmp(line, row, 7) && line[strlen(line) - 1] == ']');
		for (line += 7; *line != ']'; line++) {
			used += *line == '*';
			unused += *line == '.';
		}
	}
	ASSERT(line && sscanf(line, "SRAM total size: %u, used: %u, free: %u", &total, &said_used, &said_free) == 3);
	EXPECT_EQ(total, stats_number("sram_total_bytes"));
	EXPECT_EQ(said_used + said_free, total);
	EXPECT_EQ(used * 4096, said_used);
	EXPECT_EQ(unused * 4096, said_free);
	EXPECT_EQ(said_used, 3 * NPU_PAGE);
	EXPECT_EQ(rows, (total / 4096 + 31) / 32);
}

TEST(vendor_power_is_held_and_let_go)
{
	stats_open(&mm);
	need_vendor_files();
	wait_for_off();
	EXPECT_RET(stats_write_vendor("power", "on\n"), 0);
	EXPECT_RET(stats_write_vendor("power", "on"), 0);
	ktap_sleep_ms(400);
	expect_text("power", "on\n");
	EXPECT_RET(stats_write_vendor("power", "off\n"), 0);
	EXPECT_RET(stats_write_vendor("power", "off"), 0);
	wait_for_off();
	EXPECT_RET(stats_write_vendor("power", "o"), -EINVAL);
	EXPECT_RET(stats_write_vendor("power", "maybe"), -EINVAL);
	EXPECT_CORRECT(&mm, npu_nth(0));
}

TEST(vendor_delay)
{
	static const char * const bad[] = { "", "-1", "3600001", "4294967296", "99999999999999999999", "1s",
					  "aaaaaaaaaaaaaaaaaaaaaaaa" };
	char usual[32];
	size_t i;

	stats_open(&mm);
	need_vendor_files();
	ASSERT_RET(stats_read_vendor("delayms", usual, sizeof(usual)), 0);
	EXPECT_RET(stats_write_vendor("delayms", "700"), 0);
	expect_text("delayms", "700\n");
	EXPECT_CORRECT(&mm, npu_nth(0));
	ktap_sleep_ms(300);
	EXPECT(powered());
	wait_for_off();
	for (i = 1; i < sizeof(bad) / sizeof(bad[0]); i++)
		EXPECT(stats_write_vendor("delayms", bad[i]) < 0);
	expect_text("delayms", "700\n");
	EXPECT_RET(stats_write_vendor("delayms", "0"), 0);
	EXPECT_CORRECT(&mm, npu_nth(0));
	EXPECT_RET(stats_write_vendor("delayms", usual), 0);
}

TEST(vendor_reset_ends_all_jobs_and_cannot_be_bypassed)
{
	unsigned int core = npu_next_core(0);
	struct rknpu_submit args;
	uint64_t cancelled;

	stats_open(&mm);
	need_vendor_files();
	EXPECT_RET(stats_write_vendor("reset", "off"), -EOPNOTSUPP);
	EXPECT_RET(stats_write_vendor("reset", "on"), 0);
	EXPECT_RET(stats_write_vendor("reset", "2"), -EINVAL);
	expect_text("reset", "on\n");
	twin_need();
	cancelled = stats_number("jobs_cancelled");
	twin_fault(core, TWIN_FAULT_NEVER, 0, 1);
	args = matmul_args(&mm, 1u << core);
	args.timeout = 10000;
	args.flags |= RKNPU_JOB_NONBLOCK;
	ASSERT_RET(npu_submit(mm.out.fd, &args), 0);
	ktap_sleep_ms(30);
	EXPECT_RET(stats_write_vendor("reset", "1"), 0);
	EXPECT_CORRECT(&mm, 1u << core);
	EXPECT_EQ(stats_number("jobs_cancelled") - cancelled, 1);
}

TEST(vendor_files_are_not_for_everybody)
{
	char text[64];

	stats_open(&mm);
	need_vendor_files();
	ASSERT(!setgid(NOBODY) && !setuid(NOBODY));
	EXPECT_RET(stats_read_vendor("load", text, sizeof(text)), -EACCES);
	EXPECT_RET(stats_write_vendor("power", "on"), -EACCES);
}

#define PROC "/proc/rknpu/"

TEST(vendor_files_in_proc)
{
	static const char * const names[] = { "version", "load", "power", "freq", "volt", "delayms", "reset", "mm" };
	char path[32], text[1024], same[1024];
	struct stat st;
	size_t i;

	if (access(PROC "load", R_OK))
		SKIP("no " PROC ": module parameter proc");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), PROC "%s", names[i]);
		ASSERT(!stat(path, &st));
		EXPECT_EQ(st.st_mode & 07777, 0444);
		EXPECT(open(path, O_WRONLY) < 0 || write(open(path, O_WRONLY), "1", 1) < 0);
		ASSERT_RET(driver_read(path, text, sizeof(text)), 0);
		if (!stats_read_vendor(names[i], same, sizeof(same)))
			EXPECT(!strcmp(text, same));
	}
	ASSERT(!setgid(NOBODY) && !setuid(NOBODY));
	EXPECT_RET(driver_read(PROC "load", text, sizeof(text)), 0);
}

/* ---- the dump of a job that failed ---------------------------------------------------- */

#define DUMPS "/sys/class/devcoredump"

/* Finds the data of a dump of this driver; returns false if there is none */
static bool find_dump(char *path, size_t size)
{
	char real[512], link[320];
	struct dirent *entry;
	bool found = false;
	DIR *dir = opendir(DUMPS);

	while (dir && !found && (entry = readdir(dir))) {
		snprintf(link, sizeof(link), DUMPS "/%s/failing_device", entry->d_name);
		snprintf(path, size, DUMPS "/%s/data", entry->d_name);
		found = entry->d_name[0] != '.' && realpath(link, real) &&
			!strcmp(basename(real), soc_get()->device[npu_next_core(0)]);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* There is one per minute, and it is kept for five minutes: an existing one is of a job that failed earlier */
TEST(failed_job_leaves_a_dump_for_root)
{
	static char text[300000];
	struct rknpu_submit args;
	char path[320];
	struct stat st;
	bool translated;
	size_t got;
	FILE *f;

	translated = npu_has_iommu(stats_open(&mm));
	twin_need();
	if (access(DUMPS, F_OK))
		SKIP("no " DUMPS);
	if (!find_dump(path, sizeof(path))) {
		twin_fault(npu_next_core(0), TWIN_FAULT_NEVER, 0, 1);
		args = matmul_args(&mm, npu_nth(0));
		args.timeout = 60;
		EXPECT_RET(npu_submit(mm.out.fd, &args), -ETIMEDOUT);
		ktap_sleep_ms(200);
		ASSERT(find_dump(path, sizeof(path)));
	}
	ASSERT(!stat(path, &st));
	EXPECT_EQ(st.st_mode & 0777, 0600);
	EXPECT_EQ(st.st_uid, 0);
	f = fopen(path, "re");
	ASSERT(f);
	got = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[got] = '\0';
	EXPECT(!strncmp(text, "rknpu dump 1\n", 13));
	EXPECT(strstr(text, "\nreason ") && strstr(text, "\npid ") && strstr(text, "\ncore ") && strstr(text, "\ntask "));
	EXPECT(strstr(text, "\nregister 0x0020 "));
	/* Without an IOMMU there is no list of mappings */
	if (translated)
		EXPECT(strstr(text, "\nmapping 0x") && strstr(text, "\nword 0x"));
	EXPECT(got > 4 && !strcmp(text + got - 5, "\nend\n"));
	ASSERT(!setgid(NOBODY) && !setuid(NOBODY));
	EXPECT_EQ(open(path, O_RDONLY), -1);
}

/* ---- parsing by monitors ------------------------------------------------------------- */

/* Number of matches of a pattern of extended regular expressions, and the sum of what its last group matches */
static unsigned int matches(const char *pattern, unsigned int group, const char *text, unsigned int *sum)
{
	regmatch_t at[4];
	unsigned int count = 0;
	regex_t re;

	ASSERT(!regcomp(&re, pattern, REG_EXTENDED));
	for (*sum = 0; !regexec(&re, text, 4, at, 0); text += at[0].rm_eo, count++)
		*sum += (unsigned int)atoi(text + at[group].rm_so);
	regfree(&re);
	return count;
}

/* rknputop, Frigate, rktop, rknpu-monitoring, rknpu-exporter, nvtop: each with its own pattern */
static void monitors_read(const char *load, unsigned int cores, unsigned int want)
{
	unsigned int sum, found, percent, all = 0, count = 0;
	const char *p;

	/* rknputop: the pattern for several cores, otherwise the other one */
	found = matches("Core([0-9]+):[[:space:]]*([0-9]+)%", 2, load, &sum);
	if (!found)
		found = matches("NPU load:[[:space:]]+([0-9]+)%", 1, load, &sum);
	EXPECT_EQ(found, cores);
	EXPECT_EQ(sum, want);
	/* Frigate, rktop: any number of spaces; rknpu-monitoring: at least one */
	if (cores > 1) {
		EXPECT_EQ(matches("Core[0-9]+:[[:space:]]*([0-9]+)%", 1, load, &sum), cores);
		EXPECT_EQ(sum, want);
		EXPECT_EQ(matches("(Core[0-9]):[[:space:]]+([0-9]+)%", 2, load, &sum), cores);
		EXPECT_EQ(sum, want);
	}
	/* rknpu-exporter: numbers before a percent sign */
	EXPECT_EQ(matches("([0-9]+)%", 1, load, &sum), cores);
	EXPECT_EQ(sum, want);
	/* nvtop: the first line, from one "Core" to the next */
	for (p = strstr(load, "Core"); p; p = strstr(p + 4, "Core"))
		if (sscanf(p, "Core%*d: %d%%", &percent) == 1) {
			all += percent;
			count++;
		}
	EXPECT_EQ(count, cores > 1 ? cores : 0);
	EXPECT_EQ(all, cores > 1 ? want : 0);
}

TEST_LIMIT(monitors_read_the_load, 40)
{
	unsigned int core = npu_next_core(0), cores;
	char text[128];
	pthread_t thread;

	stats_open(&mm);
	need_vendor_files();
	ktap_sleep_ms(2100);
	ASSERT_RET(stats_read_vendor("load", text, sizeof(text)), 0);
	for (cores = 0; cores < NPU_CORES && strstr(text, (char[]){ 'C', 'o', 'r', 'e', (char)('0' + cores), 0 }); cores++)
		;
	cores = cores ? cores : 1;
	EXPECT_EQ(cores == 1, soc_get()->single);
	monitors_read(text, cores, 0);
	twin_need();
	twin_fault(core, TWIN_FAULT_NEVER, 0, 1);
	ASSERT(!pthread_create(&thread, NULL, hang, &core));
	ktap_sleep_ms(2100);
	ASSERT_RET(stats_read_vendor("load", text, sizeof(text)), 0);
	monitors_read(text, cores, 100);
	pthread_join(thread, NULL);
}

TEST(monitors_read_the_rest)
{
	char text[64], *colon, *end;

	need_vendor_files();
	/* rknputop: text after the colon; librknnrt, rktop: one number */
	ASSERT_RET(stats_read_vendor("version", text, sizeof(text)), 0);
	colon = strchr(text, ':');
	ASSERT(colon);
	EXPECT(!strcmp(colon + 1, " v0.9.8\n"));
	ASSERT_RET(stats_read_vendor("freq", text, sizeof(text)), 0);
	EXPECT(strtoul(text, &end, 10) >= 100000000 && !strcmp(end, "\n"));
	ASSERT_RET(stats_read_vendor("volt", text, sizeof(text)), 0);
	strtoul(text, &end, 10);
	EXPECT(end != text && !strcmp(end, "\n"));
	/* A device plugin for Kubernetes reads this one */
	if (!access("/sys/module/rknpu", F_OK)) {
		ASSERT_RET(driver_read("/sys/module/rknpu/version", text, sizeof(text)), 0);
		EXPECT(!strcmp(text, "0.9.8\n"));
	}
}
