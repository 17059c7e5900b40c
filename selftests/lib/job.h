/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Jobs that nobody waits for, and the fences that tell of their end.
 */
#ifndef JOB_H
#define JOB_H

#include <stdint.h>
#include "matmul.h"

/*
 * Submits without waiting. @fence_in: to wait for, or -1. @fence: gets the
 * out fence; NULL = none wanted. Returns 0 or -errno.
 */
int job_start(const struct matmul *mm, uint32_t core_mask, int fence_in, int *fence);
/* The same from arguments that are complete but for the flags */
int job_start_args(const struct matmul *mm, struct rknpu_submit args, int fence_in, int *fence);

/* 0 when it has signalled, -ETIMEDOUT */
int fence_wait(int fence, int timeout_ms);
/* 1 = signalled, 0 = not yet, or the error that it signalled with */
int fence_status(int fence);
/* When it signalled, by the monotonic clock; 0 = not yet */
uint64_t fence_time_ns(int fence);
/* A fence that signals when both have, or -errno */
int fence_merge(int a, int b);
/* Waits, takes the status, closes: 0 or the error of the job; -ETIMEDOUT also when nothing came */
int fence_end(int fence);

/* Descriptors that this process has open */
unsigned int open_files(void);

#endif /* JOB_H */
