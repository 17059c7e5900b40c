// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: What the worker does before a job can start: it takes the job off the queue and its cores
 * for itself, powers them, resets those that held something else, attaches the job's address
 * space, and starts the job.
 */
#include "rknpu_prepare.h"

#include <linux/bitops.h>
#include <linux/device.h>
#include <linux/ktime.h>
#include <linux/wait.h>

#include "rknpu_client.h"
#include "rknpu_core.h"
#include "rknpu_drop.h"
#include "rknpu_job.h"
#include "rknpu_linger.h"
#include "rknpu_mmu.h"
#include "rknpu_owner.h"
#include "rknpu_pick.h"
#include "rknpu_power.h"
#include "rknpu_queue.h"
#include "rknpu_run.h"
#include "rknpu_sched.h"
#include "rknpu_sched_priv.h"
#include "rknpu_slot.h"
#include "rknpu_trace.h"
#include "rknpu_vm.h"

/**
 * struct rknpu_claim - a job and the cores that the worker has taken for it
 * @job: the job, removed from the queue.
 * @cores: cores that it is going to run on; PREPARING.
 * @held: those of @cores that have a power reference.
 * @group: cores that change their address space for it; also PREPARING.
 */
struct rknpu_claim {
	struct rknpu_job *job;
	u32 cores;
	u32 held;
	struct rknpu_slot_set group;
};

/* Resets a group of cores, which stay silent, and attaches the job's address space to their IOMMUs. Worker only. */
static int rknpu_prepare_switch(struct rknpu_slot_set *group, const struct rknpu_job *job)
{
	int resets = atomic_read(&job->vm->resets);
	unsigned int i;
	int ret;

	if (!group->num)
		return 0;
	ret = rknpu_slots_clean(group);
	for (i = 0; i < group->num; i++) {
		struct rknpu_slot *slot = group->slot[i];

		rknpu_owner_assert_space(slot);
		if (!ret && slot->mmu->vm != job->vm) {
			ret = rknpu_mmu_attach(slot->mmu, job->vm);
			trace_vm_attach(slot->index, job->vm->id, pid_nr(job->client->tgid), ret);
		}
		if (!ret)
			rknpu_slot_mark_clean(slot, job->vm, resets);
	}
	return ret;
}

/*
 * The claimed cores have power now, but one may have powered off since it was claimed. Then its
 * address space has been detached too, see rknpu_slot_off(), and nothing runs behind its IOMMU.
 */
static int rknpu_prepare_reclaim(struct rknpu_sched *sched, struct rknpu_claim *claim)
{
	unsigned long cores = claim->cores;
	u32 group = 0;
	unsigned int i;
	int ret;

	spin_lock_irq(&sched->lock);
	for (i = 0; i < claim->group.num; i++)
		group |= BIT(claim->group.slot[i]->index);
	for_each_set_bit(i, &cores, RKNPU_MAX_CORES) {
		if (!rknpu_mmu_attached(sched->slots[i].mmu))
			group |= sched->slots[i].siblings;
	}
	rknpu_slot_set_fill(&claim->group, sched, group);
	for (i = 0; i < claim->group.num; i++)
		if (claim->group.slot[i]->state == RKNPU_SLOT_IDLE)
			rknpu_owner_set_state_locked(claim->group.slot[i], RKNPU_SLOT_PREPARING);
	ret = cores & sched->dead ? -EIO : 0;
	spin_unlock_irq(&sched->lock);
	return ret;
}

/* Powers the claimed cores and makes them ready. Returns 0, or an error and none of them has power. */
static int rknpu_prepare_power(struct rknpu_sched *sched, struct rknpu_claim *claim)
{
	const struct rknpu_job *job = claim->job;
	unsigned long missing = claim->cores & ~claim->held;
	unsigned int core;
	int ret = 0;

	for_each_set_bit(core, &missing, RKNPU_MAX_CORES) {
		/* Powers its siblings, too: cores behind one IOMMU belong to one device. */
		ret = rknpu_power_get(sched->slots[core].core->power);
		if (ret)
			break;
		claim->held |= BIT(core);
	}
	if (!ret)
		ret = rknpu_prepare_reclaim(sched, claim);
	if (!ret)
		ret = rknpu_prepare_switch(&claim->group, job);
	if (!ret)
		return 0;
	rknpu_sched_put_power(sched, claim->held);
	dev_err_ratelimited(sched->slots[__ffs(claim->cores)].core->dev,
			    "cannot prepare cores %#x for a job of %s[%d]: %d\n", claim->cores,
			    job->client->comm, pid_nr(job->client->tgid), ret);
	return ret;
}

