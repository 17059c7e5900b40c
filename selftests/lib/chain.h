/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Linked tasks of any kind in one command buffer, with their descriptors, for a
 * single submit. The words written between chain_begin() and chain_end() form a
 * task.
 */
#ifndef CHAIN_H
#define CHAIN_H

#include "npu.h"
#include "regcmd.h"

struct chain_link {
	size_t first, words;		/* position in the command buffer, length without tail */
	uint32_t enable, int_mask;
};

struct chain {
	struct npu_bo cmd, task;
	struct chain_link *links;
	unsigned int tasks, max_tasks;
	struct regcmd rc;
};

/* Allocates space for @tasks tasks with @words command words in total; returns 0 or -errno */
int chain_init(struct chain *c, int fd, unsigned int tasks, size_t words);
void chain_fini(struct chain *c);

/* Begins a task; its registers must be written to the returned stream */
struct regcmd *chain_begin(struct chain *c);
/* Ends a task. @enable: RKNPU_ENABLE_* of its blocks, @int_mask: RKNPU_INT_* of the last block */
void chain_end(struct chain *c, uint32_t enable, uint32_t int_mask);

/* Links the tasks and writes their descriptors; call before the first submit and after changes. Returns 0 or -errno */
int chain_finish(struct chain *c);
/* Returns arguments for a blocking submit of tasks @first to @first + @tasks - 1 on @core_mask */
struct rknpu_submit chain_args(const struct chain *c, unsigned int first, unsigned int tasks, uint32_t core_mask);
/* Runs the whole chain in one submit; returns 0 or -errno */
int chain_run(struct chain *c, uint32_t core_mask);

#endif /* CHAIN_H */
