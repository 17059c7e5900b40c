/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_JOB_H
#define RKNPU_JOB_H

#include <linux/dma-fence.h>
#include <linux/kref.h>
#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/rcuwait.h>
#include <linux/workqueue.h>

#include "rknpu_hw.h"
#include "rknpu_soc.h"

struct drm_device;
struct rknpu_client;
struct rknpu_entity;
struct rknpu_epoch;
struct rknpu_mapping;
struct rknpu_sched;
struct rknpu_usage;
struct rknpu_vm;
struct rknpu_wait;

/**
 * struct rknpu_job_args - a job request; its form is checked, but every number still comes from user space
 * @drm: device, for messages about refused fields.
 * @client: the caller's client.
 * @file: the caller's file; identity only.
 * @usage: usage counters of @file.
 * @vm: address space that the command stream runs in.
 * @task_token: token of the buffer with the task descriptors.
 * @task_base: offset added to every data address.
 * @timeout_ms: time-out in milliseconds, 0 for the driver's limit.
 * @core_mask: cores that the job may or must run on.
 * @gang: true if it must run on all cores of @core_mask that have a range, false if on any one of them.
 * @pingpong: true if the hardware is to fetch ahead.
 * @priority: RKNPU_PRIORITY_MIN .. RKNPU_PRIORITY_MAX.
 * @in_fence: fence to wait for before the job is queued, or NULL; the job takes over the reference.
 * @out_fence: true if the caller wants an output fence.
 * @first: index of the first descriptor, for each core.
 * @number: number of descriptors, for each core; 0 if the core has no range.
 */
struct rknpu_job_args {
	struct drm_device *drm;
	struct rknpu_client *client;
	const void *file;
	struct rknpu_usage *usage;
	struct rknpu_vm *vm;
	u64 task_token;
	u64 task_base;
	u32 timeout_ms;
	u32 core_mask;
	bool gang;
	bool pingpong;
	int priority;
	struct dma_fence *in_fence;
	bool out_fence;
	u32 first[RKNPU_MAX_CORES];
	u32 number[RKNPU_MAX_CORES];
};

/**
 * struct rknpu_job_range - the part of a job that runs on one core
 * @first: index of the first descriptor. Immutable.
 * @tasks: number of descriptors, 0 if the core cannot run the job. Immutable.
 * @num_chunks: number of starts needed. Immutable.
 * @chunks: one chunk for each start. Immutable.
 * @chunk: index of the chunk on the hardware; sched->lock.
 * @seen: events of that chunk so far; sched->lock. Those of the last chunk are the result.
 */
struct rknpu_job_range {
	u32 first;
	u32 tasks;
	u32 num_chunks;
	struct rknpu_hw_range *chunks;
	u32 chunk;
	u32 seen;
};

/**
 * enum rknpu_job_place - where a job is; sched->lock
 * @RKNPU_JOB_ELSEWHERE: not pushed yet, on the hardware, or done.
 * @RKNPU_JOB_WAITING: waiting for its input fence.
 * @RKNPU_JOB_QUEUED: waiting for a core.
 */
enum rknpu_job_place {
	RKNPU_JOB_ELSEWHERE,
	RKNPU_JOB_WAITING,
	RKNPU_JOB_QUEUED,
};

