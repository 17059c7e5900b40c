// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Writes output to memory: consecutive writes to adjacent addresses are merged
 * into one access, and the order of accesses is kept.
 */
#include <stdlib.h>

#include "dpu_priv.h"

#define RUN_BYTES	16384

/* Adjacent bytes that wait to be written */
struct writer {
	const struct task *t;
	uint32_t addr;
	uint32_t used;
	bool faulted;
	uint8_t bytes[RUN_BYTES];
};

/* Returns NULL if out of memory */
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

/* Returns false if this write or an earlier one faulted */
bool writer_put(struct writer *w, uint32_t addr, const void *bytes, uint32_t count)
{
	if (w->used && (addr != w->addr + w->used || w->used + count > RUN_BYTES))
		if (!writer_flush(w))
			return false;
	if (count > RUN_BYTES) {
		w->faulted = w->faulted || !dma_write(w->t, addr, bytes, count);
		return !w->faulted;
	}
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
