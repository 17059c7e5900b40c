// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU_RDMA: fetches the main input of a flying task, the per-channel operands of
 * BS and BN, and EW's operand.
 *
 * MRDMA and ERDMA can share a cube: its atoms alternate between them. EW gets its
 * operand like this if the main input is the accumulator; an MRDMA that is
 * enabled with nothing to feed hangs the task [seen: rockchip-npu-notes]. A
 * flying task may fetch its main input in the same way [seen: streams of
 * rknn-toolkit2 2.3.2, for fp32 and fp16].
 */
#include <stdlib.h>

#include "dpu_priv.h"

/* Values of fields */
#define COMB_NONE		0
#define COMB_SPLIT_MAIN		3
#define COMB_ERDMA		4	/* in a flying task the same as 0 [seen: rockchip-npu-notes] */
#define COMB_SPLIT_EW		5
#define MODE_PER_CHANNEL	0
#define MODE_PER_ELEMENT	1

#define USE_ALU			1
#define USE_PEND		2
#define USE_MUL			4
#define USE_SHIFT		8

/* ---- set-up -------------------------------------------------------------- */

static uint32_t field_plus_1(const struct task *t, uint32_t reg, uint32_t mask)
{
	return reg_field(t, reg, mask) + 1;
}

static uint32_t atoms_in_bytes(const struct task *t, uint32_t reg)
{
	return reg_read(t, reg) & -ATOM_BYTES;
}

/* Upsampling: every pixel becomes a window of copies of it [seen: streams of rknn-toolkit2, its simulator] */
static enum twin_compute_status unpool_parse(const struct task *t, struct rdma *rdma)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_RDMA_SRC_DMA_CFG);
	uint32_t width = field_get(RKNPU_DPU_RDMA_SRC_DMA_CFG_KERNEL_WIDTH, cfg);
	uint32_t height = field_get(RKNPU_DPU_RDMA_SRC_DMA_CFG_KERNEL_HEIGHT, cfg);

	rdma->copies_x = rdma->copies_y = 1;
	if (!(cfg & RKNPU_DPU_RDMA_SRC_DMA_CFG_UNPOOLING))
		return TWIN_COMPUTE_OK;
	if (cfg & RKNPU_DPU_RDMA_SRC_DMA_CFG_METHOD || reg_read(t, RKNPU_DPU_RDMA_PAD_CFG) ||
	    field_get(RKNPU_DPU_RDMA_SRC_DMA_CFG_X_STRIDE, cfg) != width ||
	    field_get(RKNPU_DPU_RDMA_SRC_DMA_CFG_Y_STRIDE, cfg) != height)
		return refuse(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, "unpooling other than copies of pixels");
	rdma->copies_x = width + 1;
	rdma->copies_y = height + 1;
	return TWIN_COMPUTE_OK;
}

/* A notch is the gap after the last pixel of a line, or of the cube; it may be negative */
static void main_planes(const struct task *t, struct rdma *rdma)
{
	uint32_t notch = reg_field(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, RKNPU_DPU_RDMA_SRC_DMA_CFG_LINE_NOTCH);
	uint32_t surf_notch = atoms_in_bytes(t, RKNPU_DPU_RDMA_SURF_NOTCH);
	struct planes *main = &rdma->main;

	main->streams = 1;
	main->line_atoms = rdma->cube.width + notch;
	main->addr[0] = reg_read(t, RKNPU_DPU_RDMA_SRC_BASE_ADDR) + t->dma_base;
	main->pitch[0] = (main->line_atoms * (rdma->cube.height - 1) + rdma->cube.width) *
			 ATOM_BYTES + surf_notch;
}

static enum twin_compute_status main_split(const struct task *t, struct rdma *rdma)
{
	struct planes *main = &rdma->main;

