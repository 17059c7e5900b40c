/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_DUMP_H
#define RKNPU_DUMP_H

struct rknpu_device;
struct rknpu_dump;

struct rknpu_dump *rknpu_dump_add(struct rknpu_device *rdev);
void rknpu_dump_remove(struct rknpu_dump *dump);

#endif /* RKNPU_DUMP_H */
