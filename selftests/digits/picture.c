// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * A cell shows the digit in grey, overlaid with the second layer's output in red
 * (sum of all maps, the strongest place is full red), and a bar for each class.
 */
#include "picture.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "png.h"

#define ZOOM		5
#define MARGIN		12
#define FRAME		3
#define DRAWING		(DIGITS_SIDE * ZOOM)
#define BARS_LEFT	(MARGIN + DRAWING + 10)
#define BAR_LEFT	(BARS_LEFT + 12)
#define BAR_LENGTH	52
#define BAR_STEP	(DRAWING / DIGITS_CLASSES)
#define CELL_WIDTH	(BAR_LEFT + BAR_LENGTH + MARGIN)
#define CELL_HEIGHT	(DRAWING + 2 * MARGIN)
#define FONT_WIDTH	3
#define FONT_HEIGHT	5
#define FONT_ZOOM	2

typedef const uint8_t colour[3];

static colour background = { 250, 250, 247 }, text = { 70, 70, 70 }, bar = { 190, 195, 200 },
	      best_bar = { 40, 110, 200 }, good = { 60, 160, 70 }, bad = { 210, 40, 40 };

/* Rows of three pixels, the top row in the highest bits */
static const uint16_t font[DIGITS_CLASSES] = {
	075557, 026227, 071747, 071717, 055711, 074717, 074757, 071122, 075757, 075717,
};

static void fill(struct png_picture *p, unsigned int x, unsigned int y, unsigned int w, unsigned int h, colour c)
{
	unsigned int i, k;

	for (i = y; i < y + h; i++)
		for (k = x; k < x + w; k++)
			memcpy(p->rgb + ((size_t)i * p->width + k) * 3, c, 3);
}

static void put_digit(struct png_picture *p, unsigned int x, unsigned int y, unsigned int digit)
{
	unsigned int i, k;

	for (i = 0; i < FONT_HEIGHT; i++)
		for (k = 0; k < FONT_WIDTH; k++)
			if (font[digit] >> ((FONT_HEIGHT - 1 - i) * FONT_WIDTH + FONT_WIDTH - 1 - k) & 1)
				fill(p, x + k * FONT_ZOOM, y + i * FONT_ZOOM, FONT_ZOOM, FONT_ZOOM, text);
}

/* Sum of all maps of the second layer at each place; returns the largest one */
static unsigned int answers(const struct digits_layers *l, unsigned int sum[DIGITS_SIDE1][DIGITS_SIDE1])
{
	unsigned int y, x, m, most = 1;

	for (y = 0; y < DIGITS_SIDE1; y++)
		for (x = 0; x < DIGITS_SIDE1; x++) {
			for (sum[y][x] = 0, m = 0; m < DIGITS_MAPS2; m++)
				sum[y][x] += l->conv2[y][x][m] > 0 ? l->conv2[y][x][m] : 0;
			most = sum[y][x] > most ? sum[y][x] : most;
		}
	return most;
}

static void put_drawing(struct png_picture *p, unsigned int left, unsigned int top, const digits_pixels pixels,
			const struct digits_layers *l)
{
	unsigned int sum[DIGITS_SIDE1][DIGITS_SIDE1], most = answers(l, sum), y, x, heat, grey;

	for (y = 0; y < DIGITS_SIDE; y++)
		for (x = 0; x < DIGITS_SIDE; x++) {
			grey = 255 - 255 * pixels[y][x] / INT8_MAX;
			heat = 160 * sum[y / 2][x / 2] / most;
			fill(p, left + x * ZOOM, top + y * ZOOM, ZOOM, ZOOM,
			     (colour){ grey + (255 - grey) * heat / 255, grey - grey * heat / 255,
				       grey - grey * heat / 255 });
		}
}

static void put_cell(struct png_picture *p, unsigned int left, unsigned int top, const struct digits_files *f,
		     unsigned int i, const struct digits_layers *l, bool same)
{
	unsigned int order[DIGITS_CLASSES], k, y;
	float probability[DIGITS_CLASSES];

	fill(p, left, top, CELL_WIDTH, CELL_HEIGHT, same ? good : bad);
	fill(p, left + FRAME, top + FRAME, CELL_WIDTH - 2 * FRAME, CELL_HEIGHT - 2 * FRAME, background);
	put_drawing(p, left + MARGIN, top + MARGIN, f->sheet.cells[i], l);
	digits_rank(&f->net, l, order, probability);
	for (k = 0; k < DIGITS_CLASSES; k++) {
		y = top + MARGIN + k * BAR_STEP;
		put_digit(p, left + BARS_LEFT, y + 2, k);
		fill(p, left + BAR_LEFT, y + 2, 1 + (unsigned int)(probability[k] * (BAR_LENGTH - 1)), BAR_STEP - 4,
		     k == order[0] ? best_bar : bar);
	}
}

int digits_picture(const char *name, const struct digits_files *f, const struct digits_layers *layers,
		   const unsigned char *same)
{
	struct png_picture p = { .width = f->sheet.columns * CELL_WIDTH, .height = f->sheet.rows * CELL_HEIGHT };
	unsigned int i;
	int ret = -1;

	p.rgb = malloc((size_t)p.width * p.height * 3);
	if (!p.rgb)
		return ret;
	for (i = 0; i < f->count; i++)
		put_cell(&p, i % f->sheet.columns * CELL_WIDTH, i / f->sheet.columns * CELL_HEIGHT, f, i, &layers[i],
			 same[i]);
	ret = png_write(name, &p);
	free(p.rgb);
	return ret;
}
