// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DMA of the compute units: device addresses are 32 bits wide and wrap; the
 * caller's callbacks get pieces that do not wrap.
 */
#include "compute_priv.h"

static size_t bytes_to_wrap(uint32_t addr, size_t bytes)
{
	uint64_t room = (1ULL << 32) - addr;

	return bytes < room ? bytes : (size_t)room;
}

bool dma_read(const struct task *t, uint32_t addr, void *buf, size_t bytes)
{
	size_t head = bytes_to_wrap(addr, bytes);

	t->result->bytes_read += bytes;
	if (!t->dma->read(t->dma->opaque, addr, buf, head))
		return false;
	return head == bytes ||
	       t->dma->read(t->dma->opaque, 0, (uint8_t *)buf + head, bytes - head);
}

bool dma_write(const struct task *t, uint32_t addr, const void *buf, size_t bytes)
{
	size_t head = bytes_to_wrap(addr, bytes);

	t->result->bytes_written += bytes;
	if (!t->dma->write(t->dma->opaque, addr, buf, head))
		return false;
	return head == bytes ||
	       t->dma->write(t->dma->opaque, 0, (const uint8_t *)buf + head, bytes - head);
}

/* Calculations can go without DMA for a long time; this poll lets a reset end them */
bool dma_cancelled(const struct task *t)
{
	uint8_t nothing;

	return !t->dma->read(t->dma->opaque, 0, &nothing, 0);
}
