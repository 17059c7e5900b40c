/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * A test program: TEST() declares a case, main() is in the library. Each case
 * runs in a child process of its own with a time limit, so a crash or a hang
 * only fails one case, and every case starts as a new client.
 *
 * Output is TAP version 13; exit status 0 = passed, 1 = failed, 4 = all skipped.
 */
#ifndef KTAP_H
#define KTAP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define KTAP_PASS	0
#define KTAP_FAIL	1
#define KTAP_SKIP	4

struct ktap_case {
	const char *name;
	void (*run)(void);
	unsigned int limit_s;
	int line;		/* constructors may run in any order */
	struct ktap_case *next;
};

void ktap_register(struct ktap_case *c);

/* Run in the parent around every case: if before() returns false, the program fails; if after() does, the case fails */
void ktap_hooks(bool (*before)(void), bool (*after)(void));

/* The name of the running case */
const char *ktap_case_name(void);

#define TEST_LIMIT(ident, seconds)                                            \
	static void ident(void);                                              \
	__attribute__((constructor)) static void ident##_register(void)       \
	{                                                                     \
		static struct ktap_case c = { #ident, ident, seconds, __LINE__, 0 }; \
		ktap_register(&c);                                            \
	}                                                                     \
	static void ident(void)

#define TEST(ident)	TEST_LIMIT(ident, 20)

void ktap_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ktap_fail(const char *file, int line, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void ktap_stop(void) __attribute__((noreturn));
void ktap_skip(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
bool ktap_equal(const char *file, int line, const char *what, int64_t got, int64_t want);
bool ktap_result(const char *file, int line, const char *what, int64_t got, int64_t want);

/* Runs fn() in a second process of the case, whose failures count; the join returns its wait status */
pid_t ktap_fork(void (*fn)(void *), void *arg);
int ktap_join(pid_t pid);

/* How many times slower than usual the machine is: KTAP_SLOW in the environment, or 1. Limits are multiplied by it. */
unsigned int ktap_slow(void);

uint64_t ktap_now_ns(void);
void ktap_sleep_ms(unsigned int ms);

#define SKIP(...)	ktap_skip(__VA_ARGS__)

#define EXPECT(cond)                                                          \
	({ bool ok_ = (cond); if (!ok_) ktap_fail(__FILE__, __LINE__, "not so: %s", #cond); ok_; })
#define EXPECT_EQ(got, want)                                                  \
	ktap_equal(__FILE__, __LINE__, #got, (int64_t)(got), (int64_t)(want))
/* Results of the form 0 / -errno, printed by name */
#define EXPECT_RET(got, want)	ktap_result(__FILE__, __LINE__, #got, got, want)

#define ASSERT(cond)		do { if (!EXPECT(cond)) ktap_stop(); } while (0)
#define ASSERT_EQ(got, want)	do { if (!EXPECT_EQ(got, want)) ktap_stop(); } while (0)
#define ASSERT_RET(got, want)	do { if (!EXPECT_RET(got, want)) ktap_stop(); } while (0)

#endif /* KTAP_H */
