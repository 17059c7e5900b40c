/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_IOCTL_H
#define RKNPU_IOCTL_H

struct drm_device;
struct drm_file;

int rknpu_ioctl_action(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_mem_create(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_mem_map(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_mem_destroy(struct drm_device *drm, void *data, struct drm_file *file);
int rknpu_ioctl_mem_sync(struct drm_device *drm, void *data, struct drm_file *file);

#endif /* RKNPU_IOCTL_H */
