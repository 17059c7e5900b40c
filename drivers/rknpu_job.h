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
struct rknpu_epoch;
struct rknpu_mapping;
struct rknpu_sched;
struct rknpu_usage;
struct rknpu_vm;
struct rknpu_wait;

/**
 * struct rknpu_job_args - a checked-for-shape request; every number still comes from user space
 * @drm: for messages about what is refused.
 * @client: the caller's client.
 * @file: the caller's file: identity only.
 * @usage: counts for @file.
 * @vm: address space that the command stream means.
 * @task_token: buffer of task descriptors.
 * @task_base: added to every data address.
 * @timeout_ms: 0 = the driver's limit.
 * @core_mask: cores that the job may or must run on.
 * @gang: it must run on all of @core_mask that have a range, else on any one.
 * @pingpong: fetch ahead.
 * @priority: RKNPU_PRIORITY_MIN .. RKNPU_PRIORITY_MAX.
 * @in_fence: to wait for before the job is queued; the job takes over the reference. NULL = none.
 * @out_fence: wanted.
 * @first: first descriptor, per core.
 * @number: number of descriptors, per core; 0 = the core has no range.
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
 * struct rknpu_job_range - what a job runs on one core
 * @first: index of the first descriptor. Immutable.
 * @tasks: number of descriptors, 0 when the core cannot run the job. Immutable.
 * @num_chunks: starts needed. Immutable.
 * @chunks: one for each start. Immutable.
 * @chunk: index of the one on the hardware; sched->lock.
 * @seen: its events so far; sched->lock. Those of the last one are the result.
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
 * @RKNPU_JOB_WAITING: waits for its input fence.
 * @RKNPU_JOB_QUEUED: waits for a core.
 */
enum rknpu_job_place {
	RKNPU_JOB_ELSEWHERE,
	RKNPU_JOB_WAITING,
	RKNPU_JOB_QUEUED,
};

/**
 * struct rknpu_job - kernel copy of all that is needed to run a submit
 * @ref: submit path, and queue or hardware.
 * @sched: where it was pushed. Immutable from then on.
 * @client: who asked. Immutable.
 * @file: through which open; identity only. Immutable.
 * @usage: counts for @file; kept alive. Immutable.
 * @id: number that no other job has; from push on. Immutable.
 * @vm: address space, which lives as long as @client. Immutable.
 * @epoch: keeps every mapping of @vm that existed at submit; NULL once the job is over, mostly.
 * @task_mapping: the task buffer, for its result words. Immutable.
 * @descriptors: kernel mapping of the task buffer. Immutable.
 * @range: per core. Members as documented there.
 * @cores: cores that it may run on, or all of which it needs. Immutable.
 * @gang: needs all of @cores. Immutable.
 * @priority: higher goes first. Immutable.
 * @task_base: hardware address offset. Immutable.
 * @timeout: jiffies on the hardware. Immutable.
 * @pingpong: fetch ahead. Immutable.
 * @quiet: its submitter looks for its end, so it does not interrupt, see rknpu_poll.c; sched->lock
 *	from push on.
 * @in_fence: dependency or NULL. Immutable.
 * @impatient: @in_fence may never signal, so the wait for it ends at @deadline too. Immutable.
 * @wait: what it waits for @in_fence with, and before it is pushed what it could; sched->lock.
 * @late: entry of sched->late while it waits and is @impatient; sched->lock.
 * @out_fence: signalled when the job is done, or NULL. Immutable.
 * @node: entry of the list that @place names; sched->lock.
 * @owned: entry of its client's list of jobs that have not started; sched->lock.
 * @place: where it is; sched->lock.
 * @arrival: number of its arrival in the queue; sched->lock.
 * @running: cores that have not finished their range; sched->lock.
 * @ran: cores that it was started on; sched->lock until @done.
 * @retried: a lost start has been repeated; sched->lock.
 * @cancelled: its client asked for a reset; sched->lock.
 * @abandoned: its file has been closed or its submitter killed, so that @deadline is soon; sched->lock.
 * @deadline: jiffies at which it has run out of time, of waiting or of running; sched->lock.
 * @progress: jiffies at which it was last seen to have finished a task; sched->lock.
 * @started: start on the hardware, 0 = never; sched->lock until @done.
 * @ended: end on the last of its cores so far; likewise.
 * @elapsed_ns: time on the hardware; valid after @done.
 * @tasks_done: descriptors executed, all cores together; valid after @done.
 * @result: 0 or a negative errno; valid after @done.
 * @done: the job has left queue and hardware; set with release, read with acquire.
 * @waiter: its submitter, who alone waits for @done.
 * @free_work: release from contexts that must not sleep.
 * @one_chunk: storage for the usual case.
 */
struct rknpu_job {
	struct kref ref;
	struct rknpu_sched *sched;
	struct rknpu_client *client;
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

/* The chunk that a core runs or is about to run; sched->lock. */
static inline const struct rknpu_hw_range *rknpu_job_chunk(const struct rknpu_job *job, unsigned int core)
{
	return &job->range[core].chunks[job->range[core].chunk];
}

#endif /* RKNPU_JOB_H */
