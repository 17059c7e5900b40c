/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_PICK_H
#define RKNPU_PICK_H

#include <linux/types.h>

#include "rknpu_job.h"
#include "rknpu_mmu.h"
#include "rknpu_owner.h"
#include "rknpu_slot.h"
#include "rknpu_vm.h"

struct rknpu_sched;

struct rknpu_job *rknpu_pick_job_locked(const struct rknpu_slot *slot);
bool rknpu_pick_awaited_locked(const struct rknpu_slot *slot);
u32 rknpu_pick_cores_locked(struct rknpu_sched *sched, const struct rknpu_job *job);
u32 rknpu_pick_group_locked(const struct rknpu_sched *sched, const struct rknpu_job *job,
			    unsigned long cores);

/**
 * rknpu_pick_ready_locked() - tell whether a job could be started on a core without sleeping
 * @slot: the core; idle
 * @job: the job
 *
 * Return: true if its address space is attached and the registers hold nothing of another client.
 */
static inline bool rknpu_pick_ready_locked(const struct rknpu_slot *slot, const struct rknpu_job *job)
{
	rknpu_owner_assert_idle_locked(slot);
	return rknpu_mmu_attached(slot->mmu) == job->vm && slot->clean_vm == job->vm->id &&
	       slot->resets == atomic_read(&job->vm->resets);
}

#endif /* RKNPU_PICK_H */
