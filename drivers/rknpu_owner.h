/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_OWNER_H
#define RKNPU_OWNER_H

#include <linux/compiler.h>
#include <linux/kconfig.h>
#include <linux/lockdep.h>

#include "rknpu_sched.h"

/* Only kernels with lockdep have these. */
void rknpu_owner_check(const struct rknpu_slot *slot);
void rknpu_owner_check_space(const struct rknpu_slot *slot);
void rknpu_owner_check_idle_locked(const struct rknpu_slot *slot);
void rknpu_owner_check_step_locked(const struct rknpu_slot *slot, enum rknpu_slot_state next);
void rknpu_owner_check_off(const struct rknpu_slot *slot);

/**
 * rknpu_owner_assert() - assert that the caller owns a core by its state, without the lock
 * @slot: the core; see &enum rknpu_slot_state
 *
 * Checked by kernels with lockdep; costs nothing on others.
 */
static inline void rknpu_owner_assert(const struct rknpu_slot *slot)
{
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check(slot);
}

/**
 * rknpu_owner_assert_space() - assert the same for all cores behind a core's IOMMU
 * @slot: the core
 *
 * Checked by kernels with lockdep; costs nothing on others.
 */
static inline void rknpu_owner_assert_space(const struct rknpu_slot *slot)
{
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check_space(slot);
}

/**
 * rknpu_owner_assert_off() - assert that runtime suspend owns a core, because it has no power reference
 * @slot: the core
 *
 * Checked by kernels with lockdep; costs nothing on others.
 */
static inline void rknpu_owner_assert_off(const struct rknpu_slot *slot)
{
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check_off(slot);
}

/**
 * rknpu_owner_assert_idle_locked() - assert that the caller owns a core by holding the lock
 * @slot: the core; idle, or dead and without an owner
 *
 * Checked by kernels with lockdep; costs nothing on others.
 */
static inline void rknpu_owner_assert_idle_locked(const struct rknpu_slot *slot)
{
	lockdep_assert_held(&slot->sched->lock);
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check_idle_locked(slot);
}

/**
 * rknpu_owner_set_state_locked() - pass a core to its next owner
 * @slot: the core; owned by the caller
 * @state: new state, which determines the next owner
 */
static inline void rknpu_owner_set_state_locked(struct rknpu_slot *slot, enum rknpu_slot_state state)
{
	lockdep_assert_held(&slot->sched->lock);
	if (IS_ENABLED(CONFIG_LOCKDEP))
		rknpu_owner_check_step_locked(slot, state);
	WRITE_ONCE(slot->state, state);
}

#endif /* RKNPU_OWNER_H */
