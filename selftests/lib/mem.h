/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The memory interface that programs of the closed runtime know
 * (rknn_create_mem and its relatives), over the ioctls: allocate, take over from
 * a dma-buf, synchronize, bind to a stream, reuse, destroy. Every function
 * returns 0 or -errno unless it says otherwise.
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
	NPU_MEM_SRAM,			/* on the chip as far as that goes */
};

/* Who made it, and so who has to take what away */
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
	int dmabuf;			/* of an allocated one: ours, to pass on; else -1 */
	uint32_t handle;
	uint64_t token;
	uint64_t size;			/* of this part */
	uint64_t offset;		/* of this part in the buffer */
	uint64_t sram_size;
	uint32_t address;		/* what a stream calls its first byte */
	void *virt;
	bool mapped;			/* @virt is our mapping, not the caller's */
};

int npu_mem_create(struct npu_mem *mem, int fd, uint64_t size, enum npu_mem_flags flags);
/*
 * @size bytes from @offset on of somebody's dma-buf. @virt is where the caller has mapped that part;
 * NULL has it mapped here. The descriptor stays the caller's, who may close it at once.
 */
int npu_mem_create_from_fd(struct npu_mem *mem, int fd, int dmabuf, void *virt, uint64_t size, uint64_t offset);
/* Always -EOPNOTSUPP: nothing says whose memory that is, so whoever may name it may read everything */
int npu_mem_create_from_phys(struct npu_mem *mem, int fd, uint64_t phys, void *virt, uint64_t size);
/* Takes away what was made, and nothing that was the caller's; a zeroed one is fine too */
void npu_mem_destroy(struct npu_mem *mem);
/* Of this part only */
int npu_mem_sync(const struct npu_mem *mem, enum npu_mem_direction direction);
/*
 * Makes this memory the input or output of a command stream: what the stream writes to @reg and lies in
 * @size bytes from @was on, is moved to the same place in it. -ENOENT when there is nothing of that.
 * The stream's memory is synchronized by the caller.
 */
int npu_mem_bind(const struct npu_mem *mem, uint64_t *words, size_t count, uint32_t reg, uint32_t was, uint64_t size);

/* Buffers of one size that are made once and used many times */
struct npu_mem_pool {
	struct npu_mem *all;
	unsigned int count, free;
	struct npu_mem **stack;
};

int npu_mem_pool_init(struct npu_mem_pool *pool, int fd, unsigned int count, uint64_t size,
		      enum npu_mem_flags flags);
/* All of them are back */
void npu_mem_pool_fini(struct npu_mem_pool *pool);
/* NULL when all are out; what is in it is what the last user left */
struct npu_mem *npu_mem_pool_get(struct npu_mem_pool *pool);
void npu_mem_pool_put(struct npu_mem_pool *pool, struct npu_mem *mem);

#endif /* MEM_H */
