// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: /dev/rknpu, a character device with the same calls. Buffers are identified by
 * dma-buf file descriptors and tokens instead of GEM handles, and a session keeps the
 * buffers it has created or imported until it destroys them or is closed. The node exists
 * only with misc=1, because programs look for it first and then use nothing else.
 */
#include "rknpu_misc.h"

#include <linux/dma-buf.h>
#include <linux/file.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>

#include "rknpu_bo.h"
#include "rknpu_client.h"
#include "rknpu_device.h"
#include "rknpu_drm.h"
#include "rknpu_fdinfo.h"
#include "rknpu_file.h"
#include "rknpu_ioctl.h"
#include "rknpu_mapping.h"
#include "rknpu_prime.h"

static bool rknpu_misc_wanted;
module_param_named(misc, rknpu_misc_wanted, bool, 0444);
MODULE_PARM_DESC(misc, "Offer /dev/rknpu beside the DRM nodes (default off)");

/**
 * struct rknpu_session - one open file of /dev/rknpu
 * @rfile: common part of all open files.
 * @rdev: the device; holds a reference. Immutable.
 * @lock: protects @objects. Not taken inside any other lock; taken before bo->lock.
 * @objects: list of struct rknpu_session_object.
 */
struct rknpu_session {
	struct rknpu_file rfile;
	struct rknpu_device *rdev;
	struct mutex lock;
	struct list_head objects;
};

/**
 * struct rknpu_session_object - one MEM_CREATE of a session that has not been destroyed
 * @node: entry in session->objects; session->lock.
 * @bo: the buffer; holds a reference. Immutable.
 * @token: token that identifies it. Immutable.
 */
struct rknpu_session_object {
	struct list_head node;
	struct rknpu_bo *bo;
	u64 token;
};

/* Kernel copy of any of the requests. */
union rknpu_misc_args {
	struct rknpu_action action;
	struct rknpu_submit submit;
	struct rknpu_mem_create create;
	struct rknpu_mem_destroy destroy;
	struct rknpu_mem_sync sync;
};

static struct rknpu_bo *rknpu_misc_import(struct rknpu_device *rdev, int fd)
{
	struct dma_buf *buf = dma_buf_get(fd);
	struct drm_gem_object *obj;

	if (IS_ERR(buf))
		return ERR_CAST(buf);
	/* The buffer holds a reference to the dma-buf, so the file descriptor may be closed right away. */
	obj = rknpu_prime_import(&rdev->drm, buf, rdev->dma_dev);
	dma_buf_put(buf);
	return IS_ERR(obj) ? ERR_CAST(obj) : to_rknpu_bo(obj);
}

/* Maps a buffer and adds it to the session. The only way to undo this is to destroy the object. */
static int rknpu_misc_keep(struct rknpu_session *session, struct rknpu_mem_create *args, struct rknpu_bo *bo,
			   struct rknpu_client *client, struct rknpu_vm *vm)
{
	struct rknpu_session_object *object = kzalloc(sizeof(*object), GFP_KERNEL_ACCOUNT);
	int ret;

	if (!object)
		return -ENOMEM;
	ret = rknpu_mapping_open(bo, session);
	if (ret)
		goto free_object;
	ret = rknpu_ioctl_mem_address(args, bo, client, vm, session);
	if (ret)
		goto close_bo;
	drm_gem_object_get(&bo->base);
	object->bo = bo;
	object->token = args->obj_addr;
	mutex_lock(&session->lock);
	list_add(&object->node, &session->objects);
	mutex_unlock(&session->lock);
	return 0;

close_bo:
	rknpu_mapping_close(bo, session);
free_object:
	kfree(object);
	return ret;
}

static void rknpu_misc_drop(struct rknpu_session *session, struct rknpu_session_object *object)
{
	rknpu_mapping_close(object->bo, session);
	drm_gem_object_put(&object->bo->base);
	kfree(object);
}

static int rknpu_misc_destroy(struct rknpu_session *session, u64 token)
{
	struct rknpu_session_object *object, *found = NULL;

	mutex_lock(&session->lock);
	list_for_each_entry(object, &session->objects, node) {
		if (object->token != token)
			continue;
		list_del(&object->node);
		found = object;
		break;
	}
	mutex_unlock(&session->lock);
	if (!found)
		return -EINVAL;
	rknpu_misc_drop(session, found);
	return 0;
}

