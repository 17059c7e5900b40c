/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Copyright (C) the rknpu authors
 *
 * Registers of one Rockchip NPU core (NPU v2 family: RK356x, RK3588, RK3576,
 * RV1106, ...), offsets from the start of the core's 64 KiB window.
 *
 * Preprocessor constants only: the driver, the QEMU twin, the tests and the
 * tools share this file unchanged, and it compiles as C and C++ in all of them.
 * Comments give access, reset value and origin of each register:
 *
 *   [TRM]   RK3588 Technical Reference Manual part 1, chapter 36 "RKNN"
 *   [XML]   Mesa src/gallium/drivers/rocket/registers.xml
 *   [seen]  measured on silicon and published; with the name of the source
 *   [guess] an inference that no public source confirms
 *
 * RO = read only, RW = read/write, WO = write only, W1C = write one to clear.
 * Masks are given in place (not as shift and width): use FIELD_GET/FIELD_PREP.
 */
#ifndef RKNPU_REGS_H
#define RKNPU_REGS_H

/* Blocks of a core window; address bits [15:12] select the block [TRM][XML] */
#define RKNPU_CORE_WINDOW_BYTES			0x10000
#define RKNPU_PC_BASE				0x0000
#define RKNPU_CNA_BASE				0x1000
/* 0x2000 decodes to nothing on RK3588: a read locks the SoC up [seen: rockchip-npu-notes] */
#define RKNPU_CORE_BASE				0x3000
#define RKNPU_DPU_BASE				0x4000
#define RKNPU_DPU_RDMA_BASE			0x5000
#define RKNPU_PPU_BASE				0x6000
#define RKNPU_PPU_RDMA_BASE			0x7000
#define RKNPU_DDMA_BASE				0x8000
#define RKNPU_SDMA_BASE				0x9000	/* core 0: the first IOMMU bank sits here instead [DT] */
#define RKNPU_GLOBAL_BASE			0xf000
#define RKNPU_BLOCK_BYTES			0x1000
#define RKNPU_BLOCK_MASK			0xf000

/* ---- PC: program controller ------------------------------------------- */

/* RO 0x46495245 on RK3588/RK3576, 0 on RK3566 [seen: live dumps]; not in the TRM */
#define RKNPU_PC_VERSION			0x0000
#define RKNPU_PC_VERSION_FIRE			0x46495245	/* ASCII "FIRE" */
/* RO 0 on RK3588, 0x00010002 on RK3576 [seen: live dumps]; only the bits of the mask are significant */
#define RKNPU_PC_VERSION_NUM			0x0004
#define RKNPU_PC_VERSION_NUM_MASK		0x0000ffff
/* RW 0: writing 1 starts the fetch; writing 0 afterwards does not cancel it [seen: vendor driver 0.9.8] */
#define RKNPU_PC_OPERATION_ENABLE		0x0008
#define RKNPU_PC_OPERATION_ENABLE_OP_EN		0x00000001
/* RW 0 [TRM] */
#define RKNPU_PC_BASE_ADDRESS			0x0010
#define RKNPU_PC_BASE_ADDRESS_PC_SEL		0x00000001	/* 0 fetch from memory, 1 slave mode */
#define RKNPU_PC_BASE_ADDRESS_ADDR		0xfffffff0	/* 16-byte granularity */
#define RKNPU_PC_ADDR_ALIGN_BYTES		16
/* RW 0 [TRM]: fetch length, see RKNPU_PC_AMOUNT() */
#define RKNPU_PC_REGISTER_AMOUNTS		0x0014
#define RKNPU_PC_REGISTER_AMOUNTS_MASK		0x0000ffff
/* RW 0x1ffff [TRM]: 1 = the event may raise the interrupt */
#define RKNPU_PC_INTERRUPT_MASK			0x0020
/* W1C [TRM]: clears raw and masked status */
#define RKNPU_PC_INTERRUPT_CLEAR		0x0024
/* RO 0: raw AND mask [TRM] */
#define RKNPU_PC_INTERRUPT_STATUS		0x0028
/* RO 0 in [16:0]; bits 30 and 31 read 1 on some idle cores [seen: live dumps], meaning unknown */
#define RKNPU_PC_INTERRUPT_RAW_STATUS		0x002c
/* RW 0 [TRM]; bit 14 (bit 18 of the 16-bit layout) is always written as 1 by drivers */
#define RKNPU_PC_TASK_CON			0x0030
#define RKNPU_PC_TASK_CON_NUMBER_12		0x00000fff
#define RKNPU_PC_TASK_CON_PP_EN_12		0x00001000
#define RKNPU_PC_TASK_CON_COUNT_CLEAR_12	0x00002000	/* W1C */
#define RKNPU_PC_TASK_CON_RESERVED_12		0x00004000
#define RKNPU_PC_TASK_CON_NUMBER_16		0x0000ffff
#define RKNPU_PC_TASK_CON_PP_EN_16		0x00010000
#define RKNPU_PC_TASK_CON_COUNT_CLEAR_16	0x00020000	/* W1C */
#define RKNPU_PC_TASK_CON_RESERVED_16		0x00040000
/* RW 0 [TRM]: added to every feature, weight, DPU and PPU DMA address; user space passes 0 */
#define RKNPU_PC_TASK_DMA_BASE_ADDR		0x0034
#define RKNPU_PC_TASK_DMA_BASE_ADDR_MASK	0xfffffff0
/* RO [TRM]: RK356x, RK3588, RK3583, RV1106 */
#define RKNPU_PC_TASK_STATUS			0x003c
#define RKNPU_PC_TASK_STATUS_COUNTER_12		0x00000fff
#define RKNPU_PC_TASK_STATUS_FIRST_OP		0x00001000
#define RKNPU_PC_TASK_STATUS_LAST_OP		0x00002000
#define RKNPU_PC_TASK_STATUS_FIRST_FETCH	0x00004000	/* [guess]: the TRM prints bit 12 twice */
#define RKNPU_PC_TASK_STATUS_LAST_FETCH		0x00008000	/* [guess] */
#define RKNPU_PC_TASK_STATUS_COUNTER_16		0x0000ffff	/* RV1106 [seen: vendor driver 0.9.8] */
/*
 * RO [seen: vendor driver 0.9.8]: RK3562, RK3576, RV1126B. Both fields count modulo
 * TASK_NUMBER, so a kick of one task always reads 0 [seen on RK3576:
 * gregordinary/patches 0022; that the others behave the same is a guess]
 */