	if (reg_read(t, RKNPU_DPU_RDMA_ERDMA_CFG) & RKNPU_DPU_RDMA_ERDMA_CFG_DISABLE)
		return refuse(t, RKNPU_DPU_RDMA_ERDMA_CFG, "shared reads without ERDMA");
	if (main->line_atoms != rdma->cube.width)
		return refuse(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, "gaps between lines of shared reads");
	main->streams = 2;
	main->addr[1] = reg_read(t, RKNPU_DPU_RDMA_EW_BASE_ADDR) + t->dma_base;
	main->pitch[1] = atoms_in_bytes(t, RKNPU_DPU_RDMA_EW_SURF_STRIDE);
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status main_parse(const struct task *t, struct dpu *dpu)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG);
	uint32_t comb = field_get(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_COMB_USE, mode);
	bool shared = reg_field(t, RKNPU_DPU_FEATURE_MODE_CFG, RKNPU_DPU_FEATURE_MODE_CFG_COMB_USE);
	bool split = comb == COMB_SPLIT_MAIN;
	struct rdma *rdma = &dpu->rdma;

	if (mode & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_MRDMA_DISABLE)
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "flying mode without MRDMA");
	if (comb != COMB_NONE && comb != COMB_ERDMA && (!split || dpu->ew.memory))
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "flying mode with shared reads");
	if (shared != split)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "shared reads in one of DPU and DPU_RDMA");
	rdma->cube.width = field_plus_1(t, RKNPU_DPU_RDMA_DATA_CUBE_WIDTH, RKNPU_DPU_RDMA_DATA_CUBE_WIDTH_MASK);
	rdma->cube.height = field_plus_1(t, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT,
					 RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT_MASK);
	rdma->cube.channels = field_plus_1(t, RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL,
					   RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL_MASK);
	main_planes(t, rdma);
	return split ? main_split(t, rdma) : TWIN_COMPUTE_OK;
}

/* Set-up of a task whose main input is the accumulator */
static enum twin_compute_status helper_parse(const struct task *t, struct dpu *dpu)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG);
	uint32_t comb = field_get(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_COMB_USE, mode);
	bool disabled = mode & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_MRDMA_DISABLE;

	if (!dpu->ew.memory && !disabled)
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "MRDMA with nothing to feed");
	if (dpu->ew.memory && (disabled || comb != COMB_SPLIT_EW))
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "EW operand other than by MRDMA and ERDMA");
	if (dpu->ew.memory && reg_field(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, RKNPU_DPU_RDMA_SRC_DMA_CFG_LINE_NOTCH))
		return refuse(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, "gaps between lines of the EW operand");
	if (dpu->rdma.copies_x != 1 || dpu->rdma.copies_y != 1)
		return refuse(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, "unpooling of a convolution's output");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status erdma_parse(const struct task *t, struct dpu *dpu)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_RDMA_ERDMA_CFG);
	uint32_t mode = field_get(RKNPU_DPU_RDMA_ERDMA_CFG_DATA_MODE, cfg);

	if (cfg & RKNPU_DPU_RDMA_ERDMA_CFG_DISABLE)
		return refuse(t, RKNPU_DPU_RDMA_ERDMA_CFG, "EW operand from memory without ERDMA");
	if ((mode != MODE_PER_ELEMENT && mode != MODE_PER_CHANNEL) || mode != dpu->ew.mode ||
	    cfg & (RKNPU_DPU_RDMA_ERDMA_CFG_NONALIGN | RKNPU_DPU_RDMA_ERDMA_CFG_SURF_MODE))
		return refuse(t, RKNPU_DPU_RDMA_ERDMA_CFG, "operand other than one per element or channel");
	if (mode == MODE_PER_CHANNEL && !dpu->flying)
		return refuse(t, RKNPU_DPU_RDMA_ERDMA_CFG, "operand per channel with the accumulator");
	if (reg_field(t, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT_EW_LINE_NOTCH))
		return refuse(t, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, "gaps between lines of the EW operand");
	dpu->rdma.ew_per_channel = mode == MODE_PER_CHANNEL;
	return TWIN_COMPUTE_OK;
}

static void vector_parse(const struct task *t, uint32_t use, uint32_t base, struct vector *vector)
{
	vector->addr = reg_read(t, base) + t->dma_base;
	vector->alu = use & USE_ALU;
	vector->pend = use & USE_PEND;
	vector->mul = use & USE_MUL;
}

