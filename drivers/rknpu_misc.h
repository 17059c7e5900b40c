/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_MISC_H
#define RKNPU_MISC_H

struct rknpu_device;

int rknpu_misc_register(struct rknpu_device *rdev);
void rknpu_misc_unregister(struct rknpu_device *rdev);

#endif /* RKNPU_MISC_H */
