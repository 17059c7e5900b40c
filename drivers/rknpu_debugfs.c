// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: /sys/kernel/debug/rknpu/ and, with proc=1, /proc/rknpu/: the files of the
 * vendor's driver 0.9.8, byte for byte, because monitors match them with patterns. New
 * statistics go to sysfs (rknpu_stats.c), where every user may read them.
 *
 * Writes affect all users, so only debugfs accepts them. Whatever is written, no job
 * waits forever and no register is accessed without power.
 */
#include "rknpu_debugfs.h"

#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/proc_fs.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <drm/drm_drv.h>

#include "rknpu_client.h"
#include "rknpu_core.h"
#include "rknpu_device.h"
#include "rknpu_drop.h"
#include "rknpu_dvfs.h"
#include "rknpu_power.h"
#include "rknpu_sched.h"
#include "rknpu_sram.h"
#include "rknpu_stats.h"

static bool rknpu_debugfs_proc;
module_param_named(proc, rknpu_debugfs_proc, bool, 0444);
MODULE_PARM_DESC(proc, "Offer the files of /sys/kernel/debug/rknpu in /proc/rknpu too, for everybody to read (default off)");

/* Longer than any useful delay before the NPU powers off. */
#define RKNPU_DEBUGFS_MAX_DELAY_MS (60 * 60 * 1000)

/* Characters per line in the map of the on-chip memory, and bytes per character. */
#define RKNPU_DEBUGFS_MM_ROW 32
#define RKNPU_DEBUGFS_MM_BYTES SZ_4K

/**
 * struct rknpu_debugfs_file - description of a file
 * @name: its name.
 * @show: prints it. Context: Process context.
 * @write: handles a write of @text, which has no white space around it; NULL if the file is read-only.
 */
struct rknpu_debugfs_file {
	const char *name;
	int (*show)(struct seq_file *m, struct rknpu_debugfs *debugfs);
	int (*write)(struct rknpu_debugfs *debugfs, const char *text);
};

#define RKNPU_DEBUGFS_FILES 8

/**
 * struct rknpu_debugfs_node - a file in a directory
 * @debugfs: the directories it belongs to.
 * @file: its description.
 */
struct rknpu_debugfs_node {
	struct rknpu_debugfs *debugfs;
	const struct rknpu_debugfs_file *file;
};

/**
 * struct rknpu_debugfs - the directories
 * @rdev: the device; valid until the directories have been removed.
 * @dir: directory in debugfs.
 * @proc: directory in procfs, or NULL.
 * @lock: protects @held.
 * @held: "on" has been written to power, so this holds a power reference on each core.
 * @nodes: the files.
 */
struct rknpu_debugfs {
	struct rknpu_device *rdev;
	struct dentry *dir;
	struct proc_dir_entry *proc;
	struct mutex lock;
	bool held;
	struct rknpu_debugfs_node nodes[RKNPU_DEBUGFS_FILES];
};

static int rknpu_debugfs_show_version(struct seq_file *m, struct rknpu_debugfs *debugfs)
{
	const struct drm_driver *driver = debugfs->rdev->drm.driver;

	seq_printf(m, "%s: v%d.%d.%d\n", driver->desc, driver->major, driver->minor, driver->patchlevel);
	return 0;
}

static int rknpu_debugfs_show_load(struct seq_file *m, struct rknpu_debugfs *debugfs)
{
	unsigned int num_cores = debugfs->rdev->soc->num_cores;
	unsigned int percent[RKNPU_MAX_CORES];
	unsigned int i;

	rknpu_stats_load(debugfs->rdev, percent);
	seq_puts(m, "NPU load: ");
	if (num_cores == 1)
		seq_printf(m, "%2u%%", percent[0]);
	for (i = 0; i < num_cores && num_cores > 1; i++)
		seq_printf(m, " Core%u: %2u%%,", i, percent[i]);
	seq_putc(m, '\n');
	return 0;
}

static int rknpu_debugfs_show_power(struct seq_file *m, struct rknpu_debugfs *debugfs)
{
	seq_puts(m, rknpu_stats_powered(debugfs->rdev, -1) ? "on\n" : "off\n");
	return 0;
}

static void rknpu_debugfs_put_cores(struct rknpu_device *rdev, unsigned int num)
{
	while (num--) {
		if (rdev->cores[num])
			rknpu_power_put(rdev->cores[num]->power);
	}
}

static int rknpu_debugfs_get_cores(struct rknpu_device *rdev)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < RKNPU_MAX_CORES && !ret; i++) {
		if (rdev->cores[i])
			ret = rknpu_power_get(rdev->cores[i]->power);
	}
	if (ret)
		rknpu_debugfs_put_cores(rdev, i - 1);
	return ret;
}

/* "on" keeps the NPU powered; "off" lets it power off again as soon as it is idle. */
static int rknpu_debugfs_hold(struct rknpu_debugfs *debugfs, bool hold)
{
	int ret = 0;

	mutex_lock(&debugfs->lock);
	if (hold && !debugfs->held)
		ret = rknpu_debugfs_get_cores(debugfs->rdev);
	else if (!hold && debugfs->held)
		rknpu_debugfs_put_cores(debugfs->rdev, RKNPU_MAX_CORES);
	if (!ret)
		debugfs->held = hold;
	mutex_unlock(&debugfs->lock);
	return ret;
}

