/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Pictures with three bytes per pixel, and positions of text.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#define CHANNELS	3

/* Bytes are in the order blue, green, red, as in the networks' training; rows without gaps */
struct picture {
	int width, height;
	uint8_t *bytes;
};

/* Left and top are included, right and bottom are not */
struct box {
	int left, top, right, bottom;
};

struct picture picture_new(int width, int height);
void picture_free(struct picture *p);

/* Loads a binary PPM file; exits if it is not one */
struct picture picture_load(const char *path);

/*
 * Scales the part in the box, optionally rotated by 180 degrees, to the height of @to and at most to its width; the
 * rest on the right is grey.
 */
void picture_scale(const struct picture *from, const struct box *box, bool turned, struct picture *to);

/*
 * Finds boxes of text, in reading order, in the detector's map, which has the probability of each pixel to be in the
 * core of a line, 0 to 1. Returns their number, at most @most. Only for horizontal lines.
 */
int boxes_find(const float *map, int width, int height, struct box *boxes, int most);

#endif /* PICTURE_H */
