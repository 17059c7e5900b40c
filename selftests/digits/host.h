/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) the rknpu authors
 *
 * The host's half: drawing, training, reference.
 */
#ifndef HOST_H
#define HOST_H

#include "digits.h"

/* A random generator of its own, so every machine draws the same */
float uniform(float low, float high);

/* Draws a digit as if handwritten; each call gives a different one. Ink is 1, paper 0. */
void draw_digit(unsigned int digit, float pixels[DIGITS_SIDE][DIGITS_SIDE]);
void draw_quantize(float pixels[DIGITS_SIDE][DIGITS_SIDE], digits_pixels out);

/* Draws digits, trains the network, and quantizes it to integers. Fails if that recognizes too few new digits. */
int train(struct digits_net *net);

/* Computes all layers by their definitions, one number after the other */
void reference(const struct digits_net *net, digits_pixels pixels, struct digits_layers *out);
/* The class with the largest sum */
unsigned int reference_best(const struct digits_layers *layers);

#endif /* HOST_H */
