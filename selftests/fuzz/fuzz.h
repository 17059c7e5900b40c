/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Sequences of calls: as text, by chance, changed a little, and run. A call is a name
 * and numbers; what the numbers mean is in the tables of ops_*.c. What a call makes
 * (files, buffers, fences) goes into slots, which later calls name.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "matmul.h"

#define FUZZ_ARGS	8
#define FUZZ_CALLS	32
/* Few, so that calls meet what others made */
#define FUZZ_FILES	3
#define FUZZ_BUFFERS	4
#define FUZZ_FENCES	4
#define FUZZ_DMABUFS	2
#define FUZZ_MAPS	3
#define FUZZ_JOBS	2
#define FUZZ_THREADS	4
#define FUZZ_CHILDREN	4
/* All descriptors of a sequence are from here on */
#define FUZZ_FIRST_FD	32

/* The number of a job call that stands for thousands of tasks: each of them wakes the host's main loop */
#define FUZZ_MANY_TASKS	0x3e8

#define FUZZ_COUNT(a)	(sizeof(a) / sizeof((a)[0]))

struct fuzz_call {
	unsigned int op;
	uint64_t arg[FUZZ_ARGS];
};

struct fuzz_sequence {
	unsigned int num;
	struct fuzz_call call[FUZZ_CALLS];
};

/*
 * struct fuzz_state - what a sequence has made
 * @seq, @at, @end: the calls being run; one that gives some to a thread or a child moves @at
 * @again: the same call is being made with one failure after another, and has been made before
 */
struct fuzz_state {
	int file[FUZZ_FILES];
	bool misc[FUZZ_FILES];
	struct fuzz_buffer {
		uint32_t handle;
		uint64_t token, size;
	} buffer[FUZZ_BUFFERS];
	int fence[FUZZ_FENCES], dmabuf[FUZZ_DMABUFS];
	struct fuzz_map {
		void *start;
		size_t bytes;
	} map[FUZZ_MAPS];
	struct matmul job[FUZZ_JOBS];
	bool has_job[FUZZ_JOBS];
	int vgem;
	uint32_t vgem_fence;
	pthread_t thread[FUZZ_THREADS];
	unsigned int threads;
	pid_t child[FUZZ_CHILDREN];
	unsigned int children;
	const struct fuzz_sequence *seq;
	unsigned int at, end;
	bool again;
};

/*
 * struct fuzz_op - a call
 * @kinds: a letter for each number, see fuzz_number()
 * @weight: how often it is chosen
 */
struct fuzz_op {
	const char *name, *kinds;
	unsigned int weight;
	void (*run)(struct fuzz_state *s, const uint64_t *arg);
};

extern const struct fuzz_op fuzz_mem_ops[], fuzz_job_ops[], fuzz_system_ops[];

/* sequence.c */
uint32_t fuzz_any(uint32_t below);
void fuzz_seed(uint64_t seed);
const struct fuzz_op *fuzz_op(unsigned int op);
void fuzz_generate(struct fuzz_sequence *seq);
/* Changes @seq, perhaps with calls of @other */
void fuzz_mutate(struct fuzz_sequence *seq, const struct fuzz_sequence *other);
void fuzz_print(FILE *f, const struct fuzz_sequence *seq);
/* Reads up to an empty line: false at the end of the file; a line that means nothing ends the program */
bool fuzz_parse(FILE *f, struct fuzz_sequence *seq);

/* run.c */
void fuzz_run(const struct fuzz_sequence *seq);
void fuzz_run_calls(struct fuzz_state *s);
/* What a sequence may have set for the whole machine is as before */
void fuzz_untune(void);
/* Whether it may have */
bool fuzz_tunes(const struct fuzz_sequence *seq);

/* maps.c: once for a process and its children, and after each sequence */
void fuzz_maps_init(void);
void fuzz_maps_fini(void);
/* As mmap(), in place of the mapping that there is; as munmap() of it all or of one page, and as mremap() */
void fuzz_map(struct fuzz_state *s, uint64_t slot, size_t bytes, int prot, int flags, int fd, uint64_t offset);
void fuzz_unmap(struct fuzz_map *map);
void fuzz_unmap_page(const struct fuzz_map *map, uint64_t n);
void fuzz_remap(struct fuzz_state *s, uint64_t slot, size_t bytes);

/* The twin's control page, or NULL */
extern volatile uint32_t *fuzz_twin;
/* There is no IOMMU: what a stream names is memory of the whole machine */
extern bool fuzz_untranslated;
/* What it and the device are like */
void fuzz_twin_init(void);
void fuzz_twin_disarm(void);

/* cover.c: of one run, and of all so far */
bool fuzz_cover_init(void);
void fuzz_cover_clear(void);
/* Adds what has run since it was cleared; returns the blocks that are new, @blocks gets a bit for each */
unsigned int fuzz_cover_take(uint8_t *blocks, bool *other_counts);
unsigned int fuzz_cover_bytes(void);
unsigned int fuzz_cover_blocks(void);
void fuzz_cover_write(FILE *f);

/* executor.c */
enum fuzz_end {
	FUZZ_DONE,
	FUZZ_DIED,		/* of a signal, as is its right */
	FUZZ_LATE,		/* ended only when it was killed */
	FUZZ_STUCK,		/* not even then */
};

void fuzz_executor_init(void);
enum fuzz_end fuzz_execute(const struct fuzz_sequence *seq);
void fuzz_executor_fini(void);

/* judge.c: what is wrong after a run, in words, or NULL */
void fuzz_judge_init(const char *log_errors);
const char *fuzz_judge(enum fuzz_end end, bool whole);

#endif /* FUZZ_H */
