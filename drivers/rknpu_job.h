/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_JOB_H
#define RKNPU_JOB_H

#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/workqueue.h>

#include "rknpu_hw.h"
#include "rknpu_soc.h"

struct rknpu_client;
struct rknpu_epoch;
struct rknpu_mapping;
struct rknpu_vm;

/**
 * struct rknpu_job_args - a checked-for-shape request; every number still comes from user space
 * @client: the caller's client.
 * @vm: address space that the command stream means.
 * @task_token: buffer of task descriptors.
 * @task_base: added to every data address.
 * @timeout_ms: 0 = the driver's limit.
 * @core_mask: cores that may run the job; 0 = any.
 * @pingpong: fetch ahead.
 * @first: first descriptor, per core.
 * @number: number of descriptors, per core; 0 = the core has no range.
 */
struct rknpu_job_args {
	struct rknpu_client *client;
	struct rknpu_vm *vm;
	u64 task_token;
	u64 task_base;
	u32 timeout_ms;
	u32 core_mask;
	bool pingpong;
	u32 first[RKNPU_MAX_CORES];
	u32 number[RKNPU_MAX_CORES];
};

/**
 * struct rknpu_job_range - what a job runs on one core
 * @first: index of the first descriptor. Immutable.
 * @tasks: number of descriptors, 0 when the core cannot run the job. Immutable.
 * @num_chunks: starts needed. Immutable.
 * @chunks: one for each start. Immutable.
 */
struct rknpu_job_range {
	u32 first;
	u32 tasks;
	u32 num_chunks;
	struct rknpu_hw_range *chunks;
};

/**
 * struct rknpu_job - kernel copy of all that is needed to run a submit
 * @ref: submit path, and queue or hardware.
 * @client: who asked. Immutable.
 * @vm: address space. Immutable.
 * @epoch: keeps every mapping of @vm that existed at submit. Immutable.
 * @task_mapping: the task buffer, for its result words. Immutable.
 * @descriptors: kernel mapping of the task buffer. Immutable.
 * @range: per core. Immutable.
 * @cores: bit n: core n may run it. Immutable.
 * @task_base: hardware address offset. Immutable.
 * @timeout: jiffies on the hardware. Immutable.
 * @pingpong: fetch ahead. Immutable.
 * @node: queue entry; sched->lock.
 * @chunk: index of the chunk on the hardware; sched->lock.
 * @seen: events of the current chunk so far; sched->lock.
 * @core: core that runs or ran it; sched->lock until @done.
 * @retried: a lost start has been repeated; sched->lock.
 * @cancelled: its client asked for a reset; sched->lock.
 * @started: start of the first chunk; sched->lock until @done.
 * @elapsed_ns: time on the hardware; valid after @done.
 * @tasks_done: descriptors executed; valid after @done.
 * @events: events of the last chunk; valid after @done.
 * @result: 0 or a negative errno; valid after @done.
 * @done: the job has left queue and hardware.
 * @free_work: release from contexts that must not sleep.
 * @one_chunk: storage for the usual case.
 */
struct rknpu_job {
	struct kref ref;
	struct rknpu_client *client;
	struct rknpu_vm *vm;
	struct rknpu_epoch *epoch;
	struct rknpu_mapping *task_mapping;
	void *descriptors;
	struct rknpu_job_range range[RKNPU_MAX_CORES];
	u32 cores;
	u32 task_base;
	unsigned long timeout;
	bool pingpong;

	struct list_head node;
	u32 chunk;
	u32 seen;
	unsigned int core;
	bool retried;
	bool cancelled;
	ktime_t started;

	u64 elapsed_ns;
	u32 tasks_done;
	u32 events;
	int result;
	struct completion done;
	struct work_struct free_work;
	struct rknpu_hw_range one_chunk[RKNPU_MAX_CORES];
};

struct rknpu_job *rknpu_job_create(const struct rknpu_soc *soc, const struct rknpu_job_args *args);
void rknpu_job_put(struct rknpu_job *job);
void rknpu_job_put_atomic(struct rknpu_job *job, struct workqueue_struct *wq);
void rknpu_job_write_status(struct rknpu_job *job);

/* The chunk that a core runs or is about to run; sched->lock. */
static inline const struct rknpu_hw_range *rknpu_job_chunk(const struct rknpu_job *job)
{
	return &job->range[job->core].chunks[job->chunk];
}

#endif /* RKNPU_JOB_H */
