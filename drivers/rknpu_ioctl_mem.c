// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: The four memory ioctls: they translate the user's structures to calls of the
 * floors below and back. The DRM core has copied the structure in, zero-extended to
 * the size in this driver's header, and copies it out whatever the function returns.
 */
#include "rknpu_ioctl.h"

#include <linux/mm.h>

#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem.h>

#include "rknpu_bo.h"
#include "rknpu_client.h"
#include "rknpu_device.h"
#include "rknpu_drm.h"
#include "rknpu_file.h"
#include "rknpu_gem.h"
#include "rknpu_mapping.h"
#include "rknpu_refuse.h"
#include "rknpu_vm.h"

static int rknpu_ioctl_mem_check(struct drm_device *drm, const struct rknpu_mem_create *args)
{
	if (args->flags & ~RKNPU_MEM_MASK)
		return rknpu_refuse(drm, "flags", args->flags);
	if (!args->size || args->size > U64_MAX - PAGE_SIZE)
		return rknpu_refuse(drm, "size", args->size);
	if (PAGE_ALIGN(args->size) > RKNPU_VM_BYTES)
		return -ENOSPC;
	/* Asking the page allocator for more memory than exists would only hurt other users. */
	if (args->size >> PAGE_SHIFT >= totalram_pages())
		return -ENOMEM;
	return 0;
}

static void rknpu_ioctl_mem_fill(struct rknpu_mem_create *args, const struct rknpu_mapping *mapping)
{
	args->size = mapping->bo->base.size;
	args->obj_addr = mapping->token.value;
	args->dma_addr = mapping->space.node.start;
	args->sram_size = rknpu_bo_sram_bytes(mapping->bo);
}

/**
 * rknpu_ioctl_mem_address() - map a buffer and report its address
 * @args: filled in
 * @bo: the buffer. Another thread may close its handle at any time, or it may not have a handle yet, so
 *	the caller must hold it open (rknpu_mapping_open()) across this call.
 * @client: client of @file
 * @vm: one of its address spaces
 * @file: identity of the file
 *
 * Context: Process context. May sleep.
 *
 * Return: 0 on success, -ENOMEM if out of memory, -ENOSPC if no address range is left.
 */
int rknpu_ioctl_mem_address(struct rknpu_mem_create *args, struct rknpu_bo *bo, struct rknpu_client *client,
			    struct rknpu_vm *vm, const void *file)
{
	struct rknpu_mapping *mapping = rknpu_mapping_hold(bo, client, vm, file);

	if (IS_ERR(mapping))
		return PTR_ERR(mapping);
	rknpu_ioctl_mem_fill(args, mapping);
	return 0;
}

/* The file already has the object, for example an imported dma-buf. */
static int rknpu_ioctl_mem_create_existing(struct rknpu_mem_create *args, struct rknpu_client *client,
					   struct rknpu_vm *vm, struct drm_file *file)
{
	struct drm_gem_object *obj = drm_gem_object_lookup(file, args->handle);
	struct rknpu_bo *bo;
	int ret;

	if (!obj)
		return -ENOENT;
	bo = to_rknpu_bo(obj);
	ret = rknpu_mapping_open(bo, file);
	if (!ret) {
		ret = rknpu_ioctl_mem_address(args, bo, client, vm, file);
		rknpu_mapping_close(bo, file);
	}
	drm_gem_object_put(obj);
	return ret;
}

/* A buffer with a kernel mapping holds descriptors, which the CPU reads: on-chip memory would gain nothing. */
static void rknpu_ioctl_mem_want_sram(struct rknpu_device *rdev, const struct rknpu_mem_create *args,
				      struct rknpu_gem_request *want)
{
	if (!(args->flags & RKNPU_MEM_TRY_ALLOC_SRAM) || args->flags & RKNPU_MEM_KERNEL_MAPPING ||
	    !rdev->translated)
		return;
	want->sram = &rdev->sram;
	want->sram_bytes = want->bytes;
	if (args->sram_size && args->sram_size < want->bytes)
		want->sram_bytes = PAGE_ALIGN(args->sram_size);
}

