/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Declarations shared by rknpu_sched.c, rknpu_run.c, rknpu_place.c, rknpu_push.c, rknpu_linger.c,
 * rknpu_poll.c, rknpu_wait.c, rknpu_drop.c, rknpu_recover.c, rknpu_reset.c and rknpu_owner.c, which are
 * one scheduler in several files. No other file includes this header.
 */
#ifndef RKNPU_SCHED_PRIV_H
#define RKNPU_SCHED_PRIV_H

#include <linux/jiffies.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "rknpu_job.h"
#include "rknpu_sched.h"
#include "rknpu_soc.h"

struct rknpu_core;
struct rknpu_vm;

/* Longest time that a system suspend waits for running jobs. */
#define RKNPU_SCHED_SUSPEND_JIFFIES	(10 * HZ)

/* Number of jobs handled while interrupts are off, or before the worker returns to looking after the cores. */
#define RKNPU_SCHED_BATCH		16

/*
 * Time that a job is left with when its file is closed or its submitter killed. Jobs take
 * milliseconds, and a process that has exported a result may exit before the result is
 * ready. A job that hangs does not hold its core any longer than this.
 */
#define RKNPU_SCHED_GRACE_JIFFIES	(HZ / 2)

/*
 * A turn: how long an address space may keep a core while another one of equal priority
 * waits. A switch costs a reset, about 20 us, so much longer jobs alternate one by one and
 * short jobs in batches. Cores that share an IOMMU switch together; until then, those that
 * have finished wait for the others.
 */
#define RKNPU_SCHED_TURN_NS		(1 * NSEC_PER_MSEC)
#define RKNPU_SCHED_SHARED_TURN_NS	(10 * NSEC_PER_MSEC)

/**
 * struct rknpu_slot_set - a set of cores that the worker owns
 * @num: number of cores.
 * @slot: the cores.
 * @silent: mask of cores with interrupts disabled meanwhile, see rknpu_slots_listen().
 */
struct rknpu_slot_set {
	unsigned int num;
	struct rknpu_slot *slot[RKNPU_MAX_CORES];
	u32 silent;
};

/* Only kernels with lockdep have these. */
void rknpu_owner_check(const struct rknpu_slot *slot);
void rknpu_owner_check_space(const struct rknpu_slot *slot);
void rknpu_owner_check_idle_locked(const struct rknpu_slot *slot);
void rknpu_owner_check_step_locked(const struct rknpu_slot *slot, enum rknpu_slot_state next);
void rknpu_owner_check_off(const struct rknpu_slot *slot);

void rknpu_slot_set_fill(struct rknpu_slot_set *set, struct rknpu_sched *sched, unsigned long cores);
void rknpu_slot_detach(struct rknpu_slot *slot);
int rknpu_slots_clean(struct rknpu_slot_set *set);
void rknpu_slots_listen(struct rknpu_slot_set *set);
int rknpu_slots_reset(struct rknpu_slot_set *set);
void rknpu_slot_off(struct rknpu_core *core);
void rknpu_slots_quiesce(struct rknpu_slot_set *set);

bool rknpu_slot_shared(const struct rknpu_slot *slot);
void rknpu_slot_begin_turn_locked(struct rknpu_slot *slot);
bool rknpu_slot_ready_locked(const struct rknpu_slot *slot, const struct rknpu_job *job);
struct rknpu_job *rknpu_slot_choose_locked(const struct rknpu_slot *slot);
bool rknpu_slot_awaited_locked(const struct rknpu_slot *slot);
u32 rknpu_sched_place_locked(struct rknpu_sched *sched, const struct rknpu_job *job);
u32 rknpu_sched_group_locked(const struct rknpu_sched *sched, const struct rknpu_job *job,
			     unsigned long cores);
void rknpu_slot_mark_clean(struct rknpu_slot *slot, const struct rknpu_vm *vm, int resets);
void rknpu_run_watch_locked(struct rknpu_slot *slot, unsigned long by);
void rknpu_run_settle_locked(struct rknpu_job *job, int result);
void rknpu_run_finish(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_run_start_locked(struct rknpu_sched *sched, struct rknpu_job *job, u32 cores);
void rknpu_run_restart_locked(struct rknpu_sched *sched, struct rknpu_job *job);
bool rknpu_sched_try_locked(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_sched_queue_locked(struct rknpu_sched *sched, struct rknpu_job *job);
void rknpu_sched_fail_locked(struct rknpu_sched *sched, struct rknpu_job *job, int error);
void rknpu_slot_next_locked(struct rknpu_slot *slot, ktime_t now);
bool rknpu_run_take_locked(struct rknpu_slot *slot, u32 events, struct rknpu_job **done);

void rknpu_sched_drop_all(struct rknpu_sched *sched, int result);
bool rknpu_sched_drop_failed(struct rknpu_sched *sched);
void rknpu_sched_drop_orphans(struct rknpu_sched *sched);

/**
 * rknpu_slot_assert_owner() - assert that the caller owns a core by its state, without the lock
 * @slot: the core; see &enum rknpu_slot_state
 *
 * Checked by kernels with lockdep; costs nothing on others.
 */
static inline void rknpu_slot_assert_owner(const struct rknpu_slot *slot)
{
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check(slot);
}

/**
 * rknpu_slot_assert_owns_space() - assert the same for all cores behind a core's IOMMU
 * @slot: the core
 *
 * Checked by kernels with lockdep; costs nothing on others.
 */
static inline void rknpu_slot_assert_owns_space(const struct rknpu_slot *slot)
{
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check_space(slot);
}

/**
 * rknpu_slot_assert_off() - assert that runtime suspend owns a core, because it has no power reference
 * @slot: the core
 *
 * Checked by kernels with lockdep; costs nothing on others.
 */
static inline void rknpu_slot_assert_off(const struct rknpu_slot *slot)
{
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check_off(slot);
}

/**
 * rknpu_slot_assert_idle_locked() - assert that the caller owns a core by holding the lock
 * @slot: the core; idle, or dead and without an owner
 *
 * Checked by kernels with lockdep; costs nothing on others.
 */
static inline void rknpu_slot_assert_idle_locked(const struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check_idle_locked(slot);
}

/**
 * rknpu_slot_set_state_locked() - pass a core to its next owner
 * @slot: the core; owned by the caller
 * @state: new state, which determines the next owner
 */
static inline void rknpu_slot_set_state_locked(struct rknpu_slot *slot, enum rknpu_slot_state state)
{
	lockdep_assert_held(&slot->sched->lock);
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check_step_locked(slot, state);
	WRITE_ONCE(slot->state, state);
}

/**
 * rknpu_job_has_cores_locked() - tell whether a job can ever run
 * @sched: the scheduler
 * @job: the job
 *
 * Return: true if every core that it needs works, or one of those that it may use.
 */
static inline bool rknpu_job_has_cores_locked(const struct rknpu_sched *sched, const struct rknpu_job *job)
{
	u32 dead = READ_ONCE(sched->dead);

	lockdep_assert_held(&sched->lock);
	return job->gang ? !(job->cores & dead) : job->cores & ~dead;
}

#endif /* RKNPU_SCHED_PRIV_H */
