// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: /proc/PID/fdinfo of an open file, in the format of the kernel's "DRM client
 * usage stats". It does not use the DRM core's printer: kernels before 6.5 have none,
 * and /dev/rknpu is not a DRM file. The driver's own keys begin with its name, as the
 * specification requires.
 */
#include "rknpu_fdinfo.h"

#include <linux/fs.h>
#include <linux/idr.h>
#include <linux/seq_file.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>

#include "rknpu_account.h"
#include "rknpu_bo.h"
#include "rknpu_device.h"
#include "rknpu_file.h"
#include "rknpu_usage.h"

/**
 * rknpu_fdinfo_add() - add a buffer to the sums
 * @memory: the sums
 * @bo: the buffer
 *
 * Context: Any context.
 */
void rknpu_fdinfo_add(struct rknpu_fdinfo_memory *memory, const struct rknpu_bo *bo)
{
	u64 sram = rknpu_bo_sram_bytes(bo), pages = bo->base.size - sram;

	memory->sram += sram;
	memory->pages += pages;
	if (bo->base.handle_count < 2 && !bo->base.dma_buf)
		return;
	memory->shared_sram += sram;
	memory->shared_pages += pages;
}

static void rknpu_fdinfo_print_region(struct seq_file *m, const char *region, u64 bytes, u64 shared)
{
	seq_printf(m, "drm-total-%s:\t%llu KiB\n", region, bytes >> 10);
	seq_printf(m, "drm-shared-%s:\t%llu KiB\n", region, shared >> 10);
	/* Nothing is ever swapped or evicted. */
	seq_printf(m, "drm-resident-%s:\t%llu KiB\n", region, bytes >> 10);
}

/**
 * rknpu_fdinfo_print() - print all lines for an open file
 * @m: output
 * @rdev: the device; may be unplugged
 * @rfile: the open file
 * @memory: sums of its buffers
 *
 * Context: Process context. Takes sched->lock.
 */
void rknpu_fdinfo_print(struct seq_file *m, struct rknpu_device *rdev, const struct rknpu_file *rfile,
			const struct rknpu_fdinfo_memory *memory)
{
	struct rknpu_usage usage;
	unsigned int i;

	rknpu_account_read_usage(&rdev->sched, rfile->usage, &usage);
	seq_printf(m, "drm-driver:\t%s\n", rdev->drm.driver->name);
	seq_printf(m, "drm-client-id:\t%llu\n", usage.id);
	for (i = 0; i < rdev->soc->num_cores; i++)
		seq_printf(m, "drm-engine-core%u:\t%llu ns\n", i, usage.busy_ns[i]);
	/*
	 * There are no cycle counts: the rate may change while a job runs, and the oscillator
	 * behind it is not exact, so they would be guesses.
	 */
	for (i = 0; i < rdev->soc->num_cores && rdev->dvfs.rates.num; i++)
		seq_printf(m, "drm-maxfreq-core%u:\t%lu Hz\n", i, rdev->dvfs.rates.max_hz);
	rknpu_fdinfo_print_region(m, "memory", memory->pages, memory->shared_pages);
	rknpu_fdinfo_print_region(m, "sram", memory->sram, memory->shared_sram);
	seq_printf(m, "rknpu-device:\t%s\n", dev_name(rdev->drm.dev));
	seq_printf(m, "rknpu-jobs-done:\t%llu\n", usage.counts.done);
	seq_printf(m, "rknpu-jobs-failed:\t%llu\n", usage.counts.failed);
	seq_printf(m, "rknpu-jobs-timed-out:\t%llu\n", usage.counts.timed_out);
	seq_printf(m, "rknpu-jobs-cancelled:\t%llu\n", usage.counts.cancelled);
}

/**
 * rknpu_fdinfo_show() - file operation of the DRM nodes: show fdinfo
 * @m: output
 * @file: the open file
 */
void rknpu_fdinfo_show(struct seq_file *m, struct file *file)
{
	struct drm_file *drm_file = file->private_data;
	struct rknpu_fdinfo_memory memory = {};
	struct drm_gem_object *obj;
	int id;

	spin_lock(&drm_file->table_lock);
	idr_for_each_entry(&drm_file->object_idr, obj, id)
		rknpu_fdinfo_add(&memory, to_rknpu_bo(obj));
	spin_unlock(&drm_file->table_lock);
	rknpu_fdinfo_print(m, to_rknpu_device(drm_file->minor->dev), drm_file->driver_priv, &memory);
}