#define RKNPU_PC_TASK_STATUS_48			0x0048
#define RKNPU_PC_TASK_STATUS_48_BEGUN		0x0000ffff
#define RKNPU_PC_TASK_STATUS_48_ENDED		0xffff0000

/*
 * Byte counters, in the window of core 0: data written, data read at + 4, weights
 * read at + 8, each in units of the fetch scale. RO [seen: vendor driver 0.9.8]
 */
#define RKNPU_AMOUNTS_OLD			0x8034	/* RK356x, RK3562, RV1106; reserved on RK3588 */
#define RKNPU_AMOUNTS_TOP			0x2234	/* RK3576, RV1126B */
#define RKNPU_AMOUNTS_CORE			0x2434	/* RK3576, in addition to the former */
#define RKNPU_AMOUNTS_DATA_WRITTEN		0x0
#define RKNPU_AMOUNTS_DATA_READ			0x4
#define RKNPU_AMOUNTS_WEIGHTS_READ		0x8
#define RKNPU_AMOUNTS_BYTES			0xc

/* Bus priority of RK356x, a block of its own at 0xfe180008; RW [seen: vendor driver 0.9.8] */
#define RKNPU_QOS_PRIORITY			0x0
#define RKNPU_QOS_EXPECT			0x8
#define RKNPU_QOS_TW				0xc
#define RKNPU_QOS_BYTES				0x10

/*
 * NPU GRF of RK3588: read margin of the NPU's memories, in three identical registers. In the NPU's power domain.
 * Other bits must be preserved. [seen: vendor driver 0.9.8]
 */
#define RKNPU_GRF_MARGINS			3
#define RKNPU_GRF_MARGIN(n)			(4 * (n))	/* RW */
#define RKNPU_GRF_MARGIN_MASK			0x1c
#define RKNPU_GRF_BYTES				0x100

/* Interrupt events, the same bits in mask, clear, status and raw [TRM]; even bits: register group 0, odd: group 1 */
#define RKNPU_INT_CNA_FEATURE			0x00000003
#define RKNPU_INT_CNA_WEIGHT			0x0000000c
#define RKNPU_INT_CNA_CSC			0x00000030
#define RKNPU_INT_CORE				0x000000c0
#define RKNPU_INT_DPU				0x00000300
#define RKNPU_INT_PPU				0x00000c00
#define RKNPU_INT_WRITERS			0x00000f00	/* the blocks that write results: DPU and PPU */
#define RKNPU_INT_DONE				0x00000fff	/* all the pairs above */
#define RKNPU_INT_DONE_GROUP0			0x00000555
#define RKNPU_INT_DONE_GROUP1			0x00000aaa
#define RKNPU_INT_DMA_READ_ERROR		0x00001000
#define RKNPU_INT_DMA_WRITE_ERROR		0x00002000
#define RKNPU_INT_DMA_ERROR			0x00003000
#define RKNPU_INT_PC_DONE_0			0x10000000	/* RK3576: a task has ended; the two alternate and raise no */
#define RKNPU_INT_PC_DONE_1			0x20000000	/* interrupt [seen: gregordinary/patches 0006, 0022] */
#define RKNPU_INT_ALL				0x0001ffff	/* "clear everything" of all known drivers */

/* ---- Registers that every compute block has at its own base ----------- */

#define RKNPU_S_STATUS				0x0000	/* RO */
#define RKNPU_S_STATUS_EXECUTER0		0x00000003	/* 0 idle, 1 operating, 2 operating, other group waits */
#define RKNPU_S_STATUS_EXECUTER1		0x00030000
#define RKNPU_S_POINTER				0x0004	/* RW 0 */
#define RKNPU_S_POINTER_POINTER			0x00000001	/* register group that writes go to */
#define RKNPU_S_POINTER_POINTER_PP_EN		0x00000002
#define RKNPU_S_POINTER_EXECUTER_PP_EN		0x00000004
#define RKNPU_S_POINTER_PP_MODE			0x00000008	/* 1: pointer toggles by itself, 0: follows the executer */
#define RKNPU_S_POINTER_POINTER_PP_CLEAR	0x00000010	/* W1C */
#define RKNPU_S_POINTER_EXECUTER_PP_CLEAR	0x00000020	/* W1C */
#define RKNPU_S_POINTER_EXECUTER		0x00010000	/* RO */
/* [31:28]: number of the core itself; without it CNA and CORE never finish [seen: rockchip-npu-notes] */
#define RKNPU_S_POINTER_CORE			0xf0000000
#define RKNPU_S_POINTER_PINGPONG		0x0000000e	/* both toggles, by pointer */
#define RKNPU_OPERATION_ENABLE			0x0008	/* RW 0 */

#define RKNPU_CNA_S_POINTER			0x1004
#define RKNPU_CORE_S_POINTER			0x3004

/* Block enable bitmap: value of the op-enable command word and of GLOBAL 0xf008 [TRM] */
#define RKNPU_GLOBAL_OPERATION_ENABLE		0xf008	/* RW, reads 0 */
#define RKNPU_ENABLE_CNA			0x00000001
#define RKNPU_ENABLE_RK356X_2000		0x00000002	/* RK356x: the block at 0x2000 [seen: streams of rknn-toolkit2] */
#define RKNPU_ENABLE_CORE			0x00000004
#define RKNPU_ENABLE_DPU			0x00000008
#define RKNPU_ENABLE_DPU_RDMA			0x00000010
#define RKNPU_ENABLE_PPU			0x00000020
#define RKNPU_ENABLE_PPU_RDMA			0x00000040

