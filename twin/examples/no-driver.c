// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Use the NPU without any driver: a matrix product on each core, started through
 * /dev/mem on a kernel and a device tree that do not know about an NPU.
 *
 * Commands and data are in the twin's SRAM, because a distribution's kernel does
 * not allow access to RAM through /dev/mem. No IOMMU is set up, so the NPU uses
 * physical addresses: the twin needs the option allow-untranslated=on.
 *
 * This can be the only program of the machine: as process 1 it mounts /dev and
 * powers off at the end. Prints KTAP.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <time.h>
#include <unistd.h>

#include "conv.h"
#include "soc.h"

/* RK3588: its three cores and its system SRAM [DT] */
#define CORES		3
#define CORE_ADDR(core)	(0xfdab0000 + 0x10000 * (core))
#define SRAM_ADDR	0xff001000

#define ROWS		32
#define DEPTH		64
#define COLUMNS		32
/* Offsets in the SRAM */
#define CMD		0x0000
#define IN		0x4000
#define WEIGHTS		0x8000
#define OUT		0xc000
#define USED		0x10000

/* Program controller, CNA and CORE; the following pages belong to the other blocks and to the IOMMU */
#define WINDOW_BYTES	(RKNPU_CORE_BASE + RKNPU_BLOCK_BYTES)
#define DEADLINE_S	10

static volatile uint32_t *core_regs;
static volatile uint8_t *sram;

/* Called by the builders of command streams; there is no device tree node to get it from here */
const struct soc *soc_get(void)
{
	static const struct soc rk3588 = { .scale = 2 };

	return &rk3588;
}

static uint32_t reg_read(uint32_t reg)
{
	return core_regs[reg / 4];
}

static void reg_write(uint32_t reg, uint32_t value)
{
	core_regs[reg / 4] = value;
}

static void *map(int mem, uint64_t addr, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, mem, addr);

	if (p == MAP_FAILED) {
		printf("Bail out! 0x%llx: %s\n", (unsigned long long)addr, strerror(errno));
		exit(1);
	}
	return p;
}

/* Device memory: copied in words, as memcpy() may use accesses that it does not allow */
static void copy_in(uint32_t at, const void *from, size_t bytes)
{
	const uint32_t *words = from;
	size_t i;

	for (i = 0; i < bytes / 4; i++)
		((volatile uint32_t *)(sram + at))[i] = words[i];
}

static int8_t left_element(unsigned int core, unsigned int row, unsigned int k)
{
	return (int8_t)(row * 7 + k * 13 + core * 29);
}

static int8_t right_element(unsigned int core, unsigned int column, unsigned int k)
{
	return (int8_t)(column * 11 - k * 5 + core * 3);
}

/* One row of the left matrix is one pixel with DEPTH channels, one column of the right one is a kernel */
static struct conv_task product(void)
{
	struct conv_task t = {
		.in_prec = RKNPU_PREC_INT8, .out_prec = RKNPU_PREC_INT32,
		.width = 1, .height = ROWS, .channels = DEPTH, .kernels = COLUMNS,
		.in = SRAM_ADDR + IN, .weights = SRAM_ADDR + WEIGHTS, .out = SRAM_ADDR + OUT,
	};

	conv_defaults(&t);
	return t;
}

/* Returns the stream's length without its tail */
static size_t prepare(const struct conv_task *t, unsigned int core)
{
	static uint64_t words[CONV_WORDS + RKNPU_REGCMD_TAIL_WORDS];
	static int8_t in[ROWS * DEPTH], weights[COLUMNS * DEPTH];
	struct regcmd rc = { .words = words, .max = sizeof(words) / sizeof(words[0]) };
	static const uint32_t spoiled[ROWS * COLUMNS] = { 0 };
	unsigned int row, column, k;
	size_t count;

	for (k = 0; k < DEPTH; k++) {
		for (row = 0; row < ROWS; row++)
			in[conv_in_index(t, k, row, 0)] = left_element(core, row, k);
		for (column = 0; column < COLUMNS; column++)
			weights[conv_weight_index(t, column, k, 0, 0)] = right_element(core, column, k);
	}
	conv_segment(&rc, t);
	count = rc.count;
	regcmd_tail(&rc, 0, 0, conv_enable(t));
	copy_in(CMD, words, rc.count * sizeof(words[0]));
	copy_in(IN, in, sizeof(in));
	copy_in(WEIGHTS, weights, sizeof(weights));
	copy_in(OUT, spoiled, sizeof(spoiled));
	return count;
}

