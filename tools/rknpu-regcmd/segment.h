/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * One segment of a command stream: the words of one task, up to the one that
 * starts the blocks.
 */
#ifndef SEGMENT_H
#define SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "image.h"
#include "rknpu_regcmd.h"
#include "rknpu_regs.h"

#define SEGMENT_REGS	((RKNPU_PPU_RDMA_BASE + RKNPU_BLOCK_BYTES) / 4)

/**
 * struct segment_write - what a segment writes to a register
 * @at: address of the last word that does; meaningless unless @set
 * @value: of that word
 * @set: it writes the register
 */
struct segment_write {
	uint64_t at;
	uint32_t value;
	bool set;
};

/**
 * struct segment - a decoded segment
 * @addr: of its first word
 * @index: its number in the chain, from 0
 * @fetched: words that the PC fetches; 0: not known, then until the op-enable word
 * @count: words decoded, the op-enable word included
 * @ended: there was an op-enable word among those fetched
 * @enable: its bitmap
 * @separated: the word before it was the separator
 * @linked: it names a next segment
 * @next: address of that
 * @next_amount: REGISTER_AMOUNTS for it
 * @amount_set: that was written
 * @writes: by offset / 4, blocks only
 */
struct segment {
	uint64_t addr;
	unsigned int index;
	uint64_t fetched, count;
	bool ended;
	uint32_t enable;
	bool separated;
	bool linked;
	uint32_t next, next_amount;
	bool amount_set;
	struct segment_write writes[SEGMENT_REGS];
};

/**
 * segment_decode - read a segment, print it, say what is wrong with single words
 * @seg: result; @addr, @index and @fetched are the caller's
 * @img: memory
 * @list: print every word
 * @rk356x: the block at 0x2000 exists
 */
void segment_decode(struct segment *seg, const struct image *img, bool list, bool rk356x);

/** segment_wrote - what @seg writes to @reg, or NULL */
static inline const struct segment_write *segment_wrote(const struct segment *seg, uint32_t reg)
{
	return seg->writes[reg / 4].set ? &seg->writes[reg / 4] : NULL;
}

#endif /* SEGMENT_H */