static void rknpu_prepare_set_state_locked(struct rknpu_sched *sched, unsigned long cores,
					   enum rknpu_slot_state state)
{
	unsigned int core;

	lockdep_assert_held(&sched->lock);
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		if (sched->slots[core].state != RKNPU_SLOT_DEAD)
			rknpu_owner_set_state_locked(&sched->slots[core], state);
		sched->slots[core].job = NULL;
	}
}

/* The worker releases its cores. */
static void rknpu_prepare_yield_locked(struct rknpu_sched *sched, const struct rknpu_claim *claim)
{
	u32 cores = claim->cores;
	unsigned int i;

	lockdep_assert_held(&sched->lock);
	for (i = 0; i < claim->group.num; i++)
		cores |= BIT(claim->group.slot[i]->index);
	rknpu_prepare_set_state_locked(sched, cores, RKNPU_SLOT_IDLE);
}

/* Prepares cores for a job and starts it. */
static void rknpu_prepare_run(struct rknpu_sched *sched, struct rknpu_claim *claim)
{
	int ret = rknpu_prepare_power(sched, claim);
	struct rknpu_job *job = claim->job;
	unsigned int i;

	spin_lock_irq(&sched->lock);
	rknpu_prepare_yield_locked(sched, claim);
	sched->now = ktime_get();
	if (!ret && !sched->stopping && !job->cancelled && !job->abandoned) {
		rknpu_run_start_locked(sched, job, claim->cores);
		job = NULL;
	} else if (ret) {
		rknpu_run_settle_locked(job, -EIO);
	} else {
		rknpu_sched_put_power(sched, claim->cores);
		rknpu_run_settle_locked(job, sched->stopping ? -ENODEV : -ECANCELED);
	}
	for (i = 0; i < claim->group.num && !ret; i++)
		rknpu_slot_begin_turn_locked(claim->group.slot[i]);
	spin_unlock_irq(&sched->lock);
	/* Only after the start: no event can have occurred before. */
	rknpu_slots_listen(&claim->group);
	wake_up(&sched->idle);
	if (job)
		rknpu_run_finish(sched, job);
	if (ret)
		rknpu_drop_orphans(sched);
}

static void rknpu_prepare_take_locked(struct rknpu_sched *sched, struct rknpu_claim *claim)
{
	unsigned long cores = claim->cores;
	u32 group = rknpu_pick_group_locked(sched, claim->job, cores);
	unsigned int core;

	lockdep_assert_held(&sched->lock);
	rknpu_queue_take(&sched->queue, claim->job);
	claim->job->place = RKNPU_JOB_ELSEWHERE;
	rknpu_slot_set_fill(&claim->group, sched, group);
	rknpu_prepare_set_state_locked(sched, cores | group, RKNPU_SLOT_PREPARING);
	claim->held = 0;
	for_each_set_bit(core, &cores, RKNPU_MAX_CORES) {
		struct rknpu_slot *slot = &sched->slots[core];

		slot->job = claim->job;
		if (slot->lingers && rknpu_linger_take_locked(slot))
			claim->held |= BIT(core);
	}
}

/* Claims cores for a job that can have them. Returns false if nothing can be started. */
static bool rknpu_prepare_claim(struct rknpu_sched *sched, struct rknpu_claim *claim)
{
	unsigned int core;

	spin_lock_irq(&sched->lock);
	sched->now = ktime_get();
	claim->cores = 0;
	for (core = 0; core < RKNPU_MAX_CORES && !claim->cores && !rknpu_sched_held_locked(sched); core++) {
		if (sched->slots[core].state != RKNPU_SLOT_IDLE)
			continue;
		claim->job = rknpu_pick_job_locked(&sched->slots[core]);
		claim->cores = claim->job ? rknpu_pick_cores_locked(sched, claim->job) : 0;
	}
	if (claim->cores)
		rknpu_prepare_take_locked(sched, claim);
	spin_unlock_irq(&sched->lock);
	return claim->cores;
}

/**
 * rknpu_prepare_next() - prepare cores for a job that can have them, and start it
 * @sched: the scheduler
 *
 * Context: Process context, from the worker. May sleep.
 *
 * Return: false if no job can be started.
 */
bool rknpu_prepare_next(struct rknpu_sched *sched)
{
	struct rknpu_claim claim;

	if (!rknpu_prepare_claim(sched, &claim))
		return false;
	rknpu_prepare_run(sched, &claim);
	return true;
}
