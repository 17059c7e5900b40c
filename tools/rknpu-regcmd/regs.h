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
 * @mask: mask at the field's position
 * @name: name; MASK if it is the only field
 * @is_signed: two's complement
 * @minus1: holds a size minus one
 */
struct reg_field {
	uint32_t mask;
	const char *name;
	bool is_signed, minus1;
};

/**
 * struct reg - a register, or an array of them
 * @offset: offset of the first register in the core's window
 * @count: number of consecutive registers
 * @block: name of the block
 * @name: name without that of the block
 * @first: index of its first field in the table of all fields; reg_fields() finds them
 * @nfields: number of fields; 0 if nothing is known about its bits
 */
struct reg {
	uint32_t offset;
	unsigned int count;
	const char *block, *name;
	unsigned int first, nfields;
};

/**
 * struct reg_block - a block of a core's window
 * @base: offset of the block
 * @target: target of register writes in a command word; 0 if streams cannot write it
 * @name: as in struct reg
 */
struct reg_block {
	uint32_t base, target;
	const char *name;
};

/** reg_find - find the register at @offset, or NULL */
const struct reg *reg_find(uint32_t offset);
/** reg_block_find - find the block that contains @offset, or NULL */
const struct reg_block *reg_block_find(uint32_t offset);
/** reg_title - return "BLOCK.REGISTER" for any @offset; valid until the call after the next one */
const char *reg_title(uint32_t offset);
/** reg_is_address - return true if @reg holds an address of data, judging by its name; false for NULL */
bool reg_is_address(const struct reg *reg);
/** reg_known_bits - return the bits of @reg that belong to a field; all bits if nothing is known about them */
uint32_t reg_known_bits(const struct reg *reg);
/** reg_print_fields - print the fields of @value that are not 0, each after a space, to standard output */
void reg_print_fields(const struct reg *reg, uint32_t value);
/** reg_enable_names - return the names of the blocks in an enable bitmap, each after a space; valid like reg_title() */
const char *reg_enable_names(uint32_t bits);

#endif /* REGS_H */
