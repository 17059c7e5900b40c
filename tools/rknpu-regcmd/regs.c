// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: look-ups in the tables that regtable.awk generates from the register
 * header. A constant of the header that is not a field (but, for example, a
 * composed value) has gaps or overlaps an earlier field, and is skipped.
 */
#include "regs.h"

#include <stdio.h>
#include <string.h>

#include "rknpu_regcmd.h"
#include "rknpu_regs.h"
#include "regtable.inc"

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))
#define TITLE_CHARS	96

/* Values up to this width are printed in decimal; wider ones are patterns */
#define DECIMAL_BITS	28

const struct reg *reg_find(uint32_t offset)
{
	size_t i;

	for (i = 0; i < COUNT(regs); i++)
		if (offset >= regs[i].offset && offset < regs[i].offset + 4 * regs[i].count && !(offset & 3))
			return &regs[i];
	return NULL;
}

const struct reg_block *reg_block_find(uint32_t offset)
{
	size_t i;

	for (i = 0; i < COUNT(blocks); i++)
		if ((offset & RKNPU_BLOCK_MASK) == blocks[i].base)
			return &blocks[i];
	return NULL;
}

static char *text_buffer(void)
{
	static char buffers[2][TITLE_CHARS];
	static unsigned int turn;

	return buffers[turn++ % COUNT(buffers)];
}

const char *reg_title(uint32_t offset)
{
	const struct reg_block *block = reg_block_find(offset);
	const struct reg *reg = reg_find(offset);
	char *text = text_buffer();

	if (reg && reg->count > 1)
		snprintf(text, TITLE_CHARS, "%s.%.*s%u", reg->block, (int)strcspn(reg->name, "0123456789"), reg->name,
			 (offset - reg->offset) / 4);
	else if (reg)
		snprintf(text, TITLE_CHARS, "%s.%s", reg->block, reg->name);
	else
		snprintf(text, TITLE_CHARS, "%s.0x%04x", block ? block->name : "?", offset);
	return text;
}

bool reg_is_address(const struct reg *reg)
{
	const char *name = reg ? strstr(reg->name, "_ADDR") : NULL;

	return name && name[5 + strspn(name + 5, "0123456789")] == '\0';
}

/* Returns true if the bits of @mask are contiguous */
static bool is_run(uint32_t mask)
{
	uint32_t low = mask & -mask;

	return mask && !((mask + low) & mask);
}

/* Field @i of @reg if it is one, given the bits of the fields before it */
static const struct reg_field *field_at(const struct reg *reg, unsigned int i, uint32_t *taken)
{
	const struct reg_field *f = &fields[reg->first + i];

	if (!is_run(f->mask) || f->mask & *taken)
		return NULL;
	*taken |= f->mask;
	return f;
}

uint32_t reg_known_bits(const struct reg *reg)
{
	uint32_t taken = 0;
	unsigned int i;

	for (i = 0; i < reg->nfields; i++)
		field_at(reg, i, &taken);
	return taken ? taken : UINT32_MAX;
}

static bool ends_in(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && !strcmp(text + n - m, end);
}

static void print_value(const struct reg_field *f, uint32_t value)
{
	uint32_t low = f->mask & -f->mask, v = (value & f->mask) / low, top = f->mask / low;

	if (ends_in(f->name, "PREC") && v < COUNT(precisions) && precisions[v])
		printf("%s", precisions[v]);
	else if (f->is_signed && v > top / 2)
		printf("-%u", top - v + 1);
	else if (ends_in(f->name, "ADDR"))
		printf("0x%08x", value & f->mask);
	else if (f->is_signed || top < 1u << DECIMAL_BITS)
		printf("%u%s", v, f->minus1 ? "+1" : "");
	else
		printf("0x%x", v);
}

void reg_print_fields(const struct reg *reg, uint32_t value)
{
	const struct reg_field *f;
	uint32_t taken = 0;
	unsigned int i;

	for (i = 0; i < reg->nfields; i++) {
		f = field_at(reg, i, &taken);
		/* A size minus one has a meaning even if it is 0 */
		if (!f || (!(value & f->mask) && !f->minus1 && !ends_in(f->name, "PREC")))
			continue;
		if (!strcmp(f->name, "MASK")) {
			printf(" =");
			print_value(f, value);
		} else if (f->mask & (f->mask - 1)) {
			printf(" %s=", f->name);
			print_value(f, value);
		} else {
			printf(" %s", f->name);
		}
	}
}

const char *reg_enable_names(uint32_t bits)
{
	char *text = text_buffer();
	size_t i, used = 0;

	text[0] = '\0';
	for (i = 0; i < COUNT(enable_bits); i++)
		if (bits & enable_bits[i].mask)
			used += snprintf(text + used, TITLE_CHARS - used, " %s", enable_bits[i].name);
	return text;
}
