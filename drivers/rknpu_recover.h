/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_RECOVER_H
#define RKNPU_RECOVER_H

#include <linux/types.h>

struct device;
struct rknpu_fault_sink;
struct rknpu_job;
struct rknpu_sched;
struct rknpu_slot;
struct work_struct;

void rknpu_recover_fault(struct rknpu_fault_sink *sink, struct device *iommu, u32 iova, bool write);
void rknpu_recover_watchdog(struct work_struct *work);
void rknpu_recover_reset_all(struct rknpu_sched *sched);
void rknpu_recover_stop(struct rknpu_slot *slot);
int rknpu_slot_clean(struct rknpu_slot *slot);

/* Of rknpu_sched.c, for rknpu_recover.c: the two are one scheduler in two files. */
struct rknpu_job *rknpu_sched_unlink_locked(struct rknpu_slot *slot, int result);
void rknpu_sched_finish(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_slot_start_locked(struct rknpu_slot *slot, struct rknpu_job *job);
void rknpu_slot_next_locked(struct rknpu_slot *slot);
void rknpu_sched_drop_orphans(struct rknpu_sched *sched);

#endif /* RKNPU_RECOVER_H */
