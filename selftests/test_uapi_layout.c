// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Sizes, offsets and numbers of the user interface match those that programs were
 * compiled with. Needs no device; also runs on the build machine.
 */
#include <stddef.h>
#include <drm/rknpu_drm.h>

#include "lib/ktap.h"

#define SIZE(type, bytes)		EXPECT_EQ(sizeof(struct type), bytes);
#define OFFSET(type, field, bytes)
#define VALUE(name, number)
TEST(struct_sizes)
{
#include "uapi_layout.inc"
}

#undef SIZE
#undef OFFSET
#define SIZE(type, bytes)
#define OFFSET(type, field, bytes)	EXPECT_EQ(offsetof(struct type, field), bytes);
TEST(field_offsets)
{
#include "uapi_layout.inc"
}

#undef OFFSET
#undef VALUE
#define OFFSET(type, field, bytes)
#define VALUE(name, number)		EXPECT_EQ(name, number);
TEST(numbers)
{
#include "uapi_layout.inc"
}

/* Callers with older headers encode the size of their own struct; only the number may matter */
TEST(older_encodings_share_the_number)
{
	EXPECT_EQ(_IOC_NR(0xc0206442), _IOC_NR(DRM_IOCTL_RKNPU_MEM_CREATE));
	EXPECT_EQ(_IOC_NR(0xc0286442), _IOC_NR(DRM_IOCTL_RKNPU_MEM_CREATE));
	EXPECT_EQ(offsetof(struct rknpu_mem_create, sram_size), 32);
	EXPECT_EQ(offsetof(struct rknpu_mem_create, iommu_domain_id), 40);
}
