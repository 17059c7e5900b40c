// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Sequences of calls by chance. Those that reach new code are kept and changed further;
 * one after which something is wrong is cut down to what it takes. All is chosen by the
 * seed and by what runs, so that with instructions for a clock a run can be repeated.
 *
 * One test in KTAP; the numbers are in its comments.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "rknpu_twin_regs.h"

#define MAX_CORPUS	4096
/* A bystander comes after so many sequences */
#define WHOLE_EVERY	64
#define TELL_EVERY	1000
/* What is wrong is looked for, and cut down, in so many runs */
#define MOST_TRIES	400

struct kept {
	struct fuzz_sequence seq;
	uint8_t *blocks;
};

static struct kept corpus[MAX_CORPUS];
static unsigned int num_corpus;
/* How many runs the search for what is wrong may still take */
static unsigned int tries_left;
static unsigned long run_so_far, died, tell_from = -1ul;
static const char *out = "/root/fuzz";

static FILE *out_file(const char *name)
{
	char path[256];
	FILE *f;

	mkdir(out, 0755);
	snprintf(path, sizeof(path), "%s/%s", out, name);
	f = fopen(path, "we");
	if (!f) {
		perror(path);
		exit(2);
	}
	return f;
}

static const char *run(const struct fuzz_sequence *seq, bool whole)
{
	enum fuzz_end end;

	if (run_so_far++ >= tell_from) {
		printf("# sequence %lu\n", run_so_far);
		fuzz_print(stdout, seq);
		fflush(stdout);
	}
	fuzz_cover_clear();
	end = fuzz_execute(seq);
	died += end == FUZZ_DIED;
	return fuzz_judge(end, whole);
}

/* ---- the corpus -------------------------------------------------------------------------- */

static void keep_if_new(const struct fuzz_sequence *seq)
{
	static uint8_t *blocks;
	bool other_counts;
	unsigned int fresh;

	if (!blocks)
		blocks = malloc(fuzz_cover_bytes());
	fresh = fuzz_cover_take(blocks, &other_counts);
	/* How often is worth less: half of the room is for what is new */
	if (num_corpus == MAX_CORPUS || (!fresh && (!other_counts || num_corpus > MAX_CORPUS / 2)))
		return;
	corpus[num_corpus].seq = *seq;
	corpus[num_corpus].blocks = malloc(fuzz_cover_bytes());
	if (!corpus[num_corpus].blocks)
		return;
	memcpy(corpus[num_corpus].blocks, blocks, fuzz_cover_bytes());
	num_corpus++;
}

/* Words, most of which are 0 */
static unsigned int gain(const struct kept *k, const uint8_t *have)
{
	unsigned int bits = 0, bytes = fuzz_cover_bytes();
	uint64_t has, had;

	for (unsigned int i = 0; i < bytes; i += sizeof(has)) {
		memcpy(&has, k->blocks + i, sizeof(has));
		if (!has)
			continue;
		memcpy(&had, have + i, sizeof(had));
		bits += __builtin_popcountll(has & ~had);
	}
	return bits;
}

/*
 * As few as reach what all reach: each time the one that adds most. What one adds only gets less as others are chosen, so
 * that most need not be looked at again: who adds most by what was last known of it and still does is the one.
 */
static void write_corpus(void)
{
	unsigned int *adds = calloc(num_corpus + 1, sizeof(*adds));
	uint8_t *have = calloc(1, fuzz_cover_bytes());
	unsigned int best, i, written = 0;
	FILE *f = out_file("corpus");

	for (i = 0; i < num_corpus; i++)
		adds[i] = gain(&corpus[i], have);
	for (;;) {
		for (i = best = 0; i < num_corpus; i++) {
			if (adds[i] > adds[best])
				best = i;
		}
		if (!adds[best])
			break;
		i = gain(&corpus[best], have);
		if (i < adds[best]) {
			adds[best] = i;
			continue;
		}
		for (i = 0; i < fuzz_cover_bytes(); i++)
			have[i] |= corpus[best].blocks[i];
		adds[best] = 0;
		fuzz_print(f, &corpus[best].seq);
		written++;
	}
	fclose(f);
	free(have);
	free(adds);
	printf("# %u sequences of %u reach all of it\n", written, num_corpus);
}

/* ---- what is wrong ------------------------------------------------------------------------ */

/* Whether anything is wrong after it, once in so many times */
static const char *fails(const struct fuzz_sequence *seq, unsigned int times)
{
	const char *what = NULL;

	while (times-- && !what && tries_left) {
		tries_left--;
		what = run(seq, true);
	}
	return what;
}

static void minimise(struct fuzz_sequence *seq, unsigned int times)
{
	struct fuzz_sequence less;
	unsigned int step, at;

	for (step = seq->num / 2; step; step /= 2) {
		for (at = 0; at + step <= seq->num;) {
			less = *seq;
			memmove(&less.call[at], &less.call[at + step], (less.num - at - step) * sizeof(less.call[0]));
			less.num -= step;
			if (less.num && fails(&less, times))
				*seq = less;
			else
				at += step;
		}
	}
}

/* The latest that does it alone; who does not at once may do it the next time */
static bool find_culprit(const struct fuzz_sequence *recent, unsigned int num, unsigned int times,
			 struct fuzz_sequence *culprit)
{
	while (num--) {
		*culprit = recent[num];
		if (fails(culprit, times))
			return true;
	}
	return false;
}

