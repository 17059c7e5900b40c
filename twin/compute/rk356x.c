// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * RK3566 and RK3568: an older version of RK3588's units. Atoms have 8 bytes, input and output groups of the MAC array
 * have half as many channels, and the same settings are in other registers. This file moves them to where RK3588 has
 * them; the rest of the library, built a second time for 8-byte atoms, needs no change.
 *
 * All facts are seen in streams of rknn-toolkit2 2.3.2: the same graph compiled for both, one property at a time, with
 * the expected results from its simulator. Set-ups that are in no such stream are refused.
 */
#include <string.h>

#include "compute_priv.h"

#define BLOCK_WORDS		(0x200 / 4)

/* Fields that RK356x has in other places */
#define CNA_CON1_PROC_PREC	0x00000700
#define CNA_CON1_KNOWN		(RKNPU_CNA_CONV_CON1_MODE | RKNPU_CNA_CONV_CON1_IN_PREC | CNA_CON1_PROC_PREC | \
				 RKNPU_CNA_CONV_CON1_DECONV | RKNPU_CNA_CONV_CON1_ARGB_IN)
#define CNA_PACKED		0x1018
#define CNA_PACKED_PER_PIXEL	9		/* if they have three channels, of whatever type; 0 in all others */
#define CNA_PAD_CON0_VALUE	0xffff0000
#define BLOCK_2000_CFG		0x200c
#define BLOCK_2000_CFG_PREC	0x00007000
#define CORE_CFG		0x300c
#define CORE_CFG_PREC		0x00007000
#define CORE_CFG_DW_EN		0x00000002	/* in all depthwise streams and in no other */
#define CORE_SIZE0		0x3010
#define CORE_SIZE1		0x3014
#define CORE_UNNAMED_302C	0x302c
/* Output to memory of a direct convolution, or of a task without one; RK3588 has 0x1e4 there */
#define DPU_MODE_LOW		0x000001fe
#define DPU_MODE_LOW_MEMORY	0x00000108
#define DPU_MODE_CONV_MODE	0x00000030
#define STAGE_ALU_ALGO		0x0000000c
#define EW_ALU_ALGO		0x00000038
#define RDMA_OPERAND_DISABLE	0x00000001
#define RDMA_BS_SIZE		0x5024
#define RDMA_BN_SIZE		0x5030
#define RDMA_EW_SIZE		0x503c
#define RDMA_MODE_BURST		0x00004000
#define RDMA_MODE_KNOWN		(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FLYING | RKNPU_DPU_RDMA_FEATURE_MODE_CFG_PROC_PREC | \
				 RKNPU_DPU_RDMA_FEATURE_MODE_CFG_IN_PREC | RKNPU_DPU_RDMA_FEATURE_MODE_CFG_CONV_MODE | \
				 RDMA_MODE_BURST)
#define PPU_RDMA_UNNAMED_7018	0x7018
#define PPU_PADDING_3		0x604c
#define PPU_PADDING_4		0x6050
#define STORAGE_8		1
#define OUTPUT_MEMORY		2
#define COMB_SPLIT_EW		5

/* A task's registers in RK3588's places */
struct moved {
	uint32_t block[8][BLOCK_WORDS];
};

static uint32_t *at(struct moved *m, uint32_t reg)
{
	return &m->block[reg >> 12][(reg & 0xfff) >> 2];
}

static uint32_t take(struct moved *m, uint32_t reg)
{
	uint32_t value = *at(m, reg);

	*at(m, reg) = 0;
	return value;
}

static uint32_t put(uint32_t mask, uint32_t value)
{
	return value << __builtin_ctz(mask) & mask;
}

/* ---- CNA and CORE ----------------------------------------------------------- */

static uint32_t operand_bytes(uint32_t precision)
{
	return precision == RKNPU_PREC_INT8 ? 1 : 2;
}

