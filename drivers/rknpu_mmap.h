/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 */
#ifndef RKNPU_MMAP_H
#define RKNPU_MMAP_H

struct drm_device;
struct drm_gem_object;
struct file;
struct rknpu_bo;
struct vm_area_struct;

extern const struct vm_operations_struct rknpu_mmap_vm_ops;

void rknpu_mmap_init(struct drm_device *drm);
int rknpu_mmap_offset(struct rknpu_bo *bo);
int rknpu_mmap_object(struct drm_gem_object *obj, struct vm_area_struct *vma);
int rknpu_mmap_file(struct file *file, struct vm_area_struct *vma);

#endif /* RKNPU_MMAP_H */
