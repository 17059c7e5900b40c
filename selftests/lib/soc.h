/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Which NPU this is and how much of it the device tree enables. Tests name
 * cores by their number on the SoC, as programs do.
 */
#ifndef SOC_H
#define SOC_H

#include <stdbool.h>
#include <stdint.h>

#define NPU_CORES	3	/* at most */

/*
 * @cores: bit n: core n can be used
 * @version: what GET_HW_VERSION answers
 * @scale: command words per fetch
 * @max_tasks: that one start of the hardware runs
 * @single: a SoC with one core: the range of a submit is its own, and streams write the
 *	S_POINTER of CNA and CORE, because the driver does not
 * @counts: the byte counters count
 * @has_qos: the bus priority can be read
 * @tells_lost_start: a start that was lost can be told from a slow one, and be cured, which takes the
 *	reset lines of all cores: not with some of them disabled
 * @shares_iommu: all cores are behind one IOMMU, which can only be programmed for all of them
 * @device: platform device of each core
 */
struct soc {
	const char *compatible;
	uint32_t cores;
	uint32_t version;
	unsigned int scale;
	unsigned int max_tasks;
	bool single;
	bool counts;
	bool has_qos;
	bool tells_lost_start;
	bool shares_iommu;
	const char *device[NPU_CORES];
};

/* RK356x: the S_POINTER of a block that no source describes; its streams write it beside the others */
#define SOC_S_POINTER_2000	0x2004

/* Without a device tree, or without an NPU in it: an RK3588 */
const struct soc *soc_get(void);

/* The core, or its bit in a core mask, that is the @n-th of those that can be used, beginning anew after the last */
int npu_nth_core(unsigned int n);
uint32_t npu_nth(unsigned int n);
unsigned int npu_num_cores(void);

/* The first core from @core on that can be used; NPU_CORES when there is none */
int npu_next_core(int core);

#define for_each_core(core)                                                   \
	for ((core) = npu_next_core(0); (core) < NPU_CORES; (core) = npu_next_core((core) + 1))

#endif /* SOC_H */
