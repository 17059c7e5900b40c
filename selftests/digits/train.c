// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) the rknpu authors
 *
 * Gradient descent in floating point, then the same network in integers: each
 * layer's weights are scaled to fill int8, and its results so that the largest one
 * seen does.
 *
 * Maps are the innermost dimension, so the compiler vectorizes the inner loops.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

#define S0	DIGITS_SIDE
#define S1	DIGITS_SIDE1
#define S2	DIGITS_SIDE2
#define M1	DIGITS_MAPS1
#define M2	DIGITS_MAPS2
#define K	DIGITS_KERNEL
#define KMID	(K / 2)

#define BATCH		16
#define BATCHES		320
#define RATE		0.03f
#define MOMENTUM	0.9f
#define CALIBRATION	100
#define TRIALS		500
#define RIGHT_MIN	(TRIALS * 9 / 10)

struct parameters {
	float w1[K][K][M1], b1[M1];
	float w2[K][K][M1][M2], b2[M2];
	float w3[S2][S2][M2][DIGITS_CLASSES];
};

static struct parameters net, gradient, speed;
/* A copy of the second layer's weights for the backward pass, with maps of the first layer innermost */
static float w2_back[K][K][M2][M1], gradient_back[K][K][M2][M1];

static struct activations {
	float in[S0][S0];
	float a1[S0][S0][M1], p1[S1][S1][M1];
	float a2[S1][S1][M2], p2[S2][S2][M2];
	float out[DIGITS_CLASSES];
} act, delta;

static void forward1(void)
{
	int y, x, ky, kx, m;

	for (y = 0; y < S0; y++)
		for (x = 0; x < S0; x++) {
			float *a = act.a1[y][x];

			memcpy(a, net.b1, sizeof(net.b1));
			for (ky = 0; ky < K; ky++)
				for (kx = 0; kx < K; kx++) {
					int fy = y + ky - KMID, fx = x + kx - KMID;

					if (fy < 0 || fy >= S0 || fx < 0 || fx >= S0)
						continue;
					for (m = 0; m < M1; m++)
						a[m] += act.in[fy][fx] * net.w1[ky][kx][m];
				}
			for (m = 0; m < M1; m++)
				a[m] = a[m] > 0 ? a[m] : 0;
		}
}

/* One pixel's part of the sums of one place */
static void add_pixel(const float in[M1], float w[M1][M2], float sums[M2])
{
	int c, m;

	for (c = 0; c < M1; c++)
		for (m = 0; in[c] != 0 && m < M2; m++)
			sums[m] += in[c] * w[c][m];
}

static void forward2(void)
{
	int y, x, ky, kx, m;

	for (y = 0; y < S1; y++)
		for (x = 0; x < S1; x++) {
			float *a = act.a2[y][x];

			memcpy(a, net.b2, sizeof(net.b2));
			for (ky = 0; ky < K; ky++)
				for (kx = 0; kx < K; kx++) {
					int fy = y + ky - KMID, fx = x + kx - KMID;

					if (fy >= 0 && fy < S1 && fx >= 0 && fx < S1)
						add_pixel(act.p1[fy][fx], net.w2[ky][kx], a);
				}
			for (m = 0; m < M2; m++)
				a[m] = a[m] > 0 ? a[m] : 0;
		}
}

/* Pooling; the two layers only differ in size */
static void pool(int side, int maps, const float *in, float *out)
{
	int y, x, m;

	for (y = 0; y < side; y++)
		for (x = 0; x < side; x++)
			for (m = 0; m < maps; m++) {
				const float *p = in + (size_t)(4 * y * side + 2 * x) * maps + m;
				float top = fmaxf(p[0], p[maps]);

				p += 2 * side * maps;
				out[(y * side + x) * maps + m] = fmaxf(top, fmaxf(p[0], p[maps]));
			}
}

/* Backward pass: to the pixels that were the largest, unless ReLU cut them off */
static void unpool(int side, int maps, const float *in, const float *out, const float *d_out, float *d_in)
{
	int y, x, m, i;

	for (y = 0; y < side; y++)
		for (x = 0; x < side; x++)
			for (m = 0; m < maps; m++) {
				size_t at = (size_t)(y * side + x) * maps + m;
				float best = out[at], d = best > 0 ? d_out[at] : 0;

				for (i = 0; i < 4; i++) {
					size_t p = (size_t)((2 * y + i / 2) * 2 * side + 2 * x + i % 2) * maps + m;

					d_in[p] = in[p] == best ? d : 0;
					if (in[p] == best)
						d = 0;
				}
			}
}

