// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Data for monitors: fdinfo, parsed line by line according to the kernel's "DRM
 * client usage stats" by a reader that does not know this driver; the rate, its limit
 * and the reason; memory that the tree reserves; contents of buffers of a failed job.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/stats.h"
#include "lib/testing.h"

#define DRM_MAJOR	226
#define MHZ		UINT64_C(1000000)
#define DUMPS		"/sys/class/devcoredump"

static struct matmul mm;

/* ---- A reader of fdinfo that only knows the specification ------------------------------ */

#define ENGINES		8

struct client {
	char driver[32], engine[ENGINES][32];
	uint64_t id, busy_ns[ENGINES], max_hz[ENGINES], total_bytes, resident_bytes;
	unsigned int engines;
	bool has_id;
};

static const char *after(const char *key, const char *prefix)
{
	return strncmp(key, prefix, strlen(prefix)) ? NULL : key + strlen(prefix);
}

/* "<uint>", and a unit if there is one */
static bool take_amount(const char *value, uint64_t *amount, char *unit, size_t size)
{
	char *end;

	if (!isdigit((unsigned char)*value))
		return false;
	*amount = strtoull(value, &end, 10);
	if (*end && *end != ' ')
		return false;
	snprintf(unit, size, "%s", *end ? end + 1 : "");
	return true;
}

static unsigned int engine_of(struct client *c, const char *name)
{
	unsigned int i;

	for (i = 0; i < c->engines; i++)
		if (!strcmp(c->engine[i], name))
			return i;
	ASSERT(c->engines < ENGINES);
	snprintf(c->engine[c->engines], sizeof(c->engine[0]), "%s", name);
	return c->engines++;
}

static bool take_engine(struct client *c, const char *key, const char *value)
{
	const char *name = after(key, "drm-engine-");
	char unit[16];

	if (name && !after(name, "capacity-"))
		return take_amount(value, &c->busy_ns[engine_of(c, name)], unit, sizeof(unit)) && !strcmp(unit, "ns");
	name = after(key, "drm-maxfreq-");
	if (!name || !take_amount(value, &c->max_hz[engine_of(c, name)], unit, sizeof(unit)))
		return false;
	return !*unit || !strcmp(unit, "Hz") || !strcmp(unit, "KHz") || !strcmp(unit, "MHz");
}

static bool take_region(struct client *c, const char *key, const char *value)
{
	static const char * const kinds[] = { "drm-total-", "drm-shared-", "drm-resident-" };
	uint64_t amount;
	unsigned int i;
	char unit[16];

	for (i = 0; i < ARRAY_SIZE(kinds) && !after(key, kinds[i]); i++)
		;
	if (i == ARRAY_SIZE(kinds) || !take_amount(value, &amount, unit, sizeof(unit)))
		return false;
	if (!strcmp(unit, "KiB"))
		amount <<= 10;
	else if (!strcmp(unit, "MiB"))
		amount <<= 20;
	else if (*unit)
		return false;
	if (!i)
		c->total_bytes += amount;
	else if (i == 2)
		c->resident_bytes += amount;
	return true;
}

/* Returns false if a line is neither in the specification nor in the kernel's common part for all files */
static bool take_line(struct client *c, char *line)
{
	static const char * const of_all_files[] = { "pos", "flags", "mnt_id", "ino", "lock", "scm_fds" };
	char *value = strchr(line, ':'), unit[16];
	unsigned int i;

	if (!value)
		return false;
	*value++ = '\0';
	value += strspn(value, " \t");
	/* No white space in a key, and something for a value */
	if (strpbrk(line, " \t") || !*value)
		return false;
	for (i = 0; i < ARRAY_SIZE(of_all_files); i++)
		if (!strcmp(line, of_all_files[i]))
			return true;
	if (!strcmp(line, "drm-driver")) {
		snprintf(c->driver, sizeof(c->driver), "%s", value);
		return true;
	}
	if (!strcmp(line, "drm-client-id")) {
		c->has_id = true;
		return take_amount(value, &c->id, unit, sizeof(unit)) && !*unit;
	}
	/* A driver-specific key begins with the driver's name, which must have been printed before */
	if (*c->driver && after(line, c->driver) && *after(line, c->driver) == '-')
		return true;
	return take_engine(c, line, value) || take_region(c, line, value);
}

