// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: A device core dump of the first job that fails within a minute: the registers of
 * the core, the descriptors and commands around the task that did not finish, and the
 * addresses of buffers, but no buffer contents unless root enables that. It is a text
 * with one fact per line, which rknpu-regcmd reads.
 *
 * The scheduler's worker writes the text before it resets the core, because after that
 * the registers are lost and the client may write to its buffers again. The worker must
 * not wait here: it takes memory only if that needs no waiting, and skips an address
 * space that is locked at the moment. Publishing may sleep, so another worker does that.
 */
#include "rknpu_dump.h"

#include <linux/devcoredump.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pid.h>
#include <linux/slab.h>
#include <linux/utsname.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

#include "rknpu_bo.h"
#include "rknpu_client.h"
#include "rknpu_core.h"
#include "rknpu_device.h"
#include "rknpu_drm.h"
#include "rknpu_hw.h"
#include "rknpu_job.h"
#include "rknpu_mapping.h"
#include "rknpu_regcmd.h"
#include "rknpu_regs.h"
#include "rknpu_sched.h"
#include "rknpu_stats.h"

static unsigned int rknpu_dump_data_kib;
module_param_named(dump_data_kib, rknpu_dump_data_kib, uint, 0600);
MODULE_PARM_DESC(dump_data_kib, "Contents of buffers in a device core dump, in KiB, at most 1024 (default 0: none)");

#define RKNPU_DUMP_INTERVAL (60 * HZ)
/* The size that is tried first, and the smallest one that is of use */
#define RKNPU_DUMP_MOST_BYTES SZ_256K
#define RKNPU_DUMP_LEAST_BYTES SZ_16K
#define RKNPU_DUMP_MAPPINGS 1024
/* Limit for buffer contents, and how many bytes of them go on a line */
#define RKNPU_DUMP_MOST_DATA SZ_1M
#define RKNPU_DUMP_LINE_DATA 32
/* Space that such a line takes, and that is reserved for the end */
#define RKNPU_DUMP_LINE_BYTES 80
/* Number of tasks to show before and after the one that did not finish */
#define RKNPU_DUMP_AROUND 1

/**
 * struct rknpu_dump - the dump in progress
 * @rdev: the device; valid until removal.
 * @next: jiffies before which no other dump is made. Used by the scheduler's worker only.
 * @text: text of the dump, or NULL. Owned by the scheduler's worker and, once that has queued @work, by
 *	@work.
 * @bytes: size of @text.
 * @used: length written so far; anything that does not fit is dropped.
 * @work: publishes the dump.
 */
struct rknpu_dump {
	struct rknpu_device *rdev;
	unsigned long next;
	char *text;
	size_t bytes;
	size_t used;
	struct work_struct work;
};

static __printf(2, 3) void rknpu_dump_print(struct rknpu_dump *dump, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	dump->used += vscnprintf(dump->text + dump->used, dump->bytes - dump->used, format, args);
	va_end(args);
}

static size_t rknpu_dump_data_bytes(void)
{
	return min_t(size_t, READ_ONCE(rknpu_dump_data_kib), RKNPU_DUMP_MOST_DATA / SZ_1K) * SZ_1K;
}

static bool rknpu_dump_alloc(struct rknpu_dump *dump)
{
	size_t bytes = rknpu_dump_data_bytes() / RKNPU_DUMP_LINE_DATA * RKNPU_DUMP_LINE_BYTES;

	for (bytes += RKNPU_DUMP_MOST_BYTES; bytes >= RKNPU_DUMP_LEAST_BYTES; bytes /= 2) {
		dump->text = kmalloc(bytes, GFP_NOWAIT | __GFP_NOWARN);
		if (!dump->text)
			continue;
		dump->bytes = bytes;
		dump->used = 0;
		return true;
	}
	return false;
}

static void rknpu_dump_print_head(struct rknpu_dump *dump, const struct rknpu_slot *slot,
				  const struct rknpu_job *job, int result, u32 done)
{
	const struct rknpu_job_range *range = &job->range[slot->index];

	rknpu_dump_print(dump, "rknpu dump 1\ndriver %s\nkernel %s\nsoc %s\nuptime_ms %lld\n", RKNPU_RELEASE,
			 init_utsname()->release, dump->rdev->soc->name, ktime_to_ms(ktime_get()));
	rknpu_dump_print(dump, "reason %s\nresult %d\n", result == -EIO ? "memory access failed" : "timed out",
			 result);
	rknpu_dump_print(dump, "job %llu\npid %d\ncomm %s\ncore %u\ncores %#x\n", job->id,
			 pid_nr(job->client->tgid), job->client->comm, slot->index, job->cores);
	rknpu_dump_print(dump, "first %u\ntasks %u\ndone %u\ntask_base %#x\n", range->first, range->tasks, done,
			 job->task_base);
	rknpu_dump_print(dump, "awaited %#x\n", rknpu_job_chunk(job, slot->index)->int_mask);
	if (slot->faulted)
		rknpu_dump_print(dump, "fault %#010x %s\n", slot->fault_iova, slot->fault_write ? "write" : "read");
}

