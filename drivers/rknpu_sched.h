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
 * enum rknpu_slot_state - state of a core, which determines who owns it
 * @RKNPU_SLOT_ABSENT: no owner: the core is not enabled in the device tree.
 * @RKNPU_SLOT_IDLE: the holder of sched->lock.
 * @RKNPU_SLOT_PREPARING: the worker, which powers it or changes its address space.
 * @RKNPU_SLOT_RUNNING: the holder of sched->lock; a job is on the hardware.
 * @RKNPU_SLOT_RECOVERING: the worker, which resets it; events are ignored.
 * @RKNPU_SLOT_STALLED: the worker, which resets it once all cores are idle.
 * @RKNPU_SLOT_DEAD: no owner: its reset failed.
 *
 * Only the owner starts, stops and resets the core and changes its address space. The worker owns a
 * core without holding the lock, so it may sleep. Two other paths own cores without the lock:
 * rknpu_sched_stop(), once the worker has ended for good, and runtime suspend, see rknpu_slot_off(), for
 * a core that has no power reference, because it is idle or dead or the worker has yet to power it, and
 * then the worker waits for runtime PM. The state itself only changes under the lock, by
 * rknpu_slot_set_state_locked(): this is how a core passes from one owner to the next.
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
 * struct rknpu_slot - the scheduler's state of one core
 * @sched: back pointer. Immutable.
 * @index: index of the core. Immutable.
 * @core: the core, NULL if absent. Immutable.
 * @mmu: its IOMMU. Immutable; members as documented there.
 * @siblings: cores behind the same IOMMU, including this one. Only changes while cores are added.
 * @state: determines who owns the core. Written under sched->lock; read without it only with READ_ONCE(),
 *	by code that can cope with a stale answer. Running, stalled and recovering cores have a power
 *	reference; a core that is being prepared is about to get one.
 * @asleep: suspended with the system, so that not even a reset of all cores may touch it. sched->lock.
 * @lingers: one more power reference is held, for the next job. sched->lock.
 * @idle_since: time when it became idle, if @lingers. sched->lock.
 * @job: job on the hardware or being prepared for; kept alive by the job's queue reference. Written under
 *	sched->lock; the owner may read it without.
 * @turn_end: time until which the attached address space may keep the core from another one; the same for
 *	all cores behind an IOMMU. sched->lock.
 * @clean_vm: ID of the address space whose owner the register contents belong to. Only used by the owner.
 * @resets: value of that space's vm->resets when the registers were last clean. Only used by the owner.
 * @faulted: an IOMMU fault hit @job; the interrupt line is disabled until recovery. sched->lock; does
 *	not change while the core is recovering or stalled.
 * @fault_iova: address of the fault. Protected like @faulted.
 * @fault_write: true if the fault was a write. Protected like @faulted.
 * @seen_id: ID of the job at the last check, see rknpu_conduct.c. sched->lock.
 * @seen_tasks: number of tasks that it had finished then. sched->lock.
 * @load: time that the core has worked. sched->lock.
 * @watchdog: watches @job; runs on sched->wq. Only armed by rknpu_run_watch_locked().
 * @watch_by: jiffies by which it will have fired, if it is pending. sched->lock.
 */
struct rknpu_slot {
	struct rknpu_sched *sched;
	unsigned int index;
	struct rknpu_core *core;
	struct rknpu_mmu *mmu;
	u32 siblings;
	enum rknpu_slot_state state;
	bool asleep;
	bool lingers;
	ktime_t idle_since;
	struct rknpu_job *job;
	ktime_t turn_end;
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
