// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Copyright (C) the rknpu authors
 */
#include <stdlib.h>
#include <string.h>

#include "memory.h"

void memory_add(struct memory *m, int region, uint32_t addr, size_t bytes)
{
	struct region *r = &m->region[region];

	r->addr = addr;
	r->bytes = bytes;
	r->data = malloc(bytes);
	if (!r->data)
		abort();
}

void memory_free(struct memory *m)
{
	for (int i = 0; i < REGIONS; i++)
		free(m->region[i].data);
}

static uint8_t *find(struct memory *m, uint32_t addr, size_t bytes, bool write)
{
	if (addr + (uint64_t)bytes > 1ULL << 32)
		abort();	/* the library must split accesses there */
	if (m->hole && m->hole_addr - addr < bytes)
		return NULL;
	for (int i = 0; i < REGIONS; i++) {
		struct region *r = &m->region[i];
		uint32_t offset = addr - r->addr;
		bool writable = i == REGION_OUTPUT;

		if (write != writable || r->faults)
			continue;
		if (offset < r->bytes && bytes <= r->bytes - offset)
			return r->data + offset;
	}
	return NULL;
}

static bool memory_read(void *opaque, uint32_t addr, void *buf, size_t bytes)
{
	struct memory *m = opaque;
	uint8_t *from;

	if (!bytes) {
		m->polls++;
		return !m->cancelled && (!m->polls_until_cancelled || m->polls <= m->polls_until_cancelled);
	}
	m->reads++;
	from = find(m, addr, bytes, false);
	if (from)
		memcpy(buf, from, bytes);
	return from;
}

static bool memory_write(void *opaque, uint32_t addr, const void *buf, size_t bytes)
{
	struct memory *m = opaque;
	uint8_t *to;

	m->writes++;
	to = find(m, addr, bytes, true);
	if (to)
		memcpy(to, buf, bytes);
	return to;
}

struct twin_dma memory_dma(struct memory *m)
{
	return (struct twin_dma){ .opaque = m, .read = memory_read, .write = memory_write };
}