static int rknpu_debugfs_write_power(struct rknpu_debugfs *debugfs, const char *text)
{
	if (!strcmp(text, "on"))
		return rknpu_debugfs_hold(debugfs, true);
	if (!strcmp(text, "off"))
		return rknpu_debugfs_hold(debugfs, false);
	return -EINVAL;
}

static int rknpu_debugfs_show_freq(struct seq_file *m, struct rknpu_debugfs *debugfs)
{
	seq_printf(m, "%lu\n", rknpu_dvfs_rate_hz(&debugfs->rdev->dvfs));
	return 0;
}

static int rknpu_debugfs_write_freq(struct rknpu_debugfs *debugfs, const char *text)
{
	unsigned long hz;
	int ret = kstrtoul(text, 0, &hz);

	if (!ret)
		ret = rknpu_dvfs_request(&debugfs->rdev->dvfs, hz);
	if (ret == -EOPNOTSUPP)
		dev_warn(debugfs->rdev->drm.dev, "the rate stays: nothing is known to choose from (limited by: %s)\n",
			 rknpu_dvfs_limit(&debugfs->rdev->dvfs));
	return ret;
}

static int rknpu_debugfs_show_volt(struct seq_file *m, struct rknpu_debugfs *debugfs)
{
	int uv = rknpu_dvfs_voltage_uv(&debugfs->rdev->dvfs);

	if (uv < 0)
		return uv;
	seq_printf(m, "%d\n", uv);
	return 0;
}

static int rknpu_debugfs_show_delayms(struct seq_file *m, struct rknpu_debugfs *debugfs)
{
	seq_printf(m, "%u\n", rknpu_power_delay_ms(rknpu_device_first_core(debugfs->rdev)->power));
	return 0;
}

static int rknpu_debugfs_write_delayms(struct rknpu_debugfs *debugfs, const char *text)
{
	struct rknpu_device *rdev = debugfs->rdev;
	unsigned int ms, i;
	int ret = kstrtouint(text, 0, &ms);

	if (ret)
		return ret;
	if (ms > RKNPU_DEBUGFS_MAX_DELAY_MS)
		return -EINVAL;
	for (i = 0; i < RKNPU_MAX_CORES; i++) {
		if (rdev->cores[i])
			rknpu_power_set_delay_ms(rdev->cores[i]->power, ms);
	}
	return 0;
}

static int rknpu_debugfs_show_reset(struct seq_file *m, struct rknpu_debugfs *debugfs)
{
	/* Resets cannot be disabled, see below. */
	seq_puts(m, "on\n");
	return 0;
}

/* Cancels the jobs of all clients and makes every core reset before it runs another job. */
static void rknpu_debugfs_reset(struct rknpu_device *rdev)
{
	struct rknpu_client *client;

	dev_info(rdev->drm.dev, "%s[%d] asked for a reset of all cores\n", current->comm, task_tgid_nr(current));
	mutex_lock(&rdev->clients.lock);
	/* A client without references is waiting for this lock to be removed, and has no jobs either. */
	list_for_each_entry(client, &rdev->clients.list, node) {
		rknpu_client_mark_reset(client);
		rknpu_drop_client(&rdev->sched, client);
	}
	mutex_unlock(&rdev->clients.lock);
}

static int rknpu_debugfs_write_reset(struct rknpu_debugfs *debugfs, const char *text)
{
	if (!strcmp(text, "1")) {
		rknpu_debugfs_reset(debugfs->rdev);
		return 0;
	}
	if (!strcmp(text, "on"))
		return 0;
	if (strcmp(text, "off"))
		return -EINVAL;
	dev_warn(debugfs->rdev->drm.dev,
		 "resets cannot be bypassed: without one a job that hangs would keep its core for ever\n");
	return -EOPNOTSUPP;
}

static void rknpu_debugfs_print_mm(struct seq_file *m, const struct rknpu_sram *sram)
{
	size_t total = rknpu_sram_total_bytes(sram), free_bytes = rknpu_sram_free_bytes(sram);
	char row[RKNPU_DEBUGFS_MM_ROW + 1];
	size_t at;

	seq_puts(m, "SRAM bitmap: \"*\" - used, \".\" - free (1bit = 4KB)\n");
	for (at = 0; at < total / RKNPU_DEBUGFS_MM_BYTES; at++) {
		unsigned int column = at % RKNPU_DEBUGFS_MM_ROW;

		row[column] = rknpu_sram_is_used(sram, at * RKNPU_DEBUGFS_MM_BYTES) ? '*' : '.';
		row[column + 1] = '\0';
		if (column + 1 == RKNPU_DEBUGFS_MM_ROW || at + 1 == total / RKNPU_DEBUGFS_MM_BYTES)
			seq_printf(m, "[%03zu] [%s]\n", at / RKNPU_DEBUGFS_MM_ROW, row);
	}
	seq_printf(m, "SRAM total size: %zu, used: %zu, free: %zu\n", total, total - free_bytes, free_bytes);
}

