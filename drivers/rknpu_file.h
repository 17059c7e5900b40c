/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_FILE_H
#define RKNPU_FILE_H

#include <linux/compiler.h>

#include "rknpu_device.h"

struct drm_device;
struct drm_file;
struct rknpu_client;
struct rknpu_usage;

/**
 * struct rknpu_file - one open file, of a DRM node or of /dev/rknpu
 * @client: client of the process that made the first memory or submit call; set once.
 * @usage: its usage counters. Immutable.
 */
struct rknpu_file {
	struct rknpu_client *client;
	struct rknpu_usage *usage;
};

int rknpu_file_init(struct rknpu_file *rfile);
int rknpu_file_open(struct drm_device *drm, struct drm_file *file);
void rknpu_file_postclose(struct drm_device *drm, struct drm_file *file);
void rknpu_file_fini(struct rknpu_device *rdev, struct rknpu_file *rfile);
struct rknpu_client *rknpu_file_bind(struct rknpu_device *rdev, struct rknpu_file *rfile);

/**
 * rknpu_file_client() - get the client that a file belongs to
 * @rdev: the device
 * @rfile: the file
 *
 * The first memory or submit call binds the file to the calling process, because a broker
 * may have opened the file for that process. Without an IOMMU the caller must be allowed
 * to reach all memory.
 *
 * Return: the client, alive as long as the file, or ERR_PTR(-EPERM) or ERR_PTR(-ENOMEM).
 */
static inline struct rknpu_client *rknpu_file_client(struct rknpu_device *rdev, struct rknpu_file *rfile)
{
	struct rknpu_client *client = READ_ONCE(rfile->client);

	return likely(client && rdev->translated) ? client : rknpu_file_bind(rdev, rfile);
}

#endif /* RKNPU_FILE_H */
