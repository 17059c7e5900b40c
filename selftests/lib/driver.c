// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#define _GNU_SOURCE
#include "driver.h"
#include "npu.h"
#include "soc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

int driver_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

int driver_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = 0;
	ssize_t len;

	if (fd < 0)
		return -errno;
	len = read(fd, text, size - 1);
	if (len < 0)
		ret = -errno;
	text[len > 0 ? len : 0] = '\0';
	close(fd);
	return ret;
}

static void param_path(const char *name, char *path, size_t size)
{
	snprintf(path, size, "/sys/module/rknpu/parameters/%s", name);
}

int driver_set_param(const char *name, const char *value)
{
	char path[128];

	param_path(name, path, sizeof(path));
	return driver_write(path, value);
}

int driver_get_param(const char *name, char *value, size_t size)
{
	char path[128];

	param_path(name, path, sizeof(path));
	return driver_read(path, value, size);
}

int driver_bind(const char *what, const char *device)
{
	char path[128];

	snprintf(path, sizeof(path), DRIVER_PATH "/%s", what);
	return driver_write(path, device);
}

bool driver_hears_of_refused_domains(void)
{
	unsigned int major = 0, minor = 0;
	struct utsname uts;

	if (uname(&uts) || sscanf(uts.release, "%u.%u", &major, &minor) != 2)
		return false;
	return major > 6 || (major == 6 && minor >= 15);
}

int driver_open_soon(void)
{
	const struct timespec pause = { 0, 10000000 };
	int i, fd;

	for (i = 0; i < 300; i++) {
		fd = npu_open_render(NULL, 0);
		if (fd >= 0)
			return fd;
		nanosleep(&pause, NULL);
	}
	return -ENODEV;
}

int driver_unload(void)
{
	return syscall(SYS_delete_module, "rknpu", O_NONBLOCK) ? -errno : 0;
}

static void control_path(unsigned int core, char *path, size_t size)
{
	snprintf(path, size, "/sys/bus/platform/devices/%s/power/control", soc_get()->device[core]);
}

void driver_keep_on(bool on)
{
	char path[96];
	int core;

	for_each_core(core) {
		control_path(core, path, sizeof(path));
		driver_write(path, on ? "on" : "auto");
	}
}

bool driver_keeps_on(void)
{
	char path[96], text[16] = "";

	if (!npu_num_cores())
		return false;
	control_path(npu_nth_core(0), path, sizeof(path));
	return !driver_read(path, text, sizeof(text)) && !strncmp(text, "on", 2);
}
