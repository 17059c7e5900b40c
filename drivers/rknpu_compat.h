/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: Every difference between kernels 6.1 and 7.3 that the driver meets; the rest
 * knows no version. Each boundary is safe on kernels with backports: the old branch
 * still compiles where the new interface has been backported too.
 */
#ifndef RKNPU_COMPAT_H
#define RKNPU_COMPAT_H

#include <linux/err.h>
#include <linux/iommu.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/version.h>

#include <drm/drm_drv.h>
#include <drm/drm_gem.h>
#include <drm/drm_prime.h>

/* iommu_domain_alloc(bus) exists up to 6.12 and beside the new call in 6.11 and 6.12. */
static inline struct iommu_domain *rknpu_paging_domain_alloc(struct device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
	return iommu_domain_alloc(dev->bus) ?: ERR_PTR(-ENOMEM);
#else
	return iommu_paging_domain_alloc(dev);
#endif
}

/* The gfp argument came tree-wide in 6.3. */
static inline int rknpu_iommu_map(struct iommu_domain *domain, unsigned long iova, phys_addr_t paddr,
				  size_t bytes, int prot)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
	return iommu_map(domain, iova, paddr, bytes, prot);
#else
	return iommu_map(domain, iova, paddr, bytes, prot, GFP_KERNEL);
#endif
}

/* The call with the flags left when the one with the mapping came, in 7.3. */
static inline bool rknpu_is_cow_mapping(struct vm_area_struct *vma)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(7, 3, 0)
	return is_cow_mapping(vma->vm_flags);
#else
	return vma_is_cow_mapping(vma);
#endif
}

/* platform_driver.remove returns void since 6.11, tree-wide. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define rknpu_remove_t int
#define RKNPU_REMOVE_RETURN 0
#else
#define rknpu_remove_t void
#define RKNPU_REMOVE_RETURN
#endif

/* drm_driver.date left in 6.14; 6.1 warns when it is missing. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 14, 0)
#define RKNPU_DRM_DATE .date = "20240828",
#else
#define RKNPU_DRM_DATE
#endif
/* These became the DRM core's default in 6.6; with backports they are still accepted. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define RKNPU_DRM_PRIME							\
	.prime_handle_to_fd = drm_gem_prime_handle_to_fd,		\
	.prime_fd_to_handle = drm_gem_prime_fd_to_handle,		\
	.gem_prime_mmap = drm_gem_prime_mmap,
#else
#define RKNPU_DRM_PRIME
#endif
/* The DRM core refuses open() without it since 6.12: a macro, so a true feature test. */
#ifdef FOP_UNSIGNED_OFFSET
#define RKNPU_FOP_FLAGS .fop_flags = FOP_UNSIGNED_OFFSET,
#else
#define RKNPU_FOP_FLAGS
#endif

/* A string since 6.13; before, a string would be taken for an identifier with quotes in it. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)
#define RKNPU_IMPORT_NS_DMA_BUF MODULE_IMPORT_NS(DMA_BUF)
#else
#define RKNPU_IMPORT_NS_DMA_BUF MODULE_IMPORT_NS("DMA_BUF")
#endif

#endif /* RKNPU_COMPAT_H */
