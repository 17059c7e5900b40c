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
#include "rknpu_soc.h"
#include "rknpu_usage.h"
#include "rknpu_vm.h"

struct rknpu_client;
struct rknpu_core;
struct rknpu_job;
struct rknpu_mmu;
struct rknpu_sched;

/**
 * enum rknpu_slot_state - who may touch a core
 * @RKNPU_SLOT_ABSENT: nobody: the tree does not enable it.
 * @RKNPU_SLOT_IDLE: whoever holds sched->lock.
 * @RKNPU_SLOT_PREPARING: the worker, which powers it or changes its address space.
 * @RKNPU_SLOT_RUNNING: a job is on the hardware.
 * @RKNPU_SLOT_RECOVERING: the worker, which resets it; events are ignored.
 * @RKNPU_SLOT_STALLED: nobody, until all cores are idle and can be reset together.
 * @RKNPU_SLOT_DEAD: nobody: its reset failed.
 */
enum rknpu_slot_state {
	RKNPU_SLOT_ABSENT,
	RKNPU_SLOT_IDLE,
	RKNPU_SLOT_PREPARING,
	RKNPU_SLOT_RUNNING,
	RKNPU_SLOT_RECOVERING,
	RKNPU_SLOT_STALLED,
	RKNPU_SLOT_DEAD,
};

/**
 * struct rknpu_slot - what the scheduler knows of one core; sched->lock unless said otherwise
 * @sched: back pointer. Immutable.
 * @index: of the core. Immutable.
 * @core: the core, NULL when absent. Immutable.
 * @mmu: its IOMMU. Immutable; members as documented there.
 * @siblings: cores behind the same IOMMU, this one too. Changes only while cores are added.
 * @state: who may touch the core. While it is not idle the core has a power reference.
 * @lingers: one more power reference is held, for the next job.
 * @idle_since: when it has fallen idle, if @lingers.
 * @job: on the hardware or being prepared for; the job's queue reference keeps it.
 * @clean_vm: id of the address space whose owner's registers these are.
 * @resets: value of its vm->resets when they were last clean.
 * @faulted: an IOMMU fault hit @job; the interrupt line is disabled until recovery.
 * @fault_iova: where.
 * @fault_write: how.
 * @seen_id: job of the last look, see rknpu_conduct.c.
 * @seen_tasks: tasks that it had finished.
 * @load: time that it has worked.
 * @watchdog: looks after @job; runs on sched->wq. Armed by rknpu_run_watch_locked() alone.
 * @watch_by: jiffies at which it has fired, if it is pending.
 */
struct rknpu_slot {
	struct rknpu_sched *sched;
	unsigned int index;
	struct rknpu_core *core;
	struct rknpu_mmu *mmu;
	u32 siblings;
	enum rknpu_slot_state state;
	bool lingers;
	ktime_t idle_since;
	struct rknpu_job *job;
	u64 clean_vm;
	int resets;
	bool faulted;
	u32 fault_iova;
	bool fault_write;
	u64 seen_id;
	u32 seen_tasks;
	struct rknpu_load load;
	struct delayed_work watchdog;
	unsigned long watch_by;
};

/**
 * struct rknpu_sched_roof - who wants to know of jobs that fail on the hardware
 * @failed: a core is about to be reset because of a job, of whose tasks it has ended @done. Context:
 *	the scheduler's worker; must not wait. NULL when nobody wants to know.
 * @data: for it.
 */
struct rknpu_sched_roof {
	void (*failed)(void *data, const struct rknpu_slot *slot, const struct rknpu_job *job, int result, u32 done);
	void *data;
};

/**
 * struct rknpu_sched - the scheduler
 * @soc: constants. Immutable.
 * @lock: protects all that follows but the workqueues; taken in hard interrupts.
 * @queue: jobs that wait for a core.
 * @now: when the decision that is being made began; 0 as long as it did not need to know.
 * @ready: waits whose fence has signalled and that still have jobs, see rknpu_wait.c.
 * @late: jobs that wait for a fence and are impatient, by deadline.
 * @linger: takes power references from cores that are idle; runs on @wq.
 * @patience: ends those that have waited too long; runs on @wq.
 * @conduct: looks after clients that hang, while a job waits; runs on @wq.
 * @strikes: of all clients within about a second, see rknpu_conduct.c.
 * @last_strike: jiffies of the last one.
 * @failed: jobs whose input fence failed; the worker ends them.
 * @slots: the cores.
 * @last_id: of the job that came last.
 * @counts: what has become of all jobs.
 * @dead: cores in that state; the worker writes it.
 * @stopping: no job is accepted or started any more.
 * @reset_all: no job is started until all cores are idle and have been reset.
 * @suspended: number of cores that are suspended or about to be; no job is started.
 * @idle: woken when a core falls idle while @suspended.
 * @dispatch: worker that does what may sleep before a start.
 * @wq: ordered and of high priority: dispatch, watchdogs and recovery never run at the same time.
 * @free_wq: releases of jobs whose last reference went away in an interrupt.
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
u32 rknpu_sched_cores(const struct rknpu_sched *sched);

int rknpu_sched_push(struct rknpu_sched *sched, struct rknpu_job *job, bool wait);
int rknpu_sched_wait(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_sched_cancel_client(struct rknpu_sched *sched, struct rknpu_client *client);
void rknpu_sched_cancel_file(struct rknpu_sched *sched, struct rknpu_client *client, const void *file);

#endif /* RKNPU_SCHED_H */
