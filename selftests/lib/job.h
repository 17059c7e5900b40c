/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Asynchronous jobs, and the fences that signal their end.
 */
#ifndef JOB_H
#define JOB_H

#include <stdint.h>
#include "matmul.h"

/*
 * Submits without waiting. @fence_in: fence to wait for, or -1. @fence receives the
 * out fence, unless NULL. Returns 0 or -errno.
 */
int job_start(const struct matmul *mm, uint32_t core_mask, int fence_in, int *fence);
/* The same with arguments that are complete except for the flags */
int job_start_args(const struct matmul *mm, struct rknpu_submit args, int fence_in, int *fence);

/* Returns 0 when the fence has signalled, or -ETIMEDOUT */
int fence_wait(int fence, int timeout_ms);
/* Returns 1 if signalled, 0 if not yet, or the error that it signalled with */
int fence_status(int fence);
/* Returns the monotonic time when the fence signalled, 0 if it has not */
uint64_t fence_time_ns(int fence);
/* Returns a fence that signals when both have signalled, or -errno */
int fence_merge(int a, int b);
/* Waits, reads the status, closes. Returns 0 or the error of the job; -ETIMEDOUT also if it did not signal */
int fence_end(int fence);

/* Number of open descriptors of this process */
unsigned int open_files(void);

#endif /* JOB_H */
