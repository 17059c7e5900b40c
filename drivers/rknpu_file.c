// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Open files of the nodes, and the process that each of them works for.
 */
#include "rknpu_file.h"

#include <linux/capability.h>
#include <linux/slab.h>

#include <drm/drm_file.h>

#include "rknpu_client.h"
#include "rknpu_device.h"
#include "rknpu_drop.h"
#include "rknpu_sched.h"
#include "rknpu_usage.h"

/**
 * rknpu_file_init() - initialize an open file of any node
 * @rfile: zeroed; must be passed to rknpu_file_fini() later
 *
 * Return: 0 on success, -ENOMEM if out of memory.
 */
int rknpu_file_init(struct rknpu_file *rfile)
{
	rfile->usage = rknpu_usage_create();
	return rfile->usage ? 0 : -ENOMEM;
}

/**
 * rknpu_file_open() - DRM callback: a file is opened
 * @drm: the device
 * @file: the new file
 *
 * Return: 0 on success, -ENOMEM if out of memory.
 */
int rknpu_file_open(struct drm_device *drm, struct drm_file *file)
{
	struct rknpu_file *rfile = kzalloc(sizeof(*rfile), GFP_KERNEL_ACCOUNT);
	int ret = rfile ? rknpu_file_init(rfile) : -ENOMEM;

	if (ret)
		kfree(rfile);
	else
		file->driver_priv = rfile;
	return ret;
}

/**
 * rknpu_file_postclose() - DRM callback: a file is closed
 * @drm: the device
 * @file: the file; its handles are closed already
 */
void rknpu_file_postclose(struct drm_device *drm, struct drm_file *file)
{
	rknpu_file_fini(to_rknpu_device(drm), file->driver_priv);
	kfree(file->driver_priv);
}

/**
 * rknpu_file_fini() - release an open file
 * @rdev: the device
 * @rfile: the file; it has no buffers any more
 *
 * Drops the jobs that it has queued.
 *
 * Context: Process context. May sleep.
 */
void rknpu_file_fini(struct rknpu_device *rdev, struct rknpu_file *rfile)
{
	if (rfile->client)
		rknpu_drop_file(&rdev->sched, rfile->client, rfile);
	rknpu_client_put(rfile->client);
	rknpu_usage_put(rfile->usage);
}

/**
 * rknpu_file_bind() - rknpu_file_client() for a file that is new, or without an IOMMU
 * @rdev: the device
 * @rfile: the file
 *
 * Return: same as there.
 */
struct rknpu_client *rknpu_file_bind(struct rknpu_device *rdev, struct rknpu_file *rfile)
{
	struct rknpu_client *client = READ_ONCE(rfile->client);
	struct rknpu_client *raced;

	/* Checked each time, because a file may be passed on. */
	if (!rdev->translated && !rdev->anybody && !capable(CAP_SYS_RAWIO))
		return ERR_PTR(-EPERM);
	if (client)
		return client;
	client = rknpu_client_get_current(&rdev->clients);
	if (IS_ERR(client))
		return client;
	raced = cmpxchg(&rfile->client, NULL, client);
	if (raced) {
		rknpu_client_put(client);
		client = raced;
	}
	return client;
}