/* Check that BRDMA and NRDMA read the operands that the stages use */
static enum twin_compute_status vectors_parse(const struct task *t, struct dpu *dpu)
{
	uint32_t bs = reg_field(t, RKNPU_DPU_RDMA_BRDMA_CFG, RKNPU_DPU_RDMA_BRDMA_CFG_DATA_USE);
	uint32_t bn = reg_field(t, RKNPU_DPU_RDMA_NRDMA_CFG, RKNPU_DPU_RDMA_NRDMA_CFG_DATA_USE);
	struct rdma *rdma = &dpu->rdma;

	vector_parse(t, bs, RKNPU_DPU_RDMA_BS_BASE_ADDR, &rdma->bs);
	vector_parse(t, bn, RKNPU_DPU_RDMA_BN_BASE_ADDR, &rdma->bn);
	if ((dpu->bs.alu_memory || dpu->bs.mul_memory || dpu->cpend.memory) &&
	    (bs & USE_SHIFT || (dpu->bs.alu_memory && !rdma->bs.alu) || (dpu->bs.mul_memory && !rdma->bs.mul) ||
	     (dpu->cpend.memory && !rdma->bs.pend)))
		return refuse(t, RKNPU_DPU_RDMA_BRDMA_CFG, "operands of BS are not those that are read");
	if ((dpu->bn.alu_memory || dpu->bn.mul_memory) &&
	    (bn & (USE_SHIFT | USE_PEND) || (dpu->bn.alu_memory && !rdma->bn.alu) ||
	     (dpu->bn.mul_memory && !rdma->bn.mul)))
		return refuse(t, RKNPU_DPU_RDMA_NRDMA_CFG, "operands of BN are not those that are read");
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status rdma_parse(const struct task *t, uint32_t enable, struct dpu *dpu)
{
	enum twin_compute_status status;
	bool flying;

	dpu->rdma.copies_x = dpu->rdma.copies_y = 1;
	if (!(enable & RKNPU_ENABLE_DPU_RDMA))
		return TWIN_COMPUTE_OK;
	flying = reg_read(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG) & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FLYING;
	if (flying != dpu->flying)
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "flying mode in one of DPU and DPU_RDMA");
	status = unpool_parse(t, &dpu->rdma);
	if (status == TWIN_COMPUTE_OK)
		status = vectors_parse(t, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = flying ? main_parse(t, dpu) : helper_parse(t, dpu);
	if (status == TWIN_COMPUTE_OK && dpu->ew.memory)
		status = erdma_parse(t, dpu);
	return status;
}

/*
 * The cube's size must be known. With the accumulator as main input, the surfaces
 * of both streams are a plane plus a notch apart, and the stride does nothing
 * [seen: streams of rknn-toolkit2 with planes that are not a multiple of four
 * pixels]. A stride in atoms in [31:4] is the same as one in bytes in [31:0].
 */
void rdma_parse_ew(const struct task *t, struct dpu *dpu)
{
	uint32_t plane = dpu->cube.width * dpu->cube.height * ATOM_BYTES;
	struct planes *ew = &dpu->rdma.ew;

	if (!dpu->ew.memory)
		return;
	ew->streams = 1;
	ew->line_atoms = dpu->cube.width;
	ew->addr[0] = reg_read(t, RKNPU_DPU_RDMA_EW_BASE_ADDR) + t->dma_base;
	ew->pitch[0] = atoms_in_bytes(t, RKNPU_DPU_RDMA_EW_SURF_STRIDE);
	if (dpu->flying)
		return;
	ew->streams = 2;
	ew->addr[1] = ew->addr[0];
	ew->pitch[1] = plane + atoms_in_bytes(t, RKNPU_DPU_RDMA_EW_SURF_NOTCH);
	ew->addr[0] = reg_read(t, RKNPU_DPU_RDMA_SRC_BASE_ADDR) + t->dma_base;
	ew->pitch[0] = plane + atoms_in_bytes(t, RKNPU_DPU_RDMA_SURF_NOTCH);
}

/* ---- fetch ---------------------------------------------------------------- */

/* Read atom @a of every pixel to @raw; lines are @line_atoms apart in memory */
static bool read_plane(const struct task *t, const struct cube *cube, const struct planes *planes,
		       uint32_t plane, uint8_t *raw)
{
	uint32_t stream = plane % planes->streams, line_bytes = cube->width * ATOM_BYTES;
	uint32_t addr = planes->addr[stream] + plane / planes->streams * planes->pitch[stream];

	if (planes->line_atoms == cube->width)
		return dma_read(t, addr, raw, (size_t)cube->height * line_bytes);
	for (uint32_t y = 0; y < cube->height; y++)
		if (!dma_read(t, addr + y * planes->line_atoms * ATOM_BYTES,
			      raw + (size_t)y * line_bytes, line_bytes))
			return false;
	return true;
}

static enum twin_compute_status fetch(const struct task *t, const struct cube *cube,
				      const struct planes *planes, const struct element *element,
				      struct accumulator *acc)
{
	uint32_t per_atom = element->per_atom, atoms = cube_atoms(element, cube->channels);
	uint8_t *raw = malloc((size_t)cube->width * cube->height * ATOM_BYTES);
	bool ok = raw;

