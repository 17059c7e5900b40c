/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Tasks of any kind one after the other in one command buffer, linked, with
 * their descriptors: what one submit runs. A task is what is written between
 * chain_begin() and chain_end().
 */
#ifndef CHAIN_H
#define CHAIN_H

#include "npu.h"
#include "regcmd.h"

struct chain_link {
	size_t first, words;		/* of the command buffer; without tail */
	uint32_t enable, int_mask;
};

struct chain {
	struct npu_bo cmd, task;
	struct chain_link *links;
	unsigned int tasks, max_tasks;
	struct regcmd rc;
};

/* Room for @tasks tasks of @words command words in all; 0 or -errno */
int chain_init(struct chain *c, int fd, unsigned int tasks, size_t words);
void chain_fini(struct chain *c);

/* Starts a task; its registers go to what is returned */
struct regcmd *chain_begin(struct chain *c);
/* Ends it. @enable: RKNPU_ENABLE_* of its blocks, @int_mask: RKNPU_INT_* of the last of them */
void chain_end(struct chain *c, uint32_t enable, uint32_t int_mask);

/* Links the tasks and writes their descriptors; before the first submit, or after a change. 0 or -errno */
int chain_finish(struct chain *c);
/* Arguments that run tasks @first to @first + @tasks - 1 on @core_mask, blocking */
struct rknpu_submit chain_args(const struct chain *c, unsigned int first, unsigned int tasks, uint32_t core_mask);
/* All of it in one submit; 0 or -errno */
int chain_run(struct chain *c, uint32_t core_mask);

#endif /* CHAIN_H */
