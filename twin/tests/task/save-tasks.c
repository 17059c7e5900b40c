// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: saves tasks in the way the twin does, one for each way in which threads share one, together with the output
 * memory after it was computed by one thread. The tasks and their reference are those of the units' own tests.
 * usage: save-tasks DIRECTORY; prints one line "NAME LOOPS" for each task, LOOPS being how many loops of it are shared.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "back.h"
#include "device/dump.h"
#include "reference.h"
#include "run.h"
#include "tap.h"
#include "workers/workers.h"

static const char *parent, *task_name;
static unsigned int loops;

static _Noreturn void die(const char *name)
{
	fprintf(stderr, "save-tasks: %s: %s\n", name, strerror(errno));
	exit(2);
}

/* ---- Files ---- */

static FILE *create(const char *name)
{
	char *path;
	FILE *f;

	if (asprintf(&path, "%s/%s/%s", parent, task_name, name) < 0)
		die(name);
	f = fopen(path, "wb");
	if (!f)
		die(path);
	free(path);
	return f;
}

static void finish(FILE *f)
{
	if (ferror(f) || fclose(f))
		die(task_name);
}

static void put_bytes(const char *name, const void *data, size_t bytes)
{
	FILE *f = create(name);

	fwrite(data, 1, bytes, f);
	finish(f);
}

static void put_task(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base)
{
	FILE *f = create(TWIN_DUMP_TASK);

	fprintf(f, "enable 0x%x\ndma_base 0x%08x\n", enable, dma_base);
	finish(f);
	f = create(TWIN_DUMP_REGISTERS);
	for (unsigned int block = 0; block < 8; block++)
		for (unsigned int word = 0; word < RKNPU_BLOCK_BYTES / 4; word++)
			if (regs->block[block][word])
				fprintf(f, "0x%04x 0x%08x\n", block * RKNPU_BLOCK_BYTES + word * 4, regs->block[block][word]);
	finish(f);
	if (regs->lut)
		put_bytes(TWIN_DUMP_LUT, regs->lut, 2 * BACK_TABLE * sizeof(int16_t));
}

static void put_memory(const struct memory *memory)
{
	char name[64];

	for (int i = 0; i < REGIONS; i++) {
		if (!memory->region[i].data)
			continue;
		snprintf(name, sizeof(name), TWIN_DUMP_MEMORY, memory->region[i].addr);
		put_bytes(name, memory->region[i].data, memory->region[i].bytes);
	}
}

/* ---- Tasks ---- */

/* A single thread, which counts the loops that it could have shared */
static void count_loop(void *opaque, void (*part)(void *arg, unsigned int thread), void *arg)
{
	(void)opaque;
	loops++;
	part(arg, 0);
}

/* What reference_runs() calls: the reference then compares the output */
enum twin_compute_status task_run(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
				  struct memory *memory, struct twin_compute_result *result)
{
	struct twin_workers *usual = twin_workers_create(2);
	struct twin_workers counting = { .threads = 2, .run = count_loop };
	const struct region *output = &memory->region[REGION_OUTPUT];
	struct twin_dma dma = memory_dma(memory);
	enum twin_compute_status status;
	char name[64], *path;

	if (!usual)
		die("threads");
	counting.least = usual->least;
	twin_workers_destroy(usual);
	if (asprintf(&path, "%s/%s", parent, task_name) < 0 || mkdir(path, 0777))
		die(task_name);
	free(path);
	put_task(regs, enable, dma_base);
	put_memory(memory);
	loops = 0;
	status = twin_compute_task(regs, enable, dma_base, &dma, &counting, result);
	snprintf(name, sizeof(name), "right-%08x.bin", output->addr);
	put_bytes(name, output->data, output->bytes);
	return status;
}

static bool save(const char *name, const struct shape *s, struct back *b, draw_fn draw, draw_fn draw_operand)
{
	struct program p;
	bool right;

	task_name = name;
	program_init(&p, s, draw, 1);
	if (b)
		back_init(&p, b, draw_operand, 1);
	right = reference_runs(&p);
	if (right)
		printf("%s %u\n", name, loops);
	else
		fprintf(stderr, "save-tasks: %s: the result is wrong\n", name);
	program_free(&p);
	if (b)
		back_free(b);
	return right;
}

/* Few pixels: weights are unpacked, and kernels multiplied, in shared loops */
static bool save_few_pixels(void)
{
	struct shape s = shape_matmul(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 1, 2048, 1000);
	bool right = save("kernels-int8", &s, NULL, draw_int8, NULL);

	s = shape_matmul(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 3, 1024, 1100);
	return save("kernels-fp16", &s, NULL, draw_fp16_unit, NULL) && right;
}

/* Features are unpacked, and pixels or rows of them calculated and converted */
static bool save_convolutions(void)
{
	struct shape s = shape_conv(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 121, 97, 96, 40, 1, 1);
	bool right = save("pixels-int8", &s, NULL, draw_int8, NULL);

	s = shape_conv(RKNPU_PREC_FP16, RKNPU_PREC_FP16, 61, 47, 20, 40, 3, 2);
	right = save("pixels-fp16", &s, NULL, draw_fp16_unit, NULL) && right;
	s = shape_depthwise(RKNPU_PREC_INT8, RKNPU_PREC_INT32, 45, 37, 64, 3, 3);
	right = save("rows-int8", &s, NULL, draw_int8, NULL) && right;
	s = shape_depthwise(RKNPU_PREC_FP16, RKNPU_PREC_FP32, 45, 37, 64, 2, 3);
	return save("rows-fp16", &s, NULL, draw_fp16_unit, NULL) && right;
}

/* The stages of the DPU, with operands from memory; no stage hides what the previous ones do */
static bool save_stages(bool is_float)
{
	uint32_t type = is_float ? RKNPU_PREC_FP16 : RKNPU_PREC_INT16;
	struct shape s = shape_flying(type, type, 61, 47, 40);
	struct back b = back_all_stages(is_float);

	b.flying = true;
	b.pend = b.pend_memory = false;
	b.bs.relu = false;
	b.bs.shift = b.bs.shift_neg = is_float ? 0 : 31;
	b.bn.mul_int = 1;
	b.bn.mul_half = 0x3c00;
	b.bn.alu_float = 0.125f;
	b.ew_cap_int = 30000;
	b.operand_size = 2;
	b.convert_shift = is_float ? 0 : 16;
	return save(is_float ? "stages-fp16" : "stages-int16", &s, &b, is_float ? draw_fp16_unit : draw_int16_small,
		    is_float ? draw_fp16_unit : draw_int16_small);
}

static bool save_table(void)
{
	struct shape s = shape_flying(RKNPU_PREC_INT16, RKNPU_PREC_INT16, 61, 47, 32);
	struct back b = { .flying = true, .lut = true, .lut_start = { -4096, 4096 }, .lut_select = { 4, 6 } };
	struct rng rng = { .state = 5 };

	for (int table = 0; table < 2; table++)
		for (int i = 0; i < BACK_TABLE; i++)
			b.table[table][i] = (int16_t)rng_next(&rng);
	return save("table-int16", &s, &b, draw_int16, NULL);
}

int main(int argc, char **argv)
{
	bool right;

	if (argc != 2) {
		fprintf(stderr, "usage: save-tasks DIRECTORY\n");
		return 2;
	}
	parent = argv[1];
	right = save_few_pixels();
	right = save_convolutions() && right;
	right = save_stages(false) && right;
	right = save_stages(true) && right;
	return save_table() && right ? 0 : 1;
}
