// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Building and releasing a job. The builder reads the task descriptors from
 * a buffer that user space can write at any time, so it copies each descriptor that
 * it needs once, and checks and uses only the copy. Once building has succeeded,
 * nothing that the job needs can fail or go away.
 */
#include "rknpu_job.h"

#include <linux/jiffies.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "rknpu_bo.h"
#include "rknpu_client.h"
#include "rknpu_drm.h"
#include "rknpu_entity.h"
#include "rknpu_fence.h"
#include "rknpu_mapping.h"
#include "rknpu_refuse.h"
#include "rknpu_regcmd.h"
#include "rknpu_regs.h"
#include "rknpu_usage.h"
#include "rknpu_vm.h"
#include "rknpu_wait.h"

static unsigned int rknpu_sched_timeout_ms = 60000;
module_param_named(sched_timeout_ms, rknpu_sched_timeout_ms, uint, 0644);
MODULE_PARM_DESC(sched_timeout_ms, "Longest time in milliseconds that a job may stay on the hardware (default 60000)");

static void rknpu_job_read_task(const struct rknpu_job *job, u32 index, struct rknpu_task *task)
{
	memcpy(task, job->descriptors + (size_t)index * sizeof(*task), sizeof(*task));
}

/* Takes what the hardware needs of a chunk: where the first descriptor begins and what the last one signals. */
static int rknpu_job_build_chunk(const struct rknpu_job *job, const struct rknpu_soc *soc,
				 struct drm_device *drm, u32 first, u32 tasks, struct rknpu_hw_range *chunk)
{
	struct rknpu_task task;
	u64 amount;

	rknpu_job_read_task(job, first, &task);
	if (upper_32_bits(task.regcmd_addr) || !task.regcmd_addr ||
	    !IS_ALIGNED(task.regcmd_addr, RKNPU_PC_ADDR_ALIGN_BYTES))
		return rknpu_refuse(drm, "regcmd_addr of a task", task.regcmd_addr);
	amount = RKNPU_PC_AMOUNT((u64)task.regcfg_amount, soc->amount_scale);
	if (amount > RKNPU_PC_REGISTER_AMOUNTS_MASK)
		return rknpu_refuse(drm, "regcfg_amount of a task", task.regcfg_amount);
	chunk->regcmd = lower_32_bits(task.regcmd_addr);
	chunk->amount = amount;
	chunk->task_con = rknpu_hw_task_con(soc, tasks, job->pingpong);

	if (tasks > 1)
		rknpu_job_read_task(job, first + tasks - 1, &task);
	/* Error events cannot be how a task finishes, and without a done event it could only time out. */
	if (!task.int_mask || task.int_mask & ~RKNPU_INT_DONE)
		return rknpu_refuse(drm, "int_mask of a task", task.int_mask);
	chunk->int_mask = rknpu_hw_widen(task.int_mask);
	return 0;
}

static int rknpu_job_build_range(struct rknpu_job *job, const struct rknpu_soc *soc,
				 const struct rknpu_job_args *args, unsigned int core)
{
	u32 first = args->first[core], number = args->number[core];
	struct rknpu_job_range *range = &job->range[core];
	u64 available = job->task_mapping->bo->base.size / sizeof(struct rknpu_task);
	u32 i;
	int ret;

	if ((u64)first + number > available)
		return rknpu_refuse(args->drm, "end of the tasks", (u64)first + number);
	range->first = first;
	range->tasks = number;
	range->num_chunks = DIV_ROUND_UP(number, soc->max_tasks);
	range->chunks = &job->one_chunk[core];
	if (range->num_chunks > 1) {
		range->chunks = kvcalloc(range->num_chunks, sizeof(*range->chunks), GFP_KERNEL_ACCOUNT);
		if (!range->chunks)
			return -ENOMEM;
	}
	for (i = 0; i < range->num_chunks; i++) {
		u32 start = i * soc->max_tasks;

		ret = rknpu_job_build_chunk(job, soc, args->drm, first + start,
					    min(number - start, soc->max_tasks), &range->chunks[i]);
		if (ret)
			return ret;
	}
	return 0;
}

