// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The SUBMIT ioctl: checks what can be checked without looking at memory,
 * builds the job, pushes it and returns its results.
 */
#include "rknpu_ioctl.h"

#include <linux/capability.h>
#include <linux/dma-fence.h>
#include <linux/sync_file.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#include "rknpu_client.h"
#include "rknpu_device.h"
#include "rknpu_drm.h"
#include "rknpu_fence.h"
#include "rknpu_file.h"
#include "rknpu_import.h"
#include "rknpu_job.h"
#include "rknpu_push.h"
#include "rknpu_queue.h"
#include "rknpu_refuse.h"
#include "rknpu_regs.h"
#include "rknpu_sched.h"

static int rknpu_ioctl_submit_check(struct rknpu_device *rdev, const struct rknpu_submit *args)
{
	struct drm_device *drm = &rdev->drm;

	if (args->flags & ~RKNPU_JOB_MASK || !(args->flags & RKNPU_JOB_PC))
		return rknpu_refuse(drm, "flags", args->flags);
	if (!args->task_number || args->task_number > INT_MAX)
		return rknpu_refuse(drm, "task_number", args->task_number);
	if (args->task_start > INT_MAX)
		return rknpu_refuse(drm, "task_start", args->task_start);
	if (args->core_mask & ~rdev->sched.cores)
		return rknpu_refuse(drm, "core_mask", args->core_mask);
	if (upper_32_bits(args->task_base_addr) || !IS_ALIGNED(args->task_base_addr, RKNPU_PC_ADDR_ALIGN_BYTES))
		return rknpu_refuse(drm, "task_base_addr", args->task_base_addr);
	if (args->priority > 0 && !capable(CAP_SYS_NICE))
		return -EPERM;
	return 0;
}

static_assert(RKNPU_MAX_CORES + 2 == RKNPU_MAX_SUBCORE_TASKS);

/*
 * Core n uses entry n, or entry n + 2 if three cores are named. On SoCs with a single
 * core, programs fill in no entry at all [seen: vendor driver 0.9.8].
 */
static void rknpu_ioctl_submit_ranges(const struct rknpu_soc *soc, const struct rknpu_submit *args,
				      struct rknpu_job_args *job)
{
	unsigned int shift = args->core_mask == BIT(RKNPU_MAX_CORES) - 1 ? 2 : 0;
	unsigned int i;

	if (soc->num_cores == 1) {
		job->first[0] = args->task_start;
		job->number[0] = args->task_number;
		return;
	}

	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		job->first[i] = args->subcore_task[i + shift].task_start;
		job->number[i] = args->subcore_task[i + shift].task_number;
	}
}

/*
 * Up to version 0.8 the domain and the spare word held the token of a buffer, which no
 * driver used. Today's programs leave the spare word zero, and the upper half of a token
 * is never zero.
 */
static u32 rknpu_ioctl_submit_domain(const struct rknpu_submit *args, struct rknpu_client *client)
{
	u64 token = (u64)args->reserved << 32 | args->iommu_domain_id;
	bool old;

	if (!args->reserved)
		return args->iommu_domain_id;
	rcu_read_lock();
	old = rknpu_client_token_find(client, token);
	rcu_read_unlock();
	return old ? 0 : args->iommu_domain_id;
}

static struct rknpu_job *rknpu_ioctl_submit_build(struct rknpu_device *rdev, const struct rknpu_submit *args,
						  struct rknpu_file *rfile)
{
	struct rknpu_job_args job = {
		.drm = &rdev->drm,
		.file = rfile,
		.usage = rfile->usage,
		.task_token = args->task_obj_addr,
		.task_base = args->task_base_addr,
		.timeout_ms = args->timeout,
		.core_mask = args->core_mask ?: rdev->sched.cores,
		.gang = args->core_mask,
		.pingpong = args->flags & RKNPU_JOB_PINGPONG,
		/* The vendor driver accepted any number and ignored it. */
		.priority = clamp(args->priority, RKNPU_PRIORITY_MIN, RKNPU_PRIORITY_MAX),
		.out_fence = args->flags & RKNPU_JOB_FENCE_OUT,
	};
	int ret = rknpu_ioctl_submit_check(rdev, args);

