// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU_RDMA: the main input of a flying task, the per-channel operands of BS,
 * and EW's second cube.
 *
 * With the accumulator as main input, MRDMA has no work of its own and helps
 * ERDMA with EW's operand: its atoms alternate between the two. An MRDMA that
 * is on and has nothing to feed hangs a task [seen: rockchip-npu-notes].
 */
#include <stdlib.h>

#include "dpu_priv.h"

/* Values of fields */
#define COMB_NONE		0
#define COMB_ERDMA		4	/* flying, as good as 0 [seen: rockchip-npu-notes] */
#define COMB_SPLIT		5
#define MODE_PER_ELEMENT	1

/* ---- set-up -------------------------------------------------------------- */

static enum twin_compute_status main_parse(const struct task *t, struct dpu *dpu)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG);
	uint32_t comb = field_get(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_COMB_USE, mode);
	uint32_t notch = reg_field(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, RKNPU_DPU_RDMA_SRC_DMA_CFG_LINE_NOTCH);
	uint32_t surf_notch = reg_field(t, RKNPU_DPU_RDMA_SURF_NOTCH, RKNPU_DPU_RDMA_SURF_NOTCH_MASK);
	struct rdma *rdma = &dpu->rdma;

	if (mode & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_MRDMA_DISABLE)
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "flying mode without MRDMA");
	if (comb != COMB_NONE && comb != COMB_ERDMA)
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "flying mode with shared reads");
	if (field_get(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_IN_PREC, mode) != dpu->main.precision ||
	    field_get(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_PROC_PREC, mode) != dpu->processing)
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "precision differs from DPU's");
	rdma->cube.width = 1 + reg_field(t, RKNPU_DPU_RDMA_DATA_CUBE_WIDTH,
					 RKNPU_DPU_RDMA_DATA_CUBE_WIDTH_MASK);
	rdma->cube.height = 1 + reg_field(t, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT,
					  RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT_MASK);
	rdma->cube.channels = 1 + reg_field(t, RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL,
					    RKNPU_DPU_RDMA_DATA_CUBE_CHANNEL_MASK);
	rdma->main_addr = reg_read(t, RKNPU_DPU_RDMA_SRC_BASE_ADDR) + t->dma_base;
	rdma->main_line_atoms = rdma->cube.width + notch;
	rdma->main_surf_atoms = rdma->main_line_atoms * rdma->cube.height + surf_notch;
	return TWIN_COMPUTE_OK;
}

/* With the accumulator as main input */
static enum twin_compute_status helper_parse(const struct task *t, struct dpu *dpu)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG);
	uint32_t comb = field_get(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_COMB_USE, mode);
	bool disabled = mode & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_MRDMA_DISABLE;

	if (!dpu->ew.memory && !disabled)
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "MRDMA with nothing to feed");
	if (dpu->ew.memory && (disabled || comb != COMB_SPLIT))
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "EW operand other than by MRDMA and ERDMA");
	dpu->rdma.ew_split = dpu->ew.memory;
	if (dpu->ew.memory && reg_field(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, RKNPU_DPU_RDMA_SRC_DMA_CFG_LINE_NOTCH))
		return refuse(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, "gaps between lines of the EW operand");
	return TWIN_COMPUTE_OK;
}

static enum twin_compute_status erdma_parse(const struct task *t, const struct ew *ew)
{
	uint32_t cfg = reg_read(t, RKNPU_DPU_RDMA_ERDMA_CFG);

