/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_CORE_H
#define RKNPU_CORE_H

#include <linux/reset.h>
#include <linux/types.h>

#include "rknpu_hw.h"

#define RKNPU_CORE_RESETS 2	/* at most; of its own */

struct platform_device;
struct rknpu_core;
struct rknpu_power;

/**
 * struct rknpu_core_ops - what a core tells the scheduler
 * @event: the line that the core shares is up. Takes the core's events itself, under the lock that
 *	starts are made under: read outside, those of one start could end the next. Returns false when
 *	there were none. Context: hard interrupt of the core, which has power.
 * @off: the core, which is idle, is about to lose its power: see that nothing of a job is left that
 *	could still use it. Context: runtime suspend.
 * @suspend: the system sleeps: get the core idle. Returns 0 or -EBUSY.
 * @resume: the system is awake; called once for each successful @suspend.
 */
struct rknpu_core_ops {
	bool (*event)(struct rknpu_core *core);
	void (*off)(struct rknpu_core *core);
	int (*suspend)(struct rknpu_core *core);
	void (*resume)(struct rknpu_core *core);
};

/**
 * struct rknpu_core - one NPU core; lives as long as its platform device is bound
 * @dev: the platform device, which may have other cores too. Immutable.
 * @hw: register windows. Immutable.
 * @power: of the device. Immutable.
 * @num_resets: reset lines of its own. Immutable.
 * @resets: the lines. Immutable.
 * @reset_names: theirs. Immutable.
 * @irq: interrupt line, shared with the core's IOMMU. Immutable.
 * @powered: registers may be touched; written by runtime PM, read by the interrupt handler.
 * @ops: receiver of events, NULL when there is none; set while the interrupt is off
 *	(rknpu_core_irq_attach()).
 * @owner: of @ops. Likewise.
 */
struct rknpu_core {
	struct device *dev;
	struct rknpu_hw hw;
	struct rknpu_power *power;
	unsigned int num_resets;
	struct reset_control_bulk_data resets[RKNPU_CORE_RESETS];
	char reset_names[RKNPU_CORE_RESETS][8];
	int irq;
	bool powered;
	const struct rknpu_core_ops *ops;
	void *owner;
};

int rknpu_core_init(struct rknpu_core *core, struct platform_device *pdev, struct rknpu_power *power,
		    unsigned int nth);
int rknpu_core_irq_attach(struct rknpu_core *core, const struct rknpu_core_ops *ops, void *owner);
void rknpu_core_irq_detach(struct rknpu_core *core);
int rknpu_core_read_amounts(struct rknpu_core *core, u32 amounts[RKNPU_AMOUNT_KINDS]);
int rknpu_core_read_qos(struct rknpu_core *core, u32 reg, u32 *value);
int rknpu_core_write_qos(struct rknpu_core *core, u32 reg, u32 value);
int rknpu_core_reset(struct rknpu_core * const *cores, unsigned int num);
void rknpu_core_power_up(struct rknpu_core *core);
void rknpu_core_power_down(struct rknpu_core *core);

#endif /* RKNPU_CORE_H */