/* Precision codes of all blocks [XML] */
#define RKNPU_PREC_INT8				0
#define RKNPU_PREC_INT16			1
#define RKNPU_PREC_FP16				2
#define RKNPU_PREC_BF16				3
#define RKNPU_PREC_INT32			4
#define RKNPU_PREC_FP32				5
#define RKNPU_PREC_INT4				6
#define RKNPU_PREC_TF32				7

/* One atom of the NC1HWC2 feature layout; all strides below count atoms unless they say bytes */
#define RKNPU_ATOM_BYTES			16

/* ---- CNA: feature and weight fetch, convolution sequencing [TRM][XML]; RW, reset 0 --- */

#define RKNPU_CNA_CONV_CON1			0x100c
#define RKNPU_CNA_CONV_CON1_MODE		0x0000000f	/* 0 direct, 3 depthwise */
#define RKNPU_CNA_CONV_CON1_IN_PREC		0x00000070
#define RKNPU_CNA_CONV_CON1_PROC_PREC		0x00000380
#define RKNPU_CNA_CONV_CON1_ARGB_IN		0x0000f000	/* 8..11: packed pixels of 1..4 channels */
#define RKNPU_CNA_CONV_CON1_DECONV		0x00010000
#define RKNPU_CNA_CONV_CON1_GROUP_LINE_OFF	0x20000000
#define RKNPU_CNA_CONV_CON1_NONALIGN_DMA	0x40000000
#define RKNPU_CNA_CONV_CON2			0x1010
#define RKNPU_CNA_CONV_CON2_FEATURE_GRAINS	0x00003ff0
#define RKNPU_CNA_CONV_CON2_KERNEL_GROUP	0x00ff0000
#define RKNPU_CNA_CONV_CON3			0x1014
#define RKNPU_CNA_CONV_CON3_X_STRIDE		0x00000007
#define RKNPU_CNA_CONV_CON3_Y_STRIDE		0x00000038
#define RKNPU_CNA_CONV_CON3_DECONV_X_STRIDE	0x00000700	/* - 1 */
#define RKNPU_CNA_CONV_CON3_DECONV_Y_STRIDE	0x00003800	/* - 1 */
#define RKNPU_CNA_CONV_CON3_X_DILATION		0x001f0000	/* - 1 */
#define RKNPU_CNA_CONV_CON3_Y_DILATION		0x03e00000	/* - 1 */
#define RKNPU_CNA_CONV_CON3_NN_MODE		0x70000000	/* MAC arrays of several cores as one */
#define RKNPU_CNA_DATA_SIZE0			0x1020
#define RKNPU_CNA_DATA_SIZE0_HEIGHT		0x000007ff	/* true size, unlike CORE/DPU fields */
#define RKNPU_CNA_DATA_SIZE0_WIDTH		0x07ff0000
#define RKNPU_CNA_DATA_SIZE1			0x1024
#define RKNPU_CNA_DATA_SIZE1_PRIMED		0x80000000	/* RK3576, after power-on [seen: vendor driver 0.9.8] */
#define RKNPU_CNA_DATA_SIZE1_CHANNEL		0x0000ffff	/* padded */
#define RKNPU_CNA_DATA_SIZE1_CHANNEL_REAL	0x3fff0000	/* - 1 */
#define RKNPU_CNA_DATA_SIZE2			0x1028
#define RKNPU_CNA_DATA_SIZE2_OUT_WIDTH		0x000007ff
#define RKNPU_CNA_DATA_SIZE3			0x102c
#define RKNPU_CNA_DATA_SIZE3_OUT_ATOMICS	0x003fffff	/* output width * height */
#define RKNPU_CNA_DATA_SIZE3_SURF_MODE		0x00c00000
#define RKNPU_CNA_WEIGHT_SIZE0			0x1030	/* total bytes */
#define RKNPU_CNA_WEIGHT_SIZE1			0x1034
#define RKNPU_CNA_WEIGHT_SIZE1_BYTES_PER_KERNEL	0x0007ffff
#define RKNPU_CNA_WEIGHT_SIZE2			0x1038
#define RKNPU_CNA_WEIGHT_SIZE2_KERNELS		0x00003fff
#define RKNPU_CNA_WEIGHT_SIZE2_HEIGHT		0x001f0000
#define RKNPU_CNA_WEIGHT_SIZE2_WIDTH		0x1f000000
#define RKNPU_CNA_CBUF_CON0			0x1040
#define RKNPU_CNA_CBUF_CON0_DATA_BANK		0x0000000f
#define RKNPU_CNA_CBUF_CON0_WEIGHT_BANK		0x000000f0
#define RKNPU_CNA_CBUF_CON0_FC_DATA_BANK	0x00000700
#define RKNPU_CNA_CBUF_CON0_DATA_REUSE		0x00001000
#define RKNPU_CNA_CBUF_CON0_WEIGHT_REUSE	0x00002000
#define RKNPU_CNA_CBUF_CON1			0x1044	/* data entries */
#define RKNPU_CNA_CBUF_BANKS			12
#define RKNPU_CNA_CBUF_BANK_BYTES		32768
#define RKNPU_CNA_CVT_CON0			0x104c
#define RKNPU_CNA_CVT_CON0_BYPASS		0x00000001
#define RKNPU_CNA_CVT_CON0_TYPE			0x00000002	/* 1 = add, then scale */
#define RKNPU_CNA_CVT_CON0_ROUND		0x00000004
#define RKNPU_CNA_CVT_CON0_DATA_SIGN		0x00000008
#define RKNPU_CNA_CVT_CON0_TRUNCATE_0		0x000003f0	/* of lane 0 */
#define RKNPU_CNA_CVT_CON0_TRUNCATE_1		0x0000fc00
#define RKNPU_CNA_CVT_CON0_TRUNCATE_2		0x003f0000
#define RKNPU_CNA_CVT_CON0_TRUNCATE_3		0x0fc00000
#define RKNPU_CNA_CVT_CON1			0x1050	/* lane 0; lanes 1..3 follow, with the same fields */
#define RKNPU_CNA_CVT_CON1_OFFSET		0x0000ffff	/* signed */
#define RKNPU_CNA_CVT_CON1_SCALE		0xffff0000
#define RKNPU_CNA_CVT_CON2			0x1054
#define RKNPU_CNA_CVT_CON3			0x1058
#define RKNPU_CNA_CVT_CON4			0x105c
#define RKNPU_CNA_FC_CON0			0x1060
#define RKNPU_CNA_FC_CON0_SKIP_EN		0x00000001
#define RKNPU_CNA_PAD_CON0			0x1068
#define RKNPU_CNA_PAD_CON0_TOP			0x0000000f
#define RKNPU_CNA_PAD_CON0_LEFT			0x000000f0
#define RKNPU_CNA_FEATURE_DATA_ADDR		0x1070	/* DMA read base, bytes */
#define RKNPU_CNA_DMA_CON0			0x1078	/* burst lengths: no effect on results */
#define RKNPU_CNA_DMA_CON1			0x107c
#define RKNPU_CNA_DMA_CON1_LINE_STRIDE		0x0fffffff	/* signed, atoms [seen: negative values in client streams] */
#define RKNPU_CNA_DMA_CON2			0x1080
#define RKNPU_CNA_DMA_CON2_SURF_STRIDE		0x0fffffff	/* signed, atoms */
#define RKNPU_CNA_FC_DATA_SIZE0			0x1084
#define RKNPU_CNA_FC_DATA_SIZE1			0x1088
#define RKNPU_CNA_DCOMP_CTRL			0x1100
#define RKNPU_CNA_DCOMP_CTRL_MODE		0x00000007	/* 0 dense weights, 1 compressed [seen: client streams] */
#define RKNPU_CNA_DCOMP_REGNUM			0x1104	/* 0x55555555 with compressed int8 weights [seen: rknpu2_matmul_open] */
#define RKNPU_CNA_DCOMP_ADDR0			0x1110	/* weight DMA read base, bytes */
#define RKNPU_CNA_DCOMP_AMOUNT0			0x1140	/* 16 registers: length of a lane in 16-byte blocks, - 1 */
#define RKNPU_CNA_CVT_CON5			0x1180
#define RKNPU_CNA_PAD_CON1			0x1184	/* padding value */