/* Returns false if the descriptor is not for a DRM device, or cannot be read */
static bool read_client(struct client *c, const char *pid, const char *fd)
{
	char path[64], line[160];
	struct stat st;
	FILE *f;

	memset(c, 0, sizeof(*c));
	snprintf(path, sizeof(path), "/proc/%.16s/fd/%.16s", pid, fd);
	if (stat(path, &st) || !S_ISCHR(st.st_mode) || major(st.st_rdev) != DRM_MAJOR)
		return false;
	snprintf(path, sizeof(path), "/proc/%.16s/fdinfo/%.16s", pid, fd);
	f = fopen(path, "re");
	if (!f)
		return false;
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = '\0';
		char said[160];

		memcpy(said, line, sizeof(said));
		if (!EXPECT(take_line(c, line)))
			ktap_note("fdinfo says \"%s\"", said);
	}
	fclose(f);
	return *c->driver;
}

/* Adds up the usage of a process's opens; returns their number */
static unsigned int read_process(pid_t pid, struct client *sum)
{
	unsigned int count = 0, i;
	char name[16], path[64];
	struct dirent *entry;
	struct client c;
	DIR *dir;

	snprintf(name, sizeof(name), "%d", pid);
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	memset(sum, 0, sizeof(*sum));
	dir = opendir(path);
	while (dir && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || !read_client(&c, name, entry->d_name) || strcmp(c.driver, "rknpu"))
			continue;
		EXPECT(c.has_id);
		for (i = 0; i < c.engines; i++)
			sum->busy_ns[engine_of(sum, c.engine[i])] += c.busy_ns[i];
		sum->total_bytes += c.total_bytes;
		sum->resident_bytes += c.resident_bytes;
		count++;
	}
	if (dir)
		closedir(dir);
	return count;
}

TEST(fdinfo_follows_the_specification_line_by_line)
{
	struct client c;
	char fd[16];
	unsigned int i;

	snprintf(fd, sizeof(fd), "%d", stats_open(&mm));
	ASSERT(read_client(&c, "self", fd));
	EXPECT(!strcmp(c.driver, "rknpu") && c.has_id);
	EXPECT(c.engines >= npu_num_cores() && !strcmp(c.engine[0], "core0"));
	EXPECT(c.total_bytes > 0 && c.resident_bytes <= c.total_bytes);
	/* If the rate is known, it has a unit and a value; otherwise it is not printed */
	for (i = 0; i < c.engines; i++)
		EXPECT(!c.max_hz[i] || (twin_present() && c.max_hz[i] >= stats_number("clock_max_hz")));
}

