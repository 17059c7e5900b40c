// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * twin-task: compute a task that the twin has saved again, without a machine and
 * optionally with other register values. Prints how it ended and which memory it
 * wrote, and stores that memory next to the dump.
 */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "compute.h"
#include "dump.h"
#include "workers/workers.h"

#define BLOCKS		8
#define BLOCK_WORDS	(RKNPU_BLOCK_BYTES / 4)
#define PARTS_MAX	4096

struct part {
	uint32_t start;
	size_t size;
	uint8_t *data;
	size_t first, end;	/* range that was written */
};

static struct part parts[PARTS_MAX];
static unsigned int nparts;
static uint32_t regs[BLOCKS][BLOCK_WORDS];
static int16_t lut[RKNPU_DPU_LUT_TABLES][RKNPU_DPU_LUT_ENTRIES];
static uint32_t enable, dma_base;
static bool faulted;

static _Noreturn void die(const char *what, const char *name)
{
	fprintf(stderr, "twin-task: %s: %s\n", name, what);
	exit(2);
}

static FILE *open_in(const char *dir, const char *name, const char *mode)
{
	char *path;
	FILE *f;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		die("out of memory", dir);
	f = fopen(path, mode);
	free(path);
	return f;
}

static uint8_t *read_all(const char *dir, const char *name, size_t *size)
{
	FILE *f = open_in(dir, name, "rb");
	struct stat st;
	uint8_t *data;

	if (!f || fstat(fileno(f), &st))
		die(strerror(errno), name);
	*size = (size_t)st.st_size;
	data = malloc(*size + 1);
	if (!data || fread(data, 1, *size, f) != *size)
		die("cannot be read", name);
	fclose(f);
	return data;
}

static void set_register(uint32_t offset, uint32_t value)
{
	if (offset / RKNPU_BLOCK_BYTES >= BLOCKS || offset % 4)
		die("no register has such an offset", "registers");
	regs[offset / RKNPU_BLOCK_BYTES][offset % RKNPU_BLOCK_BYTES / 4] = value;
}

static void read_texts(const char *dir)
{
	FILE *f = open_in(dir, TWIN_DUMP_TASK, "r");
	uint32_t offset, value;
	char line[256];

	if (!f)
		die(strerror(errno), dir);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "enable %" SCNx32, &value) == 1)
			enable = value;
		else if (sscanf(line, "dma_base %" SCNx32, &value) == 1)
			dma_base = value;
	}
	fclose(f);
	f = open_in(dir, TWIN_DUMP_REGISTERS, "r");
	if (!f)
		die(strerror(errno), TWIN_DUMP_REGISTERS);
	while (fscanf(f, "%" SCNx32 " %" SCNx32, &offset, &value) == 2)
		set_register(offset, value);
	fclose(f);
}

static bool read_lut(const char *dir)
{
	FILE *f = open_in(dir, TWIN_DUMP_LUT, "rb");
	bool there = f && fread(lut, sizeof(lut), 1, f) == 1;

	if (f)
		fclose(f);
	return there;
}

static void read_memory(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *entry;
	uint32_t start;
	char name[64];

	if (!d)
		die(strerror(errno), dir);
	while ((entry = readdir(d))) {
		if (sscanf(entry->d_name, "memory-%" SCNx32, &start) != 1)
			continue;
		snprintf(name, sizeof(name), TWIN_DUMP_MEMORY, start);
		if (strcmp(name, entry->d_name))
			continue;
		if (nparts == PARTS_MAX)
			die("too many pieces of memory", dir);
		parts[nparts].start = start;
		parts[nparts].data = read_all(dir, name, &parts[nparts].size);
		parts[nparts].first = parts[nparts].size;
		nparts++;
	}
	closedir(d);
}