static void forward(void)
{
	int i, m;

	forward1();
	pool(S1, M1, &act.a1[0][0][0], &act.p1[0][0][0]);
	forward2();
	pool(S2, M2, &act.a2[0][0][0], &act.p2[0][0][0]);
	memset(act.out, 0, sizeof(act.out));
	for (i = 0; i < DIGITS_FLAT; i++)
		for (m = 0; m < DIGITS_CLASSES; m++)
			act.out[m] += (&act.p2[0][0][0])[i] * (&net.w3[0][0][0][0])[i * DIGITS_CLASSES + m];
}

/* Backward pass from the cross entropy through the last layer; updates gradients of its weights */
static void backward3(unsigned int digit)
{
	float largest = act.out[0], sum = 0;
	int i, m;

	for (m = 1; m < DIGITS_CLASSES; m++)
		largest = fmaxf(largest, act.out[m]);
	for (m = 0; m < DIGITS_CLASSES; m++)
		sum += delta.out[m] = expf(act.out[m] - largest);
	for (m = 0; m < DIGITS_CLASSES; m++)
		delta.out[m] = delta.out[m] / sum - (m == (int)digit);
	for (i = 0; i < DIGITS_FLAT; i++) {
		float d = 0;

		for (m = 0; m < DIGITS_CLASSES; m++) {
			d += delta.out[m] * (&net.w3[0][0][0][0])[i * DIGITS_CLASSES + m];
			(&gradient.w3[0][0][0][0])[i * DIGITS_CLASSES + m] += delta.out[m] * (&act.p2[0][0][0])[i];
		}
		(&delta.p2[0][0][0])[i] = d;
	}
}

/* Distribute the gradient @d of one sum of the second layer to the pixels and weights that it depends on */
static void spread(int y, int x, int m, float d)
{
	int ky, kx, c;

	for (ky = 0; ky < K; ky++)
		for (kx = 0; kx < K; kx++) {
			int fy = y + ky - KMID, fx = x + kx - KMID;

			if (fy < 0 || fy >= S1 || fx < 0 || fx >= S1)
				continue;
			for (c = 0; c < M1; c++) {
				delta.p1[fy][fx][c] += d * w2_back[ky][kx][m][c];
				gradient_back[ky][kx][m][c] += d * act.p1[fy][fx][c];
			}
		}
}

static void backward2(void)
{
	int y, x, m;

	memset(delta.p1, 0, sizeof(delta.p1));
	for (y = 0; y < S1; y++)
		for (x = 0; x < S1; x++)
			for (m = 0; m < M2; m++) {
				float d = delta.a2[y][x][m];

				gradient.b2[m] += d;
				/* After pooling, most of them have no influence */
				if (d != 0)
					spread(y, x, m, d);
			}
}

static void backward1(void)
{
	int y, x, ky, kx, m;

	for (y = 0; y < S0; y++)
		for (x = 0; x < S0; x++) {
			const float *d = delta.a1[y][x];

			for (m = 0; m < M1; m++)
				gradient.b1[m] += d[m];
			for (ky = 0; ky < K; ky++)
				for (kx = 0; kx < K; kx++) {
					int fy = y + ky - KMID, fx = x + kx - KMID;

					if (fy < 0 || fy >= S0 || fx < 0 || fx >= S0)
						continue;
					for (m = 0; m < M1; m++)
						gradient.w1[ky][kx][m] += d[m] * act.in[fy][fx];
				}
		}
}

/* Copy between the two orders of the second layer's weights */
static void turn(float (*forth)[K][M1][M2], float (*back)[K][M2][M1], int to_back)
{
	int ky, kx, c, m;

	for (ky = 0; ky < K; ky++)
		for (kx = 0; kx < K; kx++)
			for (c = 0; c < M1; c++)
				for (m = 0; m < M2; m++) {
					if (to_back)
						back[ky][kx][m][c] = forth[ky][kx][c][m];
					else
						forth[ky][kx][c][m] = back[ky][kx][m][c];
				}
}

static void learn_one(unsigned int digit)
{
	draw_digit(digit, act.in);
	forward();
	backward3(digit);
	unpool(S2, M2, &act.a2[0][0][0], &act.p2[0][0][0], &delta.p2[0][0][0], &delta.a2[0][0][0]);
	backward2();
	unpool(S1, M1, &act.a1[0][0][0], &act.p1[0][0][0], &delta.p1[0][0][0], &delta.a1[0][0][0]);
	backward1();
}

static void fill(float *w, size_t count, unsigned int inputs)
{
	float range = sqrtf(6.f / inputs);

	while (count--)
		*w++ = uniform(-range, range);
}

