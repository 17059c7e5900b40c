// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Products in memory from elsewhere.
 */
#include "bound.h"

#include <errno.h>
#include <string.h>

#include "rknpu_regs.h"

#define POISON	0x77

void bound_fill(struct matmul *mm, const struct npu_mem *in)
{
	memcpy(in->virt, mm->in.map, mm->in.size);
	/* A stream that is not bound reads nonsense */
	memset(mm->in.map, POISON, mm->in.size);
	npu_bo_to_device(&mm->in);
}

static int bind(struct matmul *mm, const struct npu_mem *in, const struct npu_mem *out)
{
	size_t count = mm->cmd.size / sizeof(uint64_t);
	int ret = npu_mem_bind(in, mm->cmd.map, count, RKNPU_CNA_FEATURE_DATA_ADDR);

	if (!ret)
		ret = npu_mem_bind(out, mm->cmd.map, count, RKNPU_DPU_DST_BASE_ADDR);
	return ret ? ret : npu_bo_to_device(&mm->cmd);
}

int bound_run(struct matmul *mm, const struct npu_mem *in, const struct npu_mem *out, uint32_t core_mask)
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
	return ret ? ret : npu_mem_sync(out, NPU_MEM_FROM_DEVICE);
}

size_t bound_wrong(struct matmul *mm, const struct npu_mem *out)
{
	memcpy(mm->out.map, out->virt, mm->out.size);
	return matmul_wrong(mm);
}