/* ---- CORE: MAC array [TRM][XML]; RW, reset 0 except MAC_GATING ---------- */

#define RKNPU_CORE_MAC_GATING			0x300c	/* reset 0x07800800 [TRM] */
#define RKNPU_CORE_MAC_GATING_RESET		0x07800800
#define RKNPU_CORE_MISC_CFG			0x3010
#define RKNPU_CORE_MISC_CFG_QD_EN		0x00000001
#define RKNPU_CORE_MISC_CFG_DW_EN		0x00000002
#define RKNPU_CORE_MISC_CFG_PROC_PREC		0x00000700
#define RKNPU_CORE_DATAOUT_SIZE0		0x3014
#define RKNPU_CORE_DATAOUT_SIZE0_WIDTH		0x0000ffff	/* - 1 */
#define RKNPU_CORE_DATAOUT_SIZE0_HEIGHT		0xffff0000	/* - 1 */
#define RKNPU_CORE_DATAOUT_SIZE1		0x3018
#define RKNPU_CORE_DATAOUT_SIZE1_CHANNEL	0x0000ffff	/* - 1 */
#define RKNPU_CORE_CLIP_TRUNCATE		0x301c
#define RKNPU_CORE_UNNAMED_3030			0x3030	/* clients write 0 here [seen: client streams] */

/* ---- DPU: post-processing and write DMA [TRM][XML]; RW, reset 0 --------- */

