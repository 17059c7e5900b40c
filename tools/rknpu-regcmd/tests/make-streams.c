// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Writes a chain of two tasks, made by the builders of the driver's tests, and
 * its descriptors into files: product.bin is for address 0x10000.
 */
#include <stdio.h>
#include <string.h>

#include "matmul.h"

#define STREAM		0x10000
#define IN		0x100000
#define WEIGHTS		0x200000
#define OUT		0x300000
#define SEGMENT_WORDS	256

static int write_file(const char *dir, const char *name, const void *data, size_t size)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "wb");
	if (!f || fwrite(data, size, 1, f) != 1 || fclose(f)) {
		perror(path);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	static uint64_t words[2 * SEGMENT_WORDS];
	struct rknpu_task tasks[2];
	struct regcmd rc = { .words = words };
	size_t count = 0;
	unsigned int i;

	if (argc != 2)
		return 2;
	for (i = 0; i < 2; i++) {
		const struct matmul_task t = {
			.type = MATMUL_INT8_INT32, .m = 64, .k = 64, .n = 32, .row0 = 32 * i, .rows = 32,
			.in = IN, .weights = WEIGHTS, .out = OUT,
		};

		rc.count = i * SEGMENT_WORDS;
		rc.max = rc.count + SEGMENT_WORDS;
		matmul_segment(&rc, &t);
		count = rc.count - i * SEGMENT_WORDS;
		regcmd_tail(&rc, i ? 0 : STREAM + sizeof(words) / 2, count, MATMUL_ENABLE);
		tasks[i] = (struct rknpu_task){
			.enable_mask = MATMUL_ENABLE,
			.int_mask = RKNPU_INT_DPU,
			.int_clear = RKNPU_INT_ALL,
			.regcfg_amount = count,
			.regcmd_addr = STREAM + i * sizeof(words) / 2,
		};
	}
	return write_file(argv[1], "product.bin", words, sizeof(words)) ||
	       write_file(argv[1], "product.tasks", tasks, sizeof(tasks));
}
