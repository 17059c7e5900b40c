/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_FENCE_H
#define RKNPU_FENCE_H

#include <linux/types.h>

struct dma_fence;
struct sync_file;

/**
 * struct rknpu_fence_fd - a sync file that is about to be passed to user space
 * @fd: reserved file descriptor.
 * @sync_file: the file.
 */
struct rknpu_fence_fd {
	int fd;
	struct sync_file *sync_file;
};

struct dma_fence *rknpu_fence_create(void);
bool rknpu_fence_all_ours(struct dma_fence *fence);
void rknpu_fence_signal(struct dma_fence *fence, int error);
int rknpu_fence_fd_prepare(struct rknpu_fence_fd *out, struct dma_fence *fence);
void rknpu_fence_fd_install(struct rknpu_fence_fd *out);
void rknpu_fence_fd_cancel(struct rknpu_fence_fd *out);

#endif /* RKNPU_FENCE_H */
