/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The input picture: a grey PGM, a sheet of cells with a digit each, dark on
 * light.
 */
#ifndef PGM_H
#define PGM_H

#include "digits.h"

#define PGM_CELLS_MAX	60

struct pgm_sheet {
	unsigned int columns, rows;
	digits_pixels cells[PGM_CELLS_MAX];	/* row by row */
};

/* Reads a binary PGM (P5) of whole cells. Prints errors to standard error; returns 0 or -1. */
int pgm_read(const char *name, struct pgm_sheet *sheet);
int pgm_write(const char *name, const struct pgm_sheet *sheet);

#endif /* PGM_H */
