// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Entry to the ioctls of the DRM nodes. Every run of a program is one SUBMIT and
 * several MEM_SYNC calls, and a third of the time of a MEM_SYNC was spent in the DRM
 * core, which makes room for an argument of any size, looks the call up and checks what
 * every file may do here. So these two calls, and the ones that create and destroy
 * buffers, go straight to the functions that the core's table would send them to, if
 * the argument has its usual size. The only difference is that drm.debug does not
 * report them.
 */
#include "rknpu_entry.h"

#include <linux/fs.h>
#include <linux/uaccess.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_ioctl.h>

#include "rknpu_device.h"
#include "rknpu_drm.h"
#include "rknpu_ioctl.h"

static long rknpu_entry_submit(struct drm_file *file, struct rknpu_submit __user *user)
{
	/* Zeroing it first, as the kernel is told to, takes as long as copying. */
	struct rknpu_submit args __uninitialized;
	int ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	ret = rknpu_ioctl_submit_run(to_rknpu_device(file->minor->dev), file->driver_priv, &args);
	/* The outputs are copied out even if the call failed, as the DRM core does. */
	if (!user_write_access_begin(user, sizeof(*user)))
		return -EFAULT;
	unsafe_put_user(args.task_counter, &user->task_counter, fault);
	unsafe_put_user(args.hw_elapse_time, &user->hw_elapse_time, fault);
	unsafe_put_user(args.fence_fd, &user->fence_fd, fault);
	user_write_access_end();
	return ret;

fault:
	user_write_access_end();
	return -EFAULT;
}

/* drm_dev_is_unplugged() answers the same, after it has entered and left a critical section that protects nothing. */
static bool rknpu_entry_gone(const struct drm_file *file)
{
	return READ_ONCE(file->minor->dev->unplugged);
}

static long rknpu_entry_mem_sync(struct drm_file *file, void __user *user)
{
	struct rknpu_mem_sync args;

	if (rknpu_entry_gone(file))
		return -ENODEV;
	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	/* The argument has no outputs. */
	return rknpu_ioctl_mem_sync_run(to_rknpu_device(file->minor->dev), file->driver_priv, &args);
}

static long rknpu_entry_mem_create(struct drm_file *file, void __user *user)
{
	struct rknpu_mem_create args;
	int ret;

	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	ret = rknpu_ioctl_mem_create(file->minor->dev, &args, file);
	return copy_to_user(user, &args, sizeof(args)) ? -EFAULT : ret;
}

static long rknpu_entry_mem_destroy(struct drm_file *file, void __user *user)
{
	struct rknpu_mem_destroy args;

	if (rknpu_entry_gone(file))
		return -ENODEV;
	if (copy_from_user(&args, user, sizeof(args)))
		return -EFAULT;
	/* The argument has no outputs. */
	return rknpu_ioctl_mem_destroy(file->minor->dev, &args, file);
}

/**
 * rknpu_entry_ioctl() - file operation: ioctl of a DRM node
 * @file: the open file
 * @cmd: ioctl number, including the size of the argument
 * @arg: user address of the argument
 *
 * Return: result of the ioctl.
 */
long rknpu_entry_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	switch (cmd) {
	case DRM_IOCTL_RKNPU_SUBMIT:
		return rknpu_entry_submit(file->private_data, (void __user *)arg);
	case DRM_IOCTL_RKNPU_MEM_SYNC:
		return rknpu_entry_mem_sync(file->private_data, (void __user *)arg);
	case DRM_IOCTL_RKNPU_MEM_CREATE:
		return rknpu_entry_mem_create(file->private_data, (void __user *)arg);
	case DRM_IOCTL_RKNPU_MEM_DESTROY:
		return rknpu_entry_mem_destroy(file->private_data, (void __user *)arg);
	default:
		return drm_ioctl(file, cmd, arg);
	}
}
