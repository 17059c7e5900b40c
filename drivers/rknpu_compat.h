/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Every difference between kernels 6.1 and 7.3 that affects the driver. None of them is
 * derived from the kernel's version, which says nothing where interfaces were backported: each
 * RKNPU_HAVE_ tells whether the file of that name in drivers/probe compiles.
 */
#ifndef RKNPU_COMPAT_H
#define RKNPU_COMPAT_H

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_prime.h>

#include "rknpu_features.h"

/* The driver uses these as they are in the newest kernel. */
#ifndef RKNPU_HAVE_IOMMU_PAGING_DOMAIN_ALLOC
#define iommu_paging_domain_alloc(dev) (iommu_domain_alloc((dev)->bus) ?: ERR_PTR(-ENOMEM))
#endif

#ifndef RKNPU_HAVE_IOMMU_MAP_GFP
#define iommu_map(domain, iova, paddr, bytes, prot, gfp) ((void)(gfp), iommu_map(domain, iova, paddr, bytes, prot))
#endif

/* The field is const where the function exists; the cast makes this compile there. */
#ifndef RKNPU_HAVE_VM_FLAGS_SET
#define vm_flags_set(vma, set) (*(unsigned long *)&(vma)->vm_flags |= (set))
#endif

#ifdef RKNPU_HAVE_PLATFORM_REMOVE_VOID
#define rknpu_remove_t void
#define RKNPU_REMOVE_RETURN
#else
#define rknpu_remove_t int
#define RKNPU_REMOVE_RETURN 0
#endif

/* 6.1 warns if the date is missing. */
#ifdef RKNPU_HAVE_DRM_DRIVER_DATE
#define RKNPU_DRM_DATE .date = "20240828",
#else
#define RKNPU_DRM_DATE
#endif

/* Without these, sharing gives -ENOSYS. All of them had become the DRM core's default when the last was removed. */
#ifdef RKNPU_HAVE_DRM_GEM_PRIME_MMAP
#define RKNPU_DRM_PRIME                                   \
	.prime_handle_to_fd = drm_gem_prime_handle_to_fd, \
	.prime_fd_to_handle = drm_gem_prime_fd_to_handle, \
	.gem_prime_mmap = drm_gem_prime_mmap,
#else
#define RKNPU_DRM_PRIME
#endif

/* Since 6.12 the DRM core refuses open() without this flag. */
#ifdef FOP_UNSIGNED_OFFSET
#define RKNPU_FOP_FLAGS .fop_flags = FOP_UNSIGNED_OFFSET,
#else
#define RKNPU_FOP_FLAGS
#endif

#ifdef RKNPU_HAVE_IMPORT_NS_IDENTIFIER
#define RKNPU_IMPORT_NS_DMA_BUF MODULE_IMPORT_NS(DMA_BUF)
#else
#define RKNPU_IMPORT_NS_DMA_BUF MODULE_IMPORT_NS("DMA_BUF")
#endif

#endif /* RKNPU_COMPAT_H */
