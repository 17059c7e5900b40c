// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Fences that tell the world when a job is done. Jobs of one client may end
 * in any order (three cores), and fences of one context promise an order, so each
 * fence is a context of its own. A fence outlives the module's device, so it holds
 * nothing but the module.
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
 * @lock: of @base.
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
	/* The lock must stay until every RCU reader of the fence is gone. */
	kfree_rcu(container_of(base, struct rknpu_fence, base), base.rcu);
	module_put(THIS_MODULE);
}

static const struct dma_fence_ops rknpu_fence_ops = {
	.get_driver_name = rknpu_fence_get_driver_name,
	.get_timeline_name = rknpu_fence_get_timeline_name,
	.release = rknpu_fence_release,
};

/**
 * rknpu_fence_create() - make a fence that has not signalled
 *
 * Context: may sleep.
 *
 * Return: the fence with one reference, or NULL.
 */
struct dma_fence *rknpu_fence_create(void)
{
	struct rknpu_fence *fence = kzalloc(sizeof(*fence), GFP_KERNEL_ACCOUNT);

	if (!fence)
		return NULL;
	spin_lock_init(&fence->lock);
	dma_fence_init(&fence->base, &rknpu_fence_ops, &fence->lock, dma_fence_context_alloc(1), 1);
	/* The caller's file keeps the module; a sync file may outlive it. */
	__module_get(THIS_MODULE);
	return &fence->base;
}

/**
 * rknpu_fence_all_ours() - whether a fence is made of jobs of this driver alone
 * @fence: any; may be an array or a chain
 *
 * Those end in bounded time whatever happens; of others that is not known.
 *
 * Return: true when it is.
 */
bool rknpu_fence_all_ours(struct dma_fence *fence)
{
	struct dma_fence_unwrap iter;
	struct dma_fence *part;
	bool ours = true;

	/*
	 * Only compared, so its RCU annotation on newer kernels does not matter. To
	 * the end even so, or the iterator keeps a reference.
	 */
	dma_fence_unwrap_for_each(part, &iter, fence)
		ours = ours && (__force const void *)part->ops == &rknpu_fence_ops;
	return ours;
}

/**
 * rknpu_fence_signal() - the job is done
 * @fence: from rknpu_fence_create(), or NULL
 * @error: 0 or a negative errno
 *
 * Context: any.
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
 * rknpu_fence_fd_prepare() - do all of publishing that can fail
 * @out: result
 * @fence: the fence; the sync file takes a reference
 *
 * Return: 0, -EMFILE or -ENOMEM.
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
 * rknpu_fence_fd_install() - publish
 * @out: prepared
 */
void rknpu_fence_fd_install(struct rknpu_fence_fd *out)
{
	fd_install(out->fd, out->sync_file->file);
}

/**
 * rknpu_fence_fd_cancel() - do not publish after all
 * @out: prepared
 */
void rknpu_fence_fd_cancel(struct rknpu_fence_fd *out)
{
	put_unused_fd(out->fd);
	fput(out->sync_file->file);
}
