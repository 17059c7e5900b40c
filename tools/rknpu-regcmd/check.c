// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: rules for a decoded segment and its descriptor. Registers keep their
 * values from task to task, so a register that a segment does not write is not a
 * finding by itself; sizes are only compared if one segment writes both.
 */
#include "check.h"

#include <endian.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <drm/rknpu_drm.h>

#include "regs.h"

#define ENABLE_KNOWN	(RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE | RKNPU_ENABLE_DPU | RKNPU_ENABLE_DPU_RDMA | \
			 RKNPU_ENABLE_PPU | RKNPU_ENABLE_PPU_RDMA)
/* Value of a field, whose mask is given at its position in the register */
#define FIELD(mask, value)	(((value) & (mask)) / ((mask) & -(uint32_t)(mask)))

static unsigned int counts[SEVERITIES];

void finding(enum severity severity, uint64_t at, const char *name, const char *fmt, ...)
{
	static const char *const names[] = { [NOTE] = "note", [WARNING] = "warning", [ERROR] = "error" };
	va_list args;

	counts[severity]++;
	printf("%s: 0x%08" PRIx64 ": ", names[severity], at);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf(" [%s]\n", name);
}

unsigned int findings(enum severity severity)
{
	return counts[severity];
}

static uint64_t last_word(const struct segment *seg)
{
	return seg->addr + (seg->count ? seg->count - 1 : 0) * sizeof(uint64_t);
}

static void check_end(const struct segment *seg, const struct image *img, const struct rules *rules)
{
	uint64_t end = seg->addr + seg->fetched * sizeof(uint64_t), word;

	if (seg->addr % RKNPU_PC_ADDR_ALIGN_BYTES)
		finding(ERROR, seg->addr, "alignment", "a segment begins on a multiple of %u", RKNPU_PC_ADDR_ALIGN_BYTES);
	if (!seg->ended && seg->fetched && seg->count == seg->fetched)
		finding(ERROR, last_word(seg), "amount", "the %" PRIu64 " words that are fetched hold no op-enable word",
			seg->fetched);
	else if (!seg->ended)
		finding(ERROR, last_word(seg), "no-enable", "the file ends before an op-enable word");
	if (seg->ended && !seg->separated)
		finding(NOTE, last_word(seg), "separator", "no separator precedes the op-enable word");
	if (!seg->ended || !seg->fetched)
		return;
	if (seg->fetched >= seg->count + rules->scale)
		finding(WARNING, last_word(seg), "over-fetch", "%" PRIu64 " words behind the op-enable word are fetched",
			seg->fetched - seg->count);
	if (img->nbuffers && !image_word(img, end - sizeof(uint64_t), &word) &&
	    !image_buffer_at(img, end - sizeof(uint64_t), sizeof(uint64_t)))
		finding(WARNING, last_word(seg), "over-fetch", "the fetch goes on to 0x%08" PRIx64
			", where no file and no buffer is", end);
}

static bool starts(const struct segment *seg, uint32_t blocks)
{
	return (seg->enable & blocks) == blocks;
}

static void check_enable(const struct segment *seg)
{
	const struct segment_write *mode = segment_wrote(seg, RKNPU_DPU_FEATURE_MODE_CFG);
	uint64_t at = last_word(seg);
	bool mac = starts(seg, RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE);

	if (!seg->enable)
		finding(ERROR, at, "enable", "no block is started");
	if (seg->enable & ~ENABLE_KNOWN)
		finding(ERROR, at, "enable", "bits 0x%x of the enable bitmap stand for no block", seg->enable & ~ENABLE_KNOWN);
	if (!mac && seg->enable & (RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE))
		finding(ERROR, at, "enable", "CNA and CORE work together only, but%s is started",
			reg_enable_names(seg->enable & (RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE)));
	if (mac && !starts(seg, RKNPU_ENABLE_DPU))
		finding(ERROR, at, "enable", "nobody takes what CORE accumulates: DPU is not started");
	if (starts(seg, RKNPU_ENABLE_DPU_RDMA) && !starts(seg, RKNPU_ENABLE_DPU))
		finding(ERROR, at, "enable", "nobody takes what DPU_RDMA reads: DPU is not started");
	if (starts(seg, RKNPU_ENABLE_PPU_RDMA) && !starts(seg, RKNPU_ENABLE_PPU))
		finding(ERROR, at, "enable", "nobody takes what PPU_RDMA reads: PPU is not started");
	if (seg->enable & RKNPU_ENABLE_PPU && !(seg->enable & (RKNPU_ENABLE_PPU_RDMA | RKNPU_ENABLE_DPU)))
		finding(ERROR, at, "enable", "nobody feeds PPU: neither PPU_RDMA nor DPU is started");
	if (!starts(seg, RKNPU_ENABLE_DPU))
		return;
	if (mode && mode->value & RKNPU_DPU_FEATURE_MODE_CFG_FLYING) {
		if (!starts(seg, RKNPU_ENABLE_DPU_RDMA))
			finding(ERROR, at, "enable", "DPU takes its input from memory, but DPU_RDMA is not started");
		if (mac)
			finding(ERROR, at, "enable", "DPU takes its input from memory, and CORE is started as well");
	} else if (!mac && (mode || !starts(seg, RKNPU_ENABLE_DPU_RDMA))) {
		finding(ERROR, at, "enable", "DPU takes its input from CORE, which is not started");
	}
}

