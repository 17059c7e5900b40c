// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rknpu_twin_regs.h"

/* ---- chance --------------------------------------------------------------------------- */

/* Marsaglia's xorshift: the same everywhere */
static uint64_t state = 1;

static uint64_t any64(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

uint32_t fuzz_any(uint32_t below)
{
	return (any64() >> 16) % below;
}

void fuzz_seed(uint64_t seed)
{
	state = seed * 0x9e3779b97f4a7c15ull + 1;
	for (int i = 0; i < 8; i++)
		any64();
}

static bool sometimes(uint32_t one_in)
{
	return !fuzz_any(one_in);
}

/* Numbers at which something may go wrong, and small ones */
static uint64_t any_number(void)
{
	static const uint64_t edges[] = {
		0, 1, 2, 7, 15, 16, 4095, 4096, 4097, 65535, 65536, 1u << 20, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x7fffffffffffffff, 0x8000000000000000, UINT64_MAX, UINT64_MAX - 4095,
	};

	switch (fuzz_any(3)) {
	case 0:
		return edges[fuzz_any(FUZZ_COUNT(edges))];
	case 1:
		return fuzz_any(256);
	}
	return any64() >> fuzz_any(64);
}

/* As large as what large pages are for in a few cases; most of a sequence's time would be the kernel's, clearing pages */
static uint64_t any_size(void)
{
	uint64_t size;

	if (sometimes(48))
		return ((1 + fuzz_any(3)) << 21) + fuzz_any(3) * 4096;
	if (!sometimes(6))
		return 1 + fuzz_any(64) * 1024;
	size = any_number();
	/* More than that is either refused at once or, seldom enough, takes much of the memory */
	return size < 16 << 20 || size >> 32 || sometimes(16) ? size : size >> 12;
}

/*
 * By kind: f file, b buffer, e fence, d dma-buf, m mapping, j job, s size in bytes, o offset, F flags of a buffer,
 * J flags of a job, D address space, a action, y direction, c cores, t milliseconds, r register, x fault, i small
 * number, n any number. What is out of range is as good a number as any other; slots are taken modulo how many there are.
 */
static uint64_t number(char kind)
{
	static const uint32_t registers[] = {
		RKNPU_CNA_FEATURE_DATA_ADDR, RKNPU_DPU_DST_BASE_ADDR, RKNPU_CNA_DCOMP_ADDR0, RKNPU_CNA_CONV_CON1,
	};
	static const uint32_t mem_flags[] = {
		0, NPU_FLAGS_DATA, NPU_FLAGS_TASK, NPU_FLAGS_DATA, RKNPU_MEM_TRY_ALLOC_SRAM | RKNPU_MEM_NON_CONTIGUOUS,
		RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_WRITE_COMBINE, RKNPU_MEM_CACHEABLE,
	};
	static const uint32_t faults[] = {
		TWIN_FAULT_NEVER, TWIN_FAULT_LATE, TWIN_FAULT_WRONG_BIT, TWIN_FAULT_MMU_READ, TWIN_FAULT_MMU_WRITE,
		TWIN_FAULT_MMU_FETCH, TWIN_FAULT_BUS_ERROR, TWIN_FAULT_STALL, TWIN_FAULT_AFTER_RESET, TWIN_FAULT_EARLY,
		TWIN_FAULT_LOST_IRQ, TWIN_FAULT_UNSEEN,
	};

	switch (kind) {
	case 'f':
		return sometimes(2) ? 0 : fuzz_any(FUZZ_FILES);
	case 'b':
		return fuzz_any(FUZZ_BUFFERS);
	case 'e':
		return fuzz_any(FUZZ_FENCES);
	case 'd':
		return fuzz_any(FUZZ_DMABUFS);
	case 'm':
		return fuzz_any(FUZZ_MAPS);
	case 'j':
		return sometimes(3) ? 1 : 0;
	case 's':
		return any_size();
	case 'o':
		return sometimes(2) ? 0 : sometimes(2) ? fuzz_any(16) * 4096 : any_number();
	case 'F':
		return sometimes(8) ? any_number() : sometimes(3) ? fuzz_any(0x800) : mem_flags[fuzz_any(FUZZ_COUNT(mem_flags))];
	case 'J':
		return sometimes(12) ? any_number() : RKNPU_JOB_PC | (fuzz_any(32) & ~RKNPU_JOB_FENCE_IN) |
			(sometimes(3) ? RKNPU_JOB_FENCE_IN : 0);
	case 'D':
		return sometimes(3) ? fuzz_any(18) : 0;
	case 'a':
		return sometimes(6) ? any_number() : fuzz_any(28);
	case 'y':
		return sometimes(8) ? any_number() : 1 + fuzz_any(3);
	case 'c':
		return sometimes(8) ? any_number() : fuzz_any(8);
	case 't':
		return 1 + fuzz_any(30);
	case 'r':
		return sometimes(3) ? any_number() & 0xfffc : registers[fuzz_any(FUZZ_COUNT(registers))];
	case 'x':
		return faults[fuzz_any(FUZZ_COUNT(faults))];
	case 'i':
		return fuzz_any(16);
	}
	return any_number();
}

/* ---- the tables -------------------------------------------------------------------------- */

static const struct fuzz_op *ops[128];
static unsigned int num_ops, weights;

static void collect(const struct fuzz_op *table)
{
	for (; table->name; table++) {
		ops[num_ops++] = table;
		weights += table->weight;
	}
}

__attribute__((constructor)) static void collect_all(void)
{
	collect(fuzz_mem_ops);
	collect(fuzz_job_ops);
	collect(fuzz_system_ops);
}

const struct fuzz_op *fuzz_op(unsigned int op)
{
	return ops[op];
}

static int find(const char *name)
{
	for (unsigned int i = 0; i < num_ops; i++) {
		if (!strcmp(ops[i]->name, name))
			return i;
	}
	return -1;
}

/* ---- made and changed ---------------------------------------------------------------------- */

static void make_call(struct fuzz_call *call, int op)
{
	uint32_t at = fuzz_any(weights);
	unsigned int i;

	memset(call, 0, sizeof(*call));
	if (op < 0) {
		for (op = 0; at >= ops[op]->weight; op++)
			at -= ops[op]->weight;
	}
	call->op = op;
	for (i = 0; ops[op]->kinds[i]; i++)
		call->arg[i] = number(ops[op]->kinds[i]);
}

void fuzz_generate(struct fuzz_sequence *seq)
{
	unsigned int num = 4 + fuzz_any(FUZZ_CALLS - 4);

	memset(seq, 0, sizeof(*seq));
	/* Without a file nothing else does anything, and with none of a job most does little */
	make_call(&seq->call[seq->num++], find("open"));
	if (!sometimes(3)) {
		seq->call[0].arg[0] = 0;
		seq->call[0].arg[1] = 0;
		make_call(&seq->call[seq->num], find(sometimes(2) ? "job" : "create"));
		seq->call[seq->num].arg[1] = 0;
		seq->num++;
	}
	while (seq->num < num)
		make_call(&seq->call[seq->num++], -1);
}

static void insert(struct fuzz_sequence *seq, const struct fuzz_call *call)
{
	unsigned int at = fuzz_any(seq->num + 1);

	if (seq->num == FUZZ_CALLS)
		return;
	memmove(&seq->call[at + 1], &seq->call[at], (seq->num - at) * sizeof(*call));
	seq->call[at] = *call;
	seq->num++;
}

static void change_number(struct fuzz_call *call)
{
	size_t num = strlen(ops[call->op]->kinds);
	unsigned int i;

	if (!num)
		return;
	i = fuzz_any(num);
	switch (fuzz_any(4)) {
	case 0:
		call->arg[i] ^= 1ull << fuzz_any(32);
		break;
	case 1:
		call->arg[i] += fuzz_any(3) - 1ull;
		break;
	default:
		call->arg[i] = number(ops[call->op]->kinds[i]);
	}
}

/* A job that takes a second reaches nothing new most of the time, and is in sequences that are changed again and again */
static void shorten(struct fuzz_sequence *seq)
{
	int job = find("job");

	if (sometimes(32))
		return;
	for (unsigned int i = 0; i < seq->num; i++) {
		if (seq->call[i].op == (unsigned int)job && seq->call[i].arg[2] == FUZZ_MANY_TASKS)
			seq->call[i].arg[2] = fuzz_any(16);
	}
}

void fuzz_mutate(struct fuzz_sequence *seq, const struct fuzz_sequence *other)
{
	unsigned int rounds = 1 + fuzz_any(4), at, num;
	struct fuzz_call call;

	while (rounds--) {
		switch (fuzz_any(5)) {
		case 0:
			if (seq->num < 2)
				break;
			at = fuzz_any(seq->num);
			memmove(&seq->call[at], &seq->call[at + 1], (--seq->num - at) * sizeof(call));
			break;
		case 1:
			make_call(&call, -1);
			insert(seq, &call);
			break;
		case 2:
			/* The end of another one */
			at = fuzz_any(other->num);
			num = other->num - at;
			if (num > FUZZ_CALLS - seq->num)
				num = FUZZ_CALLS - seq->num;
			memcpy(&seq->call[seq->num], &other->call[at], num * sizeof(call));
			seq->num += num;
			break;
		case 3:
			call = seq->call[fuzz_any(seq->num)];
			insert(seq, &call);
			break;
		case 4:
			change_number(&seq->call[fuzz_any(seq->num)]);
			break;
		}
	}
	shorten(seq);
}

/* ---- as text ------------------------------------------------------------------------------- */

void fuzz_print(FILE *f, const struct fuzz_sequence *seq)
{
	for (unsigned int i = 0; i < seq->num; i++) {
		const struct fuzz_op *op = ops[seq->call[i].op];

		fputs(op->name, f);
		for (unsigned int j = 0; op->kinds[j]; j++)
			fprintf(f, seq->call[i].arg[j] < 10 ? " %llu" : " %#llx", (unsigned long long)seq->call[i].arg[j]);
		fputc('\n', f);
	}
	fputc('\n', f);
}

#define BETWEEN	"\n "

static void parse_call(struct fuzz_call *call, char *line)
{
	char *word = strtok(line, BETWEEN);
	int op = find(word);

	if (op < 0) {
		fprintf(stderr, "there is no call %s\n", word);
		exit(2);
	}
	memset(call, 0, sizeof(*call));
	call->op = op;
	for (unsigned int i = 0; ops[op]->kinds[i]; i++) {
		word = strtok(NULL, BETWEEN);
		if (!word) {
			fprintf(stderr, "%s wants %zu numbers\n", ops[op]->name, strlen(ops[op]->kinds));
			exit(2);
		}
		call->arg[i] = strtoull(word, NULL, 0);
	}
}

bool fuzz_parse(FILE *f, struct fuzz_sequence *seq)
{
	char line[512];

	seq->num = 0;
	while (fgets(line, sizeof(line), f)) {
		if (*line == '#')
			continue;
		if (*line != '\n' && seq->num < FUZZ_CALLS)
			parse_call(&seq->call[seq->num++], line);
		else if (seq->num)
			return true;
	}
	return seq->num;
}
