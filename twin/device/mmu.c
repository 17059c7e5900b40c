// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: one IOMMU bank: registers, commands, page table walk, TLB.
 *
 * The TLB never evicts a line by itself, and every hit is checked against the
 * tables: a line that no longer matches the tables should have been zapped.
 * Writing DTE_ADDR does not flush the TLB [guess; every driver zaps after it],
 * so switching tables without a zap is detected too.
 */
#include <stdlib.h>
#include <string.h>

#include "priv.h"

#define TLB_LINES		(1u << (32 - RK_IOMMU_PAGE_SHIFT))
#define GATING_RESET		3
/* Bus id of a faulting read in the logged STATUS 0x18b; a logged write, 0x2b, has id 0 [seen: public boot logs] */
#define FAULT_READ_BUS_ID	0x180

bool twin_bank_create(struct twin_bank *bank, uint32_t offset)
{
	bank->offset = offset;
	bank->tlb = calloc(TLB_LINES, sizeof(*bank->tlb));
	return bank->tlb;
}

static void zap_all(struct twin_bank *bank)
{
	/* Generation 0 is that of lines that were never filled */
	if (++bank->generation == 0) {
		memset(bank->tlb, 0, TLB_LINES * sizeof(*bank->tlb));
		bank->generation = 1;
	}
}

void twin_bank_reset(struct twin_bank *bank)
{
	bank->dte_addr = 0;
	bank->fault_addr = 0;
	bank->int_raw = 0;
	bank->int_mask = 0;
	bank->gating = GATING_RESET;
	bank->paging = false;
	bank->stalled = false;
	bank->fault_active = false;
	bank->fault_write = false;
	zap_all(bank);
}

static uint64_t entry_addr(uint32_t entry)
{
	uint64_t addr = entry & RK_IOMMU_ENTRY_PA_31_12;

	addr |= (uint64_t)TWIN_FIELD(RK_IOMMU_ENTRY_PA_35_32, entry) << 32;
	addr |= (uint64_t)TWIN_FIELD(RK_IOMMU_ENTRY_PA_39_36, entry) << 36;
	return addr;
}

static bool read_entry(struct twin *twin, uint32_t table, uint32_t index, uint32_t *entry)
{
	uint8_t raw[4];

	/* The walker's addresses are no wider than the SoC's [seen: Rockchip on RK3568, dri-devel] */
	if (entry_addr(table) >> twin->soc->phys_bits ||
	    !twin->ops.mem_read(twin->opaque, entry_addr(table) + index * sizeof(raw), raw, sizeof(raw)))
		return false;
	*entry = raw[0] | raw[1] << 8 | raw[2] << 16 | (uint32_t)raw[3] << 24;
	return true;
}

/* Returns TWIN_ACCESS_OK with valid entries in @line, or FAULT if one of them is invalid. */
static enum twin_access walk(struct twin *twin, const struct twin_bank *bank, uint32_t iova,
			     struct twin_tlb_line *line)
{
	uint32_t page = iova >> RK_IOMMU_PAGE_SHIFT;

	if (!read_entry(twin, bank->dte_addr, iova >> RK_IOMMU_DIR_SHIFT, &line->dte))
		return TWIN_ACCESS_BUS_ERROR;
	if (!(line->dte & RK_IOMMU_ENTRY_VALID))
		return TWIN_ACCESS_FAULT;
	if (!read_entry(twin, line->dte, page % RK_IOMMU_TABLE_ENTRIES, &line->pte))
		return TWIN_ACCESS_BUS_ERROR;
	if (!(line->pte & RK_IOMMU_ENTRY_VALID))
		return TWIN_ACCESS_FAULT;
	return TWIN_ACCESS_OK;
}

bool twin_bank_peek(struct twin_core *core, uint32_t iova, uint64_t *addr)
{
	struct twin_tlb_line line;

	if (!core->bank[0].paging || walk(core->twin, &core->bank[0], iova, &line) != TWIN_ACCESS_OK)
		return false;
	*addr = entry_addr(line.pte);
	return true;
}

/* Record a fault. The bus master is held until "page fault done"; the kick sees it in the result. */
enum twin_access twin_bank_fault(struct twin_core *core, struct twin_bank *bank, uint32_t iova, bool write)
{
	bank->fault_active = true;
	bank->fault_write = write;
	bank->fault_addr = iova;
	bank->int_raw |= RK_IOMMU_INT_PAGE_FAULT;
	core->stats.faults++;
	return TWIN_ACCESS_FAULT;
}

