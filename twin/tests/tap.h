/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: a minimal test framework: cases in tables, one TAP line for each, the
 * first wrong value of a case printed in a comment.
 */
#ifndef TWIN_TEST_TAP_H
#define TWIN_TEST_TAP_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct test_case - one test
 * @name: statement that is true if the test passes
 * @run: test function, called with @arg
 */
struct test_case {
	const char *name;
	void (*run)(const void *arg);
	const void *arg;
};

/* One table per file, terminated by an entry without a name */
extern const struct test_case register_tests[];
extern const struct test_case kick_tests[];
extern const struct test_case group_tests[];
extern const struct test_case mmu_tests[];
extern const struct test_case reset_tests[];
extern const struct test_case fault_tests[];
extern const struct test_case time_tests[];
extern const struct test_case async_tests[];
extern const struct test_case error_tests[];
extern const struct test_case random_tests[];
extern const struct test_case soc_tests[];
extern const struct test_case island_tests[];
extern const struct test_case refused_tests[];
extern const struct test_case worker_tests[];

bool tap_check(bool ok, const char *file, int line, const char *text);
bool tap_equal(uint64_t got, uint64_t want, const char *file, int line, const char *text);

#define CHECK(condition)	tap_check(condition, __FILE__, __LINE__, #condition)
#define CHECK_EQ(got, want)	tap_equal(got, want, __FILE__, __LINE__, #got)

#endif /* TWIN_TEST_TAP_H */
