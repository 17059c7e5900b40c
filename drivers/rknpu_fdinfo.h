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
 * struct rknpu_fdinfo_memory - buffers that an open has handles of, in bytes
 * @pages: in memory.
 * @sram: on the chip.
 * @shared_pages: of @pages, what others may have handles of too.
 * @shared_sram: of @sram, likewise.
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
