// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * PNG (RFC 2083) in a simple form that is still small: each row as the difference
 * from the one above, and a deflate stream (RFC 1951, fixed codes) that only uses
 * repetitions of the last pixel, of which drawings mostly consist.
 */
#include "png.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIXEL		3
#define FILTER_UP	2
#define TRUECOLOUR	2
#define MATCH_MIN	3
#define MATCH_MAX	258
#define END_OF_BLOCK	256
#define DISTANCE_CODE	2	/* code for a distance of 3 */

struct bits {
	uint8_t *bytes;
	size_t count;
	uint32_t held;
	unsigned int nheld;
};

static void put_bits(struct bits *b, uint32_t value, unsigned int n)
{
	b->held |= value << b->nheld;
	for (b->nheld += n; b->nheld >= 8; b->nheld -= 8, b->held >>= 8)
		b->bytes[b->count++] = b->held;
}

/* Huffman codes are stored with the highest bit first */
static void put_code(struct bits *b, uint32_t code, unsigned int n)
{
	while (n--)
		put_bits(b, code >> n & 1, 1);
}

static void put_symbol(struct bits *b, unsigned int symbol)
{
	if (symbol < 144)
		put_code(b, 0x30 + symbol, 8);
	else if (symbol < 256)
		put_code(b, 0x190 + symbol - 144, 9);
	else if (symbol < 280)
		put_code(b, symbol - 256, 7);
	else
		put_code(b, 0xc0 + symbol - 280, 8);
}

/* Repeat @length bytes from PIXEL bytes before */
static void put_match(struct bits *b, unsigned int length)
{
	unsigned int extra = 0, base = length - MATCH_MIN, symbol;

	if (length == MATCH_MAX) {
		symbol = 285;
	} else {
		while (base >> extra >= 8)
			extra++;
		symbol = 257 + 4 * extra + (base >> extra);
	}
	put_symbol(b, symbol);
	if (symbol != 285)
		put_bits(b, base & ((1u << extra) - 1), extra);
	put_code(b, DISTANCE_CODE, 5);
}

static void deflate(struct bits *b, const uint8_t *data, size_t size)
{
	size_t at = 0, n;

	put_bits(b, 1, 1);	/* the last block, */
	put_bits(b, 1, 2);	/* with fixed codes */
	while (at < size) {
		for (n = 0; at >= PIXEL && n < MATCH_MAX && at + n < size && data[at + n] == data[at + n - PIXEL]; n++)
			;
		if (n >= MATCH_MIN) {
			put_match(b, n);
			at += n;
		} else {
			put_symbol(b, data[at++]);
		}
	}
	put_symbol(b, END_OF_BLOCK);
	put_bits(b, 0, 7);
}

static void put_be32(uint8_t *p, uint32_t v)
{
	p[0] = v >> 24;
	p[1] = v >> 16;
	p[2] = v >> 8;
	p[3] = v;
}

static uint32_t crc(uint32_t c, const uint8_t *p, size_t n)
{
	int k;

	for (c = ~c; n; n--)
		for (c ^= *p++, k = 0; k < 8; k++)
			c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
	return ~c;
}

static uint32_t adler(const uint8_t *p, size_t n)
{
	uint32_t a = 1, b = 0;

	for (; n; n--) {
		a = (a + *p++) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static bool put_chunk(FILE *f, const char *type, const uint8_t *data, size_t size)
{
	uint8_t word[4];

	put_be32(word, size);
	if (fwrite(word, 4, 1, f) != 1 || fwrite(type, 4, 1, f) != 1 || (size && fwrite(data, size, 1, f) != 1))
		return false;
	put_be32(word, crc(crc(0, (const uint8_t *)type, 4), data, size));
	return fwrite(word, 4, 1, f) == 1;
}

/* The rows to be compressed: a byte for the filter, then differences */
static uint8_t *filtered(const struct png_picture *p, size_t *size)
{
	size_t line = (size_t)p->width * PIXEL, y, x;
	uint8_t *rows = calloc(p->height, line + 1), *to = rows;

	*size = p->height * (line + 1);
	for (y = 0; rows && y < p->height; y++)
		for (*to++ = FILTER_UP, x = 0; x < line; x++)
			*to++ = p->rgb[y * line + x] - (y ? p->rgb[(y - 1) * line + x] : 0);
	return rows;
}

int png_write(const char *name, const struct png_picture *p)
{
	static const uint8_t signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	uint8_t head[13] = { [8] = 8, [9] = TRUECOLOUR };
	size_t size;
	uint8_t *rows = filtered(p, &size);
	/* No byte takes more than nine bits */
	struct bits b = { .bytes = malloc(size + size / 8 + 64) };
	FILE *f = fopen(name, "wb");
	bool done = false;

	if (rows && b.bytes && f) {
		put_be32(head, p->width);
		put_be32(head + 4, p->height);
		b.bytes[b.count++] = 0x78;	/* zlib, a window of 32 KiB */
		b.bytes[b.count++] = 0x01;
		deflate(&b, rows, size);
		put_be32(b.bytes + b.count, adler(rows, size));
		done = fwrite(signature, sizeof(signature), 1, f) == 1 && put_chunk(f, "IHDR", head, sizeof(head)) &&
		       put_chunk(f, "IDAT", b.bytes, b.count + 4) && put_chunk(f, "IEND", head, 0);
	}
	if (f && fclose(f))
		done = false;
	if (!done)
		perror(name);
	free(rows);
	free(b.bytes);
	return done ? 0 : -1;
}