/* Skips a core without a range, even for a gang: programs leave entries empty that they do not need. */
static int rknpu_job_build_ranges(struct rknpu_job *job, const struct rknpu_soc *soc,
				  const struct rknpu_job_args *args)
{
	unsigned int core;
	int ret;

	for (core = 0; core < soc->num_cores; core++) {
		if (!(args->core_mask & BIT(core)) || !args->number[core])
			continue;
		ret = rknpu_job_build_range(job, soc, args, core);
		if (ret)
			return ret;
		job->cores |= BIT(core);
	}
	job->gang = args->gang && job->cores & (job->cores - 1);
	return job->cores ? 0 : rknpu_refuse(args->drm, "without a range: core_mask", args->core_mask);
}

static int rknpu_job_pin_descriptors(struct rknpu_job *job, const struct rknpu_job_args *args)
{
	job->task_mapping = rknpu_mapping_find(job->client, args->task_token);
	if (!job->task_mapping)
		return rknpu_refuse(args->drm, "task_obj_addr", args->task_token);
	/* The deployed interface requires KERNEL_MAPPING for this buffer; this driver maps it if it is missing. */
	job->descriptors = rknpu_bo_vmap(job->task_mapping->bo);
	return PTR_ERR_OR_ZERO(job->descriptors);
}

static unsigned long rknpu_job_timeout(u32 timeout_ms)
{
	u32 limit = READ_ONCE(rknpu_sched_timeout_ms);

	if (!timeout_ms || timeout_ms > limit)
		timeout_ms = limit;
	/* One more, because the tick in progress may be nearly over. */
	return msecs_to_jiffies(timeout_ms) + 1;
}

/* Returns a zeroed job, in memory of one of the client's finished jobs if possible; NULL if out of memory. */
static struct rknpu_job *rknpu_job_alloc(struct rknpu_client *client)
{
	struct rknpu_entity *entity = rknpu_entity_of(client);
	struct rknpu_job *job;

	if (!entity)
		return NULL;
	job = rknpu_entity_take_spare(entity);
	if (job)
		memset(job, 0, sizeof(*job));
	else
		job = kzalloc(sizeof(*job), GFP_KERNEL_ACCOUNT);
	if (job)
		job->entity = entity;
	return job;
}

/* The caller keeps the client alive. */
static void rknpu_job_free(struct rknpu_job *job)
{
	/* Recycled memory would hide a use after free from KASAN. */
	if (IS_ENABLED(CONFIG_KASAN) || !rknpu_entity_give_spare(job->entity, job))
		kfree(job);
}

static void rknpu_job_release(struct rknpu_job *job)
{
	struct rknpu_client *client = job->client;
	unsigned int core;

	for (core = 0; core < RKNPU_MAX_CORES; core++) {
		if (job->range[core].num_chunks > 1)
			kvfree(job->range[core].chunks);
	}
	if (job->wait)
		rknpu_wait_release(job->wait);
	dma_fence_put(job->in_fence);
	dma_fence_put(job->out_fence);
	rknpu_mapping_put(job->task_mapping);
	rknpu_vm_epoch_put(job->epoch);
	rknpu_usage_put(job->usage);
	rknpu_job_free(job);
	rknpu_client_put(client);
}

static void rknpu_job_free_work(struct work_struct *work)
{
	rknpu_job_release(container_of(work, struct rknpu_job, free_work));
}

static int rknpu_job_build(struct rknpu_job *job, const struct rknpu_soc *soc,
			   const struct rknpu_job_args *args)
{
	int ret = rknpu_job_pin_descriptors(job, args);

	if (!ret)
		ret = rknpu_job_build_ranges(job, soc, args);
	if (!ret && job->in_fence) {
		job->wait = rknpu_wait_create(job->in_fence);
		ret = job->wait ? 0 : -ENOMEM;
	}
	if (ret || !args->out_fence)
		return ret;
	job->out_fence = rknpu_fence_create();
	return job->out_fence ? 0 : -ENOMEM;
}

/**
 * rknpu_job_create() - check a request and copy everything needed to run it
 * @soc: constants of the SoC
 * @args: the request; the reference to args->in_fence is consumed even on failure
 *
 * Does not touch the hardware.
 *
 * Context: Process context. May sleep.
 *
 * Return: the job with one reference, or an ERR_PTR: -EINVAL if a number is out of range or a token does
 * not belong to the caller, -ENOMEM if out of memory.
 */
struct rknpu_job *rknpu_job_create(const struct rknpu_soc *soc, const struct rknpu_job_args *args)
{
	struct rknpu_job *job = rknpu_job_alloc(args->client);
	int ret;