/**
 * struct rknpu_misc_fd - a dma-buf that has not been published yet
 * @buf: the dma-buf, or NULL if the caller passed one in.
 * @fd: file descriptor reserved for it.
 */
struct rknpu_misc_fd {
	struct dma_buf *buf;
	int fd;
};

static int rknpu_misc_prepare_fd(struct rknpu_misc_fd *out, struct rknpu_bo *bo)
{
	out->fd = get_unused_fd_flags(O_CLOEXEC | O_RDWR);
	if (out->fd < 0)
		return out->fd;
	out->buf = rknpu_prime_export(&bo->base, O_CLOEXEC | O_RDWR);
	if (!IS_ERR(out->buf))
		return 0;
	put_unused_fd(out->fd);
	return PTR_ERR(out->buf);
}

static void rknpu_misc_cancel_fd(struct rknpu_misc_fd *out)
{
	put_unused_fd(out->fd);
	dma_buf_put(out->buf);
}

static int rknpu_misc_create_for(struct rknpu_session *session, struct rknpu_mem_create *args,
				 struct rknpu_client *client, struct rknpu_misc_fd *out)
{
	struct rknpu_vm *vm = rknpu_client_vm(client, args->iommu_domain_id);
	struct rknpu_bo *bo;
	int ret = 0;

	if (IS_ERR(vm))
		return PTR_ERR(vm);
	bo = args->handle ? rknpu_misc_import(session->rdev, args->handle) :
			    rknpu_ioctl_mem_alloc(session->rdev, args);
	if (IS_ERR(bo))
		return PTR_ERR(bo);
	if (!args->handle)
		ret = rknpu_misc_prepare_fd(out, bo);
	if (!ret) {
		ret = rknpu_misc_keep(session, args, bo, client, vm);
		if (ret && out->buf)
			rknpu_misc_cancel_fd(out);
	}
	if (!ret && out->buf)
		args->handle = out->fd;
	drm_gem_object_put(&bo->base);
	return ret;
}

static long rknpu_misc_create(struct rknpu_session *session, struct rknpu_mem_create *args,
			      void __user *user, size_t bytes)
{
	struct rknpu_client *client = rknpu_file_client(session->rdev, &session->rfile);
	struct rknpu_misc_fd out = {};
	int ret;

	if (IS_ERR(client))
		return PTR_ERR(client);
	ret = rknpu_misc_create_for(session, args, client, &out);
	if (ret)
		return ret;
	if (copy_to_user(user, args, bytes)) {
		rknpu_misc_destroy(session, args->obj_addr);
		if (out.buf)
			rknpu_misc_cancel_fd(&out);
		return -EFAULT;
	}
	/* The point of no return: another thread may use the file descriptor immediately. */
	if (out.buf)
		fd_install(out.fd, out.buf->file);
	return 0;
}

static long rknpu_misc_memory(struct rknpu_session *session, unsigned int nr, union rknpu_misc_args *args,
			      void __user *user, size_t bytes)
{
	long ret;
	int idx;

	if (!drm_dev_enter(&session->rdev->drm, &idx))
		return -ENODEV;
	if (nr == RKNPU_MEM_CREATE)
		ret = rknpu_misc_create(session, &args->create, user, bytes);
	else if (nr == RKNPU_MEM_DESTROY)
		ret = rknpu_misc_destroy(session, args->destroy.obj_addr);
	else
		ret = rknpu_ioctl_mem_sync_run(session->rdev, &session->rfile, &args->sync);
	drm_dev_exit(idx);
	return ret;
}

/* Compares the whole command, including the argument sizes that programs use, none of which exceeds @args. */
static bool rknpu_misc_knows(unsigned int cmd)
{
	switch (cmd) {
	case IOCTL_RKNPU_ACTION:
	case IOCTL_RKNPU_SUBMIT:
	case IOCTL_RKNPU_MEM_CREATE:
	case _IOC(_IOC_READ | _IOC_WRITE, RKNPU_IOC_MAGIC, RKNPU_MEM_CREATE,
		  offsetofend(struct rknpu_mem_create, sram_size)):
	case _IOC(_IOC_READ | _IOC_WRITE, RKNPU_IOC_MAGIC, RKNPU_MEM_CREATE,
		  offsetofend(struct rknpu_mem_create, dma_addr)):
	case IOCTL_RKNPU_MEM_DESTROY:
	case IOCTL_RKNPU_MEM_SYNC:
		return true;
	default:
		/* This includes MEM_MAP: user space maps the dma-buf itself. */
		return false;
	}
}

