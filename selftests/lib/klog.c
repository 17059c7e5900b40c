// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * /dev/kmsg returns one record per read(); -EPIPE means that records were
 * overwritten before they were read, which is ignored here. Records are read in
 * order, so one that another processor has begun and not finished hides all that
 * follow, although those are complete: nothing to read does not mean that
 * nothing was written.
 */
#include "klog.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A processor of a guest may be stopped for that long by its host in the middle of a record */
#define UNFINISHED_MS	500

int klog_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (lseek(fd, 0, SEEK_END) < 0) {
		close(fd);
		return -EIO;
	}
	return fd;
}

static bool more_comes(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, UNFINISHED_MS) > 0;
}

unsigned int klog_count(int fd, const char *text, char *last, size_t size)
{
	unsigned int found = 0;
	char record[2048];
	ssize_t n;

	for (;;) {
		n = read(fd, record, sizeof(record) - 1);
		if (n < 0 && (errno == EPIPE || errno == EINTR))
			continue;
		if (n < 0 && errno == EAGAIN && !found && more_comes(fd))
			continue;
		if (n <= 0)
			return found;
		record[n] = 0;
		if (!strstr(record, text))
			continue;
		found++;
		if (last)
			snprintf(last, size, "%.*s", (int)strcspn(record, "\n"), record);
	}
}
