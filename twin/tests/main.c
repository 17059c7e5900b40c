// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: runs the tables of tests. With an argument, only cases whose names contain it are run.
 */
#include <stdio.h>
#include <string.h>

#include "tap.h"

static bool this_failed;

bool tap_check(bool ok, const char *file, int line, const char *text)
{
	if (!ok) {
		if (!this_failed)
			printf("# %s:%d: not so: %s\n", file, line, text);
		this_failed = true;
	}
	return ok;
}

bool tap_equal(uint64_t got, uint64_t want, const char *file, int line, const char *text)
{
	if (got != want) {
		if (!this_failed)
			printf("# %s:%d: %s is 0x%llx, not 0x%llx\n", file, line, text, (unsigned long long)got,
			       (unsigned long long)want);
		this_failed = true;
	}
	return got == want;
}

static const struct test_case *const tables[] = {
	register_tests, kick_tests, group_tests, mmu_tests, reset_tests,
	fault_tests, time_tests, async_tests, error_tests, random_tests, soc_tests,
	island_tests, refused_tests, worker_tests,
};

#define TABLES (sizeof(tables) / sizeof(tables[0]))

static bool selected(const struct test_case *test, const char *filter)
{
	return !filter || strstr(test->name, filter);
}

static unsigned int count(const char *filter)
{
	const struct test_case *test;
	unsigned int n = 0;
	size_t i;

	for (i = 0; i < TABLES; i++)
		for (test = tables[i]; test->name; test++)
			n += selected(test, filter);
	return n;
}

int main(int argc, char **argv)
{
	const char *filter = argc > 1 ? argv[1] : NULL;
	const struct test_case *test;
	unsigned int n = 0, failed = 0;
	size_t i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%u\n", count(filter));
	for (i = 0; i < TABLES; i++) {
		for (test = tables[i]; test->name; test++) {
			if (!selected(test, filter))
				continue;
			this_failed = false;
			test->run(test->arg);
			printf("%sok %u - %s\n", this_failed ? "not " : "", ++n, test->name);
			failed += this_failed;
		}
	}
	return failed ? 1 : 0;
}