/* Like nvtop and gputop: reads the opens of all processes twice and takes the difference */
TEST_LIMIT(reader_sees_who_uses_which_core, 30)
{
	unsigned int core = npu_next_core(0), i;
	struct client before, after_it, own;
	char name[16];
	pid_t child;

	stats_open(&mm);
	twin_need();
	child = fork();
	ASSERT(child >= 0);
	if (!child) {
		struct rknpu_submit args;

		close(mm.out.fd);
		small_matmul(&mm, npu_open(), 6);
		twin_fault(core, TWIN_FAULT_NEVER, 0, 1);
		args = matmul_args(&mm, 1u << core);
		args.timeout = 5000;
		npu_submit(mm.out.fd, &args);
		pause();
		_exit(0);
	}
	ktap_sleep_ms(700);
	/* It has two: the one shared with the parent has been closed */
	EXPECT_EQ(read_process(child, &before), 1);
	ktap_sleep_ms(1000);
	EXPECT_EQ(read_process(child, &after_it), 1);
	read_process(getpid(), &own);
	snprintf(name, sizeof(name), "core%u", soc_get()->single ? 0 : core);
	for (i = 0; i < after_it.engines; i++) {
		uint64_t busy = after_it.busy_ns[i] - before.busy_ns[i];

		if (strcmp(after_it.engine[i], name))
			EXPECT_EQ(busy, 0);
		else if (!EXPECT(busy >= 950000000 && busy <= 3000000000))
			ktap_note("%" PRIu64 " ns", busy);
		EXPECT_EQ(own.busy_ns[i], 0);
	}
	EXPECT(after_it.total_bytes > 0);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* ---- Rate, limit, reason --------------------------------------------------------------- */

static bool has_island(void)
{
	return twin_present() && twin_read(TWIN_ISLAND);
}

static int write_freq(const char *text)
{
	return stats_write_vendor("freq", text);
}

static void runs_at(uint64_t mhz, const char *limit)
{
	char text[32] = "", want[32];

	EXPECT_CORRECT(&mm, npu_nth(0));
	snprintf(want, sizeof(want), "%" PRIu64 "\n", mhz * MHZ);
	ASSERT_RET(stats_read_vendor("freq", text, sizeof(text)), 0);
	if (!EXPECT(!strcmp(text, want)))
		ktap_note("freq \"%s\", wanted %s", text, want);
	EXPECT_EQ(stats_number("clock_hz"), mhz * MHZ);
	EXPECT_EQ(stats_number("clock_max_hz"), mhz * MHZ);
	ASSERT_RET(stats_read("clock_limit", text, sizeof(text)), 0);
	text[strcspn(text, "\n")] = '\0';
	if (!EXPECT(!strcmp(text, limit)))
		ktap_note("limited by \"%s\", not \"%s\"", text, limit);
}

/* Of the rates that a SoC runs at, in MHz: the lowest, one below the highest, the highest */
static const struct rates {
	const char *soc;
	unsigned int low, good, full;
} rates_of[] = {
	{ "rk3588", 300, 800, 1000 },
	{ "rk3576", 300, 800, 950 },
	{ "rk3568", 297, 700, 800 },
};

TEST(vendor_freq_sets_the_rate_and_is_clamped)
{
	const struct rates *rates = rates_of;
	static const char * const bad[] = { "0", "-1", "fast", "1GHz", "99999999999999999999" };
	int log = klog_open(), fd = stats_open(&mm);
	uint32_t value = 600000000;
	unsigned int i;
	char text[32];

	if (access(STATS_VENDOR, R_OK | X_OK))
		SKIP("no " STATS_VENDOR);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		EXPECT(write_freq(bad[i]) < 0);
	if (!has_island()) {
		EXPECT_RET(write_freq("600000000"), -EOPNOTSUPP);
		EXPECT_EQ(klog_count(log, "the rate stays", NULL, 0), 1);
		EXPECT_RET(npu_action(fd, RKNPU_SET_FREQ, &value), -EOPNOTSUPP);
		return;
	}
	while (!strstr(soc_get()->compatible, rates->soc))
		ASSERT(++rates < rates_of + ARRAY_SIZE(rates_of));
	runs_at(rates->full, "none");
	EXPECT_RET(write_freq("600000000\n"), 0);
	runs_at(600, "policy");
	/* Between two rates, the lower one; below all, the lowest; above all, the highest */
	snprintf(text, sizeof(text), "%" PRIu64, rates->good * MHZ + 1);
	EXPECT_RET(write_freq(text), 0);
	runs_at(rates->good, "policy");
	EXPECT_RET(write_freq("1"), 0);
	runs_at(rates->low, "policy");
	EXPECT_RET(write_freq("18446744073709551615"), 0);
	runs_at(rates->full, "none");
	/* The same through the ioctl, for the administrator */
	EXPECT_RET(npu_action(fd, RKNPU_SET_FREQ, &value), 0);
	runs_at(600, "policy");
	value = UINT32_MAX;
	EXPECT_RET(npu_action(fd, RKNPU_SET_FREQ, &value), 0);
	runs_at(rates->full, "none");
}

/* ---- Memory that the tree reserves ------------------------------------------------------ */

TEST(reserved_memory_is_counted)
{
	uint64_t total, used;
	const char *pool = getenv("POOL");
	char text[4096] = "", want[96];
	struct npu_bo bo;
	int fd = stats_open(&mm), file;

	total = stats_number("pool_total_bytes");
	used = stats_number("pool_used_bytes");
	if (pool)
		pool = strchr(pool, '+');
	EXPECT_EQ(total, pool ? strtoull(pool + 1, NULL, 0) : 0);
	ASSERT_RET(npu_bo_init(&bo, fd, 1 << 20, NPU_FLAGS_DATA), 0);
	if (total) {
		EXPECT_EQ(stats_number("pool_used_bytes") - used, 1 << 20);
		file = open(STATS_VENDOR "mm", O_RDONLY | O_CLOEXEC);
		if (file >= 0 && read(file, text, sizeof(text) - 1) > 0) {
			used += 1 << 20;
			snprintf(want, sizeof(want), "Reserved memory total size: %llu, used: %llu, free: %llu\n",
				 (unsigned long long)total, (unsigned long long)used, (unsigned long long)(total - used));
			used -= 1 << 20;
			EXPECT(strstr(text, want));
		}
	}
	npu_bo_fini(&bo);
	EXPECT_EQ(stats_number("pool_used_bytes"), used);
}

/* ---- Contents of buffers in a dump ------------------------------------------------------- */

static char *read_dump(void)
{
	static char text[4 << 20];
	struct dirent *entry;
	DIR *dir = opendir(DUMPS);
	size_t got = 0;
	char path[320];
	FILE *f;

	while (dir && !got && (entry = readdir(dir))) {
		snprintf(path, sizeof(path), DUMPS "/%s/data", entry->d_name);
		f = entry->d_name[0] == '.' ? NULL : fopen(path, "re");
		if (!f)
			continue;
		got = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	if (dir)
		closedir(dir);
	text[got] = '\0';
	return got ? text : NULL;
}

/* Enabled when the module was loaded (DUMP_DATA: size in KiB), and no dump has been made yet */
TEST(dump_has_the_data_that_was_asked_for)
{
	const char *kib = getenv("DUMP_DATA");
	struct rknpu_submit args;
	char want[128], *text, *at;
	unsigned int lines = 0, i;
	uint64_t largest;

	if (!kib)
		SKIP("not asked for: module parameter dump_data_kib");
	npu_need_iommu(stats_open(&mm));
	twin_need();
	if (access(DUMPS, F_OK))
		SKIP("no " DUMPS);
	ASSERT(!read_dump());
	/* The beginning of the data, as it must appear in the dump */
	at = want + sprintf(want, "\ndata 0x%08" PRIx64 " ", (uint64_t)mm.in.iova);
	for (i = 0; i < 32; i++)
		at += sprintf(at, "%02x", ((uint8_t *)mm.in.map)[i]);
	twin_fault(npu_next_core(0), TWIN_FAULT_NEVER, 0, 1);
	args = matmul_args(&mm, npu_nth(0));
	args.timeout = 60;
	EXPECT_RET(npu_submit(mm.out.fd, &args), -ETIMEDOUT);
	ktap_sleep_ms(300);
	text = read_dump();
	ASSERT(text);
	if (!EXPECT(strstr(text, want)))
		ktap_note("no line \"%s\"", want + 1);
	for (at = text; (at = strstr(at, "\ndata 0x")); at++)
		lines++;
	largest = strtoull(kib, NULL, 0) * 1024 / 32;
	EXPECT(lines && lines <= largest);
	EXPECT(!strcmp(text + strlen(text) - 5, "\nend\n"));
	/* Blocks that this tree does not give to the driver are listed by name, registers of the others are shown */
	EXPECT(!strstr(text, "\nunread DPU\n") == !!strstr(text, "\nregister 0x4000 "));
	EXPECT(!strstr(text, "\nunread PPU_RDMA\n") == !!strstr(text, "\nregister 0x7000 "));
	EXPECT(strstr(text, "\nregister 0x1000 ") && strstr(text, "\nregister 0x3000 "));
}
