/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_SCHED_H
#define RKNPU_SCHED_H

#include <linux/ktime.h>
#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "rknpu_queue.h"
#include "rknpu_slot.h"
#include "rknpu_soc.h"
#include "rknpu_usage.h"
#include "rknpu_vm.h"

struct rknpu_core;
struct rknpu_entity;
struct rknpu_job;
struct rknpu_mmu;
struct rknpu_sched;

/**
 * struct rknpu_sched_roof - receiver of reports on jobs that fail on the hardware
 * @failed: called before a core is reset because of a job; @done is the number of the job's tasks that the
 *	core has finished. NULL if there is no receiver. Context: The scheduler's worker. Must not wait.
 * @data: argument for @failed.
 */
struct rknpu_sched_roof {
	void (*failed)(void *data, const struct rknpu_slot *slot, const struct rknpu_job *job, int result, u32 done);
	void *data;
};

/**
 * struct rknpu_sched - the scheduler
 * @soc: constants of the SoC. Immutable.
 * @lock: protects all fields below except the workqueues; taken in hard IRQ context.
 * @queue: jobs that wait for a core.
 * @now: time at which the current decision began. Set at its beginning; valid until the lock is released,
 *	so that one decision sees one time.
 * @ready: waits whose fence has been signalled and that still have jobs, see rknpu_wait.c.
 * @late: jobs that wait for a fence and are impatient, by deadline.
 * @linger: releases power references of idle cores; runs on @wq.
 * @patience: fails impatient jobs that have waited too long; runs on @wq.
 * @conduct: watches for clients that hang, while a job waits; runs on @wq.
 * @strikes: number of strikes of all clients within about a second, see rknpu_conduct.c.
 * @last_strike: jiffies of the last strike.
 * @failed: jobs with a failed input fence, to be finished by the worker.
 * @slots: the cores.
 * @cores: mask of the cores that jobs can name. Only changes while cores are added.
 * @last_id: ID of the last job that was accepted.
 * @counts: counts of all jobs.
 * @dead: mask of dead cores; written by the worker.
 * @stopping: no more jobs are accepted or started.
 * @reset_all: no job is started until all cores are idle and have been reset.
 * @suspended: number of cores that are suspended or about to be; no job is started.
 * @idle: woken when a core becomes idle while @suspended.
 * @dispatch: work item for everything before a start that may sleep.
 * @wq: ordered high-priority workqueue: dispatch, watchdogs and recovery never run at the same time.
 * @free_wq: releases jobs whose last reference was dropped in an interrupt.
 * @sink: receiver of IOMMU faults.
 * @roof: set by the upper floor while the device is up.
 */
struct rknpu_sched {
	const struct rknpu_soc *soc;
	spinlock_t lock;
	struct rknpu_queue queue;
	ktime_t now;
	struct list_head ready;
	struct rb_root_cached late;
	struct delayed_work linger;
	struct delayed_work patience;
	struct delayed_work conduct;
	unsigned int strikes;
	unsigned long last_strike;
	struct list_head failed;
	struct rknpu_slot slots[RKNPU_MAX_CORES];
	u32 cores;
	u64 last_id;
	struct rknpu_counts counts;
	u32 dead;
	bool stopping;
	bool reset_all;
	unsigned int suspended;
	wait_queue_head_t idle;
	struct work_struct dispatch;
	struct workqueue_struct *wq;
	struct workqueue_struct *free_wq;
	struct rknpu_fault_sink sink;
	struct rknpu_sched_roof roof;
};

int rknpu_sched_init(struct rknpu_sched *sched, const struct rknpu_soc *soc);
int rknpu_sched_add_core(struct rknpu_sched *sched, struct rknpu_core *core, struct rknpu_mmu *mmu);
void rknpu_sched_stop(struct rknpu_sched *sched);
void rknpu_sched_fini(struct rknpu_sched *sched);

/* Of rknpu_entity.c, for the list of clients: only files of the scheduler include rknpu_entity.h. */
void rknpu_entity_free(struct rknpu_entity *entity);

#endif /* RKNPU_SCHED_H */
