// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: rknpu-regcmd - print a command stream of the NPU and report what is
 * suspicious. This file parses the arguments and walks the chain.
 */
#include <endian.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <drm/rknpu_drm.h>

#include "check.h"
#include "dump.h"
#include "image.h"
#include "segment.h"

#define EXIT_CLEAN	0
#define EXIT_FINDINGS	1
#define EXIT_TROUBLE	2

/* Maximum of the 16-bit task counter */
#define TASKS_MAX	65535

struct run {
	struct image img;
	struct rules rules;
	uint8_t *descriptors;
	size_t ndescriptors;
	uint64_t first, number;		/* first task and number of tasks of the range; number 0: not known */
	uint64_t start;
	uint64_t words;			/* of the first segment, without tail; 0: not known */
	uint64_t shown, hung;		/* number of tasks in a dump, and the one that did not end; shown 0: no dump */
	const char *dump;
	bool started, list, hex;
};

static const char usage_text[] =
	"usage: rknpu-regcmd [OPTION...] FILE[@ADDRESS]...\n"
	"\n"
	"Prints the command stream of a Rockchip NPU that lies in the files, each at its\n"
	"address, and what is suspicious about it.\n"
	"\n"
	"  -x, --hex                    the files are texts of 64-bit hexadecimal words\n"
	"  -s, --start ADDRESS          of the first segment (default: where the first file begins)\n"
	"  -w, --words N                its length without the tail (regcfg_amount)\n"
	"  -n, --number N               how many tasks the chain has to have\n"
	"  -t, --tasks FILE             task descriptors as given to the driver: they tell the above\n"
	"  -r, --range FIRST[:NUMBER]   descriptors of one core's range (default: all)\n"
	"  -b, --buffer ADDR:SIZE[:NAME]  memory that the stream may use; repeatable\n"
	"  -c, --core N                 the core that is to run it\n"
	"      --rk356x                 it is for an RK3566 or RK3568\n"
	"  -d, --dump FILE              a dump of a job that failed, as saved by rknpu-smi dump; no other files\n"
	"  -q, --quiet                  findings only, no listing\n"
	"  -h, --help\n"
	"\n"
	"Exit status: 0 nothing suspicious, 1 errors or warnings, 2 trouble.\n";

static bool load_descriptors(struct run *run, const char *name)
{
	size_t size;

	run->descriptors = read_file(name, &size);
	if (!run->descriptors)
		return false;
	run->ndescriptors = size / sizeof(struct rknpu_task);
	if (run->ndescriptors && !(size % sizeof(struct rknpu_task)))
		return true;
	fprintf(stderr, "rknpu-regcmd: %s: %zu bytes are not descriptors of %zu\n", name, size,
		sizeof(struct rknpu_task));
	return false;
}

static bool parse_range(struct run *run, char *arg)
{
	char *number = strchr(arg, ':');

	if (number)
		*number++ = '\0';
	return parse_number(arg, TASKS_MAX, &run->first) &&
	       (!number || (parse_number(number, TASKS_MAX, &run->number) && run->number));
}

static bool parse_option(struct run *run, int option)
{
	uint64_t value = 0;

	switch (option) {
	case 'x':
		run->hex = true;
		return true;
	case 's':
		run->started = parse_number(optarg, UINT32_MAX, &run->start);
		return run->started;
	case 'w':
		return parse_number(optarg, UINT16_MAX, &run->words) && run->words;
	case 'n':
		return parse_number(optarg, TASKS_MAX, &run->number) && run->number;
	case 't':
		return load_descriptors(run, optarg);
	case 'r':
		return parse_range(run, optarg);
	case 'b':
		return image_add_buffer(&run->img, optarg);
	case 'c':
		if (!parse_number(optarg, 15, &value))
			return false;
		run->rules.core = value;
		return true;
	case 'R':
		run->rules.rk356x = true;
		run->rules.scale = 1;
		return true;
	case 'd':
		run->dump = optarg;
		return true;
	case 'q':
		run->list = false;
		return true;
	default:
		return false;
	}
}

/* Check that descriptors and files match; fill in values from the descriptors */
static bool settle(struct run *run)
{
	if (run->descriptors) {
		struct rknpu_task first;

		if (!run->number && run->first < run->ndescriptors)
			run->number = run->ndescriptors - run->first;
		if (!run->number || run->first + run->number > run->ndescriptors) {
			fprintf(stderr, "rknpu-regcmd: there are only %zu descriptors\n", run->ndescriptors);
			return false;
		}
		memcpy(&first, run->descriptors + run->first * sizeof(first), sizeof(first));
		run->start = le64toh(first.regcmd_addr);
		run->words = le32toh(first.regcfg_amount);
		if (!run->img.placed) {
			fprintf(stderr, "rknpu-regcmd: descriptors name addresses: give FILE@ADDRESS\n");
			return false;
		}
	} else if (!run->started) {
		run->start = run->img.parts[0].start;
	}
	return true;
}

/* Load the tasks around the one that did not end */
static bool load_dump(struct run *run)
{
	static struct dump dump;

	if (!dump_read(&dump, &run->img, run->dump))
		return false;
	if (run->list)
		dump_print(&dump);
	if (!dump.count || !run->img.nparts) {
		fprintf(stderr, "rknpu-regcmd: %s: it has no commands\n", run->dump);
		return false;
	}
	run->descriptors = (uint8_t *)dump.task;
	run->ndescriptors = dump.count;
	run->shown = dump.count;
	run->hung = dump.first + dump.done - dump.shown;
	/* Count up to the end of the range, so the last task of the dump is not taken for it */
	run->number = dump.first + dump.tasks > dump.shown ? dump.first + dump.tasks - dump.shown : dump.count;
	run->rules.core = (int)dump.core;
	run->rules.rk356x = !strncmp(dump.soc, "RK356", 5);
	run->rules.scale = run->rules.rk356x ? 1 : 2;
	run->start = le64toh(dump.task[0].regcmd_addr);
	run->words = le32toh(dump.task[0].regcfg_amount);
	return true;
}