	if (!raw)
		return out_of_memory(t);
	for (uint32_t a = 0; ok && a < atoms; a++) {
		ok = read_plane(t, cube, planes, a, raw);
		if (ok)
			element_load(element, raw, cube->width * cube->height,
				     min_u32(per_atom, cube->channels - a * per_atom),
				     acc->is_float ? (void *)(acc->f + (size_t)a * per_atom)
						   : (void *)(acc->i + (size_t)a * per_atom),
				     acc->pitch);
	}
	free(raw);
	return ok ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}

enum twin_compute_status rdma_fetch_main(const struct task *t, const struct dpu *dpu,
					 struct accumulator *acc)
{
	if (!cube_alloc(acc, &dpu->cube, dpu->cube.channels, dpu->is_float))
		return out_of_memory(t);
	return fetch(t, &dpu->cube, &dpu->rdma.main, &dpu->main, acc);
}

enum twin_compute_status rdma_fetch_raw(const struct task *t, const struct dpu *dpu, struct image *image)
{
	const struct cube *cube = &dpu->cube;

	image->pixels = cube->width * cube->height;
	image->atoms = cube_atoms(&dpu->main, cube->channels);
	image->bytes = malloc((size_t)image->pixels * image->atoms * ATOM_BYTES);
	if (!image->bytes)
		return out_of_memory(t);
	for (uint32_t a = 0; a < image->atoms; a++)
		if (!read_plane(t, cube, &dpu->rdma.main, a,
				image->bytes + (size_t)a * image->pixels * ATOM_BYTES))
			return TWIN_COMPUTE_FAULT;
	return TWIN_COMPUTE_OK;
}

/* An operand with one value per channel only fills the first pixel */
enum twin_compute_status rdma_fetch_ew(const struct task *t, const struct dpu *dpu,
				       struct accumulator *operand)
{
	struct cube cube = dpu->cube;
	struct planes planes = dpu->rdma.ew;

	if (dpu->rdma.ew_per_channel)
		cube.width = cube.height = planes.line_atoms = 1;
	return fetch(t, &cube, &planes, &dpu->ew.operand, operand);
}

/* Bytes of one record */
uint32_t vector_bytes(const struct vector *vector)
{
	return VECTOR_CHANNELS * ((vector->alu ? 4 : 0) + (vector->pend ? 2 : 0) + (vector->mul ? 2 : 0));
}

/*
 * Fetch the operands to *@bytes, which the caller must free even on failure. If there is only one
 * kind of operand, it is dense in memory and only as much as the channels need is read.
 */
enum twin_compute_status rdma_fetch_vector(const struct task *t, const struct vector *vector,
					   uint32_t channels, uint8_t **bytes)
{
	uint32_t record = vector_bytes(vector);
	bool alone = vector->alu + vector->pend + vector->mul == 1;
	size_t size = round_up(channels, VECTOR_CHANNELS) / VECTOR_CHANNELS * (size_t)record;

	*bytes = calloc(1, size);
	if (!*bytes)
		return out_of_memory(t);
	if (alone)
		size = channels * (size_t)(record / VECTOR_CHANNELS);
	return dma_read(t, vector->addr, *bytes, size) ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}