/* Not in the vendor's file, which knows no such memory; printed only if the device tree reserves some. */
static void rknpu_debugfs_print_pool(struct seq_file *m, const struct rknpu_pool *pool)
{
	u64 used = atomic64_read(&pool->used);

	seq_printf(m, "Reserved memory total size: %llu, used: %llu, free: %llu\n", pool->bytes, used,
		   pool->bytes - used);
}

static int rknpu_debugfs_show_mm(struct seq_file *m, struct rknpu_debugfs *debugfs)
{
	/* Without on-chip memory the file is empty [seen: vendor driver 0.9.8]. */
	if (rknpu_sram_total_bytes(&debugfs->rdev->sram))
		rknpu_debugfs_print_mm(m, &debugfs->rdev->sram);
	if (debugfs->rdev->pool.bytes)
		rknpu_debugfs_print_pool(m, &debugfs->rdev->pool);
	return 0;
}

static const struct rknpu_debugfs_file rknpu_debugfs_files[RKNPU_DEBUGFS_FILES] = {
	{ "version", rknpu_debugfs_show_version, NULL },
	{ "load", rknpu_debugfs_show_load, NULL },
	{ "power", rknpu_debugfs_show_power, rknpu_debugfs_write_power },
	{ "freq", rknpu_debugfs_show_freq, rknpu_debugfs_write_freq },
	{ "volt", rknpu_debugfs_show_volt, NULL },
	{ "delayms", rknpu_debugfs_show_delayms, rknpu_debugfs_write_delayms },
	{ "reset", rknpu_debugfs_show_reset, rknpu_debugfs_write_reset },
	{ "mm", rknpu_debugfs_show_mm, NULL },
};

static int rknpu_debugfs_show(struct seq_file *m, void *unused)
{
	struct rknpu_debugfs_node *node = m->private;

	return node->file->show(m, node->debugfs);
}

static int rknpu_debugfs_open(struct inode *inode, struct file *file)
{
	return single_open(file, rknpu_debugfs_show, inode->i_private);
}

static ssize_t rknpu_debugfs_write(struct file *file, const char __user *user, size_t bytes, loff_t *offset)
{
	struct rknpu_debugfs_node *node = ((struct seq_file *)file->private_data)->private;
	char text[24] = {};
	int ret;

	if (!node->file->write)
		return -EACCES;
	if (!bytes || bytes >= sizeof(text))
		return -EINVAL;
	if (copy_from_user(text, user, bytes))
		return -EFAULT;
	ret = node->file->write(node->debugfs, strim(text));
	return ret ?: bytes;
}

static const struct file_operations rknpu_debugfs_fops = {
	.owner = THIS_MODULE,
	.open = rknpu_debugfs_open,
	.read = seq_read,
	.write = rknpu_debugfs_write,
	.llseek = seq_lseek,
	.release = single_release,
};

static void rknpu_debugfs_add_proc(struct rknpu_debugfs *debugfs)
{
	unsigned int i;

	debugfs->proc = proc_mkdir("rknpu", NULL);
	for (i = 0; i < RKNPU_DEBUGFS_FILES && debugfs->proc; i++)
		proc_create_single_data(debugfs->nodes[i].file->name, 0444, debugfs->proc, rknpu_debugfs_show,
					&debugfs->nodes[i]);
}

/**
 * rknpu_debugfs_add() - create the files
 * @rdev: the device; started
 *
 * Nothing depends on the files: one that cannot be created is simply missing.
 *
 * Return: the directories, to be passed to rknpu_debugfs_remove(), or NULL if out of memory.
 */
struct rknpu_debugfs *rknpu_debugfs_add(struct rknpu_device *rdev)
{
	struct rknpu_debugfs *debugfs = kzalloc(sizeof(*debugfs), GFP_KERNEL);
	unsigned int i;

	if (!debugfs)
		return NULL;
	debugfs->rdev = rdev;
	mutex_init(&debugfs->lock);
	debugfs->dir = debugfs_create_dir("rknpu", NULL);
	for (i = 0; i < RKNPU_DEBUGFS_FILES; i++) {
		struct rknpu_debugfs_node *node = &debugfs->nodes[i];

		node->debugfs = debugfs;
		node->file = &rknpu_debugfs_files[i];
		debugfs_create_file(node->file->name, node->file->write ? 0644 : 0444, debugfs->dir, node,
				    &rknpu_debugfs_fops);
	}
	if (rknpu_debugfs_proc)
		rknpu_debugfs_add_proc(debugfs);
	return debugfs;
}

/**
 * rknpu_debugfs_remove() - remove the files and wait for their readers and writers
 * @debugfs: the directories, or NULL
 */
void rknpu_debugfs_remove(struct rknpu_debugfs *debugfs)
{
	if (!debugfs)
		return;
	proc_remove(debugfs->proc);
	debugfs_remove(debugfs->dir);
	rknpu_debugfs_hold(debugfs, false);
	mutex_destroy(&debugfs->lock);
	kfree(debugfs);
}
