// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: stands in for the compute units. A convolution copies DATA_SIZE0 bytes
 * from the feature address to the DPU's destination, each xor the low byte of
 * OUT_CVT_OFFSET; pooling copies 16 bytes and says that it moves as many as
 * POOLING_KERNEL_CFG holds. WEIGHT_SIZE0 is the number of MACs,
 * CONV_CON1 the rate shift, 3 bits and signed, and 0xdead there makes it refuse.
 */
#include <stdlib.h>
#include <string.h>

#include "compute.h"
#include "rknpu_regs.h"

#define REFUSED_CON1	0xdead
#define POOL_BYTES	16
#define CHUNK		4096

void (*fake_compute_hook)(void);
/* What the last task was given */
const struct twin_workers *_Atomic fake_compute_workers;

static uint32_t reg(const struct twin_unit_regs *regs, uint32_t offset)
{
	return regs->block[offset >> 12][(offset & 0xfff) >> 2];
}

static bool copy(const struct twin_dma *dma, uint32_t in, uint32_t out, uint32_t bytes, uint8_t key)
{
	uint8_t buf[CHUNK];
	uint32_t i, n;

	for (; bytes; in += n, out += n, bytes -= n) {
		n = bytes < CHUNK ? bytes : CHUNK;
		if (!dma->read(dma->opaque, in, buf, n))
			return false;
		for (i = 0; i < n; i++)
			buf[i] ^= key;
		if (!dma->write(dma->opaque, out, buf, n))
			return false;
	}
	return dma->read(dma->opaque, 0, buf, 0);
}

enum twin_compute_status twin_compute_task(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
					   const struct twin_dma *dma, const struct twin_workers *workers,
					   struct twin_compute_result *result)
{
	bool ok;

	memset(result, 0, sizeof(*result));
	fake_compute_workers = workers;
	if (fake_compute_hook)
		fake_compute_hook();
	if (enable & RKNPU_ENABLE_PPU) {
		ok = copy(dma, dma_base + reg(regs, RKNPU_PPU_RDMA_SRC_BASE_ADDR),
			  dma_base + reg(regs, RKNPU_PPU_DST_BASE_ADDR), POOL_BYTES, 0);
		return ok ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
	}
	if (reg(regs, RKNPU_CNA_CONV_CON1) == REFUSED_CON1) {
		result->refused_reg = RKNPU_CNA_CONV_CON1;
		strcpy(result->reason, "told to");
		return TWIN_COMPUTE_REFUSED;
	}
	ok = copy(dma, dma_base + reg(regs, RKNPU_CNA_FEATURE_DATA_ADDR),
		  dma_base + reg(regs, RKNPU_DPU_DST_BASE_ADDR), reg(regs, RKNPU_CNA_DATA_SIZE0),
		  reg(regs, RKNPU_DPU_OUT_CVT_OFFSET));
	return ok ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}

enum twin_compute_status twin_compute_task_rk356x(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
						  const struct twin_dma *dma, const struct twin_workers *workers,
						  struct twin_compute_result *result)
{
	return twin_compute_task(regs, enable, dma_base, dma, workers, result);
}

void twin_compute_cost_rk356x(const struct twin_unit_regs *regs, uint32_t enable, struct twin_compute_result *result)
{
	twin_compute_cost(regs, enable, result);
}

void twin_compute_cost(const struct twin_unit_regs *regs, uint32_t enable, struct twin_compute_result *result)
{
	memset(result, 0, sizeof(*result));
	if (enable & RKNPU_ENABLE_PPU)
		result->memory_bytes = reg(regs, RKNPU_PPU_POOLING_KERNEL_CFG);
	if (!(enable & RKNPU_ENABLE_CNA) || reg(regs, RKNPU_CNA_CONV_CON1) == REFUSED_CON1)
		return;
	result->macs = result->mac_slots = reg(regs, RKNPU_CNA_WEIGHT_SIZE0);
	result->memory_bytes = reg(regs, RKNPU_CNA_WEIGHT_SIZE1);
	result->fills = reg(regs, RKNPU_CNA_CBUF_CON1);
	result->mac_rate_shift = (int)((reg(regs, RKNPU_CNA_CONV_CON1) & 7) ^ 4) - 4;
}
