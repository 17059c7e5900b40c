// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * What rknpu_cover.ko has noted. Without it, all sequences are as good as each other.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEVICE		"/dev/rknpu-cover"
#define BASE		"/sys/module/rknpu_cover/parameters/base"
#define SECTIONS	"/sys/module/rknpu/sections"
#define MAX_INSNS	0x80000

static uint8_t *map;
/* Which counts of runs each block has been seen with, as bits; 1: any */
static uint8_t seen[MAX_INSNS];
static unsigned int insns, blocks_seen;

struct section {
	char name[32];
	uint64_t start;
};

static struct section section[32];
static unsigned int sections;

static void read_sections(void)
{
	DIR *d = opendir(SECTIONS);
	struct dirent *e;

	while (d && (e = readdir(d)) && sections < FUZZ_COUNT(section)) {
		char path[sizeof(SECTIONS) + sizeof(e->d_name)];
		FILE *f;

		if (strncmp(e->d_name, ".text", 5) || strlen(e->d_name) >= sizeof(section->name))
			continue;
		snprintf(path, sizeof(path), SECTIONS "/%s", e->d_name);
		f = fopen(path, "re");
		if (f && fscanf(f, "%" SCNx64, &section[sections].start) == 1)
			strcpy(section[sections++].name, e->d_name);
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
}

static uint64_t base(void)
{
	for (unsigned int i = 0; i < sections; i++) {
		if (!strcmp(section[i].name, ".text"))
			return section[i].start;
	}
	return 0;
}

/* Up to where there is code: /proc/modules has the size of all of the module */
static unsigned int module_bytes(void)
{
	char name[64];
	unsigned int bytes = 0, size;
	FILE *f = fopen("/proc/modules", "re");

	while (f && fscanf(f, "%63s %u %*[^\n]", name, &size) == 2) {
		if (!strcmp(name, "rknpu"))
			bytes = size;
	}
	if (f)
		fclose(f);
	return bytes;
}

bool fuzz_cover_init(void)
{
	int fd = open(DEVICE, O_RDWR | O_CLOEXEC), param;
	char text[32];
	bool ok;

	if (fd < 0)
		return false;
	map = mmap(NULL, MAX_INSNS, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (map == MAP_FAILED) {
		map = NULL;
		return false;
	}
	read_sections();
	insns = module_bytes() / 4;
	insns = (insns < MAX_INSNS ? insns : MAX_INSNS) & ~7u;
	param = open(BASE, O_WRONLY | O_CLOEXEC);
	snprintf(text, sizeof(text), "%#" PRIx64, base());
	ok = base() && write(param, text, strlen(text)) > 0;
	close(param);
	if (!ok)
		map = NULL;
	return ok;
}

void fuzz_cover_clear(void)
{
	if (map)
		memset(map, 0, insns);
}

static uint8_t count_bit(uint8_t runs)
{
	return runs < 2 ? 1 : runs < 8 ? 3 : runs < UINT8_MAX ? 7 : 15;
}

unsigned int fuzz_cover_take(uint8_t *blocks, bool *other_counts)
{
	const uint64_t *words = (const uint64_t *)map;
	unsigned int fresh = 0, i, j;

	*other_counts = false;
	memset(blocks, 0, fuzz_cover_bytes());
	for (i = 0; map && i < insns / 8; i++) {
		if (!words[i])
			continue;
		for (j = i * 8; j < i * 8 + 8; j++) {
			uint8_t bit;

			if (!map[j])
				continue;
			blocks[j / 8] |= 1 << j % 8;
			bit = count_bit(map[j]);
			fresh += !seen[j];
			*other_counts |= bit & ~seen[j];
			seen[j] |= bit;
		}
	}
	blocks_seen += fresh;
	return fresh;
}

unsigned int fuzz_cover_bytes(void)
{
	/* Whole words */
	return insns / 64 * 8 + 8;
}

unsigned int fuzz_cover_blocks(void)
{
	return blocks_seen;
}

/* Lines of section and offset in it */
void fuzz_cover_write(FILE *f)
{
	for (unsigned int i = 0; i < insns; i++) {
		uint64_t pc = base() + i * 4ull;
		const struct section *in = NULL;

		if (!seen[i])
			continue;
		for (unsigned int j = 0; j < sections; j++) {
			if (section[j].start <= pc && (!in || section[j].start > in->start))
				in = &section[j];
		}
		if (in)
			fprintf(f, "%s %#" PRIx64 "\n", in->name, pc - in->start);
	}
}
