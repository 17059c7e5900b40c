/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_CORE_H
#define RKNPU_CORE_H

#include <linux/reset.h>
#include <linux/types.h>

#include "rknpu_hw.h"

#define RKNPU_CORE_RESETS 2 /* maximum number of a core's own reset lines */

struct platform_device;
struct rknpu_core;
struct rknpu_power;

/**
 * struct rknpu_core_ops - calls from a core to the scheduler
 * @event: the core's shared interrupt line is asserted. Must take the core's events itself, under the lock
 *	that jobs are started under: if they were read outside it, the events of one start could end the
 *	next. Returns false if there were none. Context: Hard IRQ context. The core has power.
 * @off: the core is idle and about to lose its power: make sure that nothing of a job is left that could
 *	still use it. Context: Runtime suspend.
 * @suspend: the system is being suspended: make the core idle. Returns 0 or -EBUSY.
 * @resume: the system has resumed; called once for each successful @suspend.
 */
struct rknpu_core_ops {
	bool (*event)(struct rknpu_core *core);
	void (*off)(struct rknpu_core *core);
	int (*suspend)(struct rknpu_core *core);
	void (*resume)(struct rknpu_core *core);
};

/**
 * struct rknpu_core - one NPU core; lives as long as its platform device is bound
 * @dev: the platform device, which may have several cores. Immutable.
 * @hw: register windows. Immutable.
 * @power: power of the device. Immutable.
 * @num_resets: number of the core's own reset lines. Immutable.
 * @resets: the reset lines. Immutable.
 * @reset_names: names of the reset lines. Immutable.
 * @irq: interrupt line, shared with the core's IOMMU. Immutable.
 * @powered: registers may be accessed; written by runtime PM, read by the interrupt handler.
 * @ops: receiver of events, or NULL; only changed while the interrupt is off (rknpu_core_irq_attach()).
 * @owner: owner of @ops; changed together with it.
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
void rknpu_core_irq_disable_nosync(struct rknpu_core *core);
void rknpu_core_irq_disable(struct rknpu_core *core);
void rknpu_core_irq_enable(struct rknpu_core *core);
void rknpu_core_irq_wait(struct rknpu_core *core);
void rknpu_core_read_amounts(struct rknpu_core *core, u32 amounts[RKNPU_AMOUNT_KINDS]);
int rknpu_core_reset(struct rknpu_core * const *cores, unsigned int num);
void rknpu_core_power_up(struct rknpu_core *core);
void rknpu_core_power_down(struct rknpu_core *core);

#endif /* RKNPU_CORE_H */
