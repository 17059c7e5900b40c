/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Interface between the bare module and the benchmark.
 */
#ifndef RKNPU_FLOOR_H
#define RKNPU_FLOOR_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define FLOOR_BYTES	0x10000

/**
 * struct rknpu_floor_run - one start
 * @regcmd: NPU address of the command stream.
 * @amount: value of REGISTER_AMOUNTS.
 */
struct rknpu_floor_run {
	__u32 regcmd;
	__u32 amount;
};

#define FLOOR_IOVA	_IOR('F', 0, __u32)	/* NPU address of the buffer that mmap() gives */
#define FLOOR_RUN	_IOW('F', 1, struct rknpu_floor_run)

#endif /* RKNPU_FLOOR_H */
