// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Threads, processes, and what root does to the device meanwhile.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <glob.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

/* ---- threads and processes ------------------------------------------------------------- */

/* The calls that follow, given away */
static struct fuzz_state part(struct fuzz_state *s, uint64_t num)
{
	struct fuzz_state mine = *s;

	num = 1 + num % 8;
	mine.at = s->at + 1;
	mine.end = mine.at + num < s->end ? mine.at + num : s->end;
	s->at = mine.end - 1;
	return mine;
}

struct thread_part {
	struct fuzz_state *s;
	const struct fuzz_sequence *seq;
	unsigned int at, end;
};

static __thread bool in_thread;

static void *thread(void *arg)
{
	struct thread_part p = *(struct thread_part *)arg;

	free(arg);
	in_thread = true;
	for (; p.at < p.end; p.at++)
		fuzz_op(p.seq->call[p.at].op)->run(p.s, p.seq->call[p.at].arg);
	return NULL;
}

static void op_thread(struct fuzz_state *s, const uint64_t *arg)
{
	struct thread_part *p;
	struct fuzz_state mine;

	if (in_thread || s->threads == FUZZ_THREADS)
		return;
	p = malloc(sizeof(*p));
	if (!p)
		return;
	mine = part(s, arg[0]);
	*p = (struct thread_part){ s, s->seq, mine.at, mine.end };
	if (pthread_create(&s->thread[s->threads], NULL, thread, p))
		free(p);
	else
		s->threads++;
}

/* Still root's files, but none of what only root may do */
static void drop_rights(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {};

	syscall(SYS_capset, &header, none);
}

static void fork_part(struct fuzz_state *s, uint64_t num, bool powerless)
{
	struct fuzz_state mine;
	pid_t pid;

	if (in_thread || s->children == FUZZ_CHILDREN)
		return;
	mine = part(s, num);
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (powerless)
			drop_rights();
		mine.threads = mine.children = 0;
		fuzz_run_calls(&mine);
		_exit(0);
	}
	if (pid > 0)
		s->child[s->children++] = pid;
}

static void op_fork(struct fuzz_state *s, const uint64_t *arg)
{
	fork_part(s, arg[0], false);
}

static void op_powerless(struct fuzz_state *s, const uint64_t *arg)
{
	fork_part(s, arg[0], true);
}

/* A child that executes another program, which has the files if they are given to it */
static void op_exec(struct fuzz_state *s, const uint64_t *arg)
{
	int fd = s->file[arg[0] % FUZZ_FILES];
	pid_t pid;

	if (in_thread || s->children == FUZZ_CHILDREN)
		return;
	pid = fork();
	if (!pid) {
		char number[16];

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		snprintf(number, sizeof(number), "%d", arg[1] % 2 ? dup(fd) : fd);
		execl("/proc/self/exe", "rknpu-fuzz", "--held", number, NULL);
		_exit(0);
	}
	if (pid > 0)
		s->child[s->children++] = pid;
}

static void op_kill(struct fuzz_state *s, const uint64_t *arg)
{
	if (!in_thread && s->children)
		kill(s->child[arg[0] % s->children], arg[0] % 2 ? SIGKILL : SIGTERM);
}

static void op_suicide(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	(void)arg;
	kill(getpid(), SIGKILL);
}

static void op_pause(struct fuzz_state *s, const uint64_t *arg)
{
	const struct timespec t = { 0, arg[0] % 30 * 1000000 };

	(void)s;
	nanosleep(&t, NULL);
}

/* ---- what root does ---------------------------------------------------------------------- */

/* What a sequence sets, and what is set otherwise. No time-out is longer, or a few that hang would take minutes. */
static const char *const parameters[][3] = {
	{ "client_max_jobs", "4", "8192" }, { "client_max_bytes", "100000", "0" }, { "sched_timeout_ms", "10", "200" },
	{ "stall_limit_ms", "20", "300" }, { "stall_limit_ms", "0", "300" }, { "sync_imports", "0", "1" },
	{ "poll_us", "0", "50" }, { "dump_data_kib", "4", "0" },
};