	if (ret)
		return ERR_PTR(ret);
	job.client = rknpu_file_client(rdev, rfile);
	if (IS_ERR(job.client))
		return ERR_CAST(job.client);
	job.vm = rknpu_client_vm(job.client, rknpu_ioctl_submit_domain(args, job.client));
	if (IS_ERR(job.vm)) {
		rknpu_refuse(&rdev->drm, "iommu_domain_id", args->iommu_domain_id);
		return ERR_CAST(job.vm);
	}
	rknpu_ioctl_submit_ranges(rdev->soc, args, &job);
	if (args->flags & RKNPU_JOB_FENCE_IN) {
		job.in_fence = sync_file_get_fence(args->fence_fd);
		if (!job.in_fence)
			return ERR_PTR(rknpu_refuse(&rdev->drm, "fence_fd", args->fence_fd));
	}
	return rknpu_job_create(rdev->soc, &job);
}

/* Every step of publishing the fence that can fail comes before the job is pushed. */
static int rknpu_ioctl_submit_push(struct rknpu_device *rdev, struct rknpu_job *job, bool wait,
				   struct rknpu_fence_fd *out)
{
	int ret = job->out_fence ? rknpu_fence_fd_prepare(out, job->out_fence) : 0;

	if (ret)
		return ret;
	ret = rknpu_push_job(&rdev->sched, job, wait);
	if (ret && job->out_fence)
		rknpu_fence_fd_cancel(out);
	return ret;
}

/* The job has been pushed. A call that fails leaves no file descriptor behind. */
static int rknpu_ioctl_submit_finish(struct rknpu_device *rdev, struct rknpu_submit *args, struct rknpu_job *job,
				     struct rknpu_fence_fd *out)
{
	int ret = 0;

	if (!(args->flags & RKNPU_JOB_NONBLOCK)) {
		ret = rknpu_push_wait(&rdev->sched, job);
		/* The job of a killed caller may still be running. */
		if (ret != -EINTR) {
			args->task_counter = job->tasks_done;
			args->hw_elapse_time = job->elapsed_ns;
		}
	}
	if (!job->out_fence)
		return ret;
	if (ret) {
		rknpu_fence_fd_cancel(out);
		return ret;
	}
	rknpu_fence_fd_install(out);
	args->fence_fd = out->fd;
	return 0;
}

/**
 * rknpu_ioctl_submit_run() - submit a job for a file
 * @rdev: the device
 * @rfile: the caller's file
 * @args: the request; results are written back
 *
 * Context: Process context. May sleep. Waits for the job unless @args asks not to.
 *
 * Return: 0 on success, -EINVAL if a field is out of range or a token or sync file is invalid, -EPERM for
 * a priority above the default without CAP_SYS_NICE, -EAGAIN if the caller's process has as many waiting
 * jobs as it may have, -EMFILE, -ENOMEM, or -ENODEV. If the job is waited for, also -ETIMEDOUT, -EIO if
 * the hardware failed it, -ECANCELED if the caller's process asked for a reset, -EINTR if the caller was
 * killed, or the error of its input fence.
 */
int rknpu_ioctl_submit_run(struct rknpu_device *rdev, struct rknpu_file *rfile, struct rknpu_submit *args)
{
	struct rknpu_import_round imports;
	struct rknpu_fence_fd out;
	struct rknpu_job *job;
	int idx, ret;

	if (!drm_dev_enter(&rdev->drm, &idx))
		return -ENODEV;
	job = rknpu_ioctl_submit_build(rdev, args, rfile);
	ret = IS_ERR(job) ? PTR_ERR(job) : rknpu_import_begin(job->vm, &imports);
	if (!ret) {
		ret = rknpu_ioctl_submit_push(rdev, job, !(args->flags & RKNPU_JOB_NONBLOCK), &out);
		if (ret)
			rknpu_import_end(&imports, false);
	}
	/* Not held while waiting: unplugging ends the job, it must not wait for it. */
	drm_dev_exit(idx);
	if (IS_ERR(job))
		return ret;
	if (!ret) {
		ret = rknpu_ioctl_submit_finish(rdev, args, job, &out);
		rknpu_import_end(&imports, !(args->flags & RKNPU_JOB_NONBLOCK) && ret != -EINTR);
	}
	rknpu_job_put(job);
	return ret;
}

/**
 * rknpu_ioctl_submit() - %DRM_IOCTL_RKNPU_SUBMIT
 * @drm: the device
 * @data: &struct rknpu_submit
 * @file: the caller's file
 *
 * Return: same as rknpu_ioctl_submit_run().
 */
int rknpu_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	return rknpu_ioctl_submit_run(to_rknpu_device(drm), file->driver_priv, data);
}
