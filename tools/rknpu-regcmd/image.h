/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * What is known of the NPU's memory: the files given, each at its address, and
 * the buffers named.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct image_part - a file at an address
 * @name: of the file
 * @start: address of its first byte
 * @size: bytes
 * @data: its contents
 */
struct image_part {
	const char *name;
	uint32_t start;
	size_t size;
	uint8_t *data;
};

/**
 * struct image_buffer - memory that a stream may use
 * @name: to print
 * @start: its first address
 * @size: bytes
 */
struct image_buffer {
	const char *name;
	uint32_t start;
	uint64_t size;
};

#define IMAGE_MAX	64
#define BUFFERS_MAX	1024

/**
 * struct image - all of it
 * @parts: the files
 * @nparts: how many
 * @buffers: the buffers
 * @nbuffers: how many
 * @placed: the addresses are the NPU's, not just offsets in the only file
 */
struct image {
	struct image_part parts[IMAGE_MAX];
	unsigned int nparts;
	struct image_buffer buffers[BUFFERS_MAX];
	unsigned int nbuffers;
	bool placed;
};

/**
 * image_add_file - read a file
 * @img: where to
 * @arg: FILE or FILE@ADDRESS; changed and kept
 * @hex: it is a text of 64-bit hexadecimal words, # starts a comment
 *
 * Says on standard error what is wrong. Returns whether it worked.
 */
bool image_add_file(struct image *img, char *arg, bool hex);
/** image_add_buffer - take ADDRESS:SIZE[:NAME]; @arg is changed and kept. Returns false if it is not of that form. */
bool image_add_buffer(struct image *img, char *arg);
/** image_word - fetch the 64-bit word at @addr; false where no file is */
bool image_word(const struct image *img, uint64_t addr, uint64_t *word);
/** image_buffer_at - the buffer that holds @bytes bytes from @addr on, or NULL */
const struct image_buffer *image_buffer_at(const struct image *img, uint64_t addr, uint64_t bytes);
/** read_file - all of a file, NULL after a message; the caller frees it */
uint8_t *read_file(const char *name, size_t *size);
/** parse_number - a whole number, decimal or 0x..., at most @max; false if it is none */
bool parse_number(const char *text, uint64_t max, uint64_t *value);

#endif /* IMAGE_H */