/* Lines and surfaces are exactly their strides apart, without RK3588's groups of four lines */
static void move_strides(struct moved *m, uint32_t argb, uint32_t bytes)
{
	uint32_t width = field_get(RKNPU_CNA_DATA_SIZE0_WIDTH, *at(m, RKNPU_CNA_DATA_SIZE0));
	uint32_t *line = at(m, RKNPU_CNA_DMA_CON1), *surface = at(m, RKNPU_CNA_DMA_CON2);

	if (argb)
		*line = *line * ATOM_BYTES / ((argb & 3) + 1) / bytes;
	*surface = (*surface - width) & RKNPU_CNA_DMA_CON2_SURF_STRIDE;
}

static uint32_t input_pixels(struct moved *m)
{
	uint32_t size = *at(m, RKNPU_CNA_DATA_SIZE0);

	return field_get(RKNPU_CNA_DATA_SIZE0_WIDTH, size) * field_get(RKNPU_CNA_DATA_SIZE0_HEIGHT, size);
}

static enum twin_compute_status move_cna(const struct task *t, struct moved *m)
{
	uint32_t con1 = *at(m, RKNPU_CNA_CONV_CON1), pad = *at(m, RKNPU_CNA_PAD_CON0);
	uint32_t precision = field_get(RKNPU_CNA_CONV_CON1_IN_PREC, con1);
	uint32_t argb = field_get(RKNPU_CNA_CONV_CON1_ARGB_IN, con1), packed = take(m, CNA_PACKED);

