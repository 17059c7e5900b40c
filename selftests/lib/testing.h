/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Included by every test of the device.
 */
#ifndef TESTING_H
#define TESTING_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "klog.h"
#include "ktap.h"
#include "matmul.h"
#include "npu.h"
#include "twin.h"

/* Skips the case if the device tree does not enable these cores */
static inline uint32_t need_cores(uint32_t core_mask)
{
	uint32_t missing = core_mask & ((1u << NPU_CORES) - 1) & ~soc_get()->cores;

	if (missing)
		SKIP("needs core %d", __builtin_ctz(missing));
	return core_mask;
}

#define matmul_args(mm, core_mask)		matmul_args(mm, need_cores(core_mask))
#define matmul_run(mm, core_mask, done)		matmul_run(mm, need_cores(core_mask), done)
#define job_start(mm, core_mask, in, out)	job_start(mm, need_cores(core_mask), in, out)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAGE_UP(bytes)	(((bytes) + NPU_PAGE - 1) / NPU_PAGE * NPU_PAGE)

/* Opens the render node; skips the case if there is no device */
static inline int npu_open(void)
{
	int fd = npu_open_render(NULL, 0);

	if (fd < 0)
		SKIP("no render node of driver rknpu");
	return fd;
}

/* Returns true if there is an IOMMU, which maps scattered memory to a contiguous range */
static inline bool npu_has_iommu(int fd)
{
	uint32_t value = 0;

	ASSERT_RET(npu_action(fd, RKNPU_GET_IOMMU_EN, &value), 0);
	return value;
}

/* Skips the case if there is none */
static inline void npu_need_iommu(int fd)
{
	if (!npu_has_iommu(fd))
		SKIP("no IOMMU");
}

/* A product that is small, because the test is about other things */
static inline void small_matmul(struct matmul *mm, int fd, uint32_t seed)
{
	ASSERT_RET(matmul_init(mm, fd, MATMUL_INT8_INT32, 8, 64, 32, 0, MATMUL_EXACT, seed), 0);
}

/* Runs it on @core_mask and checks every element */
#define EXPECT_CORRECT(mm, core_mask) do {                                    \
	if (EXPECT_RET(matmul_run(mm, core_mask, NULL), 0))                   \
		EXPECT_EQ(matmul_wrong(mm), 0);                               \
} while (0)

#endif /* TESTING_H */
