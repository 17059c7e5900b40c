/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_DEBUGFS_H
#define RKNPU_DEBUGFS_H

struct rknpu_debugfs;
struct rknpu_device;

struct rknpu_debugfs *rknpu_debugfs_add(struct rknpu_device *rdev);
void rknpu_debugfs_remove(struct rknpu_debugfs *debugfs);

#endif /* RKNPU_DEBUGFS_H */
