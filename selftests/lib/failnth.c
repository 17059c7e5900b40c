// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * /proc/self/fail-nth counts down to the call that fails. Reading and writing it
 * copies to and from user memory, and these copies are counted too.
 */
#define _GNU_SOURCE
#include "failnth.h"
#include "ktap.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEBUGFS	"/sys/kernel/debug/"

static int nth = -1;

static bool setting(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool ok = fd >= 0 && write(fd, value, strlen(value)) == (ssize_t)strlen(value);

	if (fd >= 0)
		close(fd);
	return ok;
}

void failnth_need(void)
{
	if (nth >= 0)
		return;
	nth = open("/proc/self/fail-nth", O_RDWR | O_CLOEXEC);
	if (nth < 0)
		SKIP("this kernel has no fault injection");
	/* Without these settings, only allocations that may not sleep would fail */
	if (!setting(DEBUGFS "failslab/ignore-gfp-wait", "N") ||
	    !setting(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N") ||
	    !setting(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N") ||
	    !setting(DEBUGFS "fail_page_alloc/min-order", "0"))
		SKIP("fault injection cannot be set up: no debugfs, or no root");
	/* The stack traces would look like error reports */
	setting(DEBUGFS "failslab/verbose", "0");
	setting(DEBUGFS "fail_page_alloc/verbose", "0");
	setting(DEBUGFS "fail_usercopy/verbose", "0");
}

void failnth_arm(unsigned int n)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", n);

	ASSERT_EQ(pwrite(nth, text, size, 0), size);
}

bool failnth_fired(void)
{
	char text[16] = "";
	bool fired;

	/* If reading fails, this copy was the n-th call: the code before did not reach it */
	if (pread(nth, text, sizeof(text) - 1, 0) < 0) {
		ASSERT_EQ(errno, EFAULT);
		fired = false;
	} else {
		fired = !strtoul(text, NULL, 10);
	}
	/* Fails if its own copy is the n-th call; the count is then 0 too */
	if (pwrite(nth, "0", 1, 0) != 1)
		ASSERT_EQ(pwrite(nth, "0", 1, 0), 1);
	return fired;
}