enum twin_access twin_bank_bus_error(struct twin_core *core, struct twin_bank *bank)
{
	bank->int_raw |= RK_IOMMU_INT_BUS_ERROR;
	core->stats.faults++;
	return TWIN_ACCESS_BUS_ERROR;
}

static enum twin_access lookup(struct twin_core *core, struct twin_bank *bank, uint32_t iova,
			       struct twin_tlb_line *found)
{
	struct twin_tlb_line *line = &bank->tlb[iova >> RK_IOMMU_PAGE_SHIFT];
	enum twin_access ret = walk(core->twin, bank, iova, found);

	if (line->generation != bank->generation) {
		if (ret == TWIN_ACCESS_OK) {
			found->generation = bank->generation;
			*line = *found;
		}
		return ret;
	}
	/* A failed walk differs too, because the cached line was valid */
	if (line->dte != found->dte || line->pte != found->pte)
		twin_error(core->twin, TWIN_ERROR_TLB_STALE, core->index, iova,
			   "bank 0x%x translates from a line with PTE 0x%08x where the tables now hold 0x%08x (phase %u, %u tasks ran, raw 0x%x)",
			   bank->offset, line->pte, found->pte, core->kick.phase, core->kick.ran, core->pc.int_raw);
	*found = *line;
	return TWIN_ACCESS_OK;
}

enum twin_access twin_bank_translate(struct twin_core *core, struct twin_bank *bank, uint32_t iova,
				     bool write, uint64_t *addr)
{
	uint32_t needed = write ? RK_IOMMU_ENTRY_WRITABLE : RK_IOMMU_ENTRY_READABLE;
	struct twin_tlb_line line = { 0 };
	enum twin_access ret;

	if (bank->stalled || bank->fault_active)
		return TWIN_ACCESS_STALLED;
	if (!bank->paging) {
		if (!core->twin->config.allow_untranslated)
			twin_error(core->twin, TWIN_ERROR_UNTRANSLATED, core->index, iova,
				   "%s while bank 0x%x does not translate", write ? "write" : "read",
				   bank->offset);
		*addr = iova;
		return TWIN_ACCESS_OK;
	}
	ret = lookup(core, bank, iova, &line);
	if (ret == TWIN_ACCESS_BUS_ERROR)
		return twin_bank_bus_error(core, bank);
	if (ret == TWIN_ACCESS_FAULT || !(line.pte & needed))
		return twin_bank_fault(core, bank, iova, write);
	*addr = entry_addr(line.pte) + iova % RK_IOMMU_PAGE_BYTES;
	return TWIN_ACCESS_OK;
}

/*
 * 0x19 with paging on and idle, 0x2b after a write fault, 0x18b after a read
 * fault, 0x1d stalled [seen: ork-driver notes, public boot logs]. Bit 31 was in
 * none of them.
 */
static uint32_t bank_status(const struct twin_bank *bank)
{
	uint32_t status = RK_IOMMU_STATUS_IDLE;

	if (bank->paging)
		status |= RK_IOMMU_STATUS_PAGING_ENABLED;
	if (bank->stalled)
		status |= RK_IOMMU_STATUS_STALL_ACTIVE;
	if (!bank->fault_active)
		return status | RK_IOMMU_STATUS_REPLAY_EMPTY;
	status |= RK_IOMMU_STATUS_PAGE_FAULT_ACTIVE;
	return status | (bank->fault_write ? RK_IOMMU_STATUS_FAULT_WRITE : FAULT_READ_BUS_ID);
}

uint32_t twin_bank_read(struct twin_core *core, struct twin_bank *bank, uint32_t offset)
{
	switch (offset) {
	case RK_IOMMU_DTE_ADDR:
		return bank->dte_addr;
	case RK_IOMMU_STATUS:
		return bank_status(bank);
	case RK_IOMMU_PAGE_FAULT_ADDR:
		return bank->fault_addr;
	case RK_IOMMU_INT_RAWSTAT:
		return bank->int_raw;
	case RK_IOMMU_INT_MASK:
		return bank->int_mask;
	case RK_IOMMU_INT_STATUS:
		return bank->int_raw & bank->int_mask;
	case RK_IOMMU_AUTO_GATING:
		return bank->gating;
	case RK_IOMMU_COMMAND:
	case RK_IOMMU_ZAP_ONE_LINE:
	case RK_IOMMU_INT_CLEAR:
		return 0;
	}
	twin_error(core->twin, TWIN_ERROR_MMU_CMD, core->index, bank->offset + offset, "read of an unknown register");
	return 0;
}

