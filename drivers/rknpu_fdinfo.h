/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_FDINFO_H
#define RKNPU_FDINFO_H

#include <linux/types.h>

struct file;
struct rknpu_bo;
struct rknpu_device;
struct rknpu_file;
struct seq_file;

/**
 * struct rknpu_fdinfo_memory - sizes of the buffers that an open file has handles to, in bytes
 * @pages: size in memory.
 * @sram: size in on-chip memory.
 * @shared_pages: the part of @pages that other files may have handles to as well.
 * @shared_sram: the part of @sram that other files may have handles to as well.
 */
struct rknpu_fdinfo_memory {
	u64 pages;
	u64 sram;
	u64 shared_pages;
	u64 shared_sram;
};

void rknpu_fdinfo_add(struct rknpu_fdinfo_memory *memory, const struct rknpu_bo *bo);
void rknpu_fdinfo_print(struct seq_file *m, struct rknpu_device *rdev, const struct rknpu_file *rfile,
			const struct rknpu_fdinfo_memory *memory);
void rknpu_fdinfo_show(struct seq_file *m, struct file *file);

#endif /* RKNPU_FDINFO_H */