#define RKNPU_DPU_S_POINTER			0x4004
#define RKNPU_DPU_FEATURE_MODE_CFG		0x400c
#define RKNPU_DPU_FEATURE_MODE_CFG_FLYING	0x00000001	/* main input from memory, not the accumulator */
#define RKNPU_DPU_FEATURE_MODE_CFG_OUTPUT	0x00000006	/* 2 = memory */
#define RKNPU_DPU_FEATURE_MODE_CFG_CONV_MODE	0x00000018	/* 0 direct, 3 depthwise; same in DPU_RDMA */
#define RKNPU_DPU_FEATURE_MODE_CFG_BURST	0x000001e0
#define RKNPU_DPU_FEATURE_MODE_CFG_SURF_LEN	0x01fffe00	/* of an output without gaps */
#define RKNPU_DPU_FEATURE_MODE_CFG_NONALIGN	0x02000000	/* output without gaps */
#define RKNPU_DPU_FEATURE_MODE_CFG_RGP_TYPE	0x3c000000	/* regrouping */
#define RKNPU_DPU_FEATURE_MODE_CFG_TP_EN	0x40000000
#define RKNPU_DPU_FEATURE_MODE_CFG_COMB_USE	0x80000000	/* bit 0 of DPU_RDMA's */
#define RKNPU_DPU_DATA_FORMAT			0x4010
#define RKNPU_DPU_DATA_FORMAT_PROC_PREC		0x00000007
#define RKNPU_DPU_DATA_FORMAT_MC_SURF_OUT	0x00000008
#define RKNPU_DPU_DATA_FORMAT_BS_SHIFT_NEG	0x000003f0
#define RKNPU_DPU_DATA_FORMAT_BN_SHIFT_NEG	0x0000fc00
#define RKNPU_DPU_DATA_FORMAT_EW_TRUNCATE_NEG	0x03ff0000
#define RKNPU_DPU_DATA_FORMAT_IN_PREC		0x1c000000
#define RKNPU_DPU_DATA_FORMAT_OUT_PREC		0xe0000000
#define RKNPU_DPU_OFFSET_PEND			0x4014	/* value of channels beyond CHANNEL_ORIG, as wide as elements are */
#define RKNPU_DPU_OFFSET_PEND_VALUE		0x0000ffff
#define RKNPU_DPU_DST_BASE_ADDR			0x4020	/* DMA write base, bytes */
#define RKNPU_DPU_DST_SURF_STRIDE		0x4024
#define RKNPU_DPU_DST_SURF_STRIDE_MASK		0xfffffff0	/* atoms in [31:4] */
#define RKNPU_DPU_DATA_CUBE_WIDTH		0x4030
#define RKNPU_DPU_DATA_CUBE_WIDTH_MASK		0x00001fff	/* - 1 */
#define RKNPU_DPU_DATA_CUBE_HEIGHT		0x4034
#define RKNPU_DPU_DATA_CUBE_HEIGHT_MASK		0x00001fff	/* - 1 */
#define RKNPU_DPU_DATA_CUBE_HEIGHT_MINMAX	0x01c00000	/* [0] on, [1] type, [2] the value alone, not its place */
#define RKNPU_DPU_DATA_CUBE_NOTCH		0x4038
#define RKNPU_DPU_DATA_CUBE_NOTCH_0		0x00001fff	/* width + notch wraps in 13 bits [seen: rknn-toolkit2] */
#define RKNPU_DPU_DATA_CUBE_NOTCH_1		0x1fff0000	/* same value as _0 in all clients */
#define RKNPU_DPU_DATA_CUBE_CHANNEL		0x403c
#define RKNPU_DPU_DATA_CUBE_CHANNEL_PADDED	0x00001fff	/* - 1 */
#define RKNPU_DPU_DATA_CUBE_CHANNEL_ORIG	0x1fff0000	/* - 1 */
#define RKNPU_DPU_BS_CFG			0x4040	/* the word 0 passes data through [seen: clients that never write it] */
#define RKNPU_DPU_BS_ALU_CFG			0x4044	/* operand: int32, or fp32 bits */
#define RKNPU_DPU_BS_MUL_CFG			0x4048
#define RKNPU_DPU_BS_RELUX_CMP			0x404c	/* upper clamp: int32, or fp32 bits */
#define RKNPU_DPU_BS_OW_CFG			0x4050
#define RKNPU_DPU_BS_OW_CFG_OW_SRC		0x00000001
#define RKNPU_DPU_BS_OW_CFG_OD_BYPASS		0x00000002
#define RKNPU_DPU_BS_OW_CFG_SIZE_E_0		0x0000001c
#define RKNPU_DPU_BS_OW_CFG_SIZE_E_1		0x000000e0
#define RKNPU_DPU_BS_OW_CFG_SIZE_E_2		0x00000700
#define RKNPU_DPU_BS_OW_CFG_TP_ORG_EN		0x08000000
#define RKNPU_DPU_BS_OW_CFG_RGP_CNTER		0xf0000000
#define RKNPU_DPU_BS_OW_OP			0x4054	/* CPEND: times the window sum */
#define RKNPU_DPU_BS_OW_OP_OPERAND		0x0000ffff	/* signed: - (weight zero point) [seen: captured bytes] */
#define RKNPU_DPU_WDMA_SIZE0			0x4058
#define RKNPU_DPU_WDMA_SIZE0_CHANNEL		0x00001fff	/* - 1 */
#define RKNPU_DPU_WDMA_SIZE0_SIZE_C		0x07ff0000	/* groups - 1, of the transposed writer */
#define RKNPU_DPU_WDMA_SIZE0_TP_PREC		0x08000000	/* of the transposed writer: 0 8 bits, 1 16 bits */
#define RKNPU_DPU_WDMA_SIZE1			0x405c
#define RKNPU_DPU_WDMA_SIZE1_WIDTH		0x00001fff	/* - 1 */
#define RKNPU_DPU_WDMA_SIZE1_HEIGHT		0x1fff0000	/* - 1 */
#define RKNPU_DPU_BN_CFG			0x4060	/* the word 0 passes data through */
#define RKNPU_DPU_BN_ALU_CFG			0x4064	/* as those of BS */
#define RKNPU_DPU_BN_MUL_CFG			0x4068
#define RKNPU_DPU_BN_RELUX_CMP			0x406c
/* Bits shared by BS_CFG and BN_CFG; BS does ALU then MUL, BN MUL then ALU [seen: client programs] */
#define RKNPU_DPU_STAGE_CFG_BYPASS		0x00000001
#define RKNPU_DPU_STAGE_CFG_ALU_BYPASS		0x00000002
#define RKNPU_DPU_STAGE_CFG_MUL_BYPASS		0x00000010
#define RKNPU_DPU_STAGE_CFG_PRELU		0x00000020	/* multiply negative values only */
#define RKNPU_DPU_STAGE_CFG_RELU_BYPASS		0x00000040
#define RKNPU_DPU_STAGE_CFG_RELUX		0x00000080	/* clamp at RELUX_CMP */
#define RKNPU_DPU_STAGE_CFG_ALU_SRC		0x00000100	/* 1: operand from memory, per channel */
#define RKNPU_DPU_STAGE_CFG_ALU_ALGO		0x000f0000	/* 2 add, 4 subtract */
/* Fields shared by BS_MUL_CFG and BN_MUL_CFG */
#define RKNPU_DPU_STAGE_MUL_SRC			0x00000001	/* 1: operand from memory, per channel */
#define RKNPU_DPU_STAGE_MUL_TRUNCATE_SRC	0x00000002	/* 1: shift from memory */
#define RKNPU_DPU_STAGE_MUL_SHIFT		0x00003f00	/* of products >= 0; DATA_FORMAT has that of negative ones */
#define RKNPU_DPU_STAGE_MUL_OPERAND		0xffff0000	/* int16, or fp16 bits */
#define RKNPU_DPU_EW_CFG			0x4070
#define RKNPU_DPU_EW_CFG_BYPASS			0x00000001
#define RKNPU_DPU_EW_CFG_OP_BYPASS		0x00000002
#define RKNPU_DPU_EW_CFG_OP_MUL			0x00000004	/* 1: multiply, 0: ALU_ALGO */
#define RKNPU_DPU_EW_CFG_PRELU			0x00000020
#define RKNPU_DPU_EW_CFG_OP_SRC			0x00000040	/* operand: 1 memory, 0 EW_OP_VALUE_0 */
#define RKNPU_DPU_EW_CFG_LUT_BYPASS		0x00000080
#define RKNPU_DPU_EW_CFG_OP_CVT_BYPASS		0x00000100
#define RKNPU_DPU_EW_CFG_RELU_BYPASS		0x00000200
#define RKNPU_DPU_EW_CFG_RELUX			0x00000400
#define RKNPU_DPU_EW_CFG_ALU_ALGO		0x000f0000	/* RKNPU_EW_ALU_* */
#define RKNPU_DPU_EW_CFG_BINARY_EN		0x00100000
#define RKNPU_DPU_EW_CFG_EQUAL_EN		0x00200000
#define RKNPU_DPU_EW_CFG_DATA_SIZE		0x00c00000	/* operand: 0 4 bits, 1 8, 2 16, 3 32; same in ERDMA_CFG */
#define RKNPU_DPU_EW_CFG_DATA_MODE		0x30000000	/* 1 = one operand per element; same in ERDMA_CFG */
#define RKNPU_DPU_EW_CFG_CVT_ROUND		0x40000000
#define RKNPU_DPU_EW_CFG_CVT_TYPE		0x80000000	/* 1 = add, then scale */
#define RKNPU_DPU_EW_CVT_OFFSET			0x4074
#define RKNPU_DPU_EW_CVT_SCALE			0x4078
#define RKNPU_DPU_EW_CVT_SCALE_SCALE		0x0000ffff
#define RKNPU_DPU_EW_CVT_SCALE_SHIFT		0x003f0000
#define RKNPU_DPU_EW_CVT_SCALE_TRUNCATE		0xffc00000
#define RKNPU_DPU_EW_RELUX_CMP			0x407c
#define RKNPU_DPU_OUT_CVT_OFFSET		0x4080
#define RKNPU_DPU_OUT_CVT_SCALE			0x4084
#define RKNPU_DPU_OUT_CVT_SCALE_SCALE		0x0000ffff	/* signed; 0 acts as 1 */
#define RKNPU_DPU_OUT_CVT_SCALE_FP32TOFP16	0x00010000
#define RKNPU_DPU_OUT_CVT_SHIFT			0x4088
#define RKNPU_DPU_OUT_CVT_SHIFT_SHIFT		0x00000fff
#define RKNPU_DPU_OUT_CVT_SHIFT_MINUS_EXP	0x000ff000
#define RKNPU_DPU_OUT_CVT_SHIFT_ROUND		0x40000000	/* 0 half to even, 1 half away from zero */
#define RKNPU_DPU_OUT_CVT_SHIFT_TYPE		0x80000000
#define RKNPU_DPU_EW_OP_VALUE_0			0x4090
#define RKNPU_DPU_SURFACE_ADD			0x40c0
#define RKNPU_DPU_SURFACE_ADD_MASK		0xfffffff0	/* atoms in [31:4] */
#define RKNPU_DPU_UNNAMED_40C4			0x40c4	/* clients write 0 here [seen: client streams] */
/* The access port and the two tables exist once, unlike the registers [seen: client programs] */
#define RKNPU_DPU_LUT_ACCESS_CFG		0x4100
#define RKNPU_DPU_LUT_ACCESS_CFG_ENTRY		0x000003ff	/* the first one; each access steps on */
#define RKNPU_DPU_LUT_ACCESS_CFG_TABLE		0x00010000	/* 0 LE, 1 LO */
#define RKNPU_DPU_LUT_ACCESS_CFG_WRITE		0x00020000
#define RKNPU_DPU_LUT_ACCESS_DATA		0x4104
#define RKNPU_DPU_LUT_ACCESS_DATA_VALUE		0x0000ffff	/* signed */
#define RKNPU_DPU_LUT_TABLES			2
#define RKNPU_DPU_LUT_ENTRIES			513
#define RKNPU_DPU_LUT_CFG			0x4108	/* priorities of the tables: 0x68 in all clients */
#define RKNPU_DPU_LUT_CFG_OTHER			0x00000097	/* bits that are 0 in all clients */
#define RKNPU_DPU_LUT_INFO			0x410c
#define RKNPU_DPU_LUT_INFO_LE_SELECT		0x0000ff00	/* log2 of the step from entry to entry */
#define RKNPU_DPU_LUT_INFO_LO_SELECT		0x00ff0000
#define RKNPU_DPU_LUT_LE_START			0x4110	/* int32, as are the next three */
#define RKNPU_DPU_LUT_LE_END			0x4114
#define RKNPU_DPU_LUT_LO_START			0x4118
#define RKNPU_DPU_LUT_LO_END			0x411c
#define RKNPU_DPU_LUT_LE_SLOPE_SCALE		0x4120	/* beyond the tables' ends */
#define RKNPU_DPU_LUT_LE_SLOPE_SHIFT		0x4124
#define RKNPU_DPU_LUT_LO_SLOPE_SCALE		0x4128
#define RKNPU_DPU_LUT_LO_SLOPE_SHIFT		0x412c

