// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: One open of a node, and which process it works for.
 */
#include "rknpu_file.h"

#include <linux/capability.h>
#include <linux/slab.h>

#include <drm/drm_file.h>

#include "rknpu_client.h"
#include "rknpu_device.h"
#include "rknpu_sched.h"
#include "rknpu_usage.h"

/**
 * rknpu_file_init() - an open of any node
 * @rfile: zeroed; rknpu_file_fini() is owed for it
 *
 * Return: 0 or -ENOMEM.
 */
int rknpu_file_init(struct rknpu_file *rfile)
{
	rfile->usage = rknpu_usage_create();
	return rfile->usage ? 0 : -ENOMEM;
}

/**
 * rknpu_file_open() - DRM callback
 * @drm: the device
 * @file: the new file
 *
 * Return: 0 or -ENOMEM.
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
 * rknpu_file_postclose() - DRM callback
 * @drm: the device
 * @file: its handles are closed already
 */
void rknpu_file_postclose(struct drm_device *drm, struct drm_file *file)
{
	rknpu_file_fini(to_rknpu_device(drm), file->driver_priv);
	kfree(file->driver_priv);
}

/**
 * rknpu_file_fini() - the last close
 * @rdev: the device
 * @rfile: has no buffers any more
 *
 * What it has queued is dropped. Context: may sleep.
 */
void rknpu_file_fini(struct rknpu_device *rdev, struct rknpu_file *rfile)
{
	if (rfile->client)
		rknpu_sched_cancel_file(&rdev->sched, rfile->client, rfile);
	rknpu_client_put(rfile->client);
	rknpu_usage_put(rfile->usage);
}

/**
 * rknpu_file_client() - client that a file belongs to
 * @rdev: the device
 * @rfile: the file
 *
 * The first memory or submit call binds the file to the calling process: a broker
 * may have opened it for us. Without an IOMMU the caller must be allowed to reach
 * all memory.
 *
 * Return: the client, alive as long as the file; -EPERM, -ENOMEM as ERR_PTR.
 */
struct rknpu_client *rknpu_file_client(struct rknpu_device *rdev, struct rknpu_file *rfile)
{
	struct rknpu_client *client = READ_ONCE(rfile->client);
	struct rknpu_client *raced;

	/* Asked each time: a file may be passed on. */
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
