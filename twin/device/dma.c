// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: memory accesses of a core, page by page through its IOMMU banks.
 *
 * Translation and copy of a page happen under the core's lock, and so does
 * every register access: once a zap has returned, no access uses the old
 * translation, as on a bus that orders them.
 *
 * Core 0 has two banks, and which traffic uses which is not public. The twin
 * reads and fetches through the first and writes through the second [guess]:
 * no matter what silicon does, a driver must program both in the same way.
 */
#include "priv.h"

enum dma_kind { DMA_FETCH, DMA_READ, DMA_WRITE };

static struct twin_bank *select_bank(struct twin_core *core, enum dma_kind kind)
{
	return &core->bank[kind == DMA_WRITE ? core->banks - 1 : 0];
}

/* Returns true if a fault on demand hits this access */
static bool injected(const struct twin_core *core, enum dma_kind kind)
{
	switch (core->kick.fault) {
	case TWIN_FAULT_MMU_FETCH:
		return kind == DMA_FETCH;
	case TWIN_FAULT_MMU_READ:
		return kind == DMA_READ;
	case TWIN_FAULT_MMU_WRITE:
		return kind == DMA_WRITE;
	case TWIN_FAULT_BUS_ERROR:
		return true;
	}
	return false;
}

static enum twin_access translate(struct twin_core *core, enum dma_kind kind, uint32_t iova, uint64_t *addr)
{
	struct twin_bank *bank = select_bank(core, kind);

	if (!injected(core, kind) || bank->stalled || bank->fault_active)
		return twin_bank_translate(core, bank, iova, kind == DMA_WRITE, addr);
	if (core->kick.fault == TWIN_FAULT_BUS_ERROR)
		return twin_bank_bus_error(core, bank);
	return twin_bank_fault(core, bank, iova, kind == DMA_WRITE);
}

static enum twin_access copy_page(struct twin_core *core, enum dma_kind kind, uint32_t iova, uint8_t *buf,
				  size_t bytes)
{
	const struct twin *twin = core->twin;
	enum twin_access ret;
	uint64_t addr = 0;
	bool ok;

	ret = translate(core, kind, iova, &addr);
	if (ret != TWIN_ACCESS_OK)
		return ret;
	if (addr >> twin->soc->phys_bits)
		ok = false;
	else if (kind == DMA_WRITE)
		ok = twin->ops.mem_write(twin->opaque, addr, buf, bytes);
	else
		ok = twin->ops.mem_read(twin->opaque, addr, buf, bytes);
	if (ok)
		return TWIN_ACCESS_OK;
	twin_error(core->twin, TWIN_ERROR_UNDECODED, core->index, addr, "DMA %s outside RAM",
		   kind == DMA_WRITE ? "write" : "read");
	return TWIN_ACCESS_NO_RAM;
}

/* Bytes up to the end of the page or of the access, whichever comes first */
static size_t chunk(uint32_t iova, size_t bytes)
{
	size_t room = RK_IOMMU_PAGE_BYTES - iova % RK_IOMMU_PAGE_BYTES;

	return bytes < room ? bytes : room;
}

enum twin_access twin_dma_fetch(struct twin_core *core, uint32_t addr, void *buf, size_t bytes)
{
	enum twin_access ret = TWIN_ACCESS_OK;
	uint8_t *p = buf;
	size_t n;

	for (; bytes && ret == TWIN_ACCESS_OK; addr += n, p += n, bytes -= n) {
		n = chunk(addr, bytes);
		ret = copy_page(core, DMA_FETCH, addr, p, n);
	}
	return ret;
}

/* Called by the compute units, in any thread. */
static bool unit_access(struct twin_core *core, enum dma_kind kind, uint32_t addr, uint8_t *buf, size_t bytes)
{
	struct twin_work *work = &core->work;
	enum twin_access ret;
	size_t n;

	/* An access of 0 bytes still checks whether the task was cancelled */
	do {
		n = chunk(addr, bytes);
		pthread_mutex_lock(&core->lock);
		if (work->cancelled)
			ret = TWIN_ACCESS_CANCELLED;
		else
			ret = n ? copy_page(core, kind, addr, buf, n) : TWIN_ACCESS_OK;
		if (ret == TWIN_ACCESS_OK)
			twin_amounts_add(core, addr, kind == DMA_WRITE, n);
		if (ret != TWIN_ACCESS_OK) {
			work->stop = ret;
			work->stop_write = kind == DMA_WRITE;
		}
		pthread_mutex_unlock(&core->lock);
		addr += n;
		buf += n;
		bytes -= n;
	} while (bytes && ret == TWIN_ACCESS_OK);
	return ret == TWIN_ACCESS_OK;
}

static bool unit_read(void *opaque, uint32_t addr, void *buf, size_t bytes)
{
	return unit_access(opaque, DMA_READ, addr, buf, bytes);
}

static bool unit_write(void *opaque, uint32_t addr, const void *buf, size_t bytes)
{
	/* copy_page() only reads from the buffer of a write */
	return unit_access(opaque, DMA_WRITE, addr, (uint8_t *)buf, bytes);
}

const struct twin_dma twin_dma_template = {
	.read = unit_read,
	.write = unit_write,
};