/* Fields of the two slopes, of LE and LO alike: beyond the last entry and before the first [TRM] */
#define RKNPU_DPU_LUT_SLOPE_SCALE_OFLOW		0xffff0000	/* signed */
#define RKNPU_DPU_LUT_SLOPE_SCALE_UFLOW		0x0000ffff
#define RKNPU_DPU_LUT_SLOPE_SHIFT_OFLOW		0x000003e0
#define RKNPU_DPU_LUT_SLOPE_SHIFT_UFLOW		0x0000001f

/* Operations of EW_CFG_ALU_ALGO: main value op operand [seen: client programs] */
#define RKNPU_EW_ALU_MAX			0
#define RKNPU_EW_ALU_MIN			1
#define RKNPU_EW_ALU_ADD			2
#define RKNPU_EW_ALU_DIV			3
#define RKNPU_EW_ALU_SUB			4
#define RKNPU_EW_ALU_ABS			5
#define RKNPU_EW_ALU_NEG			6
#define RKNPU_EW_ALU_FLOOR			7
#define RKNPU_EW_ALU_CEIL			8

/* ---- DPU_RDMA: DPU read DMA [TRM][XML]; RW, reset 0 -------------------- */

#define RKNPU_DPU_RDMA_S_POINTER		0x5004
#define RKNPU_DPU_RDMA_DATA_CUBE_WIDTH		0x500c
#define RKNPU_DPU_RDMA_DATA_CUBE_WIDTH_MASK	0x00001fff	/* - 1 */
#define RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT		0x5010
#define RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT_MASK	0x00001fff	/* - 1 */
#define RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT_EW_LINE_NOTCH	0x1fff0000
#define RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL	0x5014
#define RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL_MASK	0x00001fff	/* - 1 */
#define RKNPU_DPU_RDMA_SRC_BASE_ADDR		0x5018	/* MRDMA, the main input: DMA read base, bytes */
#define RKNPU_DPU_RDMA_BRDMA_CFG		0x501c
/*
 * Operands to read, for eight channels at a time: bit 0 int32 or fp32 ALU[8], bit 1 int16 CPEND[8],
 * bit 2 int16 or fp16 MUL[8], bit 3 shifts [TRM; layout seen: rockchip-npu-notes, rknn-toolkit2]
 */
