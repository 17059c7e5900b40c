// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: write DMA. Channels go to memory in groups of SIZE_E + 1 atoms: a group
 * is written pixel by pixel, all atoms of the pixel, and then the next group.
 * Clients program surfaces that overlap and rely on the last writer
 * [seen: client programs], so this order shows.
 */
#include <stdlib.h>

#include "dpu_priv.h"

#define RUN_BYTES	16384

/* Adjacent bytes on their way to memory */
struct writer {
	const struct task *t;
	uint32_t addr;
	uint32_t used;
	bool faulted;
	uint8_t bytes[RUN_BYTES];
};

/* NULL: no memory */
struct writer *writer_create(const struct task *t)
{
	struct writer *w = malloc(sizeof(*w));

	if (w) {
		w->t = t;
		w->used = 0;
		w->faulted = false;
	}
	return w;
}

static bool writer_flush(struct writer *w)
{
	uint32_t used = w->used;

	w->used = 0;
	if (used && !w->faulted)
		w->faulted = !dma_write(w->t, w->addr, w->bytes, used);
	return !w->faulted;
}

/* At most RUN_BYTES; false: a write so far has faulted */
bool writer_put(struct writer *w, uint32_t addr, const void *bytes, uint32_t count)
{
	if (w->used && (addr != w->addr + w->used || w->used + count > RUN_BYTES))
		if (!writer_flush(w))
			return false;
	if (!w->used)
		w->addr = addr;
	memcpy(w->bytes + w->used, bytes, count);
	w->used += count;
	return true;
}

bool writer_finish(struct writer *w)
{
	bool ok = writer_flush(w);

	free(w);
	return ok;
}

/* One group of atoms */
struct group {
	uint32_t addr;
	uint32_t first;		/* channel */
	uint32_t channels;
	uint32_t atoms;
};

/* The cube as it goes to memory, still pixel by pixel and without gaps */
struct image {
	const struct dpu *dpu;
	uint32_t pixels, channels;
	uint8_t *bytes;
};

static bool write_atom(struct writer *w, const struct image *image, const struct group *group,
		       uint32_t pixel, uint32_t atom)
{
	const struct dpu *dpu = image->dpu;
	uint32_t width = dpu->cube.width, channel = atom * dpu->out.per_atom;
	uint32_t line = pixel / width * (width + dpu->notch) + pixel % width;
	uint32_t addr = group->addr + atom * dpu->surf_stride + line * RKNPU_ATOM_BYTES;
	uint32_t count = min_u32(group->channels - channel, dpu->out.per_atom);
	size_t from = ((size_t)pixel * image->channels + group->first + channel) * dpu->out.bytes;

	return writer_put(w, addr, image->bytes + from, count * dpu->out.bytes);
}

/* No byte is written twice within a group, whichever order is taken */
static bool surfaces_apart(const struct dpu *dpu, const struct group *group)
{
	uint64_t lines = (uint64_t)(dpu->cube.height - 1) * (dpu->cube.width + dpu->notch) + dpu->cube.width;
	uint64_t plane = lines * RKNPU_ATOM_BYTES;

	return dpu->surf_stride >= plane &&
	       (uint64_t)dpu->surf_stride * (group->atoms - 1) + plane <= 1ULL << 32;
}

static bool write_group(struct writer *w, const struct image *image, const struct group *group)
{
	if (surfaces_apart(image->dpu, group)) {
		for (uint32_t atom = 0; atom < group->atoms; atom++)
			for (uint32_t pixel = 0; pixel < image->pixels; pixel++)
				if (!write_atom(w, image, group, pixel, atom))
					return false;
		return true;
	}
	for (uint32_t pixel = 0; pixel < image->pixels; pixel++)
		for (uint32_t atom = 0; atom < group->atoms; atom++)
			if (!write_atom(w, image, group, pixel, atom))
				return false;
	return true;
}

static void write_groups(struct writer *w, const struct image *image)
{
	const struct dpu *dpu = image->dpu;
	uint32_t group_channels = dpu->out.per_atom * dpu->atoms_per_group;
	struct group group = { .addr = dpu->dst_addr };

	for (; group.first < image->channels; group.first += group_channels) {
		group.channels = min_u32(image->channels - group.first, group_channels);
		group.atoms = cube_atoms(&dpu->out, group.channels);
		if (!write_group(w, image, &group))
			return;
		group.addr += dpu->surf_add;
	}
}

enum twin_compute_status wdma_write(const struct task *t, const struct dpu *dpu,
				    const struct accumulator *acc)
{
	struct image image = { .dpu = dpu, .pixels = acc->pixels, .channels = acc->channels };
	size_t row = (size_t)acc->channels * dpu->out.bytes;
	struct writer *w = writer_create(t);
	bool ok;

	image.bytes = malloc(row * acc->pixels);
	if (!w || !image.bytes) {
		free(w);
		free(image.bytes);
		return out_of_memory(t);
	}
	for (uint32_t p = 0; p < acc->pixels; p++)
		out_cvt_run(dpu, acc, (size_t)p * acc->pitch, acc->channels, image.bytes + p * row);
	write_groups(w, &image);
	ok = writer_finish(w);
	free(image.bytes);
	return ok ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}
