// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Fences that signal the end of a job. Jobs of one client may end in any order
 * (three cores), while fences of one context promise an order, so each fence has a
 * context of its own. A fence may outlive the device, so it references nothing but
 * the module.
 */
#include "rknpu_fence.h"

#include <linux/dma-fence.h>
#include <linux/dma-fence-unwrap.h>
#include <linux/file.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/sync_file.h>

/**
 * struct rknpu_fence - a fence and its lock
 * @base: the fence.
 * @lock: lock of @base.
 */
struct rknpu_fence {
	struct dma_fence base;
	spinlock_t lock;
};

static const char *rknpu_fence_get_driver_name(struct dma_fence *fence)
{
	return "rknpu";
}

static const char *rknpu_fence_get_timeline_name(struct dma_fence *fence)
{
	return "job";
}

static void rknpu_fence_release(struct dma_fence *base)
{
	/* The lock must stay valid until every RCU reader of the fence is gone. */
	kfree_rcu(container_of(base, struct rknpu_fence, base), base.rcu);
	module_put(THIS_MODULE);
}

static const struct dma_fence_ops rknpu_fence_ops = {
	.get_driver_name = rknpu_fence_get_driver_name,
	.get_timeline_name = rknpu_fence_get_timeline_name,
	.release = rknpu_fence_release,
};

/**
 * rknpu_fence_create() - create an unsignalled fence
 *
 * Context: Process context. May sleep.
 *
 * Return: the fence with one reference, or NULL if out of memory.
 */
struct dma_fence *rknpu_fence_create(void)
{
	struct rknpu_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL_ACCOUNT);

	if (!fence)
		return NULL;
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &rknpu_fence_ops, &fence->lock, dma_fence_context_alloc(1), 1);
	/* The caller's open file holds the module now, but a sync file may outlive that. */
	__module_get(THIS_MODULE);
	return &fence->base;
}

/**
 * rknpu_fence_all_ours() - tell whether a fence consists only of jobs of this driver
 * @fence: any fence; may be an array or a chain
 *
 * Jobs of this driver always end in bounded time; nothing is known about other fences.
 *
 * Return: true if it does.
 */
bool rknpu_fence_all_ours(struct dma_fence *fence)
{
	struct dma_fence_unwrap iter;
	struct dma_fence *part;
	bool ours = true;

	/*
	 * The pointer is only compared, so its RCU annotation on newer kernels does not matter.
	 * The loop must run to the end, or the iterator would keep a reference.
	 */
	dma_fence_unwrap_for_each(part, &iter, fence)
		ours = ours && (__force const void *)part->ops == &rknpu_fence_ops;
	return ours;
}

/**
 * rknpu_fence_signal() - signal that a job is done
 * @fence: from rknpu_fence_create(), or NULL
 * @error: 0 or a negative errno
 *
 * Context: Any context.
 */
void rknpu_fence_signal(struct dma_fence *fence, int error)
{
	if (!fence)
		return;
	if (error)
		dma_fence_set_error(fence, error);
	dma_fence_signal(fence);
}

/**
 * rknpu_fence_fd_prepare() - do every step of publishing a fence that can fail
 * @out: result
 * @fence: the fence; the sync file takes a reference
 *
 * Return: 0 on success, -EMFILE if the process has too many files, -ENOMEM if out of memory.
 */
int rknpu_fence_fd_prepare(struct rknpu_fence_fd *out, struct dma_fence *fence)
{
	out->fd = get_unused_fd_flags(O_CLOEXEC);
	if (out->fd < 0)
		return out->fd;
	out->sync_file = sync_file_create(fence);
	if (!out->sync_file) {
		put_unused_fd(out->fd);
		return -ENOMEM;
	}
	return 0;
}

/**
 * rknpu_fence_fd_install() - publish a prepared fence
 * @out: from rknpu_fence_fd_prepare()
 */
void rknpu_fence_fd_install(struct rknpu_fence_fd *out)
{
	fd_install(out->fd, out->sync_file->file);
}

/**
 * rknpu_fence_fd_cancel() - release a prepared fence without publishing it
 * @out: from rknpu_fence_fd_prepare()
 */
void rknpu_fence_fd_cancel(struct rknpu_fence_fd *out)
{
	put_unused_fd(out->fd);
	fput(out->sync_file->file);
}
