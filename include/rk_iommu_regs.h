/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * One bank of the Rockchip IOMMU in front of the NPU, and its version 2 page
 * tables. Based on what the kernel's rockchip-iommu driver does with them and on
 * published measurements on RK3588. The twin models this IOMMU; the NPU driver
 * itself never touches it.
 *
 * Preprocessor constants only (see rknpu_regs.h).
 */
#ifndef RK_IOMMU_REGS_H
#define RK_IOMMU_REGS_H

#define RK_IOMMU_DTE_ADDR			0x00	/* RW 0: directory address in DTE encoding; [3:0] read 0 */
#define RK_IOMMU_DTE_ADDR_READABLE		0xfffffff0
#define RK_IOMMU_DTE_ADDR_PROBE			0xcafeb000	/* written and read back before a force reset [rockchip-iommu] */
#define RK_IOMMU_STATUS				0x04	/* RO; 0x19 = paging on and idle [seen: ork-driver notes] */
#define RK_IOMMU_STATUS_PAGING_ENABLED		0x00000001
#define RK_IOMMU_STATUS_PAGE_FAULT_ACTIVE	0x00000002
#define RK_IOMMU_STATUS_STALL_ACTIVE		0x00000004
#define RK_IOMMU_STATUS_IDLE			0x00000008
#define RK_IOMMU_STATUS_REPLAY_EMPTY		0x00000010
#define RK_IOMMU_STATUS_FAULT_WRITE		0x00000020
#define RK_IOMMU_STATUS_FAULT_BUS_ID		0x000007c0
#define RK_IOMMU_STATUS_STALL_NOT_ACTIVE	0x80000000
#define RK_IOMMU_COMMAND			0x08	/* WO */
#define RK_IOMMU_COMMAND_ENABLE_PAGING		0
#define RK_IOMMU_COMMAND_DISABLE_PAGING		1
#define RK_IOMMU_COMMAND_ENABLE_STALL		2
#define RK_IOMMU_COMMAND_DISABLE_STALL		3
#define RK_IOMMU_COMMAND_ZAP_CACHE		4
#define RK_IOMMU_COMMAND_PAGE_FAULT_DONE	5
#define RK_IOMMU_COMMAND_FORCE_RESET		6
#define RK_IOMMU_PAGE_FAULT_ADDR		0x0c	/* RO */
#define RK_IOMMU_ZAP_ONE_LINE			0x10	/* WO: IOVA */
#define RK_IOMMU_INT_RAWSTAT			0x14	/* RO */
#define RK_IOMMU_INT_CLEAR			0x18	/* W1C */
#define RK_IOMMU_INT_MASK			0x1c	/* RW 0 */
#define RK_IOMMU_INT_STATUS			0x20	/* RO: raw AND mask */
#define RK_IOMMU_INT_PAGE_FAULT			0x00000001
#define RK_IOMMU_INT_BUS_ERROR			0x00000002	/* read error during a table walk */
#define RK_IOMMU_AUTO_GATING			0x24	/* RW; reset value 3 [guess] */
#define RK_IOMMU_BANK_BYTES			0x100

/* Page tables: two levels of 1024 32-bit entries, 4 KiB pages */
#define RK_IOMMU_PAGE_BYTES			4096
#define RK_IOMMU_PAGE_SHIFT			12
#define RK_IOMMU_DIR_SHIFT			22
#define RK_IOMMU_TABLE_ENTRIES			1024
#define RK_IOMMU_ENTRY_VALID			0x00000001
#define RK_IOMMU_ENTRY_READABLE			0x00000002	/* page entries only */
#define RK_IOMMU_ENTRY_WRITABLE			0x00000004	/* page entries only */
/* Version 2 address encoding of DTE, PTE and DTE_ADDR */
#define RK_IOMMU_ENTRY_PA_31_12			0xfffff000
#define RK_IOMMU_ENTRY_PA_35_32			0x00000f00
#define RK_IOMMU_ENTRY_PA_39_36			0x000000f0

#endif /* RK_IOMMU_REGS_H */