static void rknpu_dump_print_registers(struct rknpu_dump *dump, const struct rknpu_hw *hw)
{
	struct rknpu_hw_state state;
	unsigned int nth = 0;
	u32 offset = 0, value;
	const char *block;

	rknpu_hw_read_state(hw, &state);
	rknpu_dump_print(dump, "status %#x raw %#x task %#x\n", state.status, state.raw, state.task_status);
	while (rknpu_hw_peek(hw, &offset, &value)) {
		rknpu_dump_print(dump, "register 0x%04x 0x%08x\n", offset, value);
		offset += sizeof(value);
	}
	while ((block = rknpu_hw_unread(hw, &nth)))
		rknpu_dump_print(dump, "unread %s\n", block);
}

/* Returns the CPU address of an offset in a buffer, NULL if the CPU has none. */
static const void *rknpu_dump_address(const struct rknpu_bo *bo, size_t offset)
{
	unsigned long pfn;
	pgprot_t prot;

	if (bo->vaddr)
		return bo->vaddr + offset;
	if (!bo->backing->pfn || offset >= bo->base.size)
		return NULL;
	pfn = bo->backing->pfn(bo, offset >> PAGE_SHIFT, &prot);
	/* On-chip memory has no page. */
	return pfn_valid(pfn) ? page_address(pfn_to_page(pfn)) + offset_in_page(offset) : NULL;
}

/* Returns the CPU address of an NPU address, NULL if the CPU has none. Caller must hold @vm->lock. */
static const void *rknpu_dump_find_locked(struct rknpu_vm *vm, u64 iova)
{
	const struct rknpu_mapping *mapping;
	struct drm_mm_node *node;

	lockdep_assert_held(&vm->lock);
	drm_mm_for_each_node(node, &vm->mm) {
		if (iova < node->start || iova - node->start >= node->size)
			continue;
		mapping = container_of(node, struct rknpu_mapping, space.node);
		return rknpu_dump_address(mapping->bo, iova - node->start);
	}
	return NULL;
}

static void rknpu_dump_print_stream_locked(struct rknpu_dump *dump, struct rknpu_vm *vm,
					   const struct rknpu_task *task)
{
	u64 words = (u64)task->regcfg_amount + RKNPU_REGCMD_TAIL_WORDS, i;

	lockdep_assert_held(&vm->lock);
	/* The client may have given any number, but the text has a limit. */
	for (i = 0; i < words && dump->used + 64 < dump->bytes; i++) {
		u64 iova = task->regcmd_addr + i * sizeof(u64);
		const u64 *word = rknpu_dump_find_locked(vm, iova);

		if (!word)
			break;
		rknpu_dump_print(dump, "word 0x%08llx 0x%016llx\n", iova, READ_ONCE(*word));
	}
}

static void rknpu_dump_print_tasks_locked(struct rknpu_dump *dump, const struct rknpu_job *job, unsigned int core,
					  u32 done)
{
	const struct rknpu_job_range *range = &job->range[core];
	u32 first = done > RKNPU_DUMP_AROUND ? done - RKNPU_DUMP_AROUND : 0, i;
	struct rknpu_task task;

	lockdep_assert_held(&job->vm->lock);
	for (i = first; i < range->tasks && i <= done + RKNPU_DUMP_AROUND; i++) {
		memcpy(&task, job->descriptors + (size_t)(range->first + i) * sizeof(task), sizeof(task));
		rknpu_dump_print(dump, "task %u %#x %#x %#x %#x %#x %#x %u %u %#llx\n", range->first + i, task.flags,
				 task.op_idx, task.enable_mask, task.int_mask, task.int_clear, task.int_status,
				 task.regcfg_amount, task.regcfg_offset, task.regcmd_addr);
		rknpu_dump_print_stream_locked(dump, job->vm, &task);
	}
}

static void rknpu_dump_print_mappings_locked(struct rknpu_dump *dump, struct rknpu_vm *vm)
{
	const struct rknpu_mapping *mapping;
	struct drm_mm_node *node;
	unsigned int count = 0;

	lockdep_assert_held(&vm->lock);
	drm_mm_for_each_node(node, &vm->mm) {
		if (count++ == RKNPU_DUMP_MAPPINGS)
			break;
		mapping = container_of(node, struct rknpu_mapping, space.node);
		rknpu_dump_print(dump, "mapping 0x%08llx %llu%s%s\n", node->start, node->size,
				 mapping->bo->cached ? " cached" : "", mapping->bo->sram ? " sram" : "");
	}
}

