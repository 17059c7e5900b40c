// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Differences between SoCs, written independently from the same facts as the
 * driver's table (vendor driver 0.9.8), so a mistake there is found here.
 */
#define _GNU_SOURCE
#include "soc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TREE		"/proc/device-tree"
#define FIRE		0x46495245

static const struct soc socs[] = {
	{
		.compatible = "rockchip,rk3588-rknn-core", .cores = 7, .version = FIRE, .scale = 2, .max_tasks = 4095,
		.tells_lost_start = true, .device = { "fdab0000.npu", "fdac0000.npu", "fdad0000.npu" },
	}, {
		.compatible = "rockchip,rk3588-rknpu", .cores = 7, .version = FIRE, .scale = 2, .max_tasks = 4095,
		.tells_lost_start = true, .shares_iommu = true,
		.device = { "fdab0000.npu", "fdab0000.npu", "fdab0000.npu" },
	}, {
		.compatible = "rockchip,rk3576-rknpu", .cores = 3, .version = FIRE + 2, .scale = 2, .max_tasks = 65535,
		.counts = true, .shares_iommu = true, .device = { "27700000.npu", "27700000.npu" },
	}, {
		.compatible = "rockchip,rk3568-rknpu", .cores = 1, .version = 0, .scale = 1, .max_tasks = 4095,
		.single = true, .counts = true, .has_qos = true, .tells_lost_start = true, .shares_iommu = true,
		.device = { "fde40000.npu" },
	},
};

static struct soc found;

static ssize_t property(const char *node, const char *name, char *buf, size_t size)
{
	char path[512];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), TREE "/%s/%s", node, name);
	fd = open(path, O_RDONLY);
	if (fd < 0)
		return -1;
	n = read(fd, buf, size - 1);
	close(fd);
	buf[n > 0 ? n : 0] = 0;
	return n;
}

static bool enabled(const char *node)
{
	char status[16];

	return property(node, "status", status, sizeof(status)) < 0 || !strcmp(status, "okay");
}

/* The core whose device has the same address in its name as the node, "npu@ADDRESS" */
static uint32_t core_of(const struct soc *soc, const char *node)
{
	const char *address = strchr(node, '@');
	unsigned int i;

	for (i = 0; address && i < NPU_CORES && soc->device[i]; i++)
		if (!strncmp(soc->device[i], address + 1, strlen(address + 1)))
			return 1u << i;
	return 0;
}

static void look_at(const char *node)
{
	char compatible[128], cells[64];
	unsigned int i;

	if (property(node, "compatible", compatible, sizeof(compatible)) < 0 || !enabled(node))
		return;
	for (i = 0; i < sizeof(socs) / sizeof(socs[0]); i++) {
		const struct soc *soc = &socs[i];
		uint32_t cores = found.cores;

		if (strcmp(compatible, soc->compatible))
			continue;
		found = *soc;
		if (!soc->device[1] || strcmp(soc->device[0], soc->device[1])) {
			found.cores = cores | core_of(soc, node);
			found.tells_lost_start = soc->tells_lost_start && found.cores == soc->cores;
		} else if (property(node, "nvmem-cell-names", cells, sizeof(cells)) > 0) {
			/* The fuse of RK3583 */
			found.cores = 3;
			found.tells_lost_start = false;
		}
	}
}

const struct soc *soc_get(void)
{
	struct dirent *e;
	DIR *d;

	if (found.compatible)
		return &found;
	d = opendir(TREE);
	while (d && (e = readdir(d)))
		if (!strncmp(e->d_name, "npu@", 4))
			look_at(e->d_name);
	if (d)
		closedir(d);
	if (!found.compatible)
		found = socs[0];
	return &found;
}

int npu_next_core(int core)
{
	while (core < NPU_CORES && !(soc_get()->cores & 1u << core))
		core++;
	return core;
}

unsigned int npu_num_cores(void)
{
	return __builtin_popcount(soc_get()->cores);
}

int npu_nth_core(unsigned int n)
{
	int core;

	n %= npu_num_cores();
	for_each_core(core) {
		if (!n--)
			break;
	}
	return core;
}

uint32_t npu_nth(unsigned int n)
{
	return 1u << npu_nth_core(n);
}