	if (!job) {
		dma_fence_put(args->in_fence);
		return ERR_PTR(-ENOMEM);
	}
	kref_init(&job->ref);
	INIT_LIST_HEAD(&job->node);
	rcuwait_init(&job->waiter);
	INIT_WORK(&job->free_work, rknpu_job_free_work);
	job->client = rknpu_client_get(args->client);
	job->file = args->file;
	job->usage = rknpu_usage_get(args->usage);
	job->vm = args->vm;
	job->epoch = rknpu_vm_epoch_get(args->vm);
	job->in_fence = args->in_fence;
	job->impatient = args->in_fence && !rknpu_fence_all_ours(args->in_fence);
	job->priority = args->priority;
	job->task_base = args->task_base;
	job->timeout = rknpu_job_timeout(args->timeout_ms);
	job->pingpong = args->pingpong;

	ret = rknpu_job_build(job, soc, args);
	if (ret) {
		rknpu_job_release(job);
		return ERR_PTR(ret);
	}
	return job;
}

static void rknpu_job_last_put(struct kref *ref)
{
	/* Empty: the two callers release the job in different contexts. */
}

/**
 * rknpu_job_put() - drop a reference
 * @job: the job
 *
 * Context: Process context. May sleep.
 */
void rknpu_job_put(struct rknpu_job *job)
{
	if (kref_put(&job->ref, rknpu_job_last_put))
		rknpu_job_release(job);
}

/**
 * rknpu_job_let_go() - drop a job's epoch unless that would unmap something here
 * @job: the job, no longer on the hardware
 *
 * Called before the end of the job is announced: a submitter that learns of it and then
 * destroys a buffer may rely on its address being gone, while the last reference to the
 * job may be dropped later, perhaps by a worker.
 *
 * Context: Any context.
 */
void rknpu_job_let_go(struct rknpu_job *job)
{
	if (job->epoch && rknpu_vm_epoch_put_unless_last(job->epoch))
		job->epoch = NULL;
}

/*
 * Releases a job without sleeping. Returns false if the job holds the last reference to something, whose
 * release may sleep; rknpu_job_release() must then do the rest.
 */
static bool rknpu_job_release_atomic(struct rknpu_job *job, struct workqueue_struct *wq)
{
	struct rknpu_client *client = job->client;
	unsigned int core;

	for (core = 0; core < RKNPU_MAX_CORES; core++) {
		if (job->range[core].num_chunks > 1)
			return false;
	}
	if (!rknpu_mapping_put_unless_last(job->task_mapping))
		return false;
	job->task_mapping = NULL;
	rknpu_job_let_go(job);
	if (job->epoch)
		return false;
	if (job->wait)
		rknpu_wait_release(job->wait);
	dma_fence_put(job->in_fence);
	dma_fence_put(job->out_fence);
	rknpu_usage_put(job->usage);
	rknpu_job_free(job);
	rknpu_client_put_atomic(client, wq);
	return true;
}

/**
 * rknpu_job_put_atomic() - drop a reference where sleeping is not allowed
 * @job: the job
 * @wq: workqueue for a release that has to sleep
 *
 * Context: Any context.
 */
void rknpu_job_put_atomic(struct rknpu_job *job, struct workqueue_struct *wq)
{
	if (kref_put(&job->ref, rknpu_job_last_put) && !rknpu_job_release_atomic(job, wq))
		queue_work(wq, &job->free_work);
}

/**
 * rknpu_job_write_status() - write the events to the last descriptor of each range that ran
 * @job: the job, no longer on the hardware
 *
 * Programs print this word when a submit fails.
 *
 * Context: Any context.
 */
void rknpu_job_write_status(struct rknpu_job *job)
{
	unsigned int core;

	for (core = 0; core < RKNPU_MAX_CORES; core++) {
		const struct rknpu_job_range *range = &job->range[core];
		size_t last = range->first + range->tasks - 1;
		u32 seen = range->seen;

		if (!(job->ran & BIT(core)))
			continue;
		/* After success, report only the events that were asked for, as an interrupt mask would. */
		if (!job->result)
			seen &= rknpu_job_chunk(job, core)->int_mask;
		memcpy(job->descriptors + last * sizeof(struct rknpu_task) + offsetof(struct rknpu_task, int_status),
		       &seen, sizeof(seen));
	}
}
