// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Digits as strokes of a pen: lines through jittered points, rotated, slanted,
 * stretched and shifted, with pens of several widths, on noisy paper.
 */
#include <math.h>
#include <string.h>

#include "host.h"

#define POINTS_MAX	16
#define END		{ -1, -1 }

/* In a unit square, y downwards; END means that the pen is lifted */
static const float strokes[DIGITS_CLASSES][POINTS_MAX][2] = {
	{ { .50, .08 }, { .30, .18 }, { .22, .40 }, { .22, .62 }, { .32, .84 }, { .50, .92 }, { .68, .84 }, { .78, .62 },
	  { .78, .40 }, { .70, .18 }, { .50, .08 }, END, END },
	{ { .34, .28 }, { .54, .08 }, { .54, .92 }, END, END },
	{ { .24, .30 }, { .32, .14 }, { .52, .08 }, { .70, .16 }, { .74, .34 }, { .62, .54 }, { .22, .90 }, { .80, .90 },
	  END, END },
	{ { .24, .16 }, { .48, .08 }, { .70, .18 }, { .70, .36 }, { .46, .48 }, { .74, .60 }, { .74, .80 }, { .50, .92 },
	  { .22, .84 }, END, END },
	{ { .56, .08 }, { .20, .62 }, { .82, .62 }, END, { .62, .38 }, { .60, .92 }, END, END },
	{ { .76, .10 }, { .32, .10 }, { .28, .46 }, { .52, .40 }, { .74, .52 }, { .76, .74 }, { .58, .90 }, { .36, .92 },
	  { .22, .82 }, END, END },
	{ { .68, .10 }, { .42, .24 }, { .26, .52 }, { .26, .76 }, { .44, .92 }, { .66, .88 }, { .76, .70 }, { .64, .54 },
	  { .44, .54 }, { .28, .68 }, END, END },
	{ { .20, .12 }, { .80, .12 }, { .56, .50 }, { .42, .92 }, END, END },
	{ { .50, .48 }, { .30, .36 }, { .30, .18 }, { .50, .08 }, { .70, .18 }, { .70, .36 }, { .50, .48 }, { .26, .64 },
	  { .28, .84 }, { .50, .92 }, { .72, .84 }, { .74, .64 }, { .50, .48 }, END, END },
	{ { .74, .34 }, { .58, .48 }, { .36, .46 }, { .26, .30 }, { .36, .12 }, { .58, .08 }, { .74, .22 }, { .74, .34 },
	  { .70, .64 }, { .52, .92 }, END, END },
};

float uniform(float low, float high)
{
	static uint64_t state = 88172645463325252u;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return low + (high - low) * (float)(state >> 40) / (float)(1 << 24);
}

static float distance(float x, float y, const float a[2], const float b[2])
{
	float dx = b[0] - a[0], dy = b[1] - a[1], length = dx * dx + dy * dy, t = 0;

	if (length > 0)
		t = fminf(fmaxf(((x - a[0]) * dx + (y - a[1]) * dy) / length, 0), 1);
	dx = a[0] + t * dx - x;
	dy = a[1] + t * dy - y;
	return sqrtf(dx * dx + dy * dy);
}

/* Positions of the points as drawn, in pixels */
static void place(const float from[POINTS_MAX][2], float to[POINTS_MAX][2])
{
	float turn = uniform(-.22f, .22f), slant = uniform(-.25f, .25f);
	float wide = DIGITS_SIDE * uniform(.58f, .82f), high = DIGITS_SIDE * uniform(.68f, .88f);
	float right = DIGITS_SIDE / 2.f + uniform(-2, 2), down = DIGITS_SIDE / 2.f + uniform(-2, 2);
	unsigned int i;

	for (i = 0; i < POINTS_MAX; i++) {
		float x = (from[i][0] - .5f + uniform(-.035f, .035f)) * wide;
		float y = (from[i][1] - .5f + uniform(-.035f, .035f)) * high;

		x -= slant * y;
		to[i][0] = right + x * cosf(turn) - y * sinf(turn);
		to[i][1] = down + x * sinf(turn) + y * cosf(turn);
		if (from[i][0] < 0)
			to[i][0] = to[i][1] = NAN;
	}
}

void draw_digit(unsigned int digit, float pixels[DIGITS_SIDE][DIGITS_SIDE])
{
	float points[POINTS_MAX][2], pen = uniform(.8f, 1.7f), ink = uniform(.75f, 1), d;
	unsigned int x, y, i;

	place(strokes[digit], points);
	for (y = 0; y < DIGITS_SIDE; y++) {
		for (x = 0; x < DIGITS_SIDE; x++) {
			float nearest = DIGITS_SIDE, v;

			for (i = 0; i + 1 < POINTS_MAX; i++) {
				if (isnan(points[i][0]) && isnan(points[i + 1][0]))
					break;
				if (isnan(points[i][0]) || isnan(points[i + 1][0]))
					continue;
				d = distance(x + .5f, y + .5f, points[i], points[i + 1]);
				nearest = fminf(nearest, d);
			}
			v = ink * fminf(fmaxf(pen + .5f - nearest, 0), 1) + uniform(-.06f, .06f);
			pixels[y][x] = fminf(fmaxf(v, 0), 1);
		}
	}
}

void draw_quantize(float pixels[DIGITS_SIDE][DIGITS_SIDE], digits_pixels out)
{
	unsigned int x, y;

	for (y = 0; y < DIGITS_SIDE; y++)
		for (x = 0; x < DIGITS_SIDE; x++)
			out[y][x] = (int8_t)lrintf(pixels[y][x] * INT8_MAX);
}
