// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DPU: write DMA. Channels go to memory in groups of SIZE_E + 1 atoms: a group
 * is written pixel by pixel, all atoms of the pixel, and then the next group.
 * Clients program surfaces that overlap and rely on the last writer
 * [seen: client programs], so this order shows.
 */
#include <string.h>

#include "compute_priv.h"

#define RUN_BYTES	16384

/* Adjacent bytes on their way to memory, so that order is kept but calls are few */
struct writer {
	const struct task *t;
	uint32_t addr;
	uint32_t used;
	uint8_t bytes[RUN_BYTES];
};

static bool writer_flush(struct writer *w)
{
	uint32_t used = w->used;

	w->used = 0;
	return !used || dma_write(w->t, w->addr, w->bytes, used);
}

/* Room for @bytes to go to @addr; NULL: fault */
static void *writer_reserve(struct writer *w, uint32_t addr, uint32_t bytes)
{
	void *room;

	if (w->used && (addr != w->addr + w->used || w->used + bytes > RUN_BYTES))
		if (!writer_flush(w))
			return NULL;
	if (!w->used)
		w->addr = addr;
	room = w->bytes + w->used;
	w->used += bytes;
	return room;
}

/* One group of atoms */
struct group {
	uint32_t addr;
	uint32_t first;		/* channel */
	uint32_t channels;
	uint32_t atoms;
	uint32_t atom_channels;
};

static bool write_atom(struct writer *w, const struct dpu *dpu, const struct accumulator *acc,
		       const struct group *group, uint32_t pixel, uint32_t atom)
{
	uint32_t line = pixel / dpu->width * (dpu->width + dpu->notch) + pixel % dpu->width;
	uint32_t addr = group->addr + atom * dpu->surf_stride + line * RKNPU_ATOM_BYTES;
	uint32_t channel = atom * group->atom_channels;
	uint32_t left = group->channels - channel;
	uint32_t count = left < group->atom_channels ? left : group->atom_channels;
	void *to = writer_reserve(w, addr, count * dpu->out_bytes);

	if (!to)
		return false;
	out_cvt_atom(dpu, acc, (size_t)pixel * acc->pitch + group->first + channel, count, to);
	return true;
}

/* No byte is written twice within a group, whichever order is taken */
static bool surfaces_apart(const struct dpu *dpu, const struct group *group)
{
	uint64_t lines = (uint64_t)(dpu->height - 1) * (dpu->width + dpu->notch) + dpu->width;
	uint64_t plane = lines * RKNPU_ATOM_BYTES;

	return dpu->surf_stride >= plane &&
	       (uint64_t)dpu->surf_stride * (group->atoms - 1) + plane <= 1ULL << 32;
}

static bool write_group(struct writer *w, const struct dpu *dpu, const struct accumulator *acc,
			const struct group *group)
{
	if (surfaces_apart(dpu, group)) {
		for (uint32_t atom = 0; atom < group->atoms; atom++)
			for (uint32_t pixel = 0; pixel < acc->pixels; pixel++)
				if (!write_atom(w, dpu, acc, group, pixel, atom))
					return false;
		return true;
	}
	for (uint32_t pixel = 0; pixel < acc->pixels; pixel++)
		for (uint32_t atom = 0; atom < group->atoms; atom++)
			if (!write_atom(w, dpu, acc, group, pixel, atom))
				return false;
	return true;
}

enum twin_compute_status wdma_write(const struct task *t, const struct dpu *dpu,
				    const struct accumulator *acc)
{
	uint32_t atom_channels = RKNPU_ATOM_BYTES / dpu->out_bytes;
	uint32_t group_channels = atom_channels * dpu->atoms_per_group;
	struct writer w = { .t = t };
	struct group group = { .addr = dpu->dst_addr, .atom_channels = atom_channels };

	for (; group.first < acc->channels; group.first += group_channels) {
		uint32_t left = acc->channels - group.first;

		group.channels = left < group_channels ? left : group_channels;
		group.atoms = (group.channels + atom_channels - 1) / atom_channels;
		if (!write_group(&w, dpu, acc, &group))
			return TWIN_COMPUTE_FAULT;
		group.addr += dpu->surf_add;
	}
	return writer_flush(&w) ? TWIN_COMPUTE_OK : TWIN_COMPUTE_FAULT;
}
