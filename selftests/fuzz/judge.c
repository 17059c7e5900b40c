// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Nothing is expected of a sequence but that it ends; of the kernel that it has nothing
 * to say; of the twin that it saw nothing that no stream can do; and of a client beside
 * it all that it wanted is right, and nothing of the device's is used up.
 */
#include "fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"
#include "klog.h"
#include "rknpu_twin_regs.h"

/* Whatever tells of an error, in one: a sequence may make a hundred lines */
static regex_t errors;
static int kmsg = -1;
static uint32_t twin_errors, sram_lost;
static char said[256];

void fuzz_judge_init(const char *log_errors)
{
	FILE *f = fopen(log_errors, "re");
	char line[256], all[4096] = "";
	size_t len = 0;

	if (!f) {
		perror(log_errors);
		exit(2);
	}
	while (fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (*line && *line != '#')
			len += snprintf(all + len, sizeof(all) - len, "%s(%s)", len ? "|" : "", line);
		if (len >= sizeof(all))
			abort();
	}
	fclose(f);
	if (!len || regcomp(&errors, all, REG_EXTENDED | REG_NOSUB)) {
		fprintf(stderr, "%s: no regular expressions\n", log_errors);
		exit(2);
	}
	kmsg = klog_open();
	if (fuzz_twin)
		twin_errors = fuzz_twin[TWIN_ERROR_COUNT / 4];
	/* The guest is to say more than one thing, and not to end with the first */
	driver_write("/proc/sys/kernel/panic_on_warn", "0");
	/*
	 * A character on the console costs the host as much as thousands of instructions, and a sequence may have the
	 * kernel say a hundred lines. All of them are read here; what ends the guest goes to the console at any level.
	 */
	driver_write("/sys/module/printk/parameters/ignore_loglevel", "N");
	driver_write("/proc/sys/kernel/printk", "3");
	/* What a sequence has fail may be any allocation, and not only one that may not sleep */
	driver_write("/sys/kernel/debug/failslab/ignore-gfp-wait", "N");
	driver_write("/sys/kernel/debug/fail_page_alloc/ignore-gfp-wait", "N");
	driver_write("/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem", "N");
	driver_write("/sys/kernel/debug/fail_page_alloc/min-order", "0");
	/* Nor tell of each failure that a sequence has asked for */
	driver_write("/sys/kernel/debug/failslab/verbose", "0");
	driver_write("/sys/kernel/debug/fail_page_alloc/verbose", "0");
	driver_write("/sys/kernel/debug/fail_usercopy/verbose", "0");
}

/* What is printed of the log around a line that tells of an error: the log holds it only for a while */
#define LINES_BEFORE	12
#define LINES_AFTER	40

static char lines_before[LINES_BEFORE][160];
static unsigned int num_lines;

static void print_before(void)
{
	unsigned int i = num_lines < LINES_BEFORE ? 0 : num_lines - LINES_BEFORE;

	for (; i < num_lines; i++)
		printf("# | %s\n", lines_before[i % LINES_BEFORE]);
}

/* The first line since the last call that tells of an error; warnings that come only once may come again */
static const char *log_says(void)
{
	char record[2048];
	unsigned int after = 0;
	bool found = false;
	const char *text;
	ssize_t n;

	for (;;) {
		n = read(kmsg, record, sizeof(record) - 1);
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n <= 0)
			break;
		record[n] = 0;
		record[strcspn(record, "\n")] = 0;
		text = strchr(record, ';') ? strchr(record, ';') + 1 : record;
		snprintf(lines_before[num_lines++ % LINES_BEFORE], sizeof(lines_before[0]), "%.150s", text);
		if (found && after++ < LINES_AFTER)
			printf("# | %.150s\n", text);
		if (found || regexec(&errors, record, 0, NULL, 0))
			continue;
		snprintf(said, sizeof(said), "%.250s", text);
		print_before();
		found = true;
	}
	if (found)
		driver_write("/sys/kernel/debug/clear_warn_once", "1");
	return found ? said : NULL;
}

/*
 * A stream may hold anything: what it holds is no mistake of the driver's. Without an IOMMU,
 * an address in it may be where there is no memory.
 */
static bool of_stream(uint32_t error)
{
	if (fuzz_untranslated && error == TWIN_ERROR_UNDECODED)
		return true;
	return error == TWIN_ERROR_S_POINTER || error == TWIN_ERROR_TASKS || error == TWIN_ERROR_STREAM ||
	       error == TWIN_ERROR_COMPUTE;
}

static const char *twin_says(void)
{
	uint32_t count, last;

	if (!fuzz_twin)
		return NULL;
	count = fuzz_twin[TWIN_ERROR_COUNT / 4];
	if (count == twin_errors)
		return NULL;
	last = fuzz_twin[TWIN_ERROR_LAST / 4];
	fuzz_twin[TWIN_ERROR_ACK / 4] = count - twin_errors;
	twin_errors = count;
	if (of_stream(last))
		return NULL;
	snprintf(said, sizeof(said), "the twin's guest error %u", last);
	return said;
}

/* A client that comes when all others are gone */
static const char *bystander_says(void)
{
	uint32_t total = 0, left = 0;
	const char *what = NULL;
	struct matmul mm;
	int fd, ret;

	fuzz_twin_disarm();
	fd = driver_open_soon();
	if (fd < 0)
		return "the device is gone";
	ret = matmul_init(&mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, 7);
	if (ret) {
		close(fd);
		snprintf(said, sizeof(said), "a bystander gets no buffers: %s", strerror(-ret));
		return said;
	}
	for (uint32_t cores = 1; cores < 8 && !what; cores <<= 1) {
		if (!(cores & soc_get()->cores))
			continue;
		ret = matmul_run(&mm, cores, NULL);
		if (ret) {
			snprintf(said, sizeof(said), "a bystander's job fails: %s", strerror(-ret));
			what = said;
		} else if (matmul_wrong(&mm)) {
			what = "a bystander's result is wrong";
		}
	}
	npu_action(fd, RKNPU_GET_TOTAL_SRAM_SIZE, &total);
	npu_action(fd, RKNPU_GET_FREE_SRAM_SIZE, &left);
	/* What is lost is told once */
	if (!what && total - left > sram_lost) {
		sram_lost = total - left;
		what = "on-chip memory that nobody has is not free";
	}
	matmul_fini(&mm);
	close(fd);
	return what;
}

const char *fuzz_judge(enum fuzz_end end, bool whole)
{
	const char *what = log_says();

	if (!what)
		what = twin_says();
	if (!what && end == FUZZ_LATE)
		what = "it ended only when it was killed";
	if (!what && end == FUZZ_STUCK)
		what = "it does not end even when it is killed";
	if (!what && whole && end != FUZZ_STUCK)
		what = bystander_says();
	/* What this client came upon */
	if (!what && whole)
		what = log_says();
	return what;
}
