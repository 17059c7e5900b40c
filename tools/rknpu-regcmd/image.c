// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * DOC: files and buffers given on the command line. All of this is untrusted
 * input: sizes and numbers are checked before use.
 */
#include "image.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Streams have some thousand words, whole task buffers some megabytes */
#define FILE_MAX	(256u << 20)

bool parse_number(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*value = strtoull(text, &end, text[0] == '0' && (text[1] | 32) == 'x' ? 16 : 10);
	return !errno && !*end && *value <= max;
}

/* All of @f, in memory that the caller frees; NULL with errno set if it cannot be read or is too large */
static uint8_t *read_all(FILE *f, size_t *size)
{
	uint8_t *data = NULL, *more;
	size_t room = 0, got;

	*size = 0;
	do {
		if (*size == room) {
			room = room ? 2 * room : 65536;
			more = room <= FILE_MAX ? realloc(data, room) : NULL;
			if (!more) {
				errno = room <= FILE_MAX ? ENOMEM : EFBIG;
				goto failed;
			}
			data = more;
		}
		got = fread(data + *size, 1, room - *size, f);
		*size += got;
	} while (got);
	if (!ferror(f))
		return data;

failed:
	free(data);
	return NULL;
}

uint8_t *read_file(const char *name, size_t *size)
{
	bool is_stdin = !strcmp(name, "-");
	FILE *f = is_stdin ? stdin : fopen(name, "rb");
	uint8_t *data = f ? read_all(f, size) : NULL;

	if (!data)
		fprintf(stderr, "rknpu-regcmd: %s: %s\n", name, strerror(errno));
	if (f && !is_stdin)
		fclose(f);
	return data;
}

static void store_word(uint8_t *p, uint64_t word)
{
	int i;

	for (i = 0; i < 8; i++)
		p[i] = word >> 8 * i;
}

/* Convert the text to words, in place: a word is never longer than its digits */
static bool words_of_text(struct image_part *part)
{
	char *text = realloc(part->data, part->size + 1), *at, *end, *line;
	size_t count = 0, room = 0;
	uint8_t *words = NULL, *more;

	if (!text)
		return false;
	part->data = (uint8_t *)text;
	text[part->size] = '\0';
	for (line = strtok_r(text, "\n", &at); line; line = strtok_r(NULL, "\n", &at)) {
		line[strcspn(line, "#")] = '\0';
		for (;;) {
			uint64_t word;

			line += strspn(line, " \t\r,");
			if (!*line)
				break;
			errno = 0;
			word = strtoull(line, &end, 16);
			if (end == line || *line == '-' || *line == '+' || errno || (*end && !strchr(" \t\r,", *end))) {
				fprintf(stderr, "rknpu-regcmd: %s: word %zu: not a 64-bit hexadecimal number: %.20s\n",
					part->name, count, line);
				free(words);
				return false;
			}
			if (count == room) {
				room = room ? 2 * room : 256;
				more = realloc(words, room * 8);
				if (!more) {
					free(words);
					return false;
				}
				words = more;
			}
			store_word(words + 8 * count++, word);
			line = end;
		}
	}
	free(part->data);
	part->data = words;
	part->size = 8 * count;
	return true;
}

bool image_add_file(struct image *img, char *arg, bool hex)
{
	struct image_part *part = &img->parts[img->nparts];
	char *at = strrchr(arg, '@');
	uint64_t start = 0;

	if (img->nparts == IMAGE_MAX) {
		fprintf(stderr, "rknpu-regcmd: more than %u files\n", IMAGE_MAX);
		return false;
	}
	if (at) {
		if (!parse_number(at + 1, UINT32_MAX, &start) || start & 7) {
			fprintf(stderr, "rknpu-regcmd: %s: no 32-bit address of a word after the @\n", arg);
			return false;
		}
		*at = '\0';
		img->placed = true;
	}
	part->name = arg;
	part->start = start;
	part->data = read_file(arg, &part->size);
	if (!part->data || (hex && !words_of_text(part)))
		return false;
	if (part->size & 7)
		fprintf(stderr, "rknpu-regcmd: %s: the last %zu bytes are no whole word\n", arg, part->size & 7);
	part->size &= ~(size_t)7;
	img->nparts++;
	return true;
}

bool image_add_buffer(struct image *img, char *arg)
{
	struct image_buffer *b = &img->buffers[img->nbuffers];
	char *size = strchr(arg, ':'), *name;
	uint64_t start;

	if (!size || img->nbuffers == BUFFERS_MAX)
		return false;
	*size++ = '\0';
	name = strchr(size, ':');
	if (name)
		*name++ = '\0';
	if (!parse_number(arg, UINT32_MAX, &start) || !parse_number(size, UINT64_C(1) << 32, &b->size) || !b->size ||
	    start + b->size > UINT64_C(1) << 32)
		return false;
	b->start = start;
	b->name = name ? name : arg;
	img->nbuffers++;
	return true;
}

bool image_word(const struct image *img, uint64_t addr, uint64_t *word)
{
	unsigned int i;
	int b;

	for (i = 0; i < img->nparts; i++) {
		const struct image_part *part = &img->parts[i];
		uint64_t at = addr - part->start;

		if (addr < part->start || part->size < 8 || at > part->size - 8)
			continue;
		for (*word = 0, b = 7; b >= 0; b--)
			*word = *word << 8 | part->data[at + b];
		return true;
	}
	return false;
}

const struct image_buffer *image_buffer_at(const struct image *img, uint64_t addr, uint64_t bytes)
{
	unsigned int i;

	for (i = 0; i < img->nbuffers; i++) {
		const struct image_buffer *b = &img->buffers[i];

		if (addr >= b->start && addr + bytes <= b->start + b->size)
			return b;
	}
	return NULL;
}
