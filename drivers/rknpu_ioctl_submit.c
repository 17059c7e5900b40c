// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The SUBMIT ioctl: checks what can be checked without looking at memory,
 * has the job built, pushes it and brings its results back.
 */
#include "rknpu_ioctl.h"

#include <drm/drm_drv.h>
#include <drm/drm_file.h>

#include "rknpu_client.h"
#include "rknpu_device.h"
#include "rknpu_drm.h"
#include "rknpu_file.h"
#include "rknpu_job.h"
#include "rknpu_sched.h"

static int rknpu_submit_check(const struct rknpu_submit *args, u32 cores)
{
	/* Jobs without a waiter, fences and gangs are refused, never half served. */
	if (args->flags & ~(RKNPU_JOB_PC | RKNPU_JOB_PINGPONG) || !(args->flags & RKNPU_JOB_PC))
		return -EINVAL;
	if (!args->task_number || args->task_number > INT_MAX || args->task_start > INT_MAX)
		return -EINVAL;
	if (args->core_mask & ~cores || hweight32(args->core_mask) > 1)
		return -EINVAL;
	return 0;
}

static void rknpu_submit_ranges(const struct rknpu_submit *args, const struct rknpu_device *rdev,
				struct rknpu_job_args *job)
{
	unsigned int i;

	for (i = 0; i < rdev->soc->num_cores; i++) {
		job->first[i] = args->subcore_task[i].task_start;
		job->number[i] = args->subcore_task[i].task_number;
	}
}

static struct rknpu_job *rknpu_submit_build(struct rknpu_device *rdev, const struct rknpu_submit *args,
					    struct drm_file *file)
{
	struct rknpu_job_args job = {
		.task_token = args->task_obj_addr,
		.task_base = args->task_base_addr,
		.timeout_ms = args->timeout,
		.core_mask = args->core_mask ?: rknpu_sched_cores(&rdev->sched),
		.pingpong = args->flags & RKNPU_JOB_PINGPONG,
	};
	int ret = rknpu_submit_check(args, rknpu_sched_cores(&rdev->sched));

	if (ret)
		return ERR_PTR(ret);
	job.client = rknpu_file_client(rdev, file);
	if (IS_ERR(job.client))
		return ERR_CAST(job.client);
	job.vm = rknpu_client_vm(job.client, args->iommu_domain_id);
	if (IS_ERR(job.vm))
		return ERR_CAST(job.vm);
	rknpu_submit_ranges(args, rdev, &job);
	return rknpu_job_create(rdev->soc, &job);
}

static void rknpu_submit_results(struct rknpu_submit *args, struct rknpu_job *job)
{
	args->task_counter = job->tasks_done;
	args->hw_elapse_time = job->elapsed_ns;
	if (job->started)
		rknpu_job_write_status(job);
}

/**
 * rknpu_ioctl_submit() - %DRM_IOCTL_RKNPU_SUBMIT
 * @drm: the device
 * @data: &struct rknpu_submit
 * @file: the caller's file
 *
 * Return: 0; -EINVAL any field out of range or a token that is not the caller's; -ETIMEDOUT;
 * -EIO the hardware failed the job; -ECANCELED the caller's process asked for a reset; -EINTR the
 * caller was killed; -ENOMEM; -ENODEV.
 */
int rknpu_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct rknpu_device *rdev = to_rknpu_device(drm);
	struct rknpu_submit *args = data;
	struct rknpu_job *job;
	int idx, ret;

	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	job = rknpu_submit_build(rdev, args, file);
	ret = IS_ERR(job) ? PTR_ERR(job) : rknpu_sched_push(&rdev->sched, job);
	/* Not held while waiting: unplugging ends the job instead of waiting for it. */
	drm_dev_exit(idx);
	if (IS_ERR(job))
		return ret;
	if (!ret)
		ret = rknpu_sched_wait(&rdev->sched, job);
	if (ret != -EINTR)
		rknpu_submit_results(args, job);
	rknpu_job_put(job);
	return ret;
}