static const char *const files[][3] = {
	{ "/sys/kernel/debug/rknpu/power", "on", "off" }, { "/sys/kernel/debug/rknpu/delayms", "0", "3000" },
	{ "/sys/kernel/debug/rknpu/reset", "1", "on" }, { "/sys/kernel/debug/rknpu/reset", "off", "on" },
	{ "/sys/kernel/debug/rknpu/power", "up", "off" }, { "/sys/kernel/debug/rknpu/delayms", "-1", "3000" },
	{ "/sys/kernel/tracing/events/rknpu/enable", "1", "0" },
};

static void op_tune(struct fuzz_state *s, const uint64_t *arg)
{
	unsigned int i = arg[0] % (FUZZ_COUNT(parameters) + FUZZ_COUNT(files));

	(void)s;
	if (i < FUZZ_COUNT(parameters))
		driver_set_param(parameters[i][0], parameters[i][1 + arg[1] % 2]);
	else
		driver_write(files[i - FUZZ_COUNT(parameters)][0], files[i - FUZZ_COUNT(parameters)][1 + arg[1] % 2]);
}

/* What may be written to, with whatever is there; the second is what is set otherwise, if it has to be */
static const char *const writable[][2] = {
	{ "/sys/kernel/debug/rknpu/power", "off" }, { "/sys/kernel/debug/rknpu/freq", NULL },
	{ "/sys/kernel/debug/rknpu/volt", NULL }, { "/sys/kernel/debug/rknpu/delayms", "3000" },
	{ "/sys/kernel/debug/rknpu/reset", NULL }, { "/proc/rknpu/power", NULL },
	{ DRIVER_PATH "/*.npu/power/control", "auto" }, { DRIVER_PATH "/*.npu/power/autosuspend_delay_ms", "3000" },
	{ "/sys/class/devfreq/*.npu/governor", "simple_ondemand" }, { "/sys/class/devfreq/*.npu/min_freq", "0" },
	{ "/sys/class/devfreq/*.npu/max_freq", "1000000000" }, { "/sys/class/devfreq/*.npu/userspace/set_freq", NULL },
};

static void write_each(const char *pattern, const char *text)
{
	glob_t found;

	if (glob(pattern, 0, NULL, &found))
		return;
	for (size_t i = 0; i < found.gl_pathc; i++)
		driver_write(found.gl_pathv[i], text);
	globfree(&found);
}

static void op_write(struct fuzz_state *s, const uint64_t *arg)
{
	static const char *const texts[] = {
		"on", "off", " 1\n", "0", "-1", "x", "200000000", "600000000", "1000000000", "99999999999999999999", "auto",
		"userspace", "powersave", "performance", "longer than anything that there is to say", "3600001",
	};

	(void)s;
	write_each(writable[arg[0] % FUZZ_COUNT(writable)][0], texts[arg[1] % FUZZ_COUNT(texts)]);
}

static void read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	static char text[65536];

	if (fd < 0)
		return;
	while (read(fd, text, sizeof(text)) > 0)
		;
	close(fd);
}

static void op_look(struct fuzz_state *s, const uint64_t *arg)
{
	static const char *const patterns[] = {
		"/sys/kernel/debug/rknpu/*", "/proc/rknpu/*", "/sys/class/drm/renderD*/device/npu/*",
		"/sys/class/devcoredump/devcd*/data", "/sys/kernel/debug/dri/*/clients", "/sys/kernel/debug/dma_buf/bufinfo",
		"/sys/module/rknpu/parameters/*", "/sys/class/devfreq/*/[tcagm]*",
	};
	unsigned int which = arg[0] % (FUZZ_COUNT(patterns) + 1);
	glob_t found;
	char path[64];

	if (which == FUZZ_COUNT(patterns)) {
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", s->file[arg[1] % FUZZ_FILES]);
		read_all(path);
		return;
	}
	if (glob(patterns[which], 0, NULL, &found))
		return;
	read_all(found.gl_pathv[arg[1] % found.gl_pathc]);
	globfree(&found);
}

static void op_undump(struct fuzz_state *s, const uint64_t *arg)
{
	glob_t found;

	(void)s;
	(void)arg;
	if (glob("/sys/class/devcoredump/devcd*/data", 0, NULL, &found))
		return;
	driver_write(found.gl_pathv[0], "1");
	globfree(&found);
}

static const char *device(uint64_t n)
{
	return soc_get()->device[npu_nth_core(n)];
}

static void op_unbind(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	driver_bind("unbind", device(arg[0]));
}

