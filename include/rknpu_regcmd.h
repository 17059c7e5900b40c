/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * The register command stream that the PC fetches: one 64-bit little-endian
 * word writes one 32-bit register. [TRM] chapter 36; the tail of a segment and
 * the fetch length come from public captures of librknnrt [seen: allbilly/rk3588].
 *
 * Preprocessor constants only (see rknpu_regs.h).
 */
#ifndef RKNPU_REGCMD_H
#define RKNPU_REGCMD_H

/* Fields of a word, as shifts because the word is 64 bits wide everywhere */
#define RKNPU_REGCMD_TARGET_SHIFT		48	/* [63:48] */
#define RKNPU_REGCMD_VALUE_SHIFT		16	/* [47:16] */
#define RKNPU_REGCMD_OFFSET_MASK		0xffff	/* [15:0] */

#define RKNPU_REGCMD(target, offset, value)                                   \
	(((target) * 1ULL << RKNPU_REGCMD_TARGET_SHIFT) |                     \
	 (((value) * 1ULL & 0xffffffffULL) << RKNPU_REGCMD_VALUE_SHIFT) |     \
	 ((offset) * 1ULL & RKNPU_REGCMD_OFFSET_MASK))

/* Targets: bit 0 = register write, upper byte = one-hot block [TRM] */
#define RKNPU_TARGET_NOP			0x0000	/* 0x0001 is a no-operation too [seen: client streams] */
#define RKNPU_TARGET_WRITE			0x0001
#define RKNPU_TARGET_SEPARATOR			0x0041	/* normally before the op-enable word; no effect */
#define RKNPU_TARGET_OP_ENABLE			0x0081	/* offset 8; the value is a RKNPU_ENABLE_* bitmap */
#define RKNPU_TARGET_GLOBAL			0x1003	/* op-enable as well, at offset 0xf008 [seen: client streams] */
#define RKNPU_TARGET_PC				0x0101
#define RKNPU_TARGET_CNA			0x0201
#define RKNPU_TARGET_RK356X_2000		0x0401	/* registers 0x2xxx of RK356x [seen: mtx512/rk3588-npu] */
#define RKNPU_TARGET_CORE			0x0801
#define RKNPU_TARGET_DPU			0x1001
#define RKNPU_TARGET_DPU_RDMA			0x2001
#define RKNPU_TARGET_PPU			0x4001
#define RKNPU_TARGET_PPU_RDMA			0x8001

/*
 * Every segment ends with four words: address of the next segment (or a
 * no-operation), its amount, the separator, the op-enable word. regcfg_amount
 * of a task descriptor does not count them.
 */
#define RKNPU_REGCMD_TAIL_WORDS			4

/*
 * Value of REGISTER_AMOUNTS for a segment of @words command words, not counting
 * its tail; @scale = words moved per fetch (1 on RK356x, otherwise 2).
 */
#define RKNPU_PC_AMOUNT(words, scale)                                         \
	(((words) + RKNPU_REGCMD_TAIL_WORDS + (scale) - 1) / (scale) - 1)

#endif /* RKNPU_REGCMD_H */
