/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * Files for the demo and the tests: a network, a sheet of digits, and the host's
 * reference for the output of each layer.
 */
#ifndef FILES_H
#define FILES_H

#include <stddef.h>
#include "digits.h"
#include "pgm.h"

struct digits_files {
	struct digits_net net;
	struct pgm_sheet sheet;
	unsigned int count;
	struct digits_layers reference[PGM_CELLS_MAX];
};

/* Reads digits.net, digits.pgm and digits.ref of a directory. Prints errors; returns 0 or -1 */
int digits_read(const char *dir, struct digits_files *f);

/* Number of elements in all layers that differ; @where receives the name of the first layer that differs, or NULL */
size_t digits_differ(const struct digits_layers *a, const struct digits_layers *b, const char **where);
/* Classes by their sums, the largest first, and the network's confidence in each */
void digits_rank(const struct digits_net *net, const struct digits_layers *l, unsigned int order[DIGITS_CLASSES],
		 float probability[DIGITS_CLASSES]);

#endif /* FILES_H */
