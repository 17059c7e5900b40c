// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Also checks the twin after every case: a guest error that a case did not
 * acknowledge fails it, and armed faults are disarmed.
 */
#define _GNU_SOURCE
#include "twin.h"
#include "driver.h"
#include "ktap.h"
#include "npu.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEVICE_TREE	"/proc/device-tree"

static volatile uint32_t *page;
static int page_fd = -1;
static uint32_t unacked_before;

/* Returns true if a node with that compatible is a child of the root or of a bus directly below it */
static bool announced(const char *dir, const char *wanted, int depth)
{
	char path[512], compatible[64];
	bool found = false;
	struct dirent *e;
	ssize_t n;
	DIR *d;
	int fd;

	snprintf(path, sizeof(path), "%s/compatible", dir);
	fd = open(path, O_RDONLY);
	if (fd >= 0) {
		n = read(fd, compatible, sizeof(compatible) - 1);
		close(fd);
		if (n > 0) {
			compatible[n] = 0;
			if (!strcmp(compatible, wanted))
				return true;
		}
	}
	d = depth ? opendir(dir) : NULL;
	while (d && !found && (e = readdir(d))) {
		if (e->d_type != DT_DIR || e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		found = announced(path, wanted, depth - 1);
	}
	if (d)
		closedir(d);
	return found;
}

static bool tried;

bool twin_present(void)
{
	void *map;

	if (tried)
		return page;
	tried = true;
	if (!announced(DEVICE_TREE, "rknpu,twin", 2))
		return false;
	page_fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	if (page_fd < 0)
		return false;
	map = mmap(NULL, TWIN_CTL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, page_fd, TWIN_CTL_ADDR);
	if (map == MAP_FAILED)
		return false;
	page = map;
	if (twin_read(TWIN_ID) != TWIN_ID_VALUE)
		page = NULL;
	return page;
}

void twin_forget(void)
{
	if (page)
		munmap((void *)page, TWIN_CTL_BYTES);
	if (page_fd >= 0)
		close(page_fd);
	page = NULL;
	page_fd = -1;
	tried = false;
}

void twin_need(void)
{
	if (!twin_present())
		SKIP("needs the hardware twin's control page");
}

uint32_t twin_read(uint32_t reg)
{
	return page[reg / 4];
}

void twin_write(uint32_t reg, uint32_t value)
{
	page[reg / 4] = value;
}

uint32_t twin_stat(unsigned int core, uint32_t stat)
{
	/* Counters of a core that the SoC does not have are 0 */
	if (core >= twin_read(TWIN_CORES))
		return 0;
	return twin_read(TWIN_CORE_STAT(core) + stat);
}

uint64_t twin_stat64(unsigned int core, uint32_t stat)
{
	uint32_t high, low;

	do {
		high = twin_stat(core, stat + 4);
		low = twin_stat(core, stat);
	} while (high != twin_stat(core, stat + 4));
	return (uint64_t)high << 32 | low;
}

/*
 * Arming a fault takes several writes, which must be by one process at a time. POSIX locks belong to a single process,
 * are not inherited by fork, and are released when it ends in any way.
 */
static void lock_page(int how)
{
	EXPECT_EQ(lockf(page_fd, how, 0), 0);
}

void twin_fault(unsigned int core, uint32_t kind, uint32_t param, uint32_t count)
{
	if (core >= twin_read(TWIN_CORES))
		SKIP("needs core %u", core);
	if (kind == TWIN_FAULT_STALL && !soc_get()->tells_lost_start)
		SKIP("a lost start cannot be cured here");
	lock_page(F_LOCK);
	twin_write(TWIN_FAULT_CORE, core);
	twin_write(TWIN_FAULT_KIND, kind);
	twin_write(TWIN_FAULT_PARAM, param);
	twin_write(TWIN_FAULT_COUNT, count);
	lock_page(F_ULOCK);
}

uint32_t twin_faults_left(unsigned int core)
{
	uint32_t left;

	lock_page(F_LOCK);
	twin_write(TWIN_FAULT_CORE, core);
	left = twin_read(TWIN_FAULT_COUNT);
	lock_page(F_ULOCK);
	return left;
}

void twin_disarm(void)
{
	unsigned int core;

	for_each_core(core) {
		twin_fault(core, TWIN_FAULT_NONE, 0, 0);
		twin_slow_ack(core, 0);
	}
}

void twin_hold(unsigned int core, uint32_t count)
{
	twin_fault(core, TWIN_FAULT_LATE, UINT32_MAX, count);
}

void twin_release(unsigned int core)
{
	twin_write(TWIN_RELEASE, core);
}

void twin_spurious(unsigned int core, uint32_t raw)
{
	lock_page(F_LOCK);
	twin_write(TWIN_FAULT_PARAM, raw);
	twin_write(TWIN_SPURIOUS, core);
	lock_page(F_ULOCK);
}

void twin_slow_ack(unsigned int core, uint32_t ms)
{
	lock_page(F_LOCK);
	twin_write(TWIN_FAULT_CORE, core);
	twin_write(TWIN_SLOW_ACK_MS, ms);
	if (ms && !twin_read(TWIN_SLOW_ACK_MS))
		SKIP("one processor runs at a time");
	lock_page(F_ULOCK);
}

uint32_t twin_slow_ack_left(unsigned int core)
{
	uint32_t left;

	lock_page(F_LOCK);
	twin_write(TWIN_FAULT_CORE, core);
	left = twin_read(TWIN_SLOW_ACK_MS);
	lock_page(F_ULOCK);
	return left;
}

/* Module parameters that cases may change; they are restored afterwards */
static const char * const params[] = { "client_max_jobs", "stall_limit_ms", "poll_us", "sync_imports" };
static char usual[sizeof(params) / sizeof(params[0])][32];

static void save_params(void)
{
	for (unsigned int i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (driver_get_param(params[i], usual[i], sizeof(usual[i])))
			usual[i][0] = 0;
}

static void restore_params(void)
{
	for (unsigned int i = 0; i < sizeof(params) / sizeof(params[0]); i++)
		if (usual[i][0])
			driver_set_param(params[i], usual[i]);
}

/* Whether cores may go off, see driver_keep_on(); a case that is skipped or fails leaves it changed. */
static bool kept_on;

static bool before(void)
{
	save_params();
	kept_on = driver_keeps_on();
	/*
	 * Computing on the twin takes time on the host, and cases hold cores for as long as they
	 * like. Cases that test stalled jobs set their own limit.
	 */
	if (twin_present() && usual[1][0])
		driver_set_param(params[1], "0");
	if (twin_present())
		unacked_before = twin_read(TWIN_ERROR_UNACKED);
	return true;
}

static bool after(void)
{
	uint32_t unacked;

	restore_params();
	if (driver_keeps_on() != kept_on)
		driver_keep_on(kept_on);
	if (!twin_present())
		return true;
	twin_disarm();
	twin_write(TWIN_TASK_OVERHEAD_NS, TWIN_TASK_OVERHEAD_USUAL_NS);
	twin_write(TWIN_MACS_PER_CYCLE, 0);
	unacked = twin_read(TWIN_ERROR_UNACKED);
	if (unacked == unacked_before)
		return true;
	ktap_note("the twin counted %u new guest errors, the last of kind %u", unacked - unacked_before,
		  twin_read(TWIN_ERROR_LAST));
	return false;
}

__attribute__((constructor)) static void twin_judges(void)
{
	ktap_hooks(before, after);
}
