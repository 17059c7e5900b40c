// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Runs the cases of one test program. The state of a case (failed, skipped) is in
 * memory shared with its children, so a grandchild can fail it too.
 *
 * usage: test_x [PATTERN...]	runs the cases whose name matches a shell
 *				pattern; so does the environment's T=PATTERN
 */
#define _GNU_SOURCE
#include "ktap.h"

#include <errno.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Time that a killed case may take to die before it is considered unkillable */
#define KTAP_DEATH_S	5

static struct ktap_case *cases;
static bool (*hook_before)(void), (*hook_after)(void);
static pid_t case_pid;
static const char *case_name;

static struct {
	bool failed, skipped;
	char reason[160];
} *shared;

void ktap_register(struct ktap_case *c)
{
	struct ktap_case **at = &cases;

	while (*at && (*at)->line < c->line)
		at = &(*at)->next;
	c->next = *at;
	*at = c;
}

void ktap_hooks(bool (*before)(void), bool (*after)(void))
{
	hook_before = before;
	hook_after = after;
}

const char *ktap_case_name(void)
{
	return case_name;
}

void ktap_note(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("# %s\n", text);
}

void ktap_fail(const char *file, int line, const char *fmt, ...)
{
	const char *base = strrchr(file, '/');
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	printf("# %s:%d: %s\n", base ? base + 1 : file, line, text);
	shared->failed = true;
}

void ktap_stop(void)
{
	/* Called by a thread, this ends the whole case; buffers are copied from the parent, only flush stdout */
	fflush(stdout);
	_exit(KTAP_FAIL);
}

void ktap_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(shared->reason, sizeof(shared->reason), fmt, ap);
	va_end(ap);
	shared->skipped = true;
	fflush(stdout);
	_exit(KTAP_SKIP);
}

bool ktap_equal(const char *file, int line, const char *what, int64_t got, int64_t want)
{
	if (got != want)
		ktap_fail(file, line, "%s is %lld (0x%llx), not %lld (0x%llx)", what, (long long)got,
			  (long long)got, (long long)want, (long long)want);
	return got == want;
}

static const char *errno_name(int64_t ret, char *buf, size_t size)
{
	const char *name = ret < 0 && ret > -4096 ? strerrorname_np(-ret) : NULL;

	if (name)
		snprintf(buf, size, "-%s", name);
	else
		snprintf(buf, size, "%lld", (long long)ret);
	return buf;
}

bool ktap_result(const char *file, int line, const char *what, int64_t got, int64_t want)
{
	char a[32], b[32];

	if (got != want)
		ktap_fail(file, line, "%s gave %s, not %s", what, errno_name(got, a, sizeof(a)),
			  errno_name(want, b, sizeof(b)));
	return got == want;
}

pid_t ktap_fork(void (*fn)(void *), void *arg)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid)
		return pid;
	fn(arg);
	fflush(stdout);
	_exit(shared->failed ? KTAP_FAIL : KTAP_PASS);
}

int ktap_join(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	/* If the child could not test something, neither could the case */
	if (WIFEXITED(status) && WEXITSTATUS(status) == KTAP_SKIP)
		_exit(KTAP_SKIP);
	return status;
}

unsigned int ktap_slow(void)
{
	const char *env = getenv("KTAP_SLOW");
	int slow = env ? atoi(env) : 1;

	return slow > 1 ? slow : 1;
}

uint64_t ktap_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

void ktap_sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000l };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* Waits at most @limit_s for the child to end; SIGCHLD is blocked, so none is lost */
static bool reap(pid_t pid, unsigned int limit_s, int *status)
{
	uint64_t end = ktap_now_ns() + limit_s * 1000000000ull;
	sigset_t chld;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	for (;;) {
		struct timespec left;
		uint64_t now;

		if (waitpid(pid, status, WNOHANG) == pid)
			return true;
		now = ktap_now_ns();
		if (now >= end)
			return false;
		left.tv_sec = (end - now) / 1000000000u;
		left.tv_nsec = (end - now) % 1000000000u;
		sigtimedwait(&chld, NULL, &left);
	}
}

static void case_failed(const char *fmt, ...)
{
	va_list ap;

	shared->failed = true;
	fputs("# ", stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

static void run_case(const struct ktap_case *c, const sigset_t *mask)
{
	unsigned int limit_s = c->limit_s * ktap_slow();
	int status = 0;

	memset(shared, 0, sizeof(*shared));
	case_name = c->name;
	if (hook_before && !hook_before())
		shared->failed = true;
	fflush(stdout);
	case_pid = fork();
	if (case_pid < 0) {
		case_failed("fork: %s", strerror(errno));
		return;
	}
	if (!case_pid) {
		setpgid(0, 0);
		sigprocmask(SIG_SETMASK, mask, NULL);
		c->run();
		fflush(stdout);
		_exit(KTAP_PASS);
	}
	setpgid(case_pid, case_pid);
	if (!reap(case_pid, limit_s, &status)) {
		case_failed("still running after %u s", limit_s);
		kill(-case_pid, SIGKILL);
		if (!reap(case_pid, KTAP_DEATH_S, &status))
			case_failed("cannot be killed");
	} else if (WIFSIGNALED(status)) {
		case_failed("died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	} else if (WEXITSTATUS(status) == KTAP_FAIL) {
		shared->failed = true;
	} else if (WEXITSTATUS(status) && WEXITSTATUS(status) != KTAP_SKIP) {
		case_failed("exit status %d", WEXITSTATUS(status));
	}
	/* Remaining processes would disturb the next case */
	kill(-case_pid, SIGKILL);
	if (hook_after && !hook_after())
		shared->failed = true;
}

static bool wanted(const struct ktap_case *c, int argc, char **argv)
{
	const char *env = getenv("T");
	int i;

	if (env && fnmatch(env, c->name, 0))
		return false;
	for (i = 1; i < argc; i++)
		if (!fnmatch(argv[i], c->name, 0))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	unsigned int total = 0, number = 0, failed = 0, skipped = 0;
	sigset_t chld, mask;
	struct ktap_case *c;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED) {
		perror("mmap");
		return KTAP_FAIL;
	}
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	sigprocmask(SIG_BLOCK, &chld, &mask);

	for (c = cases; c; c = c->next)
		total += wanted(c, argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("TAP version 13\n1..%u\n", total);

	for (c = cases; c; c = c->next) {
		if (!wanted(c, argc, argv))
			continue;
		run_case(c, &mask);
		number++;
		failed += shared->failed;
		skipped += shared->skipped && !shared->failed;
		printf("%s %u %s%s%s\n", shared->failed ? "not ok" : "ok", number, c->name,
		       shared->skipped ? " # SKIP " : "", shared->skipped ? shared->reason : "");
	}
	printf("# Totals: pass:%u fail:%u xfail:0 xpass:0 skip:%u error:0\n", total - failed - skipped, failed, skipped);
	if (failed)
		return KTAP_FAIL;
	/* Also if no name matched: run-all.sh passes its pattern to every program */
	return skipped == total ? KTAP_SKIP : KTAP_PASS;
}
