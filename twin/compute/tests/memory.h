/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Device memory for tests: regions have the exact size, so an access one byte
 * outside the layout of the program faults.
 */
#ifndef TWIN_COMPUTE_MEMORY_H
#define TWIN_COMPUTE_MEMORY_H

#include "compute.h"

/* The last four are only used with DPU_RDMA: operands of BS and BN, odd and even atoms of the operand of EW */
enum { REGION_FEATURE, REGION_WEIGHTS, REGION_OUTPUT, REGION_BS, REGION_BN, REGION_EW, REGION_EVEN, REGIONS };

struct region {
	uint32_t addr;		/* may wrap around the end of the address space */
	size_t bytes;
	uint8_t *data;
	bool faults;
};

struct memory {
	struct region region[REGIONS];
	uint32_t hole_addr;	/* a byte within a region that faults if @hole is set */
	bool hole;
	bool cancelled;
	unsigned long polls_until_cancelled;	/* 0: never */
	unsigned long reads, writes, polls;
};

void memory_add(struct memory *m, int region, uint32_t addr, size_t bytes);
void memory_free(struct memory *m);
struct twin_dma memory_dma(struct memory *m);

#endif /* TWIN_COMPUTE_MEMORY_H */
