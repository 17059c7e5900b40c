/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_FAULT_H
#define RKNPU_FAULT_H

#include <linux/types.h>

struct device;
struct rknpu_fault_sink;

void rknpu_fault_handle(struct rknpu_fault_sink *sink, struct device *iommu, u32 iova, bool write);

#endif /* RKNPU_FAULT_H */
