/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_FILE_H
#define RKNPU_FILE_H

struct drm_device;
struct drm_file;
struct rknpu_client;
struct rknpu_device;

int rknpu_file_open(struct drm_device *drm, struct drm_file *file);
void rknpu_file_postclose(struct drm_device *drm, struct drm_file *file);
struct rknpu_client *rknpu_file_client(struct rknpu_device *rdev, struct drm_file *file);

#endif /* RKNPU_FILE_H */
