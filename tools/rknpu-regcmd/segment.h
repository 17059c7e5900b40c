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
 * struct segment_write - last write of a segment to a register
 * @at: address of the last word that writes it; undefined unless @set
 * @value: value in that word
 * @set: the segment writes the register
 */
struct segment_write {
	uint64_t at;
	uint32_t value;
	bool set;
};

/**
 * struct segment - a decoded segment
 * @addr: address of its first word
 * @index: its number in the chain, from 0
 * @fetched: number of words that the PC fetches; 0 if not known, which means up to the op-enable word
 * @count: number of decoded words, including the op-enable word
 * @ended: there was an op-enable word among the fetched words
 * @enable: bitmap of the op-enable word
 * @separated: the word before the op-enable word was the separator
 * @linked: the segment has a link to a next one
 * @next: address of the next segment
 * @next_amount: REGISTER_AMOUNTS for the next segment
 * @amount_set: REGISTER_AMOUNTS was written
 * @writes: writes to registers of blocks, by offset / 4
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
 * segment_decode - read a segment, print it, and report invalid words
 * @seg: result; the caller sets @addr, @index and @fetched
 * @img: memory
 * @list: print every word
 * @rk356x: the block at 0x2000 exists
 */
void segment_decode(struct segment *seg, const struct image *img, bool list, bool rk356x);

/** segment_wrote - return what @seg writes to @reg, or NULL */
static inline const struct segment_write *segment_wrote(const struct segment *seg, uint32_t reg)
{
	return seg->writes[reg / 4].set ? &seg->writes[reg / 4] : NULL;
}

#endif /* SEGMENT_H */
