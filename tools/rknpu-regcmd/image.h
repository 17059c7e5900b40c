/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The known part of the NPU's memory: the given files, each at its address, and
 * the named buffers.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct image_part - a file at an address
 * @name: name of the file
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
 * @name: name for messages
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
 * struct image - all known memory
 * @parts: the files
 * @nparts: number of files
 * @buffers: the buffers
 * @nbuffers: number of buffers
 * @placed: addresses are the NPU's, not just offsets in a single file
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
 * @img: image to add the file to
 * @arg: FILE or FILE@ADDRESS; modified, and referenced afterwards
 * @hex: the file is text with 64-bit hexadecimal words, # starts a comment
 *
 * Prints errors to standard error. Returns true on success.
 */
bool image_add_file(struct image *img, char *arg, bool hex);
/** image_add_buffer - add ADDRESS:SIZE[:NAME]; @arg is modified and kept. Returns false if it has another form. */
bool image_add_buffer(struct image *img, char *arg);
/** image_word - fetch the 64-bit word at @addr; returns false if no file contains it */
bool image_word(const struct image *img, uint64_t addr, uint64_t *word);
/** image_buffer_at - find the buffer that holds @bytes bytes from @addr on, or NULL */
const struct image_buffer *image_buffer_at(const struct image *img, uint64_t addr, uint64_t bytes);
/** read_file - read a whole file; prints a message and returns NULL on error. The caller must free it. */
uint8_t *read_file(const char *name, size_t *size);
/** parse_number - parse an integer, decimal or 0x..., at most @max; returns false if it is not one */
bool parse_number(const char *text, uint64_t max, uint64_t *value);

#endif /* IMAGE_H */
