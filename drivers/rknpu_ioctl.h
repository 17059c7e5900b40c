/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_IOCTL_H
#define RKNPU_IOCTL_H

struct drm_device;
struct drm_file;
struct rknpu_action;
struct rknpu_bo;
struct rknpu_client;
struct rknpu_device;
struct rknpu_file;
struct rknpu_mem_create;
struct rknpu_mem_sync;
struct rknpu_submit;
struct rknpu_vm;

/* Implementations of calls, independent of the node that they came through */
int rknpu_ioctl_action_run(struct rknpu_device *rdev, struct rknpu_file *rfile, struct rknpu_action *args);
int rknpu_ioctl_submit_run(struct rknpu_device *rdev, struct rknpu_file *rfile, struct rknpu_submit *args);
struct rknpu_bo *rknpu_ioctl_mem_alloc(struct rknpu_device *rdev, const struct rknpu_mem_create *args);
int rknpu_ioctl_mem_address(struct rknpu_mem_create *args, struct rknpu_bo *bo, struct rknpu_client *client,
			    struct rknpu_vm *vm, const void *file);
int rknpu_ioctl_mem_sync_run(struct rknpu_device *rdev, struct rknpu_file *rfile, const struct rknpu_mem_sync *args);

int rknpu_ioctl_action(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_mem_create(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_mem_map(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_mem_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_mem_sync(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* RKNPU_IOCTL_H */