	if (con1 & ~CNA_CON1_KNOWN)
		return refuse(t, RKNPU_CNA_CONV_CON1, "field that no known stream of RK356x has");
	if (packed != ((argb & 3) == 2 ? input_pixels(m) * CNA_PACKED_PER_PIXEL : 0))
		return refuse(t, CNA_PACKED, "another form of packed pixels");
	*at(m, RKNPU_CNA_CONV_CON1) = (con1 & ~CNA_CON1_PROC_PREC) |
		put(RKNPU_CNA_CONV_CON1_PROC_PREC, field_get(CNA_CON1_PROC_PREC, con1)) | RKNPU_CNA_CONV_CON1_GROUP_LINE_OFF |
		(argb ? RKNPU_CNA_CONV_CON1_NONALIGN_DMA : 0);
	move_strides(m, argb, operand_bytes(precision));
	/* The bit has the opposite meaning of RK3588's */
	*at(m, RKNPU_CNA_CVT_CON0) ^= RKNPU_CNA_CVT_CON0_BYPASS;
	*at(m, RKNPU_CNA_CVT_CON5) = UINT32_MAX;
	*at(m, RKNPU_CNA_PAD_CON1) = field_get(CNA_PAD_CON0_VALUE, pad);
	*at(m, RKNPU_CNA_PAD_CON0) = pad & ~CNA_PAD_CON0_VALUE;
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status move_core(const struct task *t, struct moved *m)
{
	uint32_t cfg = take(m, CORE_CFG), size0 = take(m, CORE_SIZE0), size1 = take(m, CORE_SIZE1);
	uint32_t mode = field_get(RKNPU_CNA_CONV_CON1_MODE, *at(m, RKNPU_CNA_CONV_CON1));
	uint32_t precision = field_get(CORE_CFG_PREC, cfg);

	if (cfg & ~(CORE_CFG_PREC | CORE_CFG_DW_EN) || !(cfg & CORE_CFG_DW_EN) == !!mode || take(m, CORE_UNNAMED_302C))
		return refuse(t, CORE_CFG, "field that no known stream of RK356x has");
	/* The simulator has other values at the padded edges */
	if (mode && precision == RKNPU_PREC_INT8 && !t->time_only)
		return refuse(t, CORE_CFG, "depthwise convolution of int8");
	if (field_get(BLOCK_2000_CFG_PREC, *at(m, BLOCK_2000_CFG)) != precision)
		return refuse(t, BLOCK_2000_CFG, "precision differs from CORE's");
	*at(m, RKNPU_CORE_MISC_CFG) = put(RKNPU_CORE_MISC_CFG_PROC_PREC, precision) |
		(precision == RKNPU_PREC_INT8 ? RKNPU_CORE_MISC_CFG_QD_EN : 0) | (mode ? RKNPU_CORE_MISC_CFG_DW_EN : 0);
	*at(m, RKNPU_CORE_DATAOUT_SIZE0) = size0;
	*at(m, RKNPU_CORE_DATAOUT_SIZE1) = size1;
	return TWIN_COMPUTE_OK;
}

/* ---- DPU and its RDMA ------------------------------------------------------- */

static void move_stage(struct moved *m, uint32_t reg)
{
	uint32_t cfg = *at(m, reg);

	*at(m, reg) = (cfg & ~STAGE_ALU_ALGO) | put(RKNPU_DPU_STAGE_CFG_ALU_ALGO, field_get(STAGE_ALU_ALGO, cfg));
}

/* The operand's size is in ERDMA's register; its codes start with one byte, RK3588's with half a byte */
static void move_ew(struct moved *m)
{
	uint32_t cfg = *at(m, RKNPU_DPU_EW_CFG), erdma = *at(m, RKNPU_DPU_RDMA_ERDMA_CFG);
	uint32_t size = field_get(RKNPU_DPU_RDMA_ERDMA_CFG_DATA_SIZE, erdma) + 1;

	cfg = (cfg & ~EW_ALU_ALGO) | put(RKNPU_DPU_EW_CFG_ALU_ALGO, field_get(EW_ALU_ALGO, cfg));
	if (!(erdma & RKNPU_DPU_RDMA_ERDMA_CFG_DISABLE)) {
		cfg |= put(RKNPU_DPU_EW_CFG_DATA_SIZE, size);
		*at(m, RKNPU_DPU_RDMA_ERDMA_CFG) = (erdma & ~RKNPU_DPU_RDMA_ERDMA_CFG_DATA_SIZE) |
			put(RKNPU_DPU_RDMA_ERDMA_CFG_DATA_SIZE, size);
	}
	*at(m, RKNPU_DPU_EW_CFG) = cfg;
}

static uint64_t pixels(struct moved *m, uint32_t width, uint32_t height)
{
	return (uint64_t)(*at(m, width) + 1) * (*at(m, height) + 1);
}

/* The DPU may see the rows of a matrix product as a picture; without gaps between lines that is the same */
static void move_size(struct moved *m)
{
	uint32_t size = *at(m, RKNPU_CORE_DATAOUT_SIZE0);
	uint32_t height = field_get(RKNPU_CORE_DATAOUT_SIZE0_HEIGHT, size);
	uint32_t width = field_get(RKNPU_CORE_DATAOUT_SIZE0_WIDTH, size);

	if (*at(m, RKNPU_DPU_DATA_CUBE_NOTCH) ||
	    pixels(m, RKNPU_DPU_DATA_CUBE_WIDTH, RKNPU_DPU_DATA_CUBE_HEIGHT) != (uint64_t)(width + 1) * (height + 1))
		return;
	*at(m, RKNPU_DPU_DATA_CUBE_WIDTH) = width;
	*at(m, RKNPU_DPU_DATA_CUBE_HEIGHT) = height;
}

static enum twin_compute_status move_dpu(const struct task *t, struct moved *m)
{
	uint32_t mode = *at(m, RKNPU_DPU_FEATURE_MODE_CFG), format = *at(m, RKNPU_DPU_DATA_FORMAT);

