// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Runs one sequence in this process, and gives back what it has taken.
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver.h"
#include "rknpu_twin_regs.h"

volatile uint32_t *fuzz_twin;
bool fuzz_untranslated;

/* What is no fault, and is otherwise at first */
static uint32_t task_overhead_ns, millidegrees;

void fuzz_twin_init(void)
{
	int fd = driver_open_soon();
	uint32_t translated = 1;

	if (fd >= 0) {
		npu_action(fd, RKNPU_GET_IOMMU_EN, &translated);
		close(fd);
	}
	fuzz_untranslated = !translated;
	if (!fuzz_twin)
		return;
	task_overhead_ns = fuzz_twin[TWIN_TASK_OVERHEAD_NS / 4];
	millidegrees = fuzz_twin[TWIN_MILLIDEGREES / 4];
}

void fuzz_twin_disarm(void)
{
	int core;

	if (!fuzz_twin)
		return;
	for_each_core(core) {
		fuzz_twin[TWIN_FAULT_CORE / 4] = core;
		fuzz_twin[TWIN_FAULT_KIND / 4] = TWIN_FAULT_NONE;
		fuzz_twin[TWIN_FAULT_COUNT / 4] = 0;
		fuzz_twin[TWIN_SLOW_ACK_MS / 4] = 0;
	}
	fuzz_twin[TWIN_TASK_OVERHEAD_NS / 4] = task_overhead_ns;
	if (!fuzz_twin[TWIN_ISLAND / 4])
		return;
	fuzz_twin[TWIN_REFUSE_RATE / 4] = 0;
	fuzz_twin[TWIN_REFUSE_POWER / 4] = 0;
	fuzz_twin[TWIN_MILLIDEGREES / 4] = millidegrees;
}

void fuzz_run_calls(struct fuzz_state *s)
{
	for (; s->at < s->end; s->at++) {
		const struct fuzz_call *call = &s->seq->call[s->at];

		fuzz_op(call->op)->run(s, call->arg);
	}
}

static void give_back(struct fuzz_state *s)
{
	unsigned int i;

	for (i = 0; i < s->threads; i++)
		pthread_join(s->thread[i], NULL);
	for (i = 0; i < s->children; i++) {
		kill(s->child[i], SIGKILL);
		waitpid(s->child[i], NULL, 0);
	}
	fuzz_maps_fini();
	for (i = 0; i < FUZZ_JOBS; i++) {
		if (s->has_job[i])
			matmul_fini(&s->job[i]);
	}
	syscall(SYS_close_range, FUZZ_FIRST_FD, ~0u, 0);
	if (fuzz_tunes(s->seq))
		fuzz_untune();
	fuzz_twin_disarm();
}

/* So that all that a sequence opens can be told from what is ours */
static void fill_descriptors(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	while (fd >= 0 && fd < FUZZ_FIRST_FD);
	close(fd);
}

void fuzz_run(const struct fuzz_sequence *seq)
{
	static struct fuzz_state s;
	unsigned int i;

	fill_descriptors();
	memset(&s, 0, sizeof(s));
	for (i = 0; i < FUZZ_FILES; i++)
		s.file[i] = -1;
	for (i = 0; i < FUZZ_FENCES; i++)
		s.fence[i] = -1;
	for (i = 0; i < FUZZ_DMABUFS; i++)
		s.dmabuf[i] = -1;
	s.vgem = -1;
	s.seq = seq;
	s.end = seq->num;
	fuzz_run_calls(&s);
	give_back(&s);
}