	if (cfg & RKNPU_DPU_RDMA_ERDMA_CFG_DISABLE)
		return refuse(t, RKNPU_DPU_RDMA_ERDMA_CFG, "EW operand from memory without ERDMA");
	if (field_get(RKNPU_DPU_RDMA_ERDMA_CFG_DATA_MODE, cfg) != MODE_PER_ELEMENT ||
	    cfg & (RKNPU_DPU_RDMA_ERDMA_CFG_NONALIGN | RKNPU_DPU_RDMA_ERDMA_CFG_SURF_MODE))
		return refuse(t, RKNPU_DPU_RDMA_ERDMA_CFG, "operand other than one per element");
	if (field_get(RKNPU_DPU_RDMA_ERDMA_CFG_DATA_SIZE, cfg) != ew->size)
		return refuse(t, RKNPU_DPU_RDMA_ERDMA_CFG, "size of the operand differs from EW's");
	if (reg_field(t, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT_EW_LINE_NOTCH))
		return refuse(t, RKNPU_DPU_RDMA_DATA_CUBE_HEIGHT, "gaps between lines of the EW operand");
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status rdma_parse(const struct task *t, uint32_t enable, struct dpu *dpu)
{
	enum twin_compute_status status;
	bool flying;

	if (!(enable & RKNPU_ENABLE_DPU_RDMA))
		return TWIN_COMPUTE_OK;
	flying = reg_read(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG) & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_FLYING;
	if (flying != dpu->flying)
		return refuse(t, RKNPU_DPU_RDMA_FEATURE_MODE_CFG, "flying mode in one of DPU and DPU_RDMA");
	if (reg_field(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, RKNPU_DPU_RDMA_SRC_DMA_CFG_UNPOOLING))
		return refuse(t, RKNPU_DPU_RDMA_SRC_DMA_CFG, "unpooling");
	dpu->rdma.bs_addr = reg_read(t, RKNPU_DPU_RDMA_BS_BASE_ADDR) + t->dma_base;
	status = flying ? main_parse(t, dpu) : helper_parse(t, dpu);
	if (status == TWIN_COMPUTE_OK && dpu->ew.memory)
		status = erdma_parse(t, &dpu->ew);
	return status;
}

/* Needs the cube's size. Strides of atoms in [31:4] make bytes in [31:0]. */
void rdma_parse_ew(const struct task *t, struct dpu *dpu)
{
	uint32_t plane = dpu->cube.width * dpu->cube.height * RKNPU_ATOM_BYTES;
	uint32_t stride, notch, surf_notch;
	struct rdma *rdma = &dpu->rdma;

	if (!dpu->ew.memory)
		return;
	stride = reg_read(t, RKNPU_DPU_RDMA_EW_SURF_STRIDE) & RKNPU_DPU_RDMA_EW_SURF_STRIDE_MASK;
	notch = reg_read(t, RKNPU_DPU_RDMA_EW_SURF_NOTCH) & RKNPU_DPU_RDMA_EW_SURF_NOTCH_MASK;
	surf_notch = reg_read(t, RKNPU_DPU_RDMA_SURF_NOTCH) & RKNPU_DPU_RDMA_SURF_NOTCH_MASK;
	rdma->ew_addr[0] = reg_read(t, RKNPU_DPU_RDMA_EW_BASE_ADDR) + t->dma_base;
	rdma->ew_pitch[0] = stride;
	if (!rdma->ew_split)
		return;
	rdma->ew_addr[1] = rdma->ew_addr[0];
	rdma->ew_pitch[1] = stride + notch;
	rdma->ew_addr[0] = reg_read(t, RKNPU_DPU_RDMA_SRC_BASE_ADDR) + t->dma_base;
	rdma->ew_pitch[0] = plane + surf_notch;
}

/* ---- fetch ---------------------------------------------------------------- */

/* Atom @a of every pixel, @line_atoms apart from line to line, to @raw */
static bool read_plane(const struct task *t, const struct cube *cube, uint32_t addr,
		       uint32_t line_atoms, uint8_t *raw)
{
	uint32_t line_bytes = cube->width * RKNPU_ATOM_BYTES;

	if (line_atoms == cube->width)
		return dma_read(t, addr, raw, (size_t)cube->height * line_bytes);
	for (uint32_t y = 0; y < cube->height; y++)
		if (!dma_read(t, addr + y * line_atoms * RKNPU_ATOM_BYTES,
			      raw + (size_t)y * line_bytes, line_bytes))
			return false;
	return true;
}

/* Where the planes of a cube are: plane a at addr[a % streams] + a / streams * pitch[a % streams] */
struct planes {
	const struct element *element;
	uint32_t streams;
	uint32_t addr[2];
	uint32_t pitch[2];
	uint32_t line_atoms;
};

static enum twin_compute_status fetch(const struct task *t, const struct cube *cube,
				      const struct planes *planes, struct accumulator *acc)
{
	uint32_t per_atom = planes->element->per_atom, atoms = cube_atoms(planes->element, cube->channels);
	uint8_t *raw = malloc((size_t)cube->width * cube->height * RKNPU_ATOM_BYTES);
	bool ok = raw;

	if (!raw)
		return out_of_memory(t);
	for (uint32_t a = 0; ok && a < atoms; a++) {
		uint32_t stream = a % planes->streams;
		uint32_t addr = planes->addr[stream] + a / planes->streams * planes->pitch[stream];

		ok = read_plane(t, cube, addr, planes->line_atoms, raw);
		if (ok)
			element_load(planes->element, raw, acc->pixels,
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
	const struct planes planes = {
		.element = &dpu->main, .streams = 1,
		.addr = { dpu->rdma.main_addr },
		.pitch = { dpu->rdma.main_surf_atoms * RKNPU_ATOM_BYTES },
		.line_atoms = dpu->rdma.main_line_atoms,
	};

	if (!cube_alloc(acc, &dpu->cube, dpu->cube.channels, dpu->is_float))
		return out_of_memory(t);
	return fetch(t, &dpu->cube, &planes, acc);
}

enum twin_compute_status rdma_fetch_ew(const struct task *t, const struct dpu *dpu,
				       struct accumulator *operand)
{
	const struct rdma *rdma = &dpu->rdma;
	const struct planes planes = {
		.element = &dpu->ew.operand, .streams = rdma->ew_split ? 2 : 1,
		.addr = { rdma->ew_addr[0], rdma->ew_addr[1] },
		.pitch = { rdma->ew_pitch[0], rdma->ew_pitch[1] },
		.line_atoms = dpu->cube.width,
	};

	return fetch(t, &dpu->cube, &planes, operand);
}

/* To *@bytes, which the caller frees whatever is answered */
enum twin_compute_status rdma_fetch_bs(const struct task *t, const struct dpu *dpu, uint8_t **bytes)
{
	uint32_t channels = dpu->cube.channels;
	size_t size = dpu->rdma.records ? round_up(channels, RECORD_CHANNELS) / RECORD_CHANNELS *
					  (size_t)RECORD_BYTES : channels * sizeof(uint32_t);

	*bytes = malloc(size);
	if (!*bytes)
		return out_of_memory(t);
	return dma_read(t, dpu->rdma.bs_addr, *bytes, size) ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}
