/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The memory interface of the closed runtime (rknn_create_mem and related
 * functions), implemented with the ioctls: allocate, import a dma-buf,
 * synchronize, bind to a stream, reuse, destroy. Functions return 0 or -errno
 * unless noted otherwise.
 */
#ifndef MEM_H
#define MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "npu.h"

enum npu_mem_flags {
	NPU_MEM_CACHED,			/* needs npu_mem_sync() */
	NPU_MEM_UNCACHED,
	NPU_MEM_SRAM,			/* on-chip memory as far as available */
};

/* Origin of the memory, which decides what must be freed */
enum npu_mem_origin {
	NPU_MEM_NONE,
	NPU_MEM_ALLOCATED,
	NPU_MEM_FROM_FD,
};

enum npu_mem_direction {
	NPU_MEM_TO_DEVICE = RKNPU_MEM_SYNC_TO_DEVICE,
	NPU_MEM_FROM_DEVICE = RKNPU_MEM_SYNC_FROM_DEVICE,
	NPU_MEM_BOTH = RKNPU_MEM_SYNC_TO_DEVICE | RKNPU_MEM_SYNC_FROM_DEVICE,
};

struct npu_mem {
	enum npu_mem_origin origin;
	int fd;				/* the device */
	int dmabuf;			/* exported descriptor of allocated memory, otherwise -1 */
	uint32_t handle;
	uint64_t token;
	uint64_t size;			/* of this part */
	uint64_t offset;		/* of this part in the buffer */
	uint64_t sram_size;
	uint32_t address;		/* address of the first byte in streams */
	void *virt;
	bool mapped;			/* @virt was mapped here, not by the caller */
};

int npu_mem_create(struct npu_mem *mem, int fd, uint64_t size, enum npu_mem_flags flags);
/*
 * Imports @size bytes from @offset on of a dma-buf. @virt is the caller's mapping of this part, or NULL
 * to have it mapped. The descriptor still belongs to the caller, who may close it immediately.
 */
int npu_mem_create_from_fd(struct npu_mem *mem, int fd, int dmabuf, void *virt, uint64_t size, uint64_t offset);
/* Always -EOPNOTSUPP: the owner of that memory is unknown, so a caller could read everything */
int npu_mem_create_from_phys(struct npu_mem *mem, int fd, uint64_t phys, void *virt, uint64_t size);
/* Frees what was created, but nothing that belongs to the caller; @mem may be zeroed */
void npu_mem_destroy(struct npu_mem *mem);
/* Synchronizes only this part */
int npu_mem_sync(const struct npu_mem *mem, enum npu_mem_direction direction);
/*
 * Makes this memory the input or output of a command stream: addresses that the stream writes to @reg and
 * that are in the @size bytes from @was on are moved to the same offset in it. -ENOENT if there are none.
 * The caller must synchronize the memory of the stream.
 */
int npu_mem_bind(const struct npu_mem *mem, uint64_t *words, size_t count, uint32_t reg, uint32_t was, uint64_t size);

/* Buffers of one size that are allocated once and reused */
struct npu_mem_pool {
	struct npu_mem *all;
	unsigned int count, free;
	struct npu_mem **stack;
};

int npu_mem_pool_init(struct npu_mem_pool *pool, int fd, unsigned int count, uint64_t size,
		      enum npu_mem_flags flags);
/* All buffers must have been returned */
void npu_mem_pool_fini(struct npu_mem_pool *pool);
/* Returns NULL if all buffers are in use; the contents are those of the last user */
struct npu_mem *npu_mem_pool_get(struct npu_mem_pool *pool);
void npu_mem_pool_put(struct npu_mem_pool *pool, struct npu_mem *mem);

#endif /* MEM_H */
