// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: write DMA. It takes places of SIZE_E + 1 atoms one after the other, in
 * groups, lines and columns of its own, and writes the atoms of a place a surface
 * apart. Clients program overlapping surfaces and rely on which write comes last
 * [seen: client programs], so the order is visible.
 */
#include <stdlib.h>

#include "dpu_priv.h"

/* ---- set-up -------------------------------------------------------------- */

static enum twin_compute_status parse_order(const struct task *t, struct dpu *dpu)
{
	bool planes = reg_field(t, RKNPU_DPU_FEATURE_MODE_CFG, RKNPU_DPU_FEATURE_MODE_CFG_TP_EN);
	bool transposed = reg_field(t, RKNPU_DPU_BS_OW_CFG, RKNPU_DPU_BS_OW_CFG_TP_ORG_EN);
	bool halves = reg_field(t, RKNPU_DPU_WDMA_SIZE0, RKNPU_DPU_WDMA_SIZE0_TP_PREC);
	bool unpooled = dpu->rdma.copies_x != 1 || dpu->rdma.copies_y != 1;
	struct wdma *w = &dpu->wdma;

	w->order = planes ? ORDER_PLANES : transposed ? ORDER_TRANSPOSED :
		   unpooled ? ORDER_UNPOOLED : ORDER_GROUPS;
	w->element_bytes = halves ? 2 : 1;
	if (planes + transposed + unpooled > 1)
		return refuse(t, RKNPU_DPU_BS_OW_CFG, "two ways to reorder the output");
	/* All known programs that do this only move data */
	if ((planes || transposed) && !dpu->raw)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "transposed output of values that are calculated");
	return TWIN_COMPUTE_OK;
}

/* Clients that never write the size get that of the cube [seen: client programs] */
static bool size_is_written(const struct task *t)
{
	return reg_read(t, RKNPU_DPU_WDMA_SIZE0) || reg_read(t, RKNPU_DPU_WDMA_SIZE1);
}

/* A transposed output has its own number of groups; otherwise it follows from the channels */
static void parse_groups(const struct task *t, struct dpu *dpu)
{
	uint32_t size = reg_read(t, RKNPU_DPU_WDMA_SIZE0);
	uint32_t channels = size_is_written(t) ? field_get(RKNPU_DPU_WDMA_SIZE0_CHANNEL, size) + 1
					       : dpu->cube.channels;
	uint32_t kept = reg_field(t, RKNPU_DPU_DATA_CUBE_CHANNEL, RKNPU_DPU_DATA_CUBE_CHANNEL_ORIG) + 1;
	uint32_t atoms = cube_atoms(&dpu->out, channels);
	struct wdma *w = &dpu->wdma;

	w->last_bytes = ((channels - 1) % dpu->out.per_atom + 1) * dpu->out.bytes;
	w->kept_atoms = cube_atoms(&dpu->out, kept);
	w->kept_bytes = (kept % dpu->out.per_atom) * dpu->out.bytes;
	w->fill = reg_field(t, RKNPU_DPU_OFFSET_PEND, RKNPU_DPU_OFFSET_PEND_VALUE);
	w->groups = (atoms + w->atoms - 1) / w->atoms;
	w->last_atoms = atoms - (w->groups - 1) * w->atoms;
	if (w->order == ORDER_GROUPS)
		return;
	w->kept_bytes = 0;
	w->last_bytes = ATOM_BYTES;
	w->last_atoms = w->atoms;
	if (w->order != ORDER_UNPOOLED)
		w->groups = field_get(RKNPU_DPU_WDMA_SIZE0_SIZE_C, size) + 1;
}

static enum twin_compute_status parse_address(const struct task *t, struct wdma *w)
{
	uint32_t notch = reg_read(t, RKNPU_DPU_DATA_CUBE_NOTCH);
	uint32_t ow = reg_read(t, RKNPU_DPU_BS_OW_CFG);
	uint32_t size_e = field_get(RKNPU_DPU_BS_OW_CFG_SIZE_E_0, ow);

	if (field_get(RKNPU_DPU_BS_OW_CFG_SIZE_E_1, ow) != size_e ||
	    field_get(RKNPU_DPU_BS_OW_CFG_SIZE_E_2, ow) != size_e)
		return refuse(t, RKNPU_DPU_BS_OW_CFG, "three different SIZE_E");
	if (field_get(RKNPU_DPU_DATA_CUBE_NOTCH_1, notch) != field_get(RKNPU_DPU_DATA_CUBE_NOTCH_0, notch))
		return refuse(t, RKNPU_DPU_DATA_CUBE_NOTCH, "two different notches");
	w->atoms = size_e + 1;
	w->addr = reg_read(t, RKNPU_DPU_DST_BASE_ADDR) + t->dma_base;
	/* The field in atoms, left in place, is a number of bytes */
	w->surf_stride = reg_read(t, RKNPU_DPU_DST_SURF_STRIDE) & -ATOM_BYTES;
	w->surf_add = reg_read(t, RKNPU_DPU_SURFACE_ADD) & -ATOM_BYTES;
	return TWIN_COMPUTE_OK;
}

