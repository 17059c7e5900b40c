// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 */
#include "chain.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN_WORDS	(REGCMD_ALIGN_BYTES / sizeof(uint64_t))

int chain_init(struct chain *c, int fd, unsigned int tasks, size_t words)
{
	/* Each task may need this for its tail and the alignment of the next one */
	size_t room = words + tasks * (RKNPU_REGCMD_TAIL_WORDS + ALIGN_WORDS);
	int ret;

	memset(c, 0, sizeof(*c));
	c->max_tasks = tasks;
	c->links = calloc(tasks, sizeof(*c->links));
	ret = c->links ? 0 : -ENOMEM;
	if (!ret)
		ret = npu_bo_init(&c->cmd, fd, room * sizeof(uint64_t), NPU_FLAGS_DATA);
	if (!ret)
		ret = npu_bo_init(&c->task, fd, tasks * sizeof(struct rknpu_task), NPU_FLAGS_TASK);
	if (ret) {
		chain_fini(c);
		return ret;
	}
	c->rc = (struct regcmd){ .words = c->cmd.map, .max = room };
	return 0;
}

void chain_fini(struct chain *c)
{
	npu_bo_fini(&c->task);
	npu_bo_fini(&c->cmd);
	free(c->links);
	c->links = NULL;
}

struct regcmd *chain_begin(struct chain *c)
{
	if (c->tasks == c->max_tasks) {
		printf("# chain of more than its %u tasks\n", c->max_tasks);
		abort();
	}
	while (c->rc.count % ALIGN_WORDS)
		regcmd_word(&c->rc, 0);
	c->links[c->tasks].first = c->rc.count;
	return &c->rc;
}

void chain_end(struct chain *c, uint32_t enable, uint32_t int_mask)
{
	struct chain_link *link = &c->links[c->tasks++];
	unsigned int i;

	link->words = c->rc.count - link->first;
	link->enable = enable;
	link->int_mask = int_mask;
	for (i = 0; i < RKNPU_REGCMD_TAIL_WORDS; i++)
		regcmd_word(&c->rc, 0);
}

static uint32_t link_iova(const struct chain *c, unsigned int i)
{
	return (uint32_t)(c->cmd.iova + c->links[i].first * sizeof(uint64_t));
}

int chain_finish(struct chain *c)
{
	struct rknpu_task *task = c->task.map;
	unsigned int i;
	int ret;

	for (i = 0; i < c->tasks; i++) {
		const struct chain_link *link = &c->links[i];
		struct regcmd tail = {
			.words = c->rc.words, .count = link->first + link->words, .max = c->rc.max,
		};
		bool last = i + 1 == c->tasks;

		regcmd_tail(&tail, last ? 0 : link_iova(c, i + 1), last ? 0 : link[1].words, link->enable);
		task[i] = (struct rknpu_task) {
			.enable_mask = link->enable,
			.int_mask = link->int_mask,
			.int_clear = RKNPU_INT_ALL,
			.regcfg_amount = link->words,
			.regcmd_addr = link_iova(c, i),
		};
	}
	ret = npu_bo_to_device(&c->cmd);
	return ret ? ret : npu_bo_to_device(&c->task);
}

struct rknpu_submit chain_args(const struct chain *c, unsigned int first, unsigned int tasks, uint32_t core_mask)
{
	struct rknpu_submit args = {
		.flags = RKNPU_JOB_PC | RKNPU_JOB_BLOCK | RKNPU_JOB_PINGPONG,
		.timeout = NPU_TIMEOUT_MS,
		.task_start = first,
		.task_number = tasks,
		.task_obj_addr = c->task.token,
		.core_mask = core_mask,
		.fence_fd = -1,
	};
	int i;

	/* A single core uses the entry with its number; with automatic choice that may be any */
	for (i = 0; i < NPU_CORES; i++) {
		args.subcore_task[i].task_start = first;
		args.subcore_task[i].task_number = tasks;
	}
	return args;
}

int chain_run(struct chain *c, uint32_t core_mask)
{
	struct rknpu_submit args = chain_args(c, 0, c->tasks, core_mask);

	return npu_submit(c->cmd.fd, &args);
}
