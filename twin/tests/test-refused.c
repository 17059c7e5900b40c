// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: tasks that the units refuse: failing fast and dumps, instead of hanging.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dump.h"
#include "machine.h"

#define BANK	0x9000	/* core 0's first */

/* Create a machine in which a task was refused, with the tables of core 0's first bank in use */
static struct machine *refuse_with(struct twin_config *config)
{
	struct machine *m = machine_create(config, false);
	struct kick kick = simple_kick(m);
	struct stream s = stream_at(m, CMD_IOVA);

	enable_banks(m, 0);
	stream_write(&s, RKNPU_CNA_CONV_CON1, 0xdead);
	stream_end(&s, ENABLE_CONV);
	start_kick(m, 0, &kick);
	machine_run(m, 1000 * 1000);
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_LAST), TWIN_ERROR_COMPUTE);
	ctl_wr(m, TWIN_ERROR_ACK, 1);
	return m;
}

static void test_fail_fast(const void *arg)
{
	struct twin_config config;
	struct machine *m;

	(void)arg;
	twin_config_init(&config);
	m = refuse_with(&config);
	CHECK(!m->irq[0]);
	machine_destroy(m);
	config.fail_fast = true;
	m = refuse_with(&config);
	/* The failure causes one immediate page fault at the task's command words */
	CHECK(rd(m, 0, BANK + RK_IOMMU_INT_RAWSTAT) & RK_IOMMU_INT_PAGE_FAULT);
	CHECK_EQ(rd(m, 0, BANK + RK_IOMMU_PAGE_FAULT_ADDR), CMD_IOVA);
	wr(m, 0, BANK + RK_IOMMU_COMMAND, RK_IOMMU_COMMAND_PAGE_FAULT_DONE);
	wr(m, 0, BANK + RK_IOMMU_INT_CLEAR, RK_IOMMU_INT_PAGE_FAULT);
	machine_run(m, 10 * 1000 * 1000);
	CHECK(!(rd(m, 0, BANK + RK_IOMMU_INT_RAWSTAT) & RK_IOMMU_INT_PAGE_FAULT));
	CHECK_EQ(ctl_rd(m, TWIN_ERROR_COUNT), 1);
	machine_destroy(m);
}

/* Contents of a small file as a string, empty if the file does not exist */
static const char *text_of(const char *dir, const char *name)
{
	static char text[8192];
	char path[256];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "rb");
	if (f) {
		n = fread(text, 1, sizeof(text) - 1, f);
		fclose(f);
	}
	text[n] = 0;
	unlink(path);
	return text;
}

static void test_dump(const void *arg)
{
	char dir[] = "/tmp/twin-dump.XXXXXX", task[64], name[32];
	struct twin_config config;
	struct machine *m;
	const char *text;

	(void)arg;
	twin_config_init(&config);
	config.dump_dir = mkdtemp(dir);
	CHECK(config.dump_dir);
	m = refuse_with(&config);
	CHECK(strstr(m->log_last, "the task is in"));
	snprintf(task, sizeof(task), "%s/000-core0-task0", dir);
	text = text_of(task, TWIN_DUMP_TASK);
	CHECK(strstr(text, "core 0\ntask 0\ntasks 1\n") && strstr(text, "register 0x100c\nreason told to\n"));
	CHECK(strstr(text_of(task, TWIN_DUMP_REGISTERS), "0x100c 0x0000dead\n"));
	/* The command words that were fetched, and their page */
	CHECK(!memcmp(text_of(task, TWIN_DUMP_STREAM), ram(m, CMD_ADDR), 16));
	snprintf(name, sizeof(name), TWIN_DUMP_MEMORY, CMD_IOVA);
	CHECK(!memcmp(text_of(task, name), ram(m, CMD_ADDR), 4096));
	snprintf(name, sizeof(name), TWIN_DUMP_MEMORY, IN_IOVA);
	text_of(task, name);
	snprintf(name, sizeof(name), TWIN_DUMP_MEMORY, OUT_IOVA);
	text_of(task, name);
	machine_destroy(m);
	/* There are no other files */
	CHECK(!rmdir(task) && !rmdir(dir));
}

const struct test_case refused_tests[] = {
	{ "refused: the job fails at once if that is wanted", test_fail_fast, 0 },
	{ "refused: the task is saved if that is wanted", test_dump, 0 },
	{ 0 },
};