static void descend(void)
{
	float *w = (float *)&net, *g = (float *)&gradient, *v = (float *)&speed;
	unsigned int batch, i;

	fill(&net.w1[0][0][0], K * K * M1, K * K);
	fill(&net.w2[0][0][0][0], K * K * M1 * M2, K * K * M1);
	fill(&net.w3[0][0][0][0], DIGITS_FLAT * DIGITS_CLASSES, DIGITS_FLAT);
	for (batch = 0; batch < BATCHES; batch++) {
		memset(&gradient, 0, sizeof(gradient));
		memset(gradient_back, 0, sizeof(gradient_back));
		turn(net.w2, w2_back, 1);
		for (i = 0; i < BATCH; i++)
			learn_one((batch * BATCH + i) % DIGITS_CLASSES);
		turn(gradient.w2, gradient_back, 0);
		for (i = 0; i < sizeof(net) / sizeof(float); i++) {
			v[i] = MOMENTUM * v[i] - RATE * (1 - .9f * batch / BATCHES) / BATCH * g[i];
			w[i] += v[i];
		}
	}
}

static float largest(const float *v, size_t count)
{
	float best = 1e-6f;

	while (count--) {
		best = fmaxf(best, fabsf(*v));
		v++;
	}
	return best;
}

/* Convert @ratio to a 15-bit number and a power of two */
static struct digits_requant requant(float ratio)
{
	struct digits_requant r = { 0, 1 };

	while (ratio * (float)(1 << (r.shift + 1)) <= INT16_MAX && r.shift < 30)
		r.shift++;
	r.scale = (int32_t)lrintf(ratio * (float)(1 << r.shift));
	return r;
}

static int8_t whole(float v, float step)
{
	return (int8_t)lrintf(v / step);
}

static void quantize(struct digits_net *out)
{
	float in_step = 1.f / INT8_MAX, top1 = 0, top2 = 0, step1, step2, step3, out1, out2;
	int i, ky, kx, c, m;

	for (i = 0; i < CALIBRATION; i++) {
		draw_digit(i % DIGITS_CLASSES, act.in);
		forward();
		top1 = fmaxf(top1, largest(&act.p1[0][0][0], S1 * S1 * M1));
		top2 = fmaxf(top2, largest(&act.p2[0][0][0], S2 * S2 * M2));
	}
	step1 = largest(&net.w1[0][0][0], K * K * M1) / INT8_MAX;
	step2 = largest(&net.w2[0][0][0][0], K * K * M1 * M2) / INT8_MAX;
	step3 = largest(&net.w3[0][0][0][0], DIGITS_FLAT * DIGITS_CLASSES) / INT8_MAX;
	out1 = top1 / INT8_MAX;
	out2 = top2 / INT8_MAX;

	for (m = 0; m < M1; m++)
		out->bias1[m] = (int32_t)lrintf(net.b1[m] / (in_step * step1));
	for (m = 0; m < M2; m++)
		out->bias2[m] = (int32_t)lrintf(net.b2[m] / (out1 * step2));
	for (ky = 0; ky < K; ky++)
		for (kx = 0; kx < K; kx++)
			for (c = 0; c < M1; c++) {
				out->weights1[c][ky][kx] = whole(net.w1[ky][kx][c], step1);
				for (m = 0; m < M2; m++)
					out->weights2[m][ky][kx][c] = whole(net.w2[ky][kx][c][m], step2);
			}
	for (i = 0; i < DIGITS_FLAT; i++)
		for (m = 0; m < DIGITS_CLASSES; m++)
			(&out->weights3[m][0][0][0])[i] = whole((&net.w3[0][0][0][0])[i * DIGITS_CLASSES + m], step3);
	out->requant1 = requant(in_step * step1 / out1);
	out->requant2 = requant(out1 * step2 / out2);
	out->logit = out2 * step3;
}

int train(struct digits_net *out)
{
	static struct digits_layers layers;
	digits_pixels pixels;
	unsigned int i;

	descend();
	memset(out, 0, sizeof(*out));
	out->magic = DIGITS_MAGIC;
	quantize(out);
	for (i = 0; i < TRIALS; i++) {
		draw_digit(i % DIGITS_CLASSES, act.in);
		draw_quantize(act.in, pixels);
		reference(out, pixels, &layers);
		out->right += reference_best(&layers) == i % DIGITS_CLASSES;
	}
	out->tried = TRIALS;
	printf("digits: the network reads %u of %u new digits\n", out->right, out->tried);
	return out->right >= RIGHT_MIN ? 0 : -1;
}