static void report(const struct fuzz_sequence *recent, unsigned int num, const char *what)
{
	struct fuzz_sequence seq;
	unsigned int i, times = 1;
	char first[256];
	FILE *f;

	snprintf(first, sizeof(first), "%s", what);
	printf("# after sequence %lu: %s\n", run_so_far, first);
	f = out_file("recent");
	for (i = 0; i < num; i++)
		fuzz_print(f, &recent[i]);
	fclose(f);
	tries_left = MOST_TRIES;
	if (!find_culprit(recent, num, times, &seq)) {
		times = 3;
		if (!find_culprit(recent, num, times, &seq)) {
			printf("# none of the last %u does it alone; they are in %s/recent\n", num, out);
			return;
		}
	}
	minimise(&seq, times);
	f = out_file("fails");
	fuzz_print(f, &seq);
	fclose(f);
	if (!tries_left)
		printf("# not cut down further: %u tries are enough\n", MOST_TRIES);
	tries_left = 3;
	printf("# this is enough, for: %s\n", fails(&seq, 3) ?: "nothing, this time");
	fuzz_print(stdout, &seq);
}

/* ---- the run ------------------------------------------------------------------------------- */

static struct fuzz_sequence recent[WHOLE_EVERY];
static unsigned int num_recent;

/* false: something is wrong, and has been told */
static bool next(const struct fuzz_sequence *seq)
{
	const char *what;

	if (num_recent == WHOLE_EVERY)
		num_recent = 0;
	recent[num_recent++] = *seq;
	what = run(seq, false);
	keep_if_new(seq);
	if (!what && num_recent == WHOLE_EVERY)
		what = fuzz_judge(FUZZ_DONE, true);
	if (what)
		report(recent, num_recent, what);
	return !what;
}

static bool run_file(const char *name)
{
	FILE *f = fopen(name, "re");
	struct fuzz_sequence seq;
	bool ok = true;

	if (!f) {
		perror(name);
		exit(2);
	}
	while (ok && fuzz_parse(f, &seq))
		ok = next(&seq);
	fclose(f);
	return ok;
}

static bool run_by_chance(void)
{
	struct fuzz_sequence seq;

	if (num_corpus && fuzz_any(4)) {
		/* One of the latest in half of the cases */
		unsigned int from = fuzz_any(2) && num_corpus > 32 ? num_corpus - 32 : 0;

		seq = corpus[from + fuzz_any(num_corpus - from)].seq;
		fuzz_mutate(&seq, &corpus[fuzz_any(num_corpus)].seq);
	} else {
		fuzz_generate(&seq);
	}
	return next(&seq);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void map_twin(void)
{
	int fd = open("/dev/mem", O_RDWR | O_SYNC | O_CLOEXEC);
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, TWIN_CTL_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, TWIN_CTL_ADDR);

	close(fd);
	if (map != MAP_FAILED)
		fuzz_twin = map;
	fuzz_twin_init();
}

/* What exec() of a sequence runs: another program with a file that it was left */
static int held(int fd)
{
	struct rknpu_mem_create c = { .size = 4096, .flags = NPU_FLAGS_DATA };
	struct matmul mm;

	npu_create(fd, &c);
	if (!matmul_init(&mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, 1))
		matmul_run(&mm, 0, NULL);
	return 0;
}

static void usage(void)
{
	fputs("usage: rknpu-fuzz [--seed N] [--sequences N] [--corpus FILE]... [--out DIR] [--tell-from N] LOG-ERRORS\n"
	      "  LOG-ERRORS  regular expressions of what the kernel must not say\n"
	      "  --corpus    run these first, and change them too\n"
	      "  --tell-from print each sequence from the N-th on before it runs\n", stderr);
	exit(2);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seed", required_argument, NULL, 's' }, { "sequences", required_argument, NULL, 'n' },
		{ "corpus", required_argument, NULL, 'c' }, { "out", required_argument, NULL, 'o' },
		{ "tell-from", required_argument, NULL, 't' }, { "held", required_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	unsigned long sequences = 1000, seed = 1;
	const char *from[8];
	unsigned int num_from = 0;
	bool ok = true, covers;
	double start;
	FILE *f;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		switch (c) {
		case 's':
			seed = strtoul(optarg, NULL, 0);
			break;
		case 'n':
			sequences = strtoul(optarg, NULL, 0);
			break;
		case 'c':
			if (num_from == FUZZ_COUNT(from))
				usage();
			from[num_from++] = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		case 't':
			tell_from = strtoul(optarg, NULL, 0);
			break;
		case 'h':
			return held(atoi(optarg));
		default:
			usage();
		}
	}
	if (optind != argc - 1)
		usage();
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..1\n");
	map_twin();
	fuzz_judge_init(argv[optind]);
	fuzz_executor_init();
	fuzz_untune();
	covers = fuzz_cover_init();
	fuzz_seed(seed);
	start = now();
	for (unsigned int i = 0; i < num_from && ok; i++)
		ok = run_file(from[i]);
	printf("# seed %lu, %u sequences to begin with, which reach %u blocks\n", seed, num_corpus, fuzz_cover_blocks());
	while (ok && run_so_far < sequences) {
		ok = run_by_chance();
		if (run_so_far % TELL_EVERY == 0)
			printf("# %lu sequences, %u blocks, %.0f a second\n", run_so_far, fuzz_cover_blocks(),
			       run_so_far / (now() - start));
	}
	fuzz_executor_fini();
	printf("# %lu sequences, %lu of which killed their process, %.0f a second, %u blocks\n", run_so_far, died,
	       run_so_far / (now() - start), fuzz_cover_blocks());
	if (covers) {
		f = out_file("covered");
		fuzz_cover_write(f);
		fclose(f);
		write_corpus();
	}
	printf("%s 1 - sequences of calls by chance\n", ok ? "ok" : "not ok");
	return !ok;
}
