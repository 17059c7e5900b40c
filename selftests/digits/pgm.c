// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Grey 255 is paper, 0 is ink; the network uses the opposite order, up to 127.
 */
#include "pgm.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>

#define WHITE	255

/* A number of the header; white space and comments may precede it */
static int header_number(FILE *f)
{
	int c, v = 0, digits = 0;

	do {
		c = getc(f);
		while (c == '#')
			while ((c = getc(f)) != '\n' && c != EOF)
				;
	} while (isspace(c));
	for (; isdigit(c) && v < 1 << 20; c = getc(f), digits++)
		v = 10 * v + c - '0';
	/* A single character ends it; the pixels begin after the last number */
	return digits && isspace(c) ? v : -1;
}

static int read_pixels(FILE *f, struct pgm_sheet *sheet)
{
	unsigned int y, x;
	int c;

	for (y = 0; y < sheet->rows * DIGITS_SIDE; y++)
		for (x = 0; x < sheet->columns * DIGITS_SIDE; x++) {
			c = getc(f);
			if (c == EOF)
				return -1;
			sheet->cells[y / DIGITS_SIDE * sheet->columns + x / DIGITS_SIDE][y % DIGITS_SIDE][x % DIGITS_SIDE] =
				(WHITE - c) * INT8_MAX / WHITE;
		}
	return 0;
}

int pgm_read(const char *name, struct pgm_sheet *sheet)
{
	FILE *f = fopen(name, "rb");
	int width, height, ret = -1;

	if (!f) {
		perror(name);
		return -1;
	}
	if (getc(f) != 'P' || getc(f) != '5') {
		fprintf(stderr, "%s: not a binary PGM picture (P5)\n", name);
		goto close;
	}
	width = header_number(f);
	height = header_number(f);
	if (header_number(f) != WHITE || width <= 0 || height <= 0 || width % DIGITS_SIDE || height % DIGITS_SIDE ||
	    width / DIGITS_SIDE * (height / DIGITS_SIDE) > PGM_CELLS_MAX) {
		fprintf(stderr, "%s: not at most %d cells of %d x %d pixels with 8 bits each\n", name, PGM_CELLS_MAX,
			DIGITS_SIDE, DIGITS_SIDE);
		goto close;
	}
	sheet->columns = width / DIGITS_SIDE;
	sheet->rows = height / DIGITS_SIDE;
	ret = read_pixels(f, sheet);
	if (ret)
		fprintf(stderr, "%s: pixels are missing\n", name);
close:
	fclose(f);
	return ret;
}

int pgm_write(const char *name, const struct pgm_sheet *sheet)
{
	FILE *f = fopen(name, "wb");
	unsigned int y, x;
	bool written;

	if (!f) {
		perror(name);
		return -1;
	}
	fprintf(f, "P5\n%u %u\n%d\n", sheet->columns * DIGITS_SIDE, sheet->rows * DIGITS_SIDE, WHITE);
	for (y = 0; y < sheet->rows * DIGITS_SIDE; y++)
		for (x = 0; x < sheet->columns * DIGITS_SIDE; x++) {
			int v = sheet->cells[y / DIGITS_SIDE * sheet->columns + x / DIGITS_SIDE][y % DIGITS_SIDE]
					    [x % DIGITS_SIDE];

			putc(WHITE - (v * WHITE + INT8_MAX - 1) / INT8_MAX, f);
		}
	written = !ferror(f);
	if (fclose(f))
		written = false;
	if (!written)
		perror(name);
	return written ? 0 : -1;
}
