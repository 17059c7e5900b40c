/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The host's half: drawing, training, reference.
 */
#ifndef HOST_H
#define HOST_H

#include "digits.h"

/* A generator of its own, so that every machine draws the same */
float uniform(float low, float high);

/* A digit as some hand might write it; each call another one. Ink is 1, paper 0. */
void draw_digit(unsigned int digit, float pixels[DIGITS_SIDE][DIGITS_SIDE]);
void draw_quantize(float pixels[DIGITS_SIDE][DIGITS_SIDE], digits_pixels out);

/* Draws digits, learns them, makes whole numbers of the result. Fails if that reads too few of new ones. */
int train(struct digits_net *net);

/* All layers from the definition of each, one number after the other */
void reference(const struct digits_net *net, digits_pixels pixels, struct digits_layers *out);
/* The class with the largest sum */
unsigned int reference_best(const struct digits_layers *layers);

#endif /* HOST_H */