static void check_descriptor(const struct run *run, const struct segment *seg)
{
	struct rknpu_task task;

	memcpy(&task, run->descriptors + (run->first + seg->index) * sizeof(task), sizeof(task));
	if (le64toh(task.regcmd_addr) != seg->addr)
		finding(WARNING, seg->addr, "link", "descriptor %" PRIu64 " names 0x%08" PRIx64
			", but the chain comes here", run->first + seg->index, (uint64_t)le64toh(task.regcmd_addr));
	check_task(&task, seg, seg->index + 1 == run->number);
}

/* Find the next nonzero word after a segment whose link cannot be followed */
static bool next_in_file(const struct image *img, const struct segment *seg, uint64_t *addr)
{
	uint64_t at = seg->addr + seg->count * sizeof(uint64_t), word;

	while (image_word(img, at, &word) && !word)
		at += sizeof(uint64_t);
	*addr = at;
	return image_word(img, at, &word);
}

/* Find where the PC continues after @seg; returns false if it stops */
static bool next_segment(const struct run *run, const struct segment *seg, uint64_t *addr)
{
	bool last = run->number && seg->index + 1 == run->number;
	uint64_t word;

	if (last && seg->linked)
		finding(NOTE, seg->addr, "link", "the last task links to 0x%08x, without effect", seg->next);
	if (last || !seg->ended)
		return false;
	if (!seg->linked) {
		if (run->number)
			finding(ERROR, seg->addr, "missing-link", "task %u of %" PRIu64
				" names no next segment: the PC stops and no interrupt comes", seg->index + 1, run->number);
		return !run->img.placed && next_in_file(&run->img, seg, addr);
	}
	if (!seg->amount_set)
		finding(WARNING, seg->addr, "amount", "the next segment is linked, but its amount is not given");
	if (!run->img.placed)
		return next_in_file(&run->img, seg, addr);
	*addr = seg->next;
	if (image_word(&run->img, *addr, &word))
		return true;
	finding(ERROR, seg->addr, "link", "the next segment, 0x%08x, is in none of the files", seg->next);
	return false;
}

static void walk(const struct run *run)
{
	static struct segment seg;
	uint64_t mark = UINT64_MAX, addr = run->start;
	const unsigned int scale = run->rules.scale;

	if (run->words)
		seg.fetched = (RKNPU_PC_AMOUNT(run->words, scale) + 1) * scale;
	for (seg.index = 0; seg.index < (run->shown ? run->shown : TASKS_MAX); seg.index++) {
		seg.addr = addr;
		/* An endless chain returns to the mark, which is moved at increasing intervals */
		if (!run->number && addr == mark) {
			finding(WARNING, addr, "link", "the chain comes back here: only the task number ends it");
			return;
		}
		if (!(seg.index & (seg.index - 1)))
			mark = addr;
		if (run->list)
			printf("task %u at 0x%08" PRIx64 "%s\n", seg.index, addr,
			       run->shown && seg.index == run->hung ? "   <<<<<<<< this one did not end" : "");
		segment_decode(&seg, &run->img, run->list, run->rules.rk356x);
		check_segment(&seg, &run->img, &run->rules);
		if (run->descriptors)
			check_descriptor(run, &seg);
		if (run->shown && seg.index + 1 == run->shown) {
			seg.index++;
			break;
		}
		if (!next_segment(run, &seg, &addr)) {
			seg.index++;
			break;
		}
		seg.fetched = seg.linked && seg.amount_set ? (seg.next_amount + 1ull) * scale : 0;
	}
	if (run->list)
		printf("%u tasks, %u errors, %u warnings\n", seg.index, findings(ERROR), findings(WARNING));
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "hex", no_argument, NULL, 'x' }, { "start", required_argument, NULL, 's' },
		{ "words", required_argument, NULL, 'w' }, { "number", required_argument, NULL, 'n' },
		{ "tasks", required_argument, NULL, 't' }, { "range", required_argument, NULL, 'r' },
		{ "buffer", required_argument, NULL, 'b' }, { "core", required_argument, NULL, 'c' },
		{ "rk356x", no_argument, NULL, 'R' }, { "quiet", no_argument, NULL, 'q' },
		{ "dump", required_argument, NULL, 'd' }, { "help", no_argument, NULL, 'h' }, { 0 },
	};
	static struct run run = { .rules = { .core = -1, .scale = 2 }, .list = true };
	int option;

	while ((option = getopt_long(argc, argv, "xs:w:n:t:r:b:c:d:qh", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage_text, stdout);
			return EXIT_CLEAN;
		}
		if (!parse_option(&run, option)) {
			if (option != '?' && option != 't')
				fprintf(stderr, "rknpu-regcmd: option -%c: what is given makes no sense\n", option);
			return EXIT_TROUBLE;
		}
	}
	if (run.dump ? optind < argc : optind == argc) {
		fputs(usage_text, stderr);
		return EXIT_TROUBLE;
	}
	for (; optind < argc; optind++)
		if (!image_add_file(&run.img, argv[optind], run.hex))
			return EXIT_TROUBLE;
	if (run.dump ? !load_dump(&run) : !settle(&run))
		return EXIT_TROUBLE;
	walk(&run);
	if (fflush(stdout) || ferror(stdout)) {
		perror("rknpu-regcmd");
		return EXIT_TROUBLE;
	}
	return findings(ERROR) || findings(WARNING) ? EXIT_FINDINGS : EXIT_CLEAN;
}