/* Set-ups that make DPU_RDMA hang */
static void check_rdma(const struct segment *seg)
{
	const struct segment_write *dpu = segment_wrote(seg, RKNPU_DPU_FEATURE_MODE_CFG);
	const struct segment_write *rdma = segment_wrote(seg, RKNPU_DPU_RDMA_FEATURE_MODE_CFG);
	uint32_t use;

	if (!dpu || !rdma || !starts(seg, RKNPU_ENABLE_DPU_RDMA))
		return;
	use = FIELD(RKNPU_DPU_RDMA_FEATURE_MODE_CFG_COMB_USE, rdma->value);
	if (dpu->value & RKNPU_DPU_FEATURE_MODE_CFG_FLYING) {
		if (use & 1)
			finding(ERROR, rdma->at, "rdma", "COMB_USE %u does not work while DPU's input comes from memory", use);
	} else if (!use && !(rdma->value & RKNPU_DPU_RDMA_FEATURE_MODE_CFG_MRDMA_DISABLE)) {
		finding(ERROR, rdma->at, "rdma", "nobody takes what MRDMA reads: the task never ends");
	}
}

/* Note which blocks had a register written, over all segments so far */
static void check_blocks(const struct segment *seg)
{
	static const struct { uint32_t base, enable; const char *name; } units[] = {
		{ RKNPU_CNA_BASE, RKNPU_ENABLE_CNA, "CNA" },
		{ RKNPU_CORE_BASE, RKNPU_ENABLE_CORE, "CORE" },
		{ RKNPU_DPU_BASE, RKNPU_ENABLE_DPU, "DPU" },
		{ RKNPU_DPU_RDMA_BASE, RKNPU_ENABLE_DPU_RDMA, "DPU_RDMA" },
		{ RKNPU_PPU_BASE, RKNPU_ENABLE_PPU, "PPU" },
		{ RKNPU_PPU_RDMA_BASE, RKNPU_ENABLE_PPU_RDMA, "PPU_RDMA" },
	};
	static uint32_t set_up;
	unsigned int i, r;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		const struct segment_write *first = NULL;

		/* The pointer only selects the register group, it does not set anything up */
		for (r = RKNPU_OPERATION_ENABLE / 4; !first && r < RKNPU_BLOCK_BYTES / 4; r++)
			first = segment_wrote(seg, units[i].base + 4 * r);
		if (first)
			set_up |= units[i].enable;
		if (first && !(seg->enable & units[i].enable))
			finding(WARNING, first->at, "unused-block", "%s is set up but not started", units[i].name);
		else if (seg->enable & units[i].enable & ~set_up)
			finding(WARNING, last_word(seg), "unset-block", "%s is started, but no segment has set it up",
				units[i].name);
	}
}

static void check_pointers(const struct segment *seg, const struct rules *rules)
{
	static const uint32_t regs[] = { RKNPU_CNA_S_POINTER, RKNPU_CORE_S_POINTER };
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const struct segment_write *w = segment_wrote(seg, regs[i]);
		uint32_t core = w ? FIELD(RKNPU_S_POINTER_CORE, w->value) : 0;

		if (!w || rules->rk356x)
			continue;
		if (rules->core >= 0 && core != (uint32_t)rules->core)
			finding(ERROR, w->at, "s-pointer", "%s names core %u: on core %d the task never ends",
				reg_title(regs[i]), core, rules->core);
		else
			finding(WARNING, w->at, "s-pointer", "%s is the driver's to write: this stream ends on core %u only",
				reg_title(regs[i]), core);
	}
}