#define RKNPU_DPU_RDMA_BRDMA_CFG_DATA_USE	0x0000001e
#define RKNPU_DPU_RDMA_BS_BASE_ADDR		0x5020
#define RKNPU_DPU_RDMA_NRDMA_CFG		0x5028
#define RKNPU_DPU_RDMA_NRDMA_CFG_DATA_USE	0x0000001e	/* as BRDMA's, without CPEND */
#define RKNPU_DPU_RDMA_BN_BASE_ADDR		0x502c
#define RKNPU_DPU_RDMA_ERDMA_CFG		0x5034
#define RKNPU_DPU_RDMA_ERDMA_CFG_DISABLE	0x00000001
#define RKNPU_DPU_RDMA_ERDMA_CFG_DATA_SIZE	0x0000000c
#define RKNPU_DPU_RDMA_ERDMA_CFG_NONALIGN	0x10000000
#define RKNPU_DPU_RDMA_ERDMA_CFG_SURF_MODE	0x20000000
#define RKNPU_DPU_RDMA_ERDMA_CFG_DATA_MODE	0xc0000000	/* operands: 0 per channel, 1 per element, 2 per channel and pixel [TRM] */
#define RKNPU_DPU_RDMA_EW_BASE_ADDR		0x5038
#define RKNPU_DPU_RDMA_EW_SURF_STRIDE		0x5040
#define RKNPU_DPU_RDMA_EW_SURF_STRIDE_MASK	0xfffffff0	/* atoms in [31:4] */
#define RKNPU_DPU_RDMA_FEATURE_MODE_CFG		0x5044
#define RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FLYING	0x00000001	/* as DPU's bit */
#define RKNPU_DPU_RDMA_FEATURE_MODE_CFG_CONV_MODE	0x00000006
#define RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FP16TOFP32	0x00000008
/* If this bit is clear and the data is not used, the task never ends [seen: rockchip-npu-notes] */
#define RKNPU_DPU_RDMA_FEATURE_MODE_CFG_MRDMA_DISABLE	0x00000010
#define RKNPU_DPU_RDMA_FEATURE_MODE_CFG_PROC_PREC	0x000000e0
/*
 * [0] MRDMA and ERDMA together fetch one cube, [1] for the main path, [2] for EW [TRM]. 5 with the
 * accumulator, 3 with FLYING [seen: rknn-toolkit2]; 5 with FLYING hangs the task [seen: rockchip-npu-notes]
 */
#define RKNPU_DPU_RDMA_FEATURE_MODE_CFG_COMB_USE	0x00000700
#define RKNPU_DPU_RDMA_FEATURE_MODE_CFG_BURST	0x00007800
#define RKNPU_DPU_RDMA_FEATURE_MODE_CFG_IN_PREC	0x00038000
#define RKNPU_DPU_RDMA_SRC_DMA_CFG		0x5048
#define RKNPU_DPU_RDMA_SRC_DMA_CFG_KERNEL_WIDTH	0x00000007	/* of unpooling, - 1; as are the next three [TRM] */
#define RKNPU_DPU_RDMA_SRC_DMA_CFG_KERNEL_HEIGHT	0x00000038
#define RKNPU_DPU_RDMA_SRC_DMA_CFG_X_STRIDE	0x000001c0
#define RKNPU_DPU_RDMA_SRC_DMA_CFG_Y_STRIDE	0x00000e00
#define RKNPU_DPU_RDMA_SRC_DMA_CFG_UNPOOLING	0x00001000
#define RKNPU_DPU_RDMA_SRC_DMA_CFG_METHOD	0x00002000	/* 0 average, which repeats; 1 minimum or maximum */
#define RKNPU_DPU_RDMA_SRC_DMA_CFG_LINE_NOTCH	0xfff80000	/* atoms between lines */
#define RKNPU_DPU_RDMA_SURF_NOTCH		0x504c
#define RKNPU_DPU_RDMA_SURF_NOTCH_MASK		0xfffffff0	/* atoms in [31:4] */
#define RKNPU_DPU_RDMA_PAD_CFG			0x5064	/* of unpooling */
#define RKNPU_DPU_RDMA_WEIGHT			0x5068	/* arbitration weights: no effect on results */
#define RKNPU_DPU_RDMA_EW_SURF_NOTCH		0x506c
#define RKNPU_DPU_RDMA_EW_SURF_NOTCH_MASK	0xfffffff0	/* atoms in [31:4] */

/* ---- PPU, PPU_RDMA: pooling [TRM][XML]; RW, reset 0 ---------------------- */

