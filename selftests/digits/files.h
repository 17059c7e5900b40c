/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * What the demo and the tests read: a network, a sheet of digits, and what the
 * host says each layer gives for it.
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

/* digits.net, digits.pgm and digits.ref of a directory. Says what is wrong; 0 or -1 */
int digits_read(const char *dir, struct digits_files *f);

/* Elements of all layers that differ; @where gets the name of the first layer that does, or NULL */
size_t digits_differ(const struct digits_layers *a, const struct digits_layers *b, const char **where);
/* Classes by their sums, the largest first, and how sure of each the network is */
void digits_rank(const struct digits_net *net, const struct digits_layers *l, unsigned int order[DIGITS_CLASSES],
		 float probability[DIGITS_CLASSES]);

#endif /* FILES_H */
