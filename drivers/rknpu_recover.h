/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_RECOVER_H
#define RKNPU_RECOVER_H

struct rknpu_sched;
struct work_struct;

void rknpu_recover_watchdog(struct work_struct *work);
void rknpu_recover_reset_all(struct rknpu_sched *sched);
void rknpu_recover_stop(struct rknpu_sched *sched);

#endif /* RKNPU_RECOVER_H */
