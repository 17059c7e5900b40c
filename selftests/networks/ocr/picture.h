/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Pictures of three bytes a pixel, and where text is on one.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stdbool.h>
#include <stdint.h>

#define CHANNELS	3

/* In the order blue, green, red, which the networks were trained with; rows without gaps */
struct picture {
	int width, height;
	uint8_t *bytes;
};

/* Pixels from left, top to before right, bottom */
struct box {
	int left, top, right, bottom;
};

struct picture picture_new(int width, int height);
void picture_free(struct picture *p);

/* A binary PPM file; ends the program if it is not one */
struct picture picture_load(const char *path);

/*
 * The part in the box, turned by 180 degrees or not, scaled to the height of @to and at most to its width; what
 * remains of it on the right is grey.
 */
void picture_scale(const struct picture *from, const struct box *box, bool turned, struct picture *to);

/*
 * Boxes of text, in the order in which one reads, from the detector's map: how likely each pixel is in a line's core,
 * 0 to 1. Returns how many, @most at most. Upright lines only.
 */
int boxes_find(const float *map, int width, int height, struct box *boxes, int most);

#endif /* PICTURE_H */