#define RKNPU_PPU_S_POINTER			0x6004
#define RKNPU_PPU_OPERATION_ENABLE		0x6008	/* clients write 1; the op-enable word decides */
#define RKNPU_PPU_DATA_CUBE_IN_WIDTH		0x600c
#define RKNPU_PPU_DATA_CUBE_IN_HEIGHT		0x6010
#define RKNPU_PPU_DATA_CUBE_IN_CHANNEL		0x6014
#define RKNPU_PPU_DATA_CUBE_OUT_WIDTH		0x6018
#define RKNPU_PPU_DATA_CUBE_OUT_HEIGHT		0x601c
#define RKNPU_PPU_DATA_CUBE_OUT_CHANNEL		0x6020
/* Field of the six above and of those of PPU_RDMA */
#define RKNPU_PPU_DATA_CUBE_MASK		0x00001fff	/* - 1 */
#define RKNPU_PPU_OPERATION_MODE_CFG		0x6024
#define RKNPU_PPU_OPERATION_MODE_CFG_METHOD	0x00000003	/* RKNPU_PPU_METHOD_* */
#define RKNPU_PPU_OPERATION_MODE_CFG_FLYING	0x00000010	/* input from memory, not from DPU */
#define RKNPU_PPU_OPERATION_MODE_CFG_USE_CNT	0x000000e0
#define RKNPU_PPU_OPERATION_MODE_CFG_NOTCH	0x1fff0000	/* atoms between lines of the output */
#define RKNPU_PPU_OPERATION_MODE_CFG_INDEX_EN	0x40000000	/* positions in addition to values */
#define RKNPU_PPU_POOLING_KERNEL_CFG		0x6034
#define RKNPU_PPU_POOLING_KERNEL_CFG_WIDTH	0x0000000f	/* - 1 */
#define RKNPU_PPU_POOLING_KERNEL_CFG_HEIGHT	0x00000f00	/* - 1 */
#define RKNPU_PPU_POOLING_KERNEL_CFG_X_STRIDE	0x000f0000	/* - 1 */
#define RKNPU_PPU_POOLING_KERNEL_CFG_Y_STRIDE	0x00f00000	/* - 1 */
/* 65536 / width, / height: an integer for int8, fp16 bits for fp16 [seen: rockchip-npu-notes] */
#define RKNPU_PPU_RECIP_KERNEL_WIDTH		0x6038
#define RKNPU_PPU_RECIP_KERNEL_HEIGHT		0x603c
#define RKNPU_PPU_RECIP_KERNEL_MASK		0x0001ffff
#define RKNPU_PPU_POOLING_PADDING_CFG		0x6040
#define RKNPU_PPU_POOLING_PADDING_CFG_LEFT	0x00000007
#define RKNPU_PPU_POOLING_PADDING_CFG_TOP	0x00000070
#define RKNPU_PPU_POOLING_PADDING_CFG_RIGHT	0x00000700
#define RKNPU_PPU_POOLING_PADDING_CFG_BOTTOM	0x00007000
#define RKNPU_PPU_PADDING_VALUE_1_CFG		0x6044	/* [31:0] of a signed number */
#define RKNPU_PPU_PADDING_VALUE_2_CFG		0x6048
#define RKNPU_PPU_PADDING_VALUE_2_MASK		0x00000007	/* [34:32] of it */
#define RKNPU_PPU_DST_BASE_ADDR			0x6070	/* DMA write base, bytes in [31:4] */
#define RKNPU_PPU_DST_SURF_STRIDE		0x607c
#define RKNPU_PPU_DST_SURF_STRIDE_MASK		0xfffffff0	/* bytes in [31:4] */
#define RKNPU_PPU_DATA_FORMAT			0x6084
#define RKNPU_PPU_DATA_FORMAT_PROC_PREC		0x00000007
#define RKNPU_PPU_DATA_FORMAT_DPU_FLYIN		0x00000008	/* input straight from DPU */
#define RKNPU_PPU_DATA_FORMAT_INDEX_ADD		0xfffffff0	/* clients write DST_SURF_STRIDE */
#define RKNPU_PPU_MISC_CTRL			0x60dc
#define RKNPU_PPU_MISC_CTRL_BURST		0x0000000f
#define RKNPU_PPU_MISC_CTRL_NONALIGN		0x00000080
#define RKNPU_PPU_MISC_CTRL_MC_SURF_OUT		0x00000100
#define RKNPU_PPU_RDMA_S_POINTER		0x7004
#define RKNPU_PPU_RDMA_OPERATION_ENABLE		0x7008	/* as PPU's */
#define RKNPU_PPU_RDMA_CUBE_IN_WIDTH		0x700c
#define RKNPU_PPU_RDMA_CUBE_IN_HEIGHT		0x7010
#define RKNPU_PPU_RDMA_CUBE_IN_CHANNEL		0x7014
#define RKNPU_PPU_RDMA_SRC_BASE_ADDR		0x701c	/* DMA read base, bytes */
#define RKNPU_PPU_RDMA_SRC_LINE_STRIDE		0x7024	/* bytes, multiples of 16 */
#define RKNPU_PPU_RDMA_SRC_SURF_STRIDE		0x7028	/* bytes, multiples of 16 */
#define RKNPU_PPU_RDMA_DATA_FORMAT		0x7030
#define RKNPU_PPU_RDMA_DATA_FORMAT_STORAGE	0x00000003	/* 0 4 bits, 1 8 bits, 2 16 bits, 3 32 bits [TRM] */
#define RKNPU_PPU_RDMA_UNNAMED_7038		0x7038	/* clients write 1 here [seen: client streams] */

/* Methods of PPU_OPERATION_MODE_CFG_METHOD */
#define RKNPU_PPU_METHOD_AVERAGE		0
#define RKNPU_PPU_METHOD_MAX			1
#define RKNPU_PPU_METHOD_MIN			2

/* ---- DDMA: bus configuration (idle values of RK3588 core 0) [seen: rockchip-npu-notes] --- */

#define RKNPU_DDMA_CFG_OUTSTANDING		0x8000
#define RKNPU_DDMA_CFG_OUTSTANDING_RESET	0x00000fff
#define RKNPU_DDMA_RD_WEIGHT_0			0x8004
#define RKNPU_DDMA_RD_WEIGHT_0_RESET		0x01010101
#define RKNPU_DDMA_WR_WEIGHT_0			0x8008
#define RKNPU_DDMA_WR_WEIGHT_0_RESET		0x00010101
#define RKNPU_DDMA_RD_WEIGHT_1			0x8010	/* RK356x: the counters' clear register; never write it on RK3588 */
#define RKNPU_DDMA_RD_WEIGHT_1_RESET		0x00000101
#define RKNPU_DDMA_STATUS			0x8030
#define RKNPU_DDMA_STATUS_IDLE			0x00000100

#endif /* RKNPU_REGS_H */
