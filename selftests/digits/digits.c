// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * digits train NET: draw digits, learn to read them, write the network
 * digits draw SHEET: write a picture of twelve digits that were not used for training
 * digits reference NET SHEET REF: read the digits of a picture, write the output of each layer
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "pgm.h"

#define SHEET_COLUMNS	4
#define SHEET_ROWS	3

static int write_all(const char *name, const void *data, size_t size)
{
	FILE *f = fopen(name, "wb");
	bool written = f && fwrite(data, size, 1, f) == 1;

	if (f && fclose(f))
		written = false;
	if (!written)
		perror(name);
	return written ? 0 : -1;
}

static int read_net(const char *name, struct digits_net *net)
{
	FILE *f = fopen(name, "rb");
	int ret = f && fread(net, sizeof(*net), 1, f) == 1 && net->magic == DIGITS_MAGIC ? 0 : -1;

	if (ret)
		fprintf(stderr, "%s: not a network\n", name);
	if (f)
		fclose(f);
	return ret;
}

static int draw_sheet(const char *name)
{
	static const unsigned int digits[SHEET_ROWS * SHEET_COLUMNS] = { 3, 1, 4, 9, 5, 0, 2, 6, 7, 8, 2, 4 };
	static struct pgm_sheet sheet = { SHEET_COLUMNS, SHEET_ROWS, { { { 0 } } } };
	float pixels[DIGITS_SIDE][DIGITS_SIDE];
	unsigned int i;

	/* Skip the first ones, which training uses too */
	for (i = 0; i < 777777; i++)
		uniform(0, 1);
	for (i = 0; i < SHEET_ROWS * SHEET_COLUMNS; i++) {
		draw_digit(digits[i], pixels);
		draw_quantize(pixels, sheet.cells[i]);
	}
	return pgm_write(name, &sheet);
}

static int write_reference(const char *net_name, const char *sheet_name, const char *ref_name)
{
	static struct digits_layers layers[PGM_CELLS_MAX];
	static struct digits_net net;
	static struct pgm_sheet sheet;
	unsigned int i;

	if (read_net(net_name, &net) || pgm_read(sheet_name, &sheet))
		return -1;
	for (i = 0; i < sheet.columns * sheet.rows; i++)
		reference(&net, sheet.cells[i], &layers[i]);
	return write_all(ref_name, layers, i * sizeof(layers[0]));
}

int main(int argc, char **argv)
{
	static struct digits_net net;

	if (argc == 3 && !strcmp(argv[1], "train"))
		return train(&net) || write_all(argv[2], &net, sizeof(net)) ? 1 : 0;
	if (argc == 3 && !strcmp(argv[1], "draw"))
		return draw_sheet(argv[2]) ? 1 : 0;
	if (argc == 5 && !strcmp(argv[1], "reference"))
		return write_reference(argv[2], argv[3], argv[4]) ? 1 : 0;
	fprintf(stderr, "usage: digits train NET | draw SHEET | reference NET SHEET REF\n");
	return 2;
}
