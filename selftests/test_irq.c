// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Affinity of the cores' interrupts: they are spread over the biggest processors
 * until user space changes it.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/driver.h"
#include "lib/testing.h"

/* The interrupt of a core; if cores share a device, its interrupts are in order */
static int irq_of(unsigned int core)
{
	const char *name = soc_get()->device[core];
	unsigned int nth = 0, other;
	char line[512];
	int irq = -1;
	FILE *f = fopen("/proc/interrupts", "r");

	if (!f)
		return -1;
	for (other = 0; other < core; other++)
		nth += soc_get()->device[other] && !strcmp(soc_get()->device[other], name);
	while (irq < 0 && fgets(line, sizeof(line), f))
		if (strstr(line, name) && !nth--)
			irq = atoi(line);
	fclose(f);
	return irq;
}

static void affinity_path(int irq, char *path, size_t size)
{
	snprintf(path, size, "/proc/irq/%d/smp_affinity_list", irq);
}

static int cpu_of(int irq)
{
	char path[64], text[64] = "";
	int fd;

	affinity_path(irq, path, sizeof(path));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	return strpbrk(text, "-,") ? -1 : atoi(text);
}

/* BIG in the environment: the first of the biggest processors, and their number */
TEST(interrupts_go_to_the_biggest_processors)
{
	const char *env = getenv("BIG");
	unsigned int first, num, core;

	close(npu_open());
	if (!env || sscanf(env, "%u %u", &first, &num) != 2)
		SKIP("it is not known which processors are big");
	for_each_core(core) {
		int irq = irq_of(core);

		ASSERT(irq >= 0);
		EXPECT_EQ(cpu_of(irq), first + core % num);
	}
}

/* The affinity set by user space is kept regardless of what happens to the core */
TEST(user_space_places_interrupts_as_it_likes)
{
	unsigned int core, cpus = sysconf(_SC_NPROCESSORS_ONLN);
	struct matmul mm;
	char path[64], text[8];

	twin_need();
	if (geteuid() || cpus < 2)
		SKIP("needs root and two processors");
	small_matmul(&mm, npu_open(), 141);
	for_each_core(core) {
		int irq = irq_of(core), cpu = (cpu_of(irq) + 1) % cpus;
		struct rknpu_submit args = matmul_args(&mm, 1u << core);

		ASSERT(irq >= 0);
		affinity_path(irq, path, sizeof(path));
		snprintf(text, sizeof(text), "%d", cpu);
		ASSERT_RET(driver_write(path, text), 0);
		EXPECT_CORRECT(&mm, 1u << core);
		args.timeout = 20;
		twin_fault(core, TWIN_FAULT_LATE, 10000000, 1);
		EXPECT_RET(npu_submit(mm.out.fd, &args), -ETIMEDOUT);
		/* Power off and on again */
		ktap_sleep_ms(300);
		EXPECT_CORRECT(&mm, 1u << core);
		EXPECT_EQ(cpu_of(irq), cpu);
	}
}
