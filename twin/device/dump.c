// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: saves a refused task to files, for inspection and for computing it again
 * without the machine: a text file that describes it, its registers, its command
 * words, and all memory that the core's tables map at that moment.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dump.h"
#include "priv.h"

#define MOST_MEMORY		(1ull << 30)	/* per dump, so a program that maps everything cannot fill the disk */
#define PAGES			(1u << (32 - RK_IOMMU_PAGE_SHIFT))

static FILE *create(int dir, const char *name)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	return fd < 0 ? NULL : fdopen(fd, "wb");
}

static bool put_task(const struct twin_core *core, int dir, const char *reason)
{
	const struct twin_work *work = &core->work;
	FILE *f = create(dir, TWIN_DUMP_TASK);

	if (!f)
		return false;
	fprintf(f, "soc %s\ncore %u\ntask %u\ntasks %u\nenable 0x%x\ndma_base 0x%08x\n", core->twin->soc->name, core->index,
		core->pc.counter, core->pc.task_con & core->twin->soc->task_number, work->enable, work->dma_base);
	fprintf(f, "stream 0x%08x\nwords %u\ntime_ns %llu\nregister 0x%04x\nreason %s\n", core->kick.segment_addr,
		core->kick.segment_words, (unsigned long long)twin_now(core->twin), work->result.refused_reg, reason);
	return !fclose(f);
}

static bool put_registers(const struct twin_core *core, int dir)
{
	const struct twin_unit_regs *regs = &core->work.regs;
	FILE *f = create(dir, TWIN_DUMP_REGISTERS);
	unsigned int block, word;

	if (!f)
		return false;
	for (block = 0; block < TWIN_BLOCKS; block++)
		for (word = 0; regs->block[block] && word < TWIN_BLOCK_WORDS; word++)
			if (regs->block[block][word])
				fprintf(f, "0x%04x 0x%08x\n", block * RKNPU_BLOCK_BYTES + word * 4, regs->block[block][word]);
	return !fclose(f);
}

static bool put_bytes(int dir, const char *name, const void *data, size_t bytes)
{
	FILE *f = create(dir, name);
	bool ok;

	if (!f)
		return false;
	ok = fwrite(data, 1, bytes, f) == bytes;
	return !fclose(f) && ok;
}

/* Write one file for each run of mapped pages */
static bool put_memory(struct twin_core *core, int dir)
{
	uint8_t page[RK_IOMMU_PAGE_BYTES];
	uint64_t addr, total = 0;
	char name[32];
	FILE *f = NULL;
	bool ok = true;
	uint32_t n;

	for (n = 0; n < PAGES && ok && total < MOST_MEMORY; n++) {
		if (!twin_bank_peek(core, n << RK_IOMMU_PAGE_SHIFT, &addr) ||
		    !core->twin->ops.mem_read(core->twin->opaque, addr, page, sizeof(page))) {
			if (f)
				ok = !fclose(f);
			f = NULL;
			continue;
		}
		if (!f) {
			snprintf(name, sizeof(name), TWIN_DUMP_MEMORY, n << RK_IOMMU_PAGE_SHIFT);
			f = create(dir, name);
		}
		ok = f && fwrite(page, sizeof(page), 1, f) == 1;
		total += sizeof(page);
	}
	if (f)
		ok = !fclose(f) && ok;
	return ok;
}

static bool put_all(struct twin_core *core, const char *path, const char *reason)
{
	int dir = mkdir(path, 0777) ? -1 : open(path, O_PATH | O_DIRECTORY);
	bool ok;

	if (dir < 0)
		return false;
	ok = put_task(core, dir, reason) && put_registers(core, dir) &&
	     put_bytes(dir, TWIN_DUMP_STREAM, core->segment, core->kick.segment_words * sizeof(uint64_t)) &&
	     (!core->work.regs.lut || put_bytes(dir, TWIN_DUMP_LUT, core->work.regs.lut, sizeof(core->work.lut))) &&
	     put_memory(core, dir);
	close(dir);
	return ok;
}

void twin_dump(struct twin_core *core, const char *reason)
{
	struct twin *twin = core->twin;
	char *path, *line;
	bool ok;

	if (!twin->config.dump_dir || twin->dumps >= TWIN_DUMP_MOST)
		return;
	if (asprintf(&path, "%s/%03u-core%u-task%u", twin->config.dump_dir, twin->dumps++, core->index, core->pc.counter) < 0)
		return;
	ok = put_all(core, path, reason);
	if (asprintf(&line, "twin: %s %s", ok ? "the task is in" : "could not save the task in", path) >= 0) {
		twin->ops.log(twin->opaque, line);
		free(line);
	}
	free(path);
}
