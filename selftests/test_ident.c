// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * How programs and scripts recognise the device: DRM names and numbers, node
 * numbers, sysfs names, and permissions of the nodes.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/testing.h"

static int card_or_render(int render)
{
	int fd = render ? npu_open_render(NULL, 0) : npu_open_card(NULL, 0);

	if (fd < 0)
		SKIP("no node of driver rknpu");
	return fd;
}

TEST(drm_version)
{
	int render;

	for (render = 0; render < 2; render++) {
		char name[32] = "", date[32] = "", desc[64] = "";
		struct drm_version v = {
			.name = name, .name_len = sizeof(name) - 1, .date = date, .date_len = sizeof(date) - 1,
			.desc = desc, .desc_len = sizeof(desc) - 1,
		};

		ASSERT_RET(npu_ioctl(card_or_render(render), DRM_IOCTL_VERSION, &v), 0);
		EXPECT(!strcmp(name, "rknpu"));
		EXPECT(!strcmp(desc, "RKNPU driver"));
		EXPECT_EQ(v.version_major, 0);
		EXPECT_EQ(v.version_minor, 9);
		EXPECT_EQ(v.version_patchlevel, 8);
	}
}

/* libdrm's open by name skips a node that reports a bus id */
TEST(unique_is_empty)
{
	char text[64] = "untouched";
	struct drm_unique u = { .unique = text, .unique_len = sizeof(text) };

	ASSERT_RET(npu_ioctl(card_or_render(0), DRM_IOCTL_GET_UNIQUE, &u), 0);
	EXPECT_EQ(u.unique_len, 0);
}

TEST(node_numbers_that_programs_hard_code)
{
	char card[32], render[32];

	twin_need();
	ASSERT(npu_open_card(card, sizeof(card)) >= 0);
	ASSERT(npu_open_render(render, sizeof(render)) >= 0);
	EXPECT(!strcmp(card, "/dev/dri/card1"));
	EXPECT(!strcmp(render, "/dev/dri/renderD129"));
}

static void read_line(const char *path, char *line, size_t size)
{
	FILE *f = fopen(path, "r");

	line[0] = 0;
	if (!f)
		return;
	if (fgets(line, size, f))
		line[strcspn(line, "\n")] = 0;
	fclose(f);
}

TEST(sysfs_names_that_scripts_hard_code)
{
	char node[32], path[PATH_MAX], link[PATH_MAX], version[32];
	ssize_t n;

	ASSERT(npu_open_render(node, sizeof(node)) >= 0);
	snprintf(path, sizeof(path), "/sys/class/drm/%s/device", basename(node));
	n = readlink(path, link, sizeof(link) - 1);
	ASSERT(n > 0);
	link[n] = 0;
	EXPECT(!strcmp(basename(link), soc_get()->device[npu_nth_core(0)]));

	snprintf(path, sizeof(path), "/sys/class/drm/%s/device/driver", basename(node));
	n = readlink(path, link, sizeof(link) - 1);
	ASSERT(n > 0);
	link[n] = 0;
	EXPECT(!strcmp(basename(link), "RKNPU"));

	read_line("/sys/module/rknpu/version", version, sizeof(version));
	EXPECT(!strcmp(version, "0.9.8"));
}

/* Neither node requires master, authentication or root */
TEST(all_six_calls_without_privilege)
{
	int nodes[2] = { card_or_render(0), card_or_render(1) };
	int i;

	ASSERT_EQ(setresgid(1000, 1000, 1000), 0);
	ASSERT_EQ(setresuid(1000, 1000, 1000), 0);
	for (i = 0; i < 2; i++) {
		struct rknpu_mem_create create = { .size = NPU_PAGE, .flags = NPU_FLAGS_DATA };
		struct rknpu_submit submit = { .flags = RKNPU_JOB_PC, .task_number = 1 };
		uint64_t offset;
		uint32_t value = 0;

		EXPECT_RET(npu_action(nodes[i], RKNPU_GET_DRV_VERSION, &value), 0);
		ASSERT_RET(npu_create(nodes[i], &create), 0);
		EXPECT_RET(npu_map(nodes[i], create.handle, &offset), 0);
		EXPECT_RET(npu_sync(nodes[i], create.obj_addr, 0, NPU_PAGE, RKNPU_MEM_SYNC_TO_DEVICE), 0);
		EXPECT_RET(npu_submit(nodes[i], &submit), -EINVAL);
		EXPECT_RET(npu_destroy(nodes[i], create.handle), 0);
	}
}

TEST(unknown_driver_numbers)
{
	char arg[256];
	unsigned int nr;
	int fd = npu_open();

	for (nr = DRM_COMMAND_BASE + RKNPU_MEM_SYNC + 1; nr < DRM_COMMAND_END; nr++) {
		memset(arg, 0, sizeof(arg));
		if (!EXPECT_RET(npu_ioctl(fd, _IOC(_IOC_READ | _IOC_WRITE, DRM_IOCTL_BASE, nr, 64), arg), -EINVAL))
			ktap_note("driver ioctl number 0x%x", nr);
	}
}

TEST(bad_pointers)
{
	static const unsigned long calls[] = {
		DRM_IOCTL_RKNPU_ACTION, DRM_IOCTL_RKNPU_SUBMIT, DRM_IOCTL_RKNPU_MEM_CREATE,
		DRM_IOCTL_RKNPU_MEM_MAP, DRM_IOCTL_RKNPU_MEM_DESTROY, DRM_IOCTL_RKNPU_MEM_SYNC,
	};
	int fd = npu_open();
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		EXPECT_RET(npu_ioctl(fd, calls[i], NULL), -EFAULT);
		EXPECT_RET(npu_ioctl(fd, calls[i], (void *)0xffff800000000000ul), -EFAULT);
	}
}

/* Any user can make these mistakes, so none of them may fill the log */
TEST(I8_refusals_are_silent)
{
	int fd = npu_open(), log = klog_open(), i;
	char last[256] = "";
	unsigned int lines;

	if (log < 0)
		SKIP("no kernel log to read");
	for (i = 0; i < 100; i++) {
		struct rknpu_mem_create create = { .size = 0 };
		struct rknpu_submit submit = { .flags = RKNPU_JOB_PC, .task_number = 1, .core_mask = 8 };
		uint32_t value = 0;

		EXPECT_RET(npu_create(fd, &create), -EINVAL);
		EXPECT_RET(npu_submit(fd, &submit), -EINVAL);
		EXPECT_RET(npu_action(fd, 99, &value), -EINVAL);
		EXPECT_RET(npu_sync(fd, 0xdeadbeef, 0, 1, 1), -EINVAL);
		EXPECT_RET(npu_destroy(fd, 0xdead), -ENOENT);
	}
	lines = klog_count(log, "npu", last, sizeof(last));
	if (!EXPECT_EQ(lines, 0))
		ktap_note("%s", last);
}
