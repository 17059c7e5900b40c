// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: byte counters of the SoCs that have them, and the bus priority registers
 * of RK356x. Counts are kept in bytes and read in units of the fetch scale. If
 * there are two sets, the first counts data and the second weights [guess: the
 * vendor driver adds them up]. Command fetches are not counted [guess].
 */
#include "priv.h"

#define CLEAR_OFFSET		0x24	/* from the clear register to the first counter */
#define CLEAR			0x80000000

static bool is_weight(const struct twin_core *core, uint32_t addr)
{
	const uint32_t *cna = core->work.regs.block[RKNPU_CNA_BASE / RKNPU_BLOCK_BYTES];
	uint32_t base = cna[(RKNPU_CNA_DCOMP_ADDR0 - RKNPU_CNA_BASE) / 4] + core->work.dma_base;

	return core->work.enable & RKNPU_ENABLE_CNA &&
	       addr - base < cna[(RKNPU_CNA_WEIGHT_SIZE0 - RKNPU_CNA_BASE) / 4];
}

/* Core 0's counters show the sum for all cores; each core keeps its own traffic. */
void twin_amounts_add(struct twin_core *core, uint32_t addr, bool write, size_t bytes)
{
	if (write)
		core->amounts[TWIN_AMOUNT_DATA_WRITTEN] += bytes;
	else if (is_weight(core, addr))
		core->amounts[TWIN_AMOUNT_WEIGHTS_READ] += bytes;
	else
		core->amounts[TWIN_AMOUNT_DATA_READ] += bytes;
}

static bool find(const struct twin_core *core, uint32_t offset, unsigned int *set, uint32_t *within)
{
	for (*set = 0; *set < TWIN_COUNTER_SETS; ++*set) {
		uint32_t base = core->twin->soc->counters[*set];

		if (!base || core->index)
			break;
		*within = offset - base;
		if (*within < RKNPU_AMOUNTS_BYTES || offset == base - CLEAR_OFFSET)
			return true;
	}
	return false;
}

bool twin_amounts_read(struct twin_core *core, uint32_t offset, uint32_t *value)
{
	const struct twin_soc *soc = core->twin->soc;
	unsigned int set, kind;
	uint32_t within;
	bool counts;

	if (!find(core, offset, &set, &within))
		return false;
	*value = 0;
	if (within >= RKNPU_AMOUNTS_BYTES)
		return true;
	kind = within / 4;
	counts = !soc->counters[1] || (set == 1) == (kind == TWIN_AMOUNT_WEIGHTS_READ);
	if (counts)
		*value = core->amounts[kind] / soc->words_per_amount;
	return true;
}

bool twin_amounts_write(struct twin_core *core, uint32_t offset, uint32_t value)
{
	unsigned int set, kind;
	uint32_t within;

	if (!find(core, offset, &set, &within))
		return false;
	if (within < RKNPU_AMOUNTS_BYTES)
		twin_error(core->twin, TWIN_ERROR_RO_WRITE, core->index, offset, "byte counter");
	for (kind = 0; value & CLEAR && kind < TWIN_AMOUNT_KINDS; kind++)
		core->amounts[kind] = 0;
	return true;
}

static uint32_t *qos(struct twin *twin, uint32_t offset, unsigned int bytes, const char *what)
{
	if (!twin_access_is_word(twin, TWIN_NO_CORE, twin->soc->qos_addr + offset, bytes))
		return NULL;
	if (offset != 4 && offset < RKNPU_QOS_BYTES)
		return &twin->qos[offset / 4];
	twin_error(twin, TWIN_ERROR_UNDECODED, TWIN_NO_CORE, twin->soc->qos_addr + offset, "bus priority %s", what);
	return NULL;
}

uint32_t twin_qos_read(struct twin *twin, uint32_t offset, unsigned int bytes)
{
	const uint32_t *reg = qos(twin, offset, bytes, "read");

	return reg ? *reg : 0;
}

void twin_qos_write(struct twin *twin, uint32_t offset, uint32_t value, unsigned int bytes)
{
	uint32_t *reg = qos(twin, offset, bytes, "write");

	if (reg)
		*reg = value;
}