	if ((mode & DPU_MODE_LOW & ~DPU_MODE_CONV_MODE) != DPU_MODE_LOW_MEMORY)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "field that no known stream of RK356x has");
	*at(m, RKNPU_DPU_FEATURE_MODE_CFG) = (mode & ~DPU_MODE_LOW) |
		put(RKNPU_DPU_FEATURE_MODE_CFG_OUTPUT, OUTPUT_MEMORY) | RKNPU_DPU_FEATURE_MODE_CFG_BURST |
		put(RKNPU_DPU_FEATURE_MODE_CFG_CONV_MODE, field_get(DPU_MODE_CONV_MODE, mode));
	if (!(mode & RKNPU_DPU_FEATURE_MODE_CFG_FLYING))
		move_size(m);
	move_stage(m, RKNPU_DPU_BS_CFG);
	move_stage(m, RKNPU_DPU_BN_CFG);
	/* An fp16 operand is not converted, and the format alone makes an output fp16 */
	if (field_get(RKNPU_DPU_DATA_FORMAT_PROC_PREC, format) != RKNPU_PREC_FP16)
		return TWIN_COMPUTE_OK;
	if (*at(m, RKNPU_DPU_EW_CFG) & RKNPU_DPU_EW_CFG_OP_MUL)
		*at(m, RKNPU_DPU_EW_CFG) |= RKNPU_DPU_EW_CFG_OP_CVT_BYPASS;
	if (field_get(RKNPU_DPU_DATA_FORMAT_OUT_PREC, format) == RKNPU_PREC_FP16)
		*at(m, RKNPU_DPU_OUT_CVT_SCALE) |= RKNPU_DPU_OUT_CVT_SCALE_FP32TOFP16;
	return TWIN_COMPUTE_OK;
}

static void move_operand(struct moved *m, uint32_t cfg, uint32_t size)
{
	take(m, size);
	if (*at(m, cfg) & RDMA_OPERAND_DISABLE)
		*at(m, cfg) = 0;
}

/*
 * If the main input is the accumulator, ERDMA alone reads EW's operand, surface by surface; on RK3588, MRDMA reads
 * every other surface, and both advance by a plane plus a notch
 */
static uint32_t share_ew(struct moved *m)
{
	uint32_t plane = (uint32_t)pixels(m, RKNPU_DPU_RDMA_DATA_CUBE_WIDTH, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT) * ATOM_BYTES;
	uint32_t first = *at(m, RKNPU_DPU_RDMA_EW_BASE_ADDR), stride = *at(m, RKNPU_DPU_RDMA_EW_SURF_STRIDE);

	*at(m, RKNPU_DPU_RDMA_SRC_BASE_ADDR) = first;
	*at(m, RKNPU_DPU_RDMA_EW_BASE_ADDR) = first + stride;
	*at(m, RKNPU_DPU_RDMA_SURF_NOTCH) = *at(m, RKNPU_DPU_RDMA_EW_SURF_NOTCH) = 2 * stride - plane;
	return put(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_COMB_USE, COMB_SPLIT_EW);
}

static bool reads_ew(struct moved *m)
{
	return !(*at(m, RKNPU_DPU_RDMA_ERDMA_CFG) & RKNPU_DPU_RDMA_ERDMA_CFG_DISABLE);
}

static enum twin_compute_status move_rdma(const struct task *t, struct moved *m)
{
	uint32_t mode = *at(m, RKNPU_DPU_RDMA_FEATURE_MODE_CFG);
	uint32_t processing = field_get(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_PROC_PREC, mode);

	if (mode & ~RDMA_MODE_KNOWN)
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "field that no known stream of RK356x has");
	move_ew(m);
	move_operand(m, RKNPU_DPU_RDMA_BRDMA_CFG, RDMA_BS_SIZE);
	move_operand(m, RKNPU_DPU_RDMA_NRDMA_CFG, RDMA_BN_SIZE);
	take(m, RDMA_EW_SIZE);
	mode = (mode & ~RDMA_MODE_BURST) | RKNPU_DPU_RDMA_FEATURE_MODE_CFG_BURST;
	if (!(mode & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FLYING))
		mode = (mode & ~RKNPU_DPU_RDMA_FEATURE_MODE_CFG_IN_PREC) |
		       put(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_IN_PREC, processing) |
		       (reads_ew(m) ? share_ew(m) : RKNPU_DPU_RDMA_FEATURE_MODE_CFG_MRDMA_DISABLE);
	else if (processing == RKNPU_PREC_FP16)
		mode |= RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FP16TOFP32;
	*at(m, RKNPU_DPU_RDMA_FEATURE_MODE_CFG) = mode;
	return TWIN_COMPUTE_OK;
}