static void page_fault_done(struct twin_core *core, struct twin_bank *bank)
{
	if (!bank->fault_active)
		return;
	bank->fault_active = false;
	if (core->twin->config.fault_storm)
		twin_kick_wake(core, core->twin->config.fault_retry_ns);
	else
		twin_kick_deny(core);
}

/* The remaining accesses of the kick would go to physical addresses; when they happen is not predictable. */
static void stop_translating(struct twin_core *core, struct twin_bank *bank)
{
	if (bank->paging && twin_kick_has_accesses(core) && !core->twin->config.allow_untranslated)
		twin_error(core->twin, TWIN_ERROR_UNTRANSLATED, core->index, bank->offset,
			   "paging switched off while a kick runs");
	bank->paging = false;
}

static void bank_command(struct twin_core *core, struct twin_bank *bank, uint32_t command)
{
	switch (command) {
	case RK_IOMMU_COMMAND_ENABLE_PAGING:
		bank->paging = true;
		break;
	case RK_IOMMU_COMMAND_DISABLE_PAGING:
		stop_translating(core, bank);
		break;
	case RK_IOMMU_COMMAND_ENABLE_STALL:
		/* A bank with an active fault ignores the request [seen: gregordinary/patches rk3576 0005] */
		if (!bank->fault_active)
			bank->stalled = true;
		break;
	case RK_IOMMU_COMMAND_DISABLE_STALL:
		bank->stalled = false;
		twin_kick_wake(core, 0);
		break;
	case RK_IOMMU_COMMAND_ZAP_CACHE:
		core->stats.zap_alls++;
		zap_all(bank);
		break;
	case RK_IOMMU_COMMAND_PAGE_FAULT_DONE:
		page_fault_done(core, bank);
		break;
	case RK_IOMMU_COMMAND_FORCE_RESET:
		stop_translating(core, bank);
		twin_bank_reset(bank);
		twin_kick_wake(core, 0);
		break;
	default:
		twin_error(core->twin, TWIN_ERROR_MMU_CMD, core->index, bank->offset, "command %u", command);
	}
}

static void write_dte_addr(struct twin_core *core, struct twin_bank *bank, uint32_t value)
{
	bank->dte_addr = value & RK_IOMMU_DTE_ADDR_READABLE;
	if (bank->dte_addr && bank->dte_addr != RK_IOMMU_DTE_ADDR_PROBE)
		core->stats.dte_writes++;
}

void twin_bank_write(struct twin_core *core, struct twin_bank *bank, uint32_t offset, uint32_t value)
{
	switch (offset) {
	case RK_IOMMU_DTE_ADDR:
		write_dte_addr(core, bank, value);
		break;
	case RK_IOMMU_COMMAND:
		bank_command(core, bank, value);
		break;
	case RK_IOMMU_ZAP_ONE_LINE:
		core->stats.zap_lines++;
		bank->tlb[value >> RK_IOMMU_PAGE_SHIFT].generation = 0;
		break;
	case RK_IOMMU_INT_CLEAR:
		bank->int_raw &= ~value;
		break;
	case RK_IOMMU_INT_MASK:
		bank->int_mask = value;
		break;
	case RK_IOMMU_AUTO_GATING:
		bank->gating = value;
		break;
	case RK_IOMMU_STATUS:
	case RK_IOMMU_PAGE_FAULT_ADDR:
	case RK_IOMMU_INT_RAWSTAT:
	case RK_IOMMU_INT_STATUS:
		twin_error(core->twin, TWIN_ERROR_RO_WRITE, core->index, bank->offset + offset, "IOMMU register");
		break;
	default:
		twin_error(core->twin, TWIN_ERROR_MMU_CMD, core->index, bank->offset + offset,
			   "write to an unknown register");
	}
}