static long rknpu_misc_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct rknpu_session *session = file->private_data;
	void __user *user = (void __user *)arg;
	size_t bytes = _IOC_SIZE(cmd);
	union rknpu_misc_args args = {};
	long ret;

	if (!rknpu_misc_knows(cmd))
		return -EINVAL;
	if (copy_from_user(&args, user, bytes))
		return -EFAULT;
	switch (_IOC_NR(cmd)) {
	case RKNPU_ACTION:
		ret = rknpu_ioctl_action_run(session->rdev, &session->rfile, &args.action);
		break;
	case RKNPU_SUBMIT:
		ret = rknpu_ioctl_submit_run(session->rdev, &session->rfile, &args.submit);
		break;
	default:
		return rknpu_misc_memory(session, _IOC_NR(cmd), &args, user, bytes);
	}
	/* Copied out even on failure, as the DRM core does: the result includes how far the job came. */
	return copy_to_user(user, &args, bytes) ? -EFAULT : ret;
}

static int rknpu_misc_open(struct inode *inode, struct file *file)
{
	struct miscdevice *misc = file->private_data;
	struct rknpu_device *rdev = container_of(misc, struct rknpu_device, misc);
	struct rknpu_session *session = kzalloc(sizeof(*session), GFP_KERNEL_ACCOUNT);

	if (!session)
		return -ENOMEM;
	if (rknpu_file_init(&session->rfile)) {
		kfree(session);
		return -ENOMEM;
	}
	/* The node exists and its lock is held, so the device is alive. */
	drm_dev_get(&rdev->drm);
	session->rdev = rdev;
	mutex_init(&session->lock);
	INIT_LIST_HEAD(&session->objects);
	file->private_data = session;
	return 0;
}

static int rknpu_misc_release(struct inode *inode, struct file *file)
{
	struct rknpu_session *session = file->private_data;
	struct rknpu_device *rdev = session->rdev;
	struct rknpu_session_object *object, *tmp;

	list_for_each_entry_safe(object, tmp, &session->objects, node)
		rknpu_misc_drop(session, object);
	rknpu_file_fini(rdev, &session->rfile);
	mutex_destroy(&session->lock);
	kfree(session);
	drm_dev_put(&rdev->drm);
	return 0;
}

static void rknpu_misc_show_fdinfo(struct seq_file *m, struct file *file)
{
	struct rknpu_session *session = file->private_data;
	const struct rknpu_session_object *object;
	struct rknpu_fdinfo_memory memory = {};

	mutex_lock(&session->lock);
	list_for_each_entry(object, &session->objects, node)
		rknpu_fdinfo_add(&memory, object->bo);
	mutex_unlock(&session->lock);
	rknpu_fdinfo_print(m, session->rdev, &session->rfile, &memory);
}

static const struct file_operations rknpu_misc_fops = {
	.owner = THIS_MODULE,
	.open = rknpu_misc_open,
	.release = rknpu_misc_release,
	.unlocked_ioctl = rknpu_misc_ioctl,
	.compat_ioctl = compat_ptr_ioctl,
	.show_fdinfo = rknpu_misc_show_fdinfo,
	.llseek = noop_llseek,
};

/**
 * rknpu_misc_register() - register /dev/rknpu, if the administrator has asked for it
 * @rdev: the device; registered
 *
 * Return: 0 on success or a negative errno.
 */
int rknpu_misc_register(struct rknpu_device *rdev)
{
	int ret;

	if (!rknpu_misc_wanted)
		return 0;
	rdev->misc.minor = MISC_DYNAMIC_MINOR;
	rdev->misc.name = "rknpu";
	rdev->misc.parent = rdev->drm.dev;
	rdev->misc.fops = &rknpu_misc_fops;
	ret = misc_register(&rdev->misc);
	if (ret)
		rdev->misc.fops = NULL;
	return ret;
}

/**
 * rknpu_misc_unregister() - unregister /dev/rknpu; open sessions get -ENODEV from now on
 * @rdev: the device, being stopped
 */
void rknpu_misc_unregister(struct rknpu_device *rdev)
{
	if (rdev->misc.fops)
		misc_deregister(&rdev->misc);
	rdev->misc.fops = NULL;
}