/**
 * rknpu_ioctl_mem_alloc() - create the buffer that a request describes
 * @rdev: the device; must not be unplugged
 * @args: the request
 *
 * Context: Process context. May sleep.
 *
 * Return: the buffer with one reference, or an ERR_PTR: -EINVAL, -ENOSPC or -ENOMEM.
 */
struct rknpu_bo *rknpu_ioctl_mem_alloc(struct rknpu_device *rdev, const struct rknpu_mem_create *args)
{
	struct rknpu_gem_request want = {
		.drm = &rdev->drm,
		.dma_dev = rdev->dma_dev,
		.bytes = PAGE_ALIGN(args->size),
		.cached = args->flags & RKNPU_MEM_CACHEABLE && !(args->flags & RKNPU_MEM_WRITE_COMBINE),
		/* The vendor's driver aligns addresses unless this flag tells it not to. */
		.aligned = !(args->flags & RKNPU_MEM_IOMMU_LIMIT_IOVA_ALIGNMENT),
		.dma32 = args->flags & RKNPU_MEM_DMA32 || rdev->soc->dma_bits <= 32,
		/* Behind an IOMMU pages serve both kinds; without one only contiguous memory has an address. */
		.pool = rdev->translated ? NULL : &rdev->pool,
	};
	int ret = rknpu_ioctl_mem_check(&rdev->drm, args);
	struct rknpu_bo *bo;

	if (ret)
		return ERR_PTR(ret);
	rknpu_ioctl_mem_want_sram(rdev, args, &want);
	bo = rknpu_gem_create(&want);
	if (IS_ERR(bo) || !(args->flags & RKNPU_MEM_KERNEL_MAPPING))
		return bo;
	ret = PTR_ERR_OR_ZERO(rknpu_bo_vmap(bo));
	if (!ret)
		return bo;
	drm_gem_object_put(&bo->base);
	return ERR_PTR(ret);
}

static int rknpu_ioctl_mem_create_new(struct rknpu_device *rdev, struct rknpu_mem_create *args,
				      struct rknpu_client *client, struct rknpu_vm *vm, struct drm_file *file)
{
	struct rknpu_bo *bo = rknpu_ioctl_mem_alloc(rdev, args);
	int ret;

	if (IS_ERR(bo))
		return PTR_ERR(bo);
	ret = rknpu_mapping_open(bo, file);
	if (ret)
		goto put_bo;
	ret = rknpu_ioctl_mem_address(args, bo, client, vm, file);
	/* Publish the handle last: another thread may close it immediately. */
	if (!ret)
		ret = drm_gem_handle_create(file, &bo->base, &args->handle);
	rknpu_mapping_close(bo, file);
put_bo:
	drm_gem_object_put(&bo->base);
	return ret;
}

/**
 * rknpu_ioctl_mem_create() - %DRM_IOCTL_RKNPU_MEM_CREATE
 * @drm: the device
 * @data: &struct rknpu_mem_create
 * @file: the caller's file
 *
 * Return: 0 on success, -EINVAL for an invalid size, flag or domain, -ENOENT for an unknown handle, -ENOMEM
 * if out of memory, -ENOSPC if no address range is left, -EPERM without an IOMMU and without
 * CAP_SYS_RAWIO, -ENODEV if the device is gone.
 */
int rknpu_ioctl_mem_create(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct rknpu_device *rdev = to_rknpu_device(drm);
	struct rknpu_mem_create *args = data;
	struct rknpu_client *client;
	struct rknpu_vm *vm;
	int idx, ret;

	client = rknpu_file_client(rdev, file->driver_priv);
	if (IS_ERR(client))
		return PTR_ERR(client);
	if (!drm_dev_enter(drm, &idx))
		return -ENODEV;
	vm = rknpu_client_vm(client, args->iommu_domain_id);
	if (IS_ERR(vm)) {
		ret = PTR_ERR(vm);
		rknpu_refuse(drm, "iommu_domain_id", args->iommu_domain_id);
	} else if (args->handle) {
		ret = rknpu_ioctl_mem_create_existing(args, client, vm, file);
	} else {
		ret = rknpu_ioctl_mem_create_new(rdev, args, client, vm, file);
	}
	drm_dev_exit(idx);
	return ret;
}

