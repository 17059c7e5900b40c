/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The picture that comes out: each digit with where the network looked, and how
 * sure of which class it is.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "files.h"

/* @layers: what the NPU made of each digit. The frame is green where @same says that it is the reference. 0 or -1 */
int digits_picture(const char *name, const struct digits_files *f, const struct digits_layers *layers,
		   const unsigned char *same);

#endif /* PICTURE_H */
