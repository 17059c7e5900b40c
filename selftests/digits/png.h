/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Writes pictures: one byte each for red, green and blue.
 */
#ifndef PNG_H
#define PNG_H

#include <stdint.h>

struct png_picture {
	unsigned int width, height;
	uint8_t *rgb;			/* row by row */
};

/* Returns 0, or -1 after a message */
int png_write(const char *name, const struct png_picture *p);

#endif /* PNG_H */