/**
 * rknpu_ioctl_mem_map() - %DRM_IOCTL_RKNPU_MEM_MAP
 * @drm: the device
 * @data: &struct rknpu_mem_map
 * @file: the caller's file
 *
 * An imported buffer is mapped by its exporter, through this driver's mmap.
 *
 * Return: 0 on success, -ENOENT for an unknown handle, -ENODEV if the device is gone, -ENOMEM or -ENOSPC
 * if no offset can be allocated.
 */
int rknpu_ioctl_mem_map(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct rknpu_mem_map *args = data;
	struct drm_gem_object *obj = drm_gem_object_lookup(file, args->handle);
	int ret;

	if (!obj)
		return -ENOENT;
	ret = drm_gem_create_mmap_offset(obj);
	if (!ret)
		args->offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return ret;
}

/**
 * rknpu_ioctl_mem_destroy() - %DRM_IOCTL_RKNPU_MEM_DESTROY
 * @drm: the device
 * @data: &struct rknpu_mem_destroy
 * @file: the caller's file
 *
 * Return: 0 on success, -ENOENT for an unknown handle.
 */
int rknpu_ioctl_mem_destroy(struct drm_device *drm, void *data, struct drm_file *file)
{
	struct rknpu_mem_destroy *args = data;

	return drm_gem_handle_delete(file, args->handle) ? -ENOENT : 0;
}

/**
 * rknpu_ioctl_mem_sync_run() - do cache maintenance for a file
 * @rdev: the device
 * @rfile: the caller's file
 * @args: the request
 *
 * A range that extends past the end of the buffer is truncated: the vendor driver does so,
 * and the closed runtime, which adds the whole size to an offset, carries on unsynchronized
 * after an error [seen: librknnrt 1.5.2, a buffer from a descriptor with an offset].
 *
 * An imported buffer is synchronized as a whole by its exporter, which may also
 * wait for other users of the buffer.
 *
 * Return: 0 on success, -EINVAL for an invalid token or flag or an offset past the end of the buffer, or
 * the exporter's errno.
 */
int rknpu_ioctl_mem_sync_run(struct rknpu_device *rdev, struct rknpu_file *rfile, const struct rknpu_mem_sync *args)
{
	struct rknpu_client *client = rknpu_file_client(rdev, rfile);
	struct rknpu_mapping *mapping;
	struct rknpu_bo *bo;
	int ret = -EINVAL;

	if (IS_ERR(client))
		return PTR_ERR(client);
	if (!args->flags || args->flags & ~RKNPU_MEM_SYNC_MASK)
		return rknpu_refuse(&rdev->drm, "flags", args->flags);
	mapping = rknpu_mapping_find(client, args->obj_addr);
	if (!mapping)
		return rknpu_refuse(&rdev->drm, "obj_addr", args->obj_addr);
	bo = mapping->bo;
	WRITE_ONCE(bo->user_syncs, true);
	if (args->offset < bo->base.size)
		ret = rknpu_bo_sync(bo, args->offset, min_t(u64, args->size, bo->base.size - args->offset),
				    args->flags & RKNPU_MEM_SYNC_TO_DEVICE,
				    args->flags & RKNPU_MEM_SYNC_FROM_DEVICE);
	rknpu_mapping_put(mapping);
	return ret;
}

/**
 * rknpu_ioctl_mem_sync() - %DRM_IOCTL_RKNPU_MEM_SYNC
 * @drm: the device
 * @data: &struct rknpu_mem_sync
 * @file: the caller's file
 *
 * Return: same as rknpu_ioctl_mem_sync_run().
 */
int rknpu_ioctl_mem_sync(struct drm_device *drm, void *data, struct drm_file *file)
{
	return rknpu_ioctl_mem_sync_run(to_rknpu_device(drm), file->driver_priv, data);
}