/**
 * struct rknpu_job - kernel copy of everything that is needed to run a submit
 * @ref: held by the submit path and by the queue or hardware.
 * @sched: scheduler that it was pushed to. Immutable from then on.
 * @client: client that submitted it. Immutable.
 * @entity: what the scheduler keeps for @client, which keeps it alive. Immutable.
 * @file: file that it was submitted through; identity only. Immutable.
 * @usage: usage counters of @file; holds a reference. Immutable.
 * @id: unique number, assigned by the push. Immutable from then on.
 * @vm: address space, which lives as long as @client. Immutable.
 * @epoch: keeps every mapping of @vm that existed at submit; usually NULL once the job has ended.
 * @task_mapping: mapping of the task buffer, for its result words. Immutable.
 * @descriptors: kernel mapping of the task buffer. Immutable.
 * @range: range of each core. Members as documented there.
 * @cores: cores that it may run on or, for a gang, all of which it needs. Immutable.
 * @gang: needs all of @cores. Immutable.
 * @priority: higher goes first. Immutable.
 * @task_base: offset that the hardware adds to addresses. Immutable.
 * @timeout: time-out on the hardware, in jiffies. Immutable.
 * @pingpong: the hardware is to fetch ahead. Immutable.
 * @quiet: its submitter polls for its end, so it raises no interrupt, see rknpu_poll.c; sched->lock from
 *	push on.
 * @in_fence: fence that it depends on, or NULL. Immutable.
 * @impatient: @in_fence may never be signalled, so the wait for it ends at @deadline too. Immutable.
 * @wait: the wait for @in_fence that it has joined or, before it is pushed, a spare one; sched->lock.
 * @late: entry in sched->late while it waits and is @impatient; sched->lock.
 * @out_fence: fence to signal when the job is done, or NULL. Immutable.
 * @node: entry in the list that @place indicates; sched->lock.
 * @owned: entry in its client's list of jobs that have not started; sched->lock.
 * @place: where it is; sched->lock.
 * @arrival: sequence number of its arrival in the queue; sched->lock.
 * @running: cores that have not finished their range; sched->lock.
 * @ran: cores that it was started on; sched->lock until @done.
 * @retried: a lost start has been repeated; sched->lock.
 * @cancelled: its client asked for a reset; sched->lock.
 * @abandoned: its file was closed or its submitter killed, so @deadline was moved up; sched->lock.
 * @deadline: jiffies at which its time for waiting or for running is over; sched->lock.
 * @progress: jiffies at which it was last seen to have finished a task; sched->lock.
 * @started: time of its start on the hardware, 0 if never; sched->lock until @done.
 * @ended: time of its end on the last of its cores so far; sched->lock until @done.
 * @elapsed_ns: time on the hardware; valid after @done.
 * @tasks_done: number of descriptors executed on all cores together; valid after @done.
 * @result: 0 or a negative errno; valid after @done.
 * @done: the job has left queue and hardware; set with release, read with acquire.
 * @waiter: its submitter, the only task that waits for @done.
 * @free_work: releases the job when the last reference is dropped in a context that must not sleep.
 * @one_chunk: storage for the usual case of one chunk for each core.
 */
struct rknpu_job {
	struct kref ref;
	struct rknpu_sched *sched;
	struct rknpu_client *client;
	struct rknpu_entity *entity;
	const void *file;
	struct rknpu_usage *usage;
	u64 id;
	struct rknpu_vm *vm;
	struct rknpu_epoch *epoch;
	struct rknpu_mapping *task_mapping;
	void *descriptors;
	struct rknpu_job_range range[RKNPU_MAX_CORES];
	u32 cores;
	bool gang;
	int priority;
	u32 task_base;
	unsigned long timeout;
	bool pingpong;
	bool quiet;
	struct dma_fence *in_fence;
	bool impatient;
	struct rknpu_wait *wait;
	struct rb_node late;
	struct dma_fence *out_fence;

	struct list_head node;
	struct list_head owned;
	enum rknpu_job_place place;
	u64 arrival;
	u32 running;
	u32 ran;
	bool retried;
	bool cancelled;
	bool abandoned;
	unsigned long deadline;
	unsigned long progress;
	ktime_t started;
	ktime_t ended;

	u64 elapsed_ns;
	u32 tasks_done;
	int result;
	bool done;
	struct rcuwait waiter;
	struct work_struct free_work;
	struct rknpu_hw_range one_chunk[RKNPU_MAX_CORES];
};

struct rknpu_job *rknpu_job_create(const struct rknpu_soc *soc, const struct rknpu_job_args *args);
void rknpu_job_put(struct rknpu_job *job);
void rknpu_job_put_atomic(struct rknpu_job *job, struct workqueue_struct *wq);
void rknpu_job_let_go(struct rknpu_job *job);
void rknpu_job_write_status(struct rknpu_job *job);

/* The chunk that a core is running or about to run; caller must hold sched->lock. */
static inline const struct rknpu_hw_range *rknpu_job_chunk(const struct rknpu_job *job, unsigned int core)
{
	return &job->range[core].chunks[job->range[core].chunk];
}

#endif /* RKNPU_JOB_H */