/*
 * The sum wraps like the fields: lines of a transposed convolution overlap the
 * next ones, which are written later, and those of a wide transposed matrix are
 * up to 8191 atoms apart [seen: streams of rknn-toolkit2, its simulator]
 */
static uint32_t line_pitch(const struct task *t, uint32_t width)
{
	uint32_t notch = reg_field(t, RKNPU_DPU_DATA_CUBE_NOTCH, RKNPU_DPU_DATA_CUBE_NOTCH_0);

	return notch ? (width + notch) & RKNPU_DPU_DATA_CUBE_NOTCH_0 : width;
}

/* Number of bytes used of each atom for RGP_TYPE @type (0 means all channels); returns 0 if not known */
static uint32_t regrouped_bytes(const struct dpu *dpu, uint32_t type)
{
	static const uint8_t bytes[] = { 0, 0, 1, 2, 4, 8 };
	uint32_t channels = dpu->reduce ? 1 : dpu->cube.channels;

	if (!type)
		return min_u32(channels * (dpu->raw ? dpu->main.bytes : dpu->out.bytes), ATOM_BYTES);
	return type < sizeof(bytes) ? bytes[type] : 0;
}

/* Pixels of more than one atom are only known in a single group, with all channels and whole atoms */
static bool linear_is_known(const struct dpu *dpu, uint32_t type, uint32_t atoms)
{
	uint32_t pixels = dpu->cube.width * dpu->cube.height;
	const struct element *e = dpu->raw ? &dpu->main : &dpu->out;

	if (pixels == 1 || atoms == 1)
		return true;
	return !type && (LINEAR_WIDE || (atoms <= dpu->wdma.atoms && dpu->cube.channels % e->per_atom == 0));
}

/*
 * Output without gaps: the maximum over channels, the first elements of each atom,
 * or all atoms, pixel by pixel. Its length is in units of 16 bytes [seen: streams
 * of rknn-toolkit2, its simulator; the TRM says 8].
 */
static enum twin_compute_status parse_linear(const struct task *t, struct dpu *dpu)
{
	uint32_t mode = reg_read(t, RKNPU_DPU_FEATURE_MODE_CFG);
	uint32_t units = field_get(RKNPU_DPU_FEATURE_MODE_CFG_SURF_LEN, mode);
	uint32_t type = field_get(RKNPU_DPU_FEATURE_MODE_CFG_RGP_TYPE, mode);
	uint32_t pixels = dpu->cube.width * dpu->cube.height;
	uint32_t atoms = cube_atoms(dpu->raw ? &dpu->main : &dpu->out, dpu->reduce ? 1 : dpu->cube.channels);
	struct wdma *w = &dpu->wdma;

	w->linear = mode & RKNPU_DPU_FEATURE_MODE_CFG_NONALIGN;
	if (!w->linear && (type || dpu->reduce))
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "regrouped output, or a maximum of channels, with gaps");
	if (!w->linear)
		return TWIN_COMPUTE_OK;
	w->element_bytes = regrouped_bytes(dpu, type);
	if (!w->element_bytes || w->order != ORDER_GROUPS || (type && !dpu->raw) || !linear_is_known(dpu, type, atoms))
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "output without gaps of this kind");
	if (((uint64_t)pixels * atoms * w->element_bytes + ATOM_BYTES - 1) / ATOM_BYTES != units)
		return refuse(t, RKNPU_DPU_FEATURE_MODE_CFG, "length of the output without gaps");
	return TWIN_COMPUTE_OK;
}

enum twin_compute_status wdma_parse(const struct task *t, struct dpu *dpu)
{
	uint32_t size = reg_read(t, RKNPU_DPU_WDMA_SIZE1);
	struct wdma *w = &dpu->wdma;
	enum twin_compute_status status = parse_address(t, w);

	if (status == TWIN_COMPUTE_OK)
		status = parse_order(t, dpu);
	if (status == TWIN_COMPUTE_OK)
		status = parse_linear(t, dpu);
	if (status != TWIN_COMPUTE_OK)
		return status;
	w->width = size_is_written(t) ? field_get(RKNPU_DPU_WDMA_SIZE1_WIDTH, size) + 1 : dpu->cube.width;
	w->height = size_is_written(t) ? field_get(RKNPU_DPU_WDMA_SIZE1_HEIGHT, size) + 1 : dpu->cube.height;
	w->pitch = line_pitch(t, w->width);
	parse_groups(t, dpu);
	if (!w->linear && !order_fits(dpu))
		return refuse(t, RKNPU_DPU_WDMA_SIZE1, "write DMA's size differs from what there is to write");
	return TWIN_COMPUTE_OK;
}