/* Runs a job as a driver does [hardware: vendor driver 0.9.8]; returns true if it ended */
static bool run(unsigned int core, size_t words)
{
	const uint32_t pointer = RKNPU_S_POINTER_PINGPONG | REG_FIELD(RKNPU_S_POINTER_CORE, core);
	time_t end = time(NULL) + DEADLINE_S;

	reg_write(RKNPU_PC_BASE_ADDRESS, RKNPU_PC_BASE_ADDRESS_PC_SEL);
	reg_write(RKNPU_CNA_S_POINTER, pointer);
	reg_write(RKNPU_CORE_S_POINTER, pointer);
	reg_write(RKNPU_PC_BASE_ADDRESS, SRAM_ADDR + CMD);
	reg_write(RKNPU_PC_REGISTER_AMOUNTS, RKNPU_PC_AMOUNT(words, soc_get()->scale));
	/* There is no interrupt handler here, so keep the line low and poll the raw status */
	reg_write(RKNPU_PC_INTERRUPT_MASK, 0);
	reg_write(RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	reg_write(RKNPU_PC_TASK_CON,
		  RKNPU_PC_TASK_CON_RESERVED_12 | RKNPU_PC_TASK_CON_COUNT_CLEAR_12 |
		  RKNPU_PC_TASK_CON_PP_EN_12 | REG_FIELD(RKNPU_PC_TASK_CON_NUMBER_12, 1));
	reg_write(RKNPU_PC_TASK_DMA_BASE_ADDR, 0);
	reg_write(RKNPU_PC_OPERATION_ENABLE, RKNPU_PC_OPERATION_ENABLE_OP_EN);
	reg_write(RKNPU_PC_OPERATION_ENABLE, 0);
	while (!(reg_read(RKNPU_PC_INTERRUPT_RAW_STATUS) & RKNPU_INT_DPU))
		if (time(NULL) > end)
			return false;
	reg_write(RKNPU_PC_INTERRUPT_CLEAR, RKNPU_INT_ALL);
	return true;
}

static unsigned int wrong(const struct conv_task *t, unsigned int core)
{
	const volatile int32_t *out = (const volatile int32_t *)(sram + OUT);
	unsigned int row, column, k, n = 0;

	for (row = 0; row < ROWS; row++) {
		for (column = 0; column < COLUMNS; column++) {
			int32_t sum = 0;

			for (k = 0; k < DEPTH; k++)
				sum += left_element(core, row, k) * right_element(core, column, k);
			n += out[conv_out_index(t, column, row, 0)] != sum;
		}
	}
	return n;
}

static bool test_core(int mem, unsigned int core)
{
	struct conv_task t = product();
	unsigned int differ = ROWS * COLUMNS;

	core_regs = map(mem, CORE_ADDR(core), WINDOW_BYTES);
	printf("# core %u: version 0x%08x\n", core, reg_read(RKNPU_PC_VERSION));
	if (run(core, prepare(&t, core)))
		differ = wrong(&t, core);
	else
		printf("# no end: raw status 0x%x\n", reg_read(RKNPU_PC_INTERRUPT_RAW_STATUS));
	munmap((void *)core_regs, WINDOW_BYTES);
	if (differ)
		printf("# %u of %u elements differ\n", differ, ROWS * COLUMNS);
	printf("%sok %u %ux%ux%u product on core %u\n", differ ? "not " : "", core + 1, ROWS, DEPTH, COLUMNS, core);
	return !differ;
}

int main(void)
{
	bool alone = getpid() == 1, passed = true;
	unsigned int core;
	int mem;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (alone)
		mount("dev", "/dev", "devtmpfs", 0, NULL);
	mem = open("/dev/mem", O_RDWR | O_SYNC);
	printf("TAP version 13\n1..%u\n", CORES);
	if (mem < 0) {
		printf("Bail out! /dev/mem: %s\n", strerror(errno));
		passed = false;
	} else {
		sram = map(mem, SRAM_ADDR, USED);
		for (core = 0; core < CORES; core++)
			passed &= test_core(mem, core);
	}
	if (alone) {
		sync();
		reboot(RB_POWER_OFF);
	}
	return passed ? 0 : 1;
}