/* Returns true for registers that a started block uses in any mode */
static bool always_used(uint32_t reg)
{
	return reg == RKNPU_CNA_FEATURE_DATA_ADDR || reg == RKNPU_CNA_DCOMP_ADDR0 || reg == RKNPU_DPU_DST_BASE_ADDR ||
	       reg == RKNPU_PPU_DST_BASE_ADDR || reg == RKNPU_PPU_RDMA_SRC_BASE_ADDR;
}

/* Number of bytes at a base address that are certainly used; at least an atom */
static uint64_t bytes_used(const struct segment *seg, uint32_t reg)
{
	const struct segment_write *size = segment_wrote(seg, RKNPU_CNA_WEIGHT_SIZE0);
	const struct segment_write *mode = segment_wrote(seg, RKNPU_CNA_DCOMP_CTRL);
	bool dense = mode && !(mode->value & RKNPU_CNA_DCOMP_CTRL_MODE);

	return reg == RKNPU_CNA_DCOMP_ADDR0 && size && dense && size->value ? size->value : RKNPU_ATOM_BYTES;
}

static void check_addresses(const struct segment *seg, const struct image *img)
{
	static const uint32_t block_enable[] = {
		[RKNPU_CNA_BASE >> 12] = RKNPU_ENABLE_CNA,
		[RKNPU_CORE_BASE >> 12] = RKNPU_ENABLE_CORE,
		[RKNPU_DPU_BASE >> 12] = RKNPU_ENABLE_DPU,
		[RKNPU_DPU_RDMA_BASE >> 12] = RKNPU_ENABLE_DPU_RDMA,
		[RKNPU_PPU_BASE >> 12] = RKNPU_ENABLE_PPU,
		[RKNPU_PPU_RDMA_BASE >> 12] = RKNPU_ENABLE_PPU_RDMA,
	};
	uint32_t reg;

	for (reg = RKNPU_CNA_BASE; reg < SEGMENT_REGS * 4; reg += 4) {
		const struct segment_write *w = segment_wrote(seg, reg);
		uint64_t bytes = bytes_used(seg, reg);

		if (!w || !reg_is_address(reg_find(reg)) || !(seg->enable & block_enable[reg >> 12]))
			continue;
		if (!w->value && !always_used(reg))
			continue;
		if (w->value % RKNPU_ATOM_BYTES)
			finding(WARNING, w->at, "alignment", "%s: 0x%08x is no multiple of %u", reg_title(reg), w->value,
				RKNPU_ATOM_BYTES);
		if (!w->value && !img->nbuffers)
			finding(WARNING, w->at, "address", "%s is 0", reg_title(reg));
		else if (img->nbuffers && !image_buffer_at(img, w->value, bytes))
			finding(ERROR, w->at, "address", "%s: %" PRIu64 " bytes at 0x%08x are in no buffer",
				reg_title(reg), bytes, w->value);
	}
}

/* Report two values that this segment writes and that differ */
static void compare(const struct segment *seg, uint64_t at, const char *what, uint64_t a, uint64_t b)
{
	if (a != b)
		finding(WARNING, at ? at : seg->addr, "size", "%s: %" PRIu64 " and %" PRIu64, what, a, b);
}

