// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * The network by its definition: sums over pixels and maps, in integers.
 * Independent of the NPU.
 */
#include <stdbool.h>

#include "host.h"

/* sum * scale / 2^shift, rounded to nearest even, and limited to 0 .. 127 */
static int8_t requantize(int64_t sum, const struct digits_requant *r)
{
	int64_t half = (int64_t)1 << (r->shift - 1), whole, rest;

	if (sum < 0)
		return 0;
	sum *= r->scale;
	whole = sum >> r->shift;
	rest = sum - (whole << r->shift);
	if (rest > half || (rest == half && whole & 1))
		whole++;
	return whole > INT8_MAX ? INT8_MAX : (int8_t)whole;
}

static bool inside(int y, int x, int side)
{
	return y >= 0 && y < side && x >= 0 && x < side;
}

static int64_t sum1(const struct digits_net *net, digits_pixels in, int y, int x, int m)
{
	int64_t sum = net->bias1[m];
	int ky, kx;

	for (ky = 0; ky < DIGITS_KERNEL; ky++)
		for (kx = 0; kx < DIGITS_KERNEL; kx++)
			if (inside(y + ky - 1, x + kx - 1, DIGITS_SIDE))
				sum += in[y + ky - 1][x + kx - 1] * net->weights1[m][ky][kx];
	return sum;
}

static int64_t sum2(const struct digits_net *net, const struct digits_layers *l, int y, int x, int m)
{
	int64_t sum = net->bias2[m];
	int ky, kx, c;

	for (ky = 0; ky < DIGITS_KERNEL; ky++) {
		for (kx = 0; kx < DIGITS_KERNEL; kx++) {
			if (!inside(y + ky - 1, x + kx - 1, DIGITS_SIDE1))
				continue;
			for (c = 0; c < DIGITS_MAPS1; c++)
				sum += l->pool1[y + ky - 1][x + kx - 1][c] * net->weights2[m][ky][kx][c];
		}
	}
	return sum;
}

static int8_t max4(int8_t a, int8_t b, int8_t c, int8_t d)
{
	a = a > b ? a : b;
	c = c > d ? c : d;
	return a > c ? a : c;
}

void reference(const struct digits_net *net, digits_pixels pixels, struct digits_layers *out)
{
	int y, x, m;

	for (y = 0; y < DIGITS_SIDE; y++)
		for (x = 0; x < DIGITS_SIDE; x++)
			for (m = 0; m < DIGITS_MAPS1; m++)
				out->conv1[y][x][m] = requantize(sum1(net, pixels, y, x, m), &net->requant1);
	for (y = 0; y < DIGITS_SIDE1; y++)
		for (x = 0; x < DIGITS_SIDE1; x++)
			for (m = 0; m < DIGITS_MAPS1; m++)
				out->pool1[y][x][m] =
					max4(out->conv1[2 * y][2 * x][m], out->conv1[2 * y][2 * x + 1][m],
					     out->conv1[2 * y + 1][2 * x][m], out->conv1[2 * y + 1][2 * x + 1][m]);
	for (y = 0; y < DIGITS_SIDE1; y++)
		for (x = 0; x < DIGITS_SIDE1; x++)
			for (m = 0; m < DIGITS_MAPS2; m++)
				out->conv2[y][x][m] = requantize(sum2(net, out, y, x, m), &net->requant2);
	for (y = 0; y < DIGITS_SIDE2; y++)
		for (x = 0; x < DIGITS_SIDE2; x++)
			for (m = 0; m < DIGITS_MAPS2; m++)
				out->pool2[y][x][m] =
					max4(out->conv2[2 * y][2 * x][m], out->conv2[2 * y][2 * x + 1][m],
					     out->conv2[2 * y + 1][2 * x][m], out->conv2[2 * y + 1][2 * x + 1][m]);
	for (m = 0; m < DIGITS_CLASSES; m++) {
		int32_t sum = 0;
		int c;

		for (y = 0; y < DIGITS_SIDE2; y++)
			for (x = 0; x < DIGITS_SIDE2; x++)
				for (c = 0; c < DIGITS_MAPS2; c++)
					sum += out->pool2[y][x][c] * net->weights3[m][y][x][c];
		out->sums[m] = sum;
	}
}

unsigned int reference_best(const struct digits_layers *layers)
{
	unsigned int m, best = 0;

	for (m = 1; m < DIGITS_CLASSES; m++)
		if (layers->sums[m] > layers->sums[best])
			best = m;
	return best;
}
