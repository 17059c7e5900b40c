/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The output picture: each digit with the places to which the network responded, and
 * its confidence in each class.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include "files.h"

/* @layers: the NPU's output for each digit. @same: it matches the reference, the frame is green. Returns 0 or -1 */
int digits_picture(const char *name, const struct digits_files *f, const struct digits_layers *layers,
		   const unsigned char *same);

#endif /* PICTURE_H */