/* ---- run ------------------------------------------------------------------ */

struct group {
	uint32_t index, addr, atoms;
};

/* Returns true if no byte is written twice within a group, so the order does not matter */
static bool surfaces_apart(const struct wdma *w, const struct group *group)
{
	uint64_t lines = (uint64_t)(w->height - 1) * w->pitch + w->width;
	uint64_t plane = lines * ATOM_BYTES;

	return w->surf_stride >= plane &&
	       (uint64_t)w->surf_stride * (group->atoms - 1) + plane <= 1ULL << 32;
}

/* The very last atom may have elements that belong to no channel */
static uint32_t atom_bytes(const struct wdma *w, const struct group *group, uint32_t atom)
{
	bool last = group->index == w->groups - 1 && atom == group->atoms - 1;

	return last ? w->last_bytes : ATOM_BYTES;
}

static bool write_atom(struct writer *out, const struct dpu *dpu, const struct image *image,
		       const struct group *group, uint32_t place, uint32_t atom)
{
	const struct wdma *w = &dpu->wdma;
	uint32_t line = place / w->width * w->pitch + place % w->width;
	uint32_t addr = group->addr + atom * w->surf_stride + line * ATOM_BYTES;
	uint64_t all = (uint64_t)group->index * w->width * w->height + place;
	uint8_t scratch[ATOM_BYTES];
	const uint8_t *from = order_atom(dpu, image, all, atom, scratch);

	return !from || writer_put(out, addr, from, atom_bytes(w, group, atom));
}

/* Write a surface that is one plane of the image */
static bool write_plane(struct writer *out, const struct dpu *dpu, const struct image *image,
			const struct group *group, uint32_t atom)
{
	const struct wdma *w = &dpu->wdma;
	uint32_t plane = group->index * w->atoms + atom, pitch = w->pitch * ATOM_BYTES;
	const uint8_t *from = image->bytes + (size_t)plane * image->pixels * ATOM_BYTES;
	uint32_t addr = group->addr + atom * w->surf_stride, line = w->width * ATOM_BYTES;

	if (plane >= w->kept_atoms)
		return true;
	for (uint32_t y = 0; y < w->height; y++, addr += pitch, from += line)
		if (!writer_put(out, addr, from, line))
			return false;
	return true;
}

static bool write_group(struct writer *out, const struct dpu *dpu, const struct image *image,
			const struct group *group)
{
	const struct wdma *w = &dpu->wdma;
	uint32_t places = w->width * w->height;
	bool planes = w->order == ORDER_GROUPS && places == image->pixels;

	if (!surfaces_apart(w, group)) {
		for (uint32_t place = 0; place < places; place++)
			for (uint32_t atom = 0; atom < group->atoms; atom++)
				if (!write_atom(out, dpu, image, group, place, atom))
					return false;
		return true;
	}
	for (uint32_t atom = 0; atom < group->atoms; atom++) {
		if (planes && atom_bytes(w, group, atom) == ATOM_BYTES) {
			if (!write_plane(out, dpu, image, group, atom))
				return false;
			continue;
		}
		for (uint32_t place = 0; place < places; place++)
			if (!write_atom(out, dpu, image, group, place, atom))
				return false;
	}
	return true;
}

/* Write the first bytes of each atom, one after the other, pixel by pixel */
static void write_linear(struct writer *out, const struct dpu *dpu, const struct image *image)
{
	uint32_t bytes = dpu->wdma.element_bytes, addr = dpu->wdma.addr;

	for (uint32_t pixel = 0; pixel < image->pixels; pixel++)
		for (uint32_t atom = 0; atom < image->atoms; atom++, addr += bytes)
			if (!writer_put(out, addr,
					image->bytes + ((size_t)atom * image->pixels + pixel) * ATOM_BYTES,
					bytes))
				return;
}

enum twin_compute_status wdma_write(const struct task *t, const struct dpu *dpu,
				    const struct image *image)
{
	const struct wdma *w = &dpu->wdma;
	struct writer *out = writer_create(t);
	struct group group = { .addr = w->addr };

	if (!out)
		return out_of_memory(t);
	if (w->linear)
		write_linear(out, dpu, image);
	for (; !w->linear && group.index < w->groups; group.index++, group.addr += w->surf_add) {
		group.atoms = group.index == w->groups - 1 ? w->last_atoms : w->atoms;
		if (!write_group(out, dpu, image, &group))
			break;
	}
	return writer_finish(out) ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}
