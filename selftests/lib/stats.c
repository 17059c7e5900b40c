// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#include "stats.h"
#include "driver.h"
#include "testing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char dir[64];

int stats_open(struct matmul *mm)
{
	char node[32];
	int fd = npu_open_render(node, sizeof(node));

	ASSERT(fd >= 0);
	snprintf(dir, sizeof(dir), "/sys/class/drm/%s/device/npu/", strrchr(node, '/') + 1);
	small_matmul(mm, fd, 5);
	return fd;
}

const char *stats_dir(void)
{
	return dir;
}

static int read_in(const char *where, const char *name, char *text, size_t size)
{
	char path[320];

	snprintf(path, sizeof(path), "%s%s", where, name);
	return driver_read(path, text, size);
}

int stats_read(const char *name, char *text, size_t size)
{
	return read_in(dir, name, text, size);
}

uint64_t stats_number(const char *name)
{
	char text[64], *end;
	uint64_t value;

	ASSERT_RET(stats_read(name, text, sizeof(text)), 0);
	value = strtoull(text, &end, 10);
	ASSERT(end != text && !strcmp(end, "\n"));
	return value;
}

int stats_read_vendor(const char *name, char *text, size_t size)
{
	return read_in(STATS_VENDOR, name, text, size);
}

int stats_write_vendor(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), STATS_VENDOR "%s", name);
	return driver_write(path, text);
}
