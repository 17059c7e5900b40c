// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * Spreads a loop over the caller's threads. The iterations are cut into pieces
 * that depend on the loop alone; which thread takes a piece is left to chance,
 * so pieces must not share anything that they write.
 */
#include <stdatomic.h>

#include "compute_priv.h"

struct loop {
	const struct task *t;
	spread_fn run;
	void *arg;
	uint32_t count, piece;
	atomic_ullong next;
	atomic_bool cancelled;
};

static void take_pieces(void *arg, unsigned int thread)
{
	struct loop *loop = arg;

	for (;;) {
		uint64_t first;

		/* Only the thread that runs the task may use its DMA */
		if (!thread && dma_cancelled(loop->t))
			atomic_store(&loop->cancelled, true);
		if (atomic_load(&loop->cancelled))
			return;
		first = atomic_fetch_add(&loop->next, loop->piece);
		if (first >= loop->count)
			return;
		loop->run(loop->arg, thread, (uint32_t)first, min_u32(loop->piece, loop->count - (uint32_t)first));
	}
}

unsigned int spread_threads(const struct task *t, uint64_t work)
{
	return t->workers && work >= t->workers->least ? t->workers->threads : 1;
}

bool spread(const struct task *t, uint64_t work, uint32_t count, uint32_t piece, spread_fn run, void *arg)
{
	struct loop loop = { .t = t, .run = run, .arg = arg, .count = count, .piece = piece };

	if (count > piece && spread_threads(t, work) > 1)
		t->workers->run(t->workers->opaque, take_pieces, &loop);
	else
		take_pieces(&loop, 0);
	return !atomic_load(&loop.cancelled);
}