static void check_mac_sizes(const struct segment *seg)
{
	const struct segment_write *total = segment_wrote(seg, RKNPU_CNA_WEIGHT_SIZE0);
	const struct segment_write *each = segment_wrote(seg, RKNPU_CNA_WEIGHT_SIZE1);
	const struct segment_write *number = segment_wrote(seg, RKNPU_CNA_WEIGHT_SIZE2);
	const struct segment_write *banks = segment_wrote(seg, RKNPU_CNA_CBUF_CON0);
	const struct segment_write *core = segment_wrote(seg, RKNPU_CORE_DATAOUT_SIZE0);
	const struct segment_write *width = segment_wrote(seg, RKNPU_DPU_DATA_CUBE_WIDTH);
	const struct segment_write *height = segment_wrote(seg, RKNPU_DPU_DATA_CUBE_HEIGHT);
	uint32_t split;

	if (total && each && number)
		compare(seg, total->at, "bytes of weights, and bytes per kernel times kernels", total->value,
			(uint64_t)FIELD(RKNPU_CNA_WEIGHT_SIZE1_BYTES_PER_KERNEL, each->value) *
			FIELD(RKNPU_CNA_WEIGHT_SIZE2_KERNELS, number->value));
	if (banks) {
		split = FIELD(RKNPU_CNA_CBUF_CON0_DATA_BANK, banks->value) +
			FIELD(RKNPU_CNA_CBUF_CON0_WEIGHT_BANK, banks->value);
		if (split > RKNPU_CNA_CBUF_BANKS)
			finding(ERROR, banks->at, "size", "%u banks are shared out, there are %u", split,
				RKNPU_CNA_CBUF_BANKS);
	}
	if (core && width)
		compare(seg, width->at, "widths that DPU takes and CORE gives",
			FIELD(RKNPU_DPU_DATA_CUBE_WIDTH_MASK, width->value) + 1,
			FIELD(RKNPU_CORE_DATAOUT_SIZE0_WIDTH, core->value) + 1);
	if (core && height)
		compare(seg, height->at, "heights that DPU takes and CORE gives",
			FIELD(RKNPU_DPU_DATA_CUBE_HEIGHT_MASK, height->value) + 1,
			FIELD(RKNPU_CORE_DATAOUT_SIZE0_HEIGHT, core->value) + 1);
}

void check_segment(const struct segment *seg, const struct image *img, const struct rules *rules)
{
	check_end(seg, img, rules);
	check_pointers(seg, rules);
	if (!seg->ended)
		return;
	check_enable(seg);
	check_rdma(seg);
	check_blocks(seg);
	check_addresses(seg, img);
	if (starts(seg, RKNPU_ENABLE_CNA | RKNPU_ENABLE_CORE | RKNPU_ENABLE_DPU))
		check_mac_sizes(seg);
}

static uint32_t done_bits(uint32_t enable)
{
	return (enable & RKNPU_ENABLE_CNA ? RKNPU_INT_CNA_FEATURE | RKNPU_INT_CNA_WEIGHT | RKNPU_INT_CNA_CSC : 0) |
	       (enable & RKNPU_ENABLE_CORE ? RKNPU_INT_CORE : 0) | (enable & RKNPU_ENABLE_DPU ? RKNPU_INT_DPU : 0) |
	       (enable & RKNPU_ENABLE_PPU ? RKNPU_INT_PPU : 0);
}

static void check_int_mask(uint32_t mask, const struct segment *seg)
{
	uint32_t group0 = mask & RKNPU_INT_DONE_GROUP0, group1 = mask & RKNPU_INT_DONE_GROUP1;
	uint32_t writers = seg->enable & RKNPU_ENABLE_PPU ? RKNPU_INT_PPU : RKNPU_INT_DPU;

	if (!mask || mask & ~RKNPU_INT_DONE || group0 << 1 != group1)
		finding(ERROR, seg->addr, "int-mask", "0x%x is not made of whole pairs of bits 0 to 11: the job never ends",
			mask);
	else if (mask & ~done_bits(seg->enable))
		finding(ERROR, seg->addr, "int-mask", "0x%x waits for a block that is not started (started:%s)", mask,
			reg_enable_names(seg->enable));
	else if (!(mask & writers))
		finding(WARNING, seg->addr, "int-mask", "0x%x says done before the output is written", mask);
}

void check_task(const struct rknpu_task *task, const struct segment *seg, bool last)
{
	uint64_t own = seg->count > RKNPU_REGCMD_TAIL_WORDS ? seg->count - RKNPU_REGCMD_TAIL_WORDS : 0;

	if (!seg->ended)
		return;
	if (le32toh(task->enable_mask) != seg->enable)
		finding(WARNING, seg->addr, "enable-mask", "the descriptor's enable mask is 0x%x, the stream's 0x%x",
			le32toh(task->enable_mask), seg->enable);
	if (le32toh(task->regcfg_amount) != own)
		finding(WARNING, seg->addr, "amount", "the descriptor counts %u words, the segment has %" PRIu64
			" before its tail", le32toh(task->regcfg_amount), own);
	if (last)
		check_int_mask(le32toh(task->int_mask), seg);
}
