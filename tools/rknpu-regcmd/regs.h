/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Names of blocks, registers and fields, taken from the register header when
 * the program is built.
 */
#ifndef REGS_H
#define REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct reg_field - some bits of a register
 * @mask: in place
 * @name: MASK when it is the only one
 * @is_signed: two's complement
 * @minus1: holds a size less one
 */
struct reg_field {
	uint32_t mask;
	const char *name;
	bool is_signed, minus1;
};

/**
 * struct reg - a register, or an array of them
 * @offset: of the first, in the core's window
 * @count: how many follow each other
 * @block: its block's name
 * @name: without the block's
 * @first: its first field in the table of all; reg_fields() finds them
 * @nfields: how many; 0: nothing is known about its bits
 */
struct reg {
	uint32_t offset;
	unsigned int count;
	const char *block, *name;
	unsigned int first, nfields;
};

/**
 * struct reg_block - a block of a core's window
 * @base: its first offset
 * @target: of its register writes in a command word; 0: no stream reaches it
 * @name: as in struct reg
 */
struct reg_block {
	uint32_t base, target;
	const char *name;
};

/** reg_find - the register at @offset, or NULL */
const struct reg *reg_find(uint32_t offset);
/** reg_block_find - the block that @offset lies in, or NULL */
const struct reg_block *reg_block_find(uint32_t offset);
/** reg_title - "BLOCK.REGISTER" of @offset, known or not; valid until the call after next */
const char *reg_title(uint32_t offset);
/** reg_is_address - whether @reg holds an address of data, as its name tells; false for NULL */
bool reg_is_address(const struct reg *reg);
/** reg_known_bits - bits of @reg that a field names; all if nothing is known about them */
uint32_t reg_known_bits(const struct reg *reg);
/** reg_print_fields - the fields of @value that are not 0, each after a blank, to standard output */
void reg_print_fields(const struct reg *reg, uint32_t value);
/** reg_enable_names - names of the blocks of an enable bitmap, each after a blank; same life as reg_title() */
const char *reg_enable_names(uint32_t bits);

#endif /* REGS_H */
