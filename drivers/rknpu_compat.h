/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Every difference between kernels 6.1 and 7.3 that the driver meets. None is told by
 * the kernel's version, which says nothing where interfaces have been backported: each
 * RKNPU_HAVE_ is the answer of the compiler to the file of that name in drivers/probe.
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

/* The driver calls these as the newest kernel has them. */
#ifndef RKNPU_HAVE_IOMMU_PAGING_DOMAIN_ALLOC
#define iommu_paging_domain_alloc(dev) (iommu_domain_alloc((dev)->bus) ?: ERR_PTR(-ENOMEM))
#endif

#ifndef RKNPU_HAVE_IOMMU_MAP_GFP
#define iommu_map(domain, iova, paddr, bytes, prot, gfp) ((void)(gfp), iommu_map(domain, iova, paddr, bytes, prot))
#endif

/* The field is constant where there is a function; the cast lets this be compiled there. */
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

/* 6.1 warns when it is missing. */
#ifdef RKNPU_HAVE_DRM_DRIVER_DATE
#define RKNPU_DRM_DATE .date = "20240828",
#else
#define RKNPU_DRM_DATE
#endif

/* Without them sharing is -ENOSYS; all became the DRM core's default when the last one left. */
#ifdef RKNPU_HAVE_DRM_GEM_PRIME_MMAP
#define RKNPU_DRM_PRIME							\
	.prime_handle_to_fd = drm_gem_prime_handle_to_fd,		\
	.prime_fd_to_handle = drm_gem_prime_fd_to_handle,		\
	.gem_prime_mmap = drm_gem_prime_mmap,
#else
#define RKNPU_DRM_PRIME
#endif

/* The DRM core refuses open() without it since 6.12. */
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
