// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Matrix products in memory that was allocated elsewhere.
 */
#include "bound.h"

#include <errno.h>
#include <string.h>

#include "rknpu_regs.h"

#define POISON	0x77

void bound_fill(struct matmul *mm, const struct npu_mem *in)
{
	memcpy(in->virt, mm->in.map, mm->in.size);
	/* A stream that is not bound reads invalid data */
	memset(mm->in.map, POISON, mm->in.size);
	npu_bo_to_device(&mm->in);
}

static int bind_one(struct matmul *mm, uint32_t reg, const struct npu_mem *to, uint32_t was, uint64_t size)
{
	return npu_mem_bind(to, mm->cmd.map, mm->cmd.size / sizeof(uint64_t), reg, was, size);
}

static int bind(struct matmul *mm, const struct npu_mem *in, const struct npu_mem *out)
{
	int ret = bind_one(mm, RKNPU_CNA_FEATURE_DATA_ADDR, in, mm->in.iova, mm->in.size);

	if (!ret)
		ret = bind_one(mm, RKNPU_DPU_DST_BASE_ADDR, out, mm->out.iova, mm->out.size);
	return ret ? ret : npu_bo_to_device(&mm->cmd);
}

/* Restore the original state of the product for the next test */
static int unbind(struct matmul *mm, const struct npu_mem *in, const struct npu_mem *out)
{
	struct npu_mem old_in = { .address = mm->in.iova }, old_out = { .address = mm->out.iova };
	int ret = bind_one(mm, RKNPU_CNA_FEATURE_DATA_ADDR, &old_in, in->address, mm->in.size);

	return ret ? ret : bind_one(mm, RKNPU_DPU_DST_BASE_ADDR, &old_out, out->address, mm->out.size);
}

int bound_run(struct matmul *mm, const struct npu_mem *in, const struct npu_mem *out, uint32_t core_mask,
	      struct rknpu_submit *done)
{
	struct rknpu_submit args = matmul_args(mm, core_mask);
	int ret;

	if (in->size < mm->in.size || out->size < mm->out.size)
		return -EINVAL;
	memset(out->virt, POISON, out->size);
	ret = npu_mem_sync(in, NPU_MEM_TO_DEVICE);
	if (!ret)
		ret = npu_mem_sync(out, NPU_MEM_TO_DEVICE);
	if (!ret)
		ret = bind(mm, in, out);
	if (!ret)
		ret = npu_submit(in->fd, &args);
	if (done)
		*done = args;
	if (!ret)
		ret = unbind(mm, in, out);
	return ret ? ret : npu_mem_sync(out, NPU_MEM_FROM_DEVICE);
}

void bound_take(struct matmul *mm, const struct npu_mem *out)
{
	memcpy(mm->out.map, out->virt, mm->out.size);
}

size_t bound_wrong(struct matmul *mm, const struct npu_mem *out)
{
	bound_take(mm, out);
	return matmul_wrong(mm);
}