/* An access never crosses the end of a run: adjacent mapped pages were saved in one file. */
static bool access_memory(uint32_t addr, void *out, const void *in, size_t bytes)
{
	struct part *p;

	for (p = parts; p < parts + nparts; p++) {
		size_t at = addr - p->start;

		if (addr < p->start || at >= p->size || bytes > p->size - at)
			continue;
		if (in) {
			memcpy(p->data + at, in, bytes);
			p->first = at < p->first ? at : p->first;
			p->end = at + bytes > p->end ? at + bytes : p->end;
		} else if (out) {
			memcpy(out, p->data + at, bytes);
		}
		return true;
	}
	if (!bytes)
		return true;
	if (!faulted)
		printf("%s of %zu bytes at 0x%08" PRIx32 ", where nothing was mapped\n", in ? "write" : "read", bytes, addr);
	faulted = true;
	return false;
}

static bool memory_read(void *opaque, uint32_t addr, void *buf, size_t bytes)
{
	(void)opaque;
	return access_memory(addr, buf, NULL, bytes);
}

static bool memory_write(void *opaque, uint32_t addr, const void *buf, size_t bytes)
{
	(void)opaque;
	return access_memory(addr, NULL, buf, bytes);
}

static void put_written(const char *dir)
{
	char name[64];
	struct part *p;
	FILE *f;

	for (p = parts; p < parts + nparts; p++) {
		if (p->first >= p->end)
			continue;
		snprintf(name, sizeof(name), "written-%08" PRIx32 ".bin", (uint32_t)(p->start + p->first));
		f = open_in(dir, name, "wb");
		if (!f || fwrite(p->data + p->first, 1, p->end - p->first, f) != p->end - p->first || fclose(f))
			die("cannot be written", name);
		printf("written 0x%08" PRIx32 " to 0x%08" PRIx32 ": %s/%s\n", (uint32_t)(p->start + p->first),
		       (uint32_t)(p->start + p->end), dir, name);
	}
}

static int run(const char *dir, bool has_lut, unsigned int threads)
{
	const struct twin_dma dma = { .read = memory_read, .write = memory_write };
	struct twin_unit_regs unit_regs = { .lut = has_lut ? lut : NULL };
	struct twin_workers *workers = twin_workers_create(threads);
	struct twin_compute_result result;
	enum twin_compute_status status;
	unsigned int block;

	for (block = 0; block < BLOCKS; block++)
		unit_regs.block[block] = regs[block];
	if (!workers)
		die("cannot be started", "threads");
	status = twin_compute_task(&unit_regs, enable, dma_base, &dma, workers, &result);
	twin_workers_destroy(workers);
	if (status == TWIN_COMPUTE_REFUSED) {
		printf("refused: register 0x%04" PRIx32 ": %s\n", result.refused_reg, result.reason);
		return 1;
	}
	if (status != TWIN_COMPUTE_OK)
		return 1;
	printf("computed: %" PRIu64 " MACs, %" PRIu64 " bytes read, %" PRIu64 " written\n", result.macs, result.bytes_read,
	       result.bytes_written);
	put_written(dir);
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long threads = 0;
	uint32_t offset, value;
	bool has_lut;
	char *end;
	int i;

	if (argc > 2 && !strcmp(argv[1], "--threads")) {
		threads = strtoul(argv[2], &end, 10);
		if (end == argv[2] || *end || threads > TWIN_WORKERS_MAX)
			die("is no number of threads", argv[2]);
		argc -= 2;
		argv += 2;
	}
	if (argc < 2 || argv[1][0] == '-') {
		fprintf(stderr, "usage: twin-task [--threads N] DIRECTORY [0xOFFSET=0xVALUE ...]\n");
		return 2;
	}
	read_texts(argv[1]);
	has_lut = read_lut(argv[1]);
	read_memory(argv[1]);
	for (i = 2; i < argc; i++) {
		if (sscanf(argv[i], "%" SCNx32 "=%" SCNx32, &offset, &value) != 2)
			die("is not of the form OFFSET=VALUE", argv[i]);
		set_register(offset, value);
	}
	return run(argv[1], has_lut, (unsigned int)threads);
}
