// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: the order in which atoms leave it. The write DMA counts the atoms that
 * arrive and does not know where in the cube they were, so programs reorder data
 * by giving it sizes other than the cube's [seen: streams of rknn-toolkit2 2.3.2,
 * which transposes, reshapes, scatters and upsamples this way; the expected
 * results are those of its simulator].
 *
 * A place is what the write DMA calls a pixel: some consecutive atoms.
 */
#include "dpu_priv.h"

/* Number of pixels that are transposed together: the number of elements in an atom */
static uint32_t block_pixels(const struct wdma *w)
{
	return ATOM_BYTES / w->element_bytes;
}

static uint64_t places_of(const struct dpu *dpu)
{
	const struct wdma *w = &dpu->wdma;
	uint64_t pixels = (uint64_t)dpu->cube.width * dpu->cube.height;
	uint64_t atoms = cube_atoms(dpu->raw ? &dpu->main : &dpu->out, dpu->cube.channels);

	switch (w->order) {
	case ORDER_GROUPS:
		return pixels * ((atoms + w->atoms - 1) / w->atoms);
	case ORDER_UNPOOLED:
		return pixels * dpu->rdma.copies_x * atoms;
	default:
		return pixels * atoms / w->atoms;
	}
}

/* Returns true if as many atoms arrive as the write DMA waits for, in groups that it can tell apart */
bool order_fits(const struct dpu *dpu)
{
	const struct wdma *w = &dpu->wdma;
	uint64_t pixels = (uint64_t)dpu->cube.width * dpu->cube.height;
	uint64_t atoms = cube_atoms(dpu->raw ? &dpu->main : &dpu->out, dpu->cube.channels);

	if (places_of(dpu) != (uint64_t)w->width * w->height * w->groups)
		return false;
	switch (w->order) {
	case ORDER_GROUPS:
		if (atoms % w->atoms == 0 && w->last_atoms == w->atoms)
			return true;
		return pixels == (uint64_t)w->width * w->height && atoms % w->atoms == w->last_atoms % w->atoms;
	case ORDER_PLANES:
		return pixels * atoms % w->atoms == 0;
	case ORDER_TRANSPOSED:
		return w->atoms == 8 && pixels * atoms % block_pixels(w) == 0;
	default:
		return w->atoms == dpu->rdma.copies_y;
	}
}

static const uint8_t *plane_atom(const struct image *image, uint64_t plane, uint64_t pixel)
{
	return image->bytes + (plane * image->pixels + pixel) * ATOM_BYTES;
}

/* Element @element of each atom of a block, which may continue from one plane to the next */
static const uint8_t *transposed(const struct image *image, uint32_t bytes, uint64_t block,
				 uint32_t element, uint8_t *scratch)
{
	uint32_t count = ATOM_BYTES / bytes;
	const uint8_t *from = plane_atom(image, 0, block * count);

	for (uint32_t i = 0; i < count; i++)
		memcpy(scratch + i * bytes, from + (size_t)i * ATOM_BYTES + element * bytes, bytes);
	return scratch;
}

/* Atom @atom of place @place, built in @scratch (one atom) if it is not in the image. NULL if it is not written. */
const uint8_t *order_atom(const struct dpu *dpu, const struct image *image, uint64_t place,
			  uint32_t atom, uint8_t *scratch)
{
	const struct wdma *w = &dpu->wdma;
	uint32_t width = dpu->cube.width * dpu->rdma.copies_x;
	uint64_t at = place * w->atoms + atom;

	switch (w->order) {
	case ORDER_GROUPS:
		at = place / image->pixels * w->atoms + atom;
		return at < w->kept_atoms ? plane_atom(image, at, place % image->pixels) : NULL;
	case ORDER_PLANES:
		return plane_atom(image, at / image->pixels, at % image->pixels);
	case ORDER_TRANSPOSED:
		return transposed(image, w->element_bytes, at / block_pixels(w),
				  (uint32_t)(at % block_pixels(w)), scratch);
	default:
		at = place / width * dpu->cube.width + place % width / dpu->rdma.copies_x;
		return plane_atom(image, at / image->pixels, at % image->pixels);
	}
}