static void op_bind(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	driver_bind("bind", device(arg[0]));
}

static void op_sleep(struct fuzz_state *s, const uint64_t *arg)
{
	(void)s;
	(void)arg;
	if (!driver_write("/sys/power/pm_test", "devices"))
		driver_write("/sys/power/state", "freeze");
}

/* Of the next call, the so-manieth allocation or copy fails, where the kernel can have it do so */
static void op_fail(struct fuzz_state *s, const uint64_t *arg)
{
	const struct fuzz_call *call;
	/* In a thread, where the process is, which goes on meanwhile */
	unsigned int at = s->at;
	char text[16];

	if (at + 1 >= s->end)
		return;
	call = &s->seq->call[at + 1];
	snprintf(text, sizeof(text), "%u", (unsigned int)(arg[0] % 40 + 1));
	if (driver_write("/proc/thread-self/fail-nth", text) || call->op == s->seq->call[at].op)
		return;
	if (!in_thread)
		s->at++;
	fuzz_op(call->op)->run(s, call->arg);
	driver_write("/proc/thread-self/fail-nth", "0");
}

static void arm(int nth, unsigned int n)
{
	char text[16];

	pwrite(nth, text, snprintf(text, sizeof(text), "%u", n), 0);
}

/* false: the call came to its end before */
static bool fired(int nth)
{
	char text[16] = "";

	return pread(nth, text, sizeof(text) - 1, 0) > 0 && !strtoul(text, NULL, 10);
}

/* The next call again and again, until each of its allocations and copies has failed */
static void op_fail_each(struct fuzz_state *s, const uint64_t *arg)
{
	const struct fuzz_call *call = &s->seq->call[s->at + 1];
	const struct fuzz_op *op = call < s->seq->call + s->end ? fuzz_op(call->op) : NULL;
	int nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	bool more = nth >= 0;

	(void)arg;
	/* Calls that take the next ones with them, or that take long */
	if (!op || op->run == op_fail || op->run == op_fail_each || op->run == op_thread || op->run == op_fork ||
	    op->run == op_powerless || op->run == op_exec || op->run == op_sleep)
		more = false;
	for (unsigned int n = 1; more && n <= 200; n++) {
		s->again = n > 1;
		arm(nth, n);
		op->run(s, call->arg);
		more = fired(nth);
		/* This is a copy, too, and may be the one */
		arm(nth, 0);
		arm(nth, 0);
	}
	s->again = false;
	if (nth >= 0)
		close(nth);
}

bool fuzz_tunes(const struct fuzz_sequence *seq)
{
	for (unsigned int i = 0; i < seq->num; i++) {
		const struct fuzz_op *op = fuzz_op(seq->call[i].op);

		if (op->run == op_tune || op->run == op_write || op->run == op_unbind)
			return true;
	}
	return false;
}

void fuzz_untune(void)
{
	unsigned int i;

	for (i = 0; i < NPU_CORES; i++)
		driver_bind("bind", device(i));
	for (i = 0; i < FUZZ_COUNT(parameters); i++)
		driver_set_param(parameters[i][0], parameters[i][2]);
	for (i = 0; i < FUZZ_COUNT(files); i++)
		driver_write(files[i][0], files[i][2]);
	for (i = 0; i < FUZZ_COUNT(writable); i++) {
		if (writable[i][1])
			write_each(writable[i][0], writable[i][1]);
	}
}

const struct fuzz_op fuzz_system_ops[] = {
	{ "thread", "i", 16, op_thread },
	{ "fork", "i", 6, op_fork },
	{ "exec", "fi", 3, op_exec },
	{ "powerless", "i", 4, op_powerless },
	{ "kill", "i", 6, op_kill },
	{ "suicide", "", 2, op_suicide },
	{ "pause", "t", 4, op_pause },
	{ "tune", "ii", 2, op_tune },
	{ "write", "ii", 2, op_write },
	{ "look", "in", 8, op_look },
	{ "undump", "", 1, op_undump },
	{ "unbind", "i", 1, op_unbind },
	{ "bind", "i", 1, op_bind },
	{ "sleep", "", 1, op_sleep },
	{ "fail", "n", 8, op_fail },
	{ "fail_each", "", 2, op_fail_each },
	{ NULL, NULL, 0, NULL },
};
