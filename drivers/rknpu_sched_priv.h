/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * What rknpu_sched.c, rknpu_push.c and rknpu_recover.c share: they are one
 * scheduler in three files. Nobody else includes this.
 */
#ifndef RKNPU_SCHED_PRIV_H
#define RKNPU_SCHED_PRIV_H

#include <linux/jiffies.h>

struct work_struct;

struct rknpu_core;
struct rknpu_job;
struct rknpu_sched;
struct rknpu_slot;
struct rknpu_vm;

/* Longest time that a system suspend waits for what runs. */
#define RKNPU_SCHED_SUSPEND_JIFFIES	(10 * HZ)

/* How long an address space may keep cores that share an IOMMU while another one waits. */
#define RKNPU_SCHED_TURN_JIFFIES	msecs_to_jiffies(10)

void rknpu_slot_mark_clean(struct rknpu_slot *slot, const struct rknpu_vm *vm, int resets);
void rknpu_sched_settle_locked(struct rknpu_job *job, int result);
void rknpu_sched_finish(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_sched_restart_locked(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_sched_enqueue_locked(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_slot_next_locked(struct rknpu_slot *slot);
void rknpu_sched_resume(struct rknpu_core *core);

void rknpu_sched_drop_all(struct rknpu_sched *sched, int result);
void rknpu_sched_drop_failed(struct rknpu_sched *sched);
void rknpu_sched_drop_late(struct work_struct *work);
void rknpu_sched_drop_orphans(struct rknpu_sched *sched);

#endif /* RKNPU_SCHED_PRIV_H */