/* ---- PPU and its RDMA ------------------------------------------------------- */

/* Padding of a maximum, one value per lane; it takes no part in the result [seen: simulator of rknn-toolkit2] */
static void move_ppu(struct moved *m)
{
	static const uint32_t padding[] = {
		RKNPU_PPU_PADDING_VALUE_1_CFG, RKNPU_PPU_PADDING_VALUE_2_CFG, PPU_PADDING_3, PPU_PADDING_4,
	};

	take(m, PPU_RDMA_UNNAMED_7018);
	/* The field is a precision, but a width on RK3588 */
	if (*at(m, RKNPU_PPU_RDMA_DATA_FORMAT) == RKNPU_PREC_INT8)
		*at(m, RKNPU_PPU_RDMA_DATA_FORMAT) = put(RKNPU_PPU_RDMA_DATA_FORMAT_STORAGE, STORAGE_8);
	for (size_t i = 0; i < sizeof(padding) / sizeof(padding[0]); i++)
		take(m, padding[i]);
}

/* ---- all -------------------------------------------------------------------- */

static enum twin_compute_status move_all(const struct task *t, uint32_t enable, struct moved *m)
{
	enum twin_compute_status status = TWIN_COMPUTE_OK;

	if (enable & RKNPU_ENABLE_CNA)
		status = move_cna(t, m);
	if (status == TWIN_COMPUTE_OK && enable & RKNPU_ENABLE_CORE)
		status = move_core(t, m);
	if (status == TWIN_COMPUTE_OK && enable & RKNPU_ENABLE_DPU)
		status = move_dpu(t, m);
	if (status == TWIN_COMPUTE_OK && enable & RKNPU_ENABLE_DPU_RDMA)
		status = move_rdma(t, m);
	if (enable & RKNPU_ENABLE_PPU)
		move_ppu(m);
	return status;
}

static void copy_registers(const struct twin_unit_regs *regs, struct moved *m, struct twin_unit_regs *moved)
{
	moved->lut = regs->lut;
	for (size_t i = 0; i < sizeof(m->block) / sizeof(m->block[0]); i++) {
		memset(m->block[i], 0, sizeof(m->block[i]));
		if (regs->block[i])
			memcpy(m->block[i], regs->block[i], sizeof(m->block[i]));
		moved->block[i] = m->block[i];
	}
}

enum twin_compute_status twin_compute_task_rk356x(const struct twin_unit_regs *regs, uint32_t enable, uint32_t dma_base,
						  const struct twin_dma *dma, const struct twin_workers *workers,
						  struct twin_compute_result *result)
{
	struct task t = { .regs = regs, .result = result };
	struct twin_unit_regs moved;
	struct moved m;

	memset(result, 0, sizeof(*result));
	copy_registers(regs, &m, &moved);
	if (move_all(&t, enable, &m) != TWIN_COMPUTE_OK)
		return TWIN_COMPUTE_REFUSED;
	return twin_compute_task(&moved, enable & ~RKNPU_ENABLE_RK356X_2000, dma_base, dma, workers, result);
}

void twin_compute_cost_rk356x(const struct twin_unit_regs *regs, uint32_t enable, struct twin_compute_result *result)
{
	struct task t = { .regs = regs, .result = result, .time_only = true };
	struct twin_unit_regs moved;
	struct moved m;

	memset(result, 0, sizeof(*result));
	copy_registers(regs, &m, &moved);
	if (move_all(&t, enable, &m) == TWIN_COMPUTE_OK)
		twin_compute_cost(&moved, enable & ~RKNPU_ENABLE_RK356X_2000, result);
	else
		memset(result, 0, sizeof(*result));
}
