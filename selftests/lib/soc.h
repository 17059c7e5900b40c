/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The model of the NPU, and the parts that the device tree enables. Tests use the
 * numbers of cores on the SoC, as programs do.
 */
#ifndef SOC_H
#define SOC_H

#include <stdbool.h>
#include <stdint.h>

#define NPU_CORES	3	/* maximum */

/*
 * @cores: bit n is set if core n can be used
 * @version: result of GET_HW_VERSION
 * @scale: command words per fetch
 * @max_tasks: maximum number of tasks for one start of the hardware
 * @single: an SoC with one core: a submit has a single range, and streams write the
 *	S_POINTER of CNA and CORE, because the driver does not
 * @counts: the byte counters work
 * @has_qos: the bus priority can be read
 * @tells_lost_start: a lost start can be distinguished from a slow one, and be recovered from, which
 *	needs the reset lines of all cores: not if some of them are disabled
 * @shares_iommu: all cores share one IOMMU, which can only be programmed for all of them
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

/* RK356x: the S_POINTER of a block that no source describes; streams write it together with the others */
#define SOC_S_POINTER_2000	0x2004

/* Returns RK3588 if there is no device tree or no NPU in it */
const struct soc *soc_get(void);

/* The @n-th usable core, or its bit in a core mask; starts again with the first after the last one */
int npu_nth_core(unsigned int n);
uint32_t npu_nth(unsigned int n);
unsigned int npu_num_cores(void);

/* The first usable core from @core on, or NPU_CORES if there is none */
int npu_next_core(int core);

#define for_each_core(core)                                                   \
	for ((core) = npu_next_core(0); (core) < NPU_CORES; (core) = npu_next_core((core) + 1))

#endif /* SOC_H */