/* Contents as the CPU sees them: caches are not synchronized. Where the CPU has no address there is a gap. */
static void rknpu_dump_print_range(struct rknpu_dump *dump, const struct rknpu_mapping *mapping, size_t bytes)
{
	u64 start = mapping->space.node.start;
	size_t offset;

	for (offset = 0; offset < bytes && dump->used + 2 * RKNPU_DUMP_LINE_BYTES < dump->bytes;
	     offset += RKNPU_DUMP_LINE_DATA) {
		const void *data = rknpu_dump_address(mapping->bo, offset);

		if (data)
			rknpu_dump_print(dump, "data 0x%08llx %*phN\n", start + offset, RKNPU_DUMP_LINE_DATA, data);
	}
}

/* Dumps the beginning of each buffer; space that small buffers leave is used for those after them. */
static void rknpu_dump_print_data_locked(struct rknpu_dump *dump, struct rknpu_vm *vm)
{
	size_t left = rknpu_dump_data_bytes(), bytes;
	struct drm_mm_node *node;
	unsigned int count = 0;

	lockdep_assert_held(&vm->lock);
	drm_mm_for_each_node(node, &vm->mm)
		count++;
	drm_mm_for_each_node(node, &vm->mm) {
		bytes = round_down(min_t(u64, left / count--, node->size), RKNPU_DUMP_LINE_DATA);
		rknpu_dump_print_range(dump, container_of(node, struct rknpu_mapping, space.node), bytes);
		left -= bytes;
	}
}

/* Called by the scheduler's worker; the core has power and has not been reset. */
static void rknpu_dump_job(void *data, const struct rknpu_slot *slot, const struct rknpu_job *job, int result,
			   u32 done)
{
	struct rknpu_dump *dump = data;

	/* Pairs with the release in rknpu_dump_publish(). */
	if (smp_load_acquire(&dump->text) || (dump->next && time_before(jiffies, dump->next)))
		return;
	if (!rknpu_dump_alloc(dump))
		return;
	dump->next = jiffies + RKNPU_DUMP_INTERVAL;
	done = min(done, job->range[slot->index].tasks - 1);
	rknpu_dump_print_head(dump, slot, job, result, done);
	rknpu_dump_print_registers(dump, &slot->core->hw);
	if (mutex_trylock(&job->vm->lock)) {
		rknpu_dump_print_tasks_locked(dump, job, slot->index, done);
		rknpu_dump_print_mappings_locked(dump, job->vm);
		rknpu_dump_print_data_locked(dump, job->vm);
		mutex_unlock(&job->vm->lock);
	}
	rknpu_dump_print(dump, "end\n");
	schedule_work(&dump->work);
}

static void rknpu_dump_publish(struct work_struct *work)
{
	struct rknpu_dump *dump = container_of(work, struct rknpu_dump, work);
	void *copy = vmalloc(dump->used);

	if (copy) {
		memcpy(copy, dump->text, dump->used);
		/* Takes ownership of @copy, and frees it if the kernel has no device core dumps. */
		dev_coredumpv(dump->rdev->drm.dev, copy, dump->used, GFP_KERNEL);
	}
	kfree(dump->text);
	/* Pairs with the acquire in rknpu_dump_job(). */
	smp_store_release(&dump->text, NULL);
}

/**
 * rknpu_dump_add() - start dumping jobs that fail
 * @rdev: the device; started
 *
 * Return: object to be passed to rknpu_dump_remove(), or NULL if out of memory.
 */
struct rknpu_dump *rknpu_dump_add(struct rknpu_device *rdev)
{
	struct rknpu_dump *dump = kzalloc(sizeof(*dump), GFP_KERNEL);

	if (!dump)
		return NULL;
	dump->rdev = rdev;
	INIT_WORK(&dump->work, rknpu_dump_publish);
	rdev->sched.roof.data = dump;
	/* The worker that sees the function must also see its data. */
	smp_store_release(&rdev->sched.roof.failed, rknpu_dump_job);
	return dump;
}

/**
 * rknpu_dump_remove() - stop dumping jobs
 * @dump: from rknpu_dump_add(), or NULL; the device must not have been stopped yet
 *
 * Context: Process context. May sleep.
 */
void rknpu_dump_remove(struct rknpu_dump *dump)
{
	if (!dump)
		return;
	WRITE_ONCE(dump->rdev->sched.roof.failed, NULL);
	flush_workqueue(dump->rdev->sched.wq);
	flush_work(&dump->work);
	kfree(dump);
}
