// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: fetch and decode by the rules of the PC: the offset decides where a word
 * goes, the first op-enable word ends the task, and words that were fetched after
 * it are not executed.
 */
#include "segment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "regs.h"

#define WORD_BYTES	8
#define TITLE_COLUMN	28
/* The amount field has 16 bits, in units of at most two words */
#define WORDS_MAX	(2u << 16)

static void print_head(uint64_t at, uint64_t word)
{
	printf("  %08" PRIx64 "  %016" PRIx64 "  ", at, word);
}

static void print_write(const struct image *img, uint32_t offset, uint32_t value)
{
	const struct reg *reg = reg_find(offset);
	const struct image_buffer *b = reg_is_address(reg) ? image_buffer_at(img, value, 1) : NULL;

	printf("%-*s  0x%08x", TITLE_COLUMN, reg_title(offset), value);
	if (reg)
		reg_print_fields(reg, value);
	if (b)
		printf(" %s+0x%x", b->name, value - b->start);
	printf("\n");
}

static void decode_write(struct segment *seg, const struct image *img, uint64_t at, uint64_t word, bool list)
{
	uint32_t target = word >> RKNPU_REGCMD_TARGET_SHIFT;
	uint32_t offset = word & RKNPU_REGCMD_OFFSET_MASK;
	uint32_t value = word >> RKNPU_REGCMD_VALUE_SHIFT;
	const struct reg_block *block = reg_block_find(offset);
	const struct reg *reg = reg_find(offset);

	if (list)
		print_write(img, offset, value);
	if (!block || !block->target || offset & 3) {
		finding(ERROR, at, "unknown-register", "no stream writes 0x%04x", offset);
		return;
	}
	if (target != block->target)
		finding(ERROR, at, "target", "target 0x%04x is not that of %s, 0x%04x", target, reg_title(offset),
			block->target);
	if (!reg)
		finding(WARNING, at, "unknown-register", "nothing is known about %s", reg_title(offset));
	else if (value & ~reg_known_bits(reg))
		finding(WARNING, at, "reserved-bits", "%s: nothing is known about bits 0x%08x", reg_title(offset),
			value & ~reg_known_bits(reg));

	if (offset == RKNPU_PC_BASE_ADDRESS) {
		seg->next = value & RKNPU_PC_BASE_ADDRESS_ADDR;
		seg->linked = seg->next && !(value & RKNPU_PC_BASE_ADDRESS_PC_SEL);
		if (value & ~RKNPU_PC_BASE_ADDRESS_ADDR)
			finding(ERROR, at, "alignment", "the next segment's address 0x%08x is no multiple of %u", value,
				RKNPU_PC_ADDR_ALIGN_BYTES);
	} else if (offset == RKNPU_PC_REGISTER_AMOUNTS) {
		seg->next_amount = value & RKNPU_PC_REGISTER_AMOUNTS_MASK;
		seg->amount_set = true;
	} else if (block->base == RKNPU_PC_BASE) {
		finding(ERROR, at, "pc-register", "a stream may not write %s", reg_title(offset));
	} else if (offset / 4 < SEGMENT_REGS) {
		seg->writes[offset / 4] = (struct segment_write){ at, value, true };
	}
}

static void decode_enable(struct segment *seg, uint64_t at, uint64_t word, bool list)
{
	uint32_t offset = word & RKNPU_REGCMD_OFFSET_MASK, right = RKNPU_OPERATION_ENABLE;

	if (word >> RKNPU_REGCMD_TARGET_SHIFT == RKNPU_TARGET_GLOBAL)
		right = RKNPU_GLOBAL_OPERATION_ENABLE;
	seg->ended = true;
	seg->enable = word >> RKNPU_REGCMD_VALUE_SHIFT;
	if (list)
		printf("%-*s  0x%08x%s\n", TITLE_COLUMN, "start", seg->enable, reg_enable_names(seg->enable));
	if (offset != right)
		finding(ERROR, at, "enable", "the op-enable word names offset 0x%04x, not 0x%04x", offset, right);
}

/* Report and skip a run of empty words; returns their number */
static uint64_t decode_empty(const struct image *img, uint64_t at, uint64_t left, bool list)
{
	uint64_t n = 1, word;

	while (n < left && image_word(img, at + n * WORD_BYTES, &word) && !word)
		n++;
	if (list) {
		print_head(at, 0);
		printf("%-*s  %" PRIu64 " of them\n", TITLE_COLUMN, "no operation", n);
	}
	return n;
}

/* Decode one word that is not empty; returns true if it ended the task */
static bool decode_word(struct segment *seg, const struct image *img, uint64_t at, uint64_t word, bool list,
			bool rk356x)
{
	uint32_t target = word >> RKNPU_REGCMD_TARGET_SHIFT;

	if (list)
		print_head(at, word);
	switch (target) {
	case RKNPU_TARGET_NOP:
	case RKNPU_TARGET_WRITE:
		if (list)
			printf("no operation\n");
		break;
	case RKNPU_TARGET_SEPARATOR:
		if (list)
			printf("separator\n");
		break;
	case RKNPU_TARGET_OP_ENABLE:
	case RKNPU_TARGET_GLOBAL:
		decode_enable(seg, at, word, list);
		break;
	case RKNPU_TARGET_RK356X_2000:
		if (!rk356x)
			decode_write(seg, img, at, word, list);
		else if (list)
			printf("%-*s  0x%08x\n", TITLE_COLUMN, reg_title(word & RKNPU_REGCMD_OFFSET_MASK),
			       (uint32_t)(word >> RKNPU_REGCMD_VALUE_SHIFT));
		break;
	default:
		decode_write(seg, img, at, word, list);
	}
	if (!seg->ended)
		seg->separated = target == RKNPU_TARGET_SEPARATOR;
	return seg->ended;
}

void segment_decode(struct segment *seg, const struct image *img, bool list, bool rk356x)
{
	uint64_t left = seg->fetched ? seg->fetched : WORDS_MAX, at = seg->addr, word;

	seg->count = 0;
	seg->ended = seg->linked = seg->amount_set = seg->separated = false;
	seg->enable = seg->next = seg->next_amount = 0;
	memset(seg->writes, 0, sizeof(seg->writes));

	while (seg->count < left && image_word(img, at, &word)) {
		uint64_t n = 1;

		if (!word) {
			n = decode_empty(img, at, left - seg->count, list);
			seg->separated = false;
		} else {
			decode_word(seg, img, at, word, list, rk356x);
		}
		seg->count += n;
		at += n * WORD_BYTES;
		if (seg->ended)
			return;
	}
}
