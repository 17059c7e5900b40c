// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Reads the state of one NPU from sysfs.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "smi.h"

const char *smi_root(void)
{
	const char *root = getenv("RKNPU_SMI_ROOT");

	return root ? root : "";
}

void smi_path(char *path, size_t size, const char *fmt, ...)
{
	size_t used = (size_t)snprintf(path, size, "%s", smi_root());
	va_list args;

	va_start(args, fmt);
	if (used < size)
		vsnprintf(path + used, size - used, fmt, args);
	va_end(args);
}

static bool read_line(char *text, size_t size, const char *fmt, va_list args)
{
	char name[256], path[512];
	FILE *f;
	bool got;

	vsnprintf(name, sizeof(name), fmt, args);
	smi_path(path, sizeof(path), "%s", name);
	f = fopen(path, "re");
	if (!f)
		return false;
	got = fgets(text, (int)size, f);
	fclose(f);
	if (got)
		text[strcspn(text, "\n")] = '\0';
	return got;
}

bool smi_line(char *text, size_t size, const char *fmt, ...)
{
	va_list args;
	bool got;

	va_start(args, fmt);
	got = read_line(text, size, fmt, args);
	va_end(args);
	return got;
}

int64_t smi_number(const char *fmt, ...)
{
	char text[64], *end;
	int64_t value;
	va_list args;
	bool got;

	va_start(args, fmt);
	got = read_line(text, sizeof(text), fmt, args);
	va_end(args);
	if (!got)
		return SMI_UNKNOWN;
	value = strtoll(text, &end, 10);
	return end != text && !*end ? value : SMI_UNKNOWN;
}

static uint64_t count_of(const struct device *dev, const char *name)
{
	int64_t value = smi_number("/sys/class/drm/%s/device/npu/%s", dev->render, name);

	return value < 0 ? 0 : (uint64_t)value;
}

/* Find the render node of the first device that has the driver's directory, and its card */
static bool find_nodes(struct device *dev)
{
	char path[512];
	struct dirent **entries;
	int i, count;

	smi_path(path, sizeof(path), "/sys/class/drm");
	count = scandir(path, &entries, NULL, versionsort);
	for (i = 0; i < count; i++) {
		if (!dev->render[0] && !strncmp(entries[i]->d_name, "renderD", 7)) {
			smi_path(path, sizeof(path), "/sys/class/drm/%s/device/npu/busy_us", entries[i]->d_name);
			if (!access(path, F_OK))
				snprintf(dev->render, sizeof(dev->render), "%.31s", entries[i]->d_name);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	if (!dev->render[0])
		return false;
	smi_path(path, sizeof(path), "/sys/class/drm/%s/device/drm", dev->render);
	count = scandir(path, &entries, NULL, versionsort);
	for (i = 0; i < count; i++) {
		if (!strncmp(entries[i]->d_name, "card", 4))
			snprintf(dev->card, sizeof(dev->card), "%.31s", entries[i]->d_name);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return true;
}

static void read_name(struct device *dev)
{
	char path[512], *real;

	smi_path(path, sizeof(path), "/sys/class/drm/%s/device", dev->render);
	real = realpath(path, NULL);
	if (real)
		snprintf(dev->name, sizeof(dev->name), "%.63s", basename(real));
	free(real);
}

/* The sensor has the same name in mainline's and the vendor's trees */
static int64_t read_temperature(void)
{
	char type[64];
	unsigned int i;

	for (i = 0; i < 32; i++) {
		if (!smi_line(type, sizeof(type), "/sys/class/thermal/thermal_zone%u/type", i))
			continue;
		if (!strcmp(type, "npu-thermal") || !strcmp(type, "npu_thermal"))
			return smi_number("/sys/class/thermal/thermal_zone%u/temp", i);
	}
	return SMI_UNKNOWN;
}

static void read_core(struct device *dev, unsigned int core)
{
	char text[16];
	int64_t busy = smi_number("/sys/class/drm/%s/device/npu/core%u_busy_us", dev->render, core);

	if (busy == SMI_UNKNOWN)
		return;
	dev->cores |= 1u << core;
	dev->busy_us[core] = (uint64_t)busy;
	dev->load[core] = smi_number("/sys/class/drm/%s/device/npu/core%u_load", dev->render, core);
	dev->powered[core] = smi_line(text, sizeof(text), "/sys/class/drm/%s/device/npu/core%u_power", dev->render, core) &&
			     !strcmp(text, "on");
}

uint64_t smi_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

bool device_read(struct device *dev)
{
	unsigned int core;

	memset(dev, 0, sizeof(*dev));
	if (!find_nodes(dev))
		return false;
	read_name(dev);
	dev->at_ns = smi_now_ns();
	for (core = 0; core < SMI_CORES; core++)
		read_core(dev, core);
	dev->load_all = smi_number("/sys/class/drm/%s/device/npu/load", dev->render);
	smi_line(dev->soc, sizeof(dev->soc), "/sys/class/drm/%s/device/npu/soc", dev->render);
	smi_line(dev->release, sizeof(dev->release), "/sys/class/drm/%s/device/npu/driver_version", dev->render);
	if (!smi_line(dev->interface, sizeof(dev->interface), "/sys/module/rknpu/version"))
		smi_line(dev->interface, sizeof(dev->interface), "/sys/module/rknpu_open/version");
	dev->clock_hz = smi_number("/sys/class/drm/%s/device/npu/clock_hz", dev->render);
	dev->clock_max_hz = smi_number("/sys/class/drm/%s/device/npu/clock_max_hz", dev->render);
	smi_line(dev->clock_limit, sizeof(dev->clock_limit), "/sys/class/drm/%s/device/npu/clock_limit", dev->render);
	dev->voltage_uv = smi_number("/sys/class/drm/%s/device/npu/voltage_uv", dev->render);
	dev->millidegrees = read_temperature();
	dev->done = count_of(dev, "jobs_done");
	dev->failed = count_of(dev, "jobs_failed");
	dev->timed_out = count_of(dev, "jobs_timed_out");
	dev->cancelled = count_of(dev, "jobs_cancelled");
	dev->faults = count_of(dev, "faults");
	dev->resets = count_of(dev, "resets");
	dev->lost = count_of(dev, "lost_starts");
	dev->memory = count_of(dev, "memory_bytes");
	dev->sram_total = count_of(dev, "sram_total_bytes");
	dev->sram_used = count_of(dev, "sram_used_bytes");
	dev->pool_total = count_of(dev, "pool_total_bytes");
	dev->pool_used = count_of(dev, "pool_used_bytes");
	return true;
}
