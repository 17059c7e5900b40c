// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Pictures: load, crop, rotate, scale.
 */
#include "picture.h"

#include <err.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GREY		128
#define MOST_PIXELS	(1 << 26)

struct picture picture_new(int width, int height)
{
	struct picture p = { width, height, malloc((size_t)width * height * CHANNELS) };

	if (!p.bytes)
		err(1, "a picture of %d x %d", width, height);
	return p;
}

void picture_free(struct picture *p)
{
	free(p->bytes);
	p->bytes = NULL;
}

struct picture picture_load(const char *path)
{
	FILE *f = fopen(path, "re");
	struct picture p;
	int width, height, depth;

	if (!f)
		err(1, "%s", path);
	/* A single white space separates the header and the bytes */
	if (fscanf(f, "P6 %d %d %d", &width, &height, &depth) != 3 || depth != 255 || width < 1 || height < 1 ||
	    width > MOST_PIXELS / height || fgetc(f) == EOF)
		errx(1, "%s: not a PPM picture of bytes", path);
	p = picture_new(width, height);
	if (fread(p.bytes, CHANNELS, (size_t)width * height, f) != (size_t)width * height)
		errx(1, "%s: ends too early", path);
	fclose(f);
	for (size_t i = 0; i < (size_t)width * height * CHANNELS; i += CHANNELS) {
		uint8_t red = p.bytes[i];

		p.bytes[i] = p.bytes[i + 2];
		p.bytes[i + 2] = red;
	}
	return p;
}

/* Source of a pixel of the scaled picture: two neighbours on an axis and the weight of the second one */
struct between {
	int first, second;
	float part;
};

static struct between source(int at, int to, int from, bool turned)
{
	float x = ((turned ? to - 1 - at : at) + 0.5f) * from / to - 0.5f;
	int first = (int)floorf(x);

	if (first < 0)
		return (struct between){ 0, 0, 0 };
	if (first >= from - 1)
		return (struct between){ from - 1, from - 1, 0 };
	return (struct between){ first, first + 1, x - first };
}

static void scale_pixel(const struct picture *from, const struct box *box, struct between x, struct between y, uint8_t *to)
{
	const uint8_t *upper = from->bytes + ((size_t)(box->top + y.first) * from->width + box->left) * CHANNELS;
	const uint8_t *lower = from->bytes + ((size_t)(box->top + y.second) * from->width + box->left) * CHANNELS;

	for (int c = 0; c < CHANNELS; c++) {
		int first = x.first * CHANNELS + c, second = x.second * CHANNELS + c;
		float above = upper[first] + x.part * (upper[second] - upper[first]);
		float below = lower[first] + x.part * (lower[second] - lower[first]);

		to[c] = (uint8_t)lrintf(above + y.part * (below - above));
	}
}

void picture_scale(const struct picture *from, const struct box *box, bool turned, struct picture *to)
{
	int box_width = box->right - box->left, box_height = box->bottom - box->top;
	int width = (int)ceilf((float)to->height * box_width / box_height);

	if (width > to->width)
		width = to->width;
	memset(to->bytes, GREY, (size_t)to->width * to->height * CHANNELS);
	for (int y = 0; y < to->height; y++) {
		struct between line = source(y, to->height, box_height, turned);

		for (int x = 0; x < width; x++)
			scale_pixel(from, box, source(x, width, box_width, turned), line,
				    to->bytes + ((size_t)y * to->width + x) * CHANNELS);
	}
}
