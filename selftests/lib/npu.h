/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * One wrapper per ioctl, each returning 0 or -errno, and a buffer that is
 * created, given an offset and mapped in one call.
 */
#ifndef NPU_H
#define NPU_H

#include <stddef.h>
#include <stdint.h>
#include <drm/rknpu_drm.h>
#include "soc.h"

/* Buffers and their addresses are in pages of the kernel, which may be larger than the NPU's 4 KiB */
#define NPU_PAGE		npu_page_bytes()
#define NPU_PAGE_MAX		65536u
#define NPU_TIMEOUT_MS		6000

/* Flags passed by the closed runtime */
#define NPU_FLAGS_DATA		(RKNPU_MEM_NON_CONTIGUOUS | RKNPU_MEM_CACHEABLE | RKNPU_MEM_IOMMU_LIMIT_IOVA_ALIGNMENT)
#define NPU_FLAGS_TASK		(NPU_FLAGS_DATA | RKNPU_MEM_KERNEL_MAPPING)

/* The kernel's page size */
unsigned int npu_page_bytes(void) __attribute__((const));
/* Opens the first node of its kind whose driver is named rknpu; returns a file descriptor or -errno */

int npu_open_render(char *path, size_t size);
int npu_open_card(char *path, size_t size);
/* Opens /dev/rknpu; all calls below then use its form of the ioctls on that descriptor, the last one opened */
int npu_open_misc(void);

int npu_ioctl(int fd, unsigned long request, void *arg);
int npu_action(int fd, uint32_t action, uint32_t *value);
int npu_create(int fd, struct rknpu_mem_create *args);
int npu_map(int fd, uint32_t handle, uint64_t *offset);
int npu_destroy(int fd, uint32_t handle);
int npu_sync(int fd, uint64_t token, uint64_t offset, uint64_t size, uint32_t flags);
int npu_submit(int fd, struct rknpu_submit *args);
/* PRIME; the descriptor of the dma-buf is close-on-exec and can be mapped writable */
int npu_export(int fd, uint32_t handle, int *dmabuf);
int npu_import(int fd, int dmabuf, uint32_t *handle);

struct npu_bo {
	int fd;
	uint32_t handle;
	uint64_t size;		/* as requested */
	uint64_t token;
	uint64_t iova;
	void *map;
};

int npu_bo_init(struct npu_bo *bo, int fd, uint64_t size, uint32_t flags);
int npu_bo_init_domain(struct npu_bo *bo, int fd, uint64_t size, uint32_t flags, int domain);
void npu_bo_fini(struct npu_bo *bo);
int npu_bo_to_device(const struct npu_bo *bo);
int npu_bo_from_device(const struct npu_bo *bo);

#endif /* NPU_H */
