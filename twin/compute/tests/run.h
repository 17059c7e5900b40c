/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * How the test programs run a task: alone, and again in several threads, which
 * must make no difference. The test program of the whole twin has a task_run()
 * of its own.
 */
#ifndef TWIN_COMPUTE_RUN_H
#define TWIN_COMPUTE_RUN_H

#include "memory.h"

typedef enum twin_compute_status (*task_fn)(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
					    const struct twin_dma *dma, const struct twin_workers *workers,
					    struct twin_compute_result *result);

enum twin_compute_status task_run(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
				  struct memory *memory, struct twin_compute_result *result);

/* The same for another entry point than twin_compute_task() */
enum twin_compute_status task_run_by(task_fn task, const struct twin_unit_regs *regs, uint32_t enable,
				     uint32_t dma_base, struct memory *memory, struct twin_compute_result *result);

/* One TAP line: the threads had a part in it. Differences have had lines of their own. */
void task_run_done(void);

#endif /* TWIN_COMPUTE_RUN_H */
